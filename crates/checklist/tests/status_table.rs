//! The rules by which evidence becomes a status, row by row.
//!
//! Each row is: what is tested, the item, the context, what was found, and the status, rung and cause that follow.
#![allow(clippy::unwrap_used)]

use jiff::{Timestamp, ToSpan};
use seaworthy_checklist::{Absence, Attestation, Context, Findings, Floor, Item, VoidOn, judge, settle};
use seaworthy_facts::{Absent, FactView, Facts, RecordEntry, Records, Unread};
use seaworthy_model::{Cause, Environment, Evidence, ItemId, Location, Polarity, Rung, Section, Status};

use Environment::{Production, Scratch, Staging};

/// Rows are judged as of this day; evidence is dated in days before it.
const TODAY: &str = "2026-06-30T12:00:00Z";

fn today() -> Timestamp {
    TODAY.parse().unwrap()
}

fn item() -> Item {
    Item {
        id: ItemId::new("ci.example"),
        section: Section::Ci,
        question: "It holds",
        priority: 2,
        absence: Absence::Unknown,
        fresh_days: Some(30),
        floor: Floor::Configured,
        void_on: VoidOn::Time,
        higher_rung_settles: false,
        attestation: Attestation::ByPolicy,
        operator: false,
        reads: &[],
        remedy: "do it",
        page: "",
        evidence: |_: &FactView| Ok(Findings::new()),
    }
}

fn absence_fails() -> Item {
    Item { absence: Absence::Fail, ..item() }
}

fn floor(floor: Floor) -> Item {
    Item { floor, ..item() }
}

fn void_on(void_on: VoidOn) -> Item {
    Item { void_on, ..item() }
}

fn wire_settles() -> Item {
    Item { higher_rung_settles: true, ..item() }
}

fn operators() -> Item {
    Item { operator: true, ..item() }
}

fn for_people() -> Item {
    Item { attestation: Attestation::Accepted, ..item() }
}

fn usual() -> Context {
    Context {
        now: today(),
        commit: Some("c2".to_owned()),
        migrations_digest: Some("m2".to_owned()),
        deployment: Some("v2".to_owned()),
        distributed: false,
        attestable: Vec::new(),
        change: false,
    }
}

fn no_repository() -> Context {
    Context { commit: None, migrations_digest: None, deployment: None, ..usual() }
}

fn distributed() -> Context {
    Context { distributed: true, ..usual() }
}

fn attestable() -> Context {
    Context { attestable: vec![ItemId::new("ci.example")], ..usual() }
}

fn evidence(rung: Rung, polarity: Polarity) -> Evidence {
    Evidence {
        rung,
        polarity,
        ..Evidence::configured(format!("{} {polarity:?}", rung.name()), Location::line("f", 1))
    }
}

/// Read from the repository's files.
fn configured() -> Evidence {
    evidence(Rung::Configured, Polarity::For)
}

/// There, but nothing runs it.
fn untried() -> Evidence {
    let mut findings = Findings::new();
    findings.untried("a script", &Location::line("f", 1));
    findings.scopes.remove(0).evidence.remove(0)
}

/// Read from the repository's files, and speaking against.
fn contrary() -> Evidence {
    evidence(Rung::Configured, Polarity::Against)
}

/// Read from a running system today.
fn observed() -> Evidence {
    evidence(Rung::Observed, Polarity::For).on(Production).ago(0)
}

/// Exercised today.
fn proven() -> Evidence {
    evidence(Rung::Proven, Polarity::For).on(Scratch).ago(0)
}

/// Exercised today, and it did not work.
fn refuted() -> Evidence {
    evidence(Rung::Proven, Polarity::Against).on(Scratch).ago(0)
}

/// A person's word, given today.
fn attested() -> Evidence {
    evidence(Rung::Attested, Polarity::For).ago(0)
}

