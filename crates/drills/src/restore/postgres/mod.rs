//! PostgreSQL: a server of its own for each drill, restored into with PostgreSQL's own programs.

mod archive;
mod messages;
pub mod physical;
mod plain;
mod platform;
mod programs;
mod roles;
mod server;
mod slices;

use std::collections::BTreeSet;
use std::time::Duration;

use seaworthy_database::postgres::{Session, contents, open_snapshot};
use seaworthy_database::{Contents, Engine as Kind, Identity};

use self::programs::Installation;
use self::server::Server;
use super::artefact::{Artefact, Format};
use super::reading::Damage;
use super::slice::Slice;
use super::{Copy, Engine, Restored, Verify, bounds};
use crate::scratch::{Account, Death, Scratch, Who};
use crate::{Progress, Stop};

/// PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    installation: Installation,
    remarks: Vec<String>,
    server: Option<Server>,
    /// How long the undamaged artefact took, in seconds.
    good: Option<f64>,
    /// What was restored of it, as `pg_restore` lists an archive.
    list: String,
}

impl Postgres {
    /// Chooses the programs for an artefact.
    ///
    /// # Errors
    /// When none that fit are installed.
    pub fn choose(artefact: &Artefact) -> Result<Postgres, Stop> {
        let (installation, remarks) = programs::choose(&programs::installed(), artefact)?;
        Ok(Postgres { installation, remarks, server: None, good: None, list: String::new() })
    }

    fn server(&self) -> Result<&Server, Stop> {
        self.server.as_ref().ok_or_else(|| Stop::could_not("the scratch server was not started"))
    }

    fn session(&self, scratch: &Scratch, database: &str) -> Result<Session, Stop> {
        self.server()?.session(scratch, database)
    }
}

impl Engine for Postgres {
    fn kind(&self) -> Kind {
        Kind::Postgresql
    }

    fn accounts(&self) -> &'static [&'static str] {
        &["postgres"]
    }

    fn describe(&self) -> String {
        format!("PostgreSQL {} ({})", self.installation.major, self.installation.bin.display())
    }

    fn version(&self) -> String {
        self.installation.major.to_string()
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }

    fn steps(&self, artefact: &Artefact, account: Option<&Account>) -> Vec<String> {
        let user = account.map_or(String::new(), |account| format!(" as the user {}", account.name));
        let program = if artefact.format == Format::PostgresPlain { "psql" } else { "pg_restore" };
        vec![
            format!(
                "make a cluster in it with initdb, and start PostgreSQL {}{user}: a Unix socket in the folder, no TCP, fsync off",
                self.installation.major
            ),
            format!(
                "restore the backup into it with {program}; roles that it names and the server lacks are made without login, extensions that are not installed are left out and listed"
            ),
        ]
    }

    fn start(&mut self, scratch: &mut Scratch) -> Result<Identity, Stop> {
        let server = Server::start(&self.installation, scratch)?;
        let identity = server.identity(scratch)?;
        self.server = Some(server);
        Ok(identity)
    }

    fn restore(
        &mut self,
        scratch: &mut Scratch,
        copy: &Copy,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Restored, Stop> {
        let good = self.good;
        let server = self.server()?;
        let restored = match copy.artefact.format {
            Format::PostgresPlain => plain::restore(server, scratch, copy, name, good, progress)?,
            _ => {
                let (restored, list) = archive::restore(server, scratch, copy, name, good, progress)?;
                if copy.damage == Damage::None && copy.slice.is_none() {
                    self.list = list;
                }
                restored
            }
        };
        if copy.damage == Damage::None && copy.slice.is_none() {
            self.good = Some(restored.seconds);
        }
        Ok(restored)
    }

    fn slice(
        &mut self,
        scratch: &mut Scratch,
        artefact: &Artefact,
        tables: &[(String, u64)],
    ) -> Result<Option<Slice>, Stop> {
        if artefact.format == Format::PostgresPlain {
            return slices::of_script(scratch, artefact, tables);
        }
        slices::of_archive(scratch, artefact, &self.list, tables)
    }

    fn contents(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        progress: &mut Progress,
    ) -> Result<Contents, Stop> {
        let mut session = self.session(scratch, database)?;
        let read = open_snapshot(&mut session, None).and_then(|()| {
            contents(&mut session, &mut |_, done, total| progress.advance(done as u64, total as u64))
        });
        read.map_err(|error| server::stop(error, scratch))
    }

    fn rows(&mut self, scratch: &mut Scratch, database: &str, query: &str) -> Result<Vec<Vec<String>>, Stop> {
        self.session(scratch, database)?.rows(query).map_err(|error| server::stop(error, scratch))
    }

    fn integrity(&mut self, scratch: &mut Scratch, database: &str) -> Result<Vec<String>, Stop> {
        let server = self.server()?;
        let mut command = server.client(scratch, "pg_amcheck", database);
        command.args(["--install-missing", "--heapallindexed", "--no-password", database]);
        let limit = bounds::CHECK.max(Duration::from_secs_f64(60.0 * self.good.unwrap_or(0.0)));
        let finished = match bounds::at_most(scratch, command, limit)? {
            Ok(finished) => finished,
            Err(why) => return Err(Stop::CouldNot(why)),
        };
        if finished.success {
            return Ok(Vec::new());
        }
        if finished.messages.contains("extension \"amcheck\"") {
            return Err(Stop::CouldNot(format!(
                "pg_amcheck needs the extension amcheck: install the Debian package postgresql-{} completely",
                self.installation.major
            )));
        }
        let mut faults: BTreeSet<String> = BTreeSet::new();
        for line in finished.output.text().lines().chain(finished.messages.lines()) {
            if !line.trim().is_empty() && faults.len() < 20 {
                faults.insert(line.trim().to_owned());
            }
        }
        Ok(faults.into_iter().collect())
    }

    fn verify(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        verify: &Verify,
    ) -> Result<Result<(), String>, Stop> {
        let server = self.server()?;
        match verify {
            Verify::Query(query) => {
                let mut session = server.session(scratch, database)?;
                session
                    .rows(&format!("SET statement_timeout = '{}s'", bounds::CHECK.as_secs()))
                    .map_err(|error| server::stop(error, scratch))?;
                match session.rows(query) {
                    Ok(rows) => Ok(super::checks::verify::holds(&rows)),
                    Err(seaworthy_database::Error::Answered(why)) => Ok(Err(why)),
                    Err(error) => Err(server::stop(error, scratch)),
                }
            }
            Verify::Command { text, folder } => {
                let mut command = scratch.command(std::path::Path::new("/bin/sh"), Who::Caller, Death::Kill);
                command.args(["-c", text]).current_dir(folder);
                server.tell(&mut command, database);
                command.env(
                    "DATABASE_URL",
                    format!("postgresql:///{database}?host={}&user=postgres", server.socket().display()),
                );
                super::checks::verify::command(scratch, command)
            }
        }
    }

    fn forget(&mut self, scratch: &mut Scratch, databases: &[String]) -> Result<(), Stop> {
        let mut session = self.session(scratch, "template1")?;
        for database in databases {
            let _ = session.rows(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(database)));
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.server = None;
    }
}

/// An identifier in quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotes.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
