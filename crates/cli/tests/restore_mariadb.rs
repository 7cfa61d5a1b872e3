//! Dumps of a real MariaDB server, restored by the real program.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Run, Sample, command, finish};
use seaworthy_testkit::mariadb::MariaDb;

const SHOP: &str = "CREATE SEQUENCE numbers; \
    CREATE TABLE users(id int AUTO_INCREMENT PRIMARY KEY, email varchar(190) UNIQUE NOT NULL, picture blob, share float, \
      place point, flags bit(5), born date, extra json); \
    CREATE TABLE orders(id bigint PRIMARY KEY DEFAULT nextval(numbers), user_id int, total decimal(10,2), note text, \
      doubled decimal(10,2) AS (total * 2) VIRTUAL, FOREIGN KEY (user_id) REFERENCES users(id)); \
    CREATE TABLE drafts(id int); \
    INSERT INTO users(email, picture, share, place, flags, born, extra) \
      SELECT concat('u', seq, '@example.org'), unhex(md5(seq)), seq / 7, point(seq, 1), seq % 32, '2024-02-29', json_object('n', seq) FROM seq_1_to_500; \
    INSERT INTO orders(user_id, total, note) SELECT 1 + seq % 500, seq * 1.5, repeat(concat('note ', seq, '\n;\n'), 3) FROM seq_1_to_3000; \
    CREATE DEFINER=`gone`@`elsewhere` VIEW dear AS SELECT * FROM orders WHERE total > 100; \
    CREATE DEFINER=`gone`@`elsewhere` TRIGGER lowers BEFORE INSERT ON users FOR EACH ROW SET NEW.email = lower(NEW.email); \
    CREATE DEFINER=`gone`@`elsewhere` FUNCTION next(x int) RETURNS int DETERMINISTIC RETURN x + 1; \
    CREATE EVENT tidies ON SCHEDULE EVERY 1 DAY DO DELETE FROM drafts";

/// mariadb-dump locks tables without the sequences that they use, and such a dump cannot be restored.
const ARGUMENTS: &[&str] = &["--skip-add-locks", "--routines", "--events"];

struct Place {
    server: MariaDb,
    sample: Sample,
}

impl Place {
    fn new() -> Place {
        let server = MariaDb::start();
        server.run("mysql", "CREATE DATABASE shop");
        server.run("shop", SHOP);
        Place { server, sample: Sample::plain(&[("app/package.json", "{}")]) }
    }

