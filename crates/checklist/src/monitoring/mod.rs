//! What is measured while the application runs.

mod alerts;
mod apm;
mod business_metrics;
mod database_queries;
mod error_tracking;
pub(crate) mod products;
mod server_metrics;
#[cfg(test)]
pub(crate) mod test_support;
mod uptime;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &apm::ITEM,
    &error_tracking::ITEM,
    &server_metrics::ITEM,
    &database_queries::ITEM,
    &business_metrics::ITEM,
    &uptime::ITEM,
    &alerts::ITEM,
];
