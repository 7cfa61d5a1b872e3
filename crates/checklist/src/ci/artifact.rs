//! Under which name an artefact is published: a version, a moving tag, or nothing that can be told.

use seaworthy_facts::{Event, Step};

use super::work::Work;

/// What a published artefact is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// Something that is not used again: what shows it.
    Versioned(String),
    /// A tag that moves.
    Moving(String),
    /// It cannot be told.
    Untold,
}

/// Tools that publish under the version of a manifest or of the tag that is released.
const BY_VERSION: [&str; 47] = [
    // Its tag is made of the day and the commit: <https://github.com/nais/docker-build-push>.
    "nais/docker-build-push",
    "goreleaser",
    "release-it",
    "semantic-release",
    "npm publish",
    "pnpm publish",
    "yarn publish",
    "yarn npm",
    "bun publish",
    "changeset publish",
    "lerna publish",
    "nx release",
    "cargo publish",
    "gem push",
    "twine upload",
    "poetry publish",
    "uv publish",
    "flit publish",
    "hatch publish",
    "pdm publish",
    "mvn deploy",
    "mvnw deploy",
    "gradle publish",
    "gradlew publish",
    "dotnet nuget",
    "nuget push",
    "mix hex.publish",
    "helm push",
    "cm-push",
    "chart-releaser",
    "helm package",
    "gh release",
    "glab release",
    "release-cli",
    "action-gh-release",
    "release-action",
    "upload-release-action",
    "upload-release-assets",
    "create-release",
    "gh-action-pypi-publish",
    "release-please",
    "release-plz",
    "cargo-dist",
    "sbt publish",
    "jreleaser",
    "ncipollo",
    "github-release",
];

/// Tags that are used again and again.
const MOVING: [&str; 26] = [
    "latest",
    "main",
    "master",
    "trunk",
    "develop",
    "dev",
    "edge",
    "nightly",
    "stable",
    "staging",
    "stage",
    "prod",
    "production",
    "beta",
    "alpha",
    "canary",
    "next",
    "current",
    "test",
    "testing",
    "qa",
    "live",
    "unstable",
    "snapshot",
    "preview",
    "rolling",
];

/// Under which name a piece of work publishes.
pub fn naming_of(publish: &Work) -> Naming {
    let tool = publish.tool().to_ascii_lowercase();
    let line =
        publish.command.map(|command| command.words.join(" ").to_ascii_lowercase()).unwrap_or_default();
    // A release may be made again and again under one name.
    if let Some(rest) = line.strip_prefix("gh release ")
        && let Some(name) = rest.split_whitespace().skip(1).find(|word| !word.starts_with('-'))
        && MOVING.contains(&name)
    {
        return Naming::Moving(format!("`{name}`"));
    }
    // A draft is published by hand, if ever.
    if line.starts_with("gh release create ")
        && line.split_whitespace().any(|word| word == "--draft" || word == "-d")
    {
        return Naming::Untold;
    }
    if BY_VERSION.iter().any(|name| tool.contains(name) || line.starts_with(name)) {
        return Naming::Versioned("a version".to_owned());
    }
    let mut tags = match (publish.command, &publish.step.uses) {
        (Some(command), _) => tags_of_words(&command.words),
        (None, Some(uses)) => uses
            .inputs
            .iter()
            .filter(|(name, _)| {
                let name = name.to_ascii_lowercase();
                name.contains("tag")
                    || name == "image"
                    || name == "images"
                    || name == "version"
                    || name == "destination"
            })
            .flat_map(|(_, value)| value.split(['\n', ',', ' ']).map(str::to_owned).collect::<Vec<_>>())
            .collect(),
        (None, None) => Vec::new(),
    };
    // Expressions hold spaces, which the split took apart.
    if let (None, Some(uses)) = (publish.command, &publish.step.uses) {
        tags.extend(
            uses.inputs
                .iter()
                .filter(|(name, value)| value.contains("${{") && may_name(name))
                .map(|(_, value)| value.clone()),
        );
    }
    if tags.is_empty() {
        // `docker push --all-tags`, `docker compose push`: the tags are given where the image is built.
        let others = publish.job.steps.iter().flat_map(|step| &step.commands);
        tags = others
            .filter(|command| {
                let line = command.words.join(" ");
                line.contains("build") || line.contains(" tag ")
            })
            .flat_map(|command| tags_of_words(&command.words))
            .collect();
    }
    let mut moving = None;
    for tag in &tags {
        match naming(tag, publish, 0) {
            Naming::Versioned(how) => return Naming::Versioned(how),
            Naming::Moving(tag) => moving = moving.or(Some(tag)),
            Naming::Untold => {}
        }
    }
    moving.map_or(Naming::Untold, Naming::Moving)
}

