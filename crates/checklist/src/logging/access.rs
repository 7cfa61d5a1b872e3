use seaworthy_facts::{
    Absent, Certainty, FactKind, FactView, Infrastructure, Logging, Platform, Resource, System,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.access`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.access"),
    section: Section::Logging,
    question: "Only the right people can read the logs",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Logging, FactKind::Infrastructure],
    remedy: "Require authentication on log stores and keep log files out of the web root.",
    page: include_str!("access.md"),
    evidence,
};

/// Log stores and readers that have no login of their own, by a part of the image's name.
const WITHOUT_LOGIN: &[(&str, &str)] = &[
    ("grafana/loki", "Loki"),
    ("victoria-logs", "VictoriaLogs"),
    ("amir20/dozzle", "Dozzle"),
    ("victorialogs", "VictoriaLogs"),
];
/// Settings that switch the login of a store off.
const OPENED: &[(&str, &str, &str)] = &[
    ("GF_AUTH_ANONYMOUS_ENABLED", "true", "Grafana lets anybody in without a login"),
    ("SEQ_FIRSTRUN_NOAUTHENTICATION", "true", "Seq asks for no login"),
    ("ND_LOGS_ANONYMOUS", "true", "the log viewer lets anybody in"),
];
/// Settings that switch the security of a search engine off; it holds logs where something brings them there.
const UNSECURED: &[(&str, &str)] = &[
    ("xpack.security.enabled", "false"),
    ("plugins.security.disabled", "true"),
    ("DISABLE_SECURITY_PLUGIN", "true"),
];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::server(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "published ports, anonymous access and switched-off security of log stores (Loki, Grafana, Elasticsearch, OpenSearch, Kibana, Seq, \
         Dozzle), log files below the web root, and platforms whose log store asks for a login by their own documentation",
    );
    let logging = view.get::<Logging>()?;
    for store in logging.stores.iter().filter(|store| store.open) {
        findings.contradicts(format!("{} {}", store.name, store.says), &store.at);
    }
    for file in logging.files.iter().filter(|file| file.served) {
        findings.contradicts(
            format!("the log file {} lies below what the web server serves", file.path),
            &file.at,
        );
    }
    let mut own_store = false;
    if let Ok(infrastructure) = view.get::<Infrastructure>() {
        let ships: Vec<&Resource> =
            infrastructure.resources.iter().filter(|resource| resource.ships()).collect();
        let logs = ships.iter().any(|resource| {
            image(resource).is_some_and(|image| {
                ["kibana", "filebeat", "logstash", "opensearch-dashboards", "fluent", "graylog"]
                    .iter()
                    .any(|part| image.contains(part))
            })
        });
        for resource in &ships {
            own_store |= of_resource(resource, logs, &mut findings);
        }
        findings.unread(&infrastructure.unread);
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    let outside = logging.files.iter().find(|file| !file.served && is_outside(&file.path));
    let counted = || {
        system
            .platforms
            .iter()
            .filter(|platform| platform.certainty <= Certainty::Configured && !is_general(platform))
    };
    if own_store {
        findings.because("a log store runs beside the application; nothing shows who may read it");
    } else if let Some(file) = outside {
        findings.supports(
            format!(
                "log files ({}) lie outside of what the web server serves, and no log store is published",
                file.path
            ),
            &file.at,
        );
    } else if counted().next().is_some()
        && counted().all(|platform| platform.guarantee("log-access").is_some())
    {
        for platform in counted() {
            if let Some(guarantee) = platform.guarantee("log-access") {
                findings.supports(
                    format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link),
                    &platform.at,
                );
            }
        }
    } else {
        findings.because("no log store is described here, so nothing shows who may read the logs");
    }
    if !findings.has_evidence() {
        shared::settle::infrastructure(&mut findings);
    }
    Ok(findings)
}

/// A provider as a whole says nothing about one of its services.
fn is_general(platform: &Platform) -> bool {
    matches!(platform.key.as_str(), "aws" | "gcp" | "azure")
}

/// Laravel's `storage_path` lies beside `public/`; `/var/log` below no web root.
fn is_outside(path: &str) -> bool {
    path.contains("storage_path(") || path.starts_with("/var/log/")
}

fn image(resource: &Resource) -> Option<&str> {
    resource.settings.iter().find(|setting| setting.path.ends_with("image"))?.value.as_deref()
}

/// What a resource says about a log store; whether it is one.
fn of_resource(resource: &Resource, logs: bool, findings: &mut Findings) -> bool {
    let image = image(resource).unwrap_or_default();
    let published = resource.settings.iter().find(|setting| {
        let port = setting.path.starts_with("ports.") && !setting.path.ends_with(".target");
        let value = setting.value.as_deref().unwrap_or_default();
        let published = setting.path.ends_with(".published") || value.contains(':');
        port && published && !["127.0.0.1", "localhost", "[::1]"].iter().any(|own| value.starts_with(own))
    });
    for (name, value, says) in OPENED {
        let set = resource.settings.iter().find(|setting| {
            setting.path.ends_with(name)
                && setting.value.as_deref().is_some_and(|set| set.eq_ignore_ascii_case(value))
        });
        if let Some(setting) = set {
            findings.contradicts((*says).to_owned(), &setting.at);
        }
    }
    let store = WITHOUT_LOGIN.iter().find(|(part, _)| image.contains(part));
    if let (Some((_, name)), Some(port)) = (store, published) {
        let guarded =
            *name == "Dozzle" && resource.settings.iter().any(|setting| setting.path.contains("DOZZLE_AUTH"));
        if !guarded {
            findings.contradicts(
                format!(
                    "{name} has no login of its own, and its port {} is published on all interfaces",
                    port.value.as_deref().unwrap_or_default()
                ),
                &port.at,
            );
        }
    }
    let engine = image.contains("elasticsearch") || image.contains("opensearch");
    if engine
        && logs
        && let Some(port) = published
    {
        for (name, value) in UNSECURED {
            if resource
                .settings
                .iter()
                .any(|setting| setting.path.ends_with(name) && setting.value.as_deref() == Some(*value))
            {
                findings.contradicts(
                    format!(
                        "{} holds logs with its security off, and its port is published on all interfaces",
                        resource.name
                    ),
                    &port.at,
                );
            }
        }
    }
    store.is_some() || engine && logs || image.contains("grafana/grafana") || image.contains("datalust/seq")
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::logging::test_support::{at, facts, report, resource};
    use seaworthy_facts::{LogFile, LogStore};
    use seaworthy_model::Status;

    fn judged(resources: Vec<Resource>) -> Status {
        let mut facts = facts(Logging::default());
        facts.infrastructure = Infrastructure { resources, ..Infrastructure::default() }.into();
        report(&ITEM, &facts).status
    }

    #[test]
    fn open_stores_fail() {
        let loki = resource("service", &[("image", "grafana/loki:3.5.0"), ("ports.0", "3100:3100")]);
        assert_eq!(judged(vec![loki]), Status::Fail);
        let grafana = resource(
            "service",
            &[("image", "grafana/grafana:12"), ("environment.GF_AUTH_ANONYMOUS_ENABLED", "true")],
        );
        assert_eq!(judged(vec![grafana]), Status::Fail);
        let elastic = resource(
            "service",
            &[
                ("image", "elasticsearch:8.17.0"),
                ("ports.0", "9200:9200"),
                ("environment.xpack.security.enabled", "false"),
            ],
        );
        let kibana = resource("service", &[("image", "kibana:8.17.0")]);
        assert_eq!(judged(vec![elastic.clone(), kibana]), Status::Fail);
        // A search index without logs is not judged here.
        assert_eq!(judged(vec![elastic]), Status::Unknown);
        let stores = vec![LogStore {
            name: "Grafana".to_owned(),
            says: "is open".to_owned(),
            open: true,
            at: at("grafana.ini", 3),
        }];
        assert_eq!(report(&ITEM, &facts(Logging { stores, ..Logging::default() })).status, Status::Fail);
    }

    #[test]
    fn a_store_on_the_loopback_address_is_unknown() {
        let loki =
            resource("service", &[("image", "grafana/loki:3.5.0"), ("ports.0", "127.0.0.1:3100:3100")]);
        assert_eq!(judged(vec![loki]), Status::Unknown);
        assert_eq!(judged(Vec::new()), Status::Unknown);
    }

    #[test]
    fn files_beside_the_web_root_pass_and_below_it_fail() {
        let with = |path: &str, served: bool| {
            let files = vec![LogFile { path: path.to_owned(), served, at: at("config/logging.php", 60) }];
            report(&ITEM, &facts(Logging { files, ..Logging::default() })).status
        };
        assert_eq!(with("storage_path('logs/laravel.log')", false), Status::Pass);
        assert_eq!(with("public/app.log", true), Status::Fail);
        assert_eq!(with("app.log", false), Status::Unknown);
        let mut library = facts(Logging::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
