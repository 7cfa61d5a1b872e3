//! SQL of `mariadb-dump` and `mysqldump`: restored with the `mariadb` client.
//!
//! The client is deaf to its own commands (`--binary-mode`), and the account that it has may write to the databases of the
//! dump only. The little that a dump needs beyond that is done here, or left out: databases are made, definers become the
//! restoring account, accounts and settings of replication stay away. What a dump asks for in another form is refused by
//! the server.

use std::io::{self, Read};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use seaworthy_database::mariadb::{Session, is_system};

use super::server::{Server, make};
use crate::restore::bounds::{self, Bounds};
use crate::restore::pieces::{Pieces, hand_out};
use crate::restore::reading::Damage;
use crate::restore::{Copy, Restored};
use crate::scratch::{Feed, Scratch};
use crate::{Interrupt, Progress, Stop};

/// Lines with rows that get another digit.
const FLIPS: u32 = 3;

/// Restores a script into a new database, and those that it makes itself.
pub fn restore(
    server: &mut Server,
    scratch: &mut Scratch,
    copy: &Copy,
    name: &str,
    good: Option<f64>,
    progress: &mut Progress,
) -> Result<Restored, Stop> {
    let began = Instant::now();
    let name = &named(copy)?.unwrap_or_else(|| name.to_owned());
    let mut session = server.session(scratch)?;
    make(&mut session, name).map_err(|error| super::server::stop(error, scratch))?;
    drop(session);
    let seen = Arc::new(Mutex::new(Seen { databases: vec![name.clone()], ..Seen::default() }));
    let filter = Filter {
        pieces: Pieces::of(copy.stream()?),
        ready: Vec::new(),
        at: 0,
        state: State::Statements,
        body: false,
        damage: copy.damage,
        flips: 0,
        helper: Helper {
            command: Some(server.conversation(scratch)),
            interrupt: scratch.interrupt(),
            session: None,
        },
        seen: Arc::clone(&seen),
    };
    let client = server.restorer(scratch, name);
    let size = copy.artefact.size;
    let finished = bounds::run(
        scratch,
        client,
        Feed::Stream(Box::new(filter)),
        Bounds::of(copy.damage, good),
        &mut |_| {
            if copy.artefact.layers.is_empty() {
                progress.advance(lock(&seen).read, size);
            }
        },
    );
    let seconds = began.elapsed().as_secs_f64();
    let seen = std::mem::take(&mut *lock(&seen));
    let finished = match finished {
        Ok(finished) => finished,
        // A server that waits for room on its disk looks like one that does nothing.
        Err(stop) => {
            server.still_well(scratch, "")?;
            return Err(stop);
        }
    };
    server.still_well(scratch, &finished.messages)?;
    if let Some(why) = seen.could_not {
        return Err(Stop::CouldNot(why));
    }
    if let Err(why) = &finished.feed {
        return Err(Stop::Refused(format!("the script cannot be read to its end: {why}")));
    }
    if !finished.success {
        let said: String = finished
            .messages
            .lines()
            .filter(|line| line.starts_with("ERROR "))
            .take(1)
            .map(without_data)
            .collect();
        let said = if said.is_empty() { finished.status } else { said };
        return Err(Stop::Refused(format!("mariadb: a statement failed: {said}")));
    }
    if !seen.complete {
        return Err(Stop::refused("its last line is missing (`-- Dump completed`): the script was cut off"));
    }
    Ok(Restored { databases: seen.databases, seconds, remarks: seen.remarks, ..Restored::default() })
}

/// The database that the head of a script names: `-- Host: localhost    Database: shop`. Defaults that call a sequence name
/// it with its database, and such a script goes into no other.
fn named(copy: &Copy) -> Result<Option<String>, Stop> {
    let mut head = Vec::new();
    // What cannot be read is told by the restore.
    let _ = copy.stream()?.take(4096).read_to_end(&mut head);
    let head = String::from_utf8_lossy(&head);
    let name = head
        .lines()
        .find_map(|line| line.strip_prefix("-- Host: ")?.split_once("Database: "))
        .map(|(_, name)| name.trim().to_owned());
    Ok(name.filter(|name| {
        !name.is_empty()
            && name.chars().count() <= 64
            && !name.contains(|c: char| c.is_control() || "`/\\.".contains(c))
            && !is_system(name)
    }))
}

