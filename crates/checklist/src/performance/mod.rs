//! Speed and capacity.

mod bundling;
mod caching;
mod images;
mod load_tested;
mod pooling;
mod queries;
mod requests;
mod response_times;
#[cfg(test)]
mod test_support;
mod wire;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &queries::ITEM,
    &caching::ITEM,
    &bundling::ITEM,
    &images::ITEM,
    &response_times::ITEM,
    &load_tested::ITEM,
    &pooling::ITEM,
];
