use seaworthy_facts::{Absent, Edge, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{handshakes, ways};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `https.tls-version`
pub static ITEM: Item = Item {
    id: ItemId::new("https.tls-version"),
    section: Section::Https,
    question: "Only TLS 1.2 and newer are accepted",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Deployment,
    higher_rung_settles: true,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Edge, FactKind::Tls, FactKind::Site],
    remedy: "Set the lowest TLS version to 1.2 at the edge.",
    page: include_str!("tls_version.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    handshakes::versions(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let (system, edge) = (view.get::<System>()?, view.get::<Edge>()?);
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "`ssl_protocols`, `SSLProtocol`, minimum versions and security policies of proxies, load balancers and content delivery \
         networks, and platforms and servers whose documented default is TLS 1.2",
    );
    for (platform, guarantee) in system.promises("tls-1-2") {
        findings.supports(format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link), &platform.at);
    }
    let mut told: Vec<&str> = Vec::new();
    for protocols in edge.protocols.iter().take(40) {
        if protocols.oldest < 12 {
            let version = match protocols.oldest {
                3 => "SSL 3",
                10 => "TLS 1.0",
                _ => "TLS 1.1",
            };
            findings.contradicts(format!("{}: {version} is still allowed", protocols.by), &protocols.at);
        } else if !told.contains(&protocols.by.as_str()) && told.len() < 8 {
            told.push(&protocols.by);
            findings.supports(format!("{}: nothing older than TLS 1.2", protocols.by), &protocols.at);
        }
    }
    findings
        .because(format!(
            "nothing here says which versions of TLS are allowed{}{}",
            ways::switched(edge),
            ways::hints(system)
        ))
        .unread(&edge.unread);
    ways::settle(&mut findings, system);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::{Certainty, Edge, Location, TlsProtocols};

    use super::super::ways::tests::{facts, nothing, on_platform};
    use super::ITEM;
    use crate::headers::statements::tests::told;

    fn with(versions: &[u8]) -> (usize, usize, bool) {
        let protocols = versions
            .iter()
            .map(|oldest| TlsProtocols {
                by: "nginx ssl_protocols".to_owned(),
                oldest: *oldest,
                at: Location::line("nginx.conf", 3),
            })
            .collect();
        told(&ITEM, &facts(Edge { protocols, ..Edge::default() }))
    }

    #[test]
    fn the_oldest_version_decides() {
        assert_eq!(with(&[12]), (1, 0, true));
        assert_eq!(with(&[13]), (1, 0, true));
        assert_eq!(with(&[10]), (0, 1, true));
        assert_eq!(with(&[12, 11]), (1, 1, true));
        assert_eq!(told(&ITEM, &on_platform("tls-1-2", Certainty::Deployed)), (1, 0, true));
    }

    #[test]
    fn is_unknown_without_any_and_does_not_apply_without_http() {
        assert_eq!(with(&[]), (0, 0, true));
        assert_eq!(told(&ITEM, &on_platform("tls-1-2", Certainty::Probable)), (0, 0, true));
        assert!(!told(&ITEM, &nothing()).2);
    }
}
