//! Backups in object storage, restored by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Run, Sample, command, finish};
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::servers::free_port;
use seaworthy_testkit::storage::Storage;

/// A storage with a bucket, and a folder for scratch folders.
struct Place {
    storage: Storage,
    sample: Sample,
}

impl Place {
    fn new() -> Place {
        let place = Place {
            storage: Storage::start(),
            sample: Sample::plain(&[("app/package.json", "{}"), ("scratch/x", ""), ("made/x", "")]),
        };
        fs::remove_file(place.sample.file("scratch/x")).unwrap();
        for (path, mode) in [("", 0o755), ("scratch", 0o1777), ("made", 0o1777)] {
            fs::set_permissions(place.sample.file(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        place.storage.bucket("acme-backups");
        place
    }

    fn made(&self, name: &str) -> PathBuf {
        self.sample.file(&format!("made/{name}"))
    }

    fn put(&self, key: &str, file: &Path) {
        self.storage.put("acme-backups", key, file);
    }

    fn database(&self, rows: u32) -> PathBuf {
        let path = self.made("app.db");
        let _ = fs::remove_file(&path);
        let sql = format!(
            "CREATE TABLE t(id integer PRIMARY KEY, v text); \
             WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {rows}) INSERT INTO t SELECT x, 'value ' || x FROM c"
        );
        let output = Command::new("sqlite3").arg(&path).arg(sql).output();
        assert!(output.expect("sqlite3 is installed (Debian package sqlite3)").status.success());
        path
    }

    fn drill(&self, endpoint: &str, from: &str, arguments: &[&str]) -> Run {
        let mut drill = command(self.sample.path());
        drill.args(["drill", "restore", "app", "--scratch", "scratch", "--no-record", "--from", from]);
        drill.args(["--endpoint", endpoint]).args(arguments);
        drill.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "sesame-1234");
        let run = finish(drill.output().unwrap());
        assert_eq!(fs::read_dir(self.sample.file("scratch")).unwrap().count(), 0, "{run:?}");
        assert!(!run.stdout.contains("sesame") && !run.stderr.contains("sesame"), "{run:?}");
        assert!(!run.stdout.contains("X-Amz") && !run.stderr.contains("X-Amz"), "{run:?}");
        run
    }

    fn restore(&self, from: &str, arguments: &[&str]) -> Run {
        let arguments: Vec<&str> = ["--yes"].iter().chain(arguments).copied().collect();
        self.drill(&self.storage.endpoint(), from, &arguments)
    }
}

#[test]
fn dumps_of_postgresql_are_restored_from_a_bucket_in_every_shape() {
    let place = Place::new();
    let server = Postgres::start();
    server.run("postgres", "CREATE DATABASE shop");
    server.run(
        "shop",
        "CREATE TABLE users(id serial PRIMARY KEY, email text); CREATE TABLE orders(id int PRIMARY KEY, note text); \
         INSERT INTO users(email) SELECT 'u' || g FROM generate_series(1, 500) g; \
         INSERT INTO orders SELECT g, md5(g::text) FROM generate_series(1, 3000) g",
    );
    server.dump("shop", &place.made("custom.dump"), &["-Fc"]);
    server.dump("shop", &place.made("plain.sql"), &["-Fp"]);
    server.dump("shop", &place.made("folder"), &["-Fd"]);
    let gzip = Command::new("gzip").args(["-k", "-f"]).arg(place.made("plain.sql")).status();
    assert!(gzip.expect("gzip is installed").success());
    place.sample.manifest(&server.address("shop"), "made/manifest");
    for (key, file) in [("a/shop.dump", "custom.dump"), ("b/shop.sql.gz", "plain.sql.gz")] {
        place.put(key, &place.made(file));
        place.put(&format!("{key}.manifest.json"), &place.made("manifest"));
    }
    for entry in fs::read_dir(place.made("folder")).unwrap().flatten() {
        place.put(&format!("c/2026/shop/{}", entry.file_name().display()), &entry.path());
    }
    place.put("c/2026/shop.manifest.json", &place.made("manifest"));
    // The last names the folder itself.
    for from in ["a", "b/shop.sql.gz", "c", "c/2026/shop/"] {
        let run = place.restore(&format!("s3://acme-backups/{from}"), &["--json"]);
        assert_eq!(run.code, 0, "{from}: {run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["content_verified"], true, "{from}: {report:#}");
        assert_eq!((&report["tables"], &report["rows"]), (&2.into(), &3500.into()), "{from}");
        assert!(report["download_seconds"].is_f64(), "{from}: {report:#}");
        let controls = report["controls"].as_array().unwrap();
        let found =
            |one: &&serde_json::Value| ["refused", "different"].contains(&one["outcome"].as_str().unwrap());
        assert_eq!(controls.iter().filter(found).count(), 3, "{from}: {report:#}");
    }
}

#[test]
fn the_newest_of_a_series_is_found_by_its_content_and_a_plan_only_looks() {
    let place = Place::new();
    let database = place.database(3000);
    place.put("shop/2026/11/27/app-1.db", &database);
    fs::write(place.made("notes"), "no backup").unwrap();
    let target = place.made("app.db.gz");
    let gzip = Command::new("gzip").arg("-c").arg(&database).output().unwrap();
    fs::write(&target, gzip.stdout).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    place.put("shop/2026/11/28/app-2.db.gz", &target);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    place.put("shop/2026/11/28/notes", &place.made("notes"));
    let endpoint = place.storage.endpoint();
    let run = place.drill(&endpoint, "s3://acme-backups/shop", &["--plan"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("2026/11/28/app-2.db.gz") && run.stdout.contains("in gzip"), "{run:?}");
    assert!(run.stdout.contains("download the backup"), "{run:?}");
    let run = place.restore("s3://acme-backups/shop", &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("3000 rows") && run.stdout.contains("for the download"), "{run:?}");
    assert!(run.stdout.contains("notes is passed over"), "{run:?}");
    // `match` is held against the name and the whole path.
    let run = place.restore("s3://acme-backups/shop", &["--match", "*.db"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("11/27/app-1.db of"), "{run:?}");
    // What the configuration declares is used without arguments.
    place.sample.write(
        "app/seaworthy.toml",
        &format!("[backups]\nlocation = \"s3://acme-backups/shop/2026\"\nendpoint = \"{endpoint}\"\nregion = \"eu-central-1\"\n"),
    );
    place.sample.write(
        "home/.aws/credentials",
        "[backup-reader]\naws_access_key_id = a\naws_secret_access_key = b\n",
    );
    let mut drill = command(place.sample.path());
    drill.args(["drill", "restore", "app", "--yes", "--no-record", "--scratch", "scratch"]);
    drill.env("HOME", place.sample.file("home")).env("AWS_PROFILE", "backup-reader");
    let run = finish(drill.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn what_is_in_the_way_of_a_bucket_is_said() {
    let place = Place::new();
    let endpoint = place.storage.endpoint();
    place.put("shop/app.db", &place.database(300));
    let run = place.drill(&endpoint, "s3://acme-nothing/shop", &["--yes"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("there is no bucket acme-nothing"), "{run:?}");
    let run = place.drill(&endpoint, "s3://acme-backups/other", &["--yes"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("there is no backup"), "{run:?}");
    let refused = format!("http://127.0.0.1:{}", free_port());
    let run = place.drill(&refused, "s3://acme-backups/shop", &["--yes"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("connection was refused"), "{run:?}");
    let run = place.drill(&endpoint, "s3://key:sesame-1234@acme-backups/shop", &["--yes"]);
    assert_eq!(run.code, 2, "{run:?}");
    let run = place.drill("https://key:sesame-1234@127.0.0.1", "s3://acme-backups/shop", &["--yes"]);
    assert_eq!(run.code, 2, "{run:?}");
    let mut without = command(place.sample.path());
    without.args(["drill", "restore", "app", "--yes", "--from", "s3://acme-backups/shop"]);
    let run = finish(without.output().unwrap());
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("AWS_ACCESS_KEY_ID"), "{run:?}");
    place.storage.deny("acme-backups");
    let run = place.restore("s3://acme-backups/shop", &[]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("it is not allowed"), "{run:?}");
}

/// Stands between the program and the storage, and does something to what the storage answers to a download: every answer
/// that is longer than the first look.
fn between(storage: &Storage, change: fn(&mut Vec<u8>)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let port = storage.port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut request = Vec::new();
                let mut byte = [0_u8; 1];
                while !request.ends_with(b"\r\n\r\n")
                    && client.read(&mut byte).is_ok_and(|length| length == 1)
                {
                    request.push(byte[0]);
                }
                let text =
                    String::from_utf8_lossy(&request).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
                let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)) else { return };
                let _ = server.write_all(text.as_bytes());
                let mut answer = Vec::new();
                let _ = server.read_to_end(&mut answer);
                if answer.len() > 300_000 {
                    change(&mut answer);
                }
                let _ = client.write_all(&answer);
            });
        }
    });
    format!("http://{address}")
}

#[test]
fn a_download_that_is_cut_off_or_changed_on_the_way_is_no_restore() {
    let place = Place::new();
    place.put("shop/app.db", &place.database(100_000));
    let cut = between(&place.storage, |answer| answer.truncate(answer.len() / 2));
    let run = place.drill(&cut, "s3://acme-backups/shop", &["--yes"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("the download was cut off 3 times"), "{run:?}");
    let changed = between(&place.storage, |answer| {
        let middle = answer.len() / 2;
        answer[middle] ^= 1;
    });
    let run = place.drill(&changed, "s3://acme-backups/shop", &["--yes"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("ETag"), "{run:?}");
    let same = between(&place.storage, |_| {});
    assert_eq!(place.drill(&same, "s3://acme-backups/shop", &["--yes"]).code, 0);
}
