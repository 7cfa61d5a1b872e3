//! SQL of `pg_dump` and `pg_dumpall`: restored with `psql`.
//!
//! SQL for psql may hold commands of psql, and those may start programs. psql is therefore told to refuse them all
//! (`\restrict`); the few that a dump may hold are done here.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use seaworthy_database::postgres::Session;

use super::messages::{self, faults, summary};
use super::server::{Server, last_lines};
use super::{literal, platform, quoted, roles};
use crate::restore::bounds::{self, Bounds};
use crate::restore::pieces::{Pieces, hand_out};
use crate::restore::reading::Damage;
use crate::restore::{Copy, Restored};
use crate::scratch::{Feed, Scratch};
use crate::{Interrupt, Progress, Stop};

/// Restores a script into a new database, and those that it makes itself.
pub fn restore(
    server: &Server,
    scratch: &mut Scratch,
    copy: &Copy,
    name: &str,
    good: Option<f64>,
    progress: &mut Progress,
) -> Result<Restored, Stop> {
    let began = Instant::now();
    let mut encoding = String::from("UTF8");
    // The line is near the top of every script.
    for line in BufReader::new(copy.stream()?.take(64 << 10)).lines().map_while(Result::ok) {
        if let Some(rest) = line.strip_prefix("SET client_encoding = '") {
            encoding = rest.split('\'').next().unwrap_or("UTF8").to_owned();
            break;
        }
    }
    server.create(scratch, name, &encoding)?;
    let mut probe = server.client(scratch, "psql", name);
    probe.args(["--no-psqlrc", "--command", "\\restrict probe"]);
    // Without it, a script could start programs as the user of the drill.
    if !scratch.run(probe, Feed::Nothing, &mut |_| {})?.success {
        return Err(Stop::could_not(
            "the psql here is too old to be kept from obeying commands in a script (\\restrict, since 13.22, 14.19, 15.14, 16.10 and \
             17.6): install the current minor version",
        ));
    }

    let seen = Arc::new(Mutex::new(Seen { databases: vec![name.to_owned()], ..Seen::default() }));
    let filter = Filter {
        pieces: Pieces::of(copy.stream()?),
        ready: Vec::new(),
        at: 0,
        state: State::Start,
        key: unguessable()?,
        damage: copy.damage,
        flipped: false,
        prefix: name.to_owned(),
        helper: Helper {
            command: Some(server.client(scratch, "psql", name)),
            interrupt: scratch.interrupt(),
            session: None,
        },
        seen: Arc::clone(&seen),
    };
    let mut psql = server.client(scratch, "psql", name);
    psql.args(["--no-psqlrc", "--quiet", "--no-password", "--echo-errors", "--set", "ON_ERROR_STOP=0"])
        .args(["--set", "VERBOSITY=terse", "--output", "/dev/null", "--file", "-"]);
    let size = copy.artefact.size;
    let bounds = Bounds::of(copy.damage, good);
    let finished = bounds::run(scratch, psql, Feed::Stream(Box::new(filter)), bounds, &mut |_| {
        let read = seen.lock().unwrap_or_else(PoisonError::into_inner).read;
        if copy.artefact.layers.is_empty() {
            progress.advance(read, size);
        }
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    server.still_well(scratch, &finished.messages)?;
    if let Some(why) = seen.could_not {
        return Err(Stop::CouldNot(why));
    }
    if let Err(why) = &finished.feed {
        return Err(Stop::Refused(format!("the script cannot be read to its end: {why}")));
    }
    let failed: Vec<_> =
        faults(&finished.messages).into_iter().filter(|fault| !fault.is_harmless()).collect();
    if !failed.is_empty() {
        let why = summary(&failed, &seen.left_out);
        // Where a table could not be made, its rows are taken for statements.
        let lacks = copy.damage == Damage::None && failed.iter().any(messages::Fault::lacks_something);
        return Err(if !lacks || (seen.left_out.is_empty() && seen.platform.is_empty()) {
            Stop::Refused(format!("psql: {why}"))
        } else {
            Stop::CouldNot(format!(
                "the backup needs what is not installed here: {why}. Install it (the Debian packages are named postgresql-VERSION-NAME)"
            ))
        });
    }
    if !finished.success {
        return Err(Stop::Refused(format!("psql: {}", last_lines(&finished.messages))));
    }
    if !seen.complete {
        return Err(Stop::refused(
            "its last line is missing (`-- PostgreSQL database dump complete`): the script was cut off",
        ));
    }
    Ok(Restored {
        databases: seen.databases,
        seconds,
        roles: seen.roles.into_iter().collect(),
        left_out: seen.left_out.into_iter().collect(),
        remarks: platform::remark(&seen.platform, &seen.untied).into_iter().collect(),
    })
}

/// A key that a script cannot know.
fn unguessable() -> Result<String, Stop> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| Stop::CouldNot(format!("/dev/urandom: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What the filter saw on its way.
#[derive(Debug, Default)]
struct Seen {
    read: u64,
    complete: bool,
    databases: Vec<String>,
    roles: BTreeSet<String>,
    left_out: BTreeSet<String>,
    /// Schemas of a platform: those that the script makes itself, and those that have a stand-in.
    own: BTreeSet<&'static str>,
    platform: BTreeSet<&'static str>,
    untied: Vec<String>,
    could_not: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte.
    Start,
    /// Among statements.
    Statements,
    /// Among the rows of a COPY.
    Rows,
    /// In an INSERT that is left out.
    Insert,
}

/// The script as psql gets it.
struct Filter {
    pieces: Pieces,
    ready: Vec<u8>,
    at: usize,
    state: State,
    /// psql is told to refuse its own commands until it hears this again.
    key: String,
    damage: Damage,
    flipped: bool,
    /// What databases that the script makes are called here: names in the scratch server are the drill's own.
    prefix: String,
    helper: Helper,
    seen: Arc<Mutex<Seen>>,
}

impl Read for Filter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            if self.state == State::Start {
                self.state = State::Statements;
                self.restrict();
                continue;
            }
            let Some((piece, begins)) = self.pieces.next()? else { return Ok(0) };
            self.seen().read += piece.len() as u64;
            self.piece(piece, begins)?;
        }
        Ok(hand_out(&self.ready, &mut self.at, buffer))
    }
}

impl Filter {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn restrict(&mut self) {
        self.ready.extend(format!("\\restrict {}\n", self.key).into_bytes());
    }

    fn unrestrict(&mut self) {
        self.ready.extend(format!("\\unrestrict {}\n", self.key).into_bytes());
    }

    fn piece(&mut self, mut piece: Vec<u8>, begins: bool) -> io::Result<()> {
        match self.state {
            State::Rows => {
                if begins && (piece == b"\\.\n" || piece == b"\\.\r\n" || piece == b"\\.") {
                    self.state = State::Statements;
                } else if self.damage == Damage::SchemaOnly {
                    return Ok(());
                } else if self.damage == Damage::Flipped && !self.flipped {
                    self.flip(&mut piece);
                }
                self.ready.extend(piece);
            }
            State::Insert => {
                if piece.ends_with(b");\n") {
                    self.state = State::Statements;
                }
            }
            State::Start | State::Statements => {
                if !begins || !self.line(&mut piece)? {
                    self.ready.extend(piece);
                }
            }
        }
        Ok(())
    }

    /// Another digit instead of one that is there: the script stays one that can be read.
    fn flip(&mut self, piece: &mut [u8]) {
        if let Some(byte) = piece.iter_mut().rev().find(|byte| byte.is_ascii_digit()) {
            *byte ^= 1;
            self.flipped = true;
        }
    }

    /// Looks at a line among statements; true where it is left out.
    fn line(&mut self, piece: &mut Vec<u8>) -> io::Result<bool> {
        // Most lines begin with none of these.
        let Some(first) = piece.first() else { return Ok(false) };
        if !b" -\\CGRADISU".contains(first) {
            return Ok(false);
        }
        let text = String::from_utf8_lossy(&piece[..piece.len().min(4096)]).into_owned();
        let line = text.trim_end();
        if let Some(made) = platform::made(line) {
            self.seen().own.insert(made);
        } else if !line.starts_with("INSERT ") {
            self.platform(line)?;
        }
        if first == &b' ' {
            let tied = platform::tied(line, &self.seen().platform).map(str::to_owned);
            if let Some(tied) = tied.filter(|_| piece.ends_with(b";\n")) {
                // The rows that it points to are not there.
                piece.truncate(piece.len() - 2);
                piece.extend(b" NOT VALID;\n");
                self.seen().untied.push(tied);
            }
            return Ok(false);
        }
        if line == "-- PostgreSQL database dump complete"
            || line == "-- PostgreSQL database cluster dump complete"
        {
            self.seen().complete = true;
        } else if line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ") {
            return Ok(true);
        } else if let Some(rest) = line.strip_prefix("\\connect ") {
            let rest = rest.strip_prefix("-reuse-previous=on ").unwrap_or(rest);
            let name =
                connected(rest).ok_or_else(|| io::Error::other(format!("it connects elsewhere: {line}")))?;
            let database = self.database(&name)?;
            self.unrestrict();
            self.ready.extend(format!("\\connect {database}\n").into_bytes());
            self.restrict();
            return Ok(true);
        } else if let Some(rest) = line.strip_prefix("CREATE DATABASE ") {
            if let Some(name) = first_identifier(rest) {
                self.database(&name)?;
            }
            return Ok(true);
        } else if about_databases(line) {
            // Names that are not the drill's.
            return Ok(true);
        } else if line.starts_with("CREATE ROLE ") || line.starts_with("ALTER ROLE ") {
            // The superuser is the drill's own.
            let name = line.split_whitespace().nth(2).unwrap_or_default().trim_end_matches(';');
            return Ok(name == super::server::SUPERUSER);
        } else if line.starts_with("CREATE EXTENSION ") || line.starts_with("COMMENT ON EXTENSION ") {
            let rest = line.split_once("EXTENSION ").map_or("", |(_, rest)| rest);
            let rest = rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest);
            if let Some(name) = first_identifier(rest)
                && !self.helper.has_extension(&name, &self.seen)?
            {
                self.seen().left_out.insert(format!("extension {name}"));
                return Ok(true);
            }
        } else if line.starts_with("COPY ") && line.ends_with("FROM stdin;") {
            self.state = State::Rows;
        } else if line.starts_with("INSERT INTO ") {
            if self.damage == Damage::SchemaOnly {
                self.state = if piece.ends_with(b");\n") { State::Statements } else { State::Insert };
                return Ok(true);
            }
            if self.damage == Damage::Flipped && !self.flipped {
                self.flip(piece);
            }
        } else {
            let named = roles::named(line);
            if !named.is_empty() {
                self.helper.make_roles(named, &self.seen)?;
            }
        }
        Ok(false)
    }

    /// Makes stand-ins for schemas of a platform that a line names.
    fn platform(&mut self, line: &str) -> io::Result<()> {
        for schema in platform::named(line) {
            let new = {
                let mut seen = self.seen();
                !seen.own.contains(schema) && seen.platform.insert(schema)
            };
            if !new {
                continue;
            }
            for statement in platform::statements(schema) {
                self.helper.query(&statement, &self.seen)?;
            }
        }
        Ok(())
    }

    /// The database of the scratch server that stands for one of the script.
    fn database(&mut self, name: &str) -> io::Result<String> {
        let plain =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        let own: String = format!("{}_{}", self.prefix, plain.collect::<String>()).chars().take(60).collect();
        if !self.seen().databases.contains(&own) {
            self.helper.query(
                &format!(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
                    quoted(&own)
                ),
                &self.seen,
            )?;
            self.seen().databases.push(own.clone());
        }
        Ok(own)
    }
}

