//! Restored copies against the live database that they were taken from, and databases that their owner restored.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::place::Place;
use common::{Run, command, finish};

fn against(place: &Place, from: &str, arguments: &[&str]) -> Run {
    let mut drill = place.drill(from);
    drill.args(["--no-record", "--source", "env:SHOP"]).args(arguments);
    finish(drill.env("SHOP", place.server.address("shop")).output().unwrap())
}

fn everything(place: &Place) -> String {
    place.server.run(
        "shop",
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del), max(n_live_tup) FROM pg_stat_user_tables",
    ) + &place.server.run("shop", "SELECT count(*) FROM pg_class")
}

#[test]
fn a_source_that_is_as_it_was_verifies_every_row_and_one_that_moved_on_is_no_failure() {
    let place = Place::new();
    place.backup("a", "a.dump", &["-Fc"]);
    let before = everything(&place);
    let run = against(&place, "a", &["--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&report["content_verified"], &report["verified_against"]), (&true.into(), &"source".into()));
    let controls: Vec<&str> =
        report["controls"].as_array().unwrap().iter().map(|one| one["damage"].as_str().unwrap()).collect();
    assert_eq!(controls, ["truncated", "schema-only", "flipped"], "{report:#}");
    assert_eq!(everything(&place), before, "nothing is written to the source");

    // Written to since: nobody can say whether the backup lacks it.
    place.server.run("shop", "INSERT INTO orders(note) VALUES ('later'); CREATE INDEX later ON users(id)");
    let run = against(&place, "a", &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("? source: 1 of 3 tables are those of shop"), "{run:?}");
    assert!(run.stdout.contains("public.orders has 3000 rows in the backup, and 3001 now"), "{run:?}");
    assert!(run.stdout.contains("public.users is built otherwise"), "{run:?}");
    assert!(run.stdout.contains("content not verified"), "{run:?}");
    assert!(!run.stdout.contains("with changed bytes"), "{run:?}");

    // A backup without rows of a table that has some.
    let path = place.backup("b", "b.dump", &["-Fc", "--exclude-table-data=orders"]);
    let run = against(&place, "b", &[]);
    assert!(run.stdout.contains("public.orders is EMPTY in the backup, and has 3001 rows now"), "{run:?}");
    // What the manifest says of it is a failure.
    place.manifest(&path);
    let run = against(&place, "b", &[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("FAILED — public.orders is empty"), "{run:?}");
}

#[test]
fn a_source_that_makes_no_sense_is_refused() {
    let place = Place::new();
    place.backup("a", "a.dump", &["-Fc"]);
    let with = |source: &str, value: &str| {
        let mut drill = place.drill("a");
        drill.args(["--no-record", "--source", source]).env("SHOP", value);
        finish(drill.output().unwrap())
    };
    let run = with("postgres://u:secret@h/d", "");
    assert!(
        run.code == 2 && run.stderr.contains("env:DATABASE_URL") && !run.stderr.contains("secret"),
        "{run:?}"
    );
    let run = with("env:NOT_SET", "");
    assert!(run.code == 2 && run.stderr.contains("not set"), "{run:?}");
    let run = with("env:SHOP", "mysql://u:secret@h/d");
    assert!(run.code == 2 && run.stderr.contains("MariaDB") && !run.stderr.contains("secret"), "{run:?}");
    let run = with("env:SHOP", "postgres://u:secret@/d?host=/nowhere");
    assert!(
        run.code == 3 && run.stderr.contains("cannot be read") && !run.stderr.contains("secret"),
        "{run:?}"
    );
}

#[test]
fn migrations_of_the_repository_are_looked_up_in_the_restored_copy() {
    let place = Place::new();
    let migration = |number: &str, after: &str| {
        place.sample.write(
            &format!("app/shop/migrations/{number}.py"),
            &format!(
                "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [{after}]\n    operations = []\n"
            ),
        );
    };
    place.sample.write("app/requirements.txt", "Django==5.0\n");
    place.sample.write("app/manage.py", "import django\n");
    place.sample.write("app/shop/migrations/__init__.py", "");
    migration("0001_initial", "");
    migration("0002_more", "(\"shop\", \"0001_initial\")");
    place.server.run(
        "shop",
        "CREATE TABLE django_migrations(id serial, app text, name text); \
         INSERT INTO django_migrations(app, name) VALUES ('shop', '0001_initial')",
    );
    place.backup("a", "a.dump", &["-Fc"]);
    let run = place.restore("a", &["--no-record"]);
    assert_eq!(run.code, 0, "an older schema is said, and no failure: {run:?}");
    assert!(
        run.stdout.contains("? migrations: the newest of django that is applied is shop.0001_initial")
            && run.stdout.contains("also has shop.0002_more"),
        "{run:?}"
    );
    place.server.run("shop", "INSERT INTO django_migrations(app, name) VALUES ('shop', '0002_more')");
    place.backup("a", "a.dump", &["-Fc"]);
    let run = place.restore("a", &["--no-record"]);
    assert!(run.stdout.contains("✓ migrations: shop.0002_more is the newest of django"), "{run:?}");
}

#[test]
fn a_database_that_its_owner_restored_is_looked_at_and_is_not_the_source() {
    let place = Place::new();
    let copy = place.server.copy();
    let look = |restored: &str, arguments: &[&str]| {
        let mut drill = command(place.sample.path());
        drill
            .args(["drill", "restore", "app", "--yes", "--no-record", "--scratch", "scratch"])
            .args(["--restored-url", "env:RESTORED", "--source", "env:SHOP"])
            .args(arguments)
            .env("RESTORED", restored)
            .env("SHOP", place.server.address("shop"));
        finish(drill.output().unwrap())
    };
    place.sample.write(
        "app/seaworthy.toml",
        "[drill.restore]\nverify = [\"SELECT count(*) > 400 FROM users\"]\nverify-command = [\"psql -XAtc 'SELECT count(*) FROM orders'\"]\n",
    );
    let run = look(&copy.address("shop"), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    for line in [
        "every table is what it was",
        "✓ source: all 3 tables",
        "✓ sequences",
        "✓ verify `SELECT",
        "✓ verify `psql",
    ] {
        assert!(run.stdout.contains(line), "{line}: {run:?}");
    }
    copy.run("shop", "DELETE FROM orders WHERE id > 1000");
    let run = look(&copy.address("shop"), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("public.orders has 1000 rows in the backup, and 3000 now"), "{run:?}");
    // A query that writes is kept from it.
    place
        .sample
        .write("app/seaworthy.toml", "[drill.restore]\nverify = [\"DELETE FROM orders RETURNING 1\"]\n");
    let run = look(&copy.address("shop"), &[]);
    assert!(run.code == 1 && run.stdout.contains("read-only transaction"), "{run:?}");
    assert_eq!(copy.run("shop", "SELECT count(*) FROM orders"), "1000");

    // The same server, by whatever address, and also where somebody insists.
    let itself = format!("{}&connect_timeout=5", place.server.address("shop"));
    for arguments in [&[][..], &["--not-production"]] {
        let run = look(&itself, arguments);
        assert!(run.code == 2 && run.stderr.contains("the very server"), "{run:?}");
    }
    copy.run("postgres", "ALTER DATABASE shop RENAME TO shop_production");
    let run = look(&copy.address("shop_production"), &[]);
    assert!(run.code == 2 && run.stderr.contains("looks like what customers use"), "{run:?}");
    assert!(!look(&copy.address("shop_production"), &["--not-production"]).stderr.contains("customers"));
    let run = look("postgres://u@shop.c1.eu-west-1.rds.amazonaws.com/shop", &["--plan"]);
    assert!(run.code == 0 && run.stdout.contains("aws rds restore-db-instance-to-point-in-time"), "{run:?}");
    assert!(Command::new("ls").arg(place.scratch()).output().unwrap().stdout.is_empty());
}
