//! Whether the backup is where the data is: disk, machine and bucket of both are compared.
//!
//! Only what is sure counts. An address that leads to this machine may be that of a tunnel, a container or a proxy: that the
//! data is on this machine is known where its folder was found here, and not before. Another file system of the same
//! machine is told and is no evidence: it may be another part of the same disk, and it goes with the machine.

mod mounts;

use std::net::{IpAddr, ToSocketAddrs as _, UdpSocket};
use std::path::{Path, PathBuf};

use seaworthy_database::live::{Address, Live, Way};
use serde::Serialize;

use super::locations::Place;
use super::source::Online;
pub use mounts::Disk;

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// The one that the drill runs on.
    Here,
    /// Another, by name or number.
    Named(String),
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InBucket {
    /// Its name.
    pub name: String,
    /// Its region, where it is known.
    pub region: Option<String>,
}

/// Where something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// For people.
    pub shown: String,
    /// The machine, where it is known.
    pub host: Option<Host>,
    /// The file system, where it is one of this machine's mounts.
    pub disk: Option<Disk>,
    /// The bucket.
    pub bucket: Option<InBucket>,
    /// It was found there, and not only reached that way.
    pub found: bool,
}

/// How far the backup is from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// One file system holds both.
    SameDisk,
    /// One machine holds both.
    SameMachine,
    /// They are on two machines.
    Apart,
    /// It cannot be told.
    Unknown,
}

/// Where data and backup are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// The data; none where nobody said which it is.
    pub data: Option<Spot>,
    /// The backup.
    pub backup: Spot,
    /// How far they are apart.
    pub distance: Distance,
    /// In one sentence.
    pub told: String,
    /// The location is the declared one, or one that is nowhere else: what is found of it is evidence.
    pub counts: bool,
}

impl Placement {
    /// Compares.
    pub fn of(place: &Place, declared: bool, data: Option<Spot>) -> Placement {
        let backup = of_backup(place);
        // Somebody may have brought a copy here to try it.
        let counts = declared || backup.bucket.is_some();
        let (distance, told) = match &data {
            None => (
                Distance::Unknown,
                "whether the backup is apart from the data is not known: --source env:NAME says where the data is"
                    .to_owned(),
            ),
            Some(data) => compare(data, &backup),
        };
        Placement { data, backup, distance, told, counts }
    }

    /// For people: a mark and a sentence.
    pub fn line(&self) -> (&'static str, String) {
        let mark = match self.distance {
            Distance::Apart => "✓",
            Distance::SameDisk => "✗",
            Distance::SameMachine | Distance::Unknown => "?",
        };
        let evidence = !self.counts && matches!(self.distance, Distance::Apart | Distance::SameDisk);
        let hint = if evidence {
            "; that is told, and not recorded, since --from may name a copy: `location` under [backups] in seaworthy.toml declares it"
        } else {
            ""
        };
        (mark, format!("place: {}{hint}", self.told))
    }
}

/// Where the backup is.
fn of_backup(place: &Place) -> Spot {
    match place {
        Place::Folder(path) => of_path(path, path.display().to_string()),
        Place::Bucket(bucket) => {
            let store = bucket.store();
            let name = store.host_name();
            Spot {
                shown: format!("{} at {}", bucket.shown(), store.host()),
                host: Some(if is_here(&name) { Host::Here } else { Host::Named(name) }),
                disk: None,
                bucket: Some(InBucket {
                    name: store.name().to_owned(),
                    region: store.region().map(str::to_owned),
                }),
                found: true,
            }
        }
    }
}

fn of_path(path: &Path, shown: String) -> Spot {
    match mounts::of(path) {
        Some((host, disk)) => Spot { shown, host, disk: Some(disk), bucket: None, found: true },
        None => Spot { shown, ..Spot::default() },
    }
}

/// Where the data of an open database is.
pub fn of_data(online: &Online, live: &Live) -> Spot {
    let shown = online.address.shown();
    match online.address.leads_to() {
        None => Spot { shown, ..Spot::default() },
        Some(Way::File(path)) => of_path(&path, shown),
        Some(Way::Host(host)) if !is_here(&host) => {
            Spot { shown, host: Some(Host::Named(host)), found: true, ..Spot::default() }
        }
        Some(Way::Host(_) | Way::Socket) => match folder(&online.address, live) {
            Some(folder) => {
                let shown = format!("{shown} ({})", folder.display());
                of_path(&folder, shown)
            }
            None => Spot { shown, host: Some(Host::Here), ..Spot::default() },
        },
    }
}

/// The folder of a server's data, where it is on this machine and is that server's.
fn folder(address: &Address, live: &Live) -> Option<PathBuf> {
    let identity = &live.server.identity;
    let data = identity.data.as_deref()?;
    match address {
        Address::Postgresql(_) => {
            let folder = PathBuf::from(data);
            // It begins with the identifier of the cluster, in the order of this machine's bytes.
            let mut first = [0_u8; 8];
            let mut control = std::fs::File::open(folder.join("global/pg_control")).ok()?;
            std::io::Read::read_exact(&mut control, &mut first).ok()?;
            (identity.id.as_deref() == Some(u64::from_ne_bytes(first).to_string().as_str())).then_some(folder)
        }
        Address::Mariadb(_) => {
            // A container has a name of its own.
            let (name, folder) = data.split_once(':')?;
            let own = rustix::system::uname();
            let folder = PathBuf::from(folder);
            (own.nodename().to_str().is_ok_and(|own| own == name) && folder.join("ibdata1").is_file())
                .then_some(folder)
        }
        Address::Sqlite(_) => None,
    }
}

/// Addresses of a host; none where it has no name here.
fn addresses(host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    (host, 0).to_socket_addrs().map(|found| found.map(|found| found.ip()).collect()).unwrap_or_default()
}

