#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Infrastructure, Resource};

use crate::commands::Commands;
use crate::scan::{Needles, scan};
use crate::tree::{Limits, Tree};

fn read(files: &[(&str, &str)]) -> (Infrastructure, Vec<String>) {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = super::plan(&mut needles);
    let scan = scan(&tree, &needles);
    let infrastructure = super::collect(&tree, &scan, &plan, &Commands::new(&tree));
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
    // The module of others, and the broken file.
    assert_eq!(found.unread.len(), 2);
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

#[test]
fn kubernetes_objects_with_production_over_the_base() {
    let (found, problems) = read(&[
        (
            "k8s/base/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:1\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  URL: topsecret\n",
        ),
        ("k8s/base/kustomization.yaml", "resources: [web.yaml]\n"),
        (
            "k8s/overlays/prod/kustomization.yaml",
            "resources: [../../base]\npatches:\n- path: scale.yaml\n- target: {kind: Deployment, name: web}\n  patch: |-\n    - op: replace\n      path: /spec/revisionHistoryLimit\n      value: 5\n",
        ),
        (
            "k8s/overlays/prod/scale.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n",
        ),
        (
            "k8s/overlays/dev/kustomization.yaml",
            "resources: [../../base]\npatchesStrategicMerge: [scale.yaml]\n",
        ),
        (
            "k8s/overlays/dev/scale.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 0\n",
        ),
        ("k8s/broken.yaml", "apiVersion: v1\nkind: Service\nspec: [\n"),
        (
            "k8s/argo.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: pg\nspec:\n  source:\n    chart: postgresql\n    helm:\n      values: |\n        backup:\n          enabled: true\n",
        ),
    ]);
    let web: Vec<_> = found.of("Deployment").collect();
    assert_eq!(web.len(), 1);
    assert_eq!(value(web[0], "spec.replicas"), "3");
    assert_eq!(web[0].get("spec.replicas").unwrap().at.path(), Some("k8s/overlays/prod/scale.yaml"));
    assert_eq!(value(web[0], "spec.revisionHistoryLimit"), "5");
    assert_eq!(value(web[0], "spec.template.spec.containers.*.image"), "web:1");
    assert_eq!(value(one(&found, "Secret"), "stringData.URL"), "[redacted]");
    let chart = one(&found, "chart:postgresql");
    assert_eq!(chart.flag("backup.enabled"), Some(true));
    assert_eq!(chart.get("backup.enabled").unwrap().at.line_number(), Some(11));
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn compose_services_with_profiles_overrides_and_defaults() {
    let (found, _) = read(&[
        (
            "compose.yml",
            "services:\n  app:\n    build: .\n    env_file: app.env\n    environment:\n      - LOG=${LOG:-info}\n      - PASSED\n      - URL=${URL}\n    ports: ['80:80']\n  mail:\n    image: mailpit:1\n    profiles: [debug]\n  worker:\n    extends: app\n    command: work\n",
        ),
        ("app.env", "MODE=production\nDB_PASSWORD=hunter22\n"),
        ("compose.prod.yml", "services:\n  app:\n    restart: always\n"),
        ("compose.dev.yml", "services:\n  app:\n    build: .\n    command: npm run dev\n"),
    ]);
    let app = found.of("service").find(|service| service.name == "app").unwrap();
    assert_eq!(value(app, "environment.LOG"), "info");
    assert_eq!(value(app, "environment.PASSED"), "?");
    assert_eq!(value(app, "environment.URL"), "?");
    assert_eq!(value(app, "environment.MODE"), "production");
    assert_eq!(value(app, "environment.DB_PASSWORD"), "[redacted]");
    assert_eq!(value(app, "restart"), "always");
    let worker = found.of("service").find(|service| service.name == "worker").unwrap();
    assert_eq!(value(worker, "ports.0"), "80:80");
    assert_eq!(found.of("service").count(), 2);
    assert!(found.resources.iter().any(|service| service.name == "mail" && service.off.is_some()));
    assert!(found.resources.iter().any(|service| service.name == "app" && service.development));
}

#[test]
fn cloud_formation_with_defaults_and_conditions() {
    let (found, problems) = read(&[
        (
            "infra/template.yaml",
            "Parameters:\n  Days:\n    Type: Number\n    Default: 14\n  Env:\n    Type: String\n    Default: prod\nConditions:\n  IsProd: !Equals [!Ref Env, prod]\n  IsDev: !Not [!Condition IsProd]\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    DeletionPolicy: Snapshot\n    Properties:\n      BackupRetentionPeriod: !Ref Days\n      DBInstanceIdentifier: !Sub 'db-${Env}-${AWS::Region}'\n      MultiAZ: !If [IsProd, true, false]\n      KmsKeyId: !ImportValue key\n  Bucket:\n    Type: AWS::S3::Bucket\n    Condition: IsDev\n",
        ),
        ("broken.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n   B: [\n"),
    ]);
    let database = one(&found, "AWS::RDS::DBInstance");
    assert_eq!(database.number("BackupRetentionPeriod"), Some(14.0));
    assert_eq!(value(database, "DBInstanceIdentifier"), "db-prod-${AWS::Region}");
    assert_eq!(database.flag("MultiAZ"), Some(true));
    assert_eq!(value(database, "KmsKeyId"), "?");
    assert_eq!(value(database, "DeletionPolicy"), "Snapshot");
    assert!(one(&found, "AWS::S3::Bucket").off.is_some());
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn platform_files_tasks_and_programs() {
    let (found, _) = read(&[
        ("fly.toml", "app = \"a\"\n[http_service]\nforce_https = true\n"),
        (
            "render.yaml",
            "services:\n- type: web\n  name: a\n  autoDeploy: true\ndatabases:\n- name: db\n  plan: basic\n",
        ),
        (
            "config/deploy.yml",
            "service: a\nproxy:\n  ssl: true\naccessories:\n  db:\n    image: postgres:17\n",
        ),
        ("supabase/config.toml", "[db]\nmajor_version = 15\n"),
        ("app.json", "{\"expo\": {\"name\": \"x\"}}"),
        (
            "ecs/task.json",
            "{\"family\": \"web\", \"containerDefinitions\": [{\"image\": \"a\", \"secrets\": []}]}",
        ),
        ("roles/db/defaults/main.yml", "backup_hour: '3'\n"),
        (
            "roles/db/tasks/main.yml",
            "- name: Back up\n  ansible.builtin.cron:\n    name: backup\n    hour: '{{ backup_hour }}'\n    job: /usr/local/bin/backup\n- block:\n  - ufw: state=enabled\n",
        ),
        ("infra/Pulumi.yaml", "name: x\nruntime: nodejs\n"),
        (
            "serverless.yml",
            "service: s\nprovider:\n  name: aws\nfunctions:\n  f:\n    handler: a.b\nresources:\n  Resources:\n    T:\n      Type: AWS::DynamoDB::Table\n",
        ),
    ]);
    assert_eq!(one(&found, "fly").flag("http_service.force_https"), Some(true));
    assert_eq!(value(one(&found, "render:database"), "plan"), "basic");
    assert_eq!(value(one(&found, "kamal"), "proxy.ssl"), "true");
    assert_eq!(one(&found, "kamal:accessory").name, "db");
    assert_eq!(value(one(&found, "supabase"), "db.major_version"), "15");
    assert!(found.of("heroku").next().is_none());
    assert_eq!(value(one(&found, "task-definition"), "containerDefinitions.image"), "a");
    assert_eq!(value(one(&found, "ansible:cron"), "hour"), "3");
    assert_eq!(value(one(&found, "ansible:ufw"), "_raw"), "state=enabled");
    assert_eq!(one(&found, "serverless:function").name, "f");
    assert_eq!(one(&found, "AWS::DynamoDB::Table").name, "T");
    assert_eq!(found.unread.len(), 1);
}

#[test]
fn helm_templates_with_their_values() {
    let (found, _) = read(&[
        (
            "charts/app/Chart.yaml",
            "apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: '2.1'\ndependencies:\n- name: postgresql\n  repository: oci://x\n  condition: postgresql.enabled\n- name: redis\n  condition: redis.enabled\n- name: inner\n",
        ),
        (
            "charts/app/values.yaml",
            "replicas: 2\nimage:\n  repository: acme/app\n  tag: ''\ningress:\n  enabled: true\n  annotations:\n    cert-manager.io/cluster-issuer: le\n  hosts: [a.example, b.example]\nautoscaling:\n  enabled: false\nresources: {}\npostgresql:\n  enabled: true\n  primary:\n    persistence: true\nredis:\n  enabled: false\ninner:\n  size: 9\n",
        ),
        ("charts/app/values.production.yaml", "replicas: 4\n"),
        (
            "charts/app/templates/deployment.yaml",
            "{{- $name := .Chart.Name -}}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"app.fullname\" . }}\n  labels:\n    {{- include \"app.labels\" . | nindent 4 }}\nspec:\n  {{- if not .Values.autoscaling.enabled }}\n  replicas: {{ .Values.replicas }}\n  {{- end }}\n  template:\n    spec:\n      containers:\n      - name: {{ $name }}\n        image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"\n        {{- with .Values.resources }}\n        resources:\n          {{- toYaml . | nindent 10 }}\n        {{- end }}\n        imagePullPolicy: Always\n",
        ),
        (
            "charts/app/templates/ingress.yaml",
            "{{- if .Values.ingress.enabled }}\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app\n  {{- with .Values.ingress.annotations }}\n  annotations:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\nspec:\n  rules:\n  {{- range .Values.ingress.hosts }}\n  - host: {{ . | quote }}\n  {{- end }}\n{{- end }}\n",
        ),
        (
            "charts/app/templates/hpa.yaml",
            "{{- if .Values.autoscaling.enabled }}\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: app\n{{- end }}\n",
        ),
        ("charts/app/charts/inner/Chart.yaml", "name: inner\n"),
        ("charts/app/charts/inner/values.yaml", "size: 1\n"),
        (
            "charts/app/charts/inner/templates/pvc.yaml",
            "apiVersion: v1\nkind: PersistentVolumeClaim\nspec:\n  size: {{ .Values.size }}\n",
        ),
    ]);
    let deployment = one(&found, "Deployment");
    assert_eq!(value(deployment, "spec.replicas"), "4");
    assert_eq!(deployment.get("spec.replicas").unwrap().at.line_number(), Some(10));
    let container = "spec.template.spec.containers.0";
    assert_eq!(value(deployment, &format!("{container}.image")), "acme/app:2.1");
    assert_eq!(value(deployment, &format!("{container}.name")), "app");
    assert_eq!(value(deployment, &format!("{container}.imagePullPolicy")), "Always");
    assert!(deployment.get(&format!("{container}.resources")).is_none());
    let ingress = one(&found, "Ingress");
    assert_eq!(value(ingress, "metadata.annotations.cert-manager.io/cluster-issuer"), "le");
    assert_eq!(value(ingress, "spec.rules.1.host"), "b.example");
    let scaler = one(&found, "HorizontalPodAutoscaler");
    assert!(scaler.off.as_deref().unwrap().contains("autoscaling.enabled"), "{scaler:?}");
    let chart = one(&found, "chart:postgresql");
    assert!(chart.ships());
    assert_eq!(chart.flag("primary.persistence"), Some(true));
    assert!(one(&found, "chart:redis").off.is_some());
    assert_eq!(value(one(&found, "PersistentVolumeClaim"), "spec.size"), "9");
}

#[test]
fn hostile_templates_end() {
    let open = "{{- if .Values.a }}".repeat(2_000);
    let ranges = "{{ range .Values.l }}".repeat(60) + "x" + &"{{ end }}".repeat(60);
    let list: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let (found, _) = read(&[
        ("c/Chart.yaml", "name: c\n"),
        ("c/values.yaml", &format!("l: [{}]\n", list.join(","))),
        ("c/templates/a.yaml", &open),
        ("c/templates/b.yaml", &ranges),
        ("c/templates/c.yaml", &format!("a: {{{{ {}1{} }}}}\n", "(".repeat(5_000), ")".repeat(5_000))),
    ]);
    assert!(found.resources.is_empty());
}

#[test]
fn values_that_a_command_gives_are_the_ones_that_count() {
    let chart = ("deploy/shop/Chart.yaml", "name: shop\nversion: 1.0.0\n");
    let base = ("deploy/shop/values.yaml", "replicas: 1\n");
    let template = (
        "deploy/shop/templates/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: {{ .Values.replicas }}}\n",
    );
    let live = ("deploy/live/eu.yaml", "replicas: 4\n");
    let staging = ("deploy/staging.yaml", "replicas: 2\n");
    let replicas = |command: &str| {
        let workflow =
            format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: |\n        {command}\n");
        let (found, _) =
            read(&[chart, base, template, live, staging, (".github/workflows/a.yml", &workflow)]);
        value(one(&found, "Deployment"), "spec.replicas").to_owned()
    };
    assert_eq!(replicas("echo"), "1");
    let lines = "helm upgrade --install shop ./deploy/shop \\\n          --values deploy/live/eu.yaml";
    assert_eq!(replicas(lines), "4");
    assert_eq!(replicas("helm upgrade shop deploy/shop -f deploy/staging.yaml"), "1");
    assert_eq!(replicas("helm upgrade shop deploy/shop -f $FILE"), "1");
}
