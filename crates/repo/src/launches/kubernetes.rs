//! Kubernetes objects and Helm templates: what containers run, and whether a Deployment keeps a way back.

use seaworthy_facts::{Rollout, Stage};
use seaworthy_syntax::tree::Node;

use super::Found;
use crate::tree::{File, Tree};

/// Reads every manifest.
pub fn read(found: &mut Found) {
    let applied = applied_by_name(found.tree);
    for manifest in found.commands.manifests() {
        let file = &found.tree.files()[manifest.file];
        // A manifest that the pipeline leaves out beside those that it names is not loaded by anything.
        let named = |name: &String| file.path == *name || file.path.ends_with(&format!("/{name}"));
        let beside = |name: &String| name.rsplit_once('/').map_or("", |(folder, _)| folder) == file.folder();
        if applied.as_ref().is_some_and(|names| !names.iter().any(named) && names.iter().any(beside)) {
            continue;
        }
        for object in &manifest.objects {
            self::object(found, file, object);
        }
    }
}

/// The manifests that CI applies one by one, when that is the only way in which it brings manifests of this repository to a
/// cluster; nothing when a folder, an overlay, a chart or something that is computed may hold others.
fn applied_by_name(tree: &Tree) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let pipelines = tree.files().iter().filter(|file| {
        file.path.starts_with(".github/workflows/")
            || matches!(
                file.path.as_str(),
                ".gitlab-ci.yml" | ".circleci/config.yml" | "bitbucket-pipelines.yml" | "azure-pipelines.yml"
            )
    });
    for file in tree.first(pipelines, 200, "CI files") {
        let Some(text) = tree.text(file) else { continue };
        // Other tools that read manifests, and scripts that may apply some.
        if [
            ".sh",
            "make ",
            "kustomize",
            "helmfile",
            "argocd",
            "flux ",
            "skaffold",
            "krane",
            "azure/k8s-deploy",
            "k8s-bake",
        ]
        .iter()
        .any(|tool| text.contains(tool))
        {
            return None;
        }
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            for (at, _) in line.match_indices("kubectl ") {
                let mut words =
                    line[at..].split(['|', ';', '&']).next().unwrap_or_default().split_whitespace();
                let verb = words.find(|word| matches!(*word, "apply" | "create" | "replace"));
                // `create secret` and the like make objects from words.
                let reads_files = match verb {
                    None => false,
                    Some("create") => line.contains(" -f") || line.contains("--filename"),
                    Some(_) => true,
                };
                if !reads_files {
                    continue;
                }
                if line.ends_with('\\') {
                    return None;
                }
                while let Some(word) = words.next() {
                    let name = match word {
                        "-k" | "-R" | "--recursive" | "--kustomize" => return None,
                        "-f" | "--filename" => words.next().unwrap_or_default(),
                        _ => match word.strip_prefix("--filename=").or_else(|| word.strip_prefix("-f=")) {
                            Some(name) => name,
                            None => continue,
                        },
                    };
                    let name = name.trim_matches(['"', '\'']).trim_start_matches("./");
                    match name {
                        "-" => {}
                        _ if name.starts_with("http") => {}
                        _ if name.contains(['$', '*', '{', ',', '<'])
                            || !name.ends_with(".yaml") && !name.ends_with(".yml") =>
                        {
                            return None;
                        }
                        _ => names.push(name.to_owned()),
                    }
                }
            }
        }
    }
    // What is given through a pipe alone names no file.
    (!names.is_empty()).then_some(names)
}

fn object(found: &mut Found, file: &File, object: &Node) {
    let kind = object.get("kind").and_then(Node::as_str).unwrap_or_default();
    if object.get("apiVersion").is_none() {
        return;
    }
    let at = file.at_line(object.get("kind").map_or(1, |node| node.line));
    match kind {
        "Deployment" => {
            let history = object.path("spec.revisionHistoryLimit");
            let way_back = history.and_then(Node::scalar).as_deref() != Some("0");
            found.rollouts.push(Rollout {
                mechanism: "kubernetes-deployment".to_owned(),
                summary: if way_back {
                    "a Kubernetes Deployment, which keeps earlier revisions (`kubectl rollout undo`)"
                        .to_owned()
                } else {
                    "a Kubernetes Deployment with revisionHistoryLimit 0, which keeps no earlier revision"
                        .to_owned()
                },
                way_back,
                at: history.map_or(at.clone(), |node| file.at_line(node.line)),
            });
        }
        // <https://doc.nais.io/workloads/application/>
        "Application"
            if object
                .get("apiVersion")
                .and_then(Node::as_str)
                .is_some_and(|api| api.starts_with("nais.io/")) =>
        {
            found.rollouts.push(rollout(
                "nais",
                "an application of Nais, which makes a Kubernetes Deployment that keeps earlier revisions",
                &at,
            ));
        }
        "StatefulSet" | "DaemonSet" => found.rollouts.push(Rollout {
            mechanism: format!("kubernetes-{}", kind.to_ascii_lowercase()),
            summary: format!("a Kubernetes {kind}, which keeps earlier revisions"),
            way_back: object.path("spec.revisionHistoryLimit").and_then(Node::scalar).as_deref() != Some("0"),
            at: at.clone(),
        }),
        "Rollout" => found.rollouts.push(rollout(
            "argo-rollout",
            "an Argo Rollout, which goes back when its analysis fails",
            &at,
        )),
        "Canary" => found.rollouts.push(rollout(
            "flagger",
            "a Flagger canary, which goes back when its analysis fails",
            &at,
        )),
        _ => {}
    }
    let hook = object
        .path("metadata.annotations")
        .map(Node::map)
        .unwrap_or_default()
        .iter()
        .any(|(key, _)| key.text == "helm.sh/hook" || key.text == "argocd.argoproj.io/hook");
    let template = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicaSet" | "Rollout" => {
            object.path("spec.template.spec")
        }
        "Pod" => object.get("spec"),
        _ => None,
    };
    let Some(template) = template else { return };
    let once = hook
        || matches!(kind, "Job")
        || (kind == "Pod" && template.get("restartPolicy").and_then(Node::as_str) == Some("Never"));
    for (key, stage) in
        [("initContainers", Stage::Release), ("containers", if once { Stage::Release } else { Stage::Start })]
    {
        for container in template.get(key).map(Node::list).unwrap_or_default() {
            let mut words = Vec::new();
            let mut line = container.line;
            for part in ["command", "args"] {
                if let Some(node) = container.get(part) {
                    if words.is_empty() {
                        line = node.line;
                    }
                    words.extend(node.list_or_single().into_iter().filter_map(Node::scalar));
                }
            }
            if !words.is_empty() {
                let name = container.get("name").and_then(Node::as_str).unwrap_or("container");
                found.words(stage, format!("Kubernetes {kind} {name}"), &file.at_line(line), ".", &words);
            }
        }
    }
}

fn rollout(mechanism: &str, summary: &str, at: &seaworthy_facts::Location) -> Rollout {
    Rollout { mechanism: mechanism.to_owned(), summary: summary.to_owned(), way_back: true, at: at.clone() }
}
