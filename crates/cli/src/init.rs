//! `seaworthy init`: a commented configuration from what was detected.

use std::fmt::Write;

use jiff::Timestamp;
use seaworthy_engine::{CollectOptions, Collected, collect};
use seaworthy_facts::{Certainty, Declared};
use seaworthy_subject::FILE_NAME;

use crate::arguments::Init;
use crate::failure::{Failure, Outcome};
use crate::output::{to_file, to_stdout};

/// Runs `init`.
pub fn init(arguments: &Init) -> Result<Outcome, Failure> {
    let target = arguments.path.join(FILE_NAME);
    if !arguments.path.is_dir() {
        return Err(Failure::Usage(format!("{}: no such folder", arguments.path.display())));
    }
    if target.exists() && !arguments.force && !arguments.print {
        return Err(Failure::Usage(format!(
            "{} is there already; --force writes over it, --print only shows what would be written",
            target.display()
        )));
    }
    let now = Timestamp::now();
    let options = CollectOptions {
        folder: Some(arguments.path.clone()),
        site: None,
        with: Vec::new(),
        declared: Declared::default(),
        change: None,
        ledger: None,
        now,
    };
    let collected = collect(&options, now, &mut |_| {});
    let text = configuration(&collected);
    if arguments.print {
        return to_stdout(text.as_bytes());
    }
    to_file(&target, text.as_bytes())?;
    to_stdout(
        format!("{} written. Next: seaworthy check {}\n", target.display(), arguments.path.display())
            .as_bytes(),
    )
}

fn configuration(collected: &Collected) -> String {
    let mut text = String::from(
        "# What Seaworthy should know about this system. Every line is optional; what is commented out shows its form.\n\n[app]\n",
    );
    let facts = &collected.facts;
    let hint =
        facts.repository.get().ok().and_then(|repository| repository.distributed_hints.first().cloned());
    if let Some(hint) = &hint {
        let _ =
            writeln!(text, "# This looks like software for others to operate ({}, {}).", hint.value, hint.at);
    }
    text.push_str(
        "# \"service\": you run it. \"distributed\": others run it, and the operator's items do not apply.\nkind = \"service\"\n\n",
    );
    let platforms = facts.system.get().map(|system| system.platforms.clone()).unwrap_or_default();
    text.push_str("# Where production runs. Other targets that are configured are then listed only.\n");
    let sure: Vec<&str> = platforms
        .iter()
        .filter(|platform| platform.certainty <= Certainty::Configured)
        .map(|platform| platform.key.as_str())
        .collect();
    let quoted = |names: &[&str]| {
        let mut seen: Vec<String> = Vec::new();
        for name in names {
            let name = format!("\"{name}\"");
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        seen.join(", ")
    };
    if sure.is_empty() {
        let probable: Vec<&str> = platforms.iter().map(|platform| platform.key.as_str()).take(1).collect();
        let example = if probable.is_empty() { "\"fly\"".to_owned() } else { quoted(&probable) };
        let _ = writeln!(text, "# deploy = [{example}]");
    } else {
        for platform in platforms.iter().filter(|platform| platform.certainty <= Certainty::Configured) {
            let _ = writeln!(text, "# {} is named by {}", platform.key, platform.at);
        }
        let _ = writeln!(text, "deploy = [{}]", quoted(&sure));
    }
    text.push_str(
        "\n# Folders that belong to the same system, such as the infrastructure repository.\n# with = [\"../infra\"]\n\n\
         [objectives]\n# How much data may be lost (recovery point) and how long a restore may take (recovery time).\n\
         # Where they are not declared, 24h and 1h are assumed, and the report says so.\n# rpo = \"24h\"\n# rto = \"1h\"\n\n\
         [backups]\n# Where backups lie, for `seaworthy drill restore`; `match` tells those of this system apart.\n\
         # location = \"/var/backups/shop\"        # or \"s3://acme-backups/shop\"\n# match = \"shop-*.dump*\"\n# stanza = \"shop\"\n\
         # endpoint = \"https://s3.example.com\"    # of object storage that is not AWS\n# region = \"eu-central-1\"\n\n\
         [drill.restore]\n# What must hold of the restored database: queries that give no false and no zero, commands that succeed.\n\
         # verify = [\"SELECT count(*) FROM orders\"]\n# verify-command = [\"bin/smoke-test\"]\n\
         # Prints the password of a repository of restic or Borg; else their own variables say it.\n# password-command = \"pass show backups\"\n\
         # Reads an encrypted backup and writes what is in it; a key is named, and never written here.\n\
         # decrypt-command = [\"age\", \"--decrypt\", \"--identity\", \"/etc/backup/key.txt\"]\n\n",
    );
    let databases = facts.system.get().map(|system| system.databases.clone()).unwrap_or_default();
    text.push_str("[database]\n");
    for database in &databases {
        let _ =
            writeln!(text, "# {} is used: {} ({})", database.engine.name(), database.shown_by, database.at);
    }
    text.push_str(
        "# Tables that are large, so that operations on them are judged as such.\n# large_tables = [\"events\"]\n\n\
         [gate]\n# Items of priority 1 always gate. Add 2 or 3 when you are there.\n# priorities = [1, 2]\n\
         # Unknown counts as failed.\n# strict = true\n# A rung that an item or a section must reach.\n\
         # require.backups = \"proven\"\n\n\
         # A risk that somebody accepts for a time. It stays visible and stays in every count.\n# [[accept]]\n\
         # item = \"ci.smoke-tests\"\n# reason = \"one customer, deployed by hand and looked at\"\n# owner = \"name\"\n\
         # until = \"2027-03-31\"\n\n\
         # A third party that gets data, with its agreement and the day on which you last looked at it.\n\
         # `seaworthy check --only privacy.processors --verbose` lists those that the code shows.\n# [[processor]]\n\
         # name = \"Stripe\"\n# agreement = \"https://stripe.com/legal/dpa\"\n# date = \"2026-03-31\"\n\n\
         # An item of your own, answered by rules over code (ast-grep's YAML).\n# [[item]]\n\
         # id = \"own.no-moment\"\n# question = \"Nothing uses moment\"\n# priority = 3\n\
         # rules = [\"checks/moment.yml\"]\n\n\
         [ledger]\n# Whose signatures count: an OpenSSH allowed-signers file.\n\
         # allowed-signers = \".seaworthy/allowed_signers\"\n",
    );
    text
}
