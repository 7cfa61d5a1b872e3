//! What all systems' readers share: files of one root, YAML with its faults noted, commands followed, limits kept.

use seaworthy_facts::{Command, Location, Pipelines, Unread};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use crate::commands::{Commands, Place};
use crate::tree::{File, Root, Tree, join};

/// Steps of one root; more are not read.
const STEPS: usize = 5_000;
/// Lists and mappings of which so many entries are read.
const LISTS: &[(&str, usize)] = &[
    ("variables", 500),
    ("env", 500),
    ("environment", 500),
    ("parameters", 200),
    ("with", 200),
    ("needs", 200),
    ("services", 100),
    ("matrix", 100),
    ("when", 50),
    ("extends", 20),
];
/// Longest text that is kept of a condition or a value.
const TEXT: usize = 500;

/// Reads the CI files of one audited folder.
pub struct Reader<'t, 'c> {
    /// The files.
    pub tree: &'t Tree,
    /// The root.
    pub root: &'t Root,
    commands: &'t Commands<'c>,
    steps_left: usize,
    /// What was found so far.
    pub found: Pipelines,
}

/// Where shell text runs and how it was reached.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The file that holds it, as in [`File::path`].
    pub path: &'a str,
    /// The line on which its text begins.
    pub line: u32,
    /// The folder, relative to the root.
    pub folder: &'a str,
    /// How it was reached.
    pub via: &'a [Location],
    /// The shell stops when a part of a pipeline fails.
    pub pipefail: bool,
}

impl<'t, 'c> Reader<'t, 'c> {
    /// A reader for a root.
    pub fn new(tree: &'t Tree, commands: &'t Commands<'c>, root: &'t Root) -> Self {
        Reader { tree, root, commands, steps_left: STEPS, found: Pipelines::default() }
    }

    /// What was found.
    pub fn finish(self) -> Pipelines {
        self.found
    }

    /// The root's default branch, where it is known.
    pub fn default_branch(&self) -> Option<&'t str> {
        self.root.default_branch.as_deref()
    }

    /// A file by its path in the root; nothing outside of the root is found.
    pub fn file(&self, path: &str) -> Option<&'t File> {
        let path = join(".", path)?;
        self.tree.file(&format!("{}{path}", self.root.prefix))
    }

    /// A file's path in the root.
    pub fn path_in_root<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.root.prefix.as_str()).unwrap_or(path)
    }

    /// The YAML files of a folder of the root, in order of their paths; those below it only when `deep`.
    pub fn yaml_files(&self, folder: &str, deep: bool) -> Vec<&'t File> {
        let start = format!("{}{folder}/", self.root.prefix);
        let files = self.tree.files().iter().filter(|file| {
            file.path.strip_prefix(start.as_str()).is_some_and(|rest| deep || !rest.contains('/'))
                && matches!(file.extension(), "yml" | "yaml")
        });
        self.tree.first(files, 500, "CI files in a folder")
    }

    /// The documents of a YAML file. What cannot be read is a problem of the tree and something unread for the items.
    pub fn documents(&mut self, file: &File, what: &str) -> Vec<Node> {
        let Some(text) = self.tree.text(file) else {
            self.unread(format!("{what} could not be read"), file.at());
            return Vec::new();
        };
        let parsed = yaml::parse_lenient(&text, &Limits::default());
        if let Some(error) = parsed.error {
            let at = error.line.map_or_else(|| file.at(), |line| file.at_line(line));
            self.tree.broken(&file.path, &error);
            self.unread(format!("{what} whose YAML is broken"), at);
        }
        for document in &parsed.documents {
            document.walk(&mut |path, node| self.cut_off(file, path, node));
        }
        parsed.documents
    }

    /// Names a list of which not all is read.
    fn cut_off(&mut self, file: &File, path: &[&str], node: &Node) {
        let length = node.list().len().max(node.map().len());
        let named = path.last().and_then(|name| LISTS.iter().find(|(list, _)| list == name));
        if let Some((name, most)) = named
            && length > *most
        {
            let what =
                format!("`{name}` with {length} entries; those after the first {most} were not looked at");
            self.tree.cut(file.at_line(node.line), what);
        }
    }

    /// The first document of a YAML file.
    pub fn document(&mut self, file: &File, what: &str) -> Option<Node> {
        self.documents(file, what).into_iter().next()
    }

    /// Notes something that is there but not read.
    pub fn unread(&mut self, what: impl Into<String>, at: Location) {
        let unread = Unread { what: what.into(), at };
        if self.found.unread.len() < 200 && !self.found.unread.contains(&unread) {
            self.found.unread.push(unread);
        }
    }

    /// Takes one step from the budget.
    pub fn step(&mut self, at: &Location) -> bool {
        match self.steps_left.checked_sub(1) {
            Some(left) => {
                self.steps_left = left;
                true
            }
            None => {
                self.tree.problem(at.clone(), format!("only the first {STEPS} CI steps were read"));
                self.unread(format!("CI with more than {STEPS} steps"), at.clone());
                false
            }
        }
    }

    /// Follows shell text.
    pub fn follow(&self, text: &str, script: &Script) -> Vec<Command> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        let folder = self.folder(script.folder);
        // CI systems start the shell with these options; said in front, on a line of its own, they hold for the text.
        let (text, line) = match script.line.checked_sub(1) {
            Some(before) if before > 0 => {
                let options = if script.pipefail { "set -eo pipefail" } else { "set -e" };
                (format!("{options}\n{text}"), before)
            }
            _ => (text.to_owned(), script.line),
        };
        let place = Place { path: script.path, line, folder: &folder, via: script.via };
        let mut commands = self.commands.follow(&text, &place);
        commands.retain(|command| command.words.first().is_none_or(|word| word != "set"));
        commands
    }

    fn folder(&self, folder: &str) -> String {
        let inside = join(".", folder).unwrap_or_else(|| ".".to_owned());
        match (self.root.prefix.trim_end_matches('/'), inside.as_str()) {
            ("", inside) => inside.to_owned(),
            (prefix, ".") => prefix.to_owned(),
            (prefix, inside) => format!("{prefix}/{inside}"),
        }
    }
}

