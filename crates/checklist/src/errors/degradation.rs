use seaworthy_facts::{Absent, Capabilities, Code, CodeMatch, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use super::places;
use crate::parts::{self, Part};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `errors.degradation`
pub static ITEM: Item = Item {
    id: ItemId::new("errors.degradation"),
    section: Section::Errors,
    question: "The application stays up when what it depends on does not",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Commit,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Code, FactKind::Capabilities],
    remedy: "Set time limits on outgoing calls and give at least one of them a fallback or a breaker.",
    page: include_str!("degradation.md"),
    evidence,
};

/// How many places are listed.
const LISTED: usize = 30;

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::outgoing_calls(system) {
        return Ok(not_applicable);
    }
    let code = view.get::<Code>()?;
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "time limits of outgoing calls, client by client; breakers; and code that answers without the dependency",
    );
    for part in parts::about(system, parts::servers(system), |part| places::calls_out(part, system, code)) {
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
    let seen =
        |sign: &'static str| -> Vec<&CodeMatch> { places::in_server(part, system, code, sign).collect() };
    let unlimited = seen("call-without-limit");
    let limited = seen("call-with-limit");
    let by_default = seen("call-limited-by-default");
    let fallbacks = seen("fallback");
    let breakers: Vec<_> = capabilities
        .of("circuit-breaker")
        .filter_map(|product| Some((product, part.used(product)?)))
        .collect();
    for call in unlimited.iter().take(LISTED) {
        findings.contradicts(call.says.clone(), &call.at);
    }
    if let Some(first) = unlimited.first() {
        findings.remedy(format!(
            "Give every outgoing call a time limit; {} without one, the first at {}.",
            shared::count(unlimited.len() as u64, "call"),
            first.at
        ));
    }
    let limit = limited.first().or(by_default.first());
    let has_fallback = !breakers.is_empty() || !fallbacks.is_empty();
    match (limit, has_fallback) {
        (Some(limit), true) => {
            let count = limited.len() + by_default.len();
            findings.supports(format!("{} ({count} in all)", limit.says), &limit.at);
            for (product, at) in &breakers {
                findings.supports(format!("a breaker: {}", product.name), at);
            }
            for fallback in fallbacks.iter().take(3) {
                findings.supports(fallback.says.clone(), &fallback.at);
            }
        }
        (Some(limit), false) => {
            findings.because(format!(
                "calls have time limits ({}), but none has a breaker, a fallback or a cached answer",
                limit.at
            ));
        }
        (None, true) => {
            findings.because(
                "there is an answer without the dependency, but no time limit on any call was found",
            );
        }
        (None, false) => {
            let calls: Vec<&str> = system
                .outgoing_calls
                .iter()
                .filter(|call| part.holds(&call.at))
                .take(4)
                .map(|call| call.value.as_str())
                .collect();
            let of = if calls.is_empty() { String::new() } else { format!(" ({})", calls.join(", ")) };
            findings
                .because(format!("no time limit on outgoing calls{of} and no breaker or fallback was found"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::errors::testing::{self, status};
    use seaworthy_facts::{Facts, Location, Product};
    use seaworthy_model::Status;

    fn facts(signs: &[&str]) -> Facts {
        let signs: Vec<_> = signs.iter().map(|sign| (*sign, "src/server/a.ts", "typescript")).collect();
        testing::facts("express", &signs)
    }

    fn with(signs: &[&str]) -> Status {
        status(&ITEM, &facts(signs))
    }

    #[test]
    fn both_halves_are_needed() {
        assert_eq!(with(&["call-with-limit", "fallback"]), Status::Pass);
        assert_eq!(with(&["call-limited-by-default", "fallback"]), Status::Pass);
        assert_eq!(with(&["call-with-limit"]), Status::Fail);
        assert_eq!(with(&["fallback"]), Status::Fail);
        assert_eq!(with(&[]), Status::Fail);
    }

    #[test]
    fn a_call_without_limit_fails_and_one_in_a_browser_does_not_count() {
        assert_eq!(with(&["call-with-limit", "fallback", "call-without-limit"]), Status::Fail);
        let mut browser = facts(&["call-with-limit", "fallback"]);
        let mut code = browser.code.get().unwrap().clone();
        let more = testing::code(&[("call-without-limit", "src/components/A.tsx", "typescript")]);
        code.matches.extend(more.matches);
        browser.code = code.into();
        assert_eq!(status(&ITEM, &browser), Status::Pass);
    }

    #[test]
    fn a_breaker_counts_when_it_is_used() {
        let with = |used: Vec<Location>| {
            let product = Product {
                capability: "circuit-breaker".to_owned(),
                name: "opossum".to_owned(),
                declared: vec![Location::file("package.json")],
                used,
                off: Vec::new(),
                docs: String::new(),
            };
            let capabilities = Capabilities { products: vec![product] };
            status(&ITEM, &Facts { capabilities: capabilities.into(), ..facts(&["call-with-limit"]) })
        };
        assert_eq!(with(vec![Location::file("src/a.ts")]), Status::Pass);
        assert_eq!(with(Vec::new()), Status::Fail);
    }

    #[test]
    fn each_server_that_calls_out_needs_both() {
        let with = |signs: &[(&'static str, &'static str)]| {
            let signs: Vec<_> = signs.iter().map(|(sign, path)| (*sign, *path, "typescript")).collect();
            status(&ITEM, &testing::two_servers(testing::facts("express", &signs)))
        };
        let api = [("call-with-limit", "api/src/a.ts"), ("fallback", "api/src/a.ts")];
        assert_eq!(with(&api), Status::Pass);
        assert_eq!(with(&[api[0], api[1], ("call-with-limit", "mail/src/b.ts")]), Status::Fail);
    }

    #[test]
    fn unknown_without_the_facts_and_not_applicable_without_calls() {
        let absent = Facts { code: Default::default(), ..facts(&[]) };
        assert_eq!(status(&ITEM, &absent), Status::Unknown);
        assert_eq!(status(&ITEM, &testing::nothing()), Status::NotApplicable);
    }
}
