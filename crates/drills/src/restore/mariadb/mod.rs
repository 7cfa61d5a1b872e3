//! MariaDB, and dumps of MySQL: a server of its own for each drill, restored into with MariaDB's own client.

pub mod physical;
mod programs;
mod script;
mod server;
mod slices;

use seaworthy_database::mariadb::{Session, contents, databases, open_snapshot, quoted};
use seaworthy_database::{Contents, Engine as Kind, Error, Identity};

use self::programs::{Installation, Origin, origin};
use self::server::Server;
use super::artefact::Artefact;
use super::reading::Damage;
use super::slice::Slice;
use super::{Copy, Engine, Restored, Verify, bounds, checks};
use crate::scratch::{Account, Death, Scratch, Who};
use crate::{Progress, Stop};

/// MariaDB.
#[derive(Debug)]
pub struct MariaDb {
    installation: Installation,
    origin: Origin,
    remarks: Vec<String>,
    server: Option<Server>,
    /// How long the undamaged artefact took, in seconds.
    good: Option<f64>,
}

impl MariaDb {
    /// Chooses the programs for an artefact.
    ///
    /// # Errors
    /// When none that fit are installed.
    pub fn choose(artefact: &Artefact) -> Result<MariaDb, Stop> {
        let (installation, remarks) = programs::choose(artefact)?;
        let origin = origin(artefact.versions.server.as_deref());
        Ok(MariaDb { installation, origin, remarks, server: None, good: None })
    }

    fn server(&mut self) -> Result<&mut Server, Stop> {
        self.server.as_mut().ok_or_else(|| Stop::could_not("the scratch server was not started"))
    }
}

impl Engine for MariaDb {
    fn kind(&self) -> Kind {
        Kind::Mariadb
    }

