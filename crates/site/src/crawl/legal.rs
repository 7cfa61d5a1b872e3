//! Legal pages: which links lead to them, and what is on them.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::LegalPage;
use serde::Deserialize;
use url::Url;

use super::html::{Kind, Link, Page};
use crate::redact;

/// Placeholders that are quoted.
const PLACEHOLDERS: usize = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    privacy: Signs,
    terms: Signs,
    towards: Signs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signs {
    text: Vec<String>,
    path: Vec<String>,
}

static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("legal.toml")).unwrap_or_default());

/// What a link leads to: `privacy`, `terms`, or a page from which they are one more click away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    /// A policy on personal data.
    Privacy,
    /// Terms of use.
    Terms,
    /// A page that often links to both.
    Towards,
}

/// A route that only scripts can show: `#/privacy`, `#!/privacy`. The server knows nothing of it.
pub fn is_route(url: &Url) -> bool {
    url.fragment().is_some_and(|fragment| fragment.starts_with('/') || fragment.starts_with("!/"))
}

/// What a link leads to, by its text and its path.
pub fn leads(link: &Link) -> Option<Leads> {
    let text = link.text.replace('\u{ad}', "").to_lowercase();
    let href = link.href.as_str();
    let href = href.split_once("#/").or_else(|| href.split_once("#!/")).map_or(href, |(_, route)| route);
    let path = href.split(['?', '#']).next().unwrap_or_default().to_lowercase();
    // The host of a link says nothing: `privacy.example` is a name.
    let path =
        path.split_once("://").map_or(path.as_str(), |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let is = |signs: &Signs| {
        text.chars().count() <= 80 && signs.text.iter().any(|word| has_word(&text, word))
            || signs.path.iter().any(|word| has_word(path, word))
    };
    if is(&WORDS.privacy) {
        Some(Leads::Privacy)
    } else if is(&WORDS.terms) {
        Some(Leads::Terms)
    } else if is(&WORDS.towards) {
        Some(Leads::Towards)
    } else {
        None
    }
}

/// The word begins where a word begins; a short one (`agb`, `tos`) ends there, too.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let spaced = word.is_ascii() || !word.chars().any(|letter| letter >= '\u{3000}');
        let begins = !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let ends = !text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric);
        !spaced || begins && (word.chars().count() > 5 || ends)
    })
}

static PLACEHOLDER: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?i)\blorem ipsum\b",
        r"\[(?:(?i:insert|your|enter|company|business|website|app|name of|date|email|e-mail|address|country|state|jurisdiction|firmenname|ihr|ihre|nom de|votre|nombre de|su empresa)\b[^\]\n]{0,60}|[A-Z][A-Z _-]{3,40})\]",
        r"\{\{[^{}\n]{1,60}\}\}",
        r"<(?i:company|your|insert|website)[ _-][^<>\n]{1,40}>",
        r"\b(?:TODO|TBD|FIXME|XXXX+)\b",
        r"(?i)\b(?:your|my) company(?: name)?,? (?:inc|ltd|llc|gmbh)\b",
        r"(?i)\b(?:coming soon|under construction)\b",
        r"(?i)\b(?:Musterfirma|Mustermann GmbH|Muster GmbH|Musterstraße|Acme (?:Inc|Corp)\b)",
    ]
    .iter()
    .filter_map(|shape| Regex::new(shape).ok())
    .collect()
});

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        \b(?:19|20)\d{2}-\d{2}-\d{2}\b
        | \b\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)\d{2}\b
        | \b\d{1,2}(?:st|nd|rd|th|er|\.|º)?\s(?:de\s|of\s)?[\p{L}]{3,12}\.?,?\s(?:de\s|del\s)?(?:19|20)\d{2}\b
        | \b[\p{L}]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:19|20)\d{2}\b
        | \b(?:january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember)\s(?:19|20)\d{2}\b
        ",
    )
    .ok()
});

static CONTACT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b[A-Za-z0-9._%+-]{1,64}(?:@|\s?(?:\[at\]|\(at\))\s?)[A-Za-z0-9-]{1,63}(?:(?:\.|\s?(?:\[dot\]|\(dot\))\s?)[A-Za-z0-9-]{1,63}){1,4}\b").ok()
});

