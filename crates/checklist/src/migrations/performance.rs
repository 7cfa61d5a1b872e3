use seaworthy_facts::{Absent, FactKind, FactView, Location, Migrations, Pipelines, Role, System};
use seaworthy_model::{ItemId, Section};

use super::owners;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.performance`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.performance"),
    section: Section::Migrations,
    question: "Schema changes are reviewed before they run",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations, FactKind::Pipelines],
    remedy: "Give the migrations folder code owners, or lint migrations in CI.",
    page: include_str!("performance.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::relational_database(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for("code owners of the migrations folder, and migration linters that run in CI");
    let newest: Vec<&Location> =
        migrations.sets.iter().filter_map(|set| set.newest.first()).map(|migration| &migration.at).collect();
    let owned: Vec<_> =
        newest.iter().filter_map(|at| owners::rule_for(&pipelines.owners, at.path()?)).collect();
    if !newest.is_empty() && owned.len() == newest.len() {
        for rule in owned {
            findings.supports(
                format!("code owners review the migrations: `{}` ({})", rule.pattern, rule.owners.join(" ")),
                &rule.at,
            );
        }
        findings.note(
            "whether the forge enforces code owners is a setting that the repository does not show",
            None,
        );
    }
    for (workflow, job, step) in pipelines.steps() {
        let runs = !job.disabled && !job.failure_allowed && workflow.on_default_branch().is_some();
        if let Some(at) = step.does(Role::MigrationLint).filter(|_| runs) {
            findings.supports("a migration linter runs in CI", at);
        }
    }
    // A linter inside the framework speaks when migrations run.
    let migrates = pipelines.steps().find_map(|(workflow, job, step)| {
        let runs = !job.disabled && !job.failure_allowed && workflow.on_default_branch().is_some();
        step.does(Role::Migrate).filter(|_| runs)
    });
    if let Some(at) = migrates {
        for linter in &migrations.linters {
            findings.supports(format!("CI applies the migrations under {}", linter.value), at);
        }
    }
    findings.because("no code owner of the migrations and no migration linter in CI was found");
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, status};
    use seaworthy_facts::{Engine, Facts, Observed, OwnerRule};
    use seaworthy_model::Status;

    fn owned(rules: &[(&str, &[&str])]) -> Facts {
        let set = testing::set("rails", Engine::Postgresql, 2);
        let owners = rules
            .iter()
            .map(|(pattern, owners)| OwnerRule {
                pattern: (*pattern).to_owned(),
                owners: owners.iter().map(|owner| (*owner).to_owned()).collect(),
                at: Location::file("CODEOWNERS"),
            })
            .collect();
        Facts {
            pipelines: Pipelines { owners, ..Pipelines::default() }.into(),
            ..testing::facts(Engine::Postgresql, vec![set])
        }
    }

    #[test]
    fn the_last_rule_that_matches_decides() {
        assert_eq!(status(&ITEM, &owned(&[("*", &["@a"])])), Status::Pass);
        assert_eq!(status(&ITEM, &owned(&[("*", &["@a"]), ("/db/", &[])])), Status::Unknown);
        assert_eq!(status(&ITEM, &owned(&[("/docs/", &["@a"])])), Status::Unknown);
    }

    #[test]
    fn a_linter_that_runs_in_ci_passes() {
        let set = testing::set("rails", Engine::Postgresql, 2);
        let pipelines = testing::pipelines(Role::MigrationLint, &[]);
        let facts =
            Facts { pipelines: pipelines.into(), ..testing::facts(Engine::Postgresql, vec![set.clone()]) };
        assert_eq!(status(&ITEM, &facts), Status::Pass);
        // Inside the framework it needs CI to migrate.
        let mut migrations = testing::migrations(vec![set]);
        migrations.linters.push(Observed::new("strong_migrations".into(), Location::file("Gemfile")));
        let mut facts = Facts { migrations: migrations.into(), ..testing::facts(Engine::Postgresql, vec![]) };
        assert_eq!(status(&ITEM, &facts), Status::Unknown);
        facts.pipelines = testing::pipelines(Role::Migrate, &[]).into();
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn no_database_does_not_apply() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mongodb, vec![])), Status::NotApplicable);
    }
}
