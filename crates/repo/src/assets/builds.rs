//! Production builds of front-end code: commands in package scripts, images, releases and pipelines.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{AssetBuild, Assets, Command, Location, Observed};
use serde::Deserialize;

use super::Seen;
use crate::commands::Place;
use crate::scan::{NeedleId, Needles};
use crate::tree::Class;

/// How many builds are kept.
const KEPT: usize = 40;
/// How many package scripts are followed.
const SCRIPTS: usize = 600;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundler {
    name: String,
    run: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    #[cfg_attr(not(test), allow(dead_code))]
    see: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bundler: Vec<Bundler>,
}

static BUNDLERS: LazyLock<Vec<Bundler>> = LazyLock::new(|| {
    // A file that does not parse is caught by a test.
    toml::from_str::<File>(include_str!("bundlers.toml")).map(|file| file.bundler).unwrap_or_default()
});

/// Literals of settings that keep a build from being small.
#[derive(Debug, Default)]
pub struct Plan {
    unminified: Vec<(NeedleId, &'static str)>,
}

/// Adds them.
pub fn plan(needles: &mut Needles) -> Plan {
    let unminified = [
        ("minify: false", "the build is not minified (`minify: false`)"),
        ("minimize: false", "the build is not minified (`minimize: false`)"),
        ("mode: 'development'", "the build is made in development mode"),
        ("mode: \"development\"", "the build is made in development mode"),
    ];
    Plan { unminified: unminified.iter().map(|(text, says)| (needles.text(*text), *says)).collect() }
}

/// Every production build.
pub fn collect(seen: &Seen, assets: &mut Assets) {
    for command in
        seen.launches.launches.iter().filter(|launch| !launch.development).flat_map(|l| &l.commands)
    {
        add(assets, command);
    }
    scripts(seen, assets);
    for command in seen.pipelines.steps().flat_map(|(_, _, step)| &step.commands) {
        add(assets, command);
    }
    for (needle, says) in &seen.plan.builds.unminified {
        for hit in seen.scan.hits(*needle).iter().filter(|hit| !hit.comment) {
            let file = &seen.tree.files()[hit.file];
            // Only the main configuration of a bundler: others are named for what they are.
            let name = file.name();
            let main = ["vite.config.", "webpack.config.", "rspack.config.", "rsbuild.config."];
            // A condition or a block for one mode makes it no setting of the production build.
            let conditional = hit.text.contains('?') || hit.text.contains("&&");
            let main = main.iter().any(|main| name.starts_with(main));
            if seen.scan.ships(file) && main && !conditional && for_browsers(seen, file) {
                assets.unminified.push(Observed::new((*says).to_owned(), file.at_line(hit.line)));
            }
        }
    }
}

/// Whether a bundler's configuration makes what browsers are sent, rather than a library or a server.
fn for_browsers(seen: &Seen, file: &crate::tree::File) -> bool {
    let Some(text) = seen.tree.text(file) else { return false };
    if [
        "lib:",
        "target: 'node",
        "target: \"node",
        "node-externals",
        "nodeExternals",
        "ssr: true",
        "libraryTarget",
    ]
    .iter()
    .any(|sign| text.contains(sign))
    {
        return false;
    }
    !file.name().starts_with("vite.") || seen.tree.resolve(file.folder(), "index.html").is_some()
}

/// Package scripts that build, followed.
fn scripts(seen: &Seen, assets: &mut Assets) {
    let mut followed = 0;
    for package in seen.commands.packages() {
        let ships = seen.tree.file(&package.path).is_some_and(|file| file.class == Class::Shipped);
        if !ships {
            continue;
        }
        for name in package.scripts() {
            let Some((text, line)) = package.script(name) else { continue };
            let apart = name.split([':', '-', '_']).any(|word| {
                matches!(
                    word,
                    "dev" | "watch" | "test" | "storybook" | "docs" | "doc" | "start" | "lint" | "e2e"
                )
            });
            if apart || !builds(text) {
                continue;
            }
            followed += 1;
            if followed > SCRIPTS || assets.builds.len() >= KEPT {
                return;
            }
            let place = Place { path: &package.path, line, folder: &package.folder, via: &[] };
            for command in seen.commands.follow(text, &place) {
                add(assets, &command);
                add_program(seen, &package.folder, assets, &command);
            }
        }
    }
}

/// Programs that run a script file.
const RUNNERS: &[&str] = &["node", "bun", "tsx", "deno", "ts-node", "esr", "jiti"];

/// A build that is a program of its own (`node build.mjs`): it calls a bundler.
fn add_program(seen: &Seen, folder: &str, assets: &mut Assets, command: &Command) {
    let Some((program, arguments)) = command.words.split_first() else { return };
    if !RUNNERS.contains(&program.as_str()) || assets.builds.len() >= KEPT {
        return;
    }
    let script = arguments
        .iter()
        .find(|word| [".js", ".mjs", ".cjs", ".ts", ".mts"].iter().any(|ending| word.ends_with(ending)));
    let apart = arguments.iter().any(|word| matches!(word.as_str(), "--watch" | "watch" | "dev" | "--serve"));
    let Some(file) = script.and_then(|script| seen.tree.resolve(folder, script)).filter(|_| !apart) else {
        return;
    };
    let Some(text) = seen.tree.text(file) else { return };
    let called = CALLED.as_ref().and_then(|pattern| pattern.captures(&text));
    let tool = called.and_then(|called| called.get(1)).map(|tool| tool.as_str().to_owned());
    if let Some(tool) = tool {
        let text: String = command.words.join(" ").chars().take(80).collect();
        assets.builds.push(AssetBuild { tool, command: text, at: command.at.clone() });
    }
}

/// A bundler that a program imports.
static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:from\s+|require\(|import\()\s*['"](?:npm:)?(esbuild|vite|webpack|rollup|rolldown|@rspack/core|parcel|@parcel/core|bun)(?:@[\d.^~]+)?['"]"#).ok()
});

/// Whether a script's text can be a production build at all.
fn builds(text: &str) -> bool {
    RUNNERS.iter().any(|runner| text.contains(runner))
        || BUNDLERS.iter().flat_map(|bundler| &bundler.run).any(|run| {
            let program = run.split_whitespace().next().unwrap_or_default();
            !program.is_empty() && text.contains(program)
        })
}

fn add(assets: &mut Assets, command: &Command) {
    if assets.builds.len() >= KEPT || command.missing.is_some() {
        return;
    }
    let Some(tool) = bundler(&command.words) else { return };
    let at: &Location = &command.at;
    if assets.builds.iter().any(|known| known.at == *at && known.tool == tool) {
        return;
    }
    let text: String = command.words.join(" ").chars().take(80).collect();
    assets.builds.push(AssetBuild { tool: tool.to_owned(), command: text, at: at.clone() });
}

/// The bundler that these words run for production.
fn bundler(words: &[String]) -> Option<&'static str> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let first = words.first()?;
    let program = first.rsplit('/').next().unwrap_or(first);
    let bundler = BUNDLERS.iter().find(|bundler| {
        bundler.run.iter().any(|run| runs(run, program, &words[1..]))
            && (bundler.any.is_empty()
                || bundler.any.iter().any(|any| words[1..].iter().any(|word| fits(any, word))))
            && !bundler.without.iter().any(|without| words[1..].iter().any(|word| fits(without, word)))
    })?;
    Some(&bundler.name)
}

