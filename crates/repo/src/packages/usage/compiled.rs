//! How Go, Rust and Dart use a package.

use seaworthy_facts::Usage;

use super::{Clues, because};
use crate::packages::draft::Draft;
use crate::scan::{Hit, Scan};
use crate::tree::{File, Tree};

/// A module is imported by its path.
pub fn go(name: &str, _draft: &Draft, clues: &mut Clues) {
    clues.text(format!("\"{name}\""), |file, hit| file.language == Some("go") && !hit.comment);
    clues.text(format!("\"{name}/"), |file, hit| file.language == Some("go") && !hit.comment);
}

/// Most generated files that are read for what no other file imports.
const GENERATED: usize = 500;

/// Generated code, which gives no hits, imports as well; and `tool` lines of `go.mod` use a module.
pub fn implied_go(name: &str, draft: &Draft, tree: &Tree, scan: &Scan) -> Option<Usage> {
    let generated = tree.under(&draft.manifest.folder).filter(|file| {
        file.language == Some("go") && scan.generated.get(file.index).copied().unwrap_or(false)
    });
    for file in generated.take(GENERATED) {
        let text = tree.text(file).unwrap_or_default();
        let imports =
            |line: &str| line.contains(&format!("\"{name}\"")) || line.contains(&format!("\"{name}/"));
        if let Some(line) = text.lines().take(200).position(imports) {
            return Some(Usage::Used { at: file.at_line(line as u32 + 1) });
        }
    }
    let text = tree.text_at(draft.path())?;
    let mut in_tools = false;
    for line in text.lines() {
        let line = line.trim();
        let tool = line.strip_prefix("tool ").map(str::trim);
        in_tools = tool == Some("(") || in_tools && line != ")";
        if (tool.is_some() || in_tools) && tool.unwrap_or(line).starts_with(name) {
            return because("a tool that go.mod names");
        }
    }
    None
}

/// A crate is named by its identifier.
pub fn cargo(name: &str, draft: &Draft, clues: &mut Clues) {
    let accept: fn(&File, &Hit) -> bool = |file, hit| file.language == Some("rust") && !hit.comment;
    clues.word(name.replace('-', "_"), accept);
    for (_, text) in &draft.texts {
        if let Some((package, key)) = text.split_once('\n')
            && package == name
        {
            clues.word(key.replace('-', "_"), accept);
        }
    }
}

/// Crates that are declared to choose features or to link a library.
pub fn implied_cargo(name: &str) -> Option<Usage> {
    const FOR_FEATURES: &[&str] = &[
        "openssl",
        "getrandom",
        "ring",
        "native-tls",
        "rustls",
        "time",
        "jemallocator",
        "tikv-jemallocator",
        "mimalloc",
    ];
    (name.ends_with("-sys") || FOR_FEATURES.contains(&name))
        .then(|| Usage::Implied { why: "it links a library or chooses features of others".to_owned() })
}

/// A package is imported by its name.
pub fn dart(name: &str, _draft: &Draft, clues: &mut Clues) {
    clues.text(format!("package:{name}/"), |file, hit| file.language == Some("dart") && !hit.comment);
}

/// Packages of plain Dart, which do nothing unless they are imported. Others may bring code of a platform, fonts or
/// assets, which works by being there.
const PLAIN_DART: &[&str] = &[
    "bloc",
    "dartz",
    "dio",
    "equatable",
    "flutter_bloc",
    "flutter_riverpod",
    "get",
    "get_it",
    "go_router",
    "hooks_riverpod",
    "http",
    "provider",
    "riverpod",
    "rxdart",
    "shelf",
    "shelf_router",
    "timeago",
    "uuid",
];

/// What nobody imports may still be there for a platform's sake.
pub fn implied_dart(name: &str) -> Option<Usage> {
    (!PLAIN_DART.contains(&name)).then_some(Usage::NotLooked)
}
