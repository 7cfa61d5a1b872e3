//! Alarms that CDK, Pulumi and plugins of the Serverless Framework describe in code.

use seaworthy_facts::AlertRule;

use super::signals;
use crate::tree::File;

/// Calls that make an alarm.
pub const LITERALS: &[&str] = &[
    "cloudwatch.Alarm(",
    "new Alarm(",
    "cw.Alarm(",
    "cloudwatch.MetricAlarm(",
    ".createAlarm(",
    ".create_alarm(",
    "serverless-plugin-aws-alerts",
];
/// How many lines describe an alarm.
const LINES: usize = 15;

/// Reads the alarms of a file.
pub fn read(rules: &mut Vec<AlertRule>, file: &File, text: &str) {
    if text.contains("serverless-plugin-aws-alerts") {
        plugin(rules, file, text);
        return;
    }
    if file.language.is_none()
        || !(text.contains("cloudwatch") || text.contains("aws-cdk") || text.contains("pulumi"))
    {
        return;
    }
    let told = ["addAlarmAction(", "add_alarm_action(", "alarmActions", "alarm_actions", "AddAlarmAction("]
        .iter()
        .any(|word| text.contains(word));
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with("//")
            || trimmed.starts_with('#')
            || !LITERALS.iter().any(|literal| line.contains(literal))
        {
            continue;
        }
        if rules.len() > super::RULES {
            return;
        }
        let from = number.saturating_sub(3);
        let body = lines[from..].iter().take(LINES + 3).copied().collect::<Vec<_>>().join("\n");
        rules.push(AlertRule {
            name: name(&body).unwrap_or_else(|| "an alarm".to_owned()),
            system: "CloudWatch".to_owned(),
            signals: signals::of(&body),
            loaded_by: Some("the stack".to_owned()),
            notifies: told.then(|| vec!["an alarm action".to_owned()]),
            analysis: false,
            at: file.at_line(u32::try_from(number + 1).unwrap_or(u32::MAX)),
        });
    }
}

fn name(body: &str) -> Option<String> {
    let start = body.find(['\'', '"'])?;
    let quote = body[start..].chars().next()?;
    let rest = &body[start + 1..];
    Some(rest[..rest.find(quote)?].chars().take(80).collect())
}

/// `custom.alerts` of the plugin: names of alarms that it defines itself.
fn plugin(rules: &mut Vec<AlertRule>, file: &File, text: &str) {
    let told = text.contains("topics:");
    for name in ["functionErrors", "functionThrottles", "functionDuration"] {
        if let Some(number) = text.lines().position(|line| line.contains(name)) {
            let signals = if name == "functionThrottles" {
                vec![seaworthy_facts::Signal::Resources]
            } else {
                signals::of(name)
            };
            rules.push(AlertRule {
                name: name.to_owned(),
                system: "CloudWatch".to_owned(),
                signals,
                loaded_by: Some("serverless-plugin-aws-alerts".to_owned()),
                notifies: Some(if told { vec!["SNS".to_owned()] } else { Vec::new() }),
                analysis: false,
                at: file.at_line(u32::try_from(number + 1).unwrap_or(u32::MAX)),
            });
        }
    }
}
