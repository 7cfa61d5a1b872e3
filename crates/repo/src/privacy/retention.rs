//! Rules and jobs that end the keeping of data: sentences in policies and documents, code that deletes what is old, and
//! data that expires by itself.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{LegalKind, LegalText, Location, Part, RetentionKind, RetentionRule, Schedules};

use super::places::is_data_flow;
use crate::pages::names;
use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// Ways to say "older than": one stands in nearly all code that deletes by age.
const AGES: &[&str] = &[
    "days.ago",
    "months.ago",
    "month.ago",
    "weeks.ago",
    "year.ago",
    "years.ago",
    "timedelta(",
    "subDays(",
    "subMonths(",
    "subYears(",
    "subWeeks(",
    "AddDays(-",
    "AddMonths(-",
    "AddYears(-",
    "minusDays(",
    "minusMonths(",
    "minusYears(",
    "AddDate(0,",
    "AddDate(-",
    "INTERVAL ",
    "interval '",
    "Duration::days(",
    "Duration::weeks(",
    "older_than",
    "olderThan",
    "retention",
    "Retention",
    "cutoff",
    "days_ago",
    "DateTime.add(",
    "minus({ days",
    "subtract(",
    "24 * 60 * 60 * 1000",
    "86400000",
    "cron.schedule(",
    "DATE_SUB(",
    "date_sub(",
    "threshold",
    "ago(@",
    "make_interval(",
];

/// Data that expires by itself.
const EXPIRY: &[&str] =
    &["expireAfterSeconds", "Prunable", "TimeToLiveSpecification", "timeToLiveAttribute", "TTL "];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    ages: Vec<NeedleId>,
    expiry: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add =
        |text: &&str| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 6 });
    Plan { ages: AGES.iter().map(&mut add).collect(), expiry: EXPIRY.iter().map(&mut add).collect() }
}

/// How many rules of each kind are kept.
const RULES: usize = 12;
/// How many files are read for code that deletes.
const FILES: usize = 1_500;

/// The rules: written ones, then jobs, then what expires.
pub fn collect(
    tree: &Tree,
    scan: &Scan,
    plan: &Plan,
    texts: &[LegalText],
    schedules: &Schedules,
) -> Vec<RetentionRule> {
    let mut rules = written(tree, texts);
    rules.extend(purges(tree, scan, plan, schedules));
    rules.extend(expiry(tree, scan, plan));
    let mut kept: Vec<RetentionRule> = Vec::new();
    rules.sort_by_key(|rule| (rule.kind, !rule.personal, rule.runs.is_none()));
    for rule in rules {
        if kept.iter().filter(|known| known.kind == rule.kind).count() < RULES {
            kept.push(rule);
        }
    }
    kept
}

static SENTENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)[^.]{0,160}\b(?:delet|remov|purg|prun|eras|anonymi[sz]|retain|kept|keep|stor)\w*\b[^.]{0,120}\b(?:after|older than|for (?:up to |at least |at most )?|within|for a (?:period|maximum) of|every)\b[^.]{0,20}\b(?:\d+|one|two|three|six|twelve|thirty|ninety)[ -]?(?:day|week|month|year)s?\b",
    )
    .ok()
});
static DATA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:delet|eras|remov|retain|anonymi[sz])\w*[^.]{0,100}\b(?:accounts?|personal|information|data)\b",
    )
    .ok()
});
static PERSON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:user|account|customer|personal|subscriber|member|profile|visitor|message|contact|order|applicant|participant|patient|student|guest|conversation|submission|comment|ping|event)\w*",
    )
    .ok()
});
static TECHNICAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:logs?|backups?|artifacts?|cach\w*|snapshots?|sessions?|tokens?|metrics?|images?|releases?|certificates?|branches|builds?|containers?|wal|traces?|links?|otp|codes?)\b").ok()
});

