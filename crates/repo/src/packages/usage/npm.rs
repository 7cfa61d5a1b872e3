//! How JavaScript and TypeScript use a package.

use seaworthy_facts::Usage;

use super::{Clues, because, depends, exists_at_or_above, has_word, is_manifest, runs_programs};
use crate::packages::draft::Draft;
use crate::scan::Hit;
use crate::tree::{File, Tree};

/// Packages that others need beside them although their manifests do not say so, or load when they are there.
const LOADED_BY: &[(&str, &[&str])] = &[
    (
        "react-dom",
        &[
            "next",
            "gatsby",
            "@remix-run/react",
            "react-router",
            "react-scripts",
            "expo",
            "@docusaurus/core",
            "astro",
        ],
    ),
    (
        "react",
        &[
            "next",
            "gatsby",
            "@remix-run/react",
            "react-router",
            "expo",
            "@docusaurus/core",
            "react-dom",
            "preact",
        ],
    ),
    ("vue", &["nuxt", "vitepress"]),
    ("vue-router", &["nuxt"]),
    ("sharp", &["next", "astro", "gatsby", "@nuxt/image", "payload", "ipx"]),
    ("reflect-metadata", &["@nestjs/core", "typeorm", "inversify", "tsyringe", "type-graphql"]),
    ("rxjs", &["@nestjs/core", "@angular/core"]),
    ("zone.js", &["@angular/core"]),
    ("tslib", &["@angular/core", "typescript"]),
    ("@nestjs/platform-express", &["@nestjs/core"]),
    ("@angular/compiler", &["@angular/core"]),
    ("@angular/animations", &["@angular/material"]),
    ("@emotion/react", &["@mui/material", "@mui/joy", "@chakra-ui/react", "@mantine/core"]),
    ("@emotion/styled", &["@mui/material", "@mui/joy", "@chakra-ui/react"]),
    ("esbuild", &["vite", "tsup"]),
    ("rollup", &["vite", "tsup"]),
    ("postcss", &["tailwindcss", "vite", "next", "autoprefixer"]),
    (
        "pg",
        &[
            "@prisma/adapter-pg",
            "knex",
            "sequelize",
            "typeorm",
            "@mikro-orm/postgresql",
            "objection",
            "pg-boss",
            "@strapi/strapi",
            "@directus/api",
            "kysely",
            "drizzle-orm",
        ],
    ),
    ("pg-hstore", &["sequelize"]),
    ("mysql2", &["knex", "sequelize", "typeorm", "objection", "@strapi/strapi", "kysely", "drizzle-orm"]),
    ("mysql", &["knex", "typeorm"]),
    ("sqlite3", &["knex", "sequelize", "typeorm", "objection"]),
    ("better-sqlite3", &["knex", "typeorm", "@strapi/strapi", "kysely", "drizzle-orm"]),
    ("tedious", &["knex", "sequelize"]),
    ("prisma", &["@prisma/client"]),
    ("@prisma/client", &["prisma"]),
    ("webpack", &["react-scripts", "laravel-mix", "@symfony/webpack-encore", "shakapacker"]),
    ("react-native-screens", &["expo-router", "@react-navigation/native"]),
    ("react-native-safe-area-context", &["expo-router", "@react-navigation/native"]),
    ("bufferutil", &["ws", "socket.io"]),
    ("utf-8-validate", &["ws", "socket.io"]),
    ("encoding", &["node-fetch"]),
    ("pino-pretty", &["pino"]),
    ("@sveltejs/vite-plugin-svelte", &["@sveltejs/kit"]),
    ("@vitest/coverage-v8", &["vitest"]),
    ("@vitest/coverage-istanbul", &["vitest"]),
    ("regenerator-runtime", &["@babel/core", "@babel/preset-env"]),
    ("core-js", &["@babel/preset-env", "@vue/cli-service", "@babel/core"]),
    ("node-gyp", &[]),
    ("import-in-the-middle", &["@sentry/node", "@sentry/nextjs", "@opentelemetry/sdk-node"]),
    ("require-in-the-middle", &["@sentry/node", "@sentry/nextjs", "@opentelemetry/sdk-node"]),
    ("critters", &["next"]),
    ("typescript", &["next", "ts-node", "@nestjs/cli"]),
    ("undici-types", &["@types/node"]),
    ("graphql", &["@apollo/client", "@apollo/server", "graphql-request", "urql", "@nestjs/graphql"]),
];

