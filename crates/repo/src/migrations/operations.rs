//! What a migration does, in one vocabulary for every framework and every engine.

/// An operation and the line of the migration's file on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub operation: Operation,
    /// Line, counted from 1.
    pub line: u32,
}

impl Step {
    /// An operation on a line.
    pub fn new(operation: Operation, line: u32) -> Self {
        Step { operation, line }
    }
}

/// A schema operation. Names of tables and columns are lower case, without quotes and without their schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A new table.
    CreateTable {
        /// The table.
        table: String,
    },
    /// A table is dropped.
    DropTable {
        /// The table.
        table: String,
    },
    /// A table gets another name.
    RenameTable {
        /// Its name before.
        table: String,
        /// Its name after.
        to: String,
    },
    /// A new column.
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// It refuses nulls.
        not_null: bool,
        /// What existing rows get.
        default: Fill,
        /// It is unique, without an index that was built before.
        unique: bool,
        /// It has a foreign key that is checked at once.
        references: bool,
    },
    /// A column is dropped.
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column gets another name.
    RenameColumn {
        /// The table.
        table: String,
        /// Its name before.
        column: String,
    },
    /// A column gets another type.
    ChangeType {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column no longer takes nulls.
    SetNotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column takes nulls from now on.
    DropNotNull {
        /// The table.
        table: String,
    },
    /// An index.
    AddIndex {
        /// The table.
        table: String,
        /// It refuses duplicates.
        unique: bool,
        /// It is built without blocking writes.
        concurrently: bool,
    },
    /// An index is dropped.
    DropIndex {
        /// The table, when told.
        table: Option<String>,
        /// It is dropped without waiting for transactions under a lock.
        concurrently: bool,
    },
    /// A foreign key.
    AddForeignKey {
        /// The table that holds it.
        table: String,
        /// The column that it is on, when told.
        column: Option<String>,
        /// Existing rows are checked at once.
        validated: bool,
    },
    /// A check constraint.
    AddCheck {
        /// The table.
        table: String,
        /// Existing rows are checked at once.
        validated: bool,
    },
    /// A unique, primary key or exclusion constraint.
    AddUnique {
        /// The table.
        table: String,
        /// It takes over an index that was built before.
        using_index: bool,
    },
    /// Existing rows are checked against a constraint that was added without.
    Validate {
        /// The table.
        table: String,
    },
    /// All rows of a table are removed.
    Truncate {
        /// The table.
        table: String,
    },
    /// Rows are added.
    InsertRows {
        /// The table.
        table: String,
    },
    /// Rows are changed or removed.
    ChangeRows {
        /// The table, when told.
        table: Option<String>,
    },
    /// Another object (view, function, type, policy, …) is made.
    CreateObject {
        /// `view`, `function`, ….
        kind: String,
        /// Its name.
        name: String,
    },
    /// Another object is dropped.
    DropObject {
        /// `view`, `function`, ….
        kind: String,
        /// Its name.
        name: String,
    },
    /// A time limit on waiting for locks.
    LockTimeout,
    /// Nothing that readers or writers notice (a comment, a default for new rows, a grant).
    Neutral,
    /// Something else, on this table when told.
    Other {
        /// The table.
        table: Option<String>,
    },
}

/// What existing rows get in a new column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Null.
    Nothing,
    /// One value for all, which the engine keeps in its catalogue.
    Constant,
    /// A value of its own for each row: the table is rewritten.
    PerRow,
}

/// A name as the operations hold it: lower case, without quotes and without its schema.
pub fn plain(name: &str) -> String {
    let name = name.trim();
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_matches(|c| matches!(c, '"' | '`' | '[' | ']' | '\'')).to_lowercase()
}
