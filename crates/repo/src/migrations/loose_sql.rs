//! SQL files that create tables outside any framework's folder.

use std::collections::HashSet;

use seaworthy_facts::{Location, Observed};

use super::Seen;
use crate::tree::Class;

/// The most files that are listed.
const MOST: usize = 50;

/// The first `CREATE TABLE` of each file that no framework claims.
pub fn collect(seen: &Seen, claimed: &HashSet<usize>) -> Vec<Observed<String>> {
    let mut found: Vec<Observed<String>> = Vec::new();
    let mut listed = HashSet::new();
    for needle in &seen.plan.create_table {
        for hit in seen.scan.hits(*needle) {
            let file = &seen.tree.files()[hit.file];
            let counts = file.extension() == "sql"
                && file.class == Class::Shipped
                && !hit.comment
                && !claimed.contains(&file.index);
            if counts && found.len() < MOST && listed.insert(file.index) {
                found.push(Observed::new(
                    "`CREATE TABLE`".to_owned(),
                    Location::line(file.path.clone(), hit.line),
                ));
            }
        }
    }
    found.sort_by(|a, b| a.at.cmp(&b.at));
    found
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::migrations;

    #[test]
    fn claimed_files_and_fixtures_are_not_loose() {
        let found = migrations(&[
            ("create-table.sql", "create table t (a int);\n"),
            ("tests/fixtures/a.sql", "CREATE TABLE t (a int);\n"),
            ("supabase/migrations/20250101000000_a.sql", "CREATE TABLE t (a int);\n"),
        ]);
        assert_eq!(found.loose_sql.len(), 1);
    }
}
