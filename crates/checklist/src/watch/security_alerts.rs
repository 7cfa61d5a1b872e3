use seaworthy_facts::{
    Absent, Alerting, Capabilities, Event, FactKind, FactView, Pipelines, Role, Signal, Step, System,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `watch.security-alerts`
pub static ITEM: Item = Item {
    id: ItemId::new("watch.security-alerts"),
    section: Section::Watch,
    question: "Signs of attacks and new vulnerabilities reach the team",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: None,
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Capabilities, FactKind::Alerting, FactKind::Pipelines],
    remedy: "Alert on failed logins and on new advisories.",
    page: include_str!("security_alerts.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::deployable(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "alert rules on attacks, application firewalls, fail2ban and CrowdSec with notifications, notices of failed logins, scheduled audits of dependencies or images that tell somebody, security alerts of the forge or the cloud in infrastructure code",
    );
    findings.because(
        "no alert on attacks and no audit that tells somebody was found (an update bot alone is none)",
    );
    for product in view.get::<Capabilities>()?.of("security-alerts") {
        let Some(at) = product.in_use() else { continue };
        if SILENT.contains(&product.name.as_str()) {
            findings
                .untried(format!("{} bans, and nothing that was found tells people of it", product.name), at);
        } else {
            findings.supports(format!("{} reports attacks", product.name), at);
        }
    }
    if let Ok(alerting) = view.get::<Alerting>() {
        let about = alerting
            .rules
            .iter()
            .filter(|rule| rule.signals.contains(&Signal::Security) && rule.loaded_by.is_some());
        for rule in about.filter(|rule| !rule.notifies.as_ref().is_some_and(Vec::is_empty)).take(SHOWN) {
            findings.supports(format!("{} alerts on {}", rule.system, rule.name), &rule.at);
        }
    }
    if let Ok(pipelines) = view.get::<Pipelines>() {
        audits(&mut findings, pipelines);
    }
    shared::settle::infrastructure(&mut findings);
    Ok(findings)
}

/// How many rules are shown.
const SHOWN: usize = 10;

/// What acts against attacks by itself and tells nobody unless it is told to.
const SILENT: &[&str] = &["fail2ban", "CrowdSec"];

/// Actions that tell somebody, or that report into the forge's security alerts.
const TELLS: &[&str] = &[
    "slack",
    "discord",
    "teams",
    "mail",
    "telegram",
    "ntfy",
    "pagerduty",
    "opsgenie",
    "mattermost",
    "create-issue",
    "create-an-issue",
    "issue-from-file",
    "upload-sarif",
    "audit-check",
    "rocket.chat",
    "google-chat",
    "matrix-message",
];

/// An audit on a timetable, beside a step that tells of it; or a service that watches what was deployed.
fn audits(findings: &mut Findings, pipelines: &Pipelines) {
    for (workflow, job, step) in pipelines.steps() {
        if step.disabled || job.disabled {
            continue;
        }
        let monitors = step.effective()
            && step.commands.iter().any(|command| {
                command.effective()
                    && command.words.first().is_some_and(|word| word == "snyk")
                    && command.words.iter().any(|word| word == "monitor")
            });
        if monitors {
            findings.supports(
                format!("job {} hands the dependencies to Snyk, which mails new vulnerabilities", job.id),
                &step.at,
            );
        }
        let audits =
            step.uses.as_ref().is_some_and(|uses| AUDITS.iter().any(|role| uses.roles.contains(role)))
                || step.commands.iter().any(|command| AUDITS.iter().any(|role| command.roles.contains(role)));
        let scheduled =
            workflow.triggers_of(job, step).iter().any(|trigger| trigger.event == Event::Schedule);
        if !audits || !scheduled {
            continue;
        }
        let mut beside = workflow
            .jobs
            .iter()
            .filter(|other| other.id == job.id || other.needs.contains(&job.id))
            .flat_map(|job| &job.steps);
        if let Some(told) = beside.find(|other| !other.disabled && tells(other)) {
            findings.supports(
                format!(
                    "job {} of {} audits on a timetable and tells of what it finds",
                    job.id, workflow.name
                ),
                &told.at,
            );
        } else {
            findings.note(
                format!(
                    "job {} of {} audits on a timetable; whom its failure reaches is not written down",
                    job.id, workflow.name
                ),
                Some(&step.at),
            );
        }
    }
}

const AUDITS: &[Role] = &[Role::DependencyAudit, Role::ImageScan];

fn tells(step: &Step) -> bool {
    let by_action = step.uses.as_ref().is_some_and(|uses| {
        let name = uses.name.to_ascii_lowercase();
        TELLS.iter().any(|word| name.contains(word))
            || name == "actions/github-script"
                && uses.inputs.iter().any(|(_, value)| value.contains("issues.create"))
    });
    by_action
        || step.commands.iter().any(|command| {
            let text = command.text.to_ascii_lowercase();
            text.contains("gh issue create")
                || text.contains("hooks.slack.com")
                || text.contains("slack_webhook")
                || text.contains("discord.com/api/webhooks")
                || text.contains("discord_webhook")
                || text.contains("sendmail")
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::monitoring::test_support::{Sign, judged, rule, with_products};
    use seaworthy_model::Status;
    use seaworthy_testkit::pipelines::{ci, run, trigger, uses};

    fn audit(event: Event, told: Option<Step>) -> Status {
        let mut steps = vec![run("npm audit", &[Role::DependencyAudit])];
        steps.extend(told);
        let mut facts = with_products(&[]);
        facts.pipelines = ci(vec![trigger(event)], steps).into();
        judged(&ITEM, &facts).0
    }

    #[test]
    fn an_audit_counts_on_a_timetable_and_when_it_tells_somebody() {
        let slack = || Some(uses("slackapi/slack-github-action", &[], &[]));
        assert_eq!(audit(Event::Schedule, slack()), Status::Pass);
        assert_eq!(audit(Event::Schedule, Some(run("gh issue create --title x", &[]))), Status::Pass);
        assert_eq!(audit(Event::Schedule, None), Status::Unknown);
        assert_eq!(audit(Event::PullRequest, slack()), Status::Unknown);
    }

    #[test]
    fn what_reports_attacks_passes_and_what_bans_in_silence_is_untried() {
        let status =
            |name| judged(&ITEM, &with_products(&[("security-alerts", name, Sign::Used("jail.local"))])).0;
        assert_eq!(status("Datadog application security"), Status::Pass);
        assert_eq!(status("fail2ban with notifications"), Status::Pass);
        assert_eq!(status("fail2ban"), Status::Unknown);
        let mut facts = with_products(&[]);
        facts.alerting =
            Alerting { rules: vec![rule("FailedLogins", &[Signal::Security])], ..Alerting::default() }.into();
        assert_eq!(judged(&ITEM, &facts).0, Status::Pass);
    }

    #[test]
    fn nothing_is_unknown_and_a_library_is_not_asked() {
        let mut facts = with_products(&[]);
        assert_eq!(judged(&ITEM, &facts).0, Status::Unknown);
        facts.system = System::default().into();
        assert_eq!(judged(&ITEM, &facts).0, Status::NotApplicable);
    }
}
