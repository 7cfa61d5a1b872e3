//! Security headers.

mod content_security_policy;
mod content_type_options;
mod frame_options;
mod permissions_policy;
mod referrer_policy;
pub(crate) mod statements;
mod strict_transport_security;
pub(crate) mod values;
pub(crate) mod wire;
mod xss_protection;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] = &[
    &strict_transport_security::ITEM,
    &content_type_options::ITEM,
    &frame_options::ITEM,
    &xss_protection::ITEM,
    &content_security_policy::ITEM,
    &referrer_policy::ITEM,
    &permissions_policy::ITEM,
];
