//! Added lines that stand elsewhere too: runs of lines that say something (blank lines, comments, imports and lone
//! brackets apart) and that are the same after their indentation is taken off.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use seaworthy_facts::{Duplicate, Location};

use super::Looked;
use crate::scan::Scan;
use crate::tree::Tree;

/// Lines that have to be the same one after the other.
const RUN: usize = 12;
/// Most bytes of other files that are looked through.
const BYTES: usize = 24 * 1024 * 1024;
/// Most blocks that are named.
const NAMED: usize = 30;
/// Most added lines that are looked for.
const ADDED: usize = 50_000;

/// The blocks.
pub fn find(tree: &Tree, scan: &Scan, changed: &[Looked]) -> Vec<Duplicate> {
    let mut runs: HashMap<u64, Vec<(usize, u32)>> = HashMap::new();
    let mut languages: Vec<&str> = Vec::new();
    let mut count = 0;
    for (index, looked) in changed.iter().enumerate() {
        languages.extend(looked.file.and_then(|file| file.language));
        let lines = telling(looked.after).filter(|(line, _)| looked.adds(*line)).collect::<Vec<_>>();
        count += lines.len();
        if count > ADDED {
            break;
        }
        for (hash, line) in hashed(&lines) {
            runs.entry(hash).or_default().push((index, line));
        }
    }
    if runs.is_empty() {
        return Vec::new();
    }
    languages.sort_unstable();
    languages.dedup();
    let mut found: Vec<(usize, u32, Location, u32)> = Vec::new();
    let mut left = BYTES;
    for file in tree.files().iter().filter(|file| scan.ships(file)) {
        if !file.language.is_some_and(|language| languages.contains(&language)) {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        if text.len() > left {
            break;
        }
        left -= text.len();
        let lines: Vec<(u32, &str)> = telling(&text).collect();
        for (hash, line) in hashed(&lines) {
            for (index, added) in runs.get(&hash).into_iter().flatten() {
                let own = changed[*index].file.is_some_and(|own| own.index == file.index);
                // In the same file the earlier place is the model.
                if !own
                    || line + 4 < *added && !changed[*index].adds(line)
                    || line + u32::try_from(RUN).unwrap_or(0) < *added
                {
                    found.push((*index, *added, file.at_line(line), line));
                }
            }
        }
    }
    merged(found, changed)
}

/// Runs that follow each other are one block.
fn merged(mut found: Vec<(usize, u32, Location, u32)>, changed: &[Looked]) -> Vec<Duplicate> {
    found.sort_by_key(|place| (place.0, place.1, place.3));
    let mut blocks: Vec<(usize, u32, u32, Location)> = Vec::new();
    for (index, added, of, _) in found {
        match blocks.iter_mut().rev().find(|block| block.0 == index && block.2 + 6 >= added) {
            Some(block) => block.2 = block.2.max(added),
            None => blocks.push((index, added, added, of)),
        }
    }
    blocks
        .into_iter()
        .take(NAMED)
        .map(|(index, first, last, of)| Duplicate {
            at: Location::line(changed[index].path, first),
            of,
            lines: last - first + u32::try_from(RUN).unwrap_or(0),
        })
        .collect()
}

fn hashed(lines: &[(u32, &str)]) -> Vec<(u64, u32)> {
    lines
        .windows(RUN)
        .map(|run| {
            let mut hasher = DefaultHasher::new();
            for (_, text) in run {
                text.hash(&mut hasher);
            }
            (hasher.finish(), run[0].0)
        })
        .collect()
}

/// Lines that say something, with their numbers.
fn telling(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1u32..).zip(text.lines()).map(|(number, line)| (number, line.trim())).filter(|(_, line)| {
        let says = line.chars().filter(|c| c.is_alphanumeric()).count() >= 4;
        const SILENT: &[&str] = &[
            "//", "#", "/*", "*", "--", "import ", "from ", "use ", "using ", "require", "export {",
            "export *", "package ", "end",
        ];
        says && !SILENT.iter().any(|start| line.starts_with(start))
    })
}
