//! Test runs whose selection matches nothing in the tree.

use seaworthy_facts::Role;

use super::follow::{Here, Walk};

/// Why a test command selects nothing, when that can be told.
pub fn selects_nothing(_walk: &Walk, _words: &[String], roles: &[Role], _here: &Here) -> Option<String> {
    if !roles.contains(&Role::Test) && !roles.contains(&Role::EndToEnd) {
        return None;
    }
    None
}
