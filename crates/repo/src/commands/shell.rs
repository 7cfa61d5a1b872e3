//! A piece of shell text: which of its commands run, in which folder, with which words.

use std::collections::HashMap;

use seaworthy_facts::Location;
use seaworthy_syntax::position::PositionIndex;
use seaworthy_syntax::shell::{self, Ignored, Script, SimpleCommand};

use super::follow::{Folder, Frame, Here, ROOTED, Walk};
use super::words::{base_name, glob};
use crate::tree::join;

/// Longest text that is read.
const LONGEST: usize = 400_000;

impl Walk<'_, '_> {
    /// Follows every command of a text.
    pub fn script(&mut self, text: &str, frame: &Frame) {
        if text.len() > LONGEST || !self.goes_on() {
            return;
        }
        let script = shell::parse_with(text, 1, frame.options);
        let called = called_functions(&script, frame);
        let mut variables = frame.variables.clone();
        let mut folders = Folders::new(text, frame.folder.clone());
        for (at, command) in script.commands.iter().enumerate() {
            for (name, value) in &command.assignments {
                // An assignment before a command is the command's own.
                if command.words.is_empty() {
                    let value = own_folder(value, frame)
                        .unwrap_or_else(|| expand(value, &variables, &frame.arguments));
                    variables.retain(|(known, _)| known != name);
                    if variables.len() < 200 && value.len() < 2_000 {
                        variables.push((name.clone(), value));
                    }
                }
            }
            let words = expand_words(&command.words, &variables, frame);
            let Some(first) = words.first() else { continue };
            if matches!(first.as_str(), "cd" | "pushd" | "popd") {
                folders.change(command, &words, frame);
                continue;
            }
            let function = match &command.in_function {
                Some(name) => match called.get(name.as_str()) {
                    Some(call) => call.clone(),
                    None => continue,
                },
                None => Call::default(),
            };
            if command.guarded.iter().any(|guard| decide(guard, frame) == Some(false)) {
                continue;
            }
            let conditions: Vec<&str> = frame
                .condition
                .as_deref()
                .into_iter()
                .chain(command.guarded.iter().map(String::as_str).filter(|g| decide(g, frame).is_none()))
                .collect();
            let line = if frame.one_line { frame.line } else { frame.line + command.line - 1 };
            let here = Here {
                at: Location::line(frame.path.clone(), line),
                text: words.join(" "),
                folder: folders.at(command),
                via: frame.via.clone(),
                ignored: frame
                    .ignored
                    .clone()
                    .or_else(|| command.ignored.map(said).or(function.ignored).map(str::to_owned)),
                condition: (!conditions.is_empty()).then(|| conditions.join(" && ")),
                name: frame.name.clone(),
                variables: variables.clone(),
                image: frame.image.clone(),
                depth: frame.depth,
                goes_on: frame.goes_on.clone().or_else(|| goes_on(&script, at)),
            };
            if script.functions.iter().any(|f| &f.name == first) {
                continue;
            }
            self.command(&words, here);
        }
    }
}

fn said(ignored: Ignored) -> &'static str {
    match ignored {
        Ignored::OrTrue => "`|| true` drops its failure",
        Ignored::OrColon => "`|| :` drops its failure",
        Ignored::OrEcho => "`|| echo` drops its failure",
        Ignored::OrExitZero => "its failure ends in success",
        Ignored::Pipeline => "it stands before a pipe, without `pipefail`",
        Ignored::Background => "it runs in the background",
        Ignored::Negated => "it stands after `!`",
    }
}

/// Why the shell goes on when this command fails.
fn goes_on(script: &Script, at: usize) -> Option<String> {
    let command = &script.commands[at];
    if command.in_last_statement
        || command.in_condition
        || command.in_substitution
        || command.fallback.is_some()
        || command.nesting > 0
    {
        return None;
    }
    if command.errexit {
        return command
            .before_and
            .then(|| "`&&` follows: its failure only skips the rest of the line".to_owned());
    }
    // A later `exit $?`, or anything that asks for the outcome, may make up for it.
    let asked = script.commands[at + 1..].iter().any(|later| {
        later
            .words
            .iter()
            .chain(later.assignments.iter().map(|(_, value)| value))
            .any(|word| word.contains("$?"))
    });
    (!asked).then(|| "the script goes on when it fails (no `set -e`)".to_owned())
}

