//! Calls in server code that write lines: with a level, or bare prints.

use std::sync::LazyLock;

use rayon::prelude::*;
use regex::Regex;
use seaworthy_facts::{Location, LogCalls, Observed, Side, System};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Language};

use crate::scan::{Needle, NeedleId, Needles, Scan, is_comment};
use crate::tree::{File, Tree};

/// How many files are looked into; beyond that, each so many of them.
const FILES: usize = 1_500;
/// How many bare prints are named.
const NAMED: usize = 20;
/// Longest file that is parsed to tell prints from words.
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

/// Calls that name a level, in any language.
static LEVELLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let receivers = r"\bconsole|\b[A-Za-z_]*(?i:log|logger|logging)(\(\)|\([\w.:'\x22, ]*\))?|\bslog|\bzap(\.[SL]\(\))?|\bsugar|\bklog|\bglog";
    let levels = r"(?i:trace|debug|verbose|info|notice|warn|warning|error|exception|err|critical|fatal|alert|emergency|panic|unknown|information|log(?:Information|Warning|Error|Debug|Critical|Trace))";
    let calls = format!(
        r"(?:{receivers})(\?)?(?:\.|->|::){levels}(?:f|w|ln|_|Context|ContextAttrs)?\b\s*(?:\(|\{{|[\x22']|do\b)|\.(?:LogInformation|LogWarning|LogError|LogDebug|LogCritical|LogTrace)\(|\b(?:tracing::|log::)?(?:error|warn|info|debug|trace)!\(|\b[Ll]ogger\.(?:log|debug|info|warn|error)\b"
    );
    Regex::new(&calls).ok()
});

/// What may be a bare print.
static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\bconsole\.log\(|\bp?print\(|\bfmt\.Print(ln|f)?\(|\bfmt\.Fprint(ln|f)?\(os\.Std|\blog\.(Print|Fatal|Panic)(ln|f)?\(|\bSystem\.(out|err)\.print|\.printStackTrace\(|\bConsole\.(Error\.)?Write|\be?print(ln)?!\(|\bdbg!\(|\bIO\.(puts|inspect)\b|\bvar_dump\(|\bprint_r\(|\bdd\(|\berror_log\(|(?m:^\s*(puts|pp?) )|\bprintln\(|\b(lo|lg|l|logger|log)\.Print(ln|f)?\(",
    )
    .ok()
});

struct Count {
    levelled: u64,
    first: Option<Location>,
    bare: Vec<Observed<String>>,
}

/// Counts them.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, system: &System) -> LogCalls {
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
    let step = files.len().div_ceil(FILES).max(1);
    let chosen: Vec<usize> = files.iter().copied().step_by(step).collect();
    let counts: Vec<Count> =
        chosen.par_iter().filter_map(|index| count(tree, &tree.files()[*index])).collect();
    let mut calls = LogCalls { files: chosen.len() as u64, sampled: step > 1, ..LogCalls::default() };
    for count in counts {
        calls.levelled += count.levelled;
        calls.bare += count.bare.len() as u64;
        calls.example = calls.example.or(count.first);
        for place in count.bare {
            if calls.bare_places.len() < NAMED {
                calls.bare_places.push(place);
            }
        }
    }
    calls
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
    let mut printed = false;
    for (number, line) in (1u32..).zip(text.lines()) {
        if is_comment(file.language, line.trim_start()) || line.len() > 2_000 {
            continue;
        }
        let found = LEVELLED.as_ref().map_or(0, |levelled| levelled.find_iter(line).count() as u64);
        if found > 0 {
            count.levelled += found;
            count.first.get_or_insert_with(|| file.at_line(number));
        }
        printed |= BARE.as_ref().is_some_and(|bare| bare.is_match(line));
    }
    if printed && text.len() <= LONGEST {
        count.bare = prints(file, language, &text);
    }
    Some(count)
}

/// The bare prints of a file, by its syntax tree.
fn prints(file: &File, language: Language, text: &str) -> Vec<Observed<String>> {
    let Some(tree) = code::parse(language, text, &Limits::default()) else { return Vec::new() };
    // The standard library's logger has no levels; others are called the same.
    let standard = language == Language::Go
        && text.lines().any(|line| line.trim() == "\"log\"" || line.trim() == "import \"log\"");
    code::calls(tree.root_node(), text)
        .into_iter()
        .filter(|call| is_print(language, &call.callee, standard, code::text(call.node, text)))
        .map(|call| Observed::new(call.callee.chars().take(60).collect(), file.at_line(call.line)))
        .collect()
}

fn is_print(language: Language, callee: &str, standard: bool, text: &str) -> bool {
    match language {
        Language::JavaScript | Language::TypeScript | Language::Tsx => callee == "console.log",
        Language::Python => matches!(callee, "print" | "pprint" | "pprint.pprint") && !text.contains("file="),
        Language::Ruby => {
            matches!(callee, "puts" | "p" | "pp" | "$stdout.puts" | "stdout.puts" | "STDOUT.puts")
        }
        Language::Php => {
            matches!(callee, "var_dump" | "print_r" | "dd" | "dump" | "error_log") && !text.contains("true)")
        }
        Language::Go => {
            let printer = callee.rsplit_once('.').is_some_and(|(receiver, method)| {
                let method = method.trim_end_matches("ln").trim_end_matches('f');
                let fatal = matches!(method, "Fatal" | "Panic");
                let receiver = receiver.rsplit('.').next().unwrap_or(receiver);
                let logger = receiver == "log" || matches!(receiver, "lo" | "lg" | "logger");
                (method == "Print" || fatal) && standard && logger
            });
            matches!(callee, "fmt.Println" | "fmt.Printf" | "fmt.Print" | "println")
                || callee.starts_with("fmt.Fprint") && text.contains("(os.Std")
                || printer
        }
        Language::Java | Language::Kotlin => {
            callee.starts_with("System.out.print")
                || callee.starts_with("System.err.print")
                || callee.ends_with(".printStackTrace")
                || language == Language::Kotlin && matches!(callee, "println" | "print")
        }
        Language::CSharp => {
            matches!(callee, "Console.WriteLine" | "Console.Write" | "Console.Error.WriteLine")
        }
        Language::Rust => matches!(callee, "println" | "eprintln" | "print" | "eprint" | "dbg"),
        Language::Elixir => matches!(callee, "IO.puts" | "IO.inspect"),
    }
}
