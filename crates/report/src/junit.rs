//! JUnit's XML, which most CI systems show: a suite for each section, a case for each item.

use std::fmt::Write;

use seaworthy_model::{ItemReport, Report, Section, Status};

use crate::{view, xml::escape};

pub(crate) fn junit(report: &Report) -> String {
    let strict = report.summary.gate.strict;
    let items: Vec<&ItemReport> = report.items.iter().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"seaworthy\" {} time=\"{}.{:03}\">",
        counts(report, &items, strict),
        report.duration_ms / 1000,
        report.duration_ms % 1000
    );
    for (section, items) in view::sections(report) {
        suite(&mut out, report, section, &items, strict);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, report: &Report, section: Section, items: &[&ItemReport], strict: bool) {
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" {} timestamp=\"{}\">",
        escape(section.title()),
        counts(report, items, strict),
        report.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
    );
    for item in items {
        case(out, report, item, strict);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, report: &Report, item: &ItemReport, strict: bool) {
    let _ = write!(
        out,
        "    <testcase classname=\"seaworthy.{}\" name=\"{}: {}\"",
        item.section.name(),
        escape(item.id.as_str()),
        escape(&item.title),
    );
    if let Some((path, line)) = view::telling(item)
        .iter()
        .find_map(|evidence| Some((evidence.location.path()?, evidence.location.line_number())))
    {
        let _ = write!(out, " file=\"{}\"", escape(path));
        if let Some(line) = line {
            let _ = write!(out, " line=\"{line}\"");
        }
    }
    let accepted = view::accepted(item);
    let mut message = item.reason.clone();
    if let Some(accepted) = &accepted {
        let _ = write!(message, " ({accepted})");
    }
    let message = escape(&message);
    match item.status {
        Status::Pass => match view::short_of_required(report, item) {
            Some(gate) => problem(out, "failure", "gate", &escape(&gate.reason), item),
            None => out.push_str("/>\n"),
        },
        Status::Fail => {
            let kind = if accepted.is_some() { "accepted" } else { "fail" };
            problem(out, "failure", &format!("{kind}-priority-{}", item.priority), &message, item);
        }
        Status::Unknown if strict => {
            problem(out, "error", &format!("unknown-priority-{}", item.priority), &message, item);
        }
        Status::Unknown => {
            let settle = item.settled_by.as_ref().map_or(String::new(), |settle| {
                let command =
                    settle.command.as_ref().map_or(String::new(), |command| format!(" ({command})"));
                escape(&format!("; settled by: {}{command}", settle.action))
            });
            let _ =
                writeln!(out, ">\n      <skipped message=\"unknown: {message}{settle}\"/>\n    </testcase>");
        }
        Status::NotApplicable => {
            let _ =
                writeln!(out, ">\n      <skipped message=\"does not apply: {message}\"/>\n    </testcase>");
        }
    }
}

fn problem(out: &mut String, element: &str, kind: &str, message: &str, item: &ItemReport) {
    let _ = write!(out, ">\n      <{element} type=\"{kind}\" message=\"{message}\">");
    let mut lines: Vec<String> = view::telling(item)
        .iter()
        .map(|evidence| {
            format!("{}: {} ({})", evidence.location, evidence.summary, view::provenance(evidence))
        })
        .collect();
    if let Some(remedy) = &item.remedy {
        lines.push(format!("To fix: {remedy}"));
    }
    out.push_str(&escape(&lines.join("\n")));
    let _ = writeln!(out, "</{element}>\n    </testcase>");
}

fn counts(report: &Report, items: &[&ItemReport], strict: bool) -> String {
    let number = |status| items.iter().filter(|item| item.status == status).count();
    let short = items.iter().filter(|item| view::short_of_required(report, item).is_some()).count();
    let unknown = number(Status::Unknown);
    let (errors, skipped) = if strict { (unknown, 0) } else { (0, unknown) };
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{errors}\" skipped=\"{}\"",
        items.len(),
        number(Status::Fail) + short,
        skipped + number(Status::NotApplicable),
    )
}
