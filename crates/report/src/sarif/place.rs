//! Locations in SARIF: relative addresses under named bases.

use seaworthy_model::{Location, Subject};
use serde_json::{Map, Value, json};

/// The folder that the addresses are relative to.
const ROOT: &str = "%SRCROOT%";

/// The audited folders.
pub(super) struct Places {
    /// The audited folder below the folder that the program was started in, where it is below.
    prefix: String,
    with: Vec<String>,
}

impl Places {
    pub fn new(subject: &Subject) -> Self {
        let path = subject.path.as_deref().unwrap_or(".");
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let below = !path.is_empty() && path != "." && is_plain(path);
        let prefix = if below { format!("{path}/") } else { String::new() };
        let with = subject.with.iter().map(|folder| folder.trim_end_matches('/').to_owned()).collect();
        Places { prefix, with }
    }

    /// What the bases mean. None has an address: where the folders are on the machine is nobody's business.
    pub fn bases(&self) -> Value {
        let mut bases = Map::new();
        bases.insert(ROOT.into(), json!({ "description": { "text": "The repository's root." } }));
        for (index, folder) in self.with.iter().enumerate() {
            let text = format!("An added folder, named {folder} on the command line.");
            bases.insert(with_base(index), json!({ "description": { "text": text } }));
        }
        bases.into()
    }

    /// The location; none for one that has no address.
    pub fn location(&self, location: &Location) -> Option<Value> {
        match location {
            Location::File { path, line, column } => {
                let mut physical = json!({ "artifactLocation": self.artifact(path) });
                if let Some(line) = line.filter(|line| *line > 0) {
                    physical["region"] = json!({ "startLine": line });
                    if let Some(column) = column.filter(|column| *column > 0) {
                        physical["region"]["startColumn"] = column.into();
                    }
                }
                Some(json!({ "physicalLocation": physical }))
            }
            Location::Url { url } => {
                Some(json!({ "physicalLocation": { "artifactLocation": { "uri": address(url) } } }))
            }
            Location::Record { record } => {
                Some(json!({ "physicalLocation": { "artifactLocation": self.artifact(record) } }))
            }
        }
    }

    fn artifact(&self, path: &str) -> Value {
        let added = self.with.iter().enumerate().find_map(|(index, folder)| {
            let inner = path.strip_prefix(folder.as_str())?.strip_prefix('/')?;
            Some((with_base(index), inner.to_owned()))
        });
        let (base, path) = added.unwrap_or_else(|| (ROOT.to_owned(), format!("{}{path}", self.prefix)));
        json!({ "uri": encode(path.trim_start_matches('/'), is_in_path), "uriBaseId": base })
    }
}

fn with_base(index: usize) -> String {
    format!("%WITH{}%", index + 1)
}

/// A relative path that stays below where it starts.
fn is_plain(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    !path.starts_with('/') && !drive && path.split('/').all(|part| part != "..")
}

/// Percent-encodes what may not stand in an address.
fn encode(text: &str, keep: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A colon is not kept: in the first part of a relative address it would end a scheme.
fn is_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@/".contains(&byte)
}

/// An address as it was probed, with what may not stand in one encoded; text that is no address becomes a path.
fn address(url: &str) -> String {
    let start =
        ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme)).map_or(0, str::len);
    let rest = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    if start == 0 || !is_host(&url[start..rest]) {
        return encode(url, is_in_path);
    }
    let mut out = url[..rest].to_owned();
    // What is encoded already stays as it is.
    for (index, part) in url[rest..].split('%').enumerate() {
        if index > 0 {
            let encoded = part.len() > 1 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
            out.push_str(if encoded { "%" } else { "%25" });
        }
        out.push_str(&encode(part, |byte| is_in_path(byte) || b":?".contains(&byte)));
    }
    out
}

/// A host with or without a port: a name, or a number in brackets.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((number, port)) => {
            if number.is_empty()
                || !number.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
            {
                return false;
            }
            ("number", port)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(subject: &Subject, path: &str) -> Value {
        Places::new(subject).artifact(path)
    }

    #[test]
    fn addresses_are_relative_and_encoded() {
        let here = Subject::default();
        assert_eq!(uri(&here, "a b/ü%.rs"), json!({ "uri": "a%20b/%C3%BC%25.rs", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(uri(&here, "c:d"), json!({ "uri": "c%3Ad", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(uri(&here, "/etc/x"), json!({ "uri": "etc/x", "uriBaseId": "%SRCROOT%" }));
    }

    #[test]
    fn a_folder_below_is_part_of_the_address_and_one_elsewhere_is_the_root() {
        let below = Subject { path: Some("./apps/web/".into()), ..Subject::default() };
        assert_eq!(uri(&below, "x.ts")["uri"], "apps/web/x.ts");
        let elsewhere = Subject { path: Some("../web".into()), ..Subject::default() };
        assert_eq!(uri(&elsewhere, "x.ts")["uri"], "x.ts");
        let absolute = Subject { path: Some("/srv/web".into()), ..Subject::default() };
        assert_eq!(uri(&absolute, "x.ts")["uri"], "x.ts");
    }

    #[test]
    fn added_folders_have_bases_of_their_own() {
        let subject = Subject { with: vec!["../infra".into()], ..Subject::default() };
        assert_eq!(uri(&subject, "../infra/main.tf"), json!({ "uri": "main.tf", "uriBaseId": "%WITH1%" }));
    }

    #[test]
    fn addresses_that_were_probed_are_kept() {
        assert_eq!(address("https://[::1]:8443/a%20b?c=d:e"), "https://[::1]:8443/a%20b?c=d:e");
        assert_eq!(address("https://example.org/%zz[x]\"<"), "https://example.org/%25zz%5Bx%5D%22%3C");
        assert_eq!(address("nothing"), "nothing");
        assert_eq!(address("https://a b/c:d"), "https%3A//a%20b/c%3Ad");
        assert_eq!(address("javascript:x"), "javascript%3Ax");
    }
}
