//! Knex: functions `up` and `down` that are given a query builder.

use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};

pub static FRAMEWORK: Framework = Framework { key: "knex", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(
        seen,
        javascript::files(seen, |text| {
            text.to_ascii_lowercase().contains("knex") && javascript::has_up(text)
        }),
    )
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
