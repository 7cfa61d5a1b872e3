//! What happens when something goes wrong.

mod degradation;
mod logged;
mod no_stack_traces;
mod pages;
mod retries;
mod structured_api;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &pages::ITEM,
    &logged::ITEM,
    &no_stack_traces::ITEM,
    &structured_api::ITEM,
    &degradation::ITEM,
    &retries::ITEM,
];
