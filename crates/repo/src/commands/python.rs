//! Runners of Python projects: tox, nox, hatch, pdm, poe, taskipy and invoke.

use seaworthy_facts::Location;
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, ini};

use super::follow::{Folder, Here, Outcome, Walk};
use super::literals::calls;
use super::words::quote;
use crate::tree::join;

/// Follows a call of such a runner.
pub fn follow(walk: &mut Walk, program: &str, words: &[String], here: &Here) -> Outcome {
    match program {
        "tox" => tox(walk, words, here),
        "nox" => nox(walk, words, here),
        "hatch" => hatch(walk, words, here),
        "pdm" => match words.get(1).map(String::as_str) {
            Some("run") => {
                let rest: Vec<String> =
                    words[2..].iter().skip_while(|word| word.starts_with('-')).cloned().collect();
                named_script(walk, &["tool.pdm.scripts"], &rest, here).unwrap_or(if rest.is_empty() {
                    Outcome::NotMine
                } else {
                    Outcome::Leaf(rest)
                })
            }
            Some(name) => {
                let rest = words[1..].to_vec();
                let _ = name;
                named_script(walk, &["tool.pdm.scripts"], &rest, here).unwrap_or(Outcome::NotMine)
            }
            None => Outcome::NotMine,
        },
        "poe" | "poethepoet" => {
            let rest: Vec<String> =
                words[1..].iter().skip_while(|word| word.starts_with('-')).cloned().collect();
            named_script(walk, &["tool.poe.tasks"], &rest, here).unwrap_or_else(|| match rest.first() {
                Some(name) => Outcome::Missing(format!("no task `{name}` in pyproject.toml")),
                None => Outcome::NotMine,
            })
        }
        _ => invoke(walk, words, here),
    }
}

/// `task NAME` of taskipy.
pub fn taskipy(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    named_script(walk, &["tool.taskipy.tasks"], &words[1..], here).unwrap_or(Outcome::NotMine)
}

/// The file in a folder or above it.
fn nearest(walk: &Walk, folder: &str, name: &str) -> Option<String> {
    let mut folder = folder.to_owned();
    for _ in 0..32 {
        let path = join(&folder, name)?;
        if walk.commands.tree().file(&path).is_some() {
            return Some(path);
        }
        if folder == "." {
            return None;
        }
        folder = join(&folder, "..")?;
    }
    None
}

fn folder_of(path: &str) -> Folder {
    Folder { path: path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(), known: true }
}

/// A script of pyproject.toml: a text, a list of texts, or a table that says of which kind it is.
fn named_script(walk: &mut Walk, tables: &[&str], words: &[String], here: &Here) -> Option<Outcome> {
    let name = words.first()?;
    let path = nearest(walk, &here.folder.path, "pyproject.toml")?;
    let document = walk.commands.document(&path)?;
    let (table, script) = tables.iter().find_map(|table| Some((*table, document.path(table)?.get(name)?)))?;
    let key = format!("{path}#{table}#{name}");
    if walk.is_inside(&key) {
        return Some(Outcome::Followed);
    }
    walk.within(key, here.depth + 1, |walk| {
        let mut frame = here.script(&path, script.line);
        frame.folder = folder_of(&path);
        frame.name = Some(name.clone());
        let line = |walk: &mut Walk, node: &Node, more: &[String]| {
            let mut frame = frame.clone();
            frame.line = node.line;
            let text = match node.as_str() {
                Some(text) => text.to_owned(),
                None => node.list().iter().filter_map(Node::as_str).map(quote).collect::<Vec<_>>().join(" "),
            };
            let more: Vec<String> = more.iter().map(|word| quote(word)).collect();
            walk.script(&format!("{} {}", text.trim_end(), more.join(" ")), &frame);
        };
        let steps = |walk: &mut Walk, list: &Node| {
            for step in list.list() {
                let reference = step.as_str().or_else(|| step.get("ref").and_then(Node::as_str));
                let called = reference.and_then(|text| text.split_whitespace().next()).unwrap_or_default();
                let known = document.path(table).is_some_and(|known| known.get(called).is_some());
                if known {
                    let inner = Here {
                        at: Location::line(path.clone(), step.line),
                        via: frame.via.clone(),
                        depth: here.depth + 1,
                        name: Some(called.to_owned()),
                        ..here.clone()
                    };
                    named_script(walk, &[table], &[called.to_owned()], &inner);
                } else if let Some(cmd) = step.get("cmd").or_else(|| step.get("shell")) {
                    line(walk, cmd, &[]);
                } else {
                    line(walk, step, &[]);
                }
            }
        };
        if script.as_str().is_some() {
            line(walk, script, &words[1..]);
        } else if !script.list().is_empty() {
            steps(walk, script);
        } else {
            for before in script.get("deps").map_or(&[][..], Node::list).iter().filter_map(Node::as_str) {
                let inner = Here { depth: here.depth + 1, ..here.clone() };
                named_script(walk, &[table], &[before.to_owned()], &inner);
            }
            if let Some(text) = script.get("cmd").or_else(|| script.get("shell")) {
                line(walk, text, &words[1..]);
            }
            if let Some(list) = script.get("composite").or_else(|| script.get("sequence")) {
                steps(walk, list);
            }
            if let Some(reference) = script.get("ref").and_then(Node::as_str) {
                let words: Vec<String> = reference.split_whitespace().map(str::to_owned).collect();
                let inner = Here { depth: here.depth + 1, ..here.clone() };
                named_script(walk, &[table], &words, &inner);
            }
        }
    });
    Some(Outcome::Followed)
}

