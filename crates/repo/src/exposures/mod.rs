//! Data that anybody can read: committed secrets, open tables and rules, server keys in client code.
//!
//! Precision comes first: a list that cries wolf is not read. Placeholders, examples, test keys, keys that are made to be
//! seen, documentation, tests and development settings are told apart. No value leaves this room: a place and a keyed
//! hash do.

mod assigned;
mod buckets;
mod client;
mod configuration;
mod files;
mod firebase;
mod shapes;
mod supabase;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use seaworthy_facts::{Declared, ExposedData, Exposures, Infrastructure};
use seaworthy_model::ExposureKind;
use sha2::{Digest, Sha256};

use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};
use shapes::SHAPES;

/// How many pieces are kept.
const KEPT: usize = 300;
/// Most places of one file that are named for secrets without a form of their own.
const IN_FILE: usize = 3;
/// What to do with a secret that was readable.
const REPLACE: &str = "Replace the secret at its issuer first, look at how it was used, then take it out of the repository; its history keeps it.";

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    shapes: Vec<Vec<NeedleId>>,
    assigned: Vec<NeedleId>,
    urls: Vec<NeedleId>,
    private_key: Option<NeedleId>,
    kubernetes: Option<NeedleId>,
    public: Vec<NeedleId>,
    secured: Vec<NeedleId>,
    supabase: Option<NeedleId>,
}

/// What this room reads.
pub struct Seen<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The hits.
    pub scan: &'a Scan,
    /// The literals.
    pub plan: &'a Plan,
    /// What the owners declare.
    pub declared: &'a Declared,
    /// Infrastructure as code.
    pub infrastructure: &'a Infrastructure,
}

/// A piece of exposed data before its value is hashed.
struct Draft<'t> {
    kind: ExposureKind,
    priority: u8,
    what: String,
    file: &'t File,
    line: u32,
    value: Option<String>,
    remedy: String,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let shapes: Vec<Vec<NeedleId>> = SHAPES
        .iter()
        .map(|shape| {
            let add = |text: &String| {
                let needle = needles.add(Needle { text: text.clone(), whole_word: false, per_file: 1 });
                if shape.anywhere {
                    needles.also_in_prose(needle);
                }
                needle
            };
            shape.literals.iter().map(add).collect()
        })
        .collect();
    let mut add = |text: &str, per_file: u16| {
        needles.add(Needle { text: text.to_owned(), whole_word: false, per_file })
    };
    const URLS: &[&str] = &[
        "postgres://",
        "postgresql://",
        "postgresql+",
        "mysql://",
        "mysql2://",
        "mysql+",
        "mariadb://",
        "mongodb://",
        "mongodb+srv://",
        "redis://",
        "rediss://",
        "amqp://",
        "amqps://",
        "sqlserver://",
        "Password=",
        "Pwd=",
    ];
    const SECURED: &[&str] = &["ENABLE ROW LEVEL SECURITY", "enable row level security"];
    Plan {
        shapes,
        assigned: assigned::literals().map(|literal| add(&literal, 4)).collect(),
        urls: URLS.iter().map(|literal| add(literal, 4)).collect(),
        private_key: Some(add("PRIVATE KEY", 1)),
        kubernetes: Some(needles.add(Needle {
            text: "kind: Secret".to_owned(),
            whole_word: true,
            per_file: 1,
        })),
        public: client::PREFIXES
            .iter()
            .map(|prefix| needles.add(Needle { text: (*prefix).to_owned(), whole_word: false, per_file: 24 }))
            .collect(),
        secured: SECURED
            .iter()
            .map(|text| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 200 }))
            .collect(),
        supabase: Some(needles.add(Needle { text: "supabase".to_owned(), whole_word: false, per_file: 1 })),
    }
}

/// Looks for it.
pub fn collect(seen: &Seen) -> Exposures {
    let Seen { tree, scan, plan, .. } = *seen;
    let mut drafts = shaped(seen);
    let key_files = files_of(scan, plan.private_key.as_slice());
    drafts.extend(files::private_keys(tree, scan, &key_files));
    drafts.extend(files::whole(tree));
    drafts.extend(configuration::named(tree));
    drafts.extend(configuration::kubernetes(tree, &files_of(scan, plan.kubernetes.as_slice())));
    drafts.extend(lines(seen));
    let known: Vec<(usize, String)> =
        drafts.iter().filter_map(|draft| Some((draft.file.index, draft.value.clone()?))).collect();
    // A file that only repeats what was named already is not named again.
    drafts.extend(files::environment(tree).into_iter().filter(|draft| {
        let own: Vec<&String> =
            known.iter().filter(|(file, _)| *file == draft.file.index).map(|(_, value)| value).collect();
        let values = draft.value.as_deref().unwrap_or_default();
        values
            .split('\0')
            .filter(|value| !value.is_empty())
            .any(|value| !own.iter().any(|known| value.contains(known.as_str())))
    }));
    drafts.extend(client_keys(seen));
    let elsewhere: Vec<String> = plan
        .secured
        .iter()
        .flat_map(|needle| scan.hits(*needle))
        .filter(|hit| {
            tree.files()[hit.file].language == Some("sql")
                && !tree.files()[hit.file].path.contains("supabase/migrations/")
        })
        .map(|hit| hit.text.to_string())
        .collect();
    // Migrations that were left behind when another database took over open nothing. A Compose file only hands on
    // addresses.
    let used =
        files_of(scan, plan.supabase.as_slice()).into_iter().map(|file| &tree.files()[file]).any(|file| {
            !matches!(file.class, Class::Documentation | Class::Vendored | Class::Example)
                && file.language != Some("sql")
                && !crate::launches::is_compose(file.name())
        });
    drafts.extend(supabase::collect(tree, &elsewhere, used));
    drafts.extend(firebase::collect(tree, &seen.declared.as_of));
    finish(tree, drafts, buckets::collect(seen.infrastructure))
}

