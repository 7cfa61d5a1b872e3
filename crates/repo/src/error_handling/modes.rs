//! Where debug or production mode is chosen: variables in what ships, settings modules, and defaults in code.

use std::sync::LazyLock;

use seaworthy_facts::{Mode, ModePlace};
use serde::Deserialize;

use super::Seen;
use crate::scan::{Hit, Needle, NeedleId, Needles};
use crate::tree::{Class, File};

/// Most choices that are kept.
const MODES: usize = 200;
/// Longest value that is quoted.
const QUOTED: usize = 80;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    family: String,
    names: Vec<String>,
    on: Vec<String>,
    off: Vec<String>,
}

/// A platform's builder that chooses a mode.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Builder {
    platform: String,
    needs: String,
    without: Vec<String>,
    family: String,
    says: String,
    link: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    switch: Vec<Switch>,
    builder: Vec<Builder>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("switches.toml")).unwrap_or_default());

/// Commands that build a front end's server for production, and those that serve it for developers.
const BUILDS: &[&str] = &[
    "next build",
    "next start",
    "nuxt build",
    "nuxi build",
    "vite build",
    "astro build",
    "remix build",
    "remix vite:build",
    "react-router build",
    "vinxi build",
    "qwik build",
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    switches: Vec<Vec<NeedleId>>,
    django: Option<NeedleId>,
    rails: Option<NeedleId>,
    laravel: Option<NeedleId>,
    phoenix: Option<NeedleId>,
    slim: Option<NeedleId>,
    copies: Vec<NeedleId>,
    builds: Vec<NeedleId>,
}

/// Adds them.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut word = |text: &str| needles.add(Needle { text: text.to_owned(), whole_word: true, per_file: 12 });
    Plan {
        switches: TABLE
            .switch
            .iter()
            .map(|switch| switch.names.iter().map(|name| word(name)).collect())
            .collect(),
        django: Some(word("DEBUG")),
        rails: Some(word("consider_all_requests_local")),
        laravel: Some(word("'debug' =>")),
        phoenix: Some(word("debug_errors")),
        slim: Some(word("addErrorMiddleware")),
        copies: [".env.example"].map(&mut word).to_vec(),
        builds: BUILDS.iter().map(|text| word(text)).collect(),
    }
}

/// Every choice, what ships first.
pub fn modes(seen: &Seen) -> Vec<Mode> {
    let mut found = Vec::new();
    let copied = templates_are_copied(seen);
    builders(seen, &mut found);
    for (switch, names) in TABLE.switch.iter().zip(&seen.plan.modes.switches) {
        for (needle, name) in names.iter().zip(&switch.names) {
            for hit in seen.scan.hits(*needle).iter().filter(|hit| !hit.comment) {
                variable(seen, switch, name, hit, copied, &mut found);
            }
        }
    }
    django(seen, copied, &mut found);
    let plan = &seen.plan.modes;
    for (file, hit) in code(seen, plan.rails) {
        if file.path.ends_with("environments/production.rb") {
            let debug = assigned(&hit.text, "consider_all_requests_local").and_then(|value| truth(&value));
            push(&mut found, "rails", &hit.text, debug, ModePlace::Shipped, file, hit.line);
        }
    }
    for (file, hit) in code(seen, plan.laravel) {
        if file.path.ends_with("config/app.php") {
            let debug = truth(hit.text.rsplit(',').nth(1).unwrap_or_default().trim().trim_end_matches(')'))
                .or_else(|| assigned(&hit.text, "'debug'").and_then(|value| truth(&value)));
            push(&mut found, "laravel", &hit.text, debug, ModePlace::Default, file, hit.line);
        }
    }
    for (file, hit) in code(seen, plan.phoenix) {
        let name = file.name();
        if file.folder().ends_with("config") && name != "dev.exs" && name != "test.exs" {
            let debug = assigned(&hit.text, "debug_errors").and_then(|value| truth(&value));
            push(&mut found, "phoenix", &hit.text, debug, ModePlace::Shipped, file, hit.line);
        }
    }
    for (file, hit) in code(seen, plan.slim) {
        let argument = hit.text.split("addErrorMiddleware(").nth(1).and_then(|rest| rest.split(',').next());
        let debug = argument.and_then(|value| truth(value.trim()));
        push(&mut found, "slim", &hit.text, debug, ModePlace::Default, file, hit.line);
    }
    for hit in plan.builds.iter().flat_map(|needle| seen.scan.hits(*needle)) {
        let file = &seen.tree.files()[hit.file];
        if file.name() == "package.json" && file.class == Class::Shipped {
            push(&mut found, "build", &hit.text, Some(false), ModePlace::Shipped, file, hit.line);
        }
    }
    found.sort_by(|left, right| (left.place, &left.at).cmp(&(right.place, &right.at)));
    found.dedup();
    if let Some(cut) = found.get(MODES) {
        let what = format!(
            "more than {MODES} settings of error output; this one and those after it were not looked at"
        );
        seen.tree.cut(cut.at.clone(), what);
    }
    found.truncate(MODES);
    found
}

