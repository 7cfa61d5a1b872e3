//! Transport encryption.

mod auto_renewal;
mod enforced;
mod handshakes;
mod hsts;
mod redirect;
mod tls_version;
mod ways;
mod wire;

use crate::Item;

/// The items of this section, in the order of the checklist.
pub static ITEMS: &[&Item] =
    &[&enforced::ITEM, &auto_renewal::ITEM, &redirect::ITEM, &hsts::ITEM, &tls_version::ITEM];
