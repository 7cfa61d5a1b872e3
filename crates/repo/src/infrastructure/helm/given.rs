//! Which values files the commands of this repository give to its charts: `helm upgrade app ./chart -f values.prod.yaml`.

use std::collections::HashMap;

use super::super::place::{Environment, environment};
use crate::scan::Hit;
use crate::tree::{File, Tree, join};

/// Most commands.
const COMMANDS: usize = 100;
/// Most lines of a command.
const LINES: usize = 40;

/// The values files by the chart's folder, in the order of the commands. Those for other environments are left out, and
/// so are names with open parts.
pub fn given<'t>(tree: &'t Tree, hits: &[Hit], folders: &[String]) -> HashMap<String, Vec<&'t File>> {
    let mut given: HashMap<String, Vec<&File>> = HashMap::new();
    let hits: Vec<&Hit> = hits.iter().filter(|hit| !hit.comment).collect();
    if let Some(cut) = hits.get(COMMANDS) {
        let what =
            format!("more than {COMMANDS} Helm commands; this one and those after it were not looked at");
        tree.cut(tree.files()[cut.file].at_line(cut.line), what);
    }
    for hit in hits.into_iter().take(COMMANDS) {
        let file = &tree.files()[hit.file];
        if !super::super::can_ship(file) {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        let words = command(&text, hit.line);
        let Some(folder) = words.iter().find_map(|word| chart(word, file.folder(), folders)) else {
            continue;
        };
        for name in values(&words) {
            let found = [".", file.folder(), folder.as_str()]
                .iter()
                .find_map(|from| join(from, &name).and_then(|path| tree.file(&path)));
            let Some(found) = found.filter(|found| environment(&found.path) != Some(Environment::Other))
            else {
                continue;
            };
            let files = given.entry(folder.clone()).or_default();
            if !files.iter().any(|known| known.index == found.index) {
                files.push(found);
            }
        }
    }
    // A command that only repeats `values.yaml` says nothing about the rest.
    given.retain(|folder, files| files.iter().any(|file| !super::is_base(file, folder)));
    given
}

/// The words of the command on a line, with the lines that continue it.
fn command(text: &str, line: u32) -> Vec<String> {
    let mut words = Vec::new();
    let mut goes_on = true;
    let first = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    for line in text.lines().skip(first).take(LINES) {
        let content = line.trim();
        // A folded text of YAML needs no backslash.
        let is_option = content.starts_with('-') && !content.starts_with("- ");
        if !goes_on && !is_option {
            break;
        }
        goes_on = content.ends_with('\\');
        let content = content.trim_end_matches('\\');
        words.extend(content.split_whitespace().map(|word| word.trim_matches(['"', '\'', ',']).to_owned()));
    }
    words
}

/// The chart of the repository that a word names.
fn chart(word: &str, from: &str, folders: &[String]) -> Option<String> {
    let name = word.trim_start_matches("./").trim_end_matches('/');
    if name.is_empty() || name.starts_with('-') || name.contains(['$', '=', ':']) {
        return None;
    }
    let near = join(from, name);
    let end = format!("/{}", name.trim_start_matches("../"));
    folders
        .iter()
        .find(|folder| *folder == name || near.as_ref() == Some(folder))
        .or_else(|| folders.iter().find(|folder| name.contains('/') && folder.ends_with(&end)))
        .cloned()
}

/// What follows `-f` and `--values`.
fn values(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let given = match word.split_once('=') {
            Some(("-f" | "--values", name)) => Some(name),
            _ if word == "-f" || word == "--values" => words.get(place + 1).map(String::as_str),
            _ => None,
        };
        let names = given.unwrap_or_default().split(',');
        found.extend(names.filter(|name| !name.is_empty() && !name.contains('$')).map(str::to_owned));
    }
    found
}
