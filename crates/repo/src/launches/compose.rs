//! Compose files.

use super::Found;

pub fn read(_found: &mut Found) {}
