//! From an answer to a fact.

use std::collections::BTreeSet;

use seaworthy_facts::{Asked, Exchange, SetCookie};
use serde_json::Value;

use crate::crawl::html;
use crate::http::{Answer, Request};
use crate::{leaks, redact};

/// Longest value of a header that is kept; policies are long.
const VALUE: usize = 4000;
/// Headers that are kept in a fact.
const HEADERS: usize = 200;
/// Cookies that are kept in a fact.
const COOKIES: usize = 100;
/// Characters of a body that are kept.
const EXCERPT: usize = 1500;
/// Longest body of a request that is kept.
const SENT: usize = 2000;
/// Fields of a JSON answer that are named, and how deep.
const FIELDS: usize = 100;
const DEPTH: usize = 6;

/// The fact of an exchange.
pub fn exchange(asked: Asked, request: &Request, answer: &Answer) -> Exchange {
    let text = answer.text();
    let fields = fields(answer);
    let mut cut = answer.cut.map(|cut| cut.to_string());
    if answer.left_out > 0 {
        let more = format!("{} more headers were left out", answer.left_out);
        cut = Some(cut.map_or(more.clone(), |cut| format!("{cut}; {more}")));
    }
    if answer.broken {
        cut = Some("the compression of the body is broken or unknown".to_owned());
    }
    Exchange {
        asked,
        method: request.method.clone(),
        url: redact::secrets(&request.address()),
        target: raw(&request.target),
        sent: request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), redact::excerpt(&String::from_utf8_lossy(value), 40_000)))
            .collect(),
        body: request.body.as_ref().map(|body| redact::excerpt(&String::from_utf8_lossy(body), SENT)),
        status: answer.status,
        headers: headers(answer),
        cookies: cookies(answer),
        bytes: answer.wire as u64,
        excerpt: if is_text(answer) { redact::excerpt(&text, EXCERPT) } else { String::new() },
        meta_policies: if answer.is_html() { html::read(&text).policies } else { Vec::new() },
        leaks: leaks::of(answer, answer.status >= 400 || asked.is_provocation()),
        default_page: leaks::default_page(answer),
        fields,
        cut,
    }
}

/// For `printf`, where curl would encode some bytes.
fn raw(target: &[u8]) -> Option<String> {
    if target.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let written = target.iter().take(SENT).map(|byte| match byte {
        b'%' => "%%".to_owned(),
        b'\\' | b'\'' => format!("\\{byte:03o}"),
        byte if byte.is_ascii_graphic() => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    });
    Some(written.collect())
}

fn headers(answer: &Answer) -> Vec<(String, String)> {
    answer
        .headers
        .iter()
        .take(HEADERS)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value);
            let value = match name.as_str() {
                "set-cookie" => without_value(&value),
                // A policy has words in it that look like names of secrets.
                "content-security-policy" | "content-security-policy-report-only" => value.into_owned(),
                _ => redact::secrets(&value),
            };
            let mut value = value;
            if let Some((end, _)) = value.char_indices().nth(VALUE) {
                value.truncate(end);
            }
            let value = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            (name.clone(), value)
        })
        .collect()
}

fn without_value(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').map_or((cookie, ""), |(pair, rest)| (pair, rest));
    let name = pair.split_once('=').map_or("", |(name, _)| name).trim();
    let attributes = if attributes.is_empty() { String::new() } else { format!(";{attributes}") };
    format!("{}=\u{2026}{}", redact::line(name, 100), redact::line(&attributes, 300))
}

/// The cookies that are set, as in RFC 6265, section 5.2.
fn cookies(answer: &Answer) -> Vec<SetCookie> {
    answer
        .header("set-cookie")
        .take(COOKIES)
        .filter_map(|text| {
            let mut parts = text.split(';');
            let (name, _) = parts.next()?.split_once('=')?;
            let mut cookie = SetCookie { name: redact::line(name.trim(), 100), ..SetCookie::default() };
            for part in parts {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                match key.trim().to_ascii_lowercase().as_str() {
                    "secure" => cookie.secure = true,
                    "httponly" => cookie.http_only = true,
                    "samesite" => cookie.same_site = Some(redact::line(&value.to_ascii_lowercase(), 20)),
                    _ => {}
                }
            }
            Some(cookie)
        })
        .collect()
}

