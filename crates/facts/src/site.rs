//! What a running site answered over HTTP.

use std::fmt::Write;

use jiff::Timestamp;
use seaworthy_model::Environment;
use serde::{Deserialize, Serialize};

use crate::Absent;

/// The probed sites.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Site {
    /// Each address that was named, in the order of the names.
    pub origins: Vec<Origin>,
    /// Requests and handshakes that were sent, to all of them.
    pub requests: u32,
    /// How many were allowed.
    pub budget: u32,
    /// Things worth a line that concern no single exchange, such as a redirect that was not followed.
    pub remarks: Vec<String>,
}

impl Site {
    /// The addresses that answered.
    pub fn answering(&self) -> impl Iterator<Item = &Origin> {
        self.origins.iter().filter(|origin| origin.unreached.is_none())
    }
}

/// One address that was probed: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// `https://app.example` or `http://127.0.0.1:8080`, without a path.
    pub url: String,
    /// What it is to its owners.
    pub environment: Environment,
    /// When it was probed.
    pub at: Timestamp,
    /// Addresses that the name stands for.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Records that say which authorities may issue for the name (CAA), such as `issue letsencrypt.org`; empty where every
    /// authority may; none where nobody was asked or no resolver answered.
    #[serde(default)]
    pub caa: Option<Vec<String>>,
    /// It gave no answer at all, and why.
    #[serde(default)]
    pub unreached: Option<Absent>,
    /// What plain HTTP gives, one chain for each way in.
    #[serde(default)]
    pub plain: Vec<PlainHttp>,
    /// What was asked and answered.
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// Pages that load something over plain HTTP although they came over HTTPS.
    #[serde(default)]
    pub mixed: Vec<MixedContent>,
    /// Legal pages that the crawl looked for.
    #[serde(default)]
    pub legal: Vec<LegalPage>,
    /// Durations of a few polite repeats of the home page, in milliseconds, in the order of asking.
    #[serde(default)]
    pub durations_ms: Vec<f64>,
    /// Scripts, styles and images that were fetched.
    #[serde(default)]
    pub assets: Vec<ServedAsset>,
    /// Malformed requests were sent.
    #[serde(default)]
    pub errors_probed: bool,
}

impl Origin {
    /// Whether it was asked over TLS.
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// The host name, without scheme and port.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        match rest.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or(six),
            None => rest.split([':', '/']).next().unwrap_or(rest),
        }
    }

    /// Whatever was asked led somewhere else: the address shows nothing of its own.
    pub fn only_redirects(&self) -> bool {
        !self.exchanges.is_empty()
            && self.exchanges.iter().all(|exchange| (300..400).contains(&exchange.status))
    }

    /// Exchanges of this kind.
    pub fn of(&self, kind: Asked) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.asked == kind)
    }
}

/// What an exchange was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The page at the address itself.
    Home,
    /// A page that the crawl followed a link to.
    Page,
    /// An address that gives data.
    Api,
    /// A script, style sheet, font or image.
    Asset,
    /// A path that exists nowhere.
    UnknownPath,
    /// The same, asked for as JSON.
    UnknownPathAsData,
    /// A method that the address does not know.
    WrongMethod,
    /// A body that is no JSON although it says so.
    MalformedJson,
    /// A body of a type that nothing takes.
    WrongContentType,
    /// A path or query with bytes that are no UTF-8, or broken percent-encoding.
    InvalidEncoding,
    /// A query longer than servers take.
    OversizedQuery,
    /// A header longer than servers take.
    OversizedHeader,
    /// A parameter of another type than expected (a list, an object, a text for a number).
    TypeConfusion,
}

