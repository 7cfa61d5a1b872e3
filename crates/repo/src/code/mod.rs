//! Rules over syntax trees: what shipped code does, where meaning needs more than literals.
//!
//! A rule is a document in ast-grep's YAML under `rules/SECTION/`, with `metadata` of our own: the `sign` that a match
//! shows and the `literals` that every file that can match holds. Only files with such a literal are parsed, each once.

mod embedded;
mod grammar;
mod own;
mod rule;
mod surroundings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use ast_grep_core::matcher::MatcherExt as _;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, NodeMatch};
use rayon::prelude::*;
use seaworthy_facts::{Code, CodeMatch, OwnItem};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Node};

use crate::commands::redacted;
use crate::scan::{NeedleId, Needles, QuestionId, Scan};
use crate::tree::{File, Tree};
use grammar::Grammar;
use own::OwnRules;
pub use rule::{CHANGE_RULES, RULES, Rule};

/// How many matches of one rule are kept for each sign that it shows; all are counted.
const KEPT: usize = 300;
/// How many matches of one rule in one file are kept.
const KEPT_IN_FILE: usize = 50;
/// How many files are read as a sample for what a rule shows everywhere.
const SAMPLED: usize = 40;
/// How many times that is looked on for what a rule shows only sometimes.
const SEARCHED_ON: usize = 10;
/// Longest text of a match or capture, in characters.
const QUOTED: usize = 160;
/// Code that is nested deeper than this was made to be a burden.
const DEPTH: usize = 400;

/// For each rule the literals that it needs, and the owners' rules.
#[derive(Debug, Default)]
pub struct Plan {
    rules: Vec<(&'static Rule, QuestionId)>,
    own: Vec<OwnRules>,
    own_literals: Vec<Vec<NeedleId>>,
}

/// Adds the literals of the rules; those for changes are left out where none is judged.
pub fn plan(tree: &Tree, items: &[OwnItem], of_a_change: bool, needles: &mut Needles) -> Plan {
    let built_in = RULES.iter().chain(of_a_change.then_some(&*CHANGE_RULES).into_iter().flatten());
    let rules = built_in
        .map(|rule| {
            let test = |file: &File, text: &str| rule.grammar_of(file).is_some() && rule.can_match(text);
            (rule, needles.ask(&rule.metadata.literals, test))
        })
        .collect();
    let mut literals = |rule: &Rule| -> Vec<NeedleId> {
        rule.metadata.literals.iter().map(|literal| needles.text(literal.clone())).collect()
    };
    let own = own::read(tree, items);
    Plan { rules, own_literals: own.iter().flat_map(|own| &own.rules).map(&mut literals).collect(), own }
}

/// Applies the rules to the shipped files that can match.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan) -> Code {
    let mut wanted: BTreeMap<usize, Vec<&Rule>> = BTreeMap::new();
    for (rule, question) in &plan.rules {
        for file in scan.answers(*question) {
            wanted.entry(*file).or_default().push(rule);
        }
    }
    let own = plan.own.iter().flat_map(|own| &own.rules).zip(&plan.own_literals);
    for (rule, literals) in own {
        for hit in literals.iter().flat_map(|literal| scan.hits(*literal)) {
            wanted.entry(hit.file).or_default().push(rule);
        }
    }
    let mut checks = BTreeMap::new();
    for own in &plan.own {
        let mut check = own.check.clone();
        for file in tree.files().iter().filter(|file| scan.ships(file)) {
            let Some(grammar) = file.language.and_then(|language| Grammar::of(&file.path, language)) else {
                continue;
            };
            let rules = || own.rules.iter().filter(|rule| rule.is_for(grammar));
            check.files += u64::from(rules().next().is_some());
            let every_file = rules().filter(|rule| rule.metadata.literals.is_empty()).collect::<Vec<_>>();
            if !every_file.is_empty() {
                wanted.entry(file.index).or_default().extend(every_file);
            }
        }
        checks.insert(own.item.clone(), check);
    }
    let looked_at: Vec<(usize, Looked)> = wanted
        .into_par_iter()
        .map(|(index, mut rules)| {
            rules.sort_by_key(|rule| (&rule.id, std::ptr::from_ref(*rule)));
            rules.dedup_by(|left, right| std::ptr::eq(*left, *right));
            let file = &tree.files()[index];
            (index, if scan.ships(file) { look(tree, file, &rules, false) } else { Looked::default() })
        })
        .collect();
    let sampled: Vec<(usize, Looked)> = sample(&looked_at)
        .into_par_iter()
        .map(|(index, rules)| (index, look(tree, &tree.files()[index], &rules, true)))
        .collect();
    let mut found: Vec<(usize, Vec<CodeMatch>)> =
        looked_at.into_iter().chain(sampled).map(|(index, looked)| (index, looked.found)).collect();
    found.sort_by_key(|(index, _)| *index);
    let mut code = Code { own: checks, ..Code::default() };
    let mut kept: HashMap<(String, String), usize> = HashMap::new();
    for found in found.into_iter().flat_map(|(_, found)| found) {
        *code.counts.entry(found.sign.clone()).or_insert(0) += 1;
        let kept = kept.entry((found.rule.clone(), found.sign.clone())).or_insert(0);
        *kept += 1;
        if *kept <= KEPT {
            code.matches.push(found);
        }
    }
    for file in tree.files().iter().filter(|file| scan.ships(file)) {
        if let Some(language) = file.language {
            *code.lines.entry(language.to_owned()).or_insert(0) += u64::from(scan.lines[file.index]);
        }
    }
    code
}

