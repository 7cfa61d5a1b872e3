use seaworthy_facts::{Absent, FactKind, FactView, Logging, Observed, System, Unread};
use seaworthy_model::{ItemId, Section};

use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.levels`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.levels"),
    section: Section::Logging,
    question: "Log lines have levels, and the level can be set",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Logging],
    remedy: "Replace bare prints by calls of a levelled logger.",
    page: include_str!("levels.md"),
    evidence,
};

/// Frameworks whose level is a setting from the start, with what sets it.
const SETTABLE: &[(&str, &str)] = &[
    ("spring-boot", "Spring Boot reads LOGGING_LEVEL_ROOT and logging.level.*"),
    ("quarkus", "Quarkus reads QUARKUS_LOG_LEVEL"),
    ("micronaut", "Micronaut reads LOGGER_LEVELS_*"),
    ("aspnet-core", "ASP.NET Core reads Logging__LogLevel__Default"),
    ("aspnetcore", "ASP.NET Core reads Logging__LogLevel__Default"),
];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::server(system) {
        return Ok(not_applicable);
    }
    let logging = view.get::<Logging>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "in server code (tests, scripts, command-line tools and front-end code apart): calls that name a level against bare \
         prints, and a level that the environment, an option or a settings file sets",
    );
    // What a part does not write has no level.
    let writes = |part: &Part<'_>| {
        let calls = logging.calls_of(|folder| part.holds_path(folder));
        calls.levelled + calls.bare > 0 || logging.unread.iter().any(|unread| part.holds(&unread.at))
    };
    for part in parts::about(system, parts::servers(system), writes) {
        part.begin(&mut findings);
        of_part(&part, logging, &mut findings);
    }
    Ok(findings)
}

fn of_part(part: &Part<'_>, logging: &Logging, findings: &mut Findings) {
    let calls = logging.calls_of(|folder| part.holds_path(folder));
    let unread: Vec<Unread> =
        logging.unread.iter().filter(|unread| part.holds(&unread.at)).cloned().collect();
    findings.unread(&unread);
    let levels = || logging.levels.iter().filter(|level| part.holds(&level.at));
    let counted = format!(
        "{} against {} in {}{} of server code",
        shared::count(calls.levelled, "levelled call"),
        shared::count(calls.bare, "bare print"),
        if calls.sampled { "a sample of " } else { "" },
        shared::count(calls.files, "file")
    );
    let settable = levels()
        .find(|level| level.settable)
        .map(|level| (level.says.clone(), &level.at))
        .or_else(|| framework(part).map(|(says, seen)| (says.to_owned(), &seen.at)));
    let levelled = calls.levelled > calls.bare;
    match (settable, levelled) {
        (Some((says, at)), true) => {
            findings.supports(format!("{counted}; {says}"), at);
        }
        (Some((says, at)), false) if calls.bare == 0 => {
            // Nothing writes a line of its own: what the framework writes has levels.
            findings.supports(format!("no bare prints in server code; {says}"), at);
        }
        (settable, levelled) => {
            let fixed = levels().find(|level| !level.settable);
            let missing = match (&settable, fixed) {
                (Some(_), _) => String::new(),
                (None, Some(level)) => format!("; {} ({})", level.says, level.at),
                (None, None) => "; nothing sets the level from outside the code".to_owned(),
            };
            let prints = calls.bare_places.first().filter(|_| !levelled);
            let first = prints.map(|print| format!(", the first {} at {}", print.value, print.at));
            findings.because(format!("{counted}{}{missing}", first.unwrap_or_default()));
            match (prints, fixed) {
                (Some(print), _) => {
                    findings.remedy(format!(
                        "Replace bare prints ({} at {}) by calls of a levelled logger.",
                        print.value, print.at
                    ));
                }
                (None, _) => {
                    findings.remedy("Let an environment variable such as LOG_LEVEL set the level.");
                }
            }
        }
    }
}

fn framework<'a>(part: &'a Part<'_>) -> Option<(&'static str, &'a Observed<String>)> {
    let frameworks =
        part.components().filter(|component| component.ships).flat_map(|component| &component.frameworks);
    frameworks.into_iter().find_map(|framework| {
        let (_, says) = SETTABLE.iter().find(|(name, _)| *name == framework.value)?;
        Some((*says, framework))
    })
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::logging::test_support::{at, facts, report};
    use seaworthy_facts::{LogCalls, LogLevel};
    use seaworthy_model::Status;

    fn judged(levelled: u64, bare: u64, settable: Option<bool>) -> (Status, String) {
        let calls = LogCalls {
            levelled,
            bare,
            files: 9,
            bare_places: (0..bare).map(|_| Observed::new("print".to_owned(), at("app/a.py", 7))).collect(),
            ..LogCalls::default()
        };
        let levels = settable
            .map(|settable| LogLevel { says: "LOG_LEVEL".to_owned(), settable, at: at("app/settings.py", 2) })
            .into_iter()
            .collect();
        let report = report(&ITEM, &facts(Logging { calls: vec![calls], levels, ..Logging::default() }));
        (report.status, report.reason)
    }

    #[test]
    fn levelled_calls_and_a_level_that_can_be_set_pass() {
        assert_eq!(judged(20, 2, Some(true)).0, Status::Pass);
        assert_eq!(judged(0, 0, Some(true)).0, Status::Pass);
    }

    #[test]
    fn prints_or_a_fixed_level_fail() {
        let (status, reason) = judged(2, 20, Some(true));
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("20 bare prints") && reason.contains("app/a.py:7"), "{reason}");
        assert_eq!(judged(20, 2, Some(false)).0, Status::Fail);
        assert_eq!(judged(20, 2, None).0, Status::Fail);
    }

    #[test]
    fn each_server_needs_its_own() {
        let calls = |component: &str, levelled, bare| LogCalls {
            component: component.to_owned(),
            levelled,
            bare,
            files: 2,
            bare_places: vec![Observed::new("print".to_owned(), at("mail/a.py", 7))],
            ..LogCalls::default()
        };
        let judged = |mail: LogCalls| {
            let level = LogLevel { says: "LOG_LEVEL".to_owned(), settable: true, at: at("compose.yml", 2) };
            let logging = Logging {
                calls: vec![calls("api", 900, 0), mail],
                levels: vec![level],
                ..Logging::default()
            };
            let report = report(&ITEM, &crate::logging::test_support::two_servers(logging));
            (report.status, report.reason)
        };
        assert_eq!(judged(calls("mail", 9, 2)).0, Status::Pass);
        let (status, reason) = judged(calls("mail", 2, 9));
        assert_eq!(status, Status::Fail);
        assert!(reason.starts_with("mail: 2 levelled calls against 9"), "{reason}");
        // What writes nothing has no level.
        assert_eq!(judged(calls("web", 0, 0)).0, Status::Pass);
    }

    #[test]
    fn a_framework_whose_level_is_a_setting() {
        let mut spring = facts(Logging {
            calls: vec![LogCalls { levelled: 5, files: 3, ..LogCalls::default() }],
            ..Logging::default()
        });
        let mut system = spring.system.get().unwrap().clone();
        system.components[0].ships = true;
        system.components[0].frameworks = vec![Observed::new("spring-boot".to_owned(), at("pom.xml", 9))];
        spring.system = system.into();
        assert_eq!(report(&ITEM, &spring).status, Status::Pass);
    }

    #[test]
    fn unknown_for_what_nobody_reads_and_not_applicable_without_a_server() {
        let unread =
            vec![seaworthy_facts::Unread { what: "a server in Scala".to_owned(), at: at("build.sbt", 1) }];
        assert_eq!(report(&ITEM, &facts(Logging { unread, ..Logging::default() })).status, Status::Unknown);
        let mut library = facts(Logging::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
