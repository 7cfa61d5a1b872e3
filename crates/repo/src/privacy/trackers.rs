//! Trackers in pages and scripts, and what keeps them waiting for consent.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Observed, Tracker};
use serde::Deserialize;

use super::places::{is_allow_list, is_data_flow};
use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree, is_template};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    docs: String,
    uses: Vec<String>,
    #[serde(default)]
    quiet: Vec<String>,
    #[serde(default)]
    waits: Vec<String>,
    #[serde(default)]
    cookieless: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    uses: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    tracker: Vec<Entry>,
    consent: Vec<Tool>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    // A file that does not parse is caught by a test of this module.
    toml::from_str(include_str!("trackers.toml")).unwrap_or_default()
});

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    trackers: Vec<Vec<NeedleId>>,
    tools: Vec<Vec<NeedleId>>,
    consent: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: &String| needles.add(Needle { text: text.clone(), whole_word: false, per_file: 3 });
    Plan {
        trackers: DATA.tracker.iter().map(|entry| entry.uses.iter().map(&mut add).collect()).collect(),
        tools: DATA.consent.iter().map(|tool| tool.uses.iter().map(&mut add).collect()).collect(),
        consent: ["Consent", "consent"]
            .iter()
            .map(|text| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 2 }))
            .collect(),
    }
}

/// The trackers and the consent tools.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan) -> (Vec<Tracker>, Vec<Observed<String>>) {
    let mut tools: Vec<Observed<String>> = Vec::new();
    for (tool, needles) in DATA.consent.iter().zip(&plan.tools) {
        if let Some(hit) =
            pages(tree, scan, needles).find(|hit| !is_allow_list(tree, &tree.files()[hit.file], hit))
        {
            tools.push(Observed::new(tool.name.clone(), tree.files()[hit.file].at_line(hit.line)));
        }
    }
    let about: BTreeSet<usize> = pages(tree, scan, &plan.consent).map(|hit| hit.file).collect();
    let mut trackers: Vec<Tracker> = Vec::new();
    for (entry, needles) in DATA.tracker.iter().zip(&plan.trackers) {
        let mut files = BTreeSet::new();
        for hit in pages(tree, scan, needles) {
            let file = &tree.files()[hit.file];
            if is_allow_list(tree, file, hit)
                || !is_loaded(entry, hit)
                || !files.insert(hit.file)
                || files.len() > 6
            {
                continue;
            }
            let Some(text) = tree.text(file) else { continue };
            let quiet = entry.quiet.iter().find(|mark| text.contains(mark.as_str()));
            let own = entry.waits.iter().find_map(|mark| place(file, &text, mark));
            let gate = own
                .or_else(|| asks(file, &text, hit.line))
                .or_else(|| asked_above(tree, file, &about))
                .or_else(|| tools.first().cloned());
            trackers.push(Tracker {
                name: entry.name.clone(),
                at: file.at_line(hit.line),
                cookieless: entry
                    .cookieless
                    .clone()
                    .or_else(|| quiet.map(|mark| format!("it is set to `{mark}`"))),
                gate,
                setting: setting(tree, &text, hit.line).or_else(|| given(entry, &text, hit)),
                docs: entry.docs.clone(),
            });
        }
    }
    (trackers, tools)
}

/// Hits in pages and scripts that browsers get.
fn pages<'a>(tree: &'a Tree, scan: &'a Scan, needles: &'a [NeedleId]) -> impl Iterator<Item = &'a Hit> {
    needles.iter().flat_map(|needle| scan.hits(*needle)).filter(|hit| {
        let file = &tree.files()[hit.file];
        let page = match file.language {
            Some(language) => matches!(
                language,
                "javascript"
                    | "typescript"
                    | "vue"
                    | "svelte"
                    | "astro"
                    | "html"
                    | "ruby"
                    | "php"
                    | "csharp"
                    | "elixir"
                    | "python"
                    | "java"
                    | "kotlin"
                    | "go"
                    | "rust"
            ),
            None => {
                let extension = file.extension();
                is_template(extension) || extension == "toml"
            }
        };
        page && !hit.comment && scan.ships(file) && is_data_flow(&file.path)
    })
}

/// A name alone in an import shows no loading of a component of the same name.
fn is_loaded(entry: &Entry, hit: &Hit) -> bool {
    // `<GoogleAnalytics` counts as an element, not as a type argument.
    !(hit.text.contains("React.FC<") || hit.text.contains("typeof ") || entry.uses.is_empty())
}

static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)consent|data-category|data-cookie|type=["']text/plain|optanon|klaro|tarteaucitron|axeptio|didomi|cookies?_?-?(?:accepted|allowed|preferences|settings|choice)|(?:accept|allow|has)(?:ed)?(?:all)?_?(?:cookies|analytics|tracking|marketing)"#,
    )
    .ok()
});

/// Lines around a tracker in which a question for consent counts.
const AROUND: usize = 60;

