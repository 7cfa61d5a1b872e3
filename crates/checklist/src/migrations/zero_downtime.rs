use seaworthy_facts::{Absent, Engine, FactKind, FactView, MigrationSet, Migrations, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.zero-downtime`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.zero-downtime"),
    section: Section::Migrations,
    question: "Migrations are safe while the application runs",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations],
    remedy: "Wire in a migration linter and use the safe form of each operation.",
    page: include_str!("zero_downtime.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::relational_database(system) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    if system.relational().all(|database| database.engine == Engine::Sqlite) {
        return Ok(Findings::not_applicable(
            "the only relational database is SQLite, which has one writer and no running peers",
        ));
    }
    let mut findings = Findings::new();
    findings.looked_for("migration linters, and unsafe operations in the newest 20 migrations");
    for linter in &migrations.linters {
        findings.supports(format!("a migration linter is wired in: {}", linter.value), &linter.at);
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    findings.because("there are no migrations to judge, and no migration linter");
    findings.unread(&migrations.unread);
    for set in migrations.sets.iter().filter(|set| set.engine != Some(Engine::Sqlite)) {
        let unsafe_ones: Vec<_> =
            set.newest.iter().filter(|migration| !migration.hazards.is_empty()).collect();
        let hazards: Vec<_> = unsafe_ones.iter().flat_map(|migration| &migration.hazards).collect();
        let Some(newest) = set.newest.first() else { continue };
        let looked_at = set.newest.len();
        // What was applied cannot be edited: one finding, with a remedy for what comes next.
        if let Some(first) = hazards.first() {
            let number = unsafe_ones.len();
            findings.contradicts(
                format!(
                    "{number} of the newest {looked_at} {} migrations hold unsafe operations, and no linter is wired in; the newest {}",
                    set.framework, first.summary
                ),
                &first.at,
            );
            for hazard in hazards.iter().take(20) {
                findings
                    .note(format!("{}; safe form: {}", hazard.summary, hazard.safe_form), Some(&hazard.at));
            }
            findings.remedy(format!(
                "Wire a migration linter into CI{}, so that the next unsafe operation is stopped; what was applied stays as it is.",
                linter_for(set)
            ));
        } else if set.engine.is_some() {
            findings.supports(
                format!(
                    "none of the newest {looked_at} {} migrations holds an unsafe operation",
                    set.framework
                ),
                &newest.at,
            );
        } else {
            findings.because(format!(
                "the engine that the {} migrations run on is not told, so that their locks cannot be judged",
                set.framework
            ));
        }
        if set.newest.iter().any(|migration| migration.lock_timeout) {
            findings.note("some migrations limit how long they wait for locks", None);
        }
    }
    Ok(findings)
}

fn linter_for(set: &MigrationSet) -> &'static str {
    match (set.framework.as_str(), set.engine) {
        ("rails", _) => " (strong_migrations)",
        ("django", _) => " (django-migration-linter)",
        ("ecto", _) => " (excellent_migrations)",
        ("atlas", _) => " (atlas migrate lint)",
        (_, Some(Engine::Postgresql)) => " (squawk)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, hazardous, status};
    use seaworthy_facts::{Facts, Location, Observed};
    use seaworthy_model::Status;

    #[test]
    fn unsafe_operations_without_a_linter_fail_and_with_one_pass() {
        let mut set = testing::set("alembic", Engine::Postgresql, 3);
        hazardous(&mut set);
        let mut facts = testing::facts(Engine::Postgresql, vec![set.clone()]);
        assert_eq!(status(&ITEM, &facts), Status::Fail);
        let mut migrations = testing::migrations(vec![set]);
        migrations.linters.push(Observed::new("squawk in CI".into(), Location::file("ci.yml")));
        facts.migrations = migrations.into();
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn safe_migrations_pass_when_the_engine_is_known() {
        let set = testing::set("alembic", Engine::Postgresql, 3);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![set.clone()])), Status::Pass);
        let unknown = MigrationSet { engine: None, ..set };
        assert_eq!(status(&ITEM, &testing::facts(Engine::Relational, vec![unknown])), Status::Unknown);
    }

    #[test]
    fn sqlite_does_not_apply_and_nothing_to_judge_is_unknown() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Sqlite, vec![])), Status::NotApplicable);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mysql, vec![])), Status::Unknown);
        assert_eq!(status(&ITEM, &Facts::default()), Status::Unknown);
    }
}
