//! A report made by hand: every status, every cause, every rung, and text by somebody who means harm.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use seaworthy_model::{
    Accepted, Cause, CollectorState, Component, Coverage, Environment, Evidence, Exposure, ExposureKind,
    Finding, Gate, GateReason, ItemId, ItemReport, Location, NextAction, Note, Polarity, ProbedExchange,
    Report, Rung, SCHEMA, Section, Settle, Status, Subject, Summary, Tool, Verdict,
};

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// An item with nothing but a status.
pub fn item(id: &str, title: &str, priority: u8, status: Status, reason: &str) -> ItemReport {
    let id = ItemId::read(id);
    ItemReport {
        section: id.section().unwrap_or(Section::Ci),
        id,
        title: title.to_owned(),
        priority,
        status,
        rung: Rung::None,
        reason: reason.to_owned(),
        cause: None,
        evidence: Vec::new(),
        notes: Vec::new(),
        looked_for: Vec::new(),
        remedy: None,
        settled_by: None,
        accepted: None,
        in_baseline: false,
        gated: true,
    }
}

fn unknown(
    id: &str,
    title: &str,
    priority: u8,
    cause: Cause,
    reason: &str,
    settle: Option<(&str, Option<&str>)>,
) -> ItemReport {
    ItemReport {
        cause: Some(cause),
        settled_by: settle.map(|(action, command)| Settle {
            action: action.to_owned(),
            command: command.map(str::to_owned),
        }),
        ..item(id, title, priority, Status::Unknown, reason)
    }
}

fn fix() -> Option<Settle> {
    Some(Settle { action: "fix".into(), command: None })
}

/// A report with the counts and the gate that belong to its items.
pub fn report(items: Vec<ItemReport>, strict: bool) -> Report {
    let mut summary = Summary {
        by_status: BTreeMap::new(),
        by_rung: BTreeMap::new(),
        by_priority: BTreeMap::new(),
        by_cause: BTreeMap::new(),
        applicable: 0,
        decided: 0,
        gate: Gate { verdict: Verdict::Ready, strict, reasons: Vec::new(), weakened: Vec::new() },
    };
    for item in &items {
        let status = item.status.name().to_owned();
        *summary.by_status.entry(status.clone()).or_default() += 1;
        *summary.by_priority.entry(item.priority.to_string()).or_default().entry(status).or_default() += 1;
        if item.status == Status::Pass {
            *summary.by_rung.entry(item.rung.name().to_owned()).or_default() += 1;
        }
        if let Some(cause) = item.cause {
            *summary.by_cause.entry(cause.name().to_owned()).or_default() += 1;
        }
        summary.applicable += u32::from(item.status != Status::NotApplicable);
        summary.decided += u32::from(matches!(item.status, Status::Pass | Status::Fail));
        let excused = item.in_baseline || item.accepted.as_ref().is_some_and(|accepted| !accepted.expired);
        if item.gated
            && !excused
            && item.priority == 1
            && matches!(item.status, Status::Fail | Status::Unknown)
        {
            summary.gate.reasons.push(GateReason {
                item: item.id.clone(),
                status: item.status,
                reason: format!("priority {}", item.priority),
            });
        }
    }
    let reasons = &mut summary.gate.reasons;
    reasons.sort_by_key(|reason| reason.status != Status::Fail);
    summary.gate.verdict = match reasons.first() {
        Some(reason) if reason.status == Status::Fail => Verdict::NotReady,
        Some(_) => Verdict::NotKnown,
        None => Verdict::Ready,
    };
    Report {
        schema: SCHEMA.into(),
        tool: Tool { name: "seaworthy".into(), version: "0.1.0".into() },
        subject: Subject { path: Some(".".into()), kind: "service".into(), ..Subject::default() },
        started_at: "2026-11-22T09:30:00Z".parse().unwrap(),
        judged_at: None,
        duration_ms: 1_234,
        coverage: vec![Coverage {
            collector: "repository".into(),
            state: CollectorState::Ran,
            detail: "1437 files tracked by git, 1111 read".into(),
            problems: Vec::new(),
        }],
        components: Vec::new(),
        exposures: Vec::new(),
        findings: Vec::new(),
        hints: Vec::new(),
        next: Vec::new(),
        summary,
        items,
    }
}

