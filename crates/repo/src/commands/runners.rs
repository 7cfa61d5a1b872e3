//! Task runners with a file of their own: just, Task, deno, cargo and mix aliases.

use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, justfile};

use super::follow::{Folder, Here, Outcome, Walk};
use super::words::quote;
use crate::tree::join;

/// Follows a call of a task runner.
pub fn follow(walk: &mut Walk, program: &str, words: &[String], here: &Here) -> Outcome {
    match program {
        "just" => just(walk, words, here),
        "task" | "go-task" => task(walk, words, here),
        "deno" => deno(walk, words, here),
        "cargo" => cargo(walk, words, here),
        _ => mix(walk, words, here),
    }
}

/// The first of these files in a folder or above it.
fn nearest(walk: &Walk, folder: &str, names: &[&str]) -> Option<String> {
    let mut folder = folder.to_owned();
    for _ in 0..32 {
        let found = names
            .iter()
            .filter_map(|name| join(&folder, name))
            .find(|path| walk.commands.tree().file(path).is_some());
        if found.is_some() || folder == "." {
            return found;
        }
        folder = join(&folder, "..")?;
    }
    None
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()
}

fn just(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut file = None;
    let mut targets = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.as_str() {
            "-f" | "--justfile" => {
                file = words.get(at).and_then(|path| join(&here.folder.path, path));
                at += 1;
            }
            "-d" | "--working-directory" | "--set" | "--shell" => at += 1,
            "--list" | "-l" | "--fmt" | "--check" | "--version" | "--summary" => return Outcome::NotMine,
            option if option.starts_with('-') => {}
            target => targets.push(target.to_owned()),
        }
    }
    let Some(path) =
        file.or_else(|| nearest(walk, &here.folder.path, &["justfile", "Justfile", ".justfile"]))
    else {
        return Outcome::Missing("there is no justfile".to_owned());
    };
    let Some(text) = walk.commands.tree().text_at(&path) else { return Outcome::NotMine };
    let parsed = justfile::parse(&text, &Limits::default());
    if targets.is_empty() {
        targets.extend(parsed.recipes.first().map(|recipe| recipe.name.clone()));
    }
    let Some(first) = targets.first() else { return Outcome::NotMine };
    if parsed.recipe(first).is_none() {
        // Recipes of modules (`just api::test`) and of imports are not read.
        return if first.contains("::") || text.contains("import ") || text.contains("mod ") {
            Outcome::NotMine
        } else {
            Outcome::Missing(format!("{path} has no recipe `{first}`"))
        };
    }
    // Further words are recipes or arguments of the recipe before them.
    for target in &targets {
        just_recipe(walk, &parsed, &path, target, here, 0);
    }
    Outcome::Followed
}

fn just_recipe(
    walk: &mut Walk,
    file: &justfile::Justfile,
    path: &str,
    name: &str,
    here: &Here,
    level: usize,
) {
    let Some(recipe) = file.recipe(name) else { return };
    if level > 20 || !walk.goes_on() || !walk.done.insert(format!("{path}#{name}")) {
        return;
    }
    for dependency in &recipe.dependencies {
        just_recipe(walk, file, path, dependency, here, level + 1);
    }
    walk.within(format!("just {path}#{name}"), here.depth + 1, |walk| {
        let mut frame = here.script(path, recipe.line);
        frame.folder = Folder { path: folder_of(path), known: true };
        frame.name = Some(name.to_owned());
        let put_in = |text: &str| {
            let mut text = text.to_owned();
            for (name, value) in &file.variables {
                text = text
                    .replace(&format!("{{{{{name}}}}}"), value)
                    .replace(&format!("{{{{ {name} }}}}"), value);
            }
            text
        };
        match &recipe.shebang {
            Some(shebang)
                if !["sh", "bash", "zsh"]
                    .iter()
                    .any(|shell| shebang.ends_with(shell) || shebang.contains(&format!("{shell} "))) => {}
            Some(shebang) => {
                frame.line = recipe.lines.first().map_or(recipe.line, |line| line.line);
                frame.options.errexit = shebang.contains(" -e");
                let text: Vec<String> = recipe.lines.iter().map(|line| put_in(&line.text)).collect();
                walk.script(&text.join("\n"), &frame);
            }
            None => {
                for line in &recipe.lines {
                    let mut frame = frame.clone();
                    frame.line = line.line;
                    if line.ignore_errors {
                        frame.ignored = Some("the `-` before the recipe's line drops its failure".to_owned());
                    }
                    walk.script(&put_in(&line.text), &frame);
                }
            }
        }
    });
}

