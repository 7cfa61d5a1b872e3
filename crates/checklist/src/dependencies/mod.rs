//! Third-party packages.

mod audited;
mod current;
mod lockfiles;
mod pinned;
mod scanning;
mod unused;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] =
    &[&pinned::ITEM, &lockfiles::ITEM, &audited::ITEM, &scanning::ITEM, &current::ITEM, &unused::ITEM];
