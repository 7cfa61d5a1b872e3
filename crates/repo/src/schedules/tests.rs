#![allow(clippy::unwrap_used)]

use seaworthy_facts::Role;

use super::*;
use crate::infrastructure;
use crate::scan::{Needles, scan};
use crate::tree::Limits;

fn schedules(files: &[(&str, &str)]) -> Schedules {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = infrastructure::plan(&mut needles);
    let own = super::plan(&mut needles);
    let scan = scan(&tree, &needles);
    let commands = Commands::new(&tree);
    let infrastructure = infrastructure::collect(&tree, &scan, &plan, &commands);
    let pipelines = crate::pipelines::collect(&tree, &commands);
    collect(&Seen {
        tree: &tree,
        scan: &scan,
        plan: &own,
        commands: &commands,
        infrastructure: &infrastructure,
        pipelines: &pipelines,
    })
}

fn backs_up(job: &ScheduledJob) -> bool {
    job.commands.iter().any(|command| command.really(Role::Backup))
}

#[test]
fn cron_files_and_timers() {
    let found = schedules(&[
        (
            "deploy/crontab",
            "# nightly\n15 3 * * * /srv/app/scripts/none.sh\n0 */6 * * * ./scripts/backup.sh >> /var/log/b.log 2>&1\n",
        ),
        ("scripts/backup.sh", "#!/bin/bash\nset -euo pipefail\npg_dump -Fc app | gzip > /backups/a.gz\n"),
        ("systemd/backup.timer", "[Timer]\nOnCalendar=*-*-* 02:30:00\n"),
        ("systemd/backup.service", "[Service]\nExecStart=/usr/bin/restic backup /data\n"),
    ]);
    assert_eq!(found.jobs.len(), 3);
    let job = found.jobs.iter().find(|job| job.timetable == "0 */6 * * *").unwrap();
    assert_eq!((job.kind.as_str(), job.interval_hours, backs_up(job)), ("cron file", Some(6.0), true));
    let timer = found.jobs.iter().find(|job| job.kind == "systemd timer").unwrap();
    assert_eq!((timer.interval_hours, backs_up(timer)), (Some(24.0), true));
    assert_eq!(found.backup_scripts.len(), 1);
    assert_eq!(found.backup_scripts[0].at, Location::line("scripts/backup.sh", 3));
}

#[test]
fn kubernetes_objects() {
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: b\nspec:\n  schedule: \"0 1 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - name: b\n              image: postgres:16\n              command: [\"/bin/sh\", \"-c\", \"pg_dump app > /b/a.sql\"]\n";
    let operator = "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata:\n  name: s\nspec:\n  schedule: \"0 0 0 * * *\"\n  cluster:\n    name: c\n";
    let found = schedules(&[("k8s/cron.yaml", cron), ("k8s/backup.yaml", operator)]);
    assert_eq!(found.jobs.len(), 1);
    assert!(backs_up(&found.jobs[0]) && found.jobs[0].interval_hours == Some(24.0));
    assert_eq!(found.managed_backups[0].interval_hours, Some(24.0));
}

#[test]
fn compose_services() {
    let compose = "services:\n  db:\n    image: postgres:16\n  backup:\n    image: prodrigestivill/postgres-backup-local:16\n    environment:\n      SCHEDULE: '@daily'\n  loop:\n    image: postgres:16\n    entrypoint: sh -c 'while true; do pg_dump app > /b/a.sql; sleep 43200; done'\n  app:\n    image: app\n    labels:\n      ofelia.job-exec.clean.schedule: '@every 2h'\n      ofelia.job-exec.clean.command: rake clean\n";
    let found = schedules(&[("docker-compose.yml", compose), ("docker-compose.dev.yml", compose)]);
    assert_eq!(found.jobs.len(), 3);
    assert_eq!(found.jobs.iter().filter(|job| backs_up(job)).count(), 2);
    let hours: Vec<Option<f64>> = found.jobs.iter().map(|job| job.interval_hours).collect();
    assert_eq!(hours, [Some(24.0), Some(12.0), Some(2.0)]);
}