/// A second conversation, which makes what the script is about to name.
struct Helper {
    command: Option<Command>,
    interrupt: Interrupt,
    session: Option<Session>,
}

// The conversation is opened by the thread that reads, and stays there.
impl Helper {
    fn query(&mut self, query: &str, seen: &Mutex<Seen>) -> io::Result<Vec<Vec<String>>> {
        self.with(seen, |session| session.rows(query))
    }

    fn with<T>(
        &mut self,
        seen: &Mutex<Seen>,
        run: impl FnOnce(&mut Session) -> Result<T, seaworthy_database::Error>,
    ) -> io::Result<T> {
        let failed = |error: seaworthy_database::Error| {
            let why = format!("the scratch server: {error}");
            seen.lock().unwrap_or_else(PoisonError::into_inner).could_not = Some(why.clone());
            io::Error::other(why)
        };
        if self.session.is_none()
            && let Some(command) = self.command.take()
        {
            let interrupt = self.interrupt.clone();
            let session =
                Session::start(command, Box::new(move || interrupt.check().is_ok())).map_err(failed)?;
            self.session = Some(session);
        }
        let Some(session) = &mut self.session else { return Err(io::Error::other("no session")) };
        run(session).map_err(failed)
    }

    fn make_roles(&mut self, names: Vec<String>, seen: &Mutex<Seen>) -> io::Result<()> {
        let known = seen.lock().unwrap_or_else(PoisonError::into_inner).roles.clone();
        let new: BTreeSet<String> = names.into_iter().filter(|name| !known.contains(name)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let made = self.with(seen, |session| roles::make(session, &new))?;
        seen.lock().unwrap_or_else(PoisonError::into_inner).roles.extend(made);
        Ok(())
    }

    fn has_extension(&mut self, name: &str, seen: &Mutex<Seen>) -> io::Result<bool> {
        let query =
            format!("SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = {}", literal(name));
        Ok(!self.query(&query, seen)?.is_empty())
    }
}

/// Whether a line changes a database as a whole, or removes a role.
fn about_databases(line: &str) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    begins(&["DROP DATABASE ", "ALTER DATABASE ", "COMMENT ON DATABASE ", "DROP ROLE "])
        || (begins(&["GRANT ", "REVOKE "]) && line.contains(" ON DATABASE "))
        || (begins(&["UPDATE pg_catalog.pg_database "]))
}

/// The database that a `\connect` names, where it names nothing else: a whole address would lead to another server.
fn connected(rest: &str) -> Option<String> {
    let rest = rest.trim();
    if let Some(inner) = rest.strip_prefix("\"dbname='").and_then(|rest| rest.strip_suffix("'\"")) {
        return (!inner.contains(['\'', '\\', '"'])).then(|| inner.to_owned());
    }
    let name = first_identifier(rest)?;
    let whole = rest.trim_matches('"');
    (whole == name && !name.contains(['=', '/', ':', ' '])).then_some(name)
}

fn first_identifier(text: &str) -> Option<String> {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix('"') {
        return rest.split('"').next().map(str::to_owned).filter(|name| !name.is_empty());
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_-$.".contains(c))).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_elsewhere_is_refused() {
        assert_eq!(connected("shop").as_deref(), Some("shop"));
        assert_eq!(connected("\"dbname='odd name'\"").as_deref(), Some("odd name"));
        for text in [
            "\"host=db.example dbname=x\"",
            "postgres://db/x",
            "shop admin db.example",
            "\"dbname='x' host='y'\"",
        ] {
            assert_eq!(connected(text), None, "{text}");
        }
    }
}