/// How a function is called.
#[derive(Debug, Default, Clone)]
struct Call {
    ignored: Option<&'static str>,
}

/// The functions that are called, directly or by each other.
fn called_functions<'s>(script: &'s Script, frame: &Frame) -> HashMap<&'s str, Call> {
    let mut called: HashMap<&str, Call> = HashMap::new();
    if script.functions.is_empty() {
        return called;
    }
    // `"$@"` and `"$1"` as a command run the function that the arguments name.
    let dispatches = |word: &str| matches!(word, "$@" | "$1" | "${1}" | "$*" | "${@}");
    let by_argument = script
        .commands
        .iter()
        .any(|command| command.in_function.is_none() && command.words.first().is_some_and(|w| dispatches(w)));
    for function in &script.functions {
        if by_argument && (frame.arguments.is_empty() || frame.arguments.first() == Some(&function.name)) {
            called.insert(&function.name, Call::default());
        }
    }
    // Each round reaches functions that those of the last one call.
    for _ in 0..8 {
        let before = called.len();
        for command in &script.commands {
            let Some(first) = command.words.first() else { continue };
            let Some(function) = script.functions.iter().find(|f| &f.name == first) else { continue };
            let reached = command.in_function.as_deref().is_none_or(|caller| called.contains_key(caller));
            if !reached || command.in_function.as_deref() == Some(&function.name) {
                continue;
            }
            let ignored = command.ignored.map(said).or_else(|| {
                command
                    .in_function
                    .as_deref()
                    .and_then(|caller| called.get(caller))
                    .and_then(|call| call.ignored)
            });
            let call = called.entry(&function.name).or_insert(Call { ignored });
            if ignored.is_none() {
                call.ignored = None;
            }
        }
        if called.len() == before {
            break;
        }
    }
    called
}

/// Whether a guard holds, where the arguments of the script decide it.
fn decide(guard: &str, frame: &Frame) -> Option<bool> {
    if frame.arguments.is_empty() {
        return None;
    }
    let guard = guard.trim();
    if let Some(inner) = guard.strip_prefix("! (").and_then(|rest| rest.strip_suffix(')')) {
        return decide(inner, frame).map(|holds| !holds);
    }
    if let Some(rest) = guard.strip_prefix("case ") {
        let (value, patterns) = rest.split_once(" in ")?;
        let value = argument(value, frame)?;
        let patterns: Vec<&str> =
            patterns.split('|').map(|p| p.trim().trim_matches(['"', '\'', '('])).collect();
        return if patterns.contains(&"*") { None } else { Some(patterns.iter().any(|p| glob(p, &value))) };
    }
    let inner = guard
        .strip_prefix("[[ ")
        .and_then(|rest| rest.strip_suffix(" ]]"))
        .or_else(|| guard.strip_prefix("[ ").and_then(|rest| rest.strip_suffix(" ]")))?;
    let words: Vec<&str> = inner.split_whitespace().collect();
    match words.as_slice() {
        [left, operator @ ("=" | "==" | "!="), right] => {
            let left = argument(left, frame)?;
            let right = right.trim_matches(['"', '\'']);
            if right.contains(['$', '*']) {
                return None;
            }
            Some((left == right) == (*operator != "!="))
        }
        _ => None,
    }
}

/// The value of `$1`, `"$1"`, `${1:-x}`; none for anything else.
fn argument(word: &str, frame: &Frame) -> Option<String> {
    let name = word.trim().trim_matches('"').strip_prefix('$')?;
    let name = name.trim_start_matches('{').trim_end_matches('}');
    let number: usize = name.split([':', '-']).next()?.parse().ok()?;
    frame.arguments.get(number.checked_sub(1)?).cloned()
}

/// The folder of the commands: `cd` counts for what follows, inside parentheses only there.
struct Folders<'s> {
    text: &'s str,
    index: PositionIndex<'s>,
    /// Changes with the offset behind which they no longer hold.
    changes: Vec<(Folder, Option<usize>)>,
}

impl<'s> Folders<'s> {
    fn new(text: &'s str, folder: Folder) -> Self {
        Folders { text, index: PositionIndex::new(text), changes: vec![(folder, None)] }
    }

    fn offset(&self, command: &SimpleCommand) -> usize {
        let start = self.index.line_start(command.line).unwrap_or_default();
        let line = self.text.get(start..).unwrap_or_default();
        start + line.char_indices().nth(command.column.saturating_sub(1) as usize).map_or(0, |(at, _)| at)
    }

