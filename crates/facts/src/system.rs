use serde::{Deserialize, Serialize};

use crate::*;

/// What the system consists of: the facts that many items share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Parts that are built and shipped on their own.
    pub components: Vec<Component>,
    /// Databases in use (development-only ones apart).
    pub databases: Vec<Database>,
    /// Object storage for user files in use: product name.
    pub object_storage: Vec<Observed<String>>,
    /// HTTP clients and service SDKs really used: name.
    pub outgoing_calls: Vec<Observed<String>>,
    /// Job queues in use: product name.
    pub queues: Vec<Observed<String>>,
    /// Where it is deployed.
    pub platforms: Vec<Platform>,
    /// Why accounts exist (a sign-up, a user model, an auth library): what shows it.
    pub accounts: Vec<Observed<String>>,
    /// Why people leave data here even without an account (a form, a cookie, a tracker): what shows it.
    #[serde(default)]
    pub people: Vec<Observed<String>>,
    /// It answers requests with data rather than pages: what shows it.
    pub api: Vec<Observed<String>>,
}

impl System {
    /// The first sign that something answers HTTP.
    pub fn http_server(&self) -> Option<&Observed<String>> {
        self.components.iter().find_map(|component| component.http_server.as_ref())
    }

    /// The first sign of a front end.
    pub fn front_end(&self) -> Option<&Observed<String>> {
        self.components.iter().find_map(|component| component.front_end.as_ref())
    }

    /// The component whose folder holds a path: the deepest one.
    pub fn component_of(&self, path: &str) -> Option<&Component> {
        let holds = |folder: &str| {
            folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        self.components
            .iter()
            .filter(|component| holds(&component.folder))
            .max_by_key(|component| if component.folder == "." { 0 } else { component.folder.len() })
    }

    /// Shipped components that run as a server or a worker.
    pub fn servers(&self) -> impl Iterator<Item = &Component> {
        self.components.iter().filter(|component| component.ships && component.runs())
    }

    /// Whether what stands at a path is about a server: it lies in its folder, or in that of no server (a library that
    /// servers share, the root).
    pub fn concerns(&self, path: &str, server: &Component) -> bool {
        self.component_of(path).is_none_or(|component| component.folder == server.folder || !component.runs())
    }

    /// Relational databases in use.
    pub fn relational(&self) -> impl Iterator<Item = &Database> {
        self.databases.iter().filter(|database| database.engine.is_relational())
    }

    /// What the platforms that count promise. Where only several alternatives are named, the weaker one decides: the
    /// promise holds when each of them makes it.
    pub fn promises(&self, claim: &str) -> Vec<(&Platform, &Guarantee)> {
        let firm: Vec<_> = self
            .platforms
            .iter()
            .filter_map(|platform| Some((platform, platform.guarantee(claim)?)))
            .collect();
        if !firm.is_empty() {
            return firm;
        }
        self.platforms
            .iter()
            .filter(|platform| platform.certainty == Certainty::Alternative)
            .map(|platform| Some((platform, platform.documented(claim)?)))
            .collect::<Option<_>>()
            .unwrap_or_default()
    }

    /// Whether something here can be deployed at all.
    pub fn deployable(&self) -> bool {
        !self.platforms.is_empty()
            || self
                .components
                .iter()
                .any(|c| c.http_server.is_some() || c.front_end.is_some() || c.worker.is_some())
    }
}

/// A part of the system with its own manifest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its folder relative to the audited folder; `.` for the root.
    pub folder: String,
    /// The file that shows it (its manifest).
    pub manifest: Option<Location>,
    /// Package ecosystem, as in [`Ecosystem`].
    pub ecosystem: Option<Ecosystem>,
    /// Frameworks (`next`, `express`, `django`, `rails`, `laravel`, `spring-boot`, …), lower case.
    pub frameworks: Vec<Observed<String>>,
    /// It answers HTTP: what shows it.
    pub http_server: Option<Observed<String>>,
    /// It is or has a front end for browsers: what shows it.
    pub front_end: Option<Observed<String>>,
    /// It works in the background: what shows it.
    pub worker: Option<Observed<String>>,
    /// It is part of what ships (an example or a development tool is not).
    pub ships: bool,
}

impl Component {
    /// Whether it runs as a server or a worker.
    pub fn runs(&self) -> bool {
        self.http_server.is_some() || self.worker.is_some()
    }
}

/// A database in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The engine.
    pub engine: Engine,
    /// What shows that it is used in production.
    pub at: Location,
    /// What was seen, in a few words (`psycopg in requirements.txt`, `aws_db_instance.main`).
    pub shown_by: String,
    /// The application can use it, but another one is the default or the alternative.
    pub alternative: bool,
}

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// PostgreSQL and services that speak its protocol.
    Postgresql,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// SQLite (also libSQL, Turso, D1).
    Sqlite,
    /// Microsoft SQL Server.
    Sqlserver,
    /// Oracle.
    Oracle,
    /// CockroachDB.
    Cockroachdb,
    /// ClickHouse.
    Clickhouse,
    /// MongoDB.
    Mongodb,
    /// Redis or Valkey used as a store.
    Redis,
    /// Elasticsearch or OpenSearch.
    Elasticsearch,
    /// DynamoDB.
    Dynamodb,
    /// Azure Cosmos DB.
    Cosmosdb,
    /// Firestore or Firebase Realtime Database.
    Firestore,
    /// Cassandra or ScyllaDB.
    Cassandra,
    /// A relational database whose engine the repository does not tell.
    Relational,
    /// Another one.
    Other,
}

