//! Switches around a use: whether what is set up here runs by default.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::Location;

use crate::scan::Scan;
use crate::tree::Tree;

/// How many lines before a use are looked at for what encloses it.
const BEFORE: usize = 30;
/// How many lines behind it belong to its options.
const BEHIND: usize = 30;
/// How many files of configuration are asked what a switch is set to.
const FILES: usize = 400;

#[allow(clippy::unwrap_used)]
fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// A name that switches something on: `SENTRY_ENABLED`, `enableTracing`, `config.otel.enabled`.
static SWITCH: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b[a-z0-9_]*(?:enable_?|enabled|use_sentry|use_otel)[a-z0-9_]*\b"));
static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^\s*[})]*\s*(?:else\s+)?(?:if|elif|elsif|unless|when)\b|&&\s*$|&&\s*\(?\s*[A-Za-z_.]+\.init|\bif\s+ENV|\bif\s+Rails\.",
    )
});
static OFF: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?x)^\s*["']?(?:(?:enabled|isEnabled)["']?\s*[:=]\s*(?:false|False)
        |dsn["']?\s*[:=]\s*(?:""|''|["'][^"']*(?:examplePublicKey|YOUR_|your-|___)[^"']*["']))\s*,?\s*$"#,
    )
});
/// An option that takes a switch of the environment (`enabled: process.env.SENTRY_ENABLED === "true"`).
static OPTION: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"^\s*["']?enabled["']?\s*[:=].*?\b([A-Z0-9_]*ENABLED?(?:_[A-Z0-9_]+)?)\b"#));
/// Leaving before the use unless a switch is on.
static LEAVES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^\s*(?:if\s*\(?\s*(?:!|not\s)|unless\b|return\s+unless\b|guard\b)"));

/// The switch that keeps the use on this line off by default, if there is one.
pub fn off_by_default(tree: &Tree, scan: &Scan, at: &Location) -> Option<String> {
    let file = tree.file(at.path()?)?;
    if at.path()?.ends_with(".properties") {
        return quarkus_off(&tree.text(file)?, at);
    }
    if matches!(file.extension(), "yml" | "yaml") {
        return quarkus_yaml_off(&tree.text(file)?, at);
    }
    file.language?;
    let text = tree.text(file)?;
    let lines: Vec<&str> = text.lines().collect();
    let here = at.line_number()?.checked_sub(1)? as usize;
    let own = lines.get(here)?;
    if let Some(line) = options(&lines, here).find(|line| OFF.is_match(line)) {
        return Some(line.trim().trim_end_matches(',').to_owned());
    }
    let name = options(&lines, here)
        .find_map(|line| OPTION.captures(line)?.get(1).map(|name| name.as_str()))
        .or_else(|| enclosing(&lines, here).chain([*own]).find_map(switch))
        .or_else(|| left_before(&lines, here))
        .or_else(|| conditional(&lines, here))?;
    let name = name.to_owned();
    (!is_on(tree, scan, &text, &name)).then_some(name)
}

/// The line that keeps the Sentry extension of Quarkus off in production, whose profile goes before the plain name:
/// <https://docs.quarkiverse.io/quarkus-logging-sentry/dev/index.html>.
fn quarkus_off(text: &str, at: &Location) -> Option<String> {
    let here = at.line_number()?.checked_sub(1)? as usize;
    if !text.lines().nth(here)?.contains("quarkus.log.sentry") {
        return None;
    }
    let value = |profile: &str| {
        text.lines().map(str::trim).rev().find_map(|line| {
            let (name, value) = line.strip_prefix(profile)?.split_once('=')?;
            ["quarkus.log.sentry", "quarkus.log.sentry.enable", "quarkus.log.sentry.enabled"]
                .contains(&name.trim())
                .then(|| (line, value.trim()))
        })
    };
    let (line, value) = value("%prod.").or_else(|| value(""))?;
    is_false(value).then(|| line.to_owned())
}

/// The value itself, or the default of the reference that it is (`${SENTRY_ENABLED:false}`).
fn is_false(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let default = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')?.split_once(':'));
    default.map_or(value, |(_, default)| default).trim() == "false"
}

/// The same in `application.yaml`, where the profile is a key of its own.
fn quarkus_yaml_off(text: &str, at: &Location) -> Option<String> {
    let here = at.line_number()?.checked_sub(1)? as usize;
    let lines: Vec<&str> = text.lines().collect();
    let within = |name: &str| enclosing(&lines, here).any(|line| line.trim().trim_end_matches(':') == name);
    if !(within("quarkus") && within("log") && (within("sentry") || lines.get(here)?.trim() == "sentry:")) {
        return None;
    }
    // From `sentry:` on, at its own depth or deeper.
    let start = (0..=here).rev().find(|number| lines[*number].trim() == "sentry:")?;
    let switch = options(&lines, start).find(|line| {
        line.trim().split_once(':').is_some_and(|(name, value)| {
            matches!(name.trim_matches('"'), "~" | "enable" | "enabled") && is_false(value)
        })
    })?;
    Some(format!("quarkus.log.sentry: {}", switch.trim()))
}

/// The lines that belong to what begins here: indented deeper.
fn options<'a>(lines: &'a [&'a str], here: usize) -> impl Iterator<Item = &'a str> {
    let depth = indent(lines[here]);
    lines[here + 1..]
        .iter()
        .take(BEHIND)
        .copied()
        .take_while(move |line| line.trim().is_empty() || indent(line) > depth)
}

/// The conditions around a line, innermost first.
fn enclosing<'a>(lines: &'a [&'a str], here: usize) -> impl Iterator<Item = &'a str> {
    let mut depth = indent(lines[here]);
    lines[here.saturating_sub(BEFORE)..here].iter().rev().copied().filter(move |line| {
        if line.trim().is_empty() || indent(line) >= depth {
            return false;
        }
        depth = indent(line);
        true
    })
}

/// The switch without which the code returns before it comes here (`if (!ENABLED) return;`).
fn left_before<'a>(lines: &[&'a str], here: usize) -> Option<&'a str> {
    let depth = indent(lines[here]);
    let from = here.saturating_sub(BEFORE);
    (from..here).rev().take_while(|at| lines[*at].trim().is_empty() || indent(lines[*at]) >= depth).find_map(
        |at| {
            let line = lines[at];
            let leaves = line.contains("return")
                || lines.get(at + 1).is_some_and(|next| next.trim_start().starts_with("return"));
            if indent(line) != depth || !LEAVES.is_match(line) || !leaves {
                return None;
            }
            SWITCH.find(line).map(|found| found.as_str())
        },
    )
}

