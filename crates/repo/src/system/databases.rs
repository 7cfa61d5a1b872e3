//! Databases in use: what infrastructure, settings and drivers name, development and tests apart.

use std::collections::BTreeMap;

use seaworthy_facts::{Component, Database, Engine, ImageRole, Location};
use seaworthy_syntax::{Limits, hcl};

use super::Seen;
use super::components::first_use;
use crate::capabilities;
use crate::scan::{Needle, NeedleId, Needles};
use crate::tree::{Class, File};

/// Settings that name an engine.
const SETTINGS: &[(&str, Engine)] = &[
    ("postgres://", Engine::Postgresql),
    ("postgresql://", Engine::Postgresql),
    ("postgresql+", Engine::Postgresql),
    ("ecto://", Engine::Relational),
    ("django.db.backends.postgresql", Engine::Postgresql),
    ("django.contrib.gis.db.backends.postgis", Engine::Postgresql),
    ("jdbc:postgresql:", Engine::Postgresql),
    ("r2dbc:postgresql:", Engine::Postgresql),
    ("org.postgresql.Driver", Engine::Postgresql),
    ("org.postgresql.ds.", Engine::Postgresql),
    ("import org.postgresql.", Engine::Postgresql),
    ("db-kind=postgresql", Engine::Postgresql),
    ("db-kind: postgresql", Engine::Postgresql),
    // The database of an application of Nais.
    ("type: POSTGRES_1", Engine::Postgresql),
    ("dialect: 'postgresql'", Engine::Postgresql),
    ("dialect: \"postgresql\"", Engine::Postgresql),
    ("dialect: 'postgres'", Engine::Postgresql),
    ("dialect: \"postgres\"", Engine::Postgresql),
    ("type: 'postgres'", Engine::Postgresql),
    ("type: \"postgres\"", Engine::Postgresql),
    ("client: 'pg'", Engine::Postgresql),
    ("client: \"pg\"", Engine::Postgresql),
    ("client: 'postgresql'", Engine::Postgresql),
    ("provider = \"postgresql\"", Engine::Postgresql),
    ("DB_CONNECTION=pgsql", Engine::Postgresql),
    ("adapter: postgresql", Engine::Postgresql),
    ("heroku-postgresql", Engine::Postgresql),
    ("mysql://", Engine::Mysql),
    ("mysql2://", Engine::Mysql),
    ("mysql+", Engine::Mysql),
    ("django.db.backends.mysql", Engine::Mysql),
    ("jdbc:mysql:", Engine::Mysql),
    ("com.mysql.cj.jdbc.", Engine::Mysql),
    ("db-kind=mysql", Engine::Mysql),
    ("db-kind: mysql", Engine::Mysql),
    ("dialect: 'mysql'", Engine::Mysql),
    ("dialect: \"mysql\"", Engine::Mysql),
    ("type: 'mysql'", Engine::Mysql),
    ("type: \"mysql\"", Engine::Mysql),
    ("client: 'mysql2'", Engine::Mysql),
    ("client: \"mysql2\"", Engine::Mysql),
    ("provider = \"mysql\"", Engine::Mysql),
    ("DB_CONNECTION=mysql", Engine::Mysql),
    ("adapter: mysql2", Engine::Mysql),
    ("adapter: trilogy", Engine::Mysql),
    ("mariadb://", Engine::Mariadb),
    ("jdbc:mariadb:", Engine::Mariadb),
    ("org.mariadb.jdbc.", Engine::Mariadb),
    ("db-kind=mariadb", Engine::Mariadb),
    ("db-kind: mariadb", Engine::Mariadb),
    ("DB_CONNECTION=mariadb", Engine::Mariadb),
    ("sqlite:///", Engine::Sqlite),
    ("django.db.backends.sqlite3", Engine::Sqlite),
    ("dialect: 'sqlite'", Engine::Sqlite),
    ("dialect: \"sqlite\"", Engine::Sqlite),
    ("dialect: 'turso'", Engine::Sqlite),
    ("dialect: \"turso\"", Engine::Sqlite),
    ("type: 'sqlite'", Engine::Sqlite),
    ("type: \"sqlite\"", Engine::Sqlite),
    ("provider = \"sqlite\"", Engine::Sqlite),
    ("client: 'better-sqlite3'", Engine::Sqlite),
    ("client: 'sqlite3'", Engine::Sqlite),
    ("DB_CONNECTION=sqlite", Engine::Sqlite),
    ("adapter: sqlite3", Engine::Sqlite),
    ("d1_databases", Engine::Sqlite),
    ("provider = \"sqlserver\"", Engine::Sqlserver),
    ("jdbc:sqlserver:", Engine::Sqlserver),
    ("com.microsoft.sqlserver.jdbc.", Engine::Sqlserver),
    ("db-kind=mssql", Engine::Sqlserver),
    ("db-kind: mssql", Engine::Sqlserver),
    ("mssql+pyodbc", Engine::Sqlserver),
    ("DB_CONNECTION=sqlsrv", Engine::Sqlserver),
    ("type: 'mssql'", Engine::Sqlserver),
    ("type: \"mssql\"", Engine::Sqlserver),
    ("jdbc:oracle:", Engine::Oracle),
    ("oracle.jdbc.", Engine::Oracle),
    ("provider = \"cockroachdb\"", Engine::Cockroachdb),
    ("provider = \"mongodb\"", Engine::Mongodb),
    ("mongodb://", Engine::Mongodb),
    ("mongodb+srv://", Engine::Mongodb),
    ("clickhouse://", Engine::Clickhouse),
    ("redis://", Engine::Redis),
    ("rediss://", Engine::Redis),
];