/// Keys whose form names their issuer.
fn shaped<'t>(seen: &Seen<'t>) -> Vec<Draft<'t>> {
    let mut drafts: Vec<Draft<'t>> = Vec::new();
    let mut wanted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (shape, literals) in seen.plan.shapes.iter().enumerate() {
        for file in files_of(seen.scan, literals) {
            wanted.entry(file).or_default().push(shape);
        }
    }
    for (file, shapes) in wanted {
        let file = &seen.tree.files()[file];
        let ships = matches!(file.class, Class::Shipped | Class::Development);
        if !shapes.iter().any(|shape| ships || SHAPES[*shape].anywhere) {
            continue;
        }
        let Some(text) = seen.tree.text(file) else { continue };
        for shape in shapes.into_iter().map(|shape| &SHAPES[shape]).filter(|shape| ships || shape.anywhere) {
            for found in shapes::find(shape, &text) {
                let in_client = shape.server_key && ships && is_client(file);
                drafts.push(Draft {
                    priority: 1,
                    kind: if in_client {
                        ExposureKind::ServerKeyInClient
                    } else {
                        ExposureKind::CommittedSecret
                    },
                    what: format!(
                        "{} is in {}",
                        shape.name,
                        if in_client { "code that browsers get" } else { "the repository" }
                    ),
                    file,
                    line: found.line,
                    value: Some(found.value.to_owned()),
                    remedy: format!("{REPLACE} How: {}", shape.docs),
                });
            }
        }
    }
    drafts
}

/// Random values of secret names, and passwords in addresses, in single lines of what ships.
fn lines<'t>(seen: &Seen<'t>) -> Vec<Draft<'t>> {
    let Seen { tree, scan, plan, .. } = *seen;
    let mut found: BTreeMap<usize, Vec<Draft<'t>>> = BTreeMap::new();
    let mut push = |hit: &Hit, what: String, value: &str| {
        let file = &tree.files()[hit.file];
        let drafts = found.entry(hit.file).or_default();
        if drafts.len() < IN_FILE && !drafts.iter().any(|known| known.value.as_deref() == Some(value)) {
            drafts.push(Draft {
                priority: 1,
                kind: ExposureKind::CommittedSecret,
                what,
                file,
                line: hit.line,
                value: Some(value.to_owned()),
                remedy: format!("{REPLACE} Read it from the environment."),
            });
        }
    };
    for hit in plan.assigned.iter().flat_map(|needle| scan.hits(*needle)) {
        let file = &tree.files()[hit.file];
        if hit.comment
            || !scan.ships(file)
            || is_for_developers(&file.path)
            || file.name().starts_with(".env")
        {
            continue;
        }
        if let Some(assigned) = assigned::in_line(&hit.text, file.language) {
            let name: String = assigned.name.chars().take(60).collect();
            push(hit, format!("a secret is written into a file of the repository: `{name}`"), assigned.value);
        }
    }
    for hit in plan.urls.iter().flat_map(|needle| scan.hits(*needle)) {
        let file = &tree.files()[hit.file];
        if hit.comment || !scan.ships(file) || is_for_developers(&file.path) {
            continue;
        }
        for url in assigned::urls(&hit.text) {
            push(
                hit,
                format!(
                    "an address of a database or broker with its password is in the repository ({})",
                    url.scheme
                ),
                url.password,
            );
        }
        if let Some(password) = assigned::connection_string(&hit.text) {
            push(hit, "a connection string with its password is in the repository".to_owned(), password);
        }
    }
    found.into_values().flatten().collect()
}

/// Variables that a bundler makes public although their names are those of server keys.
fn client_keys<'t>(seen: &Seen<'t>) -> Vec<Draft<'t>> {
    let mut found: BTreeMap<String, Draft<'t>> = BTreeMap::new();
    for hit in seen.plan.public.iter().flat_map(|needle| seen.scan.hits(*needle)) {
        let file = &seen.tree.files()[hit.file];
        let code = matches!(file.language, Some("javascript" | "typescript" | "vue" | "svelte" | "astro"));
        if !code
            || hit.comment
            || !seen.scan.ships(file)
            || !may_reach_browsers(file)
            || !client::is_read(&hit.text)
        {
            continue;
        }
        let Some(name) = client::server_key(&hit.text) else { continue };
        found.entry(name.to_owned()).or_insert_with(|| Draft {
            priority: 1, kind: ExposureKind::ServerKeyInClient,
            what: format!("`{name}` is a key for servers by its name and public by its prefix: the bundler writes its value into what browsers get"),
            file,
            line: hit.line,
            value: None,
            remedy: "Call the service from the server, rename the variable so that it has no public prefix, and replace the key.".to_owned(),
        });
    }
    found.into_values().collect()
}

