//! The dumps of Rails: `schema.rb` and `structure.sql`.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{MigrationSet, SchemaSource};

use super::described;
use super::tables::Tables;
use crate::tree::Tree;

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(TABLE, r#"^\s*create_table "([^"]+)""#);
pattern!(INDEX, r#"^\s*t\.index \[?"([^"]+)""#);
pattern!(ADDED, r#"^\s*add_index "([^"]+)", \[?"([^"]+)""#);
pattern!(KEY, r#"^\s*add_foreign_key "([^"]+)", "([^"]+)"(?:.*\bcolumn: "([^"]+)")?"#);

/// The schema beside the migrations.
pub fn source(tree: &Tree, set: &MigrationSet) -> Option<SchemaSource> {
    let folder = set.folders.iter().find_map(|folder| folder.rsplit_once('/').map(|(above, _)| above))?;
    if let Some(file) = tree.resolve(folder, "structure.sql") {
        let mut tables = Tables::default();
        tables.sql(&tree.text(file)?, &file.path);
        return (tables.count() > 0).then(|| described(file.path.clone(), file, set.engine, &tables));
    }
    let file = tree.resolve(folder, "schema.rb")?;
    let text = tree.text(file)?;
    let tables = read(&text, &file.path)?;
    (tables.count() > 0).then(|| described(file.path.clone(), file, set.engine, &tables))
}

fn read(text: &str, path: &str) -> Option<Tables> {
    let (create, index, added, key) = (TABLE.as_ref()?, INDEX.as_ref()?, ADDED.as_ref()?, KEY.as_ref()?);
    let mut tables = Tables::default();
    let mut current = String::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        if let Some(found) = create.captures(line) {
            current = found[1].to_owned();
            tables.create(&current);
            tables.index(&current, None, "id");
        } else if let Some(found) = index.captures(line) {
            tables.index(&current, None, &found[1]);
        } else if let Some(found) = added.captures(line) {
            tables.index(&found[1], None, &found[2]);
        } else if let Some(found) = key.captures(line) {
            let column =
                found.get(3).map_or_else(|| format!("{}_id", singular(&found[2])), |c| c.as_str().to_owned());
            let at = seaworthy_facts::Location::line(path, number);
            tables.key(&found[1], None, &column, at);
        }
    }
    Some(tables)
}

/// As Rails derives a column from a table's name, for the usual endings; a dump names the column in all other cases.
fn singular(table: &str) -> String {
    let table = table.rsplit('.').next().unwrap_or(table);
    if let Some(stem) = table.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "uses"] {
        if table.ends_with(ending) {
            return table[..table.len() - 2].to_owned();
        }
    }
    if table.ends_with("ss") || !table.ends_with('s') {
        return table.to_owned();
    }
    table[..table.len() - 1].to_owned()
}