/// Whether an input may hold the name of what is published; these say how and from what it is made.
fn may_name(input: &str) -> bool {
    let lower = input.to_ascii_lowercase();
    ![
        "push", "load", "file", "context", "platform", "cache", "secret", "token", "password", "user",
        "builder",
    ]
    .iter()
    .chain(&["build-args", "target", "provenance", "sbom", "path", "registry", "working"])
    .any(|word| lower.contains(word))
}

/// The image names among the words of a command.
fn tags_of_words(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut previous = "";
    for word in words.iter().skip(1) {
        let option = ["--tag=", "--destination=", "-t=", "--image=", "tags=", "name="];
        if let Some(value) = option.iter().find_map(|option| word.strip_prefix(option)) {
            found.push(value.to_owned());
        } else if matches!(previous, "-t" | "--tag" | "--destination" | "-d" | "--image")
            || (!word.starts_with('-') && (word.contains('/') || word.contains(':') || word.contains('$')))
        {
            found.push(word.clone());
        }
        previous = word;
    }
    found
}

/// What one tag, or a variable that holds one, says.
fn naming(text: &str, publish: &Work, depth: u32) -> Naming {
    let lower = text.to_ascii_lowercase();
    if lower.contains("outputs.tags")
        || lower.contains("docker_metadata_output")
        || lower.contains("outputs.json")
    {
        return metadata(publish).unwrap_or(Naming::Untold);
    }
    if lower.contains("push-by-digest=true") {
        return Naming::Versioned("its digest".to_owned());
    }
    // The commit, the tag, the release, the number of the run: not used again.
    const FIXED: [&str; 27] = [
        "github.sha",
        "github.ref_name",
        "github.ref ",
        "release.tag_name",
        "github.run_number",
        "github.run_id",
        "github_sha",
        "github_ref",
        "github_run",
        "ci_commit_sha",
        "ci_commit_short_sha",
        "ci_commit_tag",
        "ci_pipeline_i",
        "circle_sha1",
        "circle_tag",
        "circle_build_num",
        "ci_commit_ref",
        "drone_commit",
        "drone_tag",
        "drone_build",
        "git rev-parse",
        "git describe",
        "outputs.version",
        "outputs.sha",
        "outputs.tag",
        "outputs.new_release",
        "date +",
    ];
    if let Some(word) = FIXED.iter().find(|word| lower.contains(*word)) {
        // A branch's name is no version; it counts where tags start the run.
        let branch = word.contains("ref") && !word.contains("rev-parse");
        let on_tags = publish
            .triggers()
            .iter()
            .any(|trigger| matches!(trigger.event, Event::Tag | Event::Release | Event::Manual));
        if !branch || on_tags {
            return Naming::Versioned(format!("`{}`", short(text)));
        }
        return Naming::Moving(format!("`{}`", short(text)));
    }
    for name in variables(text) {
        let value = publish
            .step
            .env
            .iter()
            .chain(&publish.job.env)
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str());
        match value {
            Some(value) if depth < 4 => {
                let tag = if text.rsplit(':').next().is_some_and(|tag| tag.contains(&name))
                    && !value.contains(':')
                {
                    naming(&format!("x:{value}"), publish, depth + 1)
                } else {
                    naming(value, publish, depth + 1)
                };
                if tag != Naming::Untold {
                    return tag;
                }
            }
            _ => {}
        }
        let lower = name.to_ascii_lowercase();
        let parts: Vec<&str> = lower.split(['_', '-', '.']).collect();
        const WORDS: [&str; 17] = [
            "sha",
            "version",
            "revision",
            "commit",
            "tag",
            "release",
            "rev",
            "hash",
            "timestamp",
            "semver",
            "buildnumber",
            "number",
            "sha1",
            "date",
            "ver",
            "tags",
            "digest",
        ];
        let moves = parts.iter().any(|part| matches!(*part, "branch" | "pull" | "message" | "author"));
        if value.is_none() && !moves && parts.iter().any(|part| WORDS.contains(part)) {
            return Naming::Versioned(format!("`{}`", short(text)));
        }
    }
    // A tag that is written out.
    let last = text.rsplit('/').next().unwrap_or(text);
    let Some((_, tag)) = last.split_once(':') else {
        let plain = !text.contains(['$', '{']) && text.contains('/') && !text.contains("://");
        return if plain && is_image_push(publish) {
            Naming::Moving("`latest`".to_owned())
        } else {
            Naming::Untold
        };
    };
    let tag = tag.trim_matches(['"', '\'']).to_ascii_lowercase();
    if MOVING.contains(&tag.as_str()) {
        Naming::Moving(format!("`{tag}`"))
    } else if tag.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) && !tag.contains('$') {
        Naming::Versioned(format!("`{tag}`"))
    } else {
        Naming::Untold
    }
}

