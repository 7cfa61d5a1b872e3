//! Legal texts in the repository: pages, documents beside the application, and translations that hold a page's text.

use std::collections::HashSet;

use seaworthy_facts::{LegalKind, LegalText, Location};
use seaworthy_syntax::{Limits, json, yaml};

use super::{names, parts, placeholder, text};
use crate::tree::{Class, File, Tree};

/// Endings of files that hold pages or texts.
const ENDINGS: &[&str] = &[
    "tsx", "jsx", "ts", "js", "vue", "svelte", "astro", "html", "htm", "erb", "haml", "slim", "php", "twig",
    "cshtml", "razor", "ex", "heex", "eex", "leex", "md", "mdx", "markdown", "mdoc", "jinja", "jinja2", "j2",
    "njk", "ejs", "pug", "hbs", "tmpl", "gohtml", "templ", "txt", "rst", "json", "yml", "yaml", "liquid",
    "mustache", "ftl", "ftlh", "jsp",
];

/// Folders that hold code and not pages.
const CODE: &[&str] = &[
    "models",
    "migrations",
    "migrate",
    "controllers",
    "helpers",
    "services",
    "middleware",
    "schemas",
    "types",
    "hooks",
    "stores",
    "store",
    "reducers",
    "entities",
    "dto",
    "interfaces",
    "icons",
    "jobs",
    "serializers",
    "generated",
];

/// Folders of mail, which is no page.
const MAIL: &[&str] = &["mailers", "mailer", "emails", "email", "mail", "mails", "policies_mailer", "mjml"];

/// Folders of an application: a document in one of them is a page of it.
const APPLICATION: &[&str] = &[
    "content",
    "contents",
    "pages",
    "_pages",
    "views",
    "src",
    "app",
    "apps",
    "public",
    "static",
    "resources",
    "priv",
    "site",
    "web",
    "website",
    "frontend",
    "client",
    "templates",
    "www",
    "lib",
    "wwwroot",
    "assets",
    "ui",
];

/// How many texts are read.
const TEXTS: usize = 60;

/// The legal texts, the longest of each kind first.
pub fn texts(tree: &Tree) -> Vec<LegalText> {
    let named = tree.files().iter().filter(|file| {
        matches!(file.class, Class::Shipped | Class::Documentation) && !file.link && kind(file).is_some()
    });
    let candidates: Vec<(&File, LegalKind)> = tree
        .first(named, TEXTS, "files named as legal texts")
        .into_iter()
        .filter_map(|file| kind(file).map(|kind| (file, kind)))
        .collect();
    let mut found: Vec<LegalText> =
        candidates.iter().filter_map(|(file, kind)| read(tree, file, *kind)).collect();
    found.sort_by(|left, right| {
        let key = |text: &LegalText| (text.kind, std::cmp::Reverse(text.words));
        key(left).cmp(&key(right))
    });
    found
}

/// The kind of text that a file holds, by its name or, where the name says nothing, by its folder's.
fn kind(file: &File) -> Option<LegalKind> {
    let extension = file.extension();
    if !ENDINGS.contains(&extension) {
        return None;
    }
    let name = file.name();
    // Most files end here: the rest of this costs more than one look at the name.
    let lower = file.path.to_ascii_lowercase();
    const STEMS: &[&str] = &[
        "privac",
        "datenschutz",
        "protection",
        "confidentialit",
        "integritet",
        "personvern",
        "privatliv",
        "term",
        "tos",
        "tou",
        "agb",
        "nutzungsb",
        "cgu",
        "cgv",
        "términos",
        "eula",
        "voorwaarden",
        "agreement",
        "/markdown/policy",
    ];
    if !STEMS.iter().any(|stem| lower.contains(stem)) || names::is_of_a_programme(&lower) {
        return None;
    }
    let code = matches!(extension, "ts" | "js" | "php" | "ex" | "json" | "yml" | "yaml" | "txt");
    if lower.split('/').rev().skip(1).any(|folder| code && CODE.contains(&folder) || MAIL.contains(&folder)) {
        return None;
    }
    // Where Laravel Jetstream keeps the two texts.
    if lower.ends_with("resources/markdown/policy.md") {
        return Some(LegalKind::Privacy);
    }
    let stem = name.split('.').next().unwrap_or(name).trim_start_matches(['+', '_', '$']);
    let plain = matches!(
        stem.to_ascii_lowercase().as_str(),
        "page"
            | "index"
            | "route"
            | "view"
            | "content"
            | "text"
            | "template"
            | "show"
            | "en"
            | "de"
            | "default"
            | "main"
    );
    if plain {
        let folder = file.folder().rsplit('/').next().unwrap_or_default();
        return names::kind(folder);
    }
    // `_marketing.privacy.tsx`, `privacy.en.md`, `privacy.component.html`: the part that names it decides.
    let parts: Vec<&str> = name.split('.').collect();
    parts[..parts.len().saturating_sub(1)]
        .iter()
        .find_map(|part| names::kind(part.trim_start_matches(['+', '_', '$'])))
}

