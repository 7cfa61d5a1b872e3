//! What a report shows beside the items: exposed data, and unsafe operations that the judged change adds.

use seaworthy_facts::{Change, Engine, Facts, Hazard, Location, Migration};
use seaworthy_model::{Exposure, Finding, Gate, GateReason, ItemId, ItemReport, Status, Verdict};

/// The item whose subject unsafe operations are.
const ZERO_DOWNTIME: ItemId = ItemId::new("migrations.zero-downtime");

/// Operations whose danger is the size of the table: they lock or rewrite it. The others break the running version
/// however small the table is.
const BY_SIZE: &[&str] = &[
    "index-not-concurrent",
    "drop-index-not-concurrent",
    "volatile-default",
    "set-not-null",
    "type-change",
    "foreign-key-not-valid",
    "check-not-valid",
    "unique-constraint",
];

/// Exposed data, most urgent first; of what is equally urgent, what the change adds.
pub fn exposures(facts: &Facts) -> Vec<Exposure> {
    let Ok(exposures) = facts.exposures.get() else { return Vec::new() };
    let change = facts.change.get().ok();
    let mut shown: Vec<Exposure> = exposures
        .found
        .iter()
        .map(|exposed| Exposure {
            kind: exposed.kind,
            summary: exposed.what.clone(),
            location: exposed.at.clone(),
            priority: exposed.priority,
            digest: exposed.digest.clone(),
            remedy: Some(exposed.remedy.clone()),
            added: change.is_some_and(|change| change.adds(&exposed.at)),
        })
        .collect();
    shown.sort_by_key(|exposure| (exposure.priority, !exposure.added));
    shown
}

/// Unsafe migration operations that the change adds. What was applied cannot be edited; what a change adds can.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let (Ok(change), Ok(migrations)) = (facts.change.get(), facts.migrations.get()) else {
        return Vec::new();
    };
    let large: &[String] = facts.declared.get().map_or(&[], |declared| &declared.large_tables);
    let mut findings = Vec::new();
    for set in migrations.sets.iter().filter(|set| set.engine != Some(Engine::Sqlite)) {
        let added: Vec<&Migration> =
            set.newest.iter().filter(|migration| is_new(change, &migration.at)).collect();
        // A table that the change itself makes is empty, and nothing runs on it yet.
        let made: Vec<&String> = added.iter().flat_map(|migration| &migration.creates).collect();
        for hazard in set.newest.iter().flat_map(|migration| &migration.hazards) {
            let on_new_table =
                hazard.table.as_ref().is_some_and(|table| made.iter().any(|made| same(made, table)));
            if (change.adds(&hazard.at) || is_new(change, &hazard.at)) && !on_new_table {
                findings.push(finding(hazard, large));
            }
        }
    }
    findings
}

fn is_new(change: &Change, at: &Location) -> bool {
    at.path().and_then(|path| change.file(path)).is_some_and(|file| file.new)
}

fn finding(hazard: &Hazard, large: &[String]) -> Finding {
    let by_size = BY_SIZE.contains(&hazard.kind.as_str());
    let is_large = hazard.table.as_ref().is_none_or(|table| large.iter().any(|large| same(large, table)));
    let (blocking, size) = match (by_size, large.is_empty(), is_large) {
        (false, ..) | (true, true, _) => (true, ""),
        (true, false, true) => (true, "; the table is declared as large"),
        (true, false, false) => (false, "; the table is not among those that are declared as large"),
    };
    Finding {
        kind: format!("unsafe-migration:{}", hazard.kind),
        item: ZERO_DOWNTIME,
        summary: format!("the change adds an unsafe migration operation: it {}{size}", hazard.summary),
        location: hazard.at.clone(),
        remedy: hazard.safe_form.clone(),
        blocking,
    }
}

/// Names of tables are the same with and without their schema, whatever their case.
fn same(left: &str, right: &str) -> bool {
    let plain = |name: &str| {
        name.rsplit('.').next().unwrap_or(name).trim_matches(['"', '`', '[', ']']).to_ascii_lowercase()
    };
    if left.contains('.') && right.contains('.') {
        left.eq_ignore_ascii_case(right)
    } else {
        plain(left) == plain(right)
    }
}

/// Lets what blocks fail the gate, unless the risk was accepted for the item.
pub fn block(gate: &mut Gate, findings: &[Finding], items: &[ItemReport]) {
    let blocking = findings.iter().filter(|finding| finding.blocking).count();
    let excused = items
        .iter()
        .find(|item| item.id == ZERO_DOWNTIME)
        .and_then(|item| item.accepted.as_ref())
        .is_some_and(|accepted| !accepted.expired);
    if blocking == 0 || excused {
        return;
    }
    let what = if blocking == 1 {
        "an unsafe operation".to_owned()
    } else {
        format!("{blocking} unsafe operations")
    };
    gate.verdict = Verdict::NotReady;
    gate.reasons.retain(|reason| reason.item != ZERO_DOWNTIME);
    let reason = format!("the change adds {what}");
    gate.reasons.insert(0, GateReason { item: ZERO_DOWNTIME, status: Status::Fail, reason });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hazard(kind: &str, table: Option<&str>) -> Hazard {
        Hazard {
            kind: kind.into(),
            summary: "does it".into(),
            safe_form: "do it safely".into(),
            table: table.map(str::to_owned),
            at: Location::line("m/1.sql", 2),
        }
    }

    #[test]
    fn the_size_of_the_table_decides_where_it_is_told() {
        let large = vec!["public.orders".to_owned()];
        assert!(finding(&hazard("index-not-concurrent", Some("tags")), &[]).blocking);
        assert!(finding(&hazard("index-not-concurrent", Some("orders")), &large).blocking);
        assert!(!finding(&hazard("index-not-concurrent", Some("tags")), &large).blocking);
        // Nobody tells which table: it may be a large one.
        assert!(finding(&hazard("set-not-null", None), &large).blocking);
        assert!(finding(&hazard("rename-column", Some("tags")), &large).blocking);
    }
}
