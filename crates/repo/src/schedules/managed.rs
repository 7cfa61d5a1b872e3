//! Backups that cloud services make by themselves, as Terraform, CloudFormation and platform files set them.
//!
//! What is not set has the default of the provider, where its documentation states one. What is set to a value that
//! cannot be told here is left out: it may be on or off.

use seaworthy_facts::{Destination, Infrastructure, Location, ManagedBackup, Resource};

use super::Found;

/// Archiving for point-in-time recovery comes at least this often with managed databases.
const POINT_IN_TIME: f64 = 5.0 / 60.0;

/// Reads the resources.
pub fn read(found: &mut Found, infrastructure: &Infrastructure) {
    let mut backups = Vec::new();
    for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
        let reading = Reading { resource, label: format!("{}.{}", resource.kind, resource.name) };
        reading.read(&mut backups);
    }
    found.schedules.managed_backups.extend(backups);
}

/// A setting's state.
enum Told<T> {
    /// It has this value.
    Is(T),
    /// It is not set.
    Unset,
    /// It is set to something that cannot be told.
    Open,
}

struct Reading<'r> {
    resource: &'r Resource,
    label: String,
}

impl Reading<'_> {
    fn number(&self, path: &str) -> Told<f64> {
        match self.resource.get(path) {
            None => Told::Unset,
            Some(_) => self.resource.number(path).map_or(Told::Open, Told::Is),
        }
    }

    fn flag(&self, path: &str) -> Told<bool> {
        match self.resource.get(path) {
            None => Told::Unset,
            Some(_) => self.resource.flag(path).map_or(Told::Open, Told::Is),
        }
    }

    fn has(&self, path: &str) -> bool {
        self.resource.get(path).is_some()
    }

    fn at(&self, path: &str) -> Location {
        self.resource.get(path).map_or_else(|| self.resource.at.clone(), |setting| setting.at.clone())
    }

    fn backup(
        &self,
        enabled: bool,
        days: Option<f64>,
        hours: Option<f64>,
        kept: &str,
        at: Location,
    ) -> ManagedBackup {
        ManagedBackup {
            resource: self.label.clone(),
            enabled,
            retention_days: days.map(|days| days.clamp(0.0, 100_000.0) as u32),
            interval_hours: hours.filter(|_| enabled),
            destination: if enabled { Destination::Apart(kept.to_owned()) } else { Destination::Unknown },
            at,
        }
    }

    /// Days of automated backups, off at 0.
    fn by_days(&self, path: &str, default: Option<f64>, hours: f64, kept: &str) -> Option<ManagedBackup> {
        let days = match self.number(path) {
            Told::Is(days) => days,
            Told::Unset => default?,
            Told::Open => return None,
        };
        Some(self.backup(days > 0.0, Some(days), Some(hours), kept, self.at(path)))
    }

    /// A switch.
    fn by_flag(
        &self,
        path: &str,
        default: Option<bool>,
        hours: Option<f64>,
        kept: &str,
    ) -> Option<ManagedBackup> {
        let on = match self.flag(path) {
            Told::Is(on) => on,
            Told::Unset => default?,
            Told::Open => return None,
        };
        Some(self.backup(on, None, hours, kept, self.at(path)))
    }

    fn always(&self, days: Option<f64>, hours: Option<f64>, kept: &str) -> Option<ManagedBackup> {
        Some(self.backup(true, days, hours, kept, self.resource.at.clone()))
    }

    fn read(&self, backups: &mut Vec<ManagedBackup>) {
        const RDS: &str = "Amazon S3, where RDS keeps its backups, in the same account and region";
        let cloud = self.resource.kind.as_str();
        let one = match cloud {
            // Without the attribute, or with 0, an instance makes no automated backups; a replica has its source's.
            // https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance#backup_retention_period-1
            "aws_db_instance" if !self.has("replicate_source_db") => {
                self.by_days("backup_retention_period", Some(0.0), POINT_IN_TIME, RDS)
            }
            "module:terraform-aws-modules/rds/aws" => {
                self.by_days("backup_retention_period", None, POINT_IN_TIME, RDS)
            }
            // Clusters always keep at least one day.
            "aws_rds_cluster"
            | "aws_docdb_cluster"
            | "aws_neptune_cluster"
            | "module:terraform-aws-modules/rds-aurora/aws"
                if !self.has("replication_source_identifier") =>
            {
                self.by_days("backup_retention_period", Some(1.0), POINT_IN_TIME, RDS)
            }
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbinstance.html
            "AWS::RDS::DBInstance"
                if !self.has("SourceDBInstanceIdentifier") && !self.has("DBClusterIdentifier") =>
            {
                self.by_days("BackupRetentionPeriod", Some(1.0), POINT_IN_TIME, RDS)
            }
            "AWS::RDS::DBCluster" | "AWS::DocDB::DBCluster" | "AWS::Neptune::DBCluster" => {
                self.by_days("BackupRetentionPeriod", Some(1.0), POINT_IN_TIME, RDS)
            }
            "aws_lightsail_database" => {
                self.by_flag("backup_retention_enabled", None, Some(24.0), "Amazon Lightsail's storage")
            }
            "aws_backup_plan" => {
                return self.plan("rule", "schedule", "lifecycle.delete_after", "copy_action", backups);
            }
            "AWS::Backup::BackupPlan" => {
                return self.plan(
                    "BackupPlan.BackupPlanRule",
                    "ScheduleExpression",
                    "Lifecycle.DeleteAfterDays",
                    "CopyActions",
                    backups,
                );
            }
            "aws_dynamodb_table"
                if self.has("point_in_time_recovery") || self.has("point_in_time_recovery.**") =>
            {
                self.by_flag(
                    "point_in_time_recovery.enabled",
                    None,
                    Some(POINT_IN_TIME),
                    "DynamoDB's own storage",
                )
            }
            "AWS::DynamoDB::Table" => self.by_flag(
                "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
                None,
                Some(POINT_IN_TIME),
                "DynamoDB's own storage",
            ),
            // https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database_instance
            "google_sql_database_instance" if !self.has("master_instance_name") => {
                self.cloud_sql("settings.backup_configuration")
            }
            kind if kind.starts_with("module:") && kind.contains("sql-db/google") => {
                self.cloud_sql("backup_configuration")
            }
            // Continuous backup of 14 days is on unless switched off.
            "google_alloydb_cluster" => self.by_flag(
                "continuous_backup_config.enabled",
                Some(true),
                Some(POINT_IN_TIME),
                "AlloyDB's own storage",
            ),
            "google_firestore_backup_schedule" => {
                let weekly = self.resource.all("weekly_recurrence.**").next().is_some()
                    || self.has("weekly_recurrence");
                self.always(None, Some(if weekly { 168.0 } else { 24.0 }), "Firestore's own storage")
            }
            "google_firestore_database" => match self.resource.get("point_in_time_recovery_enablement") {
                Some(setting) => setting.value.as_deref().map(|value| {
                    let on = value.ends_with("ENABLED") && !value.contains("DISABLED");
                    self.backup(
                        on,
                        on.then_some(7.0),
                        Some(POINT_IN_TIME),
                        "Firestore's own storage",
                        setting.at.clone(),
                    )
                }),
                None => None,
            },
            // Azure's flexible servers always keep backups, seven days unless told otherwise.
            // https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-backup-restore
            "azurerm_postgresql_flexible_server"
            | "azurerm_mysql_flexible_server"
            | "azurerm_postgresql_server"
            | "azurerm_mysql_server"
            | "azurerm_mariadb_server" => {
                let copied = self.flag("geo_redundant_backup_enabled");
                let kept = match copied {
                    Told::Is(true) => "Azure's backup storage, copied to the paired region",
                    _ => "Azure's backup storage, in the same subscription",
                };
                let mut backup = self.by_days("backup_retention_days", Some(7.0), POINT_IN_TIME, kept);
                // A copy in another region that is refused in so many words leaves the backups in that of the data.
                if let (Some(backup), Told::Is(false)) = (&mut backup, copied)
                    && backup.enabled
                {
                    backup.destination = Destination::Beside(
                        "the region of the data (geo_redundant_backup_enabled = false)".to_owned(),
                    );
                    backup.at = self.at("geo_redundant_backup_enabled");
                }
                backup
            }
            "azurerm_mssql_database" => self.by_days(
                "short_term_retention_policy.retention_days",
                Some(7.0),
                POINT_IN_TIME,
                "Azure's backup storage",
            ),
            // Periodic backups every four hours are the default.
            "azurerm_cosmosdb_account" => self.always(None, Some(4.0), "Azure's backup storage"),
            "scaleway_rdb_instance" => match self.flag("disable_backup") {
                Told::Open => None,
                Told::Is(true) => Some(self.backup(false, None, None, "", self.at("disable_backup"))),
                _ => {
                    let hours = match self.number("backup_schedule_frequency") {
                        Told::Is(hours) => Some(hours),
                        Told::Unset => Some(24.0),
                        Told::Open => None,
                    };
                    self.always(None, hours, "Scaleway's backup storage")
                }
            },
            // Daily backups with a write-ahead log are part of the service.
            // https://docs.digitalocean.com/products/databases/postgresql/how-to/restore-from-backups/
            "digitalocean_database_cluster" if self.stateful_engine() => {
                self.always(Some(7.0), Some(24.0), "DigitalOcean's backup storage")
            }
            "digitalocean:database" => match self.flag("production") {
                Told::Is(true) => self.always(Some(7.0), Some(24.0), "DigitalOcean's backup storage"),
                _ => None,
            },
            "aiven_pg" | "aiven_mysql" => self.always(None, Some(24.0), "Aiven's backup storage"),
            "oci_database_autonomous_database" => self.always(None, Some(24.0), "Oracle's backup storage"),
            "mongodbatlas_cluster" => self.by_flag("cloud_backup", None, None, "Atlas's snapshot storage"),
            "mongodbatlas_advanced_cluster" => {
                self.by_flag("backup_enabled", None, None, "Atlas's snapshot storage")
            }
            // A free database has none; paid ones have point-in-time recovery. https://render.com/docs/postgresql-backups
            "render:database" => match self.resource.get("plan").and_then(|plan| plan.value.as_deref()) {
                Some("free") => Some(self.backup(false, None, None, "", self.at("plan"))),
                Some(plan) if !plan.is_empty() => {
                    self.always(None, Some(POINT_IN_TIME), "Render's backup storage")
                }
                _ => None,
            },
            _ => None,
        };
        backups.extend(one);
    }

    /// Caches and brokers of the same service are not backed up.
    fn stateful_engine(&self) -> bool {
        let engine = self.resource.get("engine").and_then(|engine| engine.value.as_deref());
        !matches!(engine, Some("redis" | "valkey" | "kafka" | "opensearch"))
    }

    fn cloud_sql(&self, below: &str) -> Option<ManagedBackup> {
        let path = format!("{below}.enabled");
        let enabled = match self.flag(&path) {
            Told::Is(enabled) => enabled,
            // Not set means off: automated backups must be asked for.
            Told::Unset => false,
            Told::Open => return None,
        };
        let recovers = ["point_in_time_recovery_enabled", "binary_log_enabled"]
            .iter()
            .any(|key| self.resource.flag(&format!("{below}.{key}")) == Some(true));
        let days = self.resource.number(&format!("{below}.backup_retention_settings.retained_backups"));
        let hours = if recovers { POINT_IN_TIME } else { 24.0 };
        let kept = match self.resource.get(&format!("{below}.location")).and_then(|at| at.value.as_deref()) {
            Some(location) => format!("Cloud SQL's backup storage in {location}"),
            None => "Cloud SQL's backup storage".to_owned(),
        };
        Some(self.backup(enabled, days, Some(hours), &kept, self.at(&path)))
    }

    /// The rules of an AWS Backup plan.
    fn plan(&self, rule: &str, schedule: &str, days: &str, copies: &str, backups: &mut Vec<ManagedBackup>) {
        for place in 0..20 {
            let rule = format!("{rule}.{place}");
            if self.resource.all(&format!("{rule}.**")).next().is_none() {
                break;
            }
            let hours = match self.resource.get(&format!("{rule}.{schedule}")) {
                Some(setting) => setting.value.as_deref().and_then(aws_schedule),
                // Daily unless told otherwise.
                None => Some(24.0),
            };
            let copied = self.resource.all(&format!("{rule}.{copies}.**")).next().is_some();
            let kept =
                if copied { "an AWS Backup vault, copied to another vault" } else { "an AWS Backup vault" };
            let days = self.resource.number(&format!("{rule}.{days}"));
            let at = self
                .resource
                .all(&format!("{rule}.**"))
                .next()
                .map_or_else(|| self.resource.at.clone(), |s| s.at.clone());
            backups.push(self.backup(true, days, hours, kept, at));
        }
    }
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