const TASKFILES: &[&str] = &[
    "Taskfile.yml",
    "taskfile.yml",
    "Taskfile.yaml",
    "taskfile.yaml",
    "Taskfile.dist.yml",
    "Taskfile.dist.yaml",
];

fn task(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut file = None;
    let mut targets = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.as_str() {
            "-t" | "--taskfile" => {
                file = words.get(at).and_then(|path| join(&here.folder.path, path));
                at += 1;
            }
            "-d" | "--dir" => {
                file = words.get(at).and_then(|folder| {
                    let folder = join(&here.folder.path, folder)?;
                    nearest(walk, &folder, TASKFILES)
                });
                at += 1;
            }
            "--" => break,
            "--list" | "-l" | "--list-all" | "--version" => return Outcome::NotMine,
            word if word.starts_with('-') || word.contains('=') => {}
            target => targets.push(target.to_owned()),
        }
    }
    let Some(path) = file.or_else(|| nearest(walk, &here.folder.path, TASKFILES)) else {
        // `task` is also Taskwarrior, and taskipy's runner.
        return super::python::taskipy(walk, words, here);
    };
    if targets.is_empty() {
        targets.push("default".to_owned());
    }
    let mut missing = None;
    for target in targets {
        if !task_run(walk, &path, &target, here, 0) {
            missing = Some(format!("{path} has no task `{target}`"));
        }
    }
    missing.map_or(Outcome::Followed, Outcome::Missing)
}

fn task_run(walk: &mut Walk, path: &str, name: &str, here: &Here, level: usize) -> bool {
    let Some(document) = walk.commands.document(path) else { return true };
    let name = name.trim_start_matches(':');
    let tasks = document.get("tasks");
    let by_alias = || {
        tasks?.map().iter().find(|(_, task)| {
            task.get("aliases").map_or(&[][..], Node::list).iter().any(|alias| alias.as_str() == Some(name))
        })
    };
    let Some(found) = tasks.and_then(|tasks| tasks.get(name)).or_else(|| by_alias().map(|(_, task)| task))
    else {
        // A task of an included file.
        let Some((space, rest)) = name.split_once(':') else { return name.contains(['{', '$']) };
        let Some(include) = document.get("includes").and_then(|includes| includes.get(space)) else {
            return false;
        };
        let target =
            include.as_str().or_else(|| include.get("taskfile").and_then(Node::as_str)).unwrap_or_default();
        let Some(target) = join(&folder_of(path), target).filter(|_| !target.contains('{')) else {
            return true;
        };
        let included = if walk.commands.tree().file(&target).is_some() {
            Some(target)
        } else {
            TASKFILES
                .iter()
                .filter_map(|name| join(&target, name))
                .find(|p| walk.commands.tree().file(p).is_some())
        };
        return match included {
            Some(included) if level < 20 => task_run(walk, &included, rest, here, level + 1),
            _ => true,
        };
    };
    if level > 20 || !walk.goes_on() || walk.is_inside(&format!("task {path}#{name}")) {
        return true;
    }
    let depends = found.get("deps").map_or(&[][..], Node::list);
    for dependency in depends {
        if let Some(dependency) =
            dependency.as_str().or_else(|| dependency.get("task").and_then(Node::as_str))
        {
            task_run(walk, path, dependency, here, level + 1);
        }
    }
    let cmds: Vec<&Node> = match found.get("cmds").or_else(|| found.get("cmd")) {
        Some(cmds) => cmds.list_or_single(),
        None => found.list_or_single(),
    };
    let drops = found.get("ignore_error").and_then(Node::as_bool) == Some(true);
    walk.within(format!("task {path}#{name}"), here.depth + 1, |walk| {
        for cmd in cmds {
            let called = cmd.get("task").and_then(Node::as_str);
            if let Some(called) = called {
                task_run(walk, path, called, here, level + 1);
                continue;
            }
            let Some(text) = cmd.as_str().or_else(|| cmd.get("cmd").and_then(Node::as_str)) else { continue };
            let mut frame = here.script(path, cmd.line);
            let folder = found.get("dir").and_then(Node::as_str).unwrap_or(".");
            frame.folder = match join(&folder_of(path), folder).filter(|_| !folder.contains('{')) {
                Some(path) => Folder { path, known: true },
                None => Folder { path: folder_of(path), known: false },
            };
            frame.name = Some(name.to_owned());
            if drops || cmd.get("ignore_error").and_then(Node::as_bool) == Some(true) {
                frame.ignored = Some("`ignore_error` drops its failure".to_owned());
            }
            walk.script(&text.replace("{{.CLI_ARGS}}", ""), &frame);
        }
    });
    true
}

