//! Servers with a database, and where backups of it are made and restored.

use std::cell::OnceCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use seaworthy_testkit::mariadb::MariaDb;
use seaworthy_testkit::postgres::Postgres;
use seaworthy_testkit::storage::Storage;
use serde_json::Value;

use super::{Drilled, Engine, Format, outcome};
use crate::Outcome;
use crate::interruptions::supervised;

/// The settings of the scratch servers, so that both restore into the same.
const SETTINGS: &[&str] = &[
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_wal_size=4GB",
    "checkpoint_timeout=1h",
    "autovacuum=off",
    "dynamic_shared_memory_type=mmap",
    "maintenance_work_mem=256MB",
    "wal_level=minimal",
    "max_wal_senders=0",
];

/// A folder that goes with this value, whatever ends the task.
pub struct Folder {
    pub path: PathBuf,
    supervisor: Child,
}

impl Folder {
    pub fn new(program: &Path) -> Result<Folder, String> {
        let path = std::env::temp_dir().join(format!("seaworthy-drill-r{}", std::process::id()));
        let supervisor = supervised(program, &path)?;
        let folder = Folder { path, supervisor };
        open(&folder.path, 0o755)?;
        folder.sub("scratch", 0o1777)?;
        Ok(folder)
    }

    /// A folder in it.
    pub fn sub(&self, name: &str, mode: u32) -> Result<PathBuf, String> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        open(&path, mode)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It ends what is there when the pipe closes.
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn open(path: &Path, mode: u32) -> Outcome {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Servers with the database `shop`.
pub struct Place {
    program: PathBuf,
    size: String,
    postgres: (Postgres, Postgres),
    mariadb: OnceCell<(MariaDb, MariaDb)>,
    storage: OnceCell<Storage>,
    // Last, for it ends the servers.
    folder: Folder,
}

impl Place {
    /// With pgbench at this scale.
    pub fn new(program: &Path, size: &str) -> Result<Place, String> {
        let folder = Folder::new(program)?;
        let source = Postgres::start_under(&folder.path);
        let target = Postgres::start_with(&folder.path, SETTINGS);
        source.run("postgres", "CREATE DATABASE shop");
        let mut pgbench = source.client("pgbench");
        finish(pgbench.args(["-q", "-i", "-s", size, "shop"]))?;
        Ok(Place {
            program: program.to_owned(),
            size: size.to_owned(),
            postgres: (source, target),
            mariadb: OnceCell::new(),
            storage: OnceCell::new(),
            folder,
        })
    }

    /// The size of the database, for people.
    pub fn size(&self) -> Result<String, String> {
        Ok(self.postgres.0.run("postgres", "SELECT pg_size_pretty(pg_database_size('shop'))"))
    }

    /// Makes a backup, and a manifest of what it holds.
    pub fn backup<'a>(&'a self, format: &'a Format, index: usize) -> Result<Backup<'a>, String> {
        let backups = self.folder.sub(&format!("{index}/backups"), 0o755)?;
        let work = self.folder.sub(&format!("{index}/work"), 0o755)?;
        let app = self.folder.sub(&format!("{index}/app"), 0o755)?;
        let backup = Backup { place: self, format, backups, work, app };
        fs::write(backup.app.join("seaworthy.toml"), backup.fill(&format.configuration))
            .map_err(|error| error.to_string())?;
        let address = match format.engine {
            Engine::Postgresql => self.postgres.0.address("shop"),
            Engine::Mariadb => self.mariadb().0.address("shop"),
            Engine::Sqlite => self.lite()?.display().to_string(),
        };
        backup.shell(&format.make)?;
        let mut manifest = Command::new(&self.program);
        manifest.args(["backup", "manifest", "-o"]).arg(backup.manifest()).arg("--database");
        match format.engine {
            Engine::Sqlite => manifest.arg(&address),
            _ => manifest.arg("env:SHOP").env("SHOP", &address),
        };
        finish(&mut manifest)?;
        Ok(backup)
    }

    fn rows(&self) -> u64 {
        100_000 * self.size.parse::<u64>().unwrap_or(1)
    }

    fn mariadb(&self) -> &(MariaDb, MariaDb) {
        self.mariadb.get_or_init(|| {
            let servers =
                (MariaDb::start_under(&self.folder.path), MariaDb::start_under(&self.folder.path));
            servers.0.run("mysql", "CREATE DATABASE shop");
            let sql = format!(
                "CREATE TABLE accounts (id int PRIMARY KEY AUTO_INCREMENT, branch int, balance int, filler char(84)); \
                 INSERT INTO accounts (branch, balance, filler) SELECT seq % 7, seq, md5(seq) FROM seq_1_to_{}",
                self.rows()
            );
            servers.0.run("shop", &sql);
            servers
        })
    }

    fn storage(&self) -> &Storage {
        self.storage.get_or_init(|| {
            let storage = Storage::start();
            storage.bucket("backups");
            storage
        })
    }

    fn lite(&self) -> Result<PathBuf, String> {
        let path = self.folder.path.join("shop.db");
        if !path.exists() {
            let sql = format!(
                "CREATE TABLE accounts (id integer PRIMARY KEY, branch int, balance int, filler text); \
                 WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) \
                 INSERT INTO accounts SELECT x, x % 7, x, hex(x) || hex(x * 7919) FROM c",
                self.rows()
            );
            finish(Command::new("sqlite3").arg(&path).arg(sql))?;
        }
        Ok(path)
    }
}

/// A backup in one format.
pub struct Backup<'a> {
    place: &'a Place,
    format: &'a Format,
    backups: PathBuf,
    work: PathBuf,
    app: PathBuf,
}

impl Backup<'_> {
    fn fill(&self, text: &str) -> String {
        text.replace("{B}", &self.backups.display().to_string())
            .replace("{W}", &self.work.display().to_string())
    }

