//! Which engine a set of migrations is for.

use seaworthy_facts::{Database, Engine};

use super::Seen;
use super::frame::{Entry, Found};

/// The engine: what the framework's configuration names, what the system uses, or what the SQL itself gives away.
pub fn of_set(seen: &Seen, found: &Found, newest: &[&Entry]) -> Option<Engine> {
    if found.engine.is_some() {
        return found.engine;
    }
    let told =
        |database: &&Database| database.engine.is_relational() && database.engine != Engine::Relational;
    let main: Vec<Engine> =
        seen.system.databases.iter().filter(told).filter(|d| !d.alternative).map(|d| d.engine).collect();
    if let [only] = main.as_slice() {
        // SQL that SQLite cannot run shows that the default is for development.
        let other = || {
            dialect(seen, newest)
                .filter(|dialect| seen.system.databases.iter().any(|database| database.engine == *dialect))
        };
        return Some(if *only == Engine::Sqlite { other().unwrap_or(*only) } else { *only });
    }
    let all: Vec<Engine> = seen.system.databases.iter().filter(told).map(|d| d.engine).collect();
    let choices = if main.is_empty() { &all } else { &main };
    if let Some(dialect) = dialect(seen, newest)
        && (choices.is_empty() || choices.contains(&dialect))
    {
        return Some(dialect);
    }
    // Of several, the one with the strictest locks: what is safe there is safe on the others.
    [
        Engine::Postgresql,
        Engine::Mysql,
        Engine::Mariadb,
        Engine::Sqlserver,
        Engine::Oracle,
        Engine::Cockroachdb,
    ]
    .into_iter()
    .find(|engine| choices.contains(engine))
    .or_else(|| choices.first().copied())
}

/// The engine whose dialect the newest migrations are written in, when they show one.
fn dialect(seen: &Seen, newest: &[&Entry]) -> Option<Engine> {
    newest.iter().find_map(|entry| {
        let text = seen.tree.text(entry.file)?;
        of_dialect(text.get(..text.len().min(200_000)).unwrap_or(&text))
    })
}

/// The engine whose dialect a text is written in.
pub fn of_dialect(text: &str) -> Option<Engine> {
    let upper = text.to_ascii_uppercase();
    let any = |needles: &[&str]| needles.iter().any(|needle| upper.contains(needle));
    if any(&[
        "JSONB",
        "TIMESTAMPTZ",
        "CREATE EXTENSION",
        "PLPGSQL",
        "::TEXT",
        "GEN_RANDOM_UUID",
        "BIGSERIAL",
        "POSTGRESQL",
        "CONCURRENTLY",
    ]) {
        return Some(Engine::Postgresql);
    }
    if any(&[
        "ENGINE=INNODB",
        "ENGINE = INNODB",
        "AUTO_INCREMENT",
        "MODIFY COLUMN",
        "UNSIGNED NOT NULL",
        "UTF8MB4",
    ]) {
        return Some(Engine::Mysql);
    }
    if any(&["NVARCHAR(", "[DBO]", "UNIQUEIDENTIFIER", "IDENTITY(1"]) {
        return Some(Engine::Sqlserver);
    }
    if any(&["AUTOINCREMENT", "PRAGMA FOREIGN_KEYS"]) {
        return Some(Engine::Sqlite);
    }
    None
}

/// The engine that a configuration value names (`postgresql`, `mysql2`, `sqlite3`, `Npgsql`, …).
pub fn of_name(name: &str) -> Option<Engine> {
    let name = name.to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    Some(if has("cockroach") {
        Engine::Cockroachdb
    } else if has("postg")
        || has("pgsql")
        || name == "pg"
        || has("psycopg")
        || has("npgsql")
        || has("asyncpg")
    {
        Engine::Postgresql
    } else if has("mariadb") {
        Engine::Mariadb
    } else if has("mysql") {
        Engine::Mysql
    } else if has("sqlite") || has("libsql") || has("turso") || name == "d1" {
        Engine::Sqlite
    } else if has("sqlserver") || has("mssql") || has("sqlsrv") {
        Engine::Sqlserver
    } else if has("oracle") {
        Engine::Oracle
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::migrations_with;
    use seaworthy_facts::{Database, Engine, Launches, Location, Pipelines, System};

    fn database(engine: Engine, alternative: bool) -> Database {
        Database { engine, at: Location::file("config/database.php"), shown_by: String::new(), alternative }
    }

    #[test]
    fn sql_that_sqlite_cannot_run_tells_the_engine() {
        let system = System {
            databases: vec![database(Engine::Sqlite, false), database(Engine::Mysql, true)],
            ..System::default()
        };
        let engine = |statement: &str| {
            let files =
                [("migrations/1_a.sql", statement), ("migrations/2_b.sql", "CREATE TABLE t (a int);")];
            let found = migrations_with(&files, &system, &Pipelines::default(), &Launches::default());
            found.sets[0].engine
        };
        assert_eq!(engine("ALTER TABLE t MODIFY COLUMN a ENUM('x');"), Some(Engine::Mysql));
        assert_eq!(engine("ALTER TABLE t ADD COLUMN b int;"), Some(Engine::Sqlite));
    }
}
