//! Which disk of which machine a path is on.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Host;

/// A file system, as a path shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// Its number on this machine.
    pub device: u64,
    /// What is mounted: a partition, a share.
    pub source: String,
    /// Where it is mounted.
    pub at: String,
    /// Its kind.
    pub kind: String,
}

impl Disk {
    /// Whether both are one. A file system that is divided shows another number for each part, and one source.
    pub fn is(&self, other: &Disk) -> bool {
        self.device == other.device || (self.source.starts_with("/dev/") && self.source == other.source)
    }

    /// For people.
    pub fn shown(&self) -> String {
        if self.source.is_empty() {
            format!("device {}", self.device)
        } else {
            format!("{} ({}) at {}", self.source, self.kind, self.at)
        }
    }
}

/// File systems of other machines: the host is in what is mounted.
const OF_OTHERS: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
    "afs",
    "lustre",
    "davfs",
];

/// File systems that may be of any machine: what is mounted does not say.
const UNTOLD: &[&str] = &["9p", "virtiofs", "fuse", "fuse.", "fuseblk.", "vboxsf", "prl_fs", "autofs"];

/// Where a path is: the machine, where that can be told, and the file system.
pub fn of(path: &Path) -> Option<(Option<Host>, Disk)> {
    use std::os::unix::fs::MetadataExt as _;

    let path = std::fs::canonicalize(path).ok()?;
    let device = std::fs::metadata(&path).ok()?.dev();
    // Systems without it show the number alone.
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    Some(match holding(&table, &path) {
        Some(mount) => {
            let host = host(&mount.kind, &mount.source);
            (
                host,
                Disk { device, source: mount.source, at: mount.at.display().to_string(), kind: mount.kind },
            )
        }
        None => {
            (Some(Host::Here), Disk { device, source: String::new(), at: String::new(), kind: String::new() })
        }
    })
}

struct Mount {
    at: PathBuf,
    kind: String,
    source: String,
}

/// The mount that a path is below of; of several at one place the last covers the others.
fn holding(table: &str, path: &Path) -> Option<Mount> {
    table
        .lines()
        .filter_map(mount)
        .filter(|mount| path.starts_with(&mount.at))
        .enumerate()
        .max_by_key(|(index, mount)| (mount.at.components().count(), *index))
        .map(|(_, mount)| mount)
}

fn mount(line: &str) -> Option<Mount> {
    let (first, second) = line.split_once(" - ")?;
    let mut kinds = second.split(' ');
    Some(Mount {
        at: PathBuf::from(plain(first.split(' ').nth(4)?)),
        kind: kinds.next()?.to_owned(),
        source: plain(kinds.next()?),
    })
}

/// Blanks are written as `\040`.
fn plain(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

/// The machine of a mount.
fn host(kind: &str, source: &str) -> Option<Host> {
    if OF_OTHERS.contains(&kind) {
        return named(source).map(Host::Named);
    }
    let untold = UNTOLD
        .iter()
        .any(|untold| if untold.ends_with('.') { kind.starts_with(untold) } else { kind == *untold });
    (!untold).then_some(Host::Here)
}

/// `host:/path`, `user@host:/path`, `//host/share`, `https://host/path`; nothing where several are named.
fn named(source: &str) -> Option<String> {
    let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
    let name = match rest.strip_prefix("//") {
        Some(rest) => rest.split('/').next()?,
        None if rest.starts_with('[') => rest.trim_start_matches('[').split(']').next()?,
        None => rest.split([':', '/']).next()?,
    };
    let name = name.rsplit_once('@').map_or(name, |(_, name)| name);
    (!name.is_empty() && !name.contains(',')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_mount_holds_a_path_and_names_its_host() {
        let table = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            30 22 0:40 / /mnt/back\\040ups rw - nfs4 nas.example:/export/b rw,vers=4.2\n\
            31 22 8:17 / /mnt rw - ext4 /dev/sdb1 rw\n";
        let of = |path: &str| {
            let mount = holding(table, Path::new(path)).unwrap();
            (host(&mount.kind, &mount.source), mount.source)
        };
        assert_eq!(of("/var/backups"), (Some(Host::Here), "/dev/sda1".to_owned()));
        assert_eq!(of("/mnt/x"), (Some(Host::Here), "/dev/sdb1".to_owned()));
        assert_eq!(of("/mnt/back ups/a").0, Some(Host::Named("nas.example".to_owned())));
        assert_eq!(of("/mntx").1, "/dev/sda1");
    }

    #[test]
    fn hosts_of_shares() {
        let of = |kind, source| host(kind, source);
        let named = |name: &str| Some(Host::Named(name.to_owned()));
        assert_eq!(of("cifs", "//nas/backups"), named("nas"));
        assert_eq!(of("fuse.sshfs", "ada@store.example:/b"), named("store.example"));
        assert_eq!(of("nfs", "[fe80::1]:/b"), named("fe80::1"));
        // Several monitors, and what does not say whose it is.
        assert_eq!(of("ceph", "a,b,c:/"), None);
        assert_eq!(of("fuse.rclone", "remote:b"), None);
        assert_eq!(of("virtiofs", "share"), None);
        assert_eq!(of("overlay", "overlay"), Some(Host::Here));
    }
}
