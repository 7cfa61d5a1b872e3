#![allow(clippy::unwrap_used)]
use seaworthy_facts::Engine;

use super::*;
use crate::migrations::hazards::assess;

fn kinds_on(engine: Engine, sql: &str) -> Vec<String> {
    assess(&steps(sql, 1), Some(engine), "m.sql").hazards.into_iter().map(|h| h.kind).collect()
}

fn kinds(sql: &str) -> Vec<String> {
    kinds_on(Engine::Postgresql, sql)
}

fn only_adds(sql: &str) -> bool {
    assess(&steps(sql, 1), Some(Engine::Postgresql), "m.sql").only_adds
}

#[test]
fn unsafe_and_safe_forms_on_postgresql() {
    for (sql, expected) in [
        ("CREATE INDEX i ON public.t (a);", "index-not-concurrent"),
        ("create unique index if not exists i on only t using btree (a)", "index-not-concurrent"),
        ("DROP INDEX IF EXISTS i;", "drop-index-not-concurrent"),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL;", "set-not-null"),
        ("ALTER TABLE \"t\" ALTER COLUMN \"a\" SET DATA TYPE text USING a::text", "type-change"),
        ("ALTER TABLE t ALTER a TYPE bigint", "type-change"),
        ("ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()", "volatile-default"),
        ("ALTER TABLE t ADD a bigserial", "volatile-default"),
        ("ALTER TABLE t ADD COLUMN a text NOT NULL", "required-column"),
        ("ALTER TABLE t RENAME COLUMN a TO b", "rename-column"),
        ("ALTER TABLE t RENAME a TO b", "rename-column"),
        ("ALTER TABLE t RENAME TO u", "rename-table"),
        ("ALTER TABLE IF EXISTS ONLY t DROP COLUMN IF EXISTS a", "drop-column"),
        ("DROP TABLE t", "drop-table"),
        ("TRUNCATE TABLE t", "truncate"),
        ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)", "foreign-key-not-valid"),
        ("ALTER TABLE t ADD COLUMN a int REFERENCES u", "foreign-key-not-valid"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "check-not-valid"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", "unique-constraint"),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", "unique-constraint"),
    ] {
        assert_eq!(kinds(sql), [expected], "{sql}");
    }
    for sql in [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "DROP INDEX CONCURRENTLY i",
        "ALTER TABLE t ADD COLUMN a text",
        "ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'x'",
        "ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now()",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
        "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a); ALTER TABLE t ADD CHECK (a > 0);",
        "-- CREATE INDEX i ON t (a);\n/* DROP TABLE t; */",
        "SELECT 'DROP TABLE t; CREATE INDEX i ON t (a)';",
    ] {
        assert!(kinds(sql).is_empty(), "{sql}: {:?}", kinds(sql));
    }
}

#[test]
fn several_actions_of_one_statement_keep_their_lines() {
    let assessment = assess(
        &steps(
            "ALTER TABLE t\n  ADD COLUMN a numeric(10, 2),\n  DROP COLUMN b,\n  RENAME COLUMN c TO d;",
            10,
        ),
        Some(Engine::Postgresql),
        "m.sql",
    );
    let found: Vec<_> =
        assessment.hazards.iter().map(|h| (h.kind.as_str(), h.at.line_number().unwrap())).collect();
    assert_eq!(found, [("drop-column", 12), ("rename-column", 13)]);
}

#[test]
fn blocks_and_executed_strings_are_read() {
    let sql = "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c') THEN\n    ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);\n  END IF;\nEND $$;";
    assert_eq!(kinds(sql), ["check-not-valid"]);
    let sql = "DO $$ BEGIN EXECUTE format('CREATE INDEX i ON %I (a)', 't'); END $$";
    assert_eq!(kinds(sql), ["index-not-concurrent"]);
    let function = "CREATE FUNCTION f() RETURNS void AS $$ BEGIN DROP TABLE t; END $$ LANGUAGE plpgsql;";
    assert!(kinds(function).is_empty());
}

#[test]
fn routines_without_dollar_quotes_stay_in_one_piece() {
    let sql = "CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN DROP TABLE u; IF a THEN DELETE FROM v; END IF; END; DROP TABLE w;";
    assert_eq!(kinds_on(Engine::Mysql, sql), ["drop-table"]);
}