/// The literals by which a package shows itself.
pub fn clues(name: &str, draft: &Draft, clues: &mut Clues) {
    let imported = name.strip_prefix("@types/").map(|typed| match typed.split_once("__") {
        Some((scope, rest)) => format!("@{scope}/{rest}"),
        None => typed.to_owned(),
    });
    let name = imported.as_deref().unwrap_or(name);
    for quote in ['\'', '"', '`'] {
        clues.text(format!("{quote}{name}{quote}"), names_module);
        clues.text(format!("{quote}{name}/"), names_module);
    }
    clues.text(format!("~{name}/"), in_style);
    clues.text(format!("node_modules/{name}"), in_anything);
    // Bundlers' and test runners' strings with options behind them.
    clues.text(format!("npm:{name}"), names_module);
    for program in programs(name, draft) {
        for runner in ["npx ", "exec ", "dlx ", "bunx ", ".bin/"] {
            clues.word(format!("{runner}{program}"), in_anything);
        }
    }
    if name.contains(['-', '/']) {
        clues.word(name, in_settings);
    }
    // Keys of an object that lists plugins, and short names of plugins.
    if name.len() > 4 {
        clues.word(name, in_plugin_settings);
    }
    for short in conventions(name).iter().filter(|short| *short != name) {
        for quote in ['\'', '"'] {
            clues.text(format!("{quote}{short}{quote}"), in_plugin_settings);
        }
        clues.text(format!("plugin:{short}/"), in_plugin_settings);
    }
}

fn programs(name: &str, draft: &Draft) -> Vec<String> {
    let mut programs = draft.known.get(name).map(|known| known.programs.clone()).unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or(name);
    for candidate in
        [last, last.trim_end_matches("-cli"), name.trim_start_matches('@').split('/').next().unwrap_or(last)]
    {
        // The scope's name is the program of `@scope/cli`.
        if (candidate == last || last == "cli" || last.ends_with("-cli"))
            && !programs.iter().any(|known| known == candidate)
        {
            programs.push(candidate.to_owned());
        }
    }
    let others =
        PROGRAMS.iter().filter(|(package, _)| *package == name).flat_map(|(_, programs)| programs.iter());
    programs.extend(others.map(|program| (*program).to_owned()));
    programs.truncate(8);
    programs
}

/// Settings of tools: names that hold `config`, dot files, and a few fixed ones.
fn is_settings(file: &File) -> bool {
    let name = file.name();
    name.contains(".config.")
        || name.contains("config.") && file.language.is_some()
        || name.starts_with('.') && name.contains("rc")
        || name.starts_with("tsconfig")
        || name.starts_with("webpack")
        || file.path.contains(".storybook/")
        || matches!(
            name,
            "gulpfile.js"
                | "Gruntfile.js"
                | "angular.json"
                | "project.json"
                | "nx.json"
                | "components.json"
                | "app.json"
                | "app.config.ts"
                | "jest.config.json"
                | "babel.config.json"
                | "turbo.json"
                | "ember-cli-build.js"
                | "gatsby-browser.js"
                | "quasar.conf.js"
                | "nest-cli.json"
                | "karma.conf.js"
                | "biome.json"
                | "vue.config.js"
                | "esbuild.js"
                | "build.js"
                | "esbuild.mjs"
                | "build.mjs"
                | "knexfile.js"
                | "knexfile.ts"
        )
}

/// A quoted name that stands for a module.
fn names_module(file: &File, hit: &Hit) -> bool {
    let line = &*hit.text;
    if is_manifest(file) {
        return false;
    }
    if hit.comment {
        return line.contains("reference types") || line.contains("@jsxImportSource");
    }
    if is_settings(file) || in_style(file, hit) {
        return true;
    }
    let code = matches!(
        file.language,
        Some("javascript" | "typescript" | "vue" | "svelte" | "astro" | "ruby" | "php" | "python")
    ) || matches!(
        file.extension(),
        "html"
            | "mdx"
            | "ejs"
            | "hbs"
            | "twig"
            | "graphql"
            | "prisma"
            | "coffee"
            | "marko"
            | "liquid"
            | "njk"
            | "importmap"
    );
    if !code {
        return false;
    }
    const SIGNS: &[&str] = &[
        "import",
        "from ",
        "from\"",
        "from'",
        "require",
        "export ",
        "mock(",
        "unmock(",
        "importActual",
        "resolve(",
        "loader",
        "preset",
        "plugin",
        "target:",
        "transport",
        "dialect",
        "client:",
        "parser:",
        "adapter",
        "external",
        "provider",
        "declare module",
        "pin ",
        "engine",
        "driver",
        "use(",
        "runtime:",
        "environment:",
    ];
    SIGNS.iter().any(|sign| line.contains(sign)) || alone(line)
}

/// The specifier of an `import(` or `require(` that was broken over lines.
fn alone(line: &str) -> bool {
    let line = line.trim();
    line.len() > 2
        && line.starts_with(['"', '\'', '`'])
        && line.ends_with(['"', '\'', '`'])
        && line[1..line.len() - 1].chars().all(|c| !c.is_whitespace())
}

