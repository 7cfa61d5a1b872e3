//! Repositories of pgBackRest: pgBackRest restores the newest backup into the scratch folder, and the scratch server recovers
//! it with the archived write-ahead log, as in an emergency.
//!
//! A restored cluster says what a server loads, runs and listens to. None of that is obeyed: the server has a configuration
//! of the drill's own, and takes from the cluster only the sizes that recovery needs.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use seaworthy_database::{Contents, Engine as Kind, Identity};
use serde_json::Value;

use super::programs::{Installation, installed};
use super::server::{NOT_STARTED, Server};
use super::{Postgres, quoted};
use crate::restore::artefact::{Artefact, Format, Versions, major};
use crate::restore::locations::Newest;
use crate::restore::reading::Damage;
use crate::restore::repositories::{programs, shadow};
use crate::restore::{Copy, Engine, Order, Place, Restored, Verify};
use crate::scratch::{Account, Death, Feed, Scratch, Who, disk};
use crate::{Interrupt, Progress, Stop};

/// How long pgBackRest and the recovery may take each.
const PATIENCE: Duration = Duration::from_secs(12 * 3600);

/// Where the passphrase of an encrypted repository is looked for.
const PASSPHRASES: &[&str] = &["PGBACKREST_REPO1_CIPHER_PASS", "PGBACKREST_REPO_CIPHER_PASS"];

/// Libraries without which tables cannot be read; they are loaded where they are installed.
const NEEDED: &[&str] = &["timescaledb", "citus"];

/// Sizes that recovery needs at least as large as they were: as `pg_controldata` and as the configuration calls them.
const SIZES: &[(&str, &str)] = &[
    ("max_connections setting", "max_connections"),
    ("max_worker_processes setting", "max_worker_processes"),
    ("max_wal_senders setting", "max_wal_senders"),
    ("max_prepared_xacts setting", "max_prepared_transactions"),
    ("max_locks_per_xact setting", "max_locks_per_transaction"),
];

/// Settings of a cluster that start programs, load libraries or open it to others.
const DISOBEYED: &[&str] = &[
    "archive_command",
    "archive_library",
    "archive_cleanup_command",
    "recovery_end_command",
    "restore_command",
    "listen_addresses",
    "shared_preload_libraries",
    "session_preload_libraries",
    "local_preload_libraries",
    "dynamic_library_path",
    "ssl_passphrase_command",
    "primary_conninfo",
    "hba_file",
    "ident_file",
    "data_directory",
    "unix_socket_directories",
];

/// Whether a folder is a repository.
pub fn is_one(path: &Path) -> bool {
    path.join("archive").is_dir() && !stanzas(path).is_empty()
}