/// The first words of a command, options between them left out.
fn runs(pattern: &str, program: &str, arguments: &[&str]) -> bool {
    let mut wanted = pattern.split_whitespace();
    let own = wanted.next().map(|own| own.rsplit('/').next().unwrap_or(own));
    if own != Some(program) {
        return false;
    }
    let mut given = arguments.iter().filter(|argument| !argument.starts_with('-'));
    wanted.all(|wanted| {
        given.next().is_some_and(|given| {
            let given = if wanted.contains('/') { *given } else { given.rsplit('/').next().unwrap_or(given) };
            wanted.split('|').any(|wanted| fits(wanted, given))
        })
    })
}

fn fits(pattern: &str, word: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = word.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            let Some(found) = rest.find(middle) else { return false };
            rest = &rest[found + middle.len()..];
        }
    }
    last.map_or(rest.is_empty(), |end: &str| rest.ends_with(end))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tool(line: &str) -> Option<&'static str> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        bundler(&words)
    }

    #[test]
    fn the_file_is_sound() {
        let file: File = toml::from_str(include_str!("bundlers.toml")).unwrap();
        assert!(file.bundler.iter().all(|b| b.see.starts_with("https://") && !b.run.is_empty()));
    }

    #[test]
    fn production_builds_are_told_from_development_ones() {
        assert_eq!(tool("next build"), Some("Next.js"));
        assert_eq!(tool("next dev"), None);
        assert_eq!(tool("vite build --mode production"), Some("Vite"));
        assert_eq!(tool("vite"), None);
        assert_eq!(tool("vite build --mode development"), None);
        assert_eq!(tool("webpack --config webpack.prod.js"), Some("webpack"));
        assert_eq!(tool("webpack serve"), None);
        assert_eq!(tool("webpack --mode=development"), None);
        assert_eq!(tool("mix --production"), Some("Laravel Mix"));
        assert_eq!(tool("mix"), None);
        assert_eq!(tool("mix assets.deploy"), Some("Phoenix assets"));
        assert_eq!(tool("esbuild app.js --bundle --minify --outdir=public"), Some("esbuild"));
        assert_eq!(tool("bin/rails assets:precompile"), Some("Rails assets"));
        assert_eq!(tool("python manage.py compress --force"), Some("django-compressor"));
        assert_eq!(tool("php bin/console asset-map:compile"), Some("Symfony AssetMapper"));
    }
}
