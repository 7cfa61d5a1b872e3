//! Makefiles.

use crate::Limits;
use std::collections::HashMap;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Makefile {
    /// The targets in source order.
    pub targets: Vec<Target>,
    /// Variables with simply expanded values; the last assignment wins.
    pub variables: Vec<(String, String)>,
    /// Names of `.PHONY` targets.
    pub phony: Vec<String>,
    /// Files named by `include`, `-include` and `sinclude`.
    pub includes: Vec<String>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The target's name.
    pub name: String,
    /// What it depends on.
    pub prerequisites: Vec<String>,
    /// What it runs.
    pub recipe: Vec<RecipeLine>,
    /// 1-based line of the rule.
    pub line: u32,
}

/// One logical line of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipeLine {
    /// The command with variables expanded, prefixes removed and `$$` turned into `$`;
    /// continuation lines are kept as lines.
    pub text: String,
    /// 1-based line on which it begins.
    pub line: u32,
    /// Prefixed with `-`: make goes on when it fails.
    pub ignore_errors: bool,
    /// Prefixed with `@`: not echoed.
    pub silent: bool,
}

impl Makefile {
    /// The target of a name, first definition with a recipe preferred.
    pub fn target(&self, name: &str) -> Option<&Target> {
        let mut named = self.targets.iter().filter(|target| target.name == name);
        let first = named.clone().next();
        named.find(|target| !target.recipe.is_empty()).or(first)
    }
}

/// Longest text that expanding the variables of one text may give, in bytes.
const EXPANSION_LIMIT: usize = 8 * 1024;
/// Deepest nesting of variables in variables.
const EXPANSION_DEPTH: usize = 8;
/// Work that expansion may cause in one file, in bytes.
const EXPANSION_WORK: usize = 16 * 1024 * 1024;

/// Reads a file; lines that make no sense are passed over. A text beyond the limits gives nothing.
///
/// Both branches of conditionals are read.
pub fn parse(text: &str, limits: &Limits) -> Makefile {
    let mut reader = Reader::default();
    if limits.check_size(text).is_err() {
        return reader.file;
    }
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let mut at = 0;
    while at < lines.len() && reader.rules.len() + reader.assignments.len() < limits.max_nodes {
        let end =
            (at..lines.len()).find(|at| !lines[*at].ends_with('\\')).map_or(lines.len(), |last| last + 1);
        if lines[at].trim_start().starts_with("define ") {
            at = (at..lines.len())
                .find(|at| lines[*at].trim() == "endef")
                .map_or(lines.len(), |last| last + 1);
            continue;
        }
        if lines[at].starts_with('\t') {
            reader.recipe_line(&lines[at..end], at as u32 + 1);
        } else {
            reader.line(&lines[at..end], at as u32 + 1);
        }
        at = end;
    }
    reader.finish()
}

/// A rule as it is written: names and prerequisites not yet expanded.
struct Rule {
    names: String,
    prerequisites: String,
    recipe: Vec<RecipeLine>,
    line: u32,
}

#[derive(Default)]
struct Reader {
    file: Makefile,
    rules: Vec<Rule>,
    assignments: Vec<(String, String)>,
    includes: Vec<String>,
}

impl Reader {
    fn recipe_line(&mut self, lines: &[&str], number: u32) {
        let Some(rule) = self.rules.last_mut() else { return };
        let stripped: Vec<&str> = lines.iter().map(|line| line.strip_prefix('\t').unwrap_or(line)).collect();
        let text = stripped.join("\n");
        rule.recipe.extend(recipe_line(&text, number));
    }

    fn line(&mut self, lines: &[&str], number: u32) {
        let joined: Vec<&str> = lines.iter().map(|line| line.trim_end_matches('\\').trim()).collect();
        let joined = joined.join(" ");
        let line = without_comment(&joined).trim();
        let first = line.split_whitespace().next().unwrap_or_default();
        match first {
            "" | "ifeq" | "ifneq" | "ifdef" | "ifndef" | "else" | "endif" | "endef" | "vpath"
            | "unexport" => {}
            "include" | "-include" | "sinclude" => self.includes.push(line[first.len()..].to_owned()),
            _ => {
                let line = ["export ", "override ", "private "]
                    .iter()
                    .fold(line, |line, word| line.strip_prefix(word).unwrap_or(line).trim_start());
                if !self.assignment(line) {
                    self.rule(line, number);
                }
            }
        }
    }

