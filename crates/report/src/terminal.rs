//! For people, on a terminal: what is exposed, the verdict and what blocks it first; then failures, then unknowns by
//! what settles them, then a count of what is fine.

mod screen;

use seaworthy_model::{Coverage, Evidence, GateReason, ItemReport, Note, Polarity, Report, Status};

use crate::{RenderOptions, text, view};
use screen::{Paint, Screen};

/// How to show a report on a terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalOptions {
    /// Use colours.
    pub colour: bool,
    /// Show every item with its evidence, what was looked for and notes.
    pub verbose: bool,
    /// Show the verdict only.
    pub quiet: bool,
    /// Columns to fill; 100 where it is not known.
    pub width: Option<usize>,
}

impl From<&RenderOptions<'_>> for TerminalOptions {
    fn from(options: &RenderOptions<'_>) -> Self {
        let RenderOptions { colour, verbose, quiet, width, pages: _ } = *options;
        TerminalOptions { colour, verbose, quiet, width }
    }
}

/// Places shown for one item; all of them when verbose.
const PLACES: usize = 3;
/// Characters of an answer that are shown.
const SHOWN: usize = 200;
/// Exposures shown; all of them when verbose.
const EXPOSED: usize = 10;
/// Steps of the plan that are shown.
const STEPS: usize = 5;
/// Items named in a group of unknowns that is not urgent.
const NAMED: usize = 8;

/// The report for a terminal.
pub fn terminal(report: &Report, options: TerminalOptions) -> String {
    let report = &text::cleaned(report);
    let mut page = Page {
        screen: Screen::new(options.width.unwrap_or(100), options.colour),
        report,
        verbose: options.verbose,
    };
    if options.quiet {
        page.verdict();
    } else {
        page.all();
    }
    page.screen.finish()
}

struct Page<'a> {
    screen: Screen,
    report: &'a Report,
    verbose: bool,
}

