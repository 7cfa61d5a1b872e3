//! The cipher suites that a server accepts, found with few connections.

use std::sync::LazyLock;

use seaworthy_facts::{Suite, SuiteWeakness, TlsVersion};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::hello::Hello;
use super::records::Wanted;

/// Suites that are offered at once: some servers give up on longer lists.
const GROUP: usize = 120;
/// Suites that are looked for in one version; a server that accepts more is said to.
const ACCEPTED: usize = 80;

#[derive(Deserialize)]
struct File {
    registered: Vec<Entry>,
    unregistered: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: u16,
    name: String,
    #[serde(default)]
    since: Since,
    #[serde(default)]
    weaknesses: Vec<SuiteWeakness>,
}

/// The versions with which a suite may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
enum Since {
    #[default]
    #[serde(skip)]
    Any,
    #[serde(rename = "1.2")]
    Tls12,
    #[serde(rename = "1.3")]
    Tls13,
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    toml::from_str::<File>(include_str!("suites.toml"))
        .map(|file| file.registered.into_iter().chain(file.unregistered).collect())
        .unwrap_or_default()
});

impl Entry {
    fn is_for(&self, version: TlsVersion) -> bool {
        match self.since {
            Since::Any => version <= TlsVersion::Tls12,
            Since::Tls12 => version == TlsVersion::Tls12,
            Since::Tls13 => version == TlsVersion::Tls13,
        }
    }

    fn breaks(&self) -> bool {
        self.weaknesses.iter().any(|weakness| weakness.breaks())
    }

    /// What servers of the web are set up with. The others need keys or passwords that both sides share, or ciphers of
    /// one country.
    fn is_common(&self) -> bool {
        let rare = ["_PSK_", "_SRP_", "_KRB5_", "_ARIA_", "GOST", "_SM4_", "_ECCPWD_", "_AEGIS_"];
        self.since == Since::Tls13
            || !rare.iter().any(|part| self.name.contains(part))
                && !self.weaknesses.contains(&SuiteWeakness::StaticDiffieHellman)
    }

    fn accepted(&self, version: TlsVersion) -> Suite {
        Suite { version, id: self.id, name: self.name.clone(), weaknesses: self.weaknesses.clone() }
    }
}

/// The name of a suite, its number where it has none.
pub fn name(id: u16) -> String {
    TABLE
        .iter()
        .find(|entry| entry.id == id)
        .map_or_else(|| format!("cipher suite 0x{id:04x}"), |entry| entry.name.clone())
}

/// Everything that may be offered with a version: what is common and sound, what breaks, the rest.
pub fn groups(version: TlsVersion) -> Vec<Vec<u16>> {
    let (mut sound, mut broken, mut rare) = (Vec::new(), Vec::new(), Vec::new());
    for entry in TABLE.iter().filter(|entry| entry.is_for(version)) {
        let group = match (entry.breaks(), entry.is_common()) {
            (true, _) => &mut broken,
            (false, true) => &mut sound,
            (false, false) => &mut rare,
        };
        group.push(entry.id);
    }
    // The modern ones have high numbers: first in the list, as a client would have them.
    sound.reverse();
    [sound, broken, rare].iter().flat_map(|group| group.chunks(GROUP)).map(<[u16]>::to_vec).collect()
}

/// What is accepted with a version.
#[derive(Debug)]
pub struct Found {
    /// The suites, by number.
    pub suites: Vec<Suite>,
    /// Everything that breaks was offered.
    pub weak_tried: bool,
    /// What could not be told.
    pub untold: Option<String>,
}

