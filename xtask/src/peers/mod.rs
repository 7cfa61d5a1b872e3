//! Seaworthy beside programs that do a part of the same work, on the same servers in one run.
//!
//! What they answer is compared and written to `docs/`. Times depend on the machine: they are printed, and nothing is
//! judged by them.

mod headers;
mod measure;
mod tls;

pub use measure::{median, seconds, timed};

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::step::{on_path, run};

/// The task.
pub fn run_peers(root: &Path, arguments: &[&str]) -> Outcome {
    match arguments {
        ["headers"] => headers::run(root),
        ["tls"] => tls::run(root),
        _ => Err("name what is compared: headers or tls".to_owned()),
    }
}

/// A folder for programs that a comparison needs and that are no Debian packages.
fn tools(root: &Path) -> PathBuf {
    root.join("target/peers")
}

/// The MDN HTTP Observatory from npm. Its list of preloaded hosts is left empty: no host of a test is on it.
fn observatory(root: &Path) -> Result<PathBuf, String> {
    let folder = tools(root).join("observatory");
    let package = folder.join("node_modules/@mdn/mdn-http-observatory");
    if !package.join("src/scan.js").is_file() {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        std::fs::write(folder.join("package.json"), "{\"private\": true}\n")
            .map_err(|error| error.to_string())?;
        // Scripts of packages are not run.
        run(Command::new("npm").current_dir(&folder).args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "@mdn/mdn-http-observatory",
        ]))?;
    }
    let list = package.join("conf/hsts-preload.json");
    if !list.is_file() {
        std::fs::write(list, "{}\n").map_err(|error| error.to_string())?;
    }
    Ok(package)
}

/// sslyze from PyPI.
fn sslyze(root: &Path) -> Result<PathBuf, String> {
    let folder = tools(root).join("sslyze");
    let program = folder.join("bin/sslyze");
    if !program.is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip")).args(["install", "-q", "sslyze"]))?;
    }
    Ok(program)
}

/// Fails with the name of the Debian package.
fn needs(program: &str, package: &str) -> Outcome {
    if on_path(program) {
        Ok(())
    } else {
        Err(format!("`{program}` is not on the path (Debian package {package})"))
    }
}

/// Puts the measured part into a page whose other parts are written by hand.
pub fn replace_between(page: &Path, begin: &str, end: &str, measured: &str) -> Outcome {
    let name = page.display();
    let text = std::fs::read_to_string(page).map_err(|error| format!("{name}: {error}"))?;
    let lacks = || format!("{name} lacks the lines `{begin}` and `{end}`");
    let (before, rest) = text.split_once(begin).ok_or_else(lacks)?;
    let (_, after) = rest.split_once(end).ok_or_else(lacks)?;
    std::fs::write(page, format!("{before}{begin}\n{}\n{end}{after}", measured.trim_end()))
        .map_err(|error| format!("{name}: {error}"))
}