/// What a legal page says.
pub fn facts(kind: Leads, url: &str, clicks: u8, status: u16, page: &Page) -> LegalPage {
    let text = &page.text;
    let mut placeholders: Vec<String> = Vec::new();
    for shape in PLACEHOLDER.iter() {
        for found in shape.find_iter(text).take(PLACEHOLDERS) {
            let quote = redact::line(found.as_str(), 80);
            if placeholders.len() < PLACEHOLDERS && !placeholders.contains(&quote) {
                placeholders.push(quote);
            }
        }
    }
    let contact =
        CONTACT.as_ref().and_then(|shape| shape.find(text)).map(|found| found.as_str().to_owned()).or_else(
            || {
                page.links.iter().find_map(|link| {
                    let address = link.href.strip_prefix("mailto:").or(link.href.strip_prefix("tel:"))?;
                    Some(address.split('?').next().unwrap_or_default().to_owned())
                })
            },
        );
    LegalPage {
        kind: name(kind).to_owned(),
        url: redact::secrets(url),
        clicks,
        status: Some(status),
        words: words(text),
        placeholders,
        dated: DATE.as_ref().and_then(|shape| shape.find(text)).map(|found| redact::line(found.as_str(), 60)),
        contact: contact.map(|contact| redact::line(&contact, 100)),
        scripted: page.loads.iter().any(|load| load.kind == Kind::Script),
    }
}

/// A legal page that was not fetched.
pub fn unfetched(kind: Leads, url: &str, clicks: u8) -> LegalPage {
    LegalPage {
        kind: name(kind).to_owned(),
        url: redact::line(&redact::secrets(url), 500),
        clicks,
        status: None,
        words: 0,
        placeholders: Vec::new(),
        dated: None,
        contact: None,
        scripted: false,
    }
}

/// The kind as facts call it.
pub fn name(kind: Leads) -> &'static str {
    match kind {
        Leads::Terms => "terms",
        Leads::Privacy | Leads::Towards => "privacy",
    }
}

/// Words; in scripts that write without spaces two letters count as one.
fn words(text: &str) -> u32 {
    let spaced = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    let dense = text.chars().filter(|letter| ('\u{3040}'..='\u{9fff}').contains(letter)).count() / 2;
    u32::try_from(spaced.max(dense)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::html;
    use super::*;

    fn link(href: &str, text: &str) -> Option<Leads> {
        leads(&Link { href: href.to_owned(), text: text.to_owned(), shy: false })
    }

    #[test]
    fn links_in_many_languages() {
        for text in [
            "Privacy Policy",
            "Datenschutz\u{ad}erklärung",
            "Politique de confidentialité",
            "Política de privacidad",
            "Política de privacidade",
            "Informativa sulla privacy",
            "Privacybeleid",
            "プライバシーポリシー",
        ] {
            assert_eq!(link("/p/17", text), Some(Leads::Privacy), "{text}");
        }
        for text in [
            "Terms of Service",
            "AGB",
            "Nutzungsbedingungen",
            "Conditions générales d'utilisation",
            "Términos y condiciones",
            "Termos de uso",
            "Termini e condizioni",
            "Algemene voorwaarden",
        ] {
            assert_eq!(link("/p/18", text), Some(Leads::Terms), "{text}");
        }
        assert_eq!(link("/legal/privacy-policy", ""), Some(Leads::Privacy));
        assert_eq!(link("/tos", ""), Some(Leads::Terms));
        assert_eq!(link("/impressum", "Impressum"), Some(Leads::Towards));
        assert_eq!(link("/photos", "Stockholm"), None);
        assert_eq!(link("https://privacy.example/blog", "Blog"), None);
        assert_eq!(link("/determs", "Determination"), None);
        assert_eq!(link("https://a.example/app#/legal/privacy?x=1", ""), Some(Leads::Privacy));
        assert_eq!(link("/#!/tos", ""), Some(Leads::Terms));
        assert_eq!(link("/privacy#/home", "Home"), None);
    }

    #[test]
    fn what_a_page_says() {
        let page = html::read(
            "<h1>Privacy</h1><p>Last updated: March 3rd, 2025. [Company Name] keeps {{days}} days. TODO: ask. \
            Write to privacy (at) a.example.org</p>",
        );
        let fact = facts(Leads::Privacy, "https://a.example/privacy", 1, 200, &page);
        assert_eq!(fact.placeholders, ["[Company Name]", "{{days}}", "TODO"]);
        assert_eq!(fact.dated.as_deref(), Some("March 3rd, 2025"));
        assert_eq!(fact.contact.as_deref(), Some("privacy (at) a.example.org"));
        assert_eq!(fact.words, 18);
        let clean = html::read(
            "<p>Stand: 3. Mai 2024 <a href='mailto:info@a.example?subject=x'>Schreiben</a> [1] [Art. 6]</p>",
        );
        let fact = facts(Leads::Terms, "https://a.example/agb", 2, 200, &clean);
        assert!(fact.placeholders.is_empty(), "{:?}", fact.placeholders);
        assert_eq!(
            (fact.dated.as_deref(), fact.contact.as_deref()),
            (Some("3. Mai 2024"), Some("info@a.example"))
        );
    }
}
