//! What handshakes with a running site showed.

use jiff::Timestamp;
use seaworthy_model::Environment;
use serde::{Deserialize, Serialize};

use crate::Absent;

/// The probed endpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// One for each address that a name stands for and that was tried.
    pub endpoints: Vec<TlsEndpoint>,
    /// Handshakes that were begun.
    pub handshakes: u32,
}

/// One endpoint: a host, a port and the address that was connected to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsEndpoint {
    /// `https://app.example:8443`, as in the site's origin.
    pub url: String,
    /// The name that was asked for (SNI).
    pub host: String,
    /// The address that was connected to.
    pub address: String,
    /// What it is to its owners.
    pub environment: Environment,
    /// When.
    pub at: Timestamp,
    /// No handshake came about at all, and why.
    #[serde(default)]
    pub unreached: Option<Absent>,
    /// Each version, oldest first, and whether it is accepted.
    #[serde(default)]
    pub versions: Vec<VersionOffer>,
    /// Cipher suites that are accepted.
    #[serde(default)]
    pub suites: Vec<Suite>,
    /// Every suite that breaks was offered with every accepted version: one that is not listed is refused.
    #[serde(default)]
    pub weak_tried: bool,
    /// The chain as it was sent, leaf first.
    #[serde(default)]
    pub chain: Vec<SentCertificate>,
    /// Whether clients trust the chain.
    #[serde(default)]
    pub trust: Option<Trust>,
    /// Protocol that the server chose by ALPN (`h2`, `http/1.1`).
    #[serde(default)]
    pub alpn: Option<String>,
    /// A session was resumed; none where it was not tried.
    #[serde(default)]
    pub resumes: Option<bool>,
    /// A valid OCSP answer was stapled; none where the certificate names no responder or it was not asked.
    #[serde(default)]
    pub stapled: Option<bool>,
    /// Signed certificate timestamps: in the certificate, the handshake or the stapled answer.
    #[serde(default)]
    pub timestamps: u32,
    /// Things that could not be told, and why.
    #[serde(default)]
    pub untold: Vec<String>,
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TlsVersion {
    /// SSL 3.0 (RFC 6101).
    Ssl3,
    /// TLS 1.0 (RFC 2246).
    Tls10,
    /// TLS 1.1 (RFC 4346).
    Tls11,
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// Oldest first.
    pub const ALL: [TlsVersion; 5] =
        [TlsVersion::Ssl3, TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls13];

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::Ssl3 => "SSL 3.0",
            TlsVersion::Tls10 => "TLS 1.0",
            TlsVersion::Tls11 => "TLS 1.1",
            TlsVersion::Tls12 => "TLS 1.2",
            TlsVersion::Tls13 => "TLS 1.3",
        }
    }
}

/// Whether a version is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionOffer {
    /// The version.
    pub version: TlsVersion,
    /// The server went on with it; none where it could not be told.
    pub accepted: Option<bool>,
    /// What the server did (`alert protocol_version`, `connection closed`).
    pub answer: String,
}

/// A cipher suite that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// The version with which it was accepted.
    pub version: TlsVersion,
    /// The number by which IANA lists it.
    pub id: u16,
    /// The name by which IANA lists it.
    pub name: String,
    /// What is weak about it.
    pub weaknesses: Vec<SuiteWeakness>,
}

/// What is weak about a cipher suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteWeakness {
    /// No encryption at all.
    Null,
    /// Keys shortened for export.
    Export,
    /// The server proves no identity.
    Anonymous,
    /// RC4 (RFC 7465).
    Rc4,
    /// DES or triple DES, blocks of 64 bits.
    Des,
    /// No forward secrecy: the key is sent under the server's RSA key.
    RsaKeyExchange,
    /// No forward secrecy: the key of the certificate is used for Diffie-Hellman.
    StaticDiffieHellman,
    /// CBC mode.
    Cbc,
}

impl SuiteWeakness {
    /// It fails the item; the others are noted.
    pub fn breaks(self) -> bool {
        !matches!(
            self,
            SuiteWeakness::RsaKeyExchange | SuiteWeakness::StaticDiffieHellman | SuiteWeakness::Cbc
        )
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            SuiteWeakness::Null => "no encryption",
            SuiteWeakness::Export => "export keys",
            SuiteWeakness::Anonymous => "no authentication",
            SuiteWeakness::Rc4 => "RC4",
            SuiteWeakness::Des => "DES or 3DES",
            SuiteWeakness::RsaKeyExchange => "RSA key exchange, no forward secrecy",
            SuiteWeakness::StaticDiffieHellman => "static Diffie-Hellman, no forward secrecy",
            SuiteWeakness::Cbc => "CBC mode",
        }
    }
}

/// A certificate as a server sent it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentCertificate {
    /// Subject, as a name of RFC 4514.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate in hexadecimal.
    pub sha256: String,
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// First instant.
    pub not_before: Timestamp,
    /// Last instant.
    pub not_after: Timestamp,
    /// `RSA`, `EC P-256`, `Ed25519`.
    pub key: String,
    /// Length of the key in bits.
    pub key_bits: u32,
    /// Algorithm of the issuer's signature.
    pub signature: String,
    /// It names an OCSP responder.
    pub ocsp: bool,
    /// The issuer renews by ACME, as far as its name tells (`Let's Encrypt`).
    pub acme_issuer: Option<String>,
    /// Names by which CAA records allow that issuer; empty where they are not known.
    #[serde(default)]
    pub acme_caa: Vec<String>,
}

/// Whether clients trust a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// A path to a trusted root, valid now, for this name.
    Trusted,
    /// The certificate signed itself.
    SelfSigned,
    /// An intermediate certificate is missing.
    Incomplete,
    /// The root is not trusted.
    UnknownRoot,
    /// It is for other names.
    WrongName,
    /// It is not valid any more.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// Something else, as told.
    Other(String),
}
