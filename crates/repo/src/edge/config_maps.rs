//! nginx configuration that lies in a ConfigMap and that a workload mounts.

use seaworthy_facts::{Edge, Infrastructure};
use seaworthy_syntax::tree::Node;

use super::loaded::Loaded;
use super::nginx;
use crate::infrastructure::is_development;
use crate::infrastructure::manifests::Manifest;
use crate::tree::Tree;

/// Most configurations.
const MOST: usize = 50;

/// Reads them.
pub fn read(
    tree: &Tree,
    manifests: &[Manifest],
    infrastructure: &Infrastructure,
    loaded: &Loaded,
    edge: &mut Edge,
) {
    let mut left = MOST;
    for manifest in manifests {
        let file = &tree.files()[manifest.file];
        let maps = manifest
            .objects
            .iter()
            .filter(|object| object.get("kind").and_then(Node::as_str) == Some("ConfigMap"));
        for map in maps.filter(|_| !is_development(&file.path)) {
            let name = map.path("metadata.name").and_then(Node::scalar).unwrap_or_default();
            for (_, node) in map.get("data").map(Node::map).unwrap_or_default() {
                let Some(text) = node.as_str().filter(|text| is_configuration(text)) else { continue };
                if left == 0 {
                    return;
                }
                if is_mounted(&name, infrastructure) {
                    left -= 1;
                    nginx::read_text(tree, loaded, file, text, node.line, edge);
                }
            }
        }
    }
}

fn is_configuration(text: &str) -> bool {
    text.contains("server") && text.contains('{') && text.contains(';') && text.contains("listen")
}

/// Whether a workload asks for it. A name that a chart puts together is taken as asked for.
fn is_mounted(name: &str, infrastructure: &Infrastructure) -> bool {
    name.contains("{{")
        || infrastructure.resources.iter().filter(|resource| resource.ships()).any(|resource| {
            resource.settings.iter().any(|setting| {
                setting.path.to_ascii_lowercase().ends_with("configmap.name")
                    && setting.value.as_deref() == Some(name)
            })
        })
}
