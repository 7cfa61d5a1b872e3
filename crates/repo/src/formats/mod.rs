//! Whether the files that rooms read follow their formats. A room passes over what it cannot make sense of; here each
//! such file is named, once, so that a verdict never rests on a file that nobody could read without anybody saying so.

use std::collections::HashMap;
use std::sync::LazyLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::prelude::*;
use seaworthy_facts::{Lock, Packages};
use seaworthy_syntax::{Limits, ParseError, conflict, dockerfile, hcl, json, procfile, toml, xml, yaml};
use serde::Deserialize;

use crate::packages::lock_limits;
use crate::tree::{Class, File, Tree};

/// How a file must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Yaml,
    Toml,
    Xml,
    Hcl,
    Dockerfile,
    Procfile,
    Braces,
    Lines,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
}

#[derive(Debug, Default)]
struct Table {
    names: HashMap<String, Format>,
    paths: GlobSet,
    formats: Vec<Format>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table().unwrap_or_default());

fn table() -> Option<Table> {
    let known: HashMap<Format, Known> = ::toml::from_str(include_str!("formats.toml")).ok()?;
    let mut table = Table::default();
    let mut paths = GlobSetBuilder::new();
    for (format, known) in known {
        table.names.extend(known.names.into_iter().map(|name| (name, format)));
        for path in known.paths {
            paths.add(Glob::new(&path).ok()?);
            table.formats.push(format);
        }
    }
    table.paths = paths.build().ok()?;
    Some(table)
}

fn format_of(file: &File) -> Option<Format> {
    TABLE.names.get(file.name()).copied().or_else(|| {
        // Most files have an extension that no pattern asks for.
        let telling = matches!(
            file.extension(),
            "json" | "yml" | "yaml" | "toml" | "tfvars" | "txt" | "conf" | "service" | "timer" | "dockerfile"
        ) || file.name().starts_with("Dockerfile.");
        let found =
            telling.then(|| TABLE.paths.matches(&file.path)).and_then(|found| found.first().copied())?;
        TABLE.formats.get(found).copied()
    })
}

/// Names every file that ships, that some room reads and that does not follow its format.
pub fn check(tree: &Tree, packages: &Packages) {
    let broken: Vec<(&File, ParseError)> =
        tree.files().par_iter().filter_map(|file| Some((file, read(tree, file)?))).collect();
    for (file, error) in broken {
        tree.broken(&file.path, &error);
    }
    // A lockfile was parsed already; only what its reader refused is looked at again, for the line.
    for manifest in &packages.manifests {
        if let Lock::Unreadable { at, why } = &manifest.lock
            && let Some(file) = at.path().and_then(|path| tree.file(path))
            && let Some(text) = tree.text(file)
        {
            tree.broken(
                &file.path,
                &lockfile_fault(file.name(), &text).unwrap_or_else(|| ParseError::new(why)),
            );
        }
    }
}

/// What is wrong with a file that ships and is read.
fn read(tree: &Tree, file: &File) -> Option<ParseError> {
    match file.class {
        Class::Shipped | Class::Development | Class::Generated => {}
        Class::Test | Class::Documentation | Class::Example | Class::Vendored => return None,
    }
    let format = format_of(file)?;
    fault(format, &tree.text(file)?)
}

/// What is wrong with the text of a file, where it is of a format that is known here.
pub fn fault_of(file: &File, text: &str) -> Option<ParseError> {
    fault(format_of(file)?, text)
}

fn lockfile_fault(name: &str, text: &str) -> Option<ParseError> {
    conflict::find(text).or_else(|| match name.rsplit('.').next() {
        Some("yaml" | "yml") => yaml::parse_all(text, &lock_limits()).err(),
        Some("json") => json::parse(text, &lock_limits()).err(),
        _ if matches!(name, "composer.lock" | "Pipfile.lock" | "bun.lock" | "deno.lock") => {
            json::parse(text, &lock_limits()).err()
        }
        _ if matches!(name, "Cargo.lock" | "poetry.lock" | "uv.lock" | "pdm.lock") => {
            toml::parse(text, &lock_limits()).err()
        }
        _ if name == "pubspec.lock" => yaml::parse(text, &lock_limits()).err(),
        _ => None,
    })
}

