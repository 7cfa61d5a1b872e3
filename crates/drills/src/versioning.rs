//! `drill versioning`: whether a bucket gives back what was overwritten and deleted. Its own word is read, and on a bucket
//! for staging it is tried with one object under a generated name. Nothing else in the bucket is touched.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use seaworthy_ledger::{Environment, Kind, Outcome, Predicate, Rung, Statement, Subject};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::scratch::random;
use crate::storage::{Address, Reach, Store, Version, Versioning};
use crate::{Interrupt, Stop};

/// Days that the result stays good for.
const DAYS: i64 = 30;

/// What the names of the drill's own objects begin with.
const OWN: &str = "seaworthy-drill-";

/// How old what an earlier drill left must be, in hours: another one may be at work.
const OLD: i64 = 24;

/// Words of a name that say that people work with what is in there.
const PRODUCTION: &[&str] = &["prod", "prd", "production", "live"];

/// Words of a name that say that nobody does.
const STAGING: &[&str] = &[
    "staging",
    "stage",
    "stg",
    "test",
    "tests",
    "testing",
    "dev",
    "development",
    "sandbox",
    "qa",
    "uat",
    "ci",
    "preview",
    "scratch",
    "demo",
];

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// The bucket, as `s3://BUCKET`.
    pub location: String,
    /// How it is reached.
    pub reach: Reach,
    /// Only ask the bucket.
    pub only_ask: bool,
    /// The user says that the bucket is for staging.
    pub is_staging: bool,
    /// The moment of the drill.
    pub now: Timestamp,
}

/// What will be done.
#[derive(Debug)]
pub struct Plan {
    order: Order,
    store: Store,
    says: Versioning,
    key: String,
    /// What drills that were killed left behind.
    old: Vec<Version>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The bucket.
    pub bucket: String,
    /// The host that was asked.
    pub host: String,
    /// What the bucket says.
    pub says: Versioning,
    /// What was tried, and held.
    pub tried: Vec<String>,
    /// Why it does not hold.
    pub reason: Option<String>,
    /// What could not be removed.
    pub left: Option<String>,
    /// Versions of earlier drills that were removed.
    pub swept: usize,
    /// Whether the bucket is for staging.
    staging: bool,
    at: Timestamp,
}

fn says(name: &str, words: &[&str]) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        words.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase().as_str())
    })
}

/// Asks the bucket, and writes nothing.
///
/// # Errors
/// Where the bucket is no staging bucket, or does not answer.
pub fn plan(order: Order) -> Result<Plan, Stop> {
    let Some(address) = Address::read(&order.location)? else {
        return Err(Stop::Usage(format!("{}: name a bucket, as s3://BUCKET", order.location)));
    };
    let name = &address.bucket;
    if !order.only_ask {
        if says(name, PRODUCTION) {
            return Err(Stop::Usage(format!(
                "{name} looks like production, and this drill writes and deletes: try it on a bucket for staging that is set up the same \
                 way, or let it --only-ask this one"
            )));
        }
        if !order.is_staging && !says(name, STAGING) {
            return Err(Stop::Usage(format!(
                "{name}: its name does not say that it is for staging, and this drill writes and deletes: --staging says so, and --only-ask \
                 writes nothing"
            )));
        }
    }
    let store = Store::open(name, &order.reach)?;
    let says = store.versioning()?;
    let generated = random().map_err(|error| Stop::CouldNot(format!("no name can be made: {error}")))?;
    let mut plan = Plan { order, store, says, key: format!("{OWN}{generated}/object"), old: Vec::new() };
    if plan.acts() {
        plan.old = left_behind(plan.store.versions_below(OWN)?, plan.order.now);
    }
    Ok(plan)
}

