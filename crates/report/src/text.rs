//! Quoted text made safe to show. What a report quotes was written by whoever wrote the audited files, so every
//! format shows a cleaned copy of the report: without terminal escapes, control characters and characters that
//! reorder or hide text, and no longer than a reader needs.

use seaworthy_model::{Accepted, Evidence, ItemId, ItemReport, Location, NextAction, Note, Report, Settle};

/// Longest sentence that is shown, in characters.
const SENTENCE: usize = 600;
/// Longest path, address or command.
const PLACE: usize = 4_096;
/// How far the end of a terminal's string sequence is looked for.
const STRING_SEQUENCE: usize = 2_048;

/// One line of text without anything that a terminal, a browser or a reader could mistake for something else.
pub(crate) fn sentence(text: &str) -> String {
    line(text, SENTENCE)
}

/// A path, an address or a command: what is taken out leaves a mark, so that nobody mistakes it for the real name.
pub(crate) fn place(text: &str) -> String {
    let marked = text.chars().map(|c| if is_control(c) || is_hidden(c) { '\u{fffd}' } else { c });
    cap(marked, PLACE)
}

/// Text cut to a number of characters, with an ellipsis where something was cut.
pub(crate) fn cap(text: impl IntoIterator<Item = char>, most: usize) -> String {
    let mut out = String::new();
    for (index, c) in text.into_iter().enumerate() {
        if index == most {
            out.pop();
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

/// The parts of a sentence in which backticks mark code, each with whether it is code; none when they do not pair.
pub(crate) fn spans(text: &str) -> Option<Vec<(bool, &str)>> {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() > 1 && parts.len() % 2 == 1;
    let filled = parts.iter().skip(1).step_by(2).all(|code| !code.trim().is_empty());
    (paired && filled).then(|| {
        parts
            .into_iter()
            .enumerate()
            .map(|(index, part)| (index % 2 == 1, part))
            .filter(|(_, part)| !part.is_empty())
            .collect()
    })
}

fn line(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let shown = match c {
            '\u{1b}' => {
                rest = after_escape(rest);
                continue;
            }
            // The eight-bit form of the same introducers.
            '\u{9b}' => {
                rest = after_sequence(rest);
                continue;
            }
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            c if is_control(c) || is_hidden(c) => continue,
            c => c,
        };
        if shown == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if length == most {
            out.pop();
            out.push('…');
            break;
        }
        out.push(shown);
        length += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// What follows an escape character and the sequence that it opens.
fn after_escape(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let mut after = rest.clone();
    match after.next() {
        Some('[') => after_sequence(after),
        // Operating system commands, device control strings and their kin run to a terminator. One without an end is
        // not allowed to swallow the rest of the sentence.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let text = after.as_str();
            let mut previous = ' ';
            for (at, c) in text.char_indices().take(STRING_SEQUENCE) {
                if c == '\u{7}' || (c == '\\' && previous == '\u{1b}') {
                    return text[at + c.len_utf8()..].chars();
                }
                previous = c;
            }
            after
        }
        // Character set choices take one more.
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => {
            after.next();
            after
        }
        Some(c) if c.is_ascii() && !c.is_ascii_control() => after,
        _ => rest,
    }
}

/// What follows a control sequence: parameters, intermediates, and a final character.
fn after_sequence(mut rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    loop {
        let before = rest.clone();
        match rest.next() {
            Some(' '..='?') => {}
            Some('@'..='~') => return rest,
            _ => return before,
        }
    }
}

fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that reorder text or cannot be seen. Joiners and variation selectors that scripts and emoji need stay.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
        // Not characters at all: XML refuses them.
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// A copy of the report in which every text is safe to show.
pub(crate) fn cleaned(report: &Report) -> Report {
    let mut report = report.clone();
    lines([&mut report.schema, &mut report.tool.name, &mut report.tool.version, &mut report.subject.kind]);
    let subject = &mut report.subject;
    for path in [&mut subject.path, &mut subject.commit, &mut subject.since].into_iter().flatten() {
        *path = place(path);
    }
    for path in subject.with.iter_mut().chain(&mut subject.url) {
        *path = place(path);
    }
    for coverage in &mut report.coverage {
        lines([&mut coverage.collector, &mut coverage.detail]);
        notes(&mut coverage.problems);
    }
    for component in &mut report.components {
        component.name = place(&component.name);
        lines(component.stack.iter_mut().chain(&mut component.roles));
        location(&mut component.location);
    }
    for exposure in &mut report.exposures {
        lines([&mut exposure.summary]);
        lines(exposure.digest.iter_mut().chain(&mut exposure.remedy));
        location(&mut exposure.location);
    }
    for finding in &mut report.findings {
        id(&mut finding.item);
        lines([&mut finding.kind, &mut finding.summary, &mut finding.remedy]);
        location(&mut finding.location);
    }
    notes(&mut report.hints);
    for NextAction { action, command, settles, priority: _ } in &mut report.next {
        lines([action]);
        optional_place(command);
        settles.iter_mut().for_each(id);
    }
    let gate = &mut report.summary.gate;
    for reason in &mut gate.reasons {
        id(&mut reason.item);
        lines([&mut reason.reason]);
    }
    notes(&mut gate.weakened);
    report.items.iter_mut().for_each(item);
    report
}

fn item(item: &mut ItemReport) {
    id(&mut item.id);
    lines([&mut item.title, &mut item.reason]);
    lines(item.looked_for.iter_mut().chain(&mut item.remedy));
    notes(&mut item.notes);
    for Evidence { summary, component, by, subject, location: seen, exchange, .. } in &mut item.evidence {
        lines([summary]);
        if let Some(exchange) = exchange {
            exchange.request = place(&exchange.request);
            lines([&mut exchange.shows]);
            exchange.command = place(&exchange.command);
        }
        lines([component, by, subject].into_iter().flatten());
        location(seen);
    }
    if let Some(Settle { action, command }) = &mut item.settled_by {
        lines([action]);
        optional_place(command);
    }
    if let Some(Accepted { reason, owner, until, .. }) = &mut item.accepted {
        lines([reason, owner, until]);
    }
}

fn notes(notes: &mut [Note]) {
    for Note { summary, location: seen } in notes {
        lines([summary]);
        if let Some(seen) = seen {
            location(seen);
        }
    }
}

fn lines<'a>(texts: impl IntoIterator<Item = &'a mut String>) {
    for text in texts {
        *text = sentence(text);
    }
}

fn optional_place(text: &mut Option<String>) {
    if let Some(text) = text {
        *text = place(text);
    }
}

fn id(id: &mut ItemId) {
    let clean = place(id.as_str());
    if clean != id.as_str() {
        *id = ItemId::read(clean);
    }
}

fn location(location: &mut Location) {
    let text = match location {
        Location::File { path, .. } => path,
        Location::Url { url } => url,
        Location::Record { record } => record,
    };
    *text = place(text);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_are_taken_out_whole() {
        assert_eq!(sentence("a\u{1b}[31mred\u{1b}[0m b"), "ared b");
        assert_eq!(sentence("\u{1b}]0;title\u{7}kept"), "kept");
        assert_eq!(sentence("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "link");
        assert_eq!(sentence("\u{9b}2Jcleared"), "cleared");
        assert_eq!(sentence("\u{1b}(Bset"), "set");
    }

    #[test]
    fn an_escape_without_an_end_does_not_swallow_the_sentence() {
        assert_eq!(sentence("\u{1b}]0;still shown"), "0;still shown");
        assert_eq!(sentence("\u{1b}"), "");
        assert_eq!(sentence("x\u{1b}[12"), "x");
        assert_eq!(sentence("x\u{1b}[é"), "xé");
    }

    #[test]
    fn lines_are_joined_and_hidden_characters_removed() {
        assert_eq!(sentence("one\r\n  two\tthree\0"), "one two three");
        assert_eq!(sentence("ad\u{202e}min\u{2066}x\u{200b}\u{feff}"), "adminx");
        assert_eq!(sentence("tag\u{e0041}ged"), "tagged");
        assert_eq!(sentence("می\u{200c}خواهم 👩\u{200d}🔧"), "می\u{200c}خواهم 👩\u{200d}🔧");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let long = sentence(&"x".repeat(5_000));
        assert_eq!(long.chars().count(), 600);
        assert!(long.ends_with('…'));
        assert_eq!(sentence(&"x".repeat(600)).chars().last(), Some('x'));
    }

    #[test]
    fn a_path_keeps_a_mark_where_something_was_taken_out() {
        assert_eq!(place("a\nb\u{202e}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(place("with  two spaces"), "with  two spaces");
    }

    #[test]
    fn backticks_mark_code_where_they_pair() {
        assert_eq!(
            spans("run `a b` and `c`"),
            Some(vec![(false, "run "), (true, "a b"), (false, " and "), (true, "c")])
        );
        assert_eq!(spans("one ` only"), None);
        assert_eq!(spans("``x``"), None);
        assert_eq!(spans("none"), None);
    }
}
