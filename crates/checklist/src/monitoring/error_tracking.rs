use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, Location, System};
use seaworthy_model::{ItemId, Section};

use super::products;
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `monitoring.error-tracking`
pub static ITEM: Item = Item {
    id: ItemId::new("monitoring.error-tracking"),
    section: Section::Monitoring,
    question: "Unhandled errors reach an error tracker",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Capabilities],
    remedy: "Initialise an error tracker on the server.",
    page: include_str!("error_tracking.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "error trackers (Sentry, Bugsnag, Rollbar, Honeybadger, Airbrake, Raygun, AppSignal, Datadog, New Relic …) that code initialises on the server",
    );
    for part in parts::servers(system) {
        part.begin(&mut findings);
        of_part(&part, system, capabilities, &mut findings);
    }
    Ok(findings)
}

fn of_part(part: &Part<'_>, system: &System, capabilities: &Capabilities, findings: &mut Findings) {
    let server = part.components().any(|component| component.ships && component.runs());
    let mut browser = capabilities
        .of("error-tracking-browser")
        .filter_map(|product| Some((product, part.used(product)?)))
        .collect::<Vec<_>>();
    for product in capabilities.of("error-tracking") {
        let (there, here): (Vec<_>, Vec<_>) = product
            .used
            .iter()
            .filter(|at| part.holds(at))
            .partition(|at| server && is_for_browsers(system, at));
        // The file that names the server says it best.
        let best =
            here.iter().find(|at| at.path().is_some_and(|path| path.contains("server"))).or(here.first());
        if let Some(at) = best {
            findings
                .supports(format!("{} takes the errors of the server ({})", product.name, product.docs), at);
        } else if let Some(at) = there.first() {
            browser.push((product, at));
        }
    }
    if !findings.has_evidence_here() {
        products::explain_absence(
            findings,
            part,
            capabilities,
            "error-tracking",
            "no error tracker was found",
        );
        if let Some((product, at)) = browser.first() {
            if server {
                findings.contradicts(
                    format!(
                        "{} sees errors of the browser only: nothing takes those of the server",
                        product.name
                    ),
                    at,
                );
            } else {
                findings.supports(
                    format!("{} takes the errors of the front end ({})", product.name, product.docs),
                    at,
                );
            }
        }
    }
}

/// A place whose code runs in browsers: by the conventions of frameworks that have both sides, or because its component
/// has no server.
fn is_for_browsers(system: &System, at: &Location) -> bool {
    let Some(path) = at.path() else { return false };
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.contains(".client.")
        || name.contains("-client.")
        || matches!(name.rsplit('.').next(), Some("vue" | "svelte" | "astro" | "html"))
    {
        return true;
    }
    let by_name =
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("client"));
    let within =
        |folder: &str| folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    system
        .components
        .iter()
        .filter(|component| within(&component.folder))
        .max_by_key(|component| if component.folder == "." { 0 } else { component.folder.len() })
        .is_some_and(|component| {
            let server = component.http_server.is_some() || component.worker.is_some();
            component.front_end.is_some() && (by_name || !server)
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, with_products};
    use seaworthy_facts::{Component, Observed};
    use seaworthy_model::Status;

    #[test]
    fn a_tracker_on_the_server_passes() {
        let facts = with_products(&[("error-tracking", "Sentry for Python", Sign::Used("app/settings.py"))]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
    }

    #[test]
    fn a_tracker_in_the_browser_alone_fails_where_there_is_a_server() {
        for sign in [
            ("error-tracking-browser", "Sentry in the browser", Sign::Used("src/main.tsx")),
            ("error-tracking", "Sentry for JavaScript servers", Sign::Used("sentry.client.config.ts")),
        ] {
            let (status, reason) = judged(&ITEM, &with_products(&[sign]));
            assert_eq!(status, Status::Fail);
            assert!(reason.contains("browser only"), "{reason}");
        }
        let mut facts =
            with_products(&[("error-tracking-browser", "Sentry in the browser", Sign::Used("src/main.tsx"))]);
        let front_end = Some(Observed::new("vite".to_owned(), Location::line("package.json", 3)));
        facts.system = System {
            components: vec![Component { front_end, ships: true, ..Component::default() }],
            ..System::default()
        }
        .into();
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
    }

    #[test]
    fn nothing_or_a_switch_that_is_off_fails() {
        assert_eq!(judged(&ITEM, &with_products(&[])).0, Status::Fail);
        let (status, reason) = judged(
            &ITEM,
            &with_products(&[("error-tracking", "Sentry for Python", Sign::Off("ENABLE_SENTRY"))]),
        );
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("ENABLE_SENTRY"), "{reason}");
        let (_, reason) =
            judged(&ITEM, &with_products(&[("error-tracking", "Sentry for Python", Sign::Declared)]));
        assert!(reason.contains("nothing initialises it"), "{reason}");
    }

    #[test]
    fn a_tracker_of_one_server_is_none_of_another() {
        let judged = |path: &'static str| {
            let mut facts = with_products(&[("error-tracking", "Sentry for Python", Sign::Used(path))]);
            let mut system = facts.system.get().unwrap().clone();
            let server = system.components[0].clone();
            system.components = ["api", "mail"]
                .map(|folder| Component { folder: folder.to_owned(), ..server.clone() })
                .into();
            facts.system = system.into();
            judged(&ITEM, &facts)
        };
        let (status, reason) = judged("api/settings.py");
        assert_eq!(status, Status::Fail);
        assert!(reason.starts_with("mail: "), "{reason}");
        assert_eq!(judged("common/errors.py").0, Status::Pass);
    }

    #[test]
    fn a_library_is_not_asked_and_missing_facts_are_unknown() {
        let mut facts = with_products(&[]);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
        assert_eq!(judged(&ITEM, &seaworthy_facts::Facts::default()).0, Status::Unknown);
    }
}
