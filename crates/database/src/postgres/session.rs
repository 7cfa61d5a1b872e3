//! A conversation with `psql`.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Error;
use crate::answer::{LARGEST, first, lines};

/// Messages that are kept, in bytes.
const MOST_MESSAGES: u64 = 64 << 10;

/// A running `psql` with one connection.
pub struct Session {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Vec<u8>>,
    messages: Option<JoinHandle<String>>,
    mark: String,
    go_on: Box<dyn FnMut() -> bool + Send>,
}

impl Session {
    /// Starts `psql`. The command holds the program, where to connect and as whom; how to talk is added here. `go_on` is
    /// asked now and then whether to wait further.
    ///
    /// # Errors
    /// When it does not start or cannot connect.
    pub fn start(mut command: Command, go_on: Box<dyn FnMut() -> bool + Send>) -> Result<Session, Error> {
        command
            .args(["--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--no-password"])
            .args(["--set", "ON_ERROR_STOP=0", "--set", "VERBOSITY=terse", "--file", "-"])
            .env("PGCLIENTENCODING", "UTF8")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| Error::Unusable(format!("psql cannot be started: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::Unusable("psql has no pipes".to_owned()));
        };
        let lines = lines(stdout);
        let messages = std::thread::spawn(move || {
            let mut kept = Vec::new();
            let mut stderr = stderr;
            let _ = stderr.by_ref().take(MOST_MESSAGES).read_to_end(&mut kept);
            let _ = std::io::copy(&mut stderr, &mut std::io::sink());
            String::from_utf8_lossy(&kept).into_owned()
        });
        let mark = format!("--{:x}-{:x}--", child.id(), std::process::id());
        let mut session = Session { child, stdin, lines, messages: Some(messages), mark, go_on };
        session.rows("SELECT 1")?;
        Ok(session)
    }

    /// The rows that a query gives; NULL is an empty text.
    ///
    /// # Errors
    /// The server's error, or the end of the connection.
    pub fn rows(&mut self, query: &str) -> Result<Vec<Vec<String>>, Error> {
        let mark = self.mark.clone();
        let said = format!(
            "{query}\n;\n\\if :ERROR\n\\echo {mark} failed :LAST_ERROR_MESSAGE\n\\else\n\\echo {mark} done\n\\endif\n"
        );
        if self.stdin.write_all(said.as_bytes()).and_then(|()| self.stdin.flush()).is_err() {
            return Err(self.gone());
        }
        let mut answer: Vec<u8> = Vec::new();
        let end = loop {
            match self.lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) if line.starts_with(mark.as_bytes()) => break line,
                Ok(line) if answer.len() + line.len() > LARGEST => {
                    let _ = self.child.kill();
                    return Err(Error::Unusable("the server's answer is too large".to_owned()));
                }
                Ok(line) => answer.extend(line),
                Err(RecvTimeoutError::Timeout) => {
                    if !(self.go_on)() {
                        let _ = self.child.kill();
                        return Err(Error::Interrupted);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.gone()),
            }
        };
        let end = String::from_utf8_lossy(&end).into_owned();
        let end = end[mark.len()..].trim();
        if let Some(why) = end.strip_prefix("failed") {
            return Err(Error::Answered(why.trim().to_owned()));
        }
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(answer.as_slice())
            .byte_records()
            .map(|record| {
                let record = record.map_err(|error| Error::Unusable(format!("psql's answer: {error}")))?;
                Ok(record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
            })
            .collect()
    }

    /// The first field of the first row.
    ///
    /// # Errors
    /// The server's error, or an answer without rows.
    pub fn value(&mut self, query: &str) -> Result<String, Error> {
        first(self.rows(query)?)
    }

    /// What psql said before it went.
    fn gone(&mut self) -> Error {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said = self.messages.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let said = said.trim().trim_start_matches("psql: error: ").trim();
        Error::Unusable(if said.is_empty() {
            "the connection of psql ended".to_owned()
        } else {
            said.chars().take(2000).collect()
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