fn is_image_push(publish: &Work) -> bool {
    publish.command.is_some_and(|command| command.words.iter().any(|word| word == "push" || word == "--push"))
}

fn short(text: &str) -> String {
    let text = text.strip_prefix("x:").unwrap_or(text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(80).collect()
}

/// The names of variables in a text: `$NAME`, `${NAME}`, `${{ env.NAME }}`, `${{ steps.x.outputs.NAME }}`.
fn variables(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        rest = &rest[start + 1..];
        let inner = if let Some(expression) = rest.strip_prefix("{{") {
            let end = expression.find("}}").unwrap_or(expression.len());
            expression[..end].trim().rsplit('.').next().unwrap_or_default()
        } else {
            let rest = rest.trim_start_matches('{');
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            &rest[..end]
        };
        let name: String =
            inner.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
        if !name.is_empty() && found.len() < 20 {
            found.push(name);
        }
    }
    found
}

/// What `docker/metadata-action` is told to make, in the same job or in one before it.
fn metadata(publish: &Work) -> Option<Naming> {
    let is_metadata = |step: &&Step| {
        step.uses.as_ref().is_some_and(|uses| uses.name.to_ascii_lowercase().ends_with("metadata-action"))
    };
    let own = publish.job.steps.iter().find(is_metadata);
    let step = own.or_else(|| publish.workflow.jobs.iter().flat_map(|job| &job.steps).find(is_metadata))?;
    let tags = step.uses.as_ref()?.input("tags").unwrap_or_default().to_ascii_lowercase();
    let on_tags =
        publish.triggers().iter().any(|trigger| matches!(trigger.event, Event::Tag | Event::Release));
    if ["type=sha", "type=semver", "type=pep440", "type=match", "event=tag", "type=schedule", "type=edge,sha"]
        .iter()
        .any(|kind| tags.contains(kind) && *kind != "type=schedule")
    {
        return Some(Naming::Versioned("versions or commits (docker/metadata-action)".to_owned()));
    }
    for line in tags.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let value = line.split("value=").nth(1).or_else(|| (!line.starts_with("type=")).then_some(line));
        let Some(value) = value else { continue };
        let named = if value.contains(':') {
            value.to_owned()
        } else {
            format!("x:{}", value.split(",enable").next().unwrap_or(value))
        };
        if let Naming::Versioned(how) = naming_without_metadata(&named, publish) {
            return Some(Naming::Versioned(how));
        }
    }
    // Without instructions, and with `type=ref`, images are named after the tag or branch.
    if (tags.trim().is_empty() || tags.contains("type=ref")) && on_tags {
        return Some(Naming::Versioned("the tag that is released (docker/metadata-action)".to_owned()));
    }
    Some(Naming::Moving("the branch's name or a fixed tag".to_owned()))
}

fn naming_without_metadata(text: &str, publish: &Work) -> Naming {
    if text.contains("outputs.tags") || text.contains("outputs.json") {
        Naming::Untold
    } else {
        naming(text, publish, 1)
    }
}
