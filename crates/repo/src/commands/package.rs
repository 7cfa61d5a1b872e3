//! Scripts of package.json, as npm, pnpm, yarn and bun run them.

use std::sync::Arc;

use seaworthy_syntax::tree::Node;

use super::Commands;
use super::follow::{Folder, Here, Outcome, Walk};
use super::roles::is_known_program;
use super::words::{glob, quote};
use crate::tree::{Class, join};

/// A package.json.
#[derive(Debug)]
pub struct Package {
    /// Its file.
    pub path: String,
    /// Its folder.
    pub folder: String,
    /// Its name.
    pub name: String,
    document: Arc<Node>,
}

impl Package {
    /// The text of a script, and its line.
    pub fn script(&self, name: &str) -> Option<(&str, u32)> {
        let node = self.document.get("scripts")?.get(name)?;
        Some((node.as_str()?, node.line))
    }

    /// The names of its scripts.
    pub fn scripts(&self) -> impl Iterator<Item = &str> {
        self.document.get("scripts").map_or(&[][..], Node::map).iter().map(|(key, _)| key.text.as_str())
    }

    /// It depends on a package, or has a program of that name itself.
    pub fn depends_on(&self, name: &str) -> bool {
        ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].iter().any(|table| {
            self.document.get(table).is_some_and(|table| {
                table.map().iter().any(|(key, _)| {
                    key.text == name
                        || key.text.rsplit('/').next() == Some(name)
                        || key.text == format!("{name}-cli")
                })
            })
        }) || self.document.get("bin").is_some_and(|bin| bin.get(name).is_some())
    }
}

impl Commands<'_> {
    /// The packages of the tree, other people's and those of tests left out.
    pub fn packages(&self) -> &[Package] {
        self.packages.get_or_init(|| {
            self.tree
                .named("package.json")
                .filter(|file| !matches!(file.class, Class::Vendored | Class::Generated))
                .filter_map(|file| {
                    let document = self.document(&file.path)?;
                    let name = document.get("name").and_then(Node::as_str).unwrap_or_default().to_owned();
                    Some(Package {
                        path: file.path.clone(),
                        folder: file.folder().to_owned(),
                        name,
                        document,
                    })
                })
                .collect()
        })
    }

    /// The package of a folder or of the nearest one above it.
    pub fn package_at(&self, folder: &str) -> Option<&Package> {
        let mut folder = folder.to_owned();
        for _ in 0..32 {
            if let Some(package) = self.packages().iter().find(|package| package.folder == folder) {
                return Some(package);
            }
            if folder == "." {
                return None;
            }
            folder = join(&folder, "..")?;
        }
        None
    }
}

/// What a call of a package manager asks for.
#[derive(Debug, Default)]
struct Call {
    /// The script, or a program of a package where there is no such script.
    name: Option<String>,
    /// `run` was said: it can be nothing but a script.
    script_only: bool,
    arguments: Vec<String>,
    folder: Option<String>,
    /// Workspaces by name, path or pattern.
    workspaces: Vec<String>,
    all_workspaces: bool,
    if_present: bool,
}

/// Follows a call of npm, pnpm, yarn or bun.
pub fn follow(walk: &mut Walk, manager: &str, words: &[String], here: &Here) -> Outcome {
    let Some(call) = read_call(manager, &words[1..]) else { return Outcome::NotMine };
    let Some(name) = call.name.clone() else { return Outcome::NotMine };
    let mut folder = here.folder.clone();
    if let Some(other) = &call.folder {
        folder = match join(&folder.path, other).filter(|_| !other.contains('$')) {
            Some(path) => Folder { path, known: folder.known },
            None => Folder { known: false, ..folder },
        };
    }
    let here = Here { folder: folder.clone(), ..here.clone() };
    let commands = walk.commands;
    if call.all_workspaces || !call.workspaces.is_empty() {
        let chosen: Vec<&Package> = commands
            .packages()
            .iter()
            .filter(|package| {
                (call.all_workspaces && call.workspaces.is_empty())
                    || call.workspaces.iter().any(|pattern| is_chosen(package, pattern, &folder.path))
            })
            .collect();
        let with_script: Vec<&&Package> =
            chosen.iter().filter(|package| package.script(&name).is_some()).collect();
        if with_script.is_empty() {
            let exact = call.workspaces.iter().all(|pattern| !pattern.contains(['$', '[', '{', '*']));
            return if call.if_present || !exact || is_binary(&call, &name, chosen.first().copied()) {
                Outcome::Leaf(binary_words(&name, &call))
            } else {
                Outcome::Missing(format!("no chosen workspace has a script `{name}`"))
            };
        }
        for package in with_script {
            run_script(walk, package, &name, &call.arguments, &here, manager);
        }
        return Outcome::Followed;
    }
    let Some(package) = commands.package_at(&folder.path) else {
        return if call.if_present || !folder.known || is_binary(&call, &name, None) {
            Outcome::Leaf(binary_words(&name, &call))
        } else {
            Outcome::Missing(format!("there is no package.json to run `{name}` from"))
        };
    };
    if run_script(walk, package, &name, &call.arguments, &here, manager) {
        return Outcome::Followed;
    }
    if call.if_present {
        return Outcome::Followed;
    }
    if name.contains(['$', '{']) {
        return Outcome::NotMine;
    }
    if is_binary(&call, &name, Some(package)) {
        return Outcome::Leaf(binary_words(&name, &call));
    }
    // npm starts `server.js` where there is no start script.
    if name == "start" && walk.commands.tree().resolve(&package.folder, "server.js").is_some() {
        return Outcome::Leaf(vec!["node".to_owned(), "server.js".to_owned()]);
    }
    Outcome::Missing(format!("{} has no script `{name}`", package.path))
}

