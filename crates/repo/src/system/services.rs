//! Object storage, outgoing calls, queues, accounts and people: taken from the capabilities, with what they need beside.

use seaworthy_facts::{Location, Observed, Product};

use super::Seen;
use super::components::is_tool_code;
use super::databases::is_development;
use crate::scan::{Needle, NeedleId, Needles};

/// What shows that people leave data here.
const PEOPLE: &[&str] = &[
    "<form",
    "<Form",
    "form_with",
    "form_for",
    "simple_form_for",
    "set_cookie(",
    "res.cookie(",
    "document.cookie",
    "cookies().set(",
    "http.SetCookie(",
    "setcookie(",
    "ResponseCookie.from",
    "new Cookie(",
    "Cookies.Append(",
    "put_resp_cookie(",
    "response.cookie(",
    "reply.setCookie(",
    "c.SetCookie(",
    "googletagmanager.com/gtag",
    "google-analytics.com",
    "connect.facebook.net",
    "posthog.init(",
    "mixpanel.init(",
    "static.hotjar.com",
    "clarity.ms/tag",
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    people: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let people = PEOPLE
        .iter()
        .map(|text| needles.add(Needle { text: (*text).to_owned(), whole_word: true, per_file: 2 }))
        .collect();
    Plan { people }
}

/// Products of a capability that shipped code uses, each with its first place.
pub fn products(seen: &Seen, capability: &str) -> Vec<Observed<String>> {
    seen.capabilities
        .of(capability)
        .filter_map(|product| place(product).map(|at| Observed::new(product.name.clone(), at.clone())))
        .collect()
}

fn place(product: &Product) -> Option<&Location> {
    product.used.iter().find(|at| at.path().is_some_and(|path| !is_tool_code(path) && !is_development(path)))
}

/// Object storage that holds files of users.
pub fn object_storage(seen: &Seen) -> Vec<Observed<String>> {
    seen.capabilities
        .of("object-storage")
        .filter_map(|product| {
            let at = product.used.iter().find(|at| {
                at.path().is_some_and(|path| !is_tool_code(path) && !is_development(path))
                    && !writes_settings(seen, at)
            })?;
            Some(Observed::new(product.name.clone(), at.clone()))
        })
        .collect()
}

/// An object that the program itself makes up (its own settings, serialised) is no file of a user.
fn writes_settings(seen: &Seen, at: &Location) -> bool {
    let (Some(path), Some(line)) = (at.path(), at.line_number()) else { return false };
    let Some(text) = seen.tree.text_at(path) else { return false };
    let start = (line as usize).saturating_sub(3);
    let window: Vec<&str> = text.lines().skip(start).take(10).collect();
    let window = window.join("\n");
    ["json.dumps(", "JSON.stringify(", "json_encode(", "to_json", "config", "CONFIG"]
        .iter()
        .filter(|mark| window.contains(**mark))
        .count()
        >= 2
}

/// Signs that people leave data: forms, cookies, trackers.
pub fn people(seen: &Seen) -> Vec<Observed<String>> {
    let mut found = Vec::new();
    for (needle, text) in seen.plan.services.people.iter().zip(PEOPLE) {
        let hit = seen.scan.hits(*needle).iter().find(|hit| {
            let file = &seen.tree.files()[hit.file];
            !hit.comment
                && seen.scan.ships(file)
                && file.language.is_some_and(|language| language != "css")
                && !is_tool_code(&file.path)
                && !hit.text.contains("role=\"search\"")
        });
        if let Some(hit) = hit {
            let what = if text.to_ascii_lowercase().contains("form") {
                "a form"
            } else if text.to_ascii_lowercase().contains("cookie") {
                "a cookie"
            } else {
                "a tracker"
            };
            found.push(Observed::new(what.to_owned(), seen.tree.files()[hit.file].at_line(hit.line)));
        }
    }
    found
}
