//! Whether middleware that a file defines is put to use anywhere.

use std::collections::BTreeSet;

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

use super::context::Context;

/// How many files are searched for a name.
const FILES: usize = 300;

/// Literals of the places where middleware is put to use.
const PLACES: &[&str] = &[
    "iddleware",
    "app.use(",
    "router.use(",
    ".Use(",
    "plug ",
    "before_action",
    "after_action",
    "addHook(",
    ".wrap(",
    ".layer(",
    "addFilter",
    "@Component",
    "FilterRegistrationBean",
    "EventSubscriber",
    "register(",
    "http.Handle",
    "ListenAndServe",
    ".before(",
    ".after(",
    "init_app",
    "attach(",
];

/// Functions and classes that a runtime or a framework calls by their names.
const STARTS: &[&str] = &[
    "main",
    "Main",
    "create_app",
    "createApp",
    "configure",
    "Configure",
    "ConfigureServices",
    "Startup",
    "Program",
    "bootstrap",
    "application",
    "headers",
    "ApplicationController",
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    places: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let places = PLACES
        .iter()
        .map(|text| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 1 }))
        .collect();
    Plan { places }
}

/// The files in which middleware is put to use.
pub struct Registered {
    files: Vec<usize>,
}

impl Registered {
    /// Notes the files.
    pub fn new(tree: &Tree, scan: &Scan, plan: &Plan) -> Registered {
        let files: BTreeSet<usize> = plan
            .places
            .iter()
            .flat_map(|place| scan.hits(*place))
            .map(|hit| hit.file)
            .filter(|index| scan.ships(&tree.files()[*index]))
            .collect();
        Registered { files: files.into_iter().collect() }
    }

    /// Why a statement does not act: nothing names the function or class that it stands in.
    pub fn missing(
        &self,
        tree: &Tree,
        file: &File,
        language: &str,
        text: &str,
        context: &Context,
    ) -> Option<String> {
        // The outermost name is what other files can use; the innermost is what the same file calls.
        let (first, last) = (context.needs.first()?, context.needs.last()?);
        // What a framework finds by itself.
        let found_by_itself = matches!(language, "java" | "kotlin") && text.contains("@Component")
            || text.contains("EventSubscriberInterface")
            || text.contains("@Provider")
            || text.contains("@Configuration")
            || text.contains("AsEventListener")
            || text.contains("#[launch]");
        let here = |name: &str| occurrences(text, name) >= 2 || STARTS.contains(&name);
        if found_by_itself
            || context.needs.iter().any(|name| here(name) && name != "handle" && name != "call")
        {
            return None;
        }
        let mut searched = 0;
        for index in &self.files {
            let other = &tree.files()[*index];
            if other.index == file.index {
                continue;
            }
            searched += 1;
            if searched > FILES {
                // Not having looked everywhere is no proof.
                return None;
            }
            let Some(other) = tree.text(other) else { continue };
            if [first, last].into_iter().any(|name| occurrences(&other, name) >= 1) {
                return None;
            }
        }
        Some(format!("nothing puts `{last}` to use"))
    }
}

/// How often a name stands in a text as a word of its own.
fn occurrences(text: &str, name: &str) -> usize {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    text.match_indices(name)
        .filter(|(at, _)| {
            let begun = *at > 0 && word(bytes[at - 1]);
            let goes_on = bytes.get(at + name.len()).is_some_and(|byte| word(*byte));
            !begun && !goes_on
        })
        .take(2)
        .count()
}
