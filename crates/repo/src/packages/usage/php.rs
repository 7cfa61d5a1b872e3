//! How PHP uses a package: by the namespaces that it loads, by a framework that discovers it, by its programs.

use seaworthy_facts::Usage;

use super::{Clues, because, depends, has_word, runs_programs};
use crate::packages::draft::Draft;
use crate::scan::Hit;
use crate::tree::File;

/// Packages that show themselves by being there although they offer something to call.
const WORKS_BY_BEING_LOADED: &[&str] = &[
    "ignition",
    "debugbar",
    "ide-helper",
    "collision",
    "clockwork",
    "telescope",
    "horizon",
    "pulse",
    "sail",
    "tinker",
    "octane",
    "/ui",
    "-driver",
];

/// The literals by which a package shows itself.
pub fn clues(name: &str, draft: &Draft, clues: &mut Clues) {
    let last = name.rsplit('/').next().unwrap_or(name);
    if let Some(known) = draft.known.get(&name.to_ascii_lowercase()) {
        for namespace in known.names.iter().filter(|namespace| namespace.len() > 2).take(20) {
            let namespace = namespace.trim_end_matches('\\');
            clues.word(format!("{namespace}\\"), in_php);
            clues.word(format!("use {namespace};"), in_php);
            clues.word(format!("{}\\\\", namespace.replace('\\', "\\\\")), in_php);
            // Old libraries have classes without a namespace.
            if !namespace.contains('\\') {
                clues.word(format!("{namespace}_"), in_php);
                clues.word(format!("new {namespace}"), in_php);
            }
        }
        for program in &known.programs {
            clues.word(format!("bin/{program}"), in_programs);
        }
        for alias in &known.aliases {
            clues.word(format!("{alias}::"), in_php);
            clues.word(format!("{alias}."), in_template);
        }
    }
    // Short names are words of settings for other reasons.
    if last.len() > 5 {
        for quote in ['\'', '"'] {
            clues.word(format!("{quote}{last}{quote}"), in_settings);
        }
    }
    clues.word(format!("vendor/{name}"), in_anything);
}

fn in_php(file: &File, hit: &Hit) -> bool {
    let lists = matches!(file.name(), "composer.json" | "composer.lock");
    !hit.comment
        && !lists
        && (file.language == Some("php")
            || matches!(
                file.extension(),
                "yaml" | "yml" | "twig" | "xml" | "neon" | "latte" | "json" | "phtml"
            ))
}

fn in_template(file: &File, hit: &Hit) -> bool {
    !hit.comment && matches!(file.extension(), "twig" | "html")
}

/// A driver or adapter that a setting names.
fn in_settings(file: &File, hit: &Hit) -> bool {
    !hit.comment
        && (file.path.starts_with("config/")
            || file.path.contains("/config/")
            || file.name().starts_with(".env"))
}

fn in_programs(file: &File, hit: &Hit) -> bool {
    !hit.comment && runs_programs(file)
}

fn in_anything(file: &File, hit: &Hit) -> bool {
    !hit.comment && file.name() != "composer.json"
}

/// What implies a package that no code names.
pub fn implied(name: &str, draft: &Draft) -> Option<Usage> {
    let known = draft.known.get(&name.to_ascii_lowercase());
    let Some(known) = known else { return Some(Usage::NotLooked) };
    if let Some((line, _)) =
        draft.texts.iter().find(|(_, text)| known.programs.iter().any(|program| has_word(text, program)))
    {
        return Some(Usage::Used { at: seaworthy_facts::Location::line(draft.path(), *line) });
    }
    // What registers a short name is there to be called by it.
    let called = !known.aliases.is_empty();
    let by_itself = WORKS_BY_BEING_LOADED.iter().any(|part| name.contains(part));
    if let Some(why) = &known.discovered
        && (!called || by_itself)
    {
        return because(why.clone());
    }
    // A package of interfaces does nothing without code that names them.
    let interfaces = name.starts_with("psr/");
    let suggesting = draft
        .known
        .iter()
        .filter(|(host, known)| *host != name && known.peers.iter().any(|peer| peer == name));
    if let Some((host, _)) = suggesting.min_by_key(|(host, _)| host.as_str()).filter(|_| !interfaces) {
        return because(format!("{host} uses it when it is there"));
    }
    let laravel = depends(draft, "laravel/framework");
    let symfony = depends(draft, "symfony/framework-bundle");
    if symfony
        && (name.starts_with("symfony/")
            || name.starts_with("twig/")
            || name.starts_with("phpdocumentor/")
            || name == "phpstan/phpdoc-parser"
            || name.starts_with("doctrine/"))
    {
        return because("Symfony uses it when it is there");
    }
    if laravel
        && (name.ends_with("-mailer")
            || name == "symfony/http-client"
            || name.starts_with("league/flysystem")
            || matches!(
                name,
                "guzzlehttp/guzzle"
                    | "doctrine/dbal"
                    | "predis/predis"
                    | "aws/aws-sdk-php"
                    | "pusher/pusher-php-server"
                    | "laravel/slack-notification-channel"
                    | "laravel/vonage-notification-channel"
                    | "symfony/psr-http-message-bridge"
                    | "nyholm/psr7"
            ))
    {
        return because("Laravel uses it when a setting asks for it");
    }
    if name.starts_with("php-http/")
        || name.starts_with("nyholm/")
        || name.contains("polyfill")
        || name == "psr/http-client-implementation"
    {
        return because("found by discovery at run time");
    }
    // Only functions: their names are in no list here.
    if known.names.is_empty() || known.functions {
        return Some(Usage::NotLooked);
    }
    None
}
