use seaworthy_facts::{Absent, Engine, FactKind, FactView, Migrations, WayBack};
use seaworthy_model::{ItemId, Section};

use super::support;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `review.rollback`
pub static ITEM: Item = Item {
    id: ItemId::new("review.rollback"),
    section: Section::Review,
    question: "The change can be taken back",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::Accepted,
    operator: false,
    reads: &[FactKind::Change, FactKind::Migrations],
    remedy: "Rehearse going back to the version before the change.",
    page: include_str!("rollback.md"),
    evidence,
};

/// Operations after which the version before cannot run.
const BREAKING: &[&str] = &["rename-column", "rename-table", "drop-column", "drop-table", "required-column"];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let change = match support::change(view) {
        Ok(change) => change,
        Err(findings) => return Ok(*findings),
    };
    let migrations = view.get::<Migrations>()?;
    let mut findings = support::begin(
        change,
        "a rollback drill on this commit; migrations that the change adds and that cannot be taken back",
    );
    for set in &migrations.sets {
        for migration in &set.newest {
            let added = migration.at.path().and_then(|path| change.file(path)).is_some_and(|file| file.new);
            if !added {
                continue;
            }
            if let (WayBack::No { why, at }, true) =
                (&migration.way_back, set.has_downs && !migration.only_adds)
            {
                findings.contradicts(format!("the change adds a migration without a way back: {why}"), at);
            }
            // One file with one writer is put back whole.
            if set.engine == Some(Engine::Sqlite) {
                continue;
            }
            for hazard in migration.hazards.iter().filter(|hazard| BREAKING.contains(&hazard.kind.as_str())) {
                findings.contradicts(
                    format!("the version before cannot run after this migration: it {}", hazard.summary),
                    &hazard.at,
                );
            }
        }
    }
    if findings.has_evidence() {
        findings.remedy(
            "Split the change: expand first, move the code over, and take the old away in a later release.",
        );
        findings.settled_by = None;
    }
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{ChangedFile, Hazard, Location, Migration, MigrationSet};
    use seaworthy_model::Status;

    use super::*;
    use crate::review::support::testing;

    fn with(new: bool, way_back: WayBack, hazard: Option<&str>) -> Status {
        let at = Location::line("db/7.sql", 2);
        let hazards = hazard
            .map(|kind| Hazard {
                kind: kind.into(),
                summary: "drops it".into(),
                safe_form: "later".into(),
                table: None,
                at: at.clone(),
            })
            .into_iter()
            .collect();
        let set = MigrationSet {
            framework: "knex".into(),
            folders: vec!["db".into()],
            engine: Some(Engine::Postgresql),
            count: 1,
            newest: vec![Migration {
                name: "7".into(),
                at,
                way_back,
                only_adds: false,
                hazards,
                creates: Vec::new(),
                lock_timeout: false,
            }],
            has_downs: true,
        };
        let mut change = testing::change();
        change.files = vec![ChangedFile { new, ..testing::file("db/7.sql") }];
        let mut facts = testing::facts(change);
        facts.migrations = Migrations { sets: vec![set], ..Migrations::default() }.into();
        testing::status(&ITEM, &facts, true)
    }

    #[test]
    fn only_a_person_answers() {
        testing::only_a_person_answers(&ITEM);
    }

    #[test]
    fn migrations_that_cannot_be_taken_back_contradict_the_word() {
        let no = || WayBack::No { why: "its way back is empty".into(), at: Location::file("db/7.sql") };
        assert_eq!(with(true, no(), None), Status::Fail);
        assert_eq!(with(true, WayBack::Yes, Some("drop-column")), Status::Fail);
        assert_eq!(with(true, WayBack::Yes, Some("index-not-concurrent")), Status::Pass);
        // It was there before.
        assert_eq!(with(false, no(), Some("drop-column")), Status::Pass);
    }
}
