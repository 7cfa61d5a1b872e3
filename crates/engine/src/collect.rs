use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use seaworthy_facts::{Absent, Declared, Facts};
use seaworthy_model::{Cause, CollectorState, Coverage, Note, Subject};
use seaworthy_repo::{Asked, Input};
use serde::{Deserialize, Serialize};

use crate::site::{self, SiteSource};
use crate::{LedgerOptions, read_ledger};

/// What to collect.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// The audited folder, as the user named it; none looks at the site alone.
    pub folder: Option<PathBuf>,
    /// Further folders of the same system.
    pub with: Vec<PathBuf>,
    /// What the owners declare.
    pub declared: Declared,
    /// The change that is judged, where one was named.
    pub change: Option<Asked>,
    /// The running site; none leaves it out.
    pub site: Option<SiteSource>,
    /// The ledger; none leaves it out.
    pub ledger: Option<LedgerOptions>,
    /// The instant as of which records are read.
    pub now: Timestamp,
}

/// Something that happened on the way, for whoever shows progress.
#[derive(Debug, Clone)]
pub enum Event {
    /// A collector begins.
    Started {
        /// Its name.
        collector: &'static str,
    },
    /// A collector came to its end.
    Finished {
        /// How it fared.
        coverage: Coverage,
    },
}

/// What was collected: the half of a run that `seaworthy collect` writes and `seaworthy judge` reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collected {
    /// `seaworthy.facts/1`.
    pub schema: String,
    /// What was audited.
    pub subject: Subject,
    /// When collecting began.
    pub started_at: Timestamp,
    /// How each collector fared.
    pub coverage: Vec<Coverage>,
    /// The facts.
    pub facts: Facts,
}

impl Collected {
    /// The name and version of the format.
    pub const SCHEMA: &'static str = "seaworthy.facts/1";

    /// Whether any collector looked at anything.
    pub fn checked_anything(&self) -> bool {
        self.facts.repository.get().is_ok_and(|repository| repository.read > 0) || self.reached_a_site()
    }

    /// Whether an address of the running site answered, over HTTP or with a handshake.
    pub fn reached_a_site(&self) -> bool {
        self.facts.site.get().is_ok_and(|site| site.answering().next().is_some())
            || self
                .facts
                .tls
                .get()
                .is_ok_and(|tls| tls.endpoints.iter().any(|endpoint| endpoint.unreached.is_none()))
    }
}

/// Runs the read-only collectors.
pub fn collect(
    options: &CollectOptions,
    started_at: Timestamp,
    progress: &mut dyn FnMut(Event),
) -> Collected {
    if options.folder.is_some() {
        progress(Event::Started { collector: "repository" });
    }
    if options.site.is_some() {
        progress(Event::Started { collector: "site" });
    }
    // The site answers while the files are read.
    let (read, seen) = std::thread::scope(|scope| {
        let seen = options.site.as_ref().map(|source| scope.spawn(|| site::look(source)));
        let read = options.folder.as_ref().map(|folder| read_folder(folder, options));
        // A fault there is an absence here.
        (read, seen.map(|seen| seen.join().unwrap_or_else(|_| site::fault())))
    });
    let mut coverages = Vec::new();
    let mut facts = match read {
        Some((facts, coverage)) => {
            progress(Event::Finished { coverage: coverage.clone() });
            coverages.push(coverage);
            facts
        }
        None => {
            let absent = Absent::new(Cause::NotPermitted, "only the running site was looked at, no folder");
            Facts { declared: options.declared.clone().into(), ..Facts::absent(&absent) }
        }
    };
    let mut urls = Vec::new();
    if let Some(seen) = seen {
        urls = seen.urls();
        for coverage in seen.coverage() {
            progress(Event::Finished { coverage: coverage.clone() });
            coverages.push(coverage);
        }
        seen.put_into(&mut facts);
    }
    if let Some(ledger) = &options.ledger {
        progress(Event::Started { collector: "ledger" });
        let (mut records, coverage) = read_ledger(ledger, options.now);
        if let (false, Some(folder)) = (records.entries.is_empty(), &options.folder) {
            bind_to_head(&mut records, &seaworthy_repo::same_code(folder, &ledger.shown));
        }
        facts.records = records.into();
        progress(Event::Finished { coverage: coverage.clone() });
        coverages.push(coverage);
    }
    let repository = facts.repository.get().ok();
    let subject = Subject {
        path: options.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
        with: options.with.iter().map(|folder| folder.to_string_lossy().into_owned()).collect(),
        commit: repository.and_then(|repository| repository.commit.clone()),
        dirty: repository.and_then(|repository| repository.dirty),
        url: urls,
        kind: if options.declared.distributed { "distributed" } else { "service" }.to_owned(),
        since: options.change.as_ref().map(|change| change.since.clone()),
    };
    Collected { schema: Collected::SCHEMA.to_owned(), subject, started_at, coverage: coverages, facts }
}

fn read_folder(folder: &Path, options: &CollectOptions) -> (Facts, Coverage) {
    let input = Input {
        folder: folder.to_owned(),
        with: options.with.clone(),
        declared: options.declared.clone(),
        change: options.change.clone(),
    };
    match catch_unwind(AssertUnwindSafe(|| seaworthy_repo::collect(&input))) {
        Ok(Ok(facts)) => {
            let coverage = repository_coverage(&facts);
            (facts, coverage)
        }
        Ok(Err(error)) => failed(options, error.to_string()),
        Err(_) => failed(options, "a fault in the program: the repository collector panicked".to_owned()),
    }
}

/// A record can only be committed after the commit that it is about. Where nothing but records came since, it is about
/// what is checked out.
fn bind_to_head(records: &mut seaworthy_facts::Records, same: &[String]) {
    let Some(head) = same.first() else { return };
    for entry in &mut records.entries {
        let commit = entry.evidence.subject.as_deref().and_then(|subject| subject.strip_prefix("gitCommit:"));
        if commit.is_some_and(|commit| same.iter().any(|same| same == commit)) {
            entry.evidence.subject = Some(format!("gitCommit:{head}"));
        }
    }
}

fn repository_coverage(facts: &Facts) -> Coverage {
    let Ok(repository) = facts.repository.get() else {
        return Coverage {
            collector: "repository".to_owned(),
            state: CollectorState::Failed,
            detail: "no facts".to_owned(),
            problems: Vec::new(),
        };
    };
    let source = if repository.tracked { "tracked by git" } else { "found by a walk" };
    Coverage {
        collector: "repository".to_owned(),
        state: CollectorState::Ran,
        detail: format!("{} files {source}, {} read", repository.files, repository.read),
        problems: repository
            .problems
            .iter()
            .map(|problem| Note { summary: problem.what.clone(), location: Some(problem.at.clone()) })
            .collect(),
    }
}

fn failed(options: &CollectOptions, why: String) -> (Facts, Coverage) {
    let coverage = Coverage {
        collector: "repository".to_owned(),
        state: CollectorState::Failed,
        detail: why.clone(),
        problems: Vec::new(),
    };
    let absent = Absent::new(Cause::CouldNotRun, why);
    let facts = Facts { declared: options.declared.clone().into(), ..Facts::absent(&absent) };
    (facts, coverage)
}
