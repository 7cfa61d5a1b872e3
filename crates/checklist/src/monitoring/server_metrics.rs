use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, Infrastructure, System};
use seaworthy_model::{ItemId, Section};

use super::products;
use crate::parts;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.server-metrics`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.server-metrics"),
    section: Section::Monitoring,
    question: "CPU, memory, disk and network are measured",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Capabilities, FactKind::Infrastructure],
    remedy: "Run a metrics agent on the hosts, or name the platform that collects them.",
    page: include_str!("server_metrics.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "exporters and agents (node_exporter, cAdvisor, Telegraf, Datadog, CloudWatch, Netdata, Beszel …) in images, charts and deployment files; platforms that document collecting metrics themselves",
    );
    findings.because("no exporter, no agent and no platform that collects metrics of its own was found");
    // Supabase measures its own project; a server or front end beside it runs elsewhere.
    let elsewhere =
        system.components.iter().any(|part| part.http_server.is_some() && !part.folder.contains("supabase"));
    let mut promises = system.promises("metrics");
    promises.retain(|(platform, _)| platform.key != "supabase" || !elsewhere);
    for (platform, promise) in &promises {
        findings.supports(format!("on {}: {} ({})", platform.key, promise.says, promise.link), &platform.at);
    }
    for platform in system.platforms.iter().filter(|platform| platform.guarantee("metrics").is_none()) {
        if promises.is_empty()
            && let Some(promise) = platform.documented("metrics")
        {
            findings.note(
                format!("on {}, were it deployed there: {}", platform.key, promise.says),
                Some(&platform.at),
            );
        }
    }
    products::gather(
        &mut findings,
        &parts::whole(system),
        view.get::<Capabilities>()?,
        "server-metrics",
        "reports metrics of the hosts",
    );
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        for (kind, path, values) in AGENTS {
            for resource in infrastructure.of(kind) {
                let found = resource.settings.iter().find(|setting| {
                    (setting.path == *path || setting.path.ends_with(&format!(".{path}")))
                        && setting.value.as_deref().is_some_and(|value| {
                            values.iter().any(|wanted| value.rsplit('/').next() == Some(*wanted))
                        })
                });
                if let Some(setting) = found {
                    let value = setting.value.as_deref().unwrap_or_default();
                    findings.supports(format!("{} installs {value}", resource.kind), &setting.at);
                }
            }
        }
        for (kind, path, what) in COLLECTED {
            for resource in infrastructure.of(kind) {
                if let Some(setting) = resource.settings.iter().find(|s| s.path.ends_with(path))
                    && setting.value.as_deref().is_some_and(|v| matches!(v, "true" | "enabled" | "enhanced"))
                {
                    findings.supports(format!("{}: {what}", resource.name), &setting.at);
                }
            }
        }
    }
    if system.platforms.is_empty() {
        shared::settle::deploy(&mut findings);
    } else {
        shared::settle::infrastructure(&mut findings);
    }
    Ok(findings)
}

const CHARTS: &[&str] = &[
    "kube-prometheus-stack",
    "prometheus",
    "datadog",
    "datadog-operator",
    "k8s-monitoring",
    "nri-bundle",
    "newrelic-infrastructure",
    "metricbeat",
    "dynatrace-operator",
    "k8s-infra",
    "netdata",
    "victoria-metrics-k8s-stack",
    "amazon-cloudwatch-observability",
    "aws-cloudwatch-metrics",
    "prometheus-node-exporter",
];

/// Charts and add-ons that install an agent on every node.
const AGENTS: &[(&str, &str, &[&str])] = &[
    ("helm_release", "chart", CHARTS),
    ("HelmRelease", "spec.chart.spec.chart", CHARTS),
    ("Application", "spec.source.chart", CHARTS),
    ("HelmChart", "spec.chart", CHARTS),
    ("aws_eks_addon", "addon_name", &["amazon-cloudwatch-observability", "prometheus-node-exporter"]),
    ("AWS::EKS::Addon", "AddonName", &["amazon-cloudwatch-observability"]),
];

/// Resources that have an agent of the vendor where a setting says so.
const COLLECTED: &[(&str, &str, &str)] = &[(
    "digitalocean_droplet",
    "monitoring",
    "the metrics agent is installed (https://docs.digitalocean.com/products/monitoring/)",
)];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, on_platform, resource, with_products};
    use seaworthy_facts::Certainty;
    use seaworthy_model::Status;

    #[test]
    fn an_agent_or_a_platform_passes() {
        let facts = with_products(&[("server-metrics", "node_exporter", Sign::Used("compose.yaml"))]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
        assert_eq!(judged(&ITEM, &on_platform("fly", Certainty::Configured, "metrics")).0, Status::Pass);
        assert_eq!(judged(&ITEM, &on_platform("fly", Certainty::Optional, "metrics")).0, Status::Unknown);
        let mut supabase = on_platform("supabase", Certainty::Configured, "metrics");
        let mut system = supabase.system.get().unwrap().clone();
        assert!(system.http_server().is_some());
        supabase.system = system.clone().into();
        assert_eq!(judged(&ITEM, &supabase).0, Status::Unknown, "the server runs elsewhere");
        system.components.iter_mut().for_each(|part| part.folder = "supabase/functions".to_owned());
        supabase.system = system.into();
        assert_eq!(judged(&ITEM, &supabase).0, Status::Pass);
    }

    #[test]
    fn charts_and_add_ons_are_read() {
        let mut facts = with_products(&[]);
        facts.infrastructure = resource("helm_release", &[("chart", "kube-prometheus-stack")]).into();
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
        facts.infrastructure = resource("helm_release", &[("chart", "ingress-nginx")]).into();
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
    }

    #[test]
    fn nothing_is_unknown_and_a_library_is_not_asked() {
        let mut facts = with_products(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
