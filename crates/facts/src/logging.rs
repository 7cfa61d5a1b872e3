use serde::{Deserialize, Serialize};

use crate::*;

/// How the application writes its log and where the log goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// What decides how a line looks.
    pub formats: Vec<LogFormat>,
    /// What decides from which level on lines are written.
    pub levels: Vec<LogLevel>,
    /// Calls in server code that write lines, by the component that holds them.
    pub calls: Vec<LogCalls>,
    /// Filters that take sensitive values out before a line is written.
    pub filters: Vec<LogFilter>,
    /// What writes a line with the address of each request.
    pub request_lines: Vec<Observed<String>>,
    /// Addresses that carry a secret, in a path or a query.
    pub secret_addresses: Vec<Observed<String>>,
    /// What carries lines away from the machine that wrote them.
    pub shippers: Vec<LogShipper>,
    /// What limits how long or how much is kept.
    pub limits: Vec<LogLimit>,
    /// Settings that guard or open a log store.
    pub stores: Vec<LogStore>,
    /// Files that the application writes its log to.
    pub files: Vec<LogFile>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogShape {
    /// A JSON object.
    Json,
    /// Pairs of keys and values.
    Logfmt,
    /// Words for people.
    Text,
}

impl LogShape {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            LogShape::Json => "JSON",
            LogShape::Logfmt => "logfmt",
            LogShape::Text => "text",
        }
    }
}

impl Logging {
    /// The calls of some components together, by their folders.
    pub fn calls_of(&self, wanted: impl Fn(&str) -> bool) -> LogCalls {
        let mut all = LogCalls::default();
        for calls in self.calls.iter().filter(|calls| wanted(&calls.component)) {
            all.levelled += calls.levelled;
            all.bare += calls.bare;
            all.files += calls.files;
            all.sampled |= calls.sampled;
            all.example = all.example.or_else(|| calls.example.clone());
            all.bare_places.extend(calls.bare_places.iter().cloned());
        }
        all
    }
}

/// A place that decides how lines look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFormat {
    /// The logger.
    pub library: String,
    /// What it writes.
    pub shape: LogShape,
    /// Where.
    pub at: Location,
    /// Why production does not write it, when that is so (`only in development`, a switch that is off).
    pub off: Option<String>,
    /// The logger's documentation.
    pub docs: String,
}

/// A place that decides from which level on lines are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLevel {
    /// What was seen.
    pub says: String,
    /// The level can be set without a change of code.
    pub settable: bool,
    /// Where.
    pub at: Location,
}

/// How a component writes lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogCalls {
    /// The component's folder; `.` where no component holds the files.
    pub component: String,
    /// Calls that name a level.
    pub levelled: u64,
    /// Bare prints.
    pub bare: u64,
    /// Files of server code that were looked into.
    pub files: u64,
    /// Not all files were looked into: there are too many.
    pub sampled: bool,
    /// The first levelled call.
    pub example: Option<Location>,
    /// The first bare prints: what is called.
    pub bare_places: Vec<Observed<String>>,
}

/// A filter that takes sensitive values out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// What it is.
    pub library: String,
    /// The sensitive names that it covers, as far as they are written out.
    pub keys: Vec<String>,
    /// It hides values by their type or lets only listed ones through: no names are needed.
    pub by_type: bool,
    /// Why it does not count, when that is so.
    pub off: Option<String>,
    /// Where.
    pub at: Location,
}

impl LogFilter {
    /// Whether it takes anything sensitive out of the lines of a logger in use.
    pub fn works(&self) -> bool {
        self.off.is_none() && (self.by_type || !self.keys.is_empty())
    }
}

/// What carries lines away from where they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogShipper {
    /// The product.
    pub name: String,
    /// Where it is set up.
    pub at: Location,
    /// Why it does not count, when that is so (its target is a placeholder, nothing loads its file).
    pub off: Option<String>,
}

/// What limits how long or how much is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLimit {
    /// What was seen, with its value.
    pub says: String,
    /// Where.
    pub at: Location,
    /// It really ends something; a rule that never deletes, or half of a pair of settings, does not.
    pub ends: bool,
}

/// A setting that guards or opens a log store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStore {
    /// The product.
    pub name: String,
    /// What was seen.
    pub says: String,
    /// Whether it opens the store to everybody.
    pub open: bool,
    /// Where.
    pub at: Location,
}

/// A file that the application writes its log to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    /// The path as the configuration gives it.
    pub path: String,
    /// It lies below what the web server serves.
    pub served: bool,
    /// Where it is set.
    pub at: Location,
}

/// Where code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// In a server or worker.
    Server,
    /// In a browser.
    Browser,
    /// By hand or at build time: scripts, command-line tools, seeds, build configuration.
    Tool,
}

/// Folders of what people or pipelines run by hand, wherever they are.
const TOOL_FOLDERS: &[&str] = &[
    "script",
    "scripts",
    "hack",
    "cli",
    "seeds",
    "seeders",
    "seed",
    "migrations",
    "migrate",
    "fixtures",
    "benchmark",
    "benchmarks",
    "bench",
    "contrib",
    "devtools",
    "codegen",
    "xtask",
    "e2e",
    "notebooks",
    "gulp",
    "webpack",
];

/// The same, for names that mean it only at the top.
const TOP_TOOL_FOLDERS: &[&str] = &[
    "bin",
    "tools",
    "tool",
    "tooling",
    "deploy",
    "docker",
    "docs",
    "dev",
    "ci",
    "generators",
    "installer",
    "www",
    "website",
    "packaging",
    "build",
];