/// What came of a look at a file.
#[derive(Default)]
struct Looked<'r> {
    found: Vec<CodeMatch>,
    /// Rules that would show here what they show everywhere, for which alone the file was not parsed.
    left: Vec<&'r Rule>,
}

/// For each rule some of the files that were not parsed for it, spread over all of them.
fn sample<'r>(looked_at: &[(usize, Looked<'r>)]) -> BTreeMap<usize, Vec<&'r Rule>> {
    let mut left: BTreeMap<&str, (&Rule, Vec<usize>)> = BTreeMap::new();
    for (index, looked) in looked_at {
        for rule in &looked.left {
            left.entry(&rule.id).or_insert((rule, Vec::new())).1.push(*index);
        }
    }
    let mut chosen: BTreeMap<usize, Vec<&Rule>> = BTreeMap::new();
    for (rule, files) in left.into_values() {
        for index in files.iter().step_by(files.len().div_ceil(SAMPLED)) {
            chosen.entry(*index).or_default().push(rule);
        }
    }
    chosen
}

/// Parses a file, if some of the rules can match there, and gives their matches. Unless it is part of a `sample`, it is not
/// parsed for what a rule shows everywhere.
fn look<'r>(tree: &Tree, file: &File, rules: &[&'r Rule], sample: bool) -> Looked<'r> {
    let nothing = Looked::default;
    let Some(language) = file.language else { return nothing() };
    let Some(grammar) = Grammar::of(&file.path, language) else { return nothing() };
    let rules: Vec<&Rule> = rules.iter().copied().filter(|rule| rule.grammar_of(file).is_some()).collect();
    if rules.is_empty() {
        return nothing();
    }
    let Some(text) = tree.text(file) else { return nothing() };
    let rules: Vec<&Rule> = rules.into_iter().filter(|rule| rule.can_match(&text)).collect();
    if !sample && rules.iter().all(|rule| !rule.can_be_special(&text)) {
        return Looked { found: Vec::new(), left: rules };
    }
    Looked { found: matches(tree, file, language, grammar, &rules, &text), left: Vec::new() }
}