fn is_text(answer: &Answer) -> bool {
    let media = answer.media_type();
    let told = media.starts_with("text/")
        || ["json", "xml", "javascript", "html", "x-www-form-urlencoded"]
            .iter()
            .any(|kind| media.contains(kind));
    told || media.is_empty() && !answer.body.iter().take(512).any(|byte| *byte == 0)
}

/// Names and types of the fields of an answer that is JSON.
fn fields(answer: &Answer) -> Option<Vec<String>> {
    if answer.is_html() || answer.body.len() > 1024 * 1024 {
        return None;
    }
    let begins = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    if !answer.media_type().contains("json") && !matches!(begins, Some(b'{' | b'[')) {
        return None;
    }
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    let mut names = BTreeSet::new();
    name_fields("", &value, 0, &mut names);
    Some(names.into_iter().collect())
}

fn name_fields(at: &str, value: &Value, depth: usize, names: &mut BTreeSet<String>) {
    if names.len() >= FIELDS || depth > DEPTH {
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(list) => {
            list.iter().take(3).for_each(|one| name_fields(&format!("{at}[]"), one, depth + 1, names));
            "list"
        }
        Value::Object(map) => {
            for (name, inner) in map.iter().take(FIELDS) {
                let name = redact::line(name, 60);
                let at = if at.is_empty() { name } else { format!("{at}.{name}") };
                name_fields(&at, inner, depth + 1, names);
            }
            "object"
        }
    };
    let simple = !matches!(value, Value::Array(_) | Value::Object(_));
    if simple || at.is_empty() && names.is_empty() {
        names.insert(if at.is_empty() { kind.to_owned() } else { format!("{at}: {kind}") });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{Limits, read_answer};

    fn fact(text: &str) -> Exchange {
        let answer = read_answer(&mut text.as_bytes(), "GET", &Limits::default()).unwrap();
        exchange(Asked::Home, &Request::get(&"http://a.example/".parse().unwrap()), &answer)
    }

    #[test]
    fn values_of_cookies_are_no_facts() {
        let fact = fact(
            "HTTP/1.1 200 OK\r\nSet-Cookie: sid=s3cr3t; Path=/; HttpOnly; SameSite=Lax\r\nset-cookie: a=b;secure\r\n\r\n",
        );
        assert!(!format!("{fact:?}").contains("s3cr3t"));
        assert_eq!(
            fact.headers[0],
            ("set-cookie".to_owned(), "sid=\u{2026}; Path=/; HttpOnly; SameSite=Lax".to_owned())
        );
        assert_eq!(
            fact.cookies,
            [
                SetCookie {
                    name: "sid".into(),
                    secure: false,
                    http_only: true,
                    same_site: Some("lax".into())
                },
                SetCookie { name: "a".into(), secure: true, ..SetCookie::default() },
            ]
        );
    }

    #[test]
    fn fields_of_json_have_names_and_types() {
        let fact = fact(
            "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{\"error\":{\"code\":\"not_found\",\"status\":404},\"list\":[{\"a\":null}]}",
        );
        assert_eq!(fact.fields.unwrap(), ["error.code: text", "error.status: number", "list[].a: null"]);
        assert_eq!(self::fact("HTTP/1.1 200 OK\r\n\r\nhello").fields, None);
        assert_eq!(self::fact("HTTP/1.1 200 OK\r\n\r\n[]").fields.unwrap(), ["list"]);
    }

    #[test]
    fn what_was_cut_is_said() {
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "Set-Cookie: a=b\r\n".repeat(2000));
        let fact = fact(&many);
        assert_eq!((fact.cookies.len(), fact.headers.len()), (COOKIES, HEADERS));
        assert_eq!(fact.cut.unwrap(), "1500 more headers were left out");
    }
}
