//! Delivery described apart from CI: Shipit, Argo CD, Flux.

use seaworthy_facts::{CiSystem, Job, Location, Role, Step, Uses, Workflow};
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, yaml};

use super::reader::{Reader, Script, cap};
use crate::tree::{Class, File};

/// Largest manifest that is looked at.
const OBJECT_FILES: usize = 5_000;

/// Reads what is there.
pub fn read(reader: &mut Reader) {
    shipit(reader);
    objects(reader);
}

/// `shipit.yml`, and `shipit.ENVIRONMENT.yml` beside it.
fn shipit(reader: &mut Reader) {
    let start = format!("{}shipit.", reader.root.prefix);
    let files: Vec<&File> = reader
        .tree
        .files()
        .iter()
        .filter(|file| {
            file.path
                .strip_prefix(start.as_str())
                .is_some_and(|rest| !rest.contains('/') && rest.ends_with("yml"))
        })
        .take(20)
        .collect();
    for file in files {
        let Some(document) = reader.document(file, "Shipit configuration") else { continue };
        let environment = file.name().strip_prefix("shipit.").and_then(|rest| rest.strip_suffix(".yml"));
        let mut jobs = Vec::new();
        for (id, path, role) in
            [("deploy", "deploy.override", Role::Deploy), ("rollback", "rollback.override", Role::Rollback)]
        {
            let Some(list) = document.path(path) else { continue };
            let line = document.key(id).map_or(1, |key| key.line);
            let mut job = Job {
                id: id.to_owned(),
                at: Some(file.at_line(line)),
                environment: environment.map(|name| seaworthy_facts::Observed::new(cap(name), file.at())),
                ..Job::default()
            };
            for entry in list.list_or_single() {
                let Some(text) = entry.scalar() else { continue };
                let at = file.at_line(entry.line);
                let mut step = Step::new(at.clone());
                step.commands = reader.follow(
                    &text,
                    &Script { path: &file.path, line: entry.line, folder: ".", via: &[], pipefail: false },
                );
                step.uses = Some(tool("shipit", role, at));
                job.steps.push(step);
            }
            jobs.push(job);
        }
        if jobs.is_empty() && document.get("deploy").is_none() {
            // Shipit deploys by what it finds (Capistrano, Kubernetes templates).
            continue;
        }
        reader.found.workflows.push(Workflow {
            system: CiSystem::Delivery,
            name: cap(file.name()),
            at: file.at(),
            triggers: Vec::new(),
            jobs,
            unread: Vec::new(),
        });
    }
}

fn tool(name: &str, role: Role, at: Location) -> Uses {
    Uses { name: name.to_owned(), reference: None, inputs: Vec::new(), roles: vec![role], at }
}

/// Objects that make a cluster follow the repository.
fn objects(reader: &mut Reader) {
    let prefix = reader.root.prefix.clone();
    let files = reader.tree.files().iter().filter(|file| {
        file.path.starts_with(&prefix)
            && file.class == Class::Shipped
            && matches!(file.extension(), "yml" | "yaml")
            && !file.path[prefix.len()..].starts_with(".github/")
    });
    let files = reader.tree.first(files, OBJECT_FILES, "YAML files");
    for file in files {
        let Some(text) = reader.tree.text(file) else { continue };
        if !(text.contains("argoproj.io/") || text.contains("toolkit.fluxcd.io/")) {
            continue;
        }
        // Templates of charts are read as far as they are YAML; a broken one is the chart's reader's to name.
        for document in yaml::parse_lenient(&text, &Limits::default()).documents {
            if let Some(workflow) = object(file, &document) {
                reader.found.workflows.push(workflow);
            }
        }
    }
}

fn object(file: &File, document: &Node) -> Option<Workflow> {
    let version = document.get("apiVersion").and_then(Node::as_str)?;
    let kind = document.get("kind").and_then(Node::as_str)?;
    let spec = document.get("spec")?;
    let group = version.split('/').next().unwrap_or_default();
    let (system, template) = match (group, kind) {
        ("argoproj.io", "Application") => ("Argo CD Application", spec),
        ("argoproj.io", "ApplicationSet") => ("Argo CD ApplicationSet", spec.path("template.spec")?),
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => ("Flux Kustomization", spec),
        ("helm.toolkit.fluxcd.io", "HelmRelease") => ("Flux HelmRelease", spec),
        _ => return None,
    };
    let at = file.at_line(document.key("kind").map_or(document.line, |key| key.line));
    let name = document.path("metadata.name").and_then(Node::scalar).unwrap_or_default();
    let automatic = !system.starts_with("Argo") || template.path("syncPolicy.automated").is_some();
    let suspended = spec.get("suspend").and_then(Node::as_bool) == Some(true);
    let mut step = Step::new(at.clone());
    step.name = Some(system.to_owned());
    step.uses = Some(tool(system, Role::Deploy, at.clone()));
    Some(Workflow {
        system: CiSystem::Delivery,
        name: cap(&format!("{system} {name}")),
        at: at.clone(),
        triggers: Vec::new(),
        jobs: vec![Job {
            id: cap(&name),
            at: Some(at),
            manual: !automatic,
            disabled: suspended,
            environment: template
                .path("destination.namespace")
                .or_else(|| spec.get("targetNamespace"))
                .map(|node| (node.scalar(), node.line))
                .and_then(|(name, line)| {
                    Some(seaworthy_facts::Observed::new(cap(&name?), file.at_line(line)))
                }),
            steps: vec![step],
            ..Job::default()
        }],
        unread: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::pipelines::test_support::{collect_from, only};
    use seaworthy_facts::{CiSystem, Role};

    #[test]
    fn shipit_deploys_and_rolls_back() {
        let found = collect_from(&[(
            "shipit.yml",
            "deploy:\n  override:\n    - krane deploy x\nrollback:\n  override:\n    - krane deploy y\n",
        )]);
        let workflow = only(&found);
        assert_eq!(workflow.system, CiSystem::Delivery);
        assert_eq!(workflow.jobs[0].steps[0].does(Role::Deploy).unwrap().line_number(), Some(3));
        assert_eq!(workflow.jobs[1].steps[0].does(Role::Rollback).unwrap().line_number(), Some(6));
    }

    #[test]
    fn argo_with_and_without_automatic_sync() {
        let application = |sync: &str| {
            format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: shop\nspec:\n  source: {{path: k8s}}\n{sync}"
            )
        };
        let found = collect_from(&[(
            "argocd/app.yaml",
            application("  syncPolicy:\n    automated: {prune: true}\n").as_str(),
        )]);
        assert!(!only(&found).jobs[0].manual);
        let found = collect_from(&[("argocd/app.yaml", application("").as_str())]);
        assert!(only(&found).jobs[0].manual);
        let found = collect_from(&[("examples/app.yaml", application("").as_str())]);
        assert!(found.workflows.is_empty());
    }
}
