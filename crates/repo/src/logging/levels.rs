//! From which level on lines are written, and who can change that.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{LogLevel, Logging, Side, System};

use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// Words beside which a level is set.
const WORDS: &[&str] = &[
    "LOG_LEVEL",
    "LOGLEVEL",
    "log_level",
    "logLevel",
    "LogLevel",
    "loglevel",
    "log-level",
    "RUST_LOG",
    "EnvFilter",
    "env_logger::",
    "logging.level",
    "SetLevel(",
    "setLevel(",
    "basicConfig(",
    "MinimumLevel",
    "LOGGING_LEVEL",
    "logger_level",
    "GIN_MODE",
    "level: process.env",
    "logger, level:",
    "AddEnvFilter",
    "from_default_env",
    "LevelVar",
    "local_settings",
    "dictConfig(",
    "tracing_subscriber::fmt::init",
    "logger, :level",
    "config :logger,",
    "loggingLevel",
    "SetGlobalLevel(",
    "<root level",
];
/// How many places are kept.
const KEPT: usize = 40;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    words: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let words = WORDS
        .iter()
        .map(|word| needles.add(Needle { text: (*word).to_owned(), whole_word: false, per_file: 6 }));
    Plan { words: words.collect() }
}

static NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b\w*log(?:ger|ging)?[_.-]?level\w*").ok());
/// A level as a literal, as the value of the line.
static LITERAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(?:=|:|\()\s*(?:level\s*=\s*)?['"]?(?:logging\.|slog\.Level|zerolog\.|logrus\.|zap\.|zapcore\.|log\.|LogLevel\.|LogEventLevel\.|Level\.|LevelFilter::|Level::|:|logger::)?(trace|debug|verbose|info|information|notice|warn|warning|error|critical|fatal|off|debuglevel|infolevel|warnlevel|errorlevel)\b['"]?\s*[,;)\]}]*\s*(?:#.*|//.*)?$"#,
    )
    .ok()
});
/// What reads a value from outside the code.
static OUTSIDE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)env\b|environ|getenv|ENV\[|ENV\.fetch|viper|flag|argv|args|clap|option|config|settings|cfg|conf\b|secrets|parse|arg\(|serde|yaml:|json:|toml:|mapstructure|default\b|Field\("#).ok()
});

/// Calls that set a level.
const SETTERS: &[&str] = &[
    "logging.basicConfig(",
    "basicConfig(",
    ".setLevel(",
    "SetLevel(",
    "SetGlobalLevel(",
    "MinimumLevel",
    ".max_level(",
    "with_max_level(",
];

/// Reads them.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan, system: &System, logging: &mut Logging) {
    for hit in plan.words.iter().flat_map(|word| scan.hits(*word)) {
        let file = &tree.files()[hit.file];
        if hit.comment || !scan.ships(file) || logging.levels.len() >= KEPT {
            continue;
        }
        if super::formats::development(&file.path).is_some() {
            continue;
        }
        let server = file.language.is_none() || system.side(&file.path) == Side::Server;
        let settable = match file.language {
            Some("css" | "html" | "sql" | "vue" | "svelte" | "shell" | "terraform") => continue,
            Some(language) if server => match in_code(language, &whole(tree, file, hit)) {
                Some(settable) => settable,
                None => continue,
            },
            None => match in_configuration(&file.path, &hit.text) {
                true => true,
                false => continue,
            },
            _ => continue,
        };
        let shown: String = hit.text.trim().chars().take(90).collect();
        let says =
            if settable { "the level is set from outside the code" } else { "the level is fixed in code" };
        let shown = crate::commands::redacted(&shown);
        logging.levels.push(LogLevel {
            says: format!("{says}: `{shown}`"),
            settable,
            at: file.at_line(hit.line),
        });
    }
    // Symfony's handlers have a level each, in a settings file.
    for file in ["monolog.yaml", "monolog.yml"]
        .iter()
        .flat_map(|name| tree.named(name))
        .filter(|file| scan.ships(file))
    {
        let Some(text) = tree.text(file) else { continue };
        if let Some((line, text)) =
            (1u32..).zip(text.lines()).find(|(_, line)| line.trim().starts_with("level:"))
        {
            let says = format!("the level is set from outside the code: `{}`", text.trim());
            logging.levels.push(LogLevel { says, settable: true, at: file.at_line(line) });
        }
    }
    // What reads the environment says it best.
    logging.levels.sort_by_key(|level| (!level.settable, !level.says.to_ascii_lowercase().contains("env")));
}

