//! Test runs whose selection matches nothing in the tree: a path that does not exist, a name that no test has.

use std::sync::Arc;

use seaworthy_facts::Role;

use super::Commands;
use super::follow::{Here, Walk};
use super::literals::calls;
use super::words::{glob, spellings};
use crate::tree::{Class, File, join};

/// Test files that are searched for names at the most.
const MOST_FILES: usize = 3_000;

/// Why a test command selects nothing, when that can be told.
pub fn selects_nothing(walk: &Walk, words: &[String], roles: &[Role], here: &Here) -> Option<String> {
    if !here.folder.known || !(roles.contains(&Role::Test) || roles.contains(&Role::EndToEnd)) {
        return None;
    }
    let (program, arguments) = spellings(words).into_iter().next_back()?;
    let folder = here.folder.path.as_str();
    let commands = walk.commands;
    match program.as_str() {
        "jest" | "vitest" | "react-scripts" | "playwright" => {
            let options: &[&str] =
                if program == "playwright" { &["-g", "--grep"] } else { &["-t", "--testNamePattern"] };
            named(commands, &arguments, options, folder)
                .or_else(|| script_paths(commands, &program, &arguments, folder))
        }
        "mocha" | "_mocha" => named(commands, &arguments, &["-g", "--grep", "-f", "--fgrep"], folder),
        "cypress" => specs(commands, &arguments, folder),
        "pytest" | "py.test" => pytest(commands, &arguments, folder),
        "go" => go(commands, &arguments, folder),
        "rspec" => plain_paths(
            commands,
            &arguments,
            folder,
            &[
                "-f",
                "--format",
                "-o",
                "--out",
                "-r",
                "-t",
                "--tag",
                "-e",
                "--example",
                "-O",
                "-I",
                "--seed",
                "--order",
            ],
        ),
        "phpunit" | "pest" | "paratest" => plain_paths(
            commands,
            &arguments,
            folder,
            &[
                "-c",
                "--configuration",
                "--filter",
                "--testsuite",
                "--group",
                "--exclude-group",
                "--log-junit",
                "--coverage-clover",
                "--bootstrap",
                "-p",
                "-d",
                "--processes",
                "--coverage-text",
                "--coverage-html",
            ],
        ),
        "bats" => plain_paths(
            commands,
            &arguments,
            folder,
            &["-f", "--filter", "-j", "--jobs", "-o", "--output", "-F", "--formatter"],
        ),
        _ => None,
    }
}

/// The value of an option, given with a blank or an equals sign.
fn value<'a>(arguments: &'a [String], options: &[&str]) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(at, argument)| {
        if options.contains(&argument.as_str()) {
            return arguments.get(at + 1).map(String::as_str);
        }
        let (name, value) = argument.split_once('=')?;
        options.contains(&name).then_some(value)
    })
}

/// A text that stands for itself: neither a pattern nor a variable.
fn is_literal(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['|', '^', '$', '*', '+', '?', '(', ')', '[', ']', '{', '}', '\\', '`', '@'])
}

/// A test is chosen by its name, and none has it.
fn named(commands: &Commands, arguments: &[String], options: &[&str], folder: &str) -> Option<String> {
    let wanted = value(arguments, options).filter(|wanted| is_literal(wanted))?;
    let component = commands.package_at(folder).map_or(folder, |package| package.folder.as_str());
    let titles = commands.titles(component);
    if titles.is_empty() {
        return None;
    }
    // Test runners join the titles of groups and tests, and some compare without regard to case.
    let lower = wanted.to_lowercase();
    let fits = |title: &String| {
        let title = title.to_lowercase();
        let made_up =
            ["${", "%s", "%i", "%d", "%p", "%o", "%j", "%#", "$"].iter().any(|mark| title.contains(mark));
        title.contains(&lower)
            || (title.len() > 2 && lower.contains(&title))
            || (made_up && shares_word(&title, &lower))
    };
    (!titles.iter().any(fits)).then(|| format!("no test is named like `{wanted}`"))
}

/// A title that is filled in when it runs has some word of the wanted one.
fn shares_word(title: &str, wanted: &str) -> bool {
    wanted
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3)
        .any(|word| title.contains(word))
        || title.split(|c: char| !c.is_alphanumeric()).all(|word| word.len() < 4)
}

