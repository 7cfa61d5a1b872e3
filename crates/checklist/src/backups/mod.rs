//! Backups of databases and user files.

mod buckets;
mod database;
mod destination;
mod file_versioning;
mod found;
mod restore_tested;
mod rpo;
mod separate_location;
#[cfg(test)]
mod test_support;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] =
    &[&database::ITEM, &rpo::ITEM, &separate_location::ITEM, &restore_tested::ITEM, &file_versioning::ITEM];
