//! Which operations are not safe while the application runs, on which engine, and what the safe form is.
//!
//! An operation on a table or column that the same migration makes is safe: nobody uses it yet.

use std::collections::HashSet;

use seaworthy_facts::{Engine, Hazard, Location};

use super::operations::{Fill, Operation, Step};

/// What the operations of a migration come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Operations that are not safe.
    pub hazards: Vec<Hazard>,
    /// The previous version can run on the schema after it.
    pub only_adds: bool,
    /// Tables that it makes.
    pub creates: Vec<String>,
    /// It limits how long it waits for locks.
    pub lock_timeout: bool,
}

/// How an engine behaves during schema changes, as far as the rules need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// Strong locks, a concurrent form for indexes, constraints that can be validated later.
    Postgresql,
    /// Online index builds; type changes, foreign keys and checks copy the table.
    Mysql,
    /// Indexes block writes unless `ONLINE = ON`; constraints can be added `WITH NOCHECK`.
    Sqlserver,
    /// Schema changes run in the background; only what the running version misses matters.
    Online,
}

impl Behaviour {
    fn of(engine: Option<Engine>) -> Self {
        match engine {
            Some(Engine::Postgresql) => Behaviour::Postgresql,
            Some(Engine::Mysql | Engine::Mariadb) => Behaviour::Mysql,
            Some(Engine::Sqlserver) => Behaviour::Sqlserver,
            // Where the engine is not told, only what is unsafe on every engine is named.
            _ => Behaviour::Online,
        }
    }
}

/// The most hazards that one migration lists.
const MOST_HAZARDS: usize = 50;

/// Judges the steps of one migration on its file.
pub fn assess(steps: &[Step], engine: Option<Engine>, path: &str) -> Assessment {
    let behaviour = Behaviour::of(engine);
    let mut known = Known::default();
    let mut assessment = Assessment { only_adds: true, ..Assessment::default() };
    known.recreated = recreated(steps);
    for step in steps {
        let operation = &step.operation;
        if !only_adds(operation, &known) {
            assessment.only_adds = false;
        }
        if *operation == Operation::LockTimeout {
            assessment.lock_timeout = true;
        }
        if assessment.hazards.len() < MOST_HAZARDS
            && let Some(hazard) = hazard(operation, behaviour, &known, Location::line(path, step.line))
        {
            assessment.hazards.push(hazard);
        }
        known.learn(operation);
        if let Operation::CreateTable { table } = operation
            && !assessment.creates.contains(table)
            && assessment.creates.len() < 200
        {
            assessment.creates.push(table.clone());
        }
    }
    assessment
}

/// What the migration has made before the step at hand.
#[derive(Debug, Default)]
struct Known {
    tables: HashSet<String>,
    columns: HashSet<(String, String)>,
    validated: HashSet<String>,
    /// Objects and tables that are dropped only to be made anew.
    recreated: HashSet<(String, String)>,
}

impl Known {
    fn learn(&mut self, operation: &Operation) {
        match operation {
            Operation::CreateTable { table } => {
                self.tables.insert(table.clone());
            }
            Operation::RenameTable { table, to } if self.tables.contains(table) => {
                self.tables.insert(to.clone());
            }
            Operation::AddColumn { table, column, .. } => {
                self.columns.insert((table.clone(), column.clone()));
            }
            Operation::Validate { table } => {
                self.validated.insert(table.clone());
            }
            _ => {}
        }
    }

