//! MikroORM: classes that extend `Migration`, with SQL.

use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};

pub static FRAMEWORK: Framework = Framework { key: "mikro-orm", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(
        seen,
        javascript::files(seen, |text| {
            text.contains("mikro-orm/migrations") && text.contains("extends Migration")
        }),
    )
}

fn read<'a>(_: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    Draft::unreadable(entry.file)
}
