use std::collections::BTreeMap;

use jiff::Timestamp;
use seaworthy_checklist::{Context, GatePolicy, Item, decide, judge, plan};
use seaworthy_facts::Certainty;
use seaworthy_model::{Component, ItemId, ItemReport, Note, Report, SCHEMA, Status, Summary, Tool, Verdict};

use crate::{Collected, beside};

/// How to judge.
#[derive(Debug, Clone)]
pub struct JudgeOptions {
    /// The instant as of which is judged.
    pub now: Timestamp,
    /// Judged as of another day than today.
    pub as_of: bool,
    /// Items or sections to judge; empty for all.
    pub only: Vec<String>,
    /// The gate.
    pub gate: GatePolicy,
    /// Items that the policy lets a person's signed word pass.
    pub attestable: Vec<ItemId>,
    /// The change that is judged.
    pub since: Option<String>,
    /// Items that were failing or unknown in the baseline, with what they were.
    pub baseline: Vec<(ItemId, Status)>,
    /// Weakenings of the configuration that the change makes.
    pub weakened: Vec<Note>,
}

impl JudgeOptions {
    /// Everything, as of an instant, with the usual gate.
    pub fn at(now: Timestamp) -> Self {
        JudgeOptions {
            now,
            as_of: false,
            only: Vec::new(),
            gate: GatePolicy::default(),
            attestable: Vec::new(),
            since: None,
            baseline: Vec::new(),
            weakened: Vec::new(),
        }
    }
}

/// Judges what was collected and puts the report together.
pub fn assemble(collected: &Collected, options: &JudgeOptions, duration_ms: u64) -> Report {
    let facts = &collected.facts;
    let repository = facts.repository.get().ok();
    let distributed = facts.declared.get().is_ok_and(|declared| declared.distributed);
    let context = Context {
        now: options.now,
        commit: repository.and_then(|repository| repository.commit.clone()),
        migrations_digest: repository.and_then(|repository| repository.migrations_digest.clone()),
        deployment: None,
        distributed,
        attestable: options.attestable.clone(),
        change: options.since.is_some() || collected.subject.since.is_some(),
    };
    let wanted = |item: &Item| {
        options.only.is_empty()
            || options.only.iter().any(|only| only == item.id.as_str() || only == item.section.name())
    };
    let mut items = judge(facts, &context, &wanted);
    for item in &mut items {
        // What was unknown and fails now is new; what failed and is unknown now is not.
        let before = options.baseline.iter().find(|(id, _)| *id == item.id).map(|(_, status)| *status);
        item.in_baseline = match item.status {
            Status::Fail => before == Some(Status::Fail),
            Status::Unknown => matches!(before, Some(Status::Fail | Status::Unknown)),
            Status::Pass | Status::NotApplicable => false,
        };
    }
    let mut gate = decide(&mut items, &options.gate, options.weakened.clone());
    // What was left out of the run says nothing.
    let looked_at = seaworthy_checklist::find("migrations.zero-downtime").is_some_and(wanted);
    let findings = if looked_at { beside::findings(facts) } else { Vec::new() };
    beside::block(&mut gate, &findings, &items);
    let mut subject = collected.subject.clone();
    if options.since.is_some() {
        subject.since.clone_from(&options.since);
    }
    Report {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "seaworthy".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        subject,
        started_at: collected.started_at,
        judged_at: options.as_of.then_some(options.now),
        duration_ms,
        coverage: collected.coverage.clone(),
        components: components(collected),
        exposures: beside::exposures(facts),
        findings,
        hints: hints(collected, distributed),
        next: plan(&items),
        summary: summarise(&items, gate),
        items,
    }
}

