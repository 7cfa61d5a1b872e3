use serde::{Deserialize, Serialize};

use crate::*;

/// Infrastructure as code, read as what it is: every resource with its settings, whatever the tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Infrastructure {
    /// Each resource.
    pub resources: Vec<Resource>,
    /// Infrastructure code that nothing here reads (Pulumi and CDK programs, remote modules, …).
    pub unread: Vec<Unread>,
}

impl Infrastructure {
    /// Resources that ship, of this kind; `*` stands for any text (`aws_rds_*`).
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.ships() && matches(kind, &resource.kind))
    }
}

/// A resource: a Terraform resource, a Kubernetes object, a Compose service, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What describes it.
    pub tool: InfrastructureTool,
    /// Its type in the tool's own words: `aws_db_instance` (a data source is `data.aws_vpc`, a provider's settings
    /// `provider:aws`, a module of others `module:terraform-aws-modules/rds/aws`), `AWS::RDS::DBInstance` (settings
    /// without `Properties.`), `Deployment`, `service` (Compose), `chart:postgresql` (the values given to it),
    /// `ansible:cron`, `task-definition` (ECS), a platform's key (`fly`) and what its file declares (`render:service`).
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its settings, flattened, in the order of the file.
    pub settings: Vec<Setting>,
    /// Where it begins.
    pub at: Location,
    /// It is for development only (a Compose override, a local overlay).
    pub development: bool,
    /// Why it is not created by default (`count = 0`, a profile, a Helm value that is off), when that is so.
    pub off: Option<String>,
}

impl Resource {
    /// It is created where the system is operated.
    pub fn ships(&self) -> bool {
        !self.development && self.off.is_none()
    }

    /// The first setting whose path fits; `*` stands for exactly one part (`spec.containers.*.image`), and `**` at the
    /// end for anything below. Places in lists may be left out (`rule.status` finds `rule.0.status`): a Terraform block
    /// is always a member of a list.
    pub fn get(&self, path: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| path_matches(path, &setting.path))
    }

    /// All settings whose path fits.
    pub fn all<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Setting> {
        self.settings.iter().filter(move |setting| path_matches(path, &setting.path))
    }

    /// A setting that is true or false, where it can be told.
    pub fn flag(&self, path: &str) -> Option<bool> {
        match self.get(path)?.value.as_deref()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "enabled" => Some(true),
            "false" | "no" | "off" | "0" | "disabled" => Some(false),
            _ => None,
        }
    }

    /// A setting that is a number, where it can be told.
    pub fn number(&self, path: &str) -> Option<f64> {
        self.get(path)?.value.as_deref()?.trim().parse().ok()
    }
}

/// A setting of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its path, parts joined by dots, places in lists counted from 0 (`spec.template.spec.containers.0.image`).
    pub path: String,
    /// Its value as text, capped and without secrets (`[redacted]`); empty for an empty value, mapping or list; a
    /// reference to another resource as it is written (`aws_s3_bucket.uploads.id`); none where it comes from something
    /// that cannot be told here, such as a variable without a value.
    pub value: Option<String>,
    /// Where.
    pub at: Location,
}

/// What describes infrastructure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InfrastructureTool {
    /// Terraform or OpenTofu.
    Terraform,
    /// CloudFormation and SAM.
    CloudFormation,
    /// Kubernetes objects, Kustomize included.
    Kubernetes,
    /// A Helm chart's rendered templates, or the values given to a chart that is used.
    Helm,
    /// Compose files.
    Compose,
    /// Ansible tasks.
    Ansible,
    /// An ECS task definition.
    Ecs,
    /// A platform's own file (`fly.toml`, `render.yaml`, `serverless.yml`, `wrangler.toml`, …): one resource per file, of
    /// the kind of the platform's key.
    Platform,
}

impl InfrastructureTool {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            InfrastructureTool::Terraform => "Terraform",
            InfrastructureTool::CloudFormation => "CloudFormation",
            InfrastructureTool::Kubernetes => "Kubernetes",
            InfrastructureTool::Helm => "Helm",
            InfrastructureTool::Compose => "Compose",
            InfrastructureTool::Ansible => "Ansible",
            InfrastructureTool::Ecs => "ECS",
            InfrastructureTool::Platform => "platform file",
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return true };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            let Some(found) = rest.find(middle) else { return false };
            rest = &rest[found + middle.len()..];
        }
    }
    last.map_or(rest.is_empty(), |end| rest.ends_with(end))
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('.').peekable();
    for have in path.split('.') {
        match wanted.peek() {
            Some(&"**") => return true,
            Some(&want) if want == "*" || want == have => {
                wanted.next();
            }
            // A place in a list that the pattern leaves out.
            _ if have.bytes().all(|byte| byte.is_ascii_digit()) => {}
            _ => return false,
        }
    }
    wanted.next().is_none_or(|rest| rest == "**")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_paths_fit_their_patterns() {
        assert!(matches("aws_db_*", "aws_db_instance"));
        assert!(matches("aws_*_cluster", "aws_rds_cluster"));
        assert!(!matches("aws_*_cluster", "aws_rds_cluster_instance"));
        assert!(matches("Deployment", "Deployment"));
        assert!(!matches("Deployment", "Deployments"));
        assert!(path_matches("a.*.image", "a.0.image"));
        assert!(!path_matches("a.*.image", "a.image"));
        assert!(path_matches("a.image", "a.0.image"));
        assert!(path_matches("a.image", "a.0.1.image"));
        assert!(path_matches("a", "a.0"));
        assert!(path_matches("a.**", "a.b.c"));
        assert!(!path_matches("a", "a.b"));
    }
}
