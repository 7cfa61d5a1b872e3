//! Shipped code told from tests, documentation, examples, generated and vendored code, by path.

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Part of what ships, or configuration of it.
    Shipped,
    /// Tests and what only tests use.
    Test,
    /// Written for people.
    Documentation,
    /// Examples, samples, templates and demonstrations.
    Example,
    /// Made by a program: minified files, lockfiles, snapshots.
    Generated,
    /// Somebody else's code, copied in.
    Vendored,
    /// Tools of the developers: editor settings, scripts for local set-up.
    Development,
}

const VENDORED: &[&str] = &[
    "node_modules",
    "bower_components",
    "vendor",
    "third_party",
    "third-party",
    "thirdparty",
    "external",
    "Pods",
    ".yarn",
    "site-packages",
    ".venv",
    "venv",
];
const TEST: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "__mocks__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "playwright",
    "testdata",
    "test-data",
    "fixtures",
    "__fixtures__",
    "testing",
    "integration-tests",
    "integration_tests",
    "mocks",
    "stories",
    "__snapshots__",
];
const EXAMPLE: &[&str] =
    &["example", "examples", "sample", "samples", "demo", "demos", "playground", "templates-example"];
const DOCUMENTATION: &[&str] = &["doc", "docs", "documentation"];
const GENERATED: &[&str] = &[
    "dist",
    "build",
    "out",
    ".next",
    ".nuxt",
    ".output",
    "target",
    "coverage",
    "__generated__",
    "generated",
];
const DEVELOPMENT: &[&str] = &[".vscode", ".idea", ".devcontainer", ".husky"];

impl Class {
    /// The class by a path relative to its root.
    pub fn of_path(path: &str) -> Class {
        let mut folders = path.split('/').collect::<Vec<_>>();
        let name = folders.pop().unwrap_or_default();
        let source_set = source_set(&folders);
        if let Some((_, at)) = source_set {
            // What follows are the parts of a package name: `com.example.demo` is what the generators propose.
            folders.truncate(at);
        }
        let any = |names: &[&str]| folders.iter().any(|folder| names.contains(folder));
        if any(VENDORED) {
            // Go's and PHP's `vendor` hold others' code, Rails' `vendor/assets` too; a migration folder is never there.
            return Class::Vendored;
        }
        let lower = name.to_ascii_lowercase();
        if is_lockfile(name)
            || lower.ends_with(".min.js")
            || lower.ends_with(".min.css")
            || lower.ends_with(".map")
            || lower.ends_with(".snap")
        {
            return Class::Generated;
        }
        let tests = match source_set {
            Some((set, _)) => set.to_ascii_lowercase().contains("test"),
            None => is_test_name(&lower),
        };
        if tests || any(TEST) {
            return Class::Test;
        }
        if any(EXAMPLE) {
            return Class::Example;
        }
        if any(DEVELOPMENT) || is_tool_configuration(&lower) {
            return Class::Development;
        }
        if lower.ends_with(".md")
            || lower.ends_with(".mdx")
            || lower.ends_with(".rst")
            || lower.ends_with(".adoc")
        {
            return Class::Documentation;
        }
        // `docs` also names folders of code in some layouts; only the top one is taken for documentation.
        if folders.first().is_some_and(|folder| DOCUMENTATION.contains(folder)) {
            return Class::Documentation;
        }
        if any(GENERATED)
            && language_of(path).is_some_and(|language| matches!(language, "javascript" | "css"))
        {
            return Class::Generated;
        }
        Class::Shipped
    }

    /// Whether a file of an ordinary name in the folder of this path ships. Examples and vendored code are none by
    /// their folders.
    pub fn folder_ships(self, path: &str) -> bool {
        match self {
            Class::Shipped => true,
            Class::Vendored | Class::Example => false,
            Class::Test | Class::Documentation | Class::Generated | Class::Development => {
                let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
                let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
                Class::of_path(&format!("{folder}/x.{}", extension.to_ascii_lowercase())) == Class::Shipped
            }
        }
    }
}

/// The source set of a Maven or Gradle layout, `src/SET/LANGUAGE`, and the number of folders up to its language.
fn source_set<'a>(folders: &[&'a str]) -> Option<(&'a str, usize)> {
    const LANGUAGES: &[&str] = &["java", "kotlin", "scala", "groovy", "resources", "webapp"];
    folders.windows(3).enumerate().find_map(|(index, part)| match part {
        ["src", set, language] if LANGUAGES.contains(language) => Some((*set, index + 3)),
        _ => None,
    })
}

/// Whether a file of this extension, in lower case, is a page with gaps that a server fills.
pub fn is_template(extension: &str) -> bool {
    matches!(
        extension,
        "twig"
            | "ejs"
            | "hbs"
            | "pug"
            | "jinja"
            | "jinja2"
            | "j2"
            | "njk"
            | "tmpl"
            | "gohtml"
            | "templ"
            | "ftl"
            | "ftlh"
            | "jsp"
            | "leex"
            | "liquid"
            | "mustache"
            | "tera"
            | "tpl"
            | "phtml"
    )
}

