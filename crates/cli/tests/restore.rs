//! Backups of real servers, restored by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::place::{Place, cut, flip, open};
use common::{Sample, command, finish, item};

/// Each is restored, verified against its manifest, and its damaged copies are found.
fn all_are_restored(place: &Place, cases: &[(String, PathBuf)]) {
    for (folder, artefact) in cases {
        place.manifest(artefact);
        let run = place.restore(folder, &["--json", "--no-record"]);
        assert_eq!(run.code, 0, "{folder}: {run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["verdict"], "passed", "{folder}: {report:#}");
        assert_eq!(report["content_verified"], true, "{folder}");
        assert_eq!((&report["tables"], &report["rows"]), (&3.into(), &3500.into()), "{folder}");
        let controls: Vec<&str> = report["controls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["outcome"].as_str().unwrap())
            .collect();
        assert_eq!(controls.len(), 3, "{folder}");
        assert!(controls.iter().all(|one| ["refused", "different"].contains(one)), "{folder}: {report:#}");
    }
}

#[test]
fn archives_are_restored_and_their_damaged_copies_are_found() {
    let place = Place::new();
    let cases: Vec<(String, PathBuf)> = [
        ("custom.dump", &["-Fc"][..]),
        ("loose.dump", &["-Fc", "-Z0"]),
        ("archive.tar", &["-Ft"]),
        ("folder", &["-Fd"]),
        ("loosefolder", &["-Fd", "-Z0"]),
    ]
    .map(|(name, arguments)| (name.to_owned(), place.backup(name, name, arguments)))
    .to_vec();
    all_are_restored(&place, &cases);
}

#[test]
fn scripts_are_restored_and_their_damaged_copies_are_found() {
    let place = Place::new();
    let mut cases: Vec<(String, PathBuf)> = [
        ("plain.sql", &["-Fp"][..]),
        ("inserts.sql", &["-Fp", "--inserts"]),
        ("create.sql", &["-Fp", "--create", "--clean"]),
    ]
    .map(|(name, arguments)| (name.to_owned(), place.backup(name, name, arguments)))
    .to_vec();
    let all = place.sample.file("all/all.sql");
    fs::create_dir_all(all.parent().unwrap()).unwrap();
    let output = place.server.client("pg_dumpall").args(["--clean", "-f"]).arg(&all).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    cases.push(("all".to_owned(), all));
    all_are_restored(&place, &cases);
}

#[test]
fn compressed_backups_are_restored_and_their_damaged_copies_are_found() {
    let place = Place::new();
    let mut cases = Vec::new();
    for (name, flag, program, ending) in [
        ("custom.dump", "-Fc", "gzip", "gz"),
        ("plain.sql", "-Fp", "gzip", "gz"),
        ("plain.sql", "-Fp", "zstd", "zst"),
        ("plain.sql", "-Fp", "xz", "xz"),
        ("archive.tar", "-Ft", "zstd", "zst"),
    ] {
        let folder = format!("{name}-{ending}");
        let path = place.backup(&folder, name, &[flag]);
        let status = Command::new(program).arg("-q").arg(&path).status();
        assert!(status.expect("gzip, zstd and xz are installed").success());
        let _ = fs::remove_file(&path);
        cases.push((folder, PathBuf::from(format!("{}.{ending}", path.display()))));
    }
    all_are_restored(&place, &cases);
}

#[test]
fn without_a_manifest_contents_are_not_verified_and_damaged_copies_are_still_found() {
    let place = Place::new();
    for (name, arguments) in [
        ("custom.dump", &["-Fc"][..]),
        ("plain.sql", &["-Fp"]),
        ("archive.tar", &["-Ft"]),
        ("folder", &["-Fd"]),
        ("loosefolder", &["-Fd", "-Z0"]),
    ] {
        place.backup(name, name, arguments);
        let run = place.restore(name, &["--no-record"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("content not verified"), "{run:?}");
        assert!(run.stdout.contains("public.drafts"), "an empty table is named: {run:?}");
        assert!(!run.stdout.contains("with changed bytes"), "{run:?}");
    }
}

#[test]
fn what_is_wrong_with_a_backup_is_found_and_said() {
    let place = Place::new();
    type Case<'a> = (&'a str, &'a dyn Fn(&Path), i32, &'a str);
    let cases: &[Case] = &[
        ("cut.dump", &|path| cut(path, 2), 1, "end of file"),
        (
            "nohead.dump",
            &|path| File::options().write(true).open(path).unwrap().write_all(b"XXXXX").unwrap(),
            1,
            "no backup",
        ),
        ("empty.dump", &|path| cut(path, 0), 1, "empty"),
        ("rows.dump", &|path| flip(path), 1, "pg_restore"),
        ("app.dump.part", &|_| {}, 3, "still being written"),
    ];
    for (name, damage, code, message) in cases {
        let path = place.backup(name, name, &["-Fc"]);
        place.manifest(&path);
        damage(&path);
        let run = place.restore(name, &["--no-record"]);
        assert_eq!(run.code, *code, "{name}: {run:?}");
        assert!(run.stdout.contains(message) || run.stderr.contains(message), "{name}: {run:?}");
    }
    // A script that was cut between two statements has no error in it.
    let path = place.backup("cut.sql", "cut.sql", &["-Fp"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.find("-- Name: orders orders_pkey").unwrap()]).unwrap();
    let run = place.restore("cut.sql", &["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("cut off"), "{run:?}");
}

#[test]
fn a_backup_that_somebody_writes_is_not_restored() {
    let place = Place::new();
    let path = place.backup("growing", "growing.dump", &["-Fc"]);
    let writer = File::options().append(true).open(&path).unwrap();
    let run = place.restore("growing", &["--no-record"]);
    drop(writer);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("still being written") && run.stderr.contains("open"), "{run:?}");
    assert_eq!(place.restore("growing", &["--no-record"]).code, 0);
}

#[test]
fn an_emptied_table_a_sequence_behind_and_a_false_query_are_found() {
    let place = Place::new();
    let path = place.backup("a", "a.dump", &["-Fc"]);
    place.manifest(&path);
    place.server.run("shop", "DELETE FROM orders");
    place.server.dump("shop", &path, &["-Fc"]);
    let run = place.restore("a", &["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("public.orders is empty, and should have 3000 rows"), "{run:?}");

    place.server.run("shop", "SELECT setval('users_id_seq', 10)");
    place.backup("b", "b.dump", &["-Fc"]);
    let run = place.restore("b", &["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("gives 11 next") && run.stdout.contains("already at 500"), "{run:?}");

    place.server.run("shop", "SELECT setval('users_id_seq', 500)");
    place.backup("c", "c.dump", &["-Fc"]);
    place.sample.write(
        "app/seaworthy.toml",
        "[drill.restore]\nverify = [\"SELECT count(*) > 400 FROM users\", \"SELECT count(*) FROM orders\"]\n\
         verify-command = [\"test -f package.json && psql -XAtc 'SELECT 1'\", \"exit 7\"]\n",
    );
    let run = place.restore("c", &["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("✓ verify `SELECT count(*) > 400"), "{run:?}");
    assert!(run.stdout.contains("✗ verify `SELECT count(*) FROM orders`: it gives 0"), "{run:?}");
    assert!(run.stdout.contains("✓ verify `test -f package.json"), "{run:?}");
    assert!(run.stdout.contains("✗ verify `exit 7`"), "{run:?}");
}

#[test]
fn commands_of_psql_in_a_script_do_not_run() {
    let place = Place::new();
    let path = place.backup("evil", "evil.sql", &["-Fp"]);
    let mark = place.sample.file("scratch-mark");
    let text = fs::read_to_string(&path).unwrap();
    let evil = format!("SELECT 1 \\! touch {}\n;\n\\! touch {}\n", mark.display(), mark.display());
    open(place.sample.path(), 0o777);
    fs::write(&path, text.replacen("CREATE TABLE", &format!("{evil}CREATE TABLE"), 1)).unwrap();
    let run = place.restore("evil", &["--no-record"]);
    assert!(!mark.exists(), "{run:?}");
    let path = place.backup("away", "away.sql", &["-Fp"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\\connect postgres://db.example/shop\n")).unwrap();
    let run = place.restore("away", &["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("connects elsewhere"), "{run:?}");
}

#[test]
fn a_plan_acts_not_at_all_and_nothing_is_done_without_consent() {
    let place = Place::new();
    let path = place.backup("a", "a.dump", &["-Fc"]);
    let before = fs::read(&path).unwrap();
    let mut plan = command(place.sample.path());
    plan.args(["drill", "restore", "app", "--plan", "--scratch", "scratch", "--from", "a"]);
    let run = finish(plan.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    for word in ["initdb", "pg_restore", "truncated", "remove the folder", "observed"] {
        assert!(run.stdout.contains(word), "{word}: {run:?}");
    }
    let mut refused = command(place.sample.path());
    refused.args(["drill", "restore", "app", "--scratch", "scratch", "--from", "a"]).stdin(Stdio::null());
    let run = finish(refused.output().unwrap());
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("--yes"), "{run:?}");
    place.nothing_is_left(Duration::ZERO);
    assert!(!place.sample.file("app/.seaworthy").exists());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn check_knows_the_drill_until_it_expires() {
    let place = Place::new();
    place.sample.write(
        "app/package.json",
        "{\"name\": \"shop\", \"scripts\": {\"start\": \"node index.js\"}, \"dependencies\": {\"pg\": \"^8.0.0\", \"express\": \"^4.0.0\"}}",
    );
    place.sample.write(
        "app/index.js",
        "const express = require('express'); const { Pool } = require('pg'); const pool = new Pool();\n\
         const app = express(); app.get('/', (q, r) => r.send('x')); app.listen(3000);\n",
    );
    place
        .sample
        .write("app/seaworthy.toml", "[backups]\nlocation = \"../backups\"\nmatch = \"shop*.dump\"\n");
    place.sample.write(
        "app/.github/workflows/backup.yml",
        "on:\n  schedule:\n    - cron: '0 3 * * *'\njobs:\n  backup:\n    runs-on: ubuntu-latest\n    steps:\n      \
         - run: pg_dump -Fc \"$DATABASE_URL\" | aws s3 cp - s3://acme/shop.dump\n",
    );
    let standing = |arguments: &[&str]| {
        let mut check = command(place.sample.path());
        check.args(["check", "app", "--format", "json"]).args(arguments);
        let report: serde_json::Value =
            serde_json::from_str(&finish(check.output().unwrap()).stdout).unwrap();
        let of = |id: &str| {
            let item = item(&report, id);
            format!("{} {}", item["status"].as_str().unwrap(), item["rung"].as_str().unwrap())
        };
        (of("backups.database"), of("backups.restore-tested"))
    };
    let before = standing(&[]);
    assert!(before.0.starts_with("unknown") && before.1.starts_with("unknown"), "{before:?}");
    let path = place.backup("backups", "shop1.dump", &["-Fc"]);
    place.manifest(&path);
    let mut drill = command(place.sample.path());
    drill.args(["drill", "restore", "app", "--yes", "--scratch", "scratch"]);
    let run = finish(drill.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(standing(&[]), ("pass proven".to_owned(), "pass proven".to_owned()));
    let late = (jiff::Zoned::now().date() + jiff::Span::new().days(40)).to_string();
    let after = standing(&["--at", &late]);
    assert!(after.0.starts_with("unknown") && after.1.starts_with("unknown"), "{after:?}");
    // A failure stands until a newer restore succeeds.
    cut(&path, 2);
    let run = finish(drill.output().unwrap());
    assert_eq!(run.code, 1, "{run:?}");
    let failed = standing(&[]);
    assert!(failed.0.starts_with("fail") && failed.1.starts_with("fail"), "{failed:?}");
    place.nothing_is_left(Duration::ZERO);
}

#[test]
fn a_database_file_is_restored_and_its_damaged_copies_are_found() {
    let sample = Sample::plain(&[("app/a.txt", ""), ("scratch/x", ""), ("backups/x.txt", "")]);
    fs::remove_file(sample.file("scratch/x")).unwrap();
    open(sample.path(), 0o755);
    open(&sample.file("scratch"), 0o1777);
    let path = sample.file("backups/app-1.db");
    let make = |sql: &str| {
        let output = Command::new("sqlite3").arg(&path).arg(sql).output();
        assert!(output.expect("sqlite3 is installed (Debian package sqlite3)").status.success());
    };
    make(
        "CREATE TABLE t(id integer PRIMARY KEY, v text); CREATE TABLE u(t_id REFERENCES t(id), n text); \
          WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3000) INSERT INTO t SELECT x, 'value ' || x FROM c; \
          INSERT INTO u SELECT id, 'n' || id FROM t; CREATE INDEX tv ON t(v);",
    );
    let drill = || {
        let mut drill = command(sample.path());
        drill.args([
            "drill",
            "restore",
            "app",
            "--yes",
            "--no-record",
            "--scratch",
            "scratch",
            "--from",
            "backups",
        ]);
        finish(drill.output().unwrap())
    };
    let run = drill();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("content not verified"), "{run:?}");
    let manifest = format!("{}.manifest.json", path.display());
    let database = path.display().to_string();
    let run = finish(
        command(sample.path())
            .args(["backup", "manifest", "--database", &database, "-o", &manifest])
            .output()
            .unwrap(),
    );
    assert_eq!(run.code, 0, "{run:?}");
    let run = drill();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("every table is what it was"), "{run:?}");
    assert!(run.stdout.contains("a copy with changed bytes was found different"), "{run:?}");
    make("PRAGMA foreign_keys = OFF; DELETE FROM t WHERE id = 7");
    let run = drill();
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("points to no row of t"), "{run:?}");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let run = drill();
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(fs::read_dir(sample.file("scratch")).unwrap().count(), 0);
}

#[test]
fn whatever_ends_a_drill_nothing_is_left() {
    let place = Place::new();
    let path = place.backup("a", "a.dump", &["-Fc"]);
    place.manifest(&path);
    let before = fs::read(&path).unwrap();
    for (round, delay) in [20_u64, 150, 400, 800, 1300, 1800, 2300, 2800].into_iter().enumerate() {
        let signal = if round % 2 == 0 { "KILL" } else { "INT" };
        let mut drill =
            place.drill("a").arg("--no-record").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let _ =
            Command::new("kill").args(["-s", signal, &drill.id().to_string()]).stderr(Stdio::null()).status();
        drill.wait().unwrap();
        place.nothing_is_left(Duration::from_secs(5));
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(place.server.run("shop", "SELECT count(*) FROM orders"), "3000", "the user's server goes on");
}

#[test]
fn a_full_disk_is_said_and_is_no_fault_of_the_backup() {
    let place = Place::new();
    place.server.run(
        "shop",
        "INSERT INTO orders(note) SELECT repeat(md5(g::text), 40) FROM generate_series(1, 60000) g",
    );
    place.backup("a", "a.dump", &["-Fc"]);
    // The mount is seen by the drill only, and goes with it.
    let program = env!("CARGO_BIN_EXE_seaworthy");
    let script = format!(
        "mount -t tmpfs -o size=90m,mode=1777 none {0} && cd {1} && {program} drill restore app --yes --no-record --scratch scratch \
         --from a; code=$?; ls -A {0} | wc -l; exit $code",
        place.scratch().display(),
        place.sample.path().display()
    );
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--map-root-user", "sh", "-c", &script]);
    let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if root {
        // As root no map of users is needed, and one would leave no other user to hand over to.
        unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c", &script]);
    }
    let run = finish(unshare.output().expect("unshare is installed (Debian package util-linux)"));
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("full"), "{run:?}");
    assert!(run.stdout.trim().ends_with('0'), "nothing is left: {run:?}");
}
