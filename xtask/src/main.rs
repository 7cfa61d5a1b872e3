//! Development tasks. `cargo xtask` without arguments lists them.
#![allow(clippy::print_stdout)]

mod applications;
mod bench;
mod docs;
mod golden;
mod interruptions;
mod needs;
mod new_item;
mod peers;
mod restores;
mod step;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask TASK

  test [--no-install]        everything that a change must pass; installs Debian packages that tests need when it can
  docs [--check]             writes docs/items/ from the program; --check compares only
  new-item SECTION.NAME      starts an item: its file, its page, its place in the section
  golden [--check]           writes the reports on fixtures/repositories/ to fixtures/golden/; --check compares only
  interruptions [--count N]  ends restore drills at random moments and prints how many left something behind
  bench [FOLDER] [--runs N] [--small FOLDER]
                             times `seaworthy check` beside `rg -c` over the same files
  applications [--quick | NAME]
                             installs applications that others wrote, starts them, compares what is said of each with what
                             is expected, and writes docs/applications.md
  restores [--size N | --applications | --only FORMAT] [--program FILE]
                             restores backups of every format by hand and by drills, in turn, and writes docs/restores.md;
                             --size: one of pgbench at that scale (70 is 1 GB); --applications: those of Wagtail and WordPress
  peers headers              compares answers with the MDN HTTP Observatory (npm) and writes docs/peers-headers.md
  peers tls                  compares with sslscan, sslyze (PyPI) and testssl.sh and writes times to docs/peers-tls.md
";

/// What went wrong, in words for whoever called.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => test::all(true),
        ["test", "--no-install"] => test::all(false),
        ["docs"] => docs::write(&root()),
        ["docs", "--check"] => docs::check(&root()),
        ["new-item", id] => new_item::create(&root(), id),
        ["golden"] => golden::run(&root(), false),
        ["golden", "--check"] => golden::run(&root(), true),
        ["interruptions"] => interruptions::run(&root(), "200"),
        ["interruptions", "--count", count] => interruptions::run(&root(), count),
        ["bench", rest @ ..] => bench::run(&root(), rest),
        ["applications", rest @ ..] => applications::run(&root(), rest),
        ["restores", rest @ ..] => restores::run(&root(), rest),
        ["peers", rest @ ..] => peers::run_peers(&root(), rest),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
