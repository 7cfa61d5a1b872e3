//! Programs that run the rest of their words as a command: taken off, one after the other.

use seaworthy_syntax::shell;

use super::words::program_name;

/// What is left when wrappers are taken off.
#[derive(Debug, Default)]
pub struct Peeled {
    /// The command itself; the wrapper's own words when it runs something that is no command line.
    pub words: Vec<String>,
    /// Folder to which a wrapper changes first, as written.
    pub folder: Option<String>,
    /// Shell text in place of words.
    pub text: Option<String>,
    /// A wrapper ran the command from another package's or tool's folder of programs: scripts of the same name are
    /// not meant.
    pub binary: bool,
    /// Where the command runs: a service of a Compose file without words of its own.
    pub service: Option<String>,
}

/// How a wrapper's words are laid out.
struct Wrapper {
    /// Program and subcommands.
    name: &'static [&'static str],
    /// Options that take the next word.
    valued: &'static [&'static str],
    /// Words of its own before the command.
    operands: usize,
    /// The command stands behind `--` only.
    dashes: bool,
    /// It looks for the command among the programs of packages.
    binary: bool,
}

const fn plain(name: &'static [&'static str]) -> Wrapper {
    Wrapper { name, valued: &[], operands: 0, dashes: false, binary: false }
}

const fn behind_dashes(name: &'static [&'static str]) -> Wrapper {
    Wrapper { name, valued: &[], operands: 0, dashes: true, binary: false }
}

const COMPOSE_VALUED: &[&str] = &[
    "-u",
    "--user",
    "-e",
    "--env",
    "-w",
    "--workdir",
    "-v",
    "--volume",
    "-p",
    "--publish",
    "--name",
    "--entrypoint",
    "--index",
    "-l",
    "--label",
    "--env-file",
];