fn read(tree: &Tree, file: &File, kind: LegalKind) -> Option<LegalText> {
    let extension = file.extension();
    let raw = tree.text(file)?;
    let mut prose = text::prose(&file.path, extension, &raw);
    let data = matches!(extension, "json" | "yml" | "yaml");
    if data && !is_locale(&file.path.to_ascii_lowercase()) && prose.words < 150 {
        return None;
    }
    let own = prose.words;
    if own < ENOUGH && prose.keys.len() >= 3 {
        for (at, line) in translated(tree, &prose.keys) {
            prose.push(at, &line);
        }
    }
    let code = matches!(extension, "ts" | "js" | "ex" | "json" | "yml" | "yaml" | "php" | "txt");
    if !is_legal(kind, &prose.lines) && (prose.words > 40 || code) || code && prose.words < 20 {
        return None;
    }
    let document = file.class == Class::Documentation
        && !file
            .folder()
            .split('/')
            .any(|folder| APPLICATION.contains(&folder.to_ascii_lowercase().as_str()));
    Some(LegalText {
        kind,
        at: file.at(),
        document,
        words: prose.words,
        elsewhere: prose.words < ENOUGH && (prose.includes || prose.keys.len() >= 3 || refers(kind, &raw)),
        placeholders: placeholder::placeholders(&prose.lines),
        dated: dated(&prose.lines),
        parts: parts::parts(&prose.lines),
    })
}

/// The page only names the address of the full text.
fn refers(kind: LegalKind, text: &str) -> bool {
    text.match_indices("http").take(50).any(|(at, _)| {
        let address = text[at..].split(|c: char| c.is_whitespace() || "\"'`)<>]".contains(c)).next();
        address.and_then(names::kind_of_address) == Some(kind)
    })
}

/// Words below which a text is looked for elsewhere.
pub const ENOUGH: u32 = 80;

/// A text that is about the matter: `terms` may also be a list of words.
fn is_legal(kind: LegalKind, lines: &[(Location, String)]) -> bool {
    const PRIVACY: &[&str] = &[
        "privacy",
        "personal",
        "cookie",
        "data",
        "information",
        "datenschutz",
        "daten",
        "données",
        "datos",
        "dados",
        "dati",
        "gegevens",
        "个人",
        "個人",
        "隐私",
    ];
    const TERMS: &[&str] = &[
        "agree",
        "liab",
        "accept",
        "warrant",
        "terminat",
        "law",
        "service",
        "user",
        "haft",
        "vertrag",
        "nutz",
        "condition",
        "servicio",
        "serviço",
        "servizi",
        "responsab",
        "usuari",
        "usuári",
        "utente",
        "utilis",
        "acept",
        "aceit",
        "dienst",
        "条款",
        "規約",
        "利用",
    ];
    let words = match kind {
        LegalKind::Privacy => PRIVACY,
        LegalKind::Terms => TERMS,
    };
    words.iter().filter(|word| lines.iter().any(|(_, line)| line.to_lowercase().contains(**word))).count()
        >= 2
}

/// A line with a date that the text gives itself.
fn dated(lines: &[(Location, String)]) -> Option<Location> {
    const MARKS: &[&str] = &[
        "updated",
        "effective",
        "last modified",
        "last revised",
        "last change",
        "revision",
        "version",
        "stand",
        "date",
        "actualización",
        "mise à jour",
        "aggiornamento",
        "gültig ab",
    ];
    let year = |line: &str| {
        line.match_indices("20").any(|(at, _)| {
            line.as_bytes().get(at + 2..at + 4).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        })
    };
    lines.iter().enumerate().find_map(|(index, (at, line))| {
        let lower = line.to_lowercase();
        let marked = MARKS.iter().any(|mark| lower.contains(mark));
        let next = lines.get(index + 1).is_some_and(|(_, line)| line.len() < 60 && year(line));
        (marked && line.len() < 400 && (year(line) || next)).then(|| at.clone())
    })
}

fn is_locale(lower: &str) -> bool {
    lower.split('/').any(|part| {
        matches!(
            part,
            "locales"
                | "locale"
                | "lang"
                | "langs"
                | "language"
                | "languages"
                | "i18n"
                | "translations"
                | "messages"
                | "dictionaries"
                | "intl"
                | "l10n"
        )
    })
}

/// The sentences behind keys of translations, from one language: English where there is one.
fn translated(tree: &Tree, keys: &[String]) -> Vec<(Location, String)> {
    let keys: HashSet<&str> =
        keys.iter().map(|key| key.rsplit(':').next().unwrap_or(key)).filter(|key| key.len() > 2).collect();
    let mut files: Vec<&File> = tree
        .files()
        .iter()
        .filter(|file| matches!(file.class, Class::Shipped) && !file.link)
        .filter(|file| matches!(file.extension(), "json" | "yml" | "yaml"))
        .filter(|file| is_locale(&file.path.to_ascii_lowercase()))
        .collect();
    let english = |file: &&File| {
        let lower = file.path.to_ascii_lowercase();
        lower.split(['/', '.']).any(|part| part == "en" || part.starts_with("en-") || part.starts_with("en_"))
    };
    if files.iter().any(english) {
        files.retain(english);
    }
    let mut best: Vec<(Location, String)> = Vec::new();
    for file in files.into_iter().take(20) {
        let Some(text) = tree.text(file) else { continue };
        let limits = Limits::default();
        let parsed = if file.extension() == "json" {
            json::parse(&text, &limits)
        } else {
            yaml::parse(&text, &limits)
        };
        let Ok(node) = parsed else { continue };
        let mut found = Vec::new();
        node.walk(&mut |path, node| {
            let Some(sentence) = node.as_str() else { return };
            let wanted = (0..path.len().min(3)).any(|skip| {
                let joined = path[skip..].join(".");
                keys.contains(joined.as_str())
                    // A namespace or a list: everything below it.
                    || joined.match_indices('.').any(|(at, _)| keys.contains(&joined[..at]))
            });
            if wanted && found.len() < 2_000 {
                found.push((file.at_line(node.line), sentence.to_owned()));
            }
        });
        if found.len() > best.len() {
            best = found;
        }
    }
    best
}
