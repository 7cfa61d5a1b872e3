//! What kind of work a command, an action, an image or a template does. The rules are data, grouped by kind of work.

use std::collections::HashMap;
use std::sync::LazyLock;

use seaworthy_facts::Role;
use serde::Deserialize;

use super::words::{glob, spellings};

/// The files of rules, compiled in.
const SOURCES: &[(&str, &str)] = &[
    ("audits.toml", include_str!("audits.toml")),
    ("backups.toml", include_str!("backups.toml")),
    ("builds.toml", include_str!("builds.toml")),
    ("deployment.toml", include_str!("deployment.toml")),
    ("installs.toml", include_str!("installs.toml")),
    ("linters.toml", include_str!("linters.toml")),
    ("migrations.toml", include_str!("migrations.toml")),
    ("publishing.toml", include_str!("publishing.toml")),
    ("scanners.toml", include_str!("scanners.toml")),
    ("serving.toml", include_str!("serving.toml")),
    ("tests.toml", include_str!("tests.toml")),
    ("unused.toml", include_str!("unused.toml")),
];

/// Rules that share their roles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    roles: Vec<Role>,
    #[serde(default)]
    commands: Vec<CommandRule>,
    #[serde(default)]
    actions: Vec<NameRule>,
    #[serde(default)]
    images: Vec<NameRule>,
    #[serde(default)]
    templates: Vec<NameRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<Group>,
}

/// A command by its program and subcommands, and by what must or must not stand among its arguments.
/// Patterns know `*`; `a|b` in `run` stands for either word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandRule {
    run: OneOrMany,
    /// Patterns that must all match some argument.
    #[serde(default)]
    with: Vec<String>,
    /// Patterns of which one must match some argument.
    #[serde(default)]
    any: Vec<String>,
    /// Patterns that must match no argument.
    #[serde(default)]
    without: Vec<String>,
    /// A pattern for the last argument.
    last: Option<String>,
    #[cfg_attr(not(test), allow(dead_code))]
    see: String,
    #[cfg_attr(not(test), allow(dead_code))]
    example: String,
}

/// An action, image or template by its name, and by its inputs (`name=value` patterns).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NameRule {
    name: OneOrMany,
    /// Input patterns that must all be met.
    #[serde(default)]
    with: Vec<String>,
    /// Input patterns of which one must be met.
    #[serde(default)]
    any: Vec<String>,
    /// Input patterns that must not be met.
    #[serde(default)]
    without: Vec<String>,
    #[cfg_attr(not(test), allow(dead_code))]
    see: String,
    #[cfg_attr(not(test), allow(dead_code))]
    example: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn each(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

struct Rules {
    groups: Vec<Group>,
    /// Program to the places of its rules: group, command, alternative of `run`.
    by_program: HashMap<String, Vec<(usize, usize, usize)>>,
    /// Faults of the data itself; a test holds this empty.
    #[cfg_attr(not(test), allow(dead_code))]
    faults: Vec<String>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut groups = Vec::new();
    let mut faults = Vec::new();
    for (name, source) in SOURCES {
        match toml::from_str::<File>(source) {
            Ok(file) => groups.extend(file.group),
            Err(error) => faults.push(format!("{name}: {error}")),
        }
    }
    let mut by_program: HashMap<String, Vec<(usize, usize, usize)>> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        for (number, rule) in group.commands.iter().enumerate() {
            for (alternative, run) in rule.run.each().iter().enumerate() {
                let program = run.split_whitespace().next().unwrap_or_default();
                for program in program.split('|') {
                    by_program.entry(program.to_owned()).or_default().push((at, number, alternative));
                }
            }
        }
    }
    Rules { groups, by_program, faults }
});

/// The roles of a command whose wrappers are taken off.
pub fn roles_of_command(words: &[String]) -> Vec<Role> {
    let mut roles = Vec::new();
    for (program, arguments) in spellings(words) {
        let own = RULES.by_program.get(&program).into_iter().flatten();
        for &(group, number, alternative) in own.chain(RULES.by_program.get("*").into_iter().flatten()) {
            let group = &RULES.groups[group];
            let rule = &group.commands[number];
            let subcommands = rule.run.each()[alternative].split_whitespace().skip(1);
            if rule.matches(subcommands, &arguments) {
                add(&mut roles, &group.roles);
            }
        }
    }
    add(&mut roles, super::requests::roles(words));
    add(&mut roles, super::installs::roles(words));
    roles
}

