//! The program `seaworthy`.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Collects read-only evidence, judges it and reports.
    Check {
        path: Option<PathBuf>,
        #[arg(long, default_value = "terminal")]
        format: String,
        #[arg(long)]
        offline: bool,
        #[arg(long)]
        at: Option<String>,
        #[arg(long)]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    let Arguments { command: Command::Check { path, format, at, only, .. } } = Arguments::parse();
    let started = std::time::Instant::now();
    let now = jiff::Timestamp::now();
    let at = at.and_then(|day| format!("{day}T12:00:00Z").parse().ok()).unwrap_or(now);
    let options =
        seaworthy_engine::CollectOptions { folder: path.unwrap_or_else(|| ".".into()), ..Default::default() };
    let collected = seaworthy_engine::collect(&options, now, &mut |_| {});
    let judging = seaworthy_engine::JudgeOptions { only, ..seaworthy_engine::JudgeOptions::at(at) };
    let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = seaworthy_engine::assemble(&collected, &judging, elapsed);
    let text = match format.as_str() {
        "json" => seaworthy_report::json(&report).unwrap_or_default(),
        _ => seaworthy_report::terminal(&report, seaworthy_report::TerminalOptions::default()),
    };
    print!("{text}");
    if seaworthy_engine::passes(&report) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
