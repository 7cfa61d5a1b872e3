//! Rules that the owners bring for items of their own. They are data of the audited repository: bounded, and their
//! matches reach no other item.

use seaworthy_facts::{Location, Observed, OwnCheck, OwnItem, Problem};

use super::Rule;
use crate::tree::{File, Tree};

/// How many rule files an item may name, counting those in the folders that it names.
const FILES: usize = 100;
/// Longest rule file, in bytes.
const LONGEST: usize = 64 * 1024;
/// How many rules there may be in all.
const RULES: usize = 500;
/// How often one rule may ask for a search to the end of the file: each multiplies the work.
const SEARCHES: usize = 2;

/// The rules of an item.
#[derive(Debug, Default)]
pub struct OwnRules {
    /// The item.
    pub item: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// What is known before anything was looked at.
    pub check: OwnCheck,
}

/// Reads the rules of the owners' items.
pub fn read(tree: &Tree, items: &[OwnItem]) -> Vec<OwnRules> {
    let mut left = RULES;
    items.iter().map(|item| rules_of(tree, item, &mut left)).collect()
}

fn rules_of(tree: &Tree, item: &OwnItem, left: &mut usize) -> OwnRules {
    let mut own = OwnRules { item: item.id.clone(), ..OwnRules::default() };
    let problem = |at: Location, what: String| Problem { at, what };
    for named in &item.rules {
        let folder = crate::tree::join(".", named).unwrap_or_else(|| named.clone());
        let files: Vec<&File> = match tree.resolve(".", named) {
            Some(file) => vec![file],
            None => {
                let rules = tree.under(&folder).filter(|file| matches!(file.extension(), "yml" | "yaml"));
                tree.first(rules, FILES, "rule files")
            }
        };
        if files.is_empty() {
            let what = format!("there is no rule file `{named}` (a new file must be known to git)");
            own.check.problems.push(problem(item.at.clone(), what));
        }
        for file in files {
            match rules_in(tree, file, &item.id, left) {
                Ok(rules) => {
                    let place = |rule: &Rule| Observed::new(rule.id.clone(), file.at_line(rule.line));
                    own.check.rules.extend(rules.iter().map(place));
                    own.rules.extend(rules);
                }
                Err(what) => own.check.problems.push(problem(file.at(), what)),
            }
        }
    }
    own
}

fn rules_in(tree: &Tree, file: &File, item: &str, left: &mut usize) -> Result<Vec<Rule>, String> {
    let text = tree.text(file).ok_or("it cannot be read")?;
    if text.len() > LONGEST {
        return Err(format!("{} bytes are more than the {LONGEST} that a rule file may have", text.len()));
    }
    let mut rules = Rule::read(&text)?;
    if rules.is_empty() {
        return Err("there is no rule in it".to_owned());
    }
    if rules.len() > *left {
        return Err(format!("more than {RULES} own rules"));
    }
    *left -= rules.len();
    for rule in &mut rules {
        if rule.searches() > SEARCHES {
            return Err(format!("{}: more than {SEARCHES} `stopBy` in one rule", rule.id));
        }
        for grammar in rule.grammars().collect::<Vec<_>>() {
            rule.compile(grammar)?;
        }
        rule.metadata.sign = item.to_owned();
        rule.metadata.signs.clear();
    }
    Ok(rules)
}
