use seaworthy_facts::{
    Absent, Code, ErrorDefaults, ErrorHandling, FactKind, FactView, Launches, Location, Mode, ModePlace,
    Stage, System,
};
use seaworthy_model::{ItemId, Section};

use super::{places, wire};
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.no-stack-traces`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.no-stack-traces"),
    section: Section::Errors,
    question: "No stack trace, path or query reaches a client",
    priority: 1,
    absence: Absence::Unknown,
    fresh_days: Some(7),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::ErrorHandling, FactKind::Code, FactKind::Launches, FactKind::Site],
    remedy: "Switch debug mode off where it ships and answer errors with a general message.",
    page: include_str!("no_stack_traces.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::no_stack_traces(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let handling = view.get::<ErrorHandling>()?;
    let code = view.get::<Code>()?;
    let launches = view.get::<Launches>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "the mode that images, Compose and platform files and production settings choose, the defaults of the \
         frameworks in use, and answers that carry a stack, a source path or a traceback",
    );
    for sign in ["stack-sent", "debug-on"] {
        for found in code.of(sign).filter(|found| !places::is_tool(&found.at)) {
            findings.contradicts(found.says.clone(), &found.at);
        }
    }
    for view in &handling.views {
        findings.contradicts(view.value.clone(), &view.at);
    }
    findings.unread(&launches.unread);
    debug_runs(code, launches, &mut findings);
    developer_servers(launches, &mut findings);

    let mut supports = Vec::new();
    let mut open = Vec::new();
    let parts = parts::servers(system);
    for default in &handling.defaults {
        let Some(part) = parts.iter().find(|part| part.has(&default.component)) else { continue };
        match judged(default, part, handling, code) {
            Verdict::Shows(says, at) => {
                findings.contradicts(says, &at);
            }
            Verdict::Hides(says, at) => supports.push((says, at)),
            Verdict::Open(why) => open.push(why),
        }
    }
    for component in system.components.iter().filter(|c| c.ships && c.http_server.is_some()) {
        let known = handling.defaults.iter().any(|default| default.component == component.folder);
        if let (false, Some(server)) = (known, &component.http_server) {
            match plain_php(handling, &server.value) {
                Some(mode) if mode.debug == Some(true) => {
                    findings.contradicts(format!("errors are displayed: {}", mode.says), &mode.at);
                }
                Some(mode) => {
                    supports.push((format!("errors are not displayed: {}", mode.says), mode.at.clone()))
                }
                None => open.push(format!(
                    "what {} ({}) shows to clients when nothing is set is not known",
                    server.value, server.at
                )),
            }
        }
    }
    if let (None, Some(front)) = (system.http_server(), system.front_end()) {
        let says = format!("{} is served as files: no server of its own renders errors", front.value);
        supports.push((says, front.at.clone()));
    }
    // One part that cannot be told leaves the whole open.
    if open.is_empty() {
        for (says, at) in &supports {
            findings.supports(says.clone(), at);
        }
    }
    if !findings.has_evidence() {
        findings.because(open.join("; "));
    }
    shared::settle::url(&mut findings);
    Ok(findings)
}

enum Verdict {
    Shows(String, Location),
    Hides(String, Location),
    Open(String),
}

/// What clients see of one framework's unhandled errors.
fn judged(default: &ErrorDefaults, part: &Part<'_>, handling: &ErrorHandling, code: &Code) -> Verdict {
    let name = &default.framework;
    let modes: Vec<&Mode> = handling
        .modes
        .iter()
        .filter(|mode| default.switch.as_ref() == Some(&mode.family) && part.holds(&mode.at))
        .collect();
    let at = |place: ModePlace, debug: bool| {
        modes.iter().find(|mode| mode.place == place && mode.debug == Some(debug))
    };
    for place in [ModePlace::Shipped, ModePlace::CopiedTemplate] {
        if let Some(mode) = at(place, true) {
            return Verdict::Shows(format!("{name} shows errors to clients: {}", mode.says), mode.at.clone());
        }
        if let Some(mode) = at(place, false) {
            return Verdict::Hides(format!("{name} runs in production mode: {}", mode.says), mode.at.clone());
        }
    }
    match (at(ModePlace::Default, true), at(ModePlace::Default, false)) {
        (Some(mode), _) => {
            if let Some(template) = at(ModePlace::Template, false) {
                return Verdict::Open(format!(
                    "{name} shows errors unless told otherwise ({}), and only a template tells it ({})",
                    mode.at, template.at
                ));
            }
            return Verdict::Shows(
                format!("{name} shows errors to clients unless told otherwise: {}", mode.says),
                mode.at.clone(),
            );
        }
        (None, Some(mode)) => {
            if let Some(template) = at(ModePlace::Template, true) {
                return Verdict::Open(format!(
                    "{name} hides errors by default ({}), but the template of its settings shows them ({})",
                    mode.at, template.at
                ));
            }
            return Verdict::Hides(format!("{name} hides errors by default: {}", mode.says), mode.at.clone());
        }
        (None, None) => {}
    }
    if default.hides == Some(true) {
        let says =
            format!("{name} shows clients nothing of an unhandled error by default ({})", default.link);
        return Verdict::Hides(says, default.at.clone());
    }
    let own = code.of("error-handler").find(|found| {
        default.language == "js"
            && matches!(default.switch.as_deref(), Some("node") | None)
            && matches!(found.language.as_str(), "javascript" | "typescript")
            && part.holds(&found.at)
    });
    match own {
        Some(handler) => {
            Verdict::Hides("a handler of the application's own answers errors".to_owned(), handler.at.clone())
        }
        None if default.switch.is_none() => Verdict::Open(format!(
            "{name} answers an unhandled error with the error's own text ({}), which may hold a path or a query ({})",
            default.at, default.link
        )),
        None => Verdict::Open(format!(
            "nothing that ships sets the mode of {name} ({}); its default depends on it ({})",
            default.at, default.link
        )),
    }
}

/// The setting of PHP itself, for what runs without a framework.
fn plain_php<'a>(handling: &'a ErrorHandling, server: &str) -> Option<&'a Mode> {
    let php = server.to_ascii_lowercase().contains("php");
    handling.modes.iter().find(|mode| php && mode.family == "php")
}

/// Starting with the debugger, which counts where nothing else starts the application.
fn debug_runs(code: &Code, launches: &Launches, findings: &mut Findings) {
    const SERVERS: [&str; 8] =
        ["gunicorn", "uwsgi", "waitress", "uvicorn", "hypercorn", "daphne", "mod_wsgi", "granian"];
    let server = launches
        .launches
        .iter()
        .filter(|launch| !launch.development && launch.stage == Stage::Start)
        .find(|launch| {
            launch.commands.iter().any(|command| SERVERS.iter().any(|server| command.text.contains(server)))
        });
    for found in code.of("debug-run").filter(|found| !places::is_tool(&found.at)) {
        match server {
            Some(launch) => findings.note(
                format!("{}; what ships is started by {} instead", found.says, launch.at),
                Some(&found.at),
            ),
            None => findings.contradicts(found.says.clone(), &found.at),
        };
    }
}

/// A server for developers that ships.
fn developer_servers(launches: &Launches, findings: &mut Findings) {
    const DEVELOPER: [&[&str]; 5] =
        [&["next", "dev"], &["nuxt", "dev"], &["nuxi", "dev"], &["astro", "dev"], &["remix", "dev"]];
    for launch in
        launches.launches.iter().filter(|launch| !launch.development && launch.stage == Stage::Start)
    {
        for command in &launch.commands {
            let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
            if DEVELOPER.iter().any(|server| words.starts_with(server)) {
                findings.contradicts(
                    format!("{} starts the server for developers: `{}`", launch.defined_by, words.join(" ")),
                    &launch.at,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::errors::testing::{self, status};
    use seaworthy_facts::{Command, DefaultLog, Facts, Launch};
    use seaworthy_model::Status;

    /// A framework with its switch and default, and modes: value, place.
    fn facts(
        switch: Option<&str>,
        hides: Option<bool>,
        modes: &[(bool, ModePlace)],
        signs: &[&str],
    ) -> Facts {
        let default = ErrorDefaults {
            framework: "framework".to_owned(),
            language: "js".to_owned(),
            component: ".".to_owned(),
            logs: DefaultLog::Error,
            switch: switch.map(str::to_owned),
            hides,
            link: "https://example.com".to_owned(),
            at: Location::file("app"),
        };
        let modes = modes
            .iter()
            .map(|(debug, place)| Mode {
                family: "switch".to_owned(),
                says: "DEBUG".to_owned(),
                debug: Some(*debug),
                place: *place,
                at: Location::line("Dockerfile", 2),
            })
            .collect();
        let handling = ErrorHandling { modes, defaults: vec![default], ..ErrorHandling::default() };
        let signs: Vec<_> = signs.iter().map(|sign| (*sign, "src/app.js", "javascript")).collect();
        Facts { error_handling: handling.into(), ..testing::facts("framework", &signs) }
    }

    fn with(modes: &[(bool, ModePlace)]) -> Status {
        status(&ITEM, &facts(Some("switch"), None, modes, &[]))
    }

    #[test]
    fn what_ships_decides_before_templates_and_defaults() {
        use ModePlace::{CopiedTemplate, Default, Shipped, Template};
        assert_eq!(with(&[(false, Shipped), (true, Default)]), Status::Pass);
        assert_eq!(with(&[(true, Shipped), (false, Default)]), Status::Fail);
        assert_eq!(with(&[(true, CopiedTemplate), (false, Default)]), Status::Fail);
        assert_eq!(with(&[(false, Default)]), Status::Pass);
        assert_eq!(with(&[(true, Default)]), Status::Fail);
        assert_eq!(with(&[(true, Default), (false, Template)]), Status::Unknown);
        assert_eq!(with(&[(false, Default), (true, Template)]), Status::Unknown);
        assert_eq!(with(&[]), Status::Unknown);
    }

    #[test]
    fn a_documented_default_passes_and_a_stack_that_is_sent_fails() {
        assert_eq!(status(&ITEM, &facts(None, Some(true), &[], &[])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(None, Some(true), &[], &["stack-sent"])), Status::Fail);
        assert_eq!(status(&ITEM, &facts(None, Some(true), &[], &["debug-on"])), Status::Fail);
    }

    #[test]
    fn a_handler_of_its_own_replaces_the_one_of_express() {
        assert_eq!(status(&ITEM, &facts(Some("node"), None, &[], &["error-handler"])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(Some("node"), None, &[], &[])), Status::Unknown);
        // And of those that answer with the text of the error.
        assert_eq!(status(&ITEM, &facts(None, None, &[], &["error-handler"])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(None, None, &[], &[])), Status::Unknown);
        // A handler in another language replaces nothing.
        let mut go = facts(None, None, &[], &["error-handler"]);
        let mut handling = go.error_handling.get().unwrap().clone();
        handling.defaults[0].language = "go".to_owned();
        go.error_handling = handling.into();
        assert_eq!(status(&ITEM, &go), Status::Unknown);
    }

    fn launched(facts: Facts, text: &str) -> Status {
        let command = Command {
            words: text.split(' ').map(str::to_owned).collect(),
            text: text.to_owned(),
            at: Location::file("Dockerfile"),
            via: Vec::new(),
            roles: Vec::new(),
            ignored: None,
            missing: None,
            selects_nothing: None,
            condition: None,
        };
        let launch = Launch {
            stage: Stage::Start,
            defined_by: "Dockerfile".to_owned(),
            at: Location::file("Dockerfile"),
            commands: vec![command],
            development: false,
        };
        let launches = Launches { launches: vec![launch], ..Launches::default() };
        status(&ITEM, &Facts { launches: launches.into(), ..facts })
    }

    #[test]
    fn the_debugger_counts_only_where_nothing_else_starts_it() {
        let run = || facts(None, Some(true), &[], &["debug-run"]);
        assert_eq!(status(&ITEM, &run()), Status::Fail);
        assert_eq!(launched(run(), "gunicorn app:app"), Status::Pass);
        assert_eq!(launched(facts(None, Some(true), &[], &[]), "next dev"), Status::Fail);
    }

    #[test]
    fn a_server_whose_default_is_not_known_is_unknown() {
        let handling = ErrorHandling::default();
        let facts = Facts { error_handling: handling.into(), ..testing::facts("rare", &[]) };
        assert_eq!(status(&ITEM, &facts), Status::Unknown);
    }

    #[test]
    fn a_front_end_alone_has_no_server_and_nothing_does_not_apply() {
        let mut system = testing::system("react");
        system.components[0].http_server = None;
        let front = Facts { system: system.into(), ..testing::facts("react", &[]) };
        assert_eq!(status(&ITEM, &front), Status::Pass);
        assert_eq!(status(&ITEM, &testing::nothing()), Status::NotApplicable);
    }
}
