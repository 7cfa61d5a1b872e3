//! Configuration of nginx that a deployment writes itself: a here-document that goes to `/etc/nginx`.

use std::collections::BTreeSet;

use seaworthy_facts::{Edge, Pipelines};

use super::loaded::Loaded;
use super::nginx;
use crate::tree::Tree;

/// Most texts.
const MOST: usize = 20;
/// Longest text, in lines.
const LINES: usize = 2_000;

/// A configuration inside another file.
#[derive(Debug, Clone)]
pub struct Written {
    file: usize,
    /// Its first line.
    first: u32,
    text: String,
}

/// Finds them in the pipelines' files and in the scripts that they run.
pub fn find(tree: &Tree, pipelines: &Pipelines) -> Vec<Written> {
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for (workflow, _, step) in pipelines.steps().filter(|(_, job, step)| !job.disabled && !step.disabled) {
        paths.extend(workflow.at.path());
        paths.extend(step.commands.iter().filter_map(|command| command.at.path()));
    }
    let mut found = Vec::new();
    for file in paths.into_iter().filter_map(|path| tree.file(path)) {
        let Some(text) = tree.text(file).filter(|text| text.contains("/etc/nginx/")) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let mut at = 0;
        while at < lines.len() && found.len() < MOST {
            let line = lines[at];
            at += 1;
            let target = ["/etc/nginx/sites-", "/etc/nginx/conf.d/", "/etc/nginx/nginx.conf"]
                .iter()
                .any(|target| line.contains(target));
            let Some(end) = delimiter(line).filter(|_| target && !line.trim_start().starts_with('#')) else {
                continue;
            };
            let length = lines[at..]
                .iter()
                .take(LINES)
                .position(|line| line.trim() == end)
                .unwrap_or(lines.len() - at);
            // The shell takes the backslash away from what it would put in.
            let text = lines[at..at + length].join("\n").replace("\\$", "$");
            if text.contains("server") {
                found.push(Written { file: file.index, first: at as u32 + 1, text });
            }
            at += length;
        }
    }
    found
}

/// `EOF` of `tee x > /dev/null <<'EOF'`.
fn delimiter(line: &str) -> Option<&str> {
    let rest =
        line.split_once("<<")?.1.trim_start_matches('-').trim_start().trim_start_matches(['\'', '"', '\\']);
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// Reads them.
pub fn read(tree: &Tree, loaded: &Loaded, edge: &mut Edge) {
    for written in loaded.written() {
        nginx::read_text(tree, loaded, &tree.files()[written.file], &written.text, written.first, edge);
    }
}
