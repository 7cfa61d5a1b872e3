//! Files that are secrets as a whole: environment files, private keys, master keys, states of infrastructure.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_model::ExposureKind;
use seaworthy_syntax::{Limits, dotenv};

use super::{Draft, REPLACE, assigned, is_for_developers, values};
use crate::scan::Scan;
use crate::tree::{Class, File, Tree};

/// Variables that are named of one environment file.
const NAMED: usize = 4;

/// Longest body of a private key.
const LONGEST_KEY: usize = 12_000;

/// Environment files that git tracks and that hold secret values.
pub fn environment<'t>(tree: &'t Tree) -> Vec<Draft<'t>> {
    let mut drafts = Vec::new();
    for file in tree.files().iter().filter(|file| is_environment(file)) {
        let Some(text) = tree.text(file) else { continue };
        let secret: Vec<dotenv::Entry> = dotenv::parse(&text, &Limits::default())
            .into_iter()
            .filter(|entry| assigned::in_environment(&entry.key, &entry.value))
            .collect();
        let Some(first) = secret.first() else { continue };
        let mut names: Vec<String> =
            secret.iter().take(NAMED).map(|entry| format!("`{}`", entry.key)).collect();
        if secret.len() > NAMED {
            names.push(format!("{} more", secret.len() - NAMED));
        }
        let value: String = secret.iter().flat_map(|entry| [entry.value.as_str(), "\0"]).collect();
        drafts.push(Draft {
            priority: 1, kind: ExposureKind::EnvironmentFile,
            what: format!("an environment file with secret values is in the repository: {}", names.join(", ")),
            file,
            line: first.line,
            value: Some(value),
            remedy: "Replace each of these values where it is used, take the file out of git (`git rm --cached`), and give values by the platform's secret store.".to_owned(),
        });
    }
    drafts
}

/// `.env`, `.env.production`, `prod.env`, … but none that is made to be copied, and none of tests or development.
fn is_environment(file: &File) -> bool {
    if !matches!(file.class, Class::Shipped) {
        return false;
    }
    let name = file.name().to_ascii_lowercase();
    let Some(rest) = name.strip_prefix(".env").or_else(|| name.strip_suffix(".env")) else { return false };
    const NOT_REAL: &[&str] = &[
        "example",
        "sample",
        "template",
        "tmpl",
        "tpl",
        "dist",
        "default",
        "schema",
        "test",
        "ci",
        "e2e",
        "dev",
        "mock",
        "dummy",
        "stub",
        "vault",
        "rc",
        "demo",
        "storybook",
        "docs",
    ];
    (rest.is_empty() || rest.starts_with(['.', '-', '_']) || rest.len() < 20)
        && !NOT_REAL.iter().any(|word| rest.contains(word))
        && !rest.ends_with(".js")
        && !rest.ends_with(".ts")
        && !rest.ends_with(".enc")
        && !rest.ends_with(".gpg")
}

/// Private keys in PEM form, with a body and without a passphrase.
pub fn private_keys<'t>(tree: &'t Tree, scan: &Scan, hits: &[usize]) -> Vec<Draft<'t>> {
    static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----").ok()
    });
    let mut drafts = Vec::new();
    for file in hits.iter().map(|index| &tree.files()[*index]) {
        if !matches!(file.class, Class::Shipped | Class::Development)
            || !may_be_real(&file.path)
            || scan.generated[file.index]
        {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        let Some(pattern) = KEY.as_ref() else { continue };
        // A list of keys in code is made for tests, wherever it stands.
        if file.language.is_some() && pattern.find_iter(&text).take(3).count() > 2 {
            continue;
        }
        for whole in pattern.find_iter(&text).take(5) {
            let rest = &text[whole.end()..];
            let Some(body) = rest.find("-----END ").filter(|end| *end < LONGEST_KEY).map(|end| &rest[..end])
            else {
                continue;
            };
            if body.contains("ENCRYPTED") || body.contains("...") || body.contains("DEK-Info") {
                continue;
            }
            let plain: String = body
                .replace("\\n", "")
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))
                .collect();
            if plain.len() < 90 || values::entropy(&plain) < 4.5 {
                continue;
            }
            let before = &text.as_bytes()[..whole.start()];
            drafts.push(Draft {
                priority: 1, kind: ExposureKind::CommittedSecret,
                what: "a private key is in the repository".to_owned(),
                file,
                line: u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX - 1) + 1,
                value: Some(plain),
                remedy: "Make a new key pair, put the new one in place, revoke what the old one signed or opened, then take it out of the repository.".to_owned(),
            });
        }
    }
    drafts
}