fn deno(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut rest = &words[1..];
    if rest.first().is_none_or(|word| word != "task") {
        return Outcome::NotMine;
    }
    rest = &rest[1..];
    let mut folder = here.folder.path.clone();
    while let Some((word, after)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        rest = after;
        if matches!(word.as_str(), "--cwd" | "-c" | "--config") {
            if word == "--cwd" {
                folder = after.first().and_then(|to| join(&folder, to)).unwrap_or(folder);
            }
            rest = after.get(1..).unwrap_or_default();
        }
    }
    let Some(name) = rest.first() else { return Outcome::NotMine };
    let Some(path) = nearest(walk, &folder, &["deno.json", "deno.jsonc"]) else {
        return if walk.commands.package_at(&folder).is_some() {
            let words = ["npm", "run", name].map(str::to_owned);
            super::package::follow(walk, "npm", &words, here)
        } else {
            Outcome::Missing("there is no deno.json".to_owned())
        };
    };
    let Some(document) = walk.commands.document(&path) else { return Outcome::NotMine };
    let Some(found) = document.get("tasks").and_then(|tasks| tasks.get(name)) else {
        return Outcome::Missing(format!("{path} has no task `{name}`"));
    };
    let text = found.as_str().or_else(|| found.get("command").and_then(Node::as_str)).unwrap_or_default();
    let before: Vec<String> = found
        .get("dependencies")
        .map_or(&[][..], Node::list)
        .iter()
        .filter_map(Node::as_str)
        .map(str::to_owned)
        .collect();
    walk.within(format!("deno {path}#{name}"), here.depth + 1, |walk| {
        for name in before {
            let inner = Here { depth: here.depth + 1, ..here.clone() };
            deno(walk, &["deno".to_owned(), "task".to_owned(), name], &inner);
        }
        let mut frame = here.script(&path, found.line);
        frame.one_line = true;
        frame.folder = Folder { path: folder_of(&path), known: true };
        frame.name = Some(name.clone());
        let arguments: Vec<String> = rest[1..].iter().map(|word| quote(word)).collect();
        walk.script(&format!("{text} {}", arguments.join(" ")), &frame);
    });
    Outcome::Followed
}

