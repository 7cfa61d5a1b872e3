//! Update bots: Dependabot, Renovate and others, with what they cover.

use seaworthy_facts::{BotScope, Location, Observed, UpdateBot};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{json, yaml};

use super::draft::parsed;
use crate::tree::{File, Tree};

/// The ecosystems that Dependabot knows.
const DEPENDABOT: &[&str] = &[
    "bazel",
    "bun",
    "bundler",
    "cargo",
    "composer",
    "conda",
    "deno",
    "devcontainers",
    "docker",
    "docker-compose",
    "dotnet-sdk",
    "elm",
    "github-actions",
    "gitsubmodule",
    "gomod",
    "gradle",
    "helm",
    "julia",
    "maven",
    "mix",
    "npm",
    "nuget",
    "opentofu",
    "pip",
    "pre-commit",
    "pub",
    "rust-toolchain",
    "swift",
    "terraform",
    "uv",
    "vcpkg",
    "nix",
];
const RENOVATE: &[&str] = &[
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    ".forgejo/renovate.json",
    ".forgejo/renovate.json5",
    ".gitea/renovate.json",
];
/// Other bots with their files and what they look after; nothing named: everything that they find.
const OTHERS: &[(&str, &str, &[&str])] = &[
    ("Snyk", ".snyk", &[]),
    ("Mend", ".whitesource", &[]),
    ("PyUp", ".pyup.yml", &["pip"]),
    ("Depfu", ".depfu.yml", &["npm", "bundler"]),
    ("Scala Steward", ".scala-steward.conf", &["sbt"]),
    ("Scala Steward", ".github/.scala-steward.conf", &["sbt"]),
];

/// Every bot that is configured.
pub fn read(tree: &Tree) -> Vec<UpdateBot> {
    let mut bots = Vec::new();
    for path in [".github/dependabot.yml", ".github/dependabot.yaml"] {
        if let Some(file) = tree.file(path) {
            bots.push(dependabot(tree, file));
        }
    }
    if let Some(file) = RENOVATE.iter().find_map(|path| tree.file(path)) {
        bots.push(renovate(tree, file));
    } else if let Some(file) = tree.file("package.json")
        && let Some(node) = parsed(tree, file, json::parse)
        && let Some(settings) = node.get("renovate")
    {
        bots.push(renovate_settings(file.at_line(settings.line), settings));
    }
    for (name, path, ecosystems) in OTHERS {
        let Some(file) = tree.file(path) else { continue };
        let scope = |ecosystem: &&str| BotScope {
            ecosystem: (*ecosystem).to_owned(),
            folders: vec!["**".to_owned()],
            at: file.at(),
        };
        bots.push(UpdateBot {
            name: (*name).to_owned(),
            at: file.at(),
            covers: (!ecosystems.is_empty()).then(|| ecosystems.iter().map(scope).collect()),
            faults: Vec::new(),
            disabled: false,
        });
    }
    bots
}

