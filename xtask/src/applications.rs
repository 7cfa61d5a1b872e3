//! Applications that others wrote, installed from registries, started on this machine, and what Seaworthy says of each.
//!
//! What is expected of each lies beside how it is installed, one file for each, and was checked by hand. An answer that
//! nobody expects is a failure, as is an expected one that does not come.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use seaworthy_testkit::servers::{Server, free_port};
use serde::Deserialize;
use serde_json::Value;

use crate::Outcome;
use crate::peers::{replace_between, seconds, timed};
use crate::step::{on_path, program, show};

const FOLDER: &str = "xtask/src/applications";
/// The table is written between these lines of the page; what stands around them is written by hand.
const PAGE: &str = "docs/applications.md";
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";
/// Answers that depend on the machine.
const UNSTEADY: &[&str] = &["performance.response-times"];
/// How long an application may take until it answers.
const FIRST: Duration = Duration::from_secs(60);

/// An application: how it is had, how it is started, and what is expected of it. In all texts `{tools}` is where it is
/// installed, `{scratch}` a new folder in which it runs, `{port}` where it listens, `{service_port}` where what it needs
/// does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    stack: String,
    version: String,
    /// Installed and looked at in a few minutes.
    #[serde(default)]
    quick: bool,
    /// Programs with the Debian package of each.
    programs: Vec<(String, String)>,
    /// Debian packages with a file of each.
    #[serde(default)]
    packages: Vec<(String, PathBuf)>,
    /// What is there once it is installed.
    #[serde(default)]
    installed: Option<String>,
    #[serde(default)]
    install: Vec<Vec<String>>,
    /// Files that are written before it is prepared.
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    prepare: Vec<Vec<String>>,
    /// What it needs beside it.
    #[serde(default)]
    service: Option<Vec<String>>,
    /// What is done once that runs.
    #[serde(default)]
    then: Vec<Vec<String>>,
    start: Vec<String>,
    /// Items that are decided, with their status.
    expect: BTreeMap<String, String>,
}

/// What came of one.
struct Seen {
    decided: BTreeMap<String, String>,
    /// What was said, for those that were not expected.
    reasons: BTreeMap<String, String>,
    took: Duration,
}

/// The task: all of them, or those that are quick, or those that are named.
pub fn run(root: &Path, arguments: &[&str]) -> Outcome {
    let all = read(root)?;
    let quick = arguments == ["--quick"];
    let wanted: Vec<&Application> = all
        .iter()
        .filter(|one| {
            if quick { one.quick } else { arguments.is_empty() || arguments.contains(&one.name.as_str()) }
        })
        .collect();
    if wanted.is_empty() {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        return Err(format!("there are: {}", names.join(", ")));
    }
    let seaworthy = program(root, false)?;
    let mut table = String::from(
        "| Application | Stack | Holds | Fails | Does not apply | Wall time |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let mut differing = Vec::new();
    for one in wanted {
        let seen = look(root, one, &seaworthy).map_err(|why| format!("{}: {why}", one.name))?;
        let with = |status: &str| {
            let ids: Vec<&str> =
                seen.decided.iter().filter(|(_, is)| *is == status).map(|(id, _)| id.as_str()).collect();
            ids.join(", ")
        };
        let _ = writeln!(
            table,
            "| {} {} | {} | {} | {} | {} | {} |",
            one.name,
            one.version,
            one.stack,
            with("pass"),
            with("fail"),
            with("not-applicable"),
            seconds(seen.took)
        );
        differing.extend(differences(one, &seen));
    }
    print!("{table}");
    if !differing.is_empty() {
        return Err(format!("not as expected:\n{}", differing.join("\n")));
    }
    if arguments.is_empty() { replace_between(&root.join(PAGE), BEGIN, END, &table) } else { Ok(()) }
}

fn read(root: &Path) -> Result<Vec<Application>, String> {
    let folder = root.join(FOLDER);
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
            text.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()))
                .map_err(|why| format!("{}: {why}", file.display()))
        })
        .collect()
}

/// What is decided otherwise than expected, a line each.
fn differences(one: &Application, seen: &Seen) -> Vec<String> {
    let ids: Vec<&String> =
        one.expect.keys().chain(seen.decided.keys().filter(|id| !one.expect.contains_key(*id))).collect();
    ids.into_iter()
        .filter(|id| one.expect.get(*id) != seen.decided.get(*id))
        .map(|id| {
            let word = |status: Option<&String>| status.map_or("unknown", String::as_str).to_owned();
            format!(
                "  {} {id}: {} instead of {}: {}",
                one.name,
                word(seen.decided.get(id)),
                word(one.expect.get(id)),
                seen.reasons.get(id).map_or("", String::as_str)
            )
        })
        .collect()
}

/// Where an application is and runs.
struct Place {
    tools: PathBuf,
    scratch: PathBuf,
    port: u16,
    service_port: u16,
}

