//! A report in every output format. A renderer takes no decision: it shows what the report says.

mod json;
mod terminal;

pub use json::json;
pub use terminal::{TerminalOptions, terminal};
