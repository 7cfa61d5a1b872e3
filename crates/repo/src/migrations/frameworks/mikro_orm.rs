//! MikroORM: classes that extend `Migration`, with SQL.

use super::chains::Reading;
use super::javascript;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework};

pub static FRAMEWORK: Framework = Framework { key: "mikro-orm", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    javascript::sets(
        seen,
        javascript::files(seen, |text| {
            text.contains("mikro-orm") && text.contains("/migrations") && text.contains("extends Migration")
        }),
    )
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let way_back = reading.way_back(entry.file, up, reading.function("down"));
    let mut steps = Vec::new();
    for chain in up.map(|up| reading.chains(up)).unwrap_or_default() {
        for link in &chain.links {
            if matches!(link.name.as_str(), "addSql" | "execute" | "query" | "raw")
                && let Some(argument) = link.arguments.first()
            {
                steps.extend(reading.sql(*argument, link.line));
            }
        }
    }
    Draft::new(way_back, steps)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn statements_one_by_one() {
        let head = "import { Migration } from '@mikro-orm/migrations';\n";
        let first = format!(
            "{head}export class Migration20240101000000 extends Migration {{\n  async up(): Promise<void> {{\n    this.addSql('create table \"t\" (\"id\" serial primary key, \"meta\" jsonb);');\n    this.addSql('create index \"i\" on \"t\" (\"id\");');\n  }}\n  async down(): Promise<void> {{\n    this.addSql('drop table \"t\";');\n  }}\n}}\n"
        );
        let second = format!(
            "{head}export class Migration20240102000000 extends Migration {{\n  override async up(): Promise<void> {{\n    this.addSql(`alter table \"t\" add column \"a\" text not null;`);\n    this.addSql(`create index \"j\" on \"t\" (\"a\");`);\n  }}\n}}\n"
        );
        let set = only_set(&[
            ("migrations/Migration20240101000000.ts", &first),
            ("migrations/Migration20240102000000.ts", &second),
        ]);
        assert_eq!(set.framework, "mikro-orm");
        assert_eq!(
            outline(&set),
            [
                ("Migration20240102000000", false, vec!["required-column", "index-not-concurrent"]),
                ("Migration20240101000000", true, vec![]),
            ]
        );
    }
}