#[test]
fn mysql_has_rules_of_its_own() {
    for (sql, expected) in [
        ("ALTER TABLE `t` MODIFY COLUMN `a` ENUM('x','y') NULL", vec!["type-change"]),
        ("ALTER TABLE t CHANGE a b int", vec!["rename-column", "type-change"]),
        ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u(id)", vec!["foreign-key-not-valid"]),
        ("ALTER TABLE t DROP a", vec!["drop-column"]),
        ("RENAME TABLE t TO u", vec!["rename-table"]),
        ("CREATE INDEX i ON t (a)", vec![]),
        ("ALTER TABLE t ADD INDEX i (a), ADD COLUMN c int NULL AFTER a", vec![]),
    ] {
        assert_eq!(kinds_on(Engine::Mysql, sql), expected, "{sql}");
    }
}

#[test]
fn sql_server_states_columns_and_names_its_own_way() {
    assert_eq!(
        kinds_on(Engine::Sqlserver, "ALTER TABLE [dbo].[T] ALTER COLUMN [A] nvarchar(50) NOT NULL"),
        ["type-change"]
    );
    assert_eq!(
        kinds_on(Engine::Sqlserver, "CREATE INDEX [i] ON [dbo].[T] ([A])\nGO\nDROP TABLE [dbo].[T]\nGO"),
        ["index-not-concurrent", "drop-table"]
    );
    assert!(kinds_on(Engine::Sqlserver, "CREATE INDEX i ON T (A) WITH (ONLINE = ON)").is_empty());
}

#[test]
fn only_additions_let_the_previous_version_run() {
    assert!(only_adds("CREATE TABLE t (a int); CREATE INDEX i ON u (a); ALTER TABLE u ADD COLUMN b text;"));
    assert!(only_adds("DROP POLICY IF EXISTS p ON t; CREATE POLICY p ON t USING (true);"));
    assert!(!only_adds("ALTER TABLE u DROP COLUMN b;"));
    assert!(!only_adds("UPDATE u SET b = 1;"));
    assert!(!only_adds("ALTER TABLE u ADD COLUMN b text NOT NULL;"));
    assert!(!only_adds("ALTER TABLE u ADD CONSTRAINT c UNIQUE (a);"));
}

#[test]
fn lock_timeouts_are_seen() {
    assert!(assess(&steps("SET LOCAL lock_timeout = '5s';", 1), None, "m.sql").lock_timeout);
}

#[test]
fn hostile_text_ends() {
    for text in
        ["(".repeat(200_000), "$a".repeat(100_000), "DO $$ DO $$ ".repeat(20_000), "a#".repeat(200_000)]
    {
        let _ = steps(&text, 1);
    }
}

/// The same statements, read by another program's rules, must come out alike.
#[test]
fn agrees_with_squawk() {
    use squawk_linter::{Linter, Rule};
    let statements = [
        "CREATE INDEX i ON t (a);",
        "CREATE INDEX CONCURRENTLY i ON t (a);",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
        "ALTER TABLE t ADD COLUMN a int NOT NULL;",
        "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1;",
        "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid();",
        "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now();",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id);",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID;",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a);",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i;",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
        "ALTER TABLE t RENAME COLUMN a TO b;",
        "ALTER TABLE t RENAME TO u;",
        "ALTER TABLE t DROP COLUMN a;",
        "DROP TABLE t;",
        "ALTER TABLE t ADD COLUMN a text;",
    ];
    let rules = [
        Rule::RequireConcurrentIndexCreation,
        Rule::ConstraintMissingNotValid,
        Rule::AddingFieldWithDefault,
        Rule::AddingForeignKeyConstraint,
        Rule::ChangingColumnType,
        Rule::AddingNotNullableField,
        Rule::AddingRequiredField,
        Rule::RenamingColumn,
        Rule::RenamingTable,
        Rule::DisallowedUniqueConstraint,
        Rule::BanDropColumn,
        Rule::BanDropTable,
    ];
    for sql in statements {
        let mut linter = Linter::from(rules);
        let theirs = !linter.lint(&squawk_syntax::SourceFile::parse(sql), sql).is_empty();
        assert_eq!(!kinds(sql).is_empty(), theirs, "{sql}");
    }
}