/// Messages repeat what is in the rows; a report must not.
fn without_data(message: &str) -> String {
    let message = message.split(" to use near ").next().unwrap_or(message);
    let message = match (message.find("Duplicate entry '"), message.rfind("' for key ")) {
        (Some(from), Some(to)) if from < to => {
            format!("{}Duplicate entry{}", &message[..from], &message[to + 1..])
        }
        _ => message.to_owned(),
    };
    message.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the filter saw on its way.
#[derive(Debug, Default)]
struct Seen {
    read: u64,
    /// The script says when it begins that it is one with comments.
    comments: bool,
    complete: bool,
    databases: Vec<String>,
    remarks: Vec<String>,
    could_not: Option<String>,
}

impl Seen {
    fn remark(&mut self, text: &str) {
        if !self.remarks.iter().any(|known| known == text) && self.remarks.len() < 20 {
            self.remarks.push(text.to_owned());
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Among statements.
    Statements,
    /// In a statement that is left out, to its end.
    Left,
    /// In an INSERT.
    Rows,
    /// Among statements about a database of the server itself.
    System,
}

/// The script as the client gets it. Each line stays one, so that the client's messages name the right one.
struct Filter {
    pieces: Pieces,
    ready: Vec<u8>,
    at: usize,
    state: State,
    /// In the body of a routine, where statements end otherwise.
    body: bool,
    damage: Damage,
    flips: u32,
    helper: Helper,
    seen: Arc<Mutex<Seen>>,
}

impl Read for Filter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            let Some((piece, begins)) = self.pieces.next()? else { return Ok(0) };
            lock(&self.seen).read += piece.len() as u64;
            self.piece(piece, begins)?;
        }
        Ok(hand_out(&self.ready, &mut self.at, buffer))
    }
}

impl Filter {
    fn piece(&mut self, mut piece: Vec<u8>, begins: bool) -> io::Result<()> {
        let ends = piece.ends_with(b";\n") || piece.ends_with(b";\r\n");
        match self.state {
            State::Left => {
                if ends {
                    self.state = State::Statements;
                }
                self.nothing(&piece);
            }
            State::Rows => {
                if ends {
                    self.state = State::Statements;
                }
                self.rows(piece);
            }
            State::Statements | State::System => {
                if !begins {
                    if self.state == State::Statements {
                        self.ready.extend(piece);
                    }
                    return Ok(());
                }
                match self.line(&mut piece)? {
                    _ if self.state == State::System => self.nothing(&piece),
                    Line::Kept => self.ready.extend(piece),
                    Line::Dropped => {
                        if !ends {
                            self.state = State::Left;
                        }
                        self.nothing(&piece);
                    }
                    Line::Gone => self.nothing(&piece),
                    Line::Rows => {
                        if !ends {
                            self.state = State::Rows;
                        }
                        self.rows(piece);
                    }
                }
            }
        }
        Ok(())
    }

    fn nothing(&mut self, piece: &[u8]) {
        if piece.last() == Some(&b'\n') {
            self.ready.push(b'\n');
        }
    }

    fn rows(&mut self, mut piece: Vec<u8>) {
        if self.damage == Damage::SchemaOnly {
            return self.nothing(&piece);
        }
        if self.damage == Damage::Flipped
            && self.flips < FLIPS
            && !piece.trim_ascii_end().ends_with(b"VALUES")
        {
            // At several places: the server ignores what is written for a column that it generates.
            for part in 1..4 {
                let end = piece.len() * part / 4;
                if let Some(byte) = piece[..end].iter_mut().rev().find(|byte| byte.is_ascii_digit()) {
                    *byte ^= 1;
                }
            }
            self.flips += 1;
        }
        self.ready.extend(piece);
    }

