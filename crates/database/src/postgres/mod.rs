//! PostgreSQL, read through `psql`.
//!
//! A client library would have to bring TLS and every way to authenticate along, and an hour of compilation with them;
//! `psql` is there wherever PostgreSQL's backups are restored, and knows them all.

mod address;
mod catalogue;
mod session;

pub use address::Address;
pub use catalogue::{Server, contents, export_snapshot, open_snapshot, server};
pub use session::Session;
