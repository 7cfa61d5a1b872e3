//! Exit codes are a contract.

use std::process::ExitCode;

/// Why a run ends without a report, and its exit code.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or configuration: 2.
    Usage(String),
    /// Nothing was checked, or a required collector could not run: 3.
    CouldNotAssess(String),
}

/// What a run that came to its end says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The gate passed, or there was none: 0.
    Passed,
    /// The gate failed: 1.
    Failed,
    /// One of several paths could not be assessed: 3.
    NotAssessed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Passed => 0,
            Outcome::Failed => 1,
            Outcome::NotAssessed => 3,
        })
    }
}

impl Failure {
    /// The message on standard error.
    pub fn message(&self) -> &str {
        match self {
            Failure::Usage(message) | Failure::CouldNotAssess(message) => message,
        }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Usage(_) => 2,
            Failure::CouldNotAssess(_) => 3,
        })
    }
}
