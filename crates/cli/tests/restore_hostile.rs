//! Backups that bring programs along: what these may reach.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use common::place::{Place, open};
use common::{Run, finish, run_as_nobody};

/// What nobody but its owner's programs may see.
const SECRET: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

/// A place with a secret file and a folder beside the scratch folder, both open to every account, and a port that listens.
struct Exposed {
    place: Place,
    secret: PathBuf,
    elsewhere: PathBuf,
    port: TcpListener,
}

impl Exposed {
    fn new() -> Exposed {
        let place = Place::new();
        place.sample.write("home/.env", SECRET);
        place.sample.write("home/elsewhere/x", "");
        let (secret, elsewhere) = (place.sample.file("home/.env"), place.sample.file("home/elsewhere"));
        open(&secret, 0o666);
        open(&elsewhere, 0o1777);
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        port.set_nonblocking(true).unwrap();
        // What a program could do or read becomes a row.
        place
            .sample
            .write("app/seaworthy.toml", "[drill.restore]\nverify = [\"SELECT count(*) = 0 FROM loot\"]\n");
        Exposed { place, secret, elsewhere, port }
    }

    /// Statements of a dump that start programs. Each goes on where it is kept from something, so that the restore itself
    /// tells nothing.
    fn statements(&self) -> String {
        let (secret, elsewhere) = (self.secret.display(), self.elsewhere.display());
        let port = self.port.local_addr().unwrap().port();
        let socket = self.place.server.socket().display().to_string();
        [
            format!("cat {secret}"),
            format!("cp {secret} {elsewhere}/copy && echo copied"),
            format!("echo pwned > {elsewhere}/mark && echo written"),
            format!("truncate -s 0 {secret} && echo emptied"),
            // The account of the scratch server may be one that another server lets in without a password.
            format!("psql -h {socket} -U postgres -d shop -c 'CREATE TABLE pwned()'"),
            format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo connected'"),
            // A drill that is root would follow the link.
            format!("ln -s {elsewhere}/linked ../truncated.list && echo linked"),
            "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -a ^SECRET=".to_owned(),
        ]
        .map(|shell| {
            format!("COPY public.loot FROM PROGRAM $evil${{ {shell} ; }} 2>/dev/null; true$evil$;\n")
        })
        .concat()
    }

    /// A dump with statements of somebody else's at its beginning.
    fn dump(&self, folder: &str, statements: &str) {
        let path = self.place.backup(folder, "a.sql", &["-Fp"]);
        let text = fs::read_to_string(&path).unwrap();
        let evil = format!("CREATE TABLE public.loot(v text);\n{statements};\nCREATE TABLE");
        fs::write(&path, text.replacen("CREATE TABLE", &evil, 1)).unwrap();
    }

    /// What was reached.
    fn reached(&self) -> Vec<&'static str> {
        let mut reached = Vec::new();
        let mut note = |happened: bool, what| {
            if happened {
                reached.push(what);
            }
        };
        note(fs::read_to_string(&self.secret).unwrap() != SECRET, "emptied");
        note(self.elsewhere.join("copy").exists(), "copied");
        note(self.elsewhere.join("mark").exists(), "written");
        note(self.port.accept().is_ok(), "connected");
        note(self.place.server.run("shop", "SELECT to_regclass('pwned') IS NOT NULL") == "t", "other server");
        reached
    }

    /// The drill ran to its end, nothing was reached, and the secret is nowhere.
    fn nothing_was_reached(&self, run: &Run) {
        self.place.nothing_is_left(Duration::ZERO);
        assert!(run.stdout.contains("✓ verify `SELECT count(*) = 0 FROM loot`"), "{run:?}");
        assert!(!run.stdout.contains("this kernel"), "this kernel confines: {run:?}");
        assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET), "{run:?}");
        assert_eq!(self.reached(), Vec::<&str>::new(), "{run:?}");
    }
}

#[test]
fn programs_of_a_backup_reach_nothing_of_the_users() {
    let exposed = Exposed::new();
    let place = &exposed.place;
    exposed.dump("evil", &exposed.statements());
    let drill = place.drill("evil").arg("--no-record").env("SECRET", SECRET).output().unwrap();
    exposed.nothing_was_reached(&finish(drill));

    // The server itself, without a program.
    exposed.dump("file", &format!("COPY public.loot FROM '{}'", exposed.secret.display()));
    let run = place.restore("file", &["--no-record"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("Permission denied"), "{run:?}");
    assert!(!run.stdout.contains(SECRET), "{run:?}");

    // As the user himself, whose files they are.
    let of = |path: &str| place.sample.file(path).display().to_string();
    let run = run_as_nobody(
        place.sample.path(),
        &[
            "drill",
            "restore",
            &of("app"),
            "--yes",
            "--no-record",
            "--scratch",
            &of("scratch"),
            "--from",
            &of("evil"),
        ],
    );
    exposed.nothing_was_reached(&run);

    // A server that nothing confines does all of it.
    place.server.run("shop", &format!("CREATE TABLE public.loot(v text); {}", exposed.statements()));
    assert_eq!(exposed.reached(), ["emptied", "copied", "written", "connected", "other server"]);
    let loot = place.server.run("shop", "SELECT string_agg(v, ' ') FROM loot");
    assert!(loot.contains(SECRET), "{loot}");
}
