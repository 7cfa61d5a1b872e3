use serde::{Deserialize, Serialize};

use crate::*;

/// What answers HTTP at the edge and in the application: servers, redirects, TLS and response headers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edge {
    /// Response headers that are set, replaced or taken away anywhere.
    pub headers: Vec<ResponseHeader>,
    /// Where TLS ends, and where plain content is served.
    pub listeners: Vec<Listener>,
    /// Redirects from plain HTTP to HTTPS.
    pub redirects: Vec<HttpsRedirect>,
    /// Where certificates come from.
    pub certificates: Vec<Certificate>,
    /// Which versions of TLS are allowed.
    pub protocols: Vec<TlsProtocols>,
    /// Whether session cookies are marked as Secure.
    pub cookies: Vec<CookieRule>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

impl Edge {
    /// What is said about a response header, by its name in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ResponseHeader> {
        self.headers.iter().filter(move |header| header.name == name)
    }
}

/// A response header that something sets or takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseHeader {
    /// Its name, in lower case.
    pub name: String,
    /// What happens to it.
    pub value: HeaderValue,
    /// On which answers.
    pub scope: HeaderScope,
    /// What sets it, in a few words (`nginx add_header`, `helmet's default`).
    pub set_by: String,
    /// Which layer does.
    pub layer: Layer,
    /// Where.
    pub at: Location,
    /// It depends on a switch.
    pub switch: Option<Switch>,
    /// Answers of the same scope that do not carry it.
    pub lost: Vec<Lost>,
    /// Why this counts for nothing, when that is so (nothing loads the file).
    pub unused: Option<String>,
}

impl ResponseHeader {
    /// It counts: something uses it, and no switch keeps it off.
    pub fn counts(&self) -> bool {
        self.unused.is_none() && self.switch.as_ref().is_none_or(|switch| switch.on == Some(true))
    }

    /// Its text, where it is set and can be told.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            HeaderValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Answers that do not carry a header although it is set for more than them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Which answers.
    pub scope: HeaderScope,
    /// Why they do not.
    pub why: String,
    /// Where that is.
    pub at: Location,
}

/// What happens to a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderValue {
    /// It gets this value.
    Text(String),
    /// It gets a value that is put together while the program runs. The parts that can be told are given.
    Computed(String),
    /// It is taken away, or its default is switched off.
    Removed,
}

/// The answers that a header is set on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderScope {
    /// All answers.
    Everywhere,
    /// All pages (HTML documents).
    Pages,
    /// Only answers with data.
    Api,
    /// Only static files.
    Assets,
    /// Only some answers: which.
    Part(String),
}

impl HeaderScope {
    /// It covers the pages of the site.
    pub fn covers_pages(&self) -> bool {
        matches!(self, HeaderScope::Everywhere | HeaderScope::Pages)
    }
}

/// Who sets a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// A proxy or web server in front.
    Proxy,
    /// A hosting platform's own file, or a content delivery network.
    Platform,
    /// Code or settings of the application.
    Application,
    /// A framework or library, without being asked.
    Default,
    /// The document itself (`<meta http-equiv>`).
    Document,
}

/// A switch that something depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Its name (an environment variable, a setting).
    pub name: String,
    /// Whether it is on by default; none where that cannot be told.
    pub on: Option<bool>,
}

/// A place where connections from outside arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// What it is (`nginx server shop.example`, `load balancer listener`).
    pub what: String,
    /// It speaks TLS.
    pub tls: bool,
    /// It serves content in the clear (it does more than redirect).
    pub plain_content: bool,
    /// It gives the public the site in the clear although the same configuration serves it over TLS.
    #[serde(default)]
    pub beside_tls: bool,
    /// Where.
    pub at: Location,
}

/// A redirect from plain HTTP to HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpsRedirect {
    /// What redirects (`nginx return`, `Rails force_ssl`).
    pub by: String,
    /// Whether it is permanent (301 or 308).
    pub permanent: bool,
    /// It is switched off explicitly.
    pub off: bool,
    /// It depends on a switch.
    pub switch: Option<Switch>,
    /// Where.
    pub at: Location,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// What issues or supplies it (`Caddy`, `cert-manager`, `a file`).
    pub by: String,
    /// It is renewed without anybody's doing.
    pub renewed: bool,
    /// Where.
    pub at: Location,
}

/// Which versions of TLS are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsProtocols {
    /// What says so (`nginx ssl_protocols TLSv1.2 TLSv1.3`, `Caddy's default`).
    pub by: String,
    /// The oldest version that is allowed, times ten: 10 for TLS 1.0, 12 for 1.2; 3 for SSL 3.
    pub oldest: u8,
    /// Where.
    pub at: Location,
}

/// Whether a session cookie is marked as Secure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieRule {
    /// What says so (`SESSION_COOKIE_SECURE`, `express-session cookie.secure`).
    pub by: String,
    /// Whether it is; none where that depends on something that cannot be told.
    pub secure: Option<bool>,
    /// Nothing sets it: this is the framework's default.
    pub default: bool,
    /// Where.
    pub at: Location,
}