/// A text, not longer than is kept.
pub fn cap(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    let mut end = TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// A mapping of names to scalars. The values of what sounds like a secret are left out.
pub fn variables(node: &Node) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in node.map().iter().take(500) {
        // GitLab: `NAME: {value: …, description: …}`.
        let value = value.get("value").unwrap_or(value);
        if let Some(value) = value.scalar() {
            found.push((cap(&key.text), harmless(&key.text, &value)));
        }
    }
    found
}

/// The value of a variable, unless it sounds like a secret and is written out.
pub fn harmless(name: &str, value: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let secret =
        ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "API_KEY", "APIKEY", "ACCESS_KEY"]
            .iter()
            .any(|word| upper.contains(word));
    let reference = value.contains("${{") || value.starts_with('$') || value.len() < 2;
    let with_password = value.contains("://") && value.contains('@');
    if (secret && !reference) || with_password { "(not shown)".to_owned() } else { cap(value) }
}

/// Adds variables; those of the inner level replace those of the outer one.
pub fn overlay(outer: &[(String, String)], inner: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        outer.iter().filter(|(name, _)| inner.iter().all(|(other, _)| other != name)).cloned().collect();
    all.extend(inner);
    all
}

/// A list of scalars, or one scalar, as texts.
pub fn texts(node: Option<&Node>) -> Vec<String> {
    node.map(|node| {
        node.list_or_single().into_iter().filter_map(Node::scalar).map(|text| cap(&text)).collect()
    })
    .unwrap_or_default()
}

/// The entries of a list as one script whose lines stay where they are; none when they do not stand below each other.
pub fn as_one_script(lines: &[(String, u32)]) -> Option<(String, u32)> {
    let first = lines.first()?.1;
    let mut script = String::new();
    let mut next = first;
    for (text, line) in lines {
        let missing = line.checked_sub(next)?;
        if missing > 10_000 {
            return None;
        }
        script.extend(std::iter::repeat_n('\n', missing as usize));
        let text = text.trim_end_matches('\n');
        script.push_str(text);
        script.push('\n');
        next = line + u32::try_from(text.matches('\n').count()).ok()? + 1;
    }
    Some((script, first))
}
