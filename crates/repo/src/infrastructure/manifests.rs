//! Kubernetes manifests of the repository, read and parsed once for every room that looks at them.

use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use crate::tree::{Class, File, Tree};

/// Most manifests.
const MOST: usize = 3_000;
/// Longest manifest, in bytes.
const BYTES: usize = 1024 * 1024;
/// Most values of all manifests together.
const VALUES: usize = 2_000_000;

/// A file with Kubernetes objects, Helm and other templates among them.
#[derive(Debug)]
pub struct Manifest {
    /// The file's place in [`Tree::files`].
    pub file: usize,
    /// Its objects, as far as they can be read; template expressions stay in the values.
    pub objects: Vec<Node>,
}

/// Reads every manifest that can ship.
pub fn read(tree: &Tree) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    let mut left = VALUES;
    for file in tree.files() {
        if !may_hold(file) {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        if !(text.contains("kind:") && text.contains("apiVersion:")) {
            continue;
        }
        if manifests.len() >= MOST || left == 0 {
            let what =
                "more Kubernetes manifests than are read; this one and those after it were not looked at";
            tree.cut(file.at(), what);
            break;
        }
        if text.len() > BYTES {
            tree.cut(
                file.at(),
                format!("a Kubernetes manifest of more than {BYTES} bytes was not looked at"),
            );
            continue;
        }
        let parsed = yaml::parse_template(&text, &Limits::default());
        let template = ["{{", "<%", "{%"].iter().any(|mark| text.contains(mark));
        if let Some(error) = parsed.error.filter(|_| !template) {
            tree.broken(&file.path, &error);
        }
        for object in &parsed.documents {
            object.walk(&mut |_, _| left = left.saturating_sub(1));
        }
        manifests.push(Manifest { file: file.index, objects: parsed.documents });
    }
    manifests
}

fn may_hold(file: &File) -> bool {
    const ENDINGS: &[&str] = &[
        ".yml",
        ".yaml",
        ".yml.erb",
        ".yaml.erb",
        ".yaml.tpl",
        ".yaml.tmpl",
        ".yml.tmpl",
        ".yml.j2",
        ".yaml.j2",
    ];
    matches!(file.class, Class::Shipped | Class::Development)
        && ENDINGS.iter().any(|ending| file.name().ends_with(ending))
        && !file.path.contains(".github/")
        && !file.path.starts_with(".circleci/")
}
