//! Which branch patterns take the default branch in.

use globset::GlobBuilder;

/// The branches that are taken for the default one where the repository does not tell it.
const USUAL: [&str; 3] = ["main", "master", "trunk"];

/// Names that a default branch does not have.
const OTHERS: [&str; 22] = [
    "release",
    "releases",
    "gh-pages",
    "pages",
    "staging",
    "stage",
    "production",
    "prod",
    "preview",
    "docs",
    "next",
    "beta",
    "alpha",
    "canary",
    "hotfix",
    "deploy",
    "live",
    "stable",
    "test",
    "testing",
    "uat",
    "qa",
];

/// Whether a branch is the default one.
pub fn is_default(name: &str, default: Option<&str>) -> Option<bool> {
    if let Some(default) = default {
        return Some(name == default);
    }
    let lower = name.to_ascii_lowercase();
    if USUAL.contains(&lower.as_str()) || lower == "default" {
        Some(true)
    } else if OTHERS.contains(&lower.as_str())
        || lower.contains('/')
        || lower.starts_with(|c: char| c.is_ascii_digit())
    {
        Some(false)
    } else {
        None
    }
}

/// Whether a filter of branch patterns takes the default branch in; without patterns it does.
pub fn take_default(patterns: &[String], ignored: &[String], default: Option<&str>) -> Option<bool> {
    if !ignored.is_empty() {
        let names: Vec<&str> = default.map_or(USUAL.to_vec(), |name| vec![name]);
        if ignored.iter().any(|pattern| names.iter().any(|name| matches(pattern, name))) {
            return Some(false);
        }
    }
    if patterns.is_empty() {
        return Some(true);
    }
    if let Some(default) = default {
        return Some(matches_in_order(patterns, default));
    }
    if USUAL.iter().chain(["default"].iter()).any(|name| matches_in_order(patterns, name)) {
        return Some(true);
    }
    if patterns.iter().any(|pattern| pattern == "develop" || pattern == "dev" || pattern == "development") {
        // Nothing else that could be the default one is named.
        return Some(true);
    }
    let clearly_others = patterns.iter().all(|pattern| {
        let literal = pattern.trim_end_matches(['*', '/']);
        pattern.starts_with('!') || is_default(literal, None) == Some(false) || pattern.contains('/')
    });
    if clearly_others { Some(false) } else { None }
}

/// A regular expression between slashes, as CircleCI writes branch filters, as glob patterns.
pub fn globs_of(pattern: &str) -> Vec<String> {
    let Some(body) = pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) else {
        return vec![pattern.to_owned()];
    };
    let body = body.trim_start_matches('^').trim_end_matches('$');
    let parts: Vec<&str> = match body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(group) if !group.contains('(') => group.trim_start_matches("?:").split('|').collect(),
        _ if body.contains('(') => return vec!["?".to_owned()],
        _ => body.split('|').collect(),
    };
    parts
        .into_iter()
        .map(|part| {
            let part =
                part.trim_start_matches('^').trim_end_matches('$').replace("\\/", "/").replace("\\.", ".");
            if part.is_empty() || part == ".*" || part == ".+" {
                return "**".to_owned();
            }
            let part = part.replace(".*", "**").replace(".+", "**").replace("\\d+", "*").replace("\\d", "?");
            part.replace("[0-9]+", "*").replace('+', "")
        })
        .collect()
}

/// Later patterns win; those with an exclamation mark take out.
fn matches_in_order(patterns: &[String], name: &str) -> bool {
    patterns.iter().fold(false, |taken, pattern| match pattern.strip_prefix('!') {
        Some(pattern) if matches(pattern, name) => false,
        Some(_) => taken,
        None => taken || matches(pattern, name),
    })
}

fn matches(pattern: &str, name: &str) -> bool {
    if pattern == name {
        return true;
    }
    // `${CI_REPO_DEFAULT_BRANCH}` and its like; who asks, asks for the default branch.
    if pattern.starts_with('$') && pattern.to_ascii_uppercase().contains("DEFAULT_BRANCH") {
        return true;
    }
    if !pattern.contains(['*', '?', '[', '{', '+']) || pattern.len() > 200 {
        return false;
    }
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(patterns: &[&str], default: Option<&str>) -> Option<bool> {
        take_default(&patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>(), &[], default)
    }

    #[test]
    fn a_known_default_branch_decides() {
        assert_eq!(take(&["main"], Some("main")), Some(true));
        assert_eq!(take(&["main"], Some("develop")), Some(false));
        assert_eq!(take(&["**", "!main"], Some("main")), Some(false));
        assert_eq!(take(&["ma*"], Some("main")), Some(true));
        assert_eq!(take(&["*"], Some("team/main")), Some(false));
    }

    #[test]
    fn regular_expressions() {
        assert_eq!(globs_of("main"), ["main"]);
        assert_eq!(globs_of("/.*/"), ["**"]);
        assert_eq!(globs_of("/^release\\/.*/"), ["release/**"]);
        assert_eq!(globs_of("/^(main|staging)$/"), ["main", "staging"]);
        assert_eq!(globs_of("/((a))/"), ["?"]);
    }

    #[test]
    fn an_unknown_one_is_one_of_the_usual() {
        assert_eq!(take(&[], None), Some(true));
        assert_eq!(take(&["master"], None), Some(true));
        assert_eq!(take(&["develop"], None), Some(true));
        assert_eq!(take(&["*"], None), Some(true));
        assert_eq!(take(&["${CI_REPO_DEFAULT_BRANCH}"], None), Some(true));
        assert_eq!(take(&["release"], None), Some(false));
        assert_eq!(take(&["release/**", "gh-pages"], None), Some(false));
        assert_eq!(take(&["oidc-tokens"], None), None);
        assert_eq!(take_default(&[], &["main".to_owned()], None), Some(false));
    }
}
