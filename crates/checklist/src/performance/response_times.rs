use seaworthy_facts::{Absent, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.response-times`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.response-times"),
    section: Section::Performance,
    question: "Responses are fast enough",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Site],
    remedy: "Measure the 95th percentile and hold it under the objective.",
    page: include_str!("response_times.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::response_times(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for("measurements on record; how fast answers come cannot be read from files");
    findings.because("nothing was measured: files do not show how fast answers come");
    findings.note("no objective is declared: 500 ms at the 95th percentile would be assumed", None);
    shared::settle::url(&mut findings);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{Facts, RecordEntry, Records};
    use seaworthy_model::{Cause, Environment, Evidence, Location, Polarity, Rung, Status};

    fn measured(polarity: Polarity) -> Facts {
        let evidence = Evidence {
            rung: Rung::Observed,
            polarity,
            environment: Environment::Production,
            ..Evidence::configured("p95 of 240 ms", Location::Record { record: "r.json".to_owned() })
        };
        let entry = RecordEntry {
            item: ITEM.id.clone(),
            evidence,
            signed_by: None,
            attestation: false,
            probe: false,
        };
        let records = Records { entries: vec![entry], ..Records::default() };
        Facts { records: records.into(), ..facts(None) }
    }

    #[test]
    fn files_alone_leave_it_unknown() {
        let report = report(&ITEM, &facts(None));
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::NoEvidence)));
        assert!(report.settled_by.is_some());
    }

    #[test]
    fn a_measurement_decides() {
        assert_eq!(status(&ITEM, &measured(Polarity::For)), Status::Pass);
        assert_eq!(status(&ITEM, &measured(Polarity::Against)), Status::Fail);
    }

    #[test]
    fn not_applicable_where_nothing_answers() {
        assert_eq!(status(&ITEM, &library()), Status::NotApplicable);
    }
}
