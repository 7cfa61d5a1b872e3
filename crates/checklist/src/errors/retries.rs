use seaworthy_facts::{Absent, Capabilities, Code, FactKind, FactView, Location, System};
use seaworthy_model::{ItemId, Section};

use super::places;
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.retries`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.retries"),
    section: Section::Errors,
    question: "Failed calls are repeated with growing delays",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Code, FactKind::Capabilities],
    remedy: "Retry outgoing calls or jobs with exponential backoff.",
    page: include_str!("retries.md"),
    evidence,
};

/// How many places are listed.
const LISTED: usize = 10;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if system.queues.is_empty()
        && let Some(not_applicable) = shared::outgoing_calls(system)
    {
        return Ok(not_applicable);
    }
    let code = view.get::<Code>()?;
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "retries of calls and jobs whose delays grow: libraries, options, job systems that do so, and delays worked \
         out from the number of attempts",
    );
    let works = |part: &Part<'_>| {
        places::calls_out(part, system, code)
            || system.queues.iter().any(|queue| part.owns(&queue.at))
            || ["growing-retry", "fixed-retry"]
                .iter()
                .any(|sign| code.of(sign).any(|found| part.owns(&found.at)))
    };
    for part in parts::about(system, parts::servers(system), works) {
        part.begin(&mut findings);
        of_part(&part, system, code, capabilities, &mut findings);
    }
    Ok(findings)
}

fn of_part(
    part: &Part<'_>,
    system: &System,
    code: &Code,
    capabilities: &Capabilities,
    findings: &mut Findings,
) {
    let seen = |sign: &'static str| places::in_server(part, system, code, sign);
    // The waiting time of somebody who fails to log in grows too, and is no retry.
    let throttles = |at: &Location| {
        at.path().is_some_and(|path| {
            ["throttl", "lockout", "rate_limit", "ratelimit", "rate-limit", "login"]
                .iter()
                .any(|word| path.to_ascii_lowercase().contains(word))
        })
    };
    for found in seen("growing-retry").filter(|found| !throttles(&found.at)).take(LISTED) {
        findings.supports(found.says.clone(), &found.at);
    }
    for product in capabilities.of("job-retry") {
        if let Some(at) = part.used(product) {
            let says =
                format!("{} runs failed jobs again after growing delays ({})", product.name, product.docs);
            findings.supports(says, at);
        }
    }
    match seen("fixed-retry").next() {
        Some(fixed) => {
            findings.because(format!("{} ({}); no delay grows", fixed.says, fixed.at));
            findings.remedy(format!(
                "Let the delay at {} grow with each attempt, with a cap and some chance in it.",
                fixed.at
            ));
        }
        None => {
            findings.because("no retry with growing delays was found");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::errors::testing::{self, status};
    use seaworthy_facts::{Facts, Observed, Product};
    use seaworthy_model::Status;

    fn with(sign: &str, path: &str) -> Status {
        status(&ITEM, &testing::facts("express", &[(sign, path, "typescript")]))
    }

    #[test]
    fn growing_delays_pass_and_fixed_ones_fail() {
        assert_eq!(with("growing-retry", "src/server/mail.ts"), Status::Pass);
        assert_eq!(with("fixed-retry", "src/server/mail.ts"), Status::Fail);
        assert_eq!(status(&ITEM, &testing::facts("express", &[])), Status::Fail);
    }

    #[test]
    fn retries_in_browsers_and_tools_do_not_count() {
        assert_eq!(with("growing-retry", "src/hooks/query.ts"), Status::Fail);
        assert_eq!(with("growing-retry", "scripts/import.ts"), Status::Fail);
        assert_eq!(with("growing-retry", ".semgrep/retry.ts"), Status::Fail);
        assert_eq!(with("growing-retry", "src/server/throttling.ts"), Status::Fail);
    }

    #[test]
    fn a_job_system_that_retries_passes_when_it_is_used() {
        let product = Product {
            capability: "job-retry".to_owned(),
            name: "Sidekiq".to_owned(),
            declared: Vec::new(),
            used: vec![Location::line("app/jobs/a.rb", 2)],
            off: Vec::new(),
            docs: "https://example.com".to_owned(),
        };
        let capabilities = Capabilities { products: vec![product] };
        let facts = Facts { capabilities: capabilities.into(), ..testing::facts("rails", &[]) };
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn each_server_that_calls_out_needs_its_own() {
        let with = |signs: &[(&'static str, &'static str)]| {
            let signs: Vec<_> = signs.iter().map(|(sign, path)| (*sign, *path, "typescript")).collect();
            status(&ITEM, &testing::two_servers(testing::facts("express", &signs)))
        };
        assert_eq!(with(&[("growing-retry", "api/src/a.ts")]), Status::Pass);
        assert_eq!(
            with(&[("growing-retry", "api/src/a.ts"), ("call-with-limit", "mail/b.ts")]),
            Status::Fail
        );
    }

    #[test]
    fn unknown_without_the_facts_and_not_applicable_without_calls_or_jobs() {
        let absent = Facts { code: Default::default(), ..testing::facts("express", &[]) };
        assert_eq!(status(&ITEM, &absent), Status::Unknown);
        assert_eq!(status(&ITEM, &testing::nothing()), Status::NotApplicable);
        let mut system = seaworthy_facts::System::default();
        system.queues.push(Observed::new("BullMQ".to_owned(), Location::file("a.ts")));
        assert_eq!(status(&ITEM, &Facts { system: system.into(), ..testing::nothing() }), Status::Fail);
    }
}
