//! One self-contained page: no network, no font of its own, readable without scripts, on paper and in the dark.
//!
//! The page is well-formed XML as well as HTML, which lets tests read it back strictly.

mod items;
mod page;

use std::fmt::Write;

use seaworthy_model::{CollectorState, Location, NextAction, Note, Report, Section, Status, Verdict};
use sha2::{Digest, Sha256};

use crate::{
    Pages, view,
    xml::{escape, prose},
};

/// Steps of the plan that are shown unfolded.
const STEPS: usize = 6;
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// A hull on water, drawn in the text's colour.
const SIGN: &str = "<svg viewBox=\"0 0 32 32\" width=\"28\" height=\"28\" aria-hidden=\"true\" focusable=\"false\"><path d=\"M15 3v14H6zM17 6l8 11h-8zM4 19h24l-4 6H8z\" fill=\"currentColor\"/><path d=\"M2 28q3.5-2.5 7 0t7 0 7 0 7 0\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\"/></svg>";

pub(crate) fn html(report: &Report, pages: Option<Pages<'_>>) -> String {
    let mut out = String::with_capacity(64 * 1024);
    head(&mut out, report);
    banner(&mut out, report);
    out.push_str("<main id=\"main\" tabindex=\"-1\">\n");
    exposed(&mut out, report);
    verdict(&mut out, report);
    findings(&mut out, report);
    out.push_str("<div class=\"columns\">\n");
    blockers(&mut out, report);
    next(&mut out, report);
    out.push_str("</div>\n");
    weakened(&mut out, report);
    unknowns(&mut out, report);
    checklist(&mut out, report, pages);
    coverage(&mut out, report);
    out.push_str("</main>\n");
    foot(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) {
    let headline = view::headline(report);
    // Nothing but this very script may run, and nothing may be loaded.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(SCRIPT))
    );
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{}: {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escape(&policy),
        escape(&capital(headline.words)),
        escape(&view::subject(report)),
    );
}

fn banner(out: &mut String, report: &Report) {
    let _ = write!(
        out,
        "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header class=\"banner\">\n\
         <p class=\"brand\">{SIGN}<span>Seaworthy</span></p>\n<p class=\"subject\">{}</p>\n\
         <button type=\"button\" id=\"theme\" hidden=\"hidden\">Theme: <span>system</span></button>\n</header>\n",
        escape(&view::subject(report)),
    );
}

fn exposed(out: &mut String, report: &Report) {
    if report.exposures.is_empty() {
        return;
    }
    out.push_str("<section class=\"exposed\" aria-labelledby=\"exposed\">\n<h2 id=\"exposed\">Exposed now</h2>\n<ul>\n");
    for exposure in &report.exposures {
        let remedy =
            exposure.remedy.as_ref().map_or(String::new(), |remedy| format!("<p>{}</p>", prose(remedy)));
        let _ = writeln!(
            out,
            "<li><strong>{}</strong> {} <span class=\"quiet\">{}</span>{remedy}</li>",
            prose(&exposure.summary),
            place(report, &exposure.location),
            escape(&view::exposure_words(exposure)),
        );
    }
    out.push_str("</ul>\n</section>\n");
}

fn findings(out: &mut String, report: &Report) {
    let findings = view::findings(report);
    if findings.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=\"added\">\n<h2 id=\"added\">Added by this change</h2>\n<ul class=\"cards\">\n");
    for finding in findings {
        let (tone, words) = if finding.blocking { ("fail", "blocks") } else { ("unknown", "does not block") };
        let _ = writeln!(
            out,
            "<li class=\"card {tone}\"><p><span class=\"badge {tone}\">{words}</span> <code>{}</code> {}</p><p>{}</p><p>{}</p></li>",
            escape(finding.item.as_str()),
            prose(&finding.summary),
            place(report, &finding.location),
            prose(&finding.remedy),
        );
    }
    out.push_str("</ul>\n</section>\n");
}

