//! Encrypted artefacts: told by their content, decrypted by the command that the owners declare, as one more layer around
//! what is inside. The drill never sees the key: it starts the command, and refuses one with the key itself in it.

use std::ffi::OsStr;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Stop;
use crate::scratch::{caller, end};

/// How long the command may neither read nor write.
const IDLE: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// So many bytes may come out for each that went in: what is inside may be compressed by the same program.
const LARGEST_GROWTH: u64 = 1100;

/// So many may come out in any case.
const ALWAYS: u64 = 64 << 20;

/// Bytes of its messages that are kept.
const MESSAGES: u64 = 16 << 10;

/// How something is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// age.
    Age,
    /// GnuPG, or anything else that writes OpenPGP messages.
    Gpg,
    /// `openssl enc`.
    Openssl,
    /// `openssl cms` and `openssl smime`.
    Cms,
}

impl Encryption {
    /// What begins so.
    pub fn of(head: &[u8]) -> Option<Encryption> {
        let armoured = |word: &[u8]| head.starts_with(word);
        if armoured(b"age-encryption.org/") || armoured(b"-----BEGIN AGE ENCRYPTED FILE-----") {
            Some(Encryption::Age)
        } else if armoured(b"-----BEGIN PGP MESSAGE-----") || is_openpgp(head) {
            Some(Encryption::Gpg)
        } else if armoured(b"Salted__") || armoured(b"U2FsdGVkX1") {
            Some(Encryption::Openssl)
        } else if armoured(b"-----BEGIN CMS-----") || armoured(b"-----BEGIN PKCS7-----") || is_enveloped(head)
        {
            Some(Encryption::Cms)
        } else {
            None
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Encryption::Age => "age",
            Encryption::Gpg => "GnuPG",
            Encryption::Openssl => "openssl enc",
            Encryption::Cms => "openssl cms",
        }
    }

    /// A command that decrypts it.
    fn example(self) -> &'static str {
        match self {
            Encryption::Age => "[\"age\", \"--decrypt\", \"--identity\", \"/path/to/key.txt\"]",
            Encryption::Gpg => "[\"gpg\", \"--batch\", \"--quiet\", \"--decrypt\"]",
            Encryption::Openssl => {
                "[\"openssl\", \"enc\", \"-d\", \"-aes-256-cbc\", \"-pbkdf2\", \"-pass\", \"file:/path/to/key\"]"
            }
            Encryption::Cms => {
                "[\"openssl\", \"cms\", \"-decrypt\", \"-inform\", \"DER\", \"-inkey\", \"/path/to/key.pem\"]"
            }
        }
    }

    /// What is said where no command is declared.
    pub fn undeclared(self, name: &str) -> String {
        format!(
            "{name} is encrypted with {}, and nothing says how it is decrypted: name a command that reads it and writes what is in it, \
             under [drill.restore] in seaworthy.toml:\n  decrypt-command = {}",
            self.name(),
            self.example()
        )
    }
}

/// Whether it begins with an OpenPGP message: session keys, and then encrypted data.
fn is_openpgp(head: &[u8]) -> bool {
    let mut at = 0;
    for _ in 0..64 {
        let Some(&first) = head.get(at) else { return at > 0 };
        if first & 0x80 == 0 {
            return false;
        }
        let byte = |offset: usize| head.get(at + offset).map(|byte| usize::from(*byte));
        let (tag, header, length) = if first & 0x40 != 0 {
            let (header, length) = match byte(1) {
                Some(short @ 0..=191) => (2, Some(short)),
                Some(long @ 192..=223) => (3, byte(2).map(|low| ((long - 192) << 8) + low + 192)),
                Some(255) => (6, None),
                // Written in parts: only data is.
                Some(_) => (2, None),
                None => return false,
            };
            (first & 0x3f, header, length)
        } else {
            let (header, length) = match first & 3 {
                0 => (2, byte(1)),
                1 => (3, byte(1).zip(byte(2)).map(|(high, low)| high << 8 | low)),
                2 => (5, None),
                _ => (1, None),
            };
            (first >> 2 & 0xf, header, length)
        };
        match (tag, byte(header), length) {
            // Data: old, with a code against changes, and authenticated.
            (9 | 18 | 20, _, _) => return at > 0,
            // A session key for a public key, or from a password; the second byte is its version.
            (1, Some(2 | 3 | 6), Some(length)) | (3, Some(4..=6), Some(length)) if length > 0 => {
                at += header + length;
            }
            // Marker and padding.
            (10 | 21, _, Some(length)) => at += header + length,
            _ => return false,
        }
    }
    false
}

