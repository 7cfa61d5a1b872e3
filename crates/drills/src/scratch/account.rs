//! The account that servers run as when the drill itself runs as root.

use std::fs;

use crate::Stop;

/// An account without privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

impl Account {
    /// Nothing where the caller has no privileges; else one of `preferred`, or `nobody`. PostgreSQL refuses an account that
    /// is not in the list of users.
    ///
    /// # Errors
    /// When root has no such account to hand over to.
    pub fn unprivileged(preferred: &[&str]) -> Result<Option<Account>, Stop> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")
            .map_err(|error| Stop::CouldNot(format!("/etc/passwd cannot be read: {error}")))?;
        preferred
            .iter()
            .chain(&["nobody"])
            .find_map(|name| find(&users, name))
            .map(Some)
            .ok_or_else(|| {
                Stop::could_not(
                    "a server does not run as root, and there is no user `postgres` or `nobody` to run it as; start the drill as another user",
                )
            })
    }
}

fn find(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid: u32 = fields.nth(1)?.parse().ok()?;
        let gid: u32 = fields.next()?.parse().ok()?;
        (uid != 0).then(|| Account { name: name.to_owned(), uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_of_users() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\nbroken\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        let found = find(users, "postgres").map(|account| (account.uid, account.gid));
        assert_eq!(found, Some((101, 104)));
        assert_eq!(find(users, "root"), None, "root is no account without privileges");
        assert_eq!(find(users, "nobody"), None);
    }
}
