//! Repositories that the real pgBackRest made of a real cluster, restored by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::place::{Place, flip, open};
use common::{Run, command, finish};

/// A server that archives its write-ahead log, and a repository.
struct Archive {
    place: Place,
}

/// A program as the user of the server.
fn as_postgres(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

impl Archive {
    fn new(more: &str) -> Archive {
        let archive = Archive { place: Place::new() };
        let (sample, server) = (&archive.place.sample, &archive.place.server);
        for folder in ["repository", "work"] {
            fs::create_dir(sample.file(folder)).unwrap();
            open(&sample.file(folder), 0o777);
        }
        let work = sample.file("work");
        sample.write(
            "pgbackrest.conf",
            &format!(
                "[global]\nrepo1-path={}\nlock-path={1}/lock\nspool-path={1}/spool\nlog-level-file=off\nlog-level-console=off\nstart-fast=y\n\
                 repo1-retention-full=9\n{more}\n[shop]\npg1-path={2}\npg1-socket-path={3}\n",
                sample.file("repository").display(),
                work.display(),
                server.data().display(),
                server.socket().display()
            ),
        );
        let archives = format!(
            "pgbackrest --config={} --stanza=shop archive-push %p",
            sample.file("pgbackrest.conf").display()
        );
        server.run("postgres", "ALTER SYSTEM SET archive_mode = on");
        server.run("postgres", "ALTER SYSTEM SET max_connections = 130");
        server.run("postgres", &format!("ALTER SYSTEM SET archive_command = '{archives}'"));
        let program = PathBuf::from(server.client("pg_ctl").get_program());
        let mut restart = as_postgres(&program);
        restart.arg("-D").arg(server.data()).args(["-w", "-l"]).arg(work.join("log")).arg("restart");
        assert!(restart.current_dir("/").stdout(std::process::Stdio::null()).status().unwrap().success());
        archive.backrest(&["stanza-create"]);
        archive
    }

    fn backrest(&self, words: &[&str]) {
        let mut program = as_postgres(Path::new("pgbackrest"));
        program
            .arg(format!("--config={}", self.place.sample.file("pgbackrest.conf").display()))
            .arg("--stanza=shop")
            .args(words)
            .current_dir("/")
            .env_remove("PGHOST");
        let output = program.output().expect("pgbackrest is installed (Debian package pgbackrest)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Everything that was written until now is in the archive.
    fn archived(&self) {
        let server = &self.place.server;
        server.run("shop", "SELECT pg_switch_wal()");
        self.backrest(&["check"]);
    }

    fn restore(&self, arguments: &[&str]) -> Run {
        self.place.restore("repository", arguments)
    }
}

#[test]
fn a_cluster_is_recovered_to_the_end_of_its_archive_and_its_settings_are_not_obeyed() {
    let archive = Archive::new("repo1-bundle=n");
    let (sample, server) = (&archive.place.sample, &archive.place.server);
    let space = sample.file("work/space");
    assert!(as_postgres(Path::new("mkdir")).arg(&space).status().unwrap().success());
    server.run("shop", &format!("CREATE TABLESPACE far LOCATION '{}'", space.display()));
    server.run(
        "shop",
        "CREATE TABLE there(a int) TABLESPACE far; INSERT INTO there SELECT generate_series(1, 50)",
    );
    archive.backrest(&["--type=full", "backup"]);
    // Written without being obeyed here: what an attacker, or a habit of the owner, leaves in a backup.
    let mark = sample.file("work/ran");
    for setting in [
        format!("archive_command = 'touch {}'", mark.display()),
        "listen_addresses = '*'".to_owned(),
        "archive_cleanup_command = 'false'".to_owned(),
    ] {
        server.run("postgres", &format!("ALTER SYSTEM SET {setting}"));
    }
    archive.backrest(&["--type=incr", "backup"]);
    server.run("shop", "INSERT INTO drafts VALUES (1)");
    archive.archived();
    archive.place.manifest(&sample.file("repository"));
    server.run("shop", "INSERT INTO drafts VALUES (2)");
    let before = fs::read_dir(&space).unwrap().count();
    let run = archive.restore(&["--json", "--no-record", "--manifest", "repository.manifest.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["verdict"], "passed", "{report:#}");
    assert_eq!(report["content_verified"], true, "{report:#}");
    assert_eq!((&report["tables"], &report["rows"]), (&4.into(), &3551.into()), "{report:#}");
    let outcomes: Vec<(&str, &str)> = report["controls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["damage"].as_str().unwrap(), one["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        outcomes,
        [("truncated", "refused"), ("schema-only", "different"), ("flipped", "refused")],
        "{report:#}"
    );
    for setting in ["archive_command", "listen_addresses", "archive_cleanup_command"] {
        assert!(report["remarks"].to_string().contains(setting), "{setting}: {report:#}");
    }
    assert!(!mark.exists(), "{report:#}");
    assert_eq!(fs::read_dir(&space).unwrap().count(), before, "the tablespace of the source is as it was");
    let plan = archive.restore(&["--plan"]);
    for word in ["let pgbackrest restore", "stanza shop", "not obeyed"] {
        assert!(plan.stdout.contains(word), "{word}: {plan:?}");
    }
    // Another stanza, and nobody says which.
    sample.write("repository/backup/blog/backup.info", "x");
    let several = archive.restore(&["--plan"]);
    assert!(several.code == 2 && several.stderr.contains("blog, shop"), "{several:?}");
    sample.write("app/seaworthy.toml", "[backups]\nlocation = \"../repository\"\nstanza = \"shop\"\n");
    let mut drill = command(sample.path());
    let run =
        finish(drill.args(["drill", "restore", "app", "--plan", "--scratch", "scratch"]).output().unwrap());
    assert!(run.code == 0 && run.stdout.contains("stanza shop"), "{run:?}");
}

#[test]
fn a_damaged_repository_or_archive_is_no_backup() {
    let archive = Archive::new("repo1-bundle=y");
    archive.backrest(&["--type=full", "backup"]);
    archive.archived();
    let repository = archive.place.sample.file("repository");
    let run = archive.restore(&["--no-record"]);
    assert_eq!(run.code, 0, "files in bundles: {run:?}");
    // Ended at once, it leaves nothing.
    let mut drill = archive.place.drill("repository").args(["--no-record", "--quiet"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    drill.kill().unwrap();
    drill.wait().unwrap();
    archive.place.nothing_is_left(Duration::from_secs(5));
    let segments = repository.join("archive/shop");
    let away = archive.place.sample.file("away");
    let folder =
        fs::read_dir(segments).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().path();
    fs::rename(&folder, &away).unwrap();
    fs::create_dir(&folder).unwrap();
    open(&folder, 0o755);
    let run = archive.restore(&["--no-record"]);
    assert_eq!(run.code, 1, "without its log a backup is none: {run:?}");
    fs::remove_dir(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    let largest = files(&repository.join("backup/shop"))
        .into_iter()
        .filter(|path| !path.to_string_lossy().contains("backup.manifest"))
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    flip(&largest);
    let run = archive.restore(&["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("pgbackrest restore: ERROR"), "{run:?}");
}

#[test]
fn an_encrypted_repository_needs_its_passphrase() {
    let archive = Archive::new("repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=secret");
    archive.backrest(&["--type=full", "backup"]);
    archive.archived();
    let drill = |passphrase: Option<&str>| {
        let mut drill = archive.place.drill("repository");
        drill.args(["--no-record"]).envs(passphrase.map(|text| ("PGBACKREST_REPO1_CIPHER_PASS", text)));
        let run = finish(drill.output().unwrap());
        archive.place.nothing_is_left(Duration::ZERO);
        run
    };
    let missing = drill(None);
    assert!(missing.code == 3 && missing.stderr.contains("PGBACKREST_REPO1_CIPHER_PASS"), "{missing:?}");
    let wrong = drill(Some("wrong"));
    assert_eq!(wrong.code, 3, "a wrong passphrase says nothing about the backup: {wrong:?}");
    let right = drill(Some("secret"));
    assert_eq!(right.code, 0, "{right:?}");
    assert!(!format!("{right:?}").contains("secret"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() && !entry.file_type().unwrap().is_symlink() {
            found.extend(files(&entry.path()));
        } else if entry.path().is_file() {
            found.push(entry.path());
        }
    }
    found
}