fn stanzas(path: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(path.join("backup"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("backup.info").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .collect();
    found.sort();
    found
}

/// Finds the newest backup, where the location is a repository.
///
/// # Errors
/// [`Stop::Refused`] where there is none, [`Stop::CouldNot`] where a program is missing or the repository cannot be read.
pub fn look(order: &Order) -> Result<Option<Newest>, Stop> {
    let Place::Folder(path) = &order.place else { return Ok(None) };
    if !is_one(path) {
        return Ok(None);
    }
    let root =
        fs::canonicalize(path).map_err(|error| Stop::CouldNot(format!("{}: {error}", path.display())))?;
    let stanza = chosen(&stanzas(&root), order.stanza.as_deref(), &root)?;
    let program = programs::find("pgbackrest", "the Debian package is pgbackrest")?;
    let mut scratch =
        Scratch::create(&order.scratch, Account::unprivileged(&["postgres"])?, Interrupt::default())?;
    let repository = Repository { program, root, stanza };
    let newest = repository.newest(&mut scratch)?;
    scratch.close()?;
    Ok(Some(newest))
}

fn chosen(found: &[String], wanted: Option<&str>, root: &Path) -> Result<String, Stop> {
    let listed = found.join(", ");
    match (wanted, found) {
        (Some(wanted), _) if found.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => {
            Err(Stop::Usage(format!("{}: there is no stanza {wanted}; there are: {listed}", root.display())))
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Stop::Usage(format!(
            "{} holds several stanzas: {listed}; `stanza` under [backups] chooses one",
            root.display()
        ))),
    }
}

/// A stanza in a repository.
#[derive(Debug)]
struct Repository {
    program: PathBuf,
    root: PathBuf,
    stanza: String,
}

impl Repository {
    /// The one that holds an artefact: `<root>/backup/<stanza>/<label>`.
    fn of(artefact: &Artefact) -> Result<Repository, Stop> {
        let folder = artefact.path.parent();
        let root = folder.and_then(Path::parent).and_then(Path::parent);
        let (Some(folder), Some(root)) = (folder, root) else {
            return Err(Stop::could_not("the repository is gone"));
        };
        let program = programs::find("pgbackrest", "the Debian package is pgbackrest")?;
        let stanza = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Repository { program, root: root.to_owned(), stanza })
    }

    /// Writes a configuration for pgBackRest: nothing of this machine's own is read, and nothing is written but the scratch
    /// folder. Gives its path.
    fn configuration(&self, scratch: &Scratch, name: &str, root: &Path) -> Result<PathBuf, Stop> {
        let folder = scratch.subfolder(&format!("{name}-pgbackrest"))?;
        let mut text = format!(
            "[global]\nrepo1-path={}\nlock-path={1}/lock\nspool-path={1}/spool\nlog-path={1}/log\nlog-level-file=off\n\
             log-level-console=off\nlog-level-stderr=error\nlog-timestamp=n\nprocess-max=2\n",
            root.display(),
            folder.display()
        );
        let mut head = [0_u8; 8];
        let info = self.root.join("backup").join(&self.stanza).join("backup.info");
        let encrypted =
            File::open(&info).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *b"Salted__";
        if encrypted {
            let passphrase =
                PASSPHRASES.iter().find_map(|name| std::env::var(name).ok()).ok_or_else(|| {
                    Stop::CouldNot(format!(
                        "{} is encrypted, and its passphrase is missing: set {}",
                        self.root.display(),
                        PASSPHRASES[0]
                    ))
                })?;
            text.push_str(&format!("repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass={passphrase}\n"));
        }
        text.push_str(&format!("[{}]\npg1-path={}\n", self.stanza, scratch.folder().join(name).display()));
        let file = scratch.file(&format!("{name}-pgbackrest.new"), text.as_bytes())?;
        let path = folder.join("pgbackrest.conf");
        fs::rename(&file, &path).map_err(|error| disk(&path, &error))?;
        Ok(path)
    }

    fn refused(&self, scratch: &Scratch, why: String) -> Stop {
        let lower = why.to_ascii_lowercase();
        if ["permission denied", "unable to open", "cipher", "crypto"].iter().any(|sign| lower.contains(sign))
            && !lower.contains("missing")
        {
            let user = scratch.account().map_or("you", |account| account.name.as_str());
            return Stop::CouldNot(format!("{why}. The repository must be readable to {user}"));
        }
        Stop::Refused(why)
    }

    fn newest(&self, scratch: &mut Scratch) -> Result<Newest, Stop> {
        scratch.may_read(&self.root);
        let configuration = self.configuration(scratch, "look", &self.root)?;
        let mut command = scratch.command(&self.program, Who::Scratch, Death::Kill);
        command
            .arg(format!("--config={}", configuration.display()))
            .arg(format!("--stanza={}", self.stanza))
            .args(["info", "--output=json"]);
        let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
        if !finished.success {
            let why = programs::failed(scratch, "pgbackrest info", &finished)?;
            return Err(self.refused(scratch, why));
        }
        let info: Value = serde_json::from_slice(&finished.output.bytes).map_err(|_| {
            Stop::could_not("pgbackrest prints something else than was expected of this version")
        })?;
        let stanza = &info[0];
        let backup = stanza["backup"]
            .as_array()
            .into_iter()
            .flatten()
            .max_by_key(|backup| backup["timestamp"]["stop"].as_i64())
            .ok_or_else(|| {
                let said = stanza["status"]["message"].as_str().unwrap_or("no backup");
                Stop::Refused(format!("{}: stanza {}: {said}", self.root.display(), self.stanza))
            })?;
        let number = backup["database"]["id"].as_i64();
        let server = stanza["db"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|database| database["id"].as_i64() == number)
            .and_then(|database| database["version"].as_str())
            .map(str::to_owned);
        let label = backup["label"].as_str().filter(|label| is_label(label)).unwrap_or_default().to_owned();
        let time = |value: &Value| value.as_i64().and_then(|at| Timestamp::from_second(at).ok());
        let (false, Some(stop)) = (label.is_empty(), time(&backup["timestamp"]["stop"])) else {
            return Err(Stop::could_not(
                "pgbackrest prints something else than was expected of this version",
            ));
        };
        let archive = self.root.join("archive").join(&self.stanza);
        let archived = last_written(&archive).filter(|at| *at > stop);
        let mut remarks = vec![format!(
            "backup {label} of {}, and the write-ahead log archived until {}; restored with {}",
            stop.strftime("%Y-%m-%d %H:%M UTC"),
            archived.unwrap_or(stop).strftime("%Y-%m-%d %H:%M UTC"),
            programs::version(&self.program, "version")
        )];
        if backup["error"].as_bool() == Some(true) {
            remarks.push("pgBackRest found invalid pages when it took the backup".to_owned());
        }
        let modified = archived.unwrap_or(stop);
        let artefact = Artefact {
            path: self.root.join("backup").join(&self.stanza).join(&label),
            name: label,
            size: backup["info"]["repository"]["size"].as_u64().unwrap_or(0),
            modified,
            layers: Vec::new(),
            format: Format::PgBackRest,
            versions: Versions { server, ..Versions::default() },
        };
        // What is archived without a gap loses nothing between two backups.
        Ok(Newest { artefact, series: vec![modified], remarks, objects: Vec::new() })
    }
}

/// `20261128-113916F`, and `_20261128-113927I` after it for those that build on one.
fn is_label(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with('2')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// When the last segment of the write-ahead log was archived.
fn last_written(archive: &Path) -> Option<Timestamp> {
    // `<version>-<id>/<first half of the name>/<name>-<checksum>`, all of which sort by their time.
    let mut folders: Vec<PathBuf> = fs::read_dir(archive)
        .ok()?
        .flatten()
        .filter_map(|version| {
            let halves = fs::read_dir(version.path()).ok()?.flatten();
            halves.map(|half| half.path()).filter(|path| path.is_dir()).max()
        })
        .collect();
    folders.sort();
    folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .filter_map(|segment| Timestamp::try_from(segment.metadata().ok()?.modified().ok()?).ok())
        .max()
}

/// A backup of pgBackRest.
#[derive(Debug)]
pub struct PgBackRest {
    inner: Postgres,
    repository: Repository,
    folders: Vec<PathBuf>,
}

impl PgBackRest {
    /// Chooses the programs.
    ///
    /// # Errors
    /// When they are missing, or are of another version than the cluster.
    pub fn choose(artefact: &Artefact) -> Result<PgBackRest, Stop> {
        let from = artefact.versions.server.as_deref().and_then(major);
        let here = installed();
        let same = here.iter().find(|installation| Some(installation.major) == from);
        let Some(installation) = same else {
            let versions: Vec<String> = here.iter().map(|one| one.major.to_string()).collect();
            let from = from.map_or_else(|| "an unknown version".to_owned(), |from| from.to_string());
            return Err(Stop::CouldNot(format!(
                "{} is a copy of a cluster of PostgreSQL {from}, which is started by the same version only, and here is {}: install \
                 the Debian package postgresql-{from} (apt.postgresql.org has every version)",
                artefact.name,
                if versions.is_empty() { "none".to_owned() } else { versions.join(", ") }
            )));
        };
        let inner = Postgres {
            installation: installation.clone(),
            remarks: Vec::new(),
            server: None,
            good: None,
            list: String::new(),
        };
        Ok(PgBackRest { inner, repository: Repository::of(artefact)?, folders: Vec::new() })
    }

    /// A stand-in for the repository, in which the largest file of the backup is damaged.
    fn damaged(&self, scratch: &Scratch, copy: &Copy, name: &str) -> Result<Option<PathBuf>, Stop> {
        let flipped = match copy.damage {
            Damage::Truncated => false,
            Damage::Flipped => true,
            _ => return Ok(None),
        };
        let root = &self.repository.root;
        let Some((file, size)) = largest(&copy.artefact.path) else {
            return Err(Stop::could_not("the backup has no file that could be damaged"));
        };
        let Ok(inner) = file.strip_prefix(root) else {
            return Err(Stop::could_not("the repository is gone"));
        };
        let folder = scratch.subfolder(&format!("{name}-repository"))?.join("repository");
        shadow::stand_for(root, &folder, &|path| !inner.starts_with(path))?;
        let target = folder.join(inner);
        if flipped {
            shadow::flip(&file, &target, size / 2)?;
        } else {
            File::options()
                .write(true)
                .open(&target)
                .and_then(|file| file.set_len(size / 2))
                .map_err(|error| disk(&target, &error))?;
        }
        let mut path = folder.clone();
        scratch.give(&path)?;
        for part in inner.components() {
            path.push(part);
            scratch.give(&path)?;
        }
        Ok(Some(folder))
    }

    /// Lets pgBackRest restore, and gives the command that fetches the write-ahead log.
    fn fetch(&self, scratch: &mut Scratch, copy: &Copy, name: &str) -> Result<String, Stop> {
        let damaged = self.damaged(scratch, copy, name)?;
        let root = damaged.as_deref().unwrap_or(&self.repository.root);
        let configuration = self.repository.configuration(scratch, name, root)?;
        let (data, spaces) =
            (scratch.folder().join(name), scratch.folder().join(format!("{name}-tablespaces")));
        let program = &self.repository.program;
        let mut command = scratch.command(program, Who::Scratch, Death::Kill);
        command
            .arg(format!("--config={}", configuration.display()))
            .arg(format!("--stanza={}", self.repository.stanza))
            .arg(format!("--set={}", copy.artefact.name))
            .arg(format!("--tablespace-map-all={}", spaces.display()))
            .args(["--archive-mode=off", "--type=default", "restore"]);
        match programs::timed(scratch, command, PATIENCE)? {
            Some(finished) if finished.success => {}
            Some(finished) => {
                let why = programs::failed(scratch, "pgbackrest restore", &finished)?;
                return Err(self.repository.refused(scratch, why));
            }
            None => return Err(Stop::could_not("pgbackrest restore did not end")),
        }
        // The server reads it, too.
        if let Some(folder) = configuration.parent() {
            scratch.may_read(folder);
        }
        scratch.may_read(&self.repository.root);
        if !data.join("PG_VERSION").is_file() {
            return Err(Stop::Refused("pgbackrest restored no cluster".to_owned()));
        }
        Ok(format!(
            "{} --config={} --stanza={} archive-get %f \"%p\"",
            program.display(),
            configuration.display(),
            self.repository.stanza
        ))
    }

    /// Starts the server on a restored cluster and waits for the end of its recovery.
    fn recover(&self, scratch: &mut Scratch, name: &str, fetch: &str) -> Result<(Server, Vec<String>), Stop> {
        let data = scratch.folder().join(name);
        let Settings { disobeyed, mut lines, preloaded } = settings(&data, &self.inner.installation)?;
        let sizes = sizes(scratch, &self.inner.installation, &data)?;
        lines.extend(sizes);
        lines.push(format!("restore_command = '{}'", fetch.replace('\'', "''")));
        // Anybody in the folder is its superuser; nobody else gets there.
        let hba = scratch.file(&format!("{name}-hba.conf"), b"local all all trust\n")?;
        let ident = scratch.file(&format!("{name}-ident.conf"), b"")?;
        let within = |file: &Path, inner: &str| {
            let path = data.join(inner);
            fs::rename(file, &path).map(|()| path.clone()).map_err(|error| disk(&path, &error))
        };
        lines.push(format!("hba_file = '{}'", within(&hba, "seaworthy-hba.conf")?.display()));
        lines.push(format!("ident_file = '{}'", within(&ident, "seaworthy-ident.conf")?.display()));
        let text = lines.join("\n");
        let file = scratch.file(&format!("{name}-postgresql.conf"), text.as_bytes())?;
        let configuration = within(&file, "seaworthy.conf")?;
        let spaces = scratch.folder().join(format!("{name}-tablespaces"));
        let server = Server::open(
            &self.inner.installation,
            scratch,
            &data,
            &configuration,
            spaces.is_dir().then_some(spaces.as_path()),
            PATIENCE,
        );
        let server = match server {
            Err(Stop::CouldNot(why)) if why.contains(NOT_STARTED) => return Err(Stop::Refused(why)),
            other => other?,
        };
        let mut remarks = Vec::new();
        if !disobeyed.is_empty() {
            remarks.push(format!("settings of the backup that were not obeyed: {}", disobeyed.join(", ")));
        }
        if !preloaded.is_empty() {
            remarks.push(format!("loaded because tables need it: {}", preloaded.join(", ")));
        }
        Ok((server, remarks))
    }
}

/// What becomes of the settings in a cluster.
struct Settings {
    disobeyed: Vec<String>,
    lines: Vec<String>,
    preloaded: Vec<String>,
}

/// Reads the settings that lie in the cluster, and takes those away that the server would read by itself.
fn settings(data: &Path, installation: &Installation) -> Result<Settings, Stop> {
    let mut disobeyed = Vec::new();
    let mut preloaded: Vec<String> = Vec::new();
    for name in ["postgresql.conf", "postgresql.auto.conf"] {
        let mut text = String::new();
        let _ = File::open(data.join(name)).map(|file| file.take(1 << 20).read_to_string(&mut text));
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let key = key.trim().to_ascii_lowercase();
            if key == "shared_preload_libraries" {
                let libraries = value.split('#').next().unwrap_or_default();
                let libraries = libraries.split([',', '\'', ' ']).filter(|library| NEEDED.contains(library));
                preloaded = libraries.map(str::to_owned).collect();
            }
            // pgBackRest itself wrote this one.
            let own = key == "restore_command" && value.contains("archive-get");
            if DISOBEYED.contains(&key.as_str()) && !own && !disobeyed.contains(&key) {
                disobeyed.push(key);
            }
        }
    }
    let library = |name: &String| {
        installation
            .bin
            .parent()
            .is_some_and(|folder| folder.join("lib").join(format!("{name}.so")).is_file())
    };
    preloaded.retain(library);
    // The server reads this one whatever its configuration is.
    let automatic = data.join("postgresql.auto.conf");
    let _ = fs::remove_file(&automatic);
    let _ = fs::remove_file(data.join("standby.signal"));
    if !data.join("recovery.signal").is_file() {
        return Err(Stop::could_not("pgbackrest did not prepare the recovery as this version expects it"));
    }
    let lines = vec![
        format!("shared_preload_libraries = '{}'", preloaded.join(",")),
        "recovery_target_timeline = 'latest'".to_owned(),
        // Nobody asks before the recovery is over, and the sizes of the primary matter less then.
        "hot_standby = off".to_owned(),
    ];
    Ok(Settings { disobeyed, lines, preloaded })
}

/// The sizes that the cluster had, as lines of a configuration.
fn sizes(scratch: &mut Scratch, installation: &Installation, data: &Path) -> Result<Vec<String>, Stop> {
    let mut command = scratch.command(&installation.bin.join("pg_controldata"), Who::Scratch, Death::Kill);
    command.arg(data);
    let finished = scratch.run(command, Feed::Nothing, &mut |_| {})?;
    if !finished.success {
        return Err(Stop::Refused(programs::failed(scratch, "pg_controldata", &finished)?));
    }
    let text = finished.output.text();
    let of = |label: &str| text.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix(':'));
    Ok(SIZES
        .iter()
        .filter_map(|(label, setting)| {
            let size: u32 = of(label)?.trim().parse().ok()?;
            Some(format!("{setting} = {}", size.min(100_000)))
        })
        .collect())
}

