//! What a server and its databases are, asked of the catalogue.

use crate::contents::{Contents, Sequence, Table};
use crate::{Error, Identity};

use super::Session;

/// A server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Its version, as it says it.
    pub version: String,
    /// Its major version.
    pub major: u32,
    /// The database of the connection.
    pub database: String,
    /// Which it is.
    pub identity: Identity,
}

/// How values are written must not depend on the settings of a database or a role.
const SETTINGS: &str = "SET search_path = ''; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; \
     SET extra_float_digits = 1; SET bytea_output = 'hex'; SET timezone = 'UTC'; SET xmloption = 'content'; \
     SET statement_timeout = 0; SET row_security = off";

/// Asks a server who it is.
///
/// # Errors
/// The server's.
pub fn server(session: &mut Session) -> Result<Server, Error> {
    let version = session.value("SHOW server_version")?;
    let number = session.value("SHOW server_version_num")?;
    let major = number.parse::<u32>().map(|number| number / 10_000).unwrap_or(0);
    let database = session.value("SELECT current_database()")?;
    // Both may be kept from a role without privileges.
    let id = session.value("SELECT system_identifier FROM pg_catalog.pg_control_system()").ok();
    let data = session.value("SHOW data_directory").ok();
    Ok(Server { version, major, database, identity: Identity { id, data } })
}

/// Opens a read-only snapshot: everything that is asked from now on is of one moment. `import` names a snapshot that
/// another session exported.
///
/// # Errors
/// The server's.
pub fn open_snapshot(session: &mut Session, import: Option<&str>) -> Result<(), Error> {
    for setting in SETTINGS.split(';') {
        session.rows(setting.trim())?;
    }
    session.rows("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    if let Some(import) = import {
        session.rows(&format!("SET TRANSACTION SNAPSHOT '{}'", import.replace('\'', "''")))?;
    }
    Ok(())
}

/// Exports the snapshot, so that `pg_dump --snapshot` sees the same.
///
/// # Errors
/// The server's.
pub fn export_snapshot(session: &mut Session) -> Result<String, Error> {
    session.value("SELECT pg_catalog.pg_export_snapshot()")
}

/// Tables that hold data of their own, without those that belong to an extension: the extension brings them along.
const TABLES: &str = "SELECT c.oid, n.nspname, c.relname, \
       pg_catalog.format('%I.%I', n.nspname, c.relname) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
       AND c.relpersistence <> 't' \
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
           AND d.objid = c.oid AND d.deptype = 'e') \
     ORDER BY 2, 3";

/// Columns, constraints and indexes. Constraints that only say NOT NULL are told with their column, as servers before
/// version 18 do.
const DEFINITIONS: &str = "SELECT a.attrelid, 1, a.attnum::int, \
       a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' \
     WHERE a.attnum > 0 AND NOT a.attisdropped \
     UNION ALL SELECT k.conrelid, 2, 0, k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid) \
     FROM pg_catalog.pg_constraint k WHERE k.conrelid <> 0 AND k.contype <> 'n' \
     UNION ALL SELECT i.indrelid, 3, 0, pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i \
     ORDER BY 1, 2, 3, 4";

/// Sequences that fill a column: owned ones, identity columns, and defaults that call nextval.
const SEQUENCES: &str = "SELECT DISTINCT pg_catalog.format('%I.%I', sn.nspname, s.relname), \
       pg_catalog.format('%I.%I', tn.nspname, t.relname), pg_catalog.format('%I', a.attname), q.seqincrement \
     FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class s ON s.oid = q.seqrelid \
     JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace \
     JOIN ( \
       SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attribute FROM pg_catalog.pg_depend d \
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 \
       UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_catalog.pg_depend d \
         JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid \
         WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n' \
     ) u ON u.sequence = q.seqrelid \
     JOIN pg_catalog.pg_class t ON t.oid = u.relation AND t.relkind IN ('r', 'p') \
     JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.attribute AND NOT a.attisdropped \
     WHERE a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype) \
       AND tn.nspname !~ '^pg_' ORDER BY 1, 2, 3";

/// Everything that a database holds, in the snapshot that is open. `look` is told the table that comes next, and how far
/// it is.
///
/// # Errors
/// The server's: a table that the role may not read is one.
pub fn contents(session: &mut Session, look: &mut dyn FnMut(&str, usize, usize)) -> Result<Contents, Error> {
    let found = session.rows(TABLES)?;
    let mut definitions = session.rows(DEFINITIONS)?;
    definitions.retain(|row| row.len() == 4);
    let mut tables = Vec::new();
    for (index, row) in found.iter().enumerate() {
        let [oid, schema, name, quoted] = row.as_slice() else { continue };
        let shown = format!("{schema}.{name}");
        look(&shown, index, found.len());
        let counted = session
            .rows(&format!(
                "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(pg_catalog.hashtextextended(t::pg_catalog.text, 0)), 0) \
                 FROM ONLY {quoted} t"
            ))
            .map_err(|error| match error {
                Error::Answered(why) => Error::Answered(format!("{shown} cannot be read: {why}")),
                other => other,
            })?;
        let numbers = counted.first().filter(|row| row.len() == 2);
        let rows = numbers.and_then(|row| row[0].parse::<u64>().ok());
        let sum = numbers.and_then(|row| row[1].parse::<i128>().ok());
        let (Some(rows), Some(sum)) = (rows, sum) else {
            return Err(Error::Unusable(format!("{shown}: the server's answer was not understood")));
        };
        let modulo = u64::try_from(sum.rem_euclid(1 << 64)).unwrap_or(0);
        let definition = definitions.iter().filter(|row| row[0] == *oid).map(|row| row[3].clone()).collect();
        tables.push(Table { name: shown, rows, checksum: format!("{modulo:016x}"), definition });
    }
    let mut sequences = Vec::new();
    for row in session.rows(SEQUENCES)? {
        let [sequence, table, column, step] = row.as_slice() else { continue };
        let state = session.rows(&format!(
            "SELECT CASE WHEN s.is_called THEN s.last_value::pg_catalog.numeric + {step} ELSE s.last_value END, \
             (SELECT pg_catalog.max(t.{column}) FROM {table} t) FROM {sequence} s"
        ))?;
        let Some([next, highest]) = state.first().map(Vec::as_slice) else { continue };
        sequences.push(Sequence {
            name: sequence.clone(),
            column: format!("{table}.{column}"),
            // At its very end it has no next value.
            next: next.parse().unwrap_or(i64::MAX),
            highest: highest.parse().ok(),
            step: step.parse().unwrap_or(1),
        });
    }
    let extensions = session
        .rows("SELECT extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1")?
        .into_iter()
        .flatten()
        .collect();
    Ok(Contents { tables, sequences, extensions })
}