/// Whether a host is this machine: only its own addresses can be listened on.
fn is_here(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || addresses(host)
            .iter()
            .any(|address| address.is_loopback() || UdpSocket::bind((*address, 0)).is_ok())
}

/// Whether two names are of one machine; nothing where that cannot be told.
fn same(one: &Host, two: &Host) -> Option<bool> {
    match (one, two) {
        (Host::Here, Host::Here) => Some(true),
        (Host::Here, Host::Named(name)) | (Host::Named(name), Host::Here) => {
            if is_here(name) {
                return Some(true);
            }
            // A name that nobody knows here may be this machine's.
            (!addresses(name).is_empty()).then_some(false)
        }
        (Host::Named(one), Host::Named(two)) => {
            if one.eq_ignore_ascii_case(two) {
                return Some(true);
            }
            let (one, two) = (addresses(one), addresses(two));
            if one.is_empty() || two.is_empty() {
                return None;
            }
            Some(one.iter().any(|address| two.contains(address)))
        }
    }
}

fn compare(data: &Spot, backup: &Spot) -> (Distance, String) {
    let (Some(data_host), Some(backup_host)) = (&data.host, &backup.host) else {
        let which = if data.host.is_none() { data } else { backup };
        return (
            Distance::Unknown,
            format!(
                "whether the backup is apart from the data is not known: {} does not say which machine it is on",
                which.shown
            ),
        );
    };
    match same(data_host, backup_host) {
        None => (
            Distance::Unknown,
            format!(
                "whether the backup is apart from the data is not known: {} and {} cannot be told apart from here",
                data.shown, backup.shown
            ),
        ),
        Some(false) => (
            Distance::Apart,
            format!("the data is {}, the backup is on another machine: {}", data.shown, with_region(backup)),
        ),
        Some(true) if *data_host == Host::Here && !data.found => (
            Distance::Unknown,
            format!(
                "whether the backup is apart from the data is not known: {} is reached on this machine, and its folder was not found here; \
                 it may be behind a tunnel, in a container, or closed to this user",
                data.shown
            ),
        ),
        Some(true) => match (&data.disk, &backup.disk) {
            (Some(one), Some(two)) if one.is(two) => (
                Distance::SameDisk,
                format!(
                    "the backup in {} is on the disk that holds the data of {}: {}",
                    backup.shown,
                    data.shown,
                    two.shown()
                ),
            ),
            (Some(_), Some(two)) => (
                Distance::SameMachine,
                format!(
                    "the backup in {} is on another file system than the data of {} ({}), and on the same machine: it may be lost with it",
                    backup.shown,
                    data.shown,
                    two.shown()
                ),
            ),
            _ => (
                Distance::SameMachine,
                format!(
                    "the backup in {} is on the machine that holds the data of {}",
                    backup.shown, data.shown
                ),
            ),
        },
    }
}

fn with_region(spot: &Spot) -> String {
    match &spot.bucket {
        Some(bucket) => {
            let region = bucket.region.as_ref().map_or(String::new(), |region| format!("region {region}; "));
            format!("{} ({region}whose account it is, the storage does not say)", spot.shown)
        }
        None => match &spot.host {
            Some(Host::Named(name)) => format!("{} on {name}", spot.shown),
            _ => format!("{} on this machine", spot.shown),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn spot(host: Host, device: Option<u64>) -> Spot {
        let disk = device.map(|device| Disk {
            device,
            source: "tmpfs".to_owned(),
            at: "/a".to_owned(),
            kind: "tmpfs".to_owned(),
        });
        Spot { shown: "x".to_owned(), host: Some(host), disk, bucket: None, found: true }
    }

    fn named(name: &str) -> Spot {
        spot(Host::Named(name.to_owned()), None)
    }

    #[test]
    fn disks_and_machines_are_compared_and_what_is_not_known_stays_so() {
        let of = |data: &Spot, backup: &Spot| compare(data, backup).0;
        let here = |device| spot(Host::Here, Some(device));
        assert_eq!(of(&here(1), &here(1)), Distance::SameDisk);
        assert_eq!(of(&here(1), &here(2)), Distance::SameMachine);
        assert_eq!(of(&named("192.0.2.1"), &here(1)), Distance::Apart);
        assert_eq!(of(&named("192.0.2.1"), &named("192.0.2.2")), Distance::Apart);
        assert_eq!(of(&named("192.0.2.1"), &named("192.0.2.1")), Distance::SameMachine);
        assert_eq!(of(&named("127.0.0.1"), &here(1)), Distance::SameMachine);
        // Reached here, and not found here: a tunnel, perhaps.
        let reached = Spot { found: false, ..spot(Host::Here, None) };
        assert_eq!(of(&reached, &here(1)), Distance::Unknown);
        assert_eq!(of(&reached, &named("192.0.2.1")), Distance::Apart);
        // Names that nobody knows.
        assert_eq!(of(&named("a.invalid"), &here(1)), Distance::Unknown);
        assert_eq!(of(&named("a.invalid"), &named("b.invalid")), Distance::Unknown);
        assert_eq!(of(&named("a.invalid"), &named("A.invalid")), Distance::SameMachine);
        assert_eq!(of(&Spot { host: None, ..here(1) }, &here(1)), Distance::Unknown);
    }

    #[test]
    fn parts_of_one_disk_are_one() {
        let disk = |device, source: &str| Disk {
            device,
            source: source.to_owned(),
            at: "/".to_owned(),
            kind: "btrfs".to_owned(),
        };
        assert!(disk(1, "/dev/sda1").is(&disk(2, "/dev/sda1")));
        assert!(!disk(1, "tmpfs").is(&disk(2, "tmpfs")));
    }
}
