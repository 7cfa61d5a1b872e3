//! What is run when the application is released and started, and how new versions replace old ones.
//!
//! One file for each kind of description; all give the same shapes.

mod compose;
mod dockerfile;
mod kubernetes;
mod platforms;
mod procfile;
mod rollouts;
mod services;

pub use compose::is_compose;

use seaworthy_facts::{Command, Launch, Launches, Location, Stage};

use crate::commands::{Commands, Place};
use crate::tree::{Class, File, Tree};

/// Every way to release and start.
pub fn collect(tree: &Tree, commands: &Commands) -> Launches {
    let mut found = Found { tree, commands, launches: Vec::new(), rollouts: Vec::new() };
    dockerfile::read(&mut found);
    procfile::read(&mut found);
    platforms::read(&mut found);
    compose::read(&mut found);
    kubernetes::read(&mut found);
    services::read(&mut found);
    rollouts::read(&mut found);
    Launches { launches: found.launches, rollouts: found.rollouts }
}

/// What the readers share and add to.
pub struct Found<'a, 't> {
    /// The files.
    pub tree: &'t Tree,
    /// Follows commands.
    pub commands: &'a Commands<'t>,
    /// What was found so far.
    pub launches: Vec<Launch>,
    /// What was found so far.
    pub rollouts: Vec<seaworthy_facts::Rollout>,
}

impl Found<'_, '_> {
    /// Adds a launch given as shell text.
    pub fn shell(
        &mut self,
        stage: Stage,
        defined_by: impl Into<String>,
        at: &Location,
        folder: &str,
        text: &str,
    ) {
        let path = at.path().unwrap_or_default();
        let place = Place { path, line: at.line_number().unwrap_or(1), folder, via: &[] };
        let commands = self.commands.follow(text, &place);
        self.add(stage, defined_by, at, commands);
    }

    /// Adds a launch given as separate words.
    pub fn words(
        &mut self,
        stage: Stage,
        defined_by: impl Into<String>,
        at: &Location,
        folder: &str,
        words: &[String],
    ) {
        let path = at.path().unwrap_or_default();
        let place = Place { path, line: at.line_number().unwrap_or(1), folder, via: &[] };
        let commands = self.commands.follow_words(words, &place);
        self.add(stage, defined_by, at, commands);
    }

    fn add(&mut self, stage: Stage, defined_by: impl Into<String>, at: &Location, commands: Vec<Command>) {
        let development = is_development(at.path().unwrap_or_default());
        self.launches.push(Launch {
            stage,
            defined_by: defined_by.into(),
            at: at.clone(),
            commands,
            development,
        });
    }
}

/// Files that describe a development or test environment, told by their names.
pub fn is_development(path: &str) -> bool {
    const WORDS: &[&str] = &[
        "dev",
        "develop",
        "development",
        "local",
        "override",
        "test",
        "tests",
        "testing",
        "ci",
        "debug",
        "e2e",
    ];
    path.split('/').any(|part| {
        part.split(['.', '-', '_']).any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
    })
}

/// Whether a file can describe what ships: examples, tests and vendored files cannot.
pub fn can_ship(file: &File) -> bool {
    matches!(file.class, Class::Shipped | Class::Development)
}

#[cfg(test)]
mod tests;