/// Paths of keys that are made for one machine or for tests say so.
fn may_be_real(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    const NOT_REAL: &[&str] = &[
        "test",
        "dev",
        "local",
        "example",
        "sample",
        "dummy",
        "fake",
        "mock",
        "snakeoil",
        "selfsigned",
        "self-signed",
        "self_signed",
        "fixture",
        "demo",
        "insecure",
        "default",
        "vagrant",
        "ci/",
        "spec",
        "stub",
        "playground",
    ];
    !NOT_REAL.iter().any(|word| lower.contains(word)) && !is_for_developers(path)
}

/// Keys that open Rails' encrypted credentials, and states of Terraform.
pub fn whole<'t>(tree: &'t Tree) -> Vec<Draft<'t>> {
    static STATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#""(?:[a-z_]*(?:password|secret|private_key|access_key|token|connection_string)[a-z_]*)"\s*:\s*"([^"]{6,})""#).ok()
    });
    let mut drafts = Vec::new();
    for file in tree.files().iter().filter(|file| file.class == Class::Shipped) {
        let name = file.name();
        let rails =
            name == "master.key" || file.path.contains("config/credentials/") && name.ends_with(".key");
        let development = file.path.ends_with("development.key") || file.path.ends_with("test.key");
        if rails && !development && !is_for_developers(&file.path) {
            let Some(text) = tree.text(file) else { continue };
            let key = text.trim();
            if key.len() == 32 && key.chars().all(|c| c.is_ascii_hexdigit()) {
                drafts.push(Draft {
                    priority: 1, kind: ExposureKind::CommittedSecret,
                    what: "the key of Rails' encrypted credentials is in the repository, so that they are open to its readers".to_owned(),
                    file,
                    line: 1,
                    value: Some(key.to_owned()),
                    remedy: "Replace every secret in the credentials, encrypt them with a new key (`bin/rails credentials:edit`), and give the key by `RAILS_MASTER_KEY`.".to_owned(),
                });
            }
        } else if name.ends_with(".tfstate") || name.ends_with(".tfstate.backup") {
            let Some(text) = tree.text(file) else { continue };
            let Some(found) =
                STATE.as_ref().and_then(|state| {
                    state.captures_iter(&text).take(200).filter_map(|c| c.get(1)).find(|value| {
                        values::is_password(value.as_str()) || values::is_random(value.as_str())
                    })
                })
            else {
                continue;
            };
            let before = &text.as_bytes()[..found.start()];
            drafts.push(Draft {
                priority: 1,
                kind: ExposureKind::CommittedSecret,
                what: "a Terraform state is in the repository, with secrets in plain text".to_owned(),
                file,
                line: u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX - 1) + 1,
                value: Some(found.as_str().to_owned()),
                remedy: format!("{REPLACE} Keep the state in a remote backend that encrypts it."),
            });
        }
    }
    drafts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::may_be_real;

    #[test]
    fn keys_for_one_machine_say_so() {
        assert!(may_be_real("config/jwt/private.pem"));
        assert!(may_be_real("deploy/server.key"));
        for path in
            ["certs/localhost.key", "docker/dev/ssl.key", "src/test/resources/a.pem", "nginx/snakeoil.key"]
        {
            assert!(!may_be_real(path), "{path}");
        }
    }
}
