//! What is run at set times.

use seaworthy_facts::Schedules;

use crate::commands::Commands;
use crate::tree::Tree;

/// Every timetable.
pub fn collect(_tree: &Tree, _commands: &Commands) -> Schedules {
    Schedules::default()
}