fn dependabot(tree: &Tree, file: &File) -> UpdateBot {
    let mut bot = UpdateBot {
        name: "Dependabot".to_owned(),
        at: file.at(),
        covers: Some(Vec::new()),
        faults: Vec::new(),
        disabled: false,
    };
    let mut fault = |what: String, at: Location| bot.faults.push(Observed::new(what, at));
    let Some(node) = parsed(tree, file, yaml::parse) else {
        fault("the file is no valid YAML".to_owned(), file.at());
        return bot;
    };
    if node.get("version").and_then(Node::scalar).as_deref() != Some("2") {
        fault("`version: 2` is missing".to_owned(), file.at_line(1));
    }
    let updates = node.get("updates").map(Node::list).unwrap_or_default();
    if updates.is_empty() {
        fault("there are no `updates`".to_owned(), file.at());
    }
    let mut scopes = Vec::new();
    for entry in updates {
        let at = file.at_line(entry.line);
        let ecosystem = entry.get("package-ecosystem").and_then(Node::scalar).unwrap_or_default();
        let beta = node.get("enable-beta-ecosystems").and_then(Node::as_bool) == Some(true);
        if !DEPENDABOT.contains(&ecosystem.as_str()) && !beta {
            fault(format!("Dependabot knows no package-ecosystem {ecosystem:?}"), at.clone());
            continue;
        }
        if entry.path("schedule.interval").is_none() && entry.get("multi-ecosystem-group").is_none() {
            fault(format!("the entry for {ecosystem} has no `schedule.interval`"), at.clone());
            continue;
        }
        let mut folders: Vec<String> = entry
            .get("directories")
            .or_else(|| entry.get("directory"))
            .map(|node| node.list_or_single().iter().filter_map(|item| item.scalar()).collect())
            .unwrap_or_default();
        if folders.is_empty() {
            fault(format!("the entry for {ecosystem} has no `directory`"), at.clone());
            continue;
        }
        for folder in &mut folders {
            let plain = folder.trim_start_matches("./").trim_matches('/');
            *folder = if plain.is_empty() || plain == "." { ".".to_owned() } else { plain.to_owned() };
        }
        // Only security updates are left with a limit of 0, and everything ignored leaves nothing.
        let ignores_all = entry.get("ignore").map(Node::list).unwrap_or_default().iter().any(|rule| {
            rule.get("dependency-name").and_then(Node::as_str) == Some("*")
                && rule.get("update-types").is_none()
                && rule.get("versions").is_none()
        });
        if ignores_all {
            fault(format!("the entry for {ecosystem} ignores every package"), at.clone());
            continue;
        }
        // <https://docs.github.com/code-security/reference/supply-chain-security/dependabot-options-reference#allow-->:
        // whatever is not allowed is not updated.
        let allowed = entry.get("allow").map(Node::list).unwrap_or_default();
        if !allowed.is_empty() && allowed.iter().all(is_narrow) {
            continue;
        }
        scopes.push(BotScope { ecosystem, folders, at });
    }
    bot.covers = Some(scopes);
    bot
}

/// A rule that lets only a few packages through: by their names, or those of development.
fn is_narrow(rule: &Node) -> bool {
    let name = rule.get("dependency-name").and_then(Node::as_str);
    let kind = rule.get("dependency-type").and_then(Node::as_str);
    name.is_some_and(|name| name != "*") || kind == Some("development")
}

fn renovate(tree: &Tree, file: &File) -> UpdateBot {
    match parsed(tree, file, json::parse) {
        Some(node) => renovate_settings(file.at(), &node),
        None => UpdateBot {
            name: "Renovate".to_owned(),
            at: file.at(),
            covers: None,
            faults: vec![Observed::new("the file is no valid JSON".to_owned(), file.at())],
            disabled: false,
        },
    }
}

fn renovate_settings(at: Location, node: &Node) -> UpdateBot {
    let path = at.path().unwrap_or_default().to_owned();
    let switched_off = node.get("enabled").and_then(Node::as_bool) == Some(false);
    let managers = node.get("enabledManagers").map(|list| {
        list.list()
            .iter()
            .filter_map(|item| {
                Some(BotScope {
                    ecosystem: item.scalar()?,
                    folders: vec!["**".to_owned()],
                    at: Location::line(path.clone(), item.line),
                })
            })
            .collect::<Vec<_>>()
    });
    let mut off = Vec::new();
    for rule in node.get("packageRules").map(Node::list).unwrap_or_default() {
        let everything = rule
            .get("matchPackageNames")
            .is_some_and(|names| names.list().iter().any(|name| name.as_str() == Some("*")))
            || rule
                .get("matchPackagePatterns")
                .is_some_and(|names| names.list().iter().any(|name| name.as_str() == Some("*")));
        let narrowed = rule.map().iter().any(|(key, _)| {
            key.text.starts_with("match")
                && !matches!(key.text.as_str(), "matchPackageNames" | "matchPackagePatterns")
        });
        if rule.get("enabled").and_then(Node::as_bool) == Some(false) && everything && !narrowed {
            off.push(rule.line);
        }
    }
    let ignored = node.get("ignorePaths").map(Node::list).unwrap_or_default();
    let mut covers = managers;
    if !ignored.is_empty() {
        let left_out = ignored.iter().filter_map(Node::as_str).map(|pattern| format!("!{pattern}"));
        let folders: Vec<String> = std::iter::once("**".to_owned()).chain(left_out).collect();
        match &mut covers {
            Some(scopes) => scopes.iter_mut().for_each(|scope| scope.folders.clone_from(&folders)),
            None => covers = Some(vec![BotScope { ecosystem: "*".to_owned(), folders, at: at.clone() }]),
        }
    }
    UpdateBot {
        name: "Renovate".to_owned(),
        at,
        covers,
        faults: Vec::new(),
        disabled: switched_off || !off.is_empty(),
    }
}
