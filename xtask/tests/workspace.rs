//! What must stay true of the workspace as a whole.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The workspace's crates and those among them that each depends on, `dev-dependencies` apart.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let short = |name: &Value| name.as_str().unwrap().trim_start_matches("seaworthy-").to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let own = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].is_null() && dependency["source"].is_null())
                .map(|dependency| short(&dependency["name"]))
                .collect();
            (short(&package["name"]), own)
        })
        .collect()
}

#[test]
fn crates_depend_in_one_direction() {
    let dependencies = dependencies();
    assert!(dependencies.len() > 8, "{dependencies:?}");
    // These depend on no more than what stands here.
    let at_most: &[(&str, &[&str])] = &[
        ("model", &[]),
        ("syntax", &[]),
        ("facts", &["model"]),
        ("checklist", &["model", "facts"]),
        ("report", &["model"]),
        ("ledger", &["model"]),
        ("subject", &["model", "facts", "syntax"]),
        ("repo", &["model", "facts", "syntax"]),
        ("testkit", &["model", "facts"]),
        ("database", &[]),
        ("drills", &["database", "ledger"]),
    ];
    for (name, allowed) in at_most {
        let own = &dependencies[*name];
        let beyond: Vec<&String> = own.iter().filter(|other| !allowed.contains(&other.as_str())).collect();
        assert!(beyond.is_empty(), "{name} must not depend on {beyond:?}");
    }
    // Only these know the checklist; a collector or a renderer never does.
    for (name, own) in &dependencies {
        let may = ["engine", "cli", "hub", "mcp", "xtask"].contains(&name.as_str());
        assert!(may || !own.contains("checklist"), "{name} must not depend on checklist");
        let may = ["cli", "hub", "mcp", "xtask"].contains(&name.as_str());
        assert!(may || !own.contains("report"), "{name} must not depend on report");
        assert!(!own.contains("cli"), "{name} must not depend on cli");
        // Comparisons with other programs start the servers that tests start.
        assert!(name == "xtask" || !own.contains("testkit"), "{name}: testkit is for tests");
    }
}

#[test]
fn no_file_names_a_place_of_somebodys_machine() {
    // Put together here, so that this file does not hold them.
    let words = [["/", "work/"].concat(), ["../", "shared"].concat(), ["/", "root/"].concat()];
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    each_file(&root(), &mut |path, text| {
        looked_at += 1;
        for (number, line) in text.lines().enumerate() {
            for word in &words {
                for (at, _) in line.match_indices(word.as_str()) {
                    let inside = line[..at].ends_with(|c: char| c.is_alphanumeric() || "}_-.".contains(c));
                    if !inside {
                        wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                    }
                }
            }
        }
    });
    assert!(looked_at > 100, "{looked_at} files");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn each_file(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_symlink() || ["target", ".git", "node_modules", "fixtures"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            each_file(&path, look);
        } else if let Ok(text) = fs::read_to_string(&path) {
            look(&path, &text);
        }
    }
}
