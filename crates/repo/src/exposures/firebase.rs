//! Access rules of Firebase: Firestore, Cloud Storage and the Realtime Database.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_model::ExposureKind;
use seaworthy_syntax::{Limits, json};

use super::Draft;
use crate::tree::{Class, File, Tree};

const REMEDY: &str = "Let a rule ask who it is and whose data it is (`request.auth.uid == resource.data.owner`), and deny the rest.";

/// Rules that let everybody in.
pub fn collect<'t>(tree: &'t Tree, today: &str) -> Vec<Draft<'t>> {
    let mut drafts = Vec::new();
    for file in tree.files().iter().filter(|file| file.class == Class::Shipped) {
        let name = file.name();
        let found = if name.ends_with(".rules") {
            tree.text(file)
                .filter(|text| {
                    text.contains("rules_version")
                        || text.contains("service cloud.firestore")
                        || text.contains("service firebase.storage")
                })
                .map(|text| in_language(&text, today))
        } else if name == "database.rules.json" || name.ends_with(".rules.json") {
            tree.text(file).map(|text| realtime(&text))
        } else {
            continue;
        };
        for found in found.into_iter().flatten().take(20) {
            drafts.push(draft(file, found));
        }
    }
    drafts
}

/// What is open, where, and how much it hurts.
type Open = (String, u32, u8);

fn draft(file: &File, (what, line, priority): Open) -> Draft<'_> {
    Draft {
        priority,
        kind: ExposureKind::OpenRules,
        what,
        file,
        line,
        value: None,
        remedy: REMEDY.to_owned(),
    }
}

/// `allow write: if true`, `allow read, write;`, and test mode until a day that is still to come.
fn in_language(text: &str, today: &str) -> Vec<Open> {
    static ALLOW: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?s)\ballow\s+([a-z,\s]+?)\s*(?:;|:\s*if\s+(.*?);)").ok());
    static MATCH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bmatch\s+(/\S+)").ok());
    static UNTIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^\(?\s*request\.time\s*<\s*timestamp\.date\(\s*(\d{4})\s*,\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)\s*\)?$").ok()
    });
    let (Some(allow), Some(path), Some(until)) = (ALLOW.as_ref(), MATCH.as_ref(), UNTIL.as_ref()) else {
        return Vec::new();
    };
    let text = without_comments(text);
    let files = text.contains("service firebase.storage") && !text.contains("service cloud.firestore");
    let mut found = Vec::new();
    for captures in allow.captures_iter(&text).take(500) {
        let (Some(whole), Some(verbs)) = (captures.get(0), captures.get(1)) else { continue };
        let condition = captures.get(2).map_or("true", |condition| condition.as_str().trim());
        let open = match condition.trim_matches(['(', ')', ' ']) {
            "true" => true,
            _ => until.captures(condition).is_some_and(|date| {
                let part = |at: usize| date.get(at).map_or("0", |part| part.as_str());
                today.is_empty()
                    || format!("{:0>4}-{:0>2}-{:0>2}", part(1), part(2), part(3)).as_str() > today
            }),
        };
        if !open {
            continue;
        }
        let before = &text[..whole.start()];
        let line = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX - 1) + 1;
        let place =
            path.captures_iter(before).last().and_then(|c| c.get(1)).map_or("?", |place| place.as_str());
        let verbs: Vec<&str> = verbs.as_str().split(',').map(str::trim).collect();
        let writes = verbs.iter().any(|verb| matches!(*verb, "write" | "create" | "update" | "delete"));
        // Reading may be meant for everybody where it is about one collection, and is the usual case for a named folder
        // of files: pictures of a page are there to be seen.
        let everything = place.contains("**");
        let reads = everything && verbs.iter().any(|verb| matches!(*verb, "read" | "list"));
        if writes {
            found.push((format!("Firebase rules let everybody write `{}`", short(place)), line, 1));
        } else if reads && !(is_named(place) && files) {
            let what = format!("Firebase rules let everybody read everything below `{}`", short(place));
            found.push((what, line, if is_named(place) { 2 } else { 1 }));
        }
    }
    found
}

/// Whether a place is below a name, not the whole of the database or of the bucket.
fn is_named(place: &str) -> bool {
    let below = place
        .strip_prefix("/databases/{database}/documents")
        .or_else(|| place.strip_prefix("/b/{bucket}/o"))
        .unwrap_or(place);
    below.split('/').any(|part| !part.is_empty() && !part.starts_with('{'))
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '`').take(80).collect()
}