/// Whether it begins with an enveloped message of CMS: a sequence, and the name of its kind.
fn is_enveloped(head: &[u8]) -> bool {
    const KIND: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
    head.first() == Some(&0x30) && (2..=6).any(|at| head.get(at..).is_some_and(|rest| rest.starts_with(KIND)))
}

/// The declared command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decryption {
    command: Vec<String>,
    folder: PathBuf,
    encryption: Encryption,
    size: u64,
}

impl Decryption {
    /// Takes the declared command for an artefact of `size` bytes. It runs in `folder`.
    ///
    /// # Errors
    /// When it is none, or holds the key itself.
    pub fn declared(
        command: &[String],
        folder: &Path,
        encryption: Encryption,
        size: u64,
    ) -> Result<Decryption, Stop> {
        let wrong = |why: &str| Stop::Usage(format!("`decrypt-command` under [drill.restore]: {why}"));
        let Some(program) = command.first().filter(|program| !program.is_empty()) else {
            return Err(wrong("it is empty"));
        };
        if command.len() == 1 && program.contains(' ') {
            return Err(wrong(
                "it is a list of words, such as [\"age\", \"--decrypt\", \"-i\", \"/path/to/key.txt\"]",
            ));
        }
        if has_key(command) {
            return Err(wrong(
                "the key itself stands in it, and everybody on the machine sees the words of a command; let it name a file or a \
                 variable instead (-pass file:PATH, -pass env:NAME, --passphrase-file PATH, --identity PATH)",
            ));
        }
        Ok(Decryption { command: command.to_vec(), folder: folder.to_owned(), encryption, size })
    }

    /// How it is encrypted.
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// The command, for people.
    pub fn shown(&self) -> String {
        self.command.join(" ")
    }

