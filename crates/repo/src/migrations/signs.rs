//! Literals that show schema synchronisation and migrators in code, and what each of them means.

use crate::scan::{NeedleId, Needles};

/// What a literal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The schema is brought in step with the models, without migrations.
    Synchronises,
    /// Pending migrations are applied by the program.
    Applies,
}

/// A literal and the conditions under which it counts.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The literal.
    pub literal: &'static str,
    /// Languages of the files in which it counts.
    pub languages: &'static [&'static str],
    /// One of these stands on the same line; empty: nothing more is asked.
    pub line: &'static [&'static str],
    /// One of these stands in the same file; empty: nothing more is asked.
    pub file: &'static [&'static str],
    /// What it shows.
    pub meaning: Meaning,
    /// In words.
    pub words: &'static str,
}

const JAVASCRIPT: &[&str] = &["javascript", "typescript"];
const PYTHON: &[&str] = &["python"];
const GO: &[&str] = &["go"];
const CSHARP: &[&str] = &["csharp"];
const PHP: &[&str] = &["php"];
const KOTLIN: &[&str] = &["kotlin", "java"];
const RUST: &[&str] = &["rust"];
const ELIXIR: &[&str] = &["elixir"];

const fn sign(
    literal: &'static str,
    languages: &'static [&'static str],
    line: &'static [&'static str],
    file: &'static [&'static str],
    meaning: Meaning,
    words: &'static str,
) -> Sign {
    Sign { literal, languages, line, file, meaning, words }
}

use Meaning::{Applies, Synchronises};

/// All of them.
pub static SIGNS: &[Sign] = &[
    sign(
        "synchronize",
        JAVASCRIPT,
        &["synchronize: true"],
        &["DataSource", "TypeOrm", "typeorm", "createConnection"],
        Synchronises,
        "TypeORM `synchronize: true`",
    ),
    sign(
        ".sync(",
        JAVASCRIPT,
        &["sequelize.sync(", "Sequelize.sync(", "alter: true", "force: true", "connection.sync("],
        &["equelize"],
        Synchronises,
        "Sequelize `sync()`",
    ),
    sign(
        "updateSchema(",
        JAVASCRIPT,
        &[],
        &["mikro-orm", "MikroORM", "orm."],
        Synchronises,
        "MikroORM `updateSchema()`",
    ),
    sign("create_all(", PYTHON, &[], &[], Synchronises, "SQLAlchemy `create_all()`"),
    sign(
        "generate_schemas",
        PYTHON,
        &["generate_schemas=True", "generate_schemas("],
        &["ortoise"],
        Synchronises,
        "Tortoise `generate_schemas`",
    ),
    sign("create_tables(", PYTHON, &[], &["peewee"], Synchronises, "Peewee `create_tables()`"),
    sign("run_syncdb", PYTHON, &[], &[], Synchronises, "Django `run_syncdb`"),
    sign("AutoMigrate(", GO, &[], &["gorm"], Synchronises, "GORM `AutoMigrate`"),
    sign("Schema.Create(", GO, &[], &["/ent\"", "ent.", "/ent/"], Synchronises, "Ent `Schema.Create`"),
    sign(
        "EnsureCreated",
        CSHARP,
        &["EnsureCreated(", "EnsureCreatedAsync("],
        &[],
        Synchronises,
        "Entity Framework `EnsureCreated()`",
    ),
    sign(
        "createMissingTablesAndColumns",
        KOTLIN,
        &[],
        &[],
        Synchronises,
        "Exposed `createMissingTablesAndColumns`",
    ),
    sign("SchemaUtils.create(", KOTLIN, &[], &[], Synchronises, "Exposed `SchemaUtils.create`"),
    sign(
        "Database.Migrate",
        CSHARP,
        &["Database.Migrate(", "Database.MigrateAsync("],
        &[],
        Applies,
        "`Database.Migrate()`",
    ),
    sign(
        "MigrateUp(",
        CSHARP,
        &[],
        &["FluentMigrator", "IMigrationRunner"],
        Applies,
        "FluentMigrator `MigrateUp()`",
    ),
    sign("goose.Up", GO, &["goose.Up(", "goose.UpContext("], &[], Applies, "`goose.Up`"),
    sign(".Up()", GO, &[], &["golang-migrate/migrate"], Applies, "golang-migrate `Up()`"),
    sign("migrate!", RUST, &["sqlx::migrate!", "migrate!("], &["sqlx"], Applies, "`sqlx::migrate!`"),
    sign("run_pending_migrations", RUST, &[], &[], Applies, "Diesel `run_pending_migrations`"),
    sign("embed_migrations!", RUST, &[], &["refinery"], Applies, "refinery `embed_migrations!`"),
    sign("Migrator::up", RUST, &[], &[], Applies, "SeaORM `Migrator::up`"),
    sign("command.upgrade(", PYTHON, &[], &["alembic"], Applies, "Alembic `command.upgrade()`"),
    sign("flask_migrate.upgrade(", PYTHON, &[], &[], Applies, "Flask-Migrate `upgrade()`"),
    sign(
        "call_command(",
        PYTHON,
        &["\"migrate\"", "'migrate'"],
        &[],
        Applies,
        "Django `call_command(\"migrate\")`",
    ),
    sign(
        "Artisan::call(",
        PHP,
        &["'migrate'", "\"migrate\"", "'migrate:", "migrate --force"],
        &[],
        Applies,
        "Laravel `Artisan::call('migrate')`",
    ),
    sign("migrate.latest(", JAVASCRIPT, &[], &[], Applies, "Knex `migrate.latest()`"),
    sign("runMigrations(", JAVASCRIPT, &[".runMigrations("], &[], Applies, "TypeORM `runMigrations()`"),
    sign(
        "migrationsRun",
        JAVASCRIPT,
        &["migrationsRun: true"],
        &[],
        Applies,
        "TypeORM `migrationsRun: true`",
    ),
    sign("umzug.up(", JAVASCRIPT, &[], &[], Applies, "Umzug `up()`"),
    sign("getMigrator()", JAVASCRIPT, &[".up("], &[], Applies, "MikroORM's migrator"),
    sign("migrate(", JAVASCRIPT, &["migrationsFolder"], &["drizzle-orm"], Applies, "Drizzle `migrate()`"),
    sign(
        "migrate deploy",
        JAVASCRIPT,
        &["exec", "spawn", "$`"],
        &[],
        Applies,
        "`prisma migrate deploy` by the program",
    ),
    sign(
        "Ecto.Migrator",
        ELIXIR,
        &["Ecto.Migrator}", "Ecto.Migrator,"],
        &["Supervisor"],
        Applies,
        "`Ecto.Migrator` among the supervised processes",
    ),
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    /// One for each sign, in order.
    pub signs: Vec<NeedleId>,
    /// `CREATE TABLE` in either case.
    pub create_table: Vec<NeedleId>,
    /// Servers that tests start.
    pub test_servers: Vec<NeedleId>,
}

impl Plan {
    /// Adds the literals.
    pub fn new(needles: &mut Needles) -> Self {
        Plan {
            signs: SIGNS.iter().map(|sign| needles.text(sign.literal)).collect(),
            create_table: ["CREATE TABLE", "create table", "Create Table"]
                .into_iter()
                .map(|text| needles.text(text))
                .collect(),
            test_servers: super::test_servers::plan(needles),
        }
    }
}
