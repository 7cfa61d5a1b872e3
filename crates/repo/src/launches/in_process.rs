//! Migrators that the application calls itself when it starts.

use seaworthy_facts::{Command, Launch, Location, Role, Stage};
use seaworthy_syntax::{Limits, yaml};

use super::Found;
use crate::scan::{Hit, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// A call that applies migrations, by language. Sources: the documentation of EF Core, sqlx, Diesel, SeaORM, goose,
/// golang-migrate, Knex, Umzug, TypeORM, Drizzle, Ecto and Laravel.
struct Call {
    literal: &'static str,
    languages: &'static [&'static str],
    /// Must stand in the same line (any of them) or, with `in_file`, in the same file.
    with: &'static [&'static str],
    in_file: bool,
    name: &'static str,
}

const CALLS: &[Call] = &[
    Call {
        literal: "Database.Migrate",
        languages: &["csharp"],
        with: &["("],
        in_file: false,
        name: "EF Core Database.Migrate",
    },
    Call {
        literal: "sqlx::migrate!",
        languages: &["rust"],
        with: &[".run("],
        in_file: true,
        name: "sqlx::migrate!",
    },
    Call {
        literal: "run_pending_migrations",
        languages: &["rust"],
        with: &["("],
        in_file: false,
        name: "Diesel run_pending_migrations",
    },
    Call {
        literal: "Migrator::up(",
        languages: &["rust"],
        with: &[""],
        in_file: false,
        name: "SeaORM Migrator::up",
    },
    Call { literal: "goose.Up", languages: &["go"], with: &["("], in_file: false, name: "goose.Up" },
    Call {
        literal: "golang-migrate/migrate",
        languages: &["go"],
        with: &[".Up()", ".Migrate("],
        in_file: true,
        name: "golang-migrate",
    },
    Call {
        literal: ".migrate.latest(",
        languages: &["javascript", "typescript"],
        with: &[""],
        in_file: false,
        name: "knex.migrate.latest",
    },
    Call {
        literal: "umzug.up(",
        languages: &["javascript", "typescript"],
        with: &[""],
        in_file: false,
        name: "umzug.up",
    },
    Call {
        literal: "migrationsRun",
        languages: &["javascript", "typescript"],
        with: &["true"],
        in_file: false,
        name: "TypeORM migrationsRun",
    },
    Call {
        literal: ".runMigrations(",
        languages: &["javascript", "typescript"],
        with: &[""],
        in_file: false,
        name: "TypeORM runMigrations",
    },
    Call {
        literal: "drizzle-orm/",
        languages: &["javascript", "typescript"],
        with: &["/migrator"],
        in_file: false,
        name: "Drizzle migrate",
    },
    Call {
        literal: "{Ecto.Migrator",
        languages: &["elixir"],
        with: &[""],
        in_file: false,
        name: "Ecto.Migrator",
    },
    Call {
        literal: "Artisan::call(",
        languages: &["php"],
        with: &["'migrate'", "\"migrate\""],
        in_file: true,
        name: "Artisan::call migrate",
    },
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    calls: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan { calls: CALLS.iter().map(|call| needles.text(call.literal)).collect() }
}

/// Adds what is called in shipped code, and what Spring and Quarkus do by themselves.
pub fn read(found: &mut Found, scan: &Scan, plan: &Plan) {
    for (call, needle) in CALLS.iter().zip(&plan.calls) {
        for hit in scan.hits(*needle) {
            let file = &found.tree.files()[hit.file];
            if hit.comment
                || !scan.ships(file)
                || !file.language.is_some_and(|language| call.languages.contains(&language))
            {
                continue;
            }
            if is_script(file) {
                continue;
            }
            if let Some(line) = confirmed(found.tree, file, hit, call) {
                found.launches.push(launch(call.name, file.at_line(line)));
            }
        }
    }
    spring(found);
}

/// A program of its own (a seed or migration script) is not the start of the application; what starts it is followed.
fn is_script(file: &File) -> bool {
    file.path
        .split('/')
        .any(|part| matches!(part, "scripts" | "script" | "bin" | "seeds" | "seeders" | "migrations"))
}

