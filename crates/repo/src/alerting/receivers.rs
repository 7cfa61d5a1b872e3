//! Receivers: Alertmanager's, wherever its configuration is written, and Grafana's contact points.

use seaworthy_facts::AlertReceiver;
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use crate::tree::{File, Tree};

/// Most receivers of a file.
const PER_FILE: usize = 100;
/// Deepest place of an Alertmanager configuration inside other YAML (values of a chart).
const DEPTH: usize = 8;

/// Reads the receivers of a file.
pub fn read(receivers: &mut Vec<AlertReceiver>, tree: &Tree, file: &File, text: &str) {
    let parsed = yaml::parse_template(text, &Limits::default());
    for document in &parsed.documents {
        let mut found = Vec::new();
        alertmanager(&mut found, file, document, DEPTH);
        grafana(&mut found, file, document);
        if let Some(cut) = found.get(PER_FILE) {
            let what =
                format!("more than {PER_FILE} receivers; this one and those after it were not looked at");
            tree.cut(cut.at.clone(), what);
        }
        found.truncate(PER_FILE);
        receivers.append(&mut found);
    }
}

fn alertmanager(found: &mut Vec<AlertReceiver>, file: &File, node: &Node, depth: usize) {
    if depth == 0 {
        return;
    }
    if let (Some(route), Some(list)) = (node.get("route"), node.get("receivers")) {
        let mut routed = Vec::new();
        routes(&mut routed, route, DEPTH);
        for receiver in list.list() {
            let Some(name) = receiver.get("name").and_then(Node::scalar) else { continue };
            let channels = receiver
                .map()
                .iter()
                .filter(|(key, value)| {
                    (key.text.ends_with("_configs") || key.text.ends_with("Configs"))
                        && !value.list().is_empty()
                })
                .filter(|(_, value)| !value.list().iter().all(is_example))
                .map(|(key, _)| key.text.trim_end_matches("_configs").trim_end_matches("Configs").to_owned())
                .collect();
            found.push(AlertReceiver {
                routed: routed.contains(&name),
                name,
                system: "Alertmanager".to_owned(),
                channels,
                at: file.at_line(receiver.line),
            });
        }
        return;
    }
    for (_, value) in node.map() {
        alertmanager(found, file, value, depth - 1);
    }
}

/// The webhook of the configuration that comes with Alertmanager: nobody listens there.
fn is_example(entry: &Node) -> bool {
    entry.get("url").and_then(Node::scalar).is_some_and(|url| {
        url.contains("127.0.0.1:5001") || url.contains("example.com") || url.contains("example.org")
    })
}

fn routes(routed: &mut Vec<String>, route: &Node, depth: usize) {
    if depth == 0 || routed.len() >= PER_FILE {
        return;
    }
    routed.extend(route.get("receiver").and_then(Node::scalar));
    for below in route.get("routes").map(Node::list).unwrap_or_default() {
        routes(routed, below, depth - 1);
    }
}

fn grafana(found: &mut Vec<AlertReceiver>, file: &File, document: &Node) {
    let points = document.get("contactPoints").map(Node::list).unwrap_or_default();
    for point in points {
        let Some(name) = point.get("name").and_then(Node::scalar) else { continue };
        let channels = point
            .get("receivers")
            .map(Node::list)
            .unwrap_or_default()
            .iter()
            .filter(|receiver| {
                // Grafana's own default address.
                !receiver
                    .path("settings.addresses")
                    .and_then(Node::scalar)
                    .is_some_and(|to| to.contains("<example@email.com>"))
            })
            .filter_map(|receiver| receiver.get("type").and_then(Node::scalar))
            .collect();
        found.push(AlertReceiver {
            name,
            system: "Grafana".to_owned(),
            channels,
            routed: true,
            at: file.at_line(point.line),
        });
    }
}