trait Says: Sized {
    fn ago(self, days: i64) -> Self;
    fn expired(self, days: i64) -> Self;
    fn on(self, environment: Environment) -> Self;
    fn of(self, component: &str) -> Self;
    fn about(self, subject: &str) -> Self;
    fn recorded(self) -> Self;
    fn at(self, url: &str) -> Self;
}

impl Says for Evidence {
    fn ago(mut self, days: i64) -> Self {
        self.at = Some(today() - (days * 24).hours());
        self
    }
    fn expired(mut self, days_ago: i64) -> Self {
        self.expires = Some(today() - (days_ago * 24).hours());
        self
    }
    fn on(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }
    fn of(mut self, component: &str) -> Self {
        self.component = Some(component.to_owned());
        self
    }
    fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }
    fn at(mut self, url: &str) -> Self {
        self.location = Location::Url { url: url.to_owned() };
        self
    }
    fn recorded(mut self) -> Self {
        self.location = Location::Record { record: ".seaworthy/records/r.json".to_owned() };
        self
    }
}

fn found<const N: usize>(pieces: [Evidence; N]) -> Result<Findings, Absent> {
    let mut findings = Findings::new();
    for piece in pieces {
        findings.add(piece);
    }
    Ok(findings)
}

/// One entry for each component: its name and what was found about it; `None` where the item does not apply to it.
fn components<const N: usize>(parts: [(&str, Option<Vec<Evidence>>); N]) -> Result<Findings, Absent> {
    let mut findings = Findings::new();
    for (name, pieces) in parts {
        findings.component(name);
        match pieces {
            Some(pieces) => pieces.into_iter().for_each(|piece| {
                findings.add(piece);
            }),
            None => {
                findings.scopes.last_mut().unwrap().applies =
                    seaworthy_checklist::Applies::No(format!("{name} has no server"));
            }
        }
    }
    Ok(findings)
}

fn unread(with: Option<Evidence>) -> Result<Findings, Absent> {
    let mut findings = Findings::new();
    findings.unread(&[Unread {
        what: "a Jenkinsfile that is a program".to_owned(),
        at: Location::file("Jenkinsfile"),
    }]);
    if let Some(piece) = with {
        findings.add(piece);
    }
    Ok(findings)
}

type Row = (&'static str, Item, Context, Result<Findings, Absent>, &'static str);

/// `status rung cause`, as in the last column.
fn outcome((_, item, context, found, _): &Row) -> String {
    let judgement = settle(item, found.clone(), context);
    let mut words = format!("{} {}", judgement.status.name(), judgement.rung.name());
    if let Some(cause) = judgement.cause {
        words.push(' ');
        words.push_str(cause.name());
    }
    assert_eq!(
        judgement.cause.is_some(),
        judgement.status == Status::Unknown,
        "unknown always has a cause, others never"
    );
    assert!(!judgement.reason.is_empty(), "there is always a reason");
    words
}

fn walk(rows: Vec<Row>) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let is = outcome(row);
            (is != row.4).then(|| format!("{}: expected `{}`, is `{is}`", row.0, row.4))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
