//! What acts: a drill makes something of its own, does to it what an emergency would ask for, looks at what came of it,
//! and writes that down. `plan → consent → run → record → clean up`.
//!
//! # The frame
//!
//! | room | concern |
//! | --- | --- |
//! | [`scratch`] | the folder of a drill, its processes, and the promise that nothing is left behind |
//! | [`Interrupt`] | a clean way out |
//! | [`Progress`] | what is going on, and how long it will take |
//! | [`Stop`] | why a drill ends early: only [`Stop::Refused`] says something about what was drilled |
//! | [`storage`] | buckets that speak S3's protocol |
//!
//! [`versioning`] is a drill of its own: whether a bucket gives back what was deleted.
//!
//! # The restore drill
//!
//! [`restore::plan`] looks and does nothing; [`restore::run`] acts; [`restore::record::statements`] gives what goes into the
//! ledger. The rooms of [`restore`]:
//!
//! | room | concern | to add one |
//! | --- | --- | --- |
//! | `locations/` | where artefacts lie: lists them, fetches one | a file, a line in `locations::list` |
//! | `artefact` | what a file is, told by its content | a [`restore::Format`] and its first bytes |
//! | `encryption` | tells how something is encrypted, and runs the declared command | an `Encryption` and its first bytes |
//! | `reading` | peels compression off, and damages copies for the negative controls | a `Layer` |
//! | `postgres/`, `mariadb/`, `sqlite/` | one folder for each engine, one file for each format; implement [`restore::Engine`] | a folder, a line in `restore::engine` |
//! | `bounds` | ends programs that an artefact keeps from ending | |
//! | `repositories/` | takes the artefact out of a repository of a backup tool, with the tool | a file, a line in `repositories::look` |
//! | `checks/` | what is asked of a restored database | a file, a line in `checks::all` |
//! | `controls` | damaged copies that must not pass | |
//! | `placement/` | where the backup is, and where the data | |
//! | `slice`, `postgres::slices`, `mariadb::slices` | a part of a large artefact for them | |
//! | `objectives` | age, gaps and duration against what is allowed | |
//!
//! An engine restores a [`restore::Copy`], which is the artefact or a damaged copy of it, so that a negative control goes
//! exactly the way of the real restore.

mod interrupt;
mod progress;
pub mod restore;
pub mod scratch;
mod stop;
pub mod storage;
pub mod versioning;

pub use interrupt::Interrupt;
pub use progress::{Progress, sized};
pub use scratch::helper;
pub use stop::Stop;