/// Folders of what is sent to browsers.
const BROWSER_FOLDERS: &[&str] = &[
    "public",
    "static",
    "assets",
    "frontend",
    "front-end",
    "client",
    "clients",
    "components",
    "hooks",
    "javascript",
    "js",
    "webapp",
    "ui",
    "wwwroot",
    "composables",
    "contexts",
    "context",
    "stores",
    "views",
    "browser",
    "spa",
    "webclient",
    "clientapp",
    "theme",
    "themes",
    "mobile",
    "desktop",
    "extension",
    "widget",
];

/// Folders of a full-stack JavaScript application that only the server runs.
const SERVER_FOLDERS: &[&str] = &[
    "api",
    "server",
    "functions",
    "middleware",
    "middlewares",
    "controllers",
    "workers",
    "backend",
    "services",
    "jobs",
    "actions",
    "edge-functions",
    "trpc",
    "queues",
    "handlers",
    "resolvers",
    "loaders",
    "cron",
];

impl System {
    /// Where a file of shipped code runs, told by its path and by the component that holds it.
    pub fn side(&self, path: &str) -> Side {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        let lower = folder.to_ascii_lowercase();
        let parts: Vec<&str> = lower.split('/').collect();
        let name_lower = name.to_ascii_lowercase();
        let extension = name_lower.rsplit_once('.').map_or("", |(_, extension)| extension);
        let script = matches!(extension, "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx");
        let any = |names: &[&str]| parts.iter().any(|part| names.contains(part));
        // The one folder of a Next.js or SvelteKit tree that only the server runs wins over what is above it.
        if script
            && (matches!(
                name_lower.as_str(),
                "route.ts" | "route.js" | "middleware.ts" | "instrumentation.ts"
            ) || name_lower.contains(".server.")
                || name_lower.starts_with("+server.")
                || lower.contains("supabase/functions")
                || lower.contains("pages/api")
                || lower.contains("app/api")
                || lower.contains("server/api"))
        {
            return Side::Server;
        }
        // Go's `cmd` holds servers, and `commands` is a layer of many applications: only Django's and Laravel's are run by
        // hand.
        let command = lower.ends_with("management/commands")
            || lower.contains("console/commands")
            || script && any(&["commands", "command"]);
        if any(TOOL_FOLDERS)
            || command
            || TOP_TOOL_FOLDERS.contains(&parts[0])
            || matches!(extension, "rake" | "sh" | "bash" | "ps1" | "gradle" | "kts" | "ipynb")
            || name_lower.contains(".config.")
            || matches!(
                name_lower.as_str(),
                "gulpfile.js" | "gruntfile.js" | "manage.py" | "setup.py" | "build.rs" | "mix.exs"
            )
            || matches!(
                name_lower.as_str(),
                "seed.ts" | "seed.js" | "seeds.rb" | "seeds.exs" | "fabfile.py" | "cli.py" | "noxfile.py"
            )
        {
            return Side::Tool;
        }
        if matches!(extension, "vue" | "svelte" | "html" | "css" | "swift" | "dart" | "erb" | "haml" | "slim")
        {
            return Side::Browser;
        }
        if !script {
            return Side::Server;
        }
        if matches!(extension, "jsx" | "tsx") {
            return Side::Browser;
        }
        let component = self
            .components
            .iter()
            .filter(|component| component.folder == "." || is_below(path, &component.folder))
            .max_by_key(|component| if component.folder == "." { 0 } else { component.folder.len() });
        let inner = component.map_or(path, |component| {
            path.strip_prefix(component.folder.as_str()).map_or(path, |rest| rest.trim_start_matches('/'))
        });
        let inner = inner.to_ascii_lowercase();
        let below = |names: &[&str]| {
            inner
                .rsplit_once('/')
                .is_some_and(|(folders, _)| folders.split('/').any(|part| names.contains(&part)))
        };
        match component {
            Some(component) if component.http_server.is_none() && component.front_end.is_some() => {
                Side::Browser
            }
            Some(component) if component.http_server.is_some() && component.front_end.is_none() => {
                if below(BROWSER_FOLDERS) { Side::Browser } else { Side::Server }
            }
            _ if below(SERVER_FOLDERS) && !below(&["client", "public", "static", "assets", "javascript"]) => {
                Side::Server
            }
            _ if below(BROWSER_FOLDERS) || any(&["resources", "javascript"]) => Side::Browser,
            _ if any(BROWSER_FOLDERS)
                && component.is_none_or(|component| component.http_server.is_none()) =>
            {
                Side::Browser
            }
            _ => Side::Server,
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(folder: &str, server: bool, front: bool) -> Component {
        let seen = |yes: bool| yes.then(|| Observed::new("x".to_owned(), Location::file("package.json")));
        Component {
            folder: folder.to_owned(),
            http_server: seen(server),
            front_end: seen(front),
            ships: true,
            ..Component::default()
        }
    }

    #[test]
    fn code_runs_on_a_side() {
        let full = System { components: vec![component(".", true, true)], ..System::default() };
        assert_eq!(full.side("app/api/orders/route.ts"), Side::Server);
        assert_eq!(full.side("components/Button.tsx"), Side::Browser);
        assert_eq!(full.side("src/lib/prisma.ts"), Side::Server);
        assert_eq!(full.side("src/hooks/use-cart.ts"), Side::Browser);
        assert_eq!(full.side("scripts/seed.ts"), Side::Tool);
        assert_eq!(full.side("app/models/user.rb"), Side::Server);
        assert_eq!(full.side("app/Console/Commands/Make.php"), Side::Tool);
        assert_eq!(full.side("cmd/main.go"), Side::Server);
        let split = System {
            components: vec![component("api", true, false), component("web", false, true)],
            ..System::default()
        };
        assert_eq!(split.side("api/src/errors.js"), Side::Server);
        assert_eq!(split.side("web/src/services/orders.ts"), Side::Browser);
    }
}
