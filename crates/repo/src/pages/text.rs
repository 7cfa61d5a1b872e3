//! The prose of a page: what people read, without tags, expressions and code.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::Location;

/// Lines of one page that are read, so that a giant costs no more than a long text.
const LINES: usize = 20_000;

/// What people read on a page.
#[derive(Debug, Default)]
pub struct Prose {
    /// Lines with words, each with its place.
    pub lines: Vec<(Location, String)>,
    /// All words.
    pub words: u32,
    /// Keys of translations that the page shows.
    pub keys: Vec<String>,
    /// Other files that the page is put together from, or a call for its content.
    pub includes: bool,
}

impl Prose {
    /// Adds a line.
    pub fn push(&mut self, at: Location, line: &str) {
        self.words = self.words.saturating_add(words(line));
        self.lines.push((at, line.trim().chars().take(2_000).collect()));
    }
}

/// Words of a line; languages that write without spaces count two characters as a word.
pub fn words(line: &str) -> u32 {
    let mut count = 0u32;
    let mut inside = false;
    let mut dense = 0u32;
    for character in line.chars() {
        if matches!(u32::from(character), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0x0e00..=0x0e7f)
        {
            dense += 1;
            inside = false;
        } else if character.is_alphabetic() {
            count += u32::from(!inside);
            inside = true;
        } else if character != '\'' && character != '’' && character != '-' {
            inside = false;
        }
    }
    count + dense / 2
}

static KEYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:\bt|\$tc?|__|\btrans|\blang|gettext|I18n\.t|useTranslations?|getTranslations|\bnamespace|i18nKey|\bid|\btr|translate)\s*[=(:]\s*\{?\s*["'`]([A-Za-z0-9_:.-]{3,90})["'`]"#,
    )
    .ok()
});

static INCLUDES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)\bimport\s.{0,200}["']\.|<%[-=]+\s*(?:render|include)|\{%\s*(?:include|render)|@include|\{\{>|dangerouslySetInnerHTML|v-html|set:html|\{@html|\|\s*(?:raw|safe)\b|raw\(|markdown|readFile|fetch\(|getEntry|queryContent|useQuery|compiledContent"#,
    )
    .ok()
});

/// Reads the prose of a page. `kind` is the file's extension.
pub fn prose(path: &str, kind: &str, text: &str) -> Prose {
    let mut prose = Prose::default();
    let markup =
        !matches!(kind, "tsx" | "jsx" | "ts" | "js" | "mjs" | "php" | "py" | "rb" | "go" | "rs" | "cs");
    let templates = if kind == "ex" { elixir(text) } else { Cow::Borrowed(text) };
    let text = &*templates;
    if let Some(keys) = KEYS.as_ref() {
        prose.keys = keys
            .captures_iter(text)
            .filter_map(|found| found.get(1))
            .map(|key| key.as_str().to_owned())
            .take(2_000)
            .collect();
        prose.keys.sort();
        prose.keys.dedup();
    }
    prose.includes = INCLUDES.as_ref().is_some_and(|includes| includes.is_match(text));
    let stripped = if matches!(kind, "md" | "mdx" | "txt" | "rst" | "json" | "yml" | "yaml") {
        text.to_owned()
    } else {
        stripped(text)
    };
    let mut front_matter = false;
    for (number, line) in (1u32..).zip(stripped.lines()).take(LINES) {
        if line.trim() == "---" && (number == 1 || front_matter) {
            front_matter = !front_matter;
            continue;
        }
        let at = || Location::line(path, number);
        if front_matter {
            // A date may stand in the head of a page; nothing else there is read by people.
            if line.to_ascii_lowercase().contains("date") {
                prose.lines.push((at(), line.trim().chars().take(200).collect()));
            }
        } else if markup || is_prose(line) {
            if words(line) > 0 {
                prose.push(at(), line);
            }
        } else {
            for literal in literals(line) {
                prose.push(at(), literal);
            }
        }
    }
    prose
}

/// The templates that a module of Elixir holds (`~H"""` and the like), on their lines; all else is left out.
fn elixir(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len());
    // Inside of a heredoc, and whether it is a template.
    let mut inside: Option<bool> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        match inside {
            Some(_) if trimmed.starts_with("\"\"\"") => inside = None,
            Some(true) => out.push_str(line),
            Some(false) => {}
            None if trimmed.ends_with("\"\"\"") && trimmed.len() > 3 => {
                let sigil =
                    ["~H", "~F", "~E", "~L"].iter().any(|sigil| trimmed.contains(&format!("{sigil}\"\"\"")));
                inside = Some(sigil);
            }
            None => {}
        }
        out.push('\n');
    }
    Cow::Owned(out)
}

/// A line of a program that holds text between its tags.
fn is_prose(line: &str) -> bool {
    const CODE: &[&str] = &[
        "=>",
        " = ",
        "const ",
        "import ",
        "return ",
        "function",
        "className",
        "();",
        "({",
        "})",
        "::",
        "export ",
        "useEffect",
        "props.",
        "'use ",
        "\"use ",
        "public ",
        "def ",
        "func ",
        "===",
        "&&",
        "${",
    ];
    words(line) >= 2 && !CODE.iter().any(|mark| line.contains(mark)) && literals(line).is_empty()
}

