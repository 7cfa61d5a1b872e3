//! Templates of error pages that print what is internal.

use seaworthy_facts::Observed;

use super::Seen;
use crate::scan::{NeedleId, Needles};

/// What prints a trace or a source path, and the ending of the templates that it is looked for in.
const PRINTS: &[(&str, &str)] = &[
    ("->getTraceAsString()", ".blade.php"),
    ("->getFile()", ".blade.php"),
    (".traceAsString", ".twig"),
    ("exception.file", ".twig"),
    (".backtrace", ".erb"),
    (".StackTrace", ".cshtml"),
];
/// Most places that are kept.
const PLACES: usize = 20;

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Vec<NeedleId> {
    PRINTS.iter().map(|(text, _)| needles.text(*text)).collect()
}

/// Where a template prints something internal whatever the mode.
pub fn views(seen: &Seen) -> Vec<Observed<String>> {
    let mut found = Vec::new();
    for ((text, ending), needle) in PRINTS.iter().zip(&seen.plan.views) {
        for hit in seen.scan.hits(*needle).iter().filter(|hit| !hit.comment) {
            let file = &seen.tree.files()[hit.file];
            let page = file.path.to_ascii_lowercase().contains("error") || file.path.contains("xception");
            if !file.path.ends_with(ending) || !page || !seen.scan.ships(file) || found.len() >= PLACES {
                continue;
            }
            let Some(content) = seen.tree.text(file) else { continue };
            let before: Vec<&str> = content.lines().take(hit.line as usize).collect();
            if !is_conditional(&before) && !is_commented(&before) {
                found.push(Observed::new(format!("a page prints `{text}`"), file.at_line(hit.line)));
            }
        }
    }
    found
}

/// A condition on debug mode or the environment is open at the end of these lines.
fn is_conditional(before: &[&str]) -> bool {
    let mut open: Vec<bool> = Vec::new();
    for line in before {
        let lower = line.to_ascii_lowercase();
        let begins =
            ["@if", "{% if", "<% if", "<% unless", "@unless"].iter().any(|mark| lower.contains(mark));
        let ends = ["@endif", "{% endif", "<% end", "@endunless"].iter().any(|mark| lower.contains(mark));
        if begins {
            open.push(["debug", "dev", "env", "local", "prod"].iter().any(|mark| lower.contains(mark)));
        }
        if ends {
            open.pop();
        }
    }
    open.contains(&true)
}

/// Within a comment of the template.
fn is_commented(before: &[&str]) -> bool {
    let text = before.join("\n");
    [("{{--", "--}}"), ("<!--", "-->"), ("{#", "#}")]
        .iter()
        .any(|(begin, end)| text.rfind(begin).is_some_and(|from| !text[from..].contains(end)))
}
