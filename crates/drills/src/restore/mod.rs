//! `drill restore`: the newest backup is restored into a server of the drill's own, and looked at.

mod artefact;
mod bounds;
mod checks;
mod controls;
mod encryption;
pub mod instance;
mod locations;
mod mariadb;
mod objectives;
mod pieces;
pub mod placement;
mod postgres;
mod providers;
mod reading;
pub mod record;
mod report;
mod repositories;
mod run;
mod slice;
mod source;
mod sqlite;
mod writing;

use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use jiff::Timestamp;
use seaworthy_database::{Contents, Engine as Kind, Identity, Manifest};

pub use artefact::{Artefact, Format, Seen, Versions, look_at};
pub use checks::migrations::Sequence as Migrations;
use encryption::{Decryption, Encryption};
pub use locations::{Newest, Place};
pub use objectives::Objective;
pub use placement::Placement;
pub use reading::{Copy, Damage, Layer};
pub use report::{Check, Control, ControlOutcome, Outcome, Report, SCHEMA, Verdict};
pub use repositories::{has_password, is_one as is_repository};
pub use run::run;
pub use slice::Slice;
pub use source::{Compared, Online};

use crate::scratch::{Account, Scratch};
use crate::sized;
use crate::{Progress, Stop};

/// Bytes of a decrypted artefact that are read to see how the command ends.
const LONGEST_LOOK: u64 = 1 << 30;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// Where the backups are.
    pub place: Place,
    /// The configuration declares it; else it was named for this drill alone, and may be a copy.
    pub declared: bool,
    /// Which of the files there, as a glob.
    pub pattern: Option<String>,
    /// Which stanza of a repository of pgBackRest.
    pub stanza: Option<String>,
    /// What prints the password of a repository; else the variables of its tool say it.
    pub password_command: Option<String>,
    /// The command that decrypts: its words.
    pub decrypt_command: Option<Vec<String>>,
    /// Where commands of the configuration run.
    pub folder: PathBuf,
    /// Commands of the configuration may run before the plan is known.
    pub agreed: bool,
    /// The manifest; else the one beside the artefact.
    pub manifest: Option<PathBuf>,
    /// How much may be lost.
    pub rpo: Objective,
    /// How long a restore may take.
    pub rto: Objective,
    /// What the user wants to hold of the restored database.
    pub verify: Vec<Verify>,
    /// The live database that was backed up; only read.
    pub source: Option<Online>,
    /// Migrations of the repository.
    pub migrations: Vec<Migrations>,
    /// Where the scratch folder is made.
    pub scratch: PathBuf,
    /// Damaged copies are made of everything, however large it is.
    pub full_controls: bool,
    /// The moment of the drill.
    pub now: Timestamp,
}

/// What a user wants to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// A query: no row of it may hold `false`, and there must be a row.
    Query(String),
    /// A command that succeeds.
    Command {
        /// For the shell.
        text: String,
        /// Where it runs.
        folder: PathBuf,
    },
}

impl Verify {
    /// For people.
    pub fn shown(&self) -> &str {
        match self {
            Verify::Query(text) | Verify::Command { text, .. } => text,
        }
    }
}

/// What an engine restored.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    /// The databases that it made.
    pub databases: Vec<String>,
    /// How long it took.
    pub seconds: f64,
    /// Roles that were made without login because the backup names them.
    pub roles: Vec<String>,
    /// What was left out because it is not installed.
    pub left_out: Vec<String>,
    /// What else must be known of it.
    pub remarks: Vec<String>,
}

/// A database engine: a server of the drill's own, and how artefacts get into it.
pub trait Engine {
    /// Which it is.
    fn kind(&self) -> Kind;
    /// Accounts that its server may run as, the usual first.
    fn accounts(&self) -> &'static [&'static str];
    /// What is used, for people.
    fn describe(&self) -> String;
    /// The version that is restored into.
    fn version(&self) -> String;
    /// Whether a server of this version writes definitions as this one does.
    fn same_release(&self, version: &str) -> bool {
        artefact::major(version).is_some_and(|major| major.to_string() == self.version())
    }
    /// What must be said of the choice.
    fn remarks(&self) -> Vec<String>;
    /// What will be done, one line each.
    fn steps(&self, artefact: &Artefact, account: Option<&Account>) -> Vec<String>;
    /// Starts the server and says who it is.
    ///
    /// # Errors
    /// [`Stop::CouldNot`].
    fn start(&mut self, scratch: &mut Scratch) -> Result<Identity, Stop>;
    /// Restores a copy; names of what it makes begin with `name`.
    ///
    /// # Errors
    /// [`Stop::Refused`] where the copy is no good, [`Stop::CouldNot`] where this machine is not.
    fn restore(
        &mut self,
        scratch: &mut Scratch,
        copy: &Copy,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Restored, Stop>;
    /// A slice of a large artefact with rows of a few of these tables, which are sorted by how many they have; nothing where
    /// none can be cut. What was restored of the whole is still there.
    ///
    /// # Errors
    /// [`Stop::CouldNot`] where this machine is in the way.
    fn slice(&mut self, _: &mut Scratch, _: &Artefact, _: &[(String, u64)]) -> Result<Option<Slice>, Stop> {
        Ok(None)
    }
    /// What a database holds.
    ///
    /// # Errors
    /// [`Stop::Refused`] where it cannot be read because of what was restored.
    fn contents(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        progress: &mut Progress,
    ) -> Result<Contents, Stop>;
    /// The rows that a query of this program gives; its names are in double quotes, where they are in any.
    ///
    /// # Errors
    /// [`Stop::CouldNot`] where it is not answered.
    fn rows(&mut self, scratch: &mut Scratch, database: &str, query: &str) -> Result<Vec<Vec<String>>, Stop>;
    /// The engine's own check of its structures: what is wrong.
    ///
    /// # Errors
    /// Where it cannot be run.
    fn integrity(&mut self, scratch: &mut Scratch, database: &str) -> Result<Vec<String>, Stop>;
    /// Whether what the user wants holds; else why not.
    ///
    /// # Errors
    /// Where it cannot be asked.
    fn verify(
        &mut self,
        scratch: &mut Scratch,
        database: &str,
        verify: &Verify,
    ) -> Result<Result<(), String>, Stop>;
    /// Removes databases, to have room.
    ///
    /// # Errors
    /// Where the server is gone.
    fn forget(&mut self, scratch: &mut Scratch, databases: &[String]) -> Result<(), Stop>;
    /// Stops the server.
    fn stop(&mut self);
}

