//! Conditions of GitHub Actions (`if:`) and GitLab CI (`rules: if:`), evaluated as far as is known without running
//! anything. What depends on a run is unknown, and unknown is never taken for true or false.

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    /// Nothing, or not set.
    Null,
    /// Truth.
    Bool(bool),
    /// This text.
    Text(String),
    /// The name of the default branch behind this text (`refs/heads/`, or nothing).
    DefaultBranch(&'static str),
    /// Some text that begins like this and is not empty; never the default branch's name.
    Begins(String),
    /// Some value that counts as true.
    Truthy,
    /// Anything.
    Unknown,
}

/// Where the names in a condition get their values from.
pub trait Names {
    /// The value of a name (`github.event_name`, `$CI_COMMIT_TAG` without its dollar sign).
    fn value(&self, name: &str) -> Val;

    /// Whether this is the default branch's name.
    fn is_default_branch(&self, name: &str) -> Option<bool>;
}

/// Whether the condition holds.
pub fn holds(text: &str, names: &dyn Names) -> Option<bool> {
    // Longer ones are not written by people.
    if text.len() > 4_000 {
        return None;
    }
    let text = text.trim();
    let inner = text
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .filter(|inner| !inner.contains("${{"))
        .unwrap_or(text);
    if inner.contains("${{") {
        // Text around expressions is never empty, which makes it true; people do not mean that, so nothing is said.
        return None;
    }
    let tokens = tokens(inner)?;
    let mut parser = Parser { tokens: &tokens, at: 0, names };
    let value = parser.or(0)?;
    if parser.at == tokens.len() { truth(&value) } else { None }
}

/// The value of an expression, where it is one name or literal.
pub fn value(text: &str, names: &dyn Names) -> Val {
    let Some(tokens) = tokens(text) else { return Val::Unknown };
    let mut parser = Parser { tokens: &tokens, at: 0, names };
    match parser.or(0) {
        Some(value) if parser.at == tokens.len() => value,
        _ => Val::Unknown,
    }
}

fn truth(value: &Val) -> Option<bool> {
    match value {
        Val::Null => Some(false),
        Val::Bool(truth) => Some(*truth),
        Val::Text(text) => Some(!text.is_empty()),
        Val::DefaultBranch(_) | Val::Begins(_) | Val::Truthy => Some(true),
        Val::Unknown => None,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Pattern(String),
    Operator(&'static str),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    const OPERATORS: [&str; 14] =
        ["&&", "||", "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "(", ")", "!", ","];
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if found.len() > 500 {
            return None;
        }
        let length = if first == '\'' || first == '"' {
            let end = rest[1..].find(first)? + 1;
            found.push(Token::Text(rest[1..end].to_owned()));
            end + 1
        } else if first == '/' {
            let mut escaped = false;
            let end = rest[1..].char_indices().find_map(|(at, c)| {
                let ends = c == '/' && !escaped;
                escaped = c == '\\' && !escaped;
                ends.then_some(at + 1)
            })?;
            found.push(Token::Pattern(rest[1..end].to_owned()));
            end + 1 + rest[end + 1..].bytes().take_while(u8::is_ascii_lowercase).count()
        } else if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            found.push(Token::Operator(operator));
            operator.len()
        } else {
            let part = |c: char| {
                c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '*' | '$' | '{' | '}' | '[' | ']')
            };
            let mut end = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
            // `github['event_name']`
            if end > 0 && rest[..end].ends_with('[') {
                end += rest[end..].find(']')? + 1;
                end += rest[end..].find(|c: char| !part(c)).unwrap_or(rest.len() - end);
            }
            if end == 0 {
                return None;
            }
            found.push(Token::Name(rest[..end].replace("['", ".").replace("']", "")));
            end
        };
        rest = rest.get(length..)?.trim_start();
    }
    Some(found)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    names: &'a dyn Names,
}

const DEEPEST: u32 = 50;

