use seaworthy_facts::{Absent, Event, FactKind, FactView, Job, Launches, Pipelines, Role, System, Workflow};
use seaworthy_model::{ItemId, Section};

use super::work::{self, Work};
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `ci.smoke-tests`
pub static ITEM: Item = Item {
    id: ItemId::new("ci.smoke-tests"),
    section: Section::Ci,
    question: "The deployed address is checked after each deployment",
    priority: 2,
    absence: Absence::Fail,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Pipelines, FactKind::Launches],
    remedy: "Request the deployed address after the deploy step and fail when it does not answer well.",
    page: include_str!("smoke_tests.md"),
    evidence,
};

const CHECKS: [Role; 2] = [Role::HealthRequest, Role::EndToEnd];

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings
        .looked_for("health requests and end-to-end tests against the deployed address, after a deploy step");
    let deploys: Vec<Work> = work::all(pipelines, &[Role::Deploy, Role::DeployPreview])
        .into_iter()
        .filter(|deploy| deploy.idle().is_none())
        .collect();
    let checks = work::all(pipelines, &CHECKS);
    let mut local: Option<&Work> = None;
    for check in &checks {
        if check.idle().is_some() || check.masked().is_some() {
            continue;
        }
        let Some(after) = after(check, &deploys) else { continue };
        if is_local(check) {
            local = local.or(Some(check));
        } else {
            findings.supports(format!("{} checks the deployment {after}", check.name()), check.at());
        }
    }
    if let Ok(launches) = view.get::<Launches>() {
        for rollout in &launches.rollouts {
            let analysed = rollout.mechanism == "flagger"
                || (rollout.mechanism == "argo-rollout"
                    && rollout.summary.to_ascii_lowercase().contains("analysis"));
            if analysed {
                findings.supports(format!("each rollout is analysed: {}", rollout.summary), &rollout.at);
            }
        }
    }
    if findings.has_evidence() {
        return Ok(findings);
    }
    findings.unread(&work::unread(pipelines, |_| true));
    match (local, deploys.first(), checks.first()) {
        (Some(check), _, _) => {
            findings.because(format!(
                "{} at {} asks a local address, not the deployed one",
                check.name(),
                check.at()
            ));
        }
        (None, Some(deploy), _) => {
            findings.because(format!(
                "after {} at {} nothing asks the deployed address",
                deploy.name(),
                deploy.at()
            ));
            findings.remedy(format!(
                "After the deploy step at {}, request the deployed address and fail when it does not answer well.",
                deploy.at()
            ));
        }
        (None, None, Some(check)) => {
            findings.because(format!(
                "{} at {} runs without a deployment before it",
                check.name(),
                check.at()
            ));
        }
        (None, None, None) => {
            findings.because(format!(
                "{}; no deploy step and no check after one was found",
                work::count(pipelines)
            ));
        }
    }
    Ok(findings)
}

/// Which deployment it comes after, in words.
fn after(check: &Work, deploys: &[Work]) -> Option<String> {
    if check.triggers().iter().any(|trigger| trigger.event == Event::Deployment) {
        return Some("that the platform reports".to_owned());
    }
    for deploy in deploys {
        if !std::ptr::eq(deploy.workflow, check.workflow) {
            continue;
        }
        let later = if std::ptr::eq(deploy.job, check.job) {
            deploy.position < check.position
                || (deploy.position == check.position && follows_in_step(deploy, check))
        } else {
            needs(check.workflow, check.job, &deploy.job.id)
        };
        if later {
            return Some(format!("of {}", deploy.at()));
        }
    }
    let chained = check.triggers().iter().any(|trigger| trigger.event == Event::WorkflowRun);
    let deploy = deploys.iter().find(|deploy| chained && !std::ptr::eq(deploy.workflow, check.workflow))?;
    Some(format!("of {}", deploy.at()))
}

/// Both are commands of one step, the check further down.
fn follows_in_step(deploy: &Work, check: &Work) -> bool {
    let position = |work: &Work| {
        work.step
            .commands
            .iter()
            .position(|command| work.command.is_some_and(|own| std::ptr::eq(own, command)))
    };
    match (position(deploy), position(check)) {
        (Some(deploy), Some(check)) => deploy < check,
        _ => false,
    }
}

/// Whether a job comes after another one.
fn needs(workflow: &Workflow, job: &Job, wanted: &str) -> bool {
    let mut pending: Vec<&str> = job.needs.iter().map(String::as_str).collect();
    let mut seen: Vec<&str> = Vec::new();
    while let Some(need) = pending.pop() {
        if need == wanted {
            return true;
        }
        if seen.contains(&need) {
            continue;
        }
        seen.push(need);
        if let Some(job) = workflow.jobs.iter().find(|job| job.id == need) {
            pending.extend(job.needs.iter().map(String::as_str));
        }
    }
    false
}