const WRAPPERS: &[Wrapper] = &[
    // Package managers and environments of languages
    Wrapper { name: &["poetry", "run"], valued: &["-C", "--directory", "-P", "--project"], ..plain(&[]) },
    Wrapper {
        name: &["uv", "run"],
        valued: &[
            "--with",
            "--group",
            "--extra",
            "-p",
            "--python",
            "--project",
            "--directory",
            "--package",
            "--env-file",
            "--only-group",
            "--no-group",
            "--with-requirements",
            "--index",
            "--index-url",
            "--cache-dir",
            "--config-file",
            "--with-editable",
            "--no-extra",
        ],
        ..plain(&[])
    },
    plain(&["pipenv", "run"]),
    Wrapper { valued: &["-p", "--project"], ..plain(&["rye", "run"]) },
    Wrapper { valued: &["--with", "--from", "-p", "--python"], binary: true, ..plain(&["uvx"]) },
    Wrapper {
        valued: &["--with", "--from", "-p", "--python"],
        binary: true,
        ..plain(&["uv", "tool", "run"])
    },
    Wrapper { valued: &["--spec", "--python"], binary: true, ..plain(&["pipx", "run"]) },
    Wrapper { valued: &["-n", "--name", "-p", "--prefix"], ..plain(&["conda", "run"]) },
    Wrapper { valued: &["-n", "--name", "-p", "--prefix"], ..plain(&["micromamba", "run"]) },
    plain(&["bundle", "exec"]),
    plain(&["bundler", "exec"]),
    plain(&["rbenv", "exec"]),
    plain(&["rtx", "exec"]),
    plain(&["appraisal"]),
    plain(&["spring"]),
    Wrapper { valued: &["-p", "--package"], binary: true, ..plain(&["npx"]) },
    Wrapper { valued: &["-p", "--package", "-w", "--workspace"], binary: true, ..plain(&["npm", "exec"]) },
    Wrapper { valued: &["-p", "--package"], binary: true, ..plain(&["npm", "x"]) },
    Wrapper { binary: true, ..plain(&["pnpx"]) },
    Wrapper { binary: true, ..plain(&["bunx"]) },
    Wrapper { binary: true, ..plain(&["bun", "x"]) },
    Wrapper { binary: true, valued: &["-p", "--package"], ..plain(&["yarn", "dlx"]) },
    Wrapper { binary: true, ..plain(&["yarn", "exec"]) },
    Wrapper { binary: true, valued: &["--package"], ..plain(&["pnpm", "dlx"]) },
    Wrapper { binary: true, ..plain(&["pnpm", "exec"]) },
    Wrapper { binary: true, ..plain(&["composer", "exec"]) },
    Wrapper { binary: true, ..plain(&["dotnet", "tool", "run"]) },
    Wrapper { binary: true, ..plain(&["dotnet", "dnx"]) },
    Wrapper { binary: true, ..plain(&["lerna", "exec"]) },
    // Secrets and settings
    Wrapper { valued: &["-e", "-f", "-c", "-v", "-p", "-o", "-i"], ..plain(&["dotenv"]) },
    Wrapper { valued: &["-f", "-e"], ..plain(&["dotenvx", "run"]) },
    Wrapper { valued: &["-f", "--file"], ..plain(&["env-cmd"]) },
    behind_dashes(&["doppler", "run"]),
    behind_dashes(&["infisical", "run"]),
    behind_dashes(&["op", "run"]),
    behind_dashes(&["vault-env"]),
    behind_dashes(&["teller", "run"]),
    behind_dashes(&["phase", "run"]),
    behind_dashes(&["chamber", "exec"]),
    behind_dashes(&["aws-vault", "exec"]),
    behind_dashes(&["sops", "exec-env"]),
    behind_dashes(&["varlock", "run"]),
    plain(&["dotenv-flow"]),
    plain(&["envkey-source"]),
    Wrapper { operands: 1, ..plain(&["envdir"]) },
    plain(&["s6-envdir"]),
    Wrapper { operands: 1, ..plain(&["s6-setuidgid"]) },
    plain(&["with-contenv"]),
    // Environments
    Wrapper { valued: &["-C"], ..plain(&["mise", "exec"]) },
    Wrapper { valued: &["-C"], ..plain(&["mise", "x"]) },
    Wrapper { operands: 1, ..plain(&["direnv", "exec"]) },
    plain(&["asdf", "exec"]),
    plain(&["volta", "run"]),
    plain(&["fnm", "exec"]),
    plain(&["nvm", "exec"]),
    plain(&["pixi", "run"]),
    plain(&["devbox", "run"]),
    plain(&["ddev", "exec"]),
    plain(&["warden", "shell", "-c"]),
    Wrapper {
        valued: &["-a", "--app", "--size", "-s", "--type", "-r", "--remote"],
        ..plain(&["heroku", "run"])
    },
    Wrapper { valued: &["-a", "--app"], ..plain(&["heroku", "run:detached"]) },
    Wrapper { valued: &["-a", "--app"], ..plain(&["scalingo", "run"]) },
    Wrapper { valued: &["-e", "-s", "--service", "--environment"], ..plain(&["railway", "run"]) },
    plain(&["sst", "shell"]),
    plain(&["netlify", "dev:exec"]),
    // Containers
    Wrapper { operands: 1, valued: COMPOSE_VALUED, ..plain(&["docker", "exec"]) },
    Wrapper { operands: 1, valued: COMPOSE_VALUED, ..plain(&["podman", "exec"]) },
    // Waiting, repeating, measuring
    plain(&["xargs"]),
    Wrapper { operands: 0, ..plain(&["retry"]) },
    Wrapper { dashes: true, ..plain(&["wait-for-it"]) },
    behind_dashes(&["wait-for-it.sh"]),
    behind_dashes(&["wait-for"]),
    behind_dashes(&["wait4x"]),
    Wrapper {
        valued: &["-wait", "-timeout", "-template", "-stdout", "-stderr", "-wait-retry-interval"],
        ..plain(&["dockerize"])
    },
    plain(&["ddtrace-run"]),
    plain(&["opentelemetry-instrument"]),
    plain(&["newrelic-admin", "run-program"]),
    Wrapper {
        valued: &["--reporter", "-r", "--include", "--exclude", "-n", "-x", "--all"],
        ..plain(&["c8"])
    },
    Wrapper { valued: &["--reporter", "-r", "--include", "--exclude", "-n", "-x"], ..plain(&["nyc"]) },
    behind_dashes(&["percy", "exec"]),
    behind_dashes(&["datadog-ci", "trace"]),
    behind_dashes(&["op", "exec"]),
    plain(&["dbus-run-session"]),
    plain(&["docker-php-entrypoint"]),
    plain(&["docker-entrypoint.sh"]),
    Wrapper { operands: 1, ..plain(&["su-exec"]) },
    Wrapper { operands: 1, ..plain(&["chpst"]) },
    plain(&["catchsegv"]),
    plain(&["unbuffer"]),
    plain(&["caffeinate"]),
    plain(&["litestream", "replicate", "-exec"]),
];

