#![allow(clippy::unwrap_used)]
use crate::migrations::test_support::{migrations, only_set, outline};
use seaworthy_facts::{MigrationSet, WayBack};

/// One migration with this body, in a repository whose migrations show PostgreSQL.
fn set(body: &str) -> MigrationSet {
    let text = format!("# for postgresql\nclass X < ActiveRecord::Migration[8.0]\n{body}\nend\n");
    only_set(&[("db/migrate/20240101000000_x.rb", &text)])
}

fn kinds(body: &str) -> Vec<String> {
    set(body).newest[0].hazards.iter().map(|hazard| hazard.kind.clone()).collect()
}

fn reversible(body: &str) -> bool {
    set(body).newest[0].way_back == WayBack::Yes
}

fn in_change(body: &str) -> String {
    format!("def change\n{body}\nend")
}

#[test]
fn a_new_table_with_all_that_belongs_to_it() {
    let set = set(&in_change(
        "create_table :posts do |t|\n  t.string :slug, null: false\n  t.references :user, null: false, foreign_key: true\n  t.timestamps\nend\nadd_index :posts, :slug, unique: true",
    ));
    assert_eq!(set.framework, "rails");
    assert_eq!(outline(&set), [("20240101000000_x", true, vec![])]);
    assert!(set.newest[0].only_adds);
    assert_eq!(set.newest[0].creates, ["posts"]);
}

#[test]
fn unsafe_on_an_existing_table() {
    for (line, kind) in [
        ("add_index :posts, :slug", "index-not-concurrent"),
        ("add_reference :posts, :user", "index-not-concurrent"),
        ("add_foreign_key :posts, :users", "foreign-key-not-valid"),
        ("add_check_constraint :posts, \"a > 0\", name: \"c\"", "check-not-valid"),
        ("change_column :posts, :slug, :text", "type-change"),
        ("change_column_null :posts, :slug, false", "set-not-null"),
        ("remove_column :posts, :slug, :string", "drop-column"),
        ("rename_column :posts, :a, :b", "rename-column"),
        ("rename_table :posts, :articles", "rename-table"),
        ("drop_table(:posts) { |t| t.string :a }", "drop-table"),
        ("add_column :posts, :key, :uuid, default: -> { \"gen_random_uuid()\" }", "volatile-default"),
        ("add_column :posts, :slug, :string, null: false", "required-column"),
        ("change_table :posts do |t|\n t.string :slug, null: false\nend", "required-column"),
        (
            "safety_assured { execute <<~SQL }\n  ALTER TABLE posts ALTER COLUMN slug SET NOT NULL\nSQL\n",
            "set-not-null",
        ),
    ] {
        assert_eq!(kinds(&in_change(line)), [kind], "{line}");
    }
}

#[test]
fn safe_on_an_existing_table() {
    for line in [
        "add_index :posts, :slug, algorithm: :concurrently",
        "add_reference :posts, :user, index: { algorithm: :concurrently }",
        "add_reference :posts, :user, index: false, foreign_key: { validate: false }",
        "add_foreign_key :posts, :users, validate: false",
        "add_column :posts, :slug, :string, default: \"x\", null: false",
        "change_column_default :posts, :slug, from: nil, to: \"x\"",
        "change_column_null :posts, :slug, true",
    ] {
        assert!(kinds(&in_change(line)).is_empty(), "{line}");
        assert!(reversible(&in_change(line)), "{line}");
    }
}

#[test]
fn what_rails_cannot_reverse() {
    for line in [
        "remove_column :posts, :slug",
        "remove_columns :posts, :a, :b",
        "execute \"UPDATE posts SET a = 1\"",
        "change_column :posts, :slug, :text",
        "drop_table :posts",
        "remove_index :posts, name: \"i\"",
        "change_column_default :posts, :slug, \"x\"",
        "change_table(:posts) { |t| t.remove :slug }",
        "raise ActiveRecord::IrreversibleMigration",
        "reversible do |dir|\n dir.up { execute \"CREATE TABLE t (a int)\" }\nend",
    ] {
        assert!(!reversible(&in_change(line)), "{line}");
    }
}

#[test]
fn what_rails_can_reverse() {
    for line in [
        "remove_column :posts, :slug, :string",
        "remove_columns :posts, :a, :b, type: :string",
        "drop_table(:posts) { |t| t.string :a }",
        "remove_index :posts, :slug",
        "change_table(:posts) { |t| t.remove :slug, type: :string }",
        "reversible do |dir|\n dir.up { execute \"CREATE TYPE x AS ENUM ('a')\" }\n dir.down { execute \"DROP TYPE x\" }\nend",
        "add_column :posts, :slug, :string\nup_only { execute \"UPDATE posts SET slug = 'x'\" }",
    ] {
        assert!(reversible(&in_change(line)), "{line}");
    }
}

#[test]
fn up_needs_a_down_that_does_something() {
    let up = "def up\n  add_column :posts, :a, :string\nend\n";
    for (down, expected) in [
        ("def down\n  remove_column :posts, :a\nend", true),
        ("", false),
        ("def down; end", false),
        ("def down\n  # nothing\nend", false),
        ("def down\n  raise ActiveRecord::IrreversibleMigration\nend", false),
    ] {
        assert_eq!(reversible(&format!("{up}{down}")), expected, "{down}");
    }
}

#[test]
fn each_database_has_a_history_and_engines_have_none() {
    let text = "class X < ActiveRecord::Migration[8.0]\n  def change\n    create_table :a\n  end\nend\n";
    let found = migrations(&[
        ("config/application.rb", ""),
        ("db/migrate/20240101000000_a.rb", text),
        ("db/post_migrate/20240102000000_b.rb", text),
        ("db/queue_migrate/20240103000000_c.rb", text),
        ("engines/shop/shop.gemspec", ""),
        ("engines/shop/db/migrate/20240104000000_d.rb", text),
    ]);
    let counts: Vec<u32> = found.sets.iter().map(|set| set.count).collect();
    assert_eq!(counts, [2, 1]);
}
