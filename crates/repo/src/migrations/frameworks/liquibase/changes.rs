//! Changes of XML, YAML and JSON change logs.

use crate::migrations::operations::{Fill, Operation, Step, plain};
use crate::migrations::sql;

/// A change, whatever the format.
#[derive(Debug, Clone)]
pub struct Change {
    /// `addColumn`, ….
    pub name: String,
    /// Its line.
    pub line: u32,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
    /// The columns inside it.
    pub columns: Vec<Column>,
    /// SQL that it holds.
    pub sql: Option<String>,
}

/// A column inside a change.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
    /// Those of its `constraints`.
    pub constraints: Vec<(String, String)>,
}

fn value<'v>(attributes: &'v [(String, String)], name: &str) -> Option<&'v str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl Change {
    fn get(&self, name: &str) -> String {
        value(&self.attributes, name).map(plain).unwrap_or_default()
    }

    /// Liquibase works the way back out by itself.
    pub fn reverses_itself(&self) -> bool {
        matches!(
            self.name.as_str(),
            "addColumn"
                | "addDefaultValue"
                | "addForeignKeyConstraint"
                | "addLookupTable"
                | "addNotNullConstraint"
                | "addPrimaryKey"
                | "addUniqueConstraint"
                | "createIndex"
                | "createSequence"
                | "createTable"
                | "createView"
                | "dropNotNullConstraint"
                | "renameColumn"
                | "renameSequence"
                | "renameTable"
                | "renameView"
                | "tagDatabase"
                | "addAutoIncrement"
                | "disableTrigger"
                | "enableTrigger"
                | "addCheckConstraint"
                | "createSynonym"
                | "setTableRemarks"
                | "setColumnRemarks"
                | "output"
                | "empty"
        )
    }
}

/// What a change does.
pub fn steps(change: &Change) -> Vec<Step> {
    let table = change.get("tableName");
    let one = |operation| vec![Step::new(operation, change.line)];
    match change.name.as_str() {
        "sql" => change.sql.as_deref().map(|text| sql::steps(text, change.line)).unwrap_or_default(),
        "createTable" => one(Operation::CreateTable { table }),
        "dropTable" => one(Operation::DropTable { table }),
        "renameTable" => {
            one(Operation::RenameTable { table: change.get("oldTableName"), to: change.get("newTableName") })
        }
        "addColumn" => {
            change.columns.iter().map(|column| Step::new(new_column(&table, column), change.line)).collect()
        }
        "dropColumn" => {
            let mut columns: Vec<String> = change
                .columns
                .iter()
                .map(|column| value(&column.attributes, "name").map(plain).unwrap_or_default())
                .collect();
            if columns.is_empty() {
                columns.push(change.get("columnName"));
            }
            columns
                .into_iter()
                .map(|column| Step::new(Operation::DropColumn { table: table.clone(), column }, change.line))
                .collect()
        }
        "renameColumn" => one(Operation::RenameColumn { table, column: change.get("oldColumnName") }),
        "modifyDataType" => one(Operation::ChangeType { table, column: change.get("columnName") }),
        "addNotNullConstraint" => one(Operation::SetNotNull { table, column: change.get("columnName") }),
        "dropNotNullConstraint" => one(Operation::DropNotNull { table }),
        "createIndex" => one(Operation::AddIndex {
            table,
            unique: value(&change.attributes, "unique") == Some("true"),
            concurrently: false,
        }),
        "dropIndex" => one(Operation::DropIndex { table: Some(table), concurrently: false }),
        "addForeignKeyConstraint" => one(Operation::AddForeignKey {
            table: change.get("baseTableName"),
            column: Some(change.get("baseColumnNames")),
            validated: value(&change.attributes, "validate") != Some("false"),
        }),
        "addUniqueConstraint" | "addPrimaryKey" => one(Operation::AddUnique {
            table,
            using_index: value(&change.attributes, "forIndexName").is_some(),
        }),
        "addCheckConstraint" => one(Operation::AddCheck {
            table,
            validated: value(&change.attributes, "validate") != Some("false"),
        }),
        "insert" | "loadData" | "loadUpdateData" => one(Operation::InsertRows { table }),
        "update" | "delete" | "mergeColumns" => one(Operation::ChangeRows { table: Some(table) }),
        "createView" | "createSequence" | "createProcedure" | "createFunction" | "createSynonym"
        | "createTrigger" => one(Operation::CreateObject {
            kind: change.name["create".len()..].to_ascii_lowercase(),
            name: String::new(),
        }),
        "addDefaultValue" | "dropDefaultValue" | "tagDatabase" | "setTableRemarks" | "setColumnRemarks"
        | "output" | "empty" => one(Operation::Neutral),
        _ => one(Operation::Other { table: (!table.is_empty()).then_some(table) }),
    }
}

fn new_column(table: &str, column: &Column) -> Operation {
    let default = column.attributes.iter().find(|(key, _)| key.starts_with("defaultValue"));
    let fill = match default {
        Some((_, text))
            if text.split(|c: char| !c.is_alphanumeric() && c != '_').any(sql::gives_each_row_its_own) =>
        {
            Fill::PerRow
        }
        Some(_) => Fill::Constant,
        None if value(&column.attributes, "autoIncrement") == Some("true") => Fill::PerRow,
        // Liquibase fills existing rows itself before it asks for NOT NULL.
        None if column.attributes.iter().any(|(key, _)| key.starts_with("value")) => Fill::Constant,
        None => Fill::Nothing,
    };
    Operation::AddColumn {
        table: table.to_owned(),
        column: value(&column.attributes, "name").map(plain).unwrap_or_default(),
        not_null: value(&column.constraints, "nullable") == Some("false")
            || value(&column.constraints, "primaryKey") == Some("true"),
        default: fill,
        unique: value(&column.constraints, "unique") == Some("true"),
        references: value(&column.constraints, "references").is_some()
            || value(&column.constraints, "referencedTableName").is_some(),
    }
}
