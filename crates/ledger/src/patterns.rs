//! OpenSSH's lists of patterns, as principals and namespaces are written.

/// Whether a comma-separated list of patterns covers `text`; a pattern after `!` excludes.
pub(crate) fn matches_list(patterns: &str, text: &str) -> bool {
    let mut covered = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(excluded) if matches_pattern(excluded, text) => return false,
            Some(_) => {}
            None => covered |= matches_pattern(pattern, text),
        }
    }
    covered
}

/// `*` and `?` as in a shell. Remembers only the last `*`, so the time stays bounded by the product of the
/// lengths whatever the pattern.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    star = Some((star_p, star_t + 1));
                    p = star_p + 1;
                    t = star_t + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_exclusion_wins_wherever_it_stands() {
        for (list, text, expected) in [
            ("ann,bob", "bob", true),
            ("a*,!ann", "ann", false),
            ("!ann,a*", "ann", false),
            ("!ann", "bob", false),
        ] {
            assert_eq!(matches_list(list, text), expected, "{list} {text}");
        }
    }
}
