//! Commands, followed from where they are written down to the program that they start.

mod containers;
mod follow;
mod gradle;
mod installs;
mod literals;
mod make;
mod monorepo;
mod package;
mod php;
mod powershell;
mod purpose;
mod python;
mod redact;
pub(crate) use follow::ROOTED;
pub(crate) use redact::redacted;
mod requests;
mod roles;
mod ruby;
mod runners;
mod scripts;
mod selection;
mod shell;
mod words;
mod wrappers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use seaworthy_facts::{Command, Location};
use seaworthy_syntax::shell::Options;
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, json, makefile, toml, yaml};

use crate::infrastructure::manifests::{self, Manifest};
use crate::tree::Tree;

pub use roles::{
    has_subcommands, roles_of_action, roles_of_command, roles_of_gitlab_template, roles_of_image,
};

/// Follows commands through package scripts, Makefiles, task runners and shell scripts of the tree.
#[derive(Debug)]
pub struct Commands<'t> {
    tree: &'t Tree,
    documents: Mutex<HashMap<String, Option<Arc<Node>>>>,
    makefiles: Mutex<HashMap<String, Arc<makefile::Makefile>>>,
    packages: OnceLock<Vec<package::Package>>,
    titles: Mutex<HashMap<String, Arc<Vec<String>>>>,
    manifests: OnceLock<Vec<Manifest>>,
}

/// Where a piece of shell text stands and runs.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The file that holds it.
    pub path: &'a str,
    /// The line on which its text begins.
    pub line: u32,
    /// The folder that it runs in, relative to the audited folder (`.` for the root).
    pub folder: &'a str,
    /// How it was reached so far.
    pub via: &'a [Location],
}

/// What more may be said of how a piece of shell text is run.
#[derive(Debug, Clone)]
pub struct Setting {
    /// How the shell is started.
    pub options: Options,
    /// Arguments of the script (`$1` …).
    pub arguments: Vec<String>,
    /// Variables that are known, name to value.
    pub variables: Vec<(String, String)>,
    /// Folders of an image with the folder of the tree that was copied there, longest first.
    pub image: Vec<(String, String)>,
}

impl Default for Setting {
    /// As CI systems run their steps: the first failure ends the script.
    fn default() -> Self {
        Setting {
            options: Options { errexit: true, pipefail: false },
            arguments: Vec::new(),
            variables: Vec::new(),
            image: Vec::new(),
        }
    }
}

impl<'t> Commands<'t> {
    /// A follower for this tree; scripts are parsed when they are first asked for.
    pub fn new(tree: &'t Tree) -> Self {
        Commands {
            tree,
            documents: Mutex::default(),
            makefiles: Mutex::default(),
            packages: OnceLock::new(),
            titles: Mutex::default(),
            manifests: OnceLock::new(),
        }
    }

    /// Every command that a piece of shell text ends up running.
    pub fn follow(&self, text: &str, place: &Place) -> Vec<Command> {
        self.follow_with(text, place, &Setting::default())
    }

    /// The same, where more is known of how the text is run.
    pub fn follow_with(&self, text: &str, place: &Place, setting: &Setting) -> Vec<Command> {
        let mut walk = follow::Walk::new(self);
        walk.script(text, &follow::Frame::of(place, setting));
        walk.found
    }

    /// The same for a command given as separate words (exec form, `args:`).
    pub fn follow_words(&self, words: &[String], place: &Place) -> Vec<Command> {
        self.follow_words_with(words, place, &Setting::default())
    }

    /// The same, where more is known of how the words are run.
    pub fn follow_words_with(&self, words: &[String], place: &Place, setting: &Setting) -> Vec<Command> {
        let text = words.iter().map(|word| words::quote(word)).collect::<Vec<_>>().join(" ");
        let mut walk = follow::Walk::new(self);
        let mut frame = follow::Frame::of(place, setting);
        frame.one_line = true;
        walk.script(&text, &frame);
        walk.found
    }

    /// The tree that is read.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// What was left out because there was more than is read.
    pub(crate) fn cuts(&self) -> Vec<seaworthy_facts::Unread> {
        self.tree.cuts()
    }

    /// The Kubernetes manifests of the tree, parsed at most once.
    pub(crate) fn manifests(&self) -> &[Manifest] {
        self.manifests.get_or_init(|| manifests::read(self.tree))
    }

    /// A JSON, TOML or YAML file of the tree, parsed at most once.
    pub(crate) fn document(&self, path: &str) -> Option<Arc<Node>> {
        if let Ok(known) = self.documents.lock()
            && let Some(document) = known.get(path)
        {
            return document.clone();
        }
        let document = self.parse_document(path);
        if let Ok(mut known) = self.documents.lock() {
            known.insert(path.to_owned(), document.clone());
        }
        document
    }

    fn parse_document(&self, path: &str) -> Option<Arc<Node>> {
        let text = self.tree.text_at(path)?;
        let limits = Limits::default();
        let parsed = match path.rsplit('.').next().unwrap_or_default() {
            "json" | "jsonc" | "json5" => json::parse(&text, &limits),
            "toml" => toml::parse(&text, &limits),
            _ => yaml::parse(&text, &limits),
        };
        match parsed {
            Ok(node) => Some(Arc::new(node)),
            Err(error) => {
                self.tree.broken(path, &error);
                None
            }
        }
    }

    pub(crate) fn makefile(&self, path: &str) -> Option<Arc<makefile::Makefile>> {
        if let Ok(known) = self.makefiles.lock()
            && let Some(makefile) = known.get(path)
        {
            return Some(makefile.clone());
        }
        let text = self.tree.text_at(path)?;
        let parsed = Arc::new(makefile::parse(&text, &Limits::default()));
        if let Ok(mut known) = self.makefiles.lock() {
            known.insert(path.to_owned(), parsed.clone());
        }
        Some(parsed)
    }
}

#[cfg(test)]
mod tests;