/// The engine for an artefact.
fn engine(artefact: &Artefact) -> Result<Box<dyn Engine>, Stop> {
    match artefact.format {
        Format::PostgresCustom | Format::PostgresDirectory | Format::PostgresTar | Format::PostgresPlain => {
            Ok(Box::new(postgres::Postgres::choose(artefact)?))
        }
        Format::PgBackRest => Ok(Box::new(postgres::physical::PgBackRest::choose(artefact)?)),
        Format::Sqlite => Ok(Box::new(sqlite::Sqlite::default())),
        Format::MysqlPlain => Ok(Box::new(mariadb::MariaDb::choose(artefact)?)),
        Format::MariaBackup | Format::MariaBackupStream => {
            Ok(Box::new(mariadb::physical::MariaBackup::choose(artefact)?))
        }
        Format::Encrypted(encryption) => Err(Stop::CouldNot(format!(
            "{} is encrypted with {} once more inside, and is not decrypted twice",
            artefact.name,
            encryption.name()
        ))),
    }
}

/// What will be done, and everything that it needs.
pub struct Plan {
    /// What was asked for.
    pub order: Order,
    /// The newest artefact.
    pub newest: Newest,
    /// What it held when it was taken.
    pub manifest: Option<Manifest>,
    /// The account of the server.
    pub account: Option<Account>,
    engine: Box<dyn Engine>,
    /// The repository that the artefact is in.
    source: Option<repositories::Source>,
}

/// Looks at the location and chooses the programs. Starts no server and writes nothing; only the tool of a repository is
/// asked what is in it.
///
/// # Errors
/// [`Stop::Refused`] where the newest backup is no good, [`Stop::CouldNot`] where programs are missing.
pub fn plan(order: Order) -> Result<Plan, Stop> {
    let (newest, beside, source) = match (repositories::look(&order)?, postgres::physical::look(&order)?) {
        (Some(found), _) => (found.newest, found.manifest, Some(found.source)),
        (None, Some(newest)) => (newest, None, None),
        (None, None) => {
            let listing = order.place.list(order.pattern.as_deref())?;
            let mut newest = locations::newest(&order.place, &listing)?;
            if let Format::Encrypted(encryption) = newest.artefact.format {
                let place = &order.place;
                decrypted(&order, &mut newest.artefact, encryption, &|artefact| place.beginning(artefact))?;
            }
            order.place.refuse_unfinished(&newest.artefact)?;
            let beside = if order.manifest.is_some() { None } else { order.place.manifest(&newest)? };
            (newest, beside, None)
        }
    };
    let manifest = match &order.manifest {
        Some(path) => Some(Manifest::read(path).map_err(Stop::Usage)?),
        None => beside,
    };
    let engine = engine(&newest.artefact)?;
    if let Some(manifest) = &manifest
        && manifest.engine != engine.kind()
    {
        return Err(Stop::Usage(format!(
            "the manifest is of a {} database, and {} is a backup of {}",
            manifest.engine.name(),
            newest.artefact.name,
            engine.kind().name()
        )));
    }
    if let Some(source) = &order.source
        && source.address.engine() != engine.kind()
    {
        return Err(Stop::Usage(format!(
            "the source is a {} database, and {} is a backup of {}",
            source.address.engine().name(),
            newest.artefact.name,
            engine.kind().name()
        )));
    }
    let account = Account::unprivileged(engine.accounts())?;
    Ok(Plan { order, newest, manifest, account, engine, source })
}

