use seaworthy_facts::{Absent, FactKind, FactView, Infrastructure, LogShape, Logging, System, Unread};
use seaworthy_model::{ItemId, Section};

use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `logging.structured`
pub static ITEM: Item = Item {
    id: ItemId::new("logging.structured"),
    section: Section::Logging,
    question: "Logs are structured",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Logging, FactKind::Infrastructure],
    remedy: "Let the logger write JSON in production.",
    page: include_str!("structured.md"),
    evidence,
};

/// How many places of each kind are shown.
const SHOWN: usize = 5;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::server(system) {
        return Ok(not_applicable);
    }
    let logging = view.get::<Logging>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "loggers that write JSON or logfmt in production (pino, winston, structlog, python-json-logger, loguru, lograge, \
         semantic_logger, Monolog, slog, zap, zerolog, logrus, Logback, Log4j 2, Spring, Quarkus, Serilog, .NET, tracing, \
         logger_json, NestJS), in server code and its configuration, and the conditions around them",
    );
    let infrastructure = view.get::<Infrastructure>().ok();
    let writes = |part: &Part<'_>| {
        let calls = logging.calls_of(|folder| part.holds_path(folder));
        calls.levelled + calls.bare > 0
            || logging.formats.iter().any(|format| part.holds(&format.at))
            || logging.unread.iter().any(|unread| part.holds(&unread.at))
    };
    for part in parts::about(system, parts::servers(system), writes) {
        part.begin(&mut findings);
        of_part(&part, logging, infrastructure, &mut findings);
    }
    Ok(findings)
}

fn of_part(
    part: &Part<'_>,
    logging: &Logging,
    infrastructure: Option<&Infrastructure>,
    findings: &mut Findings,
) {
    let calls = logging.calls_of(|folder| part.holds_path(folder));
    let unread: Vec<Unread> =
        logging.unread.iter().filter(|unread| part.holds(&unread.at)).cloned().collect();
    let formats = || logging.formats.iter().filter(|format| part.holds(&format.at));
    let structured = || formats().filter(|format| format.shape != LogShape::Text);
    for format in structured().filter(|format| format.off.is_none()).take(SHOWN) {
        findings.supports(format!("{} writes {}", format.library, format.shape.name()), &format.at);
    }
    if let Some(infrastructure) = infrastructure {
        functions(part, infrastructure, findings);
    }
    if findings.has_evidence_here() {
        if calls.bare > calls.levelled
            && let Some(print) = calls.bare_places.first()
        {
            findings.note(
                format!("{} bare prints pass the logger by, the first is {}", calls.bare, print.value),
                Some(&print.at),
            );
        }
        return;
    }
    findings.unread(&unread);
    if let Some(format) = structured().next() {
        let off = format.off.as_deref().unwrap_or("off");
        findings.because(format!(
            "{} would write {} at {}, but {off}",
            format.library,
            format.shape.name(),
            format.at
        ));
        findings.remedy(format!("Let {} write {} in production.", format.library, format.shape.name()));
    } else if let Some(format) = formats().find(|format| format.off.is_none()) {
        findings.because(format!(
            "{} at {} writes text for people, and nothing writes JSON or logfmt",
            format.library, format.at
        ));
    } else if let Some(print) = calls.bare_places.first().filter(|_| calls.bare > calls.levelled) {
        findings.because(format!(
            "server code writes its lines with bare prints ({}, the first {} at {}), and nothing sets up JSON or logfmt",
            calls.bare, print.value, print.at
        ));
    } else if let Some(at) = &calls.example {
        findings.because(format!(
            "server code writes lines ({} calls, the first at {at}), and nothing sets up JSON or logfmt",
            calls.levelled
        ));
    } else {
        findings.because("nothing sets up a logger that writes JSON or logfmt");
    }
}

