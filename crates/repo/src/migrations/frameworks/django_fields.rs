//! Field definitions of Django, as far as they reach the database.

use seaworthy_syntax::code::{self, Node};

use crate::migrations::Seen;
use crate::migrations::frame::{Entry, Found};
use crate::migrations::source::Source;

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    class: String,
    /// Its column takes nulls.
    pub null: bool,
    /// It refuses duplicates.
    pub unique: bool,
    /// It has an index of its own.
    pub db_index: bool,
    /// An index is not switched off.
    pub db_index_wanted: bool,
    /// It refers to another model.
    pub relation: bool,
    /// Its reference is a constraint in the database.
    pub db_constraint: bool,
    /// It is a table of its own.
    pub many_to_many: bool,
    /// A default that the database keeps.
    pub db_default: Option<String>,
    length: Option<u64>,
    digits: Option<String>,
    to: Option<String>,
}

impl Field {
    /// The field that a node calls for.
    pub fn of(source: &Source, node: Node) -> Option<Field> {
        let calls = code::calls(node, &source.text);
        let call = calls.first()?;
        let keyword = |name: &str| call.keyword(name, &source.text).map(|node| source.text(node));
        let is_true = |name: &str| keyword(name) == Some("True");
        let class = call.name().to_owned();
        let many_to_many = class.starts_with("ManyToMany");
        let relation = matches!(class.as_str(), "ForeignKey" | "OneToOneField" | "TreeForeignKey");
        let digits = keyword("max_digits")
            .map(|digits| format!("{digits},{}", keyword("decimal_places").unwrap_or("")));
        let to = keyword("to").or_else(|| {
            let first = call.arguments.first()?;
            (relation && first.kind() != "keyword_argument").then(|| source.text(*first))
        });
        Some(Field {
            null: is_true("null"),
            unique: is_true("unique") || is_true("primary_key") || class == "OneToOneField",
            db_index: is_true("db_index") || matches!(class.as_str(), "SlugField" | "ForeignKey"),
            db_index_wanted: keyword("db_index") != Some("False"),
            relation,
            db_constraint: keyword("db_constraint") != Some("False"),
            many_to_many,
            db_default: keyword("db_default").map(str::to_owned),
            length: keyword("max_length").and_then(|length| length.parse().ok()),
            digits,
            to: to.map(|to| to.trim_matches(['"', '\'']).to_lowercase()),
            class,
        })
    }

    /// What decides the column's type.
    pub fn column_type(&self) -> (&str, Option<u64>, Option<&str>, Option<&str>) {
        (self.stored_as(), self.length, self.digits.as_deref(), self.to.as_deref())
    }

    /// Classes that are stored alike.
    fn stored_as(&self) -> &str {
        match self.class.as_str() {
            "CharField"
            | "SlugField"
            | "URLField"
            | "EmailField"
            | "FileField"
            | "ImageField"
            | "FilePathField"
            | "CommaSeparatedIntegerField" => "varchar",
            "TextField" => "text",
            "IntegerField" | "PositiveIntegerField" => "integer",
            "SmallIntegerField" | "PositiveSmallIntegerField" => "smallint",
            "BigIntegerField" | "PositiveBigIntegerField" => "bigint",
            "BooleanField" | "NullBooleanField" => "boolean",
            "ForeignKey" | "OneToOneField" | "TreeForeignKey" => "reference",
            other => other,
        }
    }

    /// A longer varchar, or text for varchar, needs no rewrite.
    pub fn widens_to(&self, other: &Field) -> bool {
        if self.stored_as() != "varchar" {
            return false;
        }
        match other.stored_as() {
            "text" => true,
            "varchar" => match (self.length, other.length) {
                (Some(before), Some(after)) => after >= before,
                (_, None) => true,
                (None, Some(_)) => false,
            },
            _ => false,
        }
    }
}

/// How many older migrations of an application are searched for a field.
const MOST_SEARCHED: usize = 400;

/// The last definition of a field before a migration, in its own application.
pub fn before<'a>(
    seen: &Seen<'a>,
    found: &Found<'a>,
    entry: &Entry<'a>,
    model: &str,
    field: &str,
) -> Option<Field> {
    let place = found.entries.iter().position(|other| other.file.index == entry.file.index)?;
    found.entries[..place]
        .iter()
        .rev()
        .filter(|other| other.file.folder() == entry.file.folder())
        .take(MOST_SEARCHED)
        .find_map(|older| {
            let text = seen.tree.text(older.file)?;
            // Cheap first: both names must be there (the model's in any case).
            if !text.contains(field) || !text.to_lowercase().contains(model) {
                return None;
            }
            let source = Source::parse(seen, older.file)?;
            defined_in(&source, model, field)
        })
}

fn defined_in(source: &Source, model: &str, field: &str) -> Option<Field> {
    let calls = code::calls(source.root(), &source.text);
    calls.iter().rev().find_map(|call| {
        let keyword = |name: &str| call.keyword(name, &source.text);
        let named = |name: &str, expected: &str| {
            keyword(name)
                .or_else(|| call.arguments.first().copied())
                .is_some_and(|node| source.name(node) == expected)
        };
        match call.name() {
            "AddField" | "AlterField" => {
                let is_it = named("model_name", model)
                    && keyword("name").is_some_and(|node| source.name(node) == field);
                is_it.then(|| Field::of(source, keyword("field")?)).flatten()
            }
            "RenameField" => None,
            "CreateModel" if named("name", model) => {
                let fields = keyword("fields")?;
                let mut cursor = fields.walk();
                fields.named_children(&mut cursor).find_map(|pair| {
                    let is_it = pair.kind() == "tuple"
                        && pair.named_child(0).is_some_and(|name| source.name(name) == field);
                    is_it.then(|| Field::of(source, pair.named_child(1)?)).flatten()
                })
            }
            _ => None,
        }
    })
}
