//! Engines and versions of the services that the files of an environment choose: databases, caches, queues, searches.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy_facts::{EnvironmentDefinition, EnvironmentService};
use seaworthy_syntax::hcl::Block;
use seaworthy_syntax::tree::{Key, Node};
use seaworthy_syntax::{Limits, hcl, toml, yaml};

use super::reader::Reader;
use crate::tree::{File, Tree, join};

/// Files of one environment that are read.
const FILES: usize = 100;
/// Services of one environment that are kept.
const SERVICES: usize = 100;

const RELATIONAL: &str = "relational database";
const DOCUMENTS: &str = "document database";
const CACHE: &str = "data structure server";
const SEARCH: &str = "search engine";

/// Words of images, keys, values and addresses; the engine; what kinds of service take each other's place.
const ENGINES: &[(&str, &str, &str)] = &[
    ("postgresql", "PostgreSQL", RELATIONAL),
    ("postgres", "PostgreSQL", RELATIONAL),
    ("pgsql", "PostgreSQL", RELATIONAL),
    ("postgis", "PostgreSQL", RELATIONAL),
    ("pgvector", "PostgreSQL", RELATIONAL),
    ("timescaledb", "PostgreSQL", RELATIONAL),
    ("mysql", "MySQL", RELATIONAL),
    ("mariadb", "MariaDB", RELATIONAL),
    ("sqlserver", "SQL Server", RELATIONAL),
    ("mssql", "SQL Server", RELATIONAL),
    ("sqlite", "SQLite", RELATIONAL),
    ("sqlite3", "SQLite", RELATIONAL),
    ("mongodb", "MongoDB", DOCUMENTS),
    ("mongo", "MongoDB", DOCUMENTS),
    ("redis", "Redis", CACHE),
    ("rediss", "Redis", CACHE),
    ("valkey", "Valkey", CACHE),
    ("keydb", "KeyDB", CACHE),
    ("dragonfly", "Dragonfly", CACHE),
    ("memcached", "Memcached", "object cache"),
    ("rabbitmq", "RabbitMQ", "message broker"),
    ("elasticsearch", "Elasticsearch", SEARCH),
    ("opensearch", "OpenSearch", SEARCH),
];

type Engine = (&'static str, &'static str);

/// A service and the keys that lead to it.
struct Choice {
    path: Vec<String>,
    service: EnvironmentService,
}

/// What files choose, and the parts that they switch off (`enabled: false`) and on.
#[derive(Default)]
struct Chosen {
    choices: Vec<Choice>,
    switches: BTreeMap<Vec<String>, bool>,
}

/// The services of an environment: what its own files choose, then what they leave to the files below them.
pub fn of_environment(reader: &Reader, definition: &EnvironmentDefinition) -> Vec<EnvironmentService> {
    let own: Vec<&File> = match definition.mechanism.as_str() {
        "Kustomize overlay" | "Terraform folder" | "folder of deployment files" => {
            let folder = format!("{}/{}", definition.template, definition.name);
            reader.tree.first(under(reader.tree, &folder).into_iter(), FILES, "files of an environment")
        }
        "Helm values"
        | "values file"
        | "Compose file"
        | "Terraform variables"
        | "Kamal destination"
        | "Fly configuration"
        | "Render blueprint"
        | "App Engine configuration"
        | "Serverless configuration"
        | "Wrangler configuration" => {
            definition.at.path().and_then(|path| reader.tree.file(path)).into_iter().collect()
        }
        _ => return Vec::new(),
    };
    let below = below(reader, definition, &own);
    let mut known = Variables::default();
    for file in &below {
        known.learn(reader, file);
    }
    let mut chosen = Chosen::default();
    for file in &own {
        chosen.read(reader, file, &known);
    }
    let mut common = Chosen::default();
    for file in &below {
        common.read(reader, file, &known);
    }
    merged(chosen, common)
}

