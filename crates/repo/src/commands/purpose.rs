//! What the name of a script says of a program of the repository that no rule knows: a project's own linter or test
//! program.

use seaworthy_facts::Role;

use super::follow::{Here, Walk};
use super::shell::path_of;
use super::words::{program_name, script_word};

/// The role by the script's name, where the command is a program of the repository.
pub fn role(walk: &Walk, words: &[String], here: &Here) -> Option<Role> {
    let role = by_name(here.name.as_deref()?)?;
    is_own_program(walk, words, here).then_some(role)
}

fn by_name(name: &str) -> Option<Role> {
    let lower = name.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split([':', '-', '_', '.', '/']).filter(|part| !part.is_empty()).collect();
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(part));
    // `lint:fix` mends instead of telling, and `dev` tasks watch.
    if has(&["fix", "watch", "install", "deps", "setup", "init"]) {
        return None;
    }
    if has(&["lint", "linter", "lints", "eslint", "stylelint"]) {
        return Some(Role::Lint);
    }
    if has(&["fmt", "format", "formatting", "prettier"]) && has(&["check", "verify", "test", "ci"]) {
        return Some(Role::Format);
    }
    if has(&["typecheck", "types", "typing", "tsc", "mypy"]) || (has(&["type"]) && has(&["check"])) {
        return Some(Role::TypeCheck);
    }
    if has(&["e2e"]) {
        return Some(Role::EndToEnd);
    }
    if has(&["test", "tests", "spec", "unittest", "unit"])
        && !has(&["prepare", "build", "up", "down", "db", "data"])
    {
        return Some(Role::Test);
    }
    None
}

/// The command runs a file of the tree: by an interpreter, directly, or by its language's tool.
fn is_own_program(walk: &Walk, words: &[String], here: &Here) -> bool {
    let Some(first) = words.first() else { return false };
    let program = program_name(first);
    match program.as_str() {
        "go" => {
            return words.get(1).is_some_and(|w| w == "run")
                && words.get(2).is_some_and(|w| w.starts_with('.'));
        }
        "cargo" => return words.get(1).is_some_and(|w| w == "run" || w == "xtask"),
        _ => {}
    }
    let at = match program.as_str() {
        "bun" | "deno" => words.iter().skip(1).position(|w| w.contains('.')).map(|at| at + 1),
        _ => script_word(words).or_else(|| first.contains('/').then_some(0)),
    };
    let Some((path, _)) = at.and_then(|at| path_of(&words[at], here)) else { return false };
    let tree = walk.commands.tree();
    tree.file(&path).is_some()
        || ["js", "ts", "mjs"].iter().any(|ending| tree.file(&format!("{path}.{ending}")).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_speak() {
        assert_eq!(by_name("lint:tabs"), Some(Role::Lint));
        assert_eq!(by_name("format:check"), Some(Role::Format));
        assert_eq!(by_name("type-check"), Some(Role::TypeCheck));
        assert_eq!(by_name("test:unit"), Some(Role::Test));
        assert_eq!(by_name("lint:fix"), None);
        assert_eq!(by_name("build"), None);
        assert_eq!(by_name("latest"), None);
    }
}
