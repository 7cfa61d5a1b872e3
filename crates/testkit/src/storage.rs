//! Object storage of a test: moto, which speaks S3's protocol, on the loopback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::servers::{Server, free_port};

/// Where `cargo xtask test` installs programs of Python that Debian does not have.
pub const PYTHON_TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/test-tools/python");

/// A storage that ends with this value. It asks for no keys.
#[derive(Debug)]
pub struct Storage {
    port: u16,
    _server: Server,
}

impl Storage {
    /// Starts one without buckets.
    ///
    /// # Panics
    /// When moto is not installed (`cargo xtask test` does it), or does not start.
    pub fn start() -> Storage {
        let port = free_port();
        let mut command = Command::new("python3");
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command.env("PYTHONPATH", PYTHON_TOOLS);
        Storage { port, _server: Server::program(command, port) }
    }

    /// Starts one that checks the signature of every request with AWS' own library, and knows one key.
    ///
    /// # Panics
    /// As [`Storage::start`].
    pub fn verifying(key: &str, secret: &str) -> Storage {
        Storage::scripted(&[key, secret, "0"])
    }

    /// Starts one where everything was stored `hours` ago.
    ///
    /// # Panics
    /// As [`Storage::start`].
    pub fn of_the_past(hours: u32) -> Storage {
        Storage::scripted(&["", "", &hours.to_string()])
    }

    fn scripted(arguments: &[&str]) -> Storage {
        let port = free_port();
        let mut command = Command::new("python3");
        command.args(["-c", include_str!("verifying_storage.py"), &port.to_string()]).args(arguments);
        command.env("PYTHONPATH", PYTHON_TOOLS);
        Storage { port, _server: Server::program(command, port) }
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// When it is refused.
    pub fn bucket(&self, name: &str) {
        self.ask("PUT", name, b"");
    }

    /// Switches the versions of a bucket: `Enabled` or `Suspended`.
    ///
    /// # Panics
    /// When it is refused.
    pub fn versioning(&self, bucket: &str, status: &str) {
        let body = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
        self.ask("PUT", &format!("{bucket}?versioning"), body.as_bytes());
    }

    /// Denies everything to everybody.
    ///
    /// # Panics
    /// When it is refused.
    pub fn deny(&self, bucket: &str) {
        let policy = format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::{bucket}/*\"}}]}}"
        );
        self.ask("PUT", &format!("{bucket}?policy"), policy.as_bytes());
    }

    /// Stores a file.
    ///
    /// # Panics
    /// When it is refused.
    pub fn put(&self, bucket: &str, key: &str, file: &Path) {
        let content = std::fs::read(file).expect("the file can be read");
        self.ask("PUT", &format!("{bucket}/{key}"), &content);
    }

    /// What a request gives.
    ///
    /// # Panics
    /// When it is refused.
    pub fn ask(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the storage listens");
        let head = format!(
            "{method} /{path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nx-amz-acl: public-read-write\r\nx-setup: yes\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("it is asked");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let fine = answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
        assert!(fine, "{method} {path}: {answer}");
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}
