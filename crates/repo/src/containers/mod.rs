//! Container images that are named anywhere, and installs in an image that choose versions themselves.

mod compose;
mod dockerfile;
mod kubernetes;
mod own;

use seaworthy_facts::{Containers, ImageReference, ImageRole, Location};

use crate::tree::{Class, File, Tree};
pub(crate) use compose::{development as is_development_compose, is_compose};
pub(crate) use own::Own;

/// Most references that are kept.
const IMAGES: usize = 5_000;

/// Every reference to an image.
pub fn collect(tree: &Tree) -> Containers {
    let own = Own::read(tree);
    let mut containers = Containers::default();
    for file in tree.files() {
        if matches!(file.class, Class::Vendored | Class::Generated) || containers.images.len() >= IMAGES {
            continue;
        }
        if crate::packages::is_dockerfile(file) {
            dockerfile::read(tree, file, &mut containers);
        } else if compose::is_compose(file) {
            compose::read(tree, file, &own, &mut containers);
        } else if kubernetes::may_hold(file) {
            kubernetes::read(tree, file, &mut containers);
        } else if file.extension() == "tf" {
            terraform(tree, file, &mut containers);
        }
    }
    for image in &mut containers.images {
        image.own = image.own || own.is(&image.name);
    }
    containers.images.sort_by(|left, right| left.at.cmp(&right.at));
    containers.floating_installs.sort_by(|left, right| left.at.cmp(&right.at));
    containers
}

/// A reference taken apart.
fn reference(text: &str, role: ImageRole, at: Location, development: bool) -> ImageReference {
    let text = text.trim();
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.to_owned())),
        None => (text, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].find(':') {
        Some(colon) => (&rest[..slash + colon], Some(rest[slash + colon + 1..].to_owned())),
        None => (rest, None),
    };
    let open =
        |text: &str| text.contains('$') || text.contains("{{") || text.contains("<%") || text.contains("__");
    ImageReference {
        reference: text.chars().take(300).collect(),
        name: name.to_owned(),
        variable: open(text),
        tag,
        digest,
        role,
        at,
        development: development || placeholder(text),
        own: false,
    }
}

/// A place that a person is told to fill in.
fn placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("your-")
        || lower.contains("your_")
        || lower.starts_with('<')
        || lower.contains("example.com/")
}

/// Puts the defaults of `${NAME:-default}` and `${NAME-default}` in.
pub(crate) fn with_defaults(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        result.push_str(&rest[..start]);
        let inner = &rest[start + 2..start + length];
        match inner.find([':', '-', '?', '+']) {
            Some(at) if inner[at..].trim_start_matches(':').starts_with('-') => {
                result.push_str(inner[at..].trim_start_matches(':').trim_start_matches('-'));
            }
            _ => result.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    result.push_str(rest);
    result
}

fn is_development(file: &File) -> bool {
    file.class != Class::Shipped || crate::packages::is_development(&file.path)
}

/// Literal images in Terraform: `image = "nginx:1.27"` and ECS definitions inside heredocs or `jsonencode`.
fn terraform(tree: &Tree, file: &File, containers: &mut Containers) {
    let Some(text) = tree.text(file) else { return };
    if !text.contains("image") {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let rest = line.strip_prefix("image").or_else(|| line.strip_prefix("\"image\"")).map(str::trim_start);
        let Some(value) = rest.and_then(|rest| rest.strip_prefix(['=', ':'])) else { continue };
        let Some(image) = value.split('"').nth(1) else { continue };
        // Machine images have no path and no tag.
        if image.contains(':') || image.contains('/') {
            let at = file.at_line(number as u32 + 1);
            containers.images.push(reference(image, ImageRole::Other, at, is_development(file)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> ImageReference {
        reference(text, ImageRole::Base, Location::file("Dockerfile"), false)
    }

    #[test]
    fn references_are_taken_apart() {
        let image = read("localhost:5000/a/b:1.2@sha256:00");
        assert_eq!((image.name.as_str(), image.tag.as_deref()), ("localhost:5000/a/b", Some("1.2")));
        assert_eq!(image.digest.as_deref(), Some("sha256:00"));
        assert_eq!(read("localhost:5000/a").tag, None);
        assert!(read("app:${TAG}").variable);
    }

    fn collected(files: &[(&str, &str)]) -> Containers {
        let folder = seaworthy_testkit::tree::folder(files);
        collect(&Tree::open(folder.path(), &[], crate::tree::Limits::default()).unwrap())
    }

    #[test]
    fn stages_are_no_images_and_the_last_lineage_ships() {
        let found = collected(&[(
            "Dockerfile",
            "ARG V=22\nFROM golang:1.25 AS build\nRUN go install a/b@latest\nFROM node:${V}-alpine AS base\nFROM base\nCOPY --from=build /a /a\nCOPY --from=composer:2 /c /c\n",
        )]);
        let seen: Vec<_> = found.images.iter().map(|image| (image.reference.as_str(), image.role)).collect();
        let expected = [
            ("golang:1.25", ImageRole::BuildStage),
            ("node:22-alpine", ImageRole::Base),
            ("composer:2", ImageRole::BuildStage),
        ];
        assert_eq!(seen, expected);
        assert_eq!(found.floating_installs.len(), 1);
    }

    #[test]
    fn compose_for_development_is_told_from_production() {
        let development = |files: &[(&str, &str)]| {
            let found = collected(files);
            found.images.iter().find(|image| image.name == "x/tool").unwrap().development
        };
        let only_services = "services:\n  a:\n    image: x/tool:latest\n";
        let with_app = "services:\n  a:\n    image: x/tool:latest\n  app:\n    build: .\n";
        let mounted =
            "services:\n  a:\n    image: x/tool:latest\n  app:\n    build: .\n    volumes: ['.:/app']\n";
        assert!(development(&[("docker-compose.yml", only_services)]));
        assert!(!development(&[("docker-compose.prod.yml", only_services)]));
        assert!(!development(&[("docker-compose.yml", with_app)]));
        assert!(development(&[("docker-compose.yml", mounted)]));
        assert!(development(&[("docker-compose.dev.yml", with_app)]));
        assert!(development(&[
            ("compose.yml", with_app),
            ("compose.prod.yml", "services:\n  app:\n    image: y\n")
        ]));
    }

    #[test]
    fn own_images_and_kubernetes_objects() {
        let found = collected(&[
            ("go.mod", "module github.com/a/thing\n"),
            (
                "docker-compose.yml",
                "services:\n  app:\n    image: a/thing:latest\n  db:\n    image: postgres:16\n",
            ),
            (
                "k8s/web.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - image: nginx:1.27\n",
            ),
        ]);
        let seen: Vec<_> =
            found.images.iter().map(|image| (image.name.as_str(), image.own, image.role)).collect();
        let expected = [
            ("a/thing", true, ImageRole::Compose),
            ("postgres", false, ImageRole::Compose),
            ("nginx", false, ImageRole::Kubernetes),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn defaults_are_put_in() {
        assert_eq!(with_defaults("postgres:${PG:-16}-alpine"), "postgres:16-alpine");
        assert_eq!(with_defaults("${A-x}/${B}:${C:?no}"), "x/${B}:${C:?no}");
    }
}
