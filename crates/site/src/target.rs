//! Addresses that may be probed, and what they are to their owners.

use std::net::IpAddr;

use seaworthy_model::Environment;
use thiserror::Error;
use url::{Host, Url};

/// An address to probe: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `https` or `http`, without path, query and fragment.
    pub url: Url,
    /// What it is to its owners.
    pub environment: Environment,
}

/// An address that cannot be probed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TargetError {
    /// It is no address.
    #[error("{0}: no address of a site: {1}; write it as https://app.example")]
    Invalid(String, String),
    /// Another scheme than HTTP.
    #[error("{0}: only http:// and https:// can be probed")]
    Scheme(String),
    /// A user name or password in it.
    #[error("{0}: leave out the user name and password")]
    Credentials(String),
}

impl Target {
    /// Reads what a user named. Without a scheme it is HTTPS; a path is dropped, since the whole site is probed.
    ///
    /// # Errors
    /// When it is no address of a site.
    pub fn read(text: &str, production: &[String], staging: &[String]) -> Result<Target, TargetError> {
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let invalid = |why: String| TargetError::Invalid(text.to_owned(), why);
        let mut url = Url::parse(&full).map_err(|error| invalid(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme(text.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials(url.host_str().unwrap_or_default().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("no host".to_owned()));
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        let environment = environment(&url, production, staging);
        Ok(Target { url, environment })
    }

    /// `https://app.example`, without a slash at its end.
    pub fn origin(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }
}

/// What an address is to its owners. What they declare decides; else this machine and private networks are trials, and
/// what the user named is production, unless production is declared to be elsewhere.
pub fn environment(url: &Url, production: &[String], staging: &[String]) -> Environment {
    let listed = |addresses: &[String]| addresses.iter().any(|address| is_same_site(address, url));
    if listed(staging) {
        Environment::Staging
    } else if listed(production) {
        Environment::Production
    } else if is_private(url) {
        Environment::Scratch
    } else if production.is_empty() {
        Environment::Production
    } else {
        Environment::Staging
    }
}

fn is_same_site(declared: &str, url: &Url) -> bool {
    let full =
        if declared.contains("://") { declared.to_owned() } else { format!("{}://{declared}", url.scheme()) };
    Url::parse(&full).is_ok_and(|declared| {
        declared.host() == url.host() && declared.port_or_known_default() == url.port_or_known_default()
    })
}

/// This machine, a private network (RFC 1918, RFC 4193), or a name that never leaves one (RFC 6761, RFC 6762, RFC 8375).
pub fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_private_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private_address(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost"
                || [".localhost", ".local", ".test", ".internal", ".home.arpa"]
                    .iter()
                    .any(|suffix| name.ends_with(suffix))
                || !name.contains('.')
        }
        None => false,
    }
}

/// An address of this machine, a private network, or one that is no place on the internet.
pub fn is_private_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            four.is_loopback()
                || four.is_private()
                || four.is_link_local()
                || four.is_unspecified()
                || four.is_broadcast()
                || four.octets()[0] == 100 && (four.octets()[1] & 0xc0) == 64
        }
        IpAddr::V6(six) => {
            six.to_ipv4_mapped().is_some_and(|four| is_private_address(IpAddr::V4(four)))
                || six.is_loopback()
                || six.is_unspecified()
                || six.is_unique_local()
                || six.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Environment {
        let production = ["https://app.example".to_owned()];
        let staging = ["staging.app.example".to_owned(), "http://127.0.0.1:8080".to_owned()];
        Target::read(text, &production, &staging).unwrap().environment
    }

    #[test]
    fn what_the_owners_declare_decides() {
        assert_eq!(read("https://app.example/a?b#c"), Environment::Production);
        assert_eq!(read("app.example"), Environment::Production);
        assert_eq!(read("https://staging.app.example"), Environment::Staging);
        assert_eq!(read("http://127.0.0.1:8080"), Environment::Staging);
        assert_eq!(read("http://127.0.0.1:8081"), Environment::Scratch);
        assert_eq!(read("https://other.example"), Environment::Staging);
        assert_eq!(Target::read("https://a.example", &[], &[]).unwrap().environment, Environment::Production);
    }

    #[test]
    fn private_places_are_trials() {
        for place in [
            "localhost",
            "10.1.2.3",
            "[::1]:3000",
            "[fd00::1]",
            "192.168.0.9",
            "box.local",
            "web",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(Target::read(place, &[], &[]).unwrap().environment, Environment::Scratch, "{place}");
        }
    }

    #[test]
    fn what_is_no_site_is_refused() {
        assert!(matches!(Target::read("ftp://a.example", &[], &[]), Err(TargetError::Scheme(_))));
        assert!(matches!(Target::read("https://", &[], &[]), Err(TargetError::Invalid(..))));
        let secret = Target::read("https://me:secret@a.example", &[], &[]).unwrap_err();
        assert!(matches!(secret, TargetError::Credentials(_)));
        assert!(!secret.to_string().contains("secret"));
    }
}
