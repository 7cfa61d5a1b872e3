//! Crontabs and files of `/etc/cron.d`, by their names.

use seaworthy_syntax::Limits;
use seaworthy_syntax::crontab::{self, Layout};

use super::Found;
use crate::tree::File;

/// Reads every crontab.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.files().iter().filter(|file| super::can_ship(file)).collect();
    for file in files {
        let Some(layout) = layout(file) else { continue };
        let Some(text) = found.tree.text(file) else { continue };
        let parsed = crontab::parse(&text, layout, &Limits::default());
        for job in parsed.jobs {
            let at = file.at_line(job.line);
            let commands = found.follow(&job.command, &at, ".");
            found.job("cron file", &at, &job.schedule.source, commands);
        }
    }
    periodic(found);
}

/// Scripts in folders that cron runs by their names (`cron.daily` and the like).
fn periodic(found: &mut Found) {
    for (folder, nickname) in
        [("hourly", "@hourly"), ("daily", "@daily"), ("weekly", "@weekly"), ("monthly", "@monthly")]
    {
        let part = format!("cron.{folder}");
        let also = format!("periodic/{folder}");
        let files: Vec<&File> = found
            .tree
            .files()
            .iter()
            .filter(|file| super::can_ship(file))
            .filter(|file| {
                file.folder() == also
                    || file.folder().ends_with(&format!("/{also}"))
                    || file.folder().split('/').next_back() == Some(part.as_str())
            })
            .collect();
        for file in files {
            let Some(text) = found.tree.text(file) else { continue };
            let at = file.at_line(1);
            let commands = found.follow(&text, &at, ".");
            found.job("cron file", &at, nickname, commands);
        }
    }
}

fn layout(file: &File) -> Option<Layout> {
    let name = file.name();
    let in_cron_d = file.folder().split('/').any(|part| part == "cron.d");
    if in_cron_d {
        return Some(Layout::System);
    }
    let stem = name.split('.').next().unwrap_or(name);
    let named = matches!(name, "crontab" | "cronfile" | "root.cron")
        || stem == "crontab"
        || name.ends_with(".crontab")
        || name.ends_with(".cron")
        || name.ends_with("-cron")
        || name.ends_with("-crontab")
        || file.path.ends_with("crontabs/root")
        || file.folder().split('/').next_back() == Some("crontabs");
    let language = matches!(file.language, None | Some("shell"));
    if named && language && !name.ends_with(".sh") {
        return Some(if file.path.starts_with("etc/") || file.path.contains("/etc/") {
            Layout::System
        } else {
            Layout::User
        });
    }
    None
}
