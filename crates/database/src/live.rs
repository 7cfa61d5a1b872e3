//! A database at an address, whichever engine it is: opened for reading, in one snapshot.

use std::path::{Path, PathBuf};
use std::process::Command;

pub use crate::address::Way;
use crate::{Contents, Engine, Error, Identity, mariadb, postgres, sqlite};

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A server of PostgreSQL.
    Postgresql(postgres::Address),
    /// A server of MariaDB or MySQL.
    Mariadb(mariadb::Address),
    /// A file of SQLite.
    Sqlite(PathBuf),
}

/// Words that people give to what their customers use.
const OF_PRODUCTION: &[&str] = &["prod", "production", "prd", "live", "primary", "master"];

impl Address {
    /// Reads an address as applications have it in `DATABASE_URL`.
    ///
    /// # Errors
    /// What is wrong, without repeating the address: it may hold a password.
    pub fn read(text: &str) -> Result<Address, String> {
        if let Some(path) = text.trim().strip_prefix("sqlite:") {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            return Ok(Address::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
        }
        if mariadb::Address::is_one(text) {
            return mariadb::Address::read(text).map(Address::Mariadb);
        }
        postgres::Address::read(text).map(Address::Postgresql)
    }

    /// Its engine.
    pub fn engine(&self) -> Engine {
        match self {
            Address::Postgresql(_) => Engine::Postgresql,
            Address::Mariadb(_) => Engine::Mariadb,
            Address::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Where it leads to, where the address says it.
    pub fn leads_to(&self) -> Option<Way> {
        match self {
            Address::Postgresql(address) => address.leads_to(),
            Address::Mariadb(address) => Some(address.leads_to()),
            Address::Sqlite(path) => Some(Way::File(path.clone())),
        }
    }

    /// Without a password.
    pub fn shown(&self) -> String {
        match self {
            Address::Postgresql(address) => address.shown(),
            Address::Mariadb(address) => address.shown(),
            Address::Sqlite(path) => path.display().to_string(),
        }
    }

    /// The word in the names of its host and database that says that customers use it. Names can be wrong in both
    /// directions, so this is a reason to ask, and none to be sure.
    pub fn looks_like_production(&self) -> Option<&'static str> {
        let shown = self.shown().to_ascii_lowercase();
        let words: Vec<&str> = shown.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        OF_PRODUCTION.iter().copied().find(|word| words.contains(word))
    }
}

/// A server, or a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Its version, as it says it.
    pub version: String,
    /// The database of the connection; empty where it has none.
    pub database: String,
    /// Which it is.
    pub identity: Identity,
}

/// Whether two connections lead to one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// They do.
    Yes,
    /// To two, and the first repeats what another one writes.
    Replica,
    /// To two.
    No,
    /// The servers do not say.
    Unknown,
}

/// Asked now and then whether to go on.
pub type GoOn = Box<dyn FnMut() -> bool + Send>;

/// An open database. Nothing is ever written to it.
pub struct Live {
    /// What it is.
    pub server: Server,
    connection: Connection,
}

enum Connection {
    Postgresql(postgres::Session),
    Mariadb(mariadb::Session),
    Sqlite(sqlite::File),
}

impl Live {
    /// Opens a database. `program` gives the command that starts a client of that name.
    ///
    /// # Errors
    /// When a client is not installed, or cannot connect.
    pub fn open(address: &Address, program: &dyn Fn(&str) -> Command, go_on: GoOn) -> Result<Live, Error> {
        match address {
            Address::Postgresql(address) => {
                let mut command = program("psql");
                address.put_into(&mut command);
                let mut session = postgres::Session::start(command, go_on).map_err(|error| match error {
                    Error::Unusable(why) if why.contains("cannot be started") => {
                        Error::Unusable(format!("{why}: the Debian package is postgresql-client"))
                    }
                    error => error,
                })?;
                // Belts: the snapshot is read-only as well. The last is not known before version 14.
                session.rows("SET default_transaction_read_only = on")?;
                let _ = session.rows("SET client_connection_check_interval = '2s'");
                let found = postgres::server(&mut session)?;
                let server =
                    Server { version: found.version, database: found.database, identity: found.identity };
                Ok(Live { server, connection: Connection::Postgresql(session) })
            }
            Address::Mariadb(address) => {
                let client = mariadb::client().ok_or_else(|| {
                    Error::Unusable(
                        "the mariadb client is not installed: the Debian package is mariadb-client"
                            .to_owned(),
                    )
                })?;
                let mut command = program(client);
                // What people set for their terminals does not belong here.
                command.arg("--no-defaults");
                address.put_into(&mut command);
                let mut session = mariadb::Session::start(command, go_on)?;
                session.rows("SET SESSION TRANSACTION READ ONLY")?;
                let found = mariadb::server(&mut session)?;
                let server =
                    Server { version: found.version, database: found.database, identity: found.identity };
                Ok(Live { server, connection: Connection::Mariadb(session) })
            }
            Address::Sqlite(path) => Live::file(path, go_on),
        }
    }

    fn file(path: &Path, go_on: GoOn) -> Result<Live, Error> {
        let identity = sqlite::identity(path)
            .map_err(|error| Error::Unusable(format!("{}: {error}", path.display())))?;
        let database = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let server = Server { version: sqlite::File::version().to_owned(), database, identity };
        Ok(Live { server, connection: Connection::Sqlite(sqlite::File::open(path, go_on)?) })
    }

