//! Object storage that speaks S3's protocol: lists, reads, and (for the drill of versions) writes under names of its own.
//!
//! Requests are signed in their address (`rusty-s3`) and sent by `ureq`. Nothing that is secret is ever shown: messages name
//! the bucket, the host and the cause. Redirects are not followed, since a signed request would tell another host what
//! the first one may know.

mod answer;
mod download;
mod settings;

use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusty_s3::{Bucket, Method, UrlStyle};
use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

pub use answer::Version;
pub use settings::Reach;

use crate::Stop;
use settings::Settings;

/// How long a signed address is good for.
const SIGNED_FOR: Duration = Duration::from_secs(900);

/// How long a host may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(15);

/// Bytes of an answer that is no object.
const MOST_ANSWER: u64 = 16 << 20;

/// Objects of a listing.
pub const MOST_OBJECTS: usize = 100_000;

/// `s3://bucket/prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The bucket.
    pub bucket: String,
    /// What keys begin with, without a slash at either end.
    pub prefix: String,
}

impl Address {
    /// Reads an address; nothing where it is of another kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Option<Address>, Stop> {
        let Some(rest) = text.strip_prefix("s3://") else { return Ok(None) };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let named = bucket.len() >= 3
            && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        if !named {
            return Err(Stop::Usage(format!(
                "{}: a location in object storage is written s3://BUCKET/PREFIX, without keys or a host in it",
                // A password in it is not repeated.
                text.rsplit_once('@').map_or(text, |(_, after)| after)
            )));
        }
        Ok(Some(Address { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() }))
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        if self.prefix.is_empty() {
            format!("s3://{}", self.bucket)
        } else {
            format!("s3://{}/{}", self.bucket, self.prefix)
        }
    }
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What its content is told by.
    pub etag: String,
    /// When it was written.
    pub modified: Timestamp,
}

/// Whether a bucket keeps what is overwritten and deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Versioning {
    /// It does.
    Enabled,
    /// It did once.
    Suspended,
    /// It never did.
    Off,
}

impl Versioning {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Versioning::Enabled => "Enabled",
            Versioning::Suspended => "Suspended",
            Versioning::Off => "not enabled",
        }
    }
}

/// An answer.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: ureq::Body,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A bucket, and what it is reached with.
#[derive(Clone)]
pub struct Store {
    bucket: Bucket,
    settings: Arc<Settings>,
    agent: ureq::Agent,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("bucket", &self.bucket.name()).finish_non_exhaustive()
    }
}

