#![allow(clippy::unwrap_used)]
use super::*;
use crate::pipelines::test_support::{collect_from, job, only};

fn events(job: &Job) -> Vec<(Event, Option<bool>)> {
    job.triggers.as_ref().unwrap().iter().map(|trigger| (trigger.event, trigger.default_branch)).collect()
}

#[test]
fn jobs_without_rules_run_for_branches_and_tags() {
    let found = collect_from(&[(".gitlab-ci.yml", "test:\n  script:\n    - make test\n")]);
    let workflow = only(&found);
    assert!(workflow.on_changes().is_some());
    assert_eq!(events(&workflow.jobs[0]), [(Event::Tag, None), (Event::Push, Some(true))]);
    assert_eq!(workflow.jobs[0].at.as_ref().unwrap().line_number(), Some(1));
}

#[test]
fn rules_decide() {
    let found = collect_from(&[(
        ".gitlab-ci.yml",
        r#"
mr:
  script: [make]
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
main:
  script: [make]
  rules:
    - if: $CI_COMMIT_TAG
      when: never
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
nightly:
  script: [make]
  rules:
    - if: '$CI_PIPELINE_SOURCE == "schedule"'
staging:
  script: [make]
  rules:
    - if: $CI_COMMIT_BRANCH == "staging"
by-hand:
  script: [make]
  rules:
    - if: $CI_COMMIT_TAG
      when: manual
off:
  script: [make]
  rules:
    - when: never
"#,
    )]);
    let workflow = only(&found);
    assert_eq!(events(job(workflow, "mr")), [(Event::PullRequest, Some(true))]);
    assert_eq!(events(job(workflow, "main")), [(Event::Push, Some(true))]);
    assert!(!job(workflow, "main").triggers.as_ref().unwrap()[0].on_changes());
    assert_eq!(events(job(workflow, "nightly")), [(Event::Schedule, None)]);
    assert_eq!(events(job(workflow, "staging")), [(Event::Push, Some(false))]);
    assert!(job(workflow, "by-hand").manual && !job(workflow, "main").manual);
    assert!(job(workflow, "off").disabled);
}

#[test]
fn workflow_rules_hold_for_jobs_without_their_own() {
    let found = collect_from(&[(
        ".gitlab-ci.yml",
        "workflow:\n  rules:\n    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\ntest: {script: [make]}\n",
    )]);
    assert_eq!(
        events(job(only(&found), "test")),
        [(Event::PullRequest, Some(true)), (Event::Push, Some(true))]
    );
}

#[test]
fn only_and_except() {
    let found = collect_from(&[(
        ".gitlab-ci.yml",
        "a: {script: [x], only: [merge_requests]}\nb: {script: [x], only: [main]}\nc: {script: [x], except: [main]}\nd: {script: [x], only: [tags], when: manual}\n",
    )]);
    let workflow = only(&found);
    assert_eq!(events(job(workflow, "a")), [(Event::PullRequest, Some(true))]);
    assert_eq!(events(job(workflow, "b")), [(Event::Push, Some(true))]);
    assert_eq!(events(job(workflow, "c")), [(Event::Tag, None), (Event::Push, Some(false))]);
    assert!(job(workflow, "d").manual);
    assert_eq!(events(job(workflow, "d")), [(Event::Tag, None)]);
}

#[test]
fn includes_extends_and_references() {
    let found = collect_from(&[
        (
            ".gitlab-ci.yml",
            "include:\n  - local: /ci/*.yml\n  - template: Security/SAST.gitlab-ci.yml\n  - remote: https://example.com/x.yml\ntest:\n  extends: [.base]\n  script:\n    - !reference [.shared, script]\n    - make test\n",
        ),
        (
            "ci/base.yml",
            ".root: {image: \"node:20\", variables: {A: x}}\n.base:\n  extends: .root\n  services: [postgres:16]\n  allow_failure: true\n.shared:\n  script:\n    - make prepare\n",
        ),
    ]);
    let workflow = only(&found);
    let test = job(workflow, "test");
    assert_eq!(test.image.as_ref().unwrap().value, "node:20");
    assert_eq!(test.image.as_ref().unwrap().at.to_string(), "ci/base.yml:1");
    assert_eq!(test.services[0].image, "postgres:16");
    assert_eq!(test.env, [("A".to_owned(), "x".to_owned())]);
    assert!(test.failure_allowed);
    assert!(workflow.unread.iter().any(|unread| unread.what.contains("https://example.com")));
}

#[test]
fn loops_and_broken_files_end() {
    let found = collect_from(&[(
        ".gitlab-ci.yml",
        "include: [.gitlab-ci.yml]\n.a: {extends: .b}\n.b: {extends: .a}\nx: {extends: .a, script: [!reference [x, script]]}\n",
    )]);
    assert_eq!(only(&found).jobs.len(), 1);
    let found = collect_from(&[(".gitlab-ci.yml", "a: [\n")]);
    assert!(found.workflows.is_empty() && found.unread.len() == 1);
}

#[test]
fn stages_environments_and_children() {
    let found = collect_from(&[
        (
            ".gitlab-ci.yml",
            "stages: [test, deploy]\nchild:\n  stage: test\n  trigger:\n    include: ci/child.yml\ndeploy:\n  stage: deploy\n  environment: {name: production, url: \"https://x\"}\n  script: [./go]\nstop:\n  stage: deploy\n  environment: {name: production, action: stop}\n  script: [./go]\n",
        ),
        ("ci/child.yml", "inner: {script: [make test]}\n"),
    ]);
    let workflow = only(&found);
    let deploy = job(workflow, "deploy");
    assert_eq!(deploy.environment.as_ref().unwrap().value, "production");
    assert!(deploy.needs.contains(&"child".to_owned()));
    assert!(job(workflow, "stop").environment.is_none());
    assert!(workflow.jobs.iter().any(|job| job.id == "child / inner"));
}
