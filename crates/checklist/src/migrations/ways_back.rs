//! Which of the newest migrations can be reversed.

use seaworthy_facts::{Location, Migration, MigrationSet, WayBack};

/// The ways back of a set's newest migrations.
pub(crate) struct WaysBack {
    /// How many can be reversed, or have nothing to reverse.
    reversible: usize,
    /// How many were looked at.
    total: usize,
    /// Those that cannot: name with reason, and where.
    pub(crate) missing: Vec<(String, Location)>,
}

impl WaysBack {
    /// Counts a set's newest.
    pub(crate) fn of(set: &MigrationSet) -> Self {
        let missing: Vec<_> = set
            .newest
            .iter()
            .filter_map(|migration| match &migration.way_back {
                WayBack::No { why, at } => Some((format!("`{}`: {why}", migration.name), at.clone())),
                WayBack::Yes | WayBack::NothingToReverse => None,
            })
            .collect();
        WaysBack { reversible: set.newest.len() - missing.len(), total: set.newest.len(), missing }
    }

    /// Whether one can be reversed.
    pub(crate) fn has(migration: &Migration) -> bool {
        !matches!(migration.way_back, WayBack::No { .. })
    }

    /// At least nine in ten.
    pub(crate) fn enough(&self) -> bool {
        self.total > 0 && self.reversible * 10 >= self.total * 9
    }

    /// The share in words.
    pub(crate) fn sentence(&self, set: &MigrationSet) -> String {
        format!(
            "{} of the newest {} {} migrations have a way back ({} %)",
            self.reversible,
            self.total,
            set.framework,
            self.reversible * 100 / self.total.max(1)
        )
    }
}
