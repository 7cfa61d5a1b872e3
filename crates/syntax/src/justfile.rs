//! Justfiles.

use crate::Limits;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Justfile {
    /// The recipes in source order.
    pub recipes: Vec<Recipe>,
    /// Assigned variables, literal strings only.
    pub variables: Vec<(String, String)>,
}

/// One recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The recipe's name.
    pub name: String,
    /// Recipes that run before (and, after `&&`, behind) it.
    pub dependencies: Vec<String>,
    /// Its lines.
    pub lines: Vec<RecipeLine>,
    /// The interpreter line of a script recipe, without `#!`.
    pub shebang: Option<String>,
    /// 1-based line of the header.
    pub line: u32,
}

/// One line of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipeLine {
    /// The command, prefixes removed, continuation lines kept as lines.
    pub text: String,
    /// 1-based line.
    pub line: u32,
    /// Prefixed with `-`: goes on when it fails.
    pub ignore_errors: bool,
}

impl Justfile {
    /// The recipe of a name.
    pub fn recipe(&self, name: &str) -> Option<&Recipe> {
        self.recipes.iter().find(|recipe| recipe.name == name)
    }
}

/// Reads a file; lines that make no sense are passed over. A text beyond the limits gives nothing.
pub fn parse(text: &str, limits: &Limits) -> Justfile {
    let mut file = Justfile::default();
    if limits.check_size(text).is_err() {
        return file;
    }
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let mut at = 0;
    let mut in_recipe = false;
    while at < lines.len() && file.recipes.len() + file.variables.len() < limits.max_nodes {
        let line = lines[at];
        let number = at as u32 + 1;
        if line.starts_with([' ', '\t']) {
            let end =
                (at..lines.len()).find(|at| !lines[*at].ends_with('\\')).map_or(lines.len(), |last| last + 1);
            if let Some(recipe) = file.recipes.last_mut().filter(|_| in_recipe) {
                recipe_line(&lines[at..end], number, recipe);
            }
            at = end;
            continue;
        }
        at += 1;
        let trimmed = line.trim();
        let is_directive =
            ["alias ", "import ", "import? ", "mod ", "mod? "].iter().any(|word| trimmed.starts_with(word));
        if trimmed.is_empty() || is_directive || trimmed.starts_with(['#', '[']) {
            continue;
        }
        if let Some((name, value)) = assignment(trimmed) {
            file.variables.extend(value.map(|value| (name, value)));
            in_recipe = false;
        } else if let Some(recipe) = header(trimmed, number) {
            file.recipes.push(recipe);
            in_recipe = true;
        } else {
            in_recipe = false;
        }
    }
    file
}

/// Reads `name := "value"`; the value is none when it is an expression.
fn assignment(line: &str) -> Option<(String, Option<String>)> {
    let (name, value) = line.split_once(":=")?;
    let name = name.trim().trim_start_matches("export ").trim_start_matches("set ").trim();
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return None;
    }
    let value = value.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let literal =
        quote.and_then(|quote| value[1..].strip_suffix(quote).filter(|inner| !inner.contains(quote)));
    Some((name.to_owned(), literal.map(str::to_owned)))
}

/// Reads `name parameters: dependencies && subsequents`.
fn header(line: &str, number: u32) -> Option<Recipe> {
    let colon = outside_quotes(line).find(|(_, c)| *c == ':').map(|(at, _)| at)?;
    let name = line[..colon].split_whitespace().next()?.trim_start_matches('@');
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return None;
    }
    let rest = &line[colon + 1..];
    let end = outside_quotes(rest).find(|(_, c)| *c == '#').map_or(rest.len(), |(at, _)| at);
    Some(Recipe {
        name: name.to_owned(),
        dependencies: dependencies(&rest[..end]),
        lines: Vec::new(),
        shebang: None,
        line: number,
    })
}

/// Names of dependencies: of `(name argument)` only the name.
fn dependencies(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for word in text.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
        match word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(2),
            "&&" => {}
            // The first word in brackets is the name; the rest are its arguments.
            _ if depth == 1 => {
                found.push(word.to_owned());
                depth = 2;
            }
            _ if depth == 0 => found.push(word.to_owned()),
            _ => {}
        }
    }
    found
}

fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    text.char_indices().filter(move |(_, c)| match quote {
        Some(open) => {
            if open == *c {
                quote = None;
            }
            false
        }
        None => {
            quote = matches!(c, '"' | '\'' | '`').then_some(*c);
            quote.is_none()
        }
    })
}

fn recipe_line(lines: &[&str], number: u32, recipe: &mut Recipe) {
    let first = lines.first().map(|line| line.trim()).unwrap_or_default();
    if recipe.lines.is_empty()
        && recipe.shebang.is_none()
        && let Some(interpreter) = first.strip_prefix("#!")
    {
        recipe.shebang = Some(interpreter.trim().to_owned());
        return;
    }
    let text = lines.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join("\n");
    let is_script = recipe.shebang.is_some();
    let rest = if is_script { text.as_str() } else { text.trim_start_matches(['@', '-']) };
    let ignore_errors = !is_script && text[..text.len() - rest.len()].contains('-');
    if rest.trim().is_empty() || rest.starts_with('#') {
        return;
    }
    recipe.lines.push(RecipeLine { text: rest.trim_end().to_owned(), line: number, ignore_errors });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::hostile_text;
    use proptest::prelude::*;

    #[test]
    fn reads_recipes() {
        let text = "set dotenv-load\nversion := \"1.0\"\nx := `date`\n\n# runs tests\n[private]\n@test target=\"a:b\" *args: build (deploy \"x\" y) && clean # c\n    @-pytest {{target}} \\\n      -x\n    # note\n    echo done\n\nbuild:\n  #!/usr/bin/env bash\n  set -e\n  @make\nalias t := test\n";
        let file = parse(text, &Limits::default());
        let test = file.recipe("test").unwrap();
        assert_eq!(test.dependencies, ["build", "deploy", "clean"]);
        assert_eq!(test.lines[0].text, "pytest {{target}} \\\n-x");
        assert!(test.lines[0].ignore_errors && !test.lines[1].ignore_errors);
        assert_eq!((test.line, test.lines[0].line, test.lines[1].line), (7, 8, 11));
        let build = file.recipe("build").unwrap();
        assert_eq!(build.shebang.as_deref(), Some("/usr/bin/env bash"));
        assert_eq!(build.lines[1].text, "@make");
        assert_eq!(file.variables, [("version".into(), "1.0".into())]);
        assert_eq!(file.recipes.len(), 2);
        assert!(parse(&"a:".repeat(5_000_000), &Limits::default()).recipes.is_empty());
    }

    proptest! {
        #[test]
        fn survives_anything(text in hostile_text("[ab:=@#!()\"'&` \n\t\\\\é-]")) {
            let lines = text.split('\n').count() as u32;
            for recipe in parse(&text, &Limits::default()).recipes {
                prop_assert!(recipe.line >= 1 && recipe.lines.iter().all(|line| line.line <= lines));
            }
        }
    }
}