fn is_binary(call: &Call, name: &str, package: Option<&Package>) -> bool {
    !call.script_only && (is_known_program(name) || package.is_some_and(|package| package.depends_on(name)))
}

fn binary_words(name: &str, call: &Call) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(call.arguments.iter().cloned()).collect()
}

/// Runs a script with those that go before and behind it; false when there is none of this name.
pub fn run_script(
    walk: &mut Walk,
    package: &Package,
    name: &str,
    arguments: &[String],
    here: &Here,
    manager: &str,
) -> bool {
    let Some((text, line)) = package.script(name) else { return false };
    let key = format!("{}#{name}", package.path);
    if walk.is_inside(&key) {
        // `"test": "npm test"`: nothing comes of it.
        return true;
    }
    walk.within(key, here.depth + 1, |walk| {
        let mut each = |name: &str, text: &str, line: u32| {
            let mut frame = here.script(&package.path, line);
            frame.one_line = true;
            frame.folder = Folder { path: package.folder.clone(), known: true };
            frame.name = Some(name.to_owned());
            walk.script(text, &frame);
        };
        // Yarn since version 2 runs no scripts before and behind, but its older versions do, and calls look the same.
        let _ = manager;
        let (pre, post) = (format!("pre{name}"), format!("post{name}"));
        if let Some((text, line)) = package.script(&pre) {
            each(&pre, text, line);
        }
        let mut whole = text.to_owned();
        for argument in arguments {
            whole.push(' ');
            whole.push_str(&quote(argument));
        }
        each(name, &whole, line);
        if let Some((text, line)) = package.script(&post) {
            each(&post, text, line);
        }
    });
    true
}

/// Whether a workspace is meant by a name, a path or one of pnpm's patterns.
pub fn is_chosen(package: &Package, pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("...").trim_start_matches('^');
    let pattern = pattern.trim_end_matches("...").trim_end_matches('^');
    // A range of commits, or an expression: whatever is there may be meant.
    if pattern.starts_with('[') || pattern.contains('$') {
        return true;
    }
    if pattern.starts_with('!') {
        return false;
    }
    let path = pattern.trim_start_matches('{').trim_end_matches('}');
    if path.starts_with("./") || path.contains('/') || path == "." {
        let path = path.trim_end_matches("/**").trim_end_matches("/*");
        let joined = join(folder, path).unwrap_or_default();
        if package.folder == joined || package.folder.starts_with(&format!("{joined}/")) {
            return !(pattern == "." && package.folder != joined);
        }
    }
    glob(pattern, &package.name)
        || package.folder == pattern.trim_end_matches('/')
        || package.name.rsplit('/').next().is_some_and(|short| !short.is_empty() && glob(pattern, short))
}

const NPM_VALUED: &[&str] = &["--loglevel", "--registry", "--cache", "--userconfig"];

