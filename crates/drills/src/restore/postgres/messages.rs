//! What pg_restore and psql say when statements fail.

use std::collections::BTreeSet;

/// A statement that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What the server said.
    pub message: String,
    /// The statement, or its beginning.
    pub statement: String,
}

/// The statements that failed, from the messages of a program.
pub fn faults(messages: &str) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for line in messages.lines() {
        let line = line.trim();
        // `pg_restore: error: could not execute query: ERROR:  …`, `psql:<stdin>:12: ERROR:  …`
        if let Some((_, message)) = line.split_once("ERROR:  ") {
            faults.push(Fault { message: message.to_owned(), statement: String::new() });
        } else if let Some((_, message)) = line.split_once("FATAL:  ") {
            faults.push(Fault { message: message.to_owned(), statement: String::new() });
        } else if let Some(message) = line.strip_prefix("pg_restore: error: ") {
            if !message.starts_with("could not execute query") {
                faults.push(Fault { message: message.to_owned(), statement: String::new() });
            }
        } else if let Some(statement) =
            line.strip_prefix("Command was: ").or_else(|| of_psql(line).strip_prefix("STATEMENT:  "))
            && let Some(last) = faults.last_mut()
        {
            last.statement = statement.chars().take(200).collect();
        }
    }
    faults
}

/// A line without what psql puts before it: `psql:<stdin>:12: `.
fn of_psql(line: &str) -> &str {
    line.strip_prefix("psql:").and_then(|rest| rest.split_once(": ")).map_or(line, |(_, rest)| rest)
}

impl Fault {
    /// Whether a script that removes what is there before it makes it new failed to find it.
    pub fn is_harmless(&self) -> bool {
        let statement = self.statement.trim_start().to_ascii_uppercase();
        let drops = statement.starts_with("DROP ")
            || (statement.starts_with("ALTER ") && statement.contains(" DROP "));
        (drops && self.message.contains("does not exist"))
            || (statement.starts_with("CREATE ROLE ") && self.message.contains("already exists"))
            // Every new database has it, and a dump of this schema alone makes it.
            || self.message == "schema \"public\" already exists"
    }

    /// Whether it asks for something that is not there.
    pub fn lacks_something(&self) -> bool {
        ["does not exist", "could not access file", "is not available"]
            .iter()
            .any(|sign| self.message.contains(sign))
    }

    /// For people.
    pub fn shown(&self) -> String {
        if self.statement.is_empty() {
            self.message.clone()
        } else {
            format!("{} ({})", self.message, self.statement)
        }
    }
}

/// What failed, in one sentence.
pub fn summary(faults: &[Fault], left_out: &BTreeSet<String>) -> String {
    let mut text = match faults {
        [one] => format!("a statement failed: {}", one.shown()),
        [first, ..] => format!("{} statements failed, the first: {}", faults.len(), first.shown()),
        [] => "it failed without a reason".to_owned(),
    };
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(String::as_str).collect();
        text.push_str(&format!("; left out because it is not installed here: {}", names.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_new_database_has_is_no_fault() {
        let text = "pg_restore: error: could not execute query: ERROR:  schema \"public\" already exists\nCommand was: CREATE SCHEMA public;\n";
        assert!(faults(text)[0].is_harmless());
        let text = text.replace("public", "shop");
        assert!(!faults(&text)[0].is_harmless());
    }

    #[test]
    fn both_programs() {
        let text = "pg_restore: from TOC entry 3; 12 16 TABLE t o\n\
            pg_restore: error: could not execute query: ERROR:  type \"geometry\" does not exist\n\
            LINE 1: CREATE\nCommand was: CREATE TABLE t (\n\
            pg_restore: warning: errors ignored on restore: 1\n\
            psql:<stdin>:7: ERROR:  table \"x\" does not exist\npsql:<stdin>:7: STATEMENT:  DROP TABLE public.x;\n\
            pg_restore: error: could not read from input file: end of file\n";
        let found = faults(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0].statement, "CREATE TABLE t (");
        assert!(!found[0].is_harmless());
        assert!(found[1].is_harmless());
        assert!(found[2].message.contains("end of file"));
    }
}