impl Page<'_> {
    fn all(&mut self) {
        let tool = &self.report.tool;
        let heading = format!("{} {} · {}", tool.name, tool.version, view::subject(self.report));
        self.screen.line(0, 0, &[(Paint::Dim, &heading)]);
        self.screen.blank();
        self.exposed();
        self.verdict();
        self.findings();
        self.blockers();
        self.failures();
        self.unknowns();
        self.fine();
        if self.verbose {
            self.everything();
        }
        self.next();
        self.notes();
        self.coverage();
    }

    fn exposed(&mut self) {
        let exposures = &self.report.exposures;
        if exposures.is_empty() {
            return;
        }
        self.screen.line(0, 0, &[(Paint::Bad, "Exposed now")]);
        let shown = if self.verbose { exposures.len() } else { EXPOSED.min(exposures.len()) };
        let mut advised = None;
        for exposure in &exposures[..shown] {
            self.screen.line(2, 4, &[(Paint::Bad, "! "), (Paint::Plain, &exposure.summary)]);
            let place = view::location_from_here(self.report, &exposure.location);
            self.screen.place(4, &place, &format!("({})", view::exposure_words(exposure)));
            // The same advice is given once.
            if exposure.remedy.is_some() && advised != exposure.remedy.as_ref() {
                advised = exposure.remedy.as_ref();
                let remedy = exposure.remedy.as_deref().unwrap_or_default();
                self.screen.line(4, 6, &[(Paint::Hint, "→ "), (Paint::Plain, remedy)]);
            }
        }
        if shown < exposures.len() {
            let rest = format!("and {} more (--verbose)", exposures.len() - shown);
            self.screen.line(2, 4, &[(Paint::Dim, &rest)]);
        }
        self.screen.blank();
    }

    fn findings(&mut self) {
        let findings = view::findings(self.report);
        if findings.is_empty() {
            return;
        }
        self.heading("Added by this change");
        for finding in findings {
            let (paint, mark) = if finding.blocking { (Paint::Bad, "✗ ") } else { (Paint::Doubt, "! ") };
            let id = finding.item.as_str();
            self.screen.line(
                2,
                4,
                &[(paint, mark), (Paint::Strong, id), (Paint::Plain, "  "), (Paint::Plain, &finding.summary)],
            );
            let place = view::location_from_here(self.report, &finding.location);
            self.screen.place(4, &place, if finding.blocking { "(blocks)" } else { "(does not block)" });
            self.screen.line(4, 6, &[(Paint::Hint, "→ "), (Paint::Plain, &finding.remedy)]);
        }
    }

    fn verdict(&mut self) {
        let headline = view::headline(self.report);
        let paint = match headline.words {
            "not ready" => Paint::Bad,
            "ready" => Paint::Good,
            _ => Paint::Doubt,
        };
        self.screen.line(
            0,
            2,
            &[
                (paint, &headline.words.to_uppercase()),
                (Paint::Plain, " — "),
                (Paint::Plain, &headline.detail),
            ],
        );
        let summary = format!("{}.", view::decided(self.report));
        self.screen.line(0, 0, &[(Paint::Dim, &summary)]);
    }

    fn blockers(&mut self) {
        let report = self.report;
        let blockers = view::blockers(report);
        if blockers.is_empty() {
            return;
        }
        self.heading("Blocks");
        for blocker in blockers {
            match blocker.item {
                Some(item) => self.item(item, Some(blocker.reason)),
                None => {
                    let id = blocker.reason.item.as_str();
                    self.screen.line(2, 4, &[(Paint::Bad, "✗ "), (Paint::Strong, id)]);
                    self.screen.line(4, 4, &[(Paint::Plain, &blocker.reason.reason)]);
                }
            }
        }
    }

    fn failures(&mut self) {
        let mut priority = None;
        for item in view::other_failures(self.report) {
            if priority != Some(item.priority) {
                priority = Some(item.priority);
                self.heading(&format!("Fails, priority {}", item.priority));
            }
            self.item(item, None);
        }
    }

    /// One item with what a reader needs to act on it.
    fn item(&mut self, item: &ItemReport, gate: Option<&GateReason>) {
        let status = gate.map_or(item.status, |gate| gate.status);
        let mark = format!("{} ", view::mark(status));
        let paint = paint(status);
        let id = item.id.as_str();
        self.screen.line(
            2,
            4,
            &[(paint, &mark), (Paint::Strong, id), (Paint::Plain, "  "), (Paint::Plain, &item.title)],
        );
        self.screen.line(4, 4, &[(Paint::Plain, &item.reason)]);
        if let Some(gate) =
            gate.map(|gate| gate.reason.as_str()).filter(|gate| !gate.starts_with("priority "))
        {
            self.screen.line(4, 4, &[(Paint::Dim, "gate: "), (Paint::Plain, gate)]);
        }
        let evidence = view::telling(item);
        let shown = if self.verbose { evidence.len() } else { PLACES.min(evidence.len()) };
        for evidence in &evidence[..shown] {
            self.evidence(evidence, item);
        }
        if shown < evidence.len() {
            let rest = format!("and {} more (--verbose)", evidence.len() - shown);
            self.screen.line(4, 4, &[(Paint::Dim, &rest)]);
        }
        if self.verbose {
            for looked in &item.looked_for {
                self.screen.line(4, 6, &[(Paint::Dim, "looked for: "), (Paint::Plain, looked)]);
            }
            for note in &item.notes {
                self.note(4, "note: ", note);
            }
        }
        if matches!(item.status, Status::Fail | Status::Unknown) {
            let remedy = item.remedy.as_deref().filter(|_| item.status == Status::Fail);
            let settle = item.settled_by.as_ref();
            match (remedy, settle) {
                (Some(remedy), _) => self.screen.line(4, 6, &[(Paint::Hint, "→ "), (Paint::Plain, remedy)]),
                (None, Some(settle)) => {
                    self.screen.line(4, 6, &step("→ ", &settle.action, settle.command.as_deref()));
                }
                (None, None) => {}
            }
        }
        if let Some(accepted) = view::accepted(item) {
            self.screen.line(4, 6, &[(Paint::Doubt, &accepted)]);
        }
        if item.in_baseline {
            self.screen.line(4, 6, &[(Paint::Dim, "known before: in the baseline")]);
        }
    }

    fn evidence(&mut self, evidence: &Evidence, item: &ItemReport) {
        let place = view::location_from_here(self.report, &evidence.location);
        let mut words = String::new();
        if evidence.summary != item.reason {
            words.push_str(&evidence.summary);
        }
        let provenance = view::provenance(evidence);
        if self.verbose || evidence.stale || provenance != "configured" {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(&format!("({provenance})"));
        }
        self.screen.place(4, &place, &words);
        let Some(exchange) =
            evidence.exchange.as_ref().filter(|_| self.verbose || evidence.polarity == Polarity::Against)
        else {
            return;
        };
        if !exchange.shows.is_empty() {
            let answer = format!("{} {}: ", exchange.request, exchange.status);
            self.screen.line(
                6,
                8,
                &[(Paint::Dim, &answer), (Paint::Plain, &text::cap(exchange.shows.chars(), SHOWN))],
            );
        }
        self.screen.line(6, 8, &[(Paint::Dim, "ask again: "), (Paint::Plain, &exchange.command)]);
    }

    fn note(&mut self, indent: usize, label: &str, note: &Note) {
        self.screen.line(indent, indent + 2, &[(Paint::Dim, label), (Paint::Plain, &note.summary)]);
        if let Some(location) = &note.location {
            let place = view::location_from_here(self.report, location);
            self.screen.place(indent + 2, &place, "");
        }
    }

    fn unknowns(&mut self) {
        let groups = view::unknowns(self.report);
        if groups.is_empty() {
            return;
        }
        self.heading(&format!(
            "Unknown: {}, by what settles them",
            view::number(self.report, Status::Unknown)
        ));
        for group in &groups {
            let counts = format!("{}: ", group.counts());
            let mut line = step("? ", group.action(), group.command());
            line[0].0 = Paint::Doubt;
            line.insert(1, (Paint::Plain, &counts));
            self.screen.line(2, 4, &line);
            // What is urgent is always named; of the rest, some.
            let named = if self.verbose { group.items.len() } else { NAMED.max(group.urgent()) };
            let mut names: Vec<String> = group
                .items
                .iter()
                .take(named)
                .map(|item| match item.accepted {
                    Some(ref accepted) if !accepted.expired => format!("{} (accepted)", item.id),
                    _ => item.id.to_string(),
                })
                .collect();
            if named < group.items.len() {
                names.push(format!("and {} more", group.items.len() - named));
            }
            self.screen.line(4, 4, &[(Paint::Dim, &names.join(", "))]);
        }
        for item in view::with_status(self.report, Status::Unknown) {
            if let Some(accepted) = view::accepted(item) {
                let id = format!("{}: ", item.id);
                self.screen.line(2, 4, &[(Paint::Strong, &id), (Paint::Doubt, &accepted)]);
            }
        }
    }

    fn fine(&mut self) {
        let held = view::held(self.report);
        let number = view::number(self.report, Status::NotApplicable);
        let rest = match number {
            0 => String::new(),
            number => format!(", {number} {}", view::status_words(Status::NotApplicable, number)),
        };
        self.screen.blank();
        self.screen.line(0, 2, &[(Paint::Good, "✓ "), (Paint::Plain, &held), (Paint::Plain, &rest)]);
    }

    fn everything(&mut self) {
        for (section, items) in view::sections(self.report) {
            self.heading(section.title());
            for item in items {
                self.item(item, None);
            }
        }
    }

    fn next(&mut self) {
        let steps = &self.report.next;
        if steps.is_empty() {
            return;
        }
        self.heading("Next");
        let shown = if self.verbose { steps.len() } else { STEPS.min(steps.len()) };
        for (index, next) in steps[..shown].iter().enumerate() {
            let number = format!("{}. ", index + 1);
            let settles = match next.settles.as_slice() {
                // The command names the item.
                [one] if next.command.as_ref().is_some_and(|words| words.ends_with(one.as_str())) => {
                    String::new()
                }
                [one] => format!(" — settles {one}"),
                many => format!(" — settles {}", many.len()),
            };
            let mut line = step(&number, &next.action, next.command.as_deref());
            line.push((Paint::Dim, &settles));
            self.screen.line(2, 5, &line);
        }
        if shown < steps.len() {
            let rest = format!("and {} more (--verbose)", steps.len() - shown);
            self.screen.line(2, 2, &[(Paint::Dim, &rest)]);
        }
    }

    fn notes(&mut self) {
        let weakened = &self.report.summary.gate.weakened;
        if !weakened.is_empty() {
            self.heading("Weakened by this change (the configuration of its base was used)");
            for note in weakened {
                self.note(2, "! ", note);
            }
        }
        if !self.report.hints.is_empty() {
            self.screen.blank();
            for hint in &self.report.hints {
                self.note(0, "hint: ", hint);
            }
        }
    }

    fn coverage(&mut self) {
        self.screen.blank();
        let coverage = view::coverage(self.report).join("; ");
        self.screen.line(0, 2, &[(Paint::Dim, "looked at "), (Paint::Dim, &coverage)]);
        let report = self.report;
        let problems: Vec<(&Coverage, &Note)> = report
            .coverage
            .iter()
            .flat_map(|coverage| coverage.problems.iter().map(move |note| (coverage, note)))
            .collect();
        let shown = if self.verbose { problems.len() } else { PLACES.min(problems.len()) };
        for (coverage, note) in &problems[..shown] {
            self.note(2, view::problem(coverage), note);
        }
        if shown < problems.len() {
            let rest = format!("and {} more (--verbose)", problems.len() - shown);
            self.screen.line(2, 4, &[(Paint::Dim, &rest)]);
        }
    }

    fn heading(&mut self, words: &str) {
        self.screen.blank();
        self.screen.line(0, 2, &[(Paint::Heading, words)]);
    }
}

fn step<'a>(mark: &'a str, action: &'a str, command: Option<&'a str>) -> Vec<(Paint, &'a str)> {
    let mut parts = vec![(Paint::Hint, mark), (Paint::Plain, action)];
    if let Some(command) = command.filter(|command| *command != action) {
        parts.extend([(Paint::Plain, "  "), (Paint::Hint, command)]);
    }
    parts
}

const fn paint(status: Status) -> Paint {
    match status {
        Status::Pass => Paint::Good,
        Status::Fail => Paint::Bad,
        Status::Unknown => Paint::Doubt,
        Status::NotApplicable => Paint::Dim,
    }
}
