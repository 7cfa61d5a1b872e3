use seaworthy_facts::{Absent, Code, ErrorHandling, ErrorPage, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.pages`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.pages"),
    section: Section::Errors,
    question: "There are own pages for \"not found\" and \"server error\"",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::ErrorHandling, FactKind::Code, FactKind::Site],
    remedy: "Add a page for 404 and one for 500.",
    page: include_str!("pages.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::pages(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let handling = view.get::<ErrorHandling>()?;
    let code = view.get::<Code>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "pages by the file conventions of the frameworks in use, handlers in code, and error pages of web servers",
    );
    let frameworks = making_pages(system);
    let counts = |page: &&ErrorPage| {
        page.frameworks.is_empty() || page.frameworks.iter().any(|known| frameworks.contains(&known.as_str()))
    };
    let mut pages: Vec<ErrorPage> =
        handling.pages.iter().filter(counts).filter(|page| !page.generated).cloned().collect();
    if frameworks.iter().any(|key| EXPRESS.contains(key)) {
        for (sign, not_found) in [("not-found-handler", true), ("error-handler", false)] {
            pages.extend(code.of(sign).filter(|found| is_script(&found.language)).map(|found| ErrorPage {
                not_found,
                server_error: !not_found,
                frameworks: Vec::new(),
                how: found.says.clone(),
                generated: false,
                at: found.at.clone(),
            }));
        }
    }
    let not_found = pages.iter().find(|page| page.not_found);
    let server_error = pages.iter().find(|page| page.server_error);
    let needs_both =
        !frameworks.iter().all(|key| STATIC_SITES.contains(key)) || system.http_server().is_some();
    match (not_found, server_error) {
        (Some(not_found), Some(server_error)) => {
            findings
                .supports(format!("\"not found\" has a page of its own: {}", not_found.how), &not_found.at);
            findings.supports(
                format!("\"server error\" has a page of its own: {}", server_error.how),
                &server_error.at,
            );
        }
        (Some(not_found), None) if !needs_both => {
            let what =
                "a site of files has a page of its own for \"not found\", and no server that could fail";
            findings.supports(what, &not_found.at);
        }
        (Some(only), None) => {
            findings.because(format!(
                "there is a page for \"not found\" ({}), and none for \"server error\"",
                only.at
            ));
            findings.remedy("Add a page for 500 that works when everything else does not.");
        }
        (None, Some(only)) => {
            findings.because(format!(
                "there is a page for \"server error\" ({}), and none for \"not found\"",
                only.at
            ));
            findings.remedy("Add a page for 404, answered with that status.");
        }
        (None, None) => {
            let of =
                if frameworks.is_empty() { String::new() } else { format!(" ({})", frameworks.join(", ")) };
            findings.because(format!("no page replaces the framework's own for 404 and 500{of}"));
        }
    }
    for page in handling.pages.iter().filter(|page| page.generated) {
        findings.note("this page is what the generator wrote, unchanged", Some(&page.at));
    }
    Ok(findings)
}

/// Generators of sites that are served as files.
const STATIC_SITES: &[&str] = &["hugo", "jekyll", "eleventy", "gatsby"];
/// Frameworks whose handlers are functions with the error as their first argument.
const EXPRESS: &[&str] = &["express", "node-http", "koa", "apollo-server"];

fn is_script(language: &str) -> bool {
    matches!(language, "javascript" | "typescript")
}

/// The frameworks that answer people with pages: servers that render them, else front ends, else every server.
fn making_pages(system: &System) -> Vec<&str> {
    let of = |wanted: &dyn Fn(&seaworthy_facts::Component) -> bool| -> Vec<&str> {
        system
            .components
            .iter()
            .filter(|component| component.ships && wanted(component))
            .flat_map(|component| component.frameworks.iter().map(|framework| framework.value.as_str()))
            .collect()
    };
    let renders = of(&|c| c.front_end.is_some() && c.http_server.is_some());
    if !renders.is_empty() {
        return renders;
    }
    let fronts = of(&|c| c.front_end.is_some());
    if fronts.is_empty() { of(&|c| c.http_server.is_some()) } else { fronts }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::errors::testing::{self, status};
    use seaworthy_facts::{Facts, Location};
    use seaworthy_model::Status;

    fn facts(pages: &[(bool, bool, &str, bool)]) -> Facts {
        let pages = pages
            .iter()
            .map(|(not_found, server_error, framework, generated)| ErrorPage {
                not_found: *not_found,
                server_error: *server_error,
                frameworks: vec![(*framework).to_owned()],
                how: "404.html".to_owned(),
                generated: *generated,
                at: Location::file("404.html"),
            })
            .collect();
        let handling = ErrorHandling { pages, ..ErrorHandling::default() };
        Facts { error_handling: handling.into(), ..testing::facts("rails", &[]) }
    }

    #[test]
    fn both_pages_are_needed() {
        assert_eq!(
            status(&ITEM, &facts(&[(true, false, "rails", false), (false, true, "rails", false)])),
            Status::Pass
        );
        assert_eq!(status(&ITEM, &facts(&[(true, true, "rails", false)])), Status::Pass);
        assert_eq!(status(&ITEM, &facts(&[(true, false, "rails", false)])), Status::Fail);
        assert_eq!(status(&ITEM, &facts(&[])), Status::Fail);
    }

    #[test]
    fn the_generators_pages_and_those_of_other_frameworks_do_not_count() {
        assert_eq!(status(&ITEM, &facts(&[(true, true, "rails", true)])), Status::Fail);
        assert_eq!(status(&ITEM, &facts(&[(true, true, "next", false)])), Status::Fail);
    }

    #[test]
    fn express_answers_with_handlers() {
        let both = [("not-found-handler", "a.js", "javascript"), ("error-handler", "a.js", "javascript")];
        assert_eq!(status(&ITEM, &testing::facts("express", &both)), Status::Pass);
        assert_eq!(status(&ITEM, &testing::facts("express", &both[1..])), Status::Fail);
    }

    #[test]
    fn a_site_of_files_needs_no_page_for_server_errors() {
        let mut site = facts(&[(true, false, "hugo", false)]);
        let mut system = testing::system("hugo");
        system.components[0].http_server = None;
        site.system = system.into();
        assert_eq!(status(&ITEM, &site), Status::Pass);
    }

    #[test]
    fn unknown_without_the_facts_and_not_applicable_without_a_server() {
        let absent = Facts { error_handling: Default::default(), ..testing::facts("rails", &[]) };
        assert_eq!(status(&ITEM, &absent), Status::Unknown);
        assert_eq!(status(&ITEM, &testing::nothing()), Status::NotApplicable);
    }
}
