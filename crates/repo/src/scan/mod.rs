//! One parallel pass over every text file, matched against all literals of all rooms together.

mod literals;

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use regex::Regex;

use crate::tree::{Class, File, Tree};
use literals::{Found, Literals, Prose};

/// A literal that a room looks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Needle {
    /// The literal, matched with its case.
    pub text: String,
    /// It counts only where it is not part of a longer word (letters, digits, `_`).
    pub whole_word: bool,
    /// How many places per file are kept.
    pub per_file: u16,
}

/// Names a needle after [`Needles::add`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NeedleId(usize);

/// Names a question after [`Needles::ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuestionId(usize);

/// What is asked of a file and its text.
type Test = Box<dyn Fn(&File, &str) -> bool + Send + Sync>;

/// Whether a file is of interest at all: it holds one of some literals, and passes a test while its text is at hand.
/// Nothing but the file is kept, and a file that does not pass is not read again.
struct Question {
    literals: Vec<String>,
    test: Test,
}

/// All literals of all rooms.
#[derive(Default)]
pub struct Needles {
    needles: Vec<Needle>,
    known: HashMap<Needle, NeedleId>,
    questions: Vec<Question>,
    in_prose: Vec<NeedleId>,
}

impl Needles {
    /// Adds a literal. The same literal may be added by several rooms, and any number of times.
    pub fn add(&mut self, needle: Needle) -> NeedleId {
        let next = NeedleId(self.needles.len());
        *self.known.entry(needle).or_insert_with_key(|needle| {
            self.needles.push(needle.clone());
            next
        })
    }

    /// Asks which shipped files hold one of the literals and pass the test.
    pub fn ask(
        &mut self,
        literals: &[String],
        test: impl Fn(&File, &str) -> bool + Send + Sync + 'static,
    ) -> QuestionId {
        self.questions.push(Question { literals: literals.to_vec(), test: Box::new(test) });
        QuestionId(self.questions.len() - 1)
    }

    /// A needle that is looked for in prose as well: its form alone says what it is, whatever is written around it.
    pub fn also_in_prose(&mut self, needle: NeedleId) {
        self.in_prose.push(needle);
    }

    /// Adds a literal that counts as a whole word, with eight places per file.
    pub fn word(&mut self, text: impl Into<String>) -> NeedleId {
        self.add(Needle { text: text.into(), whole_word: true, per_file: 8 })
    }

    /// Adds a literal that counts anywhere, with eight places per file.
    pub fn text(&mut self, text: impl Into<String>) -> NeedleId {
        self.add(Needle { text: text.into(), whole_word: false, per_file: 8 })
    }
}

/// A place where a needle was seen.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Index of the file in [`Tree::files`].
    pub file: usize,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in bytes, counted from 1.
    pub column: u32,
    /// The line, at most 300 bytes around the match.
    pub text: Box<str>,
    /// The line begins as a comment in the file's language.
    pub comment: bool,
}

/// What the pass saw.
#[derive(Debug, Default)]
pub struct Scan {
    hits: Vec<Vec<Hit>>,
    answers: Vec<Vec<usize>>,
    /// Lines per file, by index; 0 for what was not read.
    pub lines: Vec<u32>,
    /// The file turned out to be generated or minified, by index.
    pub generated: Vec<bool>,
    /// Files whose text was read.
    pub read: u64,
    /// Bytes of text read.
    pub bytes: u64,
}

impl Scan {
    /// Where a needle was seen, in the order of the files.
    pub fn hits(&self, needle: NeedleId) -> &[Hit] {
        self.hits.get(needle.0).map_or(&[], Vec::as_slice)
    }

    /// The files that pass the test of a question, in their order.
    pub fn answers(&self, question: QuestionId) -> &[usize] {
        self.answers.get(question.0).map_or(&[], Vec::as_slice)
    }

    /// Whether a file is shipped code or configuration: by its path and by its content.
    pub fn ships(&self, file: &File) -> bool {
        file.class == Class::Shipped && !self.generated.get(file.index).copied().unwrap_or(false)
    }
}

#[derive(Default)]
struct FileScan {
    lines: u32,
    bytes: u64,
    generated: bool,
    hits: Vec<(usize, Hit)>,
    answers: Vec<u32>,
}

/// What a literal is for.
#[derive(Default)]
struct WantedBy {
    needles: Vec<usize>,
    questions: Vec<u32>,
}

