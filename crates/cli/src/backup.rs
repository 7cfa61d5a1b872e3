//! `seaworthy backup manifest`: what a database holds, in one snapshot.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::Command;

use jiff::Timestamp;
use seaworthy_database::manifest::SCHEMA;
use seaworthy_database::{Address, Engine, Error, Live, Manifest};

use crate::arguments::BackupManifest;
use crate::failure::{Failure, Outcome};
use crate::output::{to_file, to_stdout};

/// Runs `backup manifest`.
pub fn manifest(arguments: &BackupManifest) -> Result<Outcome, Failure> {
    let address = match arguments.database.strip_prefix("env:") {
        Some(name) => from_variable("--database", name)?,
        None if arguments.database.contains("://") => return Err(on_the_command_line("--database")),
        None => Address::Sqlite(PathBuf::from(&arguments.database)),
    };
    let manifest = of(&address, arguments)?;
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

/// The address that a variable holds.
pub fn from_variable(option: &str, name: &str) -> Result<Address, Failure> {
    let value = std::env::var(name)
        .map_err(|_| Failure::Usage(format!("{option} env:{name}: the variable is not set")))?;
    Address::read(&value).map_err(|why| Failure::Usage(format!("{option} env:{name}: {why}")))
}

/// What is said of an address that everybody on the machine can see.
pub fn on_the_command_line(option: &str) -> Failure {
    Failure::Usage(format!(
        "{option}: an address on the command line can be seen by everybody on the machine; put it into a variable and name that: \
         {option} env:DATABASE_URL"
    ))
}

fn failed(error: Error) -> Failure {
    Failure::CouldNotAssess(format!("the database cannot be read: {error}"))
}

fn of(address: &Address, arguments: &BackupManifest) -> Result<Manifest, Failure> {
    let shares = address.engine() == Engine::Postgresql;
    if !shares && (arguments.snapshot.is_some() || !arguments.command.is_empty()) {
        return Err(Failure::Usage(
            "snapshots are shared by PostgreSQL's sessions only; take the manifest while nothing writes, such as on a replica whose \
             replication is paused, or of a restored copy of the backup"
                .to_owned(),
        ));
    }
    if let Address::Sqlite(path) = address
        && !path.is_file()
    {
        return Err(Failure::Usage(format!(
            "--database {}: no such file; for a server name a variable that holds its address, env:DATABASE_URL",
            path.display()
        )));
    }
    let mut live = Live::open(address, &|client| Command::new(client), Box::new(|| true)).map_err(failed)?;
    live.snapshot(arguments.snapshot.as_deref()).map_err(failed)?;
    if !arguments.command.is_empty() {
        let snapshot = live.export().map_err(failed)?.unwrap_or_default();
        backup(&arguments.command, &snapshot)?;
    }
    let taken_at = Timestamp::now();
    let without = live.without_transactions().map_err(failed)?;
    if !without.is_empty() {
        let _ = writeln!(
            std::io::stderr(),
            "these tables have no transactions and are not in the snapshot: {}",
            without.join(", ")
        );
    }
    let contents = live.contents(&mut progress()).map_err(failed)?;
    Ok(Manifest {
        schema: SCHEMA.to_owned(),
        engine: address.engine(),
        server_version: live.server.version.clone(),
        database: live.server.database.clone(),
        identity: live.server.identity.clone(),
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
