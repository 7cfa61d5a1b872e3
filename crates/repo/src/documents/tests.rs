#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::tree::Limits as TreeLimits;

fn read(path: &str, text: &str) -> Documents {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    collect(&Tree::open(folder.path(), &[], TreeLimits::default()).unwrap())
}

#[test]
fn a_runbook_section_with_commands() {
    let text = "# Deploying\n\n## Roll back a release\n\n```sh\nkubectl rollout undo deployment/web\n```\n\n## Next\n";
    let documents = read("docs/deploy.md", text);
    let section = &documents.rollback[0];
    assert_eq!(section.at.to_string(), "docs/deploy.md:3");
    assert!(section.about_release && section.has_steps);
}

#[test]
fn a_section_without_steps_says_so() {
    let documents =
        read("README.md", "# App\n## Deployment\n### Rollback\nAsk the team.\n## Other\n```\nls\n```\n");
    assert!(documents.rollback[0].about_release);
    assert!(!documents.rollback[0].has_steps);
}

#[test]
fn one_migration_or_feature_is_no_release() {
    for (path, text) in [
        ("docs/ENCRYPTED-FIELD-MIGRATION.md", "# Migrating\n## Rollback\n1. a\n2. b\n"),
        ("docs/field-migration-runbook.md", "# Field migration runbook\n## Rollback\n1. a\n2. b\n"),
        ("docs/flags.md", "# Feature flags\n## Rollback\n1. a\n2. b\n"),
        ("docs/db.md", "# Database\n## Rolling back migrations\n1. a\n2. b\n"),
    ] {
        let documents = read(path, text);
        assert!(!documents.rollback[0].about_release, "{path}");
    }
}

#[test]
fn history_and_rules_for_contributors_are_not_read() {
    for path in ["CHANGELOG.md", "CONTRIBUTING.md", "tests/fixtures/a.md", "node_modules/x/README.md"] {
        assert!(read(path, "## Rollback a release\n1. a\n2. b\n").rollback.is_empty(), "{path}");
    }
}

#[test]
fn other_formats_of_headings() {
    let rst = read("docs/upgrade.rst", "Upgrade\n=======\n\nDowngrading\n-----------\n\n1. stop\n2. start\n");
    assert!(rst.rollback[0].about_release && rst.rollback[0].has_steps);
    assert_eq!(rst.rollback[0].at.to_string(), "docs/upgrade.rst:4");
    let adoc =
        read("docs/ops.adoc", "= Operations\n\n== Rollback of a deployment\n\n----\nkamal rollback\n----\n");
    assert!(adoc.rollback[0].about_release && adoc.rollback[0].has_steps);
}

#[test]
fn a_policy_of_fixing_forward() {
    let documents = read("docs/migrations.md", "# Migrations\n\nWe never go down: we fix forward.\n");
    assert_eq!(documents.forward_fix[0].at.to_string(), "docs/migrations.md:3");
    let below = read("docs/run.md", "# Releases\n\nWe fix forward:\nno migration is ever taken back.\n");
    assert_eq!(below.forward_fix.len(), 1);
    let one_defect =
        "# Sign-up\n\nRolling back brings the bug back. Better to fix forward if issues are found.\n";
    assert!(read("docs/sign-up.md", one_defect).forward_fix.is_empty());
}