    /// A folder of backups with one in it.
    fn backup(&self, folder: &str, arguments: &[&str]) -> PathBuf {
        let path = self.sample.file(&format!("{folder}/shop.sql"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let arguments: Vec<&str> = ARGUMENTS.iter().chain(arguments).copied().collect();
        self.server.dump(&path, &arguments);
        path
    }

    fn manifest(&self, database: &str, artefact: &Path) {
        self.sample.manifest(&self.server.address(database), format!("{}.manifest.json", artefact.display()));
    }
}

fn restore(sample: &Sample, from: &str, arguments: &[&str]) -> Run {
    let mut drill = command(sample.path());
    drill.args(["drill", "restore", "app", "--yes", "--quiet", "--no-record", "--from", from]);
    finish(drill.args(arguments).output().unwrap())
}

#[test]
fn dumps_are_restored_and_their_damaged_copies_are_found() {
    let place = Place::new();
    let mut cases: Vec<(&str, PathBuf)> = vec![
        ("one", place.backup("one", &["shop"])),
        ("named", place.backup("named", &["--databases", "shop"])),
        ("all", place.backup("all", &["--all-databases"])),
        ("silent", place.backup("silent", &["--skip-comments", "--databases", "shop"])),
    ];
    for (folder, program, ending) in [("g", "gzip", "gz"), ("z", "zstd", "zst"), ("x", "xz", "xz")] {
        let path = place.backup(folder, &["shop"]);
        assert!(Command::new(program).arg("-q").arg(&path).status().unwrap().success());
        let _ = fs::remove_file(&path);
        cases.push((folder, PathBuf::from(format!("{}.{ending}", path.display()))));
    }
    for (folder, artefact) in &cases {
        place.manifest("shop", artefact);
        let run = restore(&place.sample, folder, &["--json"]);
        assert_eq!(run.code, 0, "{folder}: {run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["verdict"], "passed", "{folder}: {report:#}");
        assert_eq!(report["content_verified"], true, "{folder}");
        assert_eq!((&report["tables"], &report["rows"]), (&3.into(), &3500.into()), "{folder}");
        let controls = report["controls"].as_array().unwrap();
        assert_eq!(controls.len(), 3, "{folder}");
        let found =
            |one: &serde_json::Value| ["refused", "different"].contains(&one["outcome"].as_str().unwrap());
        assert!(controls.iter().all(found), "{folder}: {report:#}");
        assert!(!run.stdout.contains("@example.org"), "a report repeats no rows: {run:?}");
    }
}

#[test]
fn what_is_wrong_with_a_dump_is_found_and_said() {
    let place = Place::new();
    let whole = place.backup("whole", &["--hex-blob", "shop"]);
    place.manifest("shop", &whole);
    let manifest = format!("{}.manifest.json", whole.display());
    let text = fs::read_to_string(&whole).unwrap();
    let cut = place.backup("cut", &["shop"]);
    let file = File::options().write(true).open(&cut).unwrap();
    file.set_len(file.metadata().unwrap().len() - 30).unwrap();
    drop(file);
    place.backup("norows", &["--no-data", "shop"]);
    let behind = place.backup("behind", &["shop"]);
    let set = "DO SETVAL(`numbers`,";
    let line = text.lines().find(|line| line.contains("SETVAL(")).unwrap_or(set);
    fs::write(&behind, text.replace(line, "")).unwrap();
    place.server.run("shop", "DELETE FROM orders WHERE id = 77");
    place.backup("fewer", &["shop"]);
    for (folder, message) in [
        ("cut", "the script was cut off"),
        ("norows", "is empty, and should have"),
        ("behind", "sequences: numbers gives 1 next"),
        ("fewer", "orders has 2999 rows instead of 3000"),
    ] {
        let run = restore(&place.sample, folder, &["--manifest", &manifest]);
        assert_eq!(run.code, 1, "{folder}: {run:?}");
        assert!(run.stdout.contains(message), "{folder}: {run:?}");
    }
}

#[test]
fn a_hostile_dump_does_no_harm() {
    let sample = Sample::plain(&[("app/package.json", "{}"), ("dump/a.sql", "")]);
    let out = tempfile::tempdir().unwrap();
    fs::set_permissions(out.path(), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let mark = out.path().join("mark").display().to_string();
    let secret = out.path().join("secret");
    fs::write(&secret, "topsecret\n").unwrap();
    let secret = secret.display();
    let head = "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n-- Server version\t10.11.6-MariaDB\nCREATE TABLE t(a text);\nINSERT INTO t VALUES ('row');\n";
    let attacks = [
        format!("\\! touch {mark}\n"),
        format!("SELECT 1; \\! touch {mark}\n"),
        format!("system touch {mark}\n;"),
        format!("source {secret}\n;"),
        format!("\\. {secret}\n"),
        format!("tee {mark}\n;"),
        format!("\\T {mark}\n"),
        format!("pager touch {mark}\n;"),
        format!("SELECT 'x' INTO OUTFILE '{mark}';\n"),
        format!("SELECT 'x' INTO DUMPFILE '{mark}';\n"),
        format!("LOAD DATA LOCAL INFILE '{secret}' INTO TABLE t;\n"),
        format!("LOAD DATA INFILE '{secret}' INTO TABLE t;\n"),
        format!("SET GLOBAL general_log_file = '{mark}'; SET GLOBAL general_log = 1;\n"),
        "USE mysql\n;\nDELETE FROM global_priv;\n".to_owned(),
        "/*!50000 USE mysql */;\nDROP TABLE proc;\n".to_owned(),
        "INSTALL SONAME 'ha_connect';\n".to_owned(),
        "CREATE FUNCTION sys_exec RETURNS int SONAME 'udf.so';\n".to_owned(),
        "SHUTDOWN;\n".to_owned(),
        "/*!50013 DEFINER=`root`@`localhost` */;\n CREATE DEFINER='root'@'localhost' PROCEDURE p() SELECT 1;\n".to_owned(),
    ];
    for some in attacks.chunks(5) {
        std::thread::scope(|scope| {
            for (index, attack) in some.iter().enumerate() {
                let (sample, mark, head) = (&sample, &mark, &head);
                scope.spawn(move || {
                    let folder = format!("dump{index}");
                    let text = format!("{head}{attack}-- Dump completed on 2026-01-01\n");
                    sample.write(&format!("{folder}/a.sql"), &text);
                    let run = restore(sample, &folder, &[]);
                    assert_eq!(run.code, 1, "{attack}: {run:?}");
                    assert!(run.stdout.contains("a statement failed"), "{attack}: {run:?}");
                    assert!(!Path::new(mark).exists(), "{attack}");
                });
            }
        });
    }
    // This one is left alone by the server: the option is ignored.
    sample.write(
        "dump/a.sql",
        &format!("{head}CREATE TABLE u(a int) ENGINE=MyISAM DATA DIRECTORY='{0}' INDEX DIRECTORY='{0}';\nSELECT load_file('{secret}') INTO @a;\nINSERT INTO t VALUES (@a);\n-- Dump completed on 2026-01-01\n", out.path().display()),
    );
    let run = restore(&sample, "dump", &[]);
    assert!(run.stdout.contains("2 rows"), "{run:?}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "nothing was written beside the secret");
}
