//! `[[item]]`: items that the owners add to the checklist.

use super::Names;
use crate::ConfigError;
use crate::reader::Table;

/// How many items one configuration may add.
const MOST: usize = 200;

/// An item of the owners' own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnItem {
    /// `id`: `own.NAME`.
    pub id: String,
    /// `question`: the statement that holds when it passes.
    pub question: String,
    /// `priority`; 3 where it is left out.
    pub priority: u8,
    /// `remedy`; the question where it is left out.
    pub remedy: String,
    /// `rules`: rule files, and folders of them.
    pub rules: Vec<String>,
    /// `expect = "match"`: it passes where a rule matches; without, where none does.
    pub wanted: bool,
    /// Where it is written.
    pub line: u32,
}

pub(super) fn items(top: Table, names: Names) -> Result<Vec<OwnItem>, ConfigError> {
    let mut items: Vec<OwnItem> = Vec::new();
    for table in top.tables("item")? {
        let table = table.only(&["id", "question", "priority", "remedy", "rules", "expect"])?;
        let wrong = |key: &str, message: String, help: &str| match table.value(key) {
            Some(node) => table.error_at(node, message, Some(help.to_owned())),
            None => {
                ConfigError { path: String::new(), line: table.line(), column: None, message, help: None }
            }
        };
        let id = table.required("id", "name the item: id = \"own.NAME\"")?;
        let named = id.strip_prefix("own.").is_some_and(|name| {
            !name.is_empty()
                && name.len() <= 60
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        });
        if !named {
            let help = "an own item is called \"own.NAME\", in lower case letters, digits and hyphens";
            return Err(wrong("id", format!("`id` is \"{id}\""), help));
        }
        if items.iter().any(|item| item.id == id) || names.items.contains(&id) {
            return Err(wrong("id", format!("there are two items `{id}`"), "give each its own name"));
        }
        if items.len() == MOST {
            return Err(wrong("id", format!("more than {MOST} own items"), "join some of them"));
        }
        let question = table.required("question", "say what holds when the item passes")?;
        let priority = match table.value("priority").map(|node| node.scalar()) {
            None => 3,
            Some(Some(text)) if matches!(text.as_str(), "1" | "2" | "3") => text.as_bytes()[0] - b'0',
            Some(_) => {
                return Err(wrong("priority", "a priority is 1, 2 or 3".to_owned(), "3 is good practice"));
            }
        };
        let wanted = match table.text("expect")? {
            None | Some("no-match") => false,
            Some("match") => true,
            Some(other) => {
                let help = "it is \"no-match\" (a match is a fault) or \"match\" (something must match)";
                return Err(wrong("expect", format!("`expect` is \"{other}\""), help));
            }
        };
        let rules: Vec<String> = table.texts("rules")?.into_iter().map(|(text, _)| text.to_owned()).collect();
        if rules.is_empty() {
            table.required("rules", "name the rule files: rules = [\"checks/NAME.yml\"]")?;
        }
        items.push(OwnItem {
            id: id.to_owned(),
            question: question.to_owned(),
            priority,
            remedy: table.text("remedy")?.unwrap_or(question).to_owned(),
            rules,
            wanted,
            line: table.line().unwrap_or(1),
        });
    }
    Ok(items)
}