/// Versions of objects with a generated name, of each of which everything is old.
fn left_behind(versions: Vec<Version>, now: Timestamp) -> Vec<Version> {
    let generated = |key: &str| {
        let name = key.strip_prefix(OWN).and_then(|rest| rest.strip_suffix("/object"));
        name.is_some_and(|name| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let old = |version: &Version| version.modified.is_some_and(|at| now.duration_since(at).as_hours() >= OLD);
    let young: Vec<String> =
        versions.iter().filter(|version| !old(version)).map(|version| version.key.clone()).collect();
    versions.into_iter().filter(|version| generated(&version.key) && !young.contains(&version.key)).collect()
}

impl Plan {
    /// Whether anything is written.
    pub fn acts(&self) -> bool {
        !self.order.only_ask && self.says == Versioning::Enabled
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "s3://{} at {} says that versioning is {}.\n",
            self.store.name(),
            self.store.host(),
            self.says.name()
        );
        if self.acts() {
            text.push_str(&format!(
                "The drill will\n  1. write an object of its own, {}, and overwrite it\n  2. delete it\n  3. get its first version back\n  \
                 4. delete every version of this object, and nothing else\n",
                self.key
            ));
            if !self.old.is_empty() {
                text.push_str(&format!(
                    "  5. delete what drills that were killed left more than a day ago: {} versions, under names like {}\n",
                    self.old.len(),
                    self.old[0].key
                ));
            }
        }
        text
    }
}

/// Tries it, and removes what it wrote.
///
/// # Errors
/// An interrupt, or a storage that does not do what it is asked.
pub fn run(plan: &Plan, interrupt: &Interrupt) -> Result<Report, Stop> {
    let mut report = Report {
        bucket: plan.store.name().to_owned(),
        host: plan.store.host(),
        says: plan.says,
        tried: Vec::new(),
        reason: None,
        left: None,
        swept: 0,
        staging: plan.order.is_staging || says(plan.store.name(), STAGING),
        at: plan.order.now,
    };
    if plan.says != Versioning::Enabled {
        report.reason = Some(format!("versioning is {}", plan.says.name()));
        return Ok(report);
    }
    if !plan.acts() {
        return Ok(report);
    }
    for version in &plan.old {
        interrupt.check()?;
        plan.store.delete(&version.key, Some(&version.id))?;
    }
    report.swept = plan.old.len();
    let tried = exercise(plan, interrupt, &mut report);
    report.left = clear(plan);
    tried?;
    Ok(report)
}

fn exercise(plan: &Plan, interrupt: &Interrupt, report: &mut Report) -> Result<(), Stop> {
    let (store, key) = (&plan.store, plan.key.as_str());
    let (first, second) = (format!("first of {key}\n"), format!("second of {key}\n"));
    interrupt.check()?;
    let version = store.put(key, first.as_bytes())?.filter(|version| version != "null");
    interrupt.check()?;
    store.put(key, second.as_bytes())?;
    let Some(version) = version else {
        report.reason = Some("it says that it keeps versions, and gave the object none".to_owned());
        return Ok(());
    };
    report.tried.push("an object was written and overwritten".to_owned());
    interrupt.check()?;
    store.delete(key, None)?;
    interrupt.check()?;
    if store.get(key, None, 1 << 10)?.is_some() {
        report.reason = Some("an object that was deleted is still there".to_owned());
        return Ok(());
    }
    report.tried.push("it was deleted".to_owned());
    match store.get(key, Some(&version), 1 << 10)? {
        Some(content) if content == first.as_bytes() => {
            report.tried.push("its first version came back as it was".to_owned());
        }
        Some(_) => report.reason = Some("the first version came back with another content".to_owned()),
        None => report.reason = Some("the first version is gone".to_owned()),
    }
    Ok(())
}

/// Deletes every version of the drill's own object; says what is left.
fn clear(plan: &Plan) -> Option<String> {
    let removed = || -> Result<usize, Stop> {
        for version in plan.store.versions(&plan.key)? {
            plan.store.delete(&plan.key, Some(&version.id))?;
        }
        Ok(plan.store.versions(&plan.key)?.len())
    };
    match removed() {
        Ok(0) => None,
        Ok(left) => Some(format!("{left} versions of {} are left", plan.key)),
        Err(stop) => Some(format!("versions of {} may be left: {stop}", plan.key)),
    }
}

impl Report {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.reason.is_none()
    }

    /// In one sentence.
    pub fn summary(&self) -> String {
        let bucket = format!("s3://{} at {}", self.bucket, self.host);
        match (&self.reason, self.tried.is_empty()) {
            (Some(reason), _) => format!("{bucket} does not keep what is overwritten and deleted: {reason}"),
            (None, true) => format!("{bucket} says that it keeps versions"),
            (None, false) => format!("{bucket} gave back an object that was overwritten and deleted"),
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("{} — {}\n", if self.holds() { "KEPT" } else { "FAILED" }, self.summary());
        text.push_str(&format!("  · the bucket says: versioning is {}\n", self.says.name()));
        for tried in &self.tried {
            text.push_str(&format!("  ✓ {tried}\n"));
        }
        if let Some(reason) = &self.reason {
            text.push_str(&format!("  ✗ {reason}\n"));
        }
        if self.swept > 0 {
            text.push_str(&format!(
                "  · {} versions that drills which were killed had left were removed\n",
                self.swept
            ));
        }
        match &self.left {
            Some(left) => text.push_str(&format!("  ✗ {left}; remove them by hand\n")),
            None if !self.tried.is_empty() => {
                text.push_str("  · everything that the drill wrote was removed\n")
            }
            None => {}
        }
        text
    }

    /// What goes into the ledger.
    pub fn statement(&self, version: &str) -> Statement {
        let name = format!("s3://{}", self.bucket);
        let digest: String = Sha256::digest(format!("{name} at {}", self.host).as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Statement::new(
            vec![Subject::new(name, "sha256", digest)],
            Predicate {
                item: "backups.file-versioning".to_owned(),
                kind: Kind::Drill,
                rung: if self.tried.is_empty() { Rung::Observed } else { Rung::Proven },
                outcome: if self.holds() { Outcome::Pass } else { Outcome::Fail },
                summary: self.summary().chars().filter(|c| !c.is_control()).take(600).collect(),
                environment: if self.staging { Environment::Staging } else { Environment::Production },
                component: None,
                at: self.at,
                expires: self.at.checked_add((DAYS * 24).hours()).ok(),
                measurements: BTreeMap::from([
                    ("bucket".to_owned(), json!(self.bucket)),
                    ("host".to_owned(), json!(self.host)),
                    ("versioning".to_owned(), json!(self.says)),
                    ("tried".to_owned(), json!(self.tried)),
                ]),
                by: None,
                note: None,
                tool_version: version.to_owned(),
                other: BTreeMap::new(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buckets_say_what_they_are_for() {
        for name in ["acme-prod", "prod1-uploads", "uploads.production", "live-files"] {
            assert!(says(name, PRODUCTION), "{name}");
        }
        assert!(!says("products", PRODUCTION) && !says("delivery", PRODUCTION));
        assert!(says("acme-staging-uploads", STAGING) && says("test2.acme", STAGING));
        assert!(!says("contest", STAGING));
    }
}
