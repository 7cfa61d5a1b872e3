//! What goes wrong around a restore: said, and no fault of the backup where it is none.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::finish;
use common::place::Place;

/// The scratch server, once the restore has begun.
fn server_under(scratch: &Path) -> String {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(line) = fs::read(process.path().join("cmdline")) else { continue };
            let line = String::from_utf8_lossy(&line).into_owned();
            let data = format!("{}/seaworthy-drill-", scratch.display());
            if line.contains("/postgres\0-D\0") && line.contains(&data) {
                return process.file_name().to_string_lossy().into_owned();
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no server was started");
}

#[test]
fn a_scratch_server_that_is_killed_says_nothing_about_the_backup() {
    let place = Place::new();
    let path = place.backup("a", "a.sql", &["-Fp"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("CREATE TABLE", "SELECT pg_sleep(60);\nCREATE TABLE", 1)).unwrap();
    let mut drill = place.drill("a");
    let drill = drill.arg("--no-record").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let server = server_under(&place.scratch());
    // Its last step before the restore is to make the database.
    std::thread::sleep(Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-s", "KILL", &server]).status().unwrap().success());
    let run = finish(drill.wait_with_output().unwrap());
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("says nothing about the backup"), "{run:?}");
    place.nothing_is_left(Duration::from_secs(5));
}

#[test]
fn two_drills_at_once_are_not_in_each_others_way() {
    let place = Place::new();
    place.backup("a", "a.dump", &["-Fc"]);
    let drills: Vec<_> = (0..2)
        .map(|_| {
            let mut drill = place.drill("a");
            drill.arg("--no-record").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for drill in drills {
        let run = finish(drill.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
    }
    place.nothing_is_left(Duration::ZERO);
}

#[test]
fn an_archive_of_a_newer_pg_dump_is_told_from_a_broken_one() {
    let place = Place::new();
    for (name, format) in [("a.dump", "-Fc"), ("folder", "-Fd")] {
        let path = place.backup(name, name, &[format]);
        let head = if path.is_dir() { path.join("toc.dat") } else { path };
        let mut bytes = fs::read(&head).unwrap();
        // The version of the archive's format follows the magic word.
        bytes[6] = 99;
        fs::write(&head, bytes).unwrap();
        let run = place.restore(name, &["--no-record"]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(
            run.stderr.contains("newer pg_dump") || run.stderr.contains("cannot read the archive"),
            "{run:?}"
        );
    }
}

#[test]
fn a_backup_that_grows_is_still_being_written_whoever_writes_it() {
    let place = Place::new();
    let path = place.backup("a", "a.sql", &["-Fp"]);
    let over = AtomicBool::new(false);
    // Nobody has it open for longer than a moment, as over a network.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                File::options().append(true).open(&path).unwrap().write_all(b"-- more\n").unwrap();
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let run = place.restore("a", &["--no-record"]);
        over.store(true, Ordering::Relaxed);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.stderr.contains("still being written"), "{run:?}");
    });
}

#[test]
fn extensions_that_are_not_installed_are_left_out_and_named() {
    let place = Place::new();
    let replaced = |path: &Path| {
        // The table of contents is not compressed, and the name as long as the other one.
        let bytes = fs::read(path).unwrap();
        let mut changed = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at..].starts_with(b"pg_trgm") {
                changed.extend(b"pg_none");
                at += 7;
            } else {
                changed.push(bytes[at]);
                at += 1;
            }
        }
        fs::write(path, changed).unwrap();
    };
    for (name, format) in [("a.dump", "-Fc"), ("a.sql", "-Fp"), ("a.tar", "-Ft")] {
        replaced(&place.backup(name, name, &[format]));
        let run = place.restore(name, &["--no-record"]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert!(run.stdout.contains("left out: extension pg_none is not installed here"), "{name}: {run:?}");
    }
    // What cannot do without it is no fault of the backup.
    place.server.run("shop", "CREATE INDEX notes ON orders USING gin (note gin_trgm_ops)");
    for (name, format) in [("b.dump", "-Fc"), ("b.sql", "-Fp")] {
        replaced(&place.backup(name, name, &[format]));
        let run = place.restore(name, &["--no-record"]);
        assert_eq!(run.code, 3, "{name}: {run:?}");
        assert!(run.stderr.contains("needs what is not installed here"), "{name}: {run:?}");
    }
}

#[test]
fn schemas_of_a_platform_that_a_dump_names_have_stand_ins() {
    let place = Place::new();
    place.server.run(
        "shop",
        "CREATE SCHEMA auth; CREATE TABLE auth.users(id uuid PRIMARY KEY); \
         CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid'; \
         INSERT INTO auth.users VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'); \
         CREATE TABLE profiles(id uuid PRIMARY KEY REFERENCES auth.users(id) ON DELETE CASCADE, name text); \
         INSERT INTO profiles VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Ada'); \
         ALTER TABLE profiles ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON profiles USING (auth.uid() = id)",
    );
    for (name, format) in [("a.dump", "-Fc"), ("a.sql", "-Fp")] {
        place.backup(name, name, &[format, "--schema=public"]);
        let run = place.restore(name, &["--no-record"]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert!(run.stdout.contains("stand-ins with empty tables were made: auth"), "{name}: {run:?}");
        assert!(
            run.stdout.contains("foreign keys to them were not checked: profiles_id_fkey"),
            "{name}: {run:?}"
        );
    }
    // A whole dump holds the schema itself.
    place.backup("whole", "a.sql", &["-Fp"]);
    let run = place.restore("whole", &["--no-record"]);
    assert!(run.code == 0 && !run.stdout.contains("stand-ins"), "{run:?}");
}
