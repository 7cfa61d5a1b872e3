//! Which part of the system a place belongs to.

use seaworthy_facts::{Code, CodeMatch, Location, System};

use crate::parts::Part;

/// Code that runs in browsers only, as far as its place tells.
pub fn in_browser(system: &System, at: &Location) -> bool {
    let Some(path) = at.path() else { return false };
    let component = system.component_of(path);
    if component.is_some_and(|c| c.front_end.is_some() && c.http_server.is_none() && c.worker.is_none()) {
        return true;
    }
    // Where server and pages share a folder, the framework's places for browser code tell them apart.
    let script = ["js", "jsx", "ts", "tsx", "vue", "svelte", "mjs"]
        .iter()
        .any(|extension| path.rsplit('.').next() == Some(extension));
    let elements = ["jsx", "tsx", "vue", "svelte"].iter().any(|e| path.rsplit('.').next() == Some(e));
    let other_server = component.is_some_and(|c| {
        c.ecosystem
            .is_some_and(|e| !matches!(e, seaworthy_facts::Ecosystem::Npm | seaworthy_facts::Ecosystem::Deno))
    });
    let browser = path.split('/').any(|part| {
        matches!(
            part,
            "client"
                | "frontend"
                | "hooks"
                | "components"
                | "assets"
                | "composables"
                | "static"
                | "public"
                | "ui"
                | "store"
                | "stores"
        ) || part == "pages" && elements
    });
    let server = path.split('/').any(|part| {
        matches!(
            part,
            "server" | "api" | "functions" | "backend" | "worker" | "workers" | "jobs" | "edge-functions"
        )
    });
    script && !server && (browser || elements || other_server)
}

/// Whether a part's own code calls services or databases, as far as clients are known.
pub fn calls_out(part: &Part<'_>, system: &System, code: &Code) -> bool {
    system.outgoing_calls.iter().any(|call| part.owns(&call.at))
        || system.databases.iter().any(|database| part.owns(&database.at))
        || ["call-without-limit", "call-with-limit", "call-limited-by-default"].iter().any(|sign| {
            code.of(sign)
                .any(|found| part.owns(&found.at) && !in_browser(system, &found.at) && !is_tool(&found.at))
        })
}

/// What the code of a part shows where servers run it: not in browsers, and not in tools.
pub fn in_server<'a>(
    part: &Part<'_>,
    system: &System,
    code: &'a Code,
    sign: &'a str,
) -> impl Iterator<Item = &'a CodeMatch> {
    code.of(sign)
        .filter(move |found| part.holds(&found.at) && !in_browser(system, &found.at) && !is_tool(&found.at))
}

/// Code that developers run by hand.
pub fn is_tool(at: &Location) -> bool {
    at.path().is_some_and(|path| {
        path.split('/').any(|part| {
            part.starts_with('.')
                || matches!(
                    part,
                    "scripts"
                        | "script"
                        | "tools"
                        | "tooling"
                        | "toolbox"
                        | "bin"
                        | "hack"
                        | "benchmarks"
                        | "seeds"
                )
        })
    })
}