/// Images that run an engine.
const IMAGES: &[(&str, Engine)] = &[
    ("postgres", Engine::Postgresql),
    ("postgis", Engine::Postgresql),
    ("pgvector", Engine::Postgresql),
    ("timescaledb", Engine::Postgresql),
    ("postgresql", Engine::Postgresql),
    ("mysql", Engine::Mysql),
    ("mariadb", Engine::Mariadb),
    ("mongo", Engine::Mongodb),
    ("mongodb", Engine::Mongodb),
    ("redis", Engine::Redis),
    ("valkey", Engine::Redis),
    ("clickhouse-server", Engine::Clickhouse),
    ("clickhouse", Engine::Clickhouse),
    ("elasticsearch", Engine::Elasticsearch),
    ("opensearch", Engine::Elasticsearch),
    ("cassandra", Engine::Cassandra),
    ("scylla", Engine::Cassandra),
    ("cockroach", Engine::Cockroachdb),
    ("azure-sql-edge", Engine::Sqlserver),
];

/// The literals of settings.
#[derive(Debug, Default)]
pub struct Plan {
    settings: Vec<(NeedleId, Engine)>,
}

/// Adds the literals of settings.
pub fn plan(needles: &mut Needles) -> Plan {
    let settings = SETTINGS
        .iter()
        .map(|(text, engine)| {
            (needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 3 }), *engine)
        })
        .collect();
    Plan { settings }
}

/// How much a sign says about production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Infrastructure,
    Setting,
    Driver,
    Choice,
}

struct Sign {
    engine: Engine,
    weight: Weight,
    at: Location,
    shown_by: String,
}

/// The databases in use, the most telling sign of each.
pub fn databases(seen: &Seen, components: &[Component]) -> Vec<Database> {
    let mut signs = infrastructure(seen);
    signs.extend(settings(seen, false));
    signs.extend(drivers(seen));
    signs.extend(laravel_choices(seen));
    if !signs.iter().any(|sign| sign.engine.is_relational()) {
        // Production takes its address from the environment; what development uses tells the engine.
        signs.extend(
            settings(seen, true)
                .into_iter()
                .filter(|sign| sign.engine.is_relational() && sign.engine != Engine::Sqlite)
                .map(|sign| Sign { weight: Weight::Choice, ..sign }),
        );
    }
    // MariaDB is reached by MySQL's drivers and settings: where both are seen, they are one.
    let mariadb = signs.iter().any(|sign| sign.engine == Engine::Mariadb && sign.weight <= Weight::Setting);
    let mysql =
        signs.iter().any(|sign| sign.engine == Engine::Mysql && sign.weight == Weight::Infrastructure);
    if mariadb && !mysql {
        for sign in signs.iter_mut().filter(|sign| sign.engine == Engine::Mysql) {
            sign.engine = Engine::Mariadb;
        }
    }
    let told = signs.iter().any(|s| s.engine.is_relational() && s.engine != Engine::Relational);
    signs.retain(|sign| !(told && sign.engine == Engine::Relational));
    let mut best: BTreeMap<Engine, (Sign, usize)> = BTreeMap::new();
    for sign in signs {
        match best.get_mut(&sign.engine) {
            Some((known, count)) => {
                *count += 1;
                if sign.weight < known.weight {
                    *known = sign;
                }
            }
            None => {
                best.insert(sign.engine, (sign, 1));
            }
        }
    }
    let mut ordered: Vec<(Sign, usize)> = best.into_values().collect();
    // An embedded engine beside a server is what development uses, unless the settings name only it.
    ordered.sort_by_key(|(sign, count)| {
        (sign.weight, sign.engine == Engine::Sqlite, std::cmp::Reverse(*count), sign.engine)
    });
    let mut databases: Vec<Database> = Vec::new();
    for (sign, _) in ordered {
        let alternative = sign.engine.is_relational()
            && databases.iter().any(|known| {
                known.engine.is_relational()
                    && !known.alternative
                    && same_component(components, &known.at, &sign.at)
            });
        databases.push(Database { engine: sign.engine, at: sign.at, shown_by: sign.shown_by, alternative });
    }
    databases
}

