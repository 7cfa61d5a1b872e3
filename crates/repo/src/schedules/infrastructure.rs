//! Backups of managed databases, as Terraform and CloudFormation set them.

use seaworthy_syntax::hcl::Block;
use seaworthy_syntax::tree::Node;
use seaworthy_syntax::{Limits, hcl, json, yaml};

use super::Found;
use crate::tree::File;

const MOST: usize = 3_000;

/// Archiving for point-in-time recovery comes at least this often with managed databases.
const POINT_IN_TIME: f64 = 5.0 / 60.0;

/// Reads infrastructure code.
pub fn read(found: &mut Found) {
    let files: Vec<&File> =
        found.tree.files().iter().filter(|file| super::can_ship(file)).take(200_000).collect();
    let mut left = MOST;
    for file in files {
        let name = file.name();
        let terraform = name.ends_with(".tf") || name.ends_with(".tofu");
        let template = name.ends_with(".yml")
            || name.ends_with(".yaml")
            || name.ends_with(".json")
            || name.ends_with(".template");
        if !(terraform || template) || left == 0 {
            continue;
        }
        let Some(text) = found.tree.text(file) else { continue };
        if terraform {
            left -= 1;
            if !TERRAFORM.iter().any(|kind| text.contains(kind)) {
                continue;
            }
            match hcl::parse(&text, &Limits::default()) {
                Ok(body) => {
                    for block in body.blocks_of("resource") {
                        resource(found, file, block);
                    }
                    for block in body.blocks_of("module") {
                        module(found, file, block);
                    }
                }
                Err(error) => found.tree.problem(file.at(), error.to_string()),
            }
        } else if text.contains("AWS::RDS::")
            || text.contains("AWS::Backup::")
            || text.contains("AWS::DocDB::")
        {
            left -= 1;
            cloud_formation(found, file, &text);
        }
    }
}

const TERRAFORM: &[&str] = &[
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_backup_plan",
    "aws_docdb_cluster",
    "aws_neptune_cluster",
    "aws_dynamodb_table",
    "google_sql_database_instance",
    "google_alloydb_cluster",
    "azurerm_postgresql",
    "azurerm_mysql",
    "azurerm_mariadb",
    "azurerm_mssql",
    "terraform-aws-modules/rds",
    "scaleway_rdb_instance",
    "ovh_cloud_project_database",
    "exoscale_dbaas",
    "mongodbatlas_cluster",
    "mongodbatlas_advanced_cluster",
];

fn number(block: &Block, name: &str) -> Option<u32> {
    block.attribute(name)?.scalar()?.parse().ok()
}

fn truth(block: &Block, name: &str) -> Option<bool> {
    block.attribute(name)?.as_bool()
}

fn resource(found: &mut Found, file: &File, block: &Block) {
    let [kind, name] = block.labels.as_slice() else { return };
    let resource = format!("{kind}.{name}");
    let line = |attribute: &str| block.attribute(attribute).map_or(block.line, |node| node.line);
    match kind.as_str() {
        // Without the attribute, or with 0, an instance makes no automated backups. A replica has its source's.
        "aws_db_instance" => {
            if block.attribute("replicate_source_db").is_some() {
                return;
            }
            let days = number(block, "backup_retention_period");
            let unknown =
                block.attribute("backup_retention_period").is_some_and(|node| node.expression().is_some());
            let enabled = days.map_or(unknown, |days| days > 0);
            let at = file.at_line(line("backup_retention_period"));
            found.managed(resource, enabled, days, enabled.then_some(POINT_IN_TIME), at);
        }
        // Clusters always keep at least one day.
        "aws_rds_cluster" | "aws_docdb_cluster" | "aws_neptune_cluster" => {
            let days = number(block, "backup_retention_period");
            let at = file.at_line(line("backup_retention_period"));
            found.managed(resource, days != Some(0), days.or(Some(1)), Some(POINT_IN_TIME), at);
        }
        "aws_backup_plan" => {
            for rule in block.blocks_of("rule") {
                let schedule = rule.attribute("schedule").and_then(Node::scalar);
                let days = rule
                    .blocks_of("lifecycle")
                    .next()
                    .and_then(|lifecycle| number(lifecycle, "delete_after"));
                let hours =
                    schedule.as_deref().and_then(aws_schedule).or(Some(24.0).filter(|_| schedule.is_none()));
                found.managed(resource.clone(), true, days, hours, file.at_line(rule.line));
            }
        }
        "aws_dynamodb_table" => {
            if let Some(recovery) = block.blocks_of("point_in_time_recovery").next() {
                let enabled = truth(recovery, "enabled") == Some(true);
                found.managed(
                    resource,
                    enabled,
                    Some(35),
                    enabled.then_some(POINT_IN_TIME),
                    file.at_line(recovery.line),
                );
            }
        }
        "google_sql_database_instance" => {
            if block.attribute("master_instance_name").is_some() {
                return;
            }
            let settings = block.blocks_of("settings").next();
            let backup = settings.and_then(|settings| settings.blocks_of("backup_configuration").next());
            match backup {
                Some(backup) => {
                    let enabled = truth(backup, "enabled") == Some(true)
                        || backup.attribute("enabled").is_some_and(|node| node.expression().is_some());
                    let recovers = truth(backup, "point_in_time_recovery_enabled") == Some(true)
                        || truth(backup, "binary_log_enabled") == Some(true);
                    let days = backup
                        .blocks_of("backup_retention_settings")
                        .next()
                        .and_then(|settings| number(settings, "retained_backups"));
                    let hours = enabled.then_some(if recovers { POINT_IN_TIME } else { 24.0 });
                    found.managed(resource, enabled, days, hours, file.at_line(backup.line));
                }
                None => found.managed(resource, false, None, None, file.at_line(block.line)),
            }
        }
        "google_alloydb_cluster" => {
            let off = block
                .blocks_of("continuous_backup_config")
                .next()
                .is_some_and(|config| truth(config, "enabled") == Some(false));
            found.managed(resource, !off, None, (!off).then_some(POINT_IN_TIME), file.at_line(block.line));
        }
        // Azure's flexible servers always keep backups, seven days unless told otherwise.
        "azurerm_postgresql_flexible_server"
        | "azurerm_mysql_flexible_server"
        | "azurerm_postgresql_server"
        | "azurerm_mysql_server"
        | "azurerm_mariadb_server" => {
            let days = number(block, "backup_retention_days").or(Some(7));
            found.managed(
                resource,
                true,
                days,
                Some(POINT_IN_TIME),
                file.at_line(line("backup_retention_days")),
            );
        }
        "azurerm_mssql_database" => {
            let days = block
                .blocks_of("short_term_retention_policy")
                .next()
                .and_then(|policy| number(policy, "retention_days"))
                .or(Some(7));
            found.managed(resource, true, days, Some(POINT_IN_TIME), file.at_line(block.line));
        }
        "scaleway_rdb_instance" => {
            let enabled = truth(block, "disable_backup") != Some(true);
            let hours = number(block, "backup_schedule_frequency").map_or(24.0, f64::from);
            let days = number(block, "backup_schedule_retention");
            found.managed(
                resource,
                enabled,
                days,
                enabled.then_some(hours),
                file.at_line(line("disable_backup")),
            );
        }
        "mongodbatlas_cluster" | "mongodbatlas_advanced_cluster" => {
            let key = if kind == "mongodbatlas_cluster" { "cloud_backup" } else { "backup_enabled" };
            if let Some(enabled) = truth(block, key) {
                found.managed(resource, enabled, None, None, file.at_line(line(key)));
            }
        }
        _ => {}
    }
}

