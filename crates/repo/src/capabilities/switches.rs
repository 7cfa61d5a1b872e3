//! Own switches: a settings table that code reads at run time and that people change in the product.
//!
//! Three signs are needed together, so that a setting read from the environment or a preference of one user is not taken
//! for a switch: a store of settings for the whole system, code that changes it, and code that asks it for a switch.

use seaworthy_facts::{Location, Product};

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// Words of a switch's name.
const SWITCHES: &[&str] =
    &["enable_", "allow_", "disable_", "_enabled", "_ENABLED", "ENABLE_", "ALLOW_", "_disabled"];

/// Tables and models that hold settings of the whole system.
const STORES: &[&str] = &[
    "TABLE settings",
    "TABLE IF NOT EXISTS settings",
    "TABLE IF NOT EXISTS public.settings",
    "TABLE public.settings",
    "TABLE app_settings",
    "TABLE IF NOT EXISTS app_settings",
    "TABLE public.app_settings",
    "TABLE site_settings",
    "TABLE system_settings",
    "create_table \"settings\"",
    "create_table :settings",
    "create_table :site_settings",
    "Schema::create('settings'",
    "Schema::create('configuration'",
    "Schema::create('configurations'",
    "class Configuration extends Model",
    "class Setting extends Model",
    "class Setting < ApplicationRecord",
    "class SiteSetting < ",
    "Setting(",
    "class SiteConfiguration(",
    "model Setting {",
    "model AppSetting {",
    "model SystemSetting {",
    "model SiteSetting {",
];

/// Tables of settings that one organisation or installation of a widget has, with switches as columns.
const SWITCH_TABLES: &[&str] = &["_configs", "_settings", "_config"];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    switches: Vec<NeedleId>,
    stores: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add =
        |text: &&str, per_file| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file });
    Plan {
        switches: SWITCHES.iter().map(|text| add(text, 40)).collect(),
        stores: STORES.iter().map(|text| add(text, 8)).collect(),
    }
}

/// The product that own switches make up, if they do.
pub fn product(tree: &Tree, scan: &Scan, plan: &Plan) -> Option<Product> {
    let used = asked(tree, scan, plan);
    if used.is_empty() {
        return None;
    }
    Some(Product {
        capability: "feature-flags".to_owned(),
        name: "own switches in a settings table".to_owned(),
        declared: Vec::new(),
        used,
        off: Vec::new(),
        docs: "https://martinfowler.com/articles/feature-toggles.html".to_owned(),
    })
}