fn components(collected: &Collected) -> Vec<Component> {
    let Ok(system) = collected.facts.system.get() else { return Vec::new() };
    system
        .components
        .iter()
        .filter(|component| component.ships)
        .filter_map(|component| {
            let at =
                component.manifest.clone().or_else(|| component.frameworks.first().map(|f| f.at.clone()))?;
            let mut stack: Vec<String> = component.frameworks.iter().map(|f| f.value.clone()).collect();
            if let Some(ecosystem) = component.ecosystem {
                stack.push(ecosystem.name().to_owned());
            }
            let roles = [
                (component.http_server.is_some(), "server"),
                (component.front_end.is_some(), "front end"),
                (component.worker.is_some(), "worker"),
            ];
            Some(Component {
                name: component.folder.clone(),
                stack,
                roles: roles.iter().filter(|(has, _)| *has).map(|(_, role)| (*role).to_owned()).collect(),
                location: at,
            })
        })
        .collect()
}

fn hints(collected: &Collected, distributed: bool) -> Vec<Note> {
    let mut hints = Vec::new();
    let facts = &collected.facts;
    if let Ok(declared) = facts.declared.get() {
        hints.extend(declared.remarks.iter().map(|remark| Note { summary: remark.clone(), location: None }));
    }
    if let (false, Ok(repository)) = (distributed, facts.repository.get())
        && let Some(hint) = repository.distributed_hints.first()
    {
        hints.push(Note {
            summary: format!(
                "this looks like software for others to operate ({}); if it is, say so with kind = \"distributed\" under [app] in seaworthy.toml",
                hint.value
            ),
            location: Some(hint.at.clone()),
        });
    }
    if let Ok(system) = facts.system.get() {
        if !system.deployable() {
            hints.push(Note {
                summary: "nothing that can be deployed was found, so most items do not apply; if this is wrong, name the \
                          platform with --deploy NAME or `deploy` under [app]"
                    .to_owned(),
                location: None,
            });
        }
        let sure = system.platforms.iter().any(|platform| platform.certainty <= Certainty::Configured);
        if let (false, Some(platform)) =
            (sure, system.platforms.iter().find(|platform| platform.certainty == Certainty::Probable))
        {
            hints.push(Note {
                summary: format!(
                    "nothing names the deployment platform; it is probably {}: --deploy {} settles it",
                    platform.key, platform.key
                ),
                location: Some(platform.at.clone()),
            });
        }
    }
    hints
}

fn summarise(items: &[ItemReport], gate: seaworthy_model::Gate) -> Summary {
    let mut by_status: BTreeMap<String, u32> =
        [Status::Pass, Status::Fail, Status::Unknown, Status::NotApplicable]
            .into_iter()
            .map(|status| (status.name().to_owned(), 0))
            .collect();
    let mut by_rung = BTreeMap::new();
    let mut by_priority: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    let mut by_cause = BTreeMap::new();
    for item in items {
        *by_status.entry(item.status.name().to_owned()).or_default() += 1;
        *by_priority
            .entry(item.priority.to_string())
            .or_default()
            .entry(item.status.name().to_owned())
            .or_default() += 1;
        if item.status == Status::Pass {
            *by_rung.entry(item.rung.name().to_owned()).or_default() += 1;
        }
        if let Some(cause) = item.cause {
            *by_cause.entry(cause.name().to_owned()).or_default() += 1;
        }
    }
    let count = |status: Status| by_status.get(status.name()).copied().unwrap_or(0);
    let decided = count(Status::Pass) + count(Status::Fail);
    let applicable = decided + count(Status::Unknown);
    Summary { by_status, by_rung, by_priority, by_cause, applicable, decided, gate }
}

/// Whether the report passes the gate: `ready`, or `not known` where unknown is allowed.
pub fn passes(report: &Report) -> bool {
    match report.summary.gate.verdict {
        Verdict::Ready => true,
        // Without a reason nothing is unknown: nothing that the gate asks for applies.
        Verdict::NotKnown => !report.summary.gate.strict || report.summary.gate.reasons.is_empty(),
        Verdict::NotReady => false,
    }
}
