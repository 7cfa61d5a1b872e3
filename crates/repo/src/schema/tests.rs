#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Location, Migration, WayBack};

use super::*;
use crate::tree::Limits;

fn set(framework: &str, folder: &str, engine: Engine, count: u32, file: &str) -> MigrationSet {
    let newest = Migration {
        name: "1".to_owned(),
        at: Location::file(file),
        way_back: WayBack::Yes,
        only_adds: true,
        hazards: Vec::new(),
        creates: Vec::new(),
        lock_timeout: false,
    };
    MigrationSet {
        framework: framework.to_owned(),
        folders: vec![folder.to_owned()],
        engine: Some(engine),
        count,
        newest: vec![newest],
        has_downs: true,
    }
}

fn schema(files: &[(&str, &str)], set: MigrationSet) -> Schema {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    collect(&tree, &Migrations { sets: vec![set], ..Migrations::default() })
}

/// `table.column at path:line` of each key without an index.
fn unindexed(files: &[(&str, &str)], set: MigrationSet) -> Vec<String> {
    let keys = schema(files, set).sources.remove(0).unindexed;
    keys.iter().map(|key| format!("{}.{} {}", key.table, key.column, key.at)).collect()
}

fn sql(text: &str) -> Vec<String> {
    unindexed(&[("m/1.sql", text)], set("sqlx", "m", Engine::Postgresql, 1, "m/1.sql"))
}

#[test]
fn keys_and_indexes_in_all_their_forms() {
    let table = "CREATE TABLE IF NOT EXISTS app.orders (\n id int PRIMARY KEY,\n a_id int REFERENCES a(id),\n b_id int UNIQUE REFERENCES b,\n c_id int, d_id int,\n CONSTRAINT f FOREIGN KEY (c_id) REFERENCES c(id),\n UNIQUE (d_id, a_id)\n);\n";
    assert_eq!(sql(table), ["orders.a_id m/1.sql:3", "orders.c_id m/1.sql:6"]);
    let indexed = format!(
        "{table}CREATE INDEX CONCURRENTLY i ON orders USING btree (a_id, c_id);\nCREATE INDEX ON \"orders\" (\"c_id\");"
    );
    assert!(sql(&indexed).is_empty());
    let altered = format!(
        "{indexed}ALTER TABLE ONLY orders ADD CONSTRAINT g FOREIGN KEY (d_id) REFERENCES d(id), ADD COLUMN e_id int REFERENCES e(id);"
    );
    assert_eq!(sql(&altered).len(), 1);
    let dropped = format!("{altered}ALTER TABLE orders DROP COLUMN e_id; DROP INDEX i;");
    assert_eq!(sql(&dropped), ["orders.a_id m/1.sql:3"]);
    assert!(sql(&format!("{table}DROP TABLE orders; CREATE TABLE a (id int)")).is_empty());
}

#[test]
fn later_migrations_and_ways_back() {
    let files = [
        ("m/2_b.up.sql", "CREATE INDEX i ON t (a_id);"),
        ("m/2_b.down.sql", "DROP INDEX i;"),
        ("m/10_c.up.sql", "DROP INDEX i;"),
        ("m/1_a.up.sql", "CREATE TABLE t (a_id int REFERENCES a(id));"),
    ];
    let set = || set("golang-migrate", "m", Engine::Postgresql, 3, "m/10_c.up.sql");
    assert_eq!(unindexed(&files, set()).len(), 1);
    assert!(unindexed(&files[..2], MigrationSet { count: 1, ..set() }).is_empty());
    let goose = "-- +goose Up\nCREATE TABLE t (a_id int REFERENCES a(id)); CREATE INDEX i ON t (a_id);\n-- +goose Down\nDROP INDEX i;";
    assert!(sql(goose).is_empty());
}

#[test]
fn the_dump_of_rails() {
    let dump = "create_table \"posts\", force: :cascade do |t|\n  t.bigint \"user_id\"\n  t.index [\"user_id\", \"id\"], name: \"i\"\nend\nadd_foreign_key \"posts\", \"users\"\nadd_foreign_key \"posts\", \"categories\"\nadd_foreign_key \"posts\", \"users\", column: \"editor_id\"\n";
    let files = [("db/schema.rb", dump), ("db/migrate/1_a.rb", "")];
    let rails = |engine| set("rails", "db/migrate", engine, 1, "db/migrate/1_a.rb");
    let expected = ["posts.category_id db/schema.rb:6", "posts.editor_id db/schema.rb:7"];
    assert_eq!(unindexed(&files, rails(Engine::Postgresql)), expected);
    let mysql = schema(&files, rails(Engine::Mysql));
    assert!(mysql.sources[0].always_indexed.is_some());
}

#[test]
fn what_is_written_in_code_is_named_as_unread() {
    let code = schema(&[("m/1.ts", "")], set("typeorm", "m", Engine::Postgresql, 1, "m/1.ts"));
    assert!(code.sources.is_empty());
    assert_eq!(code.unread.len(), 1);
    let django = schema(&[], set("django", "a/migrations", Engine::Postgresql, 1, "a/migrations/1.py"));
    assert!(django.sources[0].always_indexed.is_some());
}