    /// Opens a read-only snapshot: everything that is asked from now on is of one moment. `import` names one that another
    /// session of PostgreSQL exported.
    ///
    /// # Errors
    /// The server's.
    pub fn snapshot(&mut self, import: Option<&str>) -> Result<(), Error> {
        match &mut self.connection {
            Connection::Postgresql(session) => postgres::open_snapshot(session, import),
            Connection::Mariadb(session) => mariadb::open_snapshot(session),
            // It opens one for what it reads.
            Connection::Sqlite(_) => Ok(()),
        }
    }

    /// Exports the snapshot, so that `pg_dump --snapshot` sees the same; none where the engine shares none.
    ///
    /// # Errors
    /// The server's.
    pub fn export(&mut self) -> Result<Option<String>, Error> {
        match &mut self.connection {
            Connection::Postgresql(session) => postgres::export_snapshot(session).map(Some),
            Connection::Mariadb(_) | Connection::Sqlite(_) => Ok(None),
        }
    }

    /// The databases that are read: that of the connection; without one, all of the server.
    ///
    /// # Errors
    /// The server's.
    pub fn databases(&mut self) -> Result<Vec<String>, Error> {
        match &mut self.connection {
            Connection::Mariadb(session) if self.server.database.is_empty() => mariadb::databases(session),
            _ => Ok(vec![self.server.database.clone()]),
        }
    }

    /// Tables that no snapshot holds: their engine has no transactions.
    ///
    /// # Errors
    /// The server's.
    pub fn without_transactions(&mut self) -> Result<Vec<String>, Error> {
        let databases = self.databases()?;
        let Connection::Mariadb(session) = &mut self.connection else { return Ok(Vec::new()) };
        let mut tables = Vec::new();
        for database in &databases {
            let found = mariadb::without_transactions(session, database)?;
            tables.extend(found.into_iter().map(|table| format!("{database}.{table}")));
        }
        Ok(tables)
    }

    /// Everything that it holds, in the snapshot that is open. `look` is told the table that comes next, and how far it is.
    ///
    /// # Errors
    /// The server's: a table that the role may not read is one.
    pub fn contents(&mut self, look: &mut dyn FnMut(&str, usize, usize)) -> Result<Contents, Error> {
        let databases = self.databases()?;
        match &mut self.connection {
            Connection::Postgresql(session) => postgres::contents(session, look),
            Connection::Mariadb(session) => mariadb::contents(session, &databases, look),
            Connection::Sqlite(file) => file.contents(look),
        }
    }

    /// Whether another connection leads to the same server. A copy of a whole cluster keeps the identifier of the
    /// original, so the moment of its start tells them apart.
    ///
    /// # Errors
    /// The servers'.
    pub fn same_as(&mut self, other: &mut Live) -> Result<Same, Error> {
        let (mine, others) = (&self.server.identity, &other.server.identity);
        if let (Some(one), Some(two)) = (&mine.id, &others.id)
            && one != two
        {
            return Ok(Same::No);
        }
        let known =
            (mine.id.is_some() && others.id.is_some()) || (mine.data.is_some() && others.data.is_some());
        let same = mine.may_be(others);
        let Connection::Postgresql(_) = &self.connection else {
            return Ok(match (known, same) {
                (false, _) => Same::Unknown,
                (true, true) => Same::Yes,
                (true, false) => Same::No,
            });
        };
        let started = "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())";
        let (one, two) = (self.rows(started)?, other.rows(started)?);
        if one == two {
            return Ok(Same::Yes);
        }
        let follows = self.rows("SELECT pg_catalog.pg_is_in_recovery()")?;
        let follows = follows.first().and_then(|row| row.first()).is_some_and(|value| value == "t");
        Ok(if follows { Same::Replica } else { Same::No })
    }

    /// The rows that a query of this program gives.
    ///
    /// # Errors
    /// The server's.
    pub fn rows(&mut self, query: &str) -> Result<Vec<Vec<String>>, Error> {
        match &mut self.connection {
            Connection::Postgresql(session) => session.rows(query),
            Connection::Mariadb(session) => session.rows(query),
            Connection::Sqlite(file) => file.rows(query),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_each_engine_and_what_looks_like_production() {
        let look = |text: &str| {
            let address = Address::read(text).expect("an address");
            (address.engine(), address.looks_like_production())
        };
        for (text, engine, word) in [
            (
                "postgres://u:p@shop-prod.c1.eu-west-1.rds.amazonaws.com/shop",
                Engine::Postgresql,
                Some("prod"),
            ),
            ("postgres://u:p@db.example/shop_production", Engine::Postgresql, Some("production")),
            ("postgres://u:prod@restored.example/products", Engine::Postgresql, None),
            ("mysql://u@live.example/shop", Engine::Mariadb, Some("live")),
            ("sqlite:///var/lib/delivery/app.db?mode=ro", Engine::Sqlite, None),
        ] {
            assert_eq!(look(text), (engine, word), "{text}");
        }
        assert_eq!(Address::read("sqlite:a/b.db").map(|a| a.shown()), Ok("a/b.db".to_owned()));
    }
}
