//! The end-of-life table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The table as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The day on which it was made.
    pub date: String,
    /// The products by key.
    pub product: BTreeMap<String, Known>,
}

/// A product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// The vendor's or project's own page.
    pub source: String,
    /// An operating system: told as advice.
    #[serde(default)]
    pub os: bool,
    /// The end of support by cycle; empty where none is announced.
    pub cycles: BTreeMap<String, String>,
}

/// The table that is compiled in.
pub static TABLE: LazyLock<Table> =
    // A table that does not parse is caught by a test of this module.
    LazyLock::new(|| toml::from_str(include_str!("eol.toml")).unwrap_or_default());

impl Known {
    /// The cycle that a version belongs to: the longest one that begins it, part by part.
    pub fn cycle(&self, version: &str) -> Option<(&str, Option<&str>)> {
        let parts: Vec<&str> = version.split('.').collect();
        (1..=parts.len()).rev().find_map(|length| {
            let (cycle, end) = self.cycles.get_key_value(&parts[..length].join("."))?;
            Some((cycle.as_str(), (!end.is_empty()).then_some(end.as_str())))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table: Table = toml::from_str(include_str!("eol.toml")).unwrap();
        let is_day = |day: &str| day.parse::<jiff::civil::Date>().is_ok();
        assert!(is_day(&table.date));
        for (key, known) in &table.product {
            assert!(known.source.starts_with("https://"), "{key}");
            for (cycle, end) in &known.cycles {
                assert!(end.is_empty() || is_day(end), "{key} {cycle}: {end}");
                assert!(cycle.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{key} {cycle}");
            }
        }
    }

    #[test]
    fn cycles_are_compared_part_by_part() {
        let go = &TABLE.product["go"];
        assert_eq!(go.cycle("1.25.3"), Some(("1.25", Some("2026-08-19"))));
        assert_eq!(go.cycle("1.2"), None);
        let next = &TABLE.product["next"];
        assert_eq!(next.cycle("15.2.4").map(|(cycle, _)| cycle), Some("15"));
        assert_eq!(next.cycle("16.0.1"), Some(("16", None)));
    }
}
