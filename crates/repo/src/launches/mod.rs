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

use seaworthy_facts::{Command, Launch, Launches, Location, Stage, Unread};

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
    let mut unread = broken(tree);
    unread.extend(commands.cuts().into_iter().chain(tree.cuts()));
    Launches { launches: found.launches, rollouts: found.rollouts, unread }
}

/// Most broken descriptions that are named one by one.
const BROKEN: usize = 100;

/// Descriptions that do not follow their format. Their readers pass over what they cannot make sense of.
fn broken(tree: &Tree) -> Vec<Unread> {
    let files = tree.files().iter().filter(|file| can_ship(file) && describes(file));
    let faulty = files.filter_map(|file| {
        let text = tree.text(file)?;
        let error = crate::formats::fault_of(file, &text);
        if let Some(error) = &error {
            tree.broken(&file.path, error);
        }
        let error_or_known = error.is_some() || tree.is_broken(&file.path);
        error_or_known
            .then(|| Unread { what: format!("{} is broken and was not read", file.path), at: file.at() })
    });
    faulty.take(BROKEN).collect()
}

/// Whether a file says how the application is released or started.
fn describes(file: &File) -> bool {
    let name = file.name();
    matches!(
        name,
        "Procfile"
            | "app.json"
            | "heroku.yml"
            | "railway.json"
            | "railway.toml"
            | "nixpacks.toml"
            | "vercel.json"
            | "netlify.toml"
            | "render.yaml"
            | "package.json"
            | "composer.json"
            | "shipit.yml"
    ) || name.starts_with("fly.") && name.ends_with(".toml")
        || file.folder() == "config" && name.starts_with("deploy.") && name.ends_with(".yml")
        || compose::is_compose(name)
        || crate::packages::is_dockerfile(file)
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
