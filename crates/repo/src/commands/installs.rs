//! Installs of packages by name, which choose a version unless one is named.

use seaworthy_facts::Role;

use super::words::program_name;

/// The roles of an install by name.
pub fn roles(words: &[String]) -> &'static [Role] {
    let Some(first) = words.first() else { return &[] };
    let program = program_name(first);
    let mut arguments = &words[1..];
    if program == "uv" && arguments.first().is_some_and(|a| a == "pip") {
        arguments = &arguments[1..];
    }
    let Some((subcommand, rest)) = arguments.split_first() else { return &[] };
    let floats = match (program.as_str(), subcommand.as_str()) {
        ("npm", "install" | "i" | "add")
        | ("pnpm" | "yarn" | "bun", "add")
        | ("pnpm" | "bun", "install" | "i") => {
            named(rest, &["--prefix", "-C", "--dir", "-w", "--workspace", "--registry", "--filter", "--omit"])
                .any(|package| !has_version(package))
        }
        ("yarn", "global") => {
            named(rest.get(1..).unwrap_or_default(), &[]).any(|package| !has_version(package))
        }
        ("pip" | "pipx" | "uv", "install") => named(
            rest,
            &[
                "-r",
                "--requirement",
                "-c",
                "--constraint",
                "-e",
                "--editable",
                "-t",
                "--target",
                "-i",
                "--index-url",
                "--extra-index-url",
                "-f",
                "--find-links",
                "--python",
                "-p",
                "--group",
            ],
        )
        .any(|package| !package.contains("==") && !package.contains(" @ ")),
        _ => false,
    };
    if floats { &[Role::InstallFloating] } else { &[] }
}

/// The packages among the arguments: neither options nor their values nor paths.
fn named<'a>(arguments: &'a [String], valued: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let mut is_value = false;
    arguments.iter().map(String::as_str).filter(move |argument| {
        let value = std::mem::take(&mut is_value);
        if argument.starts_with('-') {
            is_value = valued.contains(argument);
            return false;
        }
        !(value
            || argument.starts_with(['.', '/', '$'])
            || argument.contains("://")
            || argument.ends_with(".whl")
            || argument.ends_with(".tgz")
            || argument.ends_with(".tar.gz"))
    })
}

/// `name@1.2.3`; a tag such as `latest` is no version.
fn has_version(package: &str) -> bool {
    package.get(1..).and_then(|rest| rest.split_once('@')).is_some_and(|(_, version)| {
        version.starts_with(|c: char| c.is_ascii_digit() || c == '$' || c == '{' || c == '^' || c == '~')
    })
}
