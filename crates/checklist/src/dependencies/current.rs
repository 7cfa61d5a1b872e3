use seaworthy_facts::{Absent, Declared, FactKind, FactView, RuntimeVersion, Runtimes};
use seaworthy_model::{ItemId, Section};

use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `dependencies.current`
pub static ITEM: Item = Item {
    id: ItemId::new("dependencies.current"),
    section: Section::Dependencies,
    question: "No runtime or framework is past its end of life",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::Runtimes, FactKind::Declared],
    remedy: "Move to a supported release.",
    page: include_str!("current.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let runtimes = view.get::<Runtimes>()?;
    // Without a day of the run, the table's own day stands in for it.
    let today = view.get::<Declared>().map(|declared| declared.as_of.as_str()).unwrap_or_default();
    let today = if today.is_empty() { runtimes.table_date.as_str() } else { today };
    let mut findings = Findings::new();
    findings.looked_for(format!(
        "versions of runtimes, frameworks and databases that ship, against the end-of-life table of {}",
        runtimes.table_date
    ));
    let mut unlisted = Vec::new();
    for version in &runtimes.versions {
        let name = format!("{} {}", version.name, version.version);
        let source = version.source.as_deref().unwrap_or_default();
        // Days are written so that their order is that of their texts.
        let ended = version.end_of_life.as_deref().filter(|end| *end < today);
        match (ended, &version.end_of_life, &version.cycle) {
            (Some(end), _, _) if version.ships && !version.operating_system => {
                findings
                    .contradicts(format!("{name} has had no support since {end} ({source})"), &version.at);
            }
            (Some(end), _, _) => {
                findings.note(
                    format!("{name} has had no support since {end}; {}", aside(version)),
                    Some(&version.at),
                );
            }
            (None, _, _) if !version.ships || version.operating_system => {}
            (None, Some(end), _) => {
                findings.supports(format!("{name} is supported until {end} ({source})"), &version.at);
            }
            (None, None, Some(_)) => {
                findings
                    .supports(format!("{name} is supported, no end is announced ({source})"), &version.at);
            }
            (None, None, None) => unlisted.push(version),
        }
    }
    for version in unlisted {
        findings.note(format!("{} {} is not in the table", version.name, version.version), Some(&version.at));
    }
    findings.because("no version of a runtime, framework or database of the table could be told");
    findings
        .settled_by("state the versions that ship: in the Dockerfile, a version file or a lockfile", None);
    Ok(findings)
}

fn aside(version: &RuntimeVersion) -> &'static str {
    if version.operating_system {
        "the base image's system is told as advice"
    } else {
        "it does not ship, so it is told as advice"
    }
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, report};
    use seaworthy_facts::{Location, Pipelines};
    use seaworthy_model::Status;

    fn version(end: Option<&str>) -> RuntimeVersion {
        RuntimeVersion {
            product: "nodejs".to_owned(),
            name: "Node.js".to_owned(),
            version: "20".to_owned(),
            cycle: Some("20".to_owned()),
            end_of_life: end.map(str::to_owned),
            source: Some("https://nodejs.org".to_owned()),
            ships: true,
            operating_system: false,
            at: Location::line("Dockerfile", 1),
        }
    }

    fn status_as_of(day: &str, versions: Vec<RuntimeVersion>) -> Status {
        let mut facts = facts(Pipelines::default());
        facts.runtimes = Runtimes { versions, table_date: "2026-11-22".to_owned() }.into();
        facts.declared = Declared { as_of: day.to_owned(), ..Declared::default() }.into();
        report(&ITEM, &facts).status
    }

    fn status(versions: Vec<RuntimeVersion>) -> Status {
        status_as_of("", versions)
    }

    #[test]
    fn one_past_its_end_fails() {
        assert_eq!(status(vec![version(Some("2030-01-01")), version(Some("2026-04-30"))]), Status::Fail);
    }

    #[test]
    fn supported_ones_pass() {
        assert_eq!(status(vec![version(Some("2030-01-01")), version(None)]), Status::Pass);
    }

    #[test]
    fn the_day_of_the_run_counts() {
        let versions = || vec![version(Some("2026-12-31"))];
        assert_eq!(status_as_of("2026-11-22", versions()), Status::Pass);
        assert_eq!(status_as_of("2027-01-01", versions()), Status::Fail);
    }

    #[test]
    fn development_and_base_systems_are_advice() {
        let development = RuntimeVersion { ships: false, ..version(Some("2020-01-01")) };
        let system = RuntimeVersion { operating_system: true, ..version(Some("2020-01-01")) };
        assert_eq!(status(vec![version(None), development.clone(), system]), Status::Pass);
        assert_eq!(status(vec![development]), Status::Unknown);
    }

    #[test]
    fn nothing_recognised_is_unknown() {
        assert_eq!(status(Vec::new()), Status::Unknown);
        assert_eq!(status(vec![RuntimeVersion { cycle: None, ..version(None) }]), Status::Unknown);
    }
}
