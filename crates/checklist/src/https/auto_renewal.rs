use seaworthy_facts::{Absent, Edge, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{handshakes, ways};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.auto-renewal`
pub static ITEM: Item = Item {
    id: ItemId::new("https.auto-renewal"),
    section: Section::Https,
    question: "Certificates are renewed by themselves",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Tls, FactKind::Site, FactKind::Records],
    remedy: "Use a platform or an ACME client that renews certificates on a timer.",
    page: include_str!("auto_renewal.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    handshakes::renewal(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "platforms that manage certificates, Caddy, Traefik resolvers, cert-manager, ACM and other managed certificates, certbot or \
         acme.sh with a timer, ACME in code",
    );
    for (platform, guarantee) in system.promises("certificates") {
        findings.supports(format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link), &platform.at);
    }
    let mut seen: Vec<&str> = Vec::new();
    for certificate in edge.certificates.iter().filter(|certificate| certificate.renewed) {
        if !seen.contains(&certificate.by.as_str()) && seen.len() < 8 {
            seen.push(&certificate.by);
            findings.supports(
                format!("certificates are issued and renewed by {}", certificate.by),
                &certificate.at,
            );
        }
    }
    let fixed = edge.certificates.iter().find(|certificate| !certificate.renewed);
    if let Some(fixed) = fixed {
        findings.note(format!("{}: nothing here renews it", fixed.by), Some(&fixed.at));
    }
    findings.because(match fixed {
        Some(fixed) => {
            format!("the certificate comes from {} at {}, and nothing here renews it", fixed.by, fixed.at)
        }
        None => format!(
            "nothing here issues or renews certificates: TLS seems to end outside of this repository{}{}",
            ways::switched(edge),
            ways::hints(system)
        ),
    });
    ways::settle(&mut findings, system);
    findings.unread(&edge.unread);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::{Certainty, Certificate, Edge, Location};

    use super::super::ways::tests::{facts, nothing, on_platform};
    use super::ITEM;
    use crate::headers::statements::tests::told;

    fn certificate(renewed: bool) -> Edge {
        let certificate = Certificate { by: "Caddy".to_owned(), renewed, at: Location::line("Caddyfile", 1) };
        Edge { certificates: vec![certificate], ..Edge::default() }
    }

    #[test]
    fn passes_with_whoever_renews() {
        assert_eq!(told(&ITEM, &facts(certificate(true))), (1, 0, true));
        assert_eq!(told(&ITEM, &on_platform("certificates", Certainty::Configured)), (1, 0, true));
    }

    #[test]
    fn is_unknown_for_files_and_optional_platforms_and_does_not_apply_without_http() {
        assert_eq!(told(&ITEM, &facts(certificate(false))), (0, 0, true));
        assert_eq!(told(&ITEM, &on_platform("certificates", Certainty::Optional)), (0, 0, true));
        assert_eq!(told(&ITEM, &facts(Edge::default())), (0, 0, true));
        assert!(!told(&ITEM, &nothing()).2);
    }
}