fn fault(format: Format, text: &str) -> Option<ParseError> {
    if let Some(error) = conflict::find(text) {
        return Some(error);
    }
    let limits = Limits::default();
    let text = text.trim_start_matches('\u{feff}');
    // What a tool fills in before anybody reads it need not be well formed yet.
    let filled_in = ["{{", "<%", "{%"].iter().any(|mark| text.contains(mark));
    match format {
        _ if filled_in && !matches!(format, Format::Dockerfile | Format::Procfile | Format::Lines) => None,
        Format::Json => json::parse(text, &limits).err(),
        // Maven puts values between at signs into Spring's settings; YAML forbids a value that begins with one.
        Format::Yaml if text.contains(" @") => None,
        Format::Yaml => yaml::parse_all(text, &limits).err(),
        Format::Toml => toml::parse(text, &limits).err(),
        Format::Xml => xml::parse(text, &limits).err(),
        Format::Hcl => hcl::parse(text, &limits).err(),
        Format::Dockerfile => dockerfile_fault(text, &limits),
        Format::Procfile => procfile_fault(text, &limits),
        Format::Braces => open_brace(text),
        Format::Lines => None,
    }
}

const INSTRUCTIONS: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

fn dockerfile_fault(text: &str, limits: &Limits) -> Option<ParseError> {
    // Templates of Dockerfiles have instructions of the tool that fills them in.
    if text.contains("{{") || text.contains("{%") || text.contains("<%") || text.contains("# syntax=") {
        return None;
    }
    let parsed = dockerfile::parse(text, limits);
    let unknown = parsed.instructions.iter().find(|instruction| {
        !INSTRUCTIONS.contains(&instruction.keyword.as_str()) && !instruction.keyword.starts_with("INCLUDE")
    });
    let error = |line: u32, what: String| ParseError::at(line, 1, what);
    if let Some(unknown) = unknown {
        let keyword: String = unknown.keyword.chars().filter(|c| !c.is_control()).take(40).collect();
        return Some(error(unknown.line, format!("`{keyword}` is no instruction of a Dockerfile")));
    }
    parsed
        .instructions
        .iter()
        .find(|instruction| instruction.keyword == "FROM" && instruction.arguments.trim().is_empty())
        .map(|from| error(from.line, "FROM without an image".to_owned()))
}

fn procfile_fault(text: &str, limits: &Limits) -> Option<ParseError> {
    let read: Vec<u32> = procfile::parse(text, limits).iter().map(|process| process.line).collect();
    (1u32..)
        .zip(text.lines())
        .find(|(number, line)| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#') && read.binary_search(number).is_err()
        })
        .map(|(number, _)| ParseError::at(number, 1, "a line that names no process type"))
}

/// A block that is never closed, or closed without having been opened, in a text whose lines end or open with a brace.
fn open_brace(text: &str) -> Option<ParseError> {
    let mut open: Vec<u32> = Vec::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.starts_with('#') {
            continue;
        }
        if line == "}" || line == "};" {
            if open.pop().is_none() {
                return Some(ParseError::at(number, 1, "a brace that closes nothing"));
            }
        } else if line.ends_with(" {") || line == "{" {
            open.push(number);
        } else if line.contains('{') && !line.contains('}') || line.contains('}') && !line.contains('{') {
            // Written in a way that counting lines cannot tell.
            return None;
        }
    }
    open.first().map(|line| ParseError::at(*line, 1, "a block that is never closed"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let table = table().unwrap();
        assert!(table.names.len() > 30);
        assert_eq!(table.formats.len(), table.paths.len());
    }

    #[test]
    fn sound_files_are_not_named() {
        let sound = [
            (Format::Json, "// a comment\n{\"a\": 1,}\n"),
            (Format::Yaml, "a: 1\n---\nb: {{ value }}\n"),
            (Format::Yaml, "version: @project.version@\n"),
            (Format::Xml, "\u{feff}<?xml version=\"1.0\"?>\n<a/>\n"),
            (Format::Dockerfile, "# a\nARG V=1\nfrom node:22\nRUN <<EOF\nfoo bar\nEOF\nCOPY a \\\n  b\n"),
            (Format::Procfile, "# a\nweb: run\n\n"),
            (Format::Braces, "http {\n  server { listen 80; }\n  map $a $b {\n    default \"{\";\n  }\n}\n"),
            (Format::Braces, "log_format json escape=json '{'\n  '\"a\":1'\n'}';\n"),
            (Format::Lines, "Title\n=======\n<<<<<<< not alone\n"),
        ];
        for (format, text) in sound {
            assert_eq!(fault(format, text), None, "{text}");
        }
    }

    #[test]
    fn broken_files_are_named_with_their_line() {
        let broken = [
            (Format::Json, "{\n\"a\" 1}\n", 2),
            (Format::Dockerfile, "FROM node:22\nRUNN a\n", 2),
            (Format::Dockerfile, "FROM\n", 1),
            (Format::Procfile, "web: a\nworker b\n", 2),
            (Format::Braces, "http {\n  server {\n  }\n", 1),
            (Format::Braces, "a {\n}\n}\n", 3),
            (Format::Lines, "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n", 2),
        ];
        for (format, text, line) in broken {
            assert_eq!(fault(format, text).unwrap().line, Some(line), "{text}");
        }
    }
}