impl Engine {
    /// Whether the checklist's migrations section is about it.
    pub const fn is_relational(self) -> bool {
        matches!(
            self,
            Engine::Postgresql
                | Engine::Mysql
                | Engine::Mariadb
                | Engine::Sqlite
                | Engine::Sqlserver
                | Engine::Oracle
                | Engine::Cockroachdb
                | Engine::Relational
        )
    }

    /// Whether it is a store whose loss would be a loss (caches and search indexes can be filled again).
    pub const fn is_stateful(self) -> bool {
        !matches!(self, Engine::Redis | Engine::Elasticsearch)
    }

    /// The product's name.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Postgresql => "PostgreSQL",
            Engine::Mysql => "MySQL",
            Engine::Mariadb => "MariaDB",
            Engine::Sqlite => "SQLite",
            Engine::Sqlserver => "SQL Server",
            Engine::Oracle => "Oracle",
            Engine::Cockroachdb => "CockroachDB",
            Engine::Clickhouse => "ClickHouse",
            Engine::Mongodb => "MongoDB",
            Engine::Redis => "Redis",
            Engine::Elasticsearch => "Elasticsearch",
            Engine::Dynamodb => "DynamoDB",
            Engine::Cosmosdb => "Azure Cosmos DB",
            Engine::Firestore => "Firestore",
            Engine::Cassandra => "Cassandra",
            Engine::Relational => "a relational database",
            Engine::Other => "a database",
        }
    }
}

/// A place where the system is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Lower-case key: `vercel`, `netlify`, `cloudflare`, `fly`, `render`, `railway`, `heroku`, `supabase`, `firebase`,
    /// `aws`, `gcp`, `azure`, `kubernetes`, `helm`, `compose`, `kamal`, `dokku`, `coolify`, `cloud-run`, `app-runner`,
    /// `ecs`, `lambda`, `server`, …
    pub key: String,
    /// What shows it.
    pub at: Location,
    /// How sure it is.
    pub certainty: Certainty,
    /// The environments that it is known to hold (`production`, `staging`), when the repository tells.
    pub environments: Vec<String>,
    /// What the platform's own documentation promises.
    #[serde(default)]
    pub guarantees: Vec<Guarantee>,
}

impl Platform {
    /// The promise of this kind, where the platform counts (it is named, deployed to, or configured by a file).
    pub fn guarantee(&self, claim: &str) -> Option<&Guarantee> {
        self.documented(claim).filter(|_| self.certainty <= Certainty::Configured)
    }

    /// The promise of this kind, whether the platform counts or not.
    pub fn documented(&self, claim: &str) -> Option<&Guarantee> {
        self.guarantees.iter().find(|guarantee| guarantee.claim == claim)
    }
}

/// Something that a platform itself sees to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    /// Stable key: `certificates`, `redirect`, `tls-1-2`, `metrics`, `instant-rollback`, `kept-releases`, `edge-cache`.
    pub claim: String,
    /// What is promised, in a few words.
    pub says: String,
    /// Where the platform says so.
    pub link: String,
}

/// How sure a platform is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The user named it (`--deploy`, `[app] deploy`).
    Named,
    /// CI deploys to it.
    Deployed,
    /// A platform file names it.
    Configured,
    /// One of several platforms that each have a file of their own, and nothing tells which one production runs on.
    Alternative,
    /// One of several optional targets (a deploy button, a template).
    Optional,
    /// Only a hint (a framework that is usually deployed there).
    Probable,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(platforms: &[(&str, Certainty, bool)]) -> usize {
        let promise = Guarantee {
            claim: "certificates".to_owned(),
            says: "they are renewed".to_owned(),
            link: "https://example.org".to_owned(),
        };
        let platform = |(key, certainty, promises): &(&str, Certainty, bool)| Platform {
            key: (*key).to_owned(),
            at: Location::file("platform.toml"),
            certainty: *certainty,
            environments: Vec::new(),
            guarantees: promises.then(|| promise.clone()).into_iter().collect(),
        };
        let platforms = platforms.iter().map(platform).collect();
        System { platforms, ..System::default() }.promises("certificates").len()
    }

    #[test]
    fn of_alternatives_the_weaker_decides() {
        use Certainty::{Alternative, Configured, Optional};
        assert_eq!(on(&[("render", Alternative, true), ("railway", Alternative, true)]), 2);
        assert_eq!(on(&[("render", Alternative, true), ("fly", Alternative, false)]), 0);
        assert_eq!(on(&[("render", Alternative, true), ("fly", Optional, false)]), 1);
        assert_eq!(on(&[("render", Configured, true), ("fly", Alternative, false)]), 1);
        assert_eq!(on(&[("render", Optional, true)]), 0);
    }
}
