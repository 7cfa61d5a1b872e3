//! From evidence to a status: one function for all items.

use jiff::{Timestamp, ToSpan};
use seaworthy_facts::Absent;
use seaworthy_model::{Cause, Environment, Evidence, Location, Polarity, Rung, Settle, Status};

use crate::shared::settle;
use crate::{Absence, Applies, Attestation, Context, Findings, Item, Scope, VoidOn};

/// An item's judgement, before it is put into a report.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The status.
    pub status: Status,
    /// The rung that valid supporting evidence reaches; on a failure, the rung of what decided.
    pub rung: Rung,
    /// One sentence: why.
    pub reason: String,
    /// Why it is unknown.
    pub cause: Option<Cause>,
    /// All evidence, the deciding first, stale evidence marked and last.
    pub evidence: Vec<Evidence>,
    /// What settles it.
    pub settled_by: Option<Settle>,
    /// How to fix what decided, where the item knows better than in general.
    pub remedy: Option<String>,
}

/// Turns what was found into a status.
///
/// The rules, in this order: stale or void support counts for nothing; a dated failure stands until newer support of the
/// same or a higher rung about the same target; contrary evidence from production decides; the highest rung decides and
/// on it contrary evidence beats supporting; contrary evidence on a lower rung fails too unless the item says that the
/// higher rung settles it; below the floor is untried; without evidence the item's absence decides, or `no-reader` when
/// something that may decide could not be read. Of several components the worst status counts, and the lowest rung.
pub fn settle(item: &Item, found: Result<Findings, Absent>, context: &Context) -> Judgement {
    if context.distributed && item.operator {
        return Judgement {
            status: Status::NotApplicable,
            rung: Rung::None,
            reason: "the software is made for others to operate (app kind \"distributed\"), and this is the operator's to do"
                .to_owned(),
            cause: None,
            evidence: Vec::new(),
            settled_by: None,
            remedy: None,
        };
    }
    let findings = match found {
        Ok(findings) => findings,
        Err(absent) => {
            return Judgement {
                status: Status::Unknown,
                rung: Rung::None,
                reason: absent.why,
                cause: Some(absent.cause),
                evidence: Vec::new(),
                settled_by: (absent.cause == Cause::NotPermitted).then(settle::folder),
                remedy: None,
            };
        }
    };
    let several = findings.scopes.len() > 1;
    let mut judged: Vec<Judgement> = findings
        .scopes
        .into_iter()
        .map(|mut scope| {
            let (component, remedy) = (scope.component.clone(), scope.remedy.take());
            let mut judgement = Judgement { remedy, ..settle_scope(item, scope, context) };
            // What is missing lies nowhere: only the component tells where it is missed.
            if let Some(component) = component.filter(|_| several && judgement.is_absence()) {
                judgement.reason = format!("{component}: {}", judgement.reason);
            }
            judgement
        })
        .collect();
    // Stable: among equals the first component speaks.
    judged.sort_by_key(|judgement| severity(judgement.status));
    let lowest_passing = judged.iter().filter(|j| j.status == Status::Pass).map(|j| j.rung).min();
    let remedy = judged.iter().find_map(|judgement| judgement.remedy.clone());
    let mut evidence = Vec::new();
    for judgement in &mut judged {
        evidence.append(&mut judgement.evidence);
    }
    // What is about the whole system was weighed with every component, and is shown once; stale evidence comes last.
    let mut shown: Vec<Evidence> = Vec::new();
    for piece in evidence {
        if !shown.contains(&piece) {
            shown.push(piece);
        }
    }
    shown.sort_by_key(|piece| piece.stale);
    let Some(mut first) = judged.into_iter().next() else {
        return absent(item, None, Vec::new());
    };
    if first.status == Status::Pass
        && let Some(lowest) = lowest_passing
    {
        first.rung = lowest;
    }
    first.evidence = shown;
    first.remedy = remedy;
    first.settled_by = match first.status {
        Status::Fail | Status::Unknown => findings.settled_by.or_else(|| default_settle(item, &first)),
        Status::Pass | Status::NotApplicable => None,
    };
    first
}

impl Judgement {
    /// Whether nothing that speaks for or against decided.
    fn is_absence(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Unknown)
            && !self.evidence.iter().any(|piece| piece.polarity == Polarity::Against)
    }
}

/// Worst first.
fn severity(status: Status) -> u8 {
    match status {
        Status::Fail => 0,
        Status::Unknown => 1,
        Status::Pass => 2,
        Status::NotApplicable => 3,
    }
}

