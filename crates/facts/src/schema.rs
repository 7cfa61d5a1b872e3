use serde::{Deserialize, Serialize};

use crate::*;

/// The database schema as migrations and dumps describe it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schema {
    /// Each source that was read as a whole.
    pub sources: Vec<SchemaSource>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

/// A set of migrations or a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaSource {
    /// What it is (`db/schema.rb`, `prisma migrations`).
    pub name: String,
    /// The first file of it.
    pub at: Location,
    /// The engine that it is for, as far as told.
    pub engine: Option<Engine>,
    /// Why every foreign key has an index, where the engine or the framework sees to it.
    pub always_indexed: Option<String>,
    /// How many tables it leaves.
    pub tables: u64,
    /// How many foreign keys it leaves.
    pub foreign_keys: u64,
    /// Those whose first column is the first of no index.
    pub unindexed: Vec<UnindexedKey>,
}

/// A foreign key without an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnindexedKey {
    /// Its table.
    pub table: String,
    /// Its first column.
    pub column: String,
    /// Where it is declared.
    pub at: Location,
}