fn cargo(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let Some(at) = (1..words.len()).find(|at| !words[*at].starts_with(['-', '+'])) else {
        return Outcome::NotMine;
    };
    let name = words[at].as_str();
    if name == "make" {
        return cargo_make(walk, words.get(at + 1..).unwrap_or_default(), here);
    }
    let Some(path) = nearest(walk, &here.folder.path, &[".cargo/config.toml", ".cargo/config"]) else {
        return Outcome::NotMine;
    };
    let Some(document) = walk.commands.document(&path) else { return Outcome::NotMine };
    let Some(alias) = document.get("alias").and_then(|alias| alias.get(name)) else {
        return Outcome::NotMine;
    };
    let mut expanded: Vec<String> = match alias.as_str() {
        Some(text) => text.split_whitespace().map(str::to_owned).collect(),
        None => alias.list().iter().filter_map(Node::as_str).map(str::to_owned).collect(),
    };
    expanded.insert(0, "cargo".to_owned());
    expanded.extend(words[at + 1..].iter().cloned());
    let via = here.script(&path, alias.line).via;
    let followed = walk.within(format!("cargo {path}#{name}"), here.depth + 1, |walk| {
        let inner = Here {
            at: seaworthy_facts::Location::line(path.clone(), alias.line),
            via,
            name: Some(name.to_owned()),
            depth: here.depth + 1,
            ..here.clone()
        };
        walk.command(&expanded, inner);
    });
    if followed { Outcome::Followed } else { Outcome::NotMine }
}

fn cargo_make(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let Some(name) = words.iter().find(|word| !word.starts_with('-')).cloned().or(Some("default".to_owned()))
    else {
        return Outcome::NotMine;
    };
    let Some(path) = nearest(walk, &here.folder.path, &["Makefile.toml"]) else {
        return Outcome::Missing("there is no Makefile.toml".to_owned());
    };
    if cargo_make_task(walk, &path, &name, here, 0) {
        Outcome::Followed
    } else {
        Outcome::Missing(format!("{path} has no task `{name}`"))
    }
}

fn cargo_make_task(walk: &mut Walk, path: &str, name: &str, here: &Here, level: usize) -> bool {
    let Some(document) = walk.commands.document(path) else { return true };
    let Some(task) = document.get("tasks").and_then(|tasks| tasks.get(name)) else { return false };
    if level > 20 || !walk.done.insert(format!("{path}#{name}")) {
        return true;
    }
    for before in task.get("dependencies").map_or(&[][..], Node::list).iter().filter_map(Node::as_str) {
        cargo_make_task(walk, path, before, here, level + 1);
    }
    walk.within(format!("cargo make {path}#{name}"), here.depth + 1, |walk| {
        let mut frame = here.script(path, task.line);
        frame.name = Some(name.to_owned());
        frame.folder = Folder { path: folder_of(path), known: true };
        if let Some(command) = task.get("command").and_then(Node::as_str) {
            let arguments =
                task.get("args").map_or(&[][..], Node::list).iter().filter_map(Node::as_str).map(quote);
            frame.one_line = true;
            walk.script(&format!("{command} {}", arguments.collect::<Vec<_>>().join(" ")), &frame);
        }
        for script in task.get("script").map(Node::list_or_single).unwrap_or_default() {
            if let Some(text) = script.as_str() {
                frame.line = script.line;
                walk.script(text, &frame);
            }
        }
    });
    true
}

