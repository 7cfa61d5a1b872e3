//! What a database holds, and how two of them differ.

use serde::{Deserialize, Serialize};

/// What a database holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Its tables, by name.
    pub tables: Vec<Table>,
    /// Its sequences, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
    /// What it needs installed, where the engine has such things.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// With its schema, where the engine has them: `public.orders`.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Sum, modulo 2⁶⁴, of a 64-bit hash of every row: the order of the rows does not matter.
    pub checksum: String,
    /// Its columns, constraints and indexes, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub definition: Vec<String>,
}

/// A sequence that fills a column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// With its schema.
    pub name: String,
    /// The column that it fills, with its table.
    pub column: String,
    /// The value that it gives next.
    pub next: i64,
    /// The highest value of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<i64>,
    /// What it adds each time.
    pub step: i64,
}

impl Sequence {
    /// The next value that it gives may be there already.
    pub fn is_behind(&self) -> bool {
        self.step > 0 && self.highest.is_some_and(|highest| self.next <= highest)
    }
}

impl Contents {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Names tables with their database, where it is one of several.
    pub fn qualify(&mut self, database: &str) {
        for table in &mut self.tables {
            table.name = format!("{database}.{}", table.name);
        }
    }

    /// A table.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// How one database differs from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Difference {
    /// A table is not there.
    Missing {
        /// The table.
        table: String,
        /// The rows that it should have.
        rows: u64,
    },
    /// A table is there that should not be.
    Added {
        /// The table.
        table: String,
    },
    /// It has another number of rows.
    Rows {
        /// The table.
        table: String,
        /// How many it should have.
        expected: u64,
        /// How many it has.
        found: u64,
    },
    /// As many rows, with other contents.
    Content {
        /// The table.
        table: String,
    },
    /// It lacks an extension.
    Extension {
        /// The extension.
        name: String,
    },
    /// It is built otherwise.
    Definition {
        /// The table.
        table: String,
        /// What it lacks.
        lacks: Vec<String>,
        /// What it has instead.
        has: Vec<String>,
    },
}

impl Difference {
    /// The table that it is about.
    pub fn table(&self) -> Option<&str> {
        match self {
            Difference::Missing { table, .. }
            | Difference::Added { table }
            | Difference::Rows { table, .. }
            | Difference::Content { table }
            | Difference::Definition { table, .. } => Some(table),
            Difference::Extension { .. } => None,
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Difference::Missing { table, rows } => write!(f, "{table} is missing ({rows} rows)"),
            Difference::Added { table } => write!(f, "{table} should not be there"),
            Difference::Rows { table, expected, found: 0 } => {
                write!(f, "{table} is empty, and should have {expected} rows")
            }
            Difference::Rows { table, expected, found } => {
                write!(f, "{table} has {found} rows instead of {expected}")
            }
            Difference::Content { table } => write!(f, "{table} has as many rows, with other contents"),
            Difference::Extension { name } => write!(f, "it lacks the extension {name}"),
            Difference::Definition { table, lacks, has } => {
                write!(f, "{table} is built otherwise:")?;
                if !lacks.is_empty() {
                    write!(f, " it lacks {}", lacks.join("; "))?;
                }
                if !has.is_empty() {
                    write!(f, "{} it has {}", if lacks.is_empty() { "" } else { ";" }, has.join("; "))?;
                }
                Ok(())
            }
        }
    }
}

/// Casts that PostgreSQL moves when it reads a definition that it wrote itself:
/// `(status)::text = ANY ((ARRAY['a'::character varying])::text[])` comes back from a dump as
/// `(status)::text = ANY (ARRAY[('a'::character varying)::text])`.
const MOVED: &[&str] =
    &["::character varying[]", "::character varying", "::text[]", "::text", "::bpchar[]", "::bpchar"];

/// The same definition, although casts of texts and parentheses stand elsewhere.
fn alike(line: &str, other: &str) -> bool {
    let plain = |line: &str| {
        let line = MOVED.iter().fold(line.to_owned(), |line, cast| line.replace(cast, ""));
        line.replace(['(', ')'], "")
    };
    line == other || (line.contains("::") && other.contains("::") && plain(line) == plain(other))
}