/// What the builders of platforms choose, where nothing that ships says otherwise.
fn builders(seen: &Seen, found: &mut Vec<Mode>) {
    for platform in &seen.system.platforms {
        if platform.certainty > seaworthy_facts::Certainty::Configured {
            continue;
        }
        for builder in TABLE.builder.iter().filter(|builder| builder.platform == platform.key) {
            let at_top = |name: &str| seen.tree.files().iter().any(|file| file.path == name);
            if at_top(&builder.needs) && !builder.without.iter().any(|name| at_top(name)) {
                found.push(Mode {
                    family: builder.family.clone(),
                    says: format!("{} ({})", builder.says, builder.link),
                    debug: Some(false),
                    place: ModePlace::Shipped,
                    at: platform.at.clone(),
                });
            }
        }
    }
}

fn push(
    found: &mut Vec<Mode>,
    family: &str,
    says: &str,
    debug: Option<bool>,
    place: ModePlace,
    file: &File,
    line: u32,
) {
    let says: String = says.trim().chars().filter(|c| !c.is_control()).take(QUOTED).collect();
    let says = crate::commands::redacted(&says);
    found.push(Mode { family: family.to_owned(), says, debug, place, at: file.at_line(line) });
}

/// Hits in shipped code.
fn code<'a>(seen: &'a Seen, needle: Option<NeedleId>) -> impl Iterator<Item = (&'a File, &'a Hit)> {
    let hits = needle.map(|needle| seen.scan.hits(needle)).unwrap_or_default();
    hits.iter()
        .filter(|hit| !hit.comment)
        .map(|hit| (&seen.tree.files()[hit.file], hit))
        .filter(|(file, _)| seen.scan.ships(file))
}

/// An installation is told to copy the template: by the package manager's own hooks, or by a script that ships.
fn templates_are_copied(seen: &Seen) -> bool {
    seen.plan.modes.copies.iter().flat_map(|needle| seen.scan.hits(*needle)).any(|hit| {
        let file = &seen.tree.files()[hit.file];
        let copies = hit.text.contains("copy(") || hit.text.contains("cp ") || hit.text.contains("COPY ");
        let installs = file.name() == "composer.json"
            || crate::packages::is_dockerfile(file)
            || file.language == Some("shell") && !is_development(&file.path);
        copies && installs
    })
}

/// A variable or key in configuration.
fn variable(seen: &Seen, switch: &Switch, name: &str, hit: &Hit, copied: bool, found: &mut Vec<Mode>) {
    let file = &seen.tree.files()[hit.file];
    let Some(place) = place_of(file, &hit.text, copied) else { return };
    let value = assigned(&hit.text, name).or_else(|| {
        // Kubernetes and its like write the value on the line below the name.
        let next = seen.tree.text(file)?.lines().nth(hit.line as usize)?.trim().to_owned();
        let named = hit.text.contains("name:") || hit.text.contains("\"name\"") || hit.text.contains("key:");
        named.then(|| assigned(&next, "value"))?
    });
    let Some(value) = value else { return };
    let is = |values: &[String]| values.iter().any(|known| known.eq_ignore_ascii_case(&value));
    let debug = match (is(&switch.on), is(&switch.off)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        // Another value (a variable without default, `test`) says nothing.
        _ => return,
    };
    // A Compose file in development mode is for developers, unless it is what production runs.
    if debug == Some(true) && crate::containers::is_compose(file) && !deploys(seen, file) {
        return;
    }
    push(found, &switch.family, &format!("{name}={value}"), debug, place, file, hit.line);
}

