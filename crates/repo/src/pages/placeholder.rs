//! What a template left to be filled in.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Location, Observed};

static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)lorem ipsum|edit this file to define|\b(?:your|my)[ _-]?(?:company|business|organi[sz]ation)[ _-]name\b|company name here|\binsert (?:\w+ ){1,4}here\b|<(?:your )?company(?: name)?>|\bxx[/.-]xx[/.-](?:xx){1,2}\b|@(?:your-?(?:company|domain|app|site|website|business|organi[sz]ation)|example)\.(?:com|org|net|io|de)\b|\b(?:www\.)?your-?(?:company|domain|website|site)\.(?:com|org|net|io)\b|\bthis is a placeholder\b|\bplaceholder (?:text|content|policy|terms)\b",
    )
    .ok()
});

static BRACKETS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[([^\[\]\n]{2,60})\]").ok());

/// Words that stand in the brackets of templates.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:company|business|organi[sz]ation|website|app(?:lication)? name|legal entity|address|e-?mail|date|country|state|jurisdiction|phone|insert|your|name|url|contact)\b",
    )
    .ok()
});

/// Whether the addresses of a line are those of examples.
pub fn is_example_address(lower: &str) -> bool {
    MARKS.as_ref().is_some_and(|marks| marks.find(lower).is_some_and(|found| found.as_str().contains('@')))
}

/// What is left to be filled in, at most a dozen places.
pub fn placeholders(lines: &[(Location, String)]) -> Vec<Observed<String>> {
    let mut found = Vec::new();
    for (at, line) in lines {
        let mark = MARKS.as_ref().and_then(|marks| marks.find(line)).map(|found| found.as_str().to_owned());
        if let Some(what) = mark.or_else(|| bracket(line)) {
            found.push(Observed::new(what.chars().take(60).collect(), at.clone()));
            if found.len() >= 12 {
                break;
            }
        }
    }
    found
}

/// A field in brackets that is no link, no footnote and no list of a program.
fn bracket(line: &str) -> Option<String> {
    let brackets = BRACKETS.as_ref()?;
    let field = FIELD.as_ref()?;
    brackets.captures_iter(line).find_map(|found| {
        let (whole, inner) = (found.get(0)?, found.get(1)?.as_str());
        let after = line[whole.end()..].chars().next();
        let before = line[..whole.start()].chars().next_back();
        let code = inner.contains(['"', '\'', '`', '=', '.', ',', ':', '@', '/', '(', '$'])
            || before.is_some_and(|c| c.is_alphanumeric() || matches!(c, ']' | ')' | '_' | '!'));
        let capital = inner.chars().next().is_some_and(|c| c.is_uppercase()) || inner.contains(' ');
        let shown = !code && capital && !matches!(after, Some('(' | '[' | ':'));
        (shown && field.is_match(inner)).then(|| whole.as_str().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        placeholders(&[(Location::file("x"), line.to_owned())]).into_iter().map(|found| found.value).collect()
    }

    #[test]
    fn template_fields_are_found() {
        for line in [
            "Lorem ipsum dolor",
            "[Company Name] runs this site",
            "Write to [Your Email]",
            "Effective [INSERT DATE]",
            "contact privacy@yourcompany.com",
            "Your Company Name, Inc.",
        ] {
            assert_eq!(found(line).len(), 1, "{line}");
        }
    }

    #[test]
    fn links_notes_and_code_are_no_fields() {
        for line in [
            "see [our address](https://a.b)",
            "see [company][1]",
            "fields: [\"name\", \"email\"]",
            "data[name]",
            "Harbour Ltd [1]",
            "privacy@harbour.io",
            "we collect your name",
        ] {
            assert!(found(line).is_empty(), "{line}");
        }
    }
}
