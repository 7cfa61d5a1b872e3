//! The seven questions asked of one change before it is deployed.

mod edge_cases;
mod error_handling;
mod maintainable;
mod rollback;
mod scale;
mod support;
mod understood;
mod vulnerabilities;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &understood::ITEM,
    &edge_cases::ITEM,
    &error_handling::ITEM,
    &vulnerabilities::ITEM,
    &scale::ITEM,
    &rollback::ITEM,
    &maintainable::ITEM,
];
