//! Where reports go: each format to a file or to standard output.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use seaworthy_model::{ItemId, Report};
use seaworthy_report::{Format, RenderOptions, render};

use crate::arguments::{Judging, OutputFormat};
use crate::failure::{Failure, Outcome};

/// The outputs of a run.
#[derive(Debug)]
pub struct Outputs {
    outputs: Vec<(Format, Option<PathBuf>)>,
    verbose: bool,
    quiet: bool,
}

impl Outputs {
    /// Pairs formats with files.
    pub fn read(arguments: &Judging) -> Result<Outputs, Failure> {
        let mut outputs = Vec::new();
        for (index, format) in arguments.format.iter().enumerate() {
            outputs.push((format_of(*format), arguments.output.get(index).cloned()));
        }
        for path in arguments.output.iter().skip(arguments.format.len()) {
            let Some(format) = by_ending(path) else {
                return Err(Failure::Usage(format!(
                    "-o {}: the ending does not tell the format; add --format (one of {})",
                    path.display(),
                    Format::names().join(", ")
                )));
            };
            outputs.push((format, Some(path.clone())));
        }
        if outputs.is_empty() || (arguments.format.is_empty() && !arguments.output.is_empty()) {
            outputs.push((Format::Terminal, None));
        }
        if outputs.iter().filter(|(_, path)| path.is_none()).count() > 1 {
            return Err(Failure::Usage(
                "two formats want standard output: give each its file, --format json -o report.json --format html -o report.html"
                    .to_owned(),
            ));
        }
        Ok(Outputs { outputs, verbose: arguments.verbose, quiet: arguments.quiet })
    }

    /// Whether several reports can be written one after the other.
    pub fn takes_several(&self) -> bool {
        self.outputs
            .iter()
            .all(|(format, path)| *format == Format::Jsonl || (*format == Format::Terminal && path.is_none()))
    }

    /// Writes the reports.
    pub fn write(&self, reports: &[Report]) -> Result<Outcome, Failure> {
        for (format, path) in &self.outputs {
            let to_terminal = path.is_none() && std::io::stdout().is_terminal();
            let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
            let pages = |id: &ItemId| seaworthy_checklist::find(id.as_str()).map(|item| item.page.to_owned());
            let options = RenderOptions {
                colour: to_terminal
                    && !no_colour
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
                verbose: self.verbose,
                quiet: self.quiet,
                width,
                pages: Some(&pages),
            };
            let mut text = String::new();
            for (index, report) in reports.iter().enumerate() {
                if index > 0 && *format == Format::Terminal {
                    text.push('\n');
                }
                text.push_str(&render(report, *format, &options).map_err(|error| {
                    Failure::CouldNotAssess(format!(
                        "the report cannot be written as {}: {error}",
                        format.name()
                    ))
                })?);
            }
            match path {
                Some(path) => to_file(path, text.as_bytes())?,
                None => to_stdout(text.as_bytes())?,
            };
            if *format == Format::Github {
                step_summary(reports)?;
            }
        }
        Ok(Outcome::Passed)
    }
}

/// GitHub Actions shows what is appended to the file that this variable names.
fn step_summary(reports: &[Report]) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let text: String = reports.iter().map(seaworthy_report::step_summary).collect();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            Failure::Usage(format!("GITHUB_STEP_SUMMARY {}: {error}", Path::new(&path).display()))
        })
}

fn format_of(format: OutputFormat) -> Format {
    match format {
        OutputFormat::Terminal => Format::Terminal,
        OutputFormat::Json => Format::Json,
        OutputFormat::Jsonl => Format::Jsonl,
        OutputFormat::Sarif => Format::Sarif,
        OutputFormat::Html => Format::Html,
        OutputFormat::Markdown => Format::Markdown,
        OutputFormat::Junit => Format::Junit,
        OutputFormat::Github => Format::Github,
    }
}

fn by_ending(path: &Path) -> Option<Format> {
    Some(match path.extension()?.to_str()? {
        "json" => Format::Json,
        "jsonl" => Format::Jsonl,
        "sarif" => Format::Sarif,
        "html" | "htm" => Format::Html,
        "md" => Format::Markdown,
        "xml" => Format::Junit,
        "txt" => Format::Terminal,
        _ => return None,
    })
}

/// Writes to a file.
pub fn to_file(path: &Path, text: &[u8]) -> Result<Outcome, Failure> {
    std::fs::write(path, text).map_err(|error| Failure::Usage(format!("-o {}: {error}", path.display())))?;
    Ok(Outcome::Passed)
}

/// Writes to standard output. A reader that went away (`| head`) is no failure.
pub fn to_stdout(text: &[u8]) -> Result<Outcome, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => Ok(Outcome::Passed),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Outcome::Passed),
        Err(error) => Err(Failure::CouldNotAssess(format!("standard output: {error}"))),
    }
}
