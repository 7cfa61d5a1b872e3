//! What is known of the libraries of ecosystems in which a package's name does not tell how code reaches it.

use std::sync::LazyLock;

use serde::Deserialize;

/// An entry of one of the tables beside this file, whose heads explain the keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// The package; `*` at the end stands for any text.
    pub name: String,
    names: Vec<String>,
    /// Members that show it anywhere in code.
    pub calls: Vec<String>,
    /// Packages that load it by themselves.
    pub loaded_by: Vec<String>,
    /// Why it is used without being named.
    pub implied: Option<String>,
    /// Whatever uses it shows itself by one of the above.
    pub complete: bool,
}

#[derive(Deserialize)]
struct Table {
    package: Vec<Entry>,
}

/// Libraries of Maven Central.
pub static JAVA: LazyLock<Vec<Entry>> = LazyLock::new(|| read(include_str!("java.toml")));
/// Packages of NuGet.
pub static DOTNET: LazyLock<Vec<Entry>> = LazyLock::new(|| read(include_str!("dotnet.toml")));
/// Applications of Hex.
pub static ELIXIR: LazyLock<Vec<Entry>> = LazyLock::new(|| read(include_str!("elixir.toml")));

fn read(text: &str) -> Vec<Entry> {
    toml::from_str::<Table>(text).map(|table| table.package).unwrap_or_default()
}

/// The entry of a package: its own, else the one whose pattern it fits.
pub fn find<'e>(entries: &'e [Entry], package: &str) -> Option<&'e Entry> {
    let own = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(package));
    own.or_else(|| entries.iter().find(|entry| fits(&entry.name, package)))
}

/// Whether a package fits a name that may end in `*`.
pub fn fits(name: &str, package: &str) -> bool {
    match name.strip_suffix('*') {
        Some(begin) => package.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin)),
        None => name.eq_ignore_ascii_case(package),
    }
}

impl Entry {
    /// The names that show a package which has this entry.
    pub fn names(&self, package: &str) -> Vec<String> {
        let artifact = package.rsplit(':').next().unwrap_or(package);
        let begin = self.name.trim_end_matches('*').len();
        let rest = package.get(begin..).unwrap_or_default().replace('-', ".");
        let filled = self.names.iter().map(|name| {
            name.replace("{artifact}", artifact).replace("{rest}", &rest).trim_end_matches('.').to_owned()
        });
        // A name with nothing in the place of what differs would show any of its kind.
        filled.filter(|name| !name.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_tables_can_be_read_and_name_each_package_once() {
        for (text, entries) in [
            (include_str!("java.toml"), &*JAVA),
            (include_str!("dotnet.toml"), &*DOTNET),
            (include_str!("elixir.toml"), &*ELIXIR),
        ] {
            assert_eq!(entries.len(), text.matches("[[package]]").count());
            let mut seen = HashSet::new();
            for entry in entries {
                assert!(seen.insert(entry.name.to_ascii_lowercase()), "{} is named twice", entry.name);
                let shown = !(entry.names.is_empty() && entry.calls.is_empty());
                let loaded = entry.implied.is_some() || !entry.loaded_by.is_empty();
                assert!(shown || loaded, "{} says nothing", entry.name);
                assert!(!entry.complete || shown && !entry.name.ends_with('*'), "{}", entry.name);
            }
        }
    }

    #[test]
    fn own_entries_go_before_patterns_and_patterns_fill_names() {
        let found = |name: &str| find(&DOTNET, name).map(|entry| entry.name.as_str());
        assert_eq!(found("AWSSDK.Extensions.NETCore.Setup"), Some("AWSSDK.Extensions.NETCore.Setup"));
        assert_eq!(found("awssdk.s3"), Some("AWSSDK.*"));
        assert_eq!(found("Unheard.Of"), None);
        let names = |name: &str| find(&JAVA, name).map(|entry| entry.names(name)).unwrap_or_default();
        assert_eq!(names("com.azure:azure-data-tables"), ["com.azure.data.tables"]);
        assert_eq!(
            names("software.amazon.awssdk:s3"),
            ["software.amazon.awssdk.services.s3", "software.amazon.awssdk.s3"]
        );
    }
}
