//! Why there is no answer, each in one sentence.

use std::io::{Error, ErrorKind};

use thiserror::Error;

/// Why an exchange gave no answer.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Failure {
    /// The name stands for no address.
    #[error("{0}: no such host")]
    NoSuchHost(String),
    /// The name stands for an address of a private network, which only the user may name.
    #[error("{0} stands for an address of a private network, where nothing but the named host is asked")]
    PrivateAddress(String),
    /// Nothing listens.
    #[error("{0} refuses connections")]
    Refused(String),
    /// No way leads there.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    /// It took too long.
    #[error("no answer within {0} s")]
    Timeout(u64),
    /// The handshake failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The connection ended before the answer was complete.
    #[error("the connection was cut off before an answer came")]
    CutOff,
    /// The head of the answer has no end.
    #[error("the head of the answer has no end within {0} bytes")]
    HeadTooLarge(usize),
    /// It is no HTTP.
    #[error("the answer is no HTTP: {0}")]
    Garbage(String),
    /// The site was slow or asked for fewer requests too often.
    #[error(
        "not asked: the site was too slow, or answered that there were too many requests, {0} times before"
    )]
    GaveUp(u32),
    /// The budget of requests is used up.
    #[error("the budget of {0} requests is used up")]
    Budget(u32),
}

impl Failure {
    /// What an error of a socket means.
    pub(super) fn of(error: &Error, host: &str, seconds: u64) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Failure::Refused(host.to_owned()),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::Timeout(seconds),
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => Failure::CutOff,
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
                    Failure::Tls("it does not speak TLS".to_owned())
                }
                Some(tls) => Failure::Tls(tls.to_string()),
                None => Failure::Unreachable(host.to_owned(), error.to_string()),
            },
        }
    }
}