#[rustfmt::skip]
fn rule_1_expired_or_void_support_counts_for_nothing() {
    use VoidOn::{Commit, Deployment, Migrations};
    walk(vec![
        ("fresh proof", item(), usual(), found([proven().ago(29)]), "pass proven"),
        ("proof past the item's freshness", item(), usual(), found([proven().ago(31)]), "unknown none stale"),
        ("proof past its own expiry", item(), usual(), found([proven().expired(1)]), "unknown none stale"),
        ("proof at the instant of its expiry", item(), usual(), found([proven().expired(0)]), "unknown none stale"),
        ("proof before its expiry", item(), usual(), found([proven().expired(-1)]), "pass proven"),
        ("expired proof does not live on; configuration is left", item(), usual(), found([proven().ago(31), configured()]), "pass configured"),
        ("expired proof, configuration is left, below the floor", floor(Floor::Observed), usual(), found([proven().ago(31), configured()]), "unknown configured stale"),
        ("expired proof, contrary configuration is left", item(), usual(), found([proven().ago(31), contrary()]), "fail configured"),
        ("expired proof where absence fails", absence_fails(), usual(), found([proven().ago(31)]), "fail none"),
        ("what files say now does not expire", item(), usual(), found([configured()]), "pass configured"),
        ("an item without freshness: proof lasts", Item { fresh_days: None, ..item() }, usual(), found([proven().ago(900)]), "pass proven"),
        //
        ("proof of this commit", void_on(Commit), usual(), found([proven().about("gitCommit:c2")]), "pass proven"),
        ("proof of another commit", void_on(Commit), usual(), found([proven().about("gitCommit:c1")]), "unknown none stale"),
        ("proof of another commit, where commits void nothing", item(), usual(), found([proven().about("gitCommit:c1")]), "pass proven"),
        ("proof of these migrations", void_on(Migrations), usual(), found([proven().about("migrations:m2")]), "pass proven"),
        ("proof of other migrations", void_on(Migrations), usual(), found([proven().about("migrations:m1")]), "unknown none stale"),
        ("proof of the live version", void_on(Deployment), usual(), found([proven().about("deployment:v2")]), "pass proven"),
        ("proof of a version that is no longer live", void_on(Deployment), usual(), found([proven().about("deployment:v1")]), "unknown none stale"),
        ("no version is known to be live", void_on(Deployment), no_repository(), found([proven().about("deployment:v1")]), "pass proven"),
        //
        ("a record of this commit", void_on(Commit), usual(), found([proven().recorded().about("gitCommit:c2")]), "pass proven"),
        ("a record bound to no commit", void_on(Commit), usual(), found([proven().recorded()]), "unknown none stale"),
        ("a record bound to something else", void_on(Commit), usual(), found([proven().recorded().about("migrations:m2")]), "unknown none stale"),
        ("an undated record bound to no commit", void_on(Commit), usual(), found([Evidence { at: None, ..proven().recorded() }]), "unknown none stale"),
        ("a record bound to no migrations", void_on(Migrations), usual(), found([proven().recorded().about("gitCommit:c2")]), "unknown none stale"),
        ("a record, and no commit to compare with", void_on(Commit), no_repository(), found([proven().recorded().about("gitCommit:c2")]), "unknown none stale"),
        ("a record bound to nothing, where only time voids", item(), usual(), found([proven().recorded()]), "pass proven"),
        ("a record bound to no version", void_on(Deployment), usual(), found([proven().recorded()]), "pass proven"),
        ("seen live in this run, bound to nothing", void_on(Commit), usual(), found([observed()]), "pass observed"),
        ("a person's word about another commit", Item { attestation: Attestation::Accepted, ..void_on(Commit) }, usual(), found([attested().recorded().about("gitCommit:c1")]), "unknown none stale"),
        ("a failure of another commit stands", void_on(Commit), usual(), found([refuted().recorded().about("gitCommit:c1")]), "fail proven"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_2_a_failure_stands_until_newer_support_replaces_it() {
    walk(vec![
        ("older than its freshness", item(), usual(), found([refuted().ago(400)]), "fail proven"),
        ("past its own expiry", item(), usual(), found([refuted().ago(9).expired(3)]), "fail proven"),
        ("replaced by newer support", item(), usual(), found([refuted().ago(9), proven().ago(3)]), "pass proven"),
        ("not by older support", item(), usual(), found([refuted().ago(3), proven().ago(9)]), "fail proven"),
        ("not by support of the same instant", item(), usual(), found([refuted().ago(3), proven().ago(3)]), "fail proven"),
        ("replaced by a higher rung", item(), usual(), found([Evidence { rung: Rung::Observed, ..refuted().ago(9) }, proven().ago(3)]), "pass proven"),
        ("not by a lower rung", item(), usual(), found([refuted().ago(9), observed().on(Scratch).ago(3)]), "fail proven"),
        ("not by what the files say", item(), usual(), found([refuted().ago(9), configured()]), "fail proven"),
        ("not by support about another component", item(), usual(), found([refuted().of("web").ago(9), proven().of("api").ago(3)]), "fail proven"),
        ("not by support from another environment", item(), usual(), found([refuted().on(Staging).ago(9), proven().on(Scratch).ago(3)]), "fail proven"),
        ("not by support that has expired since", item(), usual(), found([refuted().ago(99), proven().ago(60)]), "fail proven"),
        ("not by a person's word", for_people(), usual(), found([refuted().ago(9), attested()]), "fail proven"),
        ("what the files say against is not dated and not replaced", item(), usual(), found([contrary(), proven()]), "fail configured"),
        ("not by what another address of the same run shows", item(), usual(), found([refuted().ago(9).at("https://a.example"), proven().ago(3).at("https://b.example")]), "fail proven"),
        ("the newest of three decides: it failed again", item(), usual(), found([refuted().ago(9), proven().ago(6), refuted().ago(3)]), "fail proven"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_3_contrary_evidence_from_production_always_decides() {
    let against_production = |rung| Evidence { polarity: Polarity::Against, rung, ..observed() };
    walk(vec![
        ("over a clean trial", item(), usual(), found([against_production(Rung::Observed), proven()]), "fail observed"),
        ("over a clean trial, also where a higher rung settles", wire_settles(), usual(), found([against_production(Rung::Observed), proven()]), "fail observed"),
        ("over what the code says", item(), usual(), found([against_production(Rung::Proven), configured()]), "fail proven"),
        ("until production itself is seen to be well", item(), usual(), found([against_production(Rung::Observed).ago(3), observed()]), "pass observed"),
        ("contrary from staging does not, where a higher rung settles", wire_settles(), usual(), found([against_production(Rung::Observed).on(Staging), proven()]), "pass proven"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_4_the_highest_rung_decides_and_on_it_contrary_beats_supporting() {
    walk(vec![
        ("the highest rung is shown", item(), usual(), found([configured(), observed(), proven()]), "pass proven"),
        ("on one rung contrary beats supporting", item(), usual(), found([configured(), contrary()]), "fail configured"),
        ("also when proven both ways", item(), usual(), found([proven(), refuted()]), "fail proven"),
        ("contrary on a lower rung fails", item(), usual(), found([proven(), contrary()]), "fail configured"),
        ("unless the higher rung settles it", wire_settles(), usual(), found([proven(), contrary()]), "pass proven"),
        ("the same rung settles nothing", wire_settles(), usual(), found([configured(), contrary()]), "fail configured"),
        ("a lower rung settles nothing", wire_settles(), usual(), found([configured(), refuted()]), "fail proven"),
        ("an expired higher rung settles nothing", wire_settles(), usual(), found([proven().ago(31), contrary()]), "fail configured"),
        ("a person's word settles nothing", Item { attestation: Attestation::Accepted, ..wire_settles() }, usual(), found([attested(), contrary()]), "fail configured"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_6_floor_absence_and_cause() {
    let absent = |cause| Err(Absent::new(cause, "a collector says why"));
    walk(vec![
        ("below the floor", floor(Floor::Observed), usual(), found([configured()]), "unknown configured untried"),
        ("on the floor", floor(Floor::Observed), usual(), found([observed()]), "pass observed"),
        ("above the floor", floor(Floor::Observed), usual(), found([proven()]), "pass proven"),
        ("there, but nothing runs it", item(), usual(), found([untried()]), "unknown none untried"),
        ("there, but nothing runs it, although absence fails", absence_fails(), usual(), found([untried()]), "unknown none untried"),
        ("one that nothing runs beside one that is run", item(), usual(), found([untried(), configured()]), "pass configured"),
        ("one that nothing runs beside a failure", item(), usual(), found([untried(), contrary()]), "fail configured"),
        ("below the floor, although absence fails", Item { absence: Absence::Fail, ..floor(Floor::Observed) }, usual(), found([configured()]), "unknown configured untried"),
        ("below the floor and contrary", floor(Floor::Observed), usual(), found([configured(), contrary()]), "fail configured"),
        ("the proof has expired", floor(Floor::Observed), usual(), found([configured(), proven().ago(31)]), "unknown configured stale"),
        ("documented and not tried", floor(Floor::ProvenOrAttested), usual(), found([configured()]), "unknown configured untried"),
        ("observed is not enough", floor(Floor::ProvenOrAttested), usual(), found([observed()]), "unknown observed untried"),
        ("tried", floor(Floor::ProvenOrAttested), usual(), found([configured(), proven()]), "pass proven"),
        ("a person vouches that it was tried", Item { attestation: Attestation::Accepted, ..floor(Floor::ProvenOrAttested) }, usual(), found([configured(), attested()]), "pass attested"),
        ("nothing found", item(), usual(), found([]), "unknown none no-evidence"),
        ("nothing found where absence fails", absence_fails(), usual(), found([]), "fail none"),
        ("something that may decide has no reader", item(), usual(), unread(None), "unknown none no-reader"),
        ("no reader, although absence fails", absence_fails(), usual(), unread(None), "unknown none no-reader"),
        ("no reader for one thing, evidence in another", item(), usual(), unread(Some(configured())), "pass configured"),
        ("no reader for one thing, contrary evidence in another", item(), usual(), unread(Some(contrary())), "fail configured"),
        ("not permitted", item(), usual(), absent(Cause::NotPermitted), "unknown none not-permitted"),
        ("could not run, although absence fails", absence_fails(), usual(), absent(Cause::CouldNotRun), "unknown none could-not-run"),
        ("this version has no reader at all", item(), usual(), absent(Cause::NoReader), "unknown none no-reader"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_7_a_persons_word() {
    walk(vec![
        ("machine evidence is possible and the policy is silent", item(), usual(), found([attested()]), "unknown none no-evidence"),
        ("the same where absence fails", absence_fails(), usual(), found([attested()]), "fail none"),
        ("the policy allows it", item(), attestable(), found([attested()]), "pass attested"),
        ("the policy allows it, past the floor", floor(Floor::Observed), attestable(), found([configured(), attested()]), "pass attested"),
        ("only a person can answer", for_people(), usual(), found([attested()]), "pass attested"),
        ("machine evidence ranks above it", for_people(), usual(), found([attested(), configured()]), "pass configured"),
        ("never against contrary configuration", for_people(), usual(), found([attested(), contrary()]), "fail configured"),
        ("never against contrary configuration, whatever the policy", item(), attestable(), found([attested(), contrary()]), "fail configured"),
        ("never against a failed trial", for_people(), usual(), found([attested(), refuted()]), "fail proven"),
        ("expired", for_people(), usual(), found([attested().expired(1)]), "unknown none stale"),
        ("lasts until its own expiry, not the item's freshness", for_people(), usual(), found([attested().ago(60).expired(-30)]), "pass attested"),
    ]);
}

#[test]
#[rustfmt::skip]
fn rule_8_several_components() {
    let some = |pieces: &[Evidence]| Some(pieces.to_vec());
    walk(vec![
        ("one fails", item(), usual(), components([("api", some(&[proven()])), ("web", some(&[contrary()]))]), "fail configured"),
        ("one fails, one is unknown", item(), usual(), components([("api", some(&[])), ("web", some(&[contrary()]))]), "fail configured"),
        ("one was not probed", item(), usual(), components([("api", some(&[proven()])), ("web", some(&[]))]), "unknown none no-evidence"),
        ("one was not probed where absence fails", absence_fails(), usual(), components([("api", some(&[proven()])), ("web", some(&[]))]), "fail none"),
        ("one does not apply", item(), usual(), components([("api", some(&[proven()])), ("lib", None)]), "pass proven"),
        ("none applies", item(), usual(), components([("docs", None), ("lib", None)]), "not-applicable none"),
        ("one unknown, one does not apply", item(), usual(), components([("api", some(&[])), ("lib", None)]), "unknown none no-evidence"),
        ("the rung is the lowest among the passing", item(), usual(), components([("api", some(&[proven()])), ("web", some(&[configured()]))]), "pass configured"),
        ("one is below the floor", floor(Floor::Observed), usual(), components([("api", some(&[proven()])), ("web", some(&[configured()]))]), "unknown configured untried"),
        ("the proof of one has expired", item(), usual(), components([("api", some(&[proven()])), ("web", some(&[proven().ago(31)]))]), "unknown none stale"),
    ]);
}

#[test]
#[rustfmt::skip]
fn what_is_the_operators_does_not_apply_to_distributed_software() {
    walk(vec![
        ("an operator's item", operators(), distributed(), found([contrary()]), "not-applicable none"),
        ("another item", item(), distributed(), found([contrary()]), "fail configured"),
        ("an operator's item of a service", operators(), usual(), found([contrary()]), "fail configured"),
        ("an operator's item that could not be read", operators(), distributed(), Err(Absent::new(Cause::CouldNotRun, "why")), "not-applicable none"),
    ]);
}

#[test]
fn an_item_that_does_not_apply_names_the_fact() {
    let judgement = settle(&item(), Ok(Findings::not_applicable("no database was found")), &usual());
    assert_eq!(
        (judgement.status, judgement.reason.as_str()),
        (Status::NotApplicable, "no database was found")
    );
}

#[test]
fn what_decides_comes_first_and_what_is_stale_last_and_marked() {
    let found = found([configured(), proven().ago(31), proven()]);
    let judgement = settle(&item(), found, &usual());
    let shown: Vec<(Rung, bool)> = judgement.evidence.iter().map(|e| (e.rung, e.stale)).collect();
    assert_eq!(shown, [(Rung::Proven, false), (Rung::Configured, false), (Rung::Proven, true)]);
    let replaced = settle(&item(), self::found([refuted().ago(9), proven()]), &usual());
    assert!(
        replaced.evidence.iter().any(|e| e.polarity == Polarity::Against && e.stale),
        "a replaced failure stays visible"
    );
}

#[test]
fn every_failure_and_every_unknown_with_a_way_out_names_what_settles_it() {
    for (found, settled) in [
        (found([contrary()]), true),
        (found([]), true),
        (found([proven().ago(31)]), true),
        (found([configured()]), false),
        (Ok(Findings::not_applicable("no server")), false),
    ] {
        assert_eq!(settle(&item(), found, &usual()).settled_by.is_some(), settled);
    }
}

/// What the ledger holds joins what the items found themselves.
mod records {
    use super::*;

    const ITEM: &str = "ci.tests";

    fn judged(system: Option<Absent>, pieces: Vec<Evidence>) -> seaworthy_model::ItemReport {
        let entries = pieces
            .into_iter()
            .map(|evidence| RecordEntry {
                item: ItemId::new(ITEM),
                evidence: evidence.recorded(),
                signed_by: None,
                attestation: false,
                probe: false,
            })
            .collect();
        let mut facts =
            Facts { records: Records { entries, ..Records::default() }.into(), ..Facts::default() };
        if let Some(absent) = system {
            facts.system = seaworthy_facts::Collected::Absent(absent.clone());
            facts.pipelines = seaworthy_facts::Collected::Absent(absent);
        }
        judge(&facts, &usual(), &|item| item.id.as_str() == ITEM).remove(0)
    }

    fn broken() -> Option<Absent> {
        Some(Absent::new(Cause::CouldNotRun, "the collector failed"))
    }

    #[test]
    fn a_record_decides_although_the_facts_are_missing() {
        let report = judged(broken(), vec![proven()]);
        assert_eq!((report.status, report.rung), (Status::Pass, Rung::Proven));
    }

    #[test]
    fn a_stale_record_leaves_the_cause_of_the_missing_facts() {
        let report = judged(broken(), vec![proven().ago(400)]);
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::CouldNotRun)));
        assert_eq!(report.evidence.len(), 1, "it stays visible");
    }
}
