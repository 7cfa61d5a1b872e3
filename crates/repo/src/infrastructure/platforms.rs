//! The platforms' own files: one resource for each, and one for each service or database that they declare.

use seaworthy_facts::InfrastructureTool;
use seaworthy_syntax::tree::{Node, Value};
use seaworthy_syntax::{Limits, ParseError, json, toml, yaml};

use super::flatten::flatten;
use super::place::{Environment, environment};
use super::{Draft, Found, cloud_formation};
use crate::tree::{File, Tree};

/// Names of files and the platform that reads them. Those of several names are told apart by what is in them.
const FILES: &[(&str, &str)] = &[
    ("fly.toml", "fly"),
    ("render.yaml", "render"),
    ("render.yml", "render"),
    ("railway.toml", "railway"),
    ("railway.json", "railway"),
    ("vercel.json", "vercel"),
    ("netlify.toml", "netlify"),
    ("wrangler.toml", "cloudflare"),
    ("wrangler.json", "cloudflare"),
    ("wrangler.jsonc", "cloudflare"),
    ("firebase.json", "firebase"),
    ("app.yaml", "app-engine"),
    ("app.yml", "app-engine"),
    ("app.json", "heroku"),
    ("heroku.yml", "heroku"),
    ("apprunner.yaml", "app-runner"),
    ("Dockerrun.aws.json", "elastic-beanstalk"),
    ("amplify.yml", "amplify"),
    ("staticwebapp.config.json", "azure-static-web-apps"),
    ("serverless.yml", "serverless"),
    ("serverless.yaml", "serverless"),
    ("serverless.json", "serverless"),
    ("zeabur.yaml", "zeabur"),
    ("captain-definition", "caprover"),
    (".platform.app.yaml", "platform-sh"),
    ("litestream.yml", "litestream"),
    ("litestream.yaml", "litestream"),
];

/// Files by their path, wherever it begins.
const PATHS: &[(&str, &str)] = &[
    ("supabase/config.toml", "supabase"),
    (".do/app.yaml", "digitalocean"),
    (".do/deploy.template.yaml", "digitalocean"),
    (".upsun/config.yaml", "platform-sh"),
    (".platform/services.yaml", "platform-sh"),
];

/// Programs whose infrastructure only running them would tell.
const PROGRAMS: &[(&str, &str)] = &[
    ("Pulumi.yaml", "a Pulumi program"),
    ("Pulumi.yml", "a Pulumi program"),
    ("cdk.json", "a CDK program"),
    ("cdktf.json", "a CDK for Terraform program"),
    ("sst.config.ts", "an SST program"),
    ("sst.json", "an SST program"),
    ("alchemy.run.ts", "an Alchemy program"),
];

/// Reads every platform file.
pub fn read(found: &mut Found) {
    let tree = found.tree;
    for (name, key) in FILES {
        let files = tree.named(name).filter(|file| super::can_ship(file));
        for file in tree.first(files, 100, "platform files of one name") {
            one(found, file, key);
        }
    }
    for file in tree.files().iter().filter(|file| super::can_ship(file)) {
        let path = file.path.as_str();
        if let Some((_, key)) =
            PATHS.iter().find(|(end, _)| path == *end || path.ends_with(&format!("/{end}")))
        {
            one(found, file, key);
        }
        let name = file.name();
        // `fly.production.toml`, `deploy.production.yml` beside Kamal's `deploy.yml`.
        if name.starts_with("fly.") && name.ends_with(".toml") && name != "fly.toml" {
            one(found, file, "fly");
        }
        let kamal = file.folder() == "config" || file.folder().ends_with("/config");
        if kamal && name.starts_with("deploy.") && (name.ends_with(".yml") || name.ends_with(".yaml")) {
            one(found, file, "kamal");
        }
        if name.ends_with(".config") && file.folder().split('/').next_back() == Some(".ebextensions") {
            one(found, file, "elastic-beanstalk");
        }
        if name.ends_with(".bicep") {
            found.unread(format!("the Bicep file {}", file.path), file.at());
        }
        let may_be = name.ends_with(".job") || name.ends_with(".hcl");
        let is_job =
            || tree.text(file).is_some_and(|text| text.contains("job \"") && text.contains("task \""));
        if name.ends_with(".nomad") || name.ends_with(".nomad.hcl") || may_be && is_job() {
            found.unread(format!("the Nomad job {}", file.path), file.at());
        }
    }
    for (name, what) in PROGRAMS {
        let files = tree.named(name).filter(|file| super::can_ship(file));
        for file in tree.first(files, 20, "platform files of one name") {
            found.unread(*what, file.at());
        }
    }
}

