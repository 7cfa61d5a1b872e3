//! Sequelize: functions that are given a query interface, run by its command line or by umzug.

use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};

pub static FRAMEWORK: Framework = Framework { key: "sequelize", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(
        seen,
        javascript::files(seen, |text| {
            text.to_ascii_lowercase().contains("queryinterface") && javascript::has_up(text)
        }),
    )
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