fn same_component(components: &[Component], left: &Location, right: &Location) -> bool {
    let of = |at: &Location| {
        let path = at.path().unwrap_or_default();
        components
            .iter()
            .filter(|c| {
                c.folder != "." && path.starts_with(&c.folder) && path[c.folder.len()..].starts_with('/')
            })
            .map(|c| c.folder.clone())
            .max_by_key(String::len)
    };
    match (of(left), of(right)) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    }
}

fn infrastructure(seen: &Seen) -> Vec<Sign> {
    let mut signs = Vec::new();
    for image in &seen.containers.images {
        if image.development
            || !matches!(image.role, ImageRole::Compose | ImageRole::Kubernetes | ImageRole::Other)
        {
            continue;
        }
        let name = image.name.rsplit('/').next().unwrap_or(&image.name);
        if let Some((_, engine)) = IMAGES.iter().find(|(known, _)| *known == name) {
            signs.push(Sign {
                engine: *engine,
                weight: Weight::Infrastructure,
                at: image.at.clone(),
                shown_by: format!("the image {}", image.reference),
            });
        }
    }
    for file in seen.tree.files().iter().filter(|file| file.extension() == "tf" && seen.scan.ships(file)) {
        let Some(text) = seen.tree.text(file) else { continue };
        if !text.contains("database")
            && !text.contains("db_")
            && !text.contains("sql")
            && !text.contains("rds")
        {
            continue;
        }
        let Ok(root) = hcl::parse(&text, &Limits::default()) else { continue };
        signs.extend(root.descendants().iter().filter_map(|block| terraform(block, file)));
    }
    if let Some(file) = ["render.yaml", "render.yml"].iter().find_map(|name| seen.tree.file(name))
        && let Some(text) = seen.tree.text(file)
        && let Some(line) = line_of(&text, "databases:")
    {
        signs.push(Sign {
            engine: Engine::Postgresql,
            weight: Weight::Infrastructure,
            at: file.at_line(line),
            shown_by: "a Render database".to_owned(),
        });
    }
    if let Some(file) = seen.tree.file("supabase/config.toml") {
        signs.push(Sign {
            engine: Engine::Postgresql,
            weight: Weight::Infrastructure,
            at: file.at(),
            shown_by: "a Supabase project".to_owned(),
        });
    }
    signs
}

