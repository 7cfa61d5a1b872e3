//! Schemas that change without migrations, and programs that apply their migrations themselves.

use seaworthy_facts::{Engine, Location, Migrations, Observed, Role};
use seaworthy_syntax::code::{self, Language};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, xml, yaml};

use super::Seen;
use super::engine;
use super::signs::{Meaning, SIGNS};
use crate::scan::Hit;
use crate::tree::{Class, File};

/// The most places that one kind lists.
const MOST: usize = 20;

/// Fills what the code, the configuration and the commands show.
pub fn collect(seen: &Seen, migrations: &mut Migrations) {
    in_code(seen, migrations);
    in_spring_configuration(seen, migrations);
    in_commands(seen, migrations);
    by_default(seen, migrations);
    migrations.test_engine = test_engine(seen);
}

fn push(list: &mut Vec<Observed<String>>, words: &str, at: Location) {
    if list.len() < MOST && !list.iter().any(|known| known.at == at) {
        list.push(Observed::new(words.to_owned(), at));
    }
}

fn in_code(seen: &Seen, migrations: &mut Migrations) {
    for (sign, needle) in SIGNS.iter().zip(&seen.plan.signs) {
        for hit in seen.scan.hits(*needle) {
            let file = &seen.tree.files()[hit.file];
            let counts = !hit.comment
                && file.language.is_some_and(|language| sign.languages.contains(&language))
                && (sign.line.is_empty() || sign.line.iter().any(|part| hit.text.contains(part)))
                && !matches!(file.class, Class::Example | Class::Documentation)
                && (sign.file.is_empty()
                    || seen
                        .tree
                        .text(file)
                        .is_some_and(|text| sign.file.iter().any(|part| text.contains(part))));
            if !counts {
                continue;
            }
            let at = Location::line(file.path.clone(), hit.line);
            let aside = is_for_development(seen, file, hit);
            match (sign.meaning, aside) {
                (Meaning::Synchronises, false) => push(&mut migrations.automatic, sign.words, at),
                (Meaning::Synchronises, true) => {
                    push(&mut migrations.automatic_in_development, sign.words, at)
                }
                (Meaning::Applies, false) => push(&mut migrations.applied_in_process, sign.words, at),
                (Meaning::Applies, true) if file.class == Class::Test => {
                    push(&mut migrations.applied_in_tests, sign.words, at);
                }
                (Meaning::Applies, true) => {}
            }
        }
    }
}

/// Words in a path or condition that say that something is not for production.
const DEVELOPMENT: &[&str] = &[
    "dev",
    "development",
    "local",
    "test",
    "tests",
    "testing",
    "seed",
    "seeds",
    "seeder",
    "fixtures",
    "benchmark",
    "bench",
    "debug",
    "e2e",
    "conftest",
];

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase)
}

fn is_for_development(seen: &Seen, file: &File, hit: &Hit) -> bool {
    if !seen.scan.ships(file) || words(&file.path).any(|word| DEVELOPMENT.contains(&word.as_str())) {
        return true;
    }
    // Scripts are run by hand; commands that ship are read where they are run.
    let by_hand =
        file.path.split('/').any(|part| matches!(part, "scripts" | "script" | "tools" | "tooling" | "hack"));
    by_hand && !is_launched(seen, file) || is_guarded(seen, file, hit) || makes_anew(seen, file, hit)
}

/// A schema that is dropped and made again is no production database's.
fn makes_anew(seen: &Seen, file: &File, hit: &Hit) -> bool {
    hit.text.contains("EnsureCreated")
        && seen.tree.text(file).is_some_and(|text| text.contains("EnsureDeleted"))
}

/// A command that starts or releases the application names the file.
fn is_launched(seen: &Seen, file: &File) -> bool {
    let stem = file.path.rsplit_once('.').map_or(file.path.as_str(), |(stem, _)| stem);
    seen.launches
        .launches
        .iter()
        .filter(|launch| !launch.development)
        .flat_map(|launch| &launch.commands)
        .any(|command| {
            command.words.iter().any(|word| {
                let word = word.trim_start_matches("./");
                word == file.path
                    || word == stem
                    || word.ends_with(&format!("/{}", file.path))
                    || word.ends_with(file.name())
            })
        })
}

