//! Whether requests run a piece of code, as far as its place and the function around it tell.

use seaworthy_facts::{CodeMatch, Side, System};

/// What runs a piece of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// A request.
    Request,
    /// A request or something else.
    Anywhere,
    /// A job, a command, a browser.
    Elsewhere,
}

/// Folders and words of names of code that no request waits for.
const BACKGROUND: &[&str] = &[
    "job",
    "jobs",
    "worker",
    "workers",
    "task",
    "tasks",
    "cron",
    "crons",
    "consumer",
    "consumers",
    "listener",
    "listeners",
    "observer",
    "observers",
    "queue",
    "queues",
    "schedule",
    "schedules",
    "scheduled",
    "scheduler",
    "backfill",
    "seed",
    "seeds",
    "seeder",
    "seeders",
    "migration",
    "migrations",
    "cli",
    "batch",
    "sync",
    "digest",
    "cleanup",
    "nightly",
    "daily",
    "mailer",
    "mailers",
    "recalculate",
    "initializers",
    "fake",
    "fixtures",
    "migrate",
    "random",
    "rake",
];

/// Folders of code that requests run, by the conventions of frameworks.
const REQUEST: &[&str] = &[
    "controller",
    "controllers",
    "view",
    "views",
    "api",
    "apis",
    "route",
    "routes",
    "router",
    "routers",
    "resolver",
    "resolvers",
    "graphql",
    "endpoint",
    "endpoints",
    "pages",
    "serializer",
    "serializers",
    "http",
    "middleware",
    "middlewares",
    "actions",
    "viewsets",
];

/// What runs the code that a rule matched.
pub(super) fn runs(system: &System, found: &CodeMatch) -> Runs {
    let path = found.at.path().unwrap_or_default();
    let handler = found.captures.get("HANDLER");
    match system.side(path) {
        Side::Tool => return Runs::Elsewhere,
        // A page may export what only the server runs.
        Side::Browser if !handler.is_some_and(|text| text.starts_with("export ")) => return Runs::Elsewhere,
        Side::Browser | Side::Server => {}
    }
    let words = words(path);
    if words.iter().any(|word| BACKGROUND.contains(&word.as_str())) {
        return Runs::Elsewhere;
    }
    // These functions are as often started by a schedule of the database as by a person.
    if path.contains("supabase/functions/") {
        return Runs::Anywhere;
    }
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders).to_ascii_lowercase();
    let by_name = matches!(path.rsplit('/').next(), Some("views.py" | "routes.py" | "routes.rb" | "urls.py"));
    if handler.is_some() || by_name || folders.split('/').any(|folder| REQUEST.contains(&folder)) {
        Runs::Request
    } else {
        Runs::Anywhere
    }
}

/// The words of a path, in lower case: parts of names are told apart by signs and by capitals.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in path.chars() {
        let begins =
            !letter.is_ascii_alphanumeric() || letter.is_ascii_uppercase() && before.is_ascii_lowercase();
        if begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    words
}
