//! Which configuration files of web servers are put to use: copied into an image, mounted, named by a command.

use seaworthy_facts::{Launches, Pipelines, Schedules};
use seaworthy_syntax::{Limits, dockerfile};

use super::written::{self, Written};
use crate::launches::{can_ship, is_compose};
use crate::tree::{File, Tree, join};

/// A path of this repository and where it ends up.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The file or folder here.
    pub source: String,
    /// Where it is in the image or container, as written.
    pub target: String,
    /// Which kind of file says so.
    pub by: String,
    /// A Compose file does.
    pub by_compose: bool,
}

/// What is put to use.
#[derive(Debug, Default)]
pub struct Loaded {
    placed: Vec<Placed>,
    /// Texts of commands that are run when the system is built, released, started or deployed.
    commands: Vec<String>,
    /// Configuration that a deployment writes itself.
    written: Vec<Written>,
    /// Files that a deployment puts others in the place of.
    replaced: Vec<String>,
}

/// Folders in which the servers look for their configuration.
const HOMES: &[&str] = &[
    "nginx",
    "conf.d",
    "sites-",
    "apache",
    "httpd",
    "caddy",
    "haproxy",
    "traefik",
    "templates",
    "openresty",
];

impl Loaded {
    /// Reads Dockerfiles, Compose files and the commands that are known.
    pub fn new(tree: &Tree, launches: &Launches, pipelines: &Pipelines, schedules: &Schedules) -> Loaded {
        let mut loaded = Loaded::default();
        for file in tree.files().iter().filter(|file| can_ship(file)) {
            let name = file.name().to_ascii_lowercase();
            if name.starts_with("dockerfile")
                || name.ends_with(".dockerfile")
                || name.starts_with("containerfile")
            {
                loaded.dockerfile(tree, file);
            } else if is_compose(file.name()) {
                loaded.compose(tree, file);
            } else if matches!(name.as_str(), "kustomization.yaml" | "kustomization.yml") {
                loaded.listed(tree, file);
            } else if is_tasks(file) {
                loaded.tasks(tree, file);
            }
        }
        let launched =
            launches.launches.iter().filter(|launch| !launch.development).flat_map(|launch| &launch.commands);
        let scheduled = schedules.jobs.iter().flat_map(|job| &job.commands);
        let deployed = pipelines.steps().flat_map(|(_, _, step)| &step.commands);
        loaded.commands.extend(launched.chain(scheduled).chain(deployed).map(|command| command.text.clone()));
        loaded.put_in_place(tree, pipelines);
        loaded.written = written::find(tree, pipelines);
        let composes = pipelines.steps().flat_map(|(_, _, step)| &step.commands).any(|command| {
            command.text.contains("docker compose") || command.text.contains("docker-compose")
        });
        // Where the deployment writes the proxy's configuration and starts no Compose file, what such a file mounts is
        // for somebody else.
        if !loaded.written.is_empty() && !composes {
            loaded.placed.retain(|placed| !placed.by_compose);
        }
        loaded
    }

    /// `cp nginx/tls.conf nginx/nginx.conf`: a deployment copies a file over the one that is mounted or copied into an
    /// image, so that this other file is what is used.
    fn put_in_place(&mut self, tree: &Tree, pipelines: &Pipelines) {
        let mut copied: Vec<(String, String)> = Vec::new();
        for command in pipelines.steps().flat_map(|(_, _, step)| &step.commands) {
            let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
            let [program, rest @ ..] = words.as_slice() else { continue };
            if !matches!(*program, "cp" | "mv" | "install") {
                continue;
            }
            let files: Vec<&str> = rest.iter().copied().filter(|word| !word.starts_with('-')).collect();
            let [from, to] = files.as_slice() else { continue };
            if let (Some(from), Some(to)) = (join(".", from), join(".", to))
                && from != to
                && tree.file(&from).is_some()
            {
                copied.push((from, to));
            }
        }
        let mut more = Vec::new();
        self.placed.retain(|placed| {
            let over: Vec<&(String, String)> = copied.iter().filter(|(_, to)| *to == placed.source).collect();
            more.extend(over.iter().map(|(from, _)| Placed { source: from.clone(), ..placed.clone() }));
            over.is_empty()
        });
        self.replaced.extend(copied.into_iter().map(|(_, to)| to).filter(|to| {
            more.iter().any(|placed: &Placed| placed.source != *to)
                && !self.placed.iter().any(|placed| placed.source == *to)
        }));
        self.placed.extend(more);
    }

