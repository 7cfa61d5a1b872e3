//! Calls in server code that write lines, by syntax tree: with a level, or bare prints. What is called how is data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rayon::prelude::*;
use regex::{Regex, RegexSet};
use seaworthy_facts::{Location, LogCalls, Observed, Side, System};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Call, Language};
use serde::Deserialize;

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// How many files are looked into, shared out among the components; beyond that, each so many of a component's.
const FILES: usize = 240;
/// How many bare prints are named.
const NAMED: usize = 20;
/// Longest file that is parsed.
const LONGEST: usize = 200_000;

/// Words of which every file with such a call holds one.
const WORDS: &[&str] = &[
    "console.",
    "ogger",
    "print",
    "Log::",
    "slog.",
    "log.",
    "LOG.",
    "Log.",
    "logging.",
    "puts ",
    "Console.Write",
    "System.out",
    "IO.puts",
    "IO.inspect",
    "var_dump(",
    "error!(",
    "warn!(",
    "info!(",
    "debug!(",
    "zap.",
    "dbg!(",
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    words: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let words = WORDS
        .iter()
        .map(|word| needles.add(Needle { text: (*word).to_owned(), whole_word: false, per_file: 1 }));
    Plan { words: words.collect() }
}

/// What calls are made of, in the file of data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    receiver: String,
    level: String,
    language: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    names: Vec<String>,
    levelled: Option<String>,
    bare: Option<String>,
    /// A bare print only where the text of the call fits.
    when: Option<String>,
    /// No bare print where it fits.
    unless: Option<String>,
    /// A bare print only in a file whose text fits.
    imports: Option<String>,
    /// Only nodes of these kinds.
    #[serde(default)]
    kinds: Vec<String>,
}

struct Rule {
    languages: Vec<Language>,
    levelled: Option<Regex>,
    bare: Option<Regex>,
    when: Option<Regex>,
    unless: Option<Regex>,
    imports: Option<Regex>,
    kinds: Vec<String>,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| rules(include_str!("calls.toml")).unwrap_or_default());

/// Reads the rules; a mistake is one of ours, and a test finds it.
fn rules(text: &str) -> Result<Vec<Rule>, String> {
    let file: Data = toml::from_str(text).map_err(|error| error.to_string())?;
    let compiled = |pattern: &Option<String>| -> Result<Option<Regex>, String> {
        let Some(pattern) = pattern else { return Ok(None) };
        let pattern = pattern.replace("{receiver}", &file.receiver).replace("{level}", &file.level);
        Regex::new(&pattern).map(Some).map_err(|error| error.to_string())
    };
    let language = |name: &String| {
        let known =
            Language::ALL.into_iter().find(|language| format!("{language:?}").eq_ignore_ascii_case(name));
        known.ok_or_else(|| format!("no language `{name}`"))
    };
    file.language
        .iter()
        .map(|entry| {
            Ok(Rule {
                languages: entry.names.iter().map(language).collect::<Result<_, String>>()?,
                levelled: compiled(&entry.levelled)?,
                bare: compiled(&entry.bare)?,
                when: compiled(&entry.when)?,
                unless: compiled(&entry.unless)?,
                imports: compiled(&entry.imports)?,
                kinds: entry.kinds.clone(),
            })
        })
        .collect()
}

/// Text that is near every call that writes a line: a file without it is not parsed.
static NEAR: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"(?i)(?:console|log\w*\)?(?:\(\))?|slog|zap(?:\.[SL]\(\))?|sugar)(?:\?\.|->|::)\w+",
        r"(?i)\b(?:e?print(?:ln|_r|f)?|pprint|error|warn|info|debug|trace|dbg)!?\(",
        r"(?i)print(?:ln|f)?\(|printStackTrace|Console\.|IO\.|var_dump|\bdd\(|\bdump\(|error_log\(|(?m:^\s*(?:puts|pp?) )",
        r"(?:error|warn|info|debug|trace)!\(",
    ])
    .ok()
});

struct Count {
    levelled: u64,
    first: Option<Location>,
    bare: Vec<Observed<String>>,
}

