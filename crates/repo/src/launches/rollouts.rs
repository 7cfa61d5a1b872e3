//! Mechanisms with a way back that are described outside Kubernetes: Kamal, Capistrano, Deployer, Shipit, ECS,
//! CodeDeploy, Nomad, Swarm.

use seaworthy_facts::{Location, Rollout};
use seaworthy_syntax::hcl::Block;
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, hcl, yaml};

use super::Found;
use crate::tree::File;

/// Reads them.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.files().iter().filter(|file| super::can_ship(file)).collect();
    for file in files {
        let name = file.name();
        let path = file.path.as_str();
        if path == "config/deploy.yml" || path.starts_with("config/deploy.") && path.ends_with(".yml") {
            kamal(found, file);
        } else if name == "Capfile" {
            push(
                found,
                "capistrano",
                "Capistrano keeps earlier releases (`cap production deploy:rollback`)",
                true,
                file.at_line(1),
            );
        } else if name == "deploy.php" {
            let deployer = found.tree.text(file).is_some_and(|text| text.contains("Deployer"));
            if deployer {
                push(
                    found,
                    "deployer",
                    "Deployer keeps earlier releases (`dep rollback`)",
                    true,
                    file.at_line(1),
                );
            }
        } else if name == "shipit.yml" && file.folder() == "." {
            shipit(found, file);
        } else if name.ends_with(".tf") {
            terraform(found, file);
        } else if name.ends_with(".nomad") || name.ends_with(".nomad.hcl") {
            nomad(found, file);
        } else if super::compose::is_compose(name) {
            swarm(found, file);
        }
    }
}

fn push(found: &mut Found, mechanism: &str, summary: &str, way_back: bool, at: Location) {
    found.rollouts.push(Rollout {
        mechanism: mechanism.to_owned(),
        summary: summary.to_owned(),
        way_back,
        at,
    });
}

fn kamal(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    let parsed = yaml::parse_template(&text, &Limits::default());
    let Some(node) = parsed.documents.first() else { return };
    if node.get("service").is_some() && (node.get("image").is_some() || node.get("servers").is_some()) {
        push(
            found,
            "kamal",
            "Kamal keeps earlier containers (`kamal rollback VERSION`)",
            true,
            file.at_line(1),
        );
    }
}

fn shipit(found: &mut Found, file: &File) {
    let Some(node) = found.tree.text(file).and_then(|text| yaml::parse(&text, &Limits::default()).ok())
    else {
        return;
    };
    if let Some(key) = node.key("rollback") {
        push(
            found,
            "shipit",
            "Shipit has rollback steps that deploy an earlier revision",
            true,
            file.at_line(key.line),
        );
    }
}

fn terraform(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    if !["aws_ecs_service", "aws_codedeploy_deployment_group", "aws_lambda_alias"]
        .iter()
        .any(|kind| text.contains(kind))
    {
        return;
    }
    let root = match hcl::parse(&text, &Limits::default()) {
        Ok(root) => root,
        Err(error) => {
            found.tree.broken(&file.path, &error);
            return;
        }
    };
    for resource in root.blocks_of("resource") {
        let at = file.at_line(resource.line);
        match resource.labels.first().map(String::as_str) {
            Some("aws_ecs_service") => {
                for breaker in resource.blocks_of("deployment_circuit_breaker") {
                    if flag(breaker, "rollback") == Some(true) && flag(breaker, "enable") != Some(false) {
                        let summary = "the ECS deployment circuit breaker rolls back a deployment that does not become healthy";
                        push(found, "ecs-circuit-breaker", summary, true, file.at_line(breaker.line));
                    }
                }
            }
            Some("aws_codedeploy_deployment_group") => {
                for rollback in resource.blocks_of("auto_rollback_configuration") {
                    if flag(rollback, "enabled") == Some(true) {
                        push(
                            found,
                            "code-deploy",
                            "CodeDeploy rolls back failed deployments",
                            true,
                            file.at_line(rollback.line),
                        );
                    }
                }
            }
            Some("aws_lambda_alias") => {
                push(
                    found,
                    "lambda-alias",
                    "a Lambda alias points at a published version and can point back",
                    true,
                    at,
                );
            }
            _ => {}
        }
    }
}

fn nomad(found: &mut Found, file: &File) {
    let Some(text) = found.tree.text(file) else { return };
    let Ok(root) = hcl::parse(&text, &Limits::default()) else { return };
    for update in root.descendants().into_iter().filter(|block| block.kind == "update") {
        if flag(update, "auto_revert") == Some(true) {
            push(
                found,
                "nomad",
                "Nomad reverts a deployment that does not become healthy",
                true,
                file.at_line(update.line),
            );
        }
    }
}

fn swarm(found: &mut Found, file: &File) {
    let Some(node) = found.tree.text(file).and_then(|text| yaml::parse(&text, &Limits::default()).ok())
    else {
        return;
    };
    for (_, service) in node.get("services").map(Node::map).unwrap_or_default() {
        if let Some(action) = service.path("deploy.update_config.failure_action")
            && action.as_str() == Some("rollback")
        {
            push(
                found,
                "swarm",
                "Docker Swarm rolls back an update that fails",
                true,
                file.at_line(action.line),
            );
        }
    }
}

fn flag(block: &Block, name: &str) -> Option<bool> {
    match &block.attribute(name)?.value {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    }
}