/// Text by somebody who wants to break out of every format at once.
pub const HOSTILE: &str = "<script>alert(1)</script> ]]> \u{1b}[31mred\u{1b}[0m \u{202e}txet\u{202c}\r\n::error file=x::no\n| a | b | 100% %0A @octocat #12 https://evil.example `code` *bold* --> \u{0}\u{7}\"'&amp;";

/// A report on a small shop, as it would be on a real one.
pub fn shop() -> Report {
    let mut items = shop_items();
    items.sort_by_key(|item| item.section);
    let mut report = report(items, false);
    report.subject = Subject {
        path: Some(".".into()),
        with: vec!["../infra".into()],
        commit: Some("3f2c9d1e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d".into()),
        dirty: Some(true),
        url: vec!["https://shop.example.org".into()],
        kind: "service".into(),
        since: None,
    };
    report.coverage.push(Coverage {
        collector: "site".into(),
        state: CollectorState::Failed,
        detail: "shop.example.org:443 refused the connection".into(),
        problems: Vec::new(),
    });
    report.coverage.push(Coverage {
        collector: "database".into(),
        state: CollectorState::Skipped,
        detail: "no address was given (--database URL)".into(),
        problems: Vec::new(),
    });
    report.coverage[0].problems = vec![
        Note {
            summary: "not valid YAML: mapping values are not allowed here".into(),
            location: Some(Location::at("deploy/values.yaml", 14, 9)),
        },
        Note { summary: "larger than 4 MiB".into(), location: Some(Location::file("public/data.json")) },
    ];
    report.components = vec![
        Component {
            name: "api".into(),
            stack: vec!["TypeScript".into(), "Fastify".into()],
            roles: vec!["server".into()],
            location: Location::line("api/package.json", 1),
        },
        Component {
            name: "web".into(),
            stack: vec!["TypeScript".into(), "Next.js".into()],
            roles: vec!["server".into(), "front end".into()],
            location: Location::line("web/package.json", 1),
        },
    ];
    report.exposures = vec![Exposure {
        kind: ExposureKind::CommittedSecret,
        summary: "a private key for the payment provider is committed".into(),
        location: Location::line("api/.env", 12),
        priority: 1,
        digest: Some("5be1c0ffee5be1c0".into()),
        remedy: Some("Replace the key at its issuer, then take it out of the repository.".into()),
        added: false,
    }];
    report.findings = vec![
        Finding {
            kind: "unsafe-migration:set-not-null".into(),
            item: ItemId::new("migrations.zero-downtime"),
            summary: "makes `sku` of `products` NOT NULL, which reads the whole table under a lock".into(),
            location: Location::line("api/migrations/0042_sku.sql", 3),
            remedy: "Add a CHECK constraint that is not valid, validate it, then set NOT NULL.".into(),
            blocking: true,
        },
        Finding {
            kind: "unsafe-migration:index-not-concurrent".into(),
            item: ItemId::new("migrations.zero-downtime"),
            summary: "builds an index on `colours` under a lock that stops writes".into(),
            location: Location::line("api/migrations/0042_sku.sql", 7),
            remedy: "CREATE INDEX CONCURRENTLY.".into(),
            blocking: false,
        },
    ];
    report.hints = vec![Note {
        summary: "the front end looks like it is deployed to Vercel; `--deploy vercel` says so".into(),
        location: Some(Location::line("web/next.config.ts", 3)),
    }];
    report.next = vec![
        NextAction {
            action: "Schedule a dump of the database and keep it outside the machine".into(),
            command: Some("seaworthy explain backups.database".into()),
            settles: vec![ItemId::new("backups.database")],
            priority: 1,
        },
        NextAction {
            action: "probe the running site".into(),
            command: Some("--url URL".into()),
            settles: vec![
                ItemId::new("https.enforced"),
                ItemId::new("https.redirect"),
                ItemId::new("headers.content-type-options"),
            ],
            priority: 1,
        },
        NextAction {
            action: "restore a backup".into(),
            command: Some("seaworthy drill restore".into()),
            settles: vec![ItemId::new("backups.restore-tested")],
            priority: 1,
        },
    ];
    report
}

