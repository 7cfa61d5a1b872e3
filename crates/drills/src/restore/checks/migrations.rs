//! Which migrations a restored copy has seen, against those of the repository: code that expects a newer schema does not
//! start on an older one.

use std::sync::LazyLock;

use seaworthy_database::Contents;
use serde::Deserialize;

use crate::Stop;
use crate::restore::report::{Check, Outcome};

/// Migrations of the repository that are applied as one sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// The key of their framework.
    pub framework: String,
    /// How many there are.
    pub count: usize,
    /// The newest of them, newest first.
    pub newest: Vec<String>,
}

/// Asks the restored database.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<Vec<String>>, Stop>;

/// Where a framework keeps what it applied.
#[derive(Debug, Deserialize)]
struct Kept {
    framework: String,
    table: String,
    columns: Vec<String>,
    #[serde(rename = "match")]
    by: By,
    /// Of rows that count.
    #[serde(default, rename = "where")]
    applied: Option<String>,
    /// Of rows that say that a migration did not come to its end.
    #[serde(default)]
    broken: Option<String>,
}

/// How a row names a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    /// By its name, with or without an ending, a folder or a namespace.
    Name,
    /// By its application and its name.
    Joined,
    /// By the number that its name begins with.
    Number,
    /// By all digits of its name's beginning: `2024-01-02-030405`.
    Digits,
    /// There is one row, with the highest number.
    Highest,
    /// There is one row for each branch: the last revision.
    Head,
    /// Not at all; there are as many rows as migrations.
    Count,
}

static KEPT: LazyLock<Vec<Kept>> =
    LazyLock::new(|| serde_json::from_str(include_str!("migrations.json")).unwrap_or_default());

/// What is known of one sequence.
enum Standing {
    /// The newest is applied.
    Level(String),
    /// Newer ones are not.
    Behind { last: String, newer: Vec<String> },
    /// As many as the repository has, more or fewer: names are not kept.
    Counted { applied: usize, expected: usize },
    /// None of the newest is applied.
    Foreign,
}

/// Compares the newest migration that is applied with the newest of the repository.
///
/// # Errors
/// An interrupt, or a server that is gone.
pub fn check(sequences: &[Sequence], contents: &Contents, ask: Ask) -> Result<Option<Check>, Stop> {
    let check = |outcome, detail| Some(Check { name: "migrations".to_owned(), outcome, detail });
    let mut level = Vec::new();
    let mut behind = Vec::new();
    let mut untold = Vec::new();
    for sequence in sequences.iter().filter(|sequence| !sequence.newest.is_empty()) {
        let Some(kept) = KEPT.iter().find(|kept| kept.framework == sequence.framework) else { continue };
        let framework = &sequence.framework;
        let Some(table) = table_of(contents, &kept.table) else {
            untold.push(format!("there is no table {} ({framework})", kept.table));
            continue;
        };
        let Some(applied) = applied(kept, table, ask)? else {
            untold.push(format!("{table} is not what {framework} keeps"));
            continue;
        };
        if let Some(broken) = &kept.broken
            && let Ok(rows) = ask(&format!("SELECT count(*) FROM {} WHERE {broken}", quoted(table)))
            && rows.first().and_then(|row| row.first()).is_some_and(|count| count != "0")
        {
            behind.push(format!("{table} says that a migration had not come to its end"));
        }
        match standing(kept.by, sequence, &applied) {
            Standing::Level(name) => {
                level.push(format!("{name} is the newest of {framework}, and is applied"))
            }
            Standing::Counted { applied, expected } if applied == expected => {
                level.push(format!("{applied} of {framework} are applied, as many as the repository has"));
            }
            Standing::Counted { applied, expected } => {
                behind
                    .push(format!("{applied} of {framework} are applied, and the repository has {expected}"));
            }
            Standing::Behind { last, newer } => behind.push(format!(
                "the newest of {framework} that is applied is {last}; the repository also has {}",
                some(&newer)
            )),
            Standing::Foreign => untold.push(format!(
                "none of the newest {} of {framework} is applied, such as {}",
                sequence.newest.len(),
                sequence.newest[0]
            )),
        }
    }
    if !behind.is_empty() {
        behind.push("the backup is older than those, or they are not deployed".to_owned());
        return Ok(check(Outcome::NotDone, behind.join("; ")));
    }
    // A repository may keep the migrations of several databases.
    if !level.is_empty() {
        return Ok(check(Outcome::Holds, level.join("; ")));
    }
    Ok(if untold.is_empty() { None } else { check(Outcome::NotDone, untold.join("; ")) })
}

fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The name of a table, with its schema.
fn table_of<'a>(contents: &'a Contents, name: &str) -> Option<&'a str> {
    let last = |table: &str| table.rsplit('.').next().unwrap_or_default().to_owned();
    contents
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .find(|table| last(table).eq_ignore_ascii_case(name))
}

/// An identifier that both kinds of quotes are right for: the check holds letters, digits and underscores only.
fn quoted(table: &str) -> String {
    let plain = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    table
        .split('.')
        .map(|part| if plain(part) { part.to_owned() } else { format!("\"{}\"", part.replace('"', "")) })
        .collect::<Vec<_>>()
        .join(".")
}

/// The rows of a table of applied migrations; none where it has other columns.
fn applied(kept: &Kept, table: &str, ask: Ask) -> Result<Option<Vec<String>>, Stop> {
    let columns: Vec<String> = kept.columns.iter().map(|column| format!("\"{column}\"")).collect();
    let condition = kept.applied.as_ref().map_or(String::new(), |applied| format!(" WHERE {applied}"));
    let query = format!("SELECT {} FROM {}{condition}", columns.join(", "), quoted(table));
    match ask(&query) {
        Ok(rows) => Ok(Some(rows.into_iter().take(100_000).map(|row| row.join(".")).collect())),
        Err(Stop::Interrupted) => Err(Stop::Interrupted),
        Err(_) => Ok(None),
    }
}

