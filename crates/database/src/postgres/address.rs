//! Where a server is, as an address that applications use, told to `psql` by variables: arguments can be seen by everybody
//! on the machine.

use std::process::Command;

use crate::address::{Way, decoded, parameters, parts};

/// The parts of a connection address, as variables of libpq.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    variables: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.shown())
    }
}

/// Parameters of an address and their variables.
const PARAMETERS: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslcrl", "PGSSLCRL"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("application_name", "PGAPPNAME"),
    ("options", "PGOPTIONS"),
    ("passfile", "PGPASSFILE"),
    ("service", "PGSERVICE"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("gssencmode", "PGGSSENCMODE"),
    ("krbsrvname", "PGKRBSRVNAME"),
];

/// Parameters that applications add for themselves, and that say nothing about where the server is.
const OF_CLIENTS: &[&str] = &[
    "pgbouncer",
    "schema",
    "connection_limit",
    "pool_timeout",
    "pool",
    "max_connections",
    "serverVersion",
    "charset",
    "statement_cache_size",
    "prepared_statements",
    "encoding",
    "sslaccept",
    "timezone",
];

impl Address {
    /// Reads `postgres://user:password@host:port/database?parameters`, the form of most `DATABASE_URL`s.
    ///
    /// # Errors
    /// What is wrong, without repeating the address: it may hold a password.
    pub fn read(text: &str) -> Result<Address, String> {
        let Some((scheme, _)) = text.trim().split_once("://") else {
            return Err("it is no address of the form postgres://user@host/database".to_owned());
        };
        // Some frameworks name their driver: postgresql+psycopg.
        if !matches!(scheme.split('+').next(), Some("postgres" | "postgresql" | "postgis")) {
            return Err(format!("its scheme is {scheme:?}, not postgres"));
        }
        let parts = parts(text)?;
        let mut variables: Vec<(&'static str, String)> = Vec::new();
        let mut add = |name: &'static str, value: &str| -> Result<(), String> {
            let value = decoded(value)?;
            if !value.is_empty() {
                variables.retain(|(known, _)| *known != name);
                variables.push((name, value));
            }
            Ok(())
        };
        if let Some((user, password)) = parts.user {
            add("PGUSER", user)?;
            add("PGPASSWORD", password)?;
        }
        let mut names = Vec::new();
        let mut ports = Vec::new();
        for host in parts.hosts.split(',').filter(|host| !host.is_empty()) {
            let (name, port) = match host.rsplit_once(':') {
                // A colon inside of brackets belongs to the address.
                Some((name, port)) if !port.contains(']') => (name, port),
                _ => (host, ""),
            };
            names.push(name.trim_start_matches('[').trim_end_matches(']'));
            ports.push(port);
        }
        add("PGHOST", &names.join(","))?;
        if ports.iter().any(|port| !port.is_empty()) {
            add("PGPORT", &ports.join(","))?;
        }
        add("PGDATABASE", parts.database)?;
        for (name, value) in parameters(parts.query) {
            match PARAMETERS.iter().find(|(parameter, _)| *parameter == name) {
                Some((_, variable)) => add(variable, value)?,
                None if OF_CLIENTS.contains(&name) => {}
                None => return Err(format!("its parameter {name:?} is not known")),
            }
        }
        Ok(Address { variables })
    }

    /// Tells it to a client program.
    pub fn put_into(&self, command: &mut Command) {
        for (name, value) in &self.variables {
            command.env(name, value);
        }
    }

    fn of(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Where it leads to; nothing where that is written elsewhere, or where it names several hosts.
    pub fn leads_to(&self) -> Option<Way> {
        match self.of("PGHOSTADDR").or_else(|| self.of("PGHOST")) {
            None if self.of("PGSERVICE").is_some() => None,
            None => Some(Way::Socket),
            Some(host) if host.contains(',') => None,
            // The second is a socket without a file.
            Some(host) if host.starts_with('/') || host.starts_with('@') => Some(Way::Socket),
            Some(host) => Some(Way::Host(host.to_owned())),
        }
    }

    /// Without a password.
    pub fn shown(&self) -> String {
        format!(
            "{} on {}",
            self.of("PGDATABASE").unwrap_or("the database"),
            self.of("PGHOST").unwrap_or("this machine")
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_applications() {
        let read = |text: &str| {
            let mut variables = Address::read(text).unwrap().variables;
            variables.sort();
            variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            read("postgres://ada:p%40ss@db.example:5433/shop?sslmode=require&pgbouncer=true"),
            "PGDATABASE=shop PGHOST=db.example PGPASSWORD=p@ss PGPORT=5433 PGSSLMODE=require PGUSER=ada"
        );
        assert_eq!(read("postgresql:///shop?host=/run/pg"), "PGDATABASE=shop PGHOST=/run/pg");
        assert_eq!(read("postgresql+psycopg://[::1]:5/a"), "PGDATABASE=a PGHOST=::1 PGPORT=5");
        assert_eq!(read("postgres://a,b:6/x"), "PGDATABASE=x PGHOST=a,b PGPORT=,6");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in ["shop", "mysql://u:secret@h/d", "postgres://u:secret@h/d?what=1", "postgres://u:%zz@h/d"]
        {
            let why = Address::read(text).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
        let shown = format!("{:?}", Address::read("postgres://u:secret@h/d").unwrap());
        assert_eq!(shown, "d on h");
    }
}
