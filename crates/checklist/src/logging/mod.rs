//! What is written down while the application runs.

mod access;
mod centralised;
mod levels;
mod no_sensitive_data;
mod retention;
mod structured;
#[cfg(test)]
mod test_support;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &structured::ITEM,
    &levels::ITEM,
    &no_sensitive_data::ITEM,
    &centralised::ITEM,
    &retention::ITEM,
    &access::ITEM,
];