/// Files are chosen by a part of their path, and none has it.
fn script_paths(commands: &Commands, program: &str, arguments: &[String], folder: &str) -> Option<String> {
    const VALUED: &[&str] = &[
        "-t",
        "--testNamePattern",
        "-c",
        "--config",
        "--reporter",
        "--reporters",
        "--project",
        "--projects",
        "-w",
        "--maxWorkers",
        "--workers",
        "-j",
        "--shard",
        "--environment",
        "--env",
        "--dir",
        "--root",
        "-r",
        "--mode",
        "--retries",
        "--timeout",
        "--testTimeout",
        "-g",
        "--grep",
        "--grep-invert",
        "--outputFile",
        "--pool",
        "-i",
        "--coverageDirectory",
        "--coverageReporters",
        "--setupFiles",
        "--rootDir",
        "--roots",
        "--selectProjects",
        "-o",
        "--bail",
        "--silent",
        "--changedSince",
        "--ignore-snapshots",
        "--trace",
        "--max-failures",
    ];
    // Both can be told to look elsewhere.
    if value(arguments, &["--dir", "--root", "-r", "--rootDir", "-c", "--config"]).is_some() {
        return None;
    }
    let skipped: &[&str] = match program {
        "vitest" => &["run", "watch", "dev", "related"],
        "playwright" | "react-scripts" => &["test"],
        _ => &[],
    };
    let chosen: Vec<&str> = positional(arguments, VALUED)
        .filter(|argument| !skipped.contains(argument))
        .filter(|argument| {
            argument.contains('/')
                || argument.ends_with(".ts")
                || argument.ends_with(".js")
                || argument.ends_with(".tsx")
        })
        .collect();
    if chosen.is_empty() || !chosen.iter().all(|argument| is_literal(argument)) {
        return None;
    }
    let found = commands.tree().under(folder).any(|file| {
        chosen.iter().any(|part| file.path.contains(part.trim_start_matches("./").trim_end_matches('/')))
    });
    (!found).then(|| format!("no test file is named like `{}`", chosen.join("`, `")))
}

/// The arguments that are neither options nor their values.
fn positional<'a>(arguments: &'a [String], valued: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let mut is_value = false;
    arguments.iter().map(String::as_str).filter(move |argument| {
        let value = std::mem::take(&mut is_value);
        if argument.starts_with('-') {
            is_value = valued.contains(argument);
            return false;
        }
        !value
    })
}

/// Paths that must exist.
fn plain_paths(commands: &Commands, arguments: &[String], folder: &str, valued: &[&str]) -> Option<String> {
    let chosen: Vec<&str> = positional(arguments, valued).collect();
    let missing = |path: &&str| {
        let path = path.split(':').next().unwrap_or(path);
        is_literal(path)
            && !path.starts_with('/')
            && (path.contains('/') || path.contains('.'))
            && join(folder, path).is_some_and(|path| !exists(commands, &path))
    };
    (!chosen.is_empty() && chosen.iter().all(missing))
        .then(|| format!("there is no `{}`", chosen.join("`, `")))
}

fn exists(commands: &Commands, path: &str) -> bool {
    path == "." || commands.tree().file(path).is_some() || commands.tree().has_folder(path)
}

/// Cypress: `--spec` takes paths and globs, separated by commas.
fn specs(commands: &Commands, arguments: &[String], folder: &str) -> Option<String> {
    let specs = value(arguments, &["--spec", "-s"]).filter(|specs| !specs.contains(['$', '{', '`']))?;
    let found = specs.split(',').any(|spec| {
        let Some(path) = join(folder, spec.trim()) else { return true };
        // `**/` also stands for nothing.
        let pattern = path.replace("**/", "*").replace("**", "*");
        commands.tree().under(folder).any(|file| glob(&pattern, &file.path))
    });
    (!found).then(|| format!("no spec is named like `{specs}`"))
}

