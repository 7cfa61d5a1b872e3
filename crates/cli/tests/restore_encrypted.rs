//! Encrypted backups, restored by the real program with the command that decrypts them.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Run, Sample, command, finish};
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::storage::Storage;

/// Keys, a database file and a folder for scratch folders.
struct Place {
    sample: Sample,
}

impl Place {
    fn new() -> Place {
        let place = Place {
            sample: Sample::plain(&[("app/package.json", "{}"), ("scratch/x", ""), ("gnupg/x", "")]),
        };
        fs::remove_file(place.sample.file("scratch/x")).unwrap();
        for (path, mode) in [("", 0o755), ("scratch", 0o1777), ("gnupg", 0o700)] {
            fs::set_permissions(place.sample.file(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        place.sample.write("right", "sesame-1234");
        place.sample.write("wrong", "something else");
        place.shell("age-keygen -o key.txt 2>/dev/null; age-keygen -o other.txt 2>/dev/null");
        place.shell(
            "sqlite3 app.db 'CREATE TABLE t(id integer PRIMARY KEY, v text); WITH RECURSIVE c(x) AS \
             (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 30000) INSERT INTO t SELECT x, x || hex(randomblob(8)) FROM c'",
        );
        place
    }

    fn shell(&self, script: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", script]).current_dir(self.sample.path());
        let output = shell.env("GNUPGHOME", self.sample.file("gnupg")).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn declare(&self, decrypt: &str) {
        self.sample.write("app/seaworthy.toml", &format!("[drill.restore]\ndecrypt-command = {decrypt}\n"));
    }

    fn drill(&self, from: &str) -> Command {
        let mut drill = command(self.sample.path());
        drill.args(["drill", "restore", "app", "--no-record", "--scratch", "scratch", "--from", from]);
        drill
            .env("GNUPGHOME", self.sample.file("gnupg"))
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b");
        drill.stdin(Stdio::null());
        drill
    }

    fn restore(&self, from: &str, arguments: &[&str]) -> Run {
        let run = finish(self.drill(from).arg("--yes").args(arguments).output().unwrap());
        assert_eq!(fs::read_dir(self.sample.file("scratch")).unwrap().count(), 0, "{run:?}");
        assert!(!run.stdout.contains("sesame") && !run.stderr.contains("sesame"), "{run:?}");
        run
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // GnuPG leaves an agent behind.
        let mut end = Command::new("gpgconf");
        let _ = end.args(["--kill", "all"]).env("GNUPGHOME", self.sample.file("gnupg")).output();
    }
}

const AGE: &str = "[\"age\", \"--decrypt\", \"--identity\", \"../KEY\"]";
const GPG: &str = "[\"gpg\", \"--batch\", \"--quiet\", \"--pinentry-mode\", \"loopback\", \"--passphrase-file\", \"../KEY\", \"--decrypt\"]";
const OPENSSL: &str =
    "[\"openssl\", \"enc\", \"-d\", \"-aes-256-cbc\", \"-pbkdf2\", \"-pass\", \"file:../KEY\"]";

#[test]
fn each_envelope_is_opened_with_the_right_key_and_refused_with_a_wrong_one() {
    let place = Place::new();
    place.shell(
        "mkdir age agez armour gpg ssl base64; recipient=$(age-keygen -y key.txt); \
         age -r $recipient -o age/app.db.age app.db; gzip -c app.db | age -r $recipient > agez/app.db.gz.age; \
         age -a -r $recipient -o armour/app.db.age app.db; \
         gpg --batch --quiet --pinentry-mode loopback --passphrase-file right -o gpg/app.db.gpg -c app.db; \
         openssl enc -aes-256-cbc -pbkdf2 -pass file:right -in app.db -out ssl/app.db.enc; \
         openssl enc -a -aes-256-cbc -pbkdf2 -pass file:right -in app.db -out base64/app.db.enc",
    );
    let cases = [
        ("age", AGE, "key.txt", "other.txt", "no identity matched"),
        ("agez", AGE, "key.txt", "other.txt", "no identity matched"),
        ("armour", AGE, "key.txt", "other.txt", "no identity matched"),
        ("gpg", GPG, "right", "wrong", "decryption failed"),
        ("ssl", OPENSSL, "right", "wrong", "bad decrypt"),
    ];
    for (folder, decrypt, key, wrong, message) in cases {
        place.declare(&decrypt.replace("KEY", key));
        let run = place.restore(folder, &["--json"]);
        assert_eq!(run.code, 0, "{folder}: {run:?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["rows"], 30_000, "{folder}: {report:#}");
        assert_eq!(report["controls"][0]["outcome"], "refused", "{folder}: {report:#}");
        place.declare(&decrypt.replace("KEY", wrong));
        let run = place.restore(folder, &[]);
        assert_eq!(run.code, 1, "{folder}: {run:?}");
        // One wrong key in 256 goes unnoticed by OpenSSL, and gives what is no backup.
        let said = run.stdout.contains(message) || folder == "ssl" && run.stdout.contains("wrong key");
        assert!(
            said && run.stdout.contains("cannot be decrypted") || run.stdout.contains("wrong key"),
            "{folder}: {run:?}"
        );
    }
    place.declare(&OPENSSL.replace("\"-d\"", "\"-d\", \"-a\"").replace("KEY", "right"));
    assert_eq!(place.restore("base64", &[]).code, 0);
}

#[test]
fn public_keys_of_gnupg_and_certificates_of_openssl() {
    let place = Place::new();
    place.shell(
        "mkdir gpg cms; gpg --batch --quiet --passphrase '' --quick-gen-key backup@example.org default default; \
         gpg --batch --quiet --trust-model always -r backup@example.org -o gpg/app.db.gpg -e app.db; \
         openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -subj /CN=backup; \
         openssl cms -encrypt -binary -stream -outform DER -aes256 -in app.db -out cms/app.db.cms certificate.pem",
    );
    place.declare("[\"gpg\", \"--batch\", \"--quiet\", \"--decrypt\"]");
    let run = place.restore("gpg", &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("in GnuPG"), "{run:?}");
    place.declare("[\"openssl\", \"cms\", \"-decrypt\", \"-inform\", \"DER\", \"-inkey\", \"../key.pem\"]");
    assert_eq!(place.restore("cms", &[]).code, 0);
}

#[test]
fn an_encrypted_dump_in_a_bucket_is_verified_table_by_table() {
    let place = Place::new();
    let storage = Storage::start();
    storage.bucket("acme-backups");
    let server = Postgres::start();
    server.run("postgres", "CREATE DATABASE shop");
    server.run("shop", "CREATE TABLE orders(id int PRIMARY KEY, note text); INSERT INTO orders SELECT g, md5(g::text) FROM generate_series(1, 30000) g");
    let folder = place.sample.file("dumps");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).unwrap();
    server.dump("shop", &folder.join("shop.dump"), &["-Fc"]);
    place.shell("age -r $(age-keygen -y key.txt) -o dumps/shop.dump.age dumps/shop.dump");
    place.sample.manifest(&server.address("shop"), "manifest");
    storage.put("acme-backups", "shop/1.dump.age", &folder.join("shop.dump.age"));
    storage.put("acme-backups", "shop/1.dump.age.manifest.json", &place.sample.file("manifest"));
    place.declare(&AGE.replace("KEY", "key.txt"));
    let run = place.restore("s3://acme-backups/shop", &["--json", "--endpoint", &storage.endpoint()]);
    assert_eq!(run.code, 0, "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["content_verified"], true, "{report:#}");
    assert_eq!(report["format"], "pg_dump, custom format, in age", "{report:#}");
    assert_eq!(report["controls"].as_array().unwrap().len(), 3, "{report:#}");
}

#[test]
fn without_a_command_or_consent_nothing_is_decrypted() {
    let place = Place::new();
    place.shell("mkdir age; age -r $(age-keygen -y key.txt) -o age/app.db.age app.db");
    let run = place.restore("age", &[]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("decrypt-command = [\"age\", \"--decrypt\""), "{run:?}");
    let mark = place.sample.file("mark");
    place.declare(&format!("[\"sh\", \"-c\", \"touch {}; exec age -d -i ../key.txt\"]", mark.display()));
    for arguments in [&["--plan"][..], &[]] {
        let run = finish(place.drill("age").args(arguments).output().unwrap());
        assert!(run.stdout.contains("age -d") || run.code == 2, "{run:?}");
        assert!(!Path::new(&mark).exists(), "it ran without consent: {run:?}");
    }
    let run = finish(place.drill("age").args(["--plan", "--yes"]).output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("decrypt it on the way"), "{run:?}");
    place.declare("[\"no-such-program\"]");
    let run = place.restore("age", &[]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("no-such-program cannot be started"), "{run:?}");
    place.declare("[\"openssl\", \"enc\", \"-d\", \"-pass\", \"pass:sesame-1234\"]");
    assert_eq!(place.restore("age", &[]).code, 2);
    // It gives something, and no backup.
    place.declare("[\"head\", \"-c\", \"1000\"]");
    let run = place.restore("age", &[]);
    assert_eq!(run.code, 1, "{run:?}");
}