fn hatch(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut at = 1;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if matches!(word.as_str(), "-e" | "--env" | "-p" | "--project") { 2 } else { 1 };
    }
    if words.get(at).is_none_or(|word| word != "run") {
        return Outcome::NotMine;
    }
    let rest: Vec<String> =
        words[at + 1..].iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    let Some(first) = rest.first() else { return Outcome::NotMine };
    let (environment, name) = first.split_once(':').unwrap_or(("default", first));
    // `+py=3.12:test` chooses versions of a matrix.
    let environment = if environment.starts_with(['+', '-']) { "default" } else { environment };
    let environment = environment.split('.').next().unwrap_or(environment);
    let mut called = rest.clone();
    called[0] = name.to_owned();
    let table = format!("tool.hatch.envs.{environment}.scripts");
    let shared = "tool.hatch.envs.default.scripts";
    match named_script(walk, &[&table, shared], &called, here) {
        Some(outcome) => outcome,
        None if first.contains(':') => Outcome::Missing(format!("no hatch script `{first}`")),
        None => Outcome::Leaf(rest),
    }
}

fn tox(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut environments: Vec<String> = Vec::new();
    let mut arguments = Vec::new();
    let mut folder = here.folder.clone();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.as_str() {
            "-e" | "--env" | "-m" | "-f" => {
                if word == "-e" || word == "--env" {
                    environments
                        .extend(words.get(at).iter().flat_map(|list| list.split(',')).map(str::to_owned));
                }
                at += 1;
            }
            "-c" | "--conf" | "--root" | "--workdir" => {
                if let Some(path) = words.get(at).and_then(|path| join(&folder.path, path)) {
                    folder.path = if path.ends_with(".ini") || path.ends_with(".toml") {
                        folder_of(&path).path
                    } else {
                        path
                    };
                }
                at += 1;
            }
            "--" => {
                arguments = words[at..].to_vec();
                break;
            }
            option if option.starts_with("-e") && !option.starts_with("--") => {
                environments.extend(option[2..].split(',').map(str::to_owned));
            }
            "l" | "list" | "config" | "c" | "--showconfig" | "-l" | "--version" => return Outcome::NotMine,
            _ => {}
        }
    }
    let Some((path, file, native)) = tox_file(walk, &folder.path) else {
        return Outcome::Missing("there is no configuration of tox".to_owned());
    };
    let environments: Vec<String> =
        environments.iter().filter(|name| !name.is_empty()).flat_map(|name| braces(name)).collect();
    let mut followed = false;
    let mut missing = None;
    if let Some(native) = native {
        let names: Vec<String> = if environments.is_empty() {
            native
                .get("env_list")
                .map_or(&[][..], Node::list)
                .iter()
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect()
        } else {
            environments
        };
        for name in names {
            let found = native.path("env").and_then(|e| e.get(&name)).and_then(|e| e.get("commands"));
            let found = found.or_else(|| native.path("env_run_base.commands"));
            let Some(found) = found else {
                missing = Some(format!("{path} has no environment `{name}`"));
                continue;
            };
            followed = true;
            walk.within(format!("tox {path}#{name}"), here.depth + 1, |walk| {
                for command in found.list() {
                    let mut frame = here.script(&path, command.line);
                    frame.one_line = true;
                    frame.folder = folder_of(&path);
                    frame.name = Some(name.clone());
                    let words: Vec<String> = command
                        .list()
                        .iter()
                        .flat_map(|word| match word.as_str() {
                            Some(word) => vec![word.to_owned()],
                            None => word
                                .get("default")
                                .map_or(&[][..], Node::list)
                                .iter()
                                .filter_map(Node::as_str)
                                .map(str::to_owned)
                                .collect(),
                        })
                        .map(|word| quote(&word))
                        .collect();
                    walk.script(&words.join(" "), &frame);
                }
            });
        }
    } else {
        let names = if environments.is_empty() { tox_list(&file) } else { environments };
        for name in names {
            let Some((commands, line)) = tox_commands(&file, &name) else {
                missing = Some(format!("{path} has no environment `{name}`"));
                continue;
            };
            followed = true;
            walk.within(format!("tox {path}#{name}"), here.depth + 1, |walk| {
                for (offset, text) in commands {
                    let mut frame = here.script(&path, line + offset);
                    frame.one_line = true;
                    frame.folder = folder_of(&path);
                    frame.name = Some(name.clone());
                    let mut text = text.trim();
                    if let Some(rest) = text.strip_prefix('-') {
                        text = rest.trim_start();
                        frame.ignored = Some("the `-` before the command drops its failure".to_owned());
                    }
                    walk.script(&posargs(text, &arguments), &frame);
                }
            });
        }
    }
    match missing {
        Some(missing) if !followed => Outcome::Missing(missing),
        _ => Outcome::Followed,
    }
}

