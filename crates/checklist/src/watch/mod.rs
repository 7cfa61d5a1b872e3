//! The watch after a deployment.

mod error_rates;
mod resources;
mod response_times;
mod security_alerts;
mod signals;
mod user_reports;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &error_rates::ITEM,
    &response_times::ITEM,
    &resources::ITEM,
    &user_reports::ITEM,
    &security_alerts::ITEM,
];
