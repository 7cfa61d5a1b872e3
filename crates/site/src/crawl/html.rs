//! What a page links to, loads and declares. Tokens come from a tokenizer that follows the standard.

use html5gum::emitters::default::{DefaultEmitter, StartTag};
use html5gum::{Token, Tokenizer};

/// Links, loads and forms of one page that are looked at.
const LINKS: usize = 2000;
const LOADS: usize = 1000;
/// Characters of text that are kept.
const TEXT: usize = 300_000;
/// Longest address.
const ADDRESS: usize = 2000;

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// `<base href>`.
    pub base: Option<String>,
    /// `lang` of the document.
    pub language: Option<String>,
    /// Links to other pages.
    pub links: Vec<Link>,
    /// What a browser loads on its own, and where forms go.
    pub loads: Vec<Load>,
    /// Policies in `<meta http-equiv="Content-Security-Policy">`.
    pub policies: Vec<String>,
    /// The text that a reader sees, with single spaces.
    pub text: String,
}

/// A link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// As written.
    pub href: String,
    /// Its text.
    pub text: String,
    /// It says that it is not to be followed, or does more than to lead somewhere.
    pub shy: bool,
}

/// Something that is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// As written.
    pub href: String,
    /// What it is.
    pub kind: Kind,
}

/// What is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A script.
    Script,
    /// A style sheet.
    Style,
    /// An image or icon.
    Image,
    /// A font.
    Font,
    /// Sound or moving pictures.
    Media,
    /// A frame, object or other document.
    Frame,
    /// Where a form goes.
    Form,
}

impl Kind {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Script => "script",
            Kind::Style => "style",
            Kind::Image => "image",
            Kind::Font => "font",
            Kind::Media => "media",
            Kind::Frame => "frame",
            Kind::Form => "form",
        }
    }

    /// It can change the page, or takes what is typed into it.
    pub fn is_active(self) -> bool {
        !matches!(self, Kind::Image | Kind::Media)
    }
}

/// Reads a page.
pub fn read(html: &str) -> Page {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    let mut state = State::default();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => start(&tag, &mut page, &mut state),
            Token::EndTag(tag) => end(&tag.name, &mut page, &mut state),
            Token::String(text) => heard(&String::from_utf8_lossy(&text.value), &mut page, &mut state),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    if let Some(link) = state.link.take() {
        push_link(&mut page, link);
    }
    page.text = page.text.trim().to_owned();
    page
}

#[derive(Default)]
struct State {
    link: Option<Link>,
    /// Inside of something whose text is not read by people.
    hidden: Option<Vec<u8>>,
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    let value: String = String::from_utf8_lossy(value).trim().chars().take(8000).collect();
    Some(value)
}