/// Own choices hide those below of the same kind; what is switched off is not there.
fn merged(own: Chosen, below: Chosen) -> Vec<EnvironmentService> {
    let mut switches = below.switches;
    switches.extend(own.switches);
    let off = |choice: &Choice| {
        (0..=choice.path.len()).any(|end| switches.get(&choice.path[..end]) == Some(&false))
    };
    let mut found: Vec<EnvironmentService> = Vec::new();
    let mut add = |service: EnvironmentService| {
        if found.len() < SERVICES
            && !found.iter().any(|have| have.engine == service.engine && have.major == service.major)
        {
            found.push(service);
        }
    };
    let kinds: BTreeSet<String> = own.choices.iter().map(|choice| choice.service.kind.clone()).collect();
    for choice in own.choices {
        if !off(&choice) {
            add(choice.service);
        }
    }
    for choice in below.choices {
        if !off(&choice) && !kinds.contains(&choice.service.kind) {
            add(choice.service);
        }
    }
    found
}

/// The files that an environment's own files change.
fn below<'t>(reader: &Reader<'t, '_>, definition: &EnvironmentDefinition, own: &[&'t File]) -> Vec<&'t File> {
    let Some(file) = own.first() else { return Vec::new() };
    let beside = |names: &[&str]| -> Vec<&'t File> {
        let paths = names.iter().filter_map(|name| join(file.folder(), name));
        paths.filter_map(|path| reader.tree.file(&path)).filter(|found| found.index != file.index).collect()
    };
    match definition.mechanism.as_str() {
        "Helm values" => beside(&["values.yaml", "values.yml"]),
        "Kamal destination" => beside(&["deploy.yml", "deploy.yaml"]),
        // A file that says nothing of what a service runs stands on another; one that says it may stand alone.
        "Compose file" if is_on_top(reader, file) => {
            beside(&["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"])
        }
        "Terraform variables" => {
            let above = join(file.folder(), "..");
            let folders = [Some(file.folder().to_owned()), above];
            let files = reader.tree.files().iter().filter(|other| {
                other.extension() == "tf" && folders.iter().flatten().any(|folder| other.folder() == folder)
            });
            reader.tree.first(files, FILES, "Terraform files of an environment")
        }
        "Kustomize overlay" => bases(reader, own),
        _ => Vec::new(),
    }
}

fn is_on_top(reader: &Reader, file: &File) -> bool {
    let documents = documents(reader, file);
    let services = documents.iter().filter_map(|document| document.get("services")).flat_map(Node::map);
    services.into_iter().any(|(_, service)| {
        ["image", "build", "extends"].iter().all(|key| service.get(key).is_none())
            && !service.map().is_empty()
    })
}

/// The files of the folders and the files that an overlay names as its resources.
fn bases<'t>(reader: &Reader<'t, '_>, own: &[&'t File]) -> Vec<&'t File> {
    let mut found: Vec<&'t File> = Vec::new();
    for file in own.iter().filter(|file| file.name().starts_with("kustomization.")) {
        for document in documents(reader, file) {
            for key in ["resources", "bases", "components"] {
                for text in
                    document.get(key).map(Node::list).unwrap_or_default().iter().filter_map(Node::as_str)
                {
                    let Some(path) = join(file.folder(), text) else { continue };
                    match reader.tree.file(&path) {
                        Some(file) => found.push(file),
                        // The whole tree is no base.
                        None if path != "." => found.extend(under(reader.tree, &path)),
                        None => {}
                    }
                }
            }
        }
    }
    found.retain(|file| !own.iter().any(|own| own.index == file.index));
    reader.tree.first(found.into_iter(), FILES, "files that an overlay changes")
}

fn under<'t>(tree: &'t Tree, folder: &str) -> Vec<&'t File> {
    let files: Vec<usize> = tree.under(folder).take(FILES + 1).map(|file| file.index).collect();
    files.into_iter().map(|index| &tree.files()[index]).collect()
}

