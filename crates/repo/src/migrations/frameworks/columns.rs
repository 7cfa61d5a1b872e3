//! Columns that are described by an object (`{ type: …, allowNull: false, defaultValue: … }`).

use seaworthy_syntax::code::Node;

use super::chains::Reading;
use crate::migrations::operations::{Fill, Operation};

/// How a framework calls the parts of a column's description.
pub struct Words {
    /// Properties that are true where nulls are refused.
    pub refuses: &'static [&'static str],
    /// Properties that are false where nulls are refused.
    pub allows: &'static [&'static str],
    /// What a column does about nulls when nothing is said.
    pub not_null: bool,
    /// The default.
    pub default: &'static str,
    /// A unique column.
    pub unique: &'static str,
    /// A foreign key.
    pub references: &'static str,
    /// Values that the engine or the framework counts up.
    pub counted: &'static [&'static str],
}

/// The operation that adds a column so described.
pub fn added(reading: &Reading, words: &Words, table: &str, column: String, description: Node) -> Operation {
    let is = |name: &str, value: bool| reading.flag(description, name) == Some(value);
    let said = words.refuses.iter().chain(words.allows).any(|name| reading.flag(description, name).is_some());
    let not_null = if said {
        words.refuses.iter().any(|name| is(name, true)) || words.allows.iter().any(|name| is(name, false))
    } else {
        // A type alone says nothing of nulls.
        words.not_null && description.kind() != "string"
    };
    let counted = words.counted.iter().any(|name| {
        reading.property(description, name).is_some_and(|value| reading.source.text(value) != "false")
    });
    let default = if counted {
        Fill::PerRow
    } else {
        reading.property(description, words.default).map_or(Fill::Nothing, |value| {
            // A value that the application would give, not the engine.
            let text = reading.source.text(value);
            let given_by_application = text.ends_with("UUIDV4") || text.ends_with("UUIDV1");
            if given_by_application { Fill::Nothing } else { reading.fill(value) }
        })
    };
    Operation::AddColumn {
        table: table.to_owned(),
        column,
        not_null,
        default,
        unique: reading
            .property(description, words.unique)
            .is_some_and(|value| reading.source.text(value) != "false"),
        references: reading.property(description, words.references).is_some(),
    }
}