impl Store {
    /// Finds out how a bucket is reached. Asks nobody yet.
    ///
    /// # Errors
    /// When credentials are missing, or the endpoint is none.
    pub fn open(name: &str, reach: &Reach) -> Result<Store, Stop> {
        let settings = Settings::find(reach)?;
        let style = match &settings.endpoint {
            Some(_) => UrlStyle::Path,
            // Certificates do not cover names with dots.
            None if name.contains('.')
                || name.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'_') =>
            {
                UrlStyle::Path
            }
            None => UrlStyle::VirtualHost,
        };
        let endpoint = settings.endpoint.clone().unwrap_or_else(|| {
            let domain =
                if settings.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://s3.{}.{domain}", settings.region)
        });
        let endpoint = endpoint_url(&endpoint)?;
        let bucket = Bucket::new(endpoint, style, name.to_owned(), settings.region.clone())
            .map_err(|error| Stop::Usage(format!("s3://{name}: {error}")))?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .user_agent(concat!("seaworthy/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(authorities(&settings)?).build())
            .build()
            .new_agent();
        Ok(Store { bucket, settings: Arc::new(settings), agent })
    }

    /// The host that is asked, with its port where that is not the usual one.
    pub fn host(&self) -> String {
        let url = self.bucket.base_url();
        let host = url.host_str().unwrap_or_default();
        url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The host alone.
    pub fn host_name(&self) -> String {
        self.bucket.base_url().host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned()
    }

    /// The name of the bucket.
    pub fn name(&self) -> &str {
        self.bucket.name()
    }

    /// The region, where the storage is AWS' own: elsewhere the name may be one that nobody chose.
    pub fn region(&self) -> Option<&str> {
        self.settings.endpoint.is_none().then(|| self.bucket.region())
    }

    /// Whether what is sent can be read on the way: plain HTTP to a machine that is not near.
    pub fn is_readable_on_the_way(&self) -> bool {
        let url = self.bucket.base_url();
        url.scheme() == "http" && !is_near(url.host_str().unwrap_or_default())
    }

    fn shown(&self) -> String {
        format!("s3://{} at {}", self.bucket.name(), self.host())
    }

    /// Sends a request.
    fn ask(
        &self,
        method: Method,
        key: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, Stop> {
        // An address cannot hold such a key: it would lead to another object, or to the bucket itself.
        if key.split('/').any(|part| part == "." || part == "..") {
            return Err(Stop::CouldNot(format!("{}: the key {key:?} cannot be asked for", self.shown())));
        }
        let url = if key.is_empty() { self.bucket.base_url().clone() } else { self.bucket.object_url(key) };
        let (id, secret, token) = self.settings.keys();
        let url = rusty_s3::signing::sign(
            &Timestamp::now(),
            method,
            url,
            id,
            secret,
            token,
            self.bucket.region(),
            SIGNED_FOR.as_secs(),
            query.iter().copied(),
            std::iter::empty(),
        );
        let mut request = http::Request::builder().method(method.to_str()).uri(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let failed = |error: ureq::Error| Stop::CouldNot(format!("{}: {}", self.shown(), cause(&error)));
        let built = |error: http::Error| Stop::CouldNot(format!("{}: {error}", self.shown()));
        let response = match body {
            Some(body) => self.agent.run(request.body(body).map_err(built)?),
            None => self.agent.run(request.body(()).map_err(built)?),
        }
        .map_err(failed)?;
        let (parts, body) = response.into_parts();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// What is in an answer that is no object.
    fn text(&self, answer: Answer) -> Result<String, Stop> {
        let mut text = Vec::new();
        answer
            .body
            .into_reader()
            .take(MOST_ANSWER)
            .read_to_end(&mut text)
            .map_err(|error| Stop::CouldNot(format!("{}: the answer ends early: {error}", self.shown())))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Why a request was refused.
    fn refused(&self, answer: Answer, what: &str) -> Stop {
        let status = answer.status;
        let region = answer.header("x-amz-bucket-region").map(str::to_owned);
        let text = self.text(answer).unwrap_or_default();
        let why = answer::why(status, &text, region.as_deref(), &self.settings, self.bucket.name());
        Stop::CouldNot(format!("{}: {what}: {why}", self.shown()))
    }

    /// The objects whose keys begin with `prefix`.
    ///
    /// # Errors
    /// When they cannot be listed, or are too many.
    pub fn list(&self, prefix: &str) -> Result<Vec<Object>, Stop> {
        let mut objects = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut query = vec![("list-type", "2"), ("max-keys", "1000"), ("prefix", prefix)];
            if let Some(next) = &next {
                query.push(("continuation-token", next));
            }
            let answer = self.ask(Method::Get, "", &query, &[], None)?;
            if answer.status != 200 {
                return Err(self.refused(answer, "its objects cannot be listed"));
            }
            let page = answer::listing(&self.text(answer)?)
                .map_err(|why| Stop::CouldNot(format!("{}: no listing came: {why}", self.shown())))?;
            objects.extend(page.objects);
            if objects.len() > MOST_OBJECTS {
                return Err(Stop::CouldNot(format!(
                    "{}: more than {MOST_OBJECTS} objects begin with {prefix:?}; name a longer prefix",
                    self.shown()
                )));
            }
            match page.next {
                Some(token) if next.as_deref() != Some(token.as_str()) => next = Some(token),
                _ => return Ok(objects),
            }
        }
    }

    /// The beginning of an object.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn beginning(&self, key: &str, length: u64) -> Result<Vec<u8>, Stop> {
        let range = format!("bytes=0-{}", length.saturating_sub(1));
        let answer = self.ask(Method::Get, key, &[], &[("range", &range)], None)?;
        match answer.status {
            200 | 206 => {
                let mut bytes = Vec::new();
                answer.body.into_reader().take(length).read_to_end(&mut bytes).map_err(|error| {
                    Stop::CouldNot(format!("{}/{key}: the download was cut off: {error}", self.shown()))
                })?;
                Ok(bytes)
            }
            // An object without a byte has no such range.
            416 => Ok(Vec::new()),
            _ => Err(self.refused(answer, &format!("{key} cannot be read"))),
        }
    }

    /// What a bucket says of its versions.
    ///
    /// # Errors
    /// When it does not say.
    pub fn versioning(&self) -> Result<Versioning, Stop> {
        let answer = self.ask(Method::Get, "", &[("versioning", "")], &[], None)?;
        if answer.status != 200 {
            return Err(self.refused(answer, "it does not say whether it keeps versions"));
        }
        answer::versioning(&self.text(answer)?)
            .map_err(|why| Stop::CouldNot(format!("{}: the answer about versions: {why}", self.shown())))
    }

    /// Writes an object; gives the name of its version, where the bucket keeps versions.
    ///
    /// # Errors
    /// When it is not taken.
    pub fn put(&self, key: &str, content: &[u8]) -> Result<Option<String>, Stop> {
        let answer = self.ask(Method::Put, key, &[], &[], Some(content))?;
        if answer.status != 200 {
            return Err(self.refused(answer, &format!("{key} cannot be written")));
        }
        Ok(answer.header("x-amz-version-id").map(str::to_owned))
    }

    /// Reads a small object, or a version of it; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than `most` bytes.
    pub fn get(&self, key: &str, version: Option<&str>, most: u64) -> Result<Option<Vec<u8>>, Stop> {
        let query: Vec<(&str, &str)> = version.map(|version| ("versionId", version)).into_iter().collect();
        let answer = self.ask(Method::Get, key, &query, &[], None)?;
        match answer.status {
            200 => {
                let mut bytes = Vec::new();
                answer.body.into_reader().take(most + 1).read_to_end(&mut bytes).map_err(|error| {
                    Stop::CouldNot(format!("{}/{key}: the download was cut off: {error}", self.shown()))
                })?;
                if bytes.len() as u64 > most {
                    return Err(Stop::CouldNot(format!("{}/{key}: it is too large", self.shown())));
                }
                Ok(Some(bytes))
            }
            404 => Ok(None),
            _ => Err(self.refused(answer, &format!("{key} cannot be read"))),
        }
    }

    /// Deletes an object, or one version of it.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn delete(&self, key: &str, version: Option<&str>) -> Result<(), Stop> {
        let query: Vec<(&str, &str)> = version.map(|version| ("versionId", version)).into_iter().collect();
        let answer = self.ask(Method::Delete, key, &query, &[], None)?;
        match answer.status {
            200 | 204 => Ok(()),
            _ => Err(self.refused(answer, &format!("{key} cannot be deleted"))),
        }
    }

    /// Every version of one object, markers of deletions included.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn versions(&self, key: &str) -> Result<Vec<Version>, Stop> {
        let mut versions = self.versions_below(key)?;
        versions.retain(|version| version.key == key);
        Ok(versions)
    }

    /// The first thousand versions of objects whose keys begin with `prefix`, markers of deletions included.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn versions_below(&self, prefix: &str) -> Result<Vec<Version>, Stop> {
        let query = [("max-keys", "1000"), ("prefix", prefix), ("versions", "")];
        let answer = self.ask(Method::Get, "", &query, &[], None)?;
        if answer.status != 200 {
            return Err(self.refused(answer, "versions cannot be listed"));
        }
        answer::versions(&self.text(answer)?)
            .map_err(|why| Stop::CouldNot(format!("{}: the list of versions: {why}", self.shown())))
    }
}

/// Reads an endpoint. Without a scheme it is HTTPS, of a near machine plain HTTP.
fn endpoint_url(text: &str) -> Result<Url, Stop> {
    let wrong = |why: String| Stop::Usage(format!("the endpoint of the object storage: {why}"));
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        let host = text.split(['/', ':']).next().unwrap_or_default();
        format!("{}://{text}", if is_near(host) { "http" } else { "https" })
    };
    let url = Url::parse(&full).map_err(|error| wrong(format!("{error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "keys do not belong in it; they come from the environment or a profile".to_owned(),
        ));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("it is an address like https://s3.example.com".to_owned()));
    }
    Ok(url)
}

