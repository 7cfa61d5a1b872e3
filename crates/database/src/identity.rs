//! Which server it is.

use serde::{Deserialize, Serialize};

/// What tells a server from every other. Addresses do not: one server has many, and one address may lead to another server
/// tomorrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What its creator gave it: PostgreSQL's system identifier, MariaDB's server uuid, a file's device and inode.
    pub id: Option<String>,
    /// Where its data is, on its own machine.
    pub data: Option<String>,
}

impl Identity {
    /// Whether both are, or may be, one server. The same identifier in another folder is still the same: a copied cluster
    /// keeps it, and a guess in this direction destroys nothing.
    pub fn may_be(&self, other: &Identity) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(two)) => one == two,
            _ => match (&self.data, &other.data) {
                (Some(one), Some(two)) => one == two,
                // Nothing to compare.
                _ => true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_apart_may_be_the_same() {
        let server = |id: Option<&str>, data: Option<&str>| Identity {
            id: id.map(str::to_owned),
            data: data.map(str::to_owned),
        };
        assert!(server(Some("1"), Some("/a")).may_be(&server(Some("1"), Some("/b"))));
        assert!(!server(Some("1"), Some("/a")).may_be(&server(Some("2"), Some("/a"))));
        assert!(server(None, Some("/a")).may_be(&server(Some("2"), Some("/a"))));
        assert!(!server(None, Some("/a")).may_be(&server(None, Some("/b"))));
        assert!(server(None, None).may_be(&server(Some("2"), Some("/a"))));
    }
}