type ToxFile = (String, ini::Ini, Option<Node>);

fn tox_file(walk: &Walk, folder: &str) -> Option<ToxFile> {
    let limits = Limits::default();
    if let Some(path) = nearest(walk, folder, "tox.ini") {
        let text = walk.commands.tree().text_at(&path)?;
        return Some((path, ini::parse(&text, &limits), None));
    }
    if let Some(path) = nearest(walk, folder, "tox.toml")
        && let Some(document) = walk.commands.document(&path)
    {
        return Some((path, ini::Ini::default(), Some((*document).clone())));
    }
    if let Some(path) = nearest(walk, folder, "pyproject.toml")
        && let Some(document) = walk.commands.document(&path)
        && let Some(tox) = document.path("tool.tox")
    {
        return Some(match tox.get("legacy_tox_ini").and_then(Node::as_str) {
            Some(text) => (path, ini::parse(text, &limits), None),
            None => (path, ini::Ini::default(), Some(tox.clone())),
        });
    }
    let path = nearest(walk, folder, "setup.cfg")?;
    let text = walk.commands.tree().text_at(&path)?;
    text.contains("[tox:tox]").then(|| (path, ini::parse(&text, &limits), None))
}

fn tox_list(file: &ini::Ini) -> Vec<String> {
    let list = ["tox", "tox:tox"]
        .iter()
        .find_map(|section| ["envlist", "env_list"].iter().find_map(|key| file.get(section, key)))
        .unwrap_or_default();
    let mut names = Vec::new();
    // Commas inside braces belong to the braces.
    let mut depth = 0;
    let mut name = String::new();
    for c in list.chars().chain([',']) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' | '\n' if depth == 0 => {
                if !name.trim().is_empty() {
                    names.extend(braces(name.trim()));
                }
                name.clear();
                continue;
            }
            _ => {}
        }
        name.push(c);
    }
    if names.is_empty() { vec!["python".to_owned()] } else { names }
}

