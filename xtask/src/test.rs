//! Everything that a change must pass, ending with the test runner's own words.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::step::{cargo, run};
use crate::{Outcome, docs, golden, needs, root};

type Check<'a> = Box<dyn Fn() -> Outcome + 'a>;

/// Runs the checks and names those that failed.
fn checks(root: &Path) -> Vec<String> {
    let fuzz = root.join("fuzz/Cargo.toml");
    let mut checks: Vec<(&str, Check)> = vec![
        ("formatting", Box::new(|| run(cargo(root).args(["fmt", "--all", "--check"])))),
        (
            "clippy",
            Box::new(|| {
                run(cargo(root).args([
                    "clippy",
                    "-q",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "-D",
                    "warnings",
                ]))
            }),
        ),
        ("generated documents", Box::new(|| docs::check(root))),
        (
            "documentation comments",
            Box::new(|| {
                run(cargo(root)
                    .args(["doc", "-q", "--workspace", "--no-deps"])
                    .env("RUSTDOCFLAGS", "-D warnings"))
            }),
        ),
    ];
    if fuzz.is_file() {
        checks.push((
            "fuzz targets",
            Box::new(move || run(cargo(root).args(["check", "-q", "--manifest-path"]).arg(&fuzz))),
        ));
    }
    checks.push(("golden reports", Box::new(|| golden::run(root, true))));
    checks.push((
        "documentation tests",
        Box::new(|| run(cargo(root).args(["test", "-q", "--workspace", "--doc"]))),
    ));

    let mut failed = Vec::new();
    for (name, check) in checks {
        let began = Instant::now();
        let outcome = check();
        println!(
            "{name}: {} ({} s)",
            if outcome.is_ok() { "ok" } else { "FAILED" },
            began.elapsed().as_secs()
        );
        if let Err(why) = outcome {
            eprintln!("{why}");
            failed.push(name.to_owned());
        }
    }
    failed
}

/// Runs all checks, then the tests. A check that fails does not hide what the tests say; the task fails all the same.
pub fn all(install: bool) -> Outcome {
    let root = root();
    needs::satisfy(install)?;
    let failed = checks(&root);
    if !failed.is_empty() {
        println!("failed before the tests: {}", failed.join(", "));
    }
    match std::env::var("SEAWORTHY_CONTRACT") {
        Ok(contract) => println!("the checklist is compared with {contract}"),
        Err(_) => println!("the checklist is not compared with the contract: SEAWORTHY_CONTRACT is not set"),
    }
    let mut tests = cargo(&root);
    if has_nextest() {
        tests.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        tests.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    }
    run(&mut tests)?;
    if failed.is_empty() { Ok(()) } else { Err(format!("failed before the tests: {}", failed.join(", "))) }
}

fn has_nextest() -> bool {
    Command::new("cargo-nextest")
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}