/// Spring's beans that exist only when a property says so.
fn conditional<'a>(lines: &[&'a str], here: usize) -> Option<&'a str> {
    let from = here.saturating_sub(BEFORE);
    lines[from..here].iter().rev().find_map(|line| {
        let property = line.contains("@ConditionalOnProperty(") && !line.contains("matchIfMissing = true");
        property.then(|| line.split('"').nth(1)).flatten()
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The switch that a condition asks, unless it asks whether something is switched off.
fn switch(line: &str) -> Option<&str> {
    if !CONDITION.is_match(line) || line.trim_start().starts_with("unless") {
        return None;
    }
    SWITCH.find_iter(line).find(|found| !line[..found.start()].ends_with('!')).map(|found| found.as_str())
}

/// Whether a switch is on: its definition has that default, what ships sets it, or it is no switch of its own but says
/// whether there is an address or key.
fn is_on(tree: &Tree, scan: &Scan, own: &str, name: &str) -> bool {
    let mut verdict = None;
    let mut look = |text: &str| {
        for line in text.lines().filter(|line| line.len() < 400 && line.contains(name)) {
            if let Some(on) = definition(line, name) {
                verdict = Some(verdict.unwrap_or(false) || on);
            }
        }
    };
    look(own);
    for file in
        tree.files().iter().filter(|file| scan.ships(file) && is_configuration(&file.path)).take(FILES)
    {
        if let Some(text) = tree.text(file) {
            look(&text);
        }
    }
    verdict.unwrap_or(false)
}

fn is_configuration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    name.contains("dockerfile")
        || name.starts_with(".env")
        || matches!(extension, "yml" | "yaml" | "toml" | "env" | "properties" | "tf")
            && !path.contains(".github/")
        || ["config", "settings", "env", "constants", "configuration", "appsettings"]
            .iter()
            .any(|word| stem.contains(word) || path.contains(&format!("/{word}/")))
            && matches!(
                extension,
                "ts" | "js"
                    | "mjs"
                    | "py"
                    | "rb"
                    | "php"
                    | "go"
                    | "json"
                    | "ex"
                    | "exs"
                    | "rs"
                    | "cs"
                    | "java"
                    | "kt"
            )
}

static COMPARED: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)[=!]==?\s*["']?(true|1|yes|on)["']?"#));
static NOT_FALSE: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)!==?\s*["']?(false|0|no|off)["']?"#));
static TRUE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i)(?:^|[\s,=:(\[|?"'-])(true|1|yes|on)(?:$|[\s,;)\]}"'])"#));
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)dsn|url|endpoint|api_?key|license|token|production|host"));

/// What a line says about a switch's default; none when it does not set it.
fn definition(line: &str, name: &str) -> Option<bool> {
    let at = line.find(name)?;
    let before = line[..at].trim_end();
    let rest = line[at + name.len()..].trim_start_matches(['"', '\'', ']', ')', '?']).trim_start();
    let sets = rest.starts_with([':', ',']) || rest.starts_with('=') && !rest.starts_with("==");
    if !sets || before.trim_start().starts_with("if ") || before.trim_start().starts_with('#') {
        return None;
    }
    if NOT_FALSE.is_match(rest) {
        return Some(true);
    }
    let rest = COMPARED.replace_all(rest, "");
    Some(TRUE.is_match(&rest) || ADDRESS.is_match(&rest) && !rest.contains("alse"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scan::{Needles, scan};
    use crate::tree::Limits;

    fn off(files: &[(&str, &str)], line: u32) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::write(folder.path().join(path), text).unwrap();
        }
        let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
        let scan = scan(&tree, &Needles::default());
        off_by_default(&tree, &scan, &Location::line(files[0].0, line))
    }

    #[test]
    fn quarkus_leaves_sentry_off_in_production() {
        let off = |rest: &str| {
            let text = format!("quarkus.log.sentry.dsn=${{SENTRY_DSN}}\n{rest}");
            off(&[("application.properties", text.as_str())], 1)
        };
        assert_eq!(off("quarkus.log.sentry=false\n").as_deref(), Some("quarkus.log.sentry=false"));
        let profile = "quarkus.log.sentry=true\n%prod.quarkus.log.sentry = false\n";
        assert_eq!(off(profile).as_deref(), Some("%prod.quarkus.log.sentry = false"));
        assert!(off("quarkus.log.sentry=false\n%prod.quarkus.log.sentry=true\n").is_none());
        assert!(off("quarkus.log.sentry=true\n%dev.quarkus.log.sentry=false\n").is_none());
        assert!(off("").is_none());
        let switch = "quarkus.log.sentry=${SENTRY_ENABLED:false}\n";
        assert_eq!(off(switch).as_deref(), Some("quarkus.log.sentry=${SENTRY_ENABLED:false}"));
        assert!(off("quarkus.log.sentry=${SENTRY_ENABLED:true}\n").is_none());
    }

    #[test]
    fn quarkus_is_read_in_yaml_as_well() {
        let off = |switch: &str| {
            let text = format!("quarkus:\n  log:\n    sentry:\n      {switch}\n      dsn: x\n");
            off(&[("application.yaml", text.as_str())], 3)
        };
        assert_eq!(off("~: false").as_deref(), Some("quarkus.log.sentry: ~: false"));
        assert_eq!(
            off("enabled: ${SENTRY:false}").as_deref(),
            Some("quarkus.log.sentry: enabled: ${SENTRY:false}")
        );
        assert!(off("enabled: true").is_none());
    }

    #[test]
    fn a_switch_without_a_default_is_off() {
        let code = "import os\nif os.environ.get('ENABLE_SENTRY') == 'true':\n    sentry_sdk.init()\n";
        assert_eq!(off(&[("a.py", code)], 3).as_deref(), Some("ENABLE_SENTRY"));
        let code = "if (config.sentryEnabled) {\n  Sentry.init({ dsn })\n}\n";
        let settings =
            "export const config = {\n  sentryEnabled: process.env.SENTRY_ENABLED === 'true',\n}\n";
        assert_eq!(off(&[("a.ts", code), ("config.ts", settings)], 2).as_deref(), Some("sentryEnabled"));
    }

    #[test]
    fn a_switch_that_is_on_or_that_deployment_sets_is_none() {
        let code = "import os\nif settings.SENTRY_ENABLED:\n    sentry_sdk.init()\n";
        assert!(
            off(
                &[
                    ("a.py", code),
                    ("settings.py", "SENTRY_ENABLED = env.bool('SENTRY_ENABLED', default=True)\n")
                ],
                3
            )
            .is_none()
        );
        assert!(off(&[("a.py", code), ("fly.toml", "[env]\nSENTRY_ENABLED = \"true\"\n")], 3).is_none());
        assert!(off(&[("a.py", code), ("settings.py", "SENTRY_ENABLED = bool(SENTRY_DSN)\n")], 3).is_none());
    }

    #[test]
    fn an_address_is_no_switch() {
        assert!(off(&[("a.ts", "if (process.env.SENTRY_DSN) {\n  Sentry.init({})\n}\n")], 2).is_none());
        assert!(
            off(&[("a.rb", "unless ENV['SENTRY_DISABLED']\n  Sentry.init do\n  end\nend\n")], 2).is_none()
        );
    }

    #[test]
    fn options_can_switch_it_off() {
        let code = "Sentry.init({\n  dsn: 'x',\n  enabled: false,\n});\n";
        assert_eq!(off(&[("a.ts", code)], 1).as_deref(), Some("enabled: false"));
        assert!(off(&[("a.ts", "Sentry.init({\n  enabled: isProduction,\n});\n")], 1).is_none());
        let code = "Sentry.init({\n  enabled: process.env.SENTRY_ENABLED === 'true',\n});\n";
        assert_eq!(off(&[("a.ts", code)], 1).as_deref(), Some("SENTRY_ENABLED"));
        assert!(off(&[("a.ts", code), ("Dockerfile", "ENV SENTRY_ENABLED=true\n")], 1).is_none());
        assert!(off(&[("a.ts", "Sentry.init({\n  dsn: '',\n});\n")], 1).is_some());
    }

    #[test]
    fn leaving_early_is_a_switch_too() {
        let code = "export function start() {\n  if (!config.TRACING_ENABLED) return;\n  new NodeSDK({}).start();\n}\n";
        assert_eq!(off(&[("a.ts", code)], 3).as_deref(), Some("TRACING_ENABLED"));
        let code = "def start():\n    if not OTEL_ENABLED:\n        return\n    set_tracer_provider(p)\n";
        assert_eq!(off(&[("a.py", code)], 4).as_deref(), Some("OTEL_ENABLED"));
        let code = "export function start() {\n  if (!process.env.DSN) return;\n  Sentry.init({});\n}\n";
        assert!(off(&[("a.ts", code)], 3).is_none());
        let code = "@ConditionalOnProperty(name = \"tracing.enabled\")\nclass A {\n  void a() {\n    SdkTracerProvider.builder();\n";
        assert_eq!(off(&[("A.java", code)], 4).as_deref(), Some("tracing.enabled"));
    }
}
