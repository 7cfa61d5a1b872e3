use serde::{Deserialize, Serialize};

/// One of the fourteen parts of the checklist, or what the owners add to it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Backups of databases and user files.
    Backups,
    /// What is measured while the application runs.
    Monitoring,
    /// What is written down while the application runs.
    Logging,
    /// Transport encryption.
    Https,
    /// What happens when something goes wrong.
    Errors,
    /// Changes to the database schema.
    Migrations,
    /// The way back from a bad release.
    Rollback,
    /// Personal data.
    Privacy,
    /// Third-party packages.
    Dependencies,
    /// Speed and capacity.
    Performance,
    /// Security headers.
    Headers,
    /// Continuous integration and delivery.
    Ci,
    /// The seven questions asked of one change.
    Review,
    /// The watch after a deployment.
    Watch,
    /// Items that the owners add.
    Own,
}

impl Section {
    /// All sections, in the order of the checklist; what the owners add is not among them.
    pub const ALL: [Section; 14] = [
        Section::Backups,
        Section::Monitoring,
        Section::Logging,
        Section::Https,
        Section::Errors,
        Section::Migrations,
        Section::Rollback,
        Section::Privacy,
        Section::Dependencies,
        Section::Performance,
        Section::Headers,
        Section::Ci,
        Section::Review,
        Section::Watch,
    ];

    /// The name used in ids, configuration and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Section::Backups => "backups",
            Section::Monitoring => "monitoring",
            Section::Logging => "logging",
            Section::Https => "https",
            Section::Errors => "errors",
            Section::Migrations => "migrations",
            Section::Rollback => "rollback",
            Section::Privacy => "privacy",
            Section::Dependencies => "dependencies",
            Section::Performance => "performance",
            Section::Headers => "headers",
            Section::Ci => "ci",
            Section::Review => "review",
            Section::Watch => "watch",
            Section::Own => "own",
        }
    }

    /// The heading that people read.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Backups => "Backups",
            Section::Monitoring => "Monitoring",
            Section::Logging => "Logging",
            Section::Https => "HTTPS",
            Section::Errors => "Error handling",
            Section::Migrations => "Migrations",
            Section::Rollback => "Rollback",
            Section::Privacy => "Privacy",
            Section::Dependencies => "Dependencies",
            Section::Performance => "Performance",
            Section::Headers => "Security headers",
            Section::Ci => "CI/CD",
            Section::Review => "Review before a deployment",
            Section::Watch => "Watch after a deployment",
            Section::Own => "Own items",
        }
    }

    /// The section with this name.
    pub fn from_name(name: &str) -> Option<Section> {
        Section::ALL.into_iter().chain([Section::Own]).find(|section| section.name() == name)
    }
}
