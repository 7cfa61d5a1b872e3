//! Managed databases whose snapshots cannot be downloaded: how their owner restores one into a new instance.

use seaworthy_database::Address;

/// A provider.
struct Provider {
    name: &'static str,
    /// Endings of the names of its hosts.
    hosts: &'static [&'static str],
    /// What to type, one line each.
    commands: &'static [&'static str],
}

const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Amazon RDS",
        hosts: &[".rds.amazonaws.com"],
        commands: &[
            "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier SOURCE --target-db-instance-identifier \
             SOURCE-drill --use-latest-restorable-time --no-publicly-accessible",
            "or, of a snapshot: aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier SNAPSHOT \
             --db-instance-identifier SOURCE-drill --no-publicly-accessible",
            "aws rds wait db-instance-available --db-instance-identifier SOURCE-drill",
            "afterwards: aws rds delete-db-instance --db-instance-identifier SOURCE-drill --skip-final-snapshot",
        ],
    },
    Provider {
        name: "Cloud SQL",
        hosts: &[".sql.goog"],
        commands: &[
            "gcloud sql instances clone SOURCE SOURCE-drill",
            "or, of a backup: gcloud sql backups list --instance=SOURCE, then gcloud sql backups restore BACKUP_ID \
             --backup-instance=SOURCE --restore-instance=SOURCE-drill (an instance that is there already, and is overwritten)",
            "afterwards: gcloud sql instances delete SOURCE-drill",
        ],
    },
    Provider {
        name: "Supabase",
        hosts: &[".supabase.co", ".supabase.com"],
        commands: &[
            "dashboard: Database, Backups, Restore to a new project (supabase backups list --project-ref REF shows what is there)",
            "not `supabase backups restore`: it overwrites the project itself",
        ],
    },
];

/// The commands for the provider of an address; of all, where nobody can tell.
pub fn commands(address: &Address) -> Vec<String> {
    let shown = address.shown().to_ascii_lowercase();
    let known: Vec<&Provider> = PROVIDERS
        .iter()
        .filter(|provider| provider.hosts.iter().any(|ending| shown.ends_with(ending)))
        .collect();
    let shown = if known.is_empty() { PROVIDERS.iter().collect() } else { known };
    shown
        .into_iter()
        .flat_map(|provider| {
            provider.commands.iter().map(move |command| format!("{}: {command}", provider.name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_tells_the_provider() {
        let of = |text: &str| commands(&Address::read(text).expect("an address")).join("\n");
        let rds = of("postgres://u@shop.c1.eu-west-1.rds.amazonaws.com/shop");
        assert!(rds.contains("restore-db-instance-to-point-in-time") && !rds.contains("gcloud"), "{rds}");
        let unknown = of("postgres://u@10.0.0.7/shop");
        assert!(unknown.contains("gcloud sql") && unknown.contains("Supabase"), "{unknown}");
    }
}
