//! What a server and its databases are.

use super::session::{Session, quoted};
use crate::contents::{Contents, Sequence, Table};
use crate::{Error, Identity};

/// A server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Its version, as it says it: `10.11.6-MariaDB-0+deb12u1`, `8.0.36`.
    pub version: String,
    /// The database of the connection; empty without one.
    pub database: String,
    /// Which it is.
    pub identity: Identity,
}

/// Databases that every server has for itself.
pub fn is_system(database: &str) -> bool {
    ["mysql", "sys", "information_schema", "performance_schema"]
        .iter()
        .any(|system| database.eq_ignore_ascii_case(system))
}

/// How values are written must not depend on the settings of a server or a user.
const SETTINGS: &[&str] = &[
    "SET SESSION sql_mode = ''",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_quote_show_create = 1",
];

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// Asks a server who it is.
///
/// # Errors
/// The server's.
pub fn server(session: &mut Session) -> Result<Server, Error> {
    let version = session.value("SELECT @@version")?;
    let database = session.value("SELECT coalesce(database(), '')")?;
    // MySQL's alone. What MariaDB calls server_uid is made of the machine and the port, and two servers may share it.
    let id = session.value("SELECT @@server_uuid").ok();
    let data = session.value("SELECT concat(@@hostname, ':', @@datadir)").ok();
    Ok(Server { version, database, identity: Identity { id, data } })
}

/// Opens a read-only snapshot: everything that is asked from now on is of one moment, as far as tables have transactions.
///
/// # Errors
/// The server's.
pub fn open_snapshot(session: &mut Session) -> Result<(), Error> {
    for setting in SETTINGS {
        session.rows(setting)?;
    }
    // MySQL answers from a cache otherwise; MariaDB knows no such variable.
    let _ = session.rows("SET SESSION information_schema_stats_expiry = 0");
    session.rows("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
    session.rows("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")?;
    Ok(())
}

/// The databases of applications.
///
/// # Errors
/// The server's.
pub fn databases(session: &mut Session) -> Result<Vec<String>, Error> {
    let rows = session.rows("SELECT schema_name FROM information_schema.schemata ORDER BY 1")?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).filter(|name| !is_system(name)).collect())
}

/// Tables of a database that no snapshot holds: their engine has no transactions.
///
/// # Errors
/// The server's.
pub fn without_transactions(session: &mut Session, database: &str) -> Result<Vec<String>, Error> {
    let rows = session.rows(&format!(
        "SELECT t.table_name FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine \
         WHERE t.table_schema = {} AND t.table_type = 'BASE TABLE' AND coalesce(e.transactions, 'NO') <> 'YES' ORDER BY 1",
        text(database)
    ))?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
}

/// Types whose text holds neither a `#` nor an `N`, and does not depend on a character set.
const SHORT: &[&str] = &[
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "bigint",
    "decimal",
    "float",
    "double",
    "date",
    "datetime",
    "timestamp",
    "time",
    "year",
];

const GEOMETRIES: &[&str] = &[
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
];

/// What stands for a column in the text of a row.
fn expression(column: &str, kind: &str) -> String {
    let column = quoted(column);
    let kind = kind.to_ascii_lowercase();
    let value = if SHORT.contains(&kind.as_str()) {
        column
    } else if kind == "bit" {
        format!("{column} + 0")
    } else if GEOMETRIES.contains(&kind.as_str()) {
        format!("md5(ST_AsWKB({column}))")
    } else {
        // Of the bytes as they are stored: rows of any length become short.
        format!("md5({column})")
    };
    format!("coalesce({value}, 'N')")
}

/// Everything that databases hold, in the snapshot that is open. Of several with tables, tables are named with theirs. `look` is told
/// the table that comes next, and how far it is.
///
/// # Errors
/// The server's: a table that the user may not read is one.
pub fn contents(
    session: &mut Session,
    databases: &[String],
    look: &mut dyn FnMut(&str, usize, usize),
) -> Result<Contents, Error> {
    let mut found = Vec::new();
    for database in databases {
        let rows = session.rows(&format!(
            "SELECT table_name, table_type, coalesce(auto_increment, '') FROM information_schema.tables \
             WHERE table_schema = {} AND table_type <> 'VIEW' AND table_type <> 'SYSTEM VIEW' ORDER BY table_name",
            text(database)
        ))?;
        found.extend(rows.into_iter().filter(|row| row.len() == 3).map(|row| (database.clone(), row)));
    }
    let mut contents = Contents::default();
    let total = found.len();
    let several = found.iter().any(|(database, _)| *database != found[0].0);
    for (index, (database, row)) in found.iter().enumerate() {
        let [name, kind, increment] = row.as_slice() else { continue };
        let shown = if several { format!("{database}.{name}") } else { name.clone() };
        look(&shown, index, total);
        if kind == "SEQUENCE" {
            continue;
        }
        table(session, database, name, &shown, increment, &mut contents)?;
    }
    Ok(contents)
}

