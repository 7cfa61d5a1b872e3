//! Scripts inside commands: `sh -c "…"`, `eval`, `ssh host "…"`, heredocs fed to a shell.

use super::Options;
use super::words::{base_name, is_shell, unwrap};

/// A script that a command runs, and how its shell was started.
pub(super) struct Inner {
    pub(super) text: String,
    pub(super) options: Options,
}

/// Options of `ssh` that take the next word as their value.
const SSH_VALUED: &str = "BbcDEeFIiJLlmOoPpQRSWw";

/// The script among the words of a command, and at which word it begins.
pub(super) fn inner_script(words: &[String]) -> Option<(usize, Inner)> {
    let command = unwrap(words);
    let skipped = words.len() - command.len();
    let name = base_name(command.first()?);
    match name {
        // These only speak of commands.
        "echo" | "printf" | "grep" | "cat" | "alias" | "export" | "set" => None,
        "eval" => joined(words, skipped + 1),
        "ssh" => joined(words, skipped + ssh_command(command)?),
        "su" | "runuser" | "script" | "flock" => {
            let at = command.iter().position(|word| word == "-c" || word == "--command")? + skipped + 1;
            let text = words.get(at)?.clone();
            Some((at, Inner { text, options: Options::default() }))
        }
        _ => {
            let shell = words.iter().position(|word| is_shell(word))?;
            let (at, options) = script_argument(words, shell)?;
            Some((at, Inner { text: words.get(at)?.clone(), options }))
        }
    }
}

fn joined(words: &[String], at: usize) -> Option<(usize, Inner)> {
    let text = words.get(at..).filter(|rest| !rest.is_empty())?.join(" ");
    Some((at, Inner { text, options: Options::default() }))
}

/// Where the remote command of `ssh` begins.
fn ssh_command(words: &[String]) -> Option<usize> {
    let mut at = 1;
    while let Some(letters) = words.get(at)?.strip_prefix('-') {
        let takes_value = letters.len() == 1 && SSH_VALUED.contains(letters);
        at += 1 + usize::from(takes_value);
    }
    // What remains is the host and then the command.
    (at + 1 < words.len()).then_some(at + 1)
}

/// Where the argument of `-c` is for the shell at a word, and the options of that shell.
fn script_argument(words: &[String], shell: usize) -> Option<(usize, Options)> {
    let mut options = Options::default();
    let mut at = shell + 1;
    let mut has_command = false;
    while let Some(letters) = words.get(at).and_then(|word| word.strip_prefix('-')) {
        at += 1;
        if letters.starts_with('-') {
            continue;
        }
        for letter in letters.chars() {
            match letter {
                'c' => has_command = true,
                'e' => options.errexit = true,
                'o' => {
                    match words.get(at).map(String::as_str) {
                        Some("pipefail") => options.pipefail = true,
                        Some("errexit") => options.errexit = true,
                        _ => {}
                    }
                    at += 1;
                }
                _ => {}
            }
        }
    }
    has_command.then_some((at, options))
}

/// The options with which a shell among the words is started.
pub(super) fn options_of(words: &[String]) -> Options {
    let mut with_command = words.to_vec();
    with_command.push("-c".to_owned());
    let shell = words.iter().position(|word| is_shell(word));
    shell
        .and_then(|shell| script_argument(&with_command, shell))
        .map(|(_, options)| options)
        .unwrap_or_default()
}

/// Whether a command runs its standard input as a script.
pub(super) fn reads_script(words: &[String]) -> bool {
    let command = unwrap(words);
    let Some(name) = command.first().map(|word| base_name(word)) else { return false };
    if name == "ssh" && ssh_command(command).is_none() {
        return true;
    }
    if matches!(name, "cat" | "echo" | "tee" | "grep") {
        return false;
    }
    // A shell followed by nothing but options reads its input.
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let Some(shell) = words.iter().position(|word| is_shell(word)) else { return false };
    let arguments = &words[shell + 1..];
    arguments.contains(&"-s")
        || arguments.iter().all(|word| word.starts_with('-') || matches!(*word, "pipefail" | "errexit"))
}