/// `py{310,311}-django` as its alternatives.
fn braces(name: &str) -> Vec<String> {
    let mut pending = vec![name.to_owned()];
    let mut done = Vec::new();
    while let Some(name) = pending.pop() {
        let parts = name.split_once('{').and_then(|(head, rest)| {
            let (inside, tail) = rest.split_once('}')?;
            Some((head.to_owned(), inside.to_owned(), tail.to_owned()))
        });
        match parts {
            Some((head, inside, tail)) if pending.len() + done.len() < 100 => {
                pending.extend(inside.split(',').rev().map(|part| format!("{head}{}{tail}", part.trim())));
            }
            _ => done.push(name),
        }
    }
    done
}

/// The command lines of an environment with their distance from the key's line, and that line.
fn tox_commands(file: &ini::Ini, name: &str) -> Option<(Vec<(u32, String)>, u32)> {
    let exact = file.sections.iter().find(|section| {
        section.name.strip_prefix("testenv:").is_some_and(|names| braces(names).iter().any(|n| n == name))
    });
    let base = file.section("testenv");
    let generic = name == "python" || name.starts_with("py") || name.contains('-') || exact.is_some();
    let section = exact.filter(|section| section.get("commands").is_some()).or(base.filter(|_| generic))?;
    let entry = section.all("commands").last()?;
    let value = entry.value.as_deref().unwrap_or_default();
    let factors: Vec<&str> = name.split('-').collect();
    let mut commands: Vec<(u32, String)> = Vec::new();
    let mut continued = false;
    for (offset, line) in value.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let goes_on = line.ends_with('\\');
        let line = line.trim_end_matches('\\').trim();
        if continued && let Some((_, last)) = commands.last_mut() {
            last.push(' ');
            last.push_str(line);
            continued = goes_on;
            continue;
        }
        continued = goes_on;
        // `{[testenv:x]commands}` stands for those of another environment.
        if let Some(other) = line.strip_prefix("{[").and_then(|rest| rest.strip_suffix("]commands}")) {
            let text = file.get(other, "commands").unwrap_or_default();
            commands.extend(
                text.lines().filter(|l| !l.trim().is_empty()).map(|l| (offset as u32, l.trim().to_owned())),
            );
            continue;
        }
        // `py311: pytest` counts for environments with that factor.
        let line = match line.split_once(": ") {
            Some((condition, rest)) if is_condition(condition) => {
                let met = condition.split(',').flat_map(braces).any(|one| {
                    one.split('-').all(|factor| match factor.strip_prefix('!') {
                        Some(not) => !factors.contains(&not),
                        None => factors.contains(&factor),
                    })
                });
                if !met {
                    continue;
                }
                rest.trim()
            }
            _ => line,
        };
        commands.push((offset as u32, line.to_owned()));
    }
    Some((commands, entry.line))
}

fn is_condition(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-,!{}.".contains(c))
        && !text.starts_with('-')
}

/// Puts the caller's arguments, or the defaults, in the place of `{posargs}`; other substitutions become plain names.
fn posargs(text: &str, arguments: &[String]) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        done.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else { break };
        let inside = &rest[at + 1..at + end];
        if let Some(default) = inside.strip_prefix("posargs") {
            match (arguments.is_empty(), default.strip_prefix(':')) {
                (false, _) => {
                    done.push_str(&arguments.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))
                }
                (true, Some(default)) => done.push_str(default),
                (true, None) => {}
            }
        } else if matches!(inside, "toxinidir" | "tox_root") {
            done.push('.');
        } else {
            done.push_str("${");
            done.push_str(&inside.replace(':', "_"));
            done.push('}');
        }
        rest = &rest[at + end + 1..];
    }
    done.push_str(rest);
    done
}

