//! node-pg-migrate: functions that are given `pgm`; without `down` it works out the way back itself.

use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};

pub static FRAMEWORK: Framework = Framework { key: "node-pg-migrate", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(seen, javascript::files(seen, |text| text.contains("pgm") && javascript::has_up(text)))
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