/// Counts them, for each component.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, system: &System) -> Vec<LogCalls> {
    let mut files: Vec<usize> =
        plan.words.iter().flat_map(|word| scan.hits(*word)).map(|hit| hit.file).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|index| {
        let file = &tree.files()[*index];
        scan.ships(file)
            && Language::from_path(&file.path).is_some()
            && system.side(&file.path) == Side::Server
    });
    let folder_of = |index: usize| -> &str {
        system.component_of(&tree.files()[index].path).map_or(".", |component| &component.folder)
    };
    let mut by_component: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for index in files {
        by_component.entry(folder_of(index)).or_default().push(index);
    }
    // A small server beside a large one is not lost among its files.
    let share = share(by_component.values().map(Vec::len).collect(), FILES);
    let mut components: BTreeMap<&str, LogCalls> = BTreeMap::new();
    let mut chosen: Vec<usize> = Vec::new();
    for (folder, files) in &by_component {
        let step = files.len().div_ceil(share).max(1);
        chosen.extend(files.iter().step_by(step));
        let calls = LogCalls { component: (*folder).to_owned(), sampled: step > 1, ..LogCalls::default() };
        components.insert(folder, calls);
    }
    let counts: Vec<(usize, Count)> =
        chosen.par_iter().filter_map(|index| Some((*index, count(tree, &tree.files()[*index])?))).collect();
    for (index, count) in counts {
        let Some(calls) = components.get_mut(folder_of(index)) else { continue };
        calls.files += 1;
        calls.levelled += count.levelled;
        calls.bare += count.bare.len() as u64;
        calls.example = calls.example.take().or(count.first);
        let room = NAMED.saturating_sub(calls.bare_places.len());
        calls.bare_places.extend(count.bare.into_iter().take(room));
    }
    components.into_values().collect()
}

/// How many of each part may be taken so that all together are no more than the budget: small parts leave room for large ones.
fn share(mut sizes: Vec<usize>, budget: usize) -> usize {
    sizes.sort_unstable();
    let mut room = budget;
    for (index, size) in sizes.iter().enumerate() {
        let fair = room / (sizes.len() - index);
        if *size > fair {
            return fair.max(1);
        }
        room -= size;
    }
    budget.max(1)
}

fn count(tree: &Tree, file: &File) -> Option<Count> {
    let text = tree.text(file)?;
    let language = Language::from_path(&file.path)?;
    if matches!(language, Language::TypeScript | Language::Tsx | Language::JavaScript)
        && text
            .get(..text.floor_char_boundary(300))
            .is_some_and(|head| head.contains("\"use client\"") || head.contains("'use client'"))
    {
        return None;
    }
    let mut count = Count { levelled: 0, first: None, bare: Vec::new() };
    if text.len() > LONGEST || NEAR.as_ref().is_some_and(|near| !near.is_match(&text)) {
        return Some(count);
    }
    let parsed = code::parse(language, &text, &Limits::default())?;
    let rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| rule.languages.contains(&language))
        .filter(|rule| rule.imports.as_ref().is_none_or(|imports| imports.is_match(&text)))
        .collect();
    for call in code::calls(parsed.root_node(), &text) {
        if is_levelled(&rules, &call) {
            count.levelled += 1;
            count.first.get_or_insert_with(|| file.at_line(call.line));
        } else if is_bare(&rules, &call, code::text(call.node, &text)) {
            count.bare.push(Observed::new(call.callee.chars().take(60).collect(), file.at_line(call.line)));
        }
    }
    Some(count)
}

fn is_levelled(rules: &[&Rule], call: &Call<'_>) -> bool {
    rules.iter().any(|rule| {
        rule.is_of_kind(call)
            && rule.levelled.as_ref().is_some_and(|levelled| levelled.is_match(&call.callee))
    })
}

fn is_bare(rules: &[&Rule], call: &Call<'_>, text: &str) -> bool {
    let fits = |regex: &Option<Regex>, otherwise: bool| {
        regex.as_ref().map_or(otherwise, |regex| regex.is_match(text))
    };
    rules.iter().any(|rule| {
        rule.is_of_kind(call)
            && rule.bare.as_ref().is_some_and(|bare| bare.is_match(&call.callee))
            && fits(&rule.when, true)
            && !fits(&rule.unless, false)
    })
}