    /// The name of the program.
    fn program(&self) -> String {
        let first = self.command.first().map_or("", String::as_str);
        Path::new(first)
            .file_name()
            .map_or_else(|| first.to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// What the command makes of `input`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn open(&self, input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let (first, rest) = self.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = caller(OsStr::new(first));
        // It is the owners' own: it finds its keys by their home and their variables.
        command
            .args(rest)
            .envs(std::env::vars_os().filter(|(name, _)| name != "LC_ALL" && name != "LANGUAGE"))
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            end(&mut child);
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let watch = Arc::new(Watch::default());
        let feeding = feed(input, stdin, Arc::clone(&watch));
        let messages = std::thread::spawn(move || {
            let mut stderr = stderr;
            let mut text = Vec::new();
            let _ = stderr.by_ref().take(MESSAGES).read_to_end(&mut text);
            let _ = io::copy(&mut stderr, &mut io::sink());
            String::from_utf8_lossy(&text).into_owned()
        });
        let bound = Arc::clone(&watch);
        let group = child.id();
        std::thread::spawn(move || bound.wait(group));
        Ok(Box::new(Decrypting {
            name: self.program(),
            child,
            stdout: BufReader::with_capacity(256 << 10, stdout),
            feeding: Some(feeding),
            messages: Some(messages),
            watch,
            given: 0,
            most: self.size.saturating_mul(LARGEST_GROWTH).saturating_add(ALWAYS),
            over: false,
        }))
    }
}

/// Whether a key stands in a command.
fn has_key(command: &[String]) -> bool {
    let program = command.first().map(Path::new).and_then(Path::file_name).map(OsStr::to_string_lossy);
    let openssl = program.is_some_and(|name| name.starts_with("openssl"));
    let names = |word: &str| {
        (openssl && matches!(word, "-k" | "-K")) || matches!(word, "--passphrase" | "--password")
    };
    let next = |index: usize| command.get(index + 1).is_some_and(|word| !word.starts_with('-'));
    command.iter().enumerate().any(|(index, word)| {
        let upper = word.to_ascii_uppercase();
        word.starts_with("pass:")
            || upper.contains("AGE-SECRET-KEY-")
            || upper.contains("PRIVATE KEY-----")
            || word.starts_with("--passphrase=")
            || word.starts_with("--password=")
            || (names(word) && next(index))
    })
}

/// What the threads of a decryption share.
#[derive(Debug, Default)]
struct Watch {
    /// Reads that began and reads that ended: an odd number while somebody waits.
    waiting: AtomicU64,
    /// Bytes that went in.
    fed: AtomicU64,
    over: AtomicBool,
    ended: AtomicBool,
}

impl Watch {
    /// Ends a command that neither reads nor writes although it is waited for.
    fn wait(&self, group: u32) {
        let mut mark = (0, 0);
        let mut since = Instant::now();
        while !self.over.load(Ordering::Relaxed) {
            std::thread::sleep(PAUSE);
            let now = (self.waiting.load(Ordering::Relaxed), self.fed.load(Ordering::Relaxed));
            if now != mark || now.0.is_multiple_of(2) {
                mark = now;
                since = Instant::now();
            } else if since.elapsed() > IDLE {
                self.ended.store(true, Ordering::Relaxed);
                if let Some(group) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
                return;
            }
        }
    }
}

/// Gives the command what it reads; gives what was wrong with that.
fn feed(
    mut input: Box<dyn Read + Send>,
    mut pipe: impl Write + Send + 'static,
    watch: Arc<Watch>,
) -> JoinHandle<Option<String>> {
    std::thread::spawn(move || {
        let mut buffer = vec![0_u8; 128 << 10];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return None,
                // That it reads no further is its own affair.
                Ok(length) if pipe.write_all(&buffer[..length]).is_err() => return None,
                Ok(length) => {
                    watch.fed.fetch_add(length as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(error.to_string()),
            }
        }
    })
}

/// What comes out of the command.
struct Decrypting {
    name: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
    feeding: Option<JoinHandle<Option<String>>>,
    messages: Option<JoinHandle<String>>,
    watch: Arc<Watch>,
    given: u64,
    most: u64,
    over: bool,
}

impl Read for Decrypting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.over || buffer.is_empty() {
            return Ok(0);
        }
        self.watch.waiting.fetch_add(1, Ordering::Relaxed);
        let read = self.stdout.read(buffer);
        self.watch.waiting.fetch_add(1, Ordering::Relaxed);
        let length = read?;
        if length == 0 {
            self.over = true;
            return self.ended().map(|()| 0);
        }
        self.given += length as u64;
        if self.given > self.most {
            self.over = true;
            end(&mut self.child);
            return Err(io::Error::other(format!("{} writes without an end: it was ended", self.name)));
        }
        Ok(length)
    }
}

