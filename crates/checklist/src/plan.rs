//! What next: unknowns and failures grouped by the one action that settles them, most valuable first.

use std::collections::BTreeMap;

use seaworthy_model::{ItemReport, NextAction, Settle, Status};

/// The shortest plan. A failure is settled by a fix of its own, so failures come as one step each; unknowns that one
/// action settles come as one step together.
pub fn plan(items: &[ItemReport]) -> Vec<NextAction> {
    let mut steps: BTreeMap<Settle, Vec<&ItemReport>> = BTreeMap::new();
    let mut fixes = Vec::new();
    for item in items.iter().filter(|item| item.gated) {
        let accepted = item.accepted.as_ref().is_some_and(|accepted| !accepted.expired);
        match (item.status, &item.settled_by) {
            _ if accepted => {}
            (Status::Fail, _) => fixes.push(item),
            (Status::Unknown, Some(settle)) => steps.entry(settle.clone()).or_default().push(item),
            _ => {}
        }
    }
    let mut plan: Vec<(u32, NextAction)> = steps
        .into_iter()
        .map(|(settle, mut items)| {
            items.sort_by_key(|item| item.priority);
            let step = NextAction {
                action: settle.action,
                command: settle.command,
                priority: items.first().map_or(3, |item| item.priority),
                settles: items.iter().map(|item| item.id.clone()).collect(),
            };
            (items.iter().map(|item| weight(item)).sum(), step)
        })
        .collect();
    plan.extend(fixes.into_iter().map(|item| {
        let step = NextAction {
            action: item.remedy.clone().unwrap_or_else(|| item.title.clone()),
            command: Some(format!("seaworthy explain {}", item.id)),
            settles: vec![item.id.clone()],
            priority: item.priority,
        };
        // A known failure is worth more than an unknown of the same priority.
        (weight(item) + 1, step)
    }));
    plan.sort_by(|(left_weight, left), (right_weight, right)| {
        left.priority
            .cmp(&right.priority)
            .then(right_weight.cmp(left_weight))
            .then(left.settles.cmp(&right.settles))
    });
    plan.into_iter().map(|(_, step)| step).collect()
}

fn weight(item: &ItemReport) -> u32 {
    match item.priority {
        1 => 9,
        2 => 3,
        _ => 1,
    }
}
