use seaworthy_facts::{Absent, CoverageReport, FactKind, FactView};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.edge-cases`
pub static ITEM: Item = Item {
    id: ItemId::new("review.edge-cases"),
    section: Section::Review,
    question: "Edge cases of the change were thought through",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change],
    remedy: "Cover the changed lines with tests.",
    page: include_str!("edge_cases.md"),
    evidence,
};

/// Uncovered lines that say something even where the rest is covered.
const FEW: u32 = 10;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let change = match support::change(view) {
        Ok(change) => change,
        Err(findings) => return Ok(*findings),
    };
    let mut findings = support::begin(
        change,
        "a coverage report of this commit (lcov, Cobertura, JaCoCo, Clover, Go, coverage.py, Istanbul, SimpleCov)",
    );
    for report in change.coverage.iter().filter(|report| report.older) {
        findings.note(
            format!("the {} report is older than the commit and says nothing about it", report.format),
            Some(&report.at),
        );
    }
    let reports: Vec<&CoverageReport> =
        change.coverage.iter().filter(|report| !report.older && report.counted > 0).collect();
    if reports.is_empty() {
        if change.shipped().any(|file| file.added > 0) {
            findings.note("no coverage report of this commit was found, so that nothing tells which of its lines tests run", None);
            findings.looked_for(
                "reports at their usual places in each package, and those given with --coverage FILE",
            );
        }
        return Ok(findings);
    }
    for report in reports {
        let missed = report.counted - report.covered;
        findings.note(
            format!(
                "tests run {} of {} added lines that the {} report counts",
                report.covered, report.counted, report.format
            ),
            Some(&report.at),
        );
        for lines in report.uncovered.iter().take(support::TOLD) {
            let first = lines.at.line_number().unwrap_or(1);
            let what = if lines.last > first {
                format!("no test runs lines {first} to {}", lines.last)
            } else {
                "no test runs this line".to_owned()
            };
            findings.note(what, Some(&lines.at));
        }
        // Less than half of a change that is worth the name: its cases were not tried.
        if missed >= FEW
            && report.covered * 2 < report.counted
            && let Some(first) = report.uncovered.first()
        {
            findings.contradicts(
                format!(
                    "tests run only {} of the {} added lines that the {} report counts",
                    report.covered, report.counted, report.format
                ),
                &first.at,
            );
        }
    }
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{Location, UncoveredLines};
    use seaworthy_model::Status;

    use super::*;
    use crate::review::support::testing;

    fn with(counted: u32, covered: u32, older: bool) -> Status {
        let mut change = testing::change();
        change.coverage = vec![CoverageReport {
            at: Location::file("lcov.info"),
            format: "lcov".into(),
            older,
            counted,
            covered,
            uncovered: vec![UncoveredLines { at: Location::line("src/pay.ts", 12), last: 14 }],
        }];
        testing::status(&ITEM, &testing::facts(change), true)
    }

    #[test]
    fn only_a_person_answers() {
        testing::only_a_person_answers(&ITEM);
    }

    #[test]
    fn a_change_that_tests_hardly_touch_contradicts_the_word() {
        assert_eq!(with(40, 10, false), Status::Fail);
        assert_eq!(with(40, 35, false), Status::Pass);
        assert_eq!(with(6, 0, false), Status::Pass);
    }

    #[test]
    fn an_older_report_counts_for_nothing() {
        assert_eq!(with(40, 10, true), Status::Pass);
    }
}