fn in_style(file: &File, hit: &Hit) -> bool {
    let style = matches!(file.extension(), "css" | "scss" | "sass" | "less" | "styl" | "pcss" | "postcss")
        || matches!(file.language, Some("vue" | "svelte" | "astro"));
    style
        && [
            "@import",
            "@use",
            "@plugin",
            "@forward",
            "@config",
            "@reference",
            "@source",
            "url(",
            "@tailwind",
            "~",
        ]
        .iter()
        .any(|sign| hit.text.contains(sign))
}

fn in_anything(file: &File, hit: &Hit) -> bool {
    !hit.comment && !is_manifest(file)
}

/// Unquoted in YAML and TOML settings (Serverless plugins, Compose commands, pipelines), not where it is ignored.
fn in_settings(file: &File, hit: &Hit) -> bool {
    let listed = file.name() == "pnpm-workspace.yaml" || file.path.starts_with(".github/dependabot");
    !hit.comment && !listed && !is_manifest(file) && runs_programs(file) && !hit.text.contains("install")
}

/// Settings whose lists and objects name plugins.
fn in_plugin_settings(file: &File, hit: &Hit) -> bool {
    let name = file.name();
    !hit.comment
        && ["postcss", "tailwind", "babel", "eslint", "svgo", "stylelint", "prettier", "remark", "commitlint"]
            .iter()
            .any(|tool| name.contains(tool))
        && name != "package.json"
}

/// Programs whose names are not their packages'.
pub const PROGRAMS: &[(&str, &[&str])] = &[
    ("typescript", &["tsc"]),
    ("react-email", &["email"]),
    ("@angular/cli", &["ng"]),
    ("@nestjs/cli", &["nest"]),
    ("@vue/cli-service", &["vue-cli-service"]),
    ("npm-run-all", &["run-p", "run-s"]),
    ("npm-run-all2", &["run-p", "run-s", "npm-run-all"]),
    ("@biomejs/biome", &["biome"]),
    ("@tailwindcss/cli", &["tailwindcss"]),
    ("@sentry/cli", &["sentry-cli"]),
    ("@playwright/test", &["playwright"]),
    ("@graphql-codegen/cli", &["graphql-codegen"]),
    ("@swc/cli", &["swc"]),
    ("@babel/cli", &["babel"]),
    ("@babel/node", &["babel-node"]),
    ("ts-node-dev", &["tsnd", "ts-node-dev"]),
    ("@sveltejs/kit", &["svelte-kit"]),
    ("@remix-run/dev", &["remix"]),
    ("@remix-run/serve", &["remix-serve"]),
    ("@react-router/dev", &["react-router"]),
    ("@react-router/serve", &["react-router-serve"]),
    ("@cloudflare/next-on-pages", &["next-on-pages"]),
    ("@opennextjs/cloudflare", &["opennextjs-cloudflare"]),
    ("@capacitor/cli", &["cap"]),
    ("@strapi/strapi", &["strapi"]),
    ("@docusaurus/core", &["docusaurus"]),
    ("firebase-tools", &["firebase"]),
    ("aws-cdk", &["cdk"]),
    ("vite", &["vite"]),
    ("@11ty/eleventy", &["eleventy"]),
    ("@rsbuild/core", &["rsbuild"]),
    ("parcel", &["parcel"]),
    ("nodemon", &["nodemon"]),
    ("node-gyp", &["node-gyp"]),
    ("@adonisjs/assembler", &["ace"]),
];