impl Rule {
    fn is_of_kind(&self, call: &Call<'_>) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == call.node.kind())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_sound_and_has_rules_for_every_language() {
        let rules = rules(include_str!("calls.toml")).unwrap();
        for language in Language::ALL {
            let of = || rules.iter().filter(|rule| rule.languages.contains(&language));
            assert!(of().any(|rule| rule.levelled.is_some()), "{language:?}");
            assert!(of().any(|rule| rule.bare.is_some()), "{language:?}");
        }
    }

    #[test]
    fn small_parts_leave_room_for_large_ones() {
        assert_eq!(share(vec![5, 2_000, 10], 900), 885);
        assert_eq!(share(vec![800, 800], 900), 450);
        assert_eq!(share(vec![3, 4], 900), 900);
        assert_eq!(share(vec![9; 2_000], 900), 1);
    }

    /// How many levelled calls and bare prints.
    fn counted(path: &str, text: &str) -> (u64, usize) {
        let folder = seaworthy_testkit::tree::folder(&[(path, text)]);
        let tree = Tree::open(folder.path(), &[], crate::tree::Limits::default()).unwrap();
        let count = count(&tree, &tree.files()[0]).unwrap();
        (count.levelled, count.bare.len())
    }

    #[test]
    fn calls_of_each_language() {
        let javascript = "console.error('a'); log.info({b}, 'c'); this.logger.warn('d'); console.log('e');\nconst s = \"console.log('f')\"; // log.info('g')\nreq.log?.error('h'); Math.log(2); dialog.show();\n";
        assert_eq!(counted("a.ts", javascript), (4, 1));
        let python = "logging.getLogger(__name__).info('a')\nself.logger.exception('b')\nprint('c')\nprint('d', file=sys.stderr)\n\"\"\"logger.info('e')\nprint('f')\"\"\"\n";
        assert_eq!(counted("a.py", python), (2, 1));
        let ruby = "Rails.logger.info 'a'\nlogger.error { 'b' }\nputs 'c'\nx = \"logger.info 'd'\"\n";
        assert_eq!(counted("a.rb", ruby), (2, 1));
        let php = "<?php Log::channel('x')->info('a'); $this->logger->error('b'); logger()->warning('c'); var_dump($d); print_r($e, true);";
        assert_eq!(counted("a.php", php), (3, 1));
        let go = "package a\nimport (\n\t\"log\"\n)\nfunc f() { slog.InfoContext(c, \"a\"); s.logger.WithField(\"b\", 1).Errorf(\"c\"); log.Printf(\"d\"); fmt.Println(\"e\"); fmt.Fprintln(os.Stderr, \"f\"); fmt.Fprintln(w, \"g\") }\n";
        assert_eq!(counted("a.go", go), (2, 3));
        let zerolog = "package a\nimport \"github.com/rs/zerolog/log\"\nfunc f() { log.Info().Msg(\"a\"); log.Print(\"b\") }\n";
        assert_eq!(counted("a.go", zerolog), (1, 0));
        let java = "class A { void b() { log.info(\"a\"); LOGGER.atInfo().log(\"b\"); System.out.println(\"c\"); e.printStackTrace(); String s = \"log.info(d)\"; } }";
        assert_eq!(counted("A.java", java), (1, 2));
        let kotlin = "fun b() { logger.info { \"a\" }; log.warn(\"b\"); println(\"c\") }";
        assert_eq!(counted("A.kt", kotlin), (2, 1));
        let csharp = "class A { void B() { _logger.LogInformation(\"a\"); _logger?.LogError(e, \"b\"); Log.Warning(\"c\"); Console.WriteLine(\"d\"); } }";
        assert_eq!(counted("A.cs", csharp), (3, 1));
        let rust = "fn a() { tracing::info!(\"a\"); warn!(b = 1); error(\"c\"); println!(\"d\"); }";
        assert_eq!(counted("src/a.rs", rust), (2, 1));
        let elixir = "defmodule A do\n  def b do\n    Logger.info(\"a\")\n    Logger.error \"b\"\n    IO.puts(\"c\")\n  end\nend\n";
        assert_eq!(counted("lib/a.ex", elixir), (2, 1));
    }
}