/// The suites that are accepted with a version.
pub fn accepted(endpoint: &Endpoint<'_>, version: TlsVersion) -> Found {
    let breaks = |group: &[u16]| group.first().is_some_and(|id| entry(*id).is_some_and(Entry::breaks));
    // What breaks comes first: those are told even where the budget ends.
    let (broken, sound): (Vec<Vec<u16>>, Vec<Vec<u16>>) =
        groups(version).into_iter().partition(|group| breaks(group.as_slice()));
    let mut found = Found { suites: Vec::new(), weak_tried: true, untold: None };
    for mut group in broken.into_iter().chain(sound) {
        let is_broken = breaks(&group);
        if let Err(why) = accepted_of(endpoint, version, &mut group, &mut found.suites) {
            found.untold = Some(format!("{}: not all cipher suites could be tried: {why}", version.name()));
            found.weak_tried = !is_broken;
            break;
        }
    }
    found.suites.sort_by_key(|suite| suite.id);
    found
}

/// Offers a group, takes out what the server chooses, and offers the rest, until it refuses.
fn accepted_of(
    endpoint: &Endpoint<'_>,
    version: TlsVersion,
    group: &mut Vec<u16>,
    found: &mut Vec<Suite>,
) -> Result<(), String> {
    while !group.is_empty() {
        if found.len() >= ACCEPTED {
            return Err(format!("the server accepts more than {ACCEPTED}"));
        }
        let hello = Hello { version, suites: group, host: endpoint.name.as_deref() };
        let shaken = endpoint.shake(&hello, Wanted::Hello);
        let Some(chosen) = shaken.flight.hello.as_ref() else {
            return if shaken.is_refused() { Ok(()) } else { Err(shaken.words()) };
        };
        if chosen.version != Ok(version) {
            // Servers may go down to an older version for a suite that this one does not have.
            return Ok(());
        }
        let Some(place) = group.iter().position(|id| *id == chosen.suite) else {
            return Err(format!("the server chose {}, which was not offered", name(chosen.suite)));
        };
        group.remove(place);
        found.extend(entry(chosen.suite).map(|entry| entry.accepted(version)));
    }
    Ok(())
}

fn entry(id: u16) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weaknesses(id: u16) -> Vec<SuiteWeakness> {
        entry(id).map(|entry| entry.weaknesses.clone()).unwrap_or_default()
    }

    #[test]
    fn the_table_is_whole() {
        assert!(TABLE.len() > 350);
        let mut ids: Vec<u16> = TABLE.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TABLE.len());
        assert!(TABLE.iter().all(|entry| entry.name.starts_with("TLS_") || entry.name.starts_with("SSL_")));
    }

    #[test]
    fn weaknesses_agree_with_what_the_name_says() {
        for entry in TABLE.iter().filter(|entry| entry.since != Since::Tls13) {
            let says = |part: &str| entry.name.contains(part);
            let has = |weakness| entry.weaknesses.contains(&weakness);
            assert_eq!(has(SuiteWeakness::Null), says("WITH_NULL"), "{}", entry.name);
            assert_eq!(has(SuiteWeakness::Export), says("EXPORT"), "{}", entry.name);
            assert_eq!(has(SuiteWeakness::Rc4), says("_RC4_"), "{}", entry.name);
            assert_eq!(has(SuiteWeakness::Des), says("DES_") || says("DES40"), "{}", entry.name);
            assert_eq!(has(SuiteWeakness::Cbc), says("_CBC_"), "{}", entry.name);
            assert_eq!(has(SuiteWeakness::Anonymous), says("_anon_") || entry.id == 0, "{}", entry.name);
        }
        assert_eq!(weaknesses(0xc02f), []);
        assert_eq!(weaknesses(0x009c), [SuiteWeakness::RsaKeyExchange]);
        assert_eq!(weaknesses(0xc0b4), [SuiteWeakness::Null]);
    }

    #[test]
    fn groups_are_short_and_hold_everything() {
        for version in TlsVersion::ALL {
            let groups = groups(version);
            assert!(groups.iter().all(|group| !group.is_empty() && group.len() <= GROUP), "{version:?}");
            let offered: usize = groups.iter().map(Vec::len).sum();
            assert_eq!(offered, TABLE.iter().filter(|entry| entry.is_for(version)).count());
        }
        assert!(groups(TlsVersion::Tls12)[0].contains(&0xc02f));
        assert!(groups(TlsVersion::Tls10)[0].contains(&0x002f));
    }
}
