//! Which image names are the application's own: built or published here.

use std::collections::HashSet;

use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, json, yaml};

use super::compose;
use crate::tree::{File, Tree};

/// Names of the application's own images.
#[derive(Debug, Default)]
pub struct Own {
    names: HashSet<String>,
    /// Last parts of names, from what the project calls itself.
    titles: HashSet<String>,
}

impl Own {
    /// Reads what builds and publishes images, and what the project calls itself.
    pub fn read(tree: &Tree) -> Own {
        let mut own = Own::default();
        for file in tree.files() {
            let name = file.name();
            let pipeline = file.path.starts_with(".github/workflows/")
                || file.path.starts_with(".forgejo/workflows/")
                || name.starts_with(".gitlab-ci")
                || file.path.starts_with(".circleci/")
                || name.starts_with(".goreleaser")
                || file.path == "config/deploy.yml";
            if pipeline {
                own.published(tree, file);
            } else if compose::is_compose(file) {
                own.built(tree, file);
            }
        }
        if let Some(title) =
            tree.text_at("package.json").and_then(|text| json::parse(&text, &Limits::default()).ok())
            && let Some(name) = title.get("name").and_then(Node::as_str)
        {
            own.title(name);
        }
        if let Some(text) = tree.text_at("go.mod")
            && let Some(module) = text.lines().find_map(|line| line.strip_prefix("module "))
        {
            own.title(module.trim());
        }
        if let Some(text) = tree.text_at("composer.json")
            && let Ok(node) = json::parse(&text, &Limits::default())
            && let Some(name) = node.get("name").and_then(Node::as_str)
        {
            own.title(name);
        }
        for name in ["pyproject.toml", "Cargo.toml"] {
            let Some(text) = tree.text_at(name) else { continue };
            let Ok(node) = seaworthy_syntax::toml::parse(&text, &Limits::default()) else { continue };
            let named = ["project.name", "tool.poetry.name", "package.name"]
                .iter()
                .find_map(|path| node.path(path)?.as_str());
            if let Some(name) = named {
                own.title(name);
            }
        }
        own
    }

    /// What the project calls itself, without version suffixes of Go modules. Names that images of others have are
    /// no sign.
    fn title(&mut self, name: &str) {
        const COMMON: &[&str] = &[
            "app", "web", "api", "server", "client", "backend", "frontend", "node", "postgres", "redis",
            "nginx", "python", "php", "site", "laravel", "symfony", "skeleton", "root", "monorepo",
            "project", "website", "docs",
        ];
        let mut parts = name.trim_end_matches('/').rsplit('/');
        let mut last = parts.next().unwrap_or_default();
        if last.len() <= 3 && last.starts_with('v') && last[1..].parse::<u32>().is_ok() {
            last = parts.next().unwrap_or_default();
        }
        let last = last.to_ascii_lowercase();
        if last.len() > 2 && !COMMON.contains(&last.as_str()) {
            self.titles.insert(last);
        }
    }

    fn built(&mut self, tree: &Tree, file: &File) {
        let Some(text) = tree.text(file) else { return };
        let parsed = yaml::parse_template(&text, &Limits::default());
        let services = parsed
            .documents
            .first()
            .and_then(|document| document.get("services"))
            .map(Node::map)
            .unwrap_or_default();
        for (_, service) in services {
            if let (Some(_), Some(image)) =
                (service.get("build"), service.get("image").and_then(Node::as_str))
            {
                self.names.insert(name_of(image));
            }
        }
    }

    /// Names in the lines of pipelines that build, tag and push.
    fn published(&mut self, tree: &Tree, file: &File) {
        let Some(text) = tree.text(file) else { return };
        let mut in_tags = false;
        for line in text.lines() {
            let content = line.trim().trim_start_matches("- ");
            let value =
                |key: &str| content.strip_prefix(key).map(|rest| rest.trim().trim_matches(['"', '\'']));
            let listed =
                ["tags:", "images:", "image_templates:", "name_template:"].iter().find_map(|key| value(key));
            if let Some(listed) = listed {
                in_tags = listed.is_empty() || listed == "|" || listed == "|-" || listed == ">-";
                for part in listed.split([',', ' ']).filter(|part| part.contains('/')) {
                    self.names.insert(name_of(part));
                }
                continue;
            }
            if in_tags && !content.contains(": ") && content.contains('/') {
                self.names.insert(name_of(content.trim_matches(['"', '\'', ','])));
                continue;
            }
            in_tags &= content.is_empty() || content.starts_with('#');
            for (before, offset) in
                [("docker push ", 12), ("docker tag ", 11), ("--tag ", 6), ("docker build ", 13), (" -t ", 4)]
            {
                if let Some(at) = content.find(before)
                    && content.contains("docker")
                {
                    for word in content[at + offset..]
                        .split_whitespace()
                        .filter(|word| !word.starts_with('-'))
                        .take(2)
                    {
                        if word.contains('/') || word.contains(':') {
                            self.names.insert(name_of(word.trim_matches(['"', '\''])));
                        }
                    }
                }
            }
            if file.path == "config/deploy.yml"
                && let Some(image) = value("image:")
                && !line.starts_with([' ', '\t'])
            {
                self.names.insert(name_of(image));
            }
        }
    }

    /// Whether an image of this name is the application's own.
    pub fn is(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        !last.is_empty()
            && (self.names.contains(name)
                || self.names.iter().any(|own| own.len() > 3 && name.ends_with(&format!("/{own}")))
                || name.contains('/') && self.titles.contains(&last))
    }
}

fn name_of(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    let slash = image.rfind('/').map_or(0, |at| at + 1);
    match image[slash..].find(':') {
        Some(colon) => image[..slash + colon].to_owned(),
        None => image.to_owned(),
    }
}
