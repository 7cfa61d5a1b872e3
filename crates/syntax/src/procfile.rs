//! Procfiles: one process type per line.

use crate::Limits;

/// One process type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The type, such as `web`.
    pub name: String,
    /// The command line.
    pub command: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column of the command.
    pub column: u32,
}

/// Reads all process types; lines that are none are passed over. A text beyond the limits gives none.
pub fn parse(text: &str, limits: &Limits) -> Vec<Process> {
    if limits.check_size(text).is_err() {
        return Vec::new();
    }
    text.split('\n').enumerate().filter_map(|(at, line)| read_line(line, at as u32 + 1)).collect()
}

fn read_line(line: &str, number: u32) -> Option<Process> {
    let (name, command) = line.split_once(':')?;
    let name = name.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(is_name) || command.trim().is_empty() {
        return None;
    }
    let start = line.len() - command.trim_start().len();
    let column = line[..start].chars().count() as u32 + 1;
    Some(Process { name: name.to_owned(), command: command.trim().to_owned(), line: number, column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    #[test]
    fn reads_process_types() {
        let found = parse(
            "# web: no\nweb: gunicorn app:app --bind :$PORT\r\n\nrelease:  ./migrate\n",
            &Limits::default(),
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].command, "gunicorn app:app --bind :$PORT");
        assert_eq!((found[1].name.as_str(), found[1].line, found[1].column), ("release", 4, 11));
        assert!(parse(&"a".repeat(5_000_000), &Limits::default()).is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[a: #\n\té]")) {
            for process in parse(&text, &Limits::default()) {
                assert_inside(process.line, process.column, &text);
            }
        }
    }
}