/// Looks into an encrypted artefact with the declared command. `beginning` gives what opens it.
fn decrypted(
    order: &Order,
    artefact: &mut Artefact,
    encryption: Encryption,
    beginning: &dyn Fn(&Artefact) -> Result<locations::Opener, Stop>,
) -> Result<(), Stop> {
    let Some(command) = &order.decrypt_command else {
        return Err(Stop::CouldNot(encryption.undeclared(&artefact.name)));
    };
    let decryption = Decryption::declared(command, &order.folder, encryption, artefact.size)?;
    if !order.agreed {
        return Err(Stop::Asks(format!(
            "{} of {} is encrypted with {}. To look into it, the drill runs the command that [drill.restore] names:\n  {}\n",
            artefact.name,
            order.place.shown(),
            encryption.name(),
            decryption.shown()
        )));
    }
    let open = beginning(artefact)?;
    let mut layers = artefact.layers.clone();
    layers.push(Layer::Encrypted(Box::new(decryption)));
    let refused = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::TimedOut => Stop::CouldNot(error.to_string()),
        _ => Stop::Refused(format!("{}, the newest backup, cannot be decrypted: {error}", artefact.name)),
    };
    match artefact::tell_inside(&open, layers.clone()).map_err(refused)? {
        Some((layers, format, versions)) if !matches!(format, Format::Encrypted(_)) => {
            artefact.layers = layers;
            artefact.format = format;
            artefact.versions = versions;
            Ok(())
        }
        _ => {
            // Some programs tell a wrong key at the end only.
            let read = reading::decode(open().map_err(refused)?, &layers)
                .and_then(|stream| std::io::copy(&mut stream.take(LONGEST_LOOK), &mut std::io::sink()));
            read.map_err(refused)?;
            Err(Stop::Refused(format!(
                "{}, the newest backup, was decrypted, and what came out is no backup that is known here; it may be the wrong key",
                artefact.name
            )))
        }
    }
}

impl Plan {
    /// What restores it.
    pub fn engine(&self) -> String {
        self.engine.describe()
    }

    /// Every step, in words.
    pub fn steps(&self) -> Vec<String> {
        let artefact = &self.newest.artefact;
        let mut steps = vec![format!(
            "make a folder of its own under {} that only {} may enter, watched by a supervisor that removes it whatever happens",
            self.order.scratch.display(),
            self.account.as_ref().map_or("you", |account| account.name.as_str())
        )];
        steps.extend(self.source.iter().flat_map(repositories::Source::steps));
        if !self.newest.objects.is_empty() {
            steps.push(format!(
                "download the backup into it ({}{}), and nothing else; the storage is only read",
                sized(artefact.size),
                match self.newest.objects.len() {
                    1 => String::new(),
                    several => format!(", {several} objects"),
                }
            ));
            steps.push(
                "ask the bucket whether it keeps versions of what is overwritten and deleted".to_owned(),
            );
        }
        for layer in &artefact.layers {
            if let Layer::Encrypted(decryption) = layer {
                steps.push(format!("decrypt it on the way, as you, with: {}", decryption.shown()));
            }
        }
        steps.extend(self.engine.steps(artefact, self.account.as_ref()));
        if self.engine.kind() != Kind::Sqlite {
            steps.push(
                "keep those programs, and whatever the backup makes them start, from writing outside of the folder, from reading \
                 more than the system's programs and the backup, and from the network (Landlock and seccomp; the report says what the kernel \
                 lacks)"
                    .to_owned(),
            );
        }
        steps.push(
            "check the integrity of what was restored, count its rows, look at its sequences".to_owned(),
        );
        steps.push(match &self.manifest {
            Some(manifest) => {
                format!("compare every table with the manifest of {}", manifest.taken_at)
            }
            None if self.order.source.is_some() => {
                "verify contents only where the source is still as it was: there is no manifest".to_owned()
            }
            None => {
                "verify no contents: there is no manifest, and the evidence stays \"observed\"".to_owned()
            }
        });
        if let Some(source) = &self.order.source {
            steps.push(format!(
                "read every table of {} (env:{}) in one read-only snapshot, and compare; nothing is written there",
                source.address.shown(),
                source.variable
            ));
            steps
                .push("compare where its data is with where the backup is: disk, machine, bucket".to_owned());
        }
        for verify in &self.order.verify {
            steps.push(match verify {
                Verify::Query(query) => format!("ask the restored database: {query}"),
                Verify::Command { text, folder } => {
                    format!("run in {}, with the address of the restored database: {text}", folder.display())
                }
            });
        }
        steps.push(format!(
            "restore damaged copies, which must be refused or found different: {}{}",
            controls::kinds(self.manifest.is_some())
                .iter()
                .map(|damage| controls::name(*damage))
                .collect::<Vec<_>>()
                .join(", "),
            if self.manifest.is_none() && self.order.source.is_some() {
                "; where the source is still as it was, also a copy with changed bytes"
            } else {
                ""
            }
        ));
        steps.push(
            if self.engine.kind() == Kind::Sqlite {
                "remove the folder"
            } else {
                "stop the server and remove the folder"
            }
            .to_owned(),
        );
        steps
    }
}
