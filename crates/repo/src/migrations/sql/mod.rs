//! Reads SQL of any dialect down to the operations that matter, token by token.
//!
//! A full parser would know one dialect, give up on templates, not look into `DO` blocks, and recurse as deep as a hostile
//! file asks. Schema statements are regular enough at their heads to be read without one.

pub mod lexer;
mod statements;

use super::operations::Step;
pub use statements::gives_each_row_its_own;

/// The operations of a piece of SQL that begins on `line` of its file.
pub fn steps(text: &str, line: u32) -> Vec<Step> {
    statements::read(text, line)
}

/// Whether the text holds any statement at all (comments apart).
pub fn has_statements(text: &str) -> bool {
    let mut tokens = lexer::tokens(text, 1).into_iter();
    tokens.any(|token| !token.is_symbol(';'))
}

/// Whether a string literal of a program looks like SQL that changes a schema or rows.
pub fn looks_like_sql(text: &str) -> bool {
    let tokens = lexer::tokens(text.get(..text.len().min(2_000)).unwrap_or(text), 1);
    let mut words = tokens.iter().filter_map(lexer::Token::word);
    let first = words.next().unwrap_or_default().to_ascii_uppercase();
    let second = words.next().unwrap_or_default().to_ascii_uppercase();
    match first.as_str() {
        "CREATE" | "DROP" | "ALTER" | "COMMENT" => matches!(
            second.as_str(),
            "TABLE"
                | "INDEX"
                | "UNIQUE"
                | "VIEW"
                | "MATERIALIZED"
                | "TYPE"
                | "EXTENSION"
                | "FUNCTION"
                | "TRIGGER"
                | "SCHEMA"
                | "SEQUENCE"
                | "POLICY"
                | "OR"
                | "TEMPORARY"
                | "TEMP"
                | "DATABASE"
                | "PROCEDURE"
                | "DOMAIN"
                | "RULE"
                | "ROLE"
                | "PUBLICATION"
                | "IF"
                | "UNLOGGED"
                | "ON"
                | "FULLTEXT"
                | "USER"
        ),
        "INSERT" => second == "INTO" || second == "IGNORE",
        "DELETE" => second == "FROM",
        "TRUNCATE" | "UPDATE" | "DO" | "SET" | "RENAME" | "REINDEX" | "WITH" | "GRANT" | "REVOKE"
        | "VACUUM" => tokens.len() > 2,
        "BEGIN" | "START" | "PRAGMA" => tokens.len() > 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