fn parse(tree: &Tree, file: &File) -> Option<Result<Node, ParseError>> {
    let text = tree.text(file)?;
    let limits = Limits::default();
    Some(match file.extension() {
        "toml" => toml::parse(&text, &limits),
        "json" | "jsonc" => json::parse(&text, &limits),
        _ if text.trim_start().starts_with('{') => json::parse(&text, &limits),
        _ => {
            let parsed = yaml::parse_template(&text, &limits);
            match (parsed.documents.into_iter().next(), parsed.error) {
                (Some(node), _) => Ok(node),
                (None, Some(error)) => Err(error),
                (None, None) => Ok(Node::new(Value::Null, 1, 1)),
            }
        }
    })
}

fn one(found: &mut Found, file: &File, key: &str) {
    let node = match parse(found.tree, file) {
        Some(Ok(node)) => node,
        Some(Err(error)) => return found.broken(file, &error),
        None => return,
    };
    let is = match key {
        "app-engine" => {
            node.get("runtime").is_some() || node.get("env").is_some_and(|env| env.as_str() == Some("flex"))
        }
        // Expo and others have files of this name as well.
        "heroku" => {
            file.name() != "app.json"
                || [
                    "addons",
                    "formation",
                    "buildpacks",
                    "stack",
                    "repository",
                    "success_url",
                    "healthchecks",
                    "cron",
                ]
                .iter()
                .any(|sign| node.get(sign).is_some())
        }
        "kamal" => node.get("service").is_some() || node.get("servers").is_some(),
        "serverless" => node.get("provider").is_some() || node.get("service").is_some(),
        _ => !node.map().is_empty(),
    };
    if !is {
        return;
    }
    let development = environment(&file.path) == Some(Environment::Other);
    let mut resource = |kind: String, name: String, node: &Node, line: u32| {
        found.add(Draft {
            tool: InfrastructureTool::Platform,
            kind,
            name,
            file,
            line,
            settings: flatten(node, &file.path),
            development,
            off: None,
        });
    };
    let name = ["app", "name", "service"].iter().find_map(|key| node.get(key)?.scalar()).unwrap_or_default();
    resource(key.to_owned(), name, &node, 1);
    // What the file declares besides.
    let parts: &[(&str, &str)] = match key {
        "render" => &[("services", "service"), ("databases", "database"), ("envVarGroups", "environment")],
        "digitalocean" => &[
            ("services", "service"),
            ("databases", "database"),
            ("jobs", "job"),
            ("workers", "worker"),
            ("static_sites", "site"),
        ],
        "kamal" => &[("accessories", "accessory")],
        "serverless" => &[("functions", "function")],
        "platform-sh" => &[("services", "service"), ("applications", "application")],
        "litestream" => &[("dbs", "database")],
        _ => &[],
    };
    for (part, kind) in parts {
        let Some(members) = node.get(part) else { continue };
        let kind = format!("{key}:{kind}");
        for member in members.list().iter().take(200) {
            let name = ["name", "path"].iter().find_map(|key| member.get(key)?.scalar()).unwrap_or_default();
            resource(kind.clone(), name, member, member.line);
        }
        for (name, member) in members.map().iter().take(200) {
            resource(kind.clone(), name.text.clone(), member, name.line);
        }
    }
    if key == "serverless" {
        for resources in node.get("resources").map(Node::list_or_single).unwrap_or_default() {
            cloud_formation::template(found, file, resources);
        }
    }
}
