use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, Infrastructure, System};
use seaworthy_model::{ItemId, Section};

use super::products;
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.apm`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.apm"),
    section: Section::Monitoring,
    question: "Requests are traced",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Capabilities, FactKind::Infrastructure],
    remedy: "Initialise a tracing SDK at start-up and send a sample of requests to it.",
    page: include_str!("apm.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "tracing SDKs (OpenTelemetry, Datadog, New Relic, Elastic, AppSignal, Sentry with a sample rate …) that are started in code, and agents in start commands, images and deployment files",
    );
    let infrastructure = view.get::<Infrastructure>().ok();
    for part in parts::servers(system) {
        part.begin(&mut findings);
        of_part(&part, capabilities, infrastructure, &mut findings);
    }
    shared::settle::infrastructure(&mut findings);
    Ok(findings)
}

fn of_part(
    part: &Part<'_>,
    capabilities: &Capabilities,
    infrastructure: Option<&Infrastructure>,
    findings: &mut Findings,
) {
    findings.because(
        "no tracing SDK is started and no agent is hung into the process, as far as the repository tells",
    );
    products::gather(findings, part, capabilities, "apm", "traces requests");
    if let Some(infrastructure) = infrastructure {
        for (kind, path, on) in TRACED {
            for resource in infrastructure.of(kind).filter(|resource| part.holds(&resource.at)) {
                if let Some(setting) = resource.settings.iter().find(|setting| {
                    setting.path.ends_with(path)
                        && setting.value.as_deref().is_some_and(|v| v.eq_ignore_ascii_case(on))
                }) {
                    findings.supports(
                        format!("{} {} is traced with X-Ray", resource.kind, resource.name),
                        &setting.at,
                    );
                }
            }
        }
    }
    if !findings.has_evidence_here()
        && let Some(zero) = capabilities
            .of("apm")
            .flat_map(|product| &product.off)
            .find(|off| off.value.ends_with("rate of 0") && part.holds(&off.at))
    {
        findings.contradicts("Sentry is told to trace nothing (a traces sample rate of 0)", &zero.at);
    }
}

/// Settings of managed services that trace their requests.
const TRACED: &[(&str, &str, &str)] = &[
    ("aws_lambda_function", "tracing_config.mode", "Active"),
    ("AWS::Lambda::Function", "TracingConfig.Mode", "Active"),
    ("AWS::Serverless::Function", "Tracing", "Active"),
    ("serverless", "provider.tracing.lambda", "true"),
    ("serverless", "provider.tracing.lambda", "Active"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, with_products};
    use seaworthy_model::Status;

    #[test]
    fn an_sdk_that_is_started_passes() {
        let facts = with_products(&[("apm", "Datadog APM", Sign::Used("config/initializers/datadog.rb"))]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
    }

    #[test]
    fn declared_alone_or_switched_off_is_unknown_and_says_so() {
        let facts = with_products(&[("apm", "Datadog APM", Sign::Declared)]);
        let (status, reason) = judged(&ITEM, &facts);
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("Datadog APM"), "{reason}");
        let facts = with_products(&[("apm", "Datadog APM", Sign::Off("TRACING_ENABLED"))]);
        let (status, reason) = judged(&ITEM, &facts);
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("TRACING_ENABLED"), "{reason}");
    }

    #[test]
    fn a_sample_rate_of_zero_fails_unless_something_else_traces() {
        let zero = ("apm", "Sentry tracing", Sign::Off("a traces sample rate of 0"));
        assert_eq!(judged(&ITEM, &with_products(&[zero])).0, Status::Fail);
        let both = [zero, ("apm", "Datadog APM", Sign::Used("app.py"))];
        assert_eq!(judged(&ITEM, &with_products(&both)).0, Status::Pass);
    }

    #[test]
    fn tracing_of_one_server_is_none_of_another() {
        let judged = |path: &'static str| {
            let mut facts = with_products(&[("apm", "Datadog APM", Sign::Used(path))]);
            let mut system = facts.system.get().unwrap().clone();
            let server = system.components[0].clone();
            let named =
                |folder: &str| seaworthy_facts::Component { folder: folder.to_owned(), ..server.clone() };
            system.components = vec![named("api"), named("mail")];
            facts.system = system.into();
            judged(&ITEM, &facts).0
        };
        assert_eq!(judged("api/app.py"), Status::Unknown);
        assert_eq!(judged("deploy/collector.yml"), Status::Pass);
    }

    #[test]
    fn a_library_is_not_asked() {
        let mut facts = with_products(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
