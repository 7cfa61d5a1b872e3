//! Makefiles: targets with their prerequisites.

use std::sync::Arc;

use seaworthy_syntax::makefile::{Makefile, Target};

use super::follow::{Folder, Here, Outcome, Walk};
use super::words::glob;
use crate::tree::join;

/// How many included files are read.
const MOST_INCLUDES: usize = 40;

/// A Makefile with what it includes, each with its path.
struct Files {
    files: Vec<(String, Arc<Makefile>)>,
    /// Everything that is included was found.
    complete: bool,
}

/// Follows a call of make.
pub fn follow(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let mut folder = here.folder.clone();
    let mut file = None;
    let mut targets = Vec::new();
    let mut variables = here.variables.clone();
    let mut keeps_going = false;
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match word.as_str() {
            "-C" | "--directory" | "-f" | "--file" | "--makefile" => {
                let value = words.get(at).cloned().unwrap_or_default();
                at += 1;
                if word.contains('C') || word.contains("dir") {
                    folder = moved(&folder, &value);
                } else {
                    file = Some(value);
                }
            }
            "-j" | "--jobs" => at += usize::from(words.get(at).is_some_and(|w| w.parse::<u32>().is_ok())),
            "-n" | "--dry-run" | "--just-print" | "-q" | "--question" | "--version" | "-h" => {
                return Outcome::NotMine;
            }
            "-i" | "--ignore-errors" => keeps_going = true,
            option if option.starts_with("-C") => folder = moved(&folder, &option[2..]),
            option if option.starts_with("--directory=") => folder = moved(&folder, &option[12..]),
            option if option.starts_with('-') => {}
            assignment if assignment.contains('=') => {
                if let Some((name, value)) = assignment.split_once('=') {
                    variables.push((name.trim_end_matches([':', '?', '+']).to_owned(), value.to_owned()));
                }
            }
            target => targets.push(target.to_owned()),
        }
    }
    let commands = walk.commands;
    let names = ["GNUmakefile", "makefile", "Makefile"];
    let path = match &file {
        Some(file) => join(&folder.path, file),
        None => names
            .iter()
            .filter_map(|name| join(&folder.path, name))
            .find(|path| commands.tree().file(path).is_some()),
    };
    let Some(files) = path.as_deref().and_then(|path| load(walk, path, &folder.path)) else {
        return if folder.known && !file.is_some_and(|file| file.contains('$')) {
            Outcome::Missing("there is no Makefile".to_owned())
        } else {
            Outcome::NotMine
        };
    };
    if targets.is_empty() {
        let goal = files.files[0].1.variables.iter().rev().find(|(name, _)| name == ".DEFAULT_GOAL");
        let first = files.files[0]
            .1
            .targets
            .iter()
            .find(|t| !t.name.starts_with('.') && !t.name.contains(['%', '$']));
        targets
            .extend(goal.map(|(_, goal)| goal.clone()).or_else(|| first.map(|target| target.name.clone())));
    }
    let mut here = Here { folder, variables, ..here.clone() };
    if keeps_going {
        here.ignored = here.ignored.or_else(|| Some("make is told to go on after errors".to_owned()));
    }
    let mut missing = None;
    for target in &targets {
        if !run(walk, &files, target, &here, 0) && !target.contains(['$', '{']) && files.complete {
            missing = Some(format!("{} has no target `{target}`", files.files[0].0));
        }
    }
    missing.map_or(Outcome::Followed, Outcome::Missing)
}

fn moved(folder: &Folder, to: &str) -> Folder {
    match join(&folder.path, to).filter(|_| !to.contains('$')) {
        Some(path) => Folder { path, known: folder.known },
        None => Folder { path: folder.path.clone(), known: false },
    }
}