    /// Reads `NAME = value` and its variants.
    fn assignment(&mut self, line: &str) -> bool {
        let Some((before, value)) = line.split_once('=') else { return false };
        let operator_length = before.len() - before.trim_end_matches([':', '?', '+', '!']).len();
        let (name, operator) = before.split_at(before.len() - operator_length);
        let name = name.trim();
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '$' | '(' | '#'))
        {
            return false;
        }
        let value = value.trim();
        let known = self.assignments.iter_mut().rev().find(|(known, _)| known == name);
        match (operator, known) {
            ("+", Some((_, before))) if before.len() < EXPANSION_LIMIT => {
                before.push(' ');
                before.push_str(value);
            }
            ("?", Some(_)) | ("+", Some(_)) => {}
            // The value is a command's output.
            ("!", _) => self.assignments.push((name.to_owned(), format!("$(shell {value})"))),
            (_, Some((_, before))) => *before = value.to_owned(),
            (_, None) => self.assignments.push((name.to_owned(), value.to_owned())),
        }
        true
    }

    fn rule(&mut self, line: &str, number: u32) {
        let Some(colon) = rule_separator(line) else { return };
        let names = line[..colon].trim();
        let rest = line[colon + 1..].trim_start_matches(':');
        let (prerequisites, inline) = match rest.split_once(';') {
            Some((prerequisites, recipe)) => (prerequisites, Some(recipe)),
            None => (rest, None),
        };
        // `target: NAME = value` sets a variable for that target.
        if names.is_empty() || prerequisites.contains('=') {
            return;
        }
        let recipe = inline.and_then(|recipe| recipe_line(recipe, number)).into_iter().collect();
        let rule =
            Rule { names: names.to_owned(), prerequisites: prerequisites.to_owned(), recipe, line: number };
        self.rules.push(rule);
    }

    fn finish(self) -> Makefile {
        let mut file = self.file;
        let mut expander =
            Expander { values: self.assignments.iter().cloned().collect(), work: EXPANSION_WORK };
        for rule in self.rules {
            let prerequisites: Vec<String> =
                words(&expander.expand(&rule.prerequisites, &[])).filter(|word| word != "|").collect();
            for name in words(&expander.expand(&rule.names, &[])) {
                if name == ".PHONY" {
                    file.phony.extend(prerequisites.iter().cloned());
                    continue;
                }
                let automatic = [
                    ("@", name.clone()),
                    ("<", prerequisites.first().cloned().unwrap_or_default()),
                    ("^", prerequisites.join(" ")),
                ];
                let recipe = rule.recipe.iter().map(|line| RecipeLine {
                    text: expander.expand(&line.text, &automatic).trim_end().to_owned(),
                    ..line.clone()
                });
                let recipe = recipe.collect();
                let prerequisites = prerequisites.clone();
                file.targets.push(Target { name, prerequisites, recipe, line: rule.line });
                // One rule may name a great many targets with one long recipe.
                if expander.work == 0 {
                    break;
                }
            }
        }
        file.includes = self
            .includes
            .iter()
            .flat_map(|names| words(&expander.expand(names, &[])).collect::<Vec<_>>())
            .collect();
        for (name, value) in self.assignments {
            let value = expander.expand(&value, &[]);
            file.variables.push((name, value));
        }
        file
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned)
}

/// The colon between targets and prerequisites: not one inside `$(…)`, nor of a drive or an address.
fn rule_separator(line: &str) -> Option<usize> {
    let mut depth = 0_usize;
    line.char_indices().find_map(|(at, c)| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && !line[at + 1..].starts_with("//") => return Some(at),
            _ => {}
        }
        None
    })
}

fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').find(|(at, _)| !line[..*at].ends_with('\\'));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// Splits the prefixes off a line of a recipe.
fn recipe_line(text: &str, number: u32) -> Option<RecipeLine> {
    let mut line = RecipeLine { text: String::new(), line: number, ignore_errors: false, silent: false };
    let mut rest = text.trim_start_matches([' ', '\t']);
    while let Some(prefix) = rest.chars().next().filter(|c| matches!(c, '@' | '-' | '+')) {
        line.silent |= prefix == '@';
        line.ignore_errors |= prefix == '-';
        rest = rest[1..].trim_start_matches([' ', '\t']);
    }
    let is_comment = rest.starts_with('#') && !rest.contains('\n');
    if rest.trim().is_empty() || is_comment {
        return None;
    }
    line.text = rest.trim_end().to_owned();
    Some(line)
}

struct Expander {
    values: HashMap<String, String>,
    /// How many bytes may still be produced.
    work: usize,
}

impl Expander {
    fn expand(&mut self, text: &str, automatic: &[(&str, String)]) -> String {
        let mut expanded = String::new();
        self.expand_into(text, automatic, 0, &mut expanded);
        expanded
    }

