//! What a real browser saw on a running site.

use jiff::Timestamp;
use seaworthy_model::Environment;
use serde::{Deserialize, Serialize};

use crate::LegalPage;

/// Visits with a browser.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Browser {
    /// Name and version of the browser.
    pub product: String,
    /// One for each site.
    pub visits: Vec<Visit>,
    /// Sites that did not load, each in one sentence.
    pub problems: Vec<String>,
}

/// What one site did in the browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The page.
    pub url: String,
    /// What it is to its owners.
    pub environment: Environment,
    /// When.
    pub at: Timestamp,
    /// What was set and sent before anybody agreed to anything.
    pub before: Consent,
    /// The same with Global Privacy Control switched on.
    #[serde(default)]
    pub with_privacy_control: Option<Consent>,
    /// After refusing; none where no such button was found.
    #[serde(default)]
    pub after_reject: Option<Consent>,
    /// After agreeing; none where no such button was found.
    #[serde(default)]
    pub after_accept: Option<Consent>,
    /// Errors in the console.
    #[serde(default)]
    pub console_errors: Vec<String>,
    /// Violations of the Content-Security-Policy.
    #[serde(default)]
    pub policy_violations: Vec<String>,
    /// Images of the page.
    #[serde(default)]
    pub images: Vec<ShownImage>,
    /// Links as shown after scripts ran.
    #[serde(default)]
    pub links: Vec<ShownLink>,
    /// Legal pages that these links lead to, as shown after scripts ran.
    #[serde(default)]
    pub legal: Vec<LegalPage>,
}

/// What was set and sent in one state of consent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Cookies and storage entries that are known to serve tracking, each with its purpose.
    pub tracking_cookies: Vec<Stored>,
    /// Cookies and storage entries that nothing here knows.
    pub unknown_cookies: Vec<Stored>,
    /// Cookies and storage entries that a site needs to work (session, security, the consent itself).
    pub essential_cookies: Vec<Stored>,
    /// Requests to hosts that are known to track.
    pub trackers: Vec<TrackerRequest>,
}

/// A cookie or storage entry, without its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// The domain that it belongs to.
    pub domain: String,
    /// `cookie` or `local storage`.
    pub kind: String,
    /// The product or company that is known to set it.
    pub of: Option<String>,
}

/// A request to a host that tracks.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackerRequest {
    /// The host.
    pub host: String,
    /// The product or company.
    pub of: String,
}

/// An image as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownImage {
    /// Its address.
    pub url: String,
    /// Bytes as served.
    pub bytes: u64,
    /// Media type as served.
    pub media_type: String,
    /// Width and height of the file in pixels.
    pub natural: (u32, u32),
    /// Width and height on the page in device pixels.
    pub shown: (u32, u32),
    /// Bytes after encoding it anew as WebP at display size; none where it was not tried.
    pub webp_bytes: Option<u64>,
    /// The same as AVIF, at least as close to the image as that WebP; none where it was not tried or not reached.
    #[serde(default)]
    pub avif_bytes: Option<u64>,
}

/// A link as shown, after scripts ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLink {
    /// Where it leads.
    pub url: String,
    /// Its text, capped.
    pub text: String,
}
