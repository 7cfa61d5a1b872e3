use seaworthy_facts::{
    Absent, Command, Containers, Engine, FactKind, FactView, ImageRole, Job, Location, Migrations, Pipelines,
    Role, Step, System,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.tested`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.tested"),
    section: Section::Migrations,
    question: "Migrations are applied to a real database before they ship",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations, FactKind::Pipelines, FactKind::Containers],
    remedy: "Apply the migrations in CI to the engine that production uses.",
    page: include_str!("tested.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::relational_database(system) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    let pipelines = view.get::<Pipelines>()?;
    let containers = view.get::<Containers>()?;
    let mut findings = Findings::new();
    findings.looked_for("CI jobs that apply the migrations to a database server of the production engine");
    findings.because("no CI job applies the migrations to a real database");
    let engines = production_engines(system, migrations);
    let mut against = Vec::new();
    for (workflow, job) in pipelines.jobs() {
        if job.disabled || job.failure_allowed {
            continue;
        }
        for step in &job.steps {
            let Some((how, at)) = applies(step, migrations) else { continue };
            // A job that deploys tries the migrations on nothing but production, unless a server of its own is there.
            let production = how == MIGRATES && deploys_production(job);
            let mut servers = engines_of_job(job, containers, !production);
            if production && servers.is_empty() {
                continue;
            }
            servers.extend(started_by_tests(step, migrations));
            let right =
                servers.iter().find(|(engine, _)| engines.iter().any(|wanted| same(*wanted, *engine)));
            match right.or(servers.first()).cloned() {
                Some((engine, shown_by)) if engines.iter().any(|wanted| same(*wanted, engine)) => {
                    findings.supports(
                        format!(
                            "CI job `{}` of {} applies the migrations to {} ({how}; {shown_by})",
                            job.id,
                            workflow.name,
                            engine.name()
                        ),
                        at,
                    );
                }
                Some((Engine::Sqlite, shown_by)) if !engines.is_empty() => {
                    against.push((
                        format!("CI job `{}` applies the migrations to SQLite only ({shown_by}), production uses {}", job.id, names(&engines)),
                        at,
                    ));
                }
                None => {
                    if let Some(test) = migrations.test_engine.as_ref().filter(|test| {
                        test.value == Engine::Sqlite
                            && !engines.is_empty()
                            && !engines.contains(&Engine::Sqlite)
                    }) {
                        against.push((
                            format!(
                                "CI applies the migrations to SQLite only, production uses {}",
                                names(&engines)
                            ),
                            &test.at,
                        ));
                    }
                }
                Some(_) => {}
            }
        }
    }
    // A job on another engine beside one on the right one takes nothing away.
    if !findings.has_evidence() {
        for (summary, at) in against {
            findings.contradicts(summary, at);
        }
    }
    Ok(findings)
}

fn names(engines: &[Engine]) -> String {
    let names: Vec<&str> = engines.iter().map(|engine| engine.name()).collect();
    names.join(" or ")
}

fn same(a: Engine, b: Engine) -> bool {
    let family = |engine| if engine == Engine::Mariadb { Engine::Mysql } else { engine };
    family(a) == family(b)
}

/// The engines that production may use: those of the sets, else those of the system.
fn production_engines(system: &System, migrations: &Migrations) -> Vec<Engine> {
    let mut engines: Vec<Engine> = migrations.sets.iter().filter_map(|set| set.engine).collect();
    if engines.is_empty() {
        engines = system.relational().map(|database| database.engine).collect();
    }
    engines.retain(|engine| *engine != Engine::Relational);
    engines.sort();
    engines.dedup();
    engines
}

/// How a step applies the migrations that does nothing else.
const MIGRATES: &str = "a migrate command";

fn deploys_production(job: &Job) -> bool {
    let staging = job.environment.as_ref().is_some_and(|environment| {
        let name = environment.value.to_ascii_lowercase();
        ["staging", "preview", "test", "dev"].iter().any(|part| name.contains(part))
    });
    let named = ["staging", "preview", "test"].iter().any(|part| job.id.to_ascii_lowercase().contains(part));
    !staging && !named && job.steps.iter().any(|step| step.does(Role::Deploy).is_some())
}

/// How a step applies the migrations, and where.
fn applies<'s>(step: &'s Step, migrations: &Migrations) -> Option<(&'static str, &'s Location)> {
    if let Some(at) = step.does(Role::Migrate) {
        return Some((MIGRATES, at));
    }
    if !step.effective() {
        return None;
    }
    let test = step.commands.iter().find(|command| command.really(Role::Test))?;
    if !migrations.applied_in_tests.is_empty() {
        return Some(("the tests call the migrator", &test.at));
    }
    let builds = migrations.sets.iter().find_map(|set| match set.framework.as_str() {
        // The test runner makes its database from the migrations, unless told not to.
        "django" if !test.words.iter().any(|w| w == "--nomigrations" || w == "--no-migrations") => {
            Some("Django's tests build their schema from the migrations")
        }
        "laravel" if is_program(test, &["artisan", "phpunit", "pest", "paratest", "php"]) => {
            Some("Laravel's tests refresh the database by the migrations")
        }
        "ecto" if is_program(test, &["mix"]) => Some("the test alias of Ecto migrates"),
        "flyway" | "liquibase" if is_program(test, &["mvn", "mvnw", "gradle", "gradlew"]) => {
            Some("the application's tests migrate at start")
        }
        "sqlx" if is_program(test, &["cargo"]) => Some("sqlx's tests migrate their databases"),
        _ => None,
    })?;
    Some((builds, &test.at))
}

fn is_program(command: &Command, names: &[&str]) -> bool {
    command.words.iter().take(3).any(|word| names.contains(&word.rsplit('/').next().unwrap_or(word)))
}

/// The database servers that a job has, and what shows each.
fn engines_of_job(job: &Job, containers: &Containers, own_machine: bool) -> Vec<(Engine, String)> {
    let mut found = Vec::new();
    for service in &job.services {
        found
            .extend(engine_of(&service.image).map(|engine| (engine, format!("service `{}`", service.image))));
    }
    for command in job.steps.iter().flat_map(|step| &step.commands).filter(|_| own_machine) {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let text = words.join(" ");
        let composes = (text.contains("docker compose") || text.contains("docker-compose"))
            && [" up", " run", " exec", " start"].iter().any(|verb| text.contains(verb));
        if composes {
            let files = compose_files(&words);
            let started = containers.images.iter().filter(|image| {
                image.role == ImageRole::Compose
                    && (files.is_empty()
                        || image.at.path().is_some_and(|path| files.iter().any(|file| path.ends_with(file))))
            });
            found.extend(started.filter_map(|image| {
                Some((engine_of(&image.name)?, format!("Compose image `{}`", image.reference)))
            }));
        }
        let starts = matches!(
            words.first(),
            Some(&("systemctl" | "service" | "brew" | "docker" | "docker-compose" | "pg_ctlcluster"))
        );
        if starts {
            let engine = words.iter().find_map(|word| engine_of(word));
            found.extend(engine.map(|engine| (engine, format!("`{}`", command.text))));
        }
        if text.starts_with("supabase start") || text.starts_with("supabase db start") {
            found.push((Engine::Postgresql, "the local Supabase".to_owned()));
        }
    }
    for uses in job.steps.iter().filter_map(|step| step.uses.as_ref()) {
        let engine = engine_of(uses.name.rsplit('/').next().unwrap_or(&uses.name));
        found.extend(engine.map(|engine| (engine, format!("action `{}`", uses.name))));
    }
    if found.is_empty() {
        // Without a server of its own, a job can only use what is inside the process.
        let setting = job.env.iter().find(|(name, value)| {
            (name.contains("DATABASE") || name.contains("DB_"))
                && value.to_ascii_lowercase().contains("sqlite")
        });
        found.extend(setting.map(|(name, _)| (Engine::Sqlite, format!("`{name}`"))));
    }
    found
}

/// The files that `-f` names.
fn compose_files<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let named = |pair: &[&'w str]| matches!(pair[0], "-f" | "--file").then_some(pair[1]);
    let joined = words.iter().filter_map(|word| word.strip_prefix("--file="));
    words
        .windows(2)
        .filter_map(named)
        .chain(joined)
        .map(|file| file.trim_start_matches("./"))
        .filter(|file| !file.contains(['$', '*']))
        .collect()
}

/// The servers that the tests of a step start themselves.
fn started_by_tests(step: &Step, migrations: &Migrations) -> Vec<(Engine, String)> {
    let tests: Vec<&Command> =
        step.commands.iter().filter(|command| command.really(Role::Test) && step.effective()).collect();
    let runs = |words: &[String]| {
        tests.iter().any(|test| {
            words.is_empty() || test.words.iter().any(|word| words.iter().any(|wanted| word.contains(wanted)))
        })
    };
    migrations
        .test_servers
        .iter()
        .filter(|server| runs(&server.only_with))
        .map(|server| (server.engine, format!("{} starts it in a container", server.at)))
        .collect()
}

/// The engine of an image, a package or a service by its name.
fn engine_of(name: &str) -> Option<Engine> {
    let name = name.to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    Some(if has("cockroach") {
        Engine::Cockroachdb
    } else if has("postg") || has("pgvector") || has("timescale") || has("pgsql") {
        Engine::Postgresql
    } else if has("mariadb") {
        Engine::Mariadb
    } else if has("mysql") || has("percona") {
        Engine::Mysql
    } else if has("mssql") || has("sqlserver") {
        Engine::Sqlserver
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, status};
    use seaworthy_facts::{Facts, Observed};
    use seaworthy_model::Status;

    fn facts(framework: &str, role: Role, images: &[&str]) -> Facts {
        Facts {
            pipelines: testing::pipelines(role, images).into(),
            ..testing::facts(Engine::Postgresql, vec![testing::set(framework, Engine::Postgresql, 2)])
        }
    }

    #[test]
    fn a_migrate_command_with_a_server_of_the_engine_passes() {
        assert_eq!(status(&ITEM, &facts("alembic", Role::Migrate, &["postgres:16"])), Status::Pass);
        assert_eq!(status(&ITEM, &facts("alembic", Role::Migrate, &[])), Status::Unknown);
        assert_eq!(status(&ITEM, &facts("alembic", Role::Migrate, &["mysql:8"])), Status::Unknown);
    }

    #[test]
    fn a_job_that_deploys_production_tries_the_migrations_on_nothing_else() {
        use seaworthy_testkit::pipelines::{ci, run, trigger};
        let started = |deploys: bool, file: &str| {
            let image = seaworthy_facts::ImageReference {
                reference: "postgres:16".to_owned(),
                name: "postgres".to_owned(),
                tag: Some("16".to_owned()),
                digest: None,
                role: ImageRole::Compose,
                at: Location::line("compose.dev.yaml", 3),
                development: true,
                variable: false,
                own: false,
            };
            let roles: &[Role] = if deploys { &[Role::Deploy] } else { &[] };
            let steps = vec![
                run(&format!("docker compose -f {file} up -d"), roles),
                run(&format!("docker compose -f {file} exec web alembic upgrade head"), &[Role::Migrate]),
            ];
            Facts {
                pipelines: ci(vec![trigger(seaworthy_facts::Event::Push)], steps).into(),
                containers: Containers { images: vec![image], ..Containers::default() }.into(),
                ..testing::facts(Engine::Postgresql, vec![testing::set("alembic", Engine::Postgresql, 2)])
            }
        };
        assert_eq!(status(&ITEM, &started(false, "compose.dev.yaml")), Status::Pass);
        assert_eq!(status(&ITEM, &started(false, "compose.other.yaml")), Status::Unknown);
        assert_eq!(status(&ITEM, &started(true, "compose.dev.yaml")), Status::Unknown);
    }

    #[test]
    fn a_test_run_counts_where_it_builds_the_schema_from_migrations() {
        assert_eq!(status(&ITEM, &facts("django", Role::Test, &["postgres:16"])), Status::Pass);
        assert_eq!(status(&ITEM, &facts("rails", Role::Test, &["postgres:16"])), Status::Unknown);
    }

    #[test]
    fn tests_that_call_the_migrator_apply_the_migrations() {
        let mut migrations = testing::migrations(vec![testing::set("alembic", Engine::Postgresql, 2)]);
        migrations
            .applied_in_tests
            .push(Observed::new("command.upgrade".into(), Location::file("tests/conftest.py")));
        let facts = Facts {
            migrations: migrations.into(),
            ..facts("alembic", Role::Test, &["mysql:8", "postgres:16"])
        };
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn a_server_that_the_tests_start_is_a_real_one() {
        let started = |engine, only_with: &[&str], role| {
            let mut migrations = testing::migrations(vec![testing::set("alembic", Engine::Postgresql, 2)]);
            migrations
                .applied_in_tests
                .push(Observed::new("command.upgrade".into(), Location::file("tests/conftest.py")));
            migrations.test_servers.push(seaworthy_facts::TestServer {
                engine,
                only_with: only_with.iter().map(|word| (*word).to_owned()).collect(),
                at: Location::line("tests/conftest.py", 4),
            });
            status(&ITEM, &Facts { migrations: migrations.into(), ..facts("alembic", role, &[]) })
        };
        assert_eq!(started(Engine::Postgresql, &[], Role::Test), Status::Pass);
        assert_eq!(started(Engine::Postgresql, &["it"], Role::Test), Status::Pass);
        assert_eq!(started(Engine::Postgresql, &["verify"], Role::Test), Status::Unknown);
        assert_eq!(started(Engine::Mysql, &[], Role::Test), Status::Unknown);
        // A migrate command does not start the tests' server.
        assert_eq!(started(Engine::Postgresql, &[], Role::Migrate), Status::Unknown);
    }

    #[test]
    fn sqlite_in_tests_and_another_engine_in_production_fails() {
        let mut migrations = testing::migrations(vec![testing::set("alembic", Engine::Mysql, 2)]);
        migrations.test_engine = Some(Observed::new(Engine::Sqlite, Location::line("phpunit.xml", 25)));
        let facts = Facts {
            migrations: migrations.into(),
            pipelines: testing::pipelines(Role::Migrate, &[]).into(),
            ..testing::facts(Engine::Mysql, vec![])
        };
        assert_eq!(status(&ITEM, &facts), Status::Fail);
    }

    #[test]
    fn no_database_does_not_apply() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mongodb, vec![])), Status::NotApplicable);
    }
}