/// A condition around the place asks whether this is development, or a test, or not production.
fn is_guarded(seen: &Seen, file: &File, hit: &Hit) -> bool {
    let Some(text) = seen.tree.text(file) else { return false };
    let Some(tree) =
        Language::from_path(&file.path).and_then(|language| code::parse(language, &text, &Limits::default()))
    else {
        return false;
    };
    let point = tree_sitter_point(&text, hit);
    let Some(mut node) =
        point.and_then(|(start, end)| tree.root_node().descendant_for_byte_range(start, end))
    else {
        return false;
    };
    for _ in 0..64 {
        let Some(parent) = node.parent() else { return false };
        let condition = parent.child_by_field_name("condition");
        if let Some(condition) = condition
            && condition.id() != node.id()
        {
            let asked = code::text(condition, &text);
            let asks = asked.contains("IsDevelopment")
                || asked.contains("NODE_ENV")
                || asked.contains("production")
                || words(asked).any(|word| DEVELOPMENT.contains(&word.as_str()))
                || asked.contains("__main__");
            if asks {
                return true;
            }
        }
        // A function that only tests and seeds call says so in its name.
        if super::source::is_function(parent)
            && let Some(name) = parent.child_by_field_name("name")
            && words(&code::text(name, &text).replace('_', " "))
                .any(|word| DEVELOPMENT.contains(&word.as_str()))
        {
            return true;
        }
        node = parent;
    }
    false
}

/// The byte range of the place of a hit.
fn tree_sitter_point(text: &str, hit: &Hit) -> Option<(usize, usize)> {
    let line = text.split_inclusive('\n').take(hit.line as usize - 1).map(str::len).sum::<usize>();
    let start = line + hit.column as usize - 1;
    (start < text.len()).then_some((start, start + 1))
}

fn in_spring_configuration(seen: &Seen, migrations: &mut Migrations) {
    let mut automatic = Vec::new();
    let mut settled = false;
    for file in seen.tree.files().iter().filter(|file| seen.scan.ships(file)) {
        let name = file.name();
        let is_settings = (name.starts_with("application") || name.starts_with("bootstrap"))
            && matches!(file.extension(), "yml" | "yaml" | "properties")
            || name == "persistence.xml"
            || name == "hibernate.cfg.xml";
        if !is_settings {
            continue;
        }
        let profile = words(name).find(|word| {
            !matches!(
                word.as_str(),
                "application"
                    | "bootstrap"
                    | "yml"
                    | "yaml"
                    | "properties"
                    | "xml"
                    | "persistence"
                    | "hibernate"
                    | "cfg"
                    | ""
            )
        });
        let Some(text) = seen.tree.text(file) else { continue };
        for (value, line) in ddl_settings(file, &text) {
            let updates = matches!(
                value.as_str(),
                "update" | "create" | "create-drop" | "drop-and-create" | "create-only"
            );
            let at = file.at_line(line);
            let says = format!("the schema generation of `{name}` is `{value}`");
            match profile.as_deref() {
                Some(profile) if profile.starts_with("prod") => {
                    settled |= !updates;
                    if updates {
                        push(&mut migrations.automatic, &says, at);
                    }
                }
                None if updates => automatic.push((says, at)),
                Some(_) if updates => push(&mut migrations.automatic_in_development, &says, at),
                _ => {}
            }
        }
    }
    for (says, at) in automatic {
        // What a production profile sets otherwise is for development.
        let list = if settled { &mut migrations.automatic_in_development } else { &mut migrations.automatic };
        push(list, &says, at);
    }
}