fn read_call(manager: &str, words: &[String]) -> Option<Call> {
    let mut call = Call::default();
    let mut at = 0;
    // Options before the subcommand.
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') {
            break;
        }
        at += read_option(manager, words, at, &mut call);
    }
    let subcommand = words.get(at)?.as_str();
    at += 1;
    match manager {
        "npm" => match subcommand {
            "test" | "t" | "tst" | "start" | "stop" | "restart" => {
                call.script_only = true;
                call.name = Some(if subcommand.starts_with('t') { "test" } else { subcommand }.to_owned());
            }
            "run" | "run-script" | "rum" | "urn" => call.script_only = true,
            _ => return None,
        },
        "pnpm" => match subcommand {
            "run" | "run-script" => call.script_only = true,
            "t" | "tst" => call.name = Some("test".to_owned()),
            "recursive" | "multi" | "m" => call.all_workspaces = true,
            other if is_pnpm_own(other) => return None,
            other => call.name = Some(other.to_owned()),
        },
        "yarn" => match subcommand {
            "run" => call.script_only = false,
            "workspace" => {
                call.workspaces.push(words.get(at)?.clone());
                at += 1;
            }
            "workspaces" => {
                call.all_workspaces = true;
                if words.get(at).is_some_and(|word| word == "foreach") {
                    at += 1;
                    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
                        at += 1;
                        if matches!(word.as_str(), "--include" | "--from" | "-j" | "--jobs" | "--exclude") {
                            if word == "--include" || word == "--from" {
                                call.workspaces.extend(words.get(at).cloned());
                            }
                            at += 1;
                        }
                    }
                }
            }
            other if is_yarn_own(other) => return None,
            other => call.name = Some(other.to_owned()),
        },
        _ => match subcommand {
            "run" => {}
            other if is_bun_own(other) => return None,
            other => call.name = Some(other.to_owned()),
        },
    }
    // `run` behind a workspace, then the script's name.
    while call.name.is_none() {
        let word = words.get(at)?;
        if word.starts_with('-') {
            at += read_option(manager, words, at, &mut call);
        } else if matches!(word.as_str(), "run" | "run-script") {
            at += 1;
        } else {
            call.name = Some(word.clone());
            at += 1;
        }
    }
    // What is left goes to the script; npm takes options for itself up to `--`.
    let mut passed = manager != "npm";
    while let Some(word) = words.get(at) {
        if word == "--" && (manager == "npm" || call.arguments.is_empty()) {
            passed = true;
            at += 1;
        } else if passed || !word.starts_with('-') {
            call.arguments.push(word.clone());
            at += 1;
        } else {
            at += read_option(manager, words, at, &mut call);
        }
    }
    Some(call)
}

/// Reads one option of a package manager, and says how many words it took.
fn read_option(manager: &str, words: &[String], at: usize, call: &mut Call) -> usize {
    let word = words[at].as_str();
    let (name, joined) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let value = || joined.map(str::to_owned).or_else(|| words.get(at + 1).cloned()).unwrap_or_default();
    let taken = if joined.is_some() { 1 } else { 2 };
    match name {
        "--prefix" | "-C" | "--dir" | "--cwd" => {
            call.folder = Some(value());
            taken
        }
        "--workspace" => {
            call.workspaces.push(value());
            taken
        }
        "-w" if manager == "npm" => {
            call.workspaces.push(value());
            taken
        }
        "--filter" | "-F" | "--filter-prod" if manager != "npm" => {
            let pattern = value();
            if !pattern.starts_with('!') {
                call.workspaces.push(pattern);
            } else {
                call.all_workspaces = true;
            }
            taken
        }
        "--workspaces" | "-ws" | "-r" | "--recursive" => {
            call.all_workspaces = true;
            1
        }
        "--if-present" => {
            call.if_present = true;
            1
        }
        name if NPM_VALUED.contains(&name) => taken,
        _ => 1,
    }
}

fn is_pnpm_own(word: &str) -> bool {
    matches!(
        word,
        "add"
            | "install"
            | "i"
            | "install-test"
            | "it"
            | "update"
            | "up"
            | "upgrade"
            | "remove"
            | "rm"
            | "uninstall"
            | "un"
            | "link"
            | "unlink"
            | "import"
            | "rebuild"
            | "prune"
            | "fetch"
            | "audit"
            | "list"
            | "ls"
            | "outdated"
            | "why"
            | "licenses"
            | "pack"
            | "publish"
            | "config"
            | "store"
            | "env"
            | "setup"
            | "init"
            | "deploy"
            | "patch"
            | "patch-commit"
            | "dlx"
            | "exec"
            | "create"
            | "root"
            | "bin"
            | "dedupe"
            | "approve-builds"
            | "server"
            | "cache"
            | "doctor"
            | "self-update"
            | "version"
            | "login"
            | "ci"
    )
}