/// Code of a front end, as far as a path and a language tell.
fn is_client(file: &File) -> bool {
    let web = matches!(file.language, Some("vue" | "svelte" | "html"))
        || file.extension() == "jsx"
        || file.extension() == "tsx"
        || file.path.starts_with("public/")
        || file.path.contains("/public/")
        || ["src/components/", "src/pages/", "src/lib/", "src/integrations/", "client/", "frontend/"]
            .iter()
            .any(|folder| file.path.contains(folder))
            && matches!(file.language, Some("javascript" | "typescript"));
    web && may_reach_browsers(file)
}

fn may_reach_browsers(file: &File) -> bool {
    let server = |part: &str| {
        matches!(part, "api" | "server" | "functions" | "scripts" | "backend" | "workers" | "edge-functions")
    };
    !file.path.split('/').any(server)
        && !file.name().contains(".config.")
        && !file.name().contains(".server.")
}

/// Paths of settings that are for developers' machines and for CI.
fn is_for_developers(path: &str) -> bool {
    // Elixir has one file for each environment; the others are somebody's own.
    if let Some((folder, name)) = path.rsplit_once('/')
        && name.ends_with(".exs")
        && (folder == "config" || folder.ends_with("/config"))
        && !matches!(name, "config.exs" | "prod.exs" | "runtime.exs" | "releases.exs" | "prod.secret.exs")
    {
        return true;
    }
    path.split(['/', '.', '-', '_']).any(|word| {
        matches!(
            word.to_ascii_lowercase().as_str(),
            "dev"
                | "devel"
                | "development"
                | "local"
                | "localhost"
                | "test"
                | "tests"
                | "testing"
                | "ci"
                | "e2e"
                | "example"
                | "examples"
                | "sample"
                | "samples"
                | "mock"
                | "mocks"
                | "fixture"
                | "fixtures"
                | "seed"
                | "seeds"
                | "storybook"
                | "demo"
                | "swagger"
                | "openapi"
                | "locales"
                | "i18n"
                | "translations"
                | "playground"
                | "default"
                | "defaults"
                | "github"
                | "gitlab"
                | "circleci"
                | "workflows"
                | "benchmark"
                | "bench"
        )
    })
}

/// The files in which one of the literals was seen, each once.
fn files_of(scan: &Scan, needles: &[NeedleId]) -> Vec<usize> {
    let mut files: Vec<usize> =
        needles.iter().flat_map(|needle| scan.hits(*needle)).map(|hit| hit.file).collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// Hashes the values and puts everything into order.
fn finish(tree: &Tree, mut drafts: Vec<Draft>, others: Vec<ExposedData>) -> Exposures {
    drafts.sort_by(|left, right| {
        (left.kind, left.file.index, left.line).cmp(&(right.kind, right.file.index, right.line))
    });
    drafts.dedup_by(|later, first| {
        later.file.index == first.file.index && later.value.is_some() && later.value == first.value
    });
    let key = key(tree, &drafts);
    let mut found: Vec<ExposedData> = drafts
        .into_iter()
        .map(|draft| ExposedData {
            kind: draft.kind,
            priority: draft.priority,
            what: draft.what.chars().filter(|c| !c.is_control()).take(400).collect(),
            at: draft.file.at_line(draft.line),
            digest: draft.value.map(|value| keyed(&key, &value)),
            remedy: draft.remedy,
        })
        .collect();
    found.extend(others);
    found.sort_by_key(|exposed| (exposed.priority, exposed.kind));
    let more = found.len().saturating_sub(KEPT) as u64;
    found.truncate(KEPT);
    Exposures { found, more, unread: Vec::new() }
}

/// The key of a run: made of the very files that hold the values, so that whoever can make it has them anyway, and the
/// same tree gives the same report.
fn key(tree: &Tree, drafts: &[Draft]) -> [u8; 32] {
    let mut files: Vec<&File> =
        drafts.iter().filter(|draft| draft.value.is_some()).map(|draft| draft.file).collect();
    files.sort_by_key(|file| file.index);
    files.dedup_by_key(|file| file.index);
    let mut hash = Sha256::new();
    hash.update(b"seaworthy exposures 1");
    for file in files {
        let text = tree.text(file).unwrap_or_default();
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// The first 64 bits of a nested hash with the key before and behind.
fn keyed(key: &[u8; 32], value: &str) -> String {
    let inner = Sha256::new().chain_update(key).chain_update([0]).chain_update(value).finalize();
    let outer = Sha256::new().chain_update(key).chain_update([1]).chain_update(inner).finalize();
    outer.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