/// Programs for the tools of development, written in JavaScript or TypeScript.
fn is_tool_configuration(lower: &str) -> bool {
    const TOOLS: &[&str] =
        &["playwright", "vitest", "jest", "cypress", "karma", "wdio", "eslint", "prettier", "commitlint"];
    let mut parts = lower.split('.');
    let tool = parts.next().is_some_and(|name| TOOLS.contains(&name));
    tool && matches!(parts.next(), Some("config" | "conf"))
        && matches!(parts.next(), Some("js" | "ts" | "mjs" | "cjs" | "mts" | "cts"))
}

fn is_test_name(lower: &str) -> bool {
    let stem = lower.split('.').next().unwrap_or(lower);
    lower.contains(".test.")
        || lower.contains(".spec.")
        || lower.contains(".cy.")
        || lower.contains(".stories.")
        || lower.ends_with("_test.go")
        || lower.ends_with("_test.py")
        || lower.ends_with("_test.rb")
        || lower.ends_with("_spec.rb")
        || lower.ends_with("_test.exs")
        || (stem.starts_with("test_") && lower.ends_with(".py"))
        || lower == "conftest.py"
        || stem.ends_with("test")
            && (lower.ends_with(".php")
                || lower.ends_with(".java")
                || lower.ends_with(".kt")
                || lower.ends_with(".cs"))
            && stem.len() > 4
        || stem.ends_with("tests")
            && (lower.ends_with(".java") || lower.ends_with(".kt") || lower.ends_with(".cs"))
}

fn is_lockfile(name: &str) -> bool {
    matches!(
        name,
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "pnpm-lock.yaml"
            | "yarn.lock"
            | "bun.lock"
            | "deno.lock"
            | "composer.lock"
            | "Gemfile.lock"
            | "poetry.lock"
            | "Pipfile.lock"
            | "uv.lock"
            | "pdm.lock"
            | "Cargo.lock"
            | "go.sum"
            | "mix.lock"
            | "pubspec.lock"
            | "packages.lock.json"
            | "gradle.lockfile"
            | "flake.lock"
    )
}

/// The programming language of a path, where it has one.
pub fn language_of(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension)?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "js" | "mjs" | "cjs" | "jsx" => "javascript",
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "vue" => "vue",
        "svelte" => "svelte",
        "astro" => "astro",
        "py" | "pyi" => "python",
        "rb" | "rake" | "erb" | "haml" | "slim" => "ruby",
        "php" => "php",
        "go" => "go",
        "java" => "java",
        "kt" | "kts" => "kotlin",
        "scala" => "scala",
        "groovy" => "groovy",
        "cs" | "cshtml" | "razor" => "csharp",
        "fs" => "fsharp",
        "rs" => "rust",
        "ex" | "exs" | "eex" | "heex" => "elixir",
        "erl" => "erlang",
        "swift" => "swift",
        "dart" => "dart",
        "c" | "h" => "c",
        "cc" | "cpp" | "hpp" | "cxx" => "cpp",
        "sh" | "bash" | "zsh" => "shell",
        "ps1" => "powershell",
        "sql" => "sql",
        "css" | "scss" | "sass" | "less" => "css",
        "html" | "htm" => "html",
        "lua" => "lua",
        "pl" | "pm" => "perl",
        "clj" | "cljs" => "clojure",
        "tf" => "terraform",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_package_name_are_no_folders_of_examples() {
        for path in [
            "src/main/java/com/example/demo/Shop.java",
            "server/src/main/kotlin/org/sample/testing/App.kt",
            "src/main/resources/db/migration/V1__orders.sql",
            "src/main/java/com/acme/Contest.java",
        ] {
            assert_eq!(Class::of_path(path), Class::Shipped, "{path}");
        }
        for path in [
            "src/test/java/com/example/demo/ShopTests.java",
            "app/src/integrationTest/kotlin/Orders.kt",
            "src/testFixtures/java/com/acme/Made.java",
            "tests/src/main/java/com/acme/Load.java",
        ] {
            assert_eq!(Class::of_path(path), Class::Test, "{path}");
        }
        assert_eq!(Class::of_path("examples/shop/src/main/java/com/acme/App.java"), Class::Example);
    }

    #[test]
    fn configuration_of_development_tools_does_not_ship() {
        for path in ["playwright.config.ts", "web/vitest.config.mts", "eslint.config.js", "karma.conf.js"] {
            assert_eq!(Class::of_path(path), Class::Development, "{path}");
        }
        for path in ["next.config.ts", "vite.config.ts", "src/jest.ts", "config/eslint.json"] {
            assert_eq!(Class::of_path(path), Class::Shipped, "{path}");
        }
    }
}
