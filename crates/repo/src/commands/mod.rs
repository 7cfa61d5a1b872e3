//! Commands, followed from where they are written down to the program that they start.

use seaworthy_facts::{Command, Location};

use crate::tree::Tree;

/// Follows commands through package scripts, Makefiles, task runners and shell scripts of the tree.
#[derive(Debug)]
pub struct Commands<'t> {
    _tree: &'t Tree,
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

impl<'t> Commands<'t> {
    /// A follower for this tree; scripts are parsed when they are first asked for.
    pub fn new(tree: &'t Tree) -> Self {
        Commands { _tree: tree }
    }

    /// Every command that a piece of shell text ends up running.
    pub fn follow(&self, _text: &str, _place: &Place) -> Vec<Command> {
        Vec::new()
    }

    /// The same for a command given as separate words (exec form, `args:`).
    pub fn follow_words(&self, _words: &[String], _place: &Place) -> Vec<Command> {
        Vec::new()
    }
}