/// The text with blanks in the place of comments, so that lines stay.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut block = false;
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        loop {
            if block {
                match rest.split_once("*/") {
                    Some((_, after)) => {
                        block = false;
                        rest = after;
                    }
                    None => {
                        out.push_str(if line.ends_with('\n') { "\n" } else { "" });
                        break;
                    }
                }
            }
            let (line_comment, block_comment) = (rest.find("//"), rest.find("/*"));
            match (line_comment, block_comment) {
                (Some(at), other) if other.is_none_or(|other| at < other) => {
                    out.push_str(&rest[..at]);
                    out.push_str(if line.ends_with('\n') { "\n" } else { "" });
                    break;
                }
                (_, Some(at)) => {
                    out.push_str(&rest[..at]);
                    block = true;
                    rest = &rest[at + 2..];
                }
                _ => {
                    out.push_str(rest);
                    break;
                }
            }
        }
    }
    out
}

/// `".write": true` anywhere, `".read": true` at the root.
fn realtime(text: &str) -> Vec<Open> {
    let Ok(root) = json::parse(text, &Limits::default()) else { return Vec::new() };
    let mut found = Vec::new();
    root.walk(&mut |path, node| {
        let open = node.as_bool() == Some(true) || node.as_str().is_some_and(|value| value.trim() == "true");
        let Some(last) = path.last() else { return };
        let depth = path.len();
        if !open || found.len() >= 20 {
            return;
        }
        if *last == ".write" {
            let place: Vec<String> = path[..depth - 1].iter().skip(1).map(|part| short(part)).collect();
            found.push((
                format!("Realtime Database rules let everybody write `/{}`", place.join("/")),
                node.line,
                1,
            ));
        } else if *last == ".read" && depth == 2 {
            found.push(("Realtime Database rules let everybody read everything".to_owned(), node.line, 1));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_writes_and_open_reads_of_everything() {
        let text = "rules_version = '2';\nservice cloud.firestore {\n  match /databases/{db}/documents {\n    match /{document=**} {\n      allow read, write: if true; // for now\n    }\n  }\n}\n";
        assert_eq!(
            in_language(text, "2026-11-22"),
            [("Firebase rules let everybody write `/{document=**}`".to_owned(), 5, 1)]
        );
        let read = text.replace("read, write", "read");
        assert_eq!(in_language(&read, "").len(), 1);
        assert_eq!(in_language(&read.replace("{document=**}", "posts/{id}"), "").len(), 0);
    }

    #[test]
    fn reading_below_a_name_is_often_meant() {
        let rules = |service: &str, place: &str| {
            in_language(&format!("service {service} {{ match {place} {{ allow read: if true; }} }}"), "")
        };
        assert_eq!(rules("firebase.storage", "/avatars/{id}/{allPaths=**}"), []);
        assert_eq!(rules("firebase.storage", "/{allPaths=**}")[0].2, 1);
        assert_eq!(rules("firebase.storage", "/b/{bucket}/o/{allPaths=**}")[0].2, 1);
        assert_eq!(rules("cloud.firestore", "/posts/{id}/{document=**}")[0].2, 2);
        assert_eq!(rules("cloud.firestore", "/databases/{database}/documents/{document=**}")[0].2, 1);
    }

    #[test]
    fn test_mode_is_open_until_its_day() {
        let text =
            "match /{document=**} { allow read, write: if request.time < timestamp.date(2027, 1, 5); }";
        assert_eq!(in_language(text, "2026-11-22").len(), 1);
        assert_eq!(in_language(text, "2027-01-05").len(), 0);
    }

    #[test]
    fn asked_rules_and_comments_are_closed() {
        let text = "match /a/{id} { allow write: if request.auth.uid == id; }\n// allow write: if true;\n/* allow write;\n */ match /b { allow read, write: if false; }";
        assert_eq!(in_language(text, ""), []);
    }

    #[test]
    fn realtime_rules() {
        assert_eq!(realtime("{\"rules\": {\".read\": true,\n \".write\": \"true\"}}").len(), 2);
        assert_eq!(
            realtime("{\"rules\": {\"posts\": {\".read\": true, \".write\": \"auth != null\"}}}").len(),
            0
        );
    }
}