#[test]
fn schedulers_of_applications_and_platforms() {
    let found = schedules(&[
        ("config/schedule.rb", "every 1.day, at: '4:30 am' do\n  command \"pg_dump app > a.sql\"\nend\n"),
        (
            "routes/console.php",
            "<?php\nSchedule::command('backup:run')->dailyAt('01:00');\n// Schedule::command('x')->daily();\n",
        ),
        (
            "config/recurring.yml",
            "production:\n  clean:\n    class: CleanJob\n    schedule: every 6h\ndevelopment:\n  x:\n    class: X\n    schedule: every 1h\n",
        ),
        (
            "render.yaml",
            "services:\n  - type: cron\n    name: c\n    schedule: '0 2 * * *'\n    startCommand: pg_dump app\n",
        ),
        ("vercel.json", "{\"crons\": [{\"path\": \"/api/x\", \"schedule\": \"0 5 * * *\"}]}"),
    ]);
    assert_eq!(found.jobs.len(), 5);
    assert_eq!(found.jobs.iter().filter(|job| backs_up(job)).count(), 3);
    assert_eq!(found.jobs.iter().filter(|job| job.interval_hours == Some(24.0)).count(), 4);
    assert_eq!(found.jobs.iter().filter(|job| job.interval_hours == Some(6.0)).count(), 1);
}

#[test]
fn managed_databases() {
    let terraform = "resource \"aws_db_instance\" \"off\" {\n  engine = \"postgres\"\n}\nresource \"aws_db_instance\" \"on\" {\n  backup_retention_period = 7\n}\nresource \"google_sql_database_instance\" \"g\" {\n  settings {\n    backup_configuration {\n      enabled = true\n    }\n  }\n}\nresource \"aws_backup_plan\" \"p\" {\n  rule {\n    schedule = \"cron(0 5 * * ? *)\"\n  }\n}\n";
    let found = schedules(&[("terraform/db.tf", terraform)]);
    let seen: Vec<(&str, bool, Option<u32>)> = found
        .managed_backups
        .iter()
        .map(|backup| (backup.resource.as_str(), backup.enabled, backup.retention_days))
        .collect();
    assert_eq!(
        seen,
        [
            ("aws_db_instance.off", false, Some(0)),
            ("aws_db_instance.on", true, Some(7)),
            ("google_sql_database_instance.g", true, None),
            ("aws_backup_plan.p", true, None)
        ]
    );
    assert_eq!(found.managed_backups[3].interval_hours, Some(24.0));
}

fn managed(files: &[(&str, &str)]) -> Vec<(bool, Option<f64>, Destination)> {
    schedules(files)
        .managed_backups
        .into_iter()
        .map(|backup| (backup.enabled, backup.interval_hours, backup.destination))
        .collect()
}

#[test]
fn defaults_of_services_and_what_cannot_be_told() {
    let of = |text: &str| managed(&[("main.tf", text)]).first().map(|backup| backup.0);
    assert_eq!(
        of("variable \"d\" {}\nresource \"aws_db_instance\" \"a\" { backup_retention_period = var.d }\n"),
        None
    );
    assert_eq!(
        of(
            "variable \"d\" { default = 3 }\nresource \"aws_db_instance\" \"a\" { backup_retention_period = var.d }\n"
        ),
        Some(true)
    );
    assert_eq!(of("resource \"aws_db_instance\" \"a\" { replicate_source_db = \"x\" }\n"), None);
    assert_eq!(of("resource \"aws_rds_cluster\" \"a\" {}\n"), Some(true));
    assert_eq!(
        of("resource \"google_sql_database_instance\" \"a\" {\n  settings {\n    tier = \"x\"\n  }\n}\n"),
        Some(false)
    );
    assert_eq!(of("resource \"azurerm_postgresql_flexible_server\" \"a\" {}\n"), Some(true));
    let azure = |copied: &str| {
        let code = format!("resource \"azurerm_postgresql_flexible_server\" \"a\" {{\n  {copied}\n}}\n");
        managed(&[("main.tf", &code)])[0].2.clone()
    };
    assert!(matches!(azure(""), Destination::Apart(_)));
    assert!(matches!(azure("geo_redundant_backup_enabled = true"), Destination::Apart(_)));
    assert!(matches!(azure("geo_redundant_backup_enabled = false"), Destination::Beside(_)));
    assert_eq!(of("resource \"digitalocean_database_cluster\" \"a\" { engine = \"valkey\" }\n"), None);
    let render =
        |plan: &str| managed(&[("render.yaml", &format!("databases:\n- name: a\n  plan: {plan}\n"))])[0].0;
    assert!(!render("free") && render("basic-1gb"));
}

