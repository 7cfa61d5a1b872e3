//! What the tests need besides Rust, and how to get it.

use std::process::Command;

use seaworthy_testkit::storage::PYTHON_TOOLS;

use crate::Outcome;
use crate::step::{on_path, run};

struct Need {
    /// Any of these programs will do.
    programs: &'static [&'static str],
    /// The Debian package that holds it.
    package: &'static str,
    /// What it is for.
    why: &'static str,
}

const NEEDS: &[Need] = &[
    Need { programs: &["git"], package: "git", why: "scratch repositories" },
    Need {
        programs: &["ssh-keygen"],
        package: "openssh-client",
        why: "the ledger's signatures are checked against it",
    },
    Need {
        programs: &["chromium", "chromium-browser", "google-chrome"],
        package: "chromium",
        why: "the HTML report is opened in a browser",
    },
    Need {
        programs: &["nginx"],
        package: "nginx-light",
        why: "the running site's collector asks a real server",
    },
    Need { programs: &["openssl"], package: "openssl", why: "certificates of test servers" },
    Need {
        // Debian keeps the programs of servers off the path.
        programs: &[
            "/usr/lib/postgresql/15/bin/pg_amcheck",
            "/usr/lib/postgresql/16/bin/pg_amcheck",
            "/usr/lib/postgresql/17/bin/pg_amcheck",
            "/usr/lib/postgresql/18/bin/pg_amcheck",
        ],
        package: "postgresql",
        why: "backups are made and restored",
    },
    Need { programs: &["sqlite3"], package: "sqlite3", why: "database files are made" },
    Need {
        programs: &["/usr/sbin/mariadbd", "mariadbd"],
        package: "mariadb-server",
        why: "dumps are made and restored",
    },
    Need { programs: &["restic"], package: "restic", why: "repositories are made and restored" },
    Need { programs: &["borg"], package: "borgbackup", why: "repositories are made and restored" },
    Need {
        programs: &["pgbackrest"],
        package: "pgbackrest",
        why: "copies of clusters are made and restored",
    },
    Need {
        programs: &["mariadb-backup"],
        package: "mariadb-backup",
        why: "copies of data directories are made and restored",
    },
    Need { programs: &["zstd"], package: "zstd", why: "backups are compressed" },
    Need { programs: &["xz"], package: "xz-utils", why: "backups are compressed" },
    Need { programs: &["setpriv"], package: "util-linux", why: "servers do not run as root" },
    Need { programs: &["rg"], package: "ripgrep", why: "the benchmark's peer" },
    Need { programs: &["hyperfine"], package: "hyperfine", why: "timing by hand" },
    Need { programs: &["node"], package: "nodejs", why: "applications that trials start" },
    Need { programs: &["npm"], package: "npm", why: "applications that trials start" },
    Need {
        programs: &["openssl"],
        package: "openssl",
        why: "certificates, and servers of old versions of TLS",
    },
    Need { programs: &["nginx"], package: "nginx-light", why: "a site that is probed" },
    Need { programs: &["caddy"], package: "caddy", why: "a site that is probed" },
    Need { programs: &["pebble"], package: "pebble", why: "an authority that issues by ACME" },
    Need { programs: &["curl"], package: "curl", why: "the commands of a report are repeated" },
    Need { programs: &["apache2"], package: "apache2-bin", why: "a site that is probed" },
    Need { programs: &["haproxy"], package: "haproxy", why: "a site that is probed" },
    Need { programs: &["python3"], package: "python3", why: "a site that is probed" },
    Need { programs: &["age-keygen"], package: "age", why: "backups are encrypted" },
    Need { programs: &["gpg"], package: "gnupg", why: "backups are encrypted" },
    Need { programs: &["pip3"], package: "python3-pip", why: "tools of Python that Debian does not have" },
    Need { programs: &["cc", "gcc", "clang"], package: "gcc", why: "the grammars are C" },
];

/// Packages of Python that Debian does not have: what is imported, and what is installed.
const PYTHON: &[(&str, &str, &str)] =
    &[("moto.server, flask", "moto[server]==5.2.1", "object storage that backups are fetched from")];

/// Makes sure that everything is there; installs Debian packages when this is allowed and possible.
pub fn satisfy(install: bool) -> Outcome {
    components()?;
    programs(install)?;
    python(install)
}

fn programs(install: bool) -> Outcome {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if install && on_path("apt-get") && is_root() {
        println!("installing {}", packages.join(" "));
        run(apt().arg("update").arg("-qq"))?;
        run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages))?;
    }
    let missing = self::missing();
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|need| format!("  {} ({}): Debian package {}", need.programs[0], need.why, need.package))
        .collect();
    Err(format!("the tests need programs that are missing here:\n{}", lines.join("\n")))
}

/// Packages of Python go into a folder of the build's own.
fn python(install: bool) -> Outcome {
    for (import, package, why) in PYTHON {
        let there = || {
            let mut python = Command::new("python3");
            python.args(["-c", &format!("import {import}")]).env("PYTHONPATH", PYTHON_TOOLS);
            python.output().is_ok_and(|output| output.status.success())
        };
        if there() {
            continue;
        }
        if install {
            println!("installing {package}");
            let target = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"];
            run(Command::new("python3").args(target).args([PYTHON_TOOLS, package]))?;
        }
        if !there() {
            return Err(format!(
                "the tests need a package of Python that is missing here ({why}): \
                 python3 -m pip install --target target/test-tools/python '{package}'"
            ));
        }
    }
    Ok(())
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !need.programs.iter().any(|program| on_path(program))).collect()
}

/// The parts of the Rust toolchain that a minimal installation leaves out.
fn components() -> Outcome {
    let lacking: Vec<&str> = [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")]
        .into_iter()
        .filter(|(program, _)| {
            !Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
        })
        .map(|(_, component)| component)
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    if on_path("rustup") {
        return run(Command::new("rustup").args(["component", "add"]).args(&lacking));
    }
    Err(format!("the Rust toolchain lacks {}", lacking.join(" and ")))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