fn start(tag: &StartTag<()>, page: &mut Page, state: &mut State) {
    let get = |name: &str| attribute(tag, name);
    let lower = |name: &str| attribute(tag, name).unwrap_or_default().to_ascii_lowercase();
    let style = get("style");
    if let Some(style) = style {
        style_loads(&style, page);
    }
    match tag.name.as_slice() {
        b"html" => page.language = page.language.take().or(get("lang")),
        b"base" => page.base = page.base.take().or(get("href")),
        b"meta" if lower("http-equiv") == "content-security-policy" => {
            if let Some(policy) = get("content").filter(|_| page.policies.len() < 20) {
                page.policies.push(policy.chars().filter(|c| !c.is_control()).take(4000).collect());
            }
        }
        b"a" | b"area" => {
            if let Some(link) = state.link.take() {
                push_link(page, link);
            }
            if let Some(href) = get("href") {
                let shy = lower("rel").split_whitespace().any(|word| word == "nofollow")
                    || tag.attributes.keys().any(|name| {
                        matches!(
                            name.as_slice(),
                            b"download" | b"data-method" | b"data-turbo-method" | b"hx-post" | b"hx-delete"
                        )
                    });
                state.link = Some(Link { href, text: get("aria-label").unwrap_or_default(), shy });
                if tag.name.as_slice() == b"area" {
                    push_link(page, state.link.take().unwrap_or_default());
                }
            }
        }
        b"img" => {
            load(page, get("src"), Kind::Image);
            source_set(page, get("srcset"), Kind::Image);
            if let (Some(link), Some(text)) = (&mut state.link, get("alt")) {
                push_words(&mut link.text, &text, 200);
            }
        }
        b"source" => {
            load(page, get("src"), Kind::Media);
            source_set(page, get("srcset"), Kind::Image);
        }
        b"input" if lower("type") == "image" => load(page, get("src"), Kind::Image),
        b"script" => load(page, get("src"), Kind::Script),
        b"iframe" | b"frame" | b"embed" => load(page, get("src"), Kind::Frame),
        b"object" => load(page, get("data"), Kind::Frame),
        b"audio" | b"track" => load(page, get("src"), Kind::Media),
        b"video" => {
            load(page, get("src"), Kind::Media);
            load(page, get("poster"), Kind::Image);
        }
        b"form" => load(page, get("action").filter(|action| !action.is_empty()), Kind::Form),
        b"button" | b"input" => load(page, get("formaction"), Kind::Form),
        b"link" => {
            let relations = lower("rel");
            let kind = relations.split_whitespace().find_map(|relation| match relation {
                "stylesheet" => Some(Kind::Style),
                "modulepreload" => Some(Kind::Script),
                "icon" | "apple-touch-icon" => Some(Kind::Image),
                "preload" => match lower("as").as_str() {
                    "script" => Some(Kind::Script),
                    "style" => Some(Kind::Style),
                    "image" => Some(Kind::Image),
                    "font" => Some(Kind::Font),
                    _ => None,
                },
                _ => None,
            });
            if let Some(kind) = kind {
                load(page, get("href"), kind);
            }
        }
        b"style" | b"template" | b"svg" if !tag.self_closing => {
            state.hidden = state.hidden.take().or(Some(tag.name.0.clone()))
        }
        _ => {}
    }
    if matches!(tag.name.as_slice(), b"script" | b"noscript") {
        state.hidden = state.hidden.take().or(Some(tag.name.0.clone()));
    }
    // Elements part words; only the ones within a line do not.
    if !matches!(tag.name.as_slice(), b"a" | b"b" | b"i" | b"em" | b"strong" | b"span" | b"code")
        && page.text.len() < TEXT
    {
        page.text.push(' ');
    }
}

fn end(name: &[u8], page: &mut Page, state: &mut State) {
    if state.hidden.as_deref() == Some(name) {
        state.hidden = None;
    }
    if name == b"a"
        && let Some(link) = state.link.take()
    {
        push_link(page, link);
    }
    if !matches!(name, b"a" | b"b" | b"i" | b"em" | b"strong" | b"span" | b"code") && page.text.len() < TEXT {
        page.text.push(' ');
    }
}

fn heard(text: &str, page: &mut Page, state: &mut State) {
    match state.hidden.as_deref() {
        Some(b"style") => style_loads(text, page),
        Some(_) => {}
        None => {
            if let Some(link) = &mut state.link {
                push_words(&mut link.text, text, 200);
            }
            if page.text.len() < TEXT {
                let mut clean = String::with_capacity(text.len());
                for letter in text.chars().take(TEXT) {
                    let gap = letter.is_whitespace();
                    let before = clean.chars().last().or(page.text.chars().last());
                    if !gap {
                        clean.push(letter);
                    } else if before.is_some_and(|letter| letter != ' ') {
                        clean.push(' ');
                    }
                }
                page.text.push_str(&clean);
            }
        }
    }
}

fn push_words(into: &mut String, text: &str, cap: usize) {
    for word in text.split_whitespace() {
        if into.len() + word.len() > cap {
            return;
        }
        if !into.is_empty() {
            into.push(' ');
        }
        into.push_str(word);
    }
}

fn push_link(page: &mut Page, link: Link) {
    if page.links.len() < LINKS && link.href.len() <= ADDRESS {
        page.links.push(link);
    }
}

fn load(page: &mut Page, href: Option<String>, kind: Kind) {
    if let Some(href) = href.filter(|href| !href.is_empty() && href.len() <= ADDRESS)
        && page.loads.len() < LOADS
    {
        page.loads.push(Load { href, kind });
    }
}

