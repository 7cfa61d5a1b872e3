use serde::{Deserialize, Serialize};

use crate::*;

/// Schema migrations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Migrations {
    /// Each set of migrations that is applied as one sequence.
    pub sets: Vec<MigrationSet>,
    /// Schema changes made without migrations in what ships (`synchronize: true`, `ddl-auto=update`, `db push`, `create_all`).
    pub automatic: Vec<Observed<String>>,
    /// The same, in tests and development only.
    pub automatic_in_development: Vec<Observed<String>>,
    /// SQL files that create tables outside any framework's folder.
    pub loose_sql: Vec<Observed<String>>,
    /// Calls of a migrator in shipped code, so that the program itself applies them (`Database.Migrate()`, `goose.Up`), or
    /// a framework that does so at start by default.
    pub applied_in_process: Vec<Observed<String>>,
    /// Calls of a migrator in tests, so that a test run applies the migrations.
    pub applied_in_tests: Vec<Observed<String>>,
    /// The engine that the test configuration names (`phpunit.xml`, the test section of `config/database.yml`).
    pub test_engine: Option<Observed<Engine>>,
    /// Database servers that tests start themselves.
    #[serde(default)]
    pub test_servers: Vec<TestServer>,
    /// Migration linters that are wired in (by library, by CI, by hook).
    pub linters: Vec<Observed<String>>,
    /// Migration code that is there but that this version does not read.
    pub unread: Vec<Unread>,
}

/// A database server that tests start in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestServer {
    /// Its engine.
    pub engine: Engine,
    /// A command runs these tests only with one of these words (a goal, a build tag); empty: every test run does.
    pub only_with: Vec<String>,
    /// Where.
    pub at: Location,
}

/// Migrations that are applied as one sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MigrationSet {
    /// The framework's key: `prisma`, `drizzle`, `typeorm`, `sequelize`, `knex`, `mikro-orm`, `node-pg-migrate`, `supabase`,
    /// `db-migrate`, `django`, `alembic`, `rails`, `laravel`, `doctrine`, `phinx`, `flyway`, `liquibase`, `ef-core`,
    /// `fluent-migrator`, `goose`, `golang-migrate`, `atlas`, `dbmate`, `sqlx`, `diesel`, `refinery`, `sea-orm`, `ecto`, `own`.
    pub framework: String,
    /// Its folder or folders.
    pub folders: Vec<String>,
    /// The engine that production uses, as far as told.
    pub engine: Option<Engine>,
    /// How many migrations there are.
    pub count: u32,
    /// The newest 20, newest first, by the framework's own order over all its folders.
    pub newest: Vec<Migration>,
    /// The framework has a form for ways back at all (Prisma, Drizzle and Supabase have none).
    pub has_downs: bool,
}

/// A migration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// Its name or version.
    pub name: String,
    /// Its file.
    pub at: Location,
    /// Whether it can be reversed.
    pub way_back: WayBack,
    /// It only adds (tables, nullable or defaulted columns, indexes), so that the previous version still runs.
    pub only_adds: bool,
    /// Operations that are not safe while the application runs.
    pub hazards: Vec<Hazard>,
    /// The tables that it creates.
    pub creates: Vec<String>,
    /// It sets a lock timeout.
    pub lock_timeout: bool,
}

/// Whether a migration can be reversed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayBack {
    /// By a written way back, or by operations that the framework reverses itself.
    Yes,
    /// There is nothing to reverse (a merge revision).
    NothingToReverse,
    /// No: why, and where.
    No {
        /// Why.
        why: String,
        /// Where.
        at: Location,
    },
}

/// An operation that can lock, rewrite or break what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    /// Stable key: `index-not-concurrent`, `set-not-null`, `type-change`, `volatile-default`, `rename-column`,
    /// `rename-table`, `drop-column`, `drop-table`, `foreign-key-not-valid`, `check-not-valid`, `unique-constraint`, ….
    pub kind: String,
    /// One sentence on what it does and to which table.
    pub summary: String,
    /// The safe form.
    pub safe_form: String,
    /// The table, when told.
    pub table: Option<String>,
    /// Where.
    pub at: Location,
}
