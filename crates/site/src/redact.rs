//! Takes secrets and control characters out of what an answer says, before it becomes a fact.

use std::sync::LazyLock;

use regex::Regex;

/// What stands in the place of a secret.
const TAKEN_OUT: &str = "[redacted]";

/// Secrets by their shape. What is in a group named `keep` stays.
static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // JSON Web Tokens
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        // Keys that carry their kind in front.
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\b(?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}",
        r"\bsk-[A-Za-z0-9_-]{20,}",
        r"\bgh[pousr]_[A-Za-z0-9]{20,}",
        r"\bgithub_pat_[A-Za-z0-9_]{20,}",
        r"\bglpat-[A-Za-z0-9_-]{16,}",
        r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
        r"\bAIza[A-Za-z0-9_-]{30,}",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        // User names and passwords in addresses.
        r"(?P<keep>[a-z][a-z0-9+.-]{1,20}://)[^\s/@:'\x22<>]{0,100}:[^\s/@'\x22<>]{1,200}@",
        // Headers that are echoed.
        r"(?i)(?P<keep>\b(?:bearer|basic|digest|token)\s+)[A-Za-z0-9+/_.=~-]{8,}",
        r"(?i)(?P<keep>\b(?:set-)?cookie['\x22]?\s*[:=]\s*)[^\r\n<]{1,4000}",
        // Names of secrets with a value beside them, also in pages for debugging (`'SECRET_KEY': '…'`).
        r"(?i)(?P<keep>[a-z0-9_.-]{0,40}(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|csrf[a-z_-]{0,12}token|session[_-]?id|credential)[a-z0-9_.-]{0,40}['\x22]?\s{0,4}(?:=>|[:=])\s{0,4}['\x22]?)[^\s'\x22<>&,;]{3,400}",
        r"(?i)(?P<keep>[?&;](?:token|key|sig|signature|code|session|sid|auth)=)[^\s&'\x22<>]{3,400}",
    ]
    .iter()
    .filter_map(|shape| Regex::new(shape).ok())
    .collect()
});

/// Text of an answer as it may stand in a fact: secrets and control characters out, at most `cap` characters.
pub fn excerpt(text: &str, cap: usize) -> String {
    // A secret that begins before the cap may end after it.
    let some: String = text.chars().take(cap.saturating_mul(2) + 4000).collect();
    let mut clean: String = secrets(&some)
        .chars()
        .filter_map(|letter| match letter {
            '\n' | '\t' => Some(letter),
            '\r' => None,
            letter if letter.is_control() || is_invisible(letter) => Some('\u{fffd}'),
            letter => Some(letter),
        })
        .collect();
    if let Some((end, _)) = clean.char_indices().nth(cap) {
        clean.truncate(end);
        clean.push('\u{2026}');
    }
    clean
}

/// One line of it.
pub fn line(text: &str, cap: usize) -> String {
    excerpt(&text.split_whitespace().collect::<Vec<_>>().join(" "), cap)
}

/// Text without secrets.
pub fn secrets(text: &str) -> String {
    let mut text = std::borrow::Cow::Borrowed(text);
    for shape in SECRETS.iter() {
        if shape.is_match(&text) {
            let keeps = shape.capture_names().flatten().any(|name| name == "keep");
            let by = if keeps { format!("${{keep}}{TAKEN_OUT}") } else { TAKEN_OUT.to_owned() };
            text = std::borrow::Cow::Owned(shape.replace_all(&text, by.as_str()).into_owned());
        }
    }
    text.into_owned()
}

/// Characters that change the direction of text or are not seen: they can make a report say what it does not say.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out() {
        assert_eq!(SECRETS.len(), 16);
        for (text, clean) in [
            ("postgres://app:hunter2@db:5432/app", "postgres://[redacted]db:5432/app"),
            ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"),
            ("'SECRET_KEY': 'django-insecure-abc'", "'SECRET_KEY': '[redacted]'"),
            ("DB_PASSWORD=\"hunter2\" next", "DB_PASSWORD=\"[redacted]\" next"),
            ("Cookie: a=b; c=d\nHost: x", "Cookie: [redacted]\nHost: x"),
            ("/cb?state=1&code=abcdef", "/cb?state=1&code=[redacted]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "[redacted]"),
            ("File \"/app/main.py\", line 3", "File \"/app/main.py\", line 3"),
            ("the password is wrong", "the password is wrong"),
        ] {
            assert_eq!(secrets(text), clean);
        }
    }

    #[test]
    fn what_is_not_printed_is_not_kept() {
        assert_eq!(excerpt("a\u{1b}[31mb\u{202e}c\r\n\0d", 100), "a\u{fffd}[31mb\u{fffd}c\n\u{fffd}d");
        assert_eq!(excerpt("abcdef", 3), "abc\u{2026}");
        assert_eq!(line("a \n\t b", 10), "a b");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_capped(text in "\\PC{0,300}", cap in 0..100usize) {
            assert!(excerpt(&text, cap).chars().count() <= cap + 1);
        }
    }
}
