use serde::{Deserialize, Serialize};

use crate::*;

/// Third-party packages: what is declared, what is resolved, what keeps it up to date.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Packages {
    /// Every manifest of what ships or is developed here (examples, fixtures and vendored ones apart).
    pub manifests: Vec<Manifest>,
    /// Update bots that are configured.
    pub bots: Vec<UpdateBot>,
    /// Imports of remote code with a floating version (`https://esm.sh/x@2`, `npm:x@1`), not covered by a lockfile.
    pub remote_imports: Vec<RemoteImport>,
    /// Package managers that are there but that this version does not read.
    pub unread: Vec<Unread>,
}

/// A package ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// npm, pnpm, Yarn, Bun.
    Npm,
    /// Deno (`deno.json`, remote imports).
    Deno,
    /// Python.
    Pypi,
    /// Ruby.
    Rubygems,
    /// PHP.
    Packagist,
    /// Go.
    Go,
    /// Rust.
    Cargo,
    /// Maven.
    Maven,
    /// Gradle.
    Gradle,
    /// .NET.
    Nuget,
    /// Elixir and Erlang.
    Hex,
    /// Dart.
    Pub,
    /// Swift.
    Swift,
}

impl Ecosystem {
    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Ecosystem::Npm => "npm",
            Ecosystem::Deno => "Deno",
            Ecosystem::Pypi => "PyPI",
            Ecosystem::Rubygems => "RubyGems",
            Ecosystem::Packagist => "Packagist",
            Ecosystem::Go => "Go",
            Ecosystem::Cargo => "crates.io",
            Ecosystem::Maven => "Maven",
            Ecosystem::Gradle => "Gradle",
            Ecosystem::Nuget => "NuGet",
            Ecosystem::Hex => "Hex",
            Ecosystem::Pub => "Pub",
            Ecosystem::Swift => "Swift",
        }
    }
}

/// A manifest with its lockfile and its direct dependencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The manifest file.
    pub at: Location,
    /// Folder relative to the audited folder; `.` for the root.
    pub folder: String,
    /// It ships with the application (a tool, example or development-only manifest does not).
    pub ships: bool,
    /// It is a library or workspace member that is resolved by another manifest's lockfile.
    pub member_of: Option<String>,
    /// How it is resolved.
    pub lock: Lock,
    /// Direct dependencies.
    pub dependencies: Vec<Dependency>,
    /// More dependencies are named where nothing can be read, such as in a version catalogue that is published elsewhere.
    #[serde(default)]
    pub partial: bool,
}

/// How a manifest is resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// There is nothing to lock (no dependencies), or exact versions suffice by the ecosystem's own rules.
    NotNeeded {
        /// Why.
        why: String,
    },
    /// A lockfile in step with the manifest.
    InStep {
        /// The lockfile.
        at: Location,
    },
    /// A lockfile that does not match the manifest.
    OutOfStep {
        /// The lockfile.
        at: Location,
        /// What differs, first few.
        differences: Vec<String>,
    },
    /// A lockfile that git ignores or does not track.
    Untracked {
        /// The lockfile.
        at: Location,
    },
    /// A lockfile that is there but that what ships does not install from.
    Unused {
        /// The lockfile.
        at: Location,
        /// What installs something else.
        why: String,
    },
    /// A lockfile that could not be read.
    Unreadable {
        /// The lockfile.
        at: Location,
        /// Why.
        why: String,
    },
    /// None.
    Missing,
}

/// A direct dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Its name in the ecosystem.
    pub name: String,
    /// The requirement as written.
    pub requirement: String,
    /// Whether it is needed to run.
    pub scope: Scope,
    /// The requirement names one exact version, a commit or a path.
    pub exact: bool,
    /// The version that the lockfile resolves it to.
    pub resolved: Option<String>,
    /// Where it is declared.
    pub at: Location,
    /// Whether something uses it.
    pub usage: Usage,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// At run time.
    Runtime,
    /// To develop, test or build.
    Development,
    /// Optional, peer or provided by the surroundings.
    Optional,
}

/// Whether something uses a dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// It is imported, or used by configuration, a script, a plugin convention or a type reference.
    Used {
        /// Where.
        at: Location,
    },
    /// It is used by convention (a driver, a peer dependency, type declarations): why.
    Implied {
        /// Why.
        why: String,
    },
    /// Looked for and not found.
    NotFound,
    /// Not looked for (no reader for this ecosystem, or only run-time dependencies are asked).
    NotLooked,
}

/// An update bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateBot {
    /// `Dependabot`, `Renovate`, …
    pub name: String,
    /// Its configuration file.
    pub at: Location,
    /// What it covers; none when it finds everything itself (Renovate).
    pub covers: Option<Vec<BotScope>>,
    /// What is wrong with the file (an unknown ecosystem, a missing key), each with its place.
    pub faults: Vec<Observed<String>>,
    /// It is switched off.
    pub disabled: bool,
}

/// An entry of an update bot's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotScope {
    /// The bot's own name for the ecosystem (`npm`, `pip`, `github-actions`, `docker`, …); `*` for all of them.
    pub ecosystem: String,
    /// Folder patterns, relative to the root, without a leading slash; `.` for the root. One that begins with `!`
    /// leaves out what it matches.
    pub folders: Vec<String>,
    /// Where.
    pub at: Location,
}

/// An import of remote code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteImport {
    /// The specifier.
    pub specifier: String,
    /// It names no exact version.
    pub floating: bool,
    /// A lockfile or import map pins it.
    pub locked: bool,
    /// Where.
    pub at: Location,
}