/// Something names this Compose file as what production runs.
fn deploys(seen: &Seen, file: &File) -> bool {
    file.name().contains("prod")
        || seen.system.platforms.iter().any(|platform| {
            matches!(platform.key.as_str(), "compose" | "swarm" | "coolify" | "dokku")
                && platform.certainty <= seaworthy_facts::Certainty::Deployed
        })
}

/// Files that only developers or CI use.
pub fn is_development(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let word = |part: &str| {
        part.split(['.', '-', '_']).any(|word| {
            matches!(
                word,
                "dev" | "develop" | "development" | "test" | "tests" | "testing" | "local" | "ci" | "e2e"
            )
        })
    };
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    word(name)
        || name == "launchsettings.json"
        || lower.split('/').any(|part| {
            matches!(
                part,
                ".github"
                    | ".gitlab"
                    | ".circleci"
                    | ".devcontainer"
                    | "dev"
                    | "development"
                    | ".ci"
                    | ".vscode"
            )
        })
}

/// What kind of place a configuration file is; none when what it says does not count.
fn place_of(file: &File, line: &str, copied: bool) -> Option<ModePlace> {
    if file.class != Class::Shipped || is_development(&file.path) {
        return None;
    }
    let name = file.name().to_ascii_lowercase();
    let template =
        ["example", "sample", "template", "dist", "default"].iter().any(|mark| name.contains(mark));
    if name.starts_with(".env")
        || name.ends_with(".env")
        || name.starts_with("env.")
        || name.contains(".env.")
    {
        return Some(match () {
            () if name.contains("prod") => ModePlace::Shipped,
            () if template && copied => ModePlace::CopiedTemplate,
            () if template => ModePlace::Template,
            () => ModePlace::Default,
        });
    }
    if name == "package.json" {
        let script = line.trim_start().trim_start_matches('"');
        return (script.starts_with("start") || script.starts_with("serve") || script.starts_with("prod"))
            .then_some(ModePlace::Shipped);
    }
    let configuration = crate::packages::is_dockerfile(file)
        || matches!(
            file.extension(),
            "yml" | "yaml" | "toml" | "json" | "properties" | "service" | "tf" | "ini" | "conf" | "erb"
        )
        || matches!(name.as_str(), "procfile" | ".user.ini" | ".htaccess" | "php.ini-production")
        || matches!(file.language, Some("shell"))
        || name.starts_with("ecosystem.config.");
    configuration.then_some(ModePlace::Shipped)
}

/// The value that a line gives to a name: `NAME=value`, `NAME: value`, `"NAME": "value"`, `ENV NAME value`.
fn assigned(line: &str, name: &str) -> Option<String> {
    let after = &line[line.find(name)? + name.len()..];
    let after = after.trim_start_matches(['"', '\'', ')', ']']);
    let trimmed = after.trim_start();
    let value = trimmed
        .strip_prefix("=>")
        .or_else(|| trimmed.strip_prefix("=="))
        .or_else(|| trimmed.strip_prefix(['=', ':']))
        .or_else(|| (after.len() > trimmed.len() && !trimmed.is_empty()).then_some(trimmed))?;
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    // A default within a reference to a variable.
    let value = match value.strip_prefix("${") {
        Some(reference) => reference.split_once(":-").or_else(|| reference.split_once('-'))?.1,
        None => value,
    };
    let end = value.find(|c: char| c.is_whitespace() || "\"',;#}\\)]".contains(c)).unwrap_or(value.len());
    (end > 0).then(|| value[..end].to_owned())
}

fn truth(value: &str) -> Option<bool> {
    match value.trim().trim_matches(['"', '\'']).to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" | "" | "none" => Some(false),
        _ => None,
    }
}