const DEEPEST: usize = 12;

/// Takes off all wrappers.
pub fn peel(words: &[String]) -> Peeled {
    let mut peeled = Peeled { words: words.to_vec(), ..Peeled::default() };
    for _ in 0..DEEPEST {
        let unwrapped = shell::unwrap(&peeled.words);
        if unwrapped.len() != peeled.words.len() {
            peeled.words = unwrapped.to_vec();
        }
        if !step(&mut peeled) {
            break;
        }
    }
    peeled
}

/// Takes off one wrapper; false when there is none.
fn step(peeled: &mut Peeled) -> bool {
    let words = &peeled.words;
    let Some(first) = words.first() else { return false };
    // PowerShell keeps what a command gives: `$answer = Invoke-WebRequest …`.
    if first.starts_with('$') && words.len() > 2 && words[1] == "=" {
        peeled.words = words[2..].to_vec();
        return true;
    }
    let program = program_name(first);
    if program == "docker-compose" || program == "podman-compose" {
        let mut rest = words[1..].to_vec();
        rest.splice(0..0, ["docker".to_owned(), "compose".to_owned()]);
        peeled.words = rest;
        return true;
    }
    if program == "python" {
        return python_module(peeled);
    }
    if program == "coverage" && words.get(1).is_some_and(|word| word == "run") {
        return coverage(peeled);
    }
    if program == "dotnet-coverage" && words.get(1).is_some_and(|word| word == "collect") {
        return collected(peeled);
    }
    if matches!(program.as_str(), "docker" | "podman") {
        return container(peeled);
    }
    if matches!(program.as_str(), "kubectl" | "oc" | "k3s") && words.iter().any(|word| word == "exec") {
        return behind(peeled, "--");
    }
    if program == "nix" && words.get(1).is_some_and(|word| word == "develop" || word == "shell") {
        return behind(peeled, "-c") || behind(peeled, "--command");
    }
    if matches!(program.as_str(), "nix-shell" | "fly" | "flyctl" | "devenv" | "guix" | "npx") {
        return text_option(peeled) || named(peeled, &program);
    }
    if program == "sail" {
        return sail(peeled);
    }
    named(peeled, &program)
}

/// A wrapper of the table.
fn named(peeled: &mut Peeled, program: &str) -> bool {
    let words = &peeled.words;
    let head = |wrapper: &&Wrapper| {
        wrapper.name[0] == program
            && wrapper.name[1..]
                .iter()
                .enumerate()
                .all(|(at, name)| words.get(at + 1).is_some_and(|word| word == name))
    };
    let Some(wrapper) = WRAPPERS.iter().filter(head).max_by_key(|wrapper| wrapper.name.len()) else {
        return false;
    };
    let mut rest = &words[wrapper.name.len()..];
    if wrapper.dashes || (program == "dotenv" && rest.iter().any(|word| word == "--")) {
        return behind(peeled, "--");
    }
    let mut folder = None;
    let mut operands = wrapper.operands;
    let mut module = false;
    while let Some((word, after)) = rest.split_first() {
        if word == "--" {
            rest = after;
            break;
        }
        if word.len() > 1 && word.starts_with('-') {
            if matches!(word.as_str(), "-m" | "--module") && program == "uv" {
                module = true;
                rest = after;
                continue;
            }
            let valued =
                wrapper.valued.contains(&word.as_str()) || (program == "xargs" && xargs_valued(word));
            if matches!(word.as_str(), "--directory" | "-C" | "--chdir") {
                folder = after.first().cloned();
            }
            rest = after.get(usize::from(valued)..).unwrap_or_default();
        } else if operands > 0 {
            operands -= 1;
            rest = after;
        } else if word.contains('=') && !word.starts_with('/') && program != "xargs" && rest.len() > 1 {
            rest = after;
        } else {
            break;
        }
    }
    if rest.is_empty() {
        return false;
    }
    let mut rest = rest.to_vec();
    if module {
        rest.insert(0, "-m".to_owned());
        rest.insert(0, "python".to_owned());
    }
    // One word with blanks is a command line of its own.
    if let [line] = rest.as_slice()
        && line.contains(' ')
        && !line.starts_with('$')
    {
        peeled.text = Some(line.clone());
    }
    if wrapper.binary {
        // `npx prettier@3` names a version, `npx -p x y` a package.
        if let Some(name) = rest.first_mut() {
            *name = without_version(name);
        }
        peeled.binary = true;
    }
    if folder.is_some() {
        peeled.folder = folder;
    }
    peeled.words = rest;
    true
}

