//! Calls in source code whose arguments are literal strings, found without a parser: enough for
//! `subprocess.run([...])`, `session.run(...)`, `execSync('...')`.

/// A call with its literal strings.
#[derive(Debug, PartialEq, Eq)]
pub struct LiteralCall {
    /// 1-based line.
    pub line: u32,
    /// The strings among the arguments, in order, up to the first named argument.
    pub strings: Vec<String>,
    /// All arguments up to there were strings, or one list of strings.
    pub complete: bool,
}

/// Longest argument list that is read.
const LONGEST: usize = 8_000;

/// The calls of any of these callees (`subprocess.run(` and the like, with the parenthesis).
pub fn calls(text: &str, callees: &[&str]) -> Vec<LiteralCall> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut counted = 0;
    let mut from = 0;
    while found.len() < 5_000 {
        let next = callees
            .iter()
            .filter_map(|callee| text[from..].find(callee).map(|at| (from + at, callee.len())))
            .min_by_key(|(at, length)| (*at, usize::MAX - length));
        let Some((at, length)) = next else { break };
        from = at + length;
        let before = text[..at].chars().next_back();
        let begins_a_word = text[at..].starts_with(|c: char| c.is_alphanumeric());
        if (begins_a_word && before.is_some_and(|c| c.is_alphanumeric() || c == '_')) || in_comment(text, at)
        {
            continue;
        }
        line += text[counted..at].matches('\n').count() as u32;
        counted = at;
        let end = text.floor_char_boundary((from + LONGEST).min(text.len()));
        let (strings, complete) = arguments(&text[from..end]);
        if !strings.is_empty() {
            found.push(LiteralCall { line, strings, complete });
        }
    }
    found
}

fn in_comment(text: &str, at: usize) -> bool {
    let line = text[..at].rsplit('\n').next().unwrap_or_default().trim_start();
    line.starts_with('#') || line.starts_with("//") || line.starts_with('*')
}

/// The strings of an argument list behind its opening parenthesis.
fn arguments(text: &str) -> (Vec<String>, bool) {
    let mut strings = Vec::new();
    let mut complete = true;
    let mut depth = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' | '\'' | '`' => {
                let (string, length) = string(rest, c);
                if c == '`' && string.contains("${") {
                    complete = false;
                }
                strings.push(string);
                rest = &rest[length..];
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                if depth == 0 {
                    break;
                }
                depth -= 1;
            }
            '#' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                rest = &rest[end..];
                continue;
            }
            // A named argument ends what is of interest.
            '=' if depth == 0 => break,
            ':' if depth == 1 => break,
            c if c.is_alphanumeric() || c == '_' || c == '*' => {
                // Prefixes of strings (`f"…"`) and names.
                let end =
                    rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len()).max(1);
                let prefix = rest[end..].starts_with(['"', '\'']) && end <= 2;
                let named = rest[end..].trim_start().starts_with('=');
                if named {
                    break;
                }
                complete &= prefix;
                rest = &rest[end..];
                continue;
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    (strings, complete)
}

/// A string literal at the head of a text, and its length.
fn string(text: &str, quote: char) -> (String, usize) {
    let triple = [quote; 3].iter().collect::<String>();
    if quote != '`' && text.starts_with(&triple) {
        let body = &text[3..];
        let end = body.find(&triple).unwrap_or(body.len());
        return (body[..end].to_owned(), (end + 6).min(text.len()));
    }
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other)) => value.push(other),
                None => {}
            },
            c if c == quote => return (value, at + c.len_utf8()),
            '\n' if quote != '`' => return (value, at),
            c => value.push(c),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_literal_calls() {
        let text = "import x\n# session.run(\"no\")\nsession.run(\"pytest\", \"-q\", *args, env={'A': 'b'})\nsubprocess.run([\"git\", \"push\"], check=True)\n";
        let found = calls(text, &["session.run(", "subprocess.run("]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[0].strings.join(" ")), (3, "pytest -q".to_owned()));
        assert!(!found[0].complete);
        assert_eq!(
            (found[1].line, found[1].strings.join(" "), found[1].complete),
            (4, "git push".to_owned(), true)
        );
        assert_eq!(
            calls("execSync('prisma migrate deploy')", &["execSync("])[0].strings,
            ["prisma migrate deploy"]
        );
    }

    #[test]
    fn survives_anything() {
        for text in ["execSync(", "execSync('", "execSync(\"\\", "execSync('''", "execSync(é", "execSync(`${"]
        {
            calls(text, &["execSync("]);
        }
    }
}