/// Reads every text file once and matches it against all needles.
pub fn scan(tree: &Tree, needles: &Needles) -> Scan {
    // The same literal may be wanted by several rooms: it is matched once.
    let mut patterns: Vec<&str> = Vec::new();
    let mut wanted_by: Vec<WantedBy> = Vec::new();
    let mut seen = HashMap::new();
    let mut pattern = |text| {
        *seen.entry(text).or_insert_with(|| {
            patterns.push(text);
            wanted_by.push(WantedBy::default());
            patterns.len() - 1
        })
    };
    let of_needles: Vec<usize> = needles.needles.iter().map(|needle| pattern(needle.text.as_str())).collect();
    let of_questions: Vec<Vec<usize>> = needles
        .questions
        .iter()
        .map(|question| question.literals.iter().map(|literal| pattern(literal.as_str())).collect())
        .collect();
    let of_prose = needles.in_prose.iter().map(|needle| of_needles[needle.0]).collect();
    for (index, pattern) in of_needles.into_iter().enumerate() {
        wanted_by[pattern].needles.push(index);
    }
    for (index, patterns) in (0u32..).zip(of_questions) {
        for pattern in patterns {
            wanted_by[pattern].questions.push(index);
        }
    }
    let prose = Prose::new(&patterns, of_prose);
    let literals = Literals::new(patterns);
    let kept = AtomicU64::new(0);
    let scans: Vec<FileScan> = tree
        .files()
        .par_iter()
        .with_min_len(16)
        .map(|file| {
            let keep = wanted_later(file) && kept.load(Ordering::Relaxed) < Limits::KEPT;
            let seen = tree.scan_text(file, keep, |text| {
                if keep {
                    kept.fetch_add(text.len() as u64, Ordering::Relaxed);
                }
                scan_text(file, text, (&literals, &prose), &wanted_by, needles)
            });
            seen.unwrap_or_default()
        })
        .collect();
    // Counted before: lists that grow by themselves take up to twice the memory.
    let mut counts = vec![0; needles.needles.len()];
    for (needle, _) in scans.iter().flat_map(|file| &file.hits) {
        counts[*needle] += 1;
    }
    let hits = counts.into_iter().map(Vec::with_capacity).collect();
    let answers = vec![Vec::new(); needles.questions.len()];
    let mut scan = Scan { hits, answers, ..Scan::default() };
    for (index, file) in scans.into_iter().enumerate() {
        scan.read += u64::from(file.bytes > 0);
        scan.bytes += file.bytes;
        scan.lines.push(file.lines);
        scan.generated.push(file.generated);
        for (needle, hit) in file.hits {
            scan.hits[needle].push(hit);
        }
        for question in file.answers {
            scan.answers[question as usize].push(index);
        }
    }
    scan
}

struct Limits;

impl Limits {
    /// Bytes of configuration text that stay in memory for the rooms that parse it.
    const KEPT: u64 = 48 * 1024 * 1024;
}

/// Configuration that rooms parse by its name: kept, so that it is not read twice.
fn wanted_later(file: &File) -> bool {
    matches!(
        file.extension(),
        "yml"
            | "yaml"
            | "toml"
            | "json"
            | "jsonc"
            | "tf"
            | "tfvars"
            | "xml"
            | "gradle"
            | "kts"
            | "cfg"
            | "ini"
            | "env"
            | "conf"
            | "properties"
            | "sh"
            | "mk"
            | "just"
            | "txt"
            | "md"
            | "service"
            | "timer"
    ) || file.language.is_none() && !file.name().contains('.')
}

fn scan_text(
    file: &File,
    text: &str,
    (literals, prose): (&Literals, &Prose),
    wanted_by: &[WantedBy],
    needles: &Needles,
) -> FileScan {
    let bytes = text.as_bytes();
    let lines =
        u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX).saturating_add(1);
    let generated = is_generated(file, text, lines);
    let mut result = FileScan { lines, bytes: bytes.len() as u64, generated, ..FileScan::default() };
    if matches!(file.class, Class::Vendored | Class::Generated) || generated {
        return result;
    }
    let code = code_of_document(file, text).as_bytes();
    let mut counts: HashMap<usize, u16> = HashMap::new();
    // Lines are counted on from the last hit: most files have none.
    let (mut at, mut line, mut line_start) = (0usize, 1u32, 0usize);
    let asks = file.class == Class::Shipped;
    let mut take = |found: Found| {
        let wanted_by = &wanted_by[found.literal];
        if asks {
            for question in &wanted_by.questions {
                if !result.answers.contains(question) {
                    result.answers.push(*question);
                }
            }
        }
        for &needle_index in &wanted_by.needles {
            let needle = &needles.needles[needle_index];
            if needle.whole_word && !is_whole_word(bytes, found.start, found.end) {
                continue;
            }
            let count = counts.entry(needle_index).or_insert(0);
            if *count >= needle.per_file {
                continue;
            }
            *count += 1;
            let start = found.start;
            if start < at {
                // Overlapping matches end in order, but may begin before the last one.
                at = 0;
                line = 1;
                line_start = 0;
            }
            for newline in memchr::memchr_iter(b'\n', &bytes[at..start]) {
                line += 1;
                line_start = at + newline + 1;
            }
            at = start;
            let excerpt = excerpt(text, line_start, start);
            let comment = is_comment(file.language, text[line_start..].trim_start());
            let column = u32::try_from(start - line_start + 1).unwrap_or(u32::MAX);
            result
                .hits
                .push((needle_index, Hit { file: file.index, line, column, text: excerpt.into(), comment }));
        }
    };
    literals.find(code, &mut take);
    if code.len() < bytes.len() {
        prose.find(bytes, code.len(), take);
    }
    result.answers.retain(|question| (needles.questions[*question as usize].test)(file, text));
    result
}

