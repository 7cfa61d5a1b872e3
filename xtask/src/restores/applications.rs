//! Data of applications that others wrote: backed up, restored, verified; and then with something missing.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seaworthy_testkit::mariadb::MariaDb;
use seaworthy_testkit::postgres::Postgres;
use serde::Deserialize;
use serde_json::Value;

use super::place::{Folder, finish, report};
use super::{Engine, conditions, outcome, write};
use crate::Outcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    engine: Engine,
    database: String,
    install: String,
    prepare: String,
    dump: String,
    /// Of the drill.
    configuration: String,
    /// Makes a copy of the database.
    duplicate: String,
    copy: Vec<Changed>,
}

/// A copy of the database that lacks something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    name: String,
    change: String,
    /// What the drill must say.
    expect: String,
}

#[derive(Deserialize)]
struct Applications {
    application: Vec<Application>,
}

enum Server {
    Postgres(Postgres),
    MariaDb(MariaDb),
}

/// An application with its database.
struct Site<'a> {
    program: &'a Path,
    one: &'a Application,
    folder: &'a Folder,
    server: &'a Server,
    tools: PathBuf,
    work: PathBuf,
}

/// The task.
pub fn run(root: &Path, program: &Path) -> Outcome {
    let all: Applications =
        toml::from_str(include_str!("applications.toml")).map_err(|error| error.to_string())?;
    let folder = Folder::new(program)?;
    let mut table = String::from("| Application | Backup | Drill | Said |\n| --- | --- | --- | --- |\n");
    let mut failed = Vec::new();
    for (index, one) in all.application.iter().enumerate() {
        let server = match one.engine {
            Engine::Postgresql => Server::Postgres(Postgres::start_under(&folder.path)),
            _ => Server::MariaDb(MariaDb::start_under(&folder.path)),
        };
        let name = one.name.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        let engine = if one.engine == Engine::Postgresql { "postgresql" } else { "mariadb" };
        let tools = root.join("target/test-tools/applications").join(format!("{name}-{engine}"));
        fs::create_dir_all(&tools).map_err(|error| format!("{}: {error}", tools.display()))?;
        let work = folder.sub(&format!("work-{index}"), 0o755)?;
        let site = Site { program, one, folder: &folder, server: &server, tools, work };
        for line in site.lines(index).map_err(|why| format!("{}: {why}", one.name))? {
            println!("{}", line.text);
            let _ = writeln!(table, "{}", line.text);
            if !line.expected {
                failed.push(line.text);
            }
        }
    }
    if !failed.is_empty() {
        return Err(format!("not as expected:\n{}", failed.join("\n")));
    }
    write(root, "applications", &format!("{}\n\n{table}", conditions()?))
}

struct Line {
    text: String,
    expected: bool,
}

impl Site<'_> {
    fn lines(&self, index: usize) -> Result<Vec<Line>, String> {
        let one = self.one;
        let nowhere = self.work.clone();
        self.shell(&one.install, &one.database, &nowhere)?;
        self.shell(&one.prepare, &one.database, &nowhere)?;
        let app = self.folder.sub(&format!("app-{index}"), 0o755)?;
        let configuration = one
            .configuration
            .replace("{W}", &self.work.display().to_string())
            .replace("{TOOLS}", &self.tools.display().to_string());
        fs::write(app.join("seaworthy.toml"), configuration).map_err(|error| error.to_string())?;
        let manifest = app.join("manifest.json");
        let address = match self.server {
            Server::Postgres(server) => server.address(&one.database),
            Server::MariaDb(server) => server.address(&one.database),
        };
        finish(
            Command::new(self.program)
                .args(["backup", "manifest", "--database", "env:SITE", "-o"])
                .arg(&manifest)
                .env("SITE", address),
        )?;
        let backups = self.folder.sub(&format!("backups-{index}"), 0o755)?;
        self.shell(&one.dump, &one.database, &backups)?;
        let report = self.drill(&app, &manifest, &backups)?;
        let (found, failed) = outcome(&report);
        let checks = report["checks"].as_array().map_or(&[][..], Vec::as_slice);
        let good = checks.iter().filter(|check| check["outcome"] == "holds").count();
        let held = format!(
            "{} tables, {} rows; {good} of {} checks hold",
            report["tables"],
            report["rows"],
            checks.len()
        );
        let mut lines = vec![Line {
            text: format!("| {} | as it is | {found} | {held} |", one.name),
            expected: !failed && good == checks.len(),
        }];
        for (number, copy) in one.copy.iter().enumerate() {
            let database = format!("copy{number}");
            let backups = self.folder.sub(&format!("backups-{index}-{number}"), 0o755)?;
            self.shell(&one.duplicate, &database, &backups)?;
            self.shell(&copy.change, &database, &backups)?;
            self.shell(&one.dump, &database, &backups)?;
            let report = self.drill(&app, &manifest, &backups)?;
            let answer = said(&report, &copy.expect);
            lines.push(Line {
                expected: report["verdict"] == "failed" && answer.contains(&copy.expect),
                text: format!(
                    "| {} | {} | {} | {answer} |",
                    one.name,
                    copy.name,
                    report["verdict"].as_str().unwrap_or_default()
                ),
            });
        }
        Ok(lines)
    }

    fn drill(&self, app: &Path, manifest: &Path, from: &Path) -> Result<Value, String> {
        let mut drill = Command::new(self.program);
        drill
            .args(["drill", "restore"])
            .arg(app)
            .args(["--yes", "--quiet", "--json", "--no-record", "--from"])
            .arg(from)
            .arg("--manifest")
            .arg(manifest)
            .arg("--scratch")
            .arg(self.folder.path.join("scratch"));
        report(&mut drill)
    }

    fn shell(&self, script: &str, database: &str, backups: &Path) -> Outcome {
        let mut shell = Command::new("sh");
        shell
            .args(["-eu", "-c", script])
            .current_dir(&self.work)
            .env("HOME", &self.work)
            .env("TOOLS", &self.tools)
            .env("W", &self.work)
            .env("B", backups)
            .env("DATABASE", database);
        match self.server {
            Server::Postgres(server) => shell.env("PGHOST", server.socket()).env("PGUSER", "postgres"),
            Server::MariaDb(server) => shell.env("M", server.socket()),
        };
        finish(&mut shell)
    }
}

/// Everything wrong that a report says, what is expected first.
fn said(report: &Value, expected: &str) -> String {
    let mut all: Vec<String> = report["reason"].as_str().map(str::to_owned).into_iter().collect();
    for check in report["checks"].as_array().into_iter().flatten() {
        if check["outcome"] == "fails" {
            all.push(format!(
                "{}: {}",
                check["name"].as_str().unwrap_or_default(),
                check["detail"].as_str().unwrap_or_default()
            ));
        }
    }
    all.sort_by_key(|text| !text.contains(expected));
    all.dedup();
    all.truncate(2);
    all.join("; ").replace('|', "\\|")
}
