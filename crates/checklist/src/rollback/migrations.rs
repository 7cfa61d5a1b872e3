use seaworthy_facts::{Absent, FactKind, FactView, Migrations, System};
use seaworthy_model::{ItemId, Section};

use crate::migrations::WaysBack;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.migrations`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.migrations"),
    section: Section::Rollback,
    question: "The previous version runs after the new schema is in, or the schema can go back",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations],
    remedy: "Only add in migrations, or write their way back.",
    page: include_str!("migrations.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::relational_database(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    let mut findings = Findings::new();
    findings.looked_for("ways back of the newest 20 migrations, and whether they only add");
    findings.because("there are no migrations to judge");
    findings.unread(&migrations.unread);
    for set in &migrations.sets {
        let share = WaysBack::of(set);
        let Some(newest) = set.newest.first() else { continue };
        let breaking = set.newest.iter().find(|migration| !migration.only_adds && !WaysBack::has(migration));
        if share.enough() {
            findings.supports(share.sentence(set), &newest.at);
        } else if set.newest.iter().all(|migration| migration.only_adds) {
            findings.supports(
                format!(
                    "the newest {} {} migrations only add, so that the previous version still runs",
                    set.newest.len(),
                    set.framework
                ),
                &newest.at,
            );
        } else if let Some(breaking) = breaking {
            findings.contradicts(
                format!(
                    "{}; `{}` does more than add and cannot be reversed",
                    share.sentence(set),
                    breaking.name
                ),
                breaking.hazards.first().map_or(&breaking.at, |hazard| &hazard.at),
            );
        } else {
            // What cannot be reversed only adds, and what does more can be reversed.
            findings.supports(
                format!(
                    "each of the newest {} {} migrations only adds or can be reversed",
                    set.newest.len(),
                    set.framework
                ),
                &newest.at,
            );
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, one_way, status};
    use seaworthy_facts::{Engine, Facts};
    use seaworthy_model::Status;

    #[test]
    fn additions_need_no_way_back() {
        let mut set = testing::set("prisma", Engine::Postgresql, 4);
        one_way(&mut set, 4);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![set.clone()])), Status::Pass);
        set.newest[1].only_adds = false;
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![set])), Status::Fail);
    }

    #[test]
    fn what_can_be_reversed_may_do_anything() {
        let mut set = testing::set("rails", Engine::Postgresql, 4);
        set.newest[0].only_adds = false;
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![set])), Status::Pass);
    }

    #[test]
    fn nothing_to_judge_is_unknown_and_no_database_does_not_apply() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Postgresql, vec![])), Status::Unknown);
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mongodb, vec![])), Status::NotApplicable);
        assert_eq!(status(&ITEM, &Facts::default()), Status::Unknown);
    }
}