#[test]
fn operators_and_archiving() {
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: c\nspec:\n  backup:\n    retentionPolicy: 30d\n    barmanObjectStore:\n      destinationPath: s3://acme-backups/c\n---\napiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata:\n  name: s\nspec:\n  schedule: '0 0 3 * * *'\n  cluster:\n    name: c\n";
    let found = managed(&[("k8s/db.yaml", cluster)]);
    let kept = Destination::Apart("s3://acme-backups/c".to_owned());
    assert_eq!(found[0].1, Some(5.0 / 60.0));
    assert_eq!(found[0].2, kept);
    assert_eq!((found[1].1, &found[1].2), (Some(24.0), &kept));
    let repos = "apiVersion: postgres-operator.crunchydata.com/v1beta1\nkind: PostgresCluster\nmetadata:\n  name: p\nspec:\n  backups:\n    pgbackrest:\n      repos:\n      - name: repo1\n        schedules:\n          full: '0 1 * * 0'\n        gcs:\n          bucket: b\n";
    let found = managed(&[("k8s/p.yaml", repos)]);
    assert_eq!(found[0].2, Destination::Apart("Google Cloud Storage".to_owned()));
    let conf = "archive_mode = on # always\narchive_command = 'wal-g wal-push %p'\narchive_timeout = 300\n";
    let found = managed(&[("db/postgresql.conf", conf)]);
    assert_eq!(found, [(true, Some(300.0 / 3600.0), Destination::Apart("WAL-G's storage".to_owned()))]);
    let dev = managed(&[("k8s/overlays/dev/db.yaml", cluster)]);
    assert!(dev.is_empty());
}

#[test]
fn ci_ansible_kamal_and_laravel() {
    let found = schedules(&[
        (
            ".github/workflows/backup.yml",
            "on:\n  schedule:\n    - cron: '0 4 * * *'\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pg_dump $DATABASE_URL > a.sql\n      - uses: actions/upload-artifact@v4\n",
        ),
        (
            "roles/db/tasks/main.yml",
            "- cron:\n    name: b\n    minute: '0'\n    hour: '2'\n    job: pg_dump app > /var/backups/a.sql\n",
        ),
        (
            "config/deploy.yml",
            "service: a\naccessories:\n  backup:\n    image: eeshugerman/postgres-backup-s3:16\n    env:\n      clear:\n        SCHEDULE: '@daily'\n",
        ),
        ("routes/console.php", "<?php\nSchedule::command('backup:run')->daily();\n"),
        ("config/backup.php", "<?php return ['backup' => ['destination' => ['disks' => ['offsite']]]];"),
        ("config/filesystems.php", "<?php return ['disks' => ['offsite' => ['driver' => 's3']]];"),
    ]);
    assert_eq!(found.ci.len(), 1);
    assert_eq!(found.ci[0].interval_hours, Some(24.0));
    assert!(found.ci[0].commands.iter().any(|command| command.words[0] == "actions/upload-artifact"));
    let kinds: Vec<(&str, Option<f64>)> =
        found.jobs.iter().map(|job| (job.kind.as_str(), job.interval_hours)).collect();
    assert!(kinds.contains(&("cron task of Ansible", Some(24.0))), "{kinds:?}");
    assert!(kinds.contains(&("Kamal accessory", Some(24.0))), "{kinds:?}");
    let laravel = found.jobs.iter().find(|job| job.kind == "application scheduler").unwrap();
    assert_eq!(laravel.destination, Destination::Apart("the disk `offsite` (s3)".to_owned()));
}

