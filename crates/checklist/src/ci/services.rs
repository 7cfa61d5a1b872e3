//! How the services of two environments differ, as far as their files say what they run.

use seaworthy_facts::{EnvironmentDefinition, EnvironmentService, Location};

use crate::Findings;

/// Kinds of service in which the two run other engines, or one engine in other major versions.
pub fn differences<'d>(
    beside: &'d EnvironmentDefinition,
    production: &EnvironmentDefinition,
) -> Vec<(String, &'d Location)> {
    let mut found: Vec<(String, &Location)> = Vec::new();
    for ours in &beside.services {
        let theirs: Vec<_> = production.services.iter().filter(|theirs| theirs.kind == ours.kind).collect();
        let Some(first) = theirs.first() else { continue };
        let shared = beside
            .services
            .iter()
            .any(|ours| theirs.iter().any(|theirs| theirs.engine == ours.engine && theirs.kind == ours.kind));
        let same = || theirs.iter().filter(|theirs| theirs.engine == ours.engine);
        // A version that one of them does not say may be the other's.
        let may_be = |major: &String| {
            same().any(|theirs| theirs.major.as_ref().is_none_or(|their| is_one_release(major, their)))
        };
        let other = match &ours.major {
            _ if !shared => Some(first),
            Some(major) if same().next().is_some() && !may_be(major) => {
                theirs.iter().find(|theirs| theirs.engine == ours.engine)
            }
            _ => None,
        };
        if let Some(other) = other {
            let summary = format!(
                "{} runs {}, {} runs {} ({})",
                beside.name,
                named(ours),
                production.name,
                named(other),
                other.at
            );
            found.push((summary, &ours.at));
        }
    }
    found
}

/// `16` and `16`; `8` and `8.0`, of which one says less.
fn is_one_release(left: &str, right: &str) -> bool {
    let begins = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    begins(left, right) || begins(right, left)
}

fn named(service: &EnvironmentService) -> String {
    match &service.major {
        Some(major) => format!("{} {major}", service.engine),
        None => service.engine.clone(),
    }
}

/// What cannot be compared, because the files of one of the two do not say it.
pub fn one_sided(
    findings: &mut Findings,
    beside: &EnvironmentDefinition,
    production: &EnvironmentDefinition,
) {
    for (one, other) in [(beside, production), (production, beside)] {
        for service in &one.services {
            let alike = other.services.iter().filter(|theirs| theirs.kind == service.kind);
            let unsaid = match alike.clone().find(|theirs| theirs.engine == service.engine) {
                Some(theirs) => service.major.is_some() && theirs.major.is_none(),
                None => alike.count() == 0,
            };
            if unsaid {
                findings.note(
                    format!(
                        "{} runs {}; which {} {} runs is not said in its files, so that they are not compared",
                        one.name,
                        named(service),
                        if service.major.is_some() { "version and engine" } else { "engine" },
                        other.name
                    ),
                    Some(&service.at),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::staging::ITEM;
    use crate::ci::test_support::{facts, report};
    use seaworthy_facts::Pipelines;
    use seaworthy_model::Status;

    /// An environment's name, and its services as kind, engine and major version.
    type Environment<'a> = (&'a str, &'a [(&'a str, &'a str, Option<&'a str>)]);

    fn running(environments: &[Environment]) -> seaworthy_model::ItemReport {
        let service = |name: &str, number: u32, (kind, engine, major): &(&str, &str, Option<&str>)| {
            EnvironmentService {
                kind: (*kind).to_owned(),
                engine: (*engine).to_owned(),
                major: major.map(str::to_owned),
                at: Location::line(format!("{name}.yaml"), number),
            }
        };
        let environments = environments
            .iter()
            .map(|(name, services)| EnvironmentDefinition {
                name: (*name).to_owned(),
                mechanism: "Helm values".to_owned(),
                template: "chart".to_owned(),
                at: Location::file(format!("{name}.yaml")),
                services: (1..).zip(*services).map(|(number, said)| service(name, number, said)).collect(),
            })
            .collect();
        let pipelines = Pipelines { environments, ..Pipelines::default() };
        report(&ITEM, &facts(pipelines))
    }

    #[test]
    fn another_engine_or_major_version_fails() {
        let with = |staging: (&str, &str, Option<&str>), production: (&str, &str, Option<&str>)| {
            running(&[("staging", &[staging]), ("prod", &[production])])
        };
        let database = |engine: &'static str, major: Option<&'static str>| ("database", engine, major);
        let postgres = |major| database("PostgreSQL", major);
        assert_eq!(with(postgres(Some("16")), postgres(Some("16"))).status, Status::Pass);
        assert_eq!(with(database("MySQL", Some("8")), database("MySQL", Some("8.0"))).status, Status::Pass);
        let report = with(postgres(Some("15")), postgres(Some("16")));
        assert_eq!(report.status, Status::Fail);
        assert!(
            report.reason.contains("staging runs PostgreSQL 15, prod runs PostgreSQL 16"),
            "{}",
            report.reason
        );
        assert!(report.reason.contains("prod.yaml:1"), "{}", report.reason);
        assert_eq!(with(database("SQLite", None), postgres(Some("16"))).status, Status::Fail);
        assert_eq!(with(database("MySQL", Some("8.0")), database("MySQL", Some("8.4"))).status, Status::Fail);
    }

    #[test]
    fn what_one_of_them_does_not_say_is_named() {
        let said = |report: &seaworthy_model::ItemReport, what: &str| {
            assert_eq!(report.status, Status::Pass, "{}", report.reason);
            assert!(report.notes.iter().any(|note| note.summary.contains(what)), "{:?}", report.notes);
        };
        let postgres = |major| [("database", "PostgreSQL", major)];
        said(&running(&[("staging", &postgres(Some("16"))), ("prod", &[])]), "prod runs is not said");
        said(
            &running(&[("staging", &postgres(None)), ("prod", &postgres(Some("16")))]),
            "staging runs is not said",
        );
        // Another kind of service is no other engine.
        said(
            &running(&[("staging", &[("cache", "Redis", Some("7"))]), ("prod", &postgres(Some("16")))]),
            "is not said",
        );
    }

    #[test]
    fn one_environment_like_production_is_enough() {
        let postgres = |major| [("database", "PostgreSQL", Some(major))];
        let report =
            running(&[("review", &postgres("15")), ("staging", &postgres("16")), ("prod", &postgres("16"))]);
        assert_eq!(report.status, Status::Pass, "{}", report.reason);
        assert!(report.notes.iter().any(|note| note.summary.contains("review runs PostgreSQL 15")));
    }
}
