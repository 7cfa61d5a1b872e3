//! What is asked besides pages and assets: answers with data, unknown paths, and requests that are wrong on purpose.

use seaworthy_facts::Asked;
use serde_json::Value;
use url::Url;

use crate::http::{Answer, Request};
use crate::probe::{Probe, made_up};
use crate::record;

/// Answers with data that are written down.
const ANSWERS: usize = 3;
/// Where frameworks put the description of an API.
const DESCRIPTIONS: &[&str] = &[
    "/openapi.json",
    "/api/openapi.json",
    "/swagger.json",
    "/v3/api-docs",
    "/swagger/v1/swagger.json",
    "/api-json",
    "/api/schema/?format=json",
];
/// Paths that answer with data in many applications.
const USUAL: &[&str] = &["/api", "/api/v1", "/health", "/healthz", "/api/health"];

/// Looks for answers with data: links, what a description of the API lists, usual paths.
pub fn data(probe: &mut Probe<'_>, links: &[Url]) -> Vec<Url> {
    let mut found: Vec<Url> = Vec::new();
    let linked = links.iter().filter(|url| {
        url.path().split('/').any(|part| matches!(part, "api" | "rest")) || url.path().ends_with(".json")
    });
    let linked: Vec<Url> = linked.take(3).cloned().collect();
    for url in linked {
        try_data(probe, &url, &mut found);
    }
    for path in DESCRIPTIONS {
        let url = probe.at(path);
        let request = Request::get(&url).header("Accept", "application/json");
        let Ok(answer) = probe.send(&request) else { break };
        let Some(description) = description(&answer) else { continue };
        probe.exchanges.push(record::exchange(Asked::Api, &request, &answer));
        for path in readable(&description) {
            try_data(probe, &probe.at(&path), &mut found);
        }
        break;
    }
    for path in USUAL {
        try_data(probe, &probe.at(path), &mut found);
    }
    found
}

fn try_data(probe: &mut Probe<'_>, url: &Url, found: &mut Vec<Url>) {
    if found.len() >= ANSWERS || found.contains(url) {
        return;
    }
    let request = Request::get(url).header("Accept", "application/json");
    // An unknown path that answers as JSON shows nothing that the unknown path did not show.
    if let Ok(answer) = probe.send(&request)
        && answer.media_type().contains("json")
        && answer.status != 404
        && !(300..400).contains(&answer.status)
    {
        probe.exchanges.push(record::exchange(Asked::Api, &request, &answer));
        found.push(url.clone());
    }
}

fn description(answer: &Answer) -> Option<Value> {
    if answer.status != 200 {
        return None;
    }
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    let told = value.get("openapi").or_else(|| value.get("swagger"))?;
    (told.is_string() && value.get("paths")?.is_object()).then_some(value)
}

/// Paths that are read with GET and need no parameter.
fn readable(description: &Value) -> Vec<String> {
    let base = description
        .get("basePath")
        .and_then(Value::as_str)
        .or_else(|| {
            description.pointer("/servers/0/url").and_then(Value::as_str).filter(|url| url.starts_with('/'))
        })
        .unwrap_or_default()
        .trim_end_matches('/');
    let Some(paths) = description.get("paths").and_then(Value::as_object) else { return Vec::new() };
    paths
        .iter()
        .take(500)
        .filter(|(path, _)| path.starts_with('/') && path.len() < 300 && !path.contains('{'))
        .filter(|(path, operations)| {
            let Some(get) = operations.get("get") else { return false };
            let needs = |holder: &Value| {
                holder.get("parameters").and_then(Value::as_array).is_some_and(|list| {
                    list.iter().any(|one| {
                        one.get("required").and_then(Value::as_bool) == Some(true)
                            || one.get("$ref").is_some()
                    })
                })
            };
            !needs(get) && !needs(operations) && !path.to_ascii_lowercase().contains("logout")
        })
        .map(|(path, _)| format!("{base}{path}"))
        .take(ANSWERS)
        .collect()
}

/// A path that exists nowhere, asked for by a person and by a program. The address at which the site says so: many
/// frameworks add a slash first.
pub fn unknown(probe: &mut Probe<'_>) -> Url {
    let word = made_up();
    let url = probe.at(&format!("/{word}"));
    let end = probe.follow(Asked::UnknownPath, &url).map(|(end, _)| end);
    probe.follow_as(Asked::UnknownPathAsData, &url, "application/json");
    end.filter(|end| end.path().contains(&word)).unwrap_or(url)
}

/// Requests that are wrong on purpose. Bodies go to paths that do not exist; what exists is only read.
pub fn provoke(probe: &mut Probe<'_>, unknown: &Url, data: &[Url]) {
    let home = probe.at("/");
    // A path below the API reaches its own reader of bodies and its own error answers.
    let below = data
        .iter()
        .find(|url| url.path().starts_with("/api"))
        .map(|_| probe.at(&format!("/api/{}", made_up())));
    let mut requests: Vec<(Asked, Request)> = Vec::new();
    let mut add = |asked, request| requests.push((asked, request));

    // PROPFIND is safe by its definition (RFC 4918, section 9.1), and hardly any application knows it.
    add(Asked::WrongMethod, Request::new("PROPFIND", &home));
    add(Asked::WrongMethod, Request::new("POST", unknown).body(""));
    if let Some(first) = data.first() {
        add(Asked::WrongMethod, Request::new("PROPFIND", first).header("Accept", "application/json"));
    }
    for url in std::iter::once(unknown).chain(&below) {
        // Not PUT: where paths are names of things that are stored, it would make one.
        let request = Request::new("POST", url).header("Accept", "application/json");
        add(
            Asked::MalformedJson,
            request.header("Content-Type", "application/json").body("{\"id\": 1, \"name\": "),
        );
        let request = Request::new("POST", url).header("Content-Type", "application/x-unknown; charset=none");
        add(Asked::WrongContentType, request.body("<a/>"));
    }
    for target in [&b"/%ff%fe%c0%af"[..], b"/%zz%", b"/?q=%ff%c3%28&r=%", b"/\xc3\x28", b"/%00"] {
        add(Asked::InvalidEncoding, Request::get(&home).target(target));
    }
    for kib in [8, 32] {
        let target = format!("/?q={}", "a".repeat(kib * 1024));
        add(Asked::OversizedQuery, Request::get(&home).target(target));
        add(Asked::OversizedHeader, Request::get(&home).header("X-Oversized", "a".repeat(kib * 1024)));
    }
    let confusing = "id[]=1&id[a]=b&page=-1&limit=abc&q[$ne]=1&sort=%27";
    for url in std::iter::once(&home).chain(data.first()) {
        let target = format!("{}?{confusing}", url.path());
        add(Asked::TypeConfusion, Request::get(url).target(target).header("Accept", "*/*"));
    }
    for (asked, request) in requests {
        probe.ask(asked, &request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_without_parameters_is_asked() {
        let description = serde_json::json!({
            "openapi": "3.1.0",
            "servers": [{ "url": "/v2" }],
            "paths": {
                "/users": { "get": {}, "post": {} },
                "/users/{id}": { "get": {} },
                "/search": { "get": { "parameters": [{ "name": "q", "in": "query", "required": true }] } },
                "/jobs": { "post": {} },
            }
        });
        assert_eq!(readable(&description), ["/v2/users"]);
        assert!(readable(&serde_json::json!([])).is_empty());
    }
}
