//! Changes to the database schema.

mod in_deploy;
mod owners;
mod performance;
mod rollback_scripts;
mod tested;
#[cfg(test)]
pub(crate) mod testing;
mod versioned;
mod ways_back;
mod zero_downtime;

use crate::Item;
pub(crate) use ways_back::WaysBack;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &versioned::ITEM,
    &tested::ITEM,
    &rollback_scripts::ITEM,
    &in_deploy::ITEM,
    &zero_downtime::ITEM,
    &performance::ITEM,
];
