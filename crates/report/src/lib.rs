//! A report in every output format. A renderer takes no decision: it shows what the report says.
//!
//! Every format shows the same cleaned copy of the report: what a report quotes was written by
//! whoever wrote the audited files, and is not trusted.

mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod terminal;
mod text;
mod view;
mod xml;

pub use github::step_summary;
pub use json::{json, jsonl, schema};
pub use terminal::{TerminalOptions, terminal};

use seaworthy_model::{ItemId, Report};

/// A way to write a report down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, on a terminal.
    Terminal,
    /// The published format `seaworthy.report/1`, indented.
    Json,
    /// The published format, one line for each report.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// One self-contained page.
    Html,
    /// A comment on a pull request.
    Markdown,
    /// JUnit's XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 8] = [
        Format::Terminal,
        Format::Json,
        Format::Jsonl,
        Format::Sarif,
        Format::Html,
        Format::Markdown,
        Format::Junit,
        Format::Github,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Terminal => "terminal",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Sarif => "sarif",
            Format::Html => "html",
            Format::Markdown => "markdown",
            Format::Junit => "junit",
            Format::Github => "github",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// All names, as the command line offers them.
    pub fn names() -> [&'static str; 8] {
        Format::ALL.map(Format::name)
    }
}

/// The page of an item, in Markdown.
pub type Pages<'a> = &'a dyn Fn(&ItemId) -> Option<String>;

/// How to render.
#[derive(Clone, Copy, Default)]
pub struct RenderOptions<'a> {
    /// Terminal: use colours.
    pub colour: bool,
    /// Terminal: show every item with its evidence.
    pub verbose: bool,
    /// Terminal: show the verdict only.
    pub quiet: bool,
    /// Terminal: columns to fill; 100 where it is not known.
    pub width: Option<usize>,
    /// HTML and SARIF: the items' pages, shown as help.
    pub pages: Option<Pages<'a>>,
}

/// Why a report could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value has no form in JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The report in a format, with a newline at its end.
///
/// # Errors
/// When a value cannot be written in that format.
pub fn render(report: &Report, format: Format, options: &RenderOptions<'_>) -> Result<String, Error> {
    Ok(match format {
        Format::Terminal => terminal(report, TerminalOptions::from(options)),
        Format::Json => json(report)?,
        Format::Jsonl => jsonl(report)?,
        Format::Sarif => sarif::sarif(&text::cleaned(report), options.pages)?,
        Format::Html => html::html(&text::cleaned(report), options.pages),
        Format::Markdown => markdown::comment(&text::cleaned(report)),
        Format::Junit => junit::junit(&text::cleaned(report)),
        Format::Github => github::commands(&text::cleaned(report)),
    })
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("pdf"), None);
        assert_eq!(Format::names()[0], "terminal");
    }
}