    fn at(&mut self, command: &SimpleCommand) -> Folder {
        let offset = self.offset(command);
        while self.changes.len() > 1
            && self.changes.last().is_some_and(|(_, end)| end.is_some_and(|end| offset > end))
        {
            self.changes.pop();
        }
        self.changes
            .last()
            .map_or(Folder { path: ".".to_owned(), known: false }, |(folder, _)| folder.clone())
    }

    fn change(&mut self, command: &SimpleCommand, words: &[String], frame: &Frame) {
        let current = self.at(command);
        let end = closing_parenthesis(self.text, self.offset(command));
        if words[0] == "popd" {
            if self.changes.len() > 1 {
                self.changes.pop();
            }
            return;
        }
        let target = words[1..].iter().find(|word| !word.starts_with('-') || *word == "-");
        // The way back: what held before the last change.
        if target.is_some_and(|target| target == "-") {
            if self.changes.len() > 1 {
                self.changes.pop();
            }
            return;
        }
        if self.changes.len() < 1_000 {
            self.changes.push((changed(&current, target.map_or("~", String::as_str), frame), end));
        }
    }
}

/// Where a `cd` leads.
fn changed(current: &Folder, target: &str, frame: &Frame) -> Folder {
    let unknown = || Folder { path: current.path.clone(), known: false };
    if let Some(path) = from_root(target, frame) {
        return path;
    }
    if target.contains(['$', '`', '~', '*']) || target.starts_with('/') {
        return unknown();
    }
    match join(&current.path, target) {
        Some(path) => Folder { path, known: current.known },
        None => unknown(),
    }
}

/// A path that counts from the root of the tree, in the ways that scripts and CI systems write it.
fn from_root(target: &str, frame: &Frame) -> Option<Folder> {
    const ROOTS: &[&str] = &[
        "$GITHUB_WORKSPACE",
        "${GITHUB_WORKSPACE}",
        "${{ github.workspace }}",
        "${{github.workspace}}",
        "$CI_PROJECT_DIR",
        "${CI_PROJECT_DIR}",
        "$CIRCLE_WORKING_DIRECTORY",
        "$(git rev-parse --show-toplevel)",
        "`git rev-parse --show-toplevel`",
        "$(Build.SourcesDirectory)",
    ];
    let rest = target
        .strip_prefix(ROOTED.trim_end_matches('/'))
        .or_else(|| ROOTS.iter().find_map(|root| target.strip_prefix(root)));
    if let Some(rest) = rest {
        let path = join(".", rest.trim_start_matches('/'))?;
        return Some(Folder { known: !rest.contains('$'), path });
    }
    if target.starts_with('/') {
        return image_path(target, frame).map(|path| Folder { path, known: true });
    }
    let rooted = own_folder(target, frame)?;
    Some(Folder { path: join(".", &rooted[ROOTED.len()..])?, known: true })
}

/// Where a path of an image comes from in the tree.
pub fn image_path(target: &str, frame: &Frame) -> Option<String> {
    mapped(&frame.image, target)
}

/// The same, by the image's folders alone.
pub fn mapped(image: &[(String, String)], target: &str) -> Option<String> {
    image.iter().find_map(|(inside, source)| {
        let rest = target.strip_prefix(inside.trim_end_matches('/'))?;
        if rest.is_empty() {
            return Some(source.clone());
        }
        rest.starts_with('/').then(|| join(source, rest.trim_start_matches('/'))).flatten()
    })
}

/// The script's own folder, as scripts find it out: `$(dirname "$0")/..`, `$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)`.
fn own_folder(value: &str, frame: &Frame) -> Option<String> {
    let asks_dirname = value.contains("dirname") && (value.contains("$0") || value.contains("BASH_SOURCE"));
    let cuts = value.starts_with("${0%/*}") || value.starts_with("${BASH_SOURCE%/*}");
    if !asks_dirname && !cuts {
        return None;
    }
    let folder = frame.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let mut path = folder.to_owned();
    for _ in 1..value.matches("dirname").count().max(1) {
        path = join(&path, "..")?;
    }
    // What is said inside (`cd "$(dirname "$0")/.." && pwd`), then what stands behind it.
    let (head, tail) = value.rsplit_once([')', '}']).unwrap_or((value, ""));
    for _ in head.match_indices("/..") {
        path = join(&path, "..")?;
    }
    if let Some(tail) = tail.strip_prefix('/') {
        path = join(&path, tail.trim_matches('"'))?;
    }
    Some(format!("{ROOTED}{}", if path == "." { "" } else { &path }))
}

