use seaworthy_facts::{Absent, Assets, Capabilities, FactKind, FactView, Launches, Location, Stage, System};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.bundling`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.bundling"),
    section: Section::Performance,
    question: "Front-end code is bundled and minified",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Assets, FactKind::Capabilities, FactKind::Launches, FactKind::Site],
    remedy: "Build the front end with a bundler in production mode.",
    page: include_str!("bundling.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::bundling(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    let front_end = match system.front_end() {
        Some(front_end) => front_end,
        None => return Ok(Findings::not_applicable("no front end was found")),
    };
    let assets = view.get::<Assets>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "production builds by a bundler in package scripts, images, releases and CI; asset pipelines of frameworks",
    );
    for build in assets.builds.iter().take(SHOWN) {
        findings.supports(format!("{} builds for production (`{}`)", build.tool, build.command), &build.at);
    }
    for product in view.get::<Capabilities>()?.of("bundler") {
        if let Some(at) = product.in_use() {
            findings.supports(format!("the front end is built by {}", product.name), at);
        }
    }
    let built = findings.has_evidence();
    if let Ok(launches) = view.get::<Launches>() {
        for (what, at) in development_servers(launches) {
            findings.contradicts(format!("what ships starts a development server (`{what}`)"), at);
        }
    }
    for setting in &assets.unminified {
        findings.contradicts(setting.value.clone(), &setting.at);
    }
    if built || findings.has_evidence() {
        return Ok(findings);
    }
    // A build may be described where nobody can read it.
    if let Ok(launches) = view.get::<Launches>()
        && !launches.unread.is_empty()
    {
        findings.unread(&launches.unread);
        return Ok(findings);
    }
    let plain = &assets.plain_sources;
    let scripted = system
        .components
        .iter()
        .flat_map(|component| &component.frameworks)
        .any(|framework| BROWSER_FRAMEWORKS.contains(&framework.value.as_str()));
    if plain.bytes <= SMALL && !scripted {
        return Ok(Findings::not_applicable(match plain.files {
            0 => "the pages have no scripts or style sheets of their own to bundle".to_owned(),
            files => format!(
                "the pages have {files} scripts and style sheets of {} bytes together: nothing to gain by a bundler",
                plain.bytes
            ),
        }));
    }
    let shown = plain.largest.as_ref().unwrap_or(&front_end.at);
    findings.because(format!(
        "no production build of the front end was found; {} scripts and style sheets ({} kB) are sent as they are written, the largest is {shown}",
        plain.files,
        plain.bytes.div_ceil(1000)
    ));
    Ok(findings)
}

/// How many builds are shown.
const SHOWN: usize = 5;
/// As much fits into the first packets of a connection, so that a bundler would gain nothing.
const SMALL: u64 = 14_000;

/// Front ends that cannot do without a build.
const BROWSER_FRAMEWORKS: &[&str] =
    &["react", "vue", "svelte", "angular", "solid", "preact", "next", "nuxt", "sveltekit", "remix", "astro"];

/// Starts of a development server in what ships.
fn development_servers(launches: &Launches) -> impl Iterator<Item = (String, &Location)> {
    launches
        .launches
        .iter()
        .filter(|launch| launch.stage == Stage::Start && !launch.development)
        .flat_map(|launch| &launch.commands)
        .filter(|command| is_development_server(&command.words))
        .map(|command| (command.words.iter().take(4).cloned().collect::<Vec<_>>().join(" "), &command.at))
}

fn is_development_server(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let program = words.first().map_or("", |first| first.rsplit('/').next().unwrap_or(first));
    let first = words.get(1).copied().unwrap_or_default();
    match program {
        "vite" => first.is_empty() || first.starts_with('-') || matches!(first, "dev" | "serve"),
        "next" | "nuxt" | "nuxi" | "astro" => first == "dev" || first == "develop",
        "react-scripts" | "craco" | "react-app-rewired" => first == "start",
        "vue-cli-service" | "ng" => first == "serve",
        "gatsby" => first == "develop",
        "webpack-dev-server" => true,
        "webpack" => first == "serve" || first == "server",
        "parcel" => first == "serve" || first == "index.html",
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{AssetBuild, Facts, Launch, PlainSources};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::command;

    fn with(assets: Assets) -> Facts {
        Facts { assets: assets.into(), ..facts(None) }
    }

    fn built() -> Assets {
        let at = Location::line("package.json", 6);
        let build = AssetBuild { tool: "Vite".to_owned(), command: "vite build".to_owned(), at };
        Assets { builds: vec![build], ..Assets::default() }
    }

    fn starts(line: &str) -> Facts {
        let launch = Launch {
            stage: Stage::Start,
            defined_by: "Dockerfile".to_owned(),
            at: Location::line("Dockerfile", 9),
            commands: vec![command(line, &[])],
            development: false,
        };
        Facts { launches: Launches { launches: vec![launch], ..Launches::default() }.into(), ..with(built()) }
    }

    #[test]
    fn a_production_build_or_an_asset_pipeline_passes() {
        assert_eq!(status(&ITEM, &with(built())), Status::Pass);
        let rails = products(&[("bundler", "Rails asset pipeline", "config/importmap.rb")]);
        assert_eq!(status(&ITEM, &Facts { capabilities: rails.into(), ..facts(None) }), Status::Pass);
    }

    #[test]
    fn a_development_server_as_what_ships_fails() {
        assert_eq!(status(&ITEM, &starts("next start")), Status::Pass);
        let report = report(&ITEM, &starts("vite --host"));
        assert_eq!(report.status, Status::Fail);
        assert!(report.reason.contains("vite --host"), "{}", report.reason);
        let off = Assets { unminified: vec![sign("not minified", "vite.config.ts", 4)], ..built() };
        assert_eq!(status(&ITEM, &with(off)), Status::Fail);
    }

    #[test]
    fn sources_as_they_are_written_fail_unless_they_are_tiny() {
        let plain = |bytes| {
            let largest = Some(Location::file("static/app.js"));
            let plain_sources = PlainSources { files: 2, bytes, largest };
            with(Assets { plain_sources, ..Assets::default() })
        };
        assert_eq!(status(&ITEM, &plain(90_000)), Status::Fail);
        assert_eq!(status(&ITEM, &plain(558)), Status::NotApplicable);
    }

    #[test]
    fn not_applicable_without_a_front_end_and_unknown_when_not_collected() {
        assert_eq!(status(&ITEM, &without_pages()), Status::NotApplicable);
        let missing = Facts { assets: Facts::default().assets, ..facts(None) };
        assert_eq!(status(&ITEM, &missing), Status::Unknown);
    }
}
