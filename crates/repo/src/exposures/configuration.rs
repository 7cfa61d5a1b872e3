//! Settings files that are known by their names, and secrets of Kubernetes in plain manifests.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use seaworthy_model::ExposureKind;

use super::{Draft, REPLACE, assigned, is_for_developers, values};
use crate::tree::{Class, File, Tree};

// Lengths of values are counted and not written into expressions: a bound of thousands makes an expression as large.

/// Longest settings file that is read line by line.
const LONGEST: usize = 512 * 1024;

/// Settings files, whose values need no quotes: those of Spring, Quarkus, Rails and Symfony, where a password is one whatever
/// it looks like, and those of any program, where it has to be random.
pub fn named<'t>(tree: &'t Tree) -> Vec<Draft<'t>> {
    static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"^\s*([A-Za-z0-9_.\-]+)\s*[:=]\s*["']?([^\s"'#]{8,})["']?\s*(?:#.*)?$"#).ok()
    });
    let Some(pattern) = LINE.as_ref() else { return Vec::new() };
    let mut drafts = Vec::new();
    for file in tree.files().iter().filter(|file| file.class == Class::Shipped) {
        let known = is_settings(file);
        if !known && !is_any_settings(file) {
            continue;
        }
        let Some(text) = tree.text(file).filter(|text| text.len() <= LONGEST) else { continue };
        for (line, (name, value)) in (1u32..)
            .zip(text.lines())
            .filter_map(|(number, line)| {
                let captures = pattern.captures(line)?;
                Some((number, (captures.get(1)?.as_str(), captures.get(2)?.as_str())))
            })
            .filter(|(_, (_, value))| value.chars().count() <= 300)
        {
            let last = name.rsplit('.').next().unwrap_or(name);
            let secret = assigned::in_environment(last, value) && (known || values::is_random(value));
            if assigned::is_url_with_password(value) || secret {
                drafts.push(draft(file, line, last, value));
                if drafts.iter().filter(|draft| draft.file.index == file.index).count() >= super::IN_FILE {
                    break;
                }
            }
        }
    }
    drafts
}

fn is_settings(file: &File) -> bool {
    let name = file.name();
    let extension = file.extension();
    let spring = (name.starts_with("application") || name.starts_with("bootstrap"))
        && matches!(extension, "yml" | "yaml" | "properties");
    let rails = matches!(
        name,
        "database.yml"
            | "secrets.yml"
            | "application.yml"
            | "settings.yml"
            | "production.yml"
            | "cable.yml"
            | "storage.yml"
    ) && file.path.contains("config/");
    let php = name == "parameters.yml" || name == "parameters.yaml";
    (spring || rails || php) && !is_for_developers(&file.path)
}

/// Settings files of programs that are known by their endings only.
fn is_any_settings(file: &File) -> bool {
    matches!(file.extension(), "conf" | "cfg" | "cnf" | "ini" | "properties")
        && !is_for_developers(&file.path)
}

fn draft<'t>(file: &'t File, line: u32, name: &str, value: &str) -> Draft<'t> {
    Draft {
        priority: 1,
        kind: ExposureKind::CommittedSecret,
        what: format!("a secret is written into a settings file: `{name}`"),
        file,
        line,
        value: Some(value.to_owned()),
        remedy: format!("{REPLACE} Read it from the environment."),
    }
}

/// Values of `kind: Secret` in manifests that are neither templates nor encrypted.
pub fn kubernetes<'t>(tree: &'t Tree, hits: &[usize]) -> Vec<Draft<'t>> {
    static LINE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^\s+([A-Za-z0-9_.\-]+):\s*["']?([^\s"'#]{8,})["']?\s*$"#).ok());
    let Some(pattern) = LINE.as_ref() else { return Vec::new() };
    let mut drafts = Vec::new();
    for file in hits.iter().map(|index| &tree.files()[*index]) {
        if file.class != Class::Shipped
            || !matches!(file.extension(), "yml" | "yaml")
            || is_for_developers(&file.path)
        {
            continue;
        }
        let Some(text) = tree.text(file).filter(|text| text.len() <= LONGEST) else { continue };
        if text.contains("ENC[") || text.contains("\nsops:") {
            continue;
        }
        let (mut secret, mut data) = (false, None);
        for (number, line) in (1u32..).zip(text.lines()) {
            if line.starts_with("---") {
                (secret, data) = (false, None);
            } else if line.trim_end() == "kind: Secret" {
                secret = true;
            } else if !line.starts_with([' ', '#']) && !line.trim().is_empty() {
                data = match line.trim_end() {
                    "data:" => Some(true),
                    "stringData:" => Some(false),
                    _ => None,
                };
            } else if let (true, Some(encoded), Some(captures)) = (secret, data, pattern.captures(line)) {
                let (Some(name), Some(value)) = (captures.get(1), captures.get(2)) else { continue };
                let value_text = value.as_str();
                if value_text.contains("{{") || value_text.contains('$') || value_text.chars().count() > 4_000
                {
                    continue;
                }
                let plain = if encoded {
                    STANDARD.decode(value.as_str()).ok().and_then(|bytes| String::from_utf8(bytes).ok())
                } else {
                    Some(value.as_str().to_owned())
                };
                let Some(plain) = plain.map(|plain| plain.trim().to_owned()) else { continue };
                if values::is_random(&plain)
                    || assigned::is_url_with_password(&plain)
                    || assigned::in_environment(name.as_str(), &plain)
                {
                    drafts.push(Draft {
                        what: format!("a Kubernetes secret is in the repository, only encoded: `{}`", name.as_str()),
                        remedy: format!("{REPLACE} Keep secrets encrypted (SOPS, Sealed Secrets) or in a store that the cluster reads."),
                        ..draft(file, number, name.as_str(), &plain)
                    });
                    break;
                }
            }
        }
    }
    drafts
}