impl Place {
    fn fill(&self, text: &str) -> String {
        text.replace("{tools}", &self.tools.display().to_string())
            .replace("{scratch}", &self.scratch.display().to_string())
            .replace("{port}", &self.port.to_string())
            .replace("{service_port}", &self.service_port.to_string())
    }

    fn command(&self, one: &Application, words: &[String]) -> Result<Command, String> {
        let (program, rest) = words.split_first().ok_or("a command without words")?;
        let mut command = Command::new(self.fill(program));
        command
            .args(rest.iter().map(|word| self.fill(word)))
            .current_dir(&self.scratch)
            .env("HOME", &self.scratch);
        for (name, value) in &one.environment {
            command.env(name, self.fill(value));
        }
        Ok(command)
    }

    fn step(&self, one: &Application, words: &[String]) -> Outcome {
        quietly(&mut self.command(one, words)?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

fn look(root: &Path, one: &Application, seaworthy: &Path) -> Result<Seen, String> {
    let at = |file: &PathBuf| file.exists();
    let lacking = one.programs.iter().filter(|(program, _)| !on_path(program)).map(|(_, package)| package);
    let lacking: Vec<&str> = lacking
        .chain(one.packages.iter().filter(|(_, file)| !at(file)).map(|(package, _)| package))
        .map(String::as_str)
        .collect();
    if !lacking.is_empty() {
        return Err(format!("Debian packages are missing: {}", lacking.join(", ")));
    }
    let folder = one.name.to_ascii_lowercase().replace([' ', '\''], "-");
    let place = Place {
        tools: root.join("target/test-tools/applications").join(&folder),
        scratch: std::env::temp_dir().join(format!("seaworthy-{folder}-{}", std::process::id())),
        port: free_port(),
        service_port: free_port(),
    };
    for folder in [&place.tools, &place.scratch] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    install(one, &place)?;
    for (name, text) in &one.files {
        std::fs::write(place.scratch.join(name), place.fill(text.trim_start()))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    for words in &one.prepare {
        place.step(one, words)?;
    }
    let _service = match &one.service {
        Some(words) => Some(Server::program(place.command(one, words)?, place.service_port)),
        None => None,
    };
    for words in &one.then {
        place.step(one, words)?;
    }
    let _server = Server::program(place.command(one, &one.start)?, place.port);
    let url = format!("http://127.0.0.1:{}", place.port);
    let until = Instant::now() + FIRST;
    while !answers(place.port) {
        if Instant::now() > until {
            return Err(format!("no answer in {} seconds", FIRST.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let ran = timed(Command::new(seaworthy).args(["check", "--format", "json", "--url", &url]))?;
    let report: Value = serde_json::from_slice(&ran.output).map_err(|error| format!("no report: {error}"))?;
    let mut seen = Seen { decided: BTreeMap::new(), reasons: BTreeMap::new(), took: ran.took };
    for item in report["items"].as_array().into_iter().flatten() {
        let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        if UNSTEADY.contains(&text("id").as_str()) {
            continue;
        }
        seen.reasons.insert(text("id"), text("reason"));
        if text("status") != "unknown" {
            seen.decided.insert(text("id"), text("status"));
        }
    }
    Ok(seen)
}

/// Installs it once for each way of installing.
fn install(one: &Application, place: &Place) -> Outcome {
    let Some(installed) = &one.installed else { return Ok(()) };
    let way = format!("{:?}", one.install);
    let mark = place.tools.join("installed-as");
    if place.tools.join(installed).exists() && std::fs::read_to_string(&mark).is_ok_and(|known| known == way)
    {
        return Ok(());
    }
    println!("installing {} {}", one.name, one.version);
    for words in &one.install {
        let mut command = place.command(one, words)?;
        // Package managers keep what they fetched where they always do.
        match std::env::var_os("HOME") {
            Some(home) => command.env("HOME", home),
            None => command.env_remove("HOME"),
        };
        quietly(&mut command)?;
    }
    std::fs::write(mark, way).map_err(|error| error.to_string())
}

/// Runs a step, and shows what it wrote where it fails.
fn quietly(command: &mut Command) -> Outcome {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{shown}` could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let wrote = [output.stdout, output.stderr].concat();
    Err(format!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&wrote)))
}

/// It answers over HTTP, whatever it says.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(FIRST))?;
        write!(stream, "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut begin = [0; 5];
        stream.read_exact(&mut begin)?;
        Ok(&begin == b"HTTP/")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_sound() {
        let all = read(&crate::root()).unwrap_or_default();
        assert!(all.len() >= 5);
        assert!(all.iter().any(|one| one.quick));
        for one in &all {
            assert!(one.installed.is_some() != one.install.is_empty(), "{}", one.name);
            assert!(one.expect.keys().all(|id| id.contains('.')), "{}", one.name);
            assert!(!one.expect.values().any(|status| status == "unknown"), "{}", one.name);
        }
    }
}
