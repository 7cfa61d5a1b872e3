use seaworthy_facts::{Absent, Capabilities, FactKind, FactView, System};
use seaworthy_model::{ItemId, Section};

use crate::monitoring::products;
use crate::parts;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `watch.user-reports`
pub static ITEM: Item = Item {
    id: ItemId::new("watch.user-reports"),
    section: Section::Watch,
    question: "Users can report trouble, and somebody reads it",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Capabilities],
    remedy: "Add a support address or a feedback form to the product.",
    page: include_str!("user_reports.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::deployable(system) {
        return Ok(not_applicable);
    }
    let capabilities = view.get::<Capabilities>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "feedback and chat widgets, routes and pages that take reports, a support address in what people see, issue forms that users can find",
    );
    findings.because("no channel for reports of users was found in the product");
    products::gather(
        &mut findings,
        &parts::whole(system),
        capabilities,
        "feedback",
        "takes reports of users",
    );
    findings.settled_by(
        "add a way to report a problem, or sign that there is one",
        Some("seaworthy explain watch.user-reports"),
    );
    Ok(findings)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, with_products};
    use seaworthy_model::Status;

    #[test]
    fn a_channel_passes_and_a_package_that_nothing_starts_does_not() {
        let facts = with_products(&[("feedback", "Intercom", Sign::Used("src/app.tsx"))]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
        let (status, reason) = judged(&ITEM, &with_products(&[("feedback", "Intercom", Sign::Declared)]));
        assert_eq!(status, Status::Unknown);
        assert!(reason.contains("Intercom"), "{reason}");
    }

    #[test]
    fn nothing_is_unknown_and_a_library_is_not_asked() {
        let mut facts = with_products(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
