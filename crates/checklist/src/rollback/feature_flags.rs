use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `rollback.feature-flags`
pub static ITEM: Item = Item {
    id: ItemId::new("rollback.feature-flags"),
    section: Section::Rollback,
    question: "Features can be switched off without a deployment",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(90),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Capabilities],
    remedy: "Put risky features behind flags that are read at run time.",
    page: include_str!("feature_flags.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "feature flag products that code consults, and switches in a settings table read at run time",
    );
    for product in capabilities.of("feature-flags") {
        match (product.in_use(), product.declared.first()) {
            (Some(at), _) => {
                findings.supports(format!("{} is consulted in code", product.name), at);
            }
            (None, Some(at)) => {
                findings
                    .note(format!("{} is declared, but nothing asks it for a flag", product.name), Some(at));
            }
            (None, None) => {}
        }
    }
    findings
        .because("no code asks a flag system or a settings table; what the environment sets needs a restart");
    Ok(findings)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, report};
    use seaworthy_facts::{Location, Pipelines, Product};
    use seaworthy_model::Status;

    fn status(declared: bool, used: bool) -> Status {
        let mut facts = facts(Pipelines::default());
        let product = Product {
            capability: "feature-flags".to_owned(),
            name: "Flipper".to_owned(),
            declared: if declared { vec![Location::line("Gemfile", 3)] } else { Vec::new() },
            used: if used { vec![Location::line("app/x.rb", 1)] } else { Vec::new() },
            docs: "https://example.org".to_owned(),
            ..Product::default()
        };
        facts.capabilities = Capabilities { products: vec![product] }.into();
        report(&ITEM, &facts).status
    }

    #[test]
    fn consulted_passes_and_declared_alone_fails() {
        assert_eq!(status(true, true), Status::Pass);
        assert_eq!(status(false, true), Status::Pass);
        assert_eq!(status(true, false), Status::Fail);
    }

    #[test]
    fn another_capability_is_no_flag() {
        let mut facts = facts(Pipelines::default());
        facts.capabilities = Capabilities::default().into();
        assert_eq!(report(&ITEM, &facts).status, Status::Fail);
    }

    #[test]
    fn a_library_is_not_judged() {
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
