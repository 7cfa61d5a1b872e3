use seaworthy_facts::{
    Absent, Code, CodeMatch, FactKind, FactView, LogFilter, Logging, Side, System, Unread,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.no-sensitive-data`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.no-sensitive-data"),
    section: Section::Logging,
    question: "Logs hold no secrets and no personal data",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Logging, FactKind::Code],
    remedy: "Add a redaction filter and take sensitive values out of log calls.",
    page: include_str!("no_sensitive_data.md"),
    evidence,
};

/// How many log calls are shown.
const SHOWN: usize = 10;
/// Languages whose log calls no rule reads.
const UNREAD: &[&str] =
    &["kotlin", "scala", "groovy", "fsharp", "swift", "dart", "clojure", "erlang", "perl"];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::server(system) {
        return Ok(not_applicable);
    }
    let logging = view.get::<Logging>()?;
    let code = view.get::<Code>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "log calls in server code whose argument is a password, token, secret, key, card number, authorization header, whole \
         headers, body or environment; loggers of request lines beside addresses that carry a token; redaction filters",
    );
    let mut doubtful: Vec<&CodeMatch> = Vec::new();
    let mut leaks: Vec<&CodeMatch> = Vec::new();
    for found in code.of("sensitive-log-argument") {
        match weigh(found, system) {
            Weight::Leak if !leaks.iter().any(|leak| leak.at == found.at) => leaks.push(found),
            Weight::Leak | Weight::None => {}
            Weight::Doubtful => doubtful.push(found),
        }
    }
    for leak in leaks.iter().take(SHOWN) {
        findings.contradicts(format!("a log call passes `{}`", value(leak)), &leak.at);
    }
    if leaks.len() > SHOWN {
        findings.note(format!("{} more log calls pass a sensitive value", leaks.len() - SHOWN), None);
    }
    // Lines with the address of each request hold the tokens that addresses carry.
    for line in &logging.request_lines {
        let address =
            logging.secret_addresses.iter().find(|address| same_part(system, &line.at, &address.at));
        if let Some(address) = address {
            findings.contradicts(
                format!(
                    "{} writes the address of each request, and `{}` ({}) carries a token",
                    line.value, address.value, address.at
                ),
                &line.at,
            );
        }
    }
    if let Some(leak) = leaks.first() {
        findings.remedy(format!(
            "Take `{}` out of the log call at {}, and add a redaction filter.",
            value(leak),
            leak.at
        ));
    }
    for found in doubtful.iter().take(3) {
        findings.note(
            format!("a log call passes `{}`, which may hold sensitive values", value(found)),
            Some(&found.at),
        );
    }
    let unread = UNREAD.iter().find(|language| code.lines.get(**language).is_some_and(|lines| *lines > 0));
    let working = logging.filters.iter().find(|filter| filter.works());
    for filter in logging.filters.iter().filter(|filter| !filter.works()).take(SHOWN) {
        let why = filter.off.as_deref().unwrap_or("it names no sensitive key that can be read");
        findings.note(format!("{} does not count: {why}", filter.library), Some(&filter.at));
    }
    let calls = logging.calls_of(|_| true);
    let bare = system.servers().find(|server| {
        let covers = |path: &str| system.concerns(path, server);
        !logging.filters.iter().any(|filter| filter.works() && filter.at.path().is_some_and(covers))
    });
    match (working, unread) {
        (Some(filter), Some(language)) => {
            findings.note(says(filter), Some(&filter.at));
            findings.unread(&[Unread {
                what: format!("log calls in {language} are not read"),
                at: filter.at.clone(),
            }]);
        }
        (Some(filter), None) if !doubtful.is_empty() => {
            findings.note(says(filter), Some(&filter.at));
            findings.because(format!(
                "a log call passes `{}` as a whole ({}), and it cannot be told what is in it",
                doubtful.first().map_or_else(String::new, |found| value(found)),
                doubtful.first().map_or_else(String::new, |found| found.at.to_string()),
            ));
        }
        (Some(filter), None) if calls.bare > calls.levelled => {
            findings.note(says(filter), Some(&filter.at));
            findings.because(format!(
                "{}, but most lines pass it by: {} bare prints against {} calls of a logger",
                says(filter),
                calls.bare,
                calls.levelled
            ));
        }
        (Some(filter), None) => match bare {
            Some(server) => {
                findings.note(says(filter), Some(&filter.at));
                findings.because(format!(
                    "no redaction filter was found on the logger of {} ({} has one)",
                    server.folder, filter.at
                ));
            }
            None => {
                findings.supports(
                    format!("{}, and no log call was found that passes a sensitive value", says(filter)),
                    &filter.at,
                );
            }
        },
        (None, _) if !logging.filters.is_empty() => {
            findings.because(
                "no log call that passes a sensitive value was found, but no redaction filter covers one",
            );
        }
        (None, _) => {
            findings.because(
                "no log call that passes a sensitive value was found, but no redaction filter either",
            );
        }
    }
    if leaks.is_empty() {
        findings.settled_by(
            "add a redaction filter to the logger",
            Some("seaworthy explain logging.no-sensitive-data"),
        );
    }
    Ok(findings)
}

/// What a filter covers.
fn says(filter: &LogFilter) -> String {
    if filter.keys.is_empty() {
        format!("{} is set", filter.library)
    } else {
        format!("{} covers {}", filter.library, filter.keys.join(", "))
    }
}

enum Weight {
    Leak,
    Doubtful,
    None,
}

fn value(found: &CodeMatch) -> String {
    found.captures.get("VALUE").cloned().unwrap_or_else(|| found.text.clone())
}

/// What a log call's argument means where the call stands.
fn weigh(found: &CodeMatch, system: &System) -> Weight {
    let path = found.at.path().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    let value = value(found);
    let script = matches!(found.language.as_str(), "javascript" | "typescript" | "vue" | "svelte" | "astro");
    let begins = |words: &[&str]| words.iter().any(|word| found.text.starts_with(word));
    let prints = begins(&[
        "print",
        "puts",
        "pp",
        "p ",
        "fmt.Print",
        "System.",
        "println",
        "eprintln",
        "dbg",
        "IO.",
        "var_dump",
        "dd(",
        "dump(",
        "Console.",
        "console.",
    ]);
    match system.side(path) {
        Side::Browser => return Weight::None,
        Side::Tool if prints || script => return Weight::None,
        Side::Tool | Side::Server => {}
    }
    // Programs that read text or speak with a language model have tokens of another kind.
    let bare = value.trim_start_matches(['$', '@']).eq_ignore_ascii_case("token");
    let other = [
        "lex",
        "pars",
        "tokeniz",
        "tokenis",
        "scanner",
        "syntax",
        "grammar",
        "markdown",
        "template",
        "stream",
        "llm",
        "chat",
        "completion",
    ];
    if bare && other.iter().any(|word| lower.contains(word)) {
        return Weight::None;
    }
    let whole = value.to_ascii_lowercase();
    // The token of a thing (`checkout.token`, `transaction.token`) is as often its public name as a secret.
    if let Some((owner, "token")) = whole.rsplit_once('.') {
        let owner = owner.rsplit(['.', '>', ' ', '_']).next().unwrap_or(owner);
        let holders = [
            "user",
            "session",
            "auth",
            "account",
            "client",
            "request",
            "req",
            "api",
            "invite",
            "invitation",
            "reset",
            "credentials",
            "config",
            "settings",
            "params",
            "body",
            "data",
            "payload",
            "self",
            "this",
            "response",
            "res",
            "env",
            "login",
            "bot",
            "cfg",
            "opts",
            "options",
            "args",
            "result",
            "input",
            "form",
            "query",
            "header",
            "headers",
            "secrets",
            "key",
            "u",
            "c",
            "s",
            "r",
        ];
        if !holders.contains(&owner) {
            return Weight::Doubtful;
        }
    }
    let body = [
        "body",
        "->all()",
        "->input()",
        "->post()",
        "->toarray()",
        ".data",
        ".post",
        ".json",
        ".form",
        "$_post",
        "$_request",
    ]
    .iter()
    .any(|end| whole.ends_with(end))
        || matches!(
            whole.as_str(),
            "params" | "conn" | "conn.params" | "conn.body_params" | "request.raw_post" | "request.body.read"
        );
    if body {
        // Where passwords arrive, or where every request comes by.
        let words = [
            "login",
            "auth",
            "session",
            "register",
            "registration",
            "signup",
            "sign_up",
            "password",
            "account",
            "middleware",
            "exception",
        ];
        return if words.iter().any(|word| lower.contains(word)) || whole.contains("request()->all") {
            Weight::Leak
        } else {
            Weight::Doubtful
        };
    }
    Weight::Leak
}

/// Whether two places belong to the same component.
fn same_part(system: &System, left: &seaworthy_facts::Location, right: &seaworthy_facts::Location) -> bool {
    let folder = |location: &seaworthy_facts::Location| {
        let path = location.path().unwrap_or_default().to_owned();
        let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let held = system
            .components
            .iter()
            .filter(|component| below(&component.folder))
            .map(|component| component.folder.clone());
        held.max_by_key(String::len).unwrap_or_default()
    };
    folder(left) == folder(right)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::logging::test_support::{at, facts, report};
    use seaworthy_facts::{Component, Facts, Observed};
    use seaworthy_model::Status;

    fn passes(path: &str, text: &str, value: &str) -> CodeMatch {
        CodeMatch {
            sign: "sensitive-log-argument".to_owned(),
            rule: "x".to_owned(),
            says: "a log call".to_owned(),
            at: at(path, 8),
            language: "python".to_owned(),
            text: text.to_owned(),
            captures: [("VALUE".to_owned(), value.to_owned())].into(),
        }
    }

    fn filter(path: &str, keys: &[&str]) -> LogFilter {
        LogFilter {
            library: "pino's redact".to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            by_type: false,
            off: None,
            at: at(path, 3),
        }
    }

    #[test]
    fn a_filter_that_covers_nothing_or_that_nothing_uses_does_not_pass() {
        let judged = |filter: LogFilter| {
            let logging = Logging { filters: vec![filter], ..Logging::default() };
            report(&ITEM, &facts(logging)).status
        };
        assert_eq!(judged(filter("src/log.ts", &["password"])), Status::Pass);
        assert_eq!(judged(filter("src/log.ts", &[])), Status::Unknown);
        assert_eq!(judged(LogFilter { by_type: true, ..filter("src/log.ts", &[]) }), Status::Pass);
        let off = Some("nothing loads it".to_owned());
        assert_eq!(judged(LogFilter { off, ..filter("src/log.ts", &["password"]) }), Status::Unknown);
    }

    #[test]
    fn prints_pass_a_filter_by() {
        let calls = seaworthy_facts::LogCalls { levelled: 2, bare: 30, ..Default::default() };
        let filters = vec![filter("src/log.ts", &["password"])];
        let report = report(&ITEM, &facts(Logging { calls: vec![calls], filters, ..Logging::default() }));
        assert_eq!(report.status, Status::Unknown, "{}", report.reason);
    }

    #[test]
    fn each_server_needs_a_filter() {
        let judged = |path: &str| {
            let mut facts =
                facts(Logging { filters: vec![filter(path, &["password"])], ..Logging::default() });
            let mut system = facts.system.get().unwrap().clone();
            let mut server = system.components[0].clone();
            server.ships = true;
            let named = |folder: &str| Component { folder: folder.to_owned(), ..server.clone() };
            let shared = Component { http_server: None, worker: None, ..named("packages/log") };
            system.components = vec![named("apps/api"), named("apps/mail"), shared];
            facts.system = system.into();
            report(&ITEM, &facts).status
        };
        assert_eq!(judged("apps/api/log.ts"), Status::Unknown);
        assert_eq!(judged("packages/log/index.ts"), Status::Pass);
    }

    fn with(filtered: bool, matches: Vec<CodeMatch>) -> Facts {
        let filters = filtered.then(|| filter("src/log.ts", &["password", "token"])).into_iter().collect();
        let mut facts = facts(Logging { filters, ..Logging::default() });
        facts.code = Code { matches, ..Code::default() }.into();
        facts
    }

    #[test]
    fn a_filter_and_no_such_call_passes() {
        assert_eq!(report(&ITEM, &with(true, Vec::new())).status, Status::Pass);
        assert_eq!(report(&ITEM, &with(false, Vec::new())).status, Status::Unknown);
    }

    #[test]
    fn one_such_call_fails_whatever_filter_there_is() {
        let found = passes("app/login.py", "logger.info(password)", "password");
        let report = report(&ITEM, &with(true, vec![found]));
        assert_eq!(report.status, Status::Fail);
        assert!(report.reason.contains("`password`"), "{}", report.reason);
    }

    #[test]
    fn a_whole_body_fails_at_a_login_and_is_unknown_elsewhere() {
        let login = passes("app/auth/views.py", "logger.info(request.data)", "request.data");
        assert_eq!(report(&ITEM, &with(true, vec![login])).status, Status::Fail);
        let orders = passes("app/orders/views.py", "logger.info(request.data)", "request.data");
        assert_eq!(report(&ITEM, &with(true, vec![orders])).status, Status::Unknown);
    }

    #[test]
    fn the_token_of_a_thing_is_doubtful_and_that_of_a_user_is_not() {
        let thing = passes("app/payment/tasks.py", "logger.info(item.token)", "transaction_item.token");
        assert_eq!(report(&ITEM, &with(true, vec![thing])).status, Status::Unknown);
        let user = passes("app/commands/verifiestoken.py", "logger.info(user.token)", "user.token");
        assert_eq!(report(&ITEM, &with(true, vec![user])).status, Status::Fail);
    }

    #[test]
    fn prints_of_scripts_and_tokens_of_parsers_are_none() {
        let script = passes("scripts/make_user.py", "print(password)", "password");
        let lexer = passes("app/lexer.py", "logger.debug(token)", "token");
        assert_eq!(report(&ITEM, &with(true, vec![script, lexer])).status, Status::Pass);
    }

    #[test]
    fn request_lines_beside_addresses_with_tokens_fail() {
        let mut logging = with(true, Vec::new()).logging.get().unwrap().clone();
        logging.request_lines.push(Observed::new("morgan".to_owned(), at("src/app.js", 4)));
        assert_eq!(report(&ITEM, &facts(logging.clone())).status, Status::Pass);
        logging.secret_addresses.push(Observed::new("/reset/:token".to_owned(), at("src/routes.js", 9)));
        assert_eq!(report(&ITEM, &facts(logging)).status, Status::Fail);
    }

    #[test]
    fn unread_languages_do_not_pass() {
        let mut kotlin = with(true, Vec::new());
        kotlin.code = Code { lines: [("kotlin".to_owned(), 90)].into(), ..Code::default() }.into();
        assert_eq!(report(&ITEM, &kotlin).status, Status::Unknown);
        let mut library = with(true, Vec::new());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