fn module(found: &mut Found, file: &File, block: &Block) {
    let source = block.attribute("source").and_then(Node::as_str).unwrap_or_default();
    if !source.contains("terraform-aws-modules/rds") {
        return;
    }
    let days = number(block, "backup_retention_period");
    let node = block.attribute("backup_retention_period");
    let cluster = source.contains("rds-aurora");
    let enabled = days.map_or(cluster || node.is_some(), |days| days > 0);
    let name = block.labels.first().cloned().unwrap_or_default();
    let at = file.at_line(node.map_or(block.line, |node| node.line));
    found.managed(format!("module.{name}"), enabled, days, enabled.then_some(POINT_IN_TIME), at);
}

/// `cron(0 5 * * ? *)` and `rate(12 hours)` of AWS.
fn aws_schedule(text: &str) -> Option<f64> {
    if let Some(rate) = text.strip_prefix("rate(") {
        return super::duration(rate.trim_end_matches(')'));
    }
    let fields: Vec<&str> = text.strip_prefix("cron(")?.trim_end_matches(')').split_whitespace().collect();
    let [minute, hour, day, month, weekday, ..] = fields.as_slice() else { return None };
    super::interval(&format!("{minute} {hour} {day} {month} {weekday}").replace('?', "*"))
}

fn cloud_formation(found: &mut Found, file: &File, text: &str) {
    let limits = Limits::default();
    let document =
        if file.name().ends_with(".json") { json::parse(text, &limits) } else { yaml::parse(text, &limits) };
    let Ok(document) = document else { return };
    for (name, resource) in document.get("Resources").map_or(&[][..], Node::map) {
        let kind = resource.get("Type").and_then(Node::as_str).unwrap_or_default();
        let days = resource.path("Properties.BackupRetentionPeriod");
        let number: Option<u32> = days.and_then(Node::scalar).and_then(|days| days.parse().ok());
        let at = file.at_line(days.map_or(resource.line, |node| node.line));
        let label = format!("{kind} {}", name.text);
        match kind {
            // One day is CloudFormation's default for instances and clusters.
            "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" | "AWS::DocDB::DBCluster" => {
                if resource.path("Properties.SourceDBInstanceIdentifier").is_some()
                    || (kind == "AWS::RDS::DBInstance"
                        && resource.path("Properties.DBClusterIdentifier").is_some())
                {
                    continue;
                }
                let enabled = number != Some(0);
                found.managed(label, enabled, number.or(Some(1)), enabled.then_some(POINT_IN_TIME), at);
            }
            "AWS::Backup::BackupPlan" => {
                for rule in resource.path("Properties.BackupPlan.BackupPlanRule").map_or(&[][..], Node::list)
                {
                    let schedule = rule.get("ScheduleExpression").and_then(Node::scalar);
                    let hours = schedule.as_deref().map_or(Some(24.0), aws_schedule);
                    found.managed(label.clone(), true, None, hours, file.at_line(rule.line));
                }
            }
            _ => {}
        }
    }
}
