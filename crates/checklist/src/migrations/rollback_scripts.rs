use seaworthy_facts::{Absent, Documents, FactKind, FactView, Migrations, System};
use seaworthy_model::{ItemId, Section};

use super::WaysBack;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.rollback-scripts`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.rollback-scripts"),
    section: Section::Migrations,
    question: "Each recent migration has a way back",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations, FactKind::Documents],
    remedy: "Write the way back of each migration.",
    page: include_str!("rollback_scripts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::relational_database(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    let documents = view.get::<Documents>()?;
    let mut findings = Findings::new();
    findings.looked_for("the way back of each of the newest 20 migrations");
    if migrations.sets.is_empty() {
        findings.because("there are no migrations, and so no way back from a schema change");
        findings.unread(&migrations.unread);
    }
    for set in &migrations.sets {
        let share = WaysBack::of(set);
        let Some(newest) = set.newest.first() else { continue };
        if share.enough() {
            findings.supports(share.sentence(set), &newest.at);
        } else if let (false, Some(policy)) = (set.has_downs, documents.forward_fix.first()) {
            findings.supports(
                format!("{} has no downs, and a policy of fixing forward is written", set.framework),
                &policy.at,
            );
        } else {
            let at = share.missing.first().map_or(&newest.at, |(_, at)| at);
            findings.contradicts(share.sentence(set), at);
            for (why, at) in share.missing.iter().take(20) {
                findings.note(why.clone(), Some(at));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, one_way, status};
    use seaworthy_facts::{Engine, Facts, Location, Observed};
    use seaworthy_model::Status;

    #[test]
    fn nine_of_ten_suffice() {
        let mut set = testing::set("rails", Engine::Postgresql, 20);
        one_way(&mut set, 2);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![set.clone()])), Status::Pass);
        one_way(&mut set, 3);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![set])), Status::Fail);
    }

    #[test]
    fn a_framework_without_downs_needs_a_policy() {
        let mut set = testing::set("prisma", Engine::Postgresql, 5);
        set.has_downs = false;
        one_way(&mut set, 5);
        let mut facts = testing::facts(Engine::Postgresql, vec![set]);
        assert_eq!(status(&ITEM, &facts), Status::Fail);
        facts.documents = Documents {
            forward_fix: vec![Observed::new("fix forward".into(), Location::file("docs/runbook.md"))],
            ..Documents::default()
        }
        .into();
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn no_migrations_fail_no_database_does_not_apply_and_nothing_collected_is_unknown() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mysql, vec![])), Status::Fail);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Redis, vec![])), Status::NotApplicable);
        assert_eq!(status(&ITEM, &Facts::default()), Status::Unknown);
    }
}
