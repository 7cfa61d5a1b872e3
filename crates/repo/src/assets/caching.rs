//! HTTP caching that is switched on: headers with an age in code and configuration, and what proxies keep.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Assets, Location, Observed};

use super::Seen;
use crate::scan::{Hit, Needle, NeedleId, Needles};
use crate::tree::{Class, File};

/// How many places are kept.
const KEPT: usize = 40;

/// The literals of caching headers.
#[derive(Debug, Default)]
pub struct Plan {
    ages: Vec<NeedleId>,
    rails: Option<NeedleId>,
}

/// Adds them.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: &str| needles.add(Needle { text: text.to_owned(), whole_word: false, per_file: 6 });
    Plan {
        ages: ["max-age=", "s-maxage=", "stale-while-revalidate="].iter().map(|text| add(text)).collect(),
        rails: Some(add("expires_in ")),
    }
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        // A pattern that does not compile is caught by the tests of this file.
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(
    AGE,
    r#"(?i)(?:max-age|s-maxage|stale-while-revalidate)=\s*["'`]?\s*(?:(\d[\d_]*)|[$#{%+.<&]|["'`])"#
);
pattern!(
    EXPIRES,
    r#"(?m)^[^\S\n]*expires\s+(?:modified\s+)?(?:["']?(?:\+?[1-9]\d*[smhdwMy]?|max|@\S+|\$\w+))"#
);
pattern!(PROXY, r"(?m)^[^\S\n]*(?:proxy|fastcgi|uwsgi|scgi)_cache\s+(?:[^o;\s]|o[^f;\s])[^;\s]*\s*;");
pattern!(APACHE, r"(?mi)^[^\S\n]*(?:ExpiresActive\s+On|CacheEnable\s+\S+)");

fn is_match(pattern: &LazyLock<Option<Regex>>, text: &str) -> Option<usize> {
    pattern.as_ref().and_then(|pattern| pattern.find(text)).map(|found| found.start())
}

/// Every place.
pub fn collect(seen: &Seen, assets: &mut Assets) {
    let mut files: Vec<usize> = Vec::new();
    for hit in seen.plan.caching.ages.iter().flat_map(|needle| seen.scan.hits(*needle)) {
        if assets.caching.len() >= KEPT {
            break;
        }
        let file = &seen.tree.files()[hit.file];
        // One place per file is enough.
        if hit.comment || files.contains(&file.index) || !can_set(seen, file) {
            continue;
        }
        if is_age(hit) && is_cache_header(seen, file, hit) {
            files.push(file.index);
            push(assets, "Cache-Control with an age", file.at_line(hit.line));
        }
    }
    for hit in seen.plan.caching.rails.iter().flat_map(|needle| seen.scan.hits(*needle)) {
        let file = &seen.tree.files()[hit.file];
        let statement = hit.text.trim_start().starts_with("expires_in ");
        if statement && file.path.contains("controllers/") && seen.scan.ships(file) && !hit.comment {
            push(assets, "answers that may be kept (`expires_in`)", file.at_line(hit.line));
        }
    }
    for file in seen.tree.files().iter().filter(|file| file.class == Class::Shipped && is_proxy(file)) {
        let Some(text) = seen.tree.text(file) else { continue };
        for (pattern, says) in [
            (&EXPIRES, "an `expires` time for what the proxy serves"),
            (&PROXY, "the proxy keeps answers"),
            (&APACHE, "an expiry time set by the web server"),
        ] {
            if let Some(start) = is_match(pattern, &text) {
                push(assets, says, file.at_line(line_of(&text, start)));
            }
        }
        if file.extension() == "vcl" && text.contains("vcl_recv") {
            push(assets, "Varnish in front of the application", file.at());
        }
    }
}

fn push(assets: &mut Assets, says: &str, at: Location) {
    if assets.caching.len() < KEPT && !assets.caching.iter().any(|known| known.at == at) {
        assets.caching.push(Observed::new(says.to_owned(), at));
    }
}