/// Aliases of `mix.exs`, told by the text: `"name": ["task", "task args"]`.
fn mix(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    if words.get(1).is_some_and(|word| word == "do") {
        // `mix do a, b + c`
        let joined = words[2..].join(" ");
        let tasks: Vec<&str> =
            joined.split([',', '+']).map(str::trim).filter(|task| !task.is_empty()).collect();
        if tasks.is_empty() {
            return Outcome::NotMine;
        }
        for task in tasks {
            let mut words = vec!["mix".to_owned()];
            words.extend(task.split_whitespace().map(str::to_owned));
            let inner = Here { depth: here.depth + 1, ..here.clone() };
            if here.depth < super::follow::DEEPEST {
                walk.command(&words, inner);
            }
        }
        return Outcome::Followed;
    }
    let Some(name) = words.get(1) else { return Outcome::NotMine };
    let Some(path) = nearest(walk, &here.folder.path, &["mix.exs"]) else { return Outcome::NotMine };
    let Some(text) = walk.commands.tree().text_at(&path) else { return Outcome::NotMine };
    let Some((tasks, line)) = mix_alias(&text, name) else { return Outcome::NotMine };
    let key = format!("mix {path}#{name}");
    let tasks = match tasks {
        Alias::Tasks(tasks) => tasks,
        Alias::Commands(commands) => {
            let followed = walk.within(key, here.depth + 1, |walk| {
                for (text, line) in &commands {
                    let mut frame = here.script(&path, *line);
                    frame.one_line = true;
                    frame.name = Some(name.clone());
                    walk.script(text, &frame);
                }
            });
            return if followed && !commands.is_empty() { Outcome::Followed } else { Outcome::NotMine };
        }
    };
    if walk.is_inside(&key) {
        // Inside its own alias a name means the task.
        return Outcome::NotMine;
    }
    let via = here.script(&path, line).via;
    let followed = walk.within(key, here.depth + 1, |walk| {
        for task in tasks {
            let mut expanded = vec!["mix".to_owned()];
            expanded.extend(task.split_whitespace().map(str::to_owned));
            if task.split_whitespace().next() == Some(name.as_str()) {
                expanded.extend(words[2..].iter().cloned());
            }
            if let Some(command) = task.strip_prefix("cmd ") {
                expanded = command.split_whitespace().map(str::to_owned).collect();
            }
            let inner = Here {
                at: seaworthy_facts::Location::line(path.clone(), line),
                via: via.clone(),
                name: Some(name.clone()),
                depth: here.depth + 1,
                ..here.clone()
            };
            walk.command(&expanded, inner);
        }
    });
    if followed { Outcome::Followed } else { Outcome::NotMine }
}

/// What an alias of mix stands for.
enum Alias {
    /// Other tasks.
    Tasks(Vec<String>),
    /// Command lines that functions of the file start, and their lines.
    Commands(Vec<(String, u32)>),
}

fn mix_alias(text: &str, name: &str) -> Option<(Alias, u32)> {
    let aliases = text.find("defp aliases").or_else(|| text.find("def aliases"))?;
    let body = &text[aliases..];
    let marks = [format!("\"{name}\": ["), format!(" {name}: ["), format!("\n{name}: [")];
    let (at, mark) = marks.iter().find_map(|mark| body.find(mark.as_str()).map(|at| (at, mark)))?;
    let inside = &body[at + mark.len()..];
    let inside = &inside[..inside.find(']')?];
    let line = text[..aliases + at + mark.len()].matches('\n').count() as u32 + 1;
    if inside.contains("fn ") || inside.contains('&') {
        return Some((Alias::Commands(started_by_functions(text, inside)), line));
    }
    let tasks: Vec<String> = inside.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    (!tasks.is_empty()).then_some((Alias::Tasks(tasks), line))
}

/// The command lines that the functions start which an alias calls: `fn _ -> deploy("prod") end`, `&deploy/1`.
fn started_by_functions(text: &str, inside: &str) -> Vec<(String, u32)> {
    const CALLEES: &[&str] =
        &["Mix.Shell.IO.cmd(", "Mix.shell().cmd(", "Mix.shell.cmd(", "System.shell(", "System.cmd("];
    let words: Vec<&str> = inside.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut found = Vec::new();
    let mut own = false;
    let mut from = 0;
    let bounds: Vec<(usize, bool)> = text
        .split_inclusive('\n')
        .filter_map(|line| {
            let at = from;
            from += line.len();
            let code = line.trim_start();
            let rest = code.strip_prefix("defp ").or_else(|| code.strip_prefix("def "))?;
            let named = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            Some((at, words.contains(&named)))
        })
        .collect();
    for call in super::literals::calls(text, CALLEES).into_iter().take(50) {
        let start: usize = text.split_inclusive('\n').take(call.line as usize - 1).map(str::len).sum();
        own = bounds.iter().rev().find(|(at, _)| *at <= start).map_or(own, |(_, named)| *named);
        if own {
            found.push((call.strings.join(" "), call.line));
        }
    }
    found
}
