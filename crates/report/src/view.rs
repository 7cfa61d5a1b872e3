//! What several formats show alike: the headline, what blocks, unknowns grouped by what settles them, the coverage.

use seaworthy_model::{
    Cause, CollectorState, Coverage, Evidence, Exposure, Finding, GateReason, ItemId, ItemReport, Location,
    Polarity, Priority, Report, Section, Settle, Status, Verdict,
};

/// The verdict in words that do not promise more than the report holds.
pub(crate) struct Headline {
    pub words: &'static str,
    pub detail: String,
}

pub(crate) fn headline(report: &Report) -> Headline {
    let gate = &report.summary.gate;
    let fails = gate.reasons.iter().filter(|reason| reason.status == Status::Fail).count();
    let unknown = gate.reasons.len() - fails;
    let excused = report.items.iter().filter(|item| item.gated && is_urgent_unknown(item)).count();
    let (words, detail) = match gate.verdict {
        Verdict::NotReady if unknown == 0 => (gate.verdict.words(), format!("{} the gate", block(fails))),
        Verdict::NotReady => {
            (gate.verdict.words(), format!("{} the gate, and {} unknown", block(fails), more(unknown)))
        }
        Verdict::NotKnown if unknown == 0 => {
            (gate.verdict.words(), "nothing that the gate asks for applies here".to_owned())
        }
        Verdict::NotKnown if gate.strict => (
            gate.verdict.words(),
            format!(
                "nothing in the gate fails, but {} unknown, which strict counts as failed",
                of_its_items(unknown)
            ),
        ),
        Verdict::NotKnown => (
            gate.verdict.words(),
            format!("nothing in the gate fails, but {} unknown", of_its_items(unknown)),
        ),
        // An accepted or known unknown does not fail the gate, but it does not make anything ready either.
        Verdict::Ready if excused > 0 => (
            "nothing blocks",
            format!(
                "{} of priority 1 {} unknown: accepted, or known before",
                count(excused, "item"),
                if excused == 1 { "is" } else { "are" }
            ),
        ),
        // Without a change the questions about one are outside the gate, but exposed data makes nothing ready.
        Verdict::Ready if !report.exposures.is_empty() => (
            "nothing blocks",
            format!(
                "nothing in the gate fails, but data is exposed ({})",
                count(report.exposures.len(), "place")
            ),
        ),
        Verdict::Ready => (gate.verdict.words(), "everything in the gate holds or does not apply".to_owned()),
    };
    Headline { words, detail }
}

fn is_urgent_unknown(item: &ItemReport) -> bool {
    item.priority == 1 && item.status == Status::Unknown
}

fn block(count: usize) -> String {
    if count == 1 { "1 item blocks".to_owned() } else { format!("{count} items block") }
}

fn more(count: usize) -> String {
    if count == 1 { "1 more is".to_owned() } else { format!("{count} more are") }
}

fn of_its_items(count: usize) -> String {
    if count == 1 { "1 of its items is".to_owned() } else { format!("{count} of its items are") }
}

/// A count with its noun, whose plural takes an `s`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// An item that the gate holds against the subject, and why.
pub(crate) struct Blocker<'a> {
    pub reason: &'a GateReason,
    pub item: Option<&'a ItemReport>,
}

/// What fails the gate.
pub(crate) fn blockers(report: &Report) -> Vec<Blocker<'_>> {
    let gate = &report.summary.gate;
    gate.reasons
        .iter()
        .filter(|reason| reason.status == Status::Fail || gate.strict)
        .map(|reason| Blocker { reason, item: item(report, &reason.item) })
        .collect()
}

/// What the gate holds against an item that passes: a higher rung is required than is reached.
pub(crate) fn short_of_required<'a>(report: &'a Report, item: &ItemReport) -> Option<&'a GateReason> {
    let reasons = &report.summary.gate.reasons;
    reasons
        .iter()
        .find(|reason| item.status == Status::Pass && reason.item == item.id && reason.status == Status::Fail)
}

/// Failing items that do not block, most urgent first.
pub(crate) fn other_failures(report: &Report) -> Vec<&ItemReport> {
    let blockers = blockers(report);
    let mut items: Vec<&ItemReport> = with_status(report, Status::Fail)
        .filter(|item| !blockers.iter().any(|blocker| blocker.reason.item == item.id))
        .collect();
    items.sort_by_key(|item| item.priority);
    items
}

pub(crate) fn with_status(report: &Report, status: Status) -> impl Iterator<Item = &ItemReport> {
    report.items.iter().filter(move |item| item.status == status)
}

pub(crate) fn item<'a>(report: &'a Report, id: &ItemId) -> Option<&'a ItemReport> {
    report.items.iter().find(|item| item.id == *id)
}

