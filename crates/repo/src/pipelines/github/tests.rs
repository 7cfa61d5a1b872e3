#![allow(clippy::unwrap_used)]
use crate::pipelines::test_support::{collect_from, job, only};
use seaworthy_facts::{CiSystem, Event};

#[test]
fn jobs_with_their_settings_and_places() {
    let found = collect_from(&[(
        ".github/workflows/ci.yml",
        r#"name: CI
on: [push, pull_request]
env: {LEVEL: a, TOKEN: abcdef}
jobs:
  test:
    runs-on: ubuntu-latest
    environment: {name: staging, url: https://x}
    container: node:20
    continue-on-error: true
    env: {LEVEL: b}
    services:
      db: {image: "postgres:16"}
    steps:
      - uses: actions/checkout@v4
      - name: go
        run: make test
        continue-on-error: true
  off:
    if: false
    steps: [{run: make}]
  after:
    needs: test
    if: github.ref == 'refs/heads/main'
    steps:
      - run: make
      - uses: docker/build-push-action@v6
        with: {push: true, tags: "x:latest"}
"#,
    )]);
    let workflow = only(&found);
    assert_eq!(workflow.name, "CI");
    assert_eq!(workflow.triggers.len(), 3);
    let test = job(workflow, "test");
    assert_eq!(test.at.as_ref().unwrap().line_number(), Some(5));
    assert_eq!(test.environment.as_ref().unwrap().value, "staging");
    assert_eq!(test.image.as_ref().unwrap().value, "node:20");
    assert_eq!(test.services[0].image, "postgres:16");
    assert!(test.failure_allowed && !test.disabled);
    assert!(test.env.contains(&("LEVEL".to_owned(), "b".to_owned())));
    assert!(test.env.contains(&("TOKEN".to_owned(), "(not shown)".to_owned())));
    assert_eq!(test.steps[1].at.line_number(), Some(15));
    assert_eq!(test.steps[1].failure_ignored.as_deref(), Some("continue-on-error"));
    let off = job(workflow, "off");
    assert!(off.disabled && workflow.triggers_of_job(off).is_empty());
    let after = job(workflow, "after");
    let triggers = after.triggers.as_ref().unwrap();
    assert_eq!((triggers.len(), triggers[0].event, triggers[0].on_changes()), (1, Event::Push, false));
    assert_eq!(after.steps[1].uses.as_ref().unwrap().input("tags"), Some("x:latest"));
}

#[test]
fn needs_hand_on_what_starts_a_job() {
    let found = collect_from(&[(
        ".github/workflows/ci.yml",
        "on: [push, pull_request]\njobs:\n  a:\n    if: github.event_name == 'push'\n    steps: []\n  b: {needs: a, steps: []}\n  c: {needs: [b], steps: []}\n  d: {needs: [b], if: always(), steps: []}\n",
    )]);
    let workflow = only(&found);
    for id in ["a", "b", "c"] {
        assert!(
            workflow.triggers_of_job(job(workflow, id)).iter().all(|t| t.event != Event::PullRequest),
            "{id}"
        );
    }
    assert!(job(workflow, "d").triggers.is_none());
}

#[test]
fn steps_under_conditions() {
    let found = collect_from(&[(
        ".github/workflows/ci.yml",
        "on: [push, pull_request]\njobs:\n  a:\n    steps:\n      - run: make\n        if: github.event_name == 'push'\n      - run: make\n        if: ${{ false }}\n      - run: make\n        if: runner.os == 'Linux'\n",
    )]);
    let workflow = only(&found);
    let steps = &workflow.jobs[0].steps;
    assert!(workflow.triggers_of(&workflow.jobs[0], &steps[0]).iter().all(|t| t.event != Event::PullRequest));
    assert!(steps[1].disabled);
    assert!(steps[2].triggers.is_none());
}

#[test]
fn reusable_workflows_are_put_in() {
    let found = collect_from(&[
        (
            ".github/workflows/ci.yml",
            "on: pull_request\njobs:\n  checks:\n    uses: ./.github/workflows/checks.yml\n    with: {environment: staging}\n  far:\n    uses: acme/ci/.github/workflows/x.yml@main\n  last: {needs: checks, steps: []}\n",
        ),
        (
            ".github/workflows/checks.yml",
            "on:\n  workflow_call:\n    inputs:\n      environment: {type: string}\n      skip: {type: boolean, default: true}\njobs:\n  one:\n    environment: ${{ inputs.environment }}\n    steps: [{run: make}]\n  two:\n    if: ${{ !inputs.skip }}\n    steps: [{run: make}]\n",
        ),
    ]);
    let ci = found
        .workflows
        .iter()
        .find(|workflow| workflow.at.path() == Some(".github/workflows/ci.yml"))
        .unwrap();
    let one = job(ci, "checks / one");
    assert_eq!(one.environment.as_ref().unwrap().value, "staging");
    assert_eq!(one.at.as_ref().unwrap().to_string(), ".github/workflows/checks.yml:7");
    assert!(job(ci, "checks / two").disabled);
    assert_eq!(job(ci, "last").needs, ["checks / one", "checks / two"]);
    assert!(ci.unread[0].what.contains("acme/ci"));
    let called = found
        .workflows
        .iter()
        .find(|workflow| workflow.at.path() == Some(".github/workflows/checks.yml"))
        .unwrap();
    assert!(called.jobs.is_empty());
}

#[test]
fn composite_actions_are_put_in() {
    let found = collect_from(&[
        (
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    steps:\n      - uses: ./.github/actions/x\n        if: github.ref == 'refs/heads/main'\n        with: {task: lint}\n      - uses: ./.github/actions/js\n",
        ),
        (
            ".github/actions/x/action.yml",
            "inputs: {task: {default: test}, off: {default: 'false'}}\nruns:\n  using: composite\n  steps:\n    - run: make ${{ inputs.task }}\n      shell: bash\n    - run: make\n      if: inputs.off == 'true'\n",
        ),
        (".github/actions/js/action.yml", "runs: {using: node20, main: x.js}\n"),
    ]);
    let steps = &only(&found).jobs[0].steps;
    assert_eq!(steps.len(), 3);
    assert_eq!(steps[0].at.to_string(), ".github/actions/x/action.yml:5");
    assert!(steps[1].disabled);
    assert_eq!(steps[2].uses.as_ref().unwrap().name, "./.github/actions/js");
    assert!(!steps[0].triggers.as_ref().unwrap()[0].on_changes());
}

#[test]
fn loops_of_calls_end() {
    let found = collect_from(&[
        (
            ".github/workflows/a.yml",
            "on: [push, workflow_call]\njobs:\n  a: {uses: ./.github/workflows/a.yml}\n",
        ),
        (".github/workflows/b.yml", "on: push\njobs: {b: {steps: [{uses: ./x}]}}\n"),
        ("x/action.yml", "runs: {using: composite, steps: [{uses: ./x}, {uses: ./x}]}\n"),
    ]);
    assert_eq!(found.workflows.len(), 2);
}

#[test]
fn broken_files_are_named_and_the_rest_is_read() {
    let found = collect_from(&[
        (".github/workflows/a.yml", "on: push\njobs: [\n"),
        (".github/workflows/b.yml", "on: push\njobs: {b: {steps: []}}\n"),
        ("sub/.github/workflows/c.yml", "on: push\njobs: {b: {steps: []}}\n"),
        (".forgejo/workflows/d.yml", "on: push\njobs: {b: {steps: []}}\n"),
    ]);
    let systems: Vec<_> = found.workflows.iter().map(|workflow| workflow.system).collect();
    assert_eq!(systems, [CiSystem::GithubActions, CiSystem::ForgejoActions]);
    assert_eq!(found.unread[0].at.path(), Some(".github/workflows/a.yml"));
}

#[test]
fn what_is_started_on_a_server_or_written_into_another_repository_is_deployed() {
    use seaworthy_facts::Role::{Deploy, Migrate};
    let long = "            export A=$(aws ssm get-parameter --name /a --query Parameter.Value)\n".repeat(80);
    let server = |script: &str| {
        format!(
            "on: push\njobs:\n  a:\n    steps:\n      - uses: appleboy/scp-action@v1\n        with:\n          source: \"ops/compose.yml,ops/ship.sh\"\n          target: /srv/app\n      - uses: appleboy/ssh-action@v1\n        with:\n          script: |\n{long}            {script}\n"
        )
    };
    let does = |workflow: &str, role| {
        let found = collect_from(&[
            (".github/workflows/ci.yml", workflow),
            ("ops/ship.sh", "cd /srv/app\ndocker compose run --rm web alembic upgrade head\n"),
        ]);
        only(&found).jobs[0].steps.iter().any(|step| step.commands.iter().any(|command| command.really(role)))
    };
    assert!(does(&server("docker run -d --name web -p 80:80 ${{ env.IMAGE }}"), Deploy));
    assert!(does(&server("sudo docker compose up -d"), Deploy));
    assert!(!does(&server("docker run --rm web true"), Deploy));
    assert!(does(&server("/srv/app/ship.sh web"), Migrate), "a script that was copied there");
    assert!(!does(&server("/srv/app/other.sh web"), Migrate));
    let manifests = |repository: &str, edit: &str| {
        format!(
            "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          repository: {repository}\n          path: ops\n      - run: |\n          cd ops\n          {edit}\n          git commit -am x\n          git push\n"
        )
    };
    assert!(does(&manifests("acme/ops", "sed -i 's#image: .*#image: web:1#' web.yaml"), Deploy));
    assert!(does(&manifests("acme/ops", "kustomize edit set image web=web:1"), Deploy));
    assert!(!does(&manifests("acme/ops", "cp -r ../docs ."), Deploy));
    assert!(!does(&manifests("${{ github.repository }}", "yq -i '.image.tag = 1' web.yaml"), Deploy));
}

#[test]
fn shell_text_in_the_inputs_of_an_action_is_followed() {
    let workflow = "on: push\njobs:\n  a:\n    steps:\n      - uses: appleboy/ssh-action@v1\n        with:\n          host: x\n          script: |\n            cd /srv/app\n            docker compose exec web python manage.py migrate\n";
    let found = collect_from(&[(".github/workflows/ci.yml", workflow)]);
    let step = &only(&found).jobs[0].steps[0];
    let migrate =
        step.commands.iter().find(|command| command.roles.contains(&seaworthy_facts::Role::Migrate));
    assert_eq!(migrate.unwrap().at.to_string(), ".github/workflows/ci.yml:10");
}
