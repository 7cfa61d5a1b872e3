//! `seaworthy backup manifest`: what a database holds, in one snapshot.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use seaworthy_database::manifest::SCHEMA;
use seaworthy_database::postgres::{self, Address, Session};
use seaworthy_database::{Engine, Error, Manifest, mariadb, sqlite};

use crate::arguments::BackupManifest;
use crate::failure::{Failure, Outcome};
use crate::output::{to_file, to_stdout};

/// Runs `backup manifest`.
pub fn manifest(arguments: &BackupManifest) -> Result<Outcome, Failure> {
    let manifest = match arguments.database.strip_prefix("env:") {
        Some(name) => {
            let value = std::env::var(name)
                .map_err(|_| Failure::Usage(format!("--database env:{name}: the variable is not set")))?;
            match value.strip_prefix("sqlite:") {
                Some(path) => of_file(Path::new(path.trim_start_matches("//")), arguments)?,
                None if mariadb::Address::is_one(&value) => {
                    let address = mariadb::Address::read(&value)
                        .map_err(|why| Failure::Usage(format!("--database env:{name}: {why}")))?;
                    of_mariadb(&address, arguments)?
                }
                None => {
                    let address = Address::read(&value)
                        .map_err(|why| Failure::Usage(format!("--database env:{name}: {why}")))?;
                    of_server(&address, arguments)?
                }
            }
        }
        None if arguments.database.contains("://") => {
            return Err(Failure::Usage(
                "--database: an address on the command line can be seen by everybody on the machine; put it into a variable and \
                 name that: --database env:DATABASE_URL"
                    .to_owned(),
            ));
        }
        None => of_file(Path::new(&arguments.database), arguments)?,
    };
    let mut text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| Failure::CouldNotAssess(format!("the manifest cannot be written: {error}")))?;
    text.push(b'\n');
    match &arguments.output {
        Some(path) => {
            to_file(path, &text)?;
            to_stdout(
                format!(
                    "{}: {} tables, {} rows\n",
                    path.display(),
                    manifest.contents.tables.len(),
                    manifest.contents.rows()
                )
                .as_bytes(),
            )
        }
        None => to_stdout(&text),
    }
}

fn failed(error: Error) -> Failure {
    Failure::CouldNotAssess(format!("the database cannot be read: {error}"))
}

fn of_server(address: &Address, arguments: &BackupManifest) -> Result<Manifest, Failure> {
    let mut command = Command::new("psql");
    address.put_into(&mut command);
    let mut session = Session::start(command, Box::new(|| true)).map_err(|error| match error {
        Error::Unusable(why) if why.contains("cannot be started") => {
            Failure::CouldNotAssess(format!("{why}: the Debian package is postgresql-client"))
        }
        error => failed(error),
    })?;
    let server = postgres::server(&mut session).map_err(failed)?;
    postgres::open_snapshot(&mut session, arguments.snapshot.as_deref()).map_err(failed)?;
    if !arguments.command.is_empty() {
        let snapshot = postgres::export_snapshot(&mut session).map_err(failed)?;
        backup(&arguments.command, &snapshot)?;
    }
    let taken_at = Timestamp::now();
    let contents = postgres::contents(&mut session, &mut progress()).map_err(failed)?;
    Ok(Manifest {
        schema: SCHEMA.to_owned(),
        engine: Engine::Postgresql,
        server_version: server.version,
        database: server.database,
        identity: server.identity,
        taken_at,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        contents,
    })
}

fn of_mariadb(address: &mariadb::Address, arguments: &BackupManifest) -> Result<Manifest, Failure> {
    if arguments.snapshot.is_some() || !arguments.command.is_empty() {
        return Err(Failure::Usage(
            "snapshots are shared by PostgreSQL's sessions only; take the manifest while nothing writes, such as on a replica whose \
             replication is paused, or of a restored copy of the backup"
                .to_owned(),
        ));
    }
    let client = mariadb::client().ok_or_else(|| {
        Failure::CouldNotAssess(
            "the mariadb client is not installed: the Debian package is mariadb-client".to_owned(),
        )
    })?;
    let mut command = Command::new(client);
    // What people set for their terminals does not belong here.
    command.arg("--no-defaults");
    address.put_into(&mut command);
    let mut session = mariadb::Session::start(command, Box::new(|| true)).map_err(failed)?;
    let server = mariadb::server(&mut session).map_err(failed)?;
    mariadb::open_snapshot(&mut session).map_err(failed)?;
    let taken_at = Timestamp::now();
    let databases = if server.database.is_empty() {
        mariadb::databases(&mut session).map_err(failed)?
    } else {
        vec![server.database.clone()]
    };
    for database in &databases {
        let without = mariadb::without_transactions(&mut session, database).map_err(failed)?;
        if !without.is_empty() {
            let _ = writeln!(
                std::io::stderr(),
                "these tables of {database} have no transactions and are not in the snapshot: {}",
                without.join(", ")
            );
        }
    }
    let contents = mariadb::contents(&mut session, &databases, &mut progress()).map_err(failed)?;
    Ok(Manifest {
        schema: SCHEMA.to_owned(),
        engine: Engine::Mariadb,
        server_version: server.version,
        database: server.database,
        identity: server.identity,
        taken_at,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        contents,
    })
}

fn of_file(path: &Path, arguments: &BackupManifest) -> Result<Manifest, Failure> {
    if !path.is_file() {
        return Err(Failure::Usage(format!(
            "--database {}: no such file; for a server name a variable that holds its address, env:DATABASE_URL",
            path.display()
        )));
    }
    if arguments.snapshot.is_some() || !arguments.command.is_empty() {
        return Err(Failure::Usage(
            "snapshots are shared by PostgreSQL's sessions only; take the manifest of the finished copy of an SQLite database"
                .to_owned(),
        ));
    }
    let file = sqlite::File::open(path, || true).map_err(failed)?;
    let taken_at = Timestamp::now();
    let contents = file.contents(&mut progress()).map_err(failed)?;
    let identity = sqlite::identity(path)
        .map_err(|error| Failure::CouldNotAssess(format!("{}: {error}", path.display())))?;
    Ok(Manifest {
        schema: SCHEMA.to_owned(),
        engine: Engine::Sqlite,
        server_version: sqlite::File::version().to_owned(),
        database: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        identity,
        taken_at,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        contents,
    })
}

/// Runs the backup at the snapshot, while its session holds it.
fn backup(words: &[String], snapshot: &str) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| word.replace("{snapshot}", snapshot)).collect();
    let status = Command::new(&words[0])
        .args(&words[1..])
        .env("SEAWORTHY_SNAPSHOT", snapshot)
        .status()
        .map_err(|error| Failure::Usage(format!("{}: cannot be started: {error}", words[0])))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::CouldNotAssess(format!("the backup failed ({status}); no manifest was written")))
}

/// Tells the table that is read, where a person is watching.
fn progress() -> impl FnMut(&str, usize, usize) {
    let watched = std::io::stderr().is_terminal();
    move |table, done, total| {
        if watched {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{table} ({} of {total})", done + 1);
            if done + 1 == total {
                let _ = write!(std::io::stderr(), "\r\u{1b}[K");
            }
        }
    }
}