/// Terms also say how long what people upload stays in public; a rule there has to be about an account or its data.
fn is_about_data(tree: &Tree, at: &Location) -> bool {
    let (Some(path), Some(line)) = (at.path(), at.line_number()) else { return false };
    let Some(text) = tree.text_at(path) else { return false };
    let line = text.lines().nth((line as usize).saturating_sub(1)).unwrap_or_default();
    DATA.as_ref().is_some_and(|data| data.is_match(line))
}

/// A time, or an event that ends the keeping. "As long as necessary" is neither.
static WHEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:\d+|one|two|three|four|five|six|seven|ten|twelve|thirty|sixty|ninety|un|une|deux|trois|cinq|six|dix|eine?m?|zwei|drei|sechs|dos|tres|cinco)\b[^.]{0,24}\b(?:hours?|days?|weeks?|months?|years?|jours?|mois|ans?|ann[ée]es?|tagen?|wochen?|monat\w*|jahr\w*|d[ií]as?|semanas?|mes(?:es)?|a[ñn]os?|anos?|giorni|mesi|anni|dagen|maanden|jaar)\b|\b(?:until|when|once|after|while|as long as|if|upon|within)\b[^.]{0,80}\b(?:delet|clos|cancel|terminat|remov|deactivat|unsubscrib|withdraw|active|account|membership|subscription|inactiv)|(?:deleted|erased|removed|purged|not (?:stored|kept|retained|saved))[^.]{0,40}\b(?:automatically|immediately|at once|by us)|(?:automatically|immediately) (?:deleted|erased|removed|purged)|indefinitely",
    )
    .ok()
});
/// How far below the first words on keeping its times may stand.
const BELOW: usize = 60;

/// Whether a text that speaks of how long data is kept says when it ends.
fn says_when(tree: &Tree, at: &Location) -> bool {
    let (Some(path), Some(line)) = (at.path(), at.line_number()) else { return false };
    let (Some(text), Some(when)) = (tree.text_at(path), WHEN.as_ref()) else { return false };
    let skipped = (line as usize).saturating_sub(2);
    text.lines().skip(skipped).take(BELOW).any(|line| {
        let line: String = line.chars().take(2_000).collect();
        let lower = line.to_lowercase();
        // How fast questions are answered is no rule on keeping.
        let answers = ["respond", "reply", "answer your", "notify", "notice of"]
            .iter()
            .any(|word| lower.contains(word));
        !answers && when.is_match(&line)
    })
}

/// Sentences in the repository's legal texts, and in documents for operators.
fn written(tree: &Tree, texts: &[LegalText]) -> Vec<RetentionRule> {
    let mut found = Vec::new();
    for text in texts.iter().filter(|text| text.words >= 80 && text.placeholders.is_empty()) {
        let part = text.parts.iter().find(|part| part.part == Part::Retention);
        if let Some(part) = part.filter(|part| {
            (text.kind == LegalKind::Privacy || is_about_data(tree, &part.at)) && says_when(tree, &part.at)
        }) {
            found.push(RetentionRule {
                kind: RetentionKind::Written,
                says: format!("the {} says how long data is kept", text.kind.name()),
                at: part.at.clone(),
                runs: None,
                personal: true,
            });
        }
    }
    let (Some(sentence), Some(person), Some(technical)) =
        (SENTENCE.as_ref(), PERSON.as_ref(), TECHNICAL.as_ref())
    else {
        return found;
    };
    for file in tree.files().iter().filter(|file| is_document(file)) {
        let Some(text) = tree.text(file) else { continue };
        let place = (1u32..).zip(text.lines()).take(20_000).find(|(_, line)| {
            line.len() < 2_000
                && sentence.find(line).is_some_and(|found| {
                    person.is_match(found.as_str()) && !technical.is_match(found.as_str())
                })
        });
        if let Some((number, line)) = place {
            found.push(RetentionRule {
                kind: RetentionKind::Written,
                says: line.trim().chars().take(120).collect(),
                at: file.at_line(number),
                runs: None,
                personal: true,
            });
            if found.len() >= RULES {
                break;
            }
        }
    }
    found
}

