#![no_main]
//! A whole repository whose files are hostile: the collector comes to its end, whatever they hold.
//!
//! The input is cut at NUL bytes; the first byte of each piece names the well-known file that it becomes.

use std::fs;

use libfuzzer_sys::fuzz_target;
use seaworthy_facts::Declared;
use seaworthy_repo::{Input, collect};

const NAMES: &[&str] = &[
    ".circleci/config.yml",
    ".drone.yml",
    ".github/CODEOWNERS",
    ".github/dependabot.yml",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".woodpecker.yml",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "Gemfile",
    "Gemfile.lock",
    "Makefile",
    "Pipfile",
    "Procfile",
    "README.md",
    "Taskfile.yml",
    "alembic/versions/1_a.py",
    "app.json",
    "build.gradle",
    "bun.lock",
    "composer.json",
    "composer.lock",
    "database/migrations/2026_01_01_000000_a.php",
    "db/migrate/20260101000000_a.rb",
    "deno.json",
    "docker-compose.yml",
    "fly.toml",
    "go.mod",
    "go.sum",
    "index.js",
    "k8s/app.yaml",
    "main.go",
    "main.tf",
    "mix.exs",
    "mix.lock",
    "package-lock.json",
    "package.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pom.xml",
    "prisma/migrations/1_a/migration.sql",
    "pyproject.toml",
    "render.yaml",
    "renovate.json",
    "requirements.txt",
    "run.sh",
    "shipit.yml",
    "tox.ini",
    "uv.lock",
    "yarn.lock",
];

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for piece in data.split(|byte| *byte == 0).take(8) {
        let Some((name, text)) = piece.split_first() else { continue };
        let path = folder.path().join(NAMES[usize::from(*name) % NAMES.len()]);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("a folder");
        }
        fs::write(path, text).expect("a file");
    }
    let input = Input { folder: folder.path().to_owned(), with: Vec::new(), declared: Declared::default(), change: None };
    collect(&input).expect("the folder is there");
});