    /// Configuration that a deployment writes itself.
    pub fn written(&self) -> &[Written] {
        &self.written
    }

    fn dockerfile(&mut self, tree: &Tree, file: &File) {
        let Some(text) = tree.text(file) else { return };
        for instruction in dockerfile::parse(&text, &Limits::default()).instructions {
            match instruction.keyword.as_str() {
                "COPY" | "ADD" if instruction.flag("from").is_none() => {
                    let mut words: Vec<&str> = instruction
                        .arguments
                        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '"' | ',' | '\\'))
                        .filter(|word| !word.is_empty())
                        .collect();
                    let Some(target) = words.pop() else { continue };
                    for word in words {
                        for folder in [file.folder(), "."] {
                            if let Some(source) = join(folder, word) {
                                self.placed.push(Placed {
                                    source,
                                    target: target.to_owned(),
                                    by: file.path.clone(),
                                    by_compose: false,
                                });
                            }
                        }
                        // The build's context may be a folder above.
                        if let Some((above, _)) = file.folder().rsplit_once('/')
                            && let Some(source) = join(above, word)
                        {
                            self.placed.push(Placed {
                                source,
                                target: target.to_owned(),
                                by: file.path.clone(),
                                by_compose: false,
                            });
                        }
                    }
                }
                "RUN" | "CMD" | "ENTRYPOINT" => self.commands.push(instruction.command().0),
                _ => {}
            }
        }
    }

    /// `./nginx.conf:/etc/nginx/nginx.conf:ro`, `source: ./nginx.conf`, `file: ./Caddyfile`.
    fn compose(&mut self, tree: &Tree, file: &File) {
        let Some(text) = tree.text(file) else { return };
        let parts = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| line.split(['[', ']', ',']));
        for part in parts {
            let part = part.trim().trim_start_matches("- ").trim().trim_matches(['"', '\'']);
            let part =
                ["source:", "file:"].iter().find_map(|key| part.strip_prefix(key)).unwrap_or(part).trim();
            let mut parts = part.trim_matches(['"', '\'']).split(':');
            let Some(source) = parts.next().filter(|source| source.starts_with('.') || source.contains('/'))
            else {
                continue;
            };
            if let Some(source) = join(file.folder(), source).filter(|source| !source.contains(' ')) {
                let target = parts.next().unwrap_or_default().to_owned();
                self.placed.push(Placed { source, target, by: file.path.clone(), by_compose: true });
            }
        }
    }

    fn listed(&mut self, tree: &Tree, file: &File) {
        let Some(text) = tree.text(file) else { return };
        for line in text.lines() {
            let word = line.trim().trim_start_matches("- ");
            let word = word.rsplit('=').next().unwrap_or(word);
            if let Some(source) =
                join(file.folder(), word.trim()).filter(|source| tree.file(source).is_some())
            {
                self.placed.push(Placed {
                    source,
                    target: String::new(),
                    by: file.path.clone(),
                    by_compose: false,
                });
            }
        }
    }

    /// Ansible puts files and templates of the role in place.
    fn tasks(&mut self, tree: &Tree, file: &File) {
        let Some(text) = tree.text(file) else { return };
        for line in text.lines() {
            let Some(source) =
                line.trim().strip_prefix("src:").map(|source| source.trim().trim_matches(['"', '\'']))
            else {
                continue;
            };
            for folder in ["templates", "files", "../templates", "../files", "."] {
                if let Some(source) = join(file.folder(), &format!("{folder}/{source}"))
                    .filter(|source| tree.file(source).is_some())
                {
                    self.placed.push(Placed {
                        source,
                        target: String::new(),
                        by: file.path.clone(),
                        by_compose: false,
                    });
                }
            }
        }
    }

    /// What puts a file to use.
    pub fn by(&self, file: &File) -> Option<String> {
        let path = file.path.as_str();
        if self.replaced.iter().any(|replaced| replaced == path) {
            return None;
        }
        let conventional =
            [".platform/nginx/", ".ebextensions/nginx/"].iter().any(|folder| path.contains(folder));
        if conventional {
            return Some("its place".to_owned());
        }
        let placed = self.placed.iter().find(|placed| {
            placed.source == path
                || path.strip_prefix(placed.source.as_str()).is_some_and(|rest| rest.starts_with('/'))
                    && HOMES.iter().any(|home| placed.target.to_ascii_lowercase().contains(home))
                || glob_matches(&placed.source, path)
        });
        if let Some(placed) = placed {
            return Some(placed.by.clone());
        }
        let name = file.name();
        let named = self.commands.iter().find(|command| {
            command.match_indices(name).any(|(at, _)| {
                let before = command[..at].chars().next_back();
                let after = command[at + name.len()..].chars().next();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '-') && !after.is_some_and(|c| c.is_alphanumeric() || c == '.')
                    // An absolute path is a file of the image, unless it was copied there whole.
                    && !command[..at].ends_with("/etc/nginx/")
            })
        });
        named.map(|command| format!("`{}`", command.chars().take(60).collect::<String>()))
    }

    /// The file of this repository that is found at a path inside an image or container.
    pub fn at<'a>(&self, tree: &'a Tree, path: &str, from: &str) -> Vec<&'a File> {
        let mut found: Vec<&File> = Vec::new();
        for placed in self.placed.iter().filter(|placed| !placed.target.is_empty()) {
            let target = placed.target.trim_end_matches('/');
            if glob_matches(path, target) || path == target {
                found.extend(tree.file(&placed.source));
            }
            // A folder, or a file that is copied into a folder.
            if !path.contains('*') {
                let inside = path.strip_prefix(target).and_then(|rest| rest.strip_prefix('/'));
                if let Some(inside) = inside {
                    let file = tree.file(&placed.source).filter(|file| file.name() == inside);
                    found.extend(file.or_else(|| tree.resolve(&placed.source, inside)));
                }
                continue;
            }
            let below: Vec<usize> = tree.under(&placed.source).map(|file| file.index).collect();
            for index in below {
                let file = &tree.files()[index];
                let inside = file
                    .path
                    .strip_prefix(&placed.source)
                    .map(|rest| rest.trim_start_matches('/'))
                    .unwrap_or_default();
                let inside = if inside.is_empty() { file.name() } else { inside };
                if glob_matches(path, &format!("{target}/{inside}")) {
                    found.push(file);
                }
            }
        }
        if found.is_empty() && !path.contains('*') {
            // The same folder holds it under its own name.
            let name = path.rsplit('/').next().unwrap_or(path);
            found.extend(
                tree.resolve(from, path.trim_start_matches('/')).or_else(|| tree.resolve(from, name)),
            );
        }
        found.sort_by_key(|file| file.index);
        found.dedup_by_key(|file| file.index);
        found
    }
}

fn is_tasks(file: &File) -> bool {
    file.path.split('/').any(|part| part == "tasks")
        && (file.path.ends_with(".yml") || file.path.ends_with(".yaml"))
}

/// Whether a path fits a pattern in which `*` stands for any text without a slash.
fn glob_matches(pattern: &str, path: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return false };
    let (head, tail) = (head.trim_start_matches("./"), tail);
    path.strip_prefix(head)
        .and_then(|rest| rest.strip_suffix(tail))
        .is_some_and(|middle| !middle.contains('/'))
}