impl Asked {
    /// The request was made wrong on purpose.
    pub fn is_provocation(self) -> bool {
        self >= Asked::UnknownPath
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Asked::Home => "the home page",
            Asked::Page => "a page",
            Asked::Api => "an answer with data",
            Asked::Asset => "an asset",
            Asked::UnknownPath => "an unknown path",
            Asked::UnknownPathAsData => "an unknown path, asked for as JSON",
            Asked::WrongMethod => "a wrong method",
            Asked::MalformedJson => "malformed JSON",
            Asked::WrongContentType => "a wrong content type",
            Asked::InvalidEncoding => "invalid encoding",
            Asked::OversizedQuery => "an oversized query",
            Asked::OversizedHeader => "an oversized header",
            Asked::TypeConfusion => "a parameter of another type",
        }
    }
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// What it was for.
    pub asked: Asked,
    /// Method, such as `GET`.
    pub method: String,
    /// The whole address. Bytes that are no URL characters are percent-encoded.
    pub url: String,
    /// Path and query as they were sent, where bytes of them are no text; those in octal, as `printf` reads them.
    #[serde(default)]
    pub target: Option<String>,
    /// Headers that were sent and that matter for repeating it.
    #[serde(default)]
    pub sent: Vec<(String, String)>,
    /// The body that was sent.
    #[serde(default)]
    pub body: Option<String>,
    /// Status of the answer.
    pub status: u16,
    /// Headers of the answer in their order: names in lower case, values capped, values of cookies taken out.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Cookies that the answer sets.
    #[serde(default)]
    pub cookies: Vec<SetCookie>,
    /// Length of the body as it was sent, in bytes; of what was read where it was cut.
    #[serde(default)]
    pub bytes: u64,
    /// The beginning of the body as text, capped, secrets and control characters taken out.
    #[serde(default)]
    pub excerpt: String,
    /// Policies in `<meta http-equiv="Content-Security-Policy">`.
    #[serde(default)]
    pub meta_policies: Vec<String>,
    /// Inner workings that the answer shows.
    #[serde(default)]
    pub leaks: Vec<Leak>,
    /// The product whose own error page this is (`nginx`, `Express`, `Django`).
    #[serde(default)]
    pub default_page: Option<String>,
    /// Names and types of the fields of a JSON answer, sorted (`error.code: text`); none where it is no JSON.
    #[serde(default)]
    pub fields: Option<Vec<String>>,
    /// The answer was not taken whole, and why (too long, too slow, cut off, broken compression).
    #[serde(default)]
    pub cut: Option<String>,
}

impl Exchange {
    /// The values of a header, in their order.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The media type without its parameters, in lower case; empty where none is told.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").next().unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The answer is a page for people.
    pub fn is_html(&self) -> bool {
        matches!(self.media_type().as_str(), "text/html" | "application/xhtml+xml")
    }

    /// A command that asks the same again.
    pub fn curl(&self) -> String {
        let mut command = "curl -sS -i".to_owned();
        if self.method == "HEAD" {
            command = "curl -sS -I".to_owned();
        } else if self.method != "GET" {
            let _ = write!(command, " -X {}", self.method);
        }
        for (name, value) in &self.sent {
            if value.len() > 200 {
                let _ = write!(command, " -H \"{name}: $(printf 'a%.0s' $(seq {}))\"", value.len());
            } else {
                let _ = write!(command, " -H {}", quoted(&format!("{name}: {value}")));
            }
        }
        if let Some(body) = &self.body {
            if !self.sent.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                // Else curl takes it for a form.
                command.push_str(" -H 'Content-Type:'");
            }
            let _ = write!(command, " --data-raw {}", quoted(body));
        }
        if self.url.contains(['[', ']', '{', '}']) {
            // Else curl takes them for a pattern.
            command.push_str(" -g");
        }
        if let Some(target) = &self.target {
            let _ = write!(command, " --request-target \"$(printf {})\"", quoted(target));
        }
        let short = self.url.trim_end_matches('a');
        let long = self.url.len() - short.len();
        if long > 200 {
            let _ = write!(command, " {}\"$(printf 'a%.0s' $(seq {long}))\"", quoted(short));
        } else {
            let _ = write!(command, " {}", quoted(&self.url));
        }
        command
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A cookie that an answer sets, without its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetCookie {
    /// Its name.
    pub name: String,
    /// `Secure`.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `SameSite`, in lower case.
    pub same_site: Option<String>,
}

/// Inner workings in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Its kind.
    pub kind: LeakKind,
    /// Whose shape it has (`Python`, `PostgreSQL`, `nginx`).
    pub of: String,
    /// The place in the answer, capped and free of secrets.
    pub excerpt: String,
}

