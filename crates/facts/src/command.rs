use serde::{Deserialize, Serialize};

use crate::*;

/// A command that is run by CI, at release, at start or at a set time, followed down to the program that it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The words, wrappers such as `sudo`, `poetry run`, `npx` taken off. `words[0]` is the program.
    pub words: Vec<String>,
    /// The text as written, capped.
    pub text: String,
    /// Where this command is written (the last step of the chain).
    pub at: Location,
    /// How it was reached, outermost first: the CI step, the package script, the Makefile target, …
    pub via: Vec<Location>,
    /// What kind of work it does.
    pub roles: Vec<Role>,
    /// Its failure does not count, and why (`|| true`).
    pub ignored: Option<String>,
    /// It names a script, target or file that does not exist: what is missing.
    pub missing: Option<String>,
    /// It selects tests by a pattern that matches nothing here.
    pub selects_nothing: Option<String>,
    /// Runs only under this condition (capped source text).
    pub condition: Option<String>,
}

impl Command {
    /// It does work of this kind, exists, and its failure counts.
    pub fn really(&self, role: Role) -> bool {
        self.roles.contains(&role) && self.effective()
    }

    /// It exists, selects something, and its failure counts.
    pub fn effective(&self) -> bool {
        self.ignored.is_none() && self.missing.is_none() && self.selects_nothing.is_none()
    }
}

/// The kind of work that a command, an action or an image does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs a test suite.
    Test,
    /// Runs tests that drive a browser or a deployed system.
    EndToEnd,
    /// Lints.
    Lint,
    /// Checks formatting.
    Format,
    /// Checks types.
    TypeCheck,
    /// Builds.
    Build,
    /// Installs packages from a lockfile.
    InstallLocked,
    /// Installs packages and may choose other versions.
    InstallFloating,
    /// Looks for security faults in the code.
    CodeScan,
    /// Reports known vulnerabilities of dependencies.
    DependencyAudit,
    /// Fails where a declared package is not used.
    UnusedPackages,
    /// Scans container images or infrastructure as code.
    ImageScan,
    /// Looks for committed secrets.
    SecretScan,
    /// Keeps dependencies up to date (a bot).
    UpdateBot,
    /// Applies schema migrations.
    Migrate,
    /// Pushes a schema without migrations (`prisma db push`, `create_all`).
    SchemaPush,
    /// Lints schema migrations.
    MigrationLint,
    /// Checks that migrations and models agree.
    MigrationCheck,
    /// Logs in to or configures a registry or cloud.
    Login,
    /// Publishes an artefact (image, package, archive).
    Publish,
    /// Deploys.
    Deploy,
    /// Deploys a preview or documentation, not the application.
    DeployPreview,
    /// Rolls back.
    Rollback,
    /// Asks a running address whether it is well.
    HealthRequest,
    /// Runs a load test.
    LoadTest,
    /// Makes a backup.
    Backup,
    /// Restores a backup.
    Restore,
    /// Starts the application.
    Serve,
}
