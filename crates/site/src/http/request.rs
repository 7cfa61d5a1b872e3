//! A request: the bytes that are sent.

use url::Url;

/// How this program names itself.
pub const USER_AGENT: &str =
    concat!("seaworthy/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// A request. What is in it is sent as it is, also when it is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Where it goes. Path and query are those of `target`.
    pub url: Url,
    /// Path and query as they are sent.
    pub target: Vec<u8>,
    /// Headers besides `Host`, `User-Agent`, `Accept-Encoding`, `Connection` and `Content-Length`.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// Asks for an address with this method.
    pub fn new(method: &str, url: &Url) -> Self {
        let mut target = url.path().to_owned();
        if let Some(query) = url.query() {
            target.push('?');
            target.push_str(query);
        }
        Request {
            method: method.to_owned(),
            url: url.clone(),
            target: target.into_bytes(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// `GET`.
    pub fn get(url: &Url) -> Self {
        Request::new("GET", url)
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// With another path and query, as bytes.
    #[must_use]
    pub fn target(mut self, target: impl Into<Vec<u8>>) -> Self {
        self.target = target.into();
        self
    }

    /// What goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(self.method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut put = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        put("Host", host.as_bytes());
        put("User-Agent", USER_AGENT.as_bytes());
        put("Accept-Encoding", b"br, zstd, gzip");
        for (name, value) in &self.headers {
            put(name, value);
        }
        if let Some(body) = &self.body {
            put("Content-Length", body.len().to_string().as_bytes());
        }
        put("Connection", b"close");
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// The whole address as text. Bytes that are no URL characters are percent-encoded.
    pub fn address(&self) -> String {
        let mut text = self.url[..url::Position::AfterPort].to_owned();
        for byte in &self.target {
            if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'`' | b'\\' | b'\'') {
                text.push(char::from(*byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
        text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn is_sent_as_it_was_told() {
        let url = Url::parse("http://a.example:8080/").unwrap();
        let request = Request::new("POST", &url).target(b"/a\xff?%zz").header("X-Odd", "1").body("{");
        let bytes = request.bytes();
        assert!(
            bytes.starts_with(b"POST /a\xff?%zz HTTP/1.1\r\nHost: a.example:8080\r\nUser-Agent: seaworthy/")
        );
        assert!(bytes.ends_with(b"X-Odd: 1\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{"));
        assert_eq!(request.address(), "http://a.example:8080/a%FF?%zz");
        let plain = Request::get(&Url::parse("https://[::1]/b?c=d").unwrap());
        assert!(plain.bytes().starts_with(b"GET /b?c=d HTTP/1.1\r\nHost: [::1]\r\n"));
    }
}