fn xargs_valued(word: &str) -> bool {
    matches!(word, "-n" | "-P" | "-I" | "-L" | "-d" | "-s" | "-a" | "-E" | "--max-args" | "--max-procs")
}

/// `prettier@3.1.0` as `prettier`, `@scope/tool@latest` as `@scope/tool`.
fn without_version(name: &str) -> String {
    let end = name.get(1..).and_then(|rest| rest.find('@')).map_or(name.len(), |at| at + 1);
    let name = &name[..end];
    // The program of a scoped package mostly has the package's own name or is the scope's.
    match name {
        "@biomejs/biome" => "biome",
        "@cyclonedx/cyclonedx-npm" => "cyclonedx-npm",
        "@playwright/test" => "playwright",
        "@lhci/cli" => "lhci",
        "@commitlint/cli" => "commitlint",
        "@redocly/cli" => "redocly",
        "@stoplight/spectral-cli" => "spectral",
        "@ionic/cli" => "ionic",
        "@nestjs/cli" => "nest",
        "@angular/cli" => "ng",
        "@arethetypeswrong/cli" => "attw",
        "@opennextjs/cloudflare" => "opennextjs-cloudflare",
        "typescript" => "tsc",
        "netlify-cli" => "netlify",
        "firebase-tools" => "firebase",
        "aws-cdk" => "cdk",
        "markdownlint-cli" => "markdownlint",
        "@railway/cli" => "railway",
        other => other,
    }
    .to_owned()
}

fn behind(peeled: &mut Peeled, mark: &str) -> bool {
    let Some(at) = peeled.words.iter().position(|word| word == mark) else { return false };
    if at + 1 >= peeled.words.len() {
        return false;
    }
    peeled.words.drain(..=at);
    true
}

/// `dotnet-coverage collect [options] "dotnet test"`: the command is one word, or all that are left.
fn collected(peeled: &mut Peeled) -> bool {
    let mut rest = &peeled.words[2..];
    while let Some(word) = rest.first().filter(|word| word.starts_with('-')) {
        // `-nologo`, `--include-files` and the like stand alone only with their value behind `=` or as switches.
        let valued = matches!(
            word.as_str(),
            "-s" | "--settings"
                | "-o"
                | "--output"
                | "-f"
                | "--output-format"
                | "-id"
                | "--session-id"
                | "-l"
                | "--log-file"
        );
        rest = rest.get(1 + usize::from(valued)..).unwrap_or_default();
    }
    let words = match rest {
        [] => return false,
        // What follows a command line in one word are options of the collector.
        [text, ..] if text.contains(' ') => seaworthy_syntax::shell::parse(text, 1)
            .commands
            .into_iter()
            .find(|command| !command.words.is_empty())
            .map(|command| command.words)
            .unwrap_or_default(),
        words => words.to_vec(),
    };
    if words.is_empty() {
        return false;
    }
    peeled.words = words;
    true
}