fn terraform(block: &hcl::Block, file: &File) -> Option<Sign> {
    let kind = block.labels.first().map(String::as_str).unwrap_or_default();
    let (engine, at) = if matches!(block.kind.as_str(), "resource" | "module") {
        let named = ["engine", "database_version", "db_engine"].iter().find_map(|key| block.attribute(key));
        let at = named.map_or(block.line, |node| node.line);
        let engine = named.and_then(|node| node.scalar()).and_then(|text| engine_of(&text));
        match (block.kind.as_str(), kind) {
            (
                "resource",
                "aws_db_instance"
                | "aws_rds_cluster"
                | "google_sql_database_instance"
                | "digitalocean_database_cluster"
                | "scaleway_rdb_instance"
                | "exoscale_dbaas",
            ) => (engine.unwrap_or(Engine::Relational), at),
            ("resource", kind) if kind.starts_with("azurerm_postgresql") => (Engine::Postgresql, at),
            ("resource", kind) if kind.starts_with("azurerm_mysql") => (Engine::Mysql, at),
            ("resource", kind) if kind.starts_with("azurerm_mssql") => (Engine::Sqlserver, at),
            ("resource", "aws_dynamodb_table") => (Engine::Dynamodb, at),
            ("resource", "aws_docdb_cluster" | "mongodbatlas_cluster" | "mongodbatlas_advanced_cluster") => {
                (Engine::Mongodb, at)
            }
            ("resource", "google_firestore_database") => (Engine::Firestore, at),
            ("resource", "neon_project" | "supabase_project") => (Engine::Postgresql, at),
            ("module", _) => (engine?, at),
            _ => return None,
        }
    } else {
        return None;
    };
    let name = block.labels.join(".");
    Some(Sign {
        engine,
        weight: Weight::Infrastructure,
        at: file.at_line(at),
        shown_by: format!("Terraform: {name}"),
    })
}

fn engine_of(text: &str) -> Option<Engine> {
    let lower = text.to_ascii_lowercase();
    [
        ("postgres", Engine::Postgresql),
        ("pg", Engine::Postgresql),
        ("mariadb", Engine::Mariadb),
        ("mysql", Engine::Mysql),
        ("sqlserver", Engine::Sqlserver),
        ("oracle", Engine::Oracle),
        ("mongo", Engine::Mongodb),
        ("valkey", Engine::Redis),
        ("redis", Engine::Redis),
    ]
    .iter()
    .find(|(name, _)| lower.contains(name))
    .map(|(_, engine)| *engine)
}

fn settings(seen: &Seen, development: bool) -> Vec<Sign> {
    let mut signs = Vec::new();
    for (needle, engine) in &seen.plan.databases.settings {
        for hit in seen.scan.hits(*needle) {
            let file = &seen.tree.files()[hit.file];
            if hit.comment
                || !seen.scan.ships(file)
                || is_development(&file.path) != development
                || !is_setting(file)
                || is_help(&hit.text)
            {
                continue;
            }
            signs.push(Sign {
                engine: *engine,
                weight: Weight::Setting,
                at: file.at_line(hit.line),
                shown_by: format!("the settings in {}", file.path),
            });
        }
    }
    signs
}

/// Files that hold settings, or code; texts for people do not.
fn is_setting(file: &File) -> bool {
    let name = file.name();
    let code = file.language.is_some_and(|language| !matches!(language, "html" | "css" | "sql" | "shell"));
    code || matches!(
        file.extension(),
        "yml"
            | "yaml"
            | "toml"
            | "json"
            | "jsonc"
            | "ini"
            | "cfg"
            | "conf"
            | "properties"
            | "prisma"
            | "example"
            | "env"
            | "sample"
            | "template"
            | "dist"
            | "exs"
            | "service"
    ) || name.starts_with(".env")
        || matches!(name, "Dockerfile" | "Procfile" | "env")
}

