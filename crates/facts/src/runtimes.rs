use serde::{Deserialize, Serialize};

use crate::*;

/// Versions of runtimes, frameworks and databases that ship, compared with the end-of-life table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Runtimes {
    /// Each version seen.
    pub versions: Vec<RuntimeVersion>,
    /// The day on which the end-of-life table was made, `YYYY-MM-DD`.
    pub table_date: String,
}

/// A version in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeVersion {
    /// The product's key in the table (`nodejs`, `python`, `django`, `postgresql`, …).
    pub product: String,
    /// The product's name.
    pub name: String,
    /// The version as written.
    pub version: String,
    /// The cycle of the table that it belongs to.
    pub cycle: Option<String>,
    /// The day on which that cycle's support ends or ended, `YYYY-MM-DD`.
    pub end_of_life: Option<String>,
    /// Where the date is from.
    pub source: Option<String>,
    /// It is part of what ships or what builds it (a development tool's version is not).
    pub ships: bool,
    /// It is an operating system: what distributions do for it is beyond the table, so that it is advice.
    #[serde(default)]
    pub operating_system: bool,
    /// Where.
    pub at: Location,
}
