use seaworthy_facts::{Absent, Assets, Capabilities, FactKind, FactView, Infrastructure, Resource, System};
use seaworthy_model::{ItemId, Section};

use super::wire;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.caching`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.caching"),
    section: Section::Performance,
    question: "What can be cached is cached",
    priority: 3,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[
        FactKind::System,
        FactKind::Assets,
        FactKind::Capabilities,
        FactKind::Infrastructure,
        FactKind::Site,
    ],
    remedy: "Add a cache or HTTP caching headers.",
    page: include_str!("caching.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    wire::caching(&ITEM, view).join(configured(view))
}

fn configured(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::answers_http(system) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "caches that code reads or fills, caching headers in code, platform and proxy configuration, content delivery networks, documented defaults",
    );
    for header in view.get::<Assets>()?.caching.iter().take(SHOWN) {
        findings.supports(header.value.clone(), &header.at);
    }
    for product in view.get::<Capabilities>()?.of("cache") {
        if let Some(at) = product.in_use() {
            findings.supports(format!("what was computed is kept: {}", product.name), at);
        }
    }
    for resource in &view.get::<Infrastructure>()?.resources {
        if resource.ships() && delivers(resource) {
            findings.supports(
                format!("a content delivery network: {}.{}", resource.kind, resource.name),
                &resource.at,
            );
        }
    }
    for component in system.components.iter().filter(|component| component.http_server.is_some()) {
        for framework in &component.frameworks {
            if let Some((_, says, link)) = DEFAULTS.iter().find(|(key, ..)| *key == framework.value) {
                findings.supports(format!("{says} ({link})"), &framework.at);
            }
        }
    }
    if system.front_end().is_some() {
        for (platform, guarantee) in system.promises("edge-cache") {
            let summary = format!("{}: {} ({})", platform.key, guarantee.says, guarantee.link);
            findings.supports(summary, &platform.at);
        }
    }
    if !findings.has_evidence() {
        findings
            .because("no cache that code uses, no caching header and no content delivery network was found");
        shared::settle::infrastructure(&mut findings);
    }
    Ok(findings)
}

/// How many headers are shown.
const SHOWN: usize = 6;

/// What a framework sends by itself, as its documentation says.
const DEFAULTS: &[(&str, &str, &str)] = &[
    (
        "next",
        "Next.js sends its hashed assets with an age of a year",
        "https://nextjs.org/docs/app/guides/self-hosting",
    ),
    (
        "phoenix",
        "Plug.Static sends digested assets with an age of a year",
        "https://hexdocs.pm/plug/Plug.Static.html",
    ),
];

/// Whether a resource is a content delivery network that keeps something.
fn delivers(resource: &Resource) -> bool {
    match resource.kind.as_str() {
        "aws_cloudfront_distribution" | "AWS::CloudFront::Distribution" => {
            // The identifier of the managed policy "CachingDisabled".
            let policies: Vec<_> = resource
                .settings
                .iter()
                .filter(|setting| {
                    setting.path.to_ascii_lowercase().replace('_', "").ends_with("cachepolicyid")
                })
                .collect();
            policies.is_empty()
                || policies
                    .iter()
                    .any(|setting| setting.value.as_deref() != Some("4135ea2d-6df8-44a3-9df3-4b5a84be39ad"))
        }
        "google_compute_backend_bucket" | "google_compute_backend_service" => {
            resource.flag("enable_cdn") == Some(true)
        }
        "azurerm_cdn_endpoint"
        | "azurerm_cdn_frontdoor_endpoint"
        | "fastly_service_vcl"
        | "fastly_service_compute"
        | "digitalocean_cdn"
        | "bunnynet_pullzone"
        | "scaleway_edge_services_cache_stage" => true,
        "cloudflare_ruleset" => resource
            .get("phase")
            .and_then(|phase| phase.value.as_deref())
            .is_some_and(|phase| phase == "http_request_cache_settings"),
        "cloudflare_page_rule" => resource
            .settings
            .iter()
            .any(|setting| setting.path.contains("cache_level") || setting.path.contains("edge_cache_ttl")),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{Certainty, Facts, Guarantee, InfrastructureTool, Location, Platform};
    use seaworthy_model::Status;

    fn resource(kind: &str, settings: &[(&str, &str)]) -> Facts {
        let at = Location::line("main.tf", 4);
        let resource = seaworthy_testkit::infrastructure::resource(
            InfrastructureTool::Terraform,
            kind,
            "main",
            &at,
            settings,
        );
        let infrastructure = Infrastructure { resources: vec![resource], ..Infrastructure::default() };
        Facts { infrastructure: infrastructure.into(), ..facts(None) }
    }

    #[test]
    fn headers_caches_and_networks_pass() {
        let assets =
            Assets { caching: vec![sign("Cache-Control with an age", "src/a.js", 4)], ..Assets::default() };
        assert_eq!(status(&ITEM, &Facts { assets: assets.into(), ..facts(None) }), Status::Pass);
        let used = products(&[("cache", "Rails cache", "app/models/a.rb")]);
        assert_eq!(status(&ITEM, &Facts { capabilities: used.into(), ..facts(None) }), Status::Pass);
        assert_eq!(status(&ITEM, &resource("aws_cloudfront_distribution", &[])), Status::Pass);
        assert_eq!(
            status(&ITEM, &resource("google_compute_backend_bucket", &[("enable_cdn", "true")])),
            Status::Pass
        );
    }

    #[test]
    fn a_network_that_keeps_nothing_is_none() {
        let off = [("default_cache_behavior.0.cache_policy_id", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad")];
        assert_eq!(status(&ITEM, &resource("aws_cloudfront_distribution", &off)), Status::Fail);
        assert_eq!(status(&ITEM, &resource("google_compute_backend_bucket", &[])), Status::Fail);
    }

    #[test]
    fn documented_defaults_of_frameworks_and_platforms_count() {
        let mut framework = facts(None);
        let mut system = framework.system.get().unwrap().clone();
        system.components[0].frameworks = vec![sign("next", "package.json", 9)];
        framework.system = system.into();
        assert_eq!(status(&ITEM, &framework), Status::Pass);
        let mut system = facts(None).system.get().unwrap().clone();
        system.platforms = vec![Platform {
            key: "netlify".to_owned(),
            at: Location::file("netlify.toml"),
            certainty: Certainty::Configured,
            environments: Vec::new(),
            guarantees: vec![Guarantee {
                claim: "edge-cache".to_owned(),
                says: "static files are cached".to_owned(),
                link: "https://example.org".to_owned(),
            }],
        }];
        assert_eq!(status(&ITEM, &Facts { system: system.into(), ..facts(None) }), Status::Pass);
    }

    #[test]
    fn none_fails_not_collected_is_unknown_and_a_library_needs_none() {
        assert_eq!(status(&ITEM, &facts(None)), Status::Fail);
        let missing = Facts { assets: Facts::default().assets, ..facts(None) };
        assert_eq!(status(&ITEM, &missing), Status::Unknown);
        assert_eq!(status(&ITEM, &library()), Status::NotApplicable);
    }
}
