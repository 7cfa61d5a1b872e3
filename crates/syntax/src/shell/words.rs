//! Words: quotes, placeholders, and the prefixes before a command.

/// Hides what templating put into a script, byte for byte, so that positions stay:
/// `${{ … }}`, `$[[ … ]]` and `{{ … }}` become underscores, carriage returns become blanks.
pub(super) fn mask(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (open, close) in [("${{", "}}"), ("$[[", "]]"), ("{{", "}}")] {
        let mut from = 0;
        while let Some(start) = find(text, open, from) {
            let Some(end) = find(text, close, start + open.len()) else { break };
            let end = end + close.len();
            // Only GitHub's expressions may span lines; the others would swallow shell syntax.
            let fits = open == "${{" || !text[start..end].contains('\n');
            if fits {
                bytes[start..end].fill(b'_');
            }
            from = if fits { end } else { start + open.len() };
        }
    }
    for byte in bytes.iter_mut().filter(|byte| **byte == b'\r') {
        *byte = b' ';
    }
    // Only whole characters were replaced, by ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

fn find(text: &str, needle: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find(needle).map(|at| at + from)
}

/// Removes quotes as the shell does. Expansions and substitutions stay as they are written.
pub(super) fn unquote(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    let mut in_double = false;
    while let Some(c) = rest.chars().next() {
        let expansion = expansion_length(rest);
        if expansion > 0 {
            text.push_str(&rest[..expansion]);
            rest = &rest[expansion..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => in_double = !in_double,
            '\'' if !in_double => {
                let end = rest.find('\'').unwrap_or(rest.len());
                text.push_str(&rest[..end]);
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            '$' if !in_double && rest.starts_with('\'') => {
                rest = ansi_c(&rest[1..], &mut text);
            }
            '\\' => match rest.chars().next() {
                Some('\n') => rest = &rest[1..],
                Some(next) if !in_double || matches!(next, '"' | '\\' | '$' | '`') => {
                    text.push(next);
                    rest = &rest[next.len_utf8()..];
                }
                _ => text.push('\\'),
            },
            _ => text.push(c),
        }
    }
    text
}

/// Reads the inside of `$'…'` and gives what comes after it.
fn ansi_c<'s>(source: &'s str, text: &mut String) -> &'s str {
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return &source[at + 1..],
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, other)) => text.push(other),
                None => {}
            },
            _ => text.push(c),
        }
    }
    ""
}

/// Length of the expansion with which a text begins: `${{ … }}`, `{{ … }}`, `${…}`, `$(…)`, `` `…` ``.
fn expansion_length(text: &str) -> usize {
    for (open, close) in [("${{", "}}"), ("{{", "}}")] {
        if text.starts_with(open)
            && let Some(end) = text.find(close)
        {
            return end + close.len();
        }
    }
    let (open, close, skip) = match text.as_bytes() {
        [b'$', b'(', ..] => (b'(', b')', 1),
        [b'$', b'{', ..] => (b'{', b'}', 1),
        [b'`', ..] => return text[1..].find('`').map_or(0, |end| end + 2),
        _ => return 0,
    };
    let mut depth = 0_usize;
    let mut single = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(skip) {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' if !single => escaped = true,
            b'\'' if open == b'(' => single = !single,
            _ if single => {}
            _ if byte == open => depth += 1,
            _ if byte == close => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    0
}

/// The last part of a path.
pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether a word names a shell.
pub(super) fn is_shell(word: &str) -> bool {
    matches!(base_name(word), "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh")
}

/// Whether a word has the form of an assignment.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// A program that runs the rest of its words as a command.
struct Prefix {
    names: &'static [&'static str],
    /// Options that take the next word as their value.
    valued: &'static [&'static str],
    /// Words of its own before the command.
    operands: usize,
    assignments: bool,
}

const PREFIXES: &[Prefix] = &[
    Prefix {
        names: &["env", "cross-env"],
        valued: &["-u", "--unset", "-C", "--chdir", "-S"],
        operands: 0,
        assignments: true,
    },
    Prefix {
        names: &["sudo", "doas"],
        valued: &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-U", "-D", "--user", "--group", "--chdir"],
        operands: 0,
        assignments: true,
    },
    Prefix {
        names: &["time"],
        valued: &["-f", "-o", "--format", "--output"],
        operands: 0,
        assignments: true,
    },
    Prefix { names: &["exec"], valued: &["-a"], operands: 0, assignments: false },
    Prefix { names: &["command", "builtin"], valued: &[], operands: 0, assignments: false },
    Prefix {
        names: &["nohup", "setsid", "chronic", "tini", "dumb-init", "catatonit"],
        valued: &[],
        operands: 0,
        assignments: false,
    },
    Prefix {
        names: &["nice", "ionice", "chrt"],
        valued: &["-n", "-c", "-p", "--adjustment", "--class", "--classdata"],
        operands: 0,
        assignments: false,
    },
    Prefix {
        names: &["timeout"],
        valued: &["-s", "-k", "--signal", "--kill-after"],
        operands: 1,
        assignments: false,
    },
    Prefix { names: &["stdbuf"], valued: &["-i", "-o", "-e"], operands: 0, assignments: false },
    Prefix { names: &["gosu", "su-exec", "setpriv"], valued: &[], operands: 1, assignments: false },
    Prefix {
        names: &["xvfb-run"],
        valued: &["-n", "-s", "-e", "-f", "-p", "-w", "--server-num", "--server-args"],
        operands: 0,
        assignments: false,
    },
];

/// Strips prefixes that run the rest as a command: `env A=B`, `sudo`, `time`, `exec`, `nohup`,
/// `timeout 5m`, … A prefix without a command behind it stays, and so does `command -v`.
pub fn unwrap(words: &[String]) -> &[String] {
    let mut rest = words;
    while let Some(inner) = strip_prefix(rest).filter(|inner| !inner.is_empty()) {
        rest = inner;
    }
    rest
}

fn strip_prefix(words: &[String]) -> Option<&[String]> {
    let (first, mut rest) = words.split_first()?;
    let name = base_name(first);
    let prefix = PREFIXES.iter().find(|prefix| prefix.names.contains(&name))?;
    let mut operands = prefix.operands;
    while let Some((word, after)) = rest.split_first() {
        if word == "--" {
            rest = after;
            continue;
        }
        if word.starts_with('-') && word.len() > 1 {
            if name == "command" && matches!(word.as_str(), "-v" | "-V") {
                return None;
            }
            let skipped = usize::from(prefix.valued.contains(&word.as_str()));
            rest = after.get(skipped..)?;
        } else if prefix.assignments && is_assignment(word) {
            rest = after;
        } else if operands > 0 {
            operands -= 1;
            rest = after;
        } else {
            break;
        }
    }
    Some(rest)
}
