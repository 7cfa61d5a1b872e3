//! Where a server is, as an address that applications use. The password goes by a variable: arguments can be seen by
//! everybody on the machine.

use std::process::Command;

use crate::address::{Way, decoded, parameters, parts};

/// The parts of a connection address.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address {
    arguments: Vec<String>,
    password: Option<String>,
    database: String,
    host: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.shown())
    }
}

/// Whether an address has a scheme of MariaDB or MySQL; some frameworks name their driver: `mysql+pymysql`.
pub fn is_scheme(text: &str) -> bool {
    let scheme = text.trim().split("://").next().unwrap_or_default();
    matches!(scheme.split('+').next(), Some("mysql" | "mysql2" | "mariadb" | "trilogy" | "mysqlgis"))
}

impl Address {
    /// Whether this reads the address at all.
    pub fn is_one(text: &str) -> bool {
        text.contains("://") && is_scheme(text)
    }

    /// Reads `mysql://user:password@host:port/database?parameters`. Of the parameters, those about sockets and TLS are
    /// known; the others are of drivers and say nothing about where the server is.
    ///
    /// # Errors
    /// What is wrong, without repeating the address: it may hold a password.
    pub fn read(text: &str) -> Result<Address, String> {
        if !Address::is_one(text) {
            return Err("it is no address of the form mysql://user@host/database".to_owned());
        }
        let parts = parts(text)?;
        let mut address = Address { database: decoded(parts.database)?, ..Address::default() };
        let mut argument = |name: &str, value: &str| address.arguments.push(format!("--{name}={value}"));
        if let Some((user, password)) = parts.user {
            argument("user", &decoded(user)?);
            if !password.is_empty() {
                address.password = Some(decoded(password)?);
            }
        }
        let (name, port) = match parts.hosts.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port),
            _ => (parts.hosts, ""),
        };
        let name = decoded(name.trim_start_matches('[').trim_end_matches(']'))?;
        let mut socket = None;
        for (name, value) in parameters(parts.query) {
            let value = decoded(value)?;
            match name {
                "socket" | "unix_socket" | "unixSocket" | "socketPath" => socket = Some(value),
                "ssl-ca" | "ssl_ca" | "sslrootcert" => argument("ssl-ca", &value),
                "ssl-mode" | "ssl_mode" | "sslmode" | "sslMode" | "ssl" | "tls" | "useSSL" => {
                    let value = value.to_ascii_lowercase().replace('_', "-");
                    match value.as_str() {
                        "disabled" | "disable" | "false" | "0" => argument("ssl", "0"),
                        "verify-ca" | "verify-identity" | "verify-full" => {
                            argument("ssl", "1");
                            argument("ssl-verify-server-cert", "1");
                        }
                        _ => argument("ssl", "1"),
                    }
                }
                _ => {}
            }
        }
        match socket {
            Some(path) => {
                argument("socket", &path);
                address.host = path;
            }
            None => {
                if !name.is_empty() {
                    argument("host", &name);
                }
                if !port.is_empty() {
                    argument("port", port);
                }
                address.host = name;
            }
        }
        Ok(address)
    }

    /// Tells it to the client program.
    pub fn put_into(&self, command: &mut Command) {
        command.args(&self.arguments);
        if let Some(password) = &self.password {
            command.env("MYSQL_PWD", password);
        }
        if !self.database.is_empty() {
            command.arg(format!("--database={}", self.database));
        }
    }

    /// Where it leads to: the client takes `localhost` for the socket.
    pub fn leads_to(&self) -> Way {
        match self.host.as_str() {
            "" | "localhost" => Way::Socket,
            host if host.starts_with('/') || host.starts_with('@') => Way::Socket,
            host => Way::Host(host.to_owned()),
        }
    }

    /// Without a password.
    pub fn shown(&self) -> String {
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        format!("{} on {}", or(&self.database, "all databases"), or(&self.host, "this machine"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_applications() {
        let read = |text: &str| {
            let address = Address::read(text).unwrap();
            format!("{} {:?} {}", address.arguments.join(" "), address.password, address.database)
        };
        assert_eq!(
            read("mysql://ada:p%40ss@db.example:3307/shop?charset=utf8mb4&ssl-mode=VERIFY_CA"),
            "--user=ada --ssl=1 --ssl-verify-server-cert=1 --host=db.example --port=3307 Some(\"p@ss\") shop"
        );
        assert_eq!(
            read("mysql+pymysql://root@/shop?unix_socket=/run/m.sock"),
            "--user=root --socket=/run/m.sock None shop"
        );
        assert_eq!(read("mariadb://[::1]:5/"), "--host=::1 --port=5 None ");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in ["shop", "postgres://u:secret@h/d", "mysql://u:%zzsecret@h/d"] {
            let why = Address::read(text).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
        assert_eq!(format!("{:?}", Address::read("mysql://u:secret@h/d").unwrap()), "d on h");
    }
}
