//! Images of Kubernetes objects and Helm values, templates included.

use seaworthy_facts::{Containers, ImageRole};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::{is_development, reference};
use crate::tree::{File, Tree};

/// Longest file that is read.
const BYTES: usize = 1024 * 1024;

/// Whether a file may be one: YAML that is no pipeline.
pub fn may_hold(file: &File) -> bool {
    let name = file.name();
    let yaml = name.ends_with(".yml")
        || name.ends_with(".yaml")
        || name.ends_with(".yaml.erb")
        || name.ends_with(".yml.erb")
        || name.ends_with(".yaml.tpl")
        || name.ends_with(".yaml.j2");
    yaml && !file.path.starts_with(".github/")
        && !file.path.starts_with(".circleci/")
        && !name.starts_with(".gitlab-ci")
}

/// Reads one file.
pub fn read(tree: &Tree, file: &File, containers: &mut Containers) {
    let Some(text) = tree.text(file).filter(|text| text.len() <= BYTES) else { return };
    let object = text.contains("apiVersion:") && text.contains("image:");
    let values = file.name().starts_with("values") && tree.resolve(file.folder(), "Chart.yaml").is_some();
    if !object && !values {
        return;
    }
    let development = is_development(file) || {
        let lower = file.path.to_ascii_lowercase();
        ["minikube", "/kind/", "staging", "/local/"].iter().any(|sign| lower.contains(sign))
    };
    for document in yaml::parse_template(&text, &Limits::default()).documents {
        if object && document.get("kind").is_none() {
            continue;
        }
        document.walk(&mut |path, node| {
            let Some(image) = node.get("image") else { return };
            let in_containers = path.len() >= 2
                && path[path.len() - 1] == "*"
                && matches!(path[path.len() - 2], "containers" | "initContainers" | "ephemeralContainers");
            if let Some(text) = image.as_str()
                && (in_containers && object)
            {
                let at = file.at_line(image.line);
                containers.images.push(reference(text, ImageRole::Kubernetes, at, development));
            }
            if values && let Some(repository) = image.get("repository").and_then(Node::as_str) {
                let registry =
                    image.get("registry").and_then(Node::as_str).filter(|registry| !registry.is_empty());
                let tag = image.get("tag").and_then(Node::scalar).unwrap_or_default();
                let mut text =
                    registry.map_or(repository.to_owned(), |registry| format!("{registry}/{repository}"));
                if !tag.is_empty() {
                    text = format!("{text}:{tag}");
                }
                let at = file.at_line(image.line);
                let mut found = reference(&text, ImageRole::Kubernetes, at, development);
                // Without a tag the chart's own version is taken.
                found.variable |= tag.is_empty();
                containers.images.push(found);
            }
        });
    }
}