fn verdict(out: &mut String, report: &Report) {
    let headline = view::headline(report);
    let tone = match (report.summary.gate.verdict, headline.words) {
        (Verdict::NotReady, _) => "fail",
        (Verdict::Ready, "ready") => "pass",
        _ => "unknown",
    };
    let _ = writeln!(
        out,
        "<section class=\"verdict {tone}\" aria-labelledby=\"verdict\">\n<div>\n\
         <h1 id=\"verdict\">{}</h1>\n<p class=\"lead\">{}.</p>\n<p class=\"quiet\">{}. {}.</p>\n</div>",
        escape(&capital(headline.words)),
        escape(&capital(&headline.detail)),
        escape(&view::decided(report)),
        escape(&view::held(report)),
    );
    counts(out, report);
    out.push_str("</section>\n");
}

/// Counts by priority, as a table whose bars are for the eye only.
fn counts(out: &mut String, report: &Report) {
    out.push_str("<table class=\"counts\">\n<caption class=\"hidden\">Items by priority and status</caption>\n<thead><tr><th scope=\"col\">Priority</th>");
    for status in STATUSES {
        let _ = write!(out, "<th scope=\"col\" class=\"{}\">{}</th>", status.name(), status_title(status));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for priority in 1..=3u8 {
        let number = |status: Status| {
            report.items.iter().filter(|item| item.priority == priority && item.status == status).count()
        };
        let _ = write!(out, "<tr><th scope=\"row\">{priority}</th>");
        for status in STATUSES {
            let number = number(status);
            let zero = if number == 0 { " zero" } else { "" };
            let _ = write!(out, "<td class=\"{}{zero}\">{number}</td>", status.name());
        }
        out.push_str("</tr>\n<tr class=\"bar\" aria-hidden=\"true\"><td colspan=\"5\"><div>");
        for status in STATUSES {
            let number = number(status);
            if number > 0 {
                let _ = write!(out, "<i class=\"{}\" style=\"flex-grow:{number}\"></i>", status.name());
            }
        }
        out.push_str("</div></td></tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn blockers(out: &mut String, report: &Report) {
    let blockers = view::blockers(report);
    out.push_str("<section aria-labelledby=\"blocks\">\n<h2 id=\"blocks\">What blocks</h2>\n");
    if blockers.is_empty() {
        out.push_str("<p class=\"quiet\">Nothing fails the gate.</p>\n");
    } else {
        out.push_str("<ul class=\"cards\">\n");
        for blocker in &blockers {
            match blocker.item {
                Some(item) => items::card(out, report, item, blocker.reason),
                None => {
                    let _ = writeln!(
                        out,
                        "<li class=\"card fail\"><code>{}</code> {}</li>",
                        escape(blocker.reason.item.as_str()),
                        escape(&blocker.reason.reason)
                    );
                }
            }
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}

fn next(out: &mut String, report: &Report) {
    if report.next.is_empty() {
        return;
    }
    out.push_str(
        "<section aria-labelledby=\"next\">\n<h2 id=\"next\">Next steps</h2>\n<ol class=\"steps\">\n",
    );
    let (first, rest) = report.next.split_at(report.next.len().min(STEPS));
    steps(out, report, first);
    out.push_str("</ol>\n");
    if !rest.is_empty() {
        let _ = writeln!(
            out,
            "<details class=\"rest\"><summary>{} more</summary>\n<ol class=\"steps\" style=\"counter-reset:step {STEPS}\">",
            view::count(rest.len(), "step")
        );
        steps(out, report, rest);
        out.push_str("</ol>\n</details>\n");
    }
    out.push_str("</section>\n");
}

/// Items that a step settles and that are listed at once.
const LISTED: usize = 8;

fn steps(out: &mut String, report: &Report, steps: &[NextAction]) {
    for step in steps {
        let _ = write!(out, "<li><p>{}</p>", prose(&capital(&step.action)));
        if let Some(command) = &step.command {
            let _ = write!(out, "<p><code class=\"command\">{}</code></p>", escape(command));
        }
        let ids = step.settles.iter().map(|id| id.as_str());
        if step.settles.len() > LISTED {
            let items = view::count(step.settles.len(), "item");
            let _ = write!(
                out,
                "<details class=\"settles\"><summary>settles {items}</summary><p class=\"quiet\">"
            );
            links(out, report, ids);
            out.push_str("</p></details></li>\n");
        } else {
            out.push_str("<p class=\"quiet\">settles ");
            links(out, report, ids);
            out.push_str("</p></li>\n");
        }
    }
}

fn weakened(out: &mut String, report: &Report) {
    let weakened = &report.summary.gate.weakened;
    if !weakened.is_empty() {
        out.push_str("<section aria-labelledby=\"weakened\">\n<h2 id=\"weakened\">Weakened by this change</h2>\n<p class=\"quiet\">The configuration of its base was used.</p>\n");
        notes(out, report, weakened);
        out.push_str("</section>\n");
    }
}

fn unknowns(out: &mut String, report: &Report) {
    let groups = view::unknowns(report);
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"unknown\">\n<h2 id=\"unknown\">Unknown: {}, by what settles them</h2>\n<ul class=\"groups\">",
        view::number(report, Status::Unknown)
    );
    for group in &groups {
        let _ = write!(
            out,
            "<li><p class=\"action\"><strong>{}</strong> <span class=\"quiet\">{}</span></p>{}<p class=\"names\">",
            prose(&capital(group.action())),
            group.counts(),
            group
                .command()
                .map(|command| format!("<p><code class=\"command\">{}</code></p>", escape(command)))
                .unwrap_or_default(),
        );
        links(out, report, group.items.iter().map(|item| item.id.as_str()));
        out.push_str("</p></li>\n");
    }
    out.push_str("</ul>\n</section>\n");
}

fn checklist(out: &mut String, report: &Report, pages: Option<Pages<'_>>) {
    if report.items.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=\"items\">\n<h2 id=\"items\">Every item</h2>\n");
    let sections = view::sections(report);
    tools(out, report, &sections.iter().map(|(section, _)| *section).collect::<Vec<_>>());
    for (section, items) in sections {
        let name = section.name();
        let _ = write!(
            out,
            "<section class=\"group\" data-section=\"{name}\" aria-labelledby=\"section-{name}\">\n<h3 id=\"section-{name}\">{} <span class=\"tally\">",
            escape(section.title()),
        );
        for status in STATUSES {
            let number = items.iter().filter(|item| item.status == status).count();
            if number > 0 {
                let _ = write!(
                    out,
                    "<span class=\"{}\">{number} {}</span> ",
                    status.name(),
                    view::status_words(status, number)
                );
            }
        }
        out.push_str("</span></h3>\n");
        for item in items {
            items::item(out, report, item, pages);
        }
        out.push_str("</section>\n");
    }
    out.push_str("</section>\n");
}

/// What filters the list. It needs the script, so it stays hidden without.
fn tools(out: &mut String, report: &Report, sections: &[Section]) {
    out.push_str(
        "<div class=\"tools\" id=\"tools\" role=\"search\" aria-label=\"Filter the items\" hidden=\"hidden\">\n\
         <label class=\"find\"><span>Find</span> <input type=\"search\" id=\"find\" autocomplete=\"off\" spellcheck=\"false\"/> <kbd>/</kbd></label>\n\
         <div role=\"group\" aria-label=\"Status\">",
    );
    for status in STATUSES {
        let number = view::number(report, status);
        let name = status.name();
        let _ = write!(
            out,
            "<button type=\"button\" class=\"chip {name}\" data-status=\"{name}\" aria-pressed=\"false\">{} {number}</button>",
            status_title(status)
        );
    }
    out.push_str("</div>\n<div role=\"group\" aria-label=\"Priority\">");
    for priority in 1..=3u8 {
        let _ = write!(
            out,
            "<button type=\"button\" class=\"chip\" data-priority=\"{priority}\" aria-pressed=\"false\">Priority {priority}</button>"
        );
    }
    out.push_str(
        "</div>\n<label><span>Section</span> <select id=\"section\"><option value=\"\">All</option>",
    );
    for section in sections {
        let _ = write!(out, "<option value=\"{}\">{}</option>", section.name(), escape(section.title()));
    }
    out.push_str(
        "</select></label>\n<button type=\"button\" id=\"unfold\" aria-pressed=\"false\">Open all</button>\n\
         <button type=\"button\" id=\"reset\">Reset</button>\n<p role=\"status\" id=\"shown\"></p>\n</div>\n",
    );
}

fn coverage(out: &mut String, report: &Report) {
    out.push_str("<section aria-labelledby=\"coverage\">\n<h2 id=\"coverage\">What was looked at</h2>\n");
    if report.coverage.is_empty() {
        out.push_str("<p>Nothing: no collector was asked to run.</p>\n");
    }
    out.push_str("<dl class=\"coverage\">\n");
    for coverage in &report.coverage {
        let (tone, words) = match coverage.state {
            CollectorState::Ran => ("pass", "looked at"),
            CollectorState::Skipped => ("not-applicable", "not looked at"),
            CollectorState::Failed => ("fail", "failed"),
        };
        let _ = write!(
            out,
            "<div><dt>{} <span class=\"badge {tone}\">{words}</span></dt><dd>{}",
            escape(&coverage.collector),
            prose(&coverage.detail)
        );
        if !coverage.problems.is_empty() {
            out.push_str("<p>Could not be read:</p>");
            notes(out, report, &coverage.problems);
        }
        out.push_str("</dd></div>\n");
    }
    for component in &report.components {
        let _ = writeln!(
            out,
            "<div><dt>{} <span class=\"badge not-applicable\">component</span></dt><dd>{} · {}</dd></div>",
            escape(&component.name),
            escape(&component.stack.join(", ")),
            escape(&component.roles.join(", ")),
        );
    }
    out.push_str("</dl>\n");
    if !report.hints.is_empty() {
        out.push_str("<h3>Hints</h3>\n");
        notes(out, report, &report.hints);
    }
    out.push_str("</section>\n");
}

fn foot(out: &mut String, report: &Report) {
    let _ = write!(
        out,
        "<footer>\n<p>{} {} · {} · {}.{:03} s{}</p>\n</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        escape(&report.tool.name),
        escape(&report.tool.version),
        report.started_at.strftime("%Y-%m-%d %H:%M UTC"),
        report.duration_ms / 1000,
        report.duration_ms % 1000,
        report.judged_at.map_or(String::new(), |at| format!(" · judged as of {}", view::day(at))),
    );
}

/// The order in which statuses are shown.
const STATUSES: [Status; 4] = [Status::Fail, Status::Unknown, Status::Pass, Status::NotApplicable];

const fn status_title(status: Status) -> &'static str {
    match status {
        Status::Fail => "Fails",
        Status::Unknown => "Unknown",
        Status::Pass => "Holds",
        Status::NotApplicable => "Not applicable",
    }
}

fn notes(out: &mut String, report: &Report, notes: &[Note]) {
    out.push_str("<ul class=\"notes\">");
    for note in notes {
        let place = note
            .location
            .as_ref()
            .map(|location| format!(" {}", place(report, location)))
            .unwrap_or_default();
        let _ = write!(out, "<li>{}{place}</li>", prose(&note.summary));
    }
    out.push_str("</ul>\n");
}

/// A location. It is text and no link: what it leads to is not trusted.
fn place(report: &Report, location: &Location) -> String {
    format!("<code class=\"place\">{}</code>", escape(&view::location_from_here(report, location)))
}

/// Links to items on the page; items that are not on it are only named.
fn links<'a>(out: &mut String, report: &Report, ids: impl Iterator<Item = &'a str>) {
    for (index, id) in ids.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        let text = escape(id);
        if report.items.iter().any(|item| item.id.as_str() == id) {
            let _ = write!(out, "<a href=\"#{}\">{text}</a>", anchor(id));
        } else {
            out.push_str(&text);
        }
    }
}

/// An id as the name of a place on the page.
fn anchor(id: &str) -> String {
    let mut out = String::from("item-");
    out.extend(id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' }));
    out
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap_or_default();
            out.push(if at <= chunk.len() { char::from(LETTERS[index]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_padded() {
        assert_eq!(super::base64(b"f"), "Zg==");
        assert_eq!(super::base64(b"fo"), "Zm8=");
        assert_eq!(super::base64(b"foobar"), "Zm9vYmFy");
    }
}
