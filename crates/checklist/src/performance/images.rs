use seaworthy_facts::{Absent, Assets, Capabilities, FactKind, FactView, LargeImage, System};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.images`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.images"),
    section: Section::Performance,
    question: "Images are as small as they can be",
    priority: 3,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Assets, FactKind::Capabilities, FactKind::Browser],
    remedy: "Compress images or serve them through an image pipeline.",
    page: include_str!("images.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::images(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if system.front_end().is_none() {
        return Ok(Findings::not_applicable("no front end was found, so that no images are served"));
    }
    let assets = view.get::<Assets>()?;
    let mut findings = Findings::new();
    findings.looked_for("raster images over 500 kB in folders that are served, and image pipelines in use");
    let pipeline = view
        .get::<Capabilities>()?
        .of("image-pipeline")
        .find_map(|product| product.in_use().map(|at| (product.name.as_str(), at)));
    let large: Vec<&LargeImage> = assets.large_images.iter().filter(|image| image.served.is_some()).collect();
    if let Some((name, at)) = pipeline {
        findings.supports(format!("images go through a pipeline: {name}"), at);
        for image in large.iter().take(SHOWN) {
            findings.note(
                format!("{}; make sure that it goes through the pipeline", described(image)),
                Some(&image.at),
            );
        }
        return Ok(findings);
    }
    for image in &large {
        findings.contradicts(described(image), &image.at);
    }
    for image in assets.large_images.iter().filter(|image| image.served.is_none()).take(SHOWN) {
        findings.note(format!("{}, but nothing was seen that serves it", described(image)), Some(&image.at));
    }
    if large.is_empty() {
        match &assets.first_image {
            Some(at) => {
                let count = assets.images;
                findings
                    .supports(format!("none of {count} raster images that are served is over 500 kB"), at);
            }
            None => return Ok(Findings::not_applicable("no images were found among what is served")),
        }
    }
    if !system.object_storage.is_empty() {
        findings.note(
            "images that users upload are sent as they come: nothing was found that resizes them",
            None,
        );
    }
    Ok(findings)
}

/// How many images are mentioned as advice.
const SHOWN: usize = 10;

fn described(image: &LargeImage) -> String {
    format!("an image of {} kB", image.bytes.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{Facts, Location};
    use seaworthy_model::Status;

    fn with(served: Option<&str>, pipeline: bool) -> Facts {
        let at = Location::file("public/hero.png");
        let large = LargeImage { at: at.clone(), bytes: 1_690_000, served: served.map(Location::file) };
        let assets =
            Assets { images: 3, first_image: Some(at), large_images: vec![large], ..Assets::default() };
        let used: &[_] = if pipeline { &[("image-pipeline", "sharp", "src/i.js")] } else { &[] };
        Facts { assets: assets.into(), capabilities: products(used).into(), ..facts(None) }
    }

    #[test]
    fn a_large_image_that_is_served_fails_unless_there_is_a_pipeline() {
        let report = report(&ITEM, &with(Some("public/hero.png"), false));
        assert_eq!(report.status, Status::Fail);
        assert!(report.reason.contains("1690 kB"), "{}", report.reason);
        assert_eq!(status(&ITEM, &with(Some("public/hero.png"), true)), Status::Pass);
    }

    #[test]
    fn one_that_nothing_serves_is_advice() {
        let report = report(&ITEM, &with(None, false));
        assert_eq!(report.status, Status::Pass);
        assert_eq!(report.notes.len(), 1);
    }

    #[test]
    fn not_applicable_without_pages_or_images_and_unknown_when_not_collected() {
        assert_eq!(status(&ITEM, &without_pages()), Status::NotApplicable);
        assert_eq!(status(&ITEM, &facts(None)), Status::NotApplicable);
        let missing = Facts { assets: Facts::default().assets, ..facts(None) };
        assert_eq!(status(&ITEM, &missing), Status::Unknown);
    }
}
