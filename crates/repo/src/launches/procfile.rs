//! Procfiles, Heroku's `app.json` and `heroku.yml`, and hooks of Composer that run after an update.

use seaworthy_facts::Stage;
use seaworthy_syntax::{Limits, json, procfile, yaml};

use super::Found;
use crate::tree::File;

/// Process types of one file: many times what people write by hand.
const PROCESSES: usize = 1_000;

/// Reads them.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.named("Procfile").collect();
    for file in files {
        let Some(text) = found.tree.text(file) else { continue };
        let processes = procfile::parse(&text, &Limits::default());
        if processes.len() > PROCESSES {
            let count = processes.len();
            let what = format!("{count} process types; those after the first {PROCESSES} were not looked at");
            found.tree.problem(file.at(), what);
        }
        for process in processes.into_iter().take(PROCESSES) {
            // Heroku runs the process type `release` once per release, before the new version takes traffic.
            let stage = if process.name == "release" { Stage::Release } else { Stage::Start };
            let at = file.at_line(process.line);
            found.shell(stage, format!("Procfile {}", process.name), &at, file.folder(), &process.command);
        }
    }
    let files: Vec<&File> = found.tree.named("app.json").collect();
    for file in files {
        let Some(node) = found.tree.text(file).and_then(|text| json::parse(&text, &Limits::default()).ok())
        else {
            continue;
        };
        if let Some(script) = node.path("scripts.postdeploy")
            && let Some(text) = script.as_str()
        {
            // Runs once, when the application is made from the template: not at each release.
            found.shell(Stage::Build, "app.json postdeploy", &file.at_line(script.line), file.folder(), text);
        }
    }
    let files: Vec<&File> = found.tree.named("heroku.yml").collect();
    for file in files {
        let Some(node) = found.tree.text(file).and_then(|text| yaml::parse(&text, &Limits::default()).ok())
        else {
            continue;
        };
        for command in node.path("release.command").map(|node| node.list_or_single()).unwrap_or_default() {
            if let Some(text) = command.as_str() {
                found.shell(
                    Stage::Release,
                    "heroku.yml release",
                    &file.at_line(command.line),
                    file.folder(),
                    text,
                );
            }
        }
        for (key, command) in node.get("run").map(|node| node.map()).unwrap_or_default() {
            if let Some(text) = command.as_str() {
                found.shell(
                    Stage::Start,
                    format!("heroku.yml {}", key.text),
                    &file.at_line(command.line),
                    file.folder(),
                    text,
                );
            }
        }
    }
    composer(found);
}

/// Composer runs these after it installed or updated, which is how many PHP applications are released.
fn composer(found: &mut Found) {
    let files: Vec<&File> = found.tree.named("composer.json").filter(|file| super::can_ship(file)).collect();
    for file in files {
        let Some(node) = found.tree.text(file).and_then(|text| json::parse(&text, &Limits::default()).ok())
        else {
            continue;
        };
        for hook in ["post-install-cmd", "post-update-cmd"] {
            for command in
                node.path(&format!("scripts.{hook}")).map(|node| node.list_or_single()).unwrap_or_default()
            {
                let Some(text) = command.as_str() else { continue };
                let text = text.replace("@php", "php");
                if !text.contains("::") {
                    found.shell(
                        Stage::Release,
                        format!("composer.json {hook}"),
                        &file.at_line(command.line),
                        file.folder(),
                        &text,
                    );
                }
            }
        }
    }
}