fn pytest(commands: &Commands, arguments: &[String], folder: &str) -> Option<String> {
    const VALUED: &[&str] = &[
        "-k",
        "-m",
        "-c",
        "-p",
        "-n",
        "-o",
        "-W",
        "-r",
        "--cov",
        "--cov-report",
        "--cov-config",
        "--junitxml",
        "--junit-xml",
        "--maxfail",
        "--ds",
        "--timeout",
        "--durations",
        "--rootdir",
        "--tb",
        "--log-level",
        "--basetemp",
        "--dist",
        "--html",
        "--ignore",
        "--deselect",
        "--reruns",
        "--splits",
        "--group",
        "--confcutdir",
        "--numprocesses",
    ];
    let chosen: Vec<&str> =
        positional(arguments, VALUED).filter(|path| path.contains('/') || path.contains(".py")).collect();
    let missing = |path: &&str| {
        let path = path.split("::").next().unwrap_or(path);
        is_literal(path)
            && !path.starts_with('/')
            && join(folder, path).is_some_and(|path| !exists(commands, &path))
    };
    if !chosen.is_empty() && chosen.iter().all(missing) {
        return Some(format!("there is no `{}`", chosen.join("`, `")));
    }
    let wanted = value(arguments, &["-k"])?;
    if !wanted.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let lower = wanted.to_lowercase();
    let mut files = commands
        .tree()
        .under(folder)
        .filter(|file| {
            file.language == Some("python") && (file.class == Class::Test || file.path.contains("test"))
        })
        .take(MOST_FILES)
        .peekable();
    files.peek()?;
    let found = files.any(|file| {
        file.path.to_lowercase().contains(&lower)
            || commands.tree().text(file).is_some_and(|text| text.to_lowercase().contains(&lower))
    });
    (!found).then(|| format!("no test is named like `{wanted}`"))
}

fn go(commands: &Commands, arguments: &[String], folder: &str) -> Option<String> {
    let arguments = arguments.strip_prefix(&["test".to_owned()][..])?;
    const VALUED: &[&str] = &[
        "-run",
        "-timeout",
        "-coverprofile",
        "-tags",
        "-count",
        "-p",
        "-parallel",
        "-bench",
        "-covermode",
        "-coverpkg",
        "-mod",
        "-ldflags",
        "-o",
        "-exec",
        "-skip",
        "-vet",
        "-C",
        "-cpu",
        "-benchtime",
        "-gcflags",
    ];
    if value(arguments, &["-C"]).is_some() {
        return None;
    }
    let chosen: Vec<&str> = positional(arguments, VALUED).collect();
    let is_test = |file: &File| file.path.ends_with("_test.go");
    let empty = |path: &&str| {
        if !path.starts_with('.') || path.contains('$') {
            return false;
        }
        let (path, below) = path.strip_suffix("...").map_or((*path, false), |path| (path, true));
        let Some(inside) = join(folder, path.trim_end_matches('/')) else { return false };
        !commands.tree().under(&inside).any(|file| is_test(file) && (below || file.folder() == inside))
    };
    if !chosen.is_empty() && chosen.iter().all(empty) {
        return Some(format!("no test file is in `{}`", chosen.join("`, `")));
    }
    let wanted = value(arguments, &["-run"])
        .filter(|wanted| wanted.chars().all(|c| c.is_alphanumeric() || c == '_'))?;
    let mut files = commands.tree().under(folder).filter(|file| is_test(file)).take(MOST_FILES).peekable();
    files.peek()?;
    let found = files.any(|file| commands.tree().text(file).is_some_and(|text| text.contains(wanted)));
    (!found).then(|| format!("no test is named like `{wanted}`"))
}

impl Commands<'_> {
    /// The titles of the tests that a component's script files hold.
    fn titles(&self, component: &str) -> Arc<Vec<String>> {
        if let Ok(known) = self.titles.lock()
            && let Some(titles) = known.get(component)
        {
            return titles.clone();
        }
        const CALLEES: &[&str] = &[
            "it(",
            "test(",
            "describe(",
            "context(",
            "suite(",
            "specify(",
            "scenario(",
            "feature(",
            ".only(",
            ".skip(",
            ".concurrent(",
            ".describe(",
            ".serial(",
            ".sequential(",
            ".todo(",
            ".step(",
            ")(",
            "`(",
        ];
        let mut titles = Vec::new();
        let files = self
            .tree
            .under(component)
            .filter(|file| {
                file.class == Class::Test && matches!(file.language, Some("javascript" | "typescript"))
            })
            .take(MOST_FILES);
        for file in files {
            if let Some(text) = self.tree.text(file) {
                titles.extend(
                    calls(&text, CALLEES).into_iter().filter_map(|call| call.strings.into_iter().next()),
                );
            }
        }
        let titles = Arc::new(titles);
        if let Ok(mut known) = self.titles.lock() {
            known.insert(component.to_owned(), titles.clone());
        }
        titles
    }
}
