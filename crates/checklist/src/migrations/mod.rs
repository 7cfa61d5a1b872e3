//! Changes to the database schema.

mod in_deploy;
mod performance;
mod rollback_scripts;
mod tested;
mod versioned;
mod zero_downtime;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &versioned::ITEM,
    &tested::ITEM,
    &rollback_scripts::ITEM,
    &in_deploy::ITEM,
    &zero_downtime::ITEM,
    &performance::ITEM,
];
