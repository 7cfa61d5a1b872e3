//! Scripts that would make a backup, whether or not something runs them.

use seaworthy_facts::{Observed, Role};
use seaworthy_syntax::tree::Node;

use super::Found;
use crate::tree::File;

/// Programs of which one must be named before a script is read more closely.
const PROGRAMS: &[&str] = &[
    "pg_dump",
    "pg_basebackup",
    "pgbackrest",
    "wal-g",
    "barman",
    "mysqldump",
    "mariadb-dump",
    "mariabackup",
    "xtrabackup",
    "mongodump",
    "litestream",
    "restic",
    "borg",
    "velero",
    "sqlite3",
    "sqlcmd",
    "backup",
];
const MOST: usize = 100;

/// Reads shell scripts, package scripts and Makefiles.
pub fn read(found: &mut Found) {
    let files = found.tree.files().iter().filter(|file| super::can_ship(file)).filter(|file| {
        file.language == Some("shell") || file.name() == "package.json" || file.name() == "Makefile"
    });
    let files = found.tree.first(files, 5_000, "scripts");
    for file in files {
        if found.schedules.backup_scripts.len() >= MOST {
            return;
        }
        let Some(text) = found.tree.text(file) else { continue };
        if !PROGRAMS.iter().any(|program| text.contains(program)) {
            continue;
        }
        match file.name() {
            "package.json" => package(found, file),
            "Makefile" => makefile(found, file),
            _ => {
                let commands = found.follow(&text, &file.at_line(1), file.folder());
                // What is read back at once, into another database, is a copy and no backup.
                if commands.iter().any(|command| command.roles.contains(&Role::Restore)) || loads(&text) {
                    continue;
                }
                let backup = commands.iter().find(|command| {
                    command.roles.contains(&Role::Backup) && command.at.path() == Some(file.path.as_str())
                });
                if let Some(command) = backup {
                    if let Some(hours) = loops(&text).filter(|_| is_started(found, file)) {
                        let at = command.at.clone();
                        found.job("script that loops", &at, "a loop", commands);
                        if let Some(job) = found.schedules.jobs.last_mut() {
                            job.interval_hours = hours;
                        }
                        continue;
                    }
                    let program = command.words.first().cloned().unwrap_or_default();
                    found
                        .schedules
                        .backup_scripts
                        .push(Observed::new(format!("{} runs {program}", file.path), command.at.clone()));
                }
            }
        }
    }
}

/// The pause of a script that does its work again and again: outer none when it does not, inner none when the pause
/// cannot be told.
fn loops(text: &str) -> Option<Option<f64>> {
    let endless = text.contains("while true") || text.contains("while :") || text.contains("while [ 1 ]");
    let (_, rest) = text.split_once("sleep ").filter(|_| endless)?;
    let amount = rest.split(|c: char| c.is_whitespace() || c == ';').next().unwrap_or_default();
    let amount = amount.trim_matches(['"', '\'']);
    Some(if amount.bytes().all(|byte| byte.is_ascii_digit()) {
        super::duration(&format!("{amount}s"))
    } else {
        super::duration(amount)
    })
}

/// Whether an image, a Compose file or another script starts a script.
fn is_started(found: &Found, script: &File) -> bool {
    found.tree.files().iter().filter(|file| super::can_ship(file) && file.path != script.path).any(|file| {
        let starts = crate::packages::is_dockerfile(file)
            || crate::containers::is_compose(file)
            || file.language == Some("shell") && file.folder() == script.folder();
        starts
            && found.tree.text(file).is_some_and(|text| {
                text.lines().any(|line| {
                    let line = line.trim_start();
                    line.contains(script.name())
                        && !line.starts_with('#')
                        && !["COPY", "ADD", "RUN chmod", "chmod", "chown", "cp "]
                            .iter()
                            .any(|other| line.starts_with(other))
                })
            })
    })
}

/// Whether a script feeds a file to a database.
fn loads(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let client =
            ["psql", "mysql ", "mariadb ", "mongorestore"].iter().any(|client| line.contains(client));
        client
            && !line.starts_with('#')
            && !line.contains("dump")
            && (line.contains(" < ")
                || line.contains(" -f ")
                || line.contains(" --file")
                || line.contains(" <\""))
    })
}

fn package(found: &mut Found, file: &File) {
    let Some(document) = found.commands.document(&file.path) else { return };
    for (name, script) in document.get("scripts").map_or(&[][..], Node::map) {
        let text = script.as_str().unwrap_or_default();
        if !PROGRAMS.iter().any(|program| text.contains(program)) {
            continue;
        }
        let at = file.at_line(script.line);
        let commands = found.follow(text, &at, file.folder());
        if commands.iter().any(|command| command.roles.contains(&Role::Backup) && command.at == at) {
            found
                .schedules
                .backup_scripts
                .push(Observed::new(format!("the script `{}` of {}", name.text, file.path), at));
        }
    }
}

fn makefile(found: &mut Found, file: &File) {
    let Some(makefile) = found.commands.makefile(&file.path) else { return };
    for target in &makefile.targets {
        for line in &target.recipe {
            if !PROGRAMS.iter().any(|program| line.text.contains(program)) {
                continue;
            }
            let at = file.at_line(line.line);
            let commands = found.follow(&line.text, &at, file.folder());
            if commands.iter().any(|command| command.roles.contains(&Role::Backup) && command.at == at) {
                found
                    .schedules
                    .backup_scripts
                    .push(Observed::new(format!("the target `{}` of {}", target.name, file.path), at));
            }
        }
    }
}