/// This machine, or one of a private network.
fn is_near(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The authorities of this machine, and those that `AWS_CA_BUNDLE` names.
fn authorities(settings: &Settings) -> Result<RootCerts, Stop> {
    let found = rustls_native_certs::load_native_certs();
    let mut all: Vec<Certificate<'static>> =
        found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(file) = &settings.authorities {
        let problem = |why: String| Stop::Usage(format!("AWS_CA_BUNDLE: {}: {why}", file.display()));
        let pem = std::fs::read(file).map_err(|error| problem(error.to_string()))?;
        for item in ureq::tls::parse_pem(&pem) {
            if let ureq::tls::PemItem::Certificate(certificate) =
                item.map_err(|error| problem(error.to_string()))?
            {
                all.push(certificate);
            }
        }
    }
    // A machine without any still reaches the providers of the world.
    Ok(if all.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&all) })
}

/// Why a request got no answer. The address is signed, and is never shown.
fn cause(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                "the connection was refused: nothing listens there".to_owned()
            }
            std::io::ErrorKind::TimedOut => "it did not answer in time".to_owned(),
            _ => match error.get_ref() {
                Some(inner) => format!("the connection failed: {inner}"),
                None => format!("the connection failed: {error}"),
            },
        },
        ureq::Error::Rustls(error) => format!("no secure connection: {error}"),
        ureq::Error::Tls(why) => format!("no secure connection: {why}"),
        ureq::Error::Protocol(_) => "what answers there does not speak HTTP".to_owned(),
        _ => "the request failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_of_buckets() {
        let read = |text: &str| Address::read(text).map(|address| address.map(|address| address.shown()));
        assert_eq!(read("s3://acme-backups/shop/").unwrap().as_deref(), Some("s3://acme-backups/shop"));
        assert_eq!(read("s3://acme-backups").unwrap().as_deref(), Some("s3://acme-backups"));
        assert_eq!(read("/var/backups").unwrap(), None);
        let wrong = read("s3://AKIA:secret@bucket/x").unwrap_err().to_string();
        assert!(!wrong.contains("secret"), "{wrong}");
    }

    #[test]
    fn plain_http_is_for_near_machines_unless_it_is_asked_for() {
        let scheme = |text: &str| endpoint_url(text).unwrap().scheme().to_owned();
        assert_eq!(scheme("127.0.0.1:9000"), "http");
        assert_eq!(scheme("localhost:9000"), "http");
        assert_eq!(scheme("10.0.0.4:9000"), "http");
        assert_eq!(scheme("s3.example.com"), "https");
        assert_eq!(scheme("http://s3.example.com"), "http");
        assert!(endpoint_url("https://key:secret@s3.example.com").is_err());
        assert!(endpoint_url("ftp://s3.example.com").is_err());
    }
}
