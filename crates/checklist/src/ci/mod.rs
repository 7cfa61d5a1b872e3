//! Continuous integration and delivery.

pub(crate) mod artifact;
mod deployment;
mod quality;
mod security_scanning;
mod services;
mod smoke_tests;
mod staging;
#[cfg(test)]
pub(crate) mod test_support;
mod tests;
mod versioned_artifacts;
pub(crate) mod work;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &tests::ITEM,
    &quality::ITEM,
    &security_scanning::ITEM,
    &versioned_artifacts::ITEM,
    &deployment::ITEM,
    &staging::ITEM,
    &smoke_tests::ITEM,
];
