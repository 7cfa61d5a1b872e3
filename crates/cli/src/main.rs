//! The program `seaworthy`: arguments, the choice of outputs, exit codes. What it does is done in the engine.

mod arguments;
mod attest;
mod backup;
mod check;
mod checklist;
mod configuration;
mod drill;
mod failure;
mod halves;
mod init;
mod output;
mod probing;
mod remember;
mod versioning;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::arguments::{Arguments, Command};
use crate::failure::{Failure, Outcome};

fn main() -> ExitCode {
    // The program starts itself again to supervise a drill; that is no command for people.
    let words: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    if words.first().is_some_and(|word| word == seaworthy_drills::scratch::SUBCOMMAND) {
        return seaworthy_drills::helper::main(&words[1..]);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no mistakes.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // A fault in a collector or an item is caught and reported as an absence; the trace would only frighten.
    std::panic::set_hook(Box::new(|_| {}));
    match run(arguments.command) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "seaworthy: {}", failure.message());
            failure.code()
        }
    }
}

fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Check(check) => check::check(&check),
        Command::Init(init) => init::init(&init),
        Command::List(list) => checklist::list(&list),
        Command::Explain(explain) => checklist::explain(&explain),
        Command::Collect(collect) => halves::collect(&collect),
        Command::Judge(judge) => halves::judge(&judge),
        Command::Attest(attest) => attest::attest(&attest),
        Command::Drill { drill: arguments::Drill::Restore(restore) } => drill::restore(&restore),
        Command::Drill { drill: arguments::Drill::Versioning(asked) } => versioning::versioning(&asked),
        Command::Backup { backup: arguments::Backup::Manifest(manifest) } => backup::manifest(&manifest),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "seaworthy", &mut text);
            output::to_stdout(&text)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut text).map_err(|error| {
                Failure::CouldNotAssess(format!("the manual page cannot be made: {error}"))
            })?;
            output::to_stdout(&text)
        }
    }
}
