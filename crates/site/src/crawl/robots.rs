//! `robots.txt` as in RFC 9309: the group of this program or of all, the longest rule wins, allowing before refusing.

/// Bytes that are read (RFC 9309, section 2.5, asks for at least 500 KiB).
const BYTES: usize = 512 * 1024;
/// Rules that are kept.
const RULES: usize = 5000;
/// What this program is called in it.
const NAME: &str = "seaworthy";

/// What a site does not want to be asked by programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allows: bool,
    pattern: Vec<u8>,
}

impl Robots {
    /// Reads the file.
    pub fn read(text: &str) -> Self {
        let text = text.get(..text.floor_char_boundary(BYTES.min(text.len()))).unwrap_or_default();
        let (mut own, mut all) = (Vec::new(), Vec::new());
        let mut own_named = false;
        let (mut for_own, mut for_all, mut in_rules) = (false, false, true);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if in_rules {
                        (for_own, for_all, in_rules) = (false, false, false);
                    }
                    let name = value.split(['/', ' ']).next().unwrap_or_default();
                    for_all |= name == "*";
                    for_own |= name.eq_ignore_ascii_case(NAME);
                    own_named |= for_own;
                }
                key @ ("allow" | "disallow") => {
                    in_rules = true;
                    if value.is_empty() {
                        continue;
                    }
                    let rule = Rule { allows: key == "allow", pattern: value.as_bytes().to_vec() };
                    if for_own && own.len() < RULES {
                        own.push(rule.clone());
                    }
                    if for_all && all.len() < RULES {
                        all.push(rule);
                    }
                }
                _ => {}
            }
        }
        Robots { rules: if own_named { own } else { all } }
    }

    /// Whether a path (with its query) may be asked for.
    pub fn allows(&self, path: &str) -> bool {
        let path = &path.as_bytes()[..path.len().min(2000)];
        let longest = self
            .rules
            .iter()
            .filter(|rule| matches(&rule.pattern, path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allows));
        longest.is_none_or(|rule| rule.allows)
    }
}

/// `*` is anything, `$` at the end is the end. In time that grows with the product of both lengths at worst.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, ends) = match pattern.strip_suffix(b"$") {
        Some(shorter) => (shorter, true),
        None => (pattern, false),
    };
    let pieces: Vec<&[u8]> = pattern.split(|byte| *byte == b'*').collect();
    let Some((first, later)) = pieces.split_first() else { return true };
    let Some(mut rest) = path.strip_prefix(*first) else { return false };
    for (index, piece) in later.iter().enumerate() {
        if piece.is_empty() {
            if index + 1 == later.len() {
                return true;
            }
            continue;
        }
        if ends && index + 1 == later.len() {
            return rest.ends_with(piece);
        }
        match rest.windows(piece.len()).position(|window| window == *piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    !ends || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_wins() {
        let robots = Robots::read(
            "User-agent: *\nDisallow: /private\nAllow: /private/open # comment\nDisallow: /*.pdf$\n",
        );
        assert!(robots.allows("/") && robots.allows("/private/open/1") && robots.allows("/a.pdf?x"));
        assert!(!robots.allows("/private/x") && !robots.allows("/privateer") && !robots.allows("/b/a.pdf"));
    }

    #[test]
    fn a_group_of_ones_own_replaces_the_one_of_all() {
        let text =
            "user-agent: other\nuser-agent: Seaworthy/1.0\ndisallow: /a\n\nuser-agent: *\ndisallow: /\n";
        let robots = Robots::read(text);
        assert!(robots.allows("/b") && !robots.allows("/a"));
        assert!(!Robots::read("User-agent: *\nDisallow: /").allows("/x"));
        assert!(Robots::read("User-agent: *\nDisallow:").allows("/x"));
        assert!(Robots::read("Disallow: /").allows("/x"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_rules(text in "((user-agent|allow|disallow): ?[*/a$]{0,5}\n|[\\PC\n]){0,40}", path in "/[a/*$]{0,10}") {
            let _ = Robots::read(&text).allows(&path);
        }

        #[test]
        fn a_pattern_without_signs_is_a_prefix(pattern in "/[ab/]{0,4}", path in "/[ab/]{0,6}") {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), path.starts_with(&pattern));
        }
    }
}
