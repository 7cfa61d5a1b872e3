//! Where the backup is, and where the data: told by real servers, disks and storages.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use common::place::Place;
use common::{Run, finish, item};
use seaworthy_testkit::storage::Storage;

const ROWS: &str = "CREATE TABLE t(id integer PRIMARY KEY, v text); \
    WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 500) INSERT INTO t SELECT x, 'value ' || x FROM c";

/// An application with a database.
fn application(place: &Place, toml: &str) {
    place.sample.write(
        "app/package.json",
        "{\"name\": \"shop\", \"scripts\": {\"start\": \"node a.js\"}, \"dependencies\": {\"pg\": \"^8.0.0\", \"express\": \"^4.0.0\"}}",
    );
    place.sample.write(
        "app/a.js",
        "const { Pool } = require('pg'); const express = require('express'); const pool = new Pool();\n\
         const app = express(); app.get('/', async (q, r) => r.json(await pool.query('SELECT 1')));\napp.listen(3000);\n",
    );
    place.sample.write("app/seaworthy.toml", toml);
}

/// The drill on the declared location.
fn drill(place: &Place, source: &str, more: &[(&str, &str)]) -> Run {
    let _ = fs::remove_dir_all(place.sample.file("app/.seaworthy"));
    let mut drill = common::command(place.sample.path());
    drill.args(["drill", "restore", "app", "--yes", "--scratch", "scratch", "--source", "env:SHOP"]);
    drill.env("SHOP", source).envs(more.iter().copied());
    let run = finish(drill.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    run
}

/// What `check` makes of it.
fn judged(place: &Place) -> serde_json::Value {
    let mut check = common::command(&place.sample.file("app"));
    let run = finish(check.args(["check", ".", "--format", "json"]).output().unwrap());
    let report = serde_json::from_str(&run.stdout).unwrap();
    item(&report, "backups.separate-location").clone()
}

#[test]
fn a_backup_on_the_disk_of_the_database_fails_and_another_disk_of_the_machine_is_no_evidence() {
    let place = Place::new();
    place.backup("a", "a.dump", &["-Fc"]);
    application(&place, "[backups]\nlocation = \"../a\"\n");
    let source = place.server.address("shop");
    let run = drill(&place, &source, &[]);
    assert!(
        run.stdout.contains("✗ place: the backup in") && run.stdout.contains("is on the disk"),
        "{run:?}"
    );
    let found = judged(&place);
    assert_eq!((&found["status"], &found["rung"]), (&"fail".into(), &"observed".into()), "{found:#}");
    assert!(found["evidence"][0]["location"]["record"].is_string(), "{found:#}");

    // Named for one drill, it may be a copy.
    let mut named = place.drill("a");
    let run = finish(named.args(["--source", "env:SHOP"]).env("SHOP", &source).output().unwrap());
    assert!(run.stdout.contains("told, and not recorded"), "{run:?}");
    let report = |run: &Run| run.stdout.matches("recorded for backups.separate-location").count();
    assert_eq!(report(&run), 0, "{run:?}");

    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::copy(place.sample.file("a/a.dump"), memory.path().join("a.dump")).unwrap();
    application(&place, &format!("[backups]\nlocation = \"{}\"\n", memory.path().display()));
    let run = drill(&place, &source, &[]);
    assert!(
        run.stdout.contains("? place: the backup in") && run.stdout.contains("another file system"),
        "{run:?}"
    );
    assert_eq!(report(&run), 0, "{run:?}");
    assert_eq!(judged(&place)["status"], "unknown");

    // Without a source nobody says where the data is.
    let run = place.restore("a", &["--no-record"]);
    assert!(run.stdout.contains("? place: ") && run.stdout.contains("--source env:NAME says"), "{run:?}");
}

#[test]
fn files_of_sqlite_are_told_by_their_disk() {
    let place = Place::new();
    application(&place, "[backups]\nlocation = \"../copies\"\n");
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let make = |path: &Path| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = Command::new("sqlite3").arg(path).arg(ROWS).output();
        assert!(made.expect("sqlite3 is installed (Debian package sqlite3)").status.success());
    };
    let (near, far) = (place.sample.file("data/app.db"), memory.path().join("app.db"));
    make(&near);
    make(&far);
    make(&place.sample.file("copies/app.db"));
    let run = drill(&place, &format!("sqlite://{}", near.display()), &[]);
    assert!(run.stdout.contains("✗ place: "), "{run:?}");
    assert_eq!(judged(&place)["status"], "fail");
    let run = drill(&place, &format!("sqlite://{}", far.display()), &[]);
    assert!(run.stdout.contains("? place: ") && run.stdout.contains("another file system"), "{run:?}");
}

/// A proxy that leads every host to a port of this machine; gives its own port.
fn proxy(to: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") {
                    client.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                assert!(head.starts_with(b"CONNECT 192.0.2.1:9000 "), "{}", String::from_utf8_lossy(&head));
                client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
                let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (mut from, mut back) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut server);
                    let _ = server.shutdown(Shutdown::Write);
                });
                let _ = std::io::copy(&mut back, &mut client);
                let _ = client.shutdown(Shutdown::Both);
            });
        }
    });
    port
}

#[test]
fn a_bucket_elsewhere_is_apart_and_one_on_this_machine_is_not() {
    let place = Place::new();
    let storage = Storage::start();
    storage.bucket("acme-backups");
    place.backup("a", "a.dump", &["-Fc"]);
    storage.put("acme-backups", "shop/a.dump", &place.sample.file("a/a.dump"));
    let source = place.server.address("shop");
    let keys = [("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "sesame-1234")];
    let declared = |endpoint: &str| {
        application(
            &place,
            &format!("[backups]\nlocation = \"s3://acme-backups/shop\"\nendpoint = \"{endpoint}\"\n"),
        );
    };

    declared(&storage.endpoint());
    let run = drill(&place, &source, &keys);
    assert!(run.stdout.contains("? place: ") && run.stdout.contains("on the machine that holds"), "{run:?}");
    assert!(run.stdout.contains("versioning is not enabled: a backup that is overwritten"), "{run:?}");
    assert_eq!(judged(&place)["status"], "unknown");

    storage.versioning("acme-backups", "Enabled");
    declared("http://192.0.2.1:9000");
    let proxy = format!("http://127.0.0.1:{}", proxy(storage.port()));
    let run = drill(&place, &source, &[keys[0], keys[1], ("HTTP_PROXY", &proxy)]);
    assert!(
        run.stdout.contains("✓ place: ")
            && run.stdout.contains("on another machine: s3://acme-backups/shop at 192.0.2.1:9000"),
        "{run:?}"
    );
    assert!(run.stdout.contains("versioning is Enabled"), "{run:?}");
    let found = judged(&place);
    assert_eq!((&found["status"], &found["rung"]), (&"pass".into(), &"observed".into()), "{found:#}");
}
