//! Large backups: damaged copies are made of a slice, by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::process::Command;
use std::time::Duration;

use common::place::{Place, open};
use common::{Sample, command, finish};
use seaworthy_testkit::mariadb::MariaDb;
use serde_json::Value;

/// Rows that no compression makes much smaller, 36 MB of them, in a table that others are small beside.
const LARGE: &str = "CREATE TABLE events(id int PRIMARY KEY, order_id bigint REFERENCES orders(id), v text); \
    INSERT INTO events SELECT g, 1 + g % 3000, (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 32) n WHERE n <> g + 99) \
    FROM generate_series(1, 36000) g";

/// Every damaged copy of the slice was found, and the slice is named.
fn sliced(report: &str, tables: &str, what: &str) {
    let report: Value =
        serde_json::from_str(report).unwrap_or_else(|error| panic!("{what}: {error}: {report}"));
    assert_eq!(report["verdict"], "passed", "{what}: {report:#}");
    assert_eq!(report["content_verified"], true, "{what}");
    let slice = report["slice"].as_str().unwrap_or_else(|| panic!("{what}: no slice: {report:#}"));
    assert!(slice.contains(tables), "{what}: {slice}");
    let controls = report["controls"].as_array().unwrap();
    assert_eq!(controls.len(), 3, "{what}");
    let found = |one: &Value| ["refused", "different"].contains(&one["outcome"].as_str().unwrap());
    assert!(controls.iter().all(found), "{what}: {report:#}");
}

#[test]
fn damaged_copies_of_large_dumps_are_slices() {
    let place = Place::new();
    place.server.run("shop", LARGE);
    for (name, arguments) in [
        ("compressed.dump", &["-Fc"][..]),
        ("stored.dump", &["-Fc", "-Z0"]),
        ("folder.d", &["-Fd"]),
        ("archive.tar", &["-Ft"]),
        ("script.sql", &[]),
    ] {
        let artefact = place.backup(name, name, arguments);
        place.manifest(&artefact);
        let run = place.restore(name, &["--json", "--no-record"]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        sliced(&run.stdout, "public.users, public.orders", name);
        fs::remove_file(&artefact).or_else(|_| fs::remove_dir_all(&artefact)).unwrap();
    }
    // The same of everything, and of a compressed script.
    let artefact = place.backup("whole", "script.sql", &[]);
    assert!(Command::new("gzip").arg("-1").arg(&artefact).status().unwrap().success());
    place.manifest(&place.sample.file("whole/script.sql.gz"));
    let run = place.restore("whole", &["--json", "--no-record"]);
    sliced(&run.stdout, "public.users, public.orders", "script.sql.gz");
    let run = place.restore("whole", &["--no-record", "--full-controls"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stdout.contains("slice"), "{run:?}");
    place.nothing_is_left(Duration::ZERO);
}

/// A folder with an application, and one for scratch folders.
fn sample() -> Sample {
    let sample = Sample::plain(&[("app/package.json", "{}"), ("scratch/x", ""), ("backups/x.txt", "")]);
    fs::remove_file(sample.file("scratch/x")).unwrap();
    open(sample.path(), 0o755);
    open(&sample.file("scratch"), 0o1777);
    sample
}

fn drill(sample: &Sample) -> String {
    let mut drill = command(sample.path());
    drill.args(["drill", "restore", "app", "--yes", "--quiet", "--json", "--no-record"]);
    let run = finish(drill.args(["--scratch", "scratch", "--from", "backups"]).output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    run.stdout
}

#[test]
fn damaged_copies_of_a_large_dump_of_mariadb_are_slices() {
    let (server, sample) = (MariaDb::start(), sample());
    server.run("mysql", "CREATE DATABASE shop");
    server.run(
        "shop",
        "CREATE TABLE users (id int PRIMARY KEY, email varchar(80)); INSERT INTO users SELECT seq, concat('u', seq) FROM seq_1_to_300; \
         CREATE TABLE events (id int PRIMARY KEY, user_id int REFERENCES users(id), v text); \
         INSERT INTO events SELECT seq, 1 + seq % 300, repeat(md5(seq), 20) FROM seq_1_to_30000",
    );
    let artefact = sample.file("backups/shop.sql");
    server.dump(&artefact, &["shop"]);
    sample.manifest(&server.address("shop"), format!("{}.manifest.json", artefact.display()));
    sliced(&drill(&sample), "the rows of users", "mariadb-dump");
}

#[test]
fn damaged_copies_of_a_large_database_file_are_slices() {
    let sample = sample();
    let artefact = sample.file("backups/app.db");
    let sql = "CREATE TABLE users(id integer PRIMARY KEY, email text); \
        WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 300) INSERT INTO users SELECT x, 'u' || x FROM c; \
        CREATE TABLE events(id integer PRIMARY KEY, user_id REFERENCES users(id), v blob); CREATE INDEX of_users ON events(user_id); \
        WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) \
        INSERT INTO events SELECT x, 1 + x % 300, randomblob(1000) FROM c;";
    assert!(Command::new("sqlite3").arg(&artefact).arg(sql).status().unwrap().success());
    let database = artefact.display().to_string();
    let mut made = command(sample.path());
    made.args(["backup", "manifest", "--database", &database, "-o", &format!("{database}.manifest.json")]);
    assert_eq!(finish(made.output().unwrap()).code, 0);
    sliced(&drill(&sample), "the rows of users", "SQLite");
}
