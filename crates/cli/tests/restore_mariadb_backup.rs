//! Copies that the real mariadb-backup made of a real server, restored by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Run, Sample, command, finish};
use seaworthy_testkit::mariadb::MariaDb;

const SHOP: &str = "CREATE TABLE users(id int AUTO_INCREMENT PRIMARY KEY, email varchar(190) UNIQUE NOT NULL); \
    INSERT INTO users(email) SELECT concat('u', seq, '@example.org') FROM seq_1_to_3000; \
    CREATE TABLE notes(a int, b text) ENGINE=Aria; INSERT INTO notes SELECT seq, 'note' FROM seq_1_to_500; \
    CREATE EVENT tidies ON SCHEDULE EVERY 1 SECOND DO DELETE FROM users";

struct Place {
    server: MariaDb,
    sample: Sample,
}

impl Place {
    fn new() -> Place {
        let server = MariaDb::start();
        server.run("mysql", "CREATE DATABASE shop");
        server.run("shop", SHOP);
        let place = Place { server, sample: Sample::plain(&[("app/package.json", "{}"), ("scratch/x", "")]) };
        fs::remove_file(place.sample.file("scratch/x")).unwrap();
        fs::set_permissions(place.sample.file("scratch"), fs::Permissions::from_mode(0o1777)).unwrap();
        place
    }

    fn backup(&self, more: &[&str]) -> Command {
        let mut backup = Command::new("mariadb-backup");
        backup
            .args(["--no-defaults", "--backup", "--user=root"])
            .arg(format!("--socket={}", self.server.socket().display()))
            .args(more)
            .stderr(Stdio::null());
        backup
    }

    /// A copy in a folder.
    fn folder(&self, path: &str, more: &[&str]) -> PathBuf {
        let path = self.sample.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let target = format!("--target-dir={}", path.display());
        let status = self.backup(more).arg(target).status();
        assert!(status.expect("mariadb-backup is installed (Debian package mariadb-backup)").success());
        path
    }

    fn manifest(&self, artefact: &Path) {
        self.sample.manifest(&self.server.address("shop"), format!("{}.manifest.json", artefact.display()));
    }

    fn restore(&self, from: &str, arguments: &[&str]) -> Run {
        let mut drill = command(self.sample.path());
        drill.args(["drill", "restore", "app", "--yes", "--quiet", "--no-record", "--scratch", "scratch"]);
        let run = finish(drill.args(["--from", from]).args(arguments).output().unwrap());
        assert_eq!(fs::read_dir(self.sample.file("scratch")).unwrap().count(), 0, "nothing is left: {run:?}");
        run
    }
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn copies_and_streams_are_restored_and_their_damaged_copies_are_found() {
    let place = Place::new();
    let copy = place.folder("copies/2026-11-28", &[]);
    place.manifest(&copy);
    let stream = place.sample.file("streams/shop.xb.gz");
    fs::create_dir_all(stream.parent().unwrap()).unwrap();
    let mut backup = place.backup(&["--stream=xbstream"]).stdout(Stdio::piped()).spawn().unwrap();
    let gzip = Command::new("gzip")
        .stdin(backup.stdout.take().unwrap())
        .stdout(File::create(&stream).unwrap())
        .status()
        .unwrap();
    assert!(backup.wait().unwrap().success() && gzip.success());
    place.manifest(&stream);
    // Nobody knows the password of the accounts in the copy.
    for from in ["copies", "streams"] {
        let run = place.restore(from, &["--json"]);
        assert_eq!(run.code, 0, "{from}: {run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["content_verified"], true, "{from}: {report:#}");
        assert_eq!((&report["tables"], &report["rows"]), (&2.into(), &3500.into()), "{from}");
        let controls = report["controls"].as_array().unwrap();
        assert_eq!(controls.len(), 3, "{from}");
        let found =
            |one: &serde_json::Value| ["refused", "different"].contains(&one["outcome"].as_str().unwrap());
        assert!(controls.iter().all(found), "{from}: {report:#}");
    }
    let length = fs::metadata(&stream).unwrap().len();
    File::options().write(true).open(&stream).unwrap().set_len(length / 2).unwrap();
    let run = place.restore("streams", &[]);
    assert!(run.code == 1 && run.stdout.contains("cannot be read to its end"), "{run:?}");
    let plan = place.restore("copies", &["--plan"]);
    assert!(plan.stdout.contains("prepare the copy with mariadb-backup"), "{plan:?}");
}

#[test]
fn what_cannot_be_restored_is_said() {
    let place = Place::new();
    let full = place.folder("full/one", &[]);
    let base = format!("--incremental-basedir={}", full.display());
    place.folder("incremental/one", &[&base]);
    let run = place.restore("incremental", &[]);
    assert!(run.code == 3 && run.stderr.contains("is an incremental backup"), "{run:?}");
    let link = full.join("shop/far.isl");
    fs::write(&link, "/var/lib/mysql/shop/far.ibd").unwrap();
    let run = place.restore("full", &[]);
    assert!(run.code == 3 && run.stderr.contains("lies elsewhere"), "{run:?}");
    fs::remove_file(link).unwrap();
    let settings = full.join("backup-my.cnf");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{text}innodb_data_file_path=/tmp/ibdata1:12M:autoextend\n")).unwrap();
    let run = place.restore("full", &[]);
    assert!(run.code == 3 && run.stderr.contains("outside the copy"), "{run:?}");
    // What a server would run is left out.
    fs::write(&settings, format!("{text}init_file=/tmp/x.sql\nplugin_dir=/tmp\n")).unwrap();
    let run = place.restore("full", &["--json"]);
    assert_eq!(run.code, 3, "plugins are how tables are encrypted: {run:?}");
    fs::write(&settings, format!("{text}init_file=/tmp/x.sql\n")).unwrap();
    let run = place.restore("full", &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let info = full.join("xtrabackup_info");
    change(&info, "server_version = 10.", "server_version = 9.");
    let run = place.restore("full", &[]);
    assert!(run.code == 3 && run.stderr.contains("the same version only"), "{run:?}");
    fs::remove_file(full.join("xtrabackup_checkpoints")).unwrap();
    let run = place.restore("full", &[]);
    assert_eq!(run.code, 1, "a copy that was not finished is none: {run:?}");
}