/// Unknown items that one action settles.
pub(crate) struct Unknowns<'a> {
    pub settle: Option<&'a Settle>,
    /// Most urgent first.
    pub items: Vec<&'a ItemReport>,
}

impl Unknowns<'_> {
    pub fn urgent(&self) -> usize {
        self.items.iter().filter(|item| item.priority == 1).count()
    }

    fn priority(&self) -> Priority {
        self.items.first().map_or(Priority::MAX, |item| item.priority)
    }

    /// What settles them, in words.
    pub fn action(&self) -> &str {
        self.settle.map_or("nothing in this version settles these", |settle| &settle.action)
    }

    pub fn command(&self) -> Option<&str> {
        self.settle.and_then(|settle| settle.command.as_deref())
    }

    /// `17 items, 4 of priority 1`.
    pub fn counts(&self) -> String {
        let items = count(self.items.len(), "item");
        match self.urgent() {
            0 => items,
            urgent if urgent == self.items.len() => format!("{items} of priority 1"),
            urgent => format!("{items}, {urgent} of priority 1"),
        }
    }
}

/// Unknown items grouped by what settles them: the most urgent first, then the largest group.
pub(crate) fn unknowns(report: &Report) -> Vec<Unknowns<'_>> {
    let mut groups: Vec<Unknowns<'_>> = Vec::new();
    for item in with_status(report, Status::Unknown) {
        let settle = item.settled_by.as_ref();
        match groups.iter_mut().find(|group| group.settle == settle) {
            Some(group) => group.items.push(item),
            None => groups.push(Unknowns { settle, items: vec![item] }),
        }
    }
    for group in &mut groups {
        group.items.sort_by_key(|item| item.priority);
    }
    groups.sort_by_key(|group| {
        (
            group.settle.is_none(),
            group.priority(),
            usize::MAX - group.urgent(),
            usize::MAX - group.items.len(),
        )
    });
    groups
}

/// Why an item is unknown, for people.
pub(crate) const fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::NoEvidence => "looked for and not found",
        Cause::Untried => "set up, never tried",
        Cause::Stale => "the evidence has expired",
        Cause::NotPermitted => "this run was not allowed to look",
        Cause::CouldNotRun => "it could not be looked at",
        Cause::NoReader => "nothing in this version reads it",
    }
}

/// A mark that tells the statuses apart without colour.
pub(crate) const fn mark(status: Status) -> char {
    match status {
        Status::Pass => '✓',
        Status::Fail => '✗',
        Status::Unknown => '?',
        Status::NotApplicable => '–',
    }
}

/// The status of a number of items, for people.
pub(crate) const fn status_words(status: Status, number: usize) -> &'static str {
    match (status, number) {
        (Status::Pass, 1) => "holds",
        (Status::Pass, _) => "hold",
        (Status::Fail, 1) => "fails",
        (Status::Fail, _) => "fail",
        (Status::Unknown, _) => "unknown",
        (Status::NotApplicable, 1) => "does not apply",
        (Status::NotApplicable, _) => "do not apply",
    }
}

pub(crate) fn number(report: &Report, status: Status) -> usize {
    with_status(report, status).count()
}

/// `decided 30 of 62 items that apply`.
pub(crate) fn decided(report: &Report) -> String {
    let summary = &report.summary;
    format!("{} of {} items that apply were decided", summary.decided, summary.applicable)
}

/// `23 hold (20 configured, 3 proven)`, or none.
pub(crate) fn held(report: &Report) -> String {
    let rungs: Vec<String> = ["proven", "observed", "configured", "attested"]
        .into_iter()
        .filter_map(|rung| {
            let number = report.summary.by_rung.get(rung).copied().filter(|number| *number > 0)?;
            Some(format!("{number} {rung}"))
        })
        .collect();
    let number = number(report, Status::Pass);
    let verb = status_words(Status::Pass, number);
    if rungs.is_empty() {
        format!("{number} {verb}")
    } else {
        format!("{number} {verb} ({})", rungs.join(", "))
    }
}

/// What stands before a collector's problem: a file was not read; of a site something was noticed.
pub(crate) fn problem(coverage: &Coverage) -> &'static str {
    match coverage.collector.as_str() {
        "site" | "tls" | "browser" => "noticed: ",
        _ => "could not be read: ",
    }
}

/// What was looked at, one sentence for each collector.
pub(crate) fn coverage(report: &Report) -> Vec<String> {
    if report.coverage.is_empty() {
        return vec!["nothing: no collector was asked to run".to_owned()];
    }
    report
        .coverage
        .iter()
        .map(|coverage| {
            let state = match coverage.state {
                CollectorState::Ran => "",
                CollectorState::Skipped => " not looked at",
                CollectorState::Failed => " failed",
            };
            format!("{}{state}: {}", coverage.collector, coverage.detail)
        })
        .collect()
}

