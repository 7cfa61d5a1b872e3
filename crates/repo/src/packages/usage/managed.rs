//! How Java, Kotlin and .NET code uses a library, whose names in code are not those of its package.

use seaworthy_facts::{Scope, Usage};

use super::known::{self, DOTNET, JAVA};
use super::{Clues, because};
use crate::packages::draft::Draft;
use crate::scan::Hit;
use crate::tree::{File, Tree};

/// The packages of a library of Maven Central: those that are known, else those that its coordinates suggest.
pub fn java(name: &str, draft: &Draft, clues: &mut Clues) {
    let names = match known::find(&JAVA, name) {
        Some(entry) => entry.names(name),
        None => guessed(name, draft),
    };
    for name in names {
        // A name that ends in a separator has its own border.
        let within = name.ends_with(['.', ':']);
        if within { clues.text(name, in_java) } else { clues.word(name, in_java) }
    }
}

/// `com.acme:acme-pdf-core` usually holds `com.acme.pdf.core`. Its group alone tells only where nothing else of that
/// group is declared.
fn guessed(name: &str, draft: &Draft) -> Vec<String> {
    let Some((group, artifact)) = name.split_once(':') else { return Vec::new() };
    let last = group.rsplit('.').next().unwrap_or(group);
    let rest = artifact.strip_prefix(last).map_or(artifact, |rest| rest.trim_start_matches(['-', '.']));
    let mut names = Vec::new();
    if !rest.is_empty() {
        names.push(format!("{group}.{}", rest.replace('-', ".")));
    }
    let shared = draft.manifest.dependencies.iter().any(|other| {
        let theirs = other.name.split(':').next().unwrap_or_default();
        other.name != name
            && theirs.strip_prefix(group).is_some_and(|more| more.is_empty() || more.starts_with('.'))
    });
    if !shared && group.contains('.') {
        names.push(group.to_owned());
    }
    names
}

fn in_java(file: &File, hit: &Hit) -> bool {
    let build = matches!(file.name(), "pom.xml" | "gradle.lockfile")
        || file.name().ends_with(".gradle")
        || file.name().ends_with(".gradle.kts");
    let code = matches!(file.language, Some("java" | "kotlin" | "scala" | "groovy"));
    let settings = matches!(
        file.extension(),
        "xml" | "properties" | "yml" | "yaml" | "conf" | "env" | "jsp" | "html" | "xhtml" | "sh"
    );
    // A driver's address may be set where an image is described.
    !hit.comment && !build && (code || settings || crate::packages::is_dockerfile(file))
}

/// The namespaces of a package of NuGet, and members by which it shows itself without them.
pub fn dotnet(name: &str, draft: &Draft, clues: &mut Clues) {
    let entry = known::find(&DOTNET, name);
    for call in entry.map(|entry| entry.calls.as_slice()).unwrap_or_default() {
        clues.word(call, in_dotnet);
    }
    let Some(entry) = entry else {
        let begins = format!("{}.", name.to_ascii_lowercase());
        let shared = draft
            .manifest
            .dependencies
            .iter()
            .any(|other| other.name.to_ascii_lowercase().starts_with(&begins));
        if shared {
            clues.text(format!("using {name};"), in_dotnet);
        } else {
            namespace(name, clues);
        }
        return;
    };
    for name in entry.names(name) {
        namespace(&name, clues);
    }
}

fn namespace(name: &str, clues: &mut Clues) {
    for word in ["using", "using static", "open", "Imports"] {
        clues.word(format!("{word} {name}"), in_dotnet);
    }
    clues.word(format!("{name}."), in_dotnet);
    clues.text(format!("\"{name}\""), is_settings);
}

fn in_dotnet(file: &File, hit: &Hit) -> bool {
    !hit.comment
        && (matches!(file.language, Some("csharp" | "fsharp"))
            || matches!(file.extension(), "vb" | "config" | "xaml"))
}

fn is_settings(file: &File, hit: &Hit) -> bool {
    !hit.comment && file.name().starts_with("appsettings") && file.extension() == "json"
}

/// What is used without being named, and what cannot be told.
pub fn implied(name: &str, draft: &Draft, drafts: &[Draft], tree: &Tree) -> Option<Usage> {
    let java = draft.manifest.ecosystem != seaworthy_facts::Ecosystem::Nuget;
    let Some(entry) = known::find(if java { &JAVA } else { &DOTNET }, name) else {
        return Some(Usage::NotLooked);
    };
    if let Some(usage) = by_entry(entry, draft) {
        return Some(usage);
    }
    if java && only_driver(name, draft) {
        return because("it is the only database driver beside what needs one");
    }
    // Projects that depend on each other pass their libraries on, and code that the build makes is not here.
    let others = drafts
        .iter()
        .any(|other| other.manifest.ecosystem == draft.manifest.ecosystem && other.path() != draft.path());
    (!entry.complete || others || generates(tree, draft)).then_some(Usage::NotLooked)
}

/// What the table says of a package that nothing names.
pub fn by_entry(entry: &known::Entry, draft: &Draft) -> Option<Usage> {
    if let Some(why) = &entry.implied {
        return because(why.as_str());
    }
    let loader = draft
        .manifest
        .dependencies
        .iter()
        .find(|other| entry.loaded_by.iter().any(|loader| known::fits(loader, &other.name)));
    loader.and_then(|loader| because(format!("{} loads it", loader.name)))
}

/// Drivers of databases.
const DRIVERS: &[&str] = &[
    "org.postgresql:postgresql",
    "org.postgresql:r2dbc-postgresql",
    "com.mysql:mysql-connector-j",
    "mysql:mysql-connector-java",
    "org.mariadb.jdbc:mariadb-java-client",
    "com.microsoft.sqlserver:mssql-jdbc",
    "com.oracle.database.jdbc:ojdbc*",
    "com.h2database:h2",
    "org.hsqldb:hsqldb",
    "org.xerial:sqlite-jdbc",
];
/// What cannot work without a driver.
const NEEDS_DRIVER: &[&str] = &[
    "org.springframework.boot:spring-boot-starter-data-jpa",
    "org.springframework.boot:spring-boot-starter-data-jdbc",
    "org.springframework.boot:spring-boot-starter-data-r2dbc",
    "org.springframework.boot:spring-boot-starter-jdbc",
    "org.springframework.boot:spring-boot-starter-jooq",
    "io.quarkus:quarkus-agroal",
    "com.zaxxer:HikariCP",
];

fn only_driver(name: &str, draft: &Draft) -> bool {
    let is = |patterns: &[&str], name: &str| patterns.iter().any(|pattern| known::fits(pattern, name));
    let runs = || draft.manifest.dependencies.iter().filter(|other| other.scope == Scope::Runtime);
    is(DRIVERS, name)
        && runs().filter(|other| is(DRIVERS, &other.name)).count() == 1
        && runs().any(|other| is(NEEDS_DRIVER, &other.name))
}

/// Whether the build makes code, which may use what nothing else does.
fn generates(tree: &Tree, draft: &Draft) -> bool {
    const WORDS: &[&str] =
        &["generat", "protobuf", "avro", "jaxb", "xjc", "cxf", "wsdl", "jooq", "antlr", "thrift", "apollo"];
    let texts = [Some(draft.path()), draft.manifest.member_of.as_deref()];
    texts
        .into_iter()
        .flatten()
        .filter_map(|path| tree.text_at(path))
        .any(|text| WORDS.iter().any(|word| text.to_ascii_lowercase().contains(word)))
}
