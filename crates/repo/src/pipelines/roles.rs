//! What actions, images and templates do.

use seaworthy_facts::Role;

/// Of an action, orb or plugin.
pub fn roles_of_action(_name: &str, _inputs: &[(String, String)]) -> Vec<Role> {
    Vec::new()
}

/// Of an image.
pub fn roles_of_image(_image: &str) -> Vec<Role> {
    Vec::new()
}

/// Of a GitLab template or component.
pub fn roles_of_gitlab_template(_name: &str) -> Vec<Role> {
    Vec::new()
}
