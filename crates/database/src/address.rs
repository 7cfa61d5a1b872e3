//! What the addresses of all servers have in common.

use std::path::PathBuf;

/// `scheme://user:password@hosts/database?query`, still encoded.
pub struct Parts<'a> {
    pub user: Option<(&'a str, &'a str)>,
    pub hosts: &'a str,
    pub database: &'a str,
    pub query: &'a str,
}

/// What an address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A socket of this machine. A proxy may listen there.
    Socket,
    /// A host, by name or number.
    Host(String),
    /// A file of this machine.
    File(PathBuf),
}

/// Takes an address apart.
pub fn parts(text: &str) -> Result<Parts<'_>, String> {
    let Some((_, rest)) = text.trim().split_once("://") else { return Err("it is no address".to_owned()) };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (Some(user.split_once(':').unwrap_or((user, ""))), hosts),
        None => (None, authority),
    };
    Ok(Parts { user, hosts, database, query })
}

/// The parameters of a query.
pub fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// `%2F` and its like.
pub fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (digit(rest.next()), digit(rest.next())) {
            (Some(high), Some(low)) => bytes.push(u8::try_from(high * 16 + low).unwrap_or(0)),
            _ => return Err("it has a % that no two hexadecimal digits follow".to_owned()),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err("it is no text".to_owned()),
    }
}