/// `shop at 1234567, with changes that are not committed`.
pub(crate) fn subject(report: &Report) -> String {
    let subject = &report.subject;
    let folder = |path| if path == "." { "this folder" } else { path };
    let mut places: Vec<&str> = subject.path.as_deref().into_iter().map(folder).collect();
    places.extend(subject.with.iter().map(String::as_str));
    places.extend(subject.url.iter().map(String::as_str));
    let mut words = if places.is_empty() { "no folder and no address".to_owned() } else { places.join(", ") };
    if let Some(commit) = &subject.commit {
        words.push_str(" at ");
        words.extend(commit.chars().take(10));
    }
    if subject.dirty == Some(true) {
        words.push_str(", with uncommitted changes");
    }
    if let Some(since) = &subject.since {
        words.push_str(", changes since ");
        words.push_str(since);
    }
    words
}

/// What an exposure is called beside its sentence: its kind, whether the change adds it, and the hash of its value.
pub(crate) fn exposure_words(exposure: &Exposure) -> String {
    let mut words = exposure.kind.name().replace('-', " ");
    if exposure.added {
        words.push_str(", added by this change");
    }
    if let Some(digest) = &exposure.digest {
        words.push_str(", hash ");
        words.push_str(digest);
    }
    words
}

/// Findings about the change: those that block first.
pub(crate) fn findings(report: &Report) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| !finding.blocking);
    findings
}

/// The evidence that explains the status, first that which decides: against for a failure, for otherwise.
pub(crate) fn telling(item: &ItemReport) -> Vec<&Evidence> {
    let wanted = if item.status == Status::Fail { Polarity::Against } else { Polarity::For };
    let mut evidence: Vec<&Evidence> = item.evidence.iter().collect();
    evidence.sort_by_key(|evidence| (evidence.stale, evidence.polarity != wanted));
    evidence
}

/// `accepted until 2027-01-31 by Ada: the reason`, or that the day is past.
pub(crate) fn accepted(item: &ItemReport) -> Option<String> {
    let accepted = item.accepted.as_ref()?;
    let when = if accepted.expired { "acceptance ended on" } else { "risk accepted until" };
    Some(format!("{when} {} by {}: {}", accepted.until, accepted.owner, accepted.reason))
}

/// Sections that have items, in the order of the checklist, what the owners added last.
pub(crate) fn sections(report: &Report) -> Vec<(Section, Vec<&ItemReport>)> {
    Section::ALL
        .into_iter()
        .chain([Section::Own])
        .map(|section| (section, report.items.iter().filter(|item| item.section == section).collect()))
        .filter(|(_, items): &(Section, Vec<&ItemReport>)| !items.is_empty())
        .collect()
}

/// What is known of a piece of evidence beside its sentence and place: `proven in production, for api, stale`.
pub(crate) fn provenance(evidence: &Evidence) -> String {
    let mut words = evidence.rung.name().to_owned();
    match evidence.environment {
        seaworthy_model::Environment::Repository => {}
        seaworthy_model::Environment::Scratch => words.push_str(" in a scratch environment"),
        seaworthy_model::Environment::Staging => words.push_str(" on staging"),
        seaworthy_model::Environment::Production => words.push_str(" in production"),
    }
    if let Some(component) = &evidence.component {
        words.push_str(", ");
        words.push_str(component);
    }
    if let Some(by) = &evidence.by {
        words.push_str(", by ");
        words.push_str(by);
    }
    if let Some(at) = evidence.at {
        words.push_str(&format!(", {}", day(at)));
    }
    if let Some(expires) = evidence.expires {
        words.push_str(&format!(", until {}", day(expires)));
    }
    if evidence.stale {
        words.push_str(", stale: counts for nothing");
    }
    words
}

/// The day of an instant, `YYYY-MM-DD` in UTC.
pub(crate) fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A file's path as seen from where the program was started, so that a terminal or an editor can open it.
pub(crate) fn from_here(report: &Report, path: &str) -> String {
    let subject = &report.subject;
    let below =
        |folder: &String| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
    match subject.path.as_deref().map(|base| base.trim_end_matches('/')) {
        Some(base) if !matches!(base, "" | ".") && !subject.with.iter().any(below) => {
            format!("{base}/{path}")
        }
        _ => path.to_owned(),
    }
}

/// A location as seen from where the program was started: `path:line:column`.
pub(crate) fn location_from_here(report: &Report, location: &Location) -> String {
    match location {
        Location::File { path, line, column } => {
            Location::File { path: from_here(report, path), line: *line, column: *column }.to_string()
        }
        other => other.to_string(),
    }
}
