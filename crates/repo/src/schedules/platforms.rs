//! Timetables of platforms: Render cron jobs, Vercel crons, Cloudflare triggers, App Engine, Railway.

use seaworthy_facts::Location;
use seaworthy_syntax::tree::Node;

use super::Found;
use crate::tree::File;

/// Reads the platforms' own files.
pub fn read(found: &mut Found) {
    let files: Vec<&File> = found.tree.files().iter().filter(|file| super::can_ship(file)).collect();
    for file in files {
        match file.name() {
            "render.yaml" | "render.yml" => render(found, file),
            "vercel.json" => vercel(found, file),
            "wrangler.toml" | "wrangler.json" | "wrangler.jsonc" => wrangler(found, file),
            "cron.yaml" => app_engine(found, file),
            "railway.toml" | "railway.json" => railway(found, file),
            _ => {}
        }
    }
}

fn at(file: &File, node: &Node) -> Location {
    file.at_line(node.line)
}

fn render(found: &mut Found, file: &File) {
    let Some(document) = found.commands.document(&file.path) else { return };
    for service in document.get("services").map_or(&[][..], Node::list) {
        let Some(schedule) =
            service.get("schedule").filter(|_| service.get("type").and_then(Node::as_str) == Some("cron"))
        else {
            continue;
        };
        let command = service.get("startCommand").or_else(|| service.get("dockerCommand"));
        let folder = service.get("rootDir").and_then(Node::as_str).unwrap_or(".");
        let commands = command.map_or_else(Vec::new, |node| {
            found.follow(node.as_str().unwrap_or_default(), &at(file, node), folder)
        });
        found.job("Render cron job", &at(file, schedule), &schedule.scalar().unwrap_or_default(), commands);
    }
}

fn vercel(found: &mut Found, file: &File) {
    let Some(document) = found.commands.document(&file.path) else { return };
    for cron in document.get("crons").map_or(&[][..], Node::list) {
        if let Some(schedule) = cron.get("schedule") {
            found.job("Vercel cron", &at(file, schedule), &schedule.scalar().unwrap_or_default(), Vec::new());
        }
    }
}

fn wrangler(found: &mut Found, file: &File) {
    let Some(document) = found.commands.document(&file.path) else { return };
    for cron in document.path("triggers.crons").map_or(&[][..], Node::list) {
        found.job("Cloudflare trigger", &at(file, cron), &cron.scalar().unwrap_or_default(), Vec::new());
    }
}

fn app_engine(found: &mut Found, file: &File) {
    let Some(document) = found.commands.document(&file.path) else { return };
    for job in document.get("cron").map_or(&[][..], Node::list) {
        if let Some(schedule) = job.get("schedule") {
            found.job(
                "App Engine cron",
                &at(file, schedule),
                &schedule.scalar().unwrap_or_default(),
                Vec::new(),
            );
        }
    }
}

fn railway(found: &mut Found, file: &File) {
    let Some(document) = found.commands.document(&file.path) else { return };
    let Some(schedule) = document.path("deploy.cronSchedule") else { return };
    let commands = document.path("deploy.startCommand").map_or_else(Vec::new, |node| {
        found.follow(node.as_str().unwrap_or_default(), &at(file, node), file.folder())
    });
    found.job("Railway cron", &at(file, schedule), &schedule.scalar().unwrap_or_default(), commands);
}
