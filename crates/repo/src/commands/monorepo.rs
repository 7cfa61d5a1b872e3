//! Runners of monorepos: Turborepo, Nx, Lerna.

use seaworthy_syntax::tree::Node;

use super::follow::{Folder, Here, Outcome, Walk};
use super::package::{Package, is_chosen, run_script};

/// Follows the tasks that a runner of monorepos is asked for.
pub fn follow(walk: &mut Walk, program: &str, words: &[String], here: &Here) -> Outcome {
    let Some(call) = read(program, &words[1..]) else { return Outcome::NotMine };
    let mut tasks = call.tasks.clone();
    if program == "turbo" {
        add_dependencies(walk, &mut tasks, here);
    }
    let commands = walk.commands;
    let mut missing = Vec::new();
    let mut followed = false;
    for task in &tasks {
        let (owner, task_name) = task.split_once('#').map_or((None, task.as_str()), |(o, t)| (Some(o), t));
        let mut found = false;
        for package in commands.packages() {
            let wanted = match owner {
                Some("//") => package.folder == here.folder.path || package.folder == ".",
                Some(owner) => package.name == owner,
                None => {
                    call.only.is_empty() || call.only.iter().any(|o| is_chosen(package, o, &here.folder.path))
                }
            };
            // A root script that calls the runner again would lead in a circle; `within` stops that.
            if wanted && (found_script(package, task_name)) {
                found |= run_script(walk, package, task_name, &[], here, "npm");
            }
        }
        if program == "nx" {
            found |= nx_targets(walk, task_name, &call.only, here);
        }
        followed |= found;
        if !found && call.tasks.contains(task) {
            missing.push(task_name.to_owned());
        }
    }
    if followed || missing.is_empty() {
        return Outcome::Followed;
    }
    if program == "nx" && infers(walk, &missing, here) {
        return Outcome::Followed;
    }
    Outcome::Missing(format!("no package has a task `{}`", missing.join("`, `")))
}

fn found_script(package: &Package, name: &str) -> bool {
    package.script(name).is_some_and(|(text, _)| {
        // The root's script that started the runner.
        !["turbo ", "nx ", "lerna "].iter().any(|runner| text.contains(runner) && text.contains(name))
            || !text.split_whitespace().any(|word| word == name)
    })
}

struct Call {
    tasks: Vec<String>,
    only: Vec<String>,
}

fn read(program: &str, words: &[String]) -> Option<Call> {
    let mut call = Call { tasks: Vec::new(), only: Vec::new() };
    let mut rest = words;
    let own: &[&str] = match program {
        "turbo" => &[
            "prune",
            "login",
            "link",
            "gen",
            "generate",
            "daemon",
            "telemetry",
            "ls",
            "query",
            "bin",
            "boundaries",
            "info",
            "unlink",
            "logout",
            "scan",
        ],
        "nx" => &[
            "graph",
            "format",
            "format:check",
            "format:write",
            "reset",
            "release",
            "migrate",
            "report",
            "list",
            "init",
            "connect",
            "show",
            "sync",
            "sync:check",
            "g",
            "generate",
            "add",
            "start-ci-run",
            "print-affected",
            "fix-ci",
            "record",
            "import",
            "exec",
            "watch",
            "daemon",
            "view-logs",
            "start-agents",
        ],
        _ => &[
            "bootstrap",
            "publish",
            "version",
            "changed",
            "diff",
            "clean",
            "init",
            "list",
            "ls",
            "link",
            "info",
            "exec",
            "import",
            "create",
            "add",
        ],
    };
    let mut seen_verb = false;
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        if word == "--" {
            break;
        }
        let (name, joined) =
            word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
        match name {
            "--filter" | "-F" | "--scope" | "-p" | "--projects" => {
                let value = joined.or_else(|| {
                    let v = rest.first().cloned();
                    rest = rest.get(1..).unwrap_or_default();
                    v
                });
                call.only.extend(
                    value
                        .iter()
                        .flat_map(|v| v.split(','))
                        .filter(|v| !v.starts_with('!'))
                        .map(str::to_owned),
                );
            }
            "--target" | "-t" | "--targets" => match joined {
                Some(value) => call.tasks.extend(value.split(',').map(str::to_owned)),
                None => {
                    while let Some(value) = rest.first().filter(|value| !value.starts_with('-')) {
                        call.tasks.extend(value.split(',').map(str::to_owned));
                        rest = &rest[1..];
                    }
                }
            },
            "--concurrency" | "--parallel" | "--cwd" | "--cache-dir" | "--base" | "--head" | "--exclude"
            | "-c" | "--configuration" | "--output-style" | "--env-mode" | "--output-logs"
            | "--log-order"
                if joined.is_none() && program != "turbo"
                    || matches!(name, "--concurrency" | "--cwd" | "--cache-dir") && joined.is_none() =>
            {
                if rest.first().is_some_and(|value| !value.starts_with('-')) {
                    rest = &rest[1..];
                }
            }
            _ if word.starts_with('-') => {}
            verb if !seen_verb && own.contains(&verb) => return None,
            "run" | "run-many" | "affected" | "run-many:" | "affected:test" | "affected:lint"
                if !seen_verb =>
            {
                seen_verb = true;
                if let Some((_, task)) = name.split_once(':').filter(|(_, task)| !task.is_empty()) {
                    call.tasks.push(task.to_owned());
                }
            }
            other => {
                seen_verb = true;
                if program == "nx" {
                    // `nx run project:target[:configuration]`, `nx test project`
                    match other.split_once(':') {
                        Some((project, target)) => {
                            call.only.push(project.to_owned());
                            call.tasks.push(target.split(':').next().unwrap_or(target).to_owned());
                        }
                        None if call.tasks.is_empty() => call.tasks.push(other.to_owned()),
                        None => call.only.push(other.to_owned()),
                    }
                } else {
                    call.tasks.push(other.to_owned());
                }
            }
        }
    }
    (!call.tasks.is_empty()).then_some(call)
}