fn settle_scope(item: &Item, scope: Scope, context: &Context) -> Judgement {
    if let Applies::No(reason) = scope.applies {
        return Judgement {
            status: Status::NotApplicable,
            rung: Rung::None,
            reason,
            cause: None,
            evidence: scope.evidence,
            settled_by: None,
            remedy: None,
        };
    }
    let mut evidence = scope.evidence;
    for piece in &mut evidence {
        piece.stale |= piece.polarity == Polarity::For && is_stale(item, piece, context);
    }
    let (valid, stale): (Vec<Evidence>, Vec<Evidence>) = evidence.into_iter().partition(|piece| !piece.stale);
    let (replaced, valid): (Vec<Evidence>, Vec<Evidence>) =
        valid.iter().cloned().partition(|piece| is_replaced(item, piece, &valid, context));

    let contrary = || valid.iter().filter(|piece| piece.polarity == Polarity::Against);
    let support = || valid.iter().filter(|piece| counts(item, piece, context));
    let highest = support().map(|piece| piece.rung).max();
    // A person's word, where it counts, stands beside what is configured: it may meet a floor that this does not.
    let sufficient = support().map(|piece| piece.rung).filter(|rung| meets_floor(item, *rung)).max();

    let decisive = contrary()
        .find(|piece| piece.environment == Environment::Production)
        .or_else(|| {
            contrary()
                .filter(|piece| !(item.higher_rung_settles && highest.is_some_and(|rung| rung > piece.rung)))
                .max_by_key(|piece| piece.rung)
        })
        .cloned();
    let on_rung = |rung: Rung| support().find(|piece| piece.rung == rung).cloned();

    let mut judgement = if let Some(against) = decisive {
        let count = contrary().count();
        let reason = if count > 1 {
            format!("{} (and {} more)", against.summary, count - 1)
        } else {
            against.summary.clone()
        };
        Judgement {
            status: Status::Fail,
            rung: against.rung,
            reason,
            cause: None,
            evidence: deciding_first(valid, &against),
            settled_by: None,
            remedy: None,
        }
    } else if let Some(support) = sufficient.and_then(on_rung) {
        Judgement {
            status: Status::Pass,
            rung: support.rung,
            reason: support.summary.clone(),
            cause: None,
            evidence: deciding_first(valid, &support),
            settled_by: None,
            remedy: None,
        }
    } else if let Some(support) = highest.and_then(on_rung) {
        let expired = stale.iter().any(|piece| meets_floor(item, piece.rung));
        let (cause, what) = if expired {
            (Cause::Stale, "the proof that it works has expired or is void")
        } else {
            (Cause::Untried, "set up, but nothing shows that it was ever tried")
        };
        Judgement {
            status: Status::Unknown,
            rung: support.rung,
            reason: format!("{}; {what}", support.summary),
            cause: Some(cause),
            evidence: deciding_first(valid, &support),
            settled_by: None,
            remedy: None,
        }
    } else if let Some(absence) = scope.absent {
        Judgement {
            status: Status::Unknown,
            rung: Rung::None,
            reason: absence.why,
            cause: Some(absence.cause),
            evidence: valid,
            settled_by: None,
            remedy: None,
        }
    } else if let Some(unread) = scope.unread.first() {
        Judgement {
            status: Status::Unknown,
            rung: Rung::None,
            reason: format!("{} ({})", unread.what, unread.at),
            cause: Some(Cause::NoReader),
            evidence: valid,
            settled_by: None,
            remedy: None,
        }
    } else {
        let vouched = valid.iter().any(|piece| piece.polarity == Polarity::For);
        let mut judgement = absent(item, scope.absence_reason, valid);
        if !stale.is_empty() {
            judgement.reason = "the evidence has expired or is void".to_owned();
            judgement.cause = judgement.cause.map(|_| Cause::Stale);
        } else if vouched {
            judgement.reason = format!("{}; a person's word alone does not pass this item", judgement.reason);
        }
        judgement
    };
    judgement.evidence.extend(replaced.into_iter().map(|piece| Evidence { stale: true, ..piece }));
    judgement.evidence.extend(stale);
    judgement
}

fn absent(item: &Item, reason: Option<String>, evidence: Vec<Evidence>) -> Judgement {
    let status = match item.absence {
        Absence::Fail => Status::Fail,
        Absence::Unknown => Status::Unknown,
    };
    Judgement {
        status,
        rung: Rung::None,
        reason: reason.unwrap_or_else(|| "nothing was found that shows it".to_owned()),
        cause: (status == Status::Unknown).then_some(Cause::NoEvidence),
        evidence,
        settled_by: None,
        remedy: None,
    }
}