fn shop_items() -> Vec<ItemReport> {
    let backups = ItemReport {
        rung: Rung::Configured,
        evidence: vec![
            Evidence::contrary("the dump script is scheduled by nothing", Location::at("scripts/dump.sh", 3, 1)),
            Evidence {
                stale: true,
                rung: Rung::Observed,
                environment: Environment::Production,
                at: Some("2026-01-04T02:00:00Z".parse().unwrap()),
                expires: Some("2026-01-05T02:00:00Z".parse().unwrap()),
                ..Evidence::configured(
                    "a dump of 1.2 GB, format recognised",
                    Location::Record { record: ".seaworthy/records/2026-01-04-backup.json".into() },
                )
            },
        ],
        looked_for: vec!["cron files, systemd timers, scheduled CI jobs, in-app schedulers".into()],
        remedy: Some(
            "Run the script from a schedule (cron, a CI `schedule:`, a Kubernetes CronJob), and alert when it fails."
                .into(),
        ),
        settled_by: fix(),
        ..item(
            "backups.database",
            "Backups of every database run, and work",
            1,
            Status::Fail,
            "scripts/dump.sh dumps the database, but nothing runs it: a backup that only somebody's memory starts is the one that is missing on the day it is needed",
        )
    };
    let logging = ItemReport {
        rung: Rung::Configured,
        evidence: (1..=5)
            .map(|line| {
                Evidence::contrary(
                    "a log call passes `password`",
                    Location::line("api/src/login.ts", 40 + line),
                )
            })
            .chain([Evidence::configured(
                "pino redacts `authorization`",
                Location::line("api/src/log.ts", 8),
            )])
            .collect(),
        notes: vec![Note {
            summary: "the redaction list names headers only".into(),
            location: Some(Location::line("api/src/log.ts", 9)),
        }],
        remedy: Some("Log the user's id instead, and add `password` to pino's `redact` list.".into()),
        settled_by: fix(),
        ..item(
            "logging.no-sensitive-data",
            "Logs hold no passwords, tokens or personal data",
            1,
            Status::Fail,
            "5 log calls pass a password",
        )
    };
    let tls = ItemReport {
        evidence: vec![Evidence {
            rung: Rung::Proven,
            environment: Environment::Production,
            at: Some("2026-11-22T09:30:00Z".parse().unwrap()),
            exchange: Some(Box::new(ProbedExchange {
                request: "GET https://shop.example.org/".into(),
                status: 200,
                shows: "strict-transport-security: max-age=60".into(),
                command: "curl -sS -i 'https://shop.example.org/'".into(),
            })),
            ..Evidence::contrary(
                "TLS 1.0 was accepted",
                Location::Url { url: "https://shop.example.org/?q=a b".into() },
            )
        }],
        rung: Rung::Proven,
        remedy: Some("Set the minimum to TLS 1.2 at the load balancer.".into()),
        accepted: Some(Accepted {
            reason: "one large customer still has old card readers".into(),
            owner: "Ada Lovelace".into(),
            until: "2027-01-31".into(),
            expired: false,
        }),
        ..item(
            "https.tls-version",
            "Only TLS 1.2 and newer are spoken",
            1,
            Status::Fail,
            "TLS 1.0 is accepted on shop.example.org",
        )
    };
    let apm = ItemReport {
        in_baseline: true,
        remedy: Some("Add OpenTelemetry's Node SDK and send traces somewhere.".into()),
        settled_by: fix(),
        ..item("monitoring.apm", "Requests are traced", 2, Status::Fail, "no tracing library is used")
    };
    let images = ItemReport {
        evidence: vec![Evidence::contrary(
            HOSTILE,
            Location::at("web/públic/my image%.png\n\u{1b}[2J", 0, 0),
        )],
        remedy: Some(HOSTILE.into()),
        ..item(
            "performance.images",
            HOSTILE,
            3,
            Status::Fail,
            &format!("{HOSTILE} {}", "very long ".repeat(300)),
        )
    };
    let retention = ItemReport {
        accepted: Some(Accepted {
            reason: "we had no time".into(),
            owner: "Grace Hopper".into(),
            until: "2026-06-30".into(),
            expired: true,
        }),
        ..unknown(
            "logging.retention",
            "Logs are kept for a stated time",
            2,
            Cause::NotPermitted,
            "the log store was not asked",
            Some(("let the collector read the log store", Some("--logs URL"))),
        )
    };
    let tests = ItemReport {
        rung: Rung::Configured,
        evidence: vec![Evidence::configured(
            "`npm test` runs on every push",
            Location::at(".github/workflows/ci.yml", 21, 14),
        )],
        ..item(
            "ci.tests",
            "Tests run before a change is merged",
            1,
            Status::Pass,
            "CI runs the tests on every push",
        )
    };
    let redeploy = ItemReport {
        rung: Rung::Proven,
        evidence: vec![Evidence {
            rung: Rung::Proven,
            environment: Environment::Staging,
            component: Some("api".into()),
            at: Some("2026-11-20T08:00:00Z".parse().unwrap()),
            expires: Some("2027-02-18T08:00:00Z".parse().unwrap()),
            by: Some("ada@example.org".into()),
            ..Evidence::configured(
                "the previous image was deployed again in 48 s",
                Location::Record { record: ".seaworthy/records/2026-11-20-rollback.json".into() },
            )
        }],
        ..item(
            "rollback.redeploy",
            "The previous version can be deployed again",
            1,
            Status::Pass,
            "a drill deployed the previous version again",
        )
    };
    let lockfiles = ItemReport {
        rung: Rung::Configured,
        evidence: vec![
            Evidence::configured("a lockfile is tracked", Location::file("api/package-lock.json")),
            Evidence::configured("a lockfile is tracked", Location::file("web/package-lock.json")),
        ],
        ..item(
            "dependencies.lockfiles",
            "Lockfiles are committed",
            1,
            Status::Pass,
            "every package has its lockfile",
        )
    };
    let url = || Some(("probe the running site", Some("--url URL")));
    let untried = ItemReport {
        rung: Rung::Configured,
        evidence: vec![Evidence::configured("a restore script", Location::line("scripts/restore.sh", 1))],
        looked_for: vec!["restore records in .seaworthy/records/".into()],
        ..unknown(
            "backups.restore-tested",
            "A backup was restored recently, and the result was checked",
            1,
            Cause::Untried,
            "a restore script exists; no restore is on record",
            Some(("restore a backup", Some("seaworthy drill restore"))),
        )
    };
    let stale = ItemReport {
        evidence: vec![Evidence {
            stale: true,
            rung: Rung::Proven,
            environment: Environment::Scratch,
            ..Evidence::configured(
                "migrations ran down and up again",
                Location::Record { record: ".seaworthy/records/2026-03-01-migrations.json".into() },
            )
        }],
        ..unknown(
            "migrations.tested",
            "Migrations are tried before they reach production",
            1,
            Cause::Stale,
            "the trial was of other migrations",
            Some(("try the migrations", Some("seaworthy drill migrations"))),
        )
    };
    let review = ItemReport {
        gated: false,
        ..unknown(
            "review.understood",
            "Somebody understands every line of the change",
            2,
            Cause::NoEvidence,
            "no change was named",
            Some(("name the change", Some("--since REV"))),
        )
    };
    vec![
        backups,
        untried,
        logging,
        tls,
        apm,
        images,
        retention,
        stale,
        tests,
        redeploy,
        lockfiles,
        review,
        unknown(
            "https.enforced",
            "Everything is served over HTTPS",
            1,
            Cause::CouldNotRun,
            "the site could not be reached",
            url(),
        ),
        unknown(
            "https.redirect",
            "Plain HTTP redirects to HTTPS",
            2,
            Cause::CouldNotRun,
            "the site could not be reached",
            url(),
        ),
        unknown(
            "headers.content-type-options",
            "Browsers do not guess content types",
            2,
            Cause::CouldNotRun,
            "the site could not be reached",
            url(),
        ),
        unknown(
            "watch.user-reports",
            "Users can report problems",
            2,
            Cause::NoReader,
            "nothing reads support inboxes yet",
            None,
        ),
        item(
            "privacy.processors",
            "Everybody who processes personal data is named",
            2,
            Status::NotApplicable,
            "no personal data was found",
        ),
        item(
            "errors.retries",
            "Calls to other services are retried",
            3,
            Status::NotApplicable,
            "no outgoing HTTP call was found",
        ),
    ]
}