/// Values of the settings that let Hibernate change the schema, with their lines. A `${NAME:default}` gives its default.
fn ddl_settings(file: &File, text: &str) -> Vec<(String, u32)> {
    let is_key = |key: &str| {
        let key = key.to_ascii_lowercase();
        !key.starts_with('%')
            && (key.ends_with("ddl-auto")
                || key.ends_with("hbm2ddl.auto")
                || key.ends_with("database.generation")
                || key.ends_with("schema-management.strategy"))
    };
    let plain = |value: &str| {
        let value = value.trim().trim_matches('"');
        let value = value
            .strip_prefix("${")
            .and_then(|inner| inner.strip_suffix('}'))
            .map_or(value, |inner| inner.split_once(':').map_or("", |(_, default)| default));
        value.to_lowercase()
    };
    match file.extension() {
        "properties" => text
            .lines()
            .enumerate()
            .filter_map(|(number, line)| {
                let (key, value) = line.split_once('=')?;
                is_key(key.trim()).then(|| (plain(value), number as u32 + 1))
            })
            .collect(),
        "xml" => xml::parse(text, &Limits::default())
            .map(|root| {
                root.descendants()
                    .into_iter()
                    .filter(|element| element.attribute("name").is_some_and(is_key))
                    .map(|element| (plain(element.attribute("value").unwrap_or(&element.text)), element.line))
                    .collect()
            })
            .unwrap_or_default(),
        _ => {
            let mut found = Vec::new();
            for document in yaml::parse_all(text, &Limits::default()).unwrap_or_default() {
                document.walk(&mut |path: &[&str], node: &Node| {
                    if let Some(value) = node.scalar()
                        && is_key(&path.join("."))
                    {
                        found.push((plain(&value), node.line));
                    }
                });
            }
            found
        }
    }
}

fn in_commands(seen: &Seen, migrations: &mut Migrations) {
    for launch in &seen.launches.launches {
        for command in launch.commands.iter().filter(|command| command.really(Role::SchemaPush)) {
            let list = if launch.development {
                &mut migrations.automatic_in_development
            } else {
                &mut migrations.automatic
            };
            push(list, &format!("{} runs `{}`", launch.defined_by, command.text), command.at.clone());
        }
    }
    for (_, job) in seen.pipelines.jobs().filter(|(_, job)| !job.disabled) {
        let deploys =
            job.environment.is_some() || job.steps.iter().any(|step| step.does(Role::Deploy).is_some());
        for at in job.steps.iter().filter_map(|step| step.does(Role::SchemaPush)) {
            let list =
                if deploys { &mut migrations.automatic } else { &mut migrations.automatic_in_development };
            push(list, &format!("the CI job `{}` pushes the schema", job.id), at.clone());
        }
    }
}

/// Spring Boot runs Flyway and Liquibase at start when they are on the class path and not switched off.
fn by_default(seen: &Seen, migrations: &mut Migrations) {
    for framework in ["flyway", "liquibase"] {
        if !migrations.sets.iter().any(|set| set.framework == framework) {
            continue;
        }
        let switch = |text: &str| {
            let flat: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            flat.contains(&format!("spring.{framework}.enabled=false"))
                || flat.contains(&format!("{framework}:enabled:false"))
        };
        let settings = || {
            seen.tree.files().iter().filter(|file| {
                file.class == Class::Shipped
                    && (file.name() == "application.yml"
                        || file.name() == "application.yaml"
                        || file.name() == "application.properties"
                        || file.name().starts_with("application-prod"))
            })
        };
        let off = settings().any(|file| seen.tree.text(file).is_some_and(|text| switch(&text)));
        let manifest = ["pom.xml", "build.gradle", "build.gradle.kts"]
            .into_iter()
            .flat_map(|name| seen.tree.named(name))
            .filter(|file| file.class == Class::Shipped)
            .find_map(|file| {
                let text = seen.tree.text(file)?;
                let line = text.lines().position(|line| line.contains(framework))?;
                let boots = text.contains("spring-boot")
                    || text.contains("springframework.boot")
                    || text.contains("quarkus");
                boots.then(|| file.at_line(line as u32 + 1))
            });
        if let (false, Some(at)) = (off, manifest) {
            push(
                &mut migrations.applied_in_process,
                &format!("the application runs {framework} at start by default"),
                at,
            );
        }
    }
}

