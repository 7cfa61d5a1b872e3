//! Alert rules, their tests and their receivers.
//!
//! Rule files are read line by line, because many of them are templates and no YAML before they are rendered; what
//! infrastructure code describes comes from the reader of infrastructure.

mod code;
mod receivers;
mod resources;
mod rules;
mod signals;
#[cfg(test)]
mod tests;

use seaworthy_facts::{AlertTest, Alerting, Infrastructure, Location, Pipelines};

use crate::scan::{NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// Most rules that are kept.
const RULES: usize = 1_000;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    rules: Vec<NeedleId>,
    rule_files: Vec<NeedleId>,
    tests: Vec<NeedleId>,
    receivers: Vec<NeedleId>,
    code: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |texts: &[&str]| texts.iter().map(|text| needles.text(*text)).collect::<Vec<_>>();
    Plan {
        rules: add(&[
            "- alert:",
            "alert: ",
            "noDataState:",
            "kind: Canary",
            "kind: AnalysisTemplate",
            "kind: ClusterAnalysisTemplate",
        ]),
        rule_files: add(&["rule_files:", "ruleFiles:"]),
        tests: add(&["alert_rule_test:"]),
        receivers: add(&["receivers:", "contactPoints:"]),
        code: add(code::LITERALS),
    }
}

/// Reads it.
pub fn collect(
    tree: &Tree,
    scan: &Scan,
    plan: &Plan,
    infrastructure: &Infrastructure,
    pipelines: &Pipelines,
) -> Alerting {
    let mut alerting = Alerting::default();
    let loaders = rules::loaders(tree, &files(tree, scan, &plan.rule_files));
    for file in files(tree, scan, &plan.rules).into_iter().filter(|file| operated(scan, file)) {
        if let Some(text) = tree.text(file) {
            rules::read(&mut alerting.rules, file, &text, &loaders);
        }
    }
    for file in files(tree, scan, &plan.receivers).into_iter().filter(|file| operated(scan, file)) {
        if let Some(text) = tree.text(file) {
            receivers::read(&mut alerting.receivers, tree, file, &text);
        }
    }
    let run_by = tests_run_by(pipelines);
    for file in files(tree, scan, &plan.tests) {
        if let Some(text) = tree.text(file) {
            alerting.tests.push(test(file, &text, run_by.clone()));
        }
    }
    for file in files(tree, scan, &plan.code).into_iter().filter(|file| operated(scan, file)) {
        if let Some(text) = tree.text(file) {
            code::read(&mut alerting.rules, file, &text);
        }
    }
    resources::read(&mut alerting, infrastructure);
    if let Some(cut) = alerting.rules.get(RULES) {
        let what = format!("more than {RULES} alert rules; this one and those after it were not looked at");
        tree.cut(cut.at.clone(), what);
    }
    alerting.rules.truncate(RULES);
    alerting
}

/// Files in which one of the literals was seen, each once, in the order of the tree.
fn files<'a>(tree: &'a Tree, scan: &Scan, needles: &[NeedleId]) -> Vec<&'a File> {
    let mut indexes: Vec<usize> =
        needles.iter().flat_map(|id| scan.hits(*id)).filter(|hit| !hit.comment).map(|hit| hit.file).collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes.into_iter().map(|index| &tree.files()[index]).collect()
}

/// It is part of what runs: no test, example or document, and not for development only.
fn operated(scan: &Scan, file: &File) -> bool {
    scan.ships(file) && !crate::packages::is_development(&file.path)
}

/// Where CI runs tests of alert rules.
fn tests_run_by(pipelines: &Pipelines) -> Option<Location> {
    pipelines.steps().filter(|(.., step)| step.effective()).find_map(|(.., step)| {
        let action = step.uses.as_ref().filter(|uses| {
            uses.name.contains("promtool") && uses.inputs.iter().any(|(_, value)| value.contains("test"))
        });
        if action.is_some() {
            return Some(step.at.clone());
        }
        step.commands
            .iter()
            .find(|command| {
                let tests = |program: &str, words: [&str; 2]| {
                    command.words.iter().any(|word| word.rsplit('/').next() == Some(program))
                        && words.iter().all(|wanted| command.words.iter().any(|word| word == wanted))
                };
                command.effective()
                    && (tests("promtool", ["test", "rules"])
                        || tests("vmalert-tool", ["vmalert-tool", "unittest"])
                        || command.text.contains("promtool test rules"))
            })
            .map(|command| command.at.clone())
    })
}

fn test(file: &File, text: &str, run_by: Option<Location>) -> AlertTest {
    let listed = |key: &str| {
        text.lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(key))
            .map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|value| !value.is_empty())
            .take(100)
            .collect::<Vec<_>>()
    };
    AlertTest { rules: rules::rule_files(text), alerts: listed("alertname:"), run_by, at: file.at() }
}
