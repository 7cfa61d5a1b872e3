//! Versions of frameworks: what lockfiles resolve, what manifests ask for, and what builds name.

use seaworthy_facts::{Dependency, Ecosystem, Packages};

use super::{Found, Weight, leading};
use crate::tree::{Class, Tree};

const PACKAGES: &[(Ecosystem, &str, &str)] = &[
    (Ecosystem::Npm, "next", "next"),
    (Ecosystem::Npm, "nuxt", "nuxt"),
    (Ecosystem::Npm, "vue", "vue"),
    (Ecosystem::Npm, "@angular/core", "angular"),
    (Ecosystem::Npm, "angular", "angularjs"),
    (Ecosystem::Npm, "express", "express"),
    (Ecosystem::Pypi, "django", "django"),
    (Ecosystem::Rubygems, "rails", "rails"),
    (Ecosystem::Rubygems, "railties", "rails"),
    (Ecosystem::Packagist, "laravel/framework", "laravel"),
    (Ecosystem::Packagist, "symfony/framework-bundle", "symfony"),
];

/// Of manifests that ship.
pub fn packages(packages: &Packages) -> Vec<Found> {
    let mut found = Vec::new();
    for manifest in packages.manifests.iter().filter(|manifest| manifest.ships) {
        for dependency in &manifest.dependencies {
            let known = PACKAGES.iter().find(|(ecosystem, name, _)| {
                *ecosystem == manifest.ecosystem && dependency.name.eq_ignore_ascii_case(name)
            });
            if let Some((_, _, product)) = known
                && let Some(version) = version_of(dependency)
            {
                found.push(Found { product, version, weight: Weight::Ships, at: dependency.at.clone() });
            } else if dependency.name.starts_with("org.springframework.boot")
                && let Some(version) = version_of(dependency)
            {
                found.push(Found {
                    product: "spring-boot",
                    version,
                    weight: Weight::Ships,
                    at: dependency.at.clone(),
                });
            }
        }
    }
    found
}

/// What is resolved; else what the requirement allows, when that is one release line.
fn version_of(dependency: &Dependency) -> Option<String> {
    if let Some(resolved) = &dependency.resolved {
        return leading(resolved);
    }
    let requirement = dependency.requirement.trim().trim_start_matches("==").trim_start_matches("~>").trim();
    if requirement.contains(['>', '<', '*', '|', '$']) {
        return None;
    }
    leading(requirement)
}

/// Spring Boot as the parent of a Maven project or as a Gradle plugin.
pub fn builds(tree: &Tree) -> Vec<Found> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| file.class == Class::Shipped) {
        let name = file.name();
        if name == "pom.xml" {
            let text = tree.text(file).unwrap_or_default();
            if let Some(at) = text.find("<artifactId>spring-boot-starter-parent</artifactId>")
                && let Some(end) = text[at..].find("</parent>")
                && let Some(version) = text[at..at + end].find("<version>")
                && let Some(leading) = leading(&text[at + version + "<version>".len()..])
            {
                let line = text[..at + version].matches('\n').count() + 1;
                let at = file.at_line(u32::try_from(line).unwrap_or(1));
                found.push(Found { product: "spring-boot", version: leading, weight: Weight::Ships, at });
            }
        } else if name == "build.gradle" || name == "build.gradle.kts" {
            let text = tree.text(file).unwrap_or_default();
            for (number, line) in (1u32..).zip(text.lines()) {
                let plugin =
                    line.contains("org.springframework.boot\"") || line.contains("org.springframework.boot'");
                let version = line
                    .split_once("version")
                    .map(|(_, rest)| rest.trim().trim_matches(['"', '\'', ' ', '(']));
                if plugin && let Some(version) = version.and_then(leading) {
                    let at = file.at_line(number);
                    found.push(Found { product: "spring-boot", version, weight: Weight::Ships, at });
                }
            }
        }
    }
    found
}