/// Documents for those who run it: the readme, runbooks, and what is named after the matter.
fn is_document(file: &File) -> bool {
    let lower = file.path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let depth = lower.matches('/').count();
    matches!(file.extension(), "md" | "mdx" | "rst" | "adoc")
        && matches!(file.class, Class::Documentation | Class::Shipped)
        && (depth == 0 && name.starts_with("readme")
            || ["retention", "gdpr", "data-protection", "data_protection", "privacy", "runbook", "security"]
                .iter()
                .any(|word| name.contains(word)))
}

static DELETES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\bdelete\s+from\b|\.delete\(\)|\.delete_all|delete_all\(|destroy_all|\.deleteMany\(|deleteMany\(|\.destroy\(\s*\{|->delete\(\)|->forceDelete\(|executedelete|deleteby\w*(?:before|lessthan)|deleteall|\.delete\(\s*(?:db|from|users|[A-Z])|\.prune\(|_raw_delete|\.remove\(\{|removeRange|\.from\([^)]*\)\s*\.delete\(|diesel::delete|delete_many|\.del\(\)|delete\w*_in_batches\(",
    )
    .ok()
});
static OLD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:days?|months?|years?|weeks?)\.ago|timedelta\(\s*(?:days|weeks)|sub(?:days|weeks|months|years)\(|add(?:days|months|years)\(\s*-|minus(?:days|months|years|weeks)?\(|adddate\(|interval\b|duration::(?:days|weeks)|older_?than|retention|cutoff|days_ago|datetime\.add\(|subtract\(|\bago\(|make_interval\(|60 \* 60 \* (?:24 \* )?1000|86400000|date_sub\(",
    )
    .ok()
});
static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)@scheduled|@cron\(|@interval\(|setinterval\(|cron\.schedule|node-cron|shared_task|@app\.task|periodic|celery|newticker|time\.tick|backgroundservice|ihostedservice|oban\.worker|applicationjob|sidekiq|perform\(|shouldqueue|bullmq|schedule\(|scheduler|tokio::time::interval|cronjob|:timer\.send_interval|process\.send_after",
    )
    .ok()
});

/// Words of tables that hold no people's data, or hold it only while it is in use.
const PASSING: &[&str] = &[
    "session",
    "cache",
    "token",
    "limit",
    "limits",
    "ratelimit",
    "throttle",
    "throttles",
    "lock",
    "lockout",
    "nonce",
    "otp",
    "code",
    "queue",
    "temp",
    "tmp",
    "metric",
    "migration",
    "idempotency",
    "heartbeat",
    "lease",
    "worker",
    "webhook",
    "delivery",
    "deliveries",
    "build",
    "artifact",
    "release",
    "snapshot",
    "backup",
    "revision",
    "cron",
    "span",
    "trace",
    "telemetry",
    "mfa",
    "totp",
    "reset",
    "invite",
    "invitation",
    "attempt",
    "challenge",
    "key",
    "draft",
    "version",
    "stat",
    "stats",
    "statistic",
    "feed",
    "task",
    "blocklist",
    "denylist",
    "ip",
    "address",
    "bucket",
    "cursor",
    "health",
    "run",
    "execution",
    "job",
    "password",
    "verification",
    "captcha",
    "state",
    "link",
    "presence",
    "outbox",
    "inbox",
];

fn is_passing(subject: &str) -> bool {
    names::words(subject).iter().any(|word| {
        PASSING.contains(&word.as_str()) || word.strip_suffix('s').is_some_and(|word| PASSING.contains(&word))
    })
}

/// Code that deletes what is old.
fn purges(tree: &Tree, scan: &Scan, plan: &Plan, schedules: &Schedules) -> Vec<RetentionRule> {
    let (Some(deletes), Some(old)) = (DELETES.as_ref(), OLD.as_ref()) else { return Vec::new() };
    let mut found: Vec<RetentionRule> = Vec::new();
    let mut read = HashSet::new();
    let mut seen = HashSet::new();
    for hit in plan.ages.iter().flat_map(|needle| scan.hits(*needle)) {
        let file = &tree.files()[hit.file];
        let code =
            file.language.is_some_and(|language| !matches!(language, "css" | "html" | "shell" | "terraform"));
        if hit.comment || !code || !scan.ships(file) || !is_data_flow(&file.path) || read.len() >= FILES {
            continue;
        }
        if hit.text.contains("cron.schedule(") {
            if let Some(rule) = scheduled_in_database(tree, file, hit)
                && seen.insert((hit.file, rule.says.clone()))
            {
                found.push(rule);
            }
            continue;
        }
        if !old.is_match(&hit.text) {
            continue;
        }
        read.insert(hit.file);
        let Some(text) = tree.text(file) else { continue };
        // What deletes by age says both within a few lines.
        let first = (hit.line as usize).saturating_sub(7);
        let window: Vec<&str> = text.lines().skip(first).take(15).collect();
        let Some(offset) = window.iter().position(|line| {
            deletes.is_match(line) && !crate::scan::is_comment(file.language, line.trim_start())
        }) else {
            continue;
        };
        let line = u32::try_from(first + offset + 1).unwrap_or(u32::MAX);
        if !seen.insert((hit.file, line.to_string())) {
            continue;
        }
        let above = window[offset.saturating_sub(4)..=offset].iter().rev();
        let below = window[offset..].iter().skip(1).take(4);
        let told =
            above.chain(below.filter(|_| file.language == Some("elixir"))).find_map(|line| subject(line));
        // A file's name says less than a table's: it has to name people or what they leave.
        let stem = file.name().split('.').next().unwrap_or_default();
        let personal = match &told {
            Some(subject) => !is_passing(subject),
            None => {
                !is_passing(stem)
                    && PERSON.as_ref().is_some_and(|person| person.is_match(&names::words(stem).join(" ")))
            }
        };
        let subject = told.unwrap_or_else(|| stem.to_owned());
        found.push(RetentionRule {
            kind: RetentionKind::Purge,
            says: format!("old entries of {subject} are deleted"),
            at: file.at_line(line),
            runs: runs(file, &text, schedules),
            personal,
        });
        if found.len() >= 200 {
            break;
        }
    }
    found
}

/// `cron.schedule('name', …)` of pg_cron, whose name or statement deletes.
fn scheduled_in_database(tree: &Tree, file: &File, hit: &Hit) -> Option<RetentionRule> {
    if file.language != Some("sql") {
        return None;
    }
    let text = tree.text(file)?;
    let statement: Vec<&str> = text.lines().skip((hit.line as usize).saturating_sub(1)).take(12).collect();
    let statement = statement.join(" ").to_lowercase();
    let name = statement.split('\'').nth(1).unwrap_or_default().to_owned();
    let purge = ["delete from", "cleanup", "clean-up", "purge", "prune", "anonym", "retention", "expire"]
        .iter()
        .any(|word| statement.contains(word));
    purge.then(|| RetentionRule {
        kind: RetentionKind::Purge,
        says: format!("pg_cron runs `{}`", name.chars().take(60).collect::<String>()),
        at: file.at_line(hit.line),
        runs: Some(file.at_line(hit.line)),
        personal: !is_passing(&name),
    })
}

static TABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i:delete\s+from\s+)["'`\[{]?([\w.]+)|([A-Z]\w+)(?:\.objects|\.where|::where|::query|\.unscoped|\.older|\.deleteMany|\.destroy)|(?:prisma|db|tx|ctx)\.(\w+)\.delete|\bfrom\(?\s*\w+ in ([A-Z][\w.]+)|from\(["']?(\w+)|delete\(([A-Z]\w+)|Repo\.delete_all|(\w+)(?:Repository|_repository|Repo|_repo)\b|(\w+)_set\b"#,
    )
    .ok()
});

/// The table or model of a statement that deletes.
fn subject(line: &str) -> Option<String> {
    let found = TABLE.as_ref()?.captures(line)?;
    found.iter().skip(1).flatten().next().map(|name| name.as_str().chars().take(60).collect())
}

/// What runs the code: its own timetable, the folder of jobs that it is in, or a schedule that names it.
fn runs(file: &File, text: &str, schedules: &Schedules) -> Option<Location> {
    let lower = file.path.to_ascii_lowercase();
    if lower.split('/').any(|part| {
        matches!(
            part,
            "jobs"
                | "workers"
                | "worker"
                | "cron"
                | "crons"
                | "scheduler"
                | "scheduled"
                | "schedulers"
                | "cronjobs"
                | "periodic"
        )
    }) {
        return Some(file.at());
    }
    let stem = file.name().split('.').next().unwrap_or_default().to_lowercase();
    let named = schedules.jobs.iter().find(|job| {
        stem.len() > 4
            && job.commands.iter().any(|command| format!("{command:?}").to_lowercase().contains(&stem))
    });
    if let Some(job) = named {
        return Some(job.at.clone());
    }
    let line = text.lines().position(|line| RUNS.as_ref().is_some_and(|runs| runs.is_match(line)))?;
    Some(file.at_line(u32::try_from(line + 1).unwrap_or(u32::MAX)))
}

/// Data that the database lets expire.
fn expiry(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<RetentionRule> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for hit in plan.expiry.iter().flat_map(|needle| scan.hits(*needle)) {
        let file = &tree.files()[hit.file];
        let code = file.language.is_some_and(|language| !matches!(language, "css" | "html" | "shell"));
        if hit.comment || !code || !scan.ships(file) || !is_data_flow(&file.path) {
            continue;
        }
        let text = hit.text.trim();
        let counts = if text.contains("TTL ") {
            file.language == Some("sql")
                && (text.contains("INTERVAL") || text.to_lowercase().contains("todatetime("))
        } else if text.contains("Prunable") {
            file.language == Some("php") && (text.starts_with("use ") && !text.contains('\\'))
        } else {
            true
        };
        if !counts || !seen.insert(hit.file) {
            continue;
        }
        let stem = file.name().split('.').next().unwrap_or_default();
        found.push(RetentionRule {
            kind: RetentionKind::Expiry,
            says: format!("entries expire by themselves in {stem}"),
            at: file.at_line(hit.line),
            runs: None,
            personal: !is_passing(stem) && !is_passing(text.split(['.', '(']).next().unwrap_or_default()),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(DATA.is_some() && SENTENCE.is_some() && PERSON.is_some() && TECHNICAL.is_some());
        assert!(WHEN.is_some());
        assert!(DELETES.is_some() && OLD.is_some() && RUNS.is_some() && TABLE.is_some());
    }

    #[test]
    fn as_long_as_necessary_is_no_time() {
        let says = |line: &str| WHEN.as_ref().is_some_and(|when| when.is_match(line));
        for line in [
            "We keep it for 30 days.",
            "Les comptes sont conservés pendant deux ans",
            "We keep your data until you delete your account.",
            "Messages are automatically deleted.",
        ] {
            assert!(says(line), "{line}");
        }
        for line in [
            "We will only retain personal information for as long as necessary for the fulfilment of those purposes.",
            "We will only keep your personal data for as long as:",
            "it is needed for those purposes",
            "How long we keep your data",
        ] {
            assert!(!says(line), "{line}");
        }
    }

    #[test]
    fn subjects_of_statements() {
        assert_eq!(
            subject("        from(r in Shop.Accounts.DeletionRequest,").as_deref(),
            Some("Shop.Accounts.DeletionRequest")
        );
        assert_eq!(subject("DELETE FROM user_events WHERE x").as_deref(), Some("user_events"));
        assert_eq!(
            subject("Message.where('created_at < ?', 1.year.ago).delete_all").as_deref(),
            Some("Message")
        );
        assert_eq!(subject("await prisma.visit.deleteMany({ where: {} })").as_deref(), Some("visit"));
        assert!(is_passing("user_sessions") && !is_passing("messages"));
    }
}