/// How `found` differs from what is expected.
pub fn compare(expected: &Contents, found: &Contents) -> Vec<Difference> {
    let mut differences = Vec::new();
    for table in &expected.tables {
        let name = || table.name.clone();
        let Some(other) = found.table(&table.name) else {
            differences.push(Difference::Missing { table: name(), rows: table.rows });
            continue;
        };
        let without = |lines: &[String], others: &[String]| -> Vec<String> {
            let there = |line: &str| others.iter().any(|other| alike(line, other));
            lines.iter().filter(|line| !there(line)).take(5).cloned().collect()
        };
        // A manifest may have been written without definitions.
        if !table.definition.is_empty() && table.definition != other.definition {
            let lacks = without(&table.definition, &other.definition);
            let has = without(&other.definition, &table.definition);
            if !lacks.is_empty() || !has.is_empty() {
                differences.push(Difference::Definition { table: name(), lacks, has });
            }
        }
        if table.rows != other.rows {
            differences.push(Difference::Rows { table: name(), expected: table.rows, found: other.rows });
        } else if table.checksum != other.checksum {
            differences.push(Difference::Content { table: name() });
        }
    }
    for table in &found.tables {
        if expected.table(&table.name).is_none() {
            differences.push(Difference::Added { table: table.name.clone() });
        }
    }
    // What is there besides was not recorded by earlier versions.
    let lacks = expected.extensions.iter().filter(|name| !found.extensions.contains(name));
    differences.extend(lacks.map(|name| Difference::Extension { name: name.clone() }));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, rows: u64, checksum: &str, definition: &[&str]) -> Table {
        Table {
            name: name.to_owned(),
            rows,
            checksum: checksum.to_owned(),
            definition: definition.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn casts_that_a_dump_moves_are_no_difference() {
        let of = |check: &str| Contents {
            tables: vec![table("a", 1, "x", &["status character varying(9)", check])],
            ..Contents::default()
        };
        let made = "CHECK (((status)::text = ANY ((ARRAY['on'::character varying, 'off'::character varying])::text[])))";
        let restored = "CHECK (((status)::text = ANY (ARRAY[('on'::character varying)::text, ('off'::character varying)::text])))";
        assert_eq!(compare(&of(made), &of(restored)), []);
        assert_eq!(compare(&of(made), &of(&restored.replace("off", "out"))).len(), 1);
        assert_eq!(compare(&of(made), &of("CHECK (true)")).len(), 1);
    }

    #[test]
    fn each_kind_of_difference_is_found() {
        let expected = Contents {
            tables: vec![
                table("a", 2, "x", &["id bigint"]),
                table("b", 0, "0", &[]),
                table("c", 3, "y", &[]),
                table("d", 1, "z", &["n text"]),
            ],
            extensions: vec!["hstore".to_owned()],
            ..Contents::default()
        };
        assert_eq!(compare(&expected, &expected), []);
        let found = Contents {
            tables: vec![
                table("a", 2, "w", &["id integer"]),
                table("c", 0, "0", &[]),
                table("d", 1, "z", &["n text"]),
                table("e", 0, "0", &[]),
            ],
            ..Contents::default()
        };
        let said: Vec<String> = compare(&expected, &found).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "a is built otherwise: it lacks id bigint; it has id integer",
                "a has as many rows, with other contents",
                "b is missing (0 rows)",
                "c is empty, and should have 3 rows",
                "e should not be there",
                "it lacks the extension hstore",
            ]
        );
    }

    #[test]
    fn a_sequence_is_behind_when_its_next_value_is_taken() {
        let sequence = |next, highest| Sequence { next, highest, step: 1, ..Sequence::default() };
        assert!(sequence(5, Some(5)).is_behind());
        assert!(!sequence(6, Some(5)).is_behind());
        assert!(!sequence(1, None).is_behind());
    }
}