/// String literals that are sentences.
fn literals(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'', '`']) {
        let quote = rest[start..].chars().next().unwrap_or('"');
        let body = &rest[start + 1..];
        let Some(end) = body.find(quote) else {
            // A long template literal goes on over lines.
            if quote == '`' && words(body) >= 4 {
                found.push(body);
            }
            break;
        };
        if words(&body[..end]) >= 4 {
            found.push(&body[..end]);
        }
        rest = &body[end + 1..];
    }
    found
}

/// The text without tags, comments, scripts, styles and template expressions; lines stay where they are. Sentences in
/// expressions (`gettext("…")`) stay.
fn stripped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let lower: String = rest.chars().take(12).collect::<String>().to_ascii_lowercase();
        let end = if lower.starts_with("<!--") {
            rest.find("-->").map(|end| end + 3)
        } else if lower.starts_with("<script") {
            skip_element(rest, "</script")
        } else if lower.starts_with("<style") {
            skip_element(rest, "</style")
        } else if lower.starts_with("<%") {
            rest.find("%>").map(|end| end + 2)
        } else if lower.starts_with("<?") {
            rest.find("?>").map(|end| end + 2)
        } else if lower.starts_with("{{") {
            rest.find("}}").map(|end| end + 2)
        } else if lower.starts_with("{%") {
            rest.find("%}").map(|end| end + 2)
        } else if rest[1..]
            .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '.' | '>'))
            && lower.starts_with('<')
        {
            tag_end(rest)
        } else {
            None
        };
        let Some(end) = end else {
            out.push(if rest.starts_with('<') { '<' } else { '{' });
            rest = &rest[1..];
            continue;
        };
        let cut = &rest[..end];
        // Markdown's `<name@host>` is an address and no tag.
        if let Some(address) = cut.strip_prefix('<').and_then(|inner| inner.strip_suffix('>'))
            && address.contains('@')
            && !address.contains(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | '/'))
        {
            out.push_str(address);
            rest = &rest[end..];
            continue;
        }
        for (index, line) in cut.split('\n').enumerate() {
            if index > 0 {
                out.push('\n');
            }
            if lower.starts_with("<%") || lower.starts_with("{{") || lower.starts_with("{%") {
                for literal in literals(line) {
                    out.push(' ');
                    out.push_str(literal);
                }
            }
        }
        out.push(' ');
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn skip_element(text: &str, close: &str) -> Option<usize> {
    // Scripts and styles of a page are found by their own case nearly always; where not, the tag alone is cut.
    let end = text.find(close)?;
    text[end..].find('>').map(|length| end + length + 1)
}

/// Where a tag ends: at the first `>` outside of quotes and braces, within a bounded length.
fn tag_end(text: &str) -> Option<usize> {
    let mut braces = 0u32;
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(4_000) {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if at > 1 => quote = Some(byte),
            (None, b'{') => braces += 1,
            (None, b'}') => braces = braces.saturating_sub(1),
            (None, b'>') if braces == 0 => return Some(at + 1),
            (None, b'<') if at > 0 && braces == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(kind: &str, text: &str) -> Vec<String> {
        prose("x", kind, text).lines.into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn tags_code_and_scripts_are_no_prose() {
        let page = "import X from './x'\nconst a = 1\nexport default () => (\n<p className=\"a b c d e\"\n onClick={() => go()}>\nWe keep your data safe.\n</p>)\n";
        assert_eq!(lines("tsx", page), ["We keep your data safe."]);
        assert_eq!(
            lines("html", "<script>var a = 'one two three four'</script><h1>Hello there</h1>"),
            ["Hello there"]
        );
        assert_eq!(
            lines("html", "<p>Write to <post@shop.example> now.</p>"),
            ["Write to post@shop.example now."]
        );
        assert_eq!(lines("erb", "<%= link_to 'x', y %>\n<p>Some words</p>"), ["Some words"]);
    }

    #[test]
    fn templates_of_a_module_are_prose_and_its_documentation_is_not() {
        let module = "defmodule Shop.PrivacyLive do\n  @moduledoc \"\"\"\n  Shows what nobody reads here.\n  \"\"\"\n  def render(assigns) do\n    ~H\"\"\"\n    <p>We keep your data safe.</p>\n    \"\"\"\n  end\nend\n";
        let found = prose("x", "ex", module).lines;
        assert_eq!(found, [(Location::line("x", 7), "We keep your data safe.".to_owned())]);
    }

    #[test]
    fn sentences_in_expressions_are_prose() {
        assert_eq!(lines("heex", "{gettext(\"We keep it for thirty days.\")}").len(), 1);
        assert_eq!(
            lines("ts", "export const text = [\"We keep it for thirty days.\"]"),
            ["We keep it for thirty days."]
        );
        let keys = prose("x", "tsx", "<p>{t('privacy.intro')}</p><p>{t(\"privacy.more\")}</p>").keys;
        assert_eq!(keys, ["privacy.intro", "privacy.more"]);
    }

    #[test]
    fn an_open_tag_without_end_costs_little() {
        let text = "<a ".repeat(50_000);
        assert!(prose("x", "html", &text).words > 0);
    }

    #[test]
    fn languages_without_spaces_have_words() {
        assert_eq!(words("個人情報保護方針"), 4);
        assert_eq!(words("don't do it"), 3);
    }
}