    fn manifest(&self) -> PathBuf {
        self.app.join("manifest.json")
    }

    fn environment(&self, command: &mut Command) -> Outcome {
        let (source, target) = &self.place.postgres;
        let bin = PathBuf::from(source.client("pg_ctl").get_program());
        let bin = bin.parent().unwrap_or(&bin).display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let root = output_of(Command::new("id").arg("-u"))?.trim() == "0";
        command
            .env("PATH", format!("{bin}:{path}"))
            .env("HOME", &self.work)
            .env("B", &self.backups)
            .env("W", &self.work)
            .env("T", target.socket())
            .env("DATA", source.data())
            .env(
                "AS_POSTGRES",
                if root { "setpriv --reuid=postgres --regid=postgres --clear-groups" } else { "" },
            )
            .env("PGHOST", source.socket())
            .env("PGUSER", "postgres")
            .env("RESTIC_PASSWORD", "right")
            .env("BORG_PASSPHRASE", "right")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing");
        if self.format.engine == Engine::Mariadb {
            let (source, target) = self.place.mariadb();
            command.env("M", source.socket()).env("MT", target.socket());
        }
        if self.format.engine == Engine::Sqlite {
            command.env("LITE", self.place.lite()?);
        }
        if self.in_storage() {
            command.env("ENDPOINT", self.place.storage().endpoint());
        }
        Ok(())
    }

    fn in_storage(&self) -> bool {
        self.format.from.as_ref().is_some_and(|from| from.starts_with("s3://"))
    }

    fn shell(&self, script: &str) -> Outcome {
        let mut shell = Command::new("sh");
        shell.args(["-eu", "-c", script]).current_dir(&self.work);
        self.environment(&mut shell)?;
        finish(&mut shell)
    }

    /// Restores it as a person would, and says how long that takes.
    pub fn by_hand(&self) -> Result<Duration, String> {
        self.shell(&self.format.again)?;
        let began = Instant::now();
        self.shell(&self.format.bare)?;
        Ok(began.elapsed())
    }

    /// Removes what was restored by hand.
    pub fn end(&self) -> Outcome {
        self.shell(&self.format.again)
    }

    /// Restores it by a drill.
    pub fn drill(&self) -> Result<Drilled, String> {
        let mut drill = Command::new(&self.place.program);
        let from =
            self.format.from.as_ref().map_or(self.backups.display().to_string(), |from| self.fill(from));
        drill
            .args(["drill", "restore"])
            .arg(&self.app)
            .args(["--yes", "--quiet", "--json", "--no-record", "--from", &from, "--manifest"])
            .arg(self.manifest())
            .arg("--scratch")
            .arg(self.place.folder.path.join("scratch"));
        self.environment(&mut drill)?;
        drill.env_remove("PGHOST").env_remove("PGUSER");
        if self.in_storage() {
            drill.args(["--endpoint", &self.place.storage().endpoint()]);
        }
        drilled(&mut drill)
    }
}

/// Runs a drill.
pub fn drilled(drill: &mut Command) -> Result<Drilled, String> {
    let began = Instant::now();
    let report = report(drill)?;
    let (outcome, failed) = outcome(&report);
    Ok(Drilled {
        outcome,
        failed,
        restore: Duration::from_secs_f64(report["restore_seconds"].as_f64().unwrap_or(0.0)),
        whole: began.elapsed(),
    })
}

/// The report of a drill.
pub fn report(drill: &mut Command) -> Result<Value, String> {
    let output = drill.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        format!(
            "no report ({}): {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Runs a program, and says what it said where it fails.
pub fn finish(command: &mut Command) -> Outcome {
    output_of(command).map(|_| ())
}

fn output_of(command: &mut Command) -> Result<String, String> {
    let shown = crate::step::show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{shown}` could not be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr)))
}