/// The part of a text that is no prose: all of it, but for documents. Of those only MDX has code, at its beginning; what is
/// in a fenced block is quoted.
fn code_of_document<'t>(file: &File, text: &'t str) -> &'t str {
    // The readme of the whole also says what kind of project this is.
    if file.class != Class::Documentation || file.language.is_some() || file.folder() == "." {
        return text;
    }
    match file.extension() {
        "md" | "rst" | "adoc" => "",
        "mdx" => &text[..text.find("\n```").unwrap_or(text.len())],
        _ => text,
    }
}

fn is_whole_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first_is_word = bytes.get(start).is_some_and(|byte| word(*byte));
    let last_is_word = end > 0 && bytes.get(end - 1).is_some_and(|byte| word(*byte));
    let begun = first_is_word && start > 0 && word(bytes[start - 1]);
    let goes_on = last_is_word && bytes.get(end).is_some_and(|byte| word(*byte));
    !begun && !goes_on
}

fn excerpt(text: &str, line_start: usize, hit: usize) -> &str {
    let end = memchr::memchr(b'\n', &text.as_bytes()[hit..]).map_or(text.len(), |length| hit + length);
    let mut from = line_start.max(hit.saturating_sub(150));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = end.min(from + 300);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    &text[from..to]
}

/// Whether a line begins as a comment.
pub fn is_comment(language: Option<&str>, line: &str) -> bool {
    match language {
        Some("python" | "ruby" | "elixir" | "shell" | "perl" | "terraform") => line.starts_with('#'),
        Some("sql" | "lua") => line.starts_with("--"),
        Some("php") => {
            line.starts_with("//")
                || line.starts_with('#') && !line.starts_with("#[")
                || line.starts_with("/*")
                || line.starts_with('*')
        }
        Some("html") => line.starts_with("<!--"),
        Some("erlang" | "clojure") => line.starts_with('%') || line.starts_with(';'),
        Some(_) => {
            line.starts_with("//")
                || line.starts_with("/*")
                || line.starts_with("* ")
                || line.starts_with("<!--")
        }
        None => line.starts_with('#') || line.starts_with("//"),
    }
}

/// Minified and generated code, told by its lines and by what its first lines say.
fn is_generated(file: &File, text: &str, lines: u32) -> bool {
    let code = file.language.is_some();
    if code && text.len() > 20_000 && text.len() / (lines as usize) > 500 {
        return true;
    }
    if !code {
        return false;
    }
    let head = text.get(..text.len().min(1_000)).unwrap_or_else(|| {
        let mut end = 1_000;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        &text[..end]
    });
    head.contains("@generated")
        || head.contains("Code generated by") && head.contains("DO NOT EDIT")
        || is_library(file, text)
}

/// A library of somebody else that was put among the files that a web server hands out, told by the comment that it begins
/// with: licence and version.
fn is_library(file: &File, text: &str) -> bool {
    const SERVED: &[&str] = &[
        "public", "static", "assets", "wwwroot", "htdocs", "webroot", "lib", "libs", "js", "plugins",
        "scripts",
    ];
    static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bv?\d+\.\d+\.\d+\b").ok());
    static LICENCE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)licen[cs]e|copyright|\(c\)|\x{a9}").ok());
    let fits = |regex: &Option<Regex>, text: &str| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    if file.language != Some("javascript")
        || text.len() < 10_000
        || !file.folder().split('/').any(|part| SERVED.contains(&part))
    {
        return false;
    }
    // A header of one's own may stand before that of the library.
    let mut rest = &text[..text.floor_char_boundary(2_000)];
    while let Some(comment) = rest.trim_start().strip_prefix("/*") {
        let (comment, after) = comment.split_once("*/").unwrap_or((comment, ""));
        if fits(&VERSION, comment) && fits(&LICENCE, comment) {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests;
