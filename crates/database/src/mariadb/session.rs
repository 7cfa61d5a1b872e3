//! A conversation with the client program.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::Error;
use crate::answer::{LARGEST, first, lines};

/// The name of the client program here: MariaDB's own, else MySQL's.
pub fn client() -> Option<&'static str> {
    let path = std::env::var_os("PATH")?;
    let there = |name: &str| std::env::split_paths(&path).any(|folder| is_program(&folder.join(name)));
    ["mariadb", "mysql"].into_iter().find(|name| there(name))
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// An identifier in quotes.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A running client with one connection. It asks only what this program composed: a client in batch mode mixes answers and
/// errors, and a question with an open quote would swallow what marks its end.
pub struct Session {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Vec<u8>>,
    asked: u64,
    go_on: Box<dyn FnMut() -> bool + Send>,
}

impl Session {
    /// Starts the client. The command holds the program, where to connect and as whom; how to talk is added here. `go_on`
    /// is asked now and then whether to wait further.
    ///
    /// # Errors
    /// When it does not start or cannot connect.
    pub fn start(mut command: Command, go_on: Box<dyn FnMut() -> bool + Send>) -> Result<Session, Error> {
        let unusable = |what: &str, error: std::io::Error| Error::Unusable(format!("{what}: {error}"));
        // Errors belong between the answers, in their order.
        let (reader, writer) = std::io::pipe().map_err(|error| unusable("the client has no pipe", error))?;
        let second = writer.try_clone().map_err(|error| unusable("the client has no pipe", error))?;
        command
            .args(["--batch", "--skip-column-names", "--unbuffered", "--force", "--binary-mode"])
            .args(["--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--skip-auto-rehash"])
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(writer)
            .stderr(second);
        let mut child =
            command.spawn().map_err(|error| unusable("the mariadb client cannot be started", error))?;
        // It holds the writing ends.
        drop(command);
        let Some(stdin) = child.stdin.take() else {
            return Err(Error::Unusable("the client has no pipe".to_owned()));
        };
        let lines = lines(reader);
        let mut session = Session { child, stdin, lines, asked: 0, go_on };
        session.rows("SELECT 1")?;
        Ok(session)
    }

    /// The rows that a query gives.
    ///
    /// # Errors
    /// The server's error, or the end of the connection.
    pub fn rows(&mut self, query: &str) -> Result<Vec<Vec<String>>, Error> {
        self.asked += 1;
        let mark = format!("--{:x}-{:x}-{}--", self.child.id(), std::process::id(), self.asked);
        let said = format!("{query};\nSELECT '{mark}';\n");
        if self.stdin.write_all(said.as_bytes()).and_then(|()| self.stdin.flush()).is_err() {
            return Err(self.gone(&[]));
        }
        let mut rows = Vec::new();
        let mut size = 0;
        let mut failed: Option<String> = None;
        loop {
            match self.lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_end_matches('\n');
                    if text == mark {
                        return failed.map_or(Ok(rows), |why| Err(Error::Answered(why)));
                    }
                    if failed.is_none() && is_error(text) {
                        failed = Some(text.to_owned());
                    }
                    size += line.len();
                    if size > LARGEST {
                        let _ = self.child.kill();
                        return Err(Error::Unusable("the server's answer is too large".to_owned()));
                    }
                    rows.push(text.split('\t').map(unescaped).collect());
                }
                Err(RecvTimeoutError::Timeout) => {
                    if !(self.go_on)() {
                        let _ = self.child.kill();
                        return Err(Error::Interrupted);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.gone(&rows)),
            }
        }
    }

    /// The first field of the first row.
    ///
    /// # Errors
    /// The server's error, or an answer without rows.
    pub fn value(&mut self, query: &str) -> Result<String, Error> {
        first(self.rows(query)?)
    }

    /// What the client said before it went.
    fn gone(&mut self, said: &[Vec<String>]) -> Error {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let rest: Vec<Vec<String>> = self
            .lines
            .try_iter()
            .map(|line| vec![String::from_utf8_lossy(&line).trim_end().to_owned()])
            .collect();
        let said: Vec<String> =
            said.iter().chain(&rest).map(|row| row.join(" ")).filter(|line| !line.is_empty()).collect();
        Error::Unusable(if said.is_empty() {
            "the connection of the mariadb client ended".to_owned()
        } else {
            said.join("; ").chars().take(2000).collect()
        })
    }
}

/// `ERROR 1146 (42S02) at line 3: …`
fn is_error(line: &str) -> bool {
    line.strip_prefix("ERROR ")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) || rest.starts_with("at line "))
}

/// The client writes what would break a line by a backslash.
fn unescaped(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    text
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_errors_of_the_client() {
        assert_eq!(unescaped("a\\tb\\\\c\\n"), "a\tb\\c\n");
        assert!(is_error("ERROR 1146 (42S02) at line 3: Table 'x.y' doesn't exist"));
        assert!(!is_error("ERROR is a word"));
    }
}
