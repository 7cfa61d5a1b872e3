//! The configuration of a run: `seaworthy.toml`, the policy, the base of a change, and what the command line adds.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use seaworthy_checklist::{AcceptedRisk, GatePolicy, RequiredRung, items, nearest};
use seaworthy_engine::{JudgeOptions, LedgerOptions, RECORDS_FOLDER};
use seaworthy_facts::{Declared, DeclaredProcessor, OwnItem, PLATFORM_KEYS};
use seaworthy_model::{Accepted, ItemId, Location, Note, Report, Section, Status};
use seaworthy_subject::{Config, FILE_NAME, Kind, Names, Policy, load_policy, weakenings};

use crate::arguments::{Audited, Judging};
use crate::failure::Failure;

/// The instant as of which is judged, and whether the user named it.
#[derive(Debug, Clone, Copy)]
pub struct Instant {
    /// The instant.
    pub now: Timestamp,
    /// The user named the day.
    pub as_of: bool,
}

impl Instant {
    /// The end of the named day, or now.
    pub fn read(at: Option<&str>) -> Result<Instant, Failure> {
        let Some(text) = at else { return Ok(Instant { now: Timestamp::now(), as_of: false }) };
        let wrong = || Failure::Usage(format!("--at {text}: no such day; write it as YYYY-MM-DD"));
        let day: Date = text.parse().map_err(|_| wrong())?;
        let now = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_err(|_| wrong())?.timestamp();
        Ok(Instant { now, as_of: true })
    }

    /// The day.
    pub fn day(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }
}

/// Runs with the names that a configuration may use.
pub fn with_names<T>(run: impl FnOnce(Names) -> T) -> T {
    let ids: Vec<&str> = items().map(|item| item.id.as_str()).collect();
    let sections: Vec<&str> = Section::ALL.into_iter().map(Section::name).collect();
    run(Names { items: &ids, sections: &sections, platforms: PLATFORM_KEYS })
}

/// What a run goes by.
#[derive(Debug, Default)]
pub struct Settings {
    /// The configuration with the policy's floors put in.
    pub config: Config,
    /// Weakenings that the change makes, and what the policy took out.
    pub weakened: Vec<Note>,
    /// The change, as the user named it.
    pub since: Option<String>,
    /// The allowed-signers file is read from the base of the change.
    signers_from_base: Option<(String, String)>,
}

/// Reads the configuration of a folder. `config` names another file than the folder's own.
pub fn settings(
    folder: &Path,
    config: Option<&Path>,
    policy: Option<&Path>,
    since: Option<&str>,
    instant: Instant,
) -> Result<Settings, Failure> {
    let own = match config {
        Some(path) => Some((path.display().to_string(), read(path)?)),
        None => {
            let path = folder.join(FILE_NAME);
            match std::fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_file() => Some((path.display().to_string(), read(&path)?)),
                Ok(_) => return Err(Failure::Usage(format!("{}: no regular file", path.display()))),
                Err(_) => None,
            }
        }
    };
    let parse = |path: &str, text: &str| {
        with_names(|names| Config::parse(path, text, names))
            .map_err(|error| Failure::Usage(error.to_string()))
    };
    let head = match &own {
        Some((path, text)) => parse(path, text)?,
        None => Config::default(),
    };
    let mut settings = Settings { config: head, since: since.map(str::to_owned), ..Settings::default() };
    if let (Some(revision), None) = (since, config) {
        let git = |error: seaworthy_subject::GitError| Failure::Usage(format!("--since {revision}: {error}"));
        let base = match seaworthy_subject::file_at(folder, revision, FILE_NAME).map_err(git)? {
            Some(text) => parse(&format!("{FILE_NAME} at {revision}"), &text)?,
            None => Config::default(),
        };
        let path = own.as_ref().map_or_else(|| FILE_NAME.to_owned(), |_| FILE_NAME.to_owned());
        settings.weakened.extend(notes(&path, weakenings(&base, &settings.config)));
        if let Some(signers) = &base.ledger.allowed_signers {
            let before = seaworthy_subject::file_at(folder, revision, signers).map_err(git)?;
            let after = std::fs::read_to_string(folder.join(signers)).ok();
            if before.is_some() && before != after {
                settings.weakened.push(Note {
                    summary: "the change edits the allowed signers; those of its base count".to_owned(),
                    location: Some(Location::file(signers.clone())),
                });
            }
            settings.signers_from_base = before.map(|text| (text, format!("{signers} at {revision}")));
        }
        // What the base says decides; the change cannot judge itself by its own rules.
        settings.config = Config { path: settings.config.path, ..base };
    }
    if let Some(path) = policy {
        let policy: Policy = with_names(|names| load_policy(path, names))
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let (config, remarks) = policy.apply(std::mem::take(&mut settings.config), instant.day());
        settings.config = config;
        settings.weakened.extend(notes(FILE_NAME, remarks));
    }
    Ok(settings)
}

fn notes(path: &str, remarks: Vec<(String, Option<u32>)>) -> Vec<Note> {
    remarks
        .into_iter()
        .map(|(summary, line)| Note {
            summary,
            location: Some(match line {
                Some(line) => Location::line(path, line),
                None => Location::file(path),
            }),
        })
        .collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    const LARGEST: u64 = 1024 * 1024;
    let problem = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(problem("no configuration file (no regular file, or larger than 1 MB)".to_owned()));
    }
    std::fs::read_to_string(path).map_err(|error| problem(format!("cannot be read: {error}")))
}

