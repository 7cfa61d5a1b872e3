//! A server with a database, and drills on its backups.
#![allow(clippy::unwrap_used, dead_code)]

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use seaworthy_testkit::postgres::Postgres;

use super::{Run, Sample, command, finish};

const SHOP: &str = "CREATE EXTENSION pg_trgm; \
    CREATE TABLE users(id serial PRIMARY KEY, email text UNIQUE NOT NULL); \
    CREATE TABLE orders(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int REFERENCES users, total numeric(10,2), note text); \
    CREATE TABLE drafts(id int); \
    INSERT INTO users(email) SELECT 'u' || g || '@example.org' FROM generate_series(1, 500) g; \
    INSERT INTO orders(user_id, total, note) SELECT 1 + g % 500, g * 1.5, repeat('note ' || g, 3) FROM generate_series(1, 3000) g; \
    ALTER TABLE users OWNER TO shop; GRANT SELECT ON orders TO reader; \
    ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON users TO reader USING (true)";

/// A server with a database, a folder for backups, and one for scratch folders.
pub struct Place {
    pub server: Postgres,
    pub sample: Sample,
}

impl Place {
    pub fn new() -> Place {
        let server = Postgres::start();
        server.run("postgres", "CREATE ROLE shop");
        server.run("postgres", "CREATE ROLE reader");
        server.run("postgres", "CREATE DATABASE shop");
        server.run("shop", SHOP);
        let place = Place { server, sample: Sample::plain(&[("app/package.json", "{}"), ("scratch/x", "")]) };
        fs::remove_file(place.sample.file("scratch/x")).unwrap();
        open(place.sample.path(), 0o755);
        open(&place.scratch(), 0o1777);
        place
    }

    pub fn scratch(&self) -> PathBuf {
        self.sample.file("scratch")
    }

    /// A folder of backups with one in it.
    pub fn backup(&self, folder: &str, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.sample.file(&format!("{folder}/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.server.dump("shop", &path, arguments);
        path
    }

    pub fn manifest(&self, artefact: &Path) {
        self.sample.manifest(&self.server.address("shop"), format!("{}.manifest.json", artefact.display()));
    }

    pub fn drill(&self, from: &str) -> Command {
        let mut drill = command(self.sample.path());
        drill.args(["drill", "restore", "app", "--yes", "--scratch", "scratch", "--from", from]);
        drill
    }

    /// Runs the drill, and nothing is left of it.
    pub fn restore(&self, from: &str, arguments: &[&str]) -> Run {
        let run = finish(self.drill(from).args(arguments).output().unwrap());
        self.nothing_is_left(Duration::ZERO);
        run
    }

    /// No file, and no process that works in the folder.
    pub fn nothing_is_left(&self, patience: Duration) {
        let began = Instant::now();
        loop {
            let files = fs::read_dir(self.scratch()).unwrap().count();
            let processes = processes_in(&self.scratch());
            if files == 0 && processes.is_empty() {
                return;
            }
            assert!(began.elapsed() < patience, "{files} folders, processes {processes:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

pub fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn processes_in(folder: &Path) -> Vec<String> {
    let inside = |pid: &str| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
            || fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
                let line = String::from_utf8_lossy(&line).into_owned();
                line.contains(&format!("{}/seaworthy-drill-", folder.display()))
            })
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()) && inside(pid))
        .collect()
}

pub fn cut(path: &Path, part: u64) {
    let file = File::options().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length.checked_div(part).unwrap_or(0)).unwrap();
}

pub fn flip(path: &Path) {
    let mut file = File::options().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length - length / 4)).unwrap();
    file.write_all(&[0x55, 0xaa, 0x55]).unwrap();
}