/// The engine that the tests' own configuration names.
fn test_engine(seen: &Seen) -> Option<Observed<Engine>> {
    ["phpunit.xml", "phpunit.xml.dist"].into_iter().find_map(|name| {
        let file = seen.tree.file(name)?;
        let root = xml::parse(&seen.tree.text(file)?, &Limits::default()).ok()?;
        root.descendants().into_iter().find_map(|element| {
            let is_it = matches!(element.name.as_str(), "env" | "server")
                && element.attribute("name") == Some("DB_CONNECTION");
            let engine = engine::of_name(element.attribute("value").filter(|_| is_it)?)?;
            Some(Observed::new(engine, file.at_line(element.line)))
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::migrations;
    use seaworthy_facts::Engine;

    fn automatic(path: &str, text: &str) -> (usize, usize) {
        let found = migrations(&[(path, text)]);
        (found.automatic.len(), found.automatic_in_development.len())
    }

    #[test]
    fn synchronisation_in_what_ships_and_in_development() {
        for (path, text, expected) in [
            (
                "src/db.ts",
                "import { DataSource } from 'typeorm';\nnew DataSource({\n  synchronize: true,\n});\n",
                (1, 0),
            ),
            (
                "src/db.ts",
                "import { DataSource } from 'typeorm';\nnew DataSource({\n  // synchronize: true,\n});\n",
                (0, 0),
            ),
            (
                "src/db.ts",
                "import { DataSource } from 'typeorm';\nnew DataSource({ synchronize: process.env.NODE_ENV !== 'production' });\n",
                (0, 0),
            ),
            (
                "src/index.js",
                "const { Sequelize } = require('sequelize');\nsequelize.sync({ alter: true });\n",
                (1, 0),
            ),
            ("app/main.py", "from app import db\n\ndb.create_all()\n", (1, 0)),
            ("app/main.py", "from app import db\n\nif settings.debug:\n    db.create_all()\n", (0, 1)),
            ("scripts/dev_data.py", "db.create_all()\n", (0, 1)),
            ("tests/conftest.py", "db.create_all()\n", (0, 1)),
            (
                "main.go",
                "package main\n\nimport \"gorm.io/gorm\"\n\nfunc main() {\n\tdb.AutoMigrate(&User{})\n}\n",
                (1, 0),
            ),
            (
                "Program.cs",
                "if (app.Environment.IsDevelopment())\n{\n    db.Database.EnsureCreated();\n}\n",
                (0, 1),
            ),
            ("Program.cs", "db.Database.EnsureCreated();\n", (1, 0)),
            ("Repository.cs", "db.Database.EnsureDeleted();\ndb.Database.EnsureCreated();\n", (0, 1)),
            (
                "src/main/resources/application.yml",
                "spring:\n  jpa:\n    hibernate:\n      ddl-auto: update\n",
                (1, 0),
            ),
            (
                "src/main/resources/application.yml",
                "spring:\n  jpa:\n    hibernate:\n      ddl-auto: validate\n",
                (0, 0),
            ),
            (
                "src/main/resources/application-dev.properties",
                "spring.jpa.hibernate.ddl-auto=create-drop\n",
                (0, 1),
            ),
        ] {
            assert_eq!(automatic(path, text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn a_production_profile_settles_the_default() {
        let found = migrations(&[
            ("src/main/resources/application.properties", "spring.jpa.hibernate.ddl-auto=${DDL:update}\n"),
            ("src/main/resources/application-prod.properties", "spring.jpa.hibernate.ddl-auto=validate\n"),
        ]);
        assert_eq!((found.automatic.len(), found.automatic_in_development.len()), (0, 1));
    }

    #[test]
    fn migrators_in_the_program() {
        let found = migrations(&[("Program.cs", "db.Database.Migrate();\n")]);
        assert_eq!(found.applied_in_process.len(), 1);
        let found = migrations(&[
            (
                "pom.xml",
                "<project><parent><artifactId>spring-boot-starter-parent</artifactId></parent>\n<dependency><artifactId>flyway-core</artifactId></dependency></project>",
            ),
            ("src/main/resources/db/migration/V1__a.sql", "CREATE TABLE t (a int);"),
        ]);
        assert_eq!(found.applied_in_process.len(), 1);
    }

    #[test]
    fn migrators_in_tests() {
        let found = migrations(&[(
            "tests/conftest.py",
            "from alembic import command\n\ncommand.upgrade(config, 'head')\n",
        )]);
        assert_eq!((found.applied_in_process.len(), found.applied_in_tests.len()), (0, 1));
    }

    #[test]
    fn the_engine_of_the_tests() {
        let found = migrations(&[(
            "phpunit.xml",
            "<phpunit><php>\n<env name=\"DB_CONNECTION\" value=\"sqlite\"/></php></phpunit>",
        )]);
        assert_eq!(found.test_engine.unwrap().value, Engine::Sqlite);
    }
}
