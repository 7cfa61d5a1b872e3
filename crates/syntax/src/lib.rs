//! Bounded readers of the configuration formats and the code that a repository holds.
//!
//! Every reader takes text that may be hostile and keeps positions (1-based lines and columns,
//! columns counted in characters), so that whatever is concluded later can point at its source.
//! Nothing here executes, expands without a budget, or recurses without a depth limit.

pub mod apache;
pub mod caddyfile;
pub mod code;
pub mod conflict;
pub mod crontab;
pub mod dockerfile;
pub mod dotenv;
pub mod hcl;
pub mod ini;
pub mod json;
pub mod justfile;
pub mod makefile;
pub mod markdown;
pub mod nginx;
pub mod position;
pub mod procfile;
pub mod shell;
pub mod toml;
pub mod tree;
pub mod xml;
pub mod yaml;

mod error;
mod limits;
#[cfg(test)]
mod test_support;
mod treesitter;

pub use error::ParseError;
pub use limits::Limits;