    /// Looks at the beginning of a line.
    fn line(&mut self, piece: &mut Vec<u8>) -> io::Result<Line> {
        // Most lines begin with none of these.
        let Some(first) = piece.first() else { return Ok(Line::Kept) };
        if !b"-/CDGIRSU".contains(first) {
            return Ok(Line::Kept);
        }
        let text = String::from_utf8_lossy(&piece[..piece.len().min(4096)]).into_owned();
        let line = text.trim_end();
        if let Some(delimiter) = line.strip_prefix("DELIMITER ") {
            self.body = delimiter.trim() != ";";
            return Ok(Line::Kept);
        }
        if without_definer(piece) {
            return Ok(Line::Kept);
        }
        if self.body {
            return Ok(Line::Kept);
        }
        if line.starts_with("-- MySQL dump") || line.starts_with("-- MariaDB dump") {
            lock(&self.seen).comments = true;
        } else if line.starts_with("-- Dump completed") {
            lock(&self.seen).complete = true;
        } else if line.contains(" SET SQL_NOTES=@OLD_SQL_NOTES ") {
            // The last statement, where comments are left out.
            let mut seen = lock(&self.seen);
            seen.complete |= !seen.comments;
        } else if let Some(rest) = line.strip_prefix("CREATE DATABASE ") {
            return match identifier(rest) {
                Some(name) => self.database(&name),
                None => Ok(Line::Kept),
            };
        } else if line.starts_with("USE `") {
            return match identifier(line) {
                Some(name) => Ok(match self.database(&name)? {
                    // The account may use it now.
                    Line::Dropped if self.state != State::System => Line::Kept,
                    _ => Line::Gone,
                }),
                None => Ok(Line::Kept),
            };
        } else if line.starts_with("INSERT ") || line.starts_with("REPLACE INTO ") {
            return Ok(Line::Rows);
        } else if ["CREATE USER ", "GRANT ", "CREATE ROLE ", "SET DEFAULT ROLE "]
            .iter()
            .any(|begin| line.starts_with(begin))
        {
            lock(&self.seen)
                .remark("accounts and their rights were left out: the scratch server has its own");
            return Ok(Line::Dropped);
        } else if line.starts_with("CHANGE MASTER TO ")
            || line.starts_with("CHANGE REPLICATION SOURCE TO ")
            || line.starts_with("SET GLOBAL gtid_slave_pos")
            || line.starts_with("SET @@GLOBAL.GTID_PURGED")
            || line.starts_with("SET @@SESSION.SQL_LOG_BIN")
            || line.starts_with("SET @MYSQLDUMP_TEMP_LOG_BIN")
        {
            lock(&self.seen).remark("settings of replication were left out");
            return Ok(Line::Dropped);
        } else if line.starts_with("DROP DATABASE ") || line.contains("DROP DATABASE IF EXISTS") {
            // The drill made it new.
            return Ok(Line::Dropped);
        }
        Ok(Line::Kept)
    }

    /// Makes a database that the script names, or looks away where it is one of the server itself.
    fn database(&mut self, name: &str) -> io::Result<Line> {
        if is_system(name) {
            self.state = State::System;
            lock(&self.seen).remark(&format!(
                "the database `{}` was left out: it is the server's own",
                name.to_ascii_lowercase()
            ));
            return Ok(Line::Gone);
        }
        self.state = State::Statements;
        let known = lock(&self.seen).databases.iter().any(|known| known == name);
        if !known {
            self.helper.make(name, &self.seen)?;
            lock(&self.seen).databases.push(name.to_owned());
        }
        Ok(Line::Dropped)
    }
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Kept,
    /// It and the rest of its statement go.
    Dropped,
    /// It alone goes.
    Gone,
    /// It has rows.
    Rows,
}

