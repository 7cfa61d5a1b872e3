use crate::{Config, Kind};

/// What `head` makes weaker than `base`, each with the line of `head`'s file where it can be told.
pub fn weakenings(base: &Config, head: &Config) -> Vec<(String, Option<u32>)> {
    let mut found = Vec::new();
    for priority in &base.gate.priorities {
        if *priority != 1 && !head.gate.priorities.contains(priority) {
            found.push((format!("priority {priority} no longer gates"), None));
        }
    }
    if base.gate.strict && !head.gate.strict {
        found.push(("`strict` is switched off".to_owned(), None));
    }
    for required in &base.gate.require {
        match head.gate.require.iter().find(|own| own.target == required.target) {
            None => {
                found.push((format!("{} no longer asks for {}", required.target, required.rung.name()), None))
            }
            Some(own) if own.rung < required.rung => found.push((
                format!(
                    "{} asks for {} instead of {}",
                    required.target,
                    own.rung.name(),
                    required.rung.name()
                ),
                Some(own.line),
            )),
            Some(_) => {}
        }
    }
    for accept in &head.accept {
        match base.accept.iter().find(|before| before.item == accept.item) {
            None => found.push((
                format!("the risk of {} is accepted until {} by {}", accept.item, accept.until, accept.owner),
                Some(accept.line),
            )),
            Some(before) if before.until < accept.until => found.push((
                format!(
                    "the accepted risk of {} is prolonged from {} to {}",
                    accept.item, before.until, accept.until
                ),
                Some(accept.line),
            )),
            Some(_) => {}
        }
    }
    for item in &base.items {
        match head.items.iter().find(|own| own.id == item.id) {
            None => found.push((format!("the item {} is taken out", item.id), None)),
            Some(own) if own.priority > item.priority => found.push((
                format!("the item {} goes from priority {} to {}", item.id, item.priority, own.priority),
                Some(own.line),
            )),
            Some(own) if own.rules != item.rules || own.wanted != item.wanted => {
                found.push((format!("the item {} asks something else", item.id), Some(own.line)));
            }
            Some(_) => {}
        }
    }
    if base.app.kind == Kind::Service && head.app.kind == Kind::Distributed {
        found.push(("`kind` becomes \"distributed\": the operator's items no longer apply".to_owned(), None));
    }
    if base.app.deploy != head.app.deploy && !base.app.deploy.is_empty() {
        found.push((
            format!("`deploy` changes from {} to {}", list(&base.app.deploy), list(&head.app.deploy)),
            None,
        ));
    }
    for folder in &base.app.with {
        if !head.app.with.contains(folder) {
            found.push((format!("`{folder}` is no longer part of the system"), None));
        }
    }
    if base.ledger.require_signature && !head.ledger.require_signature {
        found.push(("`require-signature` is switched off".to_owned(), None));
    }
    if base.ledger.allowed_signers != head.ledger.allowed_signers {
        found.push(("the file of allowed signers is another one".to_owned(), None));
    }
    for item in &head.ledger.attestable {
        if !base.ledger.attestable.contains(item) {
            found.push((format!("a signed word may now pass {item}"), None));
        }
    }
    let loosened = |before: Option<f64>, after: Option<f64>| match (before, after) {
        (Some(before), Some(after)) => after > before,
        // An objective that is no longer declared falls back to the assumed one.
        (Some(_), None) => true,
        _ => false,
    };
    if loosened(base.objectives.rpo_hours, head.objectives.rpo_hours) {
        found.push(("the recovery point objective is loosened".to_owned(), None));
    }
    if loosened(base.objectives.rto_hours, head.objectives.rto_hours) {
        found.push(("the recovery time objective is loosened".to_owned(), None));
    }
    let dropped = |before: &[String], after: &[String]| before.iter().any(|wanted| !after.contains(wanted));
    if dropped(&base.restore.queries, &head.restore.queries)
        || dropped(&base.restore.commands, &head.restore.commands)
    {
        found.push(("the restore drill verifies less".to_owned(), None));
    }
    found
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
