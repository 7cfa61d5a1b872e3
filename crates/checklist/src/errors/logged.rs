use std::collections::BTreeMap;

use seaworthy_facts::{
    Absent, Capabilities, Code, CodeMatch, DefaultLog, ErrorDefaults, ErrorHandling, FactKind, FactView,
    Location, Repository, System,
};
use seaworthy_model::{ItemId, Section};

use super::places;
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.logged`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.logged"),
    section: Section::Errors,
    question: "Errors are logged with the request that met them",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[
        FactKind::System,
        FactKind::ErrorHandling,
        FactKind::Code,
        FactKind::Capabilities,
        FactKind::Repository,
    ],
    remedy: "Log errors in one central handler with method, path and request id, and swallow none.",
    page: include_str!("logged.md"),
    evidence,
};

/// Swallowed errors that are few in any code.
const FEW: u64 = 10;
/// One in so many lines is few.
const LINES_FOR_ONE: u64 = 2_000;
/// How many swallowed errors are listed.
const LISTED: usize = 50;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let handling = view.get::<ErrorHandling>()?;
    let code = view.get::<Code>()?;
    let capabilities = view.get::<Capabilities>()?;
    let lines = view.get::<Repository>()?.shipped_lines;
    let mut findings = Findings::new();
    findings.looked_for(
        "central handlers that log an error with its request, what the frameworks in use log by default, and errors \
         that are caught and dropped",
    );
    swallowed(code, lines, &mut findings);
    for part in parts::servers(system) {
        part.begin(&mut findings);
        of_part(&part, system, handling, code, capabilities, &mut findings);
    }
    Ok(findings)
}

/// What a part does with an error that nobody caught.
fn of_part(
    part: &Part<'_>,
    system: &System,
    handling: &ErrorHandling,
    code: &Code,
    capabilities: &Capabilities,
    findings: &mut Findings,
) {
    let mut groups: BTreeMap<&str, Vec<&ErrorDefaults>> = BTreeMap::new();
    for default in handling.defaults.iter().filter(|default| part.has(&default.component)) {
        groups.entry(default.language.as_str()).or_default().push(default);
    }
    // What runs anywhere (a function of a platform) says nothing of the language that it is written in.
    if groups.len() > 1 {
        groups.remove("*");
    }
    let mut supports: Vec<(String, Location)> = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    for (language, defaults) in &groups {
        let here = |found: &&CodeMatch| is_language(language, &found.language) && part.holds(&found.at);
        for found in code.of("default-log-silenced").filter(here) {
            findings.contradicts(found.says.clone(), &found.at);
        }
        let handler = places::in_server(part, system, code, "error-log-context").find(here);
        let product = capabilities.of("error-context").find_map(|product| {
            let at = part.used(product)?;
            Some((product, at))
        });
        let replaced = code.of("default-log-replaced").find(here);
        let by_default = defaults.iter().find(|default| default.logs == DefaultLog::Request);
        if let Some(found) = handler {
            supports.push((found.says.clone(), found.at.clone()));
        } else if let Some((product, at)) = product {
            supports.push((
                format!("{} adds the request to what is logged of an error", product.name),
                at.clone(),
            ));
        } else if let (Some(default), None) = (by_default, replaced) {
            let says = format!(
                "{} logs unhandled errors with method and path by default ({})",
                default.framework, default.link
            );
            supports.push((says, default.at.clone()));
        } else if let Some(found) = replaced {
            missing.push(format!("{} ({}), and logs no method or path itself", found.says, found.at));
        } else {
            missing.push(lacking(defaults, part, code, language));
        }
    }
    if groups.is_empty() {
        let tracker =
            capabilities.of("error-tracking").find_map(|product| Some((product, part.used(product)?)));
        match tracker {
            Some((product, at)) => {
                supports.push((
                    format!("{} gets the errors with the page that they are on", product.name),
                    at.clone(),
                ));
            }
            None => missing.push("nothing logs or reports errors centrally".to_owned()),
        }
    }
    if missing.is_empty() {
        for (says, at) in &supports {
            findings.supports(says.clone(), at);
        }
    } else {
        findings.because(missing.join("; "));
    }
}

/// Lists what is swallowed; too much of it speaks against.
fn swallowed(code: &Code, lines: u64, findings: &mut Findings) {
    let count = code.count("swallowed-error");
    let few = FEW.max(lines / LINES_FOR_ONE);
    for found in code.of("swallowed-error").take(LISTED) {
        if count > few {
            let says = format!(
                "{}: one of {count} swallowed errors in {lines} lines ({few} would be few)",
                found.says
            );
            findings.contradicts(says, &found.at);
        } else {
            findings.note(format!("a swallowed error: {}", found.says), Some(&found.at));
        }
    }
}

/// Whether a file's language is of a framework's.
fn is_language(family: &str, language: &str) -> bool {
    match family {
        "js" => matches!(language, "javascript" | "typescript" | "vue" | "svelte" | "astro"),
        "jvm" => matches!(language, "java" | "kotlin" | "scala"),
        "*" => true,
        family => family == language,
    }
}

/// What these frameworks leave out, in words.
fn lacking(defaults: &[&ErrorDefaults], part: &Part<'_>, code: &Code, language: &str) -> String {
    let mut names: Vec<&str> = defaults.iter().map(|default| default.framework.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    let own = code
        .of("error-handler")
        .find(|found| is_language(language, &found.language) && part.holds(&found.at));
    if let Some(handler) = own {
        return format!("the handler at {} does not log method and path ({names})", handler.at);
    }
    if defaults.iter().any(|default| default.logs == DefaultLog::Error) {
        format!(
            "{names}: the error is logged by default, without the request, and no central handler adds it"
        )
    } else {
        format!("{names}: no central handler logs errors with their request")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::errors::testing::{self, status};
    use seaworthy_facts::Facts;
    use seaworthy_model::Status;

    fn facts(logs: DefaultLog, signs: &[&str]) -> Facts {
        let default = ErrorDefaults {
            framework: "framework".to_owned(),
            language: "js".to_owned(),
            component: ".".to_owned(),
            logs,
            switch: None,
            hides: None,
            link: "https://example.com".to_owned(),
            at: Location::file("app"),
        };
        let handling = ErrorHandling { defaults: vec![default], ..ErrorHandling::default() };
        let signs: Vec<_> = signs.iter().map(|sign| (*sign, "src/server/app.ts", "typescript")).collect();
        Facts { error_handling: handling.into(), ..testing::facts("framework", &signs) }
    }

    #[test]
    fn a_handler_or_a_documented_default_passes() {
        assert_eq!(status(&ITEM, &facts(DefaultLog::Error, &["error-log-context"])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(DefaultLog::Request, &[])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(DefaultLog::Error, &["error-handler"])), Status::Fail);
        assert_eq!(status(&ITEM, &facts(DefaultLog::Nothing, &[])), Status::Fail);
    }

    #[test]
    fn a_default_that_is_replaced_or_silenced_fails() {
        assert_eq!(status(&ITEM, &facts(DefaultLog::Request, &["default-log-replaced"])), Status::Fail);
        let both = ["default-log-replaced", "error-log-context"];
        assert_eq!(status(&ITEM, &facts(DefaultLog::Request, &both)), Status::Pass);
        let silenced = ["default-log-silenced", "error-log-context"];
        assert_eq!(status(&ITEM, &facts(DefaultLog::Error, &silenced)), Status::Fail);
    }

    #[test]
    fn few_swallowed_errors_are_listed_and_many_fail() {
        assert_eq!(status(&ITEM, &facts(DefaultLog::Request, &["swallowed-error"; 10])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(DefaultLog::Request, &["swallowed-error"; 11])), Status::Fail);
        let mut large = facts(DefaultLog::Request, &["swallowed-error"; 11]);
        large.repository = Repository { shipped_lines: 22_000, ..Repository::default() }.into();
        assert_eq!(status(&ITEM, &large), Status::Pass);
    }

    #[test]
    fn browser_code_is_no_handler_of_the_server() {
        let mut facts = facts(DefaultLog::Error, &[]);
        facts.code = testing::code(&[("error-log-context", "src/components/A.tsx", "typescript")]).into();
        assert_eq!(status(&ITEM, &facts), Status::Fail);
    }

    #[test]
    fn a_handler_of_one_server_is_none_of_another() {
        let with = |paths: &[&'static str]| {
            let defaults = ["api", "mail"].map(|component| ErrorDefaults {
                component: component.to_owned(),
                ..facts(DefaultLog::Error, &[]).error_handling.get().unwrap().defaults[0].clone()
            });
            let handling = ErrorHandling { defaults: defaults.to_vec(), ..ErrorHandling::default() };
            let signs: Vec<_> = paths.iter().map(|path| ("error-log-context", *path, "typescript")).collect();
            let facts = Facts { error_handling: handling.into(), ..testing::facts("framework", &signs) };
            status(&ITEM, &testing::two_servers(facts))
        };
        assert_eq!(with(&["api/src/app.ts"]), Status::Fail);
        assert_eq!(with(&["api/src/app.ts", "mail/src/app.ts"]), Status::Pass);
        assert_eq!(with(&["lib/errors.ts"]), Status::Pass);
    }

    #[test]
    fn unknown_without_the_facts_and_not_applicable_without_anything_that_runs() {
        let absent = Facts { code: Default::default(), ..facts(DefaultLog::Request, &[]) };
        assert_eq!(status(&ITEM, &absent), Status::Unknown);
        assert_eq!(status(&ITEM, &testing::nothing()), Status::NotApplicable);
    }
}
