//! Tables with their foreign keys and indexes, as statements build them up.

use std::collections::BTreeMap;

use seaworthy_facts::{Location, UnindexedKey};

use crate::migrations::plain;
use crate::migrations::sql::lexer::{Kind, Token, tokens};

/// The most bytes that are read of one file.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// The most tables that are kept.
const MOST_TABLES: usize = 5_000;

/// A foreign key: its constraint's name, its first column, and where it is.
#[derive(Debug)]
struct Key {
    name: Option<String>,
    column: String,
    at: Location,
}

/// An index or a constraint that has one: its name and its first column.
#[derive(Debug)]
struct Index {
    name: Option<String>,
    column: String,
}

#[derive(Debug, Default)]
struct Table {
    keys: Vec<Key>,
    indexes: Vec<Index>,
}

/// All tables.
#[derive(Debug, Default)]
pub struct Tables {
    tables: BTreeMap<String, Table>,
}

impl Tables {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.tables.len() as u64
    }

    /// How many foreign keys there are.
    pub fn keys(&self) -> u64 {
        self.tables.values().map(|table| table.keys.len() as u64).sum()
    }

    /// Foreign keys whose first column is the first of no index.
    pub fn unindexed(&self) -> Vec<UnindexedKey> {
        let mut found = Vec::new();
        for (name, table) in &self.tables {
            for key in &table.keys {
                if !table.indexes.iter().any(|index| index.column == key.column) {
                    found.push(UnindexedKey {
                        table: name.clone(),
                        column: key.column.clone(),
                        at: key.at.clone(),
                    });
                }
            }
        }
        found
    }

    /// A table, made when it is not there.
    fn table(&mut self, name: &str) -> Option<&mut Table> {
        if !self.tables.contains_key(name) && self.tables.len() >= MOST_TABLES {
            return None;
        }
        Some(self.tables.entry(name.to_owned()).or_default())
    }

    /// A table begins.
    pub fn create(&mut self, name: &str) {
        let _ = self.table(name);
    }

    /// An index whose first column this is.
    pub fn index(&mut self, table: &str, name: Option<String>, column: &str) {
        if let Some(table) = self.table(table) {
            table.indexes.push(Index { name, column: column.to_owned() });
        }
    }

    /// A foreign key whose first column this is.
    pub fn key(&mut self, table: &str, name: Option<String>, column: &str, at: Location) {
        if let Some(table) = self.table(table)
            && !table.keys.iter().any(|known| known.column == column)
        {
            table.keys.push(Key { name, column: column.to_owned(), at });
        }
    }

    /// Reads the statements of a text.
    pub fn sql(&mut self, text: &str, path: &str) {
        let mut end = text.len().min(MOST_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let tokens = tokens(&text[..end], 1);
        for statement in tokens.split(|token| token.is_symbol(';')) {
            self.statement(statement, path);
        }
    }

    fn statement(&mut self, statement: &[Token], path: &str) {
        let Some(first) = statement.first() else { return };
        // What comes before the kind of object: `UNIQUE`, `TEMPORARY`, `UNLOGGED`.
        let Some(kind) = statement.iter().take(6).position(|token| token.is("TABLE") || token.is("INDEX"))
        else {
            return;
        };
        let mut rest = &statement[kind + 1..];
        let is_table = statement[kind].is("TABLE");
        for word in ["CONCURRENTLY", "IF", "NOT", "EXISTS", "ONLY"] {
            if rest.first().is_some_and(|token| token.is(word)) {
                rest = &rest[1..];
            }
        }
        if first.is("CREATE") && is_table {
            let (table, rest) = name(rest);
            self.create(&table);
            for part in commas(inside(rest)) {
                self.part(&table, part, path);
            }
        } else if first.is("CREATE") {
            let Some(on) = rest.iter().position(|token| token.is("ON")) else { return };
            let index = name(&rest[..on]).0;
            let mut after = &rest[on + 1..];
            if after.first().is_some_and(|token| token.is("ONLY")) {
                after = &after[1..];
            }
            let (table, after) = name(after);
            if let Some(column) = columns(after).into_iter().next() {
                self.index(&table, Some(index), &column);
            }
        } else if first.is("ALTER") && is_table {
            let (table, rest) = name(rest);
            for action in commas(rest) {
                self.action(&table, action, path);
            }
        } else if first.is("DROP") && is_table {
            for part in commas(rest) {
                self.tables.remove(&name(part).0);
            }
        } else if first.is("DROP") {
            let index = Some(name(rest).0);
            for table in self.tables.values_mut() {
                table.indexes.retain(|known| known.name != index);
            }
        }
    }

    /// A column or a constraint of a new table.
    fn part(&mut self, table: &str, part: &[Token], path: &str) {
        let mut constraint = None;
        let mut rest = part;
        if rest.first().is_some_and(|token| token.is("CONSTRAINT")) {
            let (named, after) = name(&rest[1..]);
            constraint = Some(named);
            rest = after;
        }
        let Some(first) = rest.first() else { return };
        let at = || Location::line(path, first.line);
        let is = |word: &str| first.is(word);
        if is("FOREIGN") {
            if let Some(column) = columns(rest).into_iter().next() {
                self.key(table, constraint, &column, at());
            }
        } else if is("PRIMARY") || is("UNIQUE") || is("KEY") || is("INDEX") || is("EXCLUDE") {
            if let Some(column) = columns(rest).into_iter().next() {
                self.index(table, constraint, &column);
            }
        } else if !is("CHECK") && !is("LIKE") {
            let (column, rest) = name(rest);
            // What stands in parentheses belongs to a type, a default or a check.
            let words = outside(rest);
            if words.iter().any(|token| token.is("REFERENCES")) {
                self.key(table, None, &column, at());
            }
            if words.iter().any(|token| token.is("PRIMARY") || token.is("UNIQUE")) {
                self.index(table, None, &column);
            }
        }
    }

    /// An action of `ALTER TABLE`.
    fn action(&mut self, table: &str, action: &[Token], path: &str) {
        let word = |position: usize, word: &str| action.get(position).is_some_and(|token| token.is(word));
        let mut from = 1;
        for skipped in ["COLUMN", "IF", "NOT", "EXISTS"] {
            if word(from, skipped) {
                from += 1;
            }
        }
        if word(0, "ADD") {
            let inner = &action[from.min(action.len())..];
            self.part(table, inner, path);
        } else if word(0, "DROP") && word(1, "CONSTRAINT") {
            let skip = if word(2, "IF") { 4 } else { 2 };
            let dropped = Some(name(action.get(skip..).unwrap_or_default()).0);
            if let Some(table) = self.tables.get_mut(table) {
                table.keys.retain(|key| key.name != dropped);
                table.indexes.retain(|index| index.name != dropped);
            }
        } else if word(0, "DROP") {
            let dropped = name(&action[from.min(action.len())..]).0;
            if let Some(table) = self.tables.get_mut(table) {
                table.keys.retain(|key| key.column != dropped);
                table.indexes.retain(|index| index.column != dropped);
            }
        } else if word(0, "RENAME") {
            let Some(to) = action.iter().position(|token| token.is("TO")) else { return };
            let new = name(action.get(to + 1..).unwrap_or_default()).0;
            if to == 1 {
                if let Some(renamed) = self.tables.remove(table) {
                    self.tables.insert(new, renamed);
                }
            } else if !word(1, "CONSTRAINT")
                && let Some(table) = self.tables.get_mut(table)
            {
                let old = name(&action[if word(1, "COLUMN") { 2 } else { 1 }..]).0;
                for key in table.keys.iter_mut().filter(|key| key.column == old) {
                    key.column.clone_from(&new);
                }
                for index in table.indexes.iter_mut().filter(|index| index.column == old) {
                    index.column.clone_from(&new);
                }
            }
        }
    }
}

