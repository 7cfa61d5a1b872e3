//! Items: as a card where they block, and as an entry that unfolds.

use std::fmt::Write;

use seaworthy_model::{Evidence, GateReason, ItemReport, Polarity, Report, Status};

use super::{anchor, notes, page, place};
use crate::{
    Pages, view,
    xml::{escape, prose},
};

/// Evidence shown on a card.
const ON_CARD: usize = 3;

/// An item that blocks, with what a reader needs to act.
pub(super) fn card(out: &mut String, report: &Report, item: &ItemReport, gate: &GateReason) {
    let _ = write!(
        out,
        "<li class=\"card {}\"><p class=\"title\"><a href=\"#{}\">{}</a></p><p>{}</p>",
        gate.status.name(),
        anchor(item.id.as_str()),
        prose(&item.title),
        prose(&item.reason)
    );
    let gate = &gate.reason;
    if !gate.starts_with("priority ") {
        let _ = write!(out, "<p class=\"quiet\">Gate: {}</p>", prose(gate));
    }
    let telling = view::telling(item);
    let against: Vec<&Evidence> = telling.into_iter().filter(|evidence| !evidence.stale).collect();
    evidence(out, report, &against[..against.len().min(ON_CARD)]);
    if against.len() > ON_CARD {
        let _ = write!(out, "<p class=\"quiet\">and {} more</p>", against.len() - ON_CARD);
    }
    if let Some(remedy) = item.remedy.as_ref().filter(|_| item.status == Status::Fail) {
        let _ = write!(out, "<p class=\"remedy\">{}</p>", prose(remedy));
    }
    out.push_str("</li>\n");
}

/// An item in the list of all.
pub(super) fn item(out: &mut String, report: &Report, item: &ItemReport, pages: Option<Pages<'_>>) {
    let status = item.status.name();
    let _ = write!(
        out,
        "<details class=\"item {status}\" id=\"{}\" data-status=\"{status}\" data-priority=\"{}\">\n\
         <summary><span class=\"mark\" aria-hidden=\"true\">{}</span><span class=\"hidden\">{}: </span>\
         <span class=\"what\"><span class=\"title\">{}</span> <span class=\"reason\">{}</span></span>\
         <span class=\"tags\"><code>{}</code> <span class=\"badge p{}\">priority {}</span>",
        anchor(item.id.as_str()),
        item.priority,
        view::mark(item.status),
        view::status_words(item.status, 1),
        prose(&item.title),
        prose(&item.reason),
        escape(item.id.as_str()),
        item.priority,
        item.priority,
    );
    if item.status == Status::Pass {
        let _ = write!(out, " <span class=\"badge pass\">{}</span>", item.rung.name());
    }
    if let Some(accepted) = &item.accepted {
        let words = if accepted.expired { "acceptance ended" } else { "accepted" };
        let _ = write!(out, " <span class=\"badge unknown\">{words}</span>");
    }
    if item.in_baseline {
        out.push_str(" <span class=\"badge\">known before</span>");
    }
    out.push_str("</span></summary>\n<div class=\"body\">\n");
    let empty = out.len();
    if let Some(cause) = item.cause {
        let _ = writeln!(out, "<p><b>Why unknown:</b> {}.</p>", view::cause_words(cause));
    }
    evidence(out, report, &view::telling(item));
    if let Some(remedy) = item.remedy.as_ref().filter(|_| item.status == Status::Fail) {
        let _ = writeln!(out, "<p class=\"remedy\">{}</p>", prose(remedy));
    }
    if let Some(settle) = item.settled_by.as_ref().filter(|_| item.status == Status::Unknown) {
        let command = settle
            .command
            .as_ref()
            .map_or(String::new(), |command| format!(" <code class=\"command\">{}</code>", escape(command)));
        let _ = writeln!(out, "<p><b>Settled by:</b> {}{command}</p>", prose(&settle.action));
    }
    if let Some(accepted) = view::accepted(item) {
        let _ = writeln!(out, "<p class=\"accepted\">{}</p>", prose(&super::capital(&accepted)));
    }
    if !item.looked_for.is_empty() {
        out.push_str("<p><b>Looked for:</b></p>\n<ul class=\"notes\">");
        for looked in &item.looked_for {
            let _ = write!(out, "<li>{}</li>", prose(looked));
        }
        out.push_str("</ul>\n");
    }
    if !item.notes.is_empty() {
        out.push_str("<p><b>Notes:</b></p>\n");
        notes(out, report, &item.notes);
    }
    if !item.gated {
        out.push_str("<p class=\"quiet\">Outside the gate.</p>\n");
    }
    if let Some(markdown) = pages.and_then(|pages| pages(&item.id)) {
        let _ = writeln!(
            out,
            "<details class=\"page\"><summary>About this item</summary>\n<div>{}</div></details>",
            page::html(&markdown)
        );
    }
    if out.len() == empty {
        out.push_str("<p class=\"quiet\">Nothing more is recorded.</p>\n");
    }
    out.push_str("</div>\n</details>\n");
}

/// With days that stay on one line.
fn unbroken(words: &str) -> String {
    let is_day = |word: &str| word.len() >= 10 && word.bytes().take(4).all(|byte| byte.is_ascii_digit());
    let words = words.split(' ').map(|word| {
        if is_day(word) {
            format!("<span class=\"day\">{}</span>", escape(word))
        } else {
            escape(word).to_string()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn evidence(out: &mut String, report: &Report, evidence: &[&Evidence]) {
    if evidence.is_empty() {
        return;
    }
    out.push_str("<ul class=\"evidence\">\n");
    for evidence in evidence {
        let (class, sign, words) = match evidence.polarity {
            Polarity::For => ("for", "+", "for"),
            Polarity::Against => ("against", "−", "against"),
        };
        let stale = if evidence.stale { " stale" } else { "" };
        let _ = writeln!(
            out,
            "<li class=\"{class}{stale}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span><span class=\"hidden\">{words}: </span>\
             <span>{} {}{}</span></li>",
            place(report, &evidence.location),
            prose(&evidence.summary),
            // Read from the repository's files: nothing to add.
            match view::provenance(evidence) {
                words if words == "configured" => String::new(),
                words => format!(" <small>{}</small>", unbroken(&words)),
            },
        );
        if let Some(exchange) = &evidence.exchange {
            out.push_str("<li class=\"exchange\">");
            if !exchange.shows.is_empty() {
                let _ = write!(out, "answer {}: <code>{}</code> ", exchange.status, escape(&exchange.shows));
            }
            let _ = writeln!(out, "ask again: <code>{}</code></li>", escape(&exchange.command));
        }
    }
    out.push_str("</ul>\n");
}