/// The line, with those that follow where it ends inside a call.
fn whole(tree: &Tree, file: &File, hit: &Hit) -> String {
    let line = hit.text.trim_end();
    let goes_on = ["basicConfig", "LevelFilter", "config :logger,"].iter().any(|word| line.contains(word));
    if !line.ends_with(['(', '{', ',']) || !goes_on {
        return line.to_owned();
    }
    let text = tree.text(file).unwrap_or_default();
    text.lines()
        .skip(hit.line as usize - 1)
        .take(6)
        // Elixir's call without parentheses ends with the line that has no comma.
        .take_while(|line| !matches!(line.trim(), ")" | ""))
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a line of code says about the level; none when it is about something else.
fn in_code(language: &str, line: &str) -> Option<bool> {
    let fits = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(line));
    let trimmed = line.trim();
    let import = ["import ", "use ", "from ", "type ", "require", "export type", "using "]
        .iter()
        .any(|word| trimmed.starts_with(word));
    if trimmed.starts_with("from .local_settings import") || trimmed.starts_with("from hc.local_settings") {
        return Some(true);
    }
    if import && !trimmed.contains('(') {
        return (language == "python" && trimmed.contains("local_settings import")).then_some(true);
    }
    // Rust's own words for "from the environment".
    if language == "rust"
        && [
            "from_default_env",
            "try_from_default_env",
            "env_logger::init",
            "env_logger::Builder",
            "EnvFilter::",
            "tracing_subscriber::fmt::init",
            "RUST_LOG",
        ]
        .iter()
        .any(|word| line.contains(word))
    {
        return Some(true);
    }
    // Elixir's `config` lines are the settings files of its environments.
    if language == "elixir" && line.trim_start().starts_with("config :logger") && line.contains("level") {
        return Some(true);
    }
    let setter = SETTERS.iter().any(|word| line.contains(word));
    let logger_option =
        language == "elixir" && (line.contains("logger, level:") || line.contains("logger, :level"));
    let pino =
        line.contains("level: process.env") || line.contains("level: env") || line.contains("level: config");
    if !setter && !logger_option && !pino && !line.contains("HandlerOptions{") && !fits(&NAME) {
        return None;
    }
    if line.contains("HandlerOptions{") {
        let level = Regex::new(r"\bLevel:\s*([\w.&]+)").ok()?;
        return level.captures(line)?.get(1).map(|level| !level.as_str().starts_with("slog.Level"));
    }
    // Libraries have levels of their own: a library's log is not the application's.
    if line.contains("kafkajs")
        || line.contains("ChangeLogLevel")
        || line.contains("logLevel.")
        || line.contains("prisma")
    {
        return None;
    }
    if setter || logger_option || pino {
        let rest = SETTERS
            .iter()
            .fold(line.to_owned(), |rest, setter| rest.replace(setter, "("))
            .replace("config :logger", "");
        let outside = |text: &str| OUTSIDE.as_ref().is_some_and(|regex| regex.is_match(text));
        let named = |text: &str| NAME.as_ref().is_some_and(|regex| regex.is_match(text));
        if outside(&rest) || named(&rest) {
            return Some(true);
        }
        let literal =
            Regex::new(r"(?i)\b(trace|debug|info|notice|warn|warning|error|critical|fatal)(level)?\b")
                .ok()?;
        return literal.is_match(&rest).then_some(false);
    }
    if fits(&LITERAL) {
        // A typed field of a class of settings has a literal as its default only.
        let field = Regex::new(r"(?i)^\s*\w*log_?level\w*\s*:\s*[A-Za-z]").ok()?.is_match(line);
        return Some(field && line.contains('=') && language == "python");
    }
    fits(&OUTSIDE).then_some(true).or_else(|| {
        // A value that is handed on (`level: logLevel`, `--log-level`) comes from somewhere else.
        (line.contains("log-level")
            || line.contains("log_level")
            || line.contains("LogLevel")
            || line.contains("logLevel"))
        .then_some(true)
    })
}