/// A kind of leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeakKind {
    /// Frames of a call stack.
    StackTrace,
    /// A path of source code on the server.
    SourcePath,
    /// Text of a query or of a database's own error.
    Sql,
    /// A page for debugging.
    DebugPage,
    /// Name and version of a server or framework.
    VersionBanner,
}

/// What plain HTTP gives at one address: the chain of redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainHttp {
    /// The address, with a path and a query that were made up to see whether they are kept.
    pub url: String,
    /// It is the bare or the `www` form of the host that was named.
    pub sibling: bool,
    /// Each answer on the way.
    pub hops: Vec<Hop>,
    /// How it ended.
    pub end: PlainEnd,
}

/// One answer of a chain of redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The address that was asked.
    pub url: String,
    /// Status.
    pub status: u16,
    /// `Location`, made absolute.
    pub location: Option<String>,
    /// The answer carried `Strict-Transport-Security`.
    pub hsts: bool,
}

/// How a chain of redirects ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlainEnd {
    /// Nothing listens there, or nobody answers.
    NoAnswer(String),
    /// It came to HTTPS.
    Https,
    /// Plain HTTP answered with content.
    Content,
    /// It went round, or took more steps than are followed.
    Loop,
    /// It leads to another host, a private address or no web address, where it was not followed.
    Elsewhere(String),
    /// It ended with an error.
    Error(u16),
}

/// Something that a page loads over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixedContent {
    /// The page.
    pub page: String,
    /// What it loads.
    pub loads: String,
    /// It is a script, style, frame or form target, not only an image or sound.
    pub active: bool,
}

/// A legal page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalPage {
    /// `privacy` or `terms`.
    pub kind: String,
    /// Its address.
    pub url: String,
    /// How many links lead to it from the home page.
    pub clicks: u8,
    /// Status of the answer; none where it was not fetched (another host).
    pub status: Option<u16>,
    /// Words of text.
    pub words: u32,
    /// Signs of a text that nobody filled in, each quoted.
    pub placeholders: Vec<String>,
    /// A date that it gives.
    pub dated: Option<String>,
    /// A way to reach somebody, as told.
    pub contact: Option<String>,
    /// It was read without a browser and loads scripts, which may bring the text.
    #[serde(default)]
    pub scripted: bool,
}

/// A script, style sheet or image as it is served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServedAsset {
    /// Its address.
    pub url: String,
    /// `script`, `style`, `font` or `image`.
    pub kind: String,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Bytes after decompression.
    pub plain_bytes: u64,
    /// `Content-Encoding`, in lower case.
    pub encoding: Option<String>,
    /// Bytes that the best common compression would make of it; none where it was not tried.
    pub compressed_bytes: Option<u64>,
    /// Bytes after taking out what minifying takes out; none where it was not tried.
    pub minified_bytes: Option<u64>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// Its name carries a fingerprint of its content.
    pub fingerprinted: bool,
    /// It carries `ETag` or `Last-Modified`.
    pub validator: bool,
    /// A conditional request was answered with 304; none where it was not tried.
    pub revalidates: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_ask_the_same_again() {
        let mut exchange: Exchange = serde_json::from_value(serde_json::json!({
            "asked": "type-confusion", "method": "GET", "url": "http://a.example/?id[]=1&q=%27", "status": 200,
        }))
        .expect("an exchange");
        assert_eq!(exchange.curl(), "curl -sS -i -g 'http://a.example/?id[]=1&q=%27'");
        exchange.target = Some(r"/%%\303(".to_owned());
        assert_eq!(
            exchange.curl(),
            r#"curl -sS -i -g --request-target "$(printf '/%%\303(')" 'http://a.example/?id[]=1&q=%27'"#
        );
        exchange.target = None;
        exchange.url = format!("http://a.example/?q={}", "a".repeat(8192));
        assert_eq!(exchange.curl(), r#"curl -sS -i 'http://a.example/?q='"$(printf 'a%.0s' $(seq 8192))""#);
    }
}
