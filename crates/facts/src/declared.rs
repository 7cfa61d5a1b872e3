use serde::{Deserialize, Serialize};

use crate::*;

/// What the owners of the system declare about it, in `seaworthy.toml` or on the command line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Declared {
    /// It is made for others to operate: the operator's items do not apply here.
    pub distributed: bool,
    /// The deployment platforms that count, by key; the others are listed only.
    pub deploy: Vec<String>,
    /// Recovery point objective in hours.
    pub rpo_hours: Option<f64>,
    /// Recovery time objective in minutes.
    pub rto_minutes: Option<f64>,
    /// Tables that are large, so that operations on them are judged as such; empty: not told.
    pub large_tables: Vec<String>,
    /// The third parties that the owners know of.
    pub processors: Vec<DeclaredProcessor>,
    /// The day as of which is judged, `YYYY-MM-DD`; empty where the run does not say.
    pub as_of: String,
    /// Items of the owners' own.
    pub items: Vec<OwnItem>,
    /// Statements about the run itself that a reader must know (`deploy` names a platform that nothing configures).
    pub remarks: Vec<String>,
}

/// A third party that gets data and is covered by an agreement, as `[[processor]]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeclaredProcessor {
    /// The company or service.
    pub name: String,
    /// The agreement.
    pub agreement: String,
    /// The day on which it was agreed or last looked at, `YYYY-MM-DD`.
    pub date: String,
    /// Where it is declared.
    pub at: Option<seaworthy_model::Location>,
}

/// An item that the owners add to the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnItem {
    /// Its id, `own.NAME`.
    pub id: String,
    /// The statement that holds when it passes.
    pub question: String,
    /// 1 to 3.
    pub priority: u8,
    /// How to fix it.
    pub remedy: String,
    /// Rule files, and folders of them, relative to the audited folder.
    pub rules: Vec<String>,
    /// It passes where the rules match; else where they do not.
    pub wanted: bool,
    /// Where it is declared.
    pub at: Location,
}
