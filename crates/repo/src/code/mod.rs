//! Rules over syntax trees: what shipped code does, where meaning needs more than literals.
//!
//! A rule is a document in ast-grep's YAML under `rules/SECTION/`, with `metadata` of our own: the `sign` that a match
//! shows and the `literals` that every file that can match holds. Only files with such a literal are parsed, each once.

mod embedded;
mod grammar;
mod own;
mod rule;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use ast_grep_core::matcher::MatcherExt as _;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Matcher as _, NodeMatch};
use rayon::prelude::*;
use seaworthy_facts::{Code, CodeMatch, OwnItem};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Node};

use crate::commands::redacted;
use crate::scan::{NeedleId, Needles, Scan};
use crate::tree::{File, Tree};
use grammar::Grammar;
use own::OwnRules;
pub use rule::{RULES, Rule};

/// How many matches of one rule are kept for each sign that it shows; all are counted.
const KEPT: usize = 300;
/// How many matches of one rule in one file are kept.
const KEPT_IN_FILE: usize = 50;
/// How many times that is looked on for what a rule shows only sometimes.
const SEARCHED_ON: usize = 10;
/// Longest text of a match or capture, in characters.
const QUOTED: usize = 160;
/// Code that is nested deeper than this was made to be a burden.
const DEPTH: usize = 400;

/// For each rule the literals that it needs, and the owners' rules.
#[derive(Debug, Default)]
pub struct Plan {
    literals: Vec<Vec<NeedleId>>,
    own: Vec<OwnRules>,
    own_literals: Vec<Vec<NeedleId>>,
}

/// Adds the literals of all rules.
pub fn plan(tree: &Tree, items: &[OwnItem], needles: &mut Needles) -> Plan {
    let mut literals = |rule: &Rule| -> Vec<NeedleId> {
        rule.metadata.literals.iter().map(|literal| needles.text(literal.clone())).collect()
    };
    let own = own::read(tree, items);
    Plan {
        literals: RULES.iter().map(&mut literals).collect(),
        own_literals: own.iter().flat_map(|own| &own.rules).map(&mut literals).collect(),
        own,
    }
}

/// Applies the rules to the shipped files that can match.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan) -> Code {
    let mut wanted: BTreeMap<usize, Vec<&Rule>> = BTreeMap::new();
    let own = plan.own.iter().flat_map(|own| &own.rules).zip(&plan.own_literals);
    for (rule, literals) in RULES.iter().zip(&plan.literals).chain(own) {
        for hit in literals.iter().flat_map(|literal| scan.hits(*literal)) {
            let rules = wanted.entry(hit.file).or_default();
            if !rules.last().is_some_and(|last| std::ptr::eq(*last, rule)) {
                rules.push(rule);
            }
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
    let found: Vec<Vec<CodeMatch>> = wanted
        .into_par_iter()
        .map(|(index, mut rules)| {
            rules.sort_by_key(|rule| (&rule.id, std::ptr::from_ref(*rule)));
            rules.dedup_by(|left, right| std::ptr::eq(*left, *right));
            let file = &tree.files()[index];
            if scan.ships(file) { matches(tree, file, &rules) } else { Vec::new() }
        })
        .collect();
    let mut code = Code { own: checks, ..Code::default() };
    let mut kept: HashMap<(String, String), usize> = HashMap::new();
    for found in found.into_iter().flatten() {
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

/// The matches of some rules in a file.
fn matches(tree: &Tree, file: &File, rules: &[&Rule]) -> Vec<CodeMatch> {
    let Some(language) = file.language else { return Vec::new() };
    let Some(grammar) = Grammar::of(&file.path, language) else { return Vec::new() };
    let rules: Vec<&Rule> =
        rules.iter().copied().filter(|rule| rule.is_for(grammar) && rule.counts_at(&file.path)).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let Some(text) = tree.text(file) else { return Vec::new() };
    let rules: Vec<_> = rules
        .into_iter()
        .filter(|rule| rule.can_match(&text))
        .filter_map(|rule| rule.compiled(grammar).map(|compiled| (rule, compiled)))
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let source: Cow<str> = match language {
        "vue" | "svelte" | "astro" => match embedded::script(language, &text) {
            Some(script) => script,
            None => return Vec::new(),
        },
        _ => Cow::Borrowed(&*text),
    };
    let Some(parsed) = code::parse(grammar.0, &source, &Limits::default()) else {
        tree.problem(file.at(), "too long or too costly to be parsed as code");
        return Vec::new();
    };
    if is_deeper(parsed.root_node(), DEPTH) {
        tree.problem(file.at(), format!("code nested more than {DEPTH} deep is not looked into"));
        return Vec::new();
    }
    let mut by_kind: Vec<Vec<usize>> = Vec::new();
    for (index, (_, compiled)) in rules.iter().enumerate() {
        for kind in
            compiled.matcher.potential_kinds().into_iter().flat_map(|kinds| kinds.iter().collect::<Vec<_>>())
        {
            if by_kind.len() <= kind {
                by_kind.resize(kind + 1, Vec::new());
            }
            by_kind[kind].push(index);
        }
    }
    let root = AstGrep::doc(StrDoc { src: source.into_owned(), lang: grammar, tree: parsed });
    let mut found = Vec::new();
    let mut counts = vec![0usize; rules.len()];
    let mut shown: HashMap<(usize, String), usize> = HashMap::new();
    for node in root.root().dfs() {
        let Some(candidates) = by_kind.get(usize::from(node.kind_id())) else { continue };
        for &index in candidates {
            let (rule, compiled) = rules[index];
            // A rule that tells two things apart goes on after enough of the one.
            if counts[index] >= KEPT_IN_FILE * (rule.metadata.signs.len() * SEARCHED_ON + 1) {
                continue;
            }
            if let Some(matched) = compiled.matcher.match_node(node.clone()) {
                counts[index] += 1;
                let matched = described(file, language, rule, compiled.get_message(&matched), &matched);
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

/// Whether a syntax tree is nested deeper than a limit.
fn is_deeper(root: Node<'_>, limit: usize) -> bool {
    let mut cursor = root.walk();
    let mut depth = 0;
    loop {
        if cursor.goto_first_child() {
            depth += 1;
            if depth > limit {
                return true;
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            depth -= 1;
        }
    }
}