fn load(walk: &Walk, path: &str, folder: &str) -> Option<Files> {
    let commands = walk.commands;
    let mut files = Files { files: vec![(path.to_owned(), commands.makefile(path)?)], complete: true };
    let mut at = 0;
    while at < files.files.len() {
        let includes = files.files[at].1.includes.clone();
        for include in includes {
            let Some(included) = join(folder, &include).filter(|_| !include.contains('$')) else {
                files.complete = false;
                continue;
            };
            if include.contains('*') {
                for file in commands.tree().under(included.rsplit_once('/').map_or(".", |(folder, _)| folder))
                {
                    if glob(&included, &file.path)
                        && files.files.len() < MOST_INCLUDES
                        && !files.files.iter().any(|(known, _)| *known == file.path)
                        && let Some(makefile) = commands.makefile(&file.path)
                    {
                        files.files.push((file.path.clone(), makefile));
                    }
                }
                continue;
            }
            if files.files.iter().any(|(known, _)| *known == included) || files.files.len() >= MOST_INCLUDES {
                continue;
            }
            match commands.makefile(&included) {
                Some(makefile) => files.files.push((included, makefile)),
                None => files.complete = false,
            }
        }
        at += 1;
    }
    Some(files)
}

fn find<'f>(files: &'f Files, name: &str) -> Option<(&'f str, &'f Target)> {
    let exact = |with_recipe: bool| {
        files.files.iter().find_map(|(path, makefile)| {
            let target = makefile.target(name)?;
            (!with_recipe || !target.recipe.is_empty()).then_some((path.as_str(), target))
        })
    };
    exact(true).or_else(|| exact(false)).or_else(|| {
        files.files.iter().find_map(|(path, makefile)| {
            let target = makefile
                .targets
                .iter()
                .find(|target| target.name.contains('%') && glob(&target.name.replacen('%', "*", 1), name))?;
            Some((path.as_str(), target))
        })
    })
}

/// Runs a target; false when there is none of this name and no such file.
fn run(walk: &mut Walk, files: &Files, name: &str, here: &Here, level: usize) -> bool {
    let Some((path, target)) = find(files, name) else {
        return walk.commands.tree().resolve(&here.folder.path, name).is_some();
    };
    // Make builds a target once per run.
    let once = format!("{path}@{}#{name}", here.folder.path);
    if level > 30 || !walk.goes_on() || !walk.done.insert(once.clone()) {
        return true;
    }
    // All rules of this name add their prerequisites.
    let mut before: Vec<&String> = Vec::new();
    for (_, makefile) in &files.files {
        for rule in makefile.targets.iter().filter(|rule| rule.name == target.name) {
            before.extend(rule.prerequisites.iter().filter(|p| *p != "|"));
        }
    }
    let stem =
        target.name.split_once('%').and_then(|(head, tail)| name.strip_prefix(head)?.strip_suffix(tail));
    for prerequisite in before {
        let prerequisite =
            stem.map_or_else(|| prerequisite.clone(), |stem| prerequisite.replacen('%', stem, 1));
        let at = seaworthy_facts::Location::line(path, target.line);
        let mut inner = here.clone();
        inner.via = here.script(path, target.line).via;
        inner.at = at;
        inner.name = None;
        run(walk, files, &prerequisite, &inner, level + 1);
    }
    let within = walk.within(format!("make {once}"), here.depth + 1, |walk| {
        for line in &target.recipe {
            let mut frame = here.script(path, line.line);
            frame.name = Some(name.to_owned());
            if line.ignore_errors {
                frame.ignored = frame
                    .ignored
                    .or_else(|| Some("the `-` before the recipe's line drops its failure".to_owned()));
            }
            let text = match stem {
                Some(stem) => line.text.replace("$*", stem).replace("$@", name),
                None => line.text.replace("$@", name),
            };
            let text = text.replace("$(MAKE)", "make").replace("${MAKE}", "make").replace("$(CURDIR)", ".");
            walk.script(&text, &frame);
        }
    });
    if !within {
        // Too deep, or make calls itself with the same target.
        walk.done.remove(&once);
    }
    true
}