impl Parser<'_> {
    fn operator(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) if wanted.contains(operator) => {
                self.at += 1;
                Some(operator)
            }
            _ => None,
        }
    }

    fn or(&mut self, depth: u32) -> Option<Val> {
        let mut left = self.and(depth)?;
        while self.operator(&["||"]).is_some() {
            let right = self.and(depth)?;
            left = match truth(&left) {
                Some(true) => left,
                Some(false) => right,
                None if truth(&right) == Some(true) => Val::Truthy,
                None => Val::Unknown,
            };
        }
        Some(left)
    }

    fn and(&mut self, depth: u32) -> Option<Val> {
        let mut left = self.comparison(depth)?;
        while self.operator(&["&&"]).is_some() {
            let right = self.comparison(depth)?;
            left = match truth(&left) {
                Some(false) => left,
                Some(true) => right,
                None if truth(&right) == Some(false) => Val::Bool(false),
                None => Val::Unknown,
            };
        }
        Some(left)
    }

    fn comparison(&mut self, depth: u32) -> Option<Val> {
        let left = self.unary(depth)?;
        let Some(operator) = self.operator(&["==", "!=", "=~", "!~", "<=", ">=", "<", ">"]) else {
            return Some(left);
        };
        let answer = match operator {
            "==" => {
                let right = self.unary(depth)?;
                equal(&left, &right, self.names)
            }
            "!=" => {
                let right = self.unary(depth)?;
                equal(&left, &right, self.names).map(|same| !same)
            }
            "=~" | "!~" => {
                let matched = match self.tokens.get(self.at) {
                    Some(Token::Pattern(pattern)) => matches(&left, pattern, self.names),
                    Some(_) => None,
                    None => return None,
                };
                self.at += 1;
                if operator == "=~" { matched } else { matched.map(|matched| !matched) }
            }
            _ => {
                self.unary(depth)?;
                None
            }
        };
        Some(answer.map_or(Val::Unknown, Val::Bool))
    }

    fn unary(&mut self, depth: u32) -> Option<Val> {
        if depth > DEEPEST {
            return None;
        }
        if self.operator(&["!"]).is_some() {
            let value = self.unary(depth + 1)?;
            return Some(truth(&value).map_or(Val::Unknown, |truth| Val::Bool(!truth)));
        }
        if self.operator(&["("]).is_some() {
            let value = self.or(depth + 1)?;
            return self.operator(&[")"]).map(|_| value);
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Text(text) => Some(Val::Text(text)),
            Token::Pattern(_) | Token::Operator(_) => None,
            Token::Name(name) => {
                if self.operator(&["("]).is_none() {
                    return Some(self.named(&name));
                }
                let mut arguments = Vec::new();
                if self.operator(&[")"]).is_none() {
                    loop {
                        arguments.push(self.or(depth + 1)?);
                        if self.operator(&[","]).is_none() {
                            self.operator(&[")"])?;
                            break;
                        }
                    }
                }
                Some(call(&name, &arguments))
            }
        }
    }

    fn named(&self, name: &str) -> Val {
        match name {
            "true" => Val::Bool(true),
            "false" => Val::Bool(false),
            "null" => Val::Null,
            _ if name.bytes().all(|b| b.is_ascii_digit()) => {
                if name == "0" {
                    Val::Bool(false)
                } else {
                    Val::Text(name.to_owned())
                }
            }
            _ => self.names.value(name.trim_start_matches('$').trim_start_matches('{').trim_end_matches('}')),
        }
    }
}

fn call(name: &str, arguments: &[Val]) -> Val {
    match (name.to_ascii_lowercase().as_str(), arguments) {
        // A run that goes well: what happens after failures and cancellations is not asked.
        ("always" | "success", _) => Val::Bool(true),
        ("cancelled", _) => Val::Bool(false),
        ("startswith", [text, Val::Text(start)]) => begins(text, start).map_or(Val::Unknown, Val::Bool),
        ("contains", [Val::Text(text), Val::Text(part)]) => Val::Bool(text.contains(part.as_str())),
        ("contains" | "endswith", [Val::Null, Val::Text(part)]) if !part.is_empty() => Val::Bool(false),
        ("endswith", [Val::Text(text), Val::Text(end)]) => Val::Bool(text.ends_with(end.as_str())),
        _ => Val::Unknown,
    }
}

fn begins(text: &Val, start: &str) -> Option<bool> {
    match text {
        Val::Null => Some(start.is_empty()),
        Val::Text(text) => Some(text.starts_with(start)),
        Val::Begins(known) if known.starts_with(start) => Some(true),
        Val::Begins(known) if start.starts_with(known.as_str()) => None,
        Val::Begins(_) => Some(false),
        Val::DefaultBranch(known) if known.starts_with(start) => Some(true),
        Val::DefaultBranch(known) if start.starts_with(known) => None,
        Val::DefaultBranch(_) => Some(false),
        Val::Bool(_) | Val::Truthy | Val::Unknown => None,
    }
}