/// Whether a line of a configuration file sets the application's level.
fn in_configuration(path: &str, line: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let spring = name.starts_with("application")
        && (name.ends_with(".yml") || name.ends_with(".yaml") || name.ends_with(".properties"));
    let dotnet = name.starts_with("appsettings") && line.contains("LogLevel");
    let logback = name.starts_with("logback") && line.contains("<root level");
    let named = NAME.as_ref().is_some_and(|regex| regex.is_match(line)) || line.contains("RUST_LOG");
    let npm = matches!(
        name.as_str(),
        ".npmrc" | "package.json" | "tsconfig.json" | "redis.conf" | "pyproject.toml"
    );
    // Grafana, Keycloak, Traefik and Vault have a level of their own.
    let other = ["GF_LOG", "KC_LOG", "TRAEFIK_LOG", "VAULT_LOG"].iter().any(|prefix| line.contains(prefix));
    (named && !other && !npm && !line.contains("loglevel = 1")) && (spring || dotnet || is_settings(&name))
        || dotnet
        || logback
}

fn is_settings(name: &str) -> bool {
    name.starts_with(".env")
        || name.starts_with("dockerfile")
        || name.contains("compose")
        || matches!(
            name.rsplit('.').next(),
            Some(
                "yml"
                    | "yaml"
                    | "toml"
                    | "ini"
                    | "json"
                    | "conf"
                    | "cfg"
                    | "properties"
                    | "hjson"
                    | "sample"
                    | "env"
            )
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_configuration() {
        assert!(in_configuration("compose.yml", "      - LOG_LEVEL=info"));
        assert!(!in_configuration("compose.yml", "      - GF_LOG_LEVEL=error"));
    }

    #[test]
    fn lines_of_code() {
        assert_eq!(
            in_code("ruby", "  config.log_level = ENV.fetch(\"RAILS_LOG_LEVEL\", \"info\")"),
            Some(true)
        );
        assert_eq!(in_code("ruby", "  config.log_level = :info"), Some(false));
        assert_eq!(
            in_code("python", "logging.basicConfig(level=logging.INFO, format=\"%(message)s\")"),
            Some(false)
        );
        assert_eq!(in_code("python", "logging.basicConfig(level=settings.LOG_LEVEL)"), Some(true));
        assert_eq!(in_code("python", "logging.basicConfig(format=\"%(levelname)s:%(message)s\")"), None);
        assert_eq!(in_code("python", "logging.basicConfig("), None);
        assert_eq!(in_code("python", "    log_level: str = \"INFO\""), Some(true));
        assert_eq!(in_code("python", "LOG_LEVEL = \"INFO\""), Some(false));
        assert_eq!(in_code("typescript", "  level: process.env.LOG_LEVEL ?? 'info',"), Some(true));
        assert_eq!(in_code("typescript", "    logLevel: logLevel.ERROR,"), None);
        assert_eq!(in_code("typescript", "import { Kafka, logLevel } from 'kafkajs';"), None);
        assert_eq!(
            in_code("go", "\tlevel, err := parseSlogLevel(viper.GetString(\"log-level\"))"),
            Some(true)
        );
        assert_eq!(in_code("go", "\tzerolog.SetGlobalLevel(zerolog.InfoLevel)"), Some(false));
        assert_eq!(
            in_code("go", "slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: config.Logs.Level})"),
            Some(true)
        );
        assert_eq!(
            in_code("go", "slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})"),
            Some(false)
        );
        assert_eq!(in_code("rust", "  let filter = EnvFilter::builder()"), Some(true));
        assert_eq!(in_code("elixir", "config :logger, level: :info"), Some(true));
    }
}
