//! MariaDB and MySQL, read through the `mariadb` client (or `mysql`): its TLS and its ways to authenticate, without a client
//! library.

mod address;
mod catalogue;
mod session;

pub use address::Address;
pub use catalogue::{Server, contents, databases, is_system, open_snapshot, server, without_transactions};
pub use session::{Session, client, quoted};
