#![allow(clippy::unwrap_used)]

use super::*;

const NAMES: Names = Names {
    items: &["backups.database", "ci.tests", "privacy.policy"],
    sections: &["backups", "ci", "privacy"],
    platforms: &["fly", "vercel"],
};

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("seaworthy.toml", text, NAMES)
}

#[test]
fn a_full_configuration() {
    let config = parse(
        r#"
[app]
kind = "distributed"
deploy = "fly"
with = ["../infra"]

[objectives]
rpo = "6h"

[gate]
priorities = [1, 2]
strict = true
require.backups = "proven"
require."ci.tests" = "configured"

[[accept]]
item = "ci.tests"
reason = "rewritten next month"
owner = "Ada"
until = "2027-01-31"

[ledger]
require-signature = true
allowed-signers = ".seaworthy/allowed_signers"
attestable = ["privacy.policy"]
"#,
    )
    .unwrap();
    assert_eq!(config.app.kind, Kind::Distributed);
    assert_eq!(config.app.deploy, ["fly"]);
    assert_eq!(config.objectives.rpo_hours, Some(6.0));
    assert_eq!(config.gate.priorities, [1, 2]);
    assert_eq!(config.gate.require[0].rung, Rung::Proven);
    assert_eq!(config.accept[0].owner, "Ada");
    assert_eq!(config.accept[0].line, 16);
    assert!(config.ledger.require_signature);
}

#[test]
fn each_mistake_points_at_its_line_and_at_the_nearest_name() {
    let cases = [
        ("[app]\nkinds = \"service\"", 2, "unknown key `kinds`", "`kind`"),
        ("[app]\nkind = \"hosted\"", 2, "\"hosted\"", "distributed"),
        ("[app]\ndeploy = \"vercl\"", 2, "no platform", "vercel"),
        ("[gate]\npriorities = [4]", 2, "1, 2 or 3", ""),
        ("[gate]\nrequire.backup = \"proven\"", 2, "`backup`", "`backups`"),
        ("[gate]\nrequire.backups = \"prooven\"", 2, "no known rung", "proven"),
        (
            "[[accept]]\nitem = \"ci.test\"\nreason = \"a\"\nowner = \"b\"\nuntil = \"2027-01-01\"",
            2,
            "`ci.test`",
            "ci.tests",
        ),
        (
            "[[accept]]\nitem = \"ci.tests\"\nreason = \"a\"\nowner = \"b\"\nuntil = \"soon\"",
            5,
            "no day",
            "YYYY",
        ),
        ("\n[[accept]]\nitem = \"ci.tests\"\nreason = \"a\"\nowner = \"b\"", 2, "no `until`", "end"),
        ("[objectives]\nrpo = \"daily\"", 2, "no length of time", "24h"),
        ("[gate]\nstrict = \"yes\"", 2, "true or false", ""),
        ("[gates]\nstrict = true", 1, "unknown key `gates`", "`gate`"),
    ];
    for (text, line, message, help) in cases {
        let error = parse(text).unwrap_err();
        assert_eq!(error.line, Some(line), "{text}\n{error}");
        assert!(error.message.contains(message), "{text}\n{error}");
        assert!(error.help.clone().unwrap_or_default().contains(help), "{text}\n{error}");
    }
}

#[test]
fn broken_toml_has_a_line() {
    let error = parse("[app]\nkind = \n").unwrap_err();
    assert_eq!(error.line, Some(2));
}

#[test]
fn processors_are_declared_with_agreement_and_date() {
    let config = parse(
        "[[processor]]\nname = \"Stripe\"\nagreement = \"https://stripe.com/legal/dpa\"\ndate = 2026-03-01\n\n\
         [[processor]]\nname = \"Sentry\"\nagreement = \"docs/sentry.pdf\"\ndate = \"2026-04-01\"\n",
    )
    .unwrap();
    let names: Vec<_> =
        config.processors.iter().map(|p| (p.name.as_str(), p.date.to_string(), p.line)).collect();
    assert_eq!(names[0].0, "Stripe");
    assert_eq!((names[1].0, names[1].1.as_str()), ("Sentry", "2026-04-01"));
    let wrong = |text: &str| parse(text).unwrap_err().message;
    assert!(wrong("[[processor]]\nname = \"X\"\n").contains("agreement"));
    assert!(wrong("[[processor]]\nname = \"X\"\nagreement = \"a\"\n").contains("date"));
    assert!(wrong("[[processor]]\nname = \"X\"\nagreement = \"a\"\ndate = \"soon\"\n").contains("no day"));
}
