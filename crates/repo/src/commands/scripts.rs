//! Scripts of the repository: shell scripts are followed as they stand; other programs by the command lines that they
//! hold as literal strings.

use super::follow::{Folder, Here, Outcome, Walk};
use super::literals::calls;
use super::roles::roles_of_command;
use super::shell::path_of;
use super::words::{program_name, quote, script_word};
use crate::tree::Tree;

/// Longest program that is searched for command lines.
const LONGEST: usize = 300_000;

/// Follows a script of the tree.
pub fn follow(walk: &mut Walk, words: &[String], here: &Here) -> Outcome {
    let Some(first) = words.first() else { return Outcome::NotMine };
    let program = program_name(first);
    let (at, sourced) = match program.as_str() {
        "." | "source" => (1, true),
        _ => match script_word(words) {
            Some(at) => (at, false),
            None if first.contains('/') => (0, false),
            None => return Outcome::NotMine,
        },
    };
    let Some(word) = words.get(at) else { return Outcome::NotMine };
    let by_shell = matches!(program.as_str(), "bash" | "sh" | "dash" | "zsh" | "ash" | "ksh") || sourced;
    let commands = walk.commands;
    let Some((path, certain)) =
        in_release(commands.tree(), word, here).map(|path| (path, true)).or_else(|| path_of(word, here))
    else {
        return Outcome::NotMine;
    };
    let Some(file) = commands.tree().file(&path) else {
        let names_script = [".sh", ".bash", ".py", ".rb", ".js", ".mjs", ".cjs", ".ts", ".pl", ".php"]
            .iter()
            .any(|ending| path.ends_with(ending));
        let generated =
            ["node_modules/", "vendor/", "dist/", "build/", "target/", ".venv/", "venv/", "out/", "bin/"]
                .iter()
                .any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")));
        let ignorable =
            sourced || generated || commands.tree().has_folder(&path) || !roles_of_command(words).is_empty();
        if certain
            && names_script
            && !ignorable
            && !word.starts_with('/')
            && !is_made_before(walk, word, here)
        {
            return Outcome::Missing(format!("there is no file {path}"));
        }
        return Outcome::NotMine;
    };
    let Some(text) = commands.tree().text(file) else { return Outcome::NotMine };
    let shebang = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
    let by_shebang = ["sh", "bash", "dash", "zsh", "ash"]
        .iter()
        .any(|shell| shebang.split(['/', ' ']).any(|word| word == *shell));
    let is_shell =
        by_shebang || (shebang.is_empty() && (by_shell || path.ends_with(".sh") || path.ends_with(".bash")));
    if is_shell {
        // `gradlew`, `mvnw` and the like start what the rules know.
        if !by_shell && !roles_of_command(words).is_empty() && !path.ends_with(".sh") {
            return Outcome::NotMine;
        }
        let before = walk.found.len();
        let followed = walk.within(format!("script {path}"), here.depth + 1, |walk| {
            let mut frame = here.script(&path, 1);
            frame.arguments = words[at + 1..].to_vec();
            frame.options = options(words.get(1..at).unwrap_or_default());
            if frame.name.is_none() || at == 0 {
                frame.name = Some(stem(&path).to_owned());
            }
            walk.script(&text, &frame);
        });
        return if followed && walk.found.len() > before { Outcome::Followed } else { Outcome::NotMine };
    }
    // What the rules know needs no look inside.
    if !roles_of_command(words).is_empty() || text.len() > LONGEST {
        return Outcome::NotMine;
    }
    walk.within(format!("program {path}"), here.depth + 1, |walk| started(walk, &path, &text, here));
    Outcome::NotMine
}

