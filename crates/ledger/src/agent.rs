//! Signing through a running SSH agent: two requests of its protocol, over its socket.
//!
//! The agent is the user's own, yet what it answers is read with the same care as any other input: lengths
//! are bounded, and no answer is waited for without end.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ssh_encoding::Decode;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, PublicKey, Signature, SshSig};

use crate::error::Error;
use crate::signer::Signer;
use crate::sshsig::{HASH, NAMESPACE};

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const RSA_SHA2_512: u32 = 4;

/// Longer answers are refused, as OpenSSH's own client does.
const LONGEST_ANSWER: usize = 256 * 1024;
const MOST_IDENTITIES: u32 = 2048;

/// How long to wait for an agent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection and for the list of keys.
    pub answer: Duration,
    /// For a signature, which a person may have to confirm or touch a token for.
    pub signature: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_secs(5), signature: Duration::from_secs(60) }
    }
}

#[cfg(unix)]
type Connection = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Connection = std::net::TcpStream;

/// A connection to an agent.
#[derive(Debug)]
pub struct Agent {
    socket: PathBuf,
    connection: Connection,
    patience: Patience,
}

/// A key that the agent holds.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its public half.
    pub key: PublicKey,
    /// What its owner calls it.
    pub comment: String,
    blob: Vec<u8>,
}

impl Agent {
    /// Connects to the agent at `socket` (usually `$SSH_AUTH_SOCK`).
    pub fn connect(socket: &Path) -> Result<Self, Error> {
        Self::connect_with(socket, Patience::default())
    }

    /// Connects, with limits of your own.
    pub fn connect_with(socket: &Path, patience: Patience) -> Result<Self, Error> {
        let error = |message: String| Error::Agent { socket: socket.to_owned(), message };
        let (sender, receiver) = std::sync::mpsc::channel();
        let path = socket.to_owned();
        // There is no connecting with a limit on these sockets, and a stuck agent does not accept.
        std::thread::spawn(move || sender.send(open(&path)));
        match receiver.recv_timeout(patience.answer) {
            Ok(Ok(connection)) => Ok(Self { socket: socket.to_owned(), connection, patience }),
            Ok(Err(reason)) => Err(error(format!(
                "cannot be reached ({reason}); start one with `eval $(ssh-agent)`, or unset SSH_AUTH_SOCK"
            ))),
            Err(_) => Err(error("does not accept the connection; restart it".to_owned())),
        }
    }

    /// The keys that the agent holds; certificates and keys that cannot be read are left out.
    pub fn identities(&self) -> Result<Vec<Identity>, Error> {
        let answer = self.exchange(&[REQUEST_IDENTITIES], self.patience.answer)?;
        parse_identities(&answer).map_err(|message| self.error(message))
    }

    /// Signs with one of the agent's keys from now on.
    pub fn signer(self, identity: Identity) -> AgentSigner {
        AgentSigner { agent: self, identity }
    }

    fn error(&self, message: String) -> Error {
        Error::Agent { socket: self.socket.clone(), message }
    }

    fn exchange(&self, request: &[u8], patience: Duration) -> Result<Vec<u8>, Error> {
        let failed = |reason: io::Error| {
            self.error(match reason.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                    format!(
                        "did not answer within {} seconds; is it waiting for you?",
                        patience.as_secs_f32()
                    )
                }
                io::ErrorKind::UnexpectedEof => "hung up instead of answering; restart it".to_owned(),
                io::ErrorKind::InvalidData => {
                    format!("sent more than {LONGEST_ANSWER} bytes; is it an SSH agent?")
                }
                _ => format!("cannot be talked to ({reason}); restart it"),
            })
        };
        let mut limited = Limited { connection: &self.connection, deadline: Instant::now() + patience };
        let mut framed = Vec::with_capacity(request.len() + 4);
        put_string(&mut framed, request);
        limited.write_all(&framed).and_then(|()| read_frame(&mut limited)).map_err(failed)
    }
}

#[cfg(unix)]
fn open(socket: &Path) -> io::Result<Connection> {
    Connection::connect(socket)
}

#[cfg(not(unix))]
fn open(_socket: &Path) -> io::Result<Connection> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "agents are supported on Unix only; name a key file"))
}

