//! Personal data.

mod cookie_consent;
mod export_deletion;
mod gdpr_ccpa;
mod legal;
mod policy;
mod processors;
mod retention;
mod terms;
#[cfg(test)]
mod test_support;
mod wire;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &policy::ITEM,
    &terms::ITEM,
    &cookie_consent::ITEM,
    &retention::ITEM,
    &gdpr_ccpa::ITEM,
    &export_deletion::ITEM,
    &processors::ITEM,
];