    fn push(&mut self, text: &str, expanded: &mut String) {
        self.work = self.work.saturating_sub(text.len());
        expanded.push_str(text);
    }

    fn expand_into(&mut self, text: &str, automatic: &[(&str, String)], depth: usize, expanded: &mut String) {
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            if expanded.len() > EXPANSION_LIMIT || depth > EXPANSION_DEPTH || self.work == 0 {
                return self.push(if depth == 0 { rest } else { "" }, expanded);
            }
            self.push(&rest[..at], expanded);
            rest = &rest[at..];
            let after = &rest[1..];
            let (name, length) = match after.chars().next() {
                Some('$') => {
                    self.push("$", expanded);
                    rest = &rest[2..];
                    continue;
                }
                Some(open @ ('(' | '{')) => {
                    let close = if open == '(' { ')' } else { '}' };
                    match after.find(close) {
                        Some(end) => (&after[1..end], end + 2),
                        None => ("", 1),
                    }
                }
                Some(c) => (&after[..c.len_utf8()], 1 + c.len_utf8()),
                None => ("", 1),
            };
            let own = automatic.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
            let value = own.or_else(|| self.values.get(name).cloned());
            let value = value.or_else(|| (name == "MAKE").then(|| "make".to_owned()));
            match value {
                Some(value) => self.expand_into(&value, automatic, depth + 1, expanded),
                // Functions and unknown variables stay as they are.
                None => self.push(&rest[..length], expanded),
            }
            rest = &rest[length..];
        }
        self.push(rest, expanded);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::hostile_text;
    use proptest::prelude::*;

    fn read(text: &str) -> Makefile {
        parse(text, &Limits::default())
    }

    #[test]
    fn reads_rules_and_expands_variables() {
        let file = read(
            "PY ?= python3\nRUN := $(PY) -m\nexport X = 1\ninclude a.mk $(PY).mk\n.PHONY: test lint\ntest: build | dirs ## runs tests\n\t@$(RUN) pytest $$HOME $(shell ls) \\\n\t  -x\n\t-rm -f $@\n# c\n\n\t# only a comment\n\t$(MAKE) lint\nbuild lint: ; echo ${UNKNOWN} $<\nlint: FLAG = 1\n",
        );
        let test = file.target("test").unwrap();
        assert_eq!(test.prerequisites, ["build", "dirs"]);
        assert_eq!(test.recipe[0].text, "python3 -m pytest $HOME $(shell ls) \\\n  -x");
        assert!(test.recipe[0].silent && !test.recipe[0].ignore_errors);
        assert_eq!((test.line, test.recipe[0].line, test.recipe[1].line), (6, 7, 9));
        assert_eq!(test.recipe[1].text, "rm -f test");
        assert!(test.recipe[1].ignore_errors);
        assert_eq!(test.recipe[2].text, "make lint");
        assert_eq!(file.target("lint").unwrap().recipe[0].text, "echo ${UNKNOWN}");
        assert_eq!(file.phony, ["test", "lint"]);
        assert_eq!(file.includes, ["a.mk", "python3.mk"]);
        assert!(file.variables.contains(&("RUN".into(), "python3 -m".into())));
    }

    #[test]
    fn reads_around_conditionals_and_definitions() {
        let file = read(
            "ifeq ($(CI),true)\nA = 1\nelse\nA = 2\nendif\ndefine F\nx: y\n\tz\nendef\nA += 3\nB = b:c\nt:\nifdef A\n\tx\nendif\n",
        );
        assert_eq!(file.variables[0], ("A".into(), "2 3".into()));
        assert_eq!(file.variables[1].1, "b:c");
        assert_eq!(file.targets.len(), 1);
        assert_eq!(file.targets[0].recipe[0].text, "x");
    }

    #[test]
    fn hostile_texts_are_bounded() {
        let bomb = (1..40).fold("a0 = xxxxxxxxxx\n".to_owned(), |text, level| {
            text + &format!("a{level} = {}\n", format!("$(a{}) ", level - 1).repeat(10))
        });
        let file = read(&(bomb + "t: $(a39)\n\t$(a39)\n"));
        assert!(file.target("t").unwrap().recipe[0].text.len() < 100_000);
        read("a = $(a)\nb: ; $(a)\n");
        read(&format!("{}: x\n\t{}\n", "t ".repeat(100_000), "$@".repeat(100_000)));
        assert!(read(&"a".repeat(5_000_000)).targets.is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[ab:=?+$(){}@;\\t\n\\\\# é-]")) {
            let lines = text.split('\n').count() as u32;
            for target in read(&text).targets {
                prop_assert!(target.line >= 1 && target.recipe.iter().all(|line| line.line <= lines));
            }
        }
    }
}