/// `--run "…"`, `-C "…"`, `--command "…"`, `npx -c "…"`: a command line in one word.
fn text_option(peeled: &mut Peeled) -> bool {
    let program = program_name(&peeled.words[0]);
    let options: &[&str] = match program.as_str() {
        "nix-shell" => &["--run", "--command"],
        "npx" => &["-c", "--call"],
        "fly" | "flyctl" => &["-C", "--command"],
        _ => &["--"],
    };
    if matches!(program.as_str(), "fly" | "flyctl")
        && !peeled.words.iter().any(|w| w == "console" || w == "ssh")
    {
        return false;
    }
    let Some(at) = peeled.words.iter().position(|word| options.contains(&word.as_str())) else {
        return false;
    };
    let Some(text) = peeled.words.get(at + 1).cloned() else { return false };
    peeled.words = seaworthy_syntax::shell::parse(&text, 1)
        .commands
        .into_iter()
        .find(|command| !command.words.is_empty())
        .map(|command| command.words)
        .unwrap_or_default();
    peeled.text = Some(text);
    !peeled.words.is_empty()
}

fn python_module(peeled: &mut Peeled) -> bool {
    let words = &peeled.words;
    let mut at = 1;
    while words.get(at).is_some_and(|word| word.starts_with('-') && word != "-m" && word != "-c") {
        at += if matches!(words[at].as_str(), "-W" | "-X") { 2 } else { 1 };
    }
    if words.get(at).is_none_or(|word| word != "-m") || words.get(at + 1).is_none() {
        return false;
    }
    let module = words[at + 1].replace("pip.__main__", "pip");
    // `django` is run as `django-admin`.
    let program = if module == "django" { "django-admin".to_owned() } else { module };
    let mut rest = words[at + 2..].to_vec();
    rest.insert(0, program);
    peeled.words = rest;
    true
}

fn coverage(peeled: &mut Peeled) -> bool {
    let words = &peeled.words;
    let mut at = 2;
    while let Some(word) =
        words.get(at).filter(|word| word.starts_with('-') && *word != "-m" && *word != "--module")
    {
        at += if matches!(
            word.as_str(),
            "--source" | "--rcfile" | "--omit" | "--include" | "--data-file" | "--context"
        ) {
            2
        } else {
            1
        };
    }
    let mut rest = words.get(at..).unwrap_or_default().to_vec();
    if rest.is_empty() {
        return false;
    }
    rest.insert(0, "python".to_owned());
    if rest[1] == "--module" {
        rest[1] = "-m".to_owned();
    }
    peeled.words = rest;
    true
}

/// `docker compose run|exec SERVICE cmd…`, `docker exec C cmd…`, `docker run … IMAGE cmd…`.
fn container(peeled: &mut Peeled) -> bool {
    let words = &peeled.words;
    let mut at = 1;
    if words.get(1).is_some_and(|word| word == "container") {
        at = 2;
    }
    if words.get(at).is_some_and(|word| word == "compose") {
        at += 1;
        while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
            let valued = matches!(
                word.as_str(),
                "-f" | "--file"
                    | "-p"
                    | "--project-name"
                    | "--profile"
                    | "--env-file"
                    | "--project-directory"
                    | "--ansi"
            );
            at += 1 + usize::from(valued);
        }
        if !words.get(at).is_some_and(|word| word == "run" || word == "exec") {
            return false;
        }
        let after = after_options(words, at + 1, COMPOSE_VALUED);
        let Some(service) = words.get(after) else { return false };
        if words.get(after + 1).is_none() {
            peeled.service = Some(service.clone());
            return false;
        }
        peeled.words = words[after + 1..].to_vec();
        return true;
    }
    match words.get(at).map(String::as_str) {
        Some("exec") => {
            let after = after_options(words, at + 1, COMPOSE_VALUED);
            if words.get(after + 1).is_none() {
                return false;
            }
            peeled.words = words[after + 1..].to_vec();
            true
        }
        _ => false,
    }
}

