//! What images and pipelines install from, read from their text: which package manager, which requirements file.

use seaworthy_facts::Location;
use seaworthy_syntax::{Limits, dockerfile, shell};

use crate::tree::{Class, File, Tree};

/// An install command.
#[derive(Debug, Clone)]
pub struct Install {
    /// The words of the command, `sudo` and the like taken off.
    pub words: Vec<String>,
    /// Where.
    pub at: Location,
    /// Folder of the file that holds it.
    pub folder: String,
    /// It is in an image that ships, not in a pipeline.
    pub image: bool,
}

/// All install commands that were seen.
#[derive(Debug, Default)]
pub struct Installs {
    /// In the order of the files.
    pub all: Vec<Install>,
}

/// Whether a file is a Dockerfile by its name.
pub fn is_dockerfile(file: &File) -> bool {
    let name = file.name();
    matches!(name, "Dockerfile" | "dockerfile")
        || name == "Containerfile"
        || name.starts_with("Dockerfile.")
        || name.starts_with("Containerfile.")
        || name.ends_with(".Dockerfile")
        || name.ends_with(".dockerfile")
        || name.starts_with("Dockerfile-")
}

/// Whether an image description is for development only, by its place and name.
pub fn is_development(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    let word = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
            matches!(
                part,
                "dev"
                    | "develop"
                    | "development"
                    | "local"
                    | "test"
                    | "tests"
                    | "testing"
                    | "ci"
                    | "debug"
                    | "e2e"
                    | "devcontainer"
                    | "override"
                    | "example"
                    | "sandbox"
            )
        })
    };
    word(&lower) || folder.split('/').any(|folder| word(&folder.to_ascii_lowercase()) || folder == "cypress")
}

impl Installs {
    /// Reads Dockerfiles and pipelines.
    pub fn read(tree: &Tree) -> Installs {
        let mut all = Vec::new();
        for file in tree.files() {
            if matches!(file.class, Class::Vendored | Class::Generated) {
                continue;
            }
            if is_dockerfile(file) {
                let Some(text) = tree.text(file) else { continue };
                for instruction in &dockerfile::parse(&text, &Limits::default()).instructions {
                    if instruction.keyword == "RUN" {
                        let (command, line) = instruction.command();
                        add(&mut all, file, &command, line, !is_development(&file.path));
                    }
                }
            } else if is_pipeline(&file.path) {
                let Some(text) = tree.text(file) else { continue };
                for (number, line) in text.lines().enumerate() {
                    let line = line.trim_start_matches([' ', '-']).trim_start_matches("run:").trim();
                    if line.len() < 400 && INSTALLERS.iter().any(|name| line.contains(name)) {
                        add(&mut all, file, line, number as u32 + 1, false);
                    }
                }
            }
        }
        Installs { all }
    }
}

const INSTALLERS: &[&str] =
    &["npm ", "pnpm ", "yarn", "bun ", "pip ", "pip3 ", "uv ", "poetry ", "composer "];

fn is_pipeline(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    yaml && (path.starts_with(".github/workflows/")
        || path.starts_with(".forgejo/workflows/")
        || path.starts_with(".circleci/")
        || path.starts_with(".gitlab-ci"))
}

fn add(all: &mut Vec<Install>, file: &File, text: &str, line: u32, image: bool) {
    for command in shell::parse(text, line).commands {
        let words = command.unwrapped();
        let Some(program) = words.first() else { continue };
        let program = program.rsplit('/').next().unwrap_or(program);
        let words: Vec<String> =
            std::iter::once(program.to_owned()).chain(words.iter().skip(1).cloned()).collect();
        if matches!(
            program,
            "npm"
                | "pnpm"
                | "yarn"
                | "bun"
                | "pip"
                | "pip3"
                | "uv"
                | "poetry"
                | "composer"
                | "bundle"
                | "gem"
                | "python"
                | "python3"
                | "corepack"
                | "curl"
                | "wget"
                | "go"
                | "cargo"
                | "npx"
        ) && all.len() < 5_000
        {
            all.push(Install {
                words,
                at: file.at_line(command.line),
                folder: file.folder().to_owned(),
                image,
            });
        }
    }
}
