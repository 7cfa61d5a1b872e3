//! Where there is more than is looked at, the first that is left out is named, and what it could have said is open.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)]
mod support;

use seaworthy_facts::FactKind;
use support::Folder;

/// So many entries, each made from its number.
fn many(count: usize, entry: impl Fn(usize) -> String) -> String {
    (0..count).map(entry).collect()
}

/// What one file holds too much of: its path, its text, what is said of it, and the kind of fact that it is about.
fn single() -> Vec<(&'static str, String, &'static str, FactKind)> {
    use FactKind::*;
    let list = |count, what: &str| many(count, |number| format!("  - {what}{number}\n"));
    vec![
        ("go.mod", format!("module a\n{}", "\n".repeat(50_000)), "more than 50000 lines", Packages),
        ("mix.exs", format!("defmodule A do\n{}", "\n".repeat(20_000)), "more than 20000 lines", Packages),
        ("requirements.txt", format!("a==1\n{}", "\n".repeat(20_000)), "more than 20000 lines", Packages),
        ("CODEOWNERS", "# nobody\n".repeat(5_001), "more than 5000 lines", Pipelines),
        (
            "chart/Chart.yaml",
            format!("name: a\nversion: 1.0.0\ndependencies:\n{}", list(51, "name: b")),
            "51 dependencies of a chart",
            Infrastructure,
        ),
        (
            "helmfile.yaml",
            format!("releases:\n- name: a\n  chart: b/c\n  values:\n{}", list(21, "v.yaml")),
            "21 values of a release",
            Infrastructure,
        ),
        (
            "deep/helmfile.yaml",
            format!("releases:\n{}", many(201, |number| format!("- name: a{number}\n  chart: b/c\n"))),
            "201 releases",
            Infrastructure,
        ),
        (
            "compose.yaml",
            format!(
                "services:\n  a:\n    image: b:1\nvolumes:\n{}",
                many(101, |number| format!("  v{number}: {{}}\n"))
            ),
            "101 volumes",
            Infrastructure,
        ),
        (
            "deep/compose.yaml",
            format!("services:\n{}", many(501, |number| format!("  a{number}:\n    image: b:1\n"))),
            "501 Compose services",
            Infrastructure,
        ),
        (
            ".github/workflows/a.yml",
            format!("on: push\nenv:\n{}jobs: {{}}\n", many(501, |number| format!("  V{number}: a\n"))),
            "`env` with 501 entries",
            Pipelines,
        ),
        ("Dockerfile", format!("FROM a:1\n{}", "RUN make\n".repeat(201)), "201 RUN instructions", Launches),
        (
            "overlay/kustomization.yaml",
            format!(
                "helmCharts:\n{}",
                many(51, |number| format!("- name: a{number}\n  repo: https://b.example\n"))
            ),
            "51 charts in a Kustomize file",
            Infrastructure,
        ),
        (
            "monitoring/alertmanager.yml",
            format!(
                "route: {{receiver: r0}}\nreceivers:\n{}",
                many(101, |number| format!(
                    "- name: r{number}\n  webhook_configs: [{{url: 'https://a.example/'}}]\n"
                ))
            ),
            "more than 100 receivers",
            Alerting,
        ),
        (
            ".gitlab-ci.yml",
            many(2_001, |number| format!("job{number}:\n  script: [make]\n")),
            "2001 jobs and settings",
            Pipelines,
        ),
    ]
}

#[test]
fn more_in_a_file_than_is_read_is_named() {
    let folder = Folder::new();
    for (path, text, ..) in single() {
        folder.write(path, &text);
    }
    let facts = folder.check();
    let cuts = &facts.repository().cuts;
    for (path, _, what, kind) in single() {
        facts.problem(path, what);
        let cut =
            cuts.iter().find(|cut| cut.left_out.at.path() == Some(path) && cut.left_out.what.contains(what));
        assert!(cut.is_some_and(|cut| cut.kinds.contains(&kind)), "{path}: {cuts:?}");
    }
}

#[test]
fn more_files_than_are_read_are_named() {
    use FactKind::*;
    let folder = Folder::new();
    let several = [
        ("caddy", "Caddyfile", 21, "a.example {\n}\n", "more than 20 Caddyfiles", Edge),
        ("nginx", "nginx.conf", 101, "server {\n  listen 80;\n}\n", "more than 100 nginx files", Edge),
        ("haproxy", "haproxy.cfg", 11, "defaults\n", "more than 10 files of HAProxy", Edge),
        ("iis", "web.config", 11, "<configuration/>\n", "more than 10 files of IIS", Edge),
        ("pg", "postgresql.conf", 21, "port = 1\n", "more than 20 configurations of PostgreSQL", Schedules),
        ("helm", "helmfile.yaml", 101, "releases: []\n", "more than 100 helmfiles", Infrastructure),
        ("go", "go.mod", 2_001, "module a\n", "more than 2000 Go modules", Packages),
    ];
    for (above, name, count, text, ..) in several {
        for number in 0..count {
            folder.write(&format!("{above}/{number:04}/{name}"), text);
        }
    }
    for number in 0..501 {
        folder.write(&format!(".github/workflows/{number:03}.yml"), "on: push\njobs: {}\n");
    }
    for number in 0..201 {
        folder.write(&format!("shop{number:03}/overlays/staging/kustomization.yaml"), "resources: []\n");
    }
    let facts = folder.check();
    let cuts = &facts.repository().cuts;
    let named = |what: &str, kind: FactKind| {
        let cut = cuts.iter().find(|cut| cut.left_out.what.contains(what));
        assert!(cut.is_some_and(|cut| cut.kinds.contains(&kind)), "{what}: {cuts:?}");
    };
    for (above, name, count, _, what, kind) in several {
        facts.problem(&format!("{above}/{:04}/{name}", count - 1), what);
        named(what, kind);
    }
    facts.problem(".github/workflows/500.yml", "more than 500 CI files in a folder");
    named("more than 500 CI files in a folder", Pipelines);
    named("more than 200 definitions of environments", Pipelines);
}

#[test]
fn a_manifest_that_cannot_be_read_is_not_taken_for_absent() {
    let folder = Folder::new();
    folder.write("web/package.json", &support::big_text(9_000_000));
    folder.write("api/go.mod", &support::big_text(9_000_000));
    folder.write("old/package.json", "{\"name\": ");
    let facts = folder.check();
    for path in ["web/package.json", "api/go.mod", "old/package.json"] {
        let unread = &facts.packages().unread;
        assert!(unread.iter().any(|unread| unread.at.path() == Some(path)), "{path}: {unread:?}");
        let mut cuts = facts.repository().cuts.iter();
        let cut = cuts.find(|cut| cut.left_out.at.path() == Some(path));
        assert!(cut.is_some_and(|cut| cut.kinds.contains(&FactKind::System)), "{path}");
    }
}
