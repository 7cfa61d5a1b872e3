//! The database schema as migrations and dumps describe it: tables, foreign keys and indexes.
//!
//! A dump is read where there is one; else every SQL migration of a set, in order. Where the engine or the framework
//! indexes foreign keys itself, nothing needs to be read. What is written in code alone is named as unread.

mod rails;
mod tables;
#[cfg(test)]
mod tests;

use seaworthy_facts::{Engine, MigrationSet, Migrations, Schema, SchemaSource, Unread};

use crate::migrations::version;
use crate::tree::{Class, File, Tree};
use tables::Tables;

/// The most migrations of one set that are read.
const MOST_FILES: usize = 5_000;
/// How many keys without an index are kept of one source.
const KEPT: usize = 100;

/// Reads it.
pub fn collect(tree: &Tree, migrations: &Migrations) -> Schema {
    let mut schema = Schema::default();
    for set in &migrations.sets {
        match source(tree, set) {
            Some(source) => schema.sources.push(source),
            None => {
                if let Some(newest) = set.newest.first() {
                    schema.unread.push(Unread {
                        what: format!("the schema that {} migrations make is not read", set.framework),
                        at: newest.at.clone(),
                    });
                }
            }
        }
    }
    if migrations.sets.iter().all(|set| set.framework == "own") {
        for loose in &migrations.loose_sql {
            let Some(file) = loose.at.path().and_then(|path| tree.file(path)) else { continue };
            let Some(text) = tree.text(file) else { continue };
            let mut tables = Tables::default();
            tables.sql(&text, &file.path);
            if tables.count() > 0 {
                schema.sources.push(described(file.path.clone(), file, None, &tables));
            }
        }
    }
    schema
}

fn source(tree: &Tree, set: &MigrationSet) -> Option<SchemaSource> {
    let first = set.newest.first()?;
    let always = |why: &str| SchemaSource {
        name: format!("{} migrations", set.framework),
        at: first.at.clone(),
        engine: set.engine,
        always_indexed: Some(why.to_owned()),
        tables: 0,
        foreign_keys: 0,
        unindexed: Vec::new(),
    };
    // https://dev.mysql.com/doc/refman/8.4/en/create-table-foreign-keys.html
    // https://mariadb.com/docs/server/ha-and-performance/optimization-and-tuning/optimization-and-indexes/foreign-keys
    if matches!(set.engine, Some(Engine::Mysql | Engine::Mariadb)) {
        return Some(always("InnoDB makes an index for each foreign key"));
    }
    match set.framework.as_str() {
        // https://docs.djangoproject.com/en/stable/ref/models/fields/#foreignkey
        "django" => Some(always("Django makes an index for each foreign key")),
        // https://learn.microsoft.com/ef/core/modeling/indexes
        "ef-core" => Some(always("EF Core makes an index for each foreign key")),
        "rails" => rails::source(tree, set),
        _ => from_sql(tree, set),
    }
}

/// Every SQL migration of a set, in order.
fn from_sql(tree: &Tree, set: &MigrationSet) -> Option<SchemaSource> {
    let mut files: Vec<&File> = set
        .folders
        .iter()
        .flat_map(|folder| tree.under(folder))
        .filter(|file| file.extension() == "sql" && file.class != Class::Vendored && !is_way_back(file))
        .collect();
    files.sort_by_key(|file| (order(file), file.path.clone()));
    files.dedup_by_key(|file| file.index);
    // Some frameworks keep code beside SQL; half a schema is none.
    let count = usize::try_from(set.count).unwrap_or(usize::MAX);
    if files.is_empty() || files.len() > MOST_FILES || files.len() < count {
        return None;
    }
    let mut tables = Tables::default();
    for file in &files {
        let Some(text) = tree.text(file) else { continue };
        tables.sql(forward(&text), &file.path);
    }
    (tables.count() > 0)
        .then(|| described(format!("{} migrations", set.framework), files[0], set.engine, &tables))
}

fn described(name: String, file: &File, engine: Option<Engine>, tables: &Tables) -> SchemaSource {
    let mut unindexed = tables.unindexed();
    unindexed.truncate(KEPT);
    SchemaSource {
        name,
        at: file.at(),
        engine,
        always_indexed: None,
        tables: tables.count(),
        foreign_keys: tables.keys(),
        unindexed,
    }
}

/// By the version of the file, or of its folder where each migration has one.
fn order(file: &File) -> Vec<u64> {
    let folder = file.folder().rsplit('/').next().unwrap_or_default();
    version(file.name()).or_else(|| version(folder)).unwrap_or_default()
}

fn is_way_back(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    name.ends_with("down.sql")
        || name.ends_with(".undo.sql")
        || name.ends_with("rollback.sql")
        || name.starts_with('u') && name.contains("__")
        || file.folder().rsplit('/').next() == Some("down")
}

/// The part of a migration that goes forward.
fn forward(text: &str) -> &str {
    ["-- +goose Down", "-- migrate:down", "-- +migrate Down", "--rollback"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .map_or(text, |end| &text[..end])
}
