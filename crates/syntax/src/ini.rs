//! INI-like files: setup.cfg, tox.ini, alembic.ini, systemd units, php.ini, uwsgi.ini.

use crate::Limits;

/// A section with its entries. Entries before the first header are in a section without name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// The name between the brackets.
    pub name: String,
    /// 1-based line of the header.
    pub line: u32,
    /// The entries in source order; keys may repeat.
    pub entries: Vec<Entry>,
}

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key as written.
    pub key: String,
    /// The value with continuation lines joined by newlines; none for a key that stands alone.
    pub value: Option<String>,
    /// 1-based line of the key.
    pub line: u32,
    /// 1-based column of the key.
    pub column: u32,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ini {
    /// The sections in source order; names may repeat.
    pub sections: Vec<Section>,
}

impl Section {
    /// The last value of a key, compared without regard to case.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().rev().find(|entry| entry.key.eq_ignore_ascii_case(key))?.value.as_deref()
    }

    /// Every entry of a key, compared without regard to case.
    pub fn all<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'s Entry> {
        self.entries.iter().filter(move |entry| entry.key.eq_ignore_ascii_case(key))
    }
}

impl Ini {
    /// The first section of a name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The last value of a key in any section of a name.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.sections.iter().rev().filter(|candidate| candidate.name == section).find_map(|s| s.get(key))
    }
}

/// Reads a file; lines that make no sense are passed over. A text beyond the limits gives none.
///
/// Entries before the first header are in a first section without name, on line 1.
pub fn parse(text: &str, limits: &Limits) -> Ini {
    let mut ini = Ini::default();
    if limits.check_size(text).is_err() {
        return ini;
    }
    let mut section = Section { line: 1, ..Section::default() };
    let mut continued = false;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (at, line) in text.split('\n').enumerate().take(limits.max_nodes) {
        let number = at as u32 + 1;
        let trimmed = line.trim();
        let indented = line.starts_with([' ', '\t']);
        let is_comment = trimmed.starts_with(['#', ';']);
        if continued && !is_comment {
            // systemd: a backslash at the end of the line goes on in the next.
            continued = append(&mut section, trimmed);
        } else if trimmed.is_empty() || is_comment {
            continue;
        } else if let Some(name) = header(trimmed) {
            let next = Section { name: name.to_owned(), line: number, entries: Vec::new() };
            let done = std::mem::replace(&mut section, next);
            if !done.name.is_empty() || !done.entries.is_empty() || done.line > 1 {
                ini.sections.push(done);
            }
        } else if indented
            && section.entries.last().is_some_and(|entry| entry.value.is_some())
            && !is_deeper_entry(&section, line)
        {
            append(&mut section, trimmed);
        } else {
            let (entry, goes_on) = read_entry(line, trimmed, number);
            section.entries.push(entry);
            continued = goes_on;
        }
    }
    if !section.name.is_empty() || !section.entries.is_empty() || section.line > 1 {
        ini.sections.push(section);
    }
    ini
}

fn header(trimmed: &str) -> Option<&str> {
    let inner = trimmed.strip_prefix('[')?;
    let (name, _) = inner.rsplit_once(']')?;
    Some(name.trim())
}

/// An indented line is an entry of its own where the entries before it are indented as far: some
/// files indent everything.
fn is_deeper_entry(section: &Section, line: &str) -> bool {
    let indent = line.chars().take_while(|c| matches!(c, ' ' | '\t')).count() as u32;
    let before = section.entries.last().map_or(0, |entry| entry.column - 1);
    before >= indent && separator(line).is_some()
}

fn separator(line: &str) -> Option<usize> {
    line.find(['=', ':'])
}

fn read_entry(line: &str, trimmed: &str, number: u32) -> (Entry, bool) {
    let indent = line.len() - line.trim_start().len();
    let column = line[..indent].chars().count() as u32 + 1;
    let (key, value) = match separator(trimmed) {
        Some(at) => (trimmed[..at].trim_end(), Some(trimmed[at + 1..].trim())),
        None => (trimmed, None),
    };
    let goes_on = value.is_some_and(|value| value.ends_with('\\'));
    let value = value.map(|value| without_comment(value.strip_suffix('\\').unwrap_or(value)).to_owned());
    (Entry { key: key.to_owned(), value, line: number, column }, goes_on)
}

/// Cuts a comment off that stands behind blanks.
fn without_comment(value: &str) -> &str {
    if value.starts_with(['"', '\'']) {
        return value.trim();
    }
    let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    value[..end.unwrap_or(value.len())].trim()
}

/// Continues the last value; says whether it goes on further.
fn append(section: &mut Section, trimmed: &str) -> bool {
    let goes_on = trimmed.ends_with('\\');
    if let Some(value) = section.entries.last_mut().and_then(|entry| entry.value.as_mut()) {
        value.push('\n');
        value.push_str(without_comment(trimmed.strip_suffix('\\').unwrap_or(trimmed)));
    }
    goes_on
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    fn read(text: &str) -> Ini {
        parse(text, &Limits::default())
    }

    #[test]
    fn reads_sections_and_continuations() {
        let ini = read(
            "top = 1\n[tox]\nenvlist =\n    py312\n    lint  # x\n; c\n[testenv:lint]\nskip_install = true\ncommands: ruff check\nflag\n",
        );
        assert_eq!(ini.get("", "top"), Some("1"));
        assert_eq!(ini.get("tox", "envlist"), Some("\npy312\nlint"));
        let section = ini.section("testenv:lint").unwrap();
        assert_eq!(section.line, 7);
        assert_eq!(section.get("COMMANDS"), Some("ruff check"));
        assert_eq!(section.entries[2].value, None);
        assert_eq!(section.entries[1].line, 9);
    }

    #[test]
    fn keeps_repeated_keys_and_continued_lines() {
        let ini = read(
            "[Service]\nEnvironment=A=1\nEnvironment=\"B=2 # no\"\nExecStart=/bin/a \\\n  --b \\\n# c\n  --c=1\nRestart=always\n",
        );
        let service = ini.section("Service").unwrap();
        let all: Vec<_> = service.all("Environment").map(|entry| entry.value.as_deref().unwrap()).collect();
        assert_eq!(all, ["A=1", "\"B=2 # no\""]);
        assert_eq!(service.get("ExecStart"), Some("/bin/a\n--b\n--c=1"));
        assert_eq!(service.get("Restart"), Some("always"));
    }

    #[test]
    fn indented_entries_stay_apart() {
        let ini = read("[uwsgi]\n  http = :80\n  workers = 4\n[a]\nx = 1\n  y = 2\n");
        assert_eq!(ini.get("uwsgi", "workers"), Some("4"));
        assert_eq!(ini.get("a", "x"), Some("1\ny = 2"));
    }

    #[test]
    fn hostile_texts_are_bounded() {
        assert!(read(&"[".repeat(5_000_000)).sections.is_empty());
        assert!(read(&"a=\\\n".repeat(100_000)).sections.len() == 1);
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[a=:;#\\[\\] \t\n\\\\é]")) {
            for section in read(&text).sections {
                for entry in section.entries {
                    assert_inside(entry.line, entry.column, &text);
                }
            }
        }
    }
}