/// Where code asks a store for a switch.
fn asked(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Location> {
    let store = plan
        .stores
        .iter()
        .flat_map(|needle| scan.hits(*needle))
        .any(|hit| !hit.comment && scan.ships(&tree.files()[hit.file]) && is_store(&hit.text));
    let stored = store && changed_by_people(tree, scan);
    let columns = switch_columns(tree, scan, plan);
    let sql = stored_keys(tree, scan, plan);
    let mut used = Vec::new();
    for hit in plan.switches.iter().flat_map(|needle| scan.hits(*needle)).filter(|hit| !hit.comment) {
        let file = &tree.files()[hit.file];
        if !scan.ships(file) || !is_server_code(file) || reads_environment(&hit.text) {
            continue;
        }
        let Some(name) = name_at(&hit.text) else { continue };
        let from_store = stored && (asks_store(&hit.text) || sql.contains(&name) && hit.text.contains('('));
        let from_column = columns.contains(&name) && is_condition(&hit.text, &name);
        if from_store || from_column {
            used.push(file.at_line(hit.line));
        }
        if used.len() >= 20 {
            break;
        }
    }
    used
}

/// What belongs to one person is no setting of the whole system.
const PERSONAL: &[&str] = &["user", "notification", "email", "member", "profile"];

/// Of the literals that are no whole declaration, `Setting(` counts only as a class of the system (`class SiteSetting(`).
fn is_store(text: &str) -> bool {
    let lower = text.trim_start().to_ascii_lowercase();
    !text.contains("Setting(")
        || lower.starts_with("class ") && !PERSONAL.iter().any(|own| lower.contains(own))
}

fn is_server_code(file: &File) -> bool {
    let language = file
        .language
        .is_some_and(|language| !matches!(language, "sql" | "css" | "html" | "vue" | "svelte" | "shell"));
    let path = file.path.to_ascii_lowercase();
    language
        && !path.split('/').any(|part| {
            matches!(part, "migrations" | "migrate" | "seeders" | "seeds" | "config" | "components" | "types")
        })
}

/// What the environment or a start-up file says is fixed until the next start.
fn reads_environment(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["env(", "environ", "process.env", "getenv", "env.", "env[", "env::", "settings.configure", "import.meta"]
        .iter()
        .any(|word| lower.contains(word))
}

/// A call of a reader of settings: `SiteSetting.fetch_one(`, `Setting.get(`, `ShopConfig::get(`, `setting('x')`. A bare
/// `config.get(` is how frameworks read their files, which are fixed until the next start.
fn asks_store(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    for word in ["setting", "config", "configuration"] {
        for (at, _) in lower.match_indices(word) {
            let named = lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if word == "config" && !named {
                continue;
            }
            // `settings.x` of a module of constants is no call of a reader: the reader's method follows at once.
            let rest = lower[at + word.len()..].trim_start_matches('s');
            let method = rest.trim_start_matches(['.', ':', '-', '>']);
            let begins = ["get", "fetch", "find", "bool", "value", "enabled", "read", "lookup"];
            if method.len() < rest.len()
                && begins.iter().any(|verb| method.starts_with(verb))
                && method.contains('(')
            {
                return true;
            }
            if word == "setting" && (rest.starts_with("('") || rest.starts_with("(\"")) {
                return true;
            }
        }
    }
    false
}

/// The longest name around a switch word, with dots, in lower case.
fn name_at(text: &str) -> Option<String> {
    let at = SWITCHES.iter().filter_map(|word| text.find(word)).min()?;
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let start = text[..at].rfind(|c: char| !part(c)).map_or(0, |index| index + 1);
    let name: String = text[start..].chars().take_while(|c| part(*c)).collect();
    (name.len() > 6).then(|| name.to_ascii_lowercase())
}

/// The value decides: it stands in a condition, or is negated.
fn is_condition(text: &str, name: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find(name) else { return false };
    let before = lower[..at].trim_end();
    let member = before.ends_with('.')
        || before.ends_with("?.")
        || before.ends_with("[\"")
        || before.ends_with("['")
        || before.ends_with("->");
    member
        && (lower.contains("if ")
            || lower.contains("if(")
            || lower.contains("unless ")
            || lower.contains('?') && lower.contains(" : ")
            || lower.contains("&&"))
}

/// Boolean columns of tables of settings, from schemas and migrations.
fn switch_columns(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<String> {
    let mut columns = Vec::new();
    for hit in plan.switches.iter().flat_map(|needle| scan.hits(*needle)).filter(|hit| !hit.comment) {
        let file = &tree.files()[hit.file];
        if file.language != Some("sql") || !hit.text.to_ascii_lowercase().contains("bool") {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        let before: Vec<&str> = text.lines().take(hit.line as usize).collect();
        let table = before.iter().rev().take(80).find_map(|line| table_of(line));
        let counts = table.is_some_and(|table| {
            SWITCH_TABLES.iter().any(|ending| table.ends_with(ending))
                && !PERSONAL.iter().any(|own| table.contains(own))
        });
        if counts && let Some(name) = name_at(&hit.text) {
            columns.push(name);
        }
    }
    columns
}

/// The table that a line of SQL creates or alters.
fn table_of(line: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    let at =
        ["create table", "alter table"].iter().find_map(|verb| lower.find(verb).map(|at| at + verb.len()))?;
    let rest = lower[at..]
        .trim_start()
        .trim_start_matches("if not exists")
        .trim_start_matches("if exists")
        .trim_start()
        .trim_start_matches("only ");
    let name: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_.\"`".contains(*c)).collect();
    let name = name.rsplit('.').next().unwrap_or_default().trim_matches(['"', '`']).to_owned();
    (!name.is_empty()).then_some(name)
}

/// Keys of switches that a schema puts into a settings table.
fn stored_keys(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<String> {
    let mut keys = Vec::new();
    for hit in plan.switches.iter().flat_map(|needle| scan.hits(*needle)).filter(|hit| !hit.comment) {
        let file = &tree.files()[hit.file];
        let value = hit.text.contains("true") || hit.text.contains("false");
        if file.language == Some("sql")
            && scan.ships(file)
            && value
            && hit.text.contains('\'')
            && let Some(name) = name_at(&hit.text)
        {
            keys.push(name);
        }
    }
    keys
}

/// Code that changes the settings on request: a controller, handler or view for them that saves.
fn changed_by_people(tree: &Tree, scan: &Scan) -> bool {
    tree.files().iter().filter(|file| scan.ships(file) && file.language.is_some()).any(|file| {
        let path = file.path.to_ascii_lowercase();
        let name = path.rsplit('/').next().unwrap_or(&path);
        let about = name.contains("setting")
            || name.contains("configuration")
            || path.contains("/settings/")
            || path.contains("/configuration/");
        let answers = path.split('/').any(|part| {
            matches!(
                part,
                "controllers"
                    | "routes"
                    | "handlers"
                    | "views"
                    | "api"
                    | "cmd"
                    | "admin"
                    | "http"
                    | "web"
                    | "server"
                    | "controller"
                    | "settings"
            )
        });
        about
            && answers
            && tree.text(file).is_some_and(|text| {
                let lower = text.to_lowercase();
                ["update", "upsert", "save(", "set(", ".commit("].iter().any(|verb| lower.contains(verb))
            })
    })
}
