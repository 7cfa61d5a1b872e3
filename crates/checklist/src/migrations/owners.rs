//! Which CODEOWNERS rule covers a path: the last one that matches.

use seaworthy_facts::OwnerRule;

/// The rule that decides for a path, when it names owners.
pub(super) fn rule_for<'r>(rules: &'r [OwnerRule], path: &str) -> Option<&'r OwnerRule> {
    rules.iter().rev().find(|rule| covers(&rule.pattern, path)).filter(|rule| !rule.owners.is_empty())
}

/// Whether a pattern in the manner of gitignore covers a file.
fn covers(pattern: &str, path: &str) -> bool {
    let folder_only = pattern.ends_with('/');
    let anchored = pattern.trim_end_matches('/').contains('/');
    let pattern = pattern.trim_matches('/');
    if pattern.is_empty() {
        return folder_only;
    }
    let wanted: Vec<&str> = pattern.split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    let starts = if anchored { 0..1 } else { 0..parts.len() };
    starts.into_iter().any(|start| {
        // A folder covers all below it; `folder/*` only what is directly in it.
        let most = parts.len() - usize::from(folder_only);
        let least = if pattern.ends_with("/*") { parts.len() } else { start + 1 };
        (least..=most).any(|end| end > start && matches(&wanted, &parts[start..end]))
    })
}

/// Whether the parts of a path match those of a pattern; `**` stands for any number of parts.
fn matches(wanted: &[&str], parts: &[&str]) -> bool {
    // One row per part of the pattern, as in comparing strings: no recursion, whatever the pattern.
    let mut reachable = vec![false; parts.len() + 1];
    reachable[0] = true;
    for want in wanted {
        let mut next = vec![false; parts.len() + 1];
        if *want == "**" {
            let mut seen = false;
            for (place, is_reachable) in reachable.iter().enumerate() {
                seen |= *is_reachable;
                next[place] = seen;
            }
        } else {
            for (place, part) in parts.iter().enumerate() {
                next[place + 1] = reachable[place] && matches_part(want.as_bytes(), part.as_bytes());
            }
        }
        reachable = next;
    }
    reachable[parts.len()]
}

fn matches_part(wanted: &[u8], part: &[u8]) -> bool {
    let mut reachable = vec![false; part.len() + 1];
    reachable[0] = true;
    for want in wanted {
        let mut next = vec![false; part.len() + 1];
        for place in 0..=part.len() {
            next[place] = match want {
                b'*' => reachable[place] || place > 0 && next[place - 1],
                b'?' => place > 0 && reachable[place - 1],
                byte => place > 0 && reachable[place - 1] && part[place - 1] == *byte,
            };
        }
        reachable = next;
    }
    reachable[part.len()]
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn patterns_in_the_manner_of_gitignore() {
        let path = "apps/shop/db/migrate/1.rb";
        for pattern in [
            "*",
            "*.rb",
            "migrate",
            "db/",
            "/apps/",
            "apps/**/migrate/",
            "/apps/shop/db/migrate/*",
            "**/db/**",
            "*/",
        ] {
            assert!(covers(pattern, path), "{pattern}");
        }
        for pattern in ["*.py", "/db/", "db/migrate/", "/apps/*", "1.rb/", "apps/shop/db/*"] {
            assert!(!covers(pattern, path), "{pattern}");
        }
    }
}