#[test]
fn scripts_that_copy_a_database_elsewhere_are_no_backups() {
    let found = schedules(&[
        ("scripts/sync.sh", "pg_dump $PROD > /tmp/a.sql\npsql $LOCAL < /tmp/a.sql\n"),
        ("scripts/backup.sh", "psql -Atc 'select 1'\npg_dump $PROD > /b/a.sql\n"),
    ]);
    assert_eq!(found.backup_scripts.len(), 1);
}

#[test]
fn words_for_intervals() {
    for (text, hours) in [
        ("every day at 1 am", Some(24.0)),
        ("every 2 minutes", Some(2.0 / 60.0)),
        ("every minute", Some(1.0 / 60.0)),
        ("every hour at minute 12", Some(1.0)),
        ("every monday at 5pm", Some(168.0)),
        ("every 1 month", Some(744.0)),
        ("every weekday at 9", Some(72.0)),
        ("@every 6h", Some(6.0)),
        ("every blue moon", None),
    ] {
        let found = interval(text);
        assert!(found.zip(hours).map_or(found == hours, |(a, b)| (a - b).abs() < 1e-9), "{text}: {found:?}");
    }
}

#[test]
fn jobs_of_the_application_are_followed_to_what_they_start() {
    let found = schedules(&[
        (
            "config/recurring.yml",
            "production:\n  restic:\n    class: ResticJob\n    schedule: every day at 1 am\n",
        ),
        (
            "app/jobs/restic_job.rb",
            "class ResticJob < ApplicationJob\n  def perform\n    system(Rails.root.join(\"bin/sqlite3\").to_s, db,\n      \".backup '#{shared}/a.sqlite3'\", exception: true)\n    system(\". #{shared}/env ; restic backup #{shared}/a\")\n  end\nend\n",
        ),
    ]);
    assert_eq!(found.jobs.len(), 1);
    assert!(backs_up(&found.jobs[0]), "{:?}", found.jobs[0]);
    assert_eq!(found.jobs[0].interval_hours, Some(24.0));
    assert!(found.jobs[0].commands.iter().any(|command| command.words[0] == "restic"));
}

#[test]
fn schedulers_in_code_that_start_a_backup() {
    let found = schedules(&[
        (
            "src/backup.ts",
            "import cron from 'node-cron'\ncron.schedule('30 2 * * *', () => {\n  exec(`pg_dump ${url} > /b/a.sql`)\n})\n",
        ),
        ("src/export.ts", "exec(`pg_dump ${url}`)\n"),
        (
            "jobs/backup.py",
            "import schedule\n# pg_dump\nschedule.every().day.do(run)\ndef run():\n    subprocess.run(['mysqldump', 'app'])\n",
        ),
        ("test/backup.test.ts", "cron.schedule('30 2 * * *', () => exec('pg_dump'))\n"),
    ]);
    let seen: Vec<_> =
        found.jobs.iter().map(|job| (job.at.path().unwrap(), job.interval_hours, backs_up(job))).collect();
    assert_eq!(seen, [("jobs/backup.py", None, true), ("src/backup.ts", Some(24.0), true)]);
}

#[test]
fn a_script_that_loops_and_is_started_is_a_schedule() {
    let script = "#!/bin/sh\nwhile true; do\n  pg_dump app > /b/a.sql\n  sleep 6h\ndone\n";
    let found = schedules(&[
        ("db/backup.sh", script),
        ("db/Dockerfile", "FROM postgres:16\nCOPY backup.sh /\nCMD [\"/backup.sh\"]\n"),
    ]);
    assert_eq!(found.backup_scripts.len(), 0);
    assert_eq!((found.jobs[0].kind.as_str(), found.jobs[0].interval_hours), ("script that loops", Some(6.0)));
    let alone = schedules(&[("db/backup.sh", script)]);
    assert_eq!((alone.jobs.len(), alone.backup_scripts.len()), (0, 1));
}