/// What decided comes first, then what speaks the same way, so that a reader of the first lines is not misled.
fn deciding_first(mut evidence: Vec<Evidence>, deciding: &Evidence) -> Vec<Evidence> {
    evidence.sort_by_key(|piece| piece.polarity != deciding.polarity);
    if let Some(position) = evidence.iter().position(|piece| piece == deciding) {
        let piece = evidence.remove(position);
        evidence.insert(0, piece);
    }
    evidence
}

/// Supporting evidence that counts. A person's word does where only a person can answer, or where the policy allows it.
fn counts(item: &Item, piece: &Evidence, context: &Context) -> bool {
    piece.polarity == Polarity::For
        && (piece.rung != Rung::Attested
            || item.attestation == Attestation::Accepted
            || context.attestable.contains(&item.id))
}

/// A person's word that counts at all was let past the floor by the item or the policy.
fn meets_floor(item: &Item, rung: Rung) -> bool {
    rung == Rung::Attested || item.floor.is_met_by(rung)
}

fn is_stale(item: &Item, piece: &Evidence, context: &Context) -> bool {
    if piece.expires.is_some_and(|expires| expires <= context.now) {
        return true;
    }
    if let (Some(at), Some(days)) = (piece.at, item.fresh_days)
        && piece.rung != Rung::Attested
        && older_than(at, days, context.now)
    {
        return true;
    }
    let recorded = matches!(piece.location, Location::Record { .. });
    if piece.at.is_none() && !recorded {
        // Read from the files as they are now.
        return false;
    }
    let (kind, current) = match item.void_on {
        VoidOn::Time => return false,
        VoidOn::Commit => ("gitCommit", context.commit.as_deref()),
        VoidOn::Migrations => ("migrations", context.migrations_digest.as_deref()),
        VoidOn::Deployment => ("deployment", context.deployment.as_deref()),
    };
    let bound =
        piece.subject.as_deref().and_then(|subject| subject.split_once(':')).filter(|(k, _)| *k == kind);
    match (bound, current) {
        (Some((_, subject)), Some(current)) => subject != current,
        // Not known to be another version.
        _ if item.void_on == VoidOn::Deployment => false,
        // A record that does not say what it is about, or that nothing can be compared with, is bound to nothing.
        // What was seen live in this run is about what is there now.
        _ => recorded,
    }
}

fn older_than(at: Timestamp, days: u32, now: Timestamp) -> bool {
    at.checked_add((i64::from(days) * 24).hours()).is_ok_and(|end| end < now)
}

/// A dated failure is replaced by newer support of the same or a higher rung about the same target.
fn is_replaced(item: &Item, failure: &Evidence, all: &[Evidence], context: &Context) -> bool {
    let Some(failed_at) = failure.at else { return false };
    failure.polarity == Polarity::Against
        && all.iter().any(|piece| {
            counts(item, piece, context)
                && piece.rung >= failure.rung
                // What was seen at addresses was seen in one run, each at a moment of its own: one address, or one of
                // two machines behind it, excuses no other.
                && !matches!((&piece.location, &failure.location), (Location::Url { .. }, Location::Url { .. }))
                && piece.component == failure.component
                && piece.environment == failure.environment
                && piece.at.is_some_and(|at| at > failed_at)
        })
}

fn default_settle(item: &Item, judgement: &Judgement) -> Option<Settle> {
    let action = match (judgement.status, judgement.cause) {
        (Status::Fail, _) => "fix what is named".to_owned(),
        (_, Some(Cause::Stale)) => "repeat the drill or probe whose proof has expired".to_owned(),
        (_, Some(Cause::NoReader)) => "look at it by hand: this version has no reader for it".to_owned(),
        (_, Some(Cause::CouldNotRun)) => "mend what kept the collector from running".to_owned(),
        (_, Some(Cause::Untried)) => "try it and record the result".to_owned(),
        _ => {
            return Some(Settle {
                action: settle::INFRASTRUCTURE.0.to_owned(),
                command: Some(settle::INFRASTRUCTURE.1.to_owned()),
            });
        }
    };
    let command = (judgement.status == Status::Fail).then(|| format!("seaworthy explain {}", item.id));
    Some(Settle { action, command })
}
