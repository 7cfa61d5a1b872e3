//! HTTP requests that ask a running address whether it is well, told from downloads and from calls of other people's
//! interfaces.

use seaworthy_facts::Role;

use super::words::program_name;

const CLIENTS: &[&str] = &[
    "curl",
    "wget",
    "http",
    "https",
    "httpie",
    "xh",
    "curlie",
    "Invoke-WebRequest",
    "iwr",
    "Invoke-RestMethod",
    "irm",
];

/// Addresses of files and of interfaces that are not the application.
const ELSEWHERE: &[&str] = &[
    "raw.githubusercontent.com",
    "github.com/",
    "api.github.com",
    "api.gitlab.com",
    "gitlab.com/",
    "hooks.slack.com",
    "slack.com/api",
    "discord.com/api",
    "api.telegram.org",
    "api.cloudflare.com",
    "registry.npmjs.org",
    "pypi.org",
    "googleapis.com",
    "codecov.io",
    "coveralls.io",
    "webhook",
    "WEBHOOK",
    "://get.",
    "://install.",
    "/install",
    "deb.nodesource.com",
    "dl.google.com",
    "hc-ping.com",
    "healthchecks.io/ping",
];

const DOWNLOADED: &[&str] = &[
    ".sh", ".gz", ".tgz", ".zip", ".xz", ".bz2", ".deb", ".rpm", ".apk", ".asc", ".gpg", ".key", ".jar",
    ".phar", ".py", ".sql", ".dump",
];

/// The roles of a request for the answer's own sake.
pub fn roles(words: &[String]) -> &'static [Role] {
    let Some(first) = words.first() else { return &[] };
    let program = program_name(first);
    if !CLIENTS.contains(&program.as_str()) {
        return &[];
    }
    let arguments = &words[1..];
    if arguments.iter().any(|a| sends(a)) || saves(&program, arguments) {
        return &[];
    }
    match arguments.iter().find(|argument| is_address(argument)) {
        Some(address) if !is_elsewhere(address) => &[Role::HealthRequest],
        _ => &[],
    }
}

fn is_address(argument: &str) -> bool {
    let lower = argument.to_ascii_lowercase();
    if argument.starts_with('-') {
        return lower.starts_with("--url=");
    }
    lower.starts_with("http://")
        || lower.starts_with("https://")
        || lower.starts_with("localhost")
        || lower.starts_with("127.0.0.1")
        || lower.starts_with("0.0.0.0:")
        // An address that a variable or an expression holds.
        || (argument.starts_with('$')
            && ["url", "host", "domain", "endpoint", "address", "ip"].iter().any(|name| lower.contains(name)))
}

/// It sends something, so that it is no question about health.
fn sends(argument: &str) -> bool {
    ["--data", "--form", "--upload-file", "--json", "--post-data", "--method=POST", "--method=PUT"]
        .iter()
        .any(|option| argument.starts_with(option))
        || ["POST", "PUT", "PATCH", "DELETE", "-XPOST", "-XPUT", "-XPATCH", "-XDELETE", "-d", "-F", "-T"]
            .contains(&argument)
}

/// It keeps the answer as a file.
fn saves(program: &str, arguments: &[String]) -> bool {
    arguments.iter().enumerate().any(|(at, argument)| {
        let target = arguments.get(at + 1).map_or("", String::as_str);
        let nowhere = |target: &str| matches!(target, "/dev/null" | "-" | "/dev/stdout" | "NUL");
        match program {
            "curl" => {
                let short = argument.len() > 1 && argument.starts_with('-') && !argument.starts_with("--");
                let last = argument.chars().last().unwrap_or(' ');
                (short && argument.contains('O') && !argument.contains('H'))
                    || argument == "--remote-name"
                    || ((argument == "--output" || (short && last == 'o')) && !nowhere(target))
            }
            "wget" => {
                let spider = arguments.iter().any(|a| a == "--spider");
                let joined = argument.strip_prefix("-O").or_else(|| argument.strip_prefix("-qO"));
                at == 0
                    && !spider
                    && !arguments.iter().enumerate().any(|(at, argument)| {
                        let next = arguments.get(at + 1).map_or("", String::as_str);
                        ((argument == "-O" || argument == "-qO" || argument == "--output-document")
                            && nowhere(next))
                            || argument
                                .strip_prefix("-O")
                                .or_else(|| argument.strip_prefix("-qO"))
                                .is_some_and(nowhere)
                            || argument.strip_prefix("--output-document=").is_some_and(nowhere)
                            || argument == "-S"
                    })
                    || joined.is_some_and(|joined| !joined.is_empty() && !nowhere(joined))
            }
            _ => argument == "--download" || argument == "-OutFile",
        }
    })
}

fn is_elsewhere(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    ELSEWHERE.iter().any(|part| address.contains(part))
        || DOWNLOADED.iter().any(|ending| path.ends_with(ending))
        || starts_a_job(path)
}

/// It starts a job of Jenkins, which answers before anything has run:
/// <https://www.jenkins.io/doc/book/using/remote-access-api/>.
fn starts_a_job(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.ends_with("/buildWithParameters") || (path.contains("/job/") && path.ends_with("/build"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(line: &str) -> bool {
        let script = seaworthy_syntax::shell::parse(line, 1);
        roles(&script.commands[0].words) == [Role::HealthRequest]
    }

    #[test]
    fn requests_and_downloads() {
        for line in [
            "curl -fsS https://example.com/health",
            "curl -s -o /dev/null -w %{http_code} $URL/up",
            "wget --spider -q http://localhost:3000/",
            "wget -qO- http://localhost:8080/healthz",
            "curl --fail --retry 5 ${{ steps.deploy.outputs.url }}",
            "http --check-status https://staging.example.com/",
            "curl -fsS https://shop.example.com/build",
            "Invoke-WebRequest -Uri \"${env:APPLICATION_URL}/version\" -Method Get -UseBasicParsing",
            "Invoke-RestMethod https://shop.example.com/health",
        ] {
            assert!(asks(line), "{line}");
        }
        for line in [
            "curl -sSL https://get.docker.com",
            "curl -LO https://example.com/tool.tar.gz",
            "curl -fsSLo tool https://example.com/tool",
            "curl -X POST https://example.com/api",
            "curl -d x=1 https://example.com/api",
            "wget https://example.com/file",
            "curl https://raw.githubusercontent.com/a/b/main/install.sh",
            "curl -H x",
            "Invoke-RestMethod -Method POST -Uri https://shop.example.com/hook",
            "Invoke-WebRequest https://shop.example.com/tool -OutFile tool",
            "curl -fsS https://jenkins.example.com/job/deploy/build?token=$TOKEN",
            "curl -u $LOGIN $JENKINS_URL/job/shop/job/main/buildWithParameters?TAG=1",
        ] {
            assert!(!asks(line), "{line}");
        }
    }
}
