//! What Gradle's `check` and `build` run besides the tests: plugins hang their own checks into `check`.

use seaworthy_facts::Role;

use super::follow::{Here, Walk};
use super::words::program_name;
use crate::tree::File;

/// Plugins whose documentation says that `check` runs them, by a part of their id.
/// <https://docs.gradle.org/current/userguide/checkstyle_plugin.html>,
/// <https://docs.gradle.org/current/userguide/pmd_plugin.html>,
/// <https://github.com/JLLeitschuh/ktlint-gradle>, <https://github.com/jeremymailen/kotlinter-gradle>,
/// <https://detekt.dev/docs/gettingstarted/gradle/>, <https://github.com/diffplug/spotless/tree/main/plugin-gradle>,
/// <https://github.com/spotbugs/spotbugs-gradle-plugin>
const PLUGINS: &[(&str, Role)] = &[
    ("org.jlleitschuh.gradle.ktlint", Role::Lint),
    ("org.jmailen.kotlinter", Role::Lint),
    ("io.gitlab.arturbosch.detekt", Role::Lint),
    ("dev.detekt", Role::Lint),
    ("com.github.spotbugs", Role::Lint),
    ("com.diffplug.spotless", Role::Format),
];
/// Plugins of Gradle itself, which have short ids.
const OWN: &[(&str, Role)] = &[("checkstyle", Role::Lint), ("pmd", Role::Lint), ("codenarc", Role::Lint)];

/// Build files that are read for one command.
const BUILD_FILES: usize = 100;

/// Build scripts of the parts, and plugins that the build itself holds (`buildSrc`): a task that is called without a path
/// runs in every part.
fn is_build_file(file: &File) -> bool {
    matches!(file.name(), "build.gradle" | "build.gradle.kts")
        || file.path.contains("buildSrc/src/main/")
            && (file.name().ends_with(".gradle.kts") || file.name().ends_with(".gradle"))
}

/// The further roles of a command of Gradle.
pub fn roles(walk: &Walk, words: &[String], here: &Here) -> Vec<Role> {
    let Some((first, rest)) = words.split_first() else { return Vec::new() };
    if program_name(first) != "gradle" {
        return Vec::new();
    }
    let checks = rest.iter().any(|word| {
        let task = word.rsplit(':').next().unwrap_or(word);
        matches!(task, "check" | "build")
    });
    let left_out = rest.windows(2).any(|pair| {
        matches!(pair[0].as_str(), "-x" | "--exclude-task") && {
            let task = pair[1].to_ascii_lowercase();
            task == "check" || ["ktlint", "detekt", "spotless", "lint"].iter().any(|name| task.contains(name))
        }
    });
    if !checks || left_out {
        return Vec::new();
    }
    let tree = walk.commands.tree();
    let mut found = Vec::new();
    for file in tree.under(&here.folder.path).filter(|file| is_build_file(file)).take(BUILD_FILES) {
        let Some(text) = tree.text(file) else { continue };
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            // A plugin that is only made known to the parts below is not applied here.
            if line.contains("apply false") {
                continue;
            }
            let quoted = |id: &str| line.contains(&format!("\"{id}\"")) || line.contains(&format!("'{id}'"));
            let applied = line.starts_with("id") || line.starts_with("apply") || line.starts_with("plugin");
            let known = PLUGINS.iter().find(|(id, _)| applied && quoted(id)).or_else(|| {
                OWN.iter().find(|(id, _)| line == *id || line == format!("`{id}`") || applied && quoted(id))
            });
            if let Some((_, role)) = known
                && !found.contains(role)
            {
                found.push(*role);
            }
        }
    }
    found
}