/// Broken files are named by those who read them for themselves.
fn documents(reader: &Reader, file: &File) -> Vec<Node> {
    let Some(text) = reader.tree.text(file) else { return Vec::new() };
    match file.extension() {
        "yml" | "yaml" | "erb" => yaml::parse_template(&text, &Limits::default()).documents,
        "toml" => toml::parse(&text, &Limits::default()).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn terraform(reader: &Reader, file: &File) -> Option<Block> {
    if !matches!(file.extension(), "tf" | "tfvars" | "hcl") {
        return None;
    }
    hcl::parse(&reader.tree.text(file)?, &Limits::default()).ok()
}

/// The variables that carry versions, with the engine that stands beside them where they are used.
#[derive(Default)]
struct Variables(BTreeMap<String, Engine>);

impl Variables {
    fn learn(&mut self, reader: &Reader, file: &File) {
        let Some(root) = terraform(reader, file) else { return };
        for block in root.descendants() {
            for (key, node) in &block.attributes {
                let Some(prefix) = key.text.strip_suffix("engine_version") else { continue };
                let engine =
                    block.attribute(&format!("{prefix}engine")).and_then(Node::as_str).and_then(named);
                let variable = node.expression().and_then(|source| source.trim().strip_prefix("var."));
                if let (Some(engine), Some(variable)) = (engine, variable) {
                    self.0.insert(variable.to_owned(), engine);
                }
            }
        }
    }
}

impl Chosen {
    fn read(&mut self, reader: &Reader, file: &File, known: &Variables) {
        if let Some(root) = terraform(reader, file) {
            let mut defaults: Vec<(String, Node)> = Vec::new();
            for block in root.descendants() {
                self.assignments(&block.attributes, file, known);
                if block.kind == "variable"
                    && let (Some(name), Some(value)) = (block.labels.first(), block.attribute("default"))
                {
                    defaults.push((name.clone(), value.clone()));
                }
            }
            let defaults: Vec<(Key, Node)> = defaults
                .into_iter()
                .map(|(text, node)| (Key { text, line: node.line, column: node.column }, node))
                .collect();
            self.assignments(&defaults, file, known);
        }
        for document in documents(reader, file) {
            document.walk(&mut |path, node| self.node(path, node, file));
        }
    }

    fn push(
        &mut self,
        path: &[&str],
        (engine, kind): Engine,
        tag: Option<&str>,
        at: seaworthy_facts::Location,
    ) {
        self.choices.push(Choice {
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            service: EnvironmentService {
                kind: kind.to_owned(),
                engine: engine.to_owned(),
                major: tag.and_then(|tag| major(engine, tag)),
                at,
            },
        });
    }

    /// `image: postgres:16`, `image: { repository: …/postgresql, tag: 16.2 }`, `DATABASE_URL: mysql://…`.
    fn node(&mut self, path: &[&str], node: &Node, file: &File) {
        let at = file.at_line(node.line);
        if let Some(enabled) = node.get("enabled").and_then(Node::as_bool) {
            self.switches.insert(path.iter().map(|part| (*part).to_owned()).collect(), enabled);
        }
        let key = path.last().copied().unwrap_or_default();
        if let Some(text) = node.scalar() {
            if key == "image" {
                if let Some((engine, tag)) = image(&text) {
                    self.push(path, engine, tag.as_deref(), at);
                }
            } else if key == "postgresMajorVersion" {
                self.push(path, ("PostgreSQL", RELATIONAL), Some(&text), at);
            } else if let Some(engine) = connection(key, &text) {
                self.push(path, engine, None, at);
            }
            return;
        }
        // What an overlay puts in the place of an image's tag.
        if path.len() == 2 && path[0] == "images" {
            let name = node.get("newName").or_else(|| node.get("name")).and_then(Node::as_str);
            if let (Some(engine), Some(tag)) = (name.and_then(last_part), node.get("newTag")) {
                self.push(path, engine, tag.scalar().as_deref(), file.at_line(tag.line));
            }
            return;
        }
        let Some(tag) = node.get("tag") else { return };
        // Without a repository the chart's own name says what it runs.
        let engine = match node.get("repository").and_then(Node::as_str) {
            Some(repository) => last_part(repository),
            None if key == "image" && path.len() > 1 => named(path[path.len() - 2]),
            None => None,
        };
        if let (Some(engine), Some(text)) = (engine, tag.scalar()) {
            self.push(path, engine, Some(&text), file.at_line(tag.line));
        }
    }

    /// `engine = "postgres"` with `engine_version = "16.1"`, `redis_version = "7"`, `database_version = "POSTGRES_16"`.
    fn assignments(&mut self, attributes: &[(Key, Node)], file: &File, known: &Variables) {
        for (key, node) in attributes {
            if !node.map().is_empty() {
                self.assignments(node.map(), file, known);
            }
            let Some(value) = node.scalar() else { continue };
            let key = key.text.as_str();
            let at = file.at_line(node.line);
            if let Some(prefix) = key.strip_suffix("engine_version") {
                let beside =
                    attributes.iter().rev().find(|(other, _)| other.text == format!("{prefix}engine"));
                let engine = beside
                    .and_then(|(_, node)| node.as_str())
                    .and_then(named)
                    .or_else(|| known.0.get(key).copied())
                    .or_else(|| named(prefix));
                if let Some(engine) = engine {
                    self.push(&[], engine, Some(&value), at);
                }
            } else if key.ends_with("engine") {
                let versioned = attributes.iter().any(|(other, _)| other.text == format!("{key}_version"));
                if let Some(engine) = named(&value)
                    && !versioned
                {
                    self.push(&[], engine, None, at);
                }
            } else if let Some(prefix) = key.strip_suffix("version") {
                let by_value =
                    value.split_once('_').and_then(|(name, number)| Some((exactly(name)?, number)));
                if let Some((engine, number)) = by_value {
                    self.push(&[], engine, Some(&number.replace('_', ".")), at);
                } else if let Some(engine) = known.0.get(key).copied().or_else(|| named(prefix)) {
                    self.push(&[], engine, Some(&value), at);
                }
            }
        }
    }
}

/// The engine of a whole word.
fn exactly(word: &str) -> Option<Engine> {
    ENGINES
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(word))
        .map(|(_, engine, kind)| (*engine, *kind))
}

/// The engine of a key or a value such as `aurora-postgresql`; of a word beside others such as `redis_exporter` none.
fn named(text: &str) -> Option<Engine> {
    let words: Vec<&str> = text.split(['-', '_']).filter(|word| !word.is_empty()).collect();
    let engine = words.iter().find_map(|word| exactly(word))?;
    let about =
        ["exporter", "client", "operator", "backup", "provider", "proxy", "module", "chart", "driver", "ui"];
    (!words.iter().any(|word| about.iter().any(|about| word.eq_ignore_ascii_case(about)))).then_some(engine)
}

/// The engine that an image runs: its last part is the engine's name alone, so that exporters and tools do not count.
fn last_part(name: &str) -> Option<Engine> {
    exactly(name.rsplit('/').next().unwrap_or(name))
}

/// An image's engine, and its tag where that is said in full.
fn image(text: &str) -> Option<(Engine, Option<String>)> {
    let text = text.split(['@', '$', '{']).next().unwrap_or_default();
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => Some((last_part(name)?, Some(tag.to_owned()))),
        _ => Some((last_part(text)?, None)),
    }
}