/// What implies a package that no code names.
pub fn implied(name: &str, draft: &Draft, drafts: &[Draft], tree: &Tree) -> Option<Usage> {
    // Scripts and settings of this manifest and, in a workspace, of its root and members.
    let root = draft.manifest.member_of.as_deref().unwrap_or(draft.path());
    let related = drafts
        .iter()
        .filter(|other| other.path() == root || other.manifest.member_of.as_deref() == Some(root));
    let short = conventions(name);
    let programs = programs(name, draft);
    // `composer run dev` and the like start front-end programs as well.
    let beside = drafts.iter().filter(|other| {
        other.manifest.ecosystem != draft.manifest.ecosystem && other.manifest.folder == draft.manifest.folder
    });
    for other in related.chain(beside).chain([draft]) {
        for (line, text) in &other.texts {
            let named = programs.iter().any(|program| has_word(text, program))
                || short.iter().any(|short| text == short)
                || text.contains(name) && name.len() > 5 && has_word(text, name);
            if named {
                let at = seaworthy_facts::Location::line(other.path(), *line);
                return Some(Usage::Used { at });
            }
        }
    }
    if let Some(typed) = name.strip_prefix("@types/") {
        let typed = typed.replace("__", "/");
        if typed == "node"
            || typed == "react-dom"
            || depends(draft, &typed)
            || depends(draft, &format!("@{typed}"))
        {
            return because(format!("type declarations of {typed}"));
        }
    }
    if name == "typescript"
        && tree.under(&draft.manifest.folder).any(|file| file.language == Some("typescript"))
    {
        return because("the code is TypeScript");
    }
    if name == "husky" && tree.has_folder(".husky") {
        return because("there are hooks in .husky");
    }
    if matches!(name, "prisma" | "@prisma/client")
        && tree.files().iter().any(|file| file.extension() == "prisma")
    {
        return because("there is a Prisma schema");
    }
    if let Some((_, hosts)) = LOADED_BY.iter().find(|(loaded, _)| *loaded == name)
        && let Some(host) = hosts.iter().find(|host| depends(draft, host))
    {
        return because(format!("{host} loads it"));
    }
    if name.starts_with("@next/") && depends(draft, "next")
        || name.starts_with("@swc/") && depends(draft, "@swc/core")
    {
        return because("a part of what builds the application");
    }
    if name == "eslint" && exists_at_or_above(tree, &draft.manifest.folder, "eslint.config.js") {
        return because("there are settings for it");
    }
    // A direct package that is in use expects it beside itself.
    let expecting = draft.manifest.dependencies.iter().find(|other| {
        other.name != name
            && !matches!(other.usage, Usage::NotFound)
            && draft.known.get(&other.name).is_some_and(|known| known.peers.iter().any(|peer| peer == name))
    });
    if let Some(other) = expecting {
        return because(format!("{} expects it beside itself", other.name));
    }
    may_be_called(name, draft, drafts).then_some(Usage::NotLooked)
}

/// Whether a program of the package may be called by a name that is not known here.
fn may_be_called(name: &str, draft: &Draft, drafts: &[Draft]) -> bool {
    if PROGRAMS.iter().any(|(known, _)| *known == name) {
        return false;
    }
    if draft.programs_told {
        return draft.known.get(name).is_some_and(|known| known.unnamed_programs);
    }
    let root = draft.manifest.member_of.as_deref();
    let related = drafts.iter().filter(|other| root == Some(other.path())).chain([draft]);
    related.flat_map(|other| &other.texts[..other.commands]).any(|(_, text)| {
        called(text).any(|program| {
            !ORDINARY.contains(&program)
                && !draft.manifest.dependencies.iter().any(|other| {
                    other.name != name && programs(&other.name, draft).iter().any(|known| known == program)
                })
        })
    })
}

/// The first words of the commands in a script, without settings of variables and programs that start others.
fn called(script: &str) -> impl Iterator<Item = &str> {
    script.split(['&', '|', ';', '(', ')', '\n']).filter_map(|command| {
        let mut words = command.split_whitespace().filter(|word| !word.contains('=')).skip_while(|word| {
            word.starts_with('-')
                || matches!(*word, "cross-env" | "npx" | "bunx" | "dotenv" | "env" | "exec" | "time" | "!")
        });
        let word = words.next()?.trim_matches(['"', '\'']);
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@'));
        (plain && word.starts_with(|c: char| c.is_ascii_lowercase())).then_some(word)
    })
}

/// Programs that a script may call and that no package brings.
const ORDINARY: &[&str] = &[
    "bash",
    "bun",
    "cargo",
    "cat",
    "cd",
    "chmod",
    "composer",
    "cp",
    "curl",
    "deno",
    "docker",
    "docker-compose",
    "echo",
    "exit",
    "export",
    "false",
    "find",
    "git",
    "go",
    "grep",
    "kill",
    "ln",
    "ls",
    "lerna",
    "make",
    "mkdir",
    "mv",
    "node",
    "npm",
    "open",
    "php",
    "pip",
    "pnpm",
    "printf",
    "python",
    "python3",
    "rm",
    "rsync",
    "ruby",
    "sed",
    "set",
    "sh",
    "sleep",
    "ssh",
    "tar",
    "test",
    "touch",
    "true",
    "uv",
    "wait",
    "yarn",
    "zip",
];

/// Short names by which Babel, ESLint and others call their plugins.
fn conventions(name: &str) -> Vec<String> {
    let mut short = vec![name.to_owned()];
    for prefix in [
        "babel-plugin-",
        "babel-preset-",
        "eslint-plugin-",
        "eslint-config-",
        "postcss-",
        "stylelint-config-",
        "prettier-plugin-",
    ] {
        if let Some(rest) = name.strip_prefix(prefix) {
            short.push(rest.to_owned());
        }
    }
    for (prefix, scope) in [
        ("@babel/preset-", "@babel/"),
        ("@babel/plugin-", "@babel/"),
        ("@typescript-eslint/eslint-plugin", "@typescript-eslint"),
    ] {
        if let Some(rest) = name.strip_prefix(prefix) {
            short.push(format!("{scope}{rest}"));
        }
    }
    short
}