/// Some rule knows the program, whatever its arguments are.
pub fn is_known_program(name: &str) -> bool {
    RULES.by_program.contains_key(name)
}

/// The roles of a step that somebody else wrote: a GitHub or Forgejo action, a CircleCI orb's command
/// (`orb/command`), or a plugin.
pub fn roles_of_action(name: &str, inputs: &[(String, String)]) -> Vec<Role> {
    let name = name.trim_start_matches("https://github.com/").to_ascii_lowercase();
    let name = name.split('@').next().unwrap_or_default();
    roles_by_name(|group| &group.actions, name, inputs)
}

/// The roles of an image that is run as a step or plugin.
pub fn roles_of_image(image: &str) -> Vec<Role> {
    let name = image.split('@').next().unwrap_or_default();
    // A colon after the last slash begins the tag; one before it belongs to a registry's port.
    let from = name.rfind('/').map_or(0, |slash| slash + 1);
    let name = name[from..].find(':').map_or(name, |colon| &name[..from + colon]);
    let name = name.trim_start_matches("docker.io/").trim_start_matches("library/").to_ascii_lowercase();
    roles_by_name(|group| &group.images, &name, &[])
}

/// The roles of a template that comes with GitLab.
pub fn roles_of_gitlab_template(name: &str) -> Vec<Role> {
    roles_by_name(|group| &group.templates, name, &[])
}

fn roles_by_name(
    rules: impl Fn(&Group) -> &Vec<NameRule>,
    name: &str,
    inputs: &[(String, String)],
) -> Vec<Role> {
    let mut roles = Vec::new();
    for group in &RULES.groups {
        if rules(group).iter().any(|rule| rule.matches(name, inputs)) {
            add(&mut roles, &group.roles);
        }
    }
    roles
}

fn add(roles: &mut Vec<Role>, more: &[Role]) {
    for role in more {
        if !roles.contains(role) {
            roles.push(*role);
        }
    }
}

impl CommandRule {
    fn matches<'r>(&self, subcommands: impl Iterator<Item = &'r str>, arguments: &[String]) -> bool {
        let met = |pattern: &String| arguments.iter().any(|argument| glob(pattern, argument));
        has_subcommands(subcommands, arguments)
            && self.with.iter().all(met)
            && (self.any.is_empty() || self.any.iter().any(met))
            && !self.without.iter().any(met)
            && self
                .last
                .as_ref()
                .is_none_or(|pattern| arguments.last().is_some_and(|argument| glob(pattern, argument)))
    }
}

/// Whether the subcommands stand at the head of the arguments. Options may stand between them, each perhaps with a
/// value of its own.
pub fn has_subcommands<'r>(subcommands: impl Iterator<Item = &'r str>, arguments: &[String]) -> bool {
    let mut at = 0;
    for wanted in subcommands {
        let mut after_option = false;
        loop {
            let Some(argument) = arguments.get(at) else { return false };
            at += 1;
            if wanted.split('|').any(|wanted| glob(wanted, argument)) {
                break;
            }
            let option = argument.starts_with('-') || argument.starts_with('+');
            if !option && !after_option {
                return false;
            }
            after_option = option && !argument.contains('=');
        }
    }
    true
}

impl NameRule {
    fn matches(&self, name: &str, inputs: &[(String, String)]) -> bool {
        let met = |pattern: &String| {
            let (key, value) = pattern.split_once('=').unwrap_or((pattern, "*"));
            inputs.iter().any(|(name, given)| name == key && glob(value, given.trim()))
        };
        self.name.each().iter().any(|pattern| glob(pattern, name))
            && self.with.iter().all(met)
            && (self.any.is_empty() || self.any.iter().any(met))
            && !self.without.iter().any(met)
    }
}

#[cfg(test)]
mod tests;
