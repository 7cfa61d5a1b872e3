//! Supabase CLI: `supabase/migrations/<timestamp>_<name>.sql`, on PostgreSQL.

use seaworthy_facts::Engine;

use super::sql_files;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, by_folder, candidates, in_order, stem};

pub static FRAMEWORK: Framework = Framework { key: "supabase", has_downs: false, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let files = candidates(seen).filter(|file| {
        sql_files::is_sql(file)
            && (file.folder() == "supabase/migrations" || file.folder().ends_with("/supabase/migrations"))
            && !sql_files::is_down(file)
            && is_applied(file.name())
    });
    by_folder(files)
        .into_iter()
        .map(|(folder, files)| {
            let mut entries: Vec<Entry> = files
                .into_iter()
                .map(|file| Entry::new(stem(file), file).with_down(sql_files::beside(seen, file, false)))
                .collect();
            in_order(&mut entries);
            Found { folders: vec![folder.to_owned()], entries, engine: Some(Engine::Postgresql) }
        })
        .collect()
}

/// The command line applies `<timestamp>_name.sql` only, and skips files of other names:
/// <https://supabase.com/docs/reference/cli/supabase-migration-up>.
fn is_applied(name: &str) -> bool {
    name.split_once('_')
        .is_some_and(|(version, _)| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    sql_files::read(seen, entry)
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::{only_set, outline};

    #[test]
    fn files_that_the_command_line_skips_are_no_migrations() {
        assert!(super::is_applied("20250101000000_a.sql") && super::is_applied("0001_a.sql"));
        assert!(!super::is_applied("add_members.sql") && !super::is_applied("README_first.sql"));
    }

    #[test]
    fn checks_without_not_valid_and_a_written_down() {
        let set = only_set(&[
            (
                "supabase/migrations/20250102000000_b.sql",
                "ALTER TABLE public.t ADD CONSTRAINT c CHECK (a > 0);",
            ),
            ("supabase/migrations/20250101000000_a.sql", "CREATE TABLE public.t (a int);"),
            ("supabase/migrations/20250101000000_a.down.sql", "DROP TABLE public.t;"),
        ]);
        assert_eq!(
            outline(&set),
            [("20250102000000_b", false, vec!["check-not-valid"]), ("20250101000000_a", true, vec![])]
        );
        assert!(!set.newest[0].only_adds && set.newest[1].only_adds);
    }
}
