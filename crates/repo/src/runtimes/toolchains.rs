//! Versions of runtimes that CI sets up and that version files state.

use seaworthy_facts::{Job, Pipelines, Role};

use super::{Found, Weight, leading};
use crate::tree::{Class, File, Tree};

/// Actions that install a runtime, with the input that names the version.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("actions/setup-node", "node-version", "nodejs"),
    ("actions/setup-python", "python-version", "python"),
    ("actions/setup-go", "go-version", "go"),
    ("actions/setup-java", "java-version", "java"),
    ("actions/setup-dotnet", "dotnet-version", "dotnet"),
    ("ruby/setup-ruby", "ruby-version", "ruby"),
    ("shivammathur/setup-php", "php-version", "php"),
    ("erlef/setup-beam", "elixir-version", "elixir"),
    ("erlef/setup-beam", "otp-version", "erlang"),
];

/// Of CI jobs: those that build or deploy tell what ships, the others what tests use.
pub fn pipelines(pipelines: &Pipelines) -> Vec<Found> {
    let mut found = Vec::new();
    for (_, job) in pipelines.jobs().filter(|(_, job)| !job.disabled) {
        let weight = weight_of(job);
        for step in &job.steps {
            let Some(uses) = &step.uses else { continue };
            for (_, input, product) in
                ACTIONS.iter().filter(|(name, ..)| uses.name.eq_ignore_ascii_case(name))
            {
                let Some(value) = uses.input(input) else { continue };
                for version in values(job, value) {
                    if let Some(version) = leading(&version) {
                        found.push(Found { product, version, weight, at: uses.at.clone() });
                    }
                }
            }
        }
    }
    found
}

/// A literal, or an entry of the job's matrix or environment that an expression names.
fn values(job: &Job, value: &str) -> Vec<String> {
    let Some(expression) = value.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")) else {
        return vec![value.to_owned()];
    };
    let name = expression.trim();
    if let Some(key) = name.strip_prefix("matrix.") {
        // A matrix is for tests: one of its entries is what ships, and which cannot be told.
        let entries: Vec<String> = job
            .matrix
            .iter()
            .filter(|(known, _)| known == key)
            .flat_map(|(_, values)| values.clone())
            .collect();
        return if entries.len() == 1 { entries } else { Vec::new() };
    }
    let key = name.strip_prefix("env.").unwrap_or(name);
    job.env.iter().filter(|(known, _)| known == key).map(|(_, value)| value.clone()).collect()
}

fn weight_of(job: &Job) -> Weight {
    let does = |role: Role| job.steps.iter().any(|step| step.does(role).is_some());
    if does(Role::Deploy) || does(Role::Publish) {
        Weight::Ships
    } else if does(Role::Build) {
        Weight::Built
    } else {
        Weight::Development
    }
}

/// Of version files and manifests.
pub fn files(tree: &Tree) -> Vec<Found> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| file.class == Class::Shipped) {
        let single = match file.name() {
            ".nvmrc" | ".node-version" => Some("nodejs"),
            ".python-version" => Some("python"),
            ".ruby-version" => Some("ruby"),
            ".go-version" => Some("go"),
            ".java-version" => Some("java"),
            ".php-version" => Some("php"),
            _ => None,
        };
        if let Some(product) = single {
            let text = tree.text(file).unwrap_or_default();
            let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
            let version = first.map(|line| line.trim_start_matches("ruby-")).and_then(leading);
            if let Some(version) = version {
                found.push(Found { product, version, weight: Weight::Stated, at: file.at_line(1) });
            }
            continue;
        }
        match file.name() {
            ".tool-versions" => found.extend(lines(tree, file, tool_version)),
            "go.mod" => {
                found.extend(lines(tree, file, |line| Some(("go", leading(line.strip_prefix("go ")?)?))))
            }
            "runtime.txt" => found
                .extend(lines(tree, file, |line| Some(("python", leading(line.strip_prefix("python-")?)?)))),
            "global.json" => found.extend(lines(tree, file, |line| {
                let value = line.strip_prefix("\"version\":")?;
                Some(("dotnet", leading(value.trim().trim_matches(['"', ',']))?))
            })),
            "pom.xml" => found.extend(lines(tree, file, |line| {
                Some(("java", leading(line.strip_prefix("<java.version>")?)?))
            })),
            "package.json" => found.extend(engines(tree, file)),
            name if name.ends_with(".csproj") || name == "Directory.Build.props" => {
                found.extend(lines(tree, file, |line| {
                    Some(("dotnet", leading(line.strip_prefix("<TargetFramework>")?.strip_prefix("net")?)?))
                }));
            }
            _ => {}
        }
    }
    found
}

fn lines(tree: &Tree, file: &File, read: impl Fn(&str) -> Option<(&'static str, String)>) -> Vec<Found> {
    let text = tree.text(file).unwrap_or_default();
    (1u32..)
        .zip(text.lines())
        .filter_map(|(number, line)| {
            let (product, version) = read(line.trim())?;
            Some(Found { product, version, weight: Weight::Stated, at: file.at_line(number) })
        })
        .collect()
}

fn tool_version(line: &str) -> Option<(&'static str, String)> {
    let (tool, version) = line.split_once(char::is_whitespace)?;
    let product = match tool {
        "nodejs" | "node" => "nodejs",
        "python" => "python",
        "ruby" => "ruby",
        "golang" | "go" => "go",
        "php" => "php",
        "elixir" => "elixir",
        "erlang" => "erlang",
        "dotnet" | "dotnet-core" => "dotnet",
        _ => return None,
    };
    Some((product, leading(version)?))
}

/// `engines.node` where it names one release; a lower bound alone names none.
fn engines(tree: &Tree, file: &File) -> Vec<Found> {
    let text = tree.text(file).unwrap_or_default();
    let Ok(root) = seaworthy_syntax::json::parse(&text, &seaworthy_syntax::Limits::default()) else {
        return Vec::new();
    };
    let Some(node) = root.path("engines.node") else { return Vec::new() };
    let Some(range) = node.as_str().filter(|range| !range.contains(['>', '<', '|', '*', ' '])) else {
        return Vec::new();
    };
    leading(range)
        .map(|version| Found {
            product: "nodejs",
            version,
            weight: Weight::Stated,
            at: file.at_line(node.line),
        })
        .into_iter()
        .collect()
}