impl Engine for PgBackRest {
    fn kind(&self) -> Kind {
        Kind::Postgresql
    }

    fn accounts(&self) -> &'static [&'static str] {
        self.inner.accounts()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn version(&self) -> String {
        self.inner.version()
    }

    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    fn steps(&self, _: &Artefact, account: Option<&Account>) -> Vec<String> {
        let user = account.map_or(String::new(), |account| format!(" as the user {}", account.name));
        vec![
            format!(
                "let pgbackrest restore the backup of stanza {} into it{user}, with a configuration of the drill's own; tablespaces \
                 go into the folder as well",
                self.repository.stanza
            ),
            format!(
                "start PostgreSQL {} on it{user}: a Unix socket in the folder, no TCP, fsync off; it recovers to the end of the archived \
                 write-ahead log, which it only reads. Settings of the backup that start programs, load libraries or open ports are \
                 not obeyed",
                self.inner.version()
            ),
        ]
    }

    fn start(&mut self, scratch: &mut Scratch) -> Result<Identity, Stop> {
        scratch.may_read(&self.repository.root);
        // The server comes with the backup, and shows then that it is the one of this folder.
        Ok(Identity { id: None, data: Some(scratch.folder().display().to_string()) })
    }

    fn restore(
        &mut self,
        scratch: &mut Scratch,
        copy: &Copy,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Restored, Stop> {
        let began = Instant::now();
        let kept = copy.damage == Damage::SchemaOnly && self.inner.server.is_some();
        let mut remarks = Vec::new();
        if !kept {
            self.folders.push(scratch.subfolder(name)?);
            let fetch = self.fetch(scratch, copy, name)?;
            progress.step("recovering with the archived write-ahead log");
            self.inner.server = None;
            let (server, said) = self.recover(scratch, name, &fetch)?;
            self.inner.server = Some(server);
            remarks = said;
        }
        let server = self.inner.server()?;
        server.identity(scratch)?;
        let failed = |error| super::server::stop(error, scratch);
        let mut session = server.session(scratch, "template1")?;
        let databases: Vec<String> = session
            .rows("SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1")
            .map_err(failed)?
            .into_iter()
            .flatten()
            .collect();
        drop(session);
        if copy.damage == Damage::SchemaOnly {
            for database in &databases {
                let mut session = server.session(scratch, database)?;
                session.rows("SET session_replication_role = replica").map_err(failed)?;
                let tables = session
                    .rows(
                        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                         WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
                    )
                    .map_err(failed)?;
                for table in tables {
                    if let [schema, table] = table.as_slice() {
                        let statement = format!("TRUNCATE {}.{} CASCADE", quoted(schema), quoted(table));
                        session.rows(&statement).map_err(failed)?;
                    }
                }
            }
        }
        Ok(Restored { databases, seconds: began.elapsed().as_secs_f64(), remarks, ..Restored::default() })
    }

    fn contents(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        progress: &mut Progress,
    ) -> Result<Contents, Stop> {
        self.inner.contents(scratch, database, progress).map_err(|stop| match stop {
            // What it cannot read came out of the backup.
            Stop::CouldNot(why) if why.contains("server answered") => Stop::Refused(why),
            stop => stop,
        })
    }

    fn integrity(&mut self, scratch: &mut Scratch, database: &str) -> Result<Vec<String>, Stop> {
        self.inner.integrity(scratch, database)
    }

    fn rows(&mut self, scratch: &mut Scratch, database: &str, query: &str) -> Result<Vec<Vec<String>>, Stop> {
        self.inner.rows(scratch, database, query)
    }

    fn verify(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        verify: &Verify,
    ) -> Result<Result<(), String>, Stop> {
        self.inner.verify(scratch, database, verify)
    }

    fn forget(&mut self, _: &mut Scratch, _: &[String]) -> Result<(), Stop> {
        // The first cluster stays for the copy without rows; damaged ones go.
        for folder in self.folders.drain(..).skip(1).collect::<Vec<_>>() {
            fs::remove_dir_all(&folder).map_err(|error| disk(&folder, &error))?;
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.inner.stop();
    }
}

/// The largest file of the backup itself; what an incremental one refers to lies elsewhere.
fn largest(folder: &Path) -> Option<(PathBuf, u64)> {
    let mut folders = vec![folder.to_owned()];
    let mut largest: Option<(PathBuf, u64)> = None;
    let mut left = 1_000_000;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            left -= 1;
            let Ok(metadata) = entry.metadata() else { continue };
            let manifest = entry.file_name().to_string_lossy().starts_with("backup.manifest");
            if metadata.is_dir() && left > 0 {
                folders.push(entry.path());
            } else if metadata.is_file()
                && !manifest
                && metadata.len() > 1
                && largest.as_ref().is_none_or(|(_, size)| metadata.len() > *size)
            {
                largest = Some((entry.path(), metadata.len()));
            }
        }
    }
    largest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_names_of_folders_and_nothing_else() {
        assert!(is_label("20261128-113916F_20261128-113927I"));
        assert!(!is_label("../../etc") && !is_label("20261128/x") && !is_label(""));
    }

    #[test]
    fn one_stanza_needs_no_choice() {
        let root = Path::new("/r");
        let all = ["blog".to_owned(), "shop".to_owned()];
        assert_eq!(chosen(&all[..1], None, root), Ok("blog".to_owned()));
        assert_eq!(chosen(&all, Some("shop"), root), Ok("shop".to_owned()));
        assert!(chosen(&all, None, root).unwrap_err().to_string().contains("`stanza` under [backups]"));
        assert!(chosen(&all, Some("x"), root).unwrap_err().to_string().contains("blog, shop"));
    }

    #[test]
    fn settings_that_act_are_named_and_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let auto = folder.path().join("postgresql.auto.conf");
        fs::write(
            &auto,
            "work_mem = '4MB'\narchive_command = 'rm -rf /'\nshared_preload_libraries = 'evil,timescaledb'\n\
             restore_command = 'pgbackrest archive-get %f'\n",
        )
        .unwrap();
        fs::write(folder.path().join("recovery.signal"), "").unwrap();
        fs::write(folder.path().join("standby.signal"), "").unwrap();
        let installation = Installation { bin: folder.path().join("bin"), major: 15 };
        let found = settings(folder.path(), &installation).unwrap();
        assert_eq!(found.disobeyed, ["archive_command", "shared_preload_libraries"]);
        assert!(found.preloaded.is_empty(), "it is not installed");
        assert!(!auto.exists() && !folder.path().join("standby.signal").exists());
    }
}
