//! Reads databases, and writes nothing: what they hold (rows and checksums per table, in one snapshot), how they are built,
//! and who they are.
//!
//! | room | concern |
//! | --- | --- |
//! | [`contents`] | what a database holds, and how two of them differ |
//! | [`manifest`] | that, as a backup job writes it beside its artefact |
//! | [`identity`] | which server it is: never compared by address |
//! | [`live`] | a database at an address, whichever engine it is |
//! | [`mariadb`] | MariaDB and MySQL, through the `mariadb` client |
//! | [`postgres`] | through `psql`: its TLS and its ways to authenticate, without a client library |
//! | [`sqlite`] | through SQLite's own library |

mod address;
mod answer;
pub mod contents;
mod error;
pub mod identity;
pub mod live;
pub mod manifest;
pub mod mariadb;
pub mod postgres;
pub mod sqlite;

pub use contents::{Contents, Difference, Sequence, Table, compare};
pub use error::Error;
pub use identity::Identity;
pub use live::{Address, Live};
pub use manifest::{Engine, Manifest};
