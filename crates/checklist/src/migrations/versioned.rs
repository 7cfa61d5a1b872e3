use seaworthy_facts::{Absent, FactKind, FactView, Migrations, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.versioned`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.versioned"),
    section: Section::Migrations,
    question: "The schema changes only by migrations under version control",
    priority: 1,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations],
    remedy: "Put the schema into migrations of a framework and switch schema auto-sync off in production.",
    page: include_str!("versioned.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::relational_database(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    let mut findings = Findings::new();
    findings
        .looked_for("migration folders of every known framework, and schema synchronisation in what ships");
    for automatic in &migrations.automatic {
        findings.contradicts(
            format!("the schema changes without migrations: {}", automatic.value),
            &automatic.at,
        );
    }
    for set in &migrations.sets {
        if let Some(newest) = set.newest.first() {
            findings
                .supports(format!("{} {} migrations are in the tree", set.count, set.framework), &newest.at);
        }
    }
    for automatic in migrations.automatic_in_development.iter().take(5) {
        findings.note(format!("in development and tests only: {}", automatic.value), Some(&automatic.at));
    }
    if migrations.sets.is_empty() {
        findings.because("a relational database is in use, and no migrations of any framework were found");
        for sql in migrations.loose_sql.iter().take(10) {
            findings.contradicts(format!("{} outside any migrations", sql.value), &sql.at);
        }
        findings.unread(&migrations.unread);
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, status};
    use seaworthy_facts::{Engine, Facts, Location, Observed};
    use seaworthy_model::Status;

    #[test]
    fn migrations_without_synchronisation_pass() {
        let facts = testing::facts(Engine::Postgresql, vec![testing::set("alembic", Engine::Postgresql, 3)]);
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn synchronisation_in_what_ships_fails_even_beside_migrations() {
        let mut migrations = testing::migrations(vec![testing::set("typeorm", Engine::Postgresql, 3)]);
        migrations
            .automatic
            .push(Observed::new("`synchronize: true`".into(), Location::line("src/db.ts", 4)));
        let facts = Facts { migrations: migrations.into(), ..testing::facts(Engine::Postgresql, vec![]) };
        assert_eq!(status(&ITEM, &facts), Status::Fail);
    }

    #[test]
    fn no_migrations_fail_and_no_database_does_not_apply() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![])), Status::Fail);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mongodb, vec![])), Status::NotApplicable);
    }

    #[test]
    fn unknown_without_the_fact() {
        assert_eq!(status(&ITEM, &Facts::default()), Status::Unknown);
    }
}