fn equal(left: &Val, right: &Val, names: &dyn Names) -> Option<bool> {
    use Val::*;
    match (left, right) {
        (Unknown | Truthy, _) | (_, Unknown | Truthy) => None,
        (Null, Null) => Some(true),
        (Bool(left), Bool(right)) => Some(left == right),
        (Text(left), Text(right)) => Some(left.eq_ignore_ascii_case(right)),
        (DefaultBranch(left), DefaultBranch(right)) => Some(left == right),
        (DefaultBranch(known), Text(text)) | (Text(text), DefaultBranch(known)) => {
            match text.strip_prefix(known) {
                Some(branch) => names.is_default_branch(branch),
                None => Some(false),
            }
        }
        (Begins(known), Text(text)) | (Text(text), Begins(known)) => {
            if !text.starts_with(known.as_str()) {
                return Some(false);
            }
            // Another branch than the default one.
            let branch = text.rsplit("refs/heads/").next().unwrap_or(text);
            (names.is_default_branch(branch) == Some(true)).then_some(false)
        }
        (Begins(_), DefaultBranch(_)) | (DefaultBranch(_), Begins(_)) => Some(false),
        (Null, Text(text)) | (Text(text), Null) => Some(text.is_empty()),
        (Bool(truth), Text(text)) | (Text(text), Bool(truth)) => match text.as_str() {
            "true" | "1" => Some(*truth),
            "false" | "0" | "" => Some(!*truth),
            _ => Some(false),
        },
        (Null, Bool(truth)) | (Bool(truth), Null) => Some(!*truth),
        (Null, _) | (_, Null) => Some(false),
        _ => None,
    }
}

/// Whether a text matches a regular expression, for the plain forms: anchors, a literal beginning, alternatives.
fn matches(left: &Val, pattern: &str, names: &dyn Names) -> Option<bool> {
    let start = match left {
        Val::Null => return Some(false),
        Val::Text(text) => return matches_text(text, pattern),
        Val::DefaultBranch(prefix) => {
            let candidates = ["main", "master", "trunk", "develop"];
            let answers: Vec<_> = candidates
                .iter()
                .filter(|name| names.is_default_branch(name) != Some(false))
                .map(|name| matches_text(&format!("{prefix}{name}"), pattern))
                .collect();
            // Unknown default branches are one of the usual ones.
            return if answers.contains(&Some(true)) {
                Some(true)
            } else if !answers.is_empty() && answers.iter().all(|answer| *answer == Some(false)) {
                Some(false)
            } else {
                None
            };
        }
        Val::Begins(start) => start,
        Val::Bool(_) | Val::Truthy | Val::Unknown => return None,
    };
    // Another branch: a pattern that names the default branch alone does not match it.
    let alternatives = alternatives(pattern)?;
    alternatives
        .iter()
        .all(|(text, exact)| {
            *exact
                && (names.is_default_branch(text.rsplit("refs/heads/").next().unwrap_or(text)) == Some(true)
                    || !text.starts_with(start.as_str()))
        })
        .then_some(false)
}

/// The literal alternatives of an anchored pattern, each with whether it is the whole text.
fn alternatives(pattern: &str) -> Option<Vec<(String, bool)>> {
    let body = pattern.strip_prefix('^')?;
    let (body, anchored) = match body.strip_suffix('$') {
        Some(body) => (body, true),
        None => (body, false),
    };
    let group =
        body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|g| !g.contains(['(', ')']));
    let parts: Vec<&str> = match group {
        Some(group) => group.trim_start_matches("?:").split('|').collect(),
        None if body.contains('|') => return None,
        None => vec![body],
    };
    Some(
        parts
            .into_iter()
            .map(|part| {
                let mut text = String::new();
                let mut rest = part.chars().peekable();
                while let Some(c) = rest.next() {
                    match c {
                        '\\' => match rest.peek() {
                            Some(next) if !next.is_alphanumeric() => text.extend(rest.next()),
                            _ => return (text, false),
                        },
                        '.' | '*' | '+' | '?' | '[' | '(' | '{' | '$' | '^' => {
                            // A quantifier belongs to what was before it.
                            if matches!(c, '*' | '?' | '{') {
                                text.pop();
                            }
                            return (text, false);
                        }
                        c => text.push(c),
                    }
                }
                (text, anchored)
            })
            .collect(),
    )
}

