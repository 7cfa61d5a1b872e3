//! The walk from a piece of shell text down to the programs that it starts, within bounds.

use std::collections::HashSet;

use seaworthy_facts::{Command, Location, Role};
use seaworthy_syntax::shell::Options;

use super::redact::redacted;
use super::roles::roles_of_command;
use super::words::{capped, program_name};
use super::wrappers::peel;
use super::{
    Commands, Place, Setting, containers, gradle, make, monorepo, package, php, powershell, purpose, python,
    ruby, runners, scripts, selection,
};
use crate::tree::join;

/// How many scripts deep a command is followed.
pub const DEEPEST: usize = 8;
/// How many commands one text may come to.
const MOST: usize = 2_000;
/// How much work one text may cause, commands that lead nowhere included.
const STEPS: usize = 20_000;
/// Words of the shell that start nothing.
const SILENT: &[&str] = &[
    "[", "[[", ":", "alias", "break", "continue", "declare", "dirname", "basename", "echo", "exit", "export",
    "false", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "shopt", "test", "trap",
    "true", "typeset", "umask", "unset", "wait",
];
const TEXT_LIMIT: usize = 300;
const WORD_LIMIT: usize = 200;
const WORDS_LIMIT: usize = 100;

/// Begins a path that counts from the root of the tree, after a script found out its own folder.
pub const ROOTED: &str = "\u{2}/";

/// The folder that a command runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder, as far as it is known.
    pub path: String,
    /// Whether it is certain: nothing is called missing otherwise.
    pub known: bool,
}

/// A piece of shell text and what surrounds it.
#[derive(Debug, Clone)]
pub struct Frame {
    pub path: String,
    pub line: u32,
    /// The whole text stands on one line of its file, whatever line breaks it holds.
    pub one_line: bool,
    pub folder: Folder,
    pub via: Vec<Location>,
    pub ignored: Option<String>,
    /// What runs the text goes on when it fails, so that the failure of a check is lost.
    pub goes_on: Option<String>,
    pub condition: Option<String>,
    /// Name of the script that holds the text, as it speaks of its purpose.
    pub name: Option<String>,
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
    pub options: Options,
    pub image: Vec<(String, String)>,
    pub depth: usize,
}

impl Frame {
    pub fn of(place: &Place, setting: &Setting) -> Frame {
        Frame {
            path: place.path.to_owned(),
            line: place.line.max(1),
            one_line: false,
            folder: Folder {
                path: join(".", place.folder.trim_start_matches('/')).unwrap_or_else(|| ".".to_owned()),
                known: !place.folder.contains('$'),
            },
            via: place.via.to_vec(),
            ignored: None,
            goes_on: None,
            condition: None,
            name: None,
            arguments: setting.arguments.clone(),
            variables: setting.variables.clone(),
            options: setting.options,
            image: setting.image.clone(),
            depth: 0,
        }
    }
}

/// A command on its way down.
#[derive(Debug, Clone)]
pub struct Here {
    pub at: Location,
    pub text: String,
    pub folder: Folder,
    pub via: Vec<Location>,
    pub ignored: Option<String>,
    pub condition: Option<String>,
    pub name: Option<String>,
    pub variables: Vec<(String, String)>,
    pub image: Vec<(String, String)>,
    pub depth: usize,
    /// Its shell goes on when it fails, so that the failure of a check is lost.
    pub goes_on: Option<String>,
}

impl Here {
    /// The frame of a script that this command runs, in the command's own folder.
    pub fn script(&self, path: &str, line: u32) -> Frame {
        let mut via = self.via.clone();
        if via.last() != Some(&self.at) {
            via.push(self.at.clone());
        }
        Frame {
            path: path.to_owned(),
            line: line.max(1),
            one_line: false,
            folder: self.folder.clone(),
            via,
            ignored: self.ignored.clone(),
            goes_on: self.goes_on.clone(),
            condition: self.condition.clone(),
            name: self.name.clone(),
            arguments: Vec::new(),
            variables: self.variables.clone(),
            options: Options::default(),
            image: self.image.clone(),
            depth: self.depth + 1,
        }
    }

    /// The same for a text inside this very command.
    pub fn inside(&self) -> Frame {
        let mut frame = self.script(self.at.path().unwrap_or_default(), self.at.line_number().unwrap_or(1));
        frame.via = self.via.clone();
        frame.one_line = true;
        frame
    }
}

/// What became of a command.
#[derive(Debug)]
pub enum Outcome {
    /// It is no runner of this kind.
    NotMine,
    /// What it runs was followed.
    Followed,
    /// It names something that does not exist.
    Missing(String),
    /// It is what it is: these words.
    Leaf(Vec<String>),
}

/// A walk, from one text.
pub struct Walk<'c, 't> {
    pub commands: &'c Commands<'t>,
    pub found: Vec<Command>,
    steps: usize,
    /// Scripts that are being followed, against cycles.
    stack: Vec<String>,
    /// Targets that ran already, which their runner runs once.
    pub done: HashSet<String>,
}

impl<'c, 't> Walk<'c, 't> {
    pub fn new(commands: &'c Commands<'t>) -> Self {
        Walk { commands, found: Vec::new(), steps: 0, stack: Vec::new(), done: HashSet::new() }
    }

    /// There is room for more.
    pub fn goes_on(&mut self) -> bool {
        self.steps += 1;
        self.steps <= STEPS && self.found.len() < MOST
    }