/// Code and configuration of what ships.
fn can_set(seen: &Seen, file: &File) -> bool {
    let other = ["csv", "txt", "har", "log", "lock", "svg", "po", "snap", "sql"];
    let elsewhere =
        ["/development.", "/test.", "/dev.", "/local."].iter().any(|part| file.path.contains(part));
    seen.scan.ships(file) && !elsewhere && !other.contains(&file.extension())
}

/// Whether an age above zero is given, rather than read or compared.
fn is_age(hit: &Hit) -> bool {
    let text = hit.text.to_ascii_lowercase();
    if ["strict-transport", "includesubdomains", "preload", "hsts", "cookie", "no-store", "expect-ct", "nel"]
        .iter()
        .any(|word| text.contains(word))
    {
        return false;
    }
    let Some(pattern) = AGE.as_ref() else { return false };
    pattern.captures_iter(&hit.text).any(|captures| {
        captures.get(1).is_none_or(|age| age.as_str().bytes().any(|byte| matches!(byte, b'1'..=b'9')))
    })
}

/// Whether the age belongs to a caching header: by its own line, or by the lines before it.
fn is_cache_header(seen: &Seen, file: &File, hit: &Hit) -> bool {
    let names = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["cache-control", "cachecontrol", "cache_control"].iter().any(|name| text.contains(name))
    };
    let directive = |text: &str| {
        ["public,", "public;", "private,", "immutable", "s-maxage", "stale-while", "must-revalidate"]
            .iter()
            .any(|word| text.contains(word))
    };
    if names(&hit.text) || directive(&hit.text) {
        return true;
    }
    let Some(text) = seen.tree.text(file) else { return false };
    let line = hit.line as usize;
    text.lines().skip(line.saturating_sub(4)).take(4.min(line)).any(names)
}

/// Files that configure a web server or a cache in front of one.
fn is_proxy(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    let path = file.path.to_ascii_lowercase();
    name == ".htaccess"
        || name.ends_with(".vcl")
        || name.ends_with(".nginx")
        || name.ends_with(".vhost")
        || (name.ends_with(".conf")
            || name.contains(".conf.")
            || name.ends_with(".erb")
            || name.ends_with(".j2")
            || name.ends_with(".template")
            || !name.contains('.')
            || name.ends_with(".yaml")
            || name.ends_with(".yml"))
            && (path.contains("nginx") || path.contains("apache") || path.contains("httpd"))
        || name == "default.conf"
        || name.starts_with("nginx")
}

fn line_of(text: &str, byte: usize) -> u32 {
    // The match may begin with the end of the line before.
    let begins = text[byte..].find(|c: char| !c.is_whitespace()).map_or(byte, |skip| byte + skip);
    u32::try_from(text[..begins].matches('\n').count() + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn age(text: &str) -> bool {
        is_age(&Hit { file: 0, line: 1, column: 1, text: text.into(), comment: false })
    }

    #[test]
    fn ages_are_told_from_other_headers_and_from_nothing() {
        assert!(age("Cache-Control: public, max-age=3600"));
        assert!(age("`public, max-age=${seconds}`"));
        assert!(age("'max-age=' + seconds"));
        assert!(age("\"public, max-age=#{1.year.to_i}\""));
        assert!(!age("Cache-Control: max-age=0"));
        assert!(!age("Strict-Transport-Security: max-age=63072000"));
        assert!(!age("max-age=31536000; includeSubDomains"));
        assert!(!age("no-store, max-age=60"));
        assert!(!age(r"/max-age=(\d+)/"));
    }

    #[test]
    fn proxies() {
        assert!(is_match(&EXPIRES, "location / {\n    expires 1y;\n}").is_some());
        assert!(is_match(&EXPIRES, "  expires max;").is_some());
        assert!(is_match(&EXPIRES, "  expires -1;").is_none());
        assert!(is_match(&EXPIRES, "  expires off;").is_none());
        assert!(is_match(&PROXY, "  proxy_cache static;").is_some());
        assert!(is_match(&PROXY, "  proxy_cache off;").is_none());
        assert!(is_match(&PROXY, "  proxy_cache_bypass $http_upgrade;").is_none());
        assert!(is_match(&APACHE, "<IfModule x>\n  ExpiresActive On").is_some());
        assert_eq!(line_of("a\n\n  expires 1y;", 1), 3);
    }
}