fn source_set(page: &mut Page, set: Option<String>, kind: Kind) {
    for candidate in set.unwrap_or_default().split(", ").take(20) {
        load(page, candidate.split_whitespace().next().map(str::to_owned), kind);
    }
}

/// Addresses in a style sheet: `@import` and `url(…)`.
pub fn style_addresses(css: &str) -> Vec<(String, Kind)> {
    let mut found = Vec::new();
    for (at, _) in css.match_indices("url(").take(500) {
        let rest = beginning(&css[at + 4..]);
        let Some(end) = rest.find(')') else { continue };
        let address = rest[..end].trim().trim_matches(['"', '\'']).to_owned();
        let before = css[..at].trim_end();
        let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let kind = if before.ends_with("@import") {
            Kind::Style
        } else if [".woff2", ".woff", ".ttf", ".otf", ".eot"].iter().any(|end| path.ends_with(end)) {
            Kind::Font
        } else {
            Kind::Image
        };
        found.push((address, kind));
    }
    for (at, _) in css.match_indices("@import").take(50) {
        let rest = beginning(&css[at + 7..]).trim_start();
        if let Some(quote) = rest.chars().next().filter(|first| matches!(first, '"' | '\''))
            && let Some(end) = rest[1..].find(quote)
        {
            found.push((rest[1..=end].to_owned(), Kind::Style));
        }
    }
    found.retain(|(address, _)| !address.is_empty() && !address.starts_with("data:"));
    found
}

/// As much of a text as an address may be long.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(ADDRESS.min(text.len()))]
}

fn style_loads(css: &str, page: &mut Page) {
    for (address, kind) in style_addresses(css) {
        load(page, Some(address), kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html lang=de><head><base href="/app/">
        <meta http-equiv=Content-Security-Policy content="default-src 'self'">
        <link rel="preload stylesheet" href=a.css as=style><script src='b.js'></script>
        <style>@import "c.css"; body { background: url( 'd.png' ) } @font-face { src: url(e.woff2) }</style>
        <script>document.write("<a href=/not-a-link>no</a>")</script></head>
        <body><!-- <a href="/comment">no</a> --><p>Hello <b>wor</b>ld</p>
        <a href="/datenschutz">Daten&shy;schutz &amp; mehr</a><a href=/out data-method=delete>Out</a>
        <img src=f.png srcset="g.png 1x, h.png 2x" alt=Logo><form action="http://x.example/login"></form>
        <iframe src=i.html></iframe><textarea><a href=/typed></textarea>"#;

    #[test]
    fn links_loads_and_text() {
        let page = read(PAGE);
        assert_eq!((page.base.as_deref(), page.language.as_deref()), (Some("/app/"), Some("de")));
        assert_eq!(page.policies, ["default-src 'self'"]);
        let links: Vec<_> =
            page.links.iter().map(|link| (link.href.as_str(), link.text.as_str(), link.shy)).collect();
        assert_eq!(links, [("/datenschutz", "Daten\u{ad}schutz & mehr", false), ("/out", "Out", true)]);
        let loads: Vec<_> = page.loads.iter().map(|load| (load.href.as_str(), load.kind.word())).collect();
        assert_eq!(
            loads,
            [
                ("a.css", "style"),
                ("b.js", "script"),
                ("d.png", "image"),
                ("e.woff2", "font"),
                ("c.css", "style"),
                ("f.png", "image"),
                ("g.png", "image"),
                ("h.png", "image"),
                ("http://x.example/login", "form"),
                ("i.html", "frame"),
            ]
        );
        assert!(page.text.starts_with("Hello world"), "{}", page.text);
        assert!(!page.text.contains("document.write"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_page(text in "(<(a|img|style|form|meta|svg)[ a-z=\"/>]{0,20}|url\\(|@import|[\\PC]|\"|>){0,60}") {
            let page = read(&text);
            assert!(page.links.len() <= LINKS && page.text.len() <= 2 * TEXT);
        }
    }
}