    /// Runs `body` unless `key` is being followed already or the walk is too deep.
    pub fn within(&mut self, key: String, depth: usize, body: impl FnOnce(&mut Self)) -> bool {
        if depth > DEEPEST || self.stack.contains(&key) {
            return false;
        }
        self.stack.push(key);
        body(self);
        self.stack.pop();
        true
    }

    /// Whether a script is being followed.
    pub fn is_inside(&self, key: &str) -> bool {
        self.stack.iter().any(|known| known == key)
    }

    /// Follows one command.
    pub fn command(&mut self, words: &[String], mut here: Here) {
        if !self.goes_on() {
            return;
        }
        let peeled = peel(words);
        if let Some(folder) = &peeled.folder
            && let Some(joined) = join(&here.folder.path, folder)
        {
            here.folder = Folder { known: here.folder.known && !folder.contains('$'), path: joined };
        }
        if let Some(text) = &peeled.text
            && here.depth < DEEPEST
        {
            let frame = here.inside();
            self.script(text, &frame);
            return;
        }
        let words = peeled.words;
        let Some(first) = words.first() else { return };
        let program = program_name(first);
        let outcome = match program.as_str() {
            "npm" | "pnpm" | "yarn" | "bun" if !peeled.binary || program != "bun" => {
                package::follow(self, &program, &words, &here)
            }
            "npm-run-all"
            | "npm-run-all2"
            | "run-s"
            | "run-p"
            | "concurrently"
            | "conc"
            | "start-server-and-test"
            | "start-test"
            | "server-test" => package::follow_lists(self, &program, &words, &here),
            "turbo" | "nx" | "lerna" => monorepo::follow(self, &program, &words, &here),
            "make" | "gmake" | "$(MAKE)" | "${MAKE}" => make::follow(self, &words, &here),
            "just" | "task" | "go-task" | "deno" | "cargo" | "mix" => {
                runners::follow(self, &program, &words, &here)
            }
            "tox" | "nox" | "hatch" | "pdm" | "poe" | "poethepoet" | "inv" | "invoke" => {
                python::follow(self, &program, &words, &here)
            }
            "composer" => php::follow(self, &words, &here),
            "rake" | "rails" => ruby::follow(self, &program, &words, &here),
            "docker" | "podman" | "nerdctl" => {
                containers::follow(self, &words, peeled.service.as_deref(), &here)
            }
            _ => match powershell::follow(self, &words, &here) {
                Some(outcome) => outcome,
                None => scripts::follow(self, &words, &here),
            },
        };
        match outcome {
            Outcome::Followed => {}
            Outcome::Missing(what) => {
                let what = here.folder.known.then_some(what);
                self.emit(words, &here, what);
            }
            Outcome::Leaf(words) => {
                // `rails` and the like may be wrapped once more behind a runner.
                let words = peel(&words).words;
                self.emit(words, &here, None);
            }
            Outcome::NotMine => self.emit(words, &here, None),
        }
    }

    /// Keeps a command that is not followed further.
    pub fn emit(&mut self, words: Vec<String>, here: &Here, missing: Option<String>) {
        // Words of the shell itself are no programs.
        let silent = words.first().is_none_or(|word| SILENT.contains(&word.as_str()));
        if self.found.len() >= MOST || silent {
            return;
        }
        let words: Vec<String> = words
            .into_iter()
            .take(WORDS_LIMIT)
            .map(|word| capped(&word.replace(ROOTED, "./"), WORD_LIMIT))
            .collect();
        let mut roles = if missing.is_some() { Vec::new() } else { roles_of_command(&words) };
        if roles.is_empty() && missing.is_none() {
            roles.extend(purpose::role(self, &words, here));
        }
        if missing.is_none() {
            for role in gradle::roles(self, &words, here) {
                if !roles.contains(&role) {
                    roles.push(role);
                }
            }
        }
        let is_check = roles.iter().any(|role| {
            matches!(
                role,
                Role::Test
                    | Role::EndToEnd
                    | Role::Lint
                    | Role::Format
                    | Role::TypeCheck
                    | Role::CodeScan
                    | Role::DependencyAudit
                    | Role::UnusedPackages
                    | Role::ImageScan
                    | Role::SecretScan
                    | Role::MigrationLint
                    | Role::MigrationCheck
            )
        });
        let ignored = here.ignored.clone().or_else(|| here.goes_on.clone().filter(|_| is_check));
        let selects_nothing = selection::selects_nothing(self, &words, &roles, here);
        self.found.push(Command {
            text: capped(&redacted(&here.text.replace(ROOTED, "./")), TEXT_LIMIT),
            words: without_secrets(words),
            at: here.at.clone(),
            via: here.via.clone(),
            roles,
            ignored,
            missing,
            selects_nothing,
            condition: here.condition.as_deref().map(|condition| capped(&redacted(condition), TEXT_LIMIT)),
        });
    }
}

/// The words without secrets. They are redacted together, so that what follows `--password` is known.
fn without_secrets(words: Vec<String>) -> Vec<String> {
    let mut hidden: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let pair = hidden.last().map(|last| redacted(&format!("{last} {word}")));
        let shown = match pair {
            // The word is the announced secret.
            Some(pair) if !word.contains(char::is_whitespace) && pair.ends_with(" [redacted]") => {
                "[redacted]".to_owned()
            }
            _ => redacted(&word),
        };
        hidden.push(shown);
    }
    hidden
}
