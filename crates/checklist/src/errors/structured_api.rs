use std::collections::BTreeSet;

use seaworthy_facts::{Absent, Code, CodeMatch, ErrorHandling, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::{places, wire};
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.structured-api`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.structured-api"),
    section: Section::Errors,
    question: "API errors have one shape",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::ErrorHandling, FactKind::Code, FactKind::Site],
    remedy: "Turn errors into one JSON shape in one central place.",
    page: include_str!("structured_api.md"),
    evidence,
};

/// Errors shaped in routes that do not disturb a central shape.
const FEW_INLINE: usize = 5;
/// Answers by helpers that make them the way of the application.
const HELPER_CALLS: usize = 5;
/// How many places are listed.
const LISTED: usize = 20;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::structured_api(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::api(system) {
        return Ok(not_applicable);
    }
    let handling = view.get::<ErrorHandling>()?;
    let code = view.get::<Code>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "one place that turns errors into JSON (handler, filter, advice, error type, shared helpers), frameworks whose \
         default does, and errors that are shaped in each route",
    );
    let answers = |part: &Part<'_>| system.api.iter().any(|sign| part.owns(&sign.at)) || shapes(part, code);
    for part in parts::about(system, parts::servers(system), answers) {
        part.begin(&mut findings);
        of_part(&part, system, handling, code, &mut findings);
    }
    Ok(findings)
}

/// Whether a part's own code answers errors with data.
fn shapes(part: &Part<'_>, code: &Code) -> bool {
    ["error-shape", "error-shape-part", "error-helper", "error-writer", "inline-error"]
        .iter()
        .any(|sign| code.of(sign).any(|found| part.owns(&found.at)))
}

fn of_part(part: &Part<'_>, system: &System, handling: &ErrorHandling, code: &Code, findings: &mut Findings) {
    let seen =
        |sign: &'static str| -> Vec<&CodeMatch> { places::in_server(part, system, code, sign).collect() };
    for leak in seen("error-message-leak").into_iter().take(LISTED) {
        findings.contradicts(leak.says.clone(), &leak.at);
        findings.remedy("Answer errors that carry no status with a general message, and log their own.");
    }
    for shown in seen("error-message-shown").into_iter().take(LISTED) {
        findings.note(shown.says.clone(), Some(&shown.at));
    }
    let about_api = |found: &&&CodeMatch| found.at.path().is_some_and(|path| path.contains("api"));
    for plain in seen("plain-error").iter().filter(about_api).take(LISTED) {
        findings.contradicts(plain.says.clone(), &plain.at);
    }
    let inline = seen("inline-error");
    central(&seen, &inline, findings);
    by_default(part, system, handling, &inline, findings);
    match inline.first() {
        Some(first) if !findings.has_evidence_here() => {
            findings.because(format!(
                "no central place shapes errors; {} are shaped in their routes, the first at {}",
                inline.len(),
                first.at
            ));
        }
        _ => {
            findings.because("no place that turns errors into one JSON shape was found");
        }
    }
}

/// Handlers and helpers of the application's own.
fn central<'a>(
    seen: &dyn Fn(&'static str) -> Vec<&'a CodeMatch>,
    inline: &[&CodeMatch],
    findings: &mut Findings,
) {
    for shape in seen("error-shape").into_iter().take(LISTED) {
        findings.supports(shape.says.clone(), &shape.at);
    }
    // FastAPI answers validation, HTTP errors and the rest in three ways: one handler alone leaves two of them.
    let parts = seen("error-shape-part");
    let kinds: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| {
            ["RequestValidationError", "ValidationError", "HTTPException", "Exception"]
                .into_iter()
                .find(|kind| part.text.contains(kind))
        })
        .collect();
    if let (Some(first), true) = (parts.first(), kinds.len() > 1) {
        findings.supports(format!("exception handlers answer {} kinds of error", kinds.len()), &first.at);
    }
    let helpers = seen("error-helper");
    let scripts = inline.iter().filter(|found| found.language != "go" && found.language != "php").count();
    if let (Some(first), true) =
        (helpers.first(), helpers.len() >= HELPER_CALLS && scripts * 4 <= helpers.len())
    {
        let says = format!(
            "shared helpers answer errors ({} calls, {scripts} errors shaped in routes)",
            helpers.len()
        );
        findings.supports(says, &first.at);
    }
    let plain = inline.iter().filter(|found| found.language == "go").count();
    if let (Some(writer), true) = (seen("error-writer").first(), plain <= FEW_INLINE) {
        findings.supports(writer.says.clone(), &writer.at);
    }
}

/// Frameworks and protocols that give every error one shape.
fn by_default(
    part: &Part<'_>,
    system: &System,
    handling: &ErrorHandling,
    inline: &[&CodeMatch],
    findings: &mut Findings,
) {
    const SHAPED: [(&str, &str); 4] = [
        ("nestjs", "https://docs.nestjs.com/exception-filters"),
        ("fastify", "https://fastify.dev/docs/latest/Reference/Errors/"),
        (
            "spring-boot",
            "https://docs.spring.io/spring-boot/reference/web/servlet.html#web.servlet.spring-mvc.error-handling",
        ),
        ("echo", "https://echo.labstack.com/docs/error-handling"),
    ];
    const PROTOCOLS: [&str; 10] = [
        "GraphQL",
        "Apollo",
        "Graphene",
        "tRPC",
        "Connect",
        "API Platform",
        "Strawberry",
        "Ariadne",
        "gqlgen",
        "Yoga",
    ];
    if inline.len() > FEW_INLINE {
        return;
    }
    for default in handling.defaults.iter().filter(|default| part.has(&default.component)) {
        if let Some((name, link)) = SHAPED.iter().find(|(name, _)| *name == default.framework) {
            findings.supports(
                format!("{name} gives every error one JSON shape by default ({link})"),
                &default.at,
            );
            if *name == "fastify" {
                findings.note(
                    "Fastify sends the message of an error as it is, for status 500 as well, unless a handler replaces it",
                    Some(&default.at),
                );
            }
        }
    }
    for api in system.api.iter().filter(|api| part.holds(&api.at)) {
        if PROTOCOLS.iter().any(|protocol| api.value.contains(protocol)) {
            findings.supports(format!("{} gives errors the shape of its protocol", api.value), &api.at);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::errors::testing::{self, status};
    use seaworthy_facts::{DefaultLog, ErrorDefaults, Facts, Location};
    use seaworthy_model::Status;

    fn with(signs: &[(&str, usize)]) -> Status {
        let signs: Vec<_> = signs
            .iter()
            .flat_map(|(sign, count)| std::iter::repeat_n((*sign, "src/api/a.ts", "typescript"), *count))
            .collect();
        status(&ITEM, &testing::facts("express", &signs))
    }

    #[test]
    fn one_central_place_passes_and_routes_alone_fail() {
        assert_eq!(with(&[("error-shape", 1), ("inline-error", 9)]), Status::Pass);
        assert_eq!(with(&[("inline-error", 9)]), Status::Fail);
        assert_eq!(with(&[]), Status::Fail);
    }

    #[test]
    fn a_message_that_leaks_fails() {
        assert_eq!(with(&[("error-shape", 1), ("error-message-leak", 1)]), Status::Fail);
        assert_eq!(with(&[("error-shape", 1), ("error-message-shown", 1)]), Status::Pass);
        assert_eq!(with(&[("error-shape", 1), ("plain-error", 1)]), Status::Fail);
    }

    #[test]
    fn helpers_count_where_they_are_the_way() {
        assert_eq!(with(&[("error-helper", 20), ("inline-error", 3)]), Status::Pass);
        assert_eq!(with(&[("error-helper", 20), ("inline-error", 9)]), Status::Fail);
        assert_eq!(with(&[("error-helper", 3)]), Status::Fail);
    }

    #[test]
    fn a_framework_that_shapes_by_itself_passes_unless_routes_do_it_their_way() {
        let default = ErrorDefaults {
            framework: "nestjs".to_owned(),
            language: "js".to_owned(),
            component: ".".to_owned(),
            logs: DefaultLog::Error,
            switch: None,
            hides: Some(true),
            link: "https://example.com".to_owned(),
            at: Location::file("app"),
        };
        let facts = |count| {
            let inline = vec![("inline-error", "src/a.ts", "typescript"); count];
            let handling = ErrorHandling { defaults: vec![default.clone()], ..ErrorHandling::default() };
            Facts { error_handling: handling.into(), ..testing::facts("nestjs", &inline) }
        };
        assert_eq!(status(&ITEM, &facts(0)), Status::Pass);
        assert_eq!(status(&ITEM, &facts(9)), Status::Fail);
    }

    #[test]
    fn each_server_with_an_api_needs_its_shape() {
        let with = |signs: &[(&'static str, &'static str)]| {
            let signs: Vec<_> = signs.iter().map(|(sign, path)| (*sign, *path, "typescript")).collect();
            let mut facts = testing::two_servers(testing::facts("express", &signs));
            let mut system = facts.system.get().unwrap().clone();
            system.api.clear();
            system.api.push(seaworthy_facts::Observed::new(
                "routes".to_owned(),
                Location::file("api/src/routes.ts"),
            ));
            facts.system = system.into();
            status(&ITEM, &facts)
        };
        assert_eq!(with(&[("error-shape", "api/src/a.ts")]), Status::Pass);
        let both = [("error-shape", "api/src/a.ts"), ("inline-error", "mail/src/b.ts")];
        assert_eq!(with(&both), Status::Fail);
    }

    #[test]
    fn unknown_without_the_facts_and_not_applicable_without_an_api() {
        let absent = Facts { code: Default::default(), ..testing::facts("express", &[]) };
        assert_eq!(status(&ITEM, &absent), Status::Unknown);
        let mut system = testing::system("express");
        system.api.clear();
        let pages = Facts { system: system.into(), ..testing::facts("express", &[]) };
        assert_eq!(status(&ITEM, &pages), Status::NotApplicable);
    }
}
