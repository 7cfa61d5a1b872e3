//! Drives the real program on real folders, with a clean environment.
#![allow(clippy::unwrap_used, dead_code)]

pub mod place;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder to audit.
pub struct Sample {
    folder: tempfile::TempDir,
}

impl Sample {
    /// A folder with these files; a plain folder, no repository.
    pub fn plain(files: &[(&str, &str)]) -> Sample {
        let sample = Sample { folder: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            sample.write(path, text);
        }
        sample
    }

    /// A git repository with these files in its first commit.
    pub fn repository(files: &[(&str, &str)]) -> Sample {
        let sample = Sample::plain(files);
        sample.git(&["init", "-q"]);
        sample.commit("first");
        sample
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.path())
            .output()
            .expect("git is installed (Debian package git)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs the program in the folder.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run_in(self.path(), arguments)
    }

    /// Writes the manifest of a live database, by its address.
    pub fn manifest(&self, database: &str, target: impl AsRef<Path>) {
        let mut manifest = command(self.path());
        manifest.args(["backup", "manifest", "--database", "env:SHOP", "-o"]).arg(target.as_ref());
        let run = finish(manifest.env("SHOP", database).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
    }

    /// Runs `check .` with JSON and gives the report.
    pub fn report(&self, arguments: &[&str]) -> serde_json::Value {
        let mut all = vec!["check", ".", "--format", "json"];
        all.extend(arguments);
        let run = self.run(&all);
        serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr))
    }
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder);
    command
}

pub fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    finish(command(folder).args(arguments).output().unwrap())
}

/// Runs the program as a user whom permissions bind: as root it is copied to where nobody may look, and run as nobody.
pub fn run_as_nobody(folder: &Path, arguments: &[&str]) -> Run {
    use std::os::unix::fs::PermissionsExt as _;

    let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if !root {
        return run_in(folder, arguments);
    }
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("seaworthy");
    fs::copy(env!("CARGO_BIN_EXE_seaworthy"), &program).unwrap();
    for path in [place.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(arguments)
        // The folder itself may be one that the user may not enter.
        .current_dir(if arguments.contains(&".") { folder } else { Path::new("/") })
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("setpriv is installed (Debian package util-linux)");
    finish(output)
}

pub fn finish(output: Output) -> Run {
    Run {
        code: output.status.code().expect("the program was not ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An item of a report.
pub fn item<'a>(report: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == id)
        .unwrap_or_else(|| panic!("no item {id}"))
}