/// Tasks of the same package that Turborepo runs before.
fn add_dependencies(walk: &Walk, tasks: &mut Vec<String>, here: &Here) {
    let commands = walk.commands;
    let paths = [here.folder.path.as_str(), "."].map(|folder| crate::tree::join(folder, "turbo.json"));
    let Some(document) = paths.iter().flatten().find_map(|path| commands.document(path)) else { return };
    let Some(known) = document.get("tasks").or_else(|| document.get("pipeline")) else { return };
    let mut at = 0;
    while at < tasks.len() && tasks.len() < 50 {
        let before = known.get(&tasks[at]).and_then(|task| task.get("dependsOn")).map_or(&[][..], Node::list);
        for name in before.iter().filter_map(Node::as_str) {
            let name = name.trim_start_matches('^');
            if !name.starts_with('$') && !tasks.iter().any(|task| task == name) {
                tasks.push(name.to_owned());
            }
        }
        at += 1;
    }
}

/// Targets of `project.json`: commands, or executors, which the rules know by name.
fn nx_targets(walk: &mut Walk, task: &str, only: &[String], here: &Here) -> bool {
    let commands = walk.commands;
    let mut found = false;
    for file in commands.tree().named("project.json") {
        let Some(document) = commands.document(&file.path) else { continue };
        let name = document.get("name").and_then(Node::as_str).unwrap_or_default();
        let folder = file.folder();
        if !only.is_empty()
            && !only.iter().any(|o| o == name || o == folder || folder.ends_with(&format!("/{o}")))
        {
            continue;
        }
        let Some(target) = document.get("targets").and_then(|targets| targets.get(task)) else { continue };
        found = true;
        walk.within(format!("{}#{task}", file.path), here.depth + 1, |walk| {
            let mut frame = here.script(&file.path, target.line);
            frame.one_line = true;
            frame.name = Some(task.to_owned());
            let folder = target.path("options.cwd").and_then(Node::as_str).unwrap_or(".");
            frame.folder = Folder { path: folder.to_owned(), known: !folder.contains('{') };
            let one = target.get("command").or_else(|| target.path("options.command"));
            let many = target.path("options.commands").map_or(&[][..], Node::list);
            let mut texts: Vec<String> = one.and_then(Node::as_str).map(str::to_owned).into_iter().collect();
            texts.extend(
                many.iter()
                    .filter_map(|c| c.as_str().or_else(|| c.get("command")?.as_str()))
                    .map(str::to_owned),
            );
            if texts.is_empty() {
                texts.extend(
                    target.get("executor").and_then(Node::as_str).map(|executor| format!("'{executor}'")),
                );
            }
            for text in texts {
                walk.script(&text, &frame);
            }
        });
    }
    found
}

/// Targets that Nx's plugins add by themselves, where the workspace has the tool's own configuration.
fn infers(walk: &mut Walk, tasks: &[String], here: &Here) -> bool {
    let commands = walk.commands;
    let Some(settings) = commands.document("nx.json") else { return false };
    let mut found = false;
    for plugin in settings.get("plugins").map_or(&[][..], Node::list) {
        let name =
            plugin.as_str().or_else(|| plugin.get("plugin").and_then(Node::as_str)).unwrap_or_default();
        let options = plugin.get("options");
        let target = |key: &str, default: &str| {
            options.and_then(|o| o.get(key)).and_then(Node::as_str).unwrap_or(default).to_owned()
        };
        let inferred: &[(&str, String)] = &match name {
            "@nx/jest/plugin" => [("jest", target("targetName", "test"))],
            "@nx/eslint/plugin" => [("eslint", target("targetName", "lint"))],
            "@nx/playwright/plugin" => [("playwright test", target("targetName", "e2e"))],
            "@nx/cypress/plugin" => [("cypress run", target("targetName", "e2e"))],
            "@nx/vite/plugin" => [("vitest run", target("testTargetName", "test"))],
            "@nx/vitest" => [("vitest run", target("testTargetName", "test"))],
            _ => continue,
        };
        for (command, name) in inferred {
            if tasks.contains(name) {
                found = true;
                walk.script(command, &here.inside());
            }
        }
    }
    found
}