/// The program of an Elixir release that lies in the repository as `rel/overlays/bin/NAME`:
/// <https://hexdocs.pm/mix/Mix.Tasks.Release.html#module-overlays>.
fn in_release(tree: &Tree, word: &str, here: &Here) -> Option<String> {
    let (before, name) = word.rsplit_once('/')?;
    if !(before == "bin" || before.ends_with("/bin")) || name.contains(['$', '*', '{']) {
        return None;
    }
    let mut folder = here.folder.path.as_str();
    loop {
        let found = tree.resolve(folder, &format!("rel/overlays/bin/{name}"));
        if let Some(file) = found {
            return Some(file.path.clone());
        }
        if matches!(folder, "" | ".") {
            return None;
        }
        folder = folder.rsplit_once('/').map_or(".", |(above, _)| above);
    }
}

/// Options of the shell that runs a script (`bash -e x.sh`).
fn options(words: &[String]) -> seaworthy_syntax::shell::Options {
    let mut options = seaworthy_syntax::shell::Options::default();
    for word in words {
        if word == "pipefail" {
            options.pipefail = true;
        } else if word.starts_with('-') && !word.starts_with("--") && word.contains('e') {
            options.errexit = true;
        }
    }
    options
}

/// The name of a file without folder and ending.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// The script may have been made or fetched by an earlier command.
fn is_made_before(walk: &Walk, word: &str, here: &Here) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    walk.found.iter().any(|command| {
        command.at.path() == here.at.path() && command.words.iter().skip(1).any(|w| w.contains(name))
    })
}

/// The command lines that a program holds as literal strings of the calls that start programs.
fn started(walk: &mut Walk, path: &str, text: &str, here: &Here) {
    let callees: &[&str] = match path.rsplit('.').next().unwrap_or_default() {
        "py" => &[
            "subprocess.run(",
            "subprocess.call(",
            "subprocess.check_call(",
            "subprocess.check_output(",
            "subprocess.Popen(",
            "os.system(",
            "check_call(",
            "check_output(",
            "call_command(",
        ],
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => &[
            "execSync(",
            "execFileSync(",
            "spawnSync(",
            "spawn(",
            "execa(",
            "execaSync(",
            "exec(",
            "$`",
            "execaCommand(",
        ],
        "php" => &["shell_exec(", "passthru(", "system(", "exec(", "proc_open("],
        "rb" | "rake" => &["system(", "system!(", "system ", "system! ", "sh(", "sh ", "exec(", "exec "],
        // A program without an ending: told by its first line.
        _ if text.starts_with("#!") && text.lines().next().is_some_and(|line| line.contains("ruby")) => {
            &["system(", "system!(", "system ", "system! ", "exec(", "exec "]
        }
        _ if text.starts_with("#!") && text.lines().next().is_some_and(|line| line.contains("python")) => &[
            "subprocess.run(",
            "subprocess.call(",
            "subprocess.check_call(",
            "subprocess.check_output(",
            "os.system(",
        ],
        _ if text.starts_with("#!") && text.lines().next().is_some_and(|line| line.contains("node")) => {
            &["execSync(", "execFileSync(", "spawnSync(", "execa("]
        }
        _ => return,
    };
    let ruby = callees.contains(&"system ");
    let lines: Vec<&str> = if ruby { text.lines().collect() } else { Vec::new() };
    for call in calls(text, callees).into_iter().take(200) {
        if ruby {
            // `system "…"` without parentheses ends with its line.
            let line = lines.get(call.line as usize - 1).copied().unwrap_or_default();
            if !line.contains(call.strings[0].as_str()) {
                continue;
            }
        }
        let shell_text = match call.strings.as_slice() {
            [one] => one.clone(),
            [_, second, ..] if ruby && !text_has_list(&lines, call.line, second) => call.strings[0].clone(),
            many => many.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
        };
        let mut frame = here.script(path, call.line);
        frame.one_line = true;
        frame.folder = Folder { known: false, ..here.folder.clone() };
        walk.script(&shell_text, &frame);
    }
}

fn text_has_list(lines: &[&str], line: u32, second: &str) -> bool {
    lines.get(line as usize - 1).is_some_and(|line| line.contains(second))
}
