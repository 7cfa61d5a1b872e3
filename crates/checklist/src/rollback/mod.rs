//! The way back from a bad release.

mod documented;
mod feature_flags;
mod migrations;
mod redeploy;
mod strategy;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] =
    &[&strategy::ITEM, &redeploy::ITEM, &migrations::ITEM, &documented::ITEM, &feature_flags::ITEM];
