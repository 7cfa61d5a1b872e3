use seaworthy_model::Cause;
use serde::{Deserialize, Serialize};

use crate::*;

/// The kinds of fact that exist. An item declares which of them it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactKind {
    /// [`Declared`].
    Declared,
    /// [`Repository`].
    Repository,
    /// [`System`].
    System,
    /// [`Capabilities`].
    Capabilities,
    /// [`Pipelines`].
    Pipelines,
    /// [`Launches`].
    Launches,
    /// [`Schedules`].
    Schedules,
    /// [`Packages`].
    Packages,
    /// [`Containers`].
    Containers,
    /// [`Runtimes`].
    Runtimes,
    /// [`Migrations`].
    Migrations,
    /// [`Documents`].
    Documents,
    /// [`Infrastructure`].
    Infrastructure,
    /// [`Code`].
    Code,
    /// [`Edge`].
    Edge,
    /// [`ErrorHandling`].
    ErrorHandling,
    /// [`Exposures`].
    Exposures,
    /// [`Change`].
    Change,
    /// [`Alerting`].
    Alerting,
    /// [`Pages`].
    Pages,
    /// [`Schema`].
    Schema,
    /// [`Assets`].
    Assets,
    /// [`Logging`].
    Logging,
    /// [`Privacy`].
    Privacy,
    /// [`Site`].
    Site,
    /// [`Tls`].
    Tls,
    /// [`Browser`].
    Browser,
    /// [`Records`].
    Records,
}

/// A kind of fact as a type.
pub trait Fact: Sized {
    /// Its kind.
    const KIND: FactKind;
    /// Where it is kept.
    fn of(facts: &Facts) -> &Collected<Self>;
}

/// A fact, or the reason why there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collected<T> {
    /// It was collected.
    Found(Box<T>),
    /// It was not.
    Absent(Absent),
}

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Collected::Absent(Absent::new(Cause::NotPermitted, "this kind of fact was not collected in this run"))
    }
}

impl<T> From<T> for Collected<T> {
    fn from(value: T) -> Self {
        Collected::Found(Box::new(value))
    }
}

impl<T> Collected<T> {
    /// The fact, or its absence.
    pub fn get(&self) -> Result<&T, Absent> {
        match self {
            Collected::Found(value) => Ok(value),
            Collected::Absent(absent) => Err(absent.clone()),
        }
    }
}

macro_rules! facts {
    ($($(#[$doc:meta])* $field:ident: $type:ident,)*) => {
        /// Everything that was collected in a run. This is what `seaworthy collect` writes and `judge` reads.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Facts {
            $($(#[$doc])* pub $field: Collected<$type>,)*
        }
        impl Facts {
            /// No fact at all, for one reason.
            pub fn absent(absent: &Absent) -> Facts {
                Facts { $($field: Collected::Absent(absent.clone()),)* }
            }
        }
        $(impl Fact for $type {
            const KIND: FactKind = FactKind::$type;
            fn of(facts: &Facts) -> &Collected<Self> { &facts.$field }
        })*
    };
}

facts! {
    /// What the owners declare.
    declared: Declared,
    /// The tree itself.
    repository: Repository,
    /// What the system consists of.
    system: System,
    /// Products and techniques in use.
    capabilities: Capabilities,
    /// Continuous integration.
    pipelines: Pipelines,
    /// What is run when the application is released and started.
    launches: Launches,
    /// What is run at set times.
    schedules: Schedules,
    /// Third-party packages.
    packages: Packages,
    /// Container images.
    containers: Containers,
    /// Versions of runtimes, frameworks and databases.
    runtimes: Runtimes,
    /// Schema migrations.
    migrations: Migrations,
    /// What is written for people.
    documents: Documents,
    /// Infrastructure as code.
    infrastructure: Infrastructure,
    /// What rules see in code.
    code: Code,
    /// What answers HTTP at the edge and in the application: servers, redirects, TLS and response headers.
    edge: Edge,
    /// What errors meet: pages, debug switches, framework defaults.
    error_handling: ErrorHandling,
    /// Data that anybody can read: committed secrets, open tables and rules, server keys in client code.
    exposures: Exposures,
    /// What one change (`BASE..HEAD`) adds.
    change: Change,
    /// Alert rules, their tests and their receivers.
    alerting: Alerting,
    /// Pages and routes that people reach: legal texts, error pages, support.
    pages: Pages,
    /// The database schema as migrations and models describe it.
    schema: Schema,
    /// What a front end serves: images, bundles.
    assets: Assets,
    /// How the application writes its log and where the log goes.
    logging: Logging,
    /// Personal data: who gets it, how long it is kept, how people get it back or erased.
    privacy: Privacy,
    /// What a running site answered over HTTP.
    site: Site,
    /// What handshakes with a running site showed.
    tls: Tls,
    /// What a real browser saw on a running site.
    browser: Browser,
    /// The ledger.
    records: Records,
}

/// The facts, narrowed to those that an item declared.
#[derive(Clone, Copy)]
pub struct FactView<'a> {
    facts: &'a Facts,
    declared: &'a [FactKind],
}

impl<'a> FactView<'a> {
    /// A view that shows only `declared` kinds.
    pub fn new(facts: &'a Facts, declared: &'a [FactKind]) -> Self {
        FactView { facts, declared }
    }

    /// What was left out of the kinds that the item declared: nothing follows from the absence of it.
    pub fn cuts(&self) -> impl Iterator<Item = &'a Cut> {
        let declared = self.declared;
        let cuts =
            self.facts.repository.get().map(|repository| repository.cuts.as_slice()).unwrap_or_default();
        cuts.iter().filter(move |cut| cut.kinds.iter().any(|kind| declared.contains(kind)))
    }

    /// The fact of type `T`.
    ///
    /// # Errors
    /// The absence with its cause, when the fact was not collected.
    ///
    /// # Panics
    /// In builds with debug assertions, when the item did not declare that it reads this kind.
    pub fn get<T: Fact + 'a>(&self) -> Result<&'a T, Absent> {
        let declared = self.declared.contains(&T::KIND);
        debug_assert!(declared, "{:?} is read but not declared", T::KIND);
        if !declared {
            return Err(Absent::new(Cause::CouldNotRun, "the item reads a fact that it did not declare"));
        }
        T::of(self.facts).get()
    }
}