/// Django's `DEBUG` in settings modules, and the variables that they read for it in what ships.
fn django(seen: &Seen, copied: bool, found: &mut Vec<Mode>) {
    let uses = seen.system.components.iter().any(|c| c.frameworks.iter().any(|f| f.value == "django"));
    if !uses {
        return;
    }
    let hits = seen.plan.modes.django.map(|needle| seen.scan.hits(needle)).unwrap_or_default();
    let mut variables: Vec<String> = Vec::new();
    for (file, hit) in code(seen, seen.plan.modes.django) {
        let line = hit.text.trim_start();
        let Some(rest) = line.strip_prefix("DEBUG") else { continue };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix(": bool").map_or(rest, str::trim_start);
        let Some(right) = rest.strip_prefix('=').filter(|right| !right.starts_with('=')) else { continue };
        if file.language != Some("python") || !is_settings(&file.path) || is_development(&file.path) {
            continue;
        }
        let mut right = right.trim().to_owned();
        if right.matches('(').count() > right.matches(')').count()
            && let Some(text) = seen.tree.text(file)
        {
            right.extend(text.lines().skip(hit.line as usize).take(4).map(str::trim));
        }
        let production = file.name().contains("prod") || file.path.contains("/production/");
        let place = if production { ModePlace::Shipped } else { ModePlace::Default };
        let scoped = seen.tree.text(file);
        let debug = default_of(&right, scoped.as_deref().unwrap_or_default());
        if let Some(name) = variable_of(&right) {
            variables.push(name);
        }
        push(found, "django", &format!("DEBUG = {right}"), debug, place, file, hit.line);
    }
    // The variable that the settings read, where it ships.
    for hit in hits.iter().filter(|hit| !hit.comment) {
        if variables.iter().any(|name| name == "DEBUG") {
            from_environment(seen, "DEBUG", hit, copied, found);
        }
    }
    for name in variables.iter().filter(|name| *name != "DEBUG") {
        for file in seen.tree.files().iter().filter(|file| place_of(file, "", copied).is_some()) {
            let mentions = crate::packages::is_dockerfile(file)
                || crate::containers::is_compose(file)
                || file.name().contains("env")
                || matches!(file.name(), "fly.toml" | "render.yaml" | "app.yaml" | "app.json");
            let Some(text) = mentions.then(|| seen.tree.text(file)).flatten() else { continue };
            for (index, line) in text.lines().enumerate().filter(|(_, line)| line.contains(name.as_str())) {
                let hit = Hit {
                    file: file.index,
                    line: u32::try_from(index + 1).unwrap_or(u32::MAX),
                    column: 1,
                    text: line.chars().take(300).collect::<String>().into(),
                    comment: line.trim_start().starts_with('#'),
                };
                if !hit.comment {
                    from_environment(seen, name, &hit, copied, found);
                }
            }
        }
    }
}

fn from_environment(seen: &Seen, name: &str, hit: &Hit, copied: bool, found: &mut Vec<Mode>) {
    let file = &seen.tree.files()[hit.file];
    if file.language.is_some() && file.language != Some("shell") {
        return;
    }
    let Some(place) = place_of(file, &hit.text, copied) else { return };
    let Some(value) = assigned(&hit.text, name) else { return };
    let Some(debug) = truth(&value) else { return };
    if debug && crate::containers::is_compose(file) && !deploys(seen, file) {
        return;
    }
    push(found, "django", &format!("{name}={value}"), Some(debug), place, file, hit.line);
}

fn is_settings(path: &str) -> bool {
    path.split('/').any(|part| part.contains("settings") || part == "config" || part == "conf")
}

/// The variable that an expression reads.
fn variable_of(right: &str) -> Option<String> {
    let quoted = right.split(['"', '\'']).nth(1)?;
    let name = !quoted.is_empty()
        && quoted.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && right.contains('(');
    (name || right.contains('[')).then(|| quoted.to_owned()).filter(|name| name.len() > 2)
}