/// A line that tells people or programs about forms of addresses, not one that sets an address.
fn is_help(text: &str) -> bool {
    let text = text.trim_start();
    [
        "placeholder",
        "startsWith",
        "startswith",
        "start_with?",
        "HasPrefix",
        "starts_with",
        "e.g.",
        "example:",
        "replace(",
        "case \"",
        "case '",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// Settings of development and tests, and of CI.
pub fn is_development(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let marks = |part: &str| {
        part.split(['.', '-', '_'])
            .any(|word| matches!(word, "dev" | "development" | "test" | "tests" | "testing" | "local" | "ci"))
    };
    // `.env.development` and the like; `.env.local.example` is copied on developers' machines.
    marks(name)
        || lower.split('/').any(|part| {
            matches!(
                part,
                ".github"
                    | ".gitlab"
                    | ".circleci"
                    | ".devcontainer"
                    | "dev"
                    | "development"
                    | "scripts"
                    | ".ci"
                    | ".vscode"
            )
        })
        || name == ".gitlab-ci.yml"
}

fn drivers(seen: &Seen) -> Vec<Sign> {
    let mut signs = Vec::new();
    for product in seen.capabilities.of("database-client") {
        let Some(engine) = capabilities::of("database-client", &product.name).and_then(|s| s.engine) else {
            continue;
        };
        let uses = product.used.iter().find(|at| at.path().is_some_and(|path| !is_development(path)));
        let at = match (uses, product.declared.first()) {
            (Some(_), _) if first_use(product).is_none() => continue,
            (Some(at), _) => at.clone(),
            // A driver is loaded by its name in settings or by the framework: the declaration shows it.
            (None, Some(at)) if is_driver(&product.name) => at.clone(),
            _ => continue,
        };
        signs.push(Sign { engine, weight: Weight::Driver, at, shown_by: product.name.clone() });
    }
    signs
}

/// Products whose packages do nothing but give access to one engine.
fn is_driver(name: &str) -> bool {
    matches!(
        name,
        "psycopg"
            | "asyncpg"
            | "PyMySQL"
            | "pg (Ruby)"
            | "mysql2 (Ruby)"
            | "PostgreSQL JDBC"
            | "MySQL Connector/J"
            | "MariaDB Connector/J"
            | "SQL Server JDBC"
            | "Oracle JDBC"
            | "Postgrex"
            | "MyXQL"
            | "node-postgres"
            | "mysql2"
    )
}

/// Laravel's configuration offers several engines; where the default is the embedded one, the servers are alternatives.
fn laravel_choices(seen: &Seen) -> Vec<Sign> {
    let mut signs = Vec::new();
    for file in seen
        .tree
        .named("database.php")
        .filter(|file| file.class == Class::Shipped && file.folder().ends_with("config"))
    {
        let Some(text) = seen.tree.text(file) else { continue };
        for (mark, engine) in [
            ("'mysql' =>", Engine::Mysql),
            ("'pgsql' =>", Engine::Postgresql),
            ("'sqlite' =>", Engine::Sqlite),
        ] {
            if let Some(line) = line_of(&text, mark) {
                signs.push(Sign {
                    engine,
                    weight: Weight::Choice,
                    at: file.at_line(line),
                    shown_by: format!("a connection in {}", file.path),
                });
            }
        }
        let default = text.lines().find(|line| line.contains("'default' => env('DB_CONNECTION'"));
        let named = default.and_then(|line| {
            let value = line.rsplit('\'').nth(1)?;
            Some(match value {
                "mysql" => Engine::Mysql,
                "mariadb" => Engine::Mariadb,
                "pgsql" => Engine::Postgresql,
                "sqlite" => Engine::Sqlite,
                _ => return None,
            })
        });
        // SQLite is the skeleton's own default. Nobody runs the tests on a server to ship an embedded database.
        let tested =
            named.filter(|engine| *engine == Engine::Sqlite).and_then(|_| tests_use(seen, file.folder()));
        if let Some((engine, at)) = tested {
            let shown_by = format!("the connection of the tests in {}", at.path().unwrap_or_default());
            signs.push(Sign { engine, weight: Weight::Driver, at, shown_by });
        } else if let (Some(engine), Some(line)) = (named, line_of(&text, "'default' => env('DB_CONNECTION'"))
        {
            signs.push(Sign {
                engine,
                weight: Weight::Driver,
                at: file.at_line(line),
                shown_by: format!("the default connection in {}", file.path),
            });
        }
    }
    signs
}

/// The database server that PHPUnit's configuration beside the folder `config` sets.
fn tests_use(seen: &Seen, config: &str) -> Option<(Engine, Location)> {
    let root = config.strip_suffix("config").unwrap_or_default();
    ["phpunit.xml", "phpunit.xml.dist"].iter().find_map(|name| {
        let file = seen.tree.file(&format!("{root}{name}"))?;
        let text = seen.tree.text(file)?;
        let line = text.lines().position(|line| line.contains("\"DB_CONNECTION\""))?;
        let named = text.lines().nth(line)?;
        let engine = [("mysql", Engine::Mysql), ("mariadb", Engine::Mariadb), ("pgsql", Engine::Postgresql)]
            .into_iter()
            .find_map(|(name, engine)| named.contains(&format!("value=\"{name}\"")).then_some(engine))?;
        (!named.trim_start().starts_with("<!--"))
            .then(|| (engine, file.at_line(u32::try_from(line + 1).unwrap_or(u32::MAX))))
    })
}

fn line_of(text: &str, mark: &str) -> Option<u32> {
    let at = text.find(mark)?;
    u32::try_from(text[..at].matches('\n').count() + 1).ok()
}