/// A name with its schema, and what follows; the last part is what counts.
fn name<'s, 't>(tokens: &'s [Token<'t>]) -> (String, &'s [Token<'t>]) {
    let mut name = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Word(word) | Kind::Name(word) => name = plain(word),
            Kind::Symbol('[' | ']') => {
                at += 1;
                continue;
            }
            _ => break,
        }
        at += 1;
        while tokens.get(at).is_some_and(|token| token.is_symbol(']')) {
            at += 1;
        }
        if !tokens.get(at).is_some_and(|token| token.is_symbol('.')) {
            break;
        }
        at += 1;
    }
    (name, tokens.get(at..).unwrap_or_default())
}

/// The names in the first parentheses.
fn columns(tokens: &[Token]) -> Vec<String> {
    let Some(open) = tokens.iter().position(|token| token.is_symbol('(')) else { return Vec::new() };
    commas(inside(&tokens[open..])).into_iter().map(|part| name(part).0).collect()
}

/// What is between the first parenthesis and the one that closes it.
fn inside<'s, 't>(tokens: &'s [Token<'t>]) -> &'s [Token<'t>] {
    let Some(open) = tokens.iter().position(|token| token.is_symbol('(')) else { return &[] };
    let mut depth = 0u32;
    for (position, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &tokens[open + 1..position];
        }
    }
    &tokens[open + 1..]
}

/// The tokens outside parentheses.
fn outside<'s, 't>(tokens: &'s [Token<'t>]) -> Vec<&'s Token<'t>> {
    let mut depth = 0u32;
    tokens
        .iter()
        .filter(|token| {
            match token.kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
        .collect()
}

/// The parts between commas outside parentheses.
fn commas<'s, 't>(tokens: &'s [Token<'t>]) -> Vec<&'s [Token<'t>]> {
    let mut depth = 0u32;
    tokens
        .split(|token| {
            match token.kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.is_symbol(',')
        })
        .filter(|part| !part.is_empty())
        .collect()
}
