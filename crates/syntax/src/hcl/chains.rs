//! A guard before the parser of HCL. Where the last operand of a chain of operators is broken, that parser reads the
//! operand twice; operands nested within operands double the work with each level.

/// Nested operands, each behind two operators or more, that are taken; people write two or three.
const NESTED: usize = 8;

enum Open {
    /// A bracket, with what was counted outside of it.
    Bracket {
        operators: usize,
        nested: bool,
        brace: bool,
    },
    /// A part of a text that is an expression.
    Template {
        operators: usize,
        nested: bool,
    },
    Text,
    Heredoc(String),
}

/// Whether operands are nested within operands deeper than is read; the place, in bytes.
pub fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let (mut at, mut operators, mut nested) = (0, 0_usize, 0_usize);
    while let Some(byte) = bytes.get(at).copied() {
        let next = bytes.get(at + 1).copied();
        let template = matches!(byte, b'$' | b'%') && next == Some(b'{');
        match open.last() {
            Some(Open::Text | Open::Heredoc(_)) if template => {
                let deeper = operators >= 2;
                nested += usize::from(deeper);
                open.push(Open::Template { operators, nested: deeper });
                operators = 0;
                at += 1;
            }
            Some(Open::Text) => match byte {
                b'\\' => at += 1,
                b'"' => drop(open.pop()),
                _ => {}
            },
            Some(Open::Heredoc(marker)) => {
                if byte == b'\n' {
                    let line = text.get(at + 1..).and_then(|rest| rest.lines().next()).unwrap_or_default();
                    if line.trim() == marker {
                        at += line.len();
                        open.pop();
                    }
                }
            }
            _ => match byte {
                b'"' => open.push(Open::Text),
                b'#' => at = end_of_line(bytes, at),
                b'/' if next == Some(b'/') => at = end_of_line(bytes, at),
                b'/' if next == Some(b'*') => {
                    at = text
                        .get(at..)
                        .and_then(|rest| rest.find("*/"))
                        .map_or(bytes.len(), |end| at + end + 1);
                }
                b'<' if next == Some(b'<') => {
                    let line = &text[at + 2..end_of_line(bytes, at)];
                    open.push(Open::Heredoc(line.trim_start_matches('-').trim().to_owned()));
                    at = end_of_line(bytes, at) - 1;
                }
                b'{' | b'(' | b'[' => {
                    let deeper = operators >= 2;
                    nested += usize::from(deeper);
                    open.push(Open::Bracket { operators, nested: deeper, brace: byte == b'{' });
                    operators = 0;
                }
                b'}' | b')' | b']' => match open.pop() {
                    Some(Open::Bracket { operators: outside, nested: deeper, .. })
                    | Some(Open::Template { operators: outside, nested: deeper }) => {
                        nested -= usize::from(deeper);
                        operators = outside;
                    }
                    _ => {}
                },
                b'=' if next == Some(b'=') => {
                    operators += 1;
                    at += 1;
                }
                b'!' | b'<' | b'>' if next == Some(b'=') => {
                    operators += 1;
                    at += 1;
                }
                b'&' | b'|' if next == Some(byte) => {
                    operators += 1;
                    at += 1;
                }
                b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%' => operators += 1,
                b'=' | b',' | b':' | b'?' => operators = 0,
                b'\n' if matches!(open.last(), None | Some(Open::Bracket { brace: true, .. })) => {
                    operators = 0
                }
                _ => {}
            },
        }
        if nested > NESTED {
            return Some(at.min(text.len()));
        }
        at += 1;
    }
    None
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_taken() {
        let sound = [
            "a = b && c || (d && e || (f && g || (h && i)))\n".repeat(50),
            "a = \"https://x/y/(\"\nb = \"/a/b/[\"\n".repeat(50),
            "a = <<-EOF\n  a / b / (\n  ${c + d + (e)}\n  EOF\n".repeat(50),
            "a = { b-c-d = { e = [{ f = g(h(i(j(k(l(m(n(o(1 + 2 + 3))))))))) }] } }\n".to_owned(),
            "# a / b / (\n// a / b / (\n/* a / b / ( */\n".repeat(50),
            "}}}))) a << b\n<<".to_owned(),
        ];
        for text in sound {
            assert_eq!(too_deep(&text), None, "{text}");
        }
    }

    #[test]
    fn operands_within_operands_are_refused() {
        for level in ["{\n s/a == {\n i/a == ", "a + b + (", "a + b + f(", "a + b + \"${", "a + b + [c, "] {
            let text = format!("x = {}", level.repeat(40));
            assert!(too_deep(&text).is_some(), "{level}");
            assert!(crate::hcl::parse(&text, &crate::Limits::default()).is_err(), "{level}");
        }
    }
}
