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
const USUAL: &[&str] = &["/api", "/api/v1", "/health", "/healthz", "/api/health", "/wp-json/"];
/// Where APIs are, as the first part of a path.
const ROOTS: &[&str] = &["api", "rest", "v1", "v2", "wp-json"];
/// Paths of each kind that a description adds to what is provoked.
const PROVOKED: usize = 2;

/// Answers with data, and what may be provoked because a description of the API tells that it is harmless.
#[derive(Debug, Default)]
pub struct Data {
    /// Addresses that answer with data.
    pub found: Vec<Url>,
    /// Paths that ask for a JSON body and refuse what is none.
    bodies: Vec<Url>,
    /// Paths that want a number where they get a word.
    words: Vec<Url>,
}

/// Looks for answers with data: links, what a description of the API lists, usual paths.
pub fn data(probe: &mut Probe<'_>, links: &[Url]) -> Data {
    let mut data = Data::default();
    let found = &mut data.found;
    let linked = links.iter().filter(|url| {
        url.path().split('/').any(|part| matches!(part, "api" | "rest")) || url.path().ends_with(".json")
    });
    let linked: Vec<Url> = linked.take(3).cloned().collect();
    for url in linked {
        try_data(probe, &url, found);
    }
    for path in DESCRIPTIONS {
        let url = probe.at(path);
        let request = Request::get(&url).header("Accept", "application/json");
        let Ok(answer) = probe.send(&request) else { break };
        let Some(description) = description(&answer) else { continue };
        probe.exchanges.push(record::exchange(Asked::Api, &request, &answer));
        for path in readable(&description) {
            try_data(probe, &probe.at(&path), found);
        }
        data.bodies = bodies(&description).iter().map(|path| probe.at(path)).collect();
        data.words = words(&description).iter().map(|path| probe.at(path)).collect();
        break;
    }
    for path in USUAL {
        try_data(probe, &probe.at(path), found);
    }
    data
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

/// Where the paths of a description begin.
fn base(description: &Value) -> &str {
    description
        .get("basePath")
        .and_then(Value::as_str)
        .or_else(|| {
            description.pointer("/servers/0/url").and_then(Value::as_str).filter(|url| url.starts_with('/'))
        })
        .unwrap_or_default()
        .trim_end_matches('/')
}

fn paths(description: &Value) -> impl Iterator<Item = (&String, &Value)> {
    description.get("paths").and_then(Value::as_object).into_iter().flatten().take(500)
}

/// Paths that take nothing but a JSON body: what is no JSON is refused before anything is done.
fn bodies(description: &Value) -> Vec<String> {
    let base = base(description);
    let asks = |post: &Value| {
        let body = post.get("requestBody");
        let required = body.and_then(|body| body.get("required")).and_then(Value::as_bool) == Some(true);
        let content = body.and_then(|body| body.get("content")).and_then(Value::as_object);
        required
            && content.is_some_and(|content| {
                !content.is_empty() && content.keys().all(|media| media.starts_with("application/json"))
            })
    };
    paths(description)
        .filter(|(path, operations)| {
            path.starts_with('/')
                && path.len() < 300
                && !path.contains('{')
                && operations.get("post").is_some_and(asks)
        })
        .map(|(path, _)| format!("{base}{path}"))
        .take(PROVOKED)
        .collect()
}

/// The name of the only parameter, where it is a whole number in the path.
fn number(holder: &Value) -> Option<&str> {
    let [only] = holder.get("parameters")?.as_array()?.as_slice() else { return None };
    let kind = only.pointer("/schema/type").or_else(|| only.get("type"))?;
    if only.get("in")? == "path" && kind == "integer" { only.get("name")?.as_str() } else { None }
}

/// Paths that are read with GET and name a whole number in the path, with a word instead.
fn words(description: &Value) -> Vec<String> {
    let base = base(description);
    paths(description)
        .filter(|(path, _)| path.starts_with('/') && path.len() < 300 && path.matches('{').count() == 1)
        .filter_map(|(path, operations)| {
            let name = number(operations.get("get")?).or_else(|| number(operations))?;
            let word = path.replace(&format!("{{{name}}}"), "seaworthy");
            (!word.contains('{')).then(|| format!("{base}{word}"))
        })
        .take(PROVOKED)
        .collect()
}

/// Paths that are read with GET and need no parameter.
fn readable(description: &Value) -> Vec<String> {
    let base = base(description);
    paths(description)
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
pub fn provoke(probe: &mut Probe<'_>, unknown: &Url, data: &Data) {
    let home = probe.at("/");
    let Data { found: data, bodies, words } = data;
    // A path below the API reaches its own reader of bodies and its own error answers.
    let below = data
        .iter()
        .filter_map(|url| url.path_segments()?.next())
        .find(|part| ROOTS.contains(part))
        .map(|part| probe.at(&format!("/{part}/{}", made_up())));
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
    for url in bodies {
        let request = Request::new("POST", url).header("Accept", "application/json");
        let request = request.header("Content-Type", "application/json").body("{\"id\": 1, \"name\": ");
        add(Asked::MalformedJson, request);
    }
    for url in words {
        add(Asked::TypeConfusion, Request::get(url).header("Accept", "application/json"));
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
        probe.provoke(asked, &request);
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

    #[test]
    fn only_what_refuses_before_it_acts_is_provoked() {
        let json = serde_json::json!({ "application/json": {} });
        let id = |kind: &str| serde_json::json!({ "name": "id", "in": "path", "schema": { "type": kind } });
        let description = serde_json::json!({
            "openapi": "3.1.0",
            "paths": {
                "/orders": { "post": { "requestBody": { "required": true, "content": json } } },
                // Nothing must be sent, so that something could be done.
                "/jobs": { "post": { "requestBody": { "content": json } } },
                "/restart": { "post": {} },
                "/files": { "post": { "requestBody": { "required": true, "content": { "multipart/form-data": {} } } } },
                "/orders/{id}": {
                    "get": { "parameters": [id("integer")] },
                    "post": { "requestBody": { "required": true, "content": json } },
                },
                "/names/{id}": { "get": { "parameters": [id("string")] } },
                "/posts/{id}": { "parameters": [id("integer")], "get": {}, "delete": {} },
            }
        });
        assert_eq!(bodies(&description), ["/orders"]);
        assert_eq!(words(&description), ["/orders/seaworthy", "/posts/seaworthy"]);
    }
}