impl Settings {
    /// What the owners declare, with what the command line adds.
    pub fn declared(&self, audited: &Audited, instant: Instant) -> Result<Declared, Failure> {
        for name in &audited.deploy {
            if !PLATFORM_KEYS.contains(&name.as_str()) {
                let near = PLATFORM_KEYS
                    .iter()
                    .map(|key| (strsim::damerau_levenshtein(name, key), key))
                    .min()
                    .filter(|(distance, _)| *distance <= 2)
                    .map(|(_, key)| format!("did you mean `{key}`?"));
                let help = near.unwrap_or_else(|| format!("known: {}", PLATFORM_KEYS.join(", ")));
                return Err(Failure::Usage(format!("--deploy {name}: there is no such platform; {help}")));
            }
        }
        let deploy =
            if audited.deploy.is_empty() { self.config.app.deploy.clone() } else { audited.deploy.clone() };
        Ok(Declared {
            distributed: self.config.app.kind == Kind::Distributed,
            deploy,
            rpo_hours: self.config.objectives.rpo_hours,
            rto_minutes: self.config.objectives.rto_hours.map(|hours| hours * 60.0),
            large_tables: self.config.large_tables.clone(),
            processors: self
                .config
                .processors
                .iter()
                .map(|processor| DeclaredProcessor {
                    name: processor.name.clone(),
                    agreement: processor.agreement.clone(),
                    date: processor.date.to_string(),
                    at: Some(Location::line(FILE_NAME, processor.line)),
                })
                .collect(),
            items: self
                .config
                .items
                .iter()
                .map(|own| OwnItem {
                    id: own.id.clone(),
                    question: own.question.clone(),
                    priority: own.priority,
                    remedy: own.remedy.clone(),
                    rules: own.rules.clone(),
                    wanted: own.wanted,
                    at: Location::line(FILE_NAME, own.line),
                })
                .collect(),
            remarks: Vec::new(),
            as_of: instant.day().to_string(),
        })
    }

    /// The ledger of a folder.
    pub fn ledger(&self, folder: &Path) -> Result<LedgerOptions, Failure> {
        let ledger = &self.config.ledger;
        let shown = ledger.path.clone().unwrap_or_else(|| RECORDS_FOLDER.to_owned());
        let allowed_signers = match (&self.signers_from_base, &ledger.allowed_signers) {
            (Some(base), _) => Some(base.clone()),
            (None, Some(path)) => Some((read(&folder.join(path))?, path.clone())),
            (None, None) => None,
        };
        Ok(LedgerOptions {
            folder: folder.join(&shown),
            shown,
            allowed_signers,
            require_signature: ledger.require_signature,
        })
    }

    /// How to judge.
    pub fn judging(&self, arguments: &Judging, instant: Instant) -> Result<JudgeOptions, Failure> {
        for only in &arguments.only {
            check_name(only)?;
            if only.starts_with("own.") && !self.config.items.iter().any(|own| own.id == *only) {
                return Err(Failure::Usage(format!("no [[item]] of the configuration is called `{only}`")));
            }
        }
        let config = &self.config;
        let mut priorities = config.gate.priorities.clone();
        if !priorities.contains(&1) {
            priorities.insert(0, 1);
        }
        let gate = GatePolicy {
            priorities,
            require: config
                .gate
                .require
                .iter()
                .map(|required| RequiredRung { target: required.target.clone(), rung: required.rung })
                .collect(),
            strict: arguments.strict || config.gate.strict,
            accepted: config
                .accept
                .iter()
                .map(|accept| AcceptedRisk {
                    item: ItemId::read(accept.item.clone()),
                    accepted: Accepted {
                        reason: accept.reason.clone(),
                        owner: accept.owner.clone(),
                        until: accept.until.to_string(),
                        expired: accept.until < instant.day(),
                    },
                })
                .collect(),
        };
        let baseline = match &arguments.baseline {
            Some(path) => baseline(path)?,
            None => Vec::new(),
        };
        Ok(JudgeOptions {
            as_of: instant.as_of,
            only: arguments.only.clone(),
            gate,
            attestable: config.ledger.attestable.iter().cloned().map(ItemId::read).collect(),
            since: self.since.clone(),
            baseline,
            weakened: self.weakened.clone(),
            ..JudgeOptions::at(instant.now)
        })
    }
}

/// Refuses a name that is no item and no section.
pub fn check_name(name: &str) -> Result<(), Failure> {
    // Items of the owners' own are known once the configuration is read.
    let own = name.starts_with("own.");
    if own || seaworthy_checklist::find(name).is_some() || Section::from_name(name).is_some() {
        return Ok(());
    }
    let help = match nearest(name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`seaworthy list` shows every item".to_owned(),
    };
    Err(Failure::Usage(format!("there is no item or section `{name}`; {help}")))
}

/// The items that were failing or unknown in an earlier report.
fn baseline(path: &Path) -> Result<Vec<(ItemId, Status)>, Failure> {
    let problem = |why: String| Failure::Usage(format!("--baseline {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        problem(format!("no JSON report of this tool: {error}; write one with --format json -o FILE"))
    })?;
    Ok(report
        .items
        .into_iter()
        .filter(|item| matches!(item.status, Status::Fail | Status::Unknown))
        .map(|item| (item.id, item.status))
        .collect())
}
