//! How Go, Rust and Elixir use a package.

use seaworthy_facts::Usage;

use super::{Clues, because};
use crate::packages::draft::Draft;
use crate::scan::{Hit, Scan};
use crate::tree::{File, Tree};

/// A module is imported by its path.
pub fn go(name: &str, _draft: &Draft, clues: &mut Clues) {
    clues.text(format!("\"{name}\""), |file, hit| file.language == Some("go") && !hit.comment);
    clues.text(format!("\"{name}/"), |file, hit| file.language == Some("go") && !hit.comment);
}

/// Most generated files that are read for what no other file imports.
const GENERATED: usize = 500;

/// Generated code, which gives no hits, imports as well; and `tool` lines of `go.mod` use a module.
pub fn implied_go(name: &str, draft: &Draft, tree: &Tree, scan: &Scan) -> Option<Usage> {
    let generated = tree.under(&draft.manifest.folder).filter(|file| {
        file.language == Some("go") && scan.generated.get(file.index).copied().unwrap_or(false)
    });
    for file in generated.take(GENERATED) {
        let text = tree.text(file).unwrap_or_default();
        let imports =
            |line: &str| line.contains(&format!("\"{name}\"")) || line.contains(&format!("\"{name}/"));
        if let Some(line) = text.lines().take(200).position(imports) {
            return Some(Usage::Used { at: file.at_line(line as u32 + 1) });
        }
    }
    let text = tree.text_at(draft.path())?;
    let mut in_tools = false;
    for line in text.lines() {
        let line = line.trim();
        let tool = line.strip_prefix("tool ").map(str::trim);
        in_tools = tool == Some("(") || in_tools && line != ")";
        if (tool.is_some() || in_tools) && tool.unwrap_or(line).starts_with(name) {
            return because("a tool that go.mod names");
        }
    }
    None
}

/// A crate is named by its identifier.
pub fn cargo(name: &str, draft: &Draft, clues: &mut Clues) {
    let accept: fn(&File, &Hit) -> bool = |file, hit| file.language == Some("rust") && !hit.comment;
    clues.word(name.replace('-', "_"), accept);
    for (_, text) in &draft.texts {
        if let Some((package, key)) = text.split_once('\n')
            && package == name
        {
            clues.word(key.replace('-', "_"), accept);
        }
    }
}

/// Crates that are declared to choose features or to link a library.
pub fn implied_cargo(name: &str) -> Option<Usage> {
    const FOR_FEATURES: &[&str] = &[
        "openssl",
        "getrandom",
        "ring",
        "native-tls",
        "rustls",
        "time",
        "jemallocator",
        "tikv-jemallocator",
        "mimalloc",
    ];
    (name.ends_with("-sys") || FOR_FEATURES.contains(&name))
        .then(|| Usage::Implied { why: "it links a library or chooses features of others".to_owned() })
}

/// An application is named by its atom or by the module that its name makes.
pub fn hex(name: &str, _draft: &Draft, clues: &mut Clues) {
    let accept: fn(&File, &Hit) -> bool =
        |file, hit| file.language == Some("elixir") && !hit.comment && !matches!(file.name(), "mix.exs");
    let camel: String = name
        .split('_')
        .map(|part| {
            part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect::<String>()
        })
        .collect();
    let dotted = name
        .split('_')
        .map(|part| {
            part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect::<String>()
        })
        .collect::<Vec<_>>()
        .join(".");
    clues.word(format!(":{name}"), accept);
    clues.word(camel, accept);
    clues.word(dotted, accept);
    clues.word(name.to_ascii_uppercase(), accept);
    const SHOWN_BY: &[(&str, &[&str])] = &[
        ("postgrex", &["Ecto.Adapters.Postgres"]),
        ("myxql", &["Ecto.Adapters.MyXQL"]),
        ("ecto_sql", &["Ecto.Adapters", "Ecto.Migration"]),
        ("plug_cowboy", &["Plug.Cowboy", "Phoenix.Endpoint.Cowboy2Adapter", "Phoenix.Endpoint"]),
        ("bandit", &["Bandit"]),
        ("phoenix_html", &["Phoenix.HTML"]),
        ("phoenix_live_view", &["Phoenix.LiveView", "LiveView"]),
        ("phoenix_live_dashboard", &["LiveDashboard"]),
        ("phoenix_ecto", &["Phoenix.Ecto"]),
        ("telemetry_metrics", &["Telemetry.Metrics"]),
        ("telemetry_poller", &[":telemetry_poller"]),
        ("dns_cluster", &["DNSCluster"]),
        ("httpoison", &["HTTPoison"]),
        ("bcrypt_elixir", &["Bcrypt"]),
        ("argon2_elixir", &["Argon2"]),
        ("pbkdf2_elixir", &["Pbkdf2"]),
        ("phoenix_pubsub", &["Phoenix.PubSub"]),
        ("nimble_csv", &["NimbleCSV"]),
        ("jose", &["JOSE"]),
        ("fun_with_flags", &["FunWithFlags"]),
        ("open_api_spex", &["OpenApiSpex"]),
    ];
    for (_, signs) in SHOWN_BY.iter().filter(|(known, _)| *known == name) {
        for sign in *signs {
            clues.word(*sign, accept);
        }
    }
}
