use serde::{Deserialize, Serialize};

use crate::*;

/// Products and techniques that the repository declares or uses, found by signatures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Every product with at least one sign.
    pub products: Vec<Product>,
}

impl Capabilities {
    /// The products of a capability (`feature-flags`, `error-tracking`, …).
    pub fn of<'a>(&'a self, capability: &'a str) -> impl Iterator<Item = &'a Product> {
        self.products.iter().filter(move |product| product.capability == capability)
    }
}

/// A product or technique.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The capability that it gives, as the signature files name it.
    pub capability: String,
    /// Its name.
    pub name: String,
    /// Where a manifest, image, chart or resource declares it.
    pub declared: Vec<Location>,
    /// Where shipped code or configuration uses it.
    pub used: Vec<Location>,
    /// Uses that are off unless a switch is turned on: the switch, and the use.
    #[serde(default)]
    pub off: Vec<Observed<String>>,
    /// Vendor documentation.
    pub docs: String,
}

impl Product {
    /// Declared and used, or used without needing a declaration: only this counts as configured.
    pub fn in_use(&self) -> Option<&Location> {
        self.used.first()
    }
}
