//! What happens when something goes wrong.

mod degradation;
mod logged;
mod no_stack_traces;
mod pages;
mod places;
mod retries;
mod structured_api;
#[cfg(test)]
mod testing;
mod wire;

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
