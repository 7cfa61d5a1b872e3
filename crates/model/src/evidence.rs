use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Location;

/// How strong a piece of evidence is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Rung {
    /// There is none.
    #[default]
    None,
    /// A named person signed that it holds.
    Attested,
    /// The repository sets it up and something uses it.
    Configured,
    /// Read from the running system's own records, without changing anything.
    Observed,
    /// The behaviour was exercised and its outcome checked.
    Proven,
}

impl Rung {
    /// The word used in reports and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Rung::None => "none",
            Rung::Attested => "attested",
            Rung::Configured => "configured",
            Rung::Observed => "observed",
            Rung::Proven => "proven",
        }
    }

    /// The rung with this name.
    pub fn from_name(name: &str) -> Option<Rung> {
        [Rung::None, Rung::Attested, Rung::Configured, Rung::Observed, Rung::Proven]
            .into_iter()
            .find(|rung| rung.name() == name)
    }
}

/// Whether evidence speaks for the item or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// It holds.
    For,
    /// It does not hold.
    Against,
}

/// Where the evidence is from.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Read from files.
    #[default]
    Repository,
    /// A throw-away environment that a drill made.
    Scratch,
    /// A staging or preview environment.
    Staging,
    /// What real users use.
    Production,
}

/// A dated, located fact that speaks for or against an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// How strong it is.
    pub rung: Rung,
    /// For or against.
    pub polarity: Polarity,
    /// Where it is from.
    #[serde(default)]
    pub environment: Environment,
    /// The component that it is about; none means the whole system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// One sentence a person can act on, without secrets.
    pub summary: String,
    /// Where it was seen.
    pub location: Location,
    /// When it was seen; none for what is read from files now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When it stops counting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// It has expired or what it was about has changed: shown, but counts for nothing.
    #[serde(default)]
    pub stale: bool,
    /// Digest of what it is about, as `kind:hex` (`gitCommit:…`, `migrations:…`): compared with the subject's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who vouches for it (the verified principal of a signature).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What was asked of a running site and what it answered, so that a reader can ask again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Box<ProbedExchange>>,
}

/// A request to a running site and what of the answer decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProbedExchange {
    /// Method and address.
    pub request: String,
    /// Status of the answer.
    pub status: u16,
    /// The header or the part of the body that decided, capped and free of control characters; empty where it is an
    /// absence that decided.
    pub shows: String,
    /// A command that asks the same again.
    pub command: String,
}

impl Evidence {
    /// Evidence for the item, read from the repository's files.
    pub fn configured(summary: impl Into<String>, location: Location) -> Self {
        Evidence::read(Polarity::For, summary, location)
    }

    /// Evidence against the item, read from the repository's files.
    pub fn contrary(summary: impl Into<String>, location: Location) -> Self {
        Evidence::read(Polarity::Against, summary, location)
    }

    fn read(polarity: Polarity, summary: impl Into<String>, location: Location) -> Self {
        Evidence {
            rung: Rung::Configured,
            polarity,
            environment: Environment::Repository,
            component: None,
            summary: summary.into(),
            location,
            at: None,
            expires: None,
            stale: false,
            subject: None,
            by: None,
            exchange: None,
        }
    }
}
