//! A comment on a pull request: the verdict, a table of counts, what blocks, unknowns by what settles them, and the
//! rest folded away.

use std::fmt::Write;

use seaworthy_model::{ItemReport, Location, Report, Status};

use crate::{text, view};

/// GitHub takes comments of 65,536 characters.
const COMMENT: usize = 65_000;
/// Places shown for an item.
const PLACES: usize = 5;

pub(crate) fn comment(report: &Report) -> String {
    page(report, COMMENT)
}

/// The page in Markdown, of no more than `most` bytes: what does not fit is counted.
pub(crate) fn page(report: &Report, most: usize) -> String {
    let mut page = Blocks { out: String::new(), most, left_out: 0 };
    let headline = view::headline(report);
    page.block(&format!(
        "## Seaworthy: {}\n\n{}. {}.\n",
        headline.words,
        headline.detail,
        view::decided(report)
    ));
    exposed(&mut page, report);
    findings(&mut page, report);
    page.block(&table(report));
    blockers(&mut page, report);
    weakened(&mut page, report);
    unknowns(&mut page, report);
    next(&mut page, report);
    let failures: Vec<String> = view::other_failures(report).into_iter().map(entry).collect();
    page.folded("Fails, without blocking", &failures);
    let held: Vec<String> = view::with_status(report, Status::Pass).map(entry).collect();
    page.folded("Holds", &held);
    let rest: Vec<String> = view::with_status(report, Status::NotApplicable)
        .map(|item| format!("- {}: {}\n", code(item.id.as_str()), escape(&item.reason)))
        .collect();
    page.folded("Does not apply", &rest);
    page.folded("What was looked at", &coverage(report));
    page.finish(report)
}

fn exposed(page: &mut Blocks, report: &Report) {
    if report.exposures.is_empty() {
        return;
    }
    page.block("\n### Exposed now\n\n");
    for exposure in &report.exposures {
        let remedy = exposure
            .remedy
            .as_ref()
            .map_or(String::new(), |remedy| format!("  - to fix: {}\n", escape(remedy)));
        page.block(&format!(
            "- **{}** {} _({})_\n{remedy}",
            escape(&exposure.summary),
            place(&exposure.location),
            escape(&view::exposure_words(exposure)),
        ));
    }
}

fn findings(page: &mut Blocks, report: &Report) {
    let findings = view::findings(report);
    if findings.is_empty() {
        return;
    }
    page.block("\n### Added by this change\n\n");
    for finding in findings {
        page.block(&format!(
            "- {} {} — {} {}{}\n  - to fix: {}\n",
            if finding.blocking { '✗' } else { '!' },
            code(finding.item.as_str()),
            escape(&finding.summary),
            place(&finding.location),
            if finding.blocking { "" } else { " _(does not block)_" },
            escape(&finding.remedy),
        ));
    }
}

/// Counts by priority and status. No text of the audited files is in it.
fn table(report: &Report) -> String {
    let mut out = String::from(
        "\n| priority | fails | unknown | holds | does not apply |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for priority in 1..=3u8 {
        let number = |status: Status| {
            report.items.iter().filter(|item| item.priority == priority && item.status == status).count()
        };
        let _ = writeln!(
            out,
            "| {priority} | {} | {} | {} | {} |",
            number(Status::Fail),
            number(Status::Unknown),
            number(Status::Pass),
            number(Status::NotApplicable)
        );
    }
    out
}

fn blockers(page: &mut Blocks, report: &Report) {
    let blockers = view::blockers(report);
    if blockers.is_empty() {
        return;
    }
    page.block("\n### Blocks\n\n");
    for blocker in blockers {
        match blocker.item {
            Some(item) if blocker.reason.reason.starts_with("priority ") => page.block(&entry(item)),
            Some(item) => page.block(&format!(
                "{}  - gate: {}\n",
                entry_marked(item, blocker.reason.status),
                escape(&blocker.reason.reason)
            )),
            None => page.block(&format!(
                "- {} {}\n",
                code(blocker.reason.item.as_str()),
                escape(&blocker.reason.reason)
            )),
        }
    }
}

fn weakened(page: &mut Blocks, report: &Report) {
    let weakened = &report.summary.gate.weakened;
    if weakened.is_empty() {
        return;
    }
    page.block("\n### Weakened by this change\n\nThe configuration of its base was used.\n\n");
    for note in weakened {
        let place = note.location.as_ref().map(place).unwrap_or_default();
        page.block(&format!("- {} {place}\n", escape(&note.summary)));
    }
}

fn unknowns(page: &mut Blocks, report: &Report) {
    let groups = view::unknowns(report);
    if groups.is_empty() {
        return;
    }
    page.block("\n### Unknown, by what settles it\n\n");
    for group in &groups {
        let command = group.command().map(|command| format!(" {}", code(command))).unwrap_or_default();
        page.block(&format!("- {}{command}: {}\n", escape(group.action()), group.counts()));
    }
    let entries: Vec<String> = groups.iter().flat_map(|group| &group.items).map(|item| entry(item)).collect();
    page.folded("Each unknown item", &entries);
}

fn next(page: &mut Blocks, report: &Report) {
    if report.next.is_empty() {
        return;
    }
    page.block("\n### Next\n\n");
    for (index, next) in report.next.iter().take(5).enumerate() {
        let command = next.command.as_ref().map(|command| format!(" {}", code(command))).unwrap_or_default();
        let settles = view::count(next.settles.len(), "item");
        page.block(&format!("{}. {}{command} (settles {settles})\n", index + 1, escape(&next.action)));
    }
}