/// The matches of some rules in a file.
fn matches(
    tree: &Tree,
    file: &File,
    language: &str,
    grammar: Grammar,
    rules: &[&Rule],
    text: &str,
) -> Vec<CodeMatch> {
    let rules: Vec<_> =
        rules.iter().filter_map(|rule| rule.compiled(grammar).map(|compiled| (*rule, compiled))).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let source: Cow<str> = match language {
        "vue" | "svelte" | "astro" => match embedded::script(language, text) {
            Some(script) => script,
            None => return Vec::new(),
        },
        _ => Cow::Borrowed(text),
    };
    let Some(parsed) = code::parse(grammar.0, &source, &Limits::default()) else {
        tree.problem(file.at(), "too long or too costly to be parsed as code");
        return Vec::new();
    };
    let mut by_kind: Vec<Vec<usize>> = Vec::new();
    for (index, (_, compiled)) in rules.iter().enumerate() {
        for kind in &compiled.kinds {
            if by_kind.len() <= *kind {
                by_kind.resize(kind + 1, Vec::new());
            }
            by_kind[*kind].push(index);
        }
    }
    let root = AstGrep::doc(StrDoc { src: source.into_owned(), lang: grammar, tree: parsed });
    let node = root.root();
    let Some(nodes) = nodes_of(node.get_doc().tree.root_node(), &by_kind) else {
        tree.problem(file.at(), format!("code nested more than {DEPTH} deep is not looked into"));
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut counts = vec![0usize; rules.len()];
    let mut shown: HashMap<(usize, String), usize> = HashMap::new();
    for node in nodes {
        let node = root.adopt(node);
        for &index in &by_kind[usize::from(node.kind_id())] {
            let (rule, compiled) = rules[index];
            // A rule that tells two things apart goes on after enough of the one.
            if counts[index] >= KEPT_IN_FILE * (rule.metadata.signs.len() * SEARCHED_ON + 1) {
                continue;
            }
            if let Some(matched) = compiled.config.matcher.match_node(node.clone()) {
                counts[index] += 1;
                let matched =
                    described(file, language, rule, compiled.config.get_message(&matched), &matched);
                let shown = shown.entry((index, matched.sign.clone())).or_insert(0);
                *shown += 1;
                if *shown <= KEPT_IN_FILE {
                    found.push(matched);
                }
            }
        }
    }
    found
}

fn described(
    file: &File,
    language: &str,
    rule: &Rule,
    message: String,
    matched: &NodeMatch<'_, StrDoc<Grammar>>,
) -> CodeMatch {
    let line = u32::try_from(matched.start_pos().line() + 1).unwrap_or(u32::MAX);
    let environment = matched.get_env();
    let captures: BTreeMap<String, String> = environment
        .get_matched_variables()
        .filter_map(|variable| match variable {
            MetaVariable::Capture(name, _) => {
                environment.get_match(&name).map(|node| (name.clone(), quoted(&node.text())))
            }
            MetaVariable::MultiCapture(name) => {
                let nodes = environment.get_multiple_matches(&name);
                let text: Vec<_> = nodes.iter().take(20).map(|node| node.text().into_owned()).collect();
                Some((name, quoted(&text.join(" "))))
            }
            _ => None,
        })
        .collect();
    let special = rule.metadata.signs.iter().find(|(variable, _)| captures.contains_key(*variable));
    CodeMatch {
        sign: special.map_or(&rule.metadata.sign, |(_, sign)| sign).clone(),
        rule: rule.id.clone(),
        says: quoted(&message),
        at: file.at_line(line),
        language: language.to_owned(),
        text: quoted(matched.text().lines().next().unwrap_or_default()),
        captures,
    }
}

/// Capped, and without secrets.
fn quoted(text: &str) -> String {
    let capped: String = text.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    redacted(capped.trim())
}

/// The nodes of the kinds for which there are rules, in source order; none when the code is nested too deep.
fn nodes_of<'t>(root: Node<'t>, by_kind: &[Vec<usize>]) -> Option<Vec<Node<'t>>> {
    let mut nodes = Vec::new();
    let mut cursor = root.walk();
    let mut depth = 0;
    loop {
        let node = cursor.node();
        if by_kind.get(usize::from(node.kind_id())).is_some_and(|rules| !rules.is_empty()) {
            nodes.push(node);
        }
        if cursor.goto_first_child() {
            depth += 1;
            if depth > DEPTH {
                return None;
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Some(nodes);
            }
            depth -= 1;
        }
    }
}