fn standing(by: By, sequence: &Sequence, applied: &[String]) -> Standing {
    if by == By::Count {
        return Standing::Counted { applied: applied.len(), expected: sequence.count };
    }
    let highest = applied.iter().filter_map(|text| number(text)).max();
    let there = |name: &String| match by {
        By::Joined | By::Head => applied.contains(name),
        By::Name => applied.iter().any(|text| plain(text) == plain(name)),
        By::Number => {
            number(name).is_some_and(|wanted| applied.iter().any(|text| number(text) == Some(wanted)))
        }
        By::Digits => !digits(name).is_empty() && applied.iter().any(|text| digits(text) == digits(name)),
        By::Highest => number(name).is_some() && number(name) <= highest,
        By::Count => false,
    };
    match sequence.newest.iter().position(there) {
        None => Standing::Foreign,
        Some(0) => Standing::Level(sequence.newest[0].clone()),
        Some(at) => {
            Standing::Behind { last: sequence.newest[at].clone(), newer: sequence.newest[..at].to_vec() }
        }
    }
}

/// Without a folder, a namespace, and an ending that files of migrations have.
fn plain(name: &str) -> &str {
    let name = name.rsplit(['/', '\\', ':']).next().unwrap_or(name);
    [".js", ".ts", ".cjs", ".mjs", ".sql", ".php", ".cs", ".java", ".py"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// The number that a name begins with, behind a letter such as that of `V12__x`.
fn number(name: &str) -> Option<u128> {
    let name = plain(name).trim_start_matches(['V', 'v', 'U']);
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name[..end].parse().ok()
}

/// The digits that a name begins with, without the dashes between them.
fn digits(name: &str) -> String {
    name.chars().take_while(|c| c.is_ascii_digit() || *c == '-').filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_database::Table;

    use super::*;

    #[test]
    fn the_table_of_tables_is_read() {
        assert_eq!(KEPT.len(), 26);
        for kept in KEPT.iter() {
            assert!(!kept.columns.is_empty(), "{}", kept.framework);
        }
    }

    fn said(framework: &str, table: &str, newest: &[&str], rows: &[&[&str]]) -> String {
        let sequence = Sequence {
            framework: framework.to_owned(),
            count: newest.len(),
            newest: newest.iter().map(|name| (*name).to_owned()).collect(),
        };
        let contents = Contents {
            tables: vec![Table { name: table.to_owned(), ..Table::default() }],
            ..Contents::default()
        };
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|field| (*field).to_owned()).collect()).collect();
        let mut ask = |query: &str| {
            Ok(if query.starts_with("SELECT count(*)") { vec![vec!["0".to_owned()]] } else { rows.clone() })
        };
        let check = check(&[sequence], &contents, &mut ask).unwrap();
        check.map_or(String::new(), |check| format!("{:?} {}", check.outcome, check.detail))
    }

    #[test]
    fn each_way_to_name_a_migration() {
        for (framework, table, newest, rows) in [
            (
                "django",
                "public.django_migrations",
                &["shop.0002_b", "shop.0001_a"][..],
                &[&["shop", "0002_b"][..]][..],
            ),
            ("rails", "public.schema_migrations", &["20240102000000_add_b"], &[&["20240102000000"]]),
            ("golang-migrate", "schema_migrations", &["000002_b"], &[&["2"]]),
            ("alembic", "public.alembic_version", &["ae1027a6acf"], &[&["ae1027a6acf"]]),
            ("flyway", "public.flyway_schema_history", &["V2__b"], &[&["sub/V2__b.sql"]]),
            ("typeorm", "public.migrations", &["1690000000000-CreateB"], &[&["1690000000000"]]),
            (
                "doctrine",
                "doctrine_migration_versions",
                &["Version20240102"],
                &[&["DoctrineMigrations\\Version20240102"]],
            ),
            ("diesel", "__diesel_schema_migrations", &["2024-01-02-030405_b"], &[&["20240102030405"]]),
            ("drizzle", "drizzle.__drizzle_migrations", &["0001_b"], &[&["1700000000000"]]),
            ("knex", "public.knex_migrations", &["20240102_b"], &[&["20240102_b.js"]]),
        ] {
            let said = said(framework, table, newest, rows);
            assert!(said.starts_with("Holds"), "{framework}: {said}");
        }
    }

    #[test]
    fn an_older_copy_is_told_with_the_names_of_what_it_lacks() {
        let newest = ["shop.0003_c", "shop.0002_b", "shop.0001_a"];
        let behind = said("django", "public.django_migrations", &newest, &[&["shop", "0001_a"]]);
        assert!(behind.starts_with("NotDone") && behind.contains("shop.0003_c, shop.0002_b"), "{behind}");
        let foreign = said("django", "public.django_migrations", &newest, &[&["blog", "0001_a"]]);
        assert!(foreign.contains("none of the newest 3"), "{foreign}");
        let missing = said("django", "public.other", &newest, &[]);
        assert!(missing.contains("no table django_migrations"), "{missing}");
        let other = said("drizzle", "__drizzle_migrations", &["0002_c", "0001_b"], &[&["1"]]);
        assert!(other.contains("1 of drizzle are applied, and the repository has 2"), "{other}");
    }
}