/// An item in a list.
fn entry(item: &ItemReport) -> String {
    entry_marked(item, item.status)
}

fn entry_marked(item: &ItemReport, mark: Status) -> String {
    let mut out = format!(
        "- {} **{}** {} — {} _(priority {}{})_\n",
        view::mark(mark),
        escape(&item.title),
        code(item.id.as_str()),
        escape(&item.reason),
        item.priority,
        if item.in_baseline { ", known before" } else { "" },
    );
    let evidence = view::telling(item);
    for evidence in evidence.iter().take(PLACES) {
        let stale = if evidence.stale { " (stale)" } else { "" };
        let _ = writeln!(out, "  - {} {}{stale}", place(&evidence.location), escape(&evidence.summary));
        if let Some(exchange) = &evidence.exchange {
            let _ = writeln!(out, "    - ask again: {}", code(&exchange.command));
        }
    }
    if evidence.len() > PLACES {
        let _ = writeln!(out, "  - and {} more", evidence.len() - PLACES);
    }
    if let Some(remedy) = item.remedy.as_ref().filter(|_| item.status == Status::Fail) {
        let _ = writeln!(out, "  - to fix: {}", escape(remedy));
    }
    if let Some(accepted) = view::accepted(item) {
        let _ = writeln!(out, "  - {}", escape(&accepted));
    }
    out
}

fn coverage(report: &Report) -> Vec<String> {
    let mut lines: Vec<String> =
        view::coverage(report).iter().map(|line| format!("- {}\n", escape(line))).collect();
    for coverage in &report.coverage {
        let what = view::problem(coverage).trim_end();
        for note in &coverage.problems {
            let place =
                note.location.as_ref().map(|location| format!(" {}", place(location))).unwrap_or_default();
            lines.push(format!("  - {what}{place} {}\n", escape(&note.summary)));
        }
    }
    lines
}

fn place(location: &Location) -> String {
    code(&location.to_string())
}

/// Blocks of a page that may not grow beyond a size.
struct Blocks {
    out: String,
    most: usize,
    left_out: usize,
}

/// Room kept for the closing lines.
const CLOSING: usize = 1_024;

impl Blocks {
    fn fits(&self, block: &str) -> bool {
        self.left_out == 0 && self.out.len() + block.len() + CLOSING <= self.most
    }

    fn block(&mut self, block: &str) {
        if self.fits(block) {
            self.out.push_str(block);
        } else {
            self.left_out += 1;
        }
    }

    /// A list that is folded away, with its number of entries.
    fn folded(&mut self, title: &str, entries: &[String]) {
        if entries.is_empty() {
            return;
        }
        let opening = format!("\n<details><summary>{title} ({})</summary>\n\n", entries.len());
        if !self.fits(&opening) {
            self.left_out += entries.len();
            return;
        }
        self.out.push_str(&opening);
        for entry in entries {
            self.block(entry);
        }
        self.out.push_str("\n</details>\n");
    }

    fn finish(mut self, report: &Report) -> String {
        if self.left_out > 0 {
            let _ = writeln!(
                self.out,
                "\n_{} left out to stay within the size limit; the HTML and JSON reports hold everything._",
                view::count(self.left_out, "entry").replace("entrys", "entries")
            );
        }
        let commit = report.subject.commit.as_deref().map(|commit| format!(" at {}", code(&short(commit))));
        let version = &report.tool.version;
        let _ =
            writeln!(self.out, "\n<sub>Seaworthy {}{}</sub>", escape(version), commit.unwrap_or_default());
        self.out
    }
}

fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

/// Text that Markdown shows as it is: no markup, no HTML, and none of the links that forges make of plain text (people
/// who are mentioned, issues, addresses).
pub(crate) fn escape(text: &str) -> String {
    match text::spans(text) {
        None => escape_words(text),
        Some(spans) => spans
            .into_iter()
            .map(|(is_code, part)| if is_code { code(part) } else { escape_words(part) })
            .collect(),
    }
}

fn escape_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // An empty comment after the sign keeps forges from seeing a name, a number or an address.
            '@' | '#' => {
                if c == '#' {
                    out.push('\\');
                }
                out.push(c);
                if rest.peek().is_some_and(|next| next.is_alphanumeric()) {
                    out.push_str("<!-- -->");
                }
            }
            ':' if rest.peek() == Some(&'/') => out.push_str(":<!-- -->"),
            '.' if out.ends_with("www") || out.ends_with("WWW") => out.push_str("<!-- -->."),
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '+' | '=' if before == ' ' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Text as code, whatever backticks it holds.
pub(crate) fn code(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_as_written() {
        assert_eq!(escape("*a* _b_ [c](d) `e | f"), "\\*a\\* \\_b\\_ \\[c\\](d) \\`e \\| f");
        assert_eq!(escape("*a* `*b*`"), "\\*a\\* `*b*`");
        assert_eq!(
            escape("<script>alert(1)</script> & co"),
            "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co"
        );
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_is_linked() {
        assert_eq!(escape("@octocat fixes #12"), "@<!-- -->octocat fixes \\#<!-- -->12");
        assert_eq!(escape("https://example.org"), "https:<!-- -->//example.org");
        assert_eq!(escape("www.example.org"), "www<!-- -->.example.org");
    }

    #[test]
    fn code_holds_backticks() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
    }
}