/// The same shop on a good day: nothing fails, one urgent item is unknown.
pub fn not_known() -> Report {
    let items = shop_items()
        .into_iter()
        .filter(|item| item.status != Status::Fail && item.id.as_str() != "migrations.tested")
        .collect();
    report(items, false)
}

/// All is well, and one priority-1 unknown was accepted.
pub fn accepted_unknown() -> Report {
    let mut items: Vec<ItemReport> =
        shop_items().into_iter().filter(|item| item.status == Status::Pass).collect();
    items.push(ItemReport {
        accepted: Some(Accepted {
            reason: "moving to another host next month".into(),
            owner: "Ada Lovelace".into(),
            until: "2027-01-31".into(),
            expired: false,
        }),
        ..unknown(
            "https.enforced",
            "Everything is served over HTTPS",
            1,
            Cause::NotPermitted,
            "the site was not probed",
            Some(("probe the running site", Some("--url URL"))),
        )
    });
    report(items, false)
}

/// All is well.
pub fn ready() -> Report {
    report(shop_items().into_iter().filter(|item| item.status == Status::Pass).collect(), false)
}

/// Everything passes, but the gate asks for more than is reached, and the change weakens the gate.
pub fn required() -> Report {
    let mut report = ready();
    let gate = &mut report.summary.gate;
    gate.verdict = Verdict::NotReady;
    gate.reasons = vec![GateReason {
        item: ItemId::new("ci.tests"),
        status: Status::Fail,
        reason: "proven is required, configured is reached".into(),
    }];
    gate.weakened = vec![Note {
        summary: "`require.backups` was taken out".into(),
        location: Some(Location::line("seaworthy.toml", 14)),
    }];
    report
}