    fn accounts(&self) -> &'static [&'static str] {
        &["mysql"]
    }

    fn describe(&self) -> String {
        format!("MariaDB {} ({})", self.installation.series, self.installation.server.display())
    }

    fn version(&self) -> String {
        self.installation.series.to_string()
    }

    fn same_release(&self, version: &str) -> bool {
        version.contains("MariaDB") && programs::Series::of(version) == Some(self.installation.series)
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }

    fn steps(&self, _: &Artefact, account: Option<&Account>) -> Vec<String> {
        let user = account.map_or(String::new(), |account| format!(" as the user {}", account.name));
        vec![
            format!(
                "make a data directory in it with mariadb-install-db, and start MariaDB {}{user}: a Unix socket in the folder, no network",
                self.installation.series
            ),
            "restore the backup into it with the mariadb client, by an account that may write to the databases of the backup and to \
             nothing else; commands of the client in it are not obeyed, accounts and settings of replication are left out"
                .to_owned(),
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
        let origin = self.origin;
        let server = self.server()?;
        // Databases have the names that the dump gives them; what an earlier copy left must not be taken for its own.
        let mut session = server.session(scratch)?;
        let left = databases(&mut session).map_err(|error| server::stop(error, scratch))?;
        for database in left {
            session
                .rows(&format!("DROP DATABASE {}", quoted(&database)))
                .map_err(|error| server::stop(error, scratch))?;
        }
        drop(session);
        let restored = script::restore(server, scratch, copy, name, good, progress);
        if copy.damage != Damage::None || copy.slice.is_some() {
            return restored;
        }
        match (restored, origin) {
            (Ok(restored), _) => {
                self.good = Some(restored.seconds);
                Ok(restored)
            }
            // What MariaDB does not know may be no fault of the dump.
            (Err(Stop::Refused(why)), Origin::MySql(from)) if why.contains("a statement failed") => {
                Err(Stop::CouldNot(format!(
                    "the dump was taken from MySQL {from}, and MariaDB does not take it: {why}. This drill starts no server of MySQL"
                )))
            }
            (Err(stop), _) => Err(stop),
        }
    }

    fn slice(
        &mut self,
        scratch: &mut Scratch,
        artefact: &Artefact,
        tables: &[(String, u64)],
    ) -> Result<Option<Slice>, Stop> {
        slices::of_script(scratch, artefact, tables).map(Some)
    }

    fn contents(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        progress: &mut Progress,
    ) -> Result<Contents, Stop> {
        let mut session = self.server()?.session(scratch)?;
        let read = open_snapshot(&mut session).and_then(|()| {
            // Of several, tables are named with their database, as in the manifest of a whole server.
            let mut found = contents(&mut session, &[database.to_owned()], &mut |_, done, total| {
                progress.advance(done as u64, total as u64);
            })?;
            if several(&mut session)? {
                found.qualify(database);
            }
            Ok(found)
        });
        read.map_err(|error| unreadable(error, scratch))
    }

    fn rows(&mut self, scratch: &mut Scratch, database: &str, query: &str) -> Result<Vec<Vec<String>>, Stop> {
        let failed = |error| server::stop(error, scratch);
        let mut session = self.server()?.session(scratch)?;
        session.rows("SET SESSION sql_mode = 'ANSI_QUOTES'").map_err(failed)?;
        session.rows(&format!("USE {}", quoted(database))).map_err(failed)?;
        session.rows(query).map_err(failed)
    }

    fn integrity(&mut self, scratch: &mut Scratch, database: &str) -> Result<Vec<String>, Stop> {
        let mut session = self.server()?.session(scratch)?;
        let failed = |error| server::stop(error, scratch);
        let tables = session
            .rows(&format!(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = '{}' AND table_type = 'BASE TABLE'",
                database.replace('\\', "\\\\").replace('\'', "''")
            ))
            .map_err(failed)?;
        let mut faults = Vec::new();
        for table in tables.into_iter().flatten() {
            let place = format!("{}.{}", quoted(database), quoted(&table));
            let said = session.rows(&format!("CHECK TABLE {place} EXTENDED")).map_err(failed)?;
            for row in said {
                let [_, _, kind, text] = row.as_slice() else { continue };
                if kind.eq_ignore_ascii_case("error") || (kind == "status" && text != "OK") {
                    // Engines that cannot be checked say so as a note.
                    faults.push(format!("{table}: {text}"));
                }
            }
            if faults.len() > 20 {
                break;
            }
        }
        Ok(faults)
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
                let mut command = server.restorer(scratch, database);
                command.args(["--skip-column-names", "--execute", query]);
                let finished = match bounds::at_most(scratch, command, bounds::CHECK)? {
                    Ok(finished) => finished,
                    Err(why) => return Ok(Err(why)),
                };
                server.still_well(scratch, &finished.messages)?;
                if !finished.success {
                    return Ok(Err(checks::verify::said(&finished)));
                }
                let rows: Vec<Vec<String>> = finished
                    .output
                    .text()
                    .lines()
                    .map(|line| {
                        let field =
                            |field: &str| if field == "NULL" { String::new() } else { field.to_owned() };
                        line.split('\t').map(field).collect()
                    })
                    .collect();
                Ok(checks::verify::holds(&rows))
            }
            Verify::Command { text, folder } => {
                let mut command = scratch.command(std::path::Path::new("/bin/sh"), Who::Caller, Death::Kill);
                let socket = server.socket().display().to_string();
                let user = server::RESTORER;
                command
                    .args(["-c", text])
                    .current_dir(folder)
                    .env("MYSQL_UNIX_PORT", &socket)
                    .env("DATABASE_SOCKET", &socket)
                    .env("DATABASE_USER", user)
                    .env("DATABASE_NAME", database)
                    .env("DATABASE_URL", format!("mysql://{user}@localhost/{database}?socket={socket}"));
                checks::verify::command(scratch, command)
            }
        }
    }

    fn forget(&mut self, scratch: &mut Scratch, databases: &[String]) -> Result<(), Stop> {
        let mut session = self.server()?.session(scratch)?;
        for database in databases {
            let _ = session.rows(&format!("DROP DATABASE IF EXISTS {}", quoted(database)));
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.server = None;
    }
}

/// A table that cannot be read is a fault of what was restored.
fn unreadable(error: Error, scratch: &Scratch) -> Stop {
    match error {
        Error::Answered(why) if why.contains(" cannot be read: ") => Stop::Refused(why),
        error => server::stop(error, scratch),
    }
}

/// Whether more than one database has tables.
fn several(session: &mut Session) -> Result<bool, Error> {
    let number = session.value(
        "SELECT count(DISTINCT table_schema) FROM information_schema.tables WHERE table_type <> 'VIEW' \
         AND table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')",
    )?;
    Ok(number.parse::<u32>().is_ok_and(|number| number > 1))
}