/// What `DEBUG` is when the environment says nothing.
fn default_of(right: &str, file: &str) -> Option<bool> {
    let right = right.split(" #").next().unwrap_or(right).trim();
    match right {
        "True" => return Some(true),
        "False" => return Some(false),
        _ => {}
    }
    if right.contains("!=") || right.contains(" not ") || right.starts_with("not ") || right.contains(" if ")
    {
        return None;
    }
    let reads =
        ["environ", "getenv", "env(", "env.", "config(", "bool"].iter().any(|mark| right.contains(mark));
    if !reads {
        return None;
    }
    let name = variable_of(right)?;
    let after = &right[right.find(&name)? + name.len()..];
    let mut rest = after.trim_start_matches(['"', '\'']).trim_start();
    if let Some(default) = rest.strip_prefix(',') {
        rest = default.trim_start();
        rest = rest.strip_prefix("default").map_or(rest, |rest| rest.trim_start().trim_start_matches('='));
        let end = rest.find([',', ')']).unwrap_or(rest.len());
        let default = rest[..end].trim();
        if let Some((_, compared)) = right.split_once("==") {
            let compared = compared.trim().trim_end_matches(')').trim().trim_matches(['"', '\'']);
            return Some(default.trim_matches(['"', '\'']).eq_ignore_ascii_case(compared));
        }
        if let Some((_, among)) = right.split_once(" in ") {
            let default = default.trim_matches(['"', '\'']).to_ascii_lowercase();
            let among = among.to_ascii_lowercase();
            let mut values = among.split(['"', '\'']).skip(1).step_by(2);
            return Some(!default.is_empty() && values.any(|value| value == default));
        }
        return truth(default.split('=').next_back().unwrap_or(default));
    }
    // `env("DEBUG")` of django-environ takes the default from the scheme.
    let scheme = ["DEBUG=(bool, False)", "DEBUG=(bool,False)"].iter().any(|mark| file.contains(mark));
    let absent_is_off = right.contains(".get(") || right.contains("getenv(");
    (scheme || absent_is_off).then_some(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table: Table = toml::from_str(include_str!("switches.toml")).unwrap();
        assert!(table.switch.iter().all(|switch| !switch.names.is_empty() && !switch.on.is_empty()));
    }

    #[test]
    fn a_line_gives_a_value() {
        for line in [
            "ENV NODE_ENV production",
            "ENV A=b NODE_ENV=production",
            "  NODE_ENV: production",
            "  - NODE_ENV=production # here",
            "\"NODE_ENV\": \"production\",",
            "NODE_ENV=${NODE_ENV:-production}",
            "NODE_ENV = \"production\"",
        ] {
            assert_eq!(assigned(line, "NODE_ENV").as_deref(), Some("production"), "{line}");
        }
        assert_eq!(assigned("- NODE_ENV=${NODE_ENV}", "NODE_ENV"), None);
        assert_eq!(assigned("echo $NODE_ENV", "NODE_ENV"), None);
    }

    #[test]
    fn the_default_of_djangos_debug() {
        for (right, debug) in [
            ("True", Some(true)),
            ("False  # off", Some(false)),
            ("os.environ.get(\"DEBUG\", \"\") == \"1\"", Some(false)),
            ("os.getenv('DEBUG', 'True') == 'True'", Some(true)),
            ("env.bool(\"DJANGO_DEBUG\", False)", Some(false)),
            ("config('DEBUG', default=False, cast=bool)", Some(false)),
            ("envbool(\"DEBUG\", \"True\")", Some(true)),
            ("get_bool_from_env(\"DEBUG\", True)", Some(true)),
            ("os.environ.get('DEBUG', 'false').lower() in ('true', '1')", Some(false)),
            ("bool(os.environ.get(\"DEBUG\"))", Some(false)),
            ("os.environ[\"ENVIRONMENT\"] != \"production\"", None),
        ] {
            assert_eq!(default_of(right, ""), debug, "{right}");
        }
        assert_eq!(default_of("env(\"DEBUG\")", "environ.Env(DEBUG=(bool, False))"), Some(false));
        assert_eq!(default_of("env(\"DEBUG\")", ""), None);
    }
}
