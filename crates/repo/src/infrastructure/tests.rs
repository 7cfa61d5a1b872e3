#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Infrastructure, Resource};

use crate::tree::{Limits, Tree};

fn read(files: &[(&str, &str)]) -> (Infrastructure, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let infrastructure = super::collect(&tree);
    let problems = tree.problems().iter().map(|p| format!("{} {}", p.at, p.what)).collect();
    (infrastructure, problems)
}

fn one<'a>(infrastructure: &'a Infrastructure, kind: &'a str) -> &'a Resource {
    let found: Vec<_> = infrastructure.resources.iter().filter(|resource| resource.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {:#?}", infrastructure.resources);
    found[0]
}

fn value<'a>(resource: &'a Resource, path: &str) -> &'a str {
    resource.get(path).unwrap_or_else(|| panic!("{path}: {resource:#?}")).value.as_deref().unwrap_or("?")
}

#[test]
fn terraform_values_follow_from_variables_locals_and_tfvars() {
    let (found, problems) = read(&[
        (
            "infra/main.tf",
            r#"
variable "days" { default = 1 }
variable "env" { default = "dev" }
variable "size" {}
locals {
  is_prod = var.env == "prod"
  days    = local.is_prod ? 35 : var.days
}
resource "aws_db_instance" "main" {
  backup_retention_period = local.days
  instance_class          = var.size
  password                = "hunter2hunter2"
  identifier              = "db-${var.env}"
  db_subnet_group_name    = aws_db_subnet_group.main.name
}
resource "aws_s3_bucket_versioning" "a" {
  bucket = aws_s3_bucket.a.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_backup_plan" "off" {
  count = local.is_prod ? 0 : 1
}
data "aws_vpc" "main" { default = true }
module "rds" {
  source  = "terraform-aws-modules/rds/aws"
  version = "6.0.0"
  backup_retention_period = 7
}
module "other" { source = "git::https://example.com/x.git?ref=v1" }
"#,
        ),
        ("infra/prod.tfvars", "env = \"prod\"\n"),
        ("infra/dev.tfvars", "env = \"dev\"\n"),
        ("infra/broken.tf", "resource \"x\" {\n  a = \n}\n"),
    ]);
    let database = one(&found, "aws_db_instance");
    assert_eq!(database.number("backup_retention_period"), Some(35.0));
    assert_eq!(value(database, "instance_class"), "?");
    assert_eq!(value(database, "password"), "[redacted]");
    assert_eq!(value(database, "identifier"), "db-prod");
    assert_eq!(value(database, "db_subnet_group_name"), "aws_db_subnet_group.main.name");
    assert_eq!(database.get("backup_retention_period").unwrap().at.line_number(), Some(10));
    assert!(database.ships());
    assert_eq!(value(one(&found, "aws_s3_bucket_versioning"), "versioning_configuration.status"), "Enabled");
    assert!(one(&found, "aws_backup_plan").off.as_deref().unwrap().contains("count is 0"));
    assert_eq!(one(&found, "data.aws_vpc").flag("default"), Some(true));
    assert_eq!(
        one(&found, "module:terraform-aws-modules/rds/aws").number("backup_retention_period"),
        Some(7.0)
    );
    assert_eq!(found.unread.len(), 1);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("infra/broken.tf:2"), "{problems:?}");
}

#[test]
fn terraform_modules_of_the_repository_are_put_in_place() {
    let module = r#"
variable "retention" { default = 0 }
variable "enabled" { default = true }
resource "aws_db_instance" "this" { backup_retention_period = var.retention }
"#;
    let (found, _) = read(&[
        ("modules/db/main.tf", module),
        ("envs/prod/main.tf", "module \"db\" {\n  source = \"../../modules/db\"\n  retention = 14\n}\n"),
        (
            "envs/dev/main.tf",
            "module \"db\" {\n  source = \"../../modules/db\"\n}\nmodule \"off\" {\n  source = \"../../modules/db\"\n  count = 0\n}\n",
        ),
        ("cycle/a/main.tf", "module \"b\" { source = \"../b\" }\nresource \"x_y\" \"z\" {}\n"),
        ("cycle/b/main.tf", "module \"a\" { source = \"../a\" }\n"),
    ]);
    let shipped: Vec<_> = found.of("aws_db_instance").collect();
    assert_eq!(shipped.len(), 1);
    assert_eq!(shipped[0].number("backup_retention_period"), Some(14.0));
    assert_eq!(shipped[0].at.path(), Some("modules/db/main.tf"));
    assert_eq!(found.resources.iter().filter(|resource| resource.kind == "aws_db_instance").count(), 3);
}

#[test]
fn terraform_in_json_and_terragrunt() {
    let (found, _) = read(&[
        (
            "main.tf.json",
            r#"{"variable": {"v": {"default": "Enabled"}},
  "resource": {"aws_s3_bucket_versioning": {"a": {"versioning_configuration": {"status": "${var.v}"}}}}}"#,
        ),
        (
            "live/prod/db/terragrunt.hcl",
            "terraform {\n  source = \"tfr:///terraform-aws-modules/rds/aws?version=6.1.0\"\n}\ninputs = {\n  backup_retention_period = 30\n}\n",
        ),
    ]);
    assert_eq!(value(one(&found, "aws_s3_bucket_versioning"), "versioning_configuration.status"), "Enabled");
    assert_eq!(
        one(&found, "module:terraform-aws-modules/rds/aws").number("backup_retention_period"),
        Some(30.0)
    );
}

#[test]
fn terraform_local_values_that_name_each_other_end() {
    let mut text = String::from("locals {\n  a = local.b\n  b = local.a\n");
    for n in 0..300 {
        text.push_str(&format!("  c{n} = [local.c{}, local.c{}]\n", n + 1, n + 1));
    }
    text.push_str("}\nresource \"x_y\" \"z\" {\n  v = local.a\n  w = local.c0\n}\n");
    let (found, _) = read(&[("main.tf", &text)]);
    assert_eq!(found.resources.len(), 1);
    assert!(one(&found, "x_y").get("v").unwrap().value.is_none());
}