/// A connection with one limit for a whole exchange; a limit per read would let a trickle go on for ever.
struct Limited<'a> {
    connection: &'a Connection,
    deadline: Instant,
}

impl Limited<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.connection.set_read_timeout(self.left()?)?;
        self.connection.read(buffer)
    }
}

impl Write for Limited<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.connection.set_write_timeout(self.left()?)?;
        self.connection.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.connection.flush()
    }
}

fn read_frame(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST_ANSWER {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    reader.read_exact(&mut frame)?;
    Ok(frame)
}

/// Reads an answer to the request for identities; the error completes "the agent …".
pub fn parse_identities(answer: &[u8]) -> Result<Vec<Identity>, String> {
    let garbled = || "sent a garbled list of keys; is it an SSH agent?".to_owned();
    let mut rest = match answer.split_first() {
        Some((&IDENTITIES_ANSWER, rest)) => rest,
        _ => return Err("refuses to list its keys; is it locked?".to_owned()),
    };
    let count = take_u32(&mut rest).filter(|count| *count <= MOST_IDENTITIES).ok_or_else(garbled)?;
    let mut identities = Vec::new();
    for _ in 0..count {
        let blob = take_string(&mut rest).ok_or_else(garbled)?;
        let comment = take_string(&mut rest).ok_or_else(garbled)?;
        let mut unread = blob;
        // The wire form of these keys' signatures is not written correctly by the library.
        if let Ok(key) = KeyData::decode(&mut unread)
            && unread.is_empty()
            && !matches!(key.algorithm(), Algorithm::Other(_) | Algorithm::SkEcdsaSha2NistP256)
        {
            let comment = String::from_utf8_lossy(comment).into_owned();
            identities.push(Identity { key: key.into(), comment, blob: blob.to_vec() });
        }
    }
    if rest.is_empty() { Ok(identities) } else { Err(garbled()) }
}

/// Reads an answer to the request for a signature; the error completes "the agent …".
pub fn parse_signature(answer: &[u8]) -> Result<Signature, String> {
    let garbled = || "sent a garbled signature; is it an SSH agent?".to_owned();
    let mut rest = match answer.split_first() {
        Some((&SIGN_RESPONSE, rest)) => rest,
        _ => {
            return Err(
                "refused to sign; was it confirmed, and is the key still loaded (`ssh-add -l`)?".to_owned()
            );
        }
    };
    let mut blob = take_string(&mut rest).ok_or_else(garbled)?;
    let signature = Signature::decode(&mut blob).map_err(|_| garbled())?;
    if rest.is_empty() && blob.is_empty() { Ok(signature) } else { Err(garbled()) }
}

fn put_string(message: &mut Vec<u8>, bytes: &[u8]) {
    // Requests are a key and a digest: far below what the length field holds.
    message.extend((bytes.len() as u32).to_be_bytes());
    message.extend(bytes);
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(u32::from_be_bytes(*number))
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_u32(rest)?).ok()?;
    let (string, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(string)
}

/// One key of an agent.
#[derive(Debug)]
pub struct AgentSigner {
    agent: Agent,
    identity: Identity,
}

impl Signer for AgentSigner {
    fn public_key(&self) -> &PublicKey {
        &self.identity.key
    }

    fn description(&self) -> String {
        format!("the SSH agent at {}", self.agent.socket.display())
    }

    fn sign(&self, message: &[u8]) -> Result<SshSig, Error> {
        let unusable =
            |reason: ssh_key::Error| self.agent.error(format!("cannot be used with this key ({reason})"));
        let key = self.identity.key.key_data();
        let signed = SshSig::signed_data(NAMESPACE, HASH, message).map_err(unusable)?;
        let flags = if key.is_rsa() { RSA_SHA2_512 } else { 0 };
        let mut request = vec![SIGN_REQUEST];
        put_string(&mut request, &self.identity.blob);
        put_string(&mut request, &signed);
        request.extend(flags.to_be_bytes());
        let answer = self.agent.exchange(&request, self.agent.patience.signature)?;
        let signature = parse_signature(&answer).map_err(|message| self.agent.error(message))?;
        SshSig::new(key.clone(), NAMESPACE, HASH, signature).map_err(unusable)
    }
}