/// Where the innermost parenthesis that is open at an offset closes, if one is.
fn closing_parenthesis(text: &str, offset: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let mut quote = 0_u8;
    let mut depth_at_offset = None;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if at == offset {
            depth_at_offset = Some(open.len());
            if open.is_empty() {
                return None;
            }
        }
        match byte {
            b'\\' => at += 1,
            b'\'' | b'"' if quote == 0 => quote = byte,
            _ if quote == byte => quote = 0,
            _ if quote != 0 => {}
            b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                // The offset cannot be inside a comment.
                while at + 1 < bytes.len() && bytes[at + 1] != b'\n' && at + 1 != offset {
                    at += 1;
                }
            }
            b'(' => open.push(at),
            b')' => {
                if depth_at_offset.is_some_and(|depth| open.len() == depth) {
                    return Some(at);
                }
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    depth_at_offset.and(Some(text.len()))
}

/// The words of a command with known variables put in.
fn expand_words(words: &[String], variables: &[(String, String)], frame: &Frame) -> Vec<String> {
    let mut expanded = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        if matches!(word.as_str(), "$@" | "$*" | "${@}" | "${*}") && !frame.arguments.is_empty() {
            expanded.extend(frame.arguments.iter().cloned());
            continue;
        }
        let value = expand(word, variables, &frame.arguments);
        // Only an unquoted variable may hold several words; as a program it can be nothing else.
        if (at == 0 || expanded.is_empty()) && value != *word && value.contains(' ') && word.starts_with('$')
        {
            expanded.extend(value.split_whitespace().map(str::to_owned));
        } else if at == 0 && value.is_empty() {
            continue;
        } else {
            expanded.push(value);
        }
    }
    expanded
}

/// A word with known variables and arguments put in.
pub fn expand(word: &str, variables: &[(String, String)], arguments: &[String]) -> String {
    if !word.contains('$') {
        return word.to_owned();
    }
    let mut expanded = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (whole, name, default) = variable(rest);
        if whole == 0 {
            expanded.push('$');
            rest = &rest[1..];
            continue;
        }
        let value = match name.parse::<usize>() {
            Ok(number) => number.checked_sub(1).and_then(|at| arguments.get(at)).map(String::as_str),
            Err(_) => {
                variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
            }
        };
        match value.filter(|value| !value.is_empty()).or(default.filter(|default| !default.contains('$'))) {
            Some(value) if expanded.len() < 4_000 => expanded.push_str(value),
            _ => expanded.push_str(&rest[..whole]),
        }
        rest = &rest[whole..];
    }
    expanded.push_str(rest);
    expanded
}

/// The variable with which a text begins: its length, name and default.
fn variable(text: &str) -> (usize, &str, Option<&str>) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with("${{") {
        return (0, "", None);
    }
    if let Some(inner) = text.strip_prefix("${") {
        let Some(end) = inner.find('}') else { return (0, "", None) };
        let body = &inner[..end];
        let name_end = body.find(|c| !is_name(c)).unwrap_or(body.len());
        let (name, rest) = body.split_at(name_end);
        let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
        if name.is_empty() || (!rest.is_empty() && default.is_none()) {
            return (0, "", None);
        }
        return (end + 3, name, default);
    }
    let body = &text[1..];
    let end = if body.starts_with(|c: char| c.is_ascii_digit()) {
        1
    } else {
        body.find(|c| !is_name(c)).unwrap_or(body.len())
    };
    if end == 0 { (0, "", None) } else { (end + 1, &body[..end], None) }
}

/// Whether a word is a path that some file of the tree could have.
pub fn path_of(word: &str, here: &Here) -> Option<(String, bool)> {
    if let Some(rest) = word.strip_prefix(ROOTED) {
        return Some((join(".", rest)?, true));
    }
    if word.starts_with('/') {
        return Some((mapped(&here.image, word)?, true));
    }
    if word.contains(['$', '*', '`', '~', '{']) || base_name(word).is_empty() {
        return None;
    }
    Some((join(&here.folder.path, word)?, here.folder.known))
}