/// The line that applies the migrations, when what must stand beside the literal is there.
fn confirmed(tree: &Tree, file: &File, hit: &Hit, call: &Call) -> Option<u32> {
    if !call.in_file {
        return call.with.iter().any(|with| hit.text.contains(with)).then_some(hit.line);
    }
    let text = tree.text(file)?;
    text.lines().enumerate().find_map(|(number, line)| {
        let code = !crate::scan::is_comment(file.language, line.trim_start());
        (code && call.with.iter().any(|with| line.contains(with)))
            .then(|| u32::try_from(number + 1).unwrap_or(u32::MAX))
    })
}

fn launch(name: &str, at: Location) -> Launch {
    let command = Command {
        words: vec![name.to_owned()],
        text: name.to_owned(),
        at: at.clone(),
        via: Vec::new(),
        roles: vec![Role::Migrate],
        ignored: None,
        missing: None,
        selects_nothing: None,
        condition: None,
    };
    Launch {
        stage: Stage::InProcess,
        defined_by: name.to_owned(),
        at,
        commands: vec![command],
        development: false,
    }
}

/// Spring Boot runs Flyway and Liquibase at start when they are on the classpath, unless they are switched off; Quarkus
/// only when told. Sources: Spring Boot reference, "Database Initialization"; Quarkus guides for Flyway and Liquibase.
fn spring(found: &mut Found) {
    let manifests: Vec<&File> = found
        .tree
        .files()
        .iter()
        .filter(|file| {
            matches!(file.name(), "pom.xml" | "build.gradle" | "build.gradle.kts" | "libs.versions.toml")
        })
        .filter(|file| file.class == Class::Shipped)
        .take(200)
        .collect();
    for file in manifests {
        let Some(text) = found.tree.text(file) else { continue };
        let quarkus = text.contains("quarkus");
        for (tool, artefacts) in [
            ("flyway", &["flyway-core", "quarkus-flyway", "spring-boot-starter-flyway"][..]),
            ("liquibase", &["liquibase-core", "quarkus-liquibase", "spring-boot-starter-liquibase"][..]),
        ] {
            let Some(line) =
                text.lines().position(|line| artefacts.iter().any(|artefact| line.contains(artefact)))
            else {
                continue;
            };
            let line = u32::try_from(line + 1).unwrap_or(1);
            let folder = file.folder();
            if quarkus {
                let key = format!("quarkus.{tool}.migrate-at-start");
                if let Some((value, at)) = property(found.tree, folder, &key)
                    && value == "true"
                {
                    found.launches.push(launch(&format!("Quarkus {tool} at start"), at));
                }
            } else if property(found.tree, folder, &format!("spring.{tool}.enabled"))
                .is_none_or(|(value, _)| value != "false")
            {
                found.launches.push(launch(&format!("Spring Boot runs {tool} at start"), file.at_line(line)));
            }
        }
    }
}

/// A property of `application.properties` or `application.yml`; the production profile's counts over the general one.
fn property(tree: &Tree, folder: &str, key: &str) -> Option<(String, Location)> {
    let mut general = None;
    for file in tree.under(folder).filter(|file| file.class == Class::Shipped) {
        let name = file.name();
        let Some(rest) = name.strip_prefix("application") else { continue };
        let production = rest.starts_with("-prod");
        if !(rest.starts_with('.') || production) {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        let value = if name.ends_with(".properties") {
            text.lines().enumerate().find_map(|(number, line)| {
                let (left, right) = line.split_once('=')?;
                (left.trim() == key).then(|| (right.trim().to_owned(), number + 1))
            })
        } else if name.ends_with(".yml") || name.ends_with(".yaml") {
            yaml::parse_lenient(&text, &Limits::default()).documents.iter().find_map(|document| {
                let node = document.get(key).or_else(|| document.path(key))?;
                Some((node.scalar()?, node.line as usize))
            })
        } else {
            None
        };
        if let Some((value, line)) = value {
            let entry = (value, file.at_line(u32::try_from(line).unwrap_or(1)));
            if production {
                return Some(entry);
            }
            general = general.or(Some(entry));
        }
    }
    general
}