/// Where the file itself asks for consent near the tracker.
fn asks(file: &File, text: &str, line: u32) -> Option<Observed<String>> {
    let asks = ASKS.as_ref()?;
    let first = (line as usize).saturating_sub(AROUND);
    let found = text.lines().enumerate().skip(first).take(AROUND * 2).find(|(_, line)| {
        let comment = crate::scan::is_comment(file.language, line.trim_start());
        !comment && asks.is_match(line)
    })?;
    let number = u32::try_from(found.0 + 1).unwrap_or(u32::MAX);
    Some(Observed::new("a question for consent beside it".to_owned(), file.at_line(number)))
}

/// Another file that asks for consent and uses the component which holds the tracker.
fn asked_above(tree: &Tree, file: &File, about: &BTreeSet<usize>) -> Option<Observed<String>> {
    let stem = file.name().split('.').next().unwrap_or_default();
    if stem.len() < 5 || matches!(stem, "index" | "layout" | "_layout" | "application" | "_app" | "_document")
    {
        return None;
    }
    for index in about.iter().take(100) {
        let above = &tree.files()[*index];
        if above.index == file.index {
            continue;
        }
        let Some(text) = tree.text(above) else { continue };
        let line = text.lines().position(|line| line.contains(stem) && !line.trim_start().starts_with("//"));
        if let Some(line) = line {
            let number = u32::try_from(line + 1).unwrap_or(u32::MAX);
            return Some(Observed::new(
                format!("code that asks for consent uses {stem}"),
                above.at_line(number),
            ));
        }
    }
    None
}

fn place(file: &File, text: &str, mark: &str) -> Option<Observed<String>> {
    let line = text.lines().position(|line| line.contains(mark))?;
    let number = u32::try_from(line + 1).unwrap_or(u32::MAX);
    Some(Observed::new(format!("its own setting for consent (`{mark}`)"), file.at_line(number)))
}

static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:process\.env\.|import\.meta\.env\.|ENV(?:\.fetch)?[\[(]["']|\benv\(["']|getenv\(["']|environ(?:\.get)?[\[(]["']|settings\.|config\(["']|runtimeConfig\.(?:public\.)?|publicRuntimeConfig\.|Rails\.application\.credentials\.|Setting\.|config\.|\$env/(?:static|dynamic)/public)([A-Za-z0-9_.]*)"#,
    )
    .ok()
});
static CONDITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\bif\b|&&|\?\s|v-if|\{%-?\s*if|@if|\{\{#if|\{\{-?\s*if|<%-?\s*if|\bunless\b|\bwhen\b|!==? *(?:undefined|null|'')|\?\?").ok()
});

/// A template's condition on a value that it is given: `{% if tracker_id %}`.
static TEMPLATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\{%-?\s*if|\{\{-?\s*#?if|@if\s*\(|<%-?\s*if)\s*([\w.$:()\[\]'-]*(?:track|analytic|google|gtag|gtm|ga_|matomo|piwik|pixel|site_?id)[\w.$\[\]]*)").ok()
});

/// A setting on which loading depends: it stands under a condition near the tracker, and no tracked file gives a value.
fn setting(tree: &Tree, text: &str, line: u32) -> Option<String> {
    let (setting, condition) = (SETTING.as_ref()?, CONDITION.as_ref()?);
    let first = (line as usize).saturating_sub(30);
    let window: Vec<&str> = text.lines().skip(first).take(60).collect();
    if !window.iter().any(|line| condition.is_match(line)) {
        return None;
    }
    let template = TEMPLATE.as_ref()?;
    let named = window
        .iter()
        .find_map(|line| {
            setting.captures(line).and_then(|found| found.get(1)).map(|name| name.as_str().to_owned())
        })
        .or_else(|| {
            window.iter().find_map(|line| {
                template.captures(line).and_then(|found| found.get(1)).map(|name| name.as_str().to_owned())
            })
        })?;
    let name = if named.is_empty() { "a setting".to_owned() } else { named };
    let given = [".env", ".env.production", "frontend/.env.production", "client/.env.production"]
        .iter()
        .filter_map(|path| tree.text_at(path))
        .any(|file| {
            file.lines().any(|line| {
                line.split_once('=')
                    .is_some_and(|(key, value)| key.trim() == name && !value.trim().is_empty())
            })
        });
    (!given).then_some(name)
}

/// The key is handed in from elsewhere: whoever has none does not load it.
fn given(entry: &Entry, text: &str, hit: &Hit) -> Option<String> {
    let call = entry
        .uses
        .iter()
        .filter(|used| used.ends_with('('))
        .find_map(|used| hit.text.split_once(used.as_str()))?
        .1;
    let name: String =
        call.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '.').collect();
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let fixed = text.lines().any(|line| {
        line.split_once(name.as_str()).is_some_and(|(_, rest)| {
            let value = rest.trim_start().trim_start_matches(['=', ':']).trim_start();
            rest.trim_start().starts_with(['=', ':']) && value.starts_with(['"', '\'', '`'])
        })
    });
    (begins && !fixed && !name.contains("env")).then_some(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let data: Data = toml::from_str(include_str!("trackers.toml")).unwrap();
        assert!(data.tracker.len() > 30 && data.consent.len() > 10);
        assert!(
            data.tracker.iter().all(|entry| !entry.uses.is_empty() && entry.docs.starts_with("https://"))
        );
        assert!(TEMPLATE.is_some() && ASKS.is_some() && SETTING.is_some() && CONDITION.is_some());
    }
}