/// The first identifier in quotes, where the line has one.
pub fn identifier(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut chars = text.split_once('`')?.1.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' if chars.peek() == Some(&'`') => {
                name.push('`');
                chars.next();
            }
            '`' => return (!name.is_empty() && name.chars().count() <= 64).then_some(name),
            c => name.push(c),
        }
    }
    None
}

/// Definers are accounts that the scratch server does not have: the restoring account stands for them.
fn without_definer(line: &mut Vec<u8>) -> bool {
    const WORD: &[u8] = b"DEFINER=";
    let begins: [&[u8]; 3] = [b"CREATE DEFINER=", b"CREATE OR REPLACE DEFINER=", b"/*!50"];
    if !begins.iter().any(|begin| line.starts_with(begin)) {
        return false;
    }
    // Bodies come later in a line than that.
    let head = &line[..line.len().min(80)];
    let Some(at) = memchr::memmem::find(head, WORD).map(|at| at + WORD.len()) else { return false };
    let Some(length) = account(&line[at..]) else { return false };
    line.splice(at..at + length, *b"CURRENT_USER");
    true
}

/// The length of `user`@`host`, or of a role.
fn account(text: &[u8]) -> Option<usize> {
    let name = |text: &[u8]| -> Option<usize> {
        if text.first() != Some(&b'`') {
            return None;
        }
        let mut at = 1;
        while at < text.len().min(1024) {
            if text[at] == b'`' {
                if text.get(at + 1) != Some(&b'`') {
                    return Some(at + 1);
                }
                at += 1;
            }
            at += 1;
        }
        None
    };
    let user = name(text)?;
    match text.get(user) {
        Some(b'@') => Some(user + 1 + name(&text[user + 1..])?),
        _ => Some(user),
    }
}

/// A second conversation, which makes the databases that the script is about to use.
struct Helper {
    command: Option<Command>,
    interrupt: Interrupt,
    session: Option<Session>,
}

impl Helper {
    fn make(&mut self, name: &str, seen: &Mutex<Seen>) -> io::Result<()> {
        let failed = |error: seaworthy_database::Error| {
            let why = format!("the scratch server: {error}");
            lock(seen).could_not = Some(why.clone());
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
        make(session, name).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definers_become_the_restoring_account() {
        for (line, rewritten) in [
            (
                "CREATE DEFINER=`root`@`%` PROCEDURE `p`()",
                Some("CREATE DEFINER=CURRENT_USER PROCEDURE `p`()"),
            ),
            (
                "/*!50013 DEFINER=`a``b`@`localhost` SQL SECURITY DEFINER */",
                Some("/*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER */"),
            ),
            (
                "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW",
                Some(
                    "/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW",
                ),
            ),
            ("INSERT INTO `a` VALUES ('DEFINER=`x`@`y`')", None),
            ("CREATE DEFINER=`broken", None),
        ] {
            let mut bytes = line.as_bytes().to_vec();
            assert_eq!(without_definer(&mut bytes), rewritten.is_some(), "{line}");
            assert_eq!(String::from_utf8_lossy(&bytes), rewritten.unwrap_or(line));
        }
    }

    #[test]
    fn messages_lose_what_rows_hold() {
        assert_eq!(
            without_data("ERROR 1062 (23000) at line 7: Duplicate entry 'ada@example.org' for key 'email'"),
            "ERROR 1062 (23000) at line 7: Duplicate entry for key 'email'"
        );
        assert!(!without_data("ERROR 1064 (42000): syntax to use near 'ada@example.org'").contains("ada"));
    }

    #[test]
    fn identifiers_are_unquoted() {
        assert_eq!(identifier("/*!32312 IF NOT EXISTS*/ `shop` /*!40100 */;").as_deref(), Some("shop"));
        assert_eq!(identifier("USE `a``b`;").as_deref(), Some("a`b"));
        assert_eq!(identifier("USE shop;"), None);
        assert_eq!(identifier("USE ``;"), None);
    }
}
