//! Which hosts track, and what cookies and storage entries are for.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct File {
    tracker: Vec<Tracker>,
    essential: Essential,
}

#[derive(Debug, Deserialize)]
struct Tracker {
    name: String,
    #[cfg(test)]
    docs: String,
    hosts: Vec<String>,
    stored: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Essential {
    stored: Vec<String>,
}

static KNOWN: LazyLock<Option<File>> = LazyLock::new(|| toml::from_str(include_str!("trackers.toml")).ok());

/// What a cookie or storage entry is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// It serves this product, which follows visitors.
    Tracking(String),
    /// The site needs it to work.
    Essential,
    /// Nothing here knows it.
    Unknown,
}

/// The product that a host belongs to, where it tracks.
pub fn tracker_of(host: &str) -> Option<&'static str> {
    let host = host.to_ascii_lowercase();
    KNOWN.as_ref()?.tracker.iter().find_map(|tracker| {
        let its = |known: &String| {
            host.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        tracker.hosts.iter().any(its).then_some(tracker.name.as_str())
    })
}

/// What a cookie or storage entry with this name is for.
pub fn purpose(name: &str) -> Purpose {
    let Some(known) = KNOWN.as_ref() else { return Purpose::Unknown };
    for tracker in &known.tracker {
        if tracker.stored.iter().any(|pattern| matches(pattern, name)) {
            return Purpose::Tracking(tracker.name.clone());
        }
    }
    let lower = name.to_ascii_lowercase();
    let needed = |pattern: &String| matches(&pattern.to_ascii_lowercase(), &lower);
    if known.essential.stored.iter().any(needed) { Purpose::Essential } else { Purpose::Unknown }
}

fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) if pattern.len() > 2 => name.contains(&pattern[1..pattern.len() - 1]),
        (_, Some(start)) => name.starts_with(start),
        (Some(end), None) => name.ends_with(end),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_data_is_sound() {
        let known = KNOWN.as_ref().unwrap();
        let mut hosts = BTreeSet::new();
        for tracker in &known.tracker {
            assert!(tracker.docs.starts_with("https://"), "{}", tracker.name);
            assert!(!tracker.hosts.is_empty() || !tracker.stored.is_empty(), "{}", tracker.name);
            for host in &tracker.hosts {
                assert!(hosts.insert(host), "{host} is listed twice");
            }
        }
    }

    #[test]
    fn hosts_and_names() {
        assert_eq!(tracker_of("www.google-analytics.com"), Some("Google Analytics"));
        assert_eq!(tracker_of("notgoogle-analytics.com"), None);
        assert_eq!(tracker_of("plausible.io"), None);
        assert_eq!(purpose("_ga_ABC"), Purpose::Tracking("Google Analytics".to_owned()));
        assert_eq!(purpose("shop_session"), Purpose::Essential);
        assert_eq!(purpose("XSRF-TOKEN"), Purpose::Essential);
        assert_eq!(purpose("zzz"), Purpose::Unknown);
    }
}
