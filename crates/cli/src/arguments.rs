//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Proves that a web application is ready for production.
#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    version,
    about = "Proves that a web application is ready for production",
    long_about = "Seaworthy collects evidence for a production-readiness checklist of 86 items and says, item by item, \
                  what is proven, what is only configured, what is missing, and how to fix it.",
    after_help = "Exit codes: 0 the gate passed · 1 the gate failed · 2 wrong usage or configuration · 3 could not assess",
    arg_required_else_help = true
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect read-only evidence, judge it, report
    Check(Check),
    /// Detect what is there and write a commented seaworthy.toml
    Init(Init),
    /// Show the checklist
    List(List),
    /// Show one item's page: what is checked, why it matters, how to fix it
    Explain(Explain),
    /// Only collect: write the facts, to be judged later or elsewhere
    Collect(Collect),
    /// Only judge: read facts that `collect` wrote
    Judge(Judge),
    /// Sign, as a person, that an item holds; until a day
    Attest(Attest),
    /// Act, with your consent, on something made for the purpose: restore a backup
    Drill {
        /// Which drill
        #[command(subcommand)]
        drill: Drill,
    },
    /// What a backup job does besides the backup
    Backup {
        /// What
        #[command(subcommand)]
        backup: Backup,
    },
    /// Write a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page
    Man,
}

/// What to audit.
#[derive(Debug, Clone, Args)]
pub struct Audited {
    /// Folder that belongs to the same system, such as an infrastructure repository (can be repeated)
    #[arg(long, value_name = "DIR")]
    pub with: Vec<PathBuf>,
    /// Deployment platform that counts, such as fly, vercel or kubernetes (can be repeated)
    #[arg(long, value_name = "NAME")]
    pub deploy: Vec<String>,
    /// Configuration file instead of PATH/seaworthy.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use no network (nothing that is read from a folder ever does)
    #[arg(long)]
    pub offline: bool,
}

/// Which running site is looked at, and how.
#[derive(Debug, Clone, Default, Args)]
pub struct Probing {
    /// Address of the running site, with its scheme (can be repeated; without PATH it is looked at alone)
    #[arg(long, value_name = "URL", conflicts_with = "offline")]
    pub url: Vec<String>,
    /// Look at the addresses that the configuration names as production and staging
    #[arg(long, conflicts_with = "offline")]
    pub live: bool,
    /// Send requests that go wrong also to what is not declared as staging, to see the error answers
    #[arg(long)]
    pub probe_errors: bool,
    /// Certificates of your own certification authorities (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Requests that may be sent to each address, and as many handshakes
    #[arg(long, value_name = "COUNT", default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub max_requests: u32,
    /// Look without a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Write what the site answered, to be judged again with --replay
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Add what the site showed to the ledger, so that later runs know it and see certificates renewed
    #[arg(long, conflicts_with = "replay")]
    pub remember: bool,
    /// Judge what --record wrote instead of asking the site
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "live", "record"])]
    pub replay: Option<PathBuf>,
}

impl Probing {
    /// Whether a running site is looked at at all.
    pub fn is_asked(&self) -> bool {
        !self.url.is_empty() || self.live || self.replay.is_some()
    }
}

/// How to judge and report.
#[derive(Debug, Clone, Args)]
pub struct Judging {
    /// Judge only this item or section (can be repeated)
    #[arg(long, value_name = "ITEM|SECTION")]
    pub only: Vec<String>,
    /// Judge as of this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub at: Option<String>,
    /// Rules from outside the repository, which it cannot lower
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Earlier JSON report: fail only on what is new
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Unknown counts as failed
    #[arg(long)]
    pub strict: bool,
    /// Output format (can be repeated; each `-o` belongs to the format of the same place)
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Vec<OutputFormat>,
    /// Write to a file instead of standard output; without --format the ending tells the format
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Show every item with its evidence
    #[arg(short, long)]
    pub verbose: bool,
    /// Show the verdict only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Folder of the repository; several give one report each
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub audited: Audited,
    #[command(flatten)]
    pub probing: Probing,
    #[command(flatten)]
    pub change: Change,
    #[command(flatten)]
    pub judging: Judging,
}

/// Which change is judged.
#[derive(Debug, Clone, Args)]
pub struct Change {
    /// Judge the change since this revision: its configuration decides, weakenings and what the change adds are shown
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// Coverage report of the change (lcov, Cobertura, JaCoCo, Clover, Go, …), besides those at their usual places (can be repeated)
    #[arg(long, value_name = "FILE", requires = "since")]
    pub coverage: Vec<PathBuf>,
}

impl Change {
    /// The change, where one is named.
    pub fn asked(&self) -> Option<seaworthy_engine::Asked> {
        let since = self.since.clone()?;
        Some(seaworthy_engine::Asked { since, coverage: self.coverage.clone() })
    }
}

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
    /// Show what would be written
    #[arg(long)]
    pub print: bool,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only these sections
    #[arg(value_name = "SECTION")]
    pub sections: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The item, such as ci.tests
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// Show also how this folder stands
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
}

