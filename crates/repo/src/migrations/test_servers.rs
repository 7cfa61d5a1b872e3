//! Database servers that tests start themselves, in containers (Testcontainers).

use std::sync::LazyLock;

use seaworthy_facts::{Engine, Location, TestServer};
use serde::Deserialize;

use super::Seen;
use crate::scan::{NeedleId, Needles};
use crate::tree::{Class, File};

/// Most places that are kept.
const MOST: usize = 50;

/// How code of one language starts a server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    literal: String,
    /// Languages by name, or extensions of files that are no code.
    languages: Vec<String>,
    engine: Engine,
}

#[derive(Debug, Deserialize)]
struct Signs {
    sign: Vec<Sign>,
}

static SIGNS: LazyLock<Vec<Sign>> = LazyLock::new(|| {
    toml::from_str::<Signs>(include_str!("test_servers.toml")).map(|signs| signs.sign).unwrap_or_default()
});

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Vec<NeedleId> {
    SIGNS.iter().map(|sign| needles.text(&sign.literal)).collect()
}

/// Each server, once for each file and engine.
pub fn collect(seen: &Seen) -> Vec<TestServer> {
    let mut found: Vec<TestServer> = Vec::new();
    for (sign, needle) in SIGNS.iter().zip(&seen.plan.test_servers) {
        for hit in seen.scan.hits(*needle) {
            let file = &seen.tree.files()[hit.file];
            let extension = file.extension();
            let right = !hit.comment
                && !matches!(file.class, Class::Example | Class::Documentation | Class::Vendored)
                && sign
                    .languages
                    .iter()
                    .any(|language| file.language == Some(language.as_str()) || *language == extension);
            let known = |server: &TestServer| {
                server.engine == sign.engine && server.at.path() == Some(file.path.as_str())
            };
            if right && found.len() < MOST && !found.iter().any(known) {
                let at = Location::line(file.path.clone(), hit.line);
                found.push(TestServer { engine: sign.engine, only_with: only_with(seen, file), at });
            }
        }
    }
    found
}

/// Words of which a test command must have one, so that it runs the tests of a file at all.
fn only_with(seen: &Seen, file: &File) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let stem = file.name().rsplit_once('.').map_or(file.name(), |(stem, _)| stem);
    match file.language {
        // Maven's `test` leaves integration tests to `verify`; Gradle has them in a source set of their own.
        Some("java" | "kotlin") if stem.ends_with("IT") || stem.ends_with("ITCase") => {
            words(&["verify", "install", "deploy", "integrationTest", "check", "build"])
        }
        Some("java" | "kotlin") if file.path.contains("/integrationTest/") => {
            words(&["integrationTest", "check", "build"])
        }
        // The file that starts the server is rarely the one that carries the tag.
        Some("java" | "kotlin") => left_out(seen, file),
        Some("go") => {
            let text = seen.tree.text(file).unwrap_or_default();
            let line = text.lines().take(30).find_map(|line| line.strip_prefix("//go:build "));
            line.map(|line| {
                line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Tags of tests that the build above a file leaves out (Surefire's `excludedGroups`, Gradle's `excludeTags`), with the
/// option by which a command takes them in again; empty where it leaves out none.
fn left_out(seen: &Seen, file: &File) -> Vec<String> {
    let builds = seen.tree.files().iter().filter(|build| {
        let folder = build.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        matches!(build.name(), "pom.xml" | "build.gradle" | "build.gradle.kts")
            && (folder.is_empty() || file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    });
    let mut tags: Vec<String> = Vec::new();
    for build in builds {
        let text = seen.tree.text(build).unwrap_or_default();
        for (start, end) in [("<excludedGroups>", "</"), ("excludeTags", "\n")] {
            for rest in text.split(start).skip(1).take(20) {
                let listed = rest.split(end).next().unwrap_or_default();
                let names = listed.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
                tags.extend(names.filter(|name| !name.is_empty()).take(20).map(str::to_owned));
            }
        }
    }
    if !tags.is_empty() {
        tags.extend(["excludedGroups", "groups", "includeTags"].map(str::to_owned));
    }
    tags
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::Engine;

    use crate::migrations::test_support::migrations;

    #[test]
    fn every_language_starts_servers_in_its_way() {
        for (path, text, engine) in [
            (
                "src/test/java/a/OrderTest.java",
                "class OrderTest {\n  static PostgreSQLContainer<?> db = new PostgreSQLContainer<>(\"postgres:16\");\n}\n",
                Engine::Postgresql,
            ),
            (
                "src/test/resources/application.yml",
                "spring:\n  datasource:\n    url: jdbc:tc:mysql:8.0:///shop\n",
                Engine::Mysql,
            ),
            (
                "store/store_test.go",
                "package store\n\nimport \"github.com/testcontainers/testcontainers-go/modules/postgres\"\n",
                Engine::Postgresql,
            ),
            (
                "test/setup.ts",
                "const db = await new PostgreSqlContainer('postgres:16').start();\n",
                Engine::Postgresql,
            ),
            ("tests/conftest.py", "with MySqlContainer('mysql:8') as db:\n    pass\n", Engine::Mysql),
            (
                "Shop.IntegrationTests/Fixture.cs",
                "class Fixture {\n  MsSqlContainer db = new MsSqlBuilder().Build();\n}\n",
                Engine::Sqlserver,
            ),
            ("tests/store.rs", "use testcontainers_modules::postgres::Postgres;\n", Engine::Postgresql),
        ] {
            let found = migrations(&[(path, text)]).test_servers;
            assert_eq!(found.iter().map(|server| server.engine).collect::<Vec<_>>(), [engine], "{path}");
            assert!(found[0].only_with.is_empty(), "{path}");
        }
    }

    #[test]
    fn comments_do_not_count_and_tests_that_need_more_say_so() {
        assert!(migrations(&[("tests/a.py", "# PostgresContainer\n")]).test_servers.is_empty());
        let maven = ("src/test/java/a/OrderIT.java", "class OrderIT { PostgreSQLContainer<?> db; }\n");
        assert!(migrations(&[maven]).test_servers[0].only_with.contains(&"verify".to_owned()));
        let container = ("src/test/java/a/Base.java", "class Base { PostgreSQLContainer<?> db; }\n");
        for build in [
            ("pom.xml", "<project><build><excludedGroups>slow, db</excludedGroups></build></project>\n"),
            ("build.gradle", "test {\n  useJUnitPlatform { excludeTags 'slow', 'db' }\n}\n"),
        ] {
            let found = migrations(&[container, build]).test_servers;
            assert!(found[0].only_with.contains(&"db".to_owned()), "{found:?}");
        }
        let plain = ("pom.xml", "<project><build></build></project>\n");
        assert!(migrations(&[container, plain]).test_servers[0].only_with.is_empty());
        let go = (
            "store/store_test.go",
            "//go:build integration\n\npackage store\n\nimport \"github.com/testcontainers/testcontainers-go/modules/mysql\"\n",
        );
        assert_eq!(migrations(&[go]).test_servers[0].only_with, ["integration"]);
    }
}