/// Sessions of a noxfile: functions under `@nox.session`, and the commands of their `session.run` calls.
fn nox(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut chosen: Vec<String> = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.as_str() {
            "-s" | "-e" | "--session" | "--sessions" => {
                while let Some(name) = words.get(at).filter(|word| !word.starts_with('-')) {
                    chosen.push(name.split(['(', '-']).next().unwrap_or(name).to_owned());
                    at += 1;
                }
            }
            "-l" | "--list" | "--list-sessions" => return Outcome::NotMine,
            "--" => break,
            option => {
                if let Some(name) =
                    option.strip_prefix("--session=").or_else(|| option.strip_prefix("--sessions="))
                {
                    chosen.push(name.split(['(', '-']).next().unwrap_or(name).to_owned());
                }
            }
        }
    }
    let Some(path) = nearest(walk, &here.folder.path, "noxfile.py") else {
        return Outcome::Missing("there is no noxfile.py".to_owned());
    };
    let Some(text) = walk.commands.tree().text_at(&path) else { return Outcome::NotMine };
    let sessions = functions(&text, "session");
    let defaults = text.contains("nox.options.sessions");
    let mut followed = false;
    for session in &sessions {
        let named =
            chosen.iter().any(|name| *name == session.name || session.head.contains(&format!("\"{name}\"")));
        let by_default = chosen.is_empty() && (!defaults || options_list(&text).contains(&session.name));
        if !session.head.contains("session") || !(named || by_default) {
            continue;
        }
        followed = true;
        run_calls(walk, &path, session, &["session.run(", "session.run_always("], here);
    }
    if !followed && !chosen.is_empty() {
        return Outcome::Missing(format!("{path} has no session `{}`", chosen.join("`, `")));
    }
    Outcome::Followed
}

fn options_list(text: &str) -> Vec<String> {
    let Some(at) = text.find("nox.options.sessions") else { return Vec::new() };
    let rest = &text[at..];
    let end = rest.find([']', ')']).unwrap_or(rest.len());
    rest[..end].split(['"', '\'']).skip(1).step_by(2).map(str::to_owned).collect()
}

/// Tasks of invoke: functions under `@task` in tasks.py.
fn invoke(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let chosen: Vec<String> =
        words[1..].iter().filter(|word| !word.starts_with('-')).map(|word| word.replace('-', "_")).collect();
    let Some(path) = nearest(walk, &here.folder.path, "tasks.py") else { return Outcome::NotMine };
    let Some(text) = walk.commands.tree().text_at(&path) else { return Outcome::NotMine };
    let mut followed = false;
    for task in functions(&text, "task").iter().filter(|task| chosen.contains(&task.name)) {
        followed = true;
        run_calls(walk, &path, task, &["c.run(", "ctx.run(", "context.run(", "run("], here);
    }
    if followed { Outcome::Followed } else { Outcome::NotMine }
}

/// A function at the left margin, with its decorators.
struct Function<'t> {
    name: String,
    head: String,
    body: &'t str,
    line: u32,
}

fn functions<'t>(text: &'t str, decorator: &str) -> Vec<Function<'t>> {
    let mut found: Vec<Function> = Vec::new();
    let mut head = String::new();
    let mut offset = 0;
    let mut starts: Vec<(usize, u32, String, String)> = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.starts_with('@') || (!head.is_empty() && line.starts_with([' ', ')'])) {
            head.push_str(line);
        } else if let Some(rest) = line.strip_prefix("def ").or_else(|| line.strip_prefix("async def ")) {
            let name = rest.split('(').next().unwrap_or_default().trim().to_owned();
            starts.push((offset, number as u32 + 1, name, std::mem::take(&mut head)));
        } else if !line.trim().is_empty() && !line.starts_with([' ', '\t', '#', ')']) {
            head.clear();
            starts.push((offset, number as u32 + 1, String::new(), String::new()));
        }
        offset += line.len();
    }
    for (at, (start, line, name, head)) in starts.iter().enumerate() {
        let end = starts.get(at + 1).map_or(text.len(), |next| next.0);
        if !name.is_empty() && head.contains(decorator) {
            found.push(Function {
                name: name.clone(),
                head: head.clone(),
                body: &text[*start..end],
                line: *line,
            });
        }
    }
    found
}

fn run_calls(walk: &mut Walk, path: &str, function: &Function, callees: &[&str], here: &Here) {
    walk.within(format!("{path}#{}", function.name), here.depth + 1, |walk| {
        for call in calls(function.body, callees) {
            let mut frame = here.script(path, function.line + call.line - 1);
            frame.one_line = true;
            frame.folder = folder_of(path);
            frame.name = Some(function.name.clone());
            let text = match call.strings.as_slice() {
                [one] => one.clone(),
                many => many.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
            };
            walk.script(&text, &frame);
        }
    });
}
