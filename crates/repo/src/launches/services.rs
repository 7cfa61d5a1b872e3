//! Services of a bare server: systemd units, uWSGI, supervisord, Kamal's hooks, Shipit, Capistrano and Deployer.

use seaworthy_facts::Stage;
use seaworthy_syntax::{Limits, ini, yaml};

use super::Found;
use crate::tree::File;

/// Reads them.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.files().iter().filter(|file| super::can_ship(file)).collect();
    for file in files {
        let name = file.name();
        if name.ends_with(".service") {
            systemd(found, file);
        } else if name.ends_with(".ini") || name.starts_with("supervisord") && name.ends_with(".conf") {
            uwsgi_and_supervisor(found, file);
        } else if name == "shipit.yml" && file.folder() == "." {
            shipit(found, file);
        } else if file.path.contains(".kamal/hooks/") && matches!(name, "pre-deploy" | "post-deploy") {
            if let Some(text) = found.tree.text(file) {
                found.shell(Stage::Release, format!("Kamal hook {name}"), &file.at_line(1), ".", &text);
            }
        } else if name == "Capfile" || name == "deploy.rb" && file.folder().ends_with("config") {
            capistrano(found, file);
        }
    }
}

fn systemd(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    let unit = ini::parse(&text, &Limits::default());
    let Some(service) = unit.section("Service") else { return };
    for entry in &service.entries {
        let Some(value) = entry.value.as_deref() else { continue };
        let stage = match entry.key.as_str() {
            "ExecStartPre" => Stage::Release,
            "ExecStart" => Stage::Start,
            _ => continue,
        };
        // The marks before the path change how systemd runs it, not what it runs; `-` ignores its failure.
        let command = value.trim_start_matches(['@', '+', '!', ':', '-']);
        let ignored = value.starts_with('-');
        let text = if ignored { format!("{command} || true") } else { command.to_owned() };
        found.shell(stage, format!("{} {}", file.name(), entry.key), &file.at_line(entry.line), ".", &text);
    }
}

fn uwsgi_and_supervisor(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    if !text.contains("[uwsgi]") && !text.contains("[program:") {
        return;
    }
    let parsed = ini::parse(&text, &Limits::default());
    for section in &parsed.sections {
        for entry in &section.entries {
            let Some(value) = entry.value.as_deref() else { continue };
            let (stage, command) = match entry.key.as_str() {
                // uWSGI runs hooks at the named moment of each start.
                key if key.starts_with("hook-") => match value.strip_prefix("exec:") {
                    Some(command) => (Stage::Release, command),
                    None => continue,
                },
                "exec-pre-app" | "exec-asap" | "exec-pre-jail" => (Stage::Release, value),
                "attach-daemon" | "attach-daemon2" | "smart-attach-daemon" => (Stage::Start, value),
                "command" if section.name.starts_with("program:") => (Stage::Start, value),
                _ => continue,
            };
            let at = file.at_line(entry.line);
            found.shell(stage, format!("{} {}", file.name(), entry.key), &at, ".", command.trim());
        }
    }
}

fn shipit(found: &mut Found, file: &File) {
    let Some(node) = found.tree.text(file).and_then(|text| yaml::parse(&text, &Limits::default()).ok())
    else {
        return;
    };
    for (section, stage) in [("deploy", Stage::Release), ("rollback", Stage::Release)] {
        for step in
            node.path(&format!("{section}.override")).map(|node| node.list_or_single()).unwrap_or_default()
        {
            if let Some(text) = step.as_str() {
                found.shell(stage, format!("shipit.yml {section}"), &file.at_line(step.line), ".", text);
            }
        }
    }
}

/// `require "capistrano/rails/migrations"` makes every deployment run `rails db:migrate`.
fn capistrano(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let loads = |library: &str| line.starts_with("require") && line.contains(library);
        if loads("capistrano/rails/migrations")
            || line.starts_with("require")
                && (line.contains("\"capistrano/rails\"") || line.contains("'capistrano/rails'"))
        {
            let number = u32::try_from(number + 1).unwrap_or(1);
            found.shell(
                Stage::Release,
                "Capistrano",
                &file.at_line(number),
                ".",
                "bundle exec rails db:migrate",
            );
        }
    }
}