/// The image of `docker run`, and where it stands among the words.
pub fn run_image(words: &[String]) -> Option<(usize, &str)> {
    let program = program_name(words.first()?);
    if !matches!(program.as_str(), "docker" | "podman" | "nerdctl") {
        return None;
    }
    let mut at = 1;
    if words.get(1).is_some_and(|word| word == "container") {
        at = 2;
    }
    if words.get(at).is_none_or(|word| word != "run") {
        return None;
    }
    let valued: &[&str] = &[
        "-v",
        "--volume",
        "-e",
        "--env",
        "-p",
        "--publish",
        "-w",
        "--workdir",
        "--name",
        "--network",
        "--net",
        "-u",
        "--user",
        "--entrypoint",
        "--env-file",
        "--mount",
        "-h",
        "--hostname",
        "-m",
        "--memory",
        "--cpus",
        "--platform",
        "--label",
        "-l",
        "--link",
        "--add-host",
        "--restart",
        "--gpus",
        "--pull",
        "--tmpfs",
        "--volumes-from",
        "--health-cmd",
        "--health-interval",
        "--health-timeout",
        "--health-retries",
        "--ulimit",
        "--shm-size",
        "--log-driver",
        "--log-opt",
        "--cap-add",
        "--security-opt",
        "--ip",
        "--dns",
        "--userns",
        "--pid",
        "--ipc",
    ];
    let at = after_options(words, at + 1, valued);
    words.get(at).map(|image| (at, image.as_str()))
}

fn after_options(words: &[String], mut at: usize, valued: &[&str]) -> usize {
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += 1 + usize::from(valued.contains(&word.as_str()));
    }
    at
}

/// `sail artisan …`, `sail npm …`, `sail composer …`: the container's own programs.
fn sail(peeled: &mut Peeled) -> bool {
    match peeled.words.get(1).map(String::as_str) {
        Some("artisan" | "npm" | "yarn" | "pnpm" | "bun" | "composer" | "php" | "node" | "npx" | "bin") => {
            let skip = if peeled.words[1] == "bin" { 2 } else { 1 };
            peeled.words.drain(..skip);
            !peeled.words.is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peeled(line: &str) -> String {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        peel(&words).words.join(" ")
    }

    #[test]
    fn a_command_in_one_word_is_read() {
        let words = ["dotnet-coverage", "collect", "dotnet test -c Release", "-f", "xml"].map(str::to_owned);
        assert_eq!(peel(&words[..3]).words.join(" "), "dotnet test -c Release");
        assert_eq!(peel(&words).words.join(" "), "dotnet test -c Release");
    }

    #[test]
    fn wrappers_come_off() {
        for (line, left) in [
            ("sudo -u app env A=1 nohup poetry run pytest -q", "pytest -q"),
            ("uv run --frozen --group dev python -m pytest", "pytest"),
            ("uv run -m pytest", "pytest"),
            ("npx --yes prettier@3.1 --check .", "prettier --check ."),
            ("npx @biomejs/biome@1 ci", "biome ci"),
            ("pnpm dlx eslint .", "eslint ."),
            ("dotenv -e .env.test -- npm test", "npm test"),
            ("doppler run -c prd -- npm start", "npm start"),
            ("docker compose -f a.yml exec -T -u root web bin/rails db:migrate", "bin/rails db:migrate"),
            ("docker-compose run --rm -e A=b web pytest", "pytest"),
            ("docker exec -it web ls", "ls"),
            ("kubectl -n prod exec deploy/web -- rake db:migrate", "rake db:migrate"),
            ("xargs -n 1 shellcheck", "shellcheck"),
            ("nix develop -c cargo test", "cargo test"),
            ("coverage run --source=app -m pytest", "pytest"),
            ("$answer = Invoke-WebRequest -Uri $url", "Invoke-WebRequest -Uri $url"),
            ("dotnet-coverage collect -f xml -o c.xml dotnet test --no-build", "dotnet test --no-build"),
            ("coverage run manage.py test", "python manage.py test"),
            ("mise exec -- go test ./...", "go test ./..."),
            ("heroku run -a app rails db:migrate", "rails db:migrate"),
            ("./vendor/bin/sail artisan migrate", "artisan migrate"),
            ("python manage.py test", "python manage.py test"),
            ("bundle exec --keep-file-descriptors rspec", "rspec"),
            ("c8 --reporter lcov mocha", "mocha"),
            ("dumb-init -- node server.js", "node server.js"),
        ] {
            assert_eq!(peeled(line), left, "{line}");
        }
        assert_eq!(
            peel(&["docker".into(), "compose".into(), "run".into(), "sut".into()]).service.as_deref(),
            Some("sut")
        );
        let words: Vec<String> =
            ["docker", "run", "--rm", "-v", "a:b", "aquasec/trivy:1", "fs", "."].map(String::from).into();
        assert_eq!(run_image(&words), Some((5, "aquasec/trivy:1")));
    }
}