    fn new_table(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    fn new_column(&self, table: &str, column: &str) -> bool {
        self.new_table(table) || self.columns.contains(&(table.to_owned(), column.to_owned()))
    }

    fn is_recreated(&self, kind: &str, name: &str) -> bool {
        self.recreated.contains(&(kind.to_owned(), name.to_owned()))
    }
}

/// Objects that a later step of the same migration makes.
fn recreated(steps: &[Step]) -> HashSet<(String, String)> {
    steps
        .iter()
        .filter_map(|step| match &step.operation {
            Operation::CreateObject { kind, name } => Some((kind.clone(), name.clone())),
            Operation::CreateTable { table } => Some(("table".to_owned(), table.clone())),
            _ => None,
        })
        .collect()
}

/// Whether the previous version of the application runs on after this operation.
fn only_adds(operation: &Operation, known: &Known) -> bool {
    match operation {
        Operation::CreateTable { .. }
        | Operation::CreateObject { .. }
        | Operation::LockTimeout
        | Operation::Neutral
        | Operation::Validate { .. }
        | Operation::InsertRows { .. }
        | Operation::DropNotNull { .. } => true,
        Operation::AddColumn { table, not_null, default, .. } => {
            !not_null || *default != Fill::Nothing || known.new_table(table)
        }
        Operation::AddIndex { table, unique, .. } => !unique || known.new_table(table),
        Operation::AddForeignKey { table, column, .. } => {
            known.new_table(table) || column.as_ref().is_some_and(|column| known.new_column(table, column))
        }
        Operation::AddCheck { table, .. }
        | Operation::AddUnique { table, .. }
        | Operation::Truncate { table }
        | Operation::RenameTable { table, .. }
        | Operation::DropTable { table } => known.new_table(table),
        Operation::DropColumn { table, column }
        | Operation::RenameColumn { table, column }
        | Operation::ChangeType { table, column }
        | Operation::SetNotNull { table, column } => known.new_column(table, column),
        Operation::DropIndex { table, .. } => table.as_ref().is_some_and(|table| known.new_table(table)),
        Operation::ChangeRows { table } | Operation::Other { table } => {
            table.as_ref().is_some_and(|table| known.new_table(table))
        }
        Operation::DropObject { kind, name } => known.is_recreated(kind, name),
    }
}

fn hazard(operation: &Operation, behaviour: Behaviour, known: &Known, at: Location) -> Option<Hazard> {
    use Behaviour::{Mysql, Online, Postgresql, Sqlserver};
    Some(match operation {
        Operation::AddIndex { table, concurrently, .. } => {
            if known.new_table(table) || *concurrently {
                return None;
            }
            match behaviour {
                Postgresql => index_not_concurrent(table, at),
                Sqlserver => index_not_online(table, at),
                Mysql | Online => return None,
            }
        }
        Operation::DropIndex { table, concurrently } => {
            let new = table.as_ref().is_some_and(|table| known.new_table(table));
            if new || *concurrently || behaviour != Postgresql {
                return None;
            }
            drop_index_not_concurrent(table.as_deref(), at)
        }
        Operation::AddColumn { table, column, not_null, default, unique, references } => {
            if known.new_table(table) {
                return None;
            }
            if *not_null && *default == Fill::Nothing {
                return Some(required_column(table, column, at));
            }
            match behaviour {
                Postgresql | Sqlserver if *default == Fill::PerRow => volatile_default(table, column, at),
                Postgresql if *unique => unique_constraint(table, at),
                Postgresql if *references => foreign_key_not_valid(table, at),
                Mysql if *references => foreign_key_copies(table, at),
                _ => return None,
            }
        }
        Operation::SetNotNull { table, column } => {
            if known.new_column(table, column) || known.validated.contains(table) {
                return None;
            }
            set_not_null(table, column, behaviour == Postgresql, at)
        }
        Operation::ChangeType { table, column } => {
            if known.new_column(table, column) {
                return None;
            }
            type_change(table, column, at)
        }
        Operation::RenameColumn { table, column } => {
            if known.new_column(table, column) {
                return None;
            }
            rename_column(table, column, at)
        }
        Operation::RenameTable { table, .. } => {
            if known.new_table(table) {
                return None;
            }
            rename_table(table, at)
        }
        Operation::DropColumn { table, column } => {
            if known.new_column(table, column) {
                return None;
            }
            drop_column(table, column, at)
        }
        Operation::DropTable { table } => {
            if known.new_table(table) || known.is_recreated("table", table) {
                return None;
            }
            drop_table(table, at)
        }
        Operation::Truncate { table } => {
            if known.new_table(table) {
                return None;
            }
            truncate(table, at)
        }
        Operation::AddForeignKey { table, validated, .. } => {
            if known.new_table(table) || !validated {
                return None;
            }
            match behaviour {
                Postgresql | Sqlserver => foreign_key_not_valid(table, at),
                Mysql => foreign_key_copies(table, at),
                Online => return None,
            }
        }
        Operation::AddCheck { table, validated } => {
            if known.new_table(table) || !validated {
                return None;
            }
            match behaviour {
                Postgresql | Mysql | Sqlserver => check_not_valid(table, behaviour, at),
                Online => return None,
            }
        }
        Operation::AddUnique { table, using_index } => {
            if known.new_table(table) || *using_index || behaviour != Postgresql {
                return None;
            }
            unique_constraint(table, at)
        }
        _ => return None,
    })
}

fn new(kind: &str, summary: String, safe_form: &str, table: Option<&str>, at: Location) -> Hazard {
    Hazard {
        kind: kind.to_owned(),
        summary: capped(summary),
        safe_form: safe_form.to_owned(),
        table: table.filter(|table| !table.is_empty()).map(|table| capped(table.to_owned())),
        at,
    }
}

/// Names come from the audited repository: they are cut and lose what a terminal would act on.
fn capped(text: String) -> String {
    text.chars().filter(|c| !c.is_control()).take(240).collect()
}

fn named(table: &str) -> String {
    if table.is_empty() { "an existing table".to_owned() } else { format!("`{table}`") }
}

fn column_of(table: &str, column: &str) -> String {
    match (table.is_empty(), column.is_empty()) {
        (false, false) => format!("column `{column}` of `{table}`"),
        (true, false) => format!("column `{column}`"),
        (false, true) => format!("a column of `{table}`"),
        (true, true) => "a column of an existing table".to_owned(),
    }
}

fn index_not_concurrent(table: &str, at: Location) -> Hazard {
    new(
        "index-not-concurrent",
        format!("builds an index on {} while writes to it wait", named(table)),
        "CREATE INDEX CONCURRENTLY, outside a transaction",
        Some(table),
        at,
    )
}

fn index_not_online(table: &str, at: Location) -> Hazard {
    new(
        "index-not-concurrent",
        format!("builds an index on {} while writes to it wait", named(table)),
        "CREATE INDEX … WITH (ONLINE = ON), where the edition has it",
        Some(table),
        at,
    )
}

fn drop_index_not_concurrent(table: Option<&str>, at: Location) -> Hazard {
    new(
        "drop-index-not-concurrent",
        format!("drops an index of {} under a lock that stops reads and writes", named(table.unwrap_or(""))),
        "DROP INDEX CONCURRENTLY, outside a transaction",
        table,
        at,
    )
}

fn required_column(table: &str, column: &str, at: Location) -> Hazard {
    new(
        "required-column",
        format!(
            "adds {} as NOT NULL without a default: the previous version's inserts fail",
            column_of(table, column)
        ),
        "add it nullable or with a default, fill it, then require it in a later release",
        Some(table),
        at,
    )
}

fn volatile_default(table: &str, column: &str, at: Location) -> Hazard {
    new(
        "volatile-default",
        format!(
            "adds {} with a value of its own for each row: the table is rewritten under a lock",
            column_of(table, column)
        ),
        "add it without the default, set the default, then fill the rows in batches",
        Some(table),
        at,
    )
}

fn set_not_null(table: &str, column: &str, by_check: bool, at: Location) -> Hazard {
    let safe_form = if by_check {
        "add CHECK (… IS NOT NULL) NOT VALID, validate it, then SET NOT NULL and drop the check"
    } else {
        "make sure that every running version fills it, then require it in a later release"
    };
    new(
        "set-not-null",
        format!("makes {} NOT NULL: every row is checked under a lock", column_of(table, column)),
        safe_form,
        Some(table),
        at,
    )
}

fn type_change(table: &str, column: &str, at: Location) -> Hazard {
    new(
        "type-change",
        format!("changes the type of {}: the table may be rewritten under a lock", column_of(table, column)),
        "add a column of the new type, write to both, fill it in batches, then switch",
        Some(table),
        at,
    )
}

fn rename_column(table: &str, column: &str, at: Location) -> Hazard {
    new(
        "rename-column",
        format!("renames {} that the running version uses", column_of(table, column)),
        "add the new column, write to both, switch reads, then drop the old one in a later release",
        Some(table),
        at,
    )
}

fn rename_table(table: &str, at: Location) -> Hazard {
    new(
        "rename-table",
        format!("renames {} that the running version uses", named(table)),
        "keep the old name as a view until no running version uses it",
        Some(table),
        at,
    )
}

fn drop_column(table: &str, column: &str, at: Location) -> Hazard {
    new(
        "drop-column",
        format!("drops {}: a running version that still reads it fails", column_of(table, column)),
        "stop using it in one release and drop it in a later one",
        Some(table),
        at,
    )
}

fn drop_table(table: &str, at: Location) -> Hazard {
    new(
        "drop-table",
        format!("drops {}: a running version that still uses it fails", named(table)),
        "stop using it in one release and drop it in a later one",
        Some(table),
        at,
    )
}

fn truncate(table: &str, at: Location) -> Hazard {
    new(
        "truncate",
        format!("removes all rows of {} under a lock that stops reads and writes", named(table)),
        "delete in batches, after a backup",
        Some(table),
        at,
    )
}

fn foreign_key_not_valid(table: &str, at: Location) -> Hazard {
    new(
        "foreign-key-not-valid",
        format!("adds a foreign key to {} and checks every row under locks on both tables", named(table)),
        "add it NOT VALID (WITH NOCHECK on SQL Server), then validate it on its own",
        Some(table),
        at,
    )
}

fn foreign_key_copies(table: &str, at: Location) -> Hazard {
    new(
        "foreign-key-not-valid",
        format!("adds a foreign key to {}: the table is copied while writes to it wait", named(table)),
        "use an online schema change tool (gh-ost, pt-online-schema-change), or foreign_key_checks=0 with ALGORITHM=INPLACE",
        Some(table),
        at,
    )
}

fn check_not_valid(table: &str, behaviour: Behaviour, at: Location) -> Hazard {
    let safe_form = match behaviour {
        Behaviour::Mysql => "add it NOT ENFORCED, or use an online schema change tool",
        Behaviour::Sqlserver => "add it WITH NOCHECK, then check it on its own",
        Behaviour::Postgresql | Behaviour::Online => "add it NOT VALID, then VALIDATE CONSTRAINT on its own",
    };
    new(
        "check-not-valid",
        format!("adds a check to {} and reads every row under a lock", named(table)),
        safe_form,
        Some(table),
        at,
    )
}

fn unique_constraint(table: &str, at: Location) -> Hazard {
    new(
        "unique-constraint",
        format!(
            "adds a unique constraint to {} and builds its index while reads and writes wait",
            named(table)
        ),
        "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX",
        Some(table),
        at,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kinds(operations: Vec<Operation>, engine: Engine) -> (Vec<String>, bool) {
        let steps: Vec<Step> =
            operations.into_iter().enumerate().map(|(i, o)| Step::new(o, i as u32 + 1)).collect();
        let assessment = assess(&steps, Some(engine), "m.sql");
        (assessment.hazards.into_iter().map(|h| h.kind).collect(), assessment.only_adds)
    }

    fn index(table: &str) -> Operation {
        Operation::AddIndex { table: table.into(), unique: false, concurrently: false }
    }

    #[test]
    fn an_index_blocks_writes_on_postgresql_only() {
        assert_eq!(kinds(vec![index("t")], Engine::Postgresql), (vec!["index-not-concurrent".into()], true));
        assert_eq!(kinds(vec![index("t")], Engine::Mysql), (vec![], true));
    }

    #[test]
    fn what_the_migration_makes_is_nobody_elses() {
        let table = Operation::CreateTable { table: "t".into() };
        assert_eq!(kinds(vec![table.clone(), index("t")], Engine::Postgresql), (vec![], true));
        let drop = Operation::DropColumn { table: "t".into(), column: "c".into() };
        assert_eq!(kinds(vec![table, drop.clone()], Engine::Postgresql), (vec![], true));
        assert_eq!(kinds(vec![drop], Engine::Mysql), (vec!["drop-column".into()], false));
    }

    #[test]
    fn a_validated_check_makes_not_null_cheap() {
        let required = Operation::SetNotNull { table: "t".into(), column: "c".into() };
        assert_eq!(kinds(vec![required.clone()], Engine::Postgresql).0, ["set-not-null"]);
        let validate = Operation::Validate { table: "t".into() };
        assert!(kinds(vec![validate, required], Engine::Postgresql).0.is_empty());
    }

    #[test]
    fn a_foreign_key_on_a_new_column_only_adds() {
        let column = Operation::AddColumn {
            table: "t".into(),
            column: "c".into(),
            not_null: false,
            default: Fill::Nothing,
            unique: false,
            references: false,
        };
        let key = Operation::AddForeignKey { table: "t".into(), column: Some("c".into()), validated: true };
        let (kinds, only_adds) = kinds(vec![column, key], Engine::Postgresql);
        assert_eq!(kinds, ["foreign-key-not-valid"]);
        assert!(only_adds);
    }
}