impl Decrypting {
    /// How the command ended.
    fn ended(&mut self) -> io::Result<()> {
        let status = self.child.wait()?;
        self.watch.over.store(true, Ordering::Relaxed);
        let said = self.messages.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        if self.watch.ended.load(Ordering::Relaxed) {
            let why = format!("{} did nothing for {} s, and was ended", self.name, IDLE.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        if let Some(why) = self.feeding.take().and_then(|thread| thread.join().ok()).flatten() {
            return Err(io::Error::other(why));
        }
        if status.success() {
            return Ok(());
        }
        if status.code() == Some(127) {
            let why = said.trim().trim_start_matches("seaworthy: ").to_owned();
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let said = last_words(&said, &self.name);
        Err(io::Error::other(if said.is_empty() { format!("{}: {status}", self.name) } else { said }))
    }
}

impl Drop for Decrypting {
    fn drop(&mut self) {
        self.watch.over.store(true, Ordering::Relaxed);
        if !self.over {
            end(&mut self.child);
        }
    }
}

/// The last lines that a program wrote, in one, with its name before them.
fn last_words(messages: &str, name: &str) -> String {
    let lines: Vec<String> = messages
        .lines()
        .map(|line| line.chars().filter(|c| !c.is_control()).take(300).collect::<String>().trim().to_owned())
        .filter(|line| !line.is_empty() && !line.contains("report unexpected or unhelpful errors"))
        .collect();
    // OpenSSL adds a line with the place in its source to each that says what is wrong.
    let plain: Vec<String> = lines.iter().filter(|line| !line.contains(":error:")).cloned().collect();
    let lines = if plain.is_empty() { lines } else { plain };
    let last = &lines[lines.len().saturating_sub(4)..];
    let joined = last.join("; ");
    if joined.is_empty() || joined.starts_with(name) { joined } else { format!("{name}: {joined}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn envelopes_are_told_by_their_beginning() {
        // `gpg --symmetric`, `gpg --encrypt` to a key of RSA and to one of elliptic curves, newer headers.
        let mut symmetric = vec![0x8c, 0x0d, 0x04, 0x09, 0x03, 0x02];
        symmetric.extend([7; 9]);
        symmetric.extend([0xd2, 0xc0, 0x3c, 0x01]);
        let mut rsa = vec![0x85, 0x00, 0x0c, 0x03];
        rsa.extend([7; 11]);
        rsa.extend([0xd2, 0x3f, 0x01]);
        let mut newer = vec![0xc1, 0x05, 0x03, 1, 1, 1, 1];
        newer.extend([0xd2, 0x3f, 0x01]);
        for head in [symmetric, rsa, newer, b"-----BEGIN PGP MESSAGE-----\n".to_vec()] {
            assert_eq!(Encryption::of(&head), Some(Encryption::Gpg), "{head:x?}");
        }
        assert_eq!(Encryption::of(b"age-encryption.org/v1\n"), Some(Encryption::Age));
        assert_eq!(Encryption::of(b"Salted__xxxxxxxx"), Some(Encryption::Openssl));
        assert_eq!(Encryption::of(b"U2FsdGVkX19"), Some(Encryption::Openssl));
        let cms = [0x30, 0x82, 1, 0, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
        assert_eq!(Encryption::of(&cms), Some(Encryption::Cms));
        // A signature, a public key, text, compressed data, and what only begins like one.
        for head in
            [&[0x89, 0x01, 0x33, 0x04][..], &[0x99, 1, 2, 4], b"-- PostgreSQL", &[0x1f, 0x8b], &[0x85; 200]]
        {
            assert_eq!(Encryption::of(head), None, "{head:x?}");
        }
    }

    #[test]
    fn a_command_with_the_key_in_it_is_refused() {
        let of = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Decryption::declared(&words, Path::new("/"), Encryption::Age, 1).map(|_| ())
        };
        assert!(of(&["openssl", "enc", "-d", "-pass", "file:/key"]).is_ok());
        assert!(of(&["age", "-d", "-i", "/key"]).is_ok());
        assert!(of(&["gpg", "--batch", "--passphrase-file", "/key", "-d"]).is_ok());
        for words in [
            &["openssl", "enc", "-d", "-pass", "pass:sesame"][..],
            &["/usr/bin/openssl", "enc", "-d", "-k", "sesame"],
            &["gpg", "--passphrase", "sesame", "-d"],
            &["gpg", "--passphrase=sesame", "-d"],
            &["sh", "-c", "echo AGE-SECRET-KEY-1XYZ | age -d"],
            &["age -d -i /key"],
            &[],
        ] {
            let why = of(words).unwrap_err().to_string();
            assert!(!why.contains("sesame"), "{why}");
        }
    }

    #[test]
    fn a_command_that_writes_without_an_end_is_ended() {
        // The launcher is the program itself, which tests are not: the bound is looked at below it.
        let child = std::process::Command::new("yes").stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut decrypting = Decrypting {
            name: "yes".to_owned(),
            child,
            stdout,
            feeding: None,
            messages: None,
            watch: Arc::default(),
            given: 0,
            most: 1 << 20,
            over: false,
        };
        let error = io::copy(&mut decrypting, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("without an end"), "{error}");
        assert!(decrypting.child.try_wait().unwrap().is_some());
    }
}
