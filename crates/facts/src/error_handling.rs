use serde::{Deserialize, Serialize};

use crate::*;

/// What the system does with errors by its frameworks' defaults, switches and file conventions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorHandling {
    /// Pages that replace a framework's or server's own.
    pub pages: Vec<ErrorPage>,
    /// Where debug or production mode is chosen.
    pub modes: Vec<Mode>,
    /// What the server frameworks in use do when nothing is changed.
    pub defaults: Vec<ErrorDefaults>,
    /// Templates of error pages that print a trace or a source path whatever the mode.
    pub views: Vec<Observed<String>>,
}

/// A page for an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorPage {
    /// For "not found".
    pub not_found: bool,
    /// For "server error".
    pub server_error: bool,
    /// The frameworks that it belongs to; none when it stands in front of all of them (a web server's setting).
    pub frameworks: Vec<String>,
    /// How it is made, in a few words.
    pub how: String,
    /// It is what a generator wrote, unchanged.
    pub generated: bool,
    /// Where.
    pub at: Location,
}

/// A choice of debug or production mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mode {
    /// What it is about, as in [`ErrorDefaults::switch`].
    pub family: String,
    /// The setting and its value, as written.
    pub says: String,
    /// It shows errors to clients; none where that cannot be told.
    pub debug: Option<bool>,
    /// What kind of place it is.
    pub place: ModePlace,
    /// Where.
    pub at: Location,
}

/// The kind of place where a mode is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModePlace {
    /// An image, Compose or platform file, start command or production settings module.
    Shipped,
    /// A template of environment variables that an installation copies.
    CopiedTemplate,
    /// A template of environment variables.
    Template,
    /// The code's own default.
    Default,
}

/// What a framework does by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDefaults {
    /// The framework's key, as in [`Component::frameworks`].
    pub framework: String,
    /// The language that its handlers are written in, as in [`Repository::languages`].
    pub language: String,
    /// The component's folder.
    pub component: String,
    /// What it logs of an unhandled error.
    pub logs: DefaultLog,
    /// The switch that decides what clients see of an error (the family of [`Mode`]), where there is one.
    pub switch: Option<String>,
    /// What clients see of an unhandled error when nothing is set: nothing that is internal, or the stack. None: unknown.
    pub hides: Option<bool>,
    /// The documentation that says so.
    pub link: String,
    /// What shows that the framework is used.
    pub at: Location,
}

/// What a framework logs of an unhandled error by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultLog {
    /// The error with the request's method and path.
    Request,
    /// The error without the request.
    Error,
    /// Nothing.
    Nothing,
}