/// A report with the same text wherever a report holds text.
pub fn filled(text: &str) -> Report {
    let mut evidence = Evidence::contrary(text, Location::at(text, 3, 4));
    evidence.component = Some(text.into());
    evidence.by = Some(text.into());
    evidence.exchange = Some(Box::new(ProbedExchange {
        request: text.into(),
        status: 404,
        shows: text.into(),
        command: text.into(),
    }));
    evidence.subject = Some(text.into());
    let note = Note { summary: text.into(), location: Some(Location::line(text, 2)) };
    let items = [Status::Fail, Status::Unknown, Status::Pass, Status::NotApplicable]
        .into_iter()
        .enumerate()
        .map(|(index, status)| ItemReport {
            evidence: vec![
                evidence.clone(),
                Evidence {
                    polarity: Polarity::For,
                    location: Location::Url { url: text.into() },
                    ..evidence.clone()
                },
                Evidence { location: Location::Record { record: text.into() }, ..evidence.clone() },
            ],
            notes: vec![note.clone()],
            looked_for: vec![text.into()],
            remedy: Some(text.into()),
            settled_by: Some(Settle { action: text.into(), command: Some(text.into()) }),
            accepted: Some(Accepted {
                reason: text.into(),
                owner: text.into(),
                until: text.into(),
                expired: index == 0,
            }),
            section: Section::ALL[index],
            ..item(&format!("{text}{index}"), text, u8::try_from(index % 3 + 1).unwrap(), status, text)
        })
        .collect();
    let mut report = report(items, false);
    report.tool = Tool { name: text.into(), version: text.into() };
    report.subject = Subject {
        path: Some(text.into()),
        with: vec![text.into()],
        commit: Some(text.into()),
        dirty: Some(true),
        url: vec![text.into()],
        kind: text.into(),
        since: Some(text.into()),
    };
    report.coverage = vec![Coverage {
        collector: text.into(),
        state: CollectorState::Failed,
        detail: text.into(),
        problems: vec![note.clone()],
    }];
    report.components = vec![Component {
        name: text.into(),
        stack: vec![text.into()],
        roles: vec![text.into()],
        location: Location::file(text),
    }];
    report.exposures = vec![Exposure {
        kind: ExposureKind::OpenTable,
        summary: text.into(),
        location: Location::file(text),
        priority: 1,
        digest: Some(text.into()),
        remedy: Some(text.into()),
        added: true,
    }];
    report.findings = vec![Finding {
        kind: text.into(),
        item: ItemId::read(text),
        summary: text.into(),
        location: Location::file(text),
        remedy: text.into(),
        blocking: true,
    }];
    report.hints = vec![note.clone()];
    report.next = vec![NextAction {
        action: text.into(),
        command: Some(text.into()),
        settles: vec![ItemId::read(text)],
        priority: 1,
    }];
    report.summary.gate.weakened = vec![note];
    report.summary.gate.reasons.push(GateReason {
        item: ItemId::read(text),
        status: Status::Fail,
        reason: text.into(),
    });
    report
}