/// AWS Lambda wraps lines into JSON itself where the function asks for it.
fn functions(part: &Part<'_>, infrastructure: &Infrastructure, findings: &mut Findings) {
    let asked = [
        ("aws_lambda_function", "logging_config.log_format"),
        ("aws_lambda_function", "logging_config.0.log_format"),
        ("AWS::Lambda::Function", "LoggingConfig.LogFormat"),
        ("AWS::Serverless::Function", "LoggingConfig.LogFormat"),
    ];
    for (kind, path) in asked {
        for resource in infrastructure.of(kind).filter(|resource| part.holds(&resource.at)) {
            if let Some(setting) = resource.get(path).filter(|setting| is_json(setting.value.as_deref())) {
                findings
                    .supports(format!("Lambda writes the lines of {} as JSON", resource.name), &setting.at);
            }
        }
    }
}

fn is_json(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::logging::test_support::{at, facts, report};
    use seaworthy_facts::{LogCalls, LogFormat, Observed};
    use seaworthy_model::Status;

    fn format(shape: LogShape, off: Option<&str>) -> LogFormat {
        LogFormat {
            library: "pino".to_owned(),
            shape,
            at: at("src/log.ts", 3),
            off: off.map(str::to_owned),
            docs: "https://getpino.io/".to_owned(),
        }
    }

    fn judged(formats: Vec<LogFormat>) -> (Status, String) {
        let report = report(&ITEM, &facts(Logging { formats, ..Logging::default() }));
        (report.status, report.reason)
    }

    #[test]
    fn json_or_logfmt_in_production_passes() {
        assert_eq!(judged(vec![format(LogShape::Json, None)]).0, Status::Pass);
        assert_eq!(
            judged(vec![format(LogShape::Text, None), format(LogShape::Logfmt, None)]).0,
            Status::Pass
        );
    }

    #[test]
    fn text_or_a_switch_that_is_off_fails() {
        assert_eq!(judged(Vec::new()).0, Status::Fail);
        assert_eq!(judged(vec![format(LogShape::Text, None)]).0, Status::Fail);
        let (status, reason) =
            judged(vec![format(LogShape::Json, Some("off by default: only where `LOG_JSON`"))]);
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("LOG_JSON"), "{reason}");
    }

    #[test]
    fn each_server_that_writes_needs_a_format() {
        let calls = |component: &str| LogCalls {
            component: component.to_owned(),
            levelled: 3,
            ..LogCalls::default()
        };
        let judged = |path: &str, writers: &[&str]| {
            let formats = vec![LogFormat { at: at(path, 3), ..format(LogShape::Json, None) }];
            let calls = writers.iter().map(|component| calls(component)).collect();
            let logging = Logging { calls, formats, ..Logging::default() };
            report(&ITEM, &crate::logging::test_support::two_servers(logging)).status
        };
        assert_eq!(judged("api/log.ts", &["api", "mail"]), Status::Fail);
        assert_eq!(judged("api/log.ts", &["api"]), Status::Pass);
        assert_eq!(judged("packages/log/index.ts", &["api", "mail"]), Status::Pass);
    }

    #[test]
    fn an_error_handler_that_prints_an_object_is_no_logger() {
        let calls = LogCalls {
            levelled: 1,
            bare: 0,
            files: 1,
            example: Some(at("src/error-handler.js", 4)),
            ..LogCalls::default()
        };
        let report = report(&ITEM, &facts(Logging { calls: vec![calls], ..Logging::default() }));
        assert_eq!(report.status, Status::Fail);
        assert!(report.reason.contains("error-handler.js"), "{}", report.reason);
        let calls = LogCalls {
            bare: 3,
            bare_places: vec![Observed::new("console.log".to_owned(), at("src/a.js", 1))],
            ..LogCalls::default()
        };
        let report = crate::logging::test_support::report(
            &ITEM,
            &facts(Logging { calls: vec![calls], ..Logging::default() }),
        );
        assert!(report.reason.contains("console.log"), "{}", report.reason);
    }

    #[test]
    fn unknown_for_what_nobody_reads_and_not_applicable_without_a_server() {
        let unread =
            vec![seaworthy_facts::Unread { what: "a server in Scala".to_owned(), at: at("build.sbt", 1) }];
        let report = report(&ITEM, &facts(Logging { unread, ..Logging::default() }));
        assert_eq!(report.status, Status::Unknown);
        let mut library = facts(Logging::default());
        library.system = System::default().into();
        assert_eq!(crate::logging::test_support::report(&ITEM, &library).status, Status::NotApplicable);
    }
}
