//! Dockerfiles: what the image that ships runs at start, and what is run while it is built.

use seaworthy_facts::{Location, Stage};
use seaworthy_syntax::Limits;
use seaworthy_syntax::dockerfile::{self, Dockerfile, Form, Instruction};

use super::compose::Target;
use super::{Found, can_ship};
use crate::tree::{File, Tree};

/// Dockerfiles read at the most.
const MOST: usize = 100;

/// Reads every Dockerfile.
pub fn read(found: &mut Found) {
    let all = found.tree.files().iter().filter(|file| is_dockerfile(file) && can_ship(file));
    let files = found.tree.first(all, MOST, "Dockerfiles");
    for file in files {
        let Some(text) = found.tree.text(file) else { continue };
        let parsed = dockerfile::parse(&text, &Limits::default());
        let Some(stage) = parsed.final_stage() else { continue };
        let folder = context(found.tree, file);
        start(found, file, &parsed, stage, (folder, None));
        build(found, file, &parsed, folder);
    }
}

/// `Dockerfile`, `Dockerfile.prod`, `prod.Dockerfile`, `Containerfile`.
pub fn is_dockerfile(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    let named = |word: &str| {
        name == word || name.starts_with(&format!("{word}.")) || name.ends_with(&format!(".{word}"))
    };
    (named("dockerfile") || named("containerfile"))
        && !name.ends_with(".dockerignore")
        && !name.ends_with(".md")
}

/// The folder that the image is built from: the Dockerfile's own, unless it only holds container files.
fn context<'f>(tree: &Tree, file: &'f File) -> &'f str {
    let folder = file.folder();
    let holds_code = [
        "package.json",
        "go.mod",
        "requirements.txt",
        "pyproject.toml",
        "Gemfile",
        "composer.json",
        "Cargo.toml",
        "pom.xml",
        "mix.exs",
    ]
    .iter()
    .any(|manifest| tree.resolve(folder, manifest).is_some());
    if holds_code { folder } else { "." }
}

/// What a container runs that is made from another stage than the last: a Compose service with `target`.
pub fn start_of_target(found: &mut Found, context: &str, target: &Target, by: (&str, &Location)) {
    let tree = found.tree;
    let Some(file) = tree.resolve(context, &target.dockerfile) else { return };
    let Some(text) = tree.text(file) else { return };
    let parsed = dockerfile::parse(&text, &Limits::default());
    let named = parsed.stages.iter().position(|stage| stage.name.as_deref() == Some(target.name.as_str()));
    if let Some(stage) = named.filter(|stage| Some(*stage) != parsed.final_stage()) {
        start(found, file, &parsed, stage, (context, Some(by)));
    }
}

fn start(
    found: &mut Found,
    file: &File,
    parsed: &Dockerfile,
    stage: usize,
    (folder, by): (&str, Option<(&str, &Location)>),
) {
    // The last ENTRYPOINT and CMD of the stage count; where it has none, those of the stage that it is built on.
    let last = |keyword: &str| -> Option<&Instruction> {
        parsed.lineage(stage).into_iter().find_map(|stage| {
            parsed.of_stage(stage).filter(|instruction| instruction.keyword == keyword).last()
        })
    };
    for keyword in ["ENTRYPOINT", "CMD"] {
        let Some(instruction) = last(keyword) else { continue };
        let at = by.map_or_else(|| file.at_line(instruction.line), |(_, at)| at.clone());
        let defined_by = by.map_or_else(|| format!("{} {keyword}", file.name()), |(name, _)| name.to_owned());
        match &instruction.form {
            Form::Exec(words) => {
                let words: Vec<String> =
                    words.iter().map(|word| in_repository(found.tree, parsed, folder, word)).collect();
                found.words(Stage::Start, defined_by, &at, folder, &words);
            }
            Form::Shell => {
                let (text, line) = instruction.command();
                let text = text
                    .split(' ')
                    .map(|word| in_repository(found.tree, parsed, folder, word))
                    .collect::<Vec<_>>()
                    .join(" ");
                let at = if by.is_some() { at } else { file.at_line(line) };
                found.shell(Stage::Start, defined_by, &at, folder, &text);
            }
        }
    }
}

/// How many instructions of a file are followed.
const RUNS: usize = 200;

fn build(found: &mut Found, file: &File, parsed: &Dockerfile, folder: &str) {
    let runs: Vec<_> =
        parsed.instructions.iter().filter(|instruction| instruction.keyword == "RUN").collect();
    for instruction in found.tree.some(file.at(), &runs, RUNS, "RUN instructions") {
        let (text, line) = instruction.command();
        found.shell(Stage::Build, format!("{} RUN", file.name()), &file.at_line(line), folder, &text);
    }
}

/// A path of the image as the path of the repository that was copied there; anything else as it is.
fn in_repository(tree: &Tree, parsed: &Dockerfile, folder: &str, word: &str) -> String {
    let looks_like_a_path = word.contains('/') || word.ends_with(".sh");
    if !looks_like_a_path || word.contains("://") || word.contains(char::is_whitespace) {
        return word.to_owned();
    }
    let relative = word.trim_start_matches("./");
    if tree.resolve(folder, relative).is_some() && !word.starts_with('/') {
        return word.to_owned();
    }
    let name = word.rsplit('/').next().unwrap_or(word);
    let copied = parsed
        .instructions
        .iter()
        .filter(|i| matches!(i.keyword.as_str(), "COPY" | "ADD"))
        .flat_map(sources)
        .find_map(|source| {
            let source = source.trim_start_matches("./").trim_end_matches('/');
            let direct = source.rsplit('/').next() == Some(name) && tree.resolve(folder, source).is_some();
            if direct {
                return Some(format!("./{source}"));
            }
            let inside = format!("{source}/{name}");
            tree.resolve(folder, &inside).is_some().then(|| format!("./{inside}"))
        });
    if let Some(path) = copied {
        return path;
    }
    // The whole tree was copied to some folder of the image: the longest ending that exists is the file.
    let mut rest = word.trim_start_matches('/');
    while let Some((_, ending)) = rest.split_once('/') {
        if tree.resolve(folder, ending).is_some() {
            return format!("./{ending}");
        }
        rest = ending;
    }
    if tree.resolve(folder, name).is_some() { format!("./{name}") } else { word.to_owned() }
}

/// What a COPY or ADD copies, without its destination.
fn sources(instruction: &Instruction) -> Vec<String> {
    let mut words: Vec<String> = match &instruction.form {
        Form::Exec(words) => words.clone(),
        Form::Shell => instruction.arguments.split_whitespace().map(str::to_owned).collect(),
    };
    words.pop();
    words
}