const LOCAL: [&str; 5] = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host.docker.internal"];

/// It asks something that the job itself started.
fn is_local(check: &Work) -> bool {
    let says_local = |text: &str| LOCAL.iter().any(|name| text.contains(name));
    if let Some(command) = check.command {
        // `--resolve shop.example:443:127.0.0.1`: the deployed name, asked on the host that serves it.
        let mut words = command.words.iter().scan(false, |resolved, word| {
            let skipped = *resolved || word.starts_with("--resolve=");
            *resolved = word == "--resolve";
            Some((word, skipped))
        });
        if words.any(|(word, skipped)| !skipped && says_local(word)) {
            return true;
        }
        if command.words.iter().any(|word| word.contains("://")) {
            return false;
        }
    }
    let env = check.step.env.iter().chain(&check.job.env);
    let inputs = check.step.uses.iter().flat_map(|uses| &uses.inputs);
    let mut addresses = env
        .chain(inputs)
        .filter(|(name, value)| {
            let name = name.to_ascii_uppercase();
            ["URL", "HOST", "TARGET", "DOMAIN"].iter().any(|word| name.contains(word))
                || value.contains("://")
        })
        .map(|(_, value)| value.as_str())
        .peekable();
    if addresses.peek().is_some() {
        return addresses.all(says_local);
    }
    // Without any address, end-to-end tests run against what the job has started before.
    check.command.is_none_or(|command| !command.roles.contains(&Role::HealthRequest))
        && check.job.steps.iter().take(check.position + 1).any(|step| {
            step.commands.iter().any(|command| command.roles.contains(&Role::Serve))
                || step.uses.as_ref().is_some_and(|uses| uses.input("start").is_some())
        })
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ci::test_support::{facts, judged, report};
    use seaworthy_facts::Step;
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::*;

    fn deploy() -> Step {
        run("flyctl deploy", &[Role::Deploy])
    }

    fn ask(address: &str) -> Step {
        run(&format!("curl --fail {address}"), &[Role::HealthRequest])
    }

    fn on_push(steps: Vec<Step>) -> Pipelines {
        ci(vec![trigger(Event::Push)], steps)
    }

    #[test]
    fn a_later_step_or_job_that_asks_the_address_passes() {
        assert_eq!(judged(&ITEM, on_push(vec![deploy(), ask("https://x.org/up")])).0, Status::Pass);
        let check = Job { needs: vec!["deploy".to_owned()], ..job("check", vec![ask("$URL")]) };
        let jobs = vec![job("deploy", vec![deploy()]), check];
        let pipelines =
            Pipelines { workflows: vec![workflow(vec![trigger(Event::Push)], jobs)], ..Pipelines::default() };
        assert_eq!(judged(&ITEM, pipelines).0, Status::Pass);
        let reported =
            ci(vec![trigger(Event::Deployment)], vec![run("npx playwright test", &[Role::EndToEnd])]);
        assert_eq!(judged(&ITEM, reported).0, Status::Pass);
    }

    #[test]
    fn before_the_deployment_local_or_masked_checks_fail() {
        let (status, reason) = judged(&ITEM, on_push(vec![ask("https://x.org/up"), deploy()]));
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("flyctl deploy"), "{reason}");
        let (status, reason) = judged(&ITEM, on_push(vec![deploy(), ask("http://localhost:3000/up")]));
        assert_eq!(status, Status::Fail);
        assert!(reason.contains("local address"), "{reason}");
        let named = ask("--resolve x.org:443:127.0.0.1 https://x.org/up");
        assert_eq!(judged(&ITEM, on_push(vec![deploy(), named])).0, Status::Pass);
        let mut masked = on_push(vec![deploy(), ask("https://x.org/up")]);
        masked.workflows[0].jobs[0].steps[1].failure_ignored = Some("continue-on-error".to_owned());
        assert_eq!(judged(&ITEM, masked).0, Status::Fail);
        let end_to_end = run("npx playwright test", &[Role::EndToEnd]);
        assert_eq!(judged(&ITEM, on_push(vec![end_to_end])).0, Status::Fail);
        assert_eq!(judged(&ITEM, Pipelines::default()).0, Status::Fail);
    }

    #[test]
    fn unknown_for_an_unread_system_and_not_applicable_without_a_system() {
        let mut unread = Pipelines::default();
        unread.unread.push(seaworthy_facts::Unread {
            what: "Jenkins".to_owned(),
            at: seaworthy_facts::Location::file("Jenkinsfile"),
        });
        assert_eq!(judged(&ITEM, unread).0, Status::Unknown);
        let mut library = facts(Pipelines::default());
        library.system = System::default().into();
        assert_eq!(report(&ITEM, &library).status, Status::NotApplicable);
    }
}