fn matches_text(text: &str, pattern: &str) -> Option<bool> {
    let special = |c: char| {
        matches!(c, '.' | '*' | '+' | '?' | '[' | ']' | '(' | ')' | '{' | '}' | '|' | '\\' | '^' | '$')
    };
    if !pattern.contains(special) {
        return Some(text.contains(pattern));
    }
    let alternatives = alternatives(pattern)?;
    let mut unsure = false;
    for (literal, exact) in &alternatives {
        if *exact {
            if literal == text {
                return Some(true);
            }
        } else if text.starts_with(literal.as_str()) {
            unsure = true;
        }
    }
    (!unsure).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Branch(&'static str, Val);

    impl Names for Branch {
        fn value(&self, name: &str) -> Val {
            if name == self.0 { self.1.clone() } else { Val::Unknown }
        }
        fn is_default_branch(&self, name: &str) -> Option<bool> {
            match name {
                "main" => Some(true),
                "release" | "gh-pages" => Some(false),
                _ => None,
            }
        }
    }

    #[test]
    fn literals_and_operators() {
        let names = Branch("x", Val::Null);
        for (text, expected) in [
            ("false", Some(false)),
            ("${{ false }}", Some(false)),
            ("false && unknown.thing", Some(false)),
            ("unknown.thing && false", Some(false)),
            ("unknown.thing || true", Some(true)),
            ("unknown.thing", None),
            ("!false", Some(true)),
            ("always() && !cancelled()", Some(true)),
            ("x == 'a'", Some(false)),
            ("!x", Some(true)),
            ("(x != 'a') && ('b' == 'b')", Some(true)),
            ("contains(github.event.head_commit.message, '[skip]')", None),
            ("((((", None),
            ("'open", None),
        ] {
            assert_eq!(holds(text, &names), expected, "{text}");
        }
    }

    #[test]
    fn branches_that_are_known_in_part() {
        let default = Branch("github.ref", Val::DefaultBranch("refs/heads/"));
        assert_eq!(holds("github.ref == 'refs/heads/main'", &default), Some(true));
        assert_eq!(holds("github.ref == 'refs/heads/gh-pages'", &default), Some(false));
        assert_eq!(holds("github.ref == 'refs/heads/odd'", &default), None);
        assert_eq!(holds("startsWith(github.ref, 'refs/tags/')", &default), Some(false));
        let other = Branch("github.ref", Val::Begins("refs/heads/".to_owned()));
        assert_eq!(holds("github.ref == 'refs/heads/main'", &other), Some(false));
        assert_eq!(holds("github.ref == 'refs/heads/release'", &other), None);
        let tag = Branch("github['ref']", Val::Unknown);
        assert_eq!(holds("startsWith(github['ref'], 'refs/tags/')", &tag), None);
    }

    #[test]
    fn patterns() {
        let default = Branch("CI_COMMIT_BRANCH", Val::DefaultBranch(""));
        assert_eq!(holds("$CI_COMMIT_BRANCH =~ /^release\\/.*$/", &default), Some(false));
        assert_eq!(holds("$CI_COMMIT_BRANCH =~ /^(main|stable)$/", &default), Some(true));
        let other = Branch("CI_COMMIT_BRANCH", Val::Begins(String::new()));
        assert_eq!(holds("$CI_COMMIT_BRANCH =~ /^main$/", &other), Some(false));
        assert_eq!(holds("$CI_COMMIT_BRANCH =~ /^feature/", &other), None);
        let none = Branch("CI_COMMIT_TAG", Val::Null);
        assert_eq!(holds("$CI_COMMIT_TAG =~ /^v\\d+/", &none), Some(false));
        assert_eq!(holds("$CI_COMMIT_TAG !~ /^v\\d+/", &none), Some(true));
    }

    #[test]
    fn deep_and_long_conditions_end() {
        let names = Branch("x", Val::Null);
        assert_eq!(holds(&"(".repeat(3_000), &names), None);
        assert_eq!(holds(&"!".repeat(3_000), &names), None);
        assert_eq!(holds(&"x || ".repeat(3_000), &names), None);
    }
}