/// The engine of an address such as `postgres://…`, or of a setting that names it alone.
fn connection(key: &str, value: &str) -> Option<Engine> {
    if matches!(
        key,
        "DB_CONNECTION" | "DB_ENGINE" | "DATABASE_ENGINE" | "DATABASE_CLIENT" | "DB_TYPE" | "DB_CLIENT"
    ) {
        return exactly(value.rsplit('.').next().unwrap_or(value));
    }
    if !key.to_ascii_lowercase().ends_with("url") {
        return None;
    }
    let (scheme, _) = value.split_once(':')?;
    exactly(scheme.split('+').next().unwrap_or(scheme))
}

/// The series of a release that is upgraded to as a whole: the first number, or two where the vendor counts so.
fn major(engine: &str, version: &str) -> Option<String> {
    let version = match (engine, version.find("pg")) {
        ("PostgreSQL", Some(at)) => &version[at + 2..],
        // Tags of extensions begin with the version of the extension.
        ("PostgreSQL", None) if version.starts_with("0.") => return None,
        _ => version.trim().trim_start_matches('v'),
    };
    let numbers: Vec<&str> = version
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .next()
        .unwrap_or_default()
        .split('.')
        .take_while(|number| !number.is_empty())
        .collect();
    let first = numbers.first().filter(|number| number.len() < 4)?;
    let two = matches!(engine, "MySQL" | "MariaDB" | "MongoDB")
        || (engine == "PostgreSQL" && first.parse::<u32>().is_ok_and(|number| number < 10));
    Some(match numbers.get(1) {
        Some(second) if two => format!("{first}.{second}"),
        _ => (*first).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::pipelines::test_support::collect_from;

    /// What the environments run, as `staging: PostgreSQL 15`.
    fn services(files: &[(&str, &str)]) -> Vec<String> {
        let mut found = Vec::new();
        for environment in collect_from(files).environments {
            for service in environment.services {
                let major = service.major.unwrap_or_else(|| "?".to_owned());
                found.push(format!("{}: {} {major}", environment.name, service.engine));
            }
        }
        found
    }

    #[test]
    fn values_of_helm_lie_on_those_of_the_chart() {
        let chart = "postgresql:\n  image:\n    tag: 16.1-debian\nredis:\n  image: bitnami/redis:7.2\n";
        assert_eq!(
            services(&[
                ("chart/values.yaml", chart),
                ("chart/values-staging.yaml", "postgresql:\n  image:\n    tag: 15.4\n"),
                (
                    "chart/values-production.yaml",
                    "db:\n  image:\n    repository: docker.io/postgres\n    tag: \"16\"\nexporter:\n  image: a/postgres-exporter:1\n",
                ),
            ]),
            [
                "production: PostgreSQL 16",
                "production: Redis 7",
                "staging: PostgreSQL 15",
                "staging: Redis 7"
            ]
        );
        // Production's database is elsewhere: what the chart would run is switched off.
        assert_eq!(
            services(&[
                ("chart/values.yaml", chart),
                ("chart/values-staging.yaml", "replicas: 1\n"),
                ("chart/values-production.yaml", "postgresql:\n  enabled: false\n"),
            ]),
            ["production: Redis 7", "staging: PostgreSQL 16", "staging: Redis 7"]
        );
        // Without a file of its own production is the chart's values.
        assert_eq!(
            services(&[
                ("chart/values.yaml", chart),
                ("chart/values-staging.yaml", "redis:\n  image: redis:6-alpine\n"),
            ]),
            [
                "staging: Redis 6",
                "staging: PostgreSQL 16",
                "production: PostgreSQL 16",
                "production: Redis 7"
            ]
        );
    }

    #[test]
    fn variables_of_terraform_take_their_engine_from_where_they_are_used() {
        assert_eq!(
            services(&[
                (
                    "infra/main.tf",
                    "resource \"aws_db_instance\" \"db\" {\n  engine = \"postgres\"\n  engine_version = var.db_release\n}\nvariable \"cache_engine_version\" {\n  default = \"7.1\"\n}\n",
                ),
                ("infra/staging.tfvars", "db_release = \"15.3\"\napp_version = \"2\"\n"),
                ("infra/production.tfvars", "database_version = \"POSTGRES_16\"\nredis_version = \"7.1\"\n"),
            ]),
            ["production: PostgreSQL 16", "production: Redis 7"]
        );
        assert_eq!(
            services(&[
                (
                    "infra/main.tf",
                    "resource \"aws_db_instance\" \"db\" {\n  engine = \"mysql\"\n  engine_version = var.db_engine_version\n}\nvariable \"db_engine_version\" {\n  default = \"8.0\"\n}\n",
                ),
                ("infra/staging.tfvars", "db_engine_version = \"5.7\"\n"),
                ("infra/production.tfvars", "size = 3\n"),
            ]),
            ["production: MySQL 8.0", "staging: MySQL 5.7"]
        );
    }

    #[test]
    fn folders_of_terraform_and_overlays() {
        assert_eq!(
            services(&[(
                "envs/staging/main.tf",
                "module \"cache\" {\n  engine = \"redis\"\n  engine_version = \"6.2\"\n}\nmodule \"db\" {\n  engine = \"aurora-mysql\"\n  engine_version = \"8.0.mysql_aurora.3.04.0\"\n}\n",
            )]),
            ["staging: Redis 6", "staging: MySQL 8.0"]
        );
        let base = "kind: StatefulSet\nspec:\n  template:\n    spec:\n      containers:\n        - image: postgres:16\n";
        assert_eq!(
            services(&[
                ("k8s/base/db.yaml", base),
                ("k8s/base/kustomization.yaml", "resources: [db.yaml]\n"),
                (
                    "k8s/overlays/staging/kustomization.yaml",
                    "resources: [../../base]\nimages:\n  - name: postgres\n    newTag: \"15\"\n",
                ),
                ("k8s/overlays/production/kustomization.yaml", "resources: [../../base]\n"),
            ]),
            ["production: PostgreSQL 16", "staging: PostgreSQL 15"]
        );
    }

    #[test]
    fn compose_files_kamal_and_platforms() {
        let compose = |files: &[(&str, &str)]| services(files);
        assert_eq!(
            compose(&[
                ("compose.yaml", "services:\n  db:\n    image: postgres:14\n"),
                ("compose.staging.yaml", "services:\n  db:\n    restart: always\n"),
                ("compose.production.yaml", "services:\n  app:\n    image: shop:1\n"),
            ]),
            ["staging: PostgreSQL 14"],
            "a file that may stand alone takes nothing from the one for development"
        );
        assert_eq!(
            compose(&[
                ("compose.staging.yaml", "services:\n  db:\n    image: pgvector/pgvector:0.7.0-pg15\n"),
                ("compose.production.yaml", "services:\n  db:\n    image: postgres:${PG:-16}\n"),
            ]),
            ["production: PostgreSQL ?", "staging: PostgreSQL 15"]
        );
        assert_eq!(
            compose(&[
                ("config/deploy.yml", "accessories:\n  db:\n    image: mysql:8.0\n"),
                ("config/deploy.staging.yml", "accessories:\n  db:\n    image: mariadb:11.4\n"),
            ]),
            ["staging: MariaDB 11.4", "production: MySQL 8.0"]
        );
        assert_eq!(
            compose(&[
                ("fly.toml", "[env]\nDATABASE_URL = \"postgres://db.internal/shop\"\n"),
                ("fly.staging.toml", "[env]\nDATABASE_URL = \"sqlite:///data/shop.db\"\n"),
            ]),
            ["staging: SQLite ?", "production: PostgreSQL ?"]
        );
        assert_eq!(
            compose(&[
                ("render.yaml", "databases:\n  - name: db\n    postgresMajorVersion: \"16\"\n"),
                ("render.staging.yaml", "databases:\n  - name: db\n    postgresMajorVersion: \"15\"\n"),
            ]),
            ["staging: PostgreSQL 15", "production: PostgreSQL 16"]
        );
    }
}