fn table(
    session: &mut Session,
    database: &str,
    name: &str,
    shown: &str,
    increment: &str,
    contents: &mut Contents,
) -> Result<(), Error> {
    let columns = session.rows(&format!(
        "SELECT column_name, data_type, extra, coalesce(column_default, '') FROM information_schema.columns \
         WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position",
        text(database),
        text(name)
    ))?;
    let columns: Vec<&Vec<String>> = columns.iter().filter(|row| row.len() == 4).collect();
    let place = format!("{}.{}", quoted(database), quoted(name));
    // Generated columns follow from the others.
    let values: Vec<String> = columns
        .iter()
        .filter(|row| !row[2].to_ascii_uppercase().contains(" GENERATED"))
        .map(|row| expression(&row[0], &row[1]))
        .collect();
    let hash = if values.is_empty() {
        "0".to_owned()
    } else {
        format!("cast(conv(left(md5(concat_ws('#', {})), 16), 16, 10) AS unsigned)", values.join(", "))
    };
    let counted = session.rows(&format!("SELECT count(*), coalesce(sum({hash}), 0) FROM {place}")).map_err(
        |error| match error {
            Error::Answered(why) => Error::Answered(format!("{shown} cannot be read: {why}")),
            other => other,
        },
    )?;
    let numbers = counted.first().filter(|row| row.len() == 2);
    let rows = numbers.and_then(|row| row[0].parse::<u64>().ok());
    let sum = numbers.and_then(|row| row[1].parse::<u128>().ok());
    let (Some(rows), Some(sum)) = (rows, sum) else {
        return Err(Error::Unusable(format!("{shown}: the server's answer was not understood")));
    };
    let modulo = u64::try_from(sum & u128::from(u64::MAX)).unwrap_or(0);
    let created = session.rows(&format!("SHOW CREATE TABLE {place}"))?;
    let created = created.first().and_then(|row| row.get(1)).map_or("", String::as_str);
    contents.tables.push(Table {
        name: shown.to_owned(),
        rows,
        checksum: format!("{modulo:016x}"),
        definition: definition(created),
    });
    // Rights of the user decide whether these can be seen; nothing else does.
    if let Some(column) = columns.iter().find(|row| row[2].to_ascii_lowercase().contains("auto_increment"))
        && let Ok(next) = increment.parse::<i64>()
    {
        let highest =
            session.value(&format!("SELECT coalesce(max({}), '') FROM {place}", quoted(&column[0])))?;
        contents.sequences.push(Sequence {
            name: format!("auto_increment of {shown}"),
            column: format!("{shown}.{}", column[0]),
            next,
            highest: highest.parse().ok(),
            step: 1,
        });
    }
    for column in &columns {
        if let Some(sequence) = sequence_of(&column[3]) {
            let state = session.rows(&format!("SELECT next_not_cached_value, increment FROM {sequence}"))?;
            let highest =
                session.value(&format!("SELECT coalesce(max({}), '') FROM {place}", quoted(&column[0])))?;
            let Some([next, step]) = state.first().map(Vec::as_slice) else { continue };
            contents.sequences.push(Sequence {
                name: sequence.rsplit('.').next().unwrap_or_default().trim_matches('`').to_owned(),
                column: format!("{shown}.{}", column[0]),
                next: next.parse().unwrap_or(i64::MAX),
                highest: highest.parse().ok(),
                step: step.parse().unwrap_or(1),
            });
        }
    }
    Ok(())
}

/// The sequence of a default: nextval(`shop`.`s`).
fn sequence_of(default: &str) -> Option<&str> {
    let inner = default.trim().strip_prefix("nextval(")?.strip_suffix(')')?;
    let quotes = inner.matches('`').count();
    (inner.starts_with('`') && inner.ends_with('`') && quotes == 4 && inner.contains("`.`")).then_some(inner)
}

/// The lines of a statement that makes a table: columns in their order, keys sorted, and without the next number, which
/// no comparison may depend on.
fn definition(created: &str) -> Vec<String> {
    let mut columns = Vec::new();
    let mut rest = Vec::new();
    for line in created.lines().skip(1) {
        let line = line.trim().trim_end_matches(',');
        if line.starts_with('`') {
            columns.push(line.to_owned());
        } else {
            rest.push(without_next_number(line));
        }
    }
    rest.sort();
    columns.extend(rest);
    columns
}

fn without_next_number(line: &str) -> String {
    let Some((before, after)) = line.split_once(" AUTO_INCREMENT=") else { return line.to_owned() };
    format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_no_next_number() {
        let created = "CREATE TABLE `a` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `n` text,\n  PRIMARY KEY (`id`),\n  KEY `b` (`n`)\n) \
                       ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4";
        assert_eq!(
            definition(created),
            [
                "`id` int(11) NOT NULL AUTO_INCREMENT",
                "`n` text",
                ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                "KEY `b` (`n`)",
                "PRIMARY KEY (`id`)"
            ]
        );
    }

    #[test]
    fn a_sequence_is_named_by_a_default() {
        assert_eq!(sequence_of("nextval(`shop`.`s`)"), Some("`shop`.`s`"));
        assert_eq!(sequence_of("nextval(`a`) or x(`b`.`c`)"), None);
        assert_eq!(sequence_of("uuid()"), None);
    }
}