/// `collect`.
#[derive(Debug, Args)]
pub struct Collect {
    /// Folder of the repository
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    #[command(flatten)]
    pub audited: Audited,
    #[command(flatten)]
    pub probing: Probing,
    #[command(flatten)]
    pub change: Change,
    /// File to write; standard output without it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `judge`.
#[derive(Debug, Args)]
pub struct Judge {
    /// File that `collect` wrote; `-` reads standard input
    #[arg(value_name = "FACTS")]
    pub facts: PathBuf,
    /// Configuration file for the gate
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub judging: Judging,
}

/// `attest`.
#[derive(Debug, Args)]
pub struct Attest {
    /// The item, such as review.understood
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// Last day on which it counts
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: String,
    /// What you vouch for, in your own words
    #[arg(long, value_name = "TEXT")]
    pub note: String,
    /// Folder of the repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// SSH key to sign with; without it the agent's or your usual key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Your name in the allowed-signers file
    #[arg(long, value_name = "PRINCIPAL")]
    pub by: Option<String>,
}

/// `drill`.
#[derive(Debug, Subcommand)]
pub enum Drill {
    /// Restore the newest backup into a scratch server of its own, check it, and record what was found
    Restore(Box<DrillRestore>),
    /// Try whether a bucket for staging gives back what was overwritten and deleted, and record it
    Versioning(DrillVersioning),
}

/// `drill versioning`.
#[derive(Debug, Args)]
pub struct DrillVersioning {
    /// The bucket, as s3://BUCKET
    #[arg(value_name = "BUCKET")]
    pub bucket: String,
    /// Folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Address of the object storage, where it is not AWS' own
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Only ask the bucket whether it keeps versions, and write nothing
    #[arg(long)]
    pub only_ask: bool,
    /// The bucket is for staging, although its name does not say so
    #[arg(long, conflicts_with = "only_ask")]
    pub staging: bool,
    /// Only print every step
    #[arg(long)]
    pub plan: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Add nothing to the ledger
    #[arg(long)]
    pub no_record: bool,
    /// SSH key to sign the record with; without it the agent's or your usual key, where there is one
    #[arg(long, value_name = "FILE", conflicts_with = "no_record")]
    pub key: Option<PathBuf>,
    /// Configuration file instead of PATH/seaworthy.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `drill restore`.
#[derive(Debug, Args)]
pub struct DrillRestore {
    /// Folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Folder of the backups, one backup, or s3://BUCKET/PREFIX; without it `location` of the backups in seaworthy.toml
    #[arg(long, value_name = "LOCATION")]
    pub from: Option<String>,
    /// Address of the object storage, where it is not AWS' own
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Which files there are backups of this system, such as 'shop-*.dump'
    #[arg(long = "match", value_name = "GLOB", requires = "from")]
    pub pattern: Option<String>,
    /// What the database held when the backup was taken; without it BACKUP.manifest.json
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// The live database that is backed up, as env:NAME (a variable that holds its address): compared with in one read-only
    /// snapshot
    #[arg(long, value_name = "env:NAME")]
    pub source: Option<String>,
    /// Restore nothing, and look at a database that you restored yourself from a managed snapshot, as env:NAME; only read. With
    /// --plan the commands of RDS, Cloud SQL and Supabase are printed
    #[arg(long, value_name = "env:NAME", conflicts_with = "from")]
    pub restored_url: Option<String>,
    /// The database of --restored-url is no production, although its name looks like it
    #[arg(long, requires = "restored_url")]
    pub not_production: bool,
    /// Make damaged copies of everything, also where a slice of a large backup would do
    #[arg(long)]
    pub full_controls: bool,
    /// Only print every step
    #[arg(long)]
    pub plan: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Where the scratch folder is made; it needs room for the restored database
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// Add nothing to the ledger
    #[arg(long)]
    pub no_record: bool,
    /// SSH key to sign the record with; without it the agent's or your usual key, where there is one
    #[arg(long, value_name = "FILE", conflicts_with = "no_record")]
    pub key: Option<PathBuf>,
    /// Write the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Tell no progress
    #[arg(short, long)]
    pub quiet: bool,
    /// Configuration file instead of PATH/seaworthy.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `backup`.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Write what the database holds, for the restore drill to compare with
    Manifest(BackupManifest),
}

/// `backup manifest`.
#[derive(Debug, Args)]
pub struct BackupManifest {
    /// The database: env:NAME (a variable that holds its address), or the file of an SQLite database
    #[arg(long, value_name = "env:NAME|FILE")]
    pub database: String,
    /// File to write, BACKUP.manifest.json; standard output without it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Take the manifest of a snapshot that another session exported
    #[arg(long, value_name = "ID", conflicts_with = "command")]
    pub snapshot: Option<String>,
    /// Backup command to run at the same snapshot, which stands in for {snapshot}
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people, on a terminal
    Terminal,
    /// The whole report
    Json,
    /// The whole report on one line
    Jsonl,
    /// For code scanning
    Sarif,
    /// One self-contained page
    Html,
    /// For a pull request comment
    Markdown,
    /// For CI test reports
    Junit,
    /// Annotations and step summary of GitHub Actions
    Github,
}