fn is_yarn_own(word: &str) -> bool {
    matches!(
        word,
        "add"
            | "install"
            | "init"
            | "audit"
            | "npm"
            | "dlx"
            | "exec"
            | "node"
            | "config"
            | "cache"
            | "why"
            | "upgrade"
            | "up"
            | "global"
            | "link"
            | "pack"
            | "publish"
            | "remove"
            | "set"
            | "version"
            | "versions"
            | "info"
            | "list"
            | "import"
            | "autoclean"
            | "bin"
            | "check"
            | "create"
            | "dedupe"
            | "help"
            | "licenses"
            | "login"
            | "logout"
            | "outdated"
            | "owner"
            | "plugin"
            | "policies"
            | "rebuild"
            | "search"
            | "tag"
            | "team"
            | "unlink"
            | "unplug"
            | "constraints"
            | "patch"
            | "patch-commit"
            | "stage"
            | "upgrade-interactive"
    )
}

fn is_bun_own(word: &str) -> bool {
    matches!(
        word,
        "install"
            | "i"
            | "add"
            | "a"
            | "remove"
            | "rm"
            | "update"
            | "link"
            | "unlink"
            | "pm"
            | "create"
            | "c"
            | "init"
            | "build"
            | "upgrade"
            | "x"
            | "test"
            | "publish"
            | "outdated"
            | "audit"
            | "patch"
            | "repl"
            | "exec"
            | "ci"
            | "why"
            | "info"
    ) || [".ts", ".js", ".tsx", ".mjs", ".mts"].iter().any(|ending| word.ends_with(ending))
}

/// Lists of scripts: npm-run-all, concurrently, start-server-and-test.
pub fn follow_lists(walk: &mut Walk, program: &str, words: &[String], here: &Here) -> Outcome {
    let commands = walk.commands;
    let Some(package) = commands.package_at(&here.folder.path) else { return Outcome::NotMine };
    let arguments = &words[1..];
    match program {
        "concurrently" | "conc" => {
            let mut at = 0;
            while let Some(word) = arguments.get(at) {
                at += 1;
                if word.starts_with('-') {
                    let valued = matches!(
                        word.as_str(),
                        "-n" | "--names"
                            | "-c"
                            | "--prefix-colors"
                            | "-p"
                            | "--prefix"
                            | "-s"
                            | "--success"
                            | "-m"
                            | "--max-processes"
                            | "-l"
                            | "--restart-tries"
                            | "--restart-after"
                            | "--kill-signal"
                    );
                    at += usize::from(valued);
                    continue;
                }
                let script =
                    ["npm:", "pnpm:", "yarn:", "bun:"].iter().find_map(|prefix| word.strip_prefix(prefix));
                match script {
                    Some(script) => run_matching(walk, package, script, here),
                    None => walk.script(word, &here.inside()),
                }
            }
        }
        "start-server-and-test" | "start-test" | "server-test" => {
            for word in arguments.iter().filter(|word| !word.starts_with('-')) {
                if package.script(word).is_some() {
                    run_script(walk, package, word, &[], here, "npm");
                } else if word.contains(' ') {
                    walk.script(word, &here.inside());
                }
            }
            if package.script("start").is_some() && arguments.len() < 3 {
                run_script(walk, package, "start", &[], here, "npm");
            }
        }
        _ => {
            let mut missing = None;
            for word in arguments.iter().take_while(|word| *word != "--") {
                if word.starts_with('-') {
                    continue;
                }
                let script = word.split_whitespace().next().unwrap_or_default();
                if script.contains('*') {
                    run_matching(walk, package, script, here);
                } else if !run_script(walk, package, script, &[], here, "npm") {
                    missing = Some(format!("{} has no script `{script}`", package.path));
                }
            }
            if let Some(missing) = missing {
                return Outcome::Missing(missing);
            }
        }
    }
    Outcome::Followed
}

/// Runs the scripts whose names fit (`lint:*`).
fn run_matching(walk: &mut Walk, package: &Package, pattern: &str, here: &Here) {
    let pattern = pattern.split_whitespace().next().unwrap_or_default().replace("**", "*");
    let names: Vec<String> =
        package.scripts().filter(|name| glob(&pattern, name)).map(str::to_owned).collect();
    for name in names {
        run_script(walk, package, &name, &[], here, "npm");
    }
}
