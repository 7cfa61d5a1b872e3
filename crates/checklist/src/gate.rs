//! The gate: per item and priority, with three verdicts.

use seaworthy_model::{
    Accepted, Gate, GateReason, ItemId, ItemReport, Note, Priority, Rung, Section, Status, Verdict,
};

/// What the gate asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatePolicy {
    /// Priorities that gate; 1 always does.
    pub priorities: Vec<Priority>,
    /// Rungs that are asked of an item or a section, beyond its own floor.
    pub require: Vec<RequiredRung>,
    /// Unknown counts as failed.
    pub strict: bool,
    /// Risks that somebody accepted.
    pub accepted: Vec<AcceptedRisk>,
}

impl Default for GatePolicy {
    fn default() -> Self {
        GatePolicy { priorities: vec![1], require: Vec::new(), strict: false, accepted: Vec::new() }
    }
}

/// A rung that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredRung {
    /// An item's id or a section's name.
    pub target: String,
    /// The lowest rung.
    pub rung: Rung,
}

impl RequiredRung {
    fn covers(&self, item: &ItemReport) -> bool {
        self.target == item.id.as_str() || Section::from_name(&self.target) == Some(item.section)
    }
}

/// A risk that somebody accepted for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRisk {
    /// The item.
    pub item: ItemId,
    /// Why, by whom, until when.
    pub accepted: Accepted,
}

/// Marks accepted risks on the items and decides. Accepted and baseline items stay where they are in every count;
/// they only do not fail the gate.
pub fn decide(items: &mut [ItemReport], policy: &GatePolicy, weakened: Vec<Note>) -> Gate {
    for item in items.iter_mut() {
        item.accepted =
            policy.accepted.iter().find(|risk| risk.item == item.id).map(|risk| risk.accepted.clone());
    }
    let mut reasons = Vec::new();
    // Where nothing that the gate asks for applies, nothing was shown to be ready either.
    let mut any_applies = false;
    for item in items.iter().filter(|item| item.gated) {
        let by_priority = item.priority == 1 || policy.priorities.contains(&item.priority);
        let required = policy.require.iter().filter(|required| required.covers(item)).map(|r| r.rung).max();
        any_applies |= item.status != Status::NotApplicable && (by_priority || required.is_some());
        let excused = item.in_baseline || item.accepted.as_ref().is_some_and(|accepted| !accepted.expired);
        if excused {
            continue;
        }
        let reason = match (item.status, required) {
            (Status::NotApplicable, _) => None,
            (Status::Pass, Some(rung)) if item.rung < rung => {
                Some((Status::Fail, format!("{} is required, {} is reached", rung.name(), item.rung.name())))
            }
            (Status::Pass, _) => None,
            (status, Some(rung)) => {
                Some((status, format!("{} is required, the item is {}", rung.name(), status.name())))
            }
            (status, None) if by_priority => Some((status, format!("priority {}", item.priority))),
            _ => None,
        };
        if let Some((status, reason)) = reason {
            reasons.push(GateReason { item: item.id.clone(), status, reason });
        }
    }
    let fails = reasons.iter().any(|reason| reason.status == Status::Fail);
    let verdict = if fails {
        Verdict::NotReady
    } else if reasons.is_empty() && any_applies {
        Verdict::Ready
    } else {
        Verdict::NotKnown
    };
    reasons.sort_by_key(|reason| reason.status != Status::Fail);
    Gate { verdict, strict: policy.strict, reasons, weakened }
}
