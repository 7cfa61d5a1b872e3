//! The running site that the command line or the configuration names.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use seaworthy_engine::{SiteInput, SiteSeen, SiteSource, Target};
use seaworthy_subject::Config;

use crate::arguments::Probing;
use crate::failure::Failure;
use crate::output::to_file;

/// The longest time for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Recordings larger than this are not read, in bytes.
const LARGEST: u64 = 128 * 1024 * 1024;

/// Addresses that are looked at in one run.
const MOST: usize = 20;

/// Where the facts of the site come from; none where no site was asked for.
pub fn source(probing: &Probing, config: &Config) -> Result<Option<SiteSource>, Failure> {
    if let Some(path) = &probing.replay {
        return Ok(Some(SiteSource::Replay(Box::new(recording(path)?))));
    }
    let app = &config.app;
    let mut named: Vec<&String> = probing.url.iter().collect();
    if probing.live {
        if app.production.is_empty() && app.staging.is_empty() {
            return Err(Failure::Usage(
                "--live: the configuration names no address; write production = [\"https://app.example\"] under [app] in \
                 seaworthy.toml, or use --url"
                    .to_owned(),
            ));
        }
        named.extend(app.production.iter().chain(&app.staging));
    }
    let mut targets: Vec<Target> = Vec::new();
    for text in named {
        let target = Target::read(text, &app.production, &app.staging)
            .map_err(|error| Failure::Usage(format!("--url {error}")))?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    if targets.is_empty() {
        return Ok(None);
    }
    if targets.len() > MOST {
        return Err(Failure::Usage(format!(
            "{} addresses; at most {MOST} are looked at in one run",
            targets.len()
        )));
    }
    if let Some(file) = &probing.ca_file
        && !file.is_file()
    {
        return Err(Failure::Usage(format!("--ca-file {}: no such file", file.display())));
    }
    Ok(Some(SiteSource::Probe(SiteInput {
        targets,
        probe_errors: probing.probe_errors,
        ca_file: probing.ca_file.clone(),
        requests: probing.max_requests,
        timeout: TIMEOUT,
        browser: !probing.no_browser,
        browser_arguments: Vec::new(),
    })))
}

fn recording(path: &Path) -> Result<SiteSeen, Failure> {
    let problem = |why: String| Failure::Usage(format!("--replay {}: {why}", path.display()));
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
        .map_err(|error| problem(format!("cannot be read: {error}")))?;
    let seen: SiteSeen = serde_json::from_str(&text).map_err(|error| {
        problem(format!("no recording of this tool: {error}; write one with --record FILE"))
    })?;
    if seen.schema != SiteSeen::SCHEMA {
        return Err(problem(format!(
            "the format is {}, and this version reads {}",
            seen.schema,
            SiteSeen::SCHEMA
        )));
    }
    Ok(seen)
}

/// Writes what the site answered.
pub fn record(path: &Path, facts: &seaworthy_facts::Facts) -> Result<(), Failure> {
    let seen = SiteSeen {
        schema: SiteSeen::SCHEMA.to_owned(),
        site: facts.site.clone(),
        tls: facts.tls.clone(),
        browser: facts.browser.clone(),
    };
    let mut text = serde_json::to_vec_pretty(&seen)
        .map_err(|error| Failure::CouldNotAssess(format!("the recording cannot be written: {error}")))?;
    text.push(b'\n');
    to_file(path, &text).map(|_| ())
}
