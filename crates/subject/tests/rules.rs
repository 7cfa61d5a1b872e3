//! Policies from outside and what a change weakens, on real files and a real git repository.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use seaworthy_model::Rung;
use seaworthy_subject::{Config, Names, file_at, load_policy, resolve, weakenings};

const NAMES: Names = Names {
    items: &["backups.database", "ci.tests", "privacy.policy"],
    sections: &["backups", "ci", "privacy"],
    platforms: &["fly"],
};

fn config(text: &str) -> Config {
    Config::parse("seaworthy.toml", text, NAMES).unwrap()
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder)
        .output()
        .expect("git is installed (Debian package git)");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

#[test]
fn a_policy_raises_floors_and_refuses_acceptances() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("base.toml"),
        "[gate]\nstrict = true\nrequire.backups = \"proven\"\n[accept]\nnever = [\"backups\"]\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("team.toml"),
        "extends = \"base.toml\"\n[gate]\npriorities = [2]\nrequire.backups = \"observed\"\n[accept]\nowners = [\"Ada\"]\nmax-days = 90\n[app]\nservice-only = true\n",
    )
    .unwrap();
    let policy = load_policy(&folder.path().join("team.toml"), NAMES).unwrap();
    let accept = |item: &str, owner: &str, until: &str| {
        format!("[[accept]]\nitem = \"{item}\"\nreason = \"r\"\nowner = \"{owner}\"\nuntil = \"{until}\"\n")
    };
    let text = format!(
        "[app]\nkind = \"distributed\"\n[gate]\npriorities = [3]\n{}{}{}{}",
        accept("backups.database", "Ada", "2026-12-01"),
        accept("ci.tests", "Ada", "2026-12-01"),
        accept("ci.tests", "Bob", "2026-12-01"),
        accept("privacy.policy", "Ada", "2027-12-01"),
    );
    let (merged, remarks) = policy.apply(config(&text), "2026-11-22".parse().unwrap());
    assert!(merged.gate.strict);
    assert_eq!(merged.gate.priorities, [3, 2]);
    assert_eq!(merged.gate.require[0].rung, Rung::Proven);
    assert_eq!(merged.app.kind, seaworthy_subject::Kind::Service);
    assert_eq!(merged.accept.len(), 1);
    assert_eq!((merged.accept[0].item.as_str(), merged.accept[0].owner.as_str()), ("ci.tests", "Ada"));
    assert_eq!(remarks.len(), 4, "{remarks:?}");
}

#[test]
fn policies_that_extend_each_other_in_a_circle_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "extends = \"b.toml\"\n").unwrap();
    fs::write(folder.path().join("b.toml"), "extends = \"./a.toml\"\n").unwrap();
    let error = load_policy(&folder.path().join("a.toml"), NAMES).unwrap_err();
    assert!(error.message.contains("extend"), "{error}");
}

#[test]
fn every_weakening_is_found_and_a_strengthening_is_none() {
    let strict = config(
        "[app]\ndeploy = \"fly\"\nwith = [\"../infra\"]\n[objectives]\nrpo = \"1h\"\nrto = \"1h\"\n[gate]\npriorities = [1, 2]\nstrict = true\nrequire.backups = \"proven\"\nrequire.ci = \"observed\"\n[ledger]\nrequire-signature = true\nallowed-signers = \"a\"\n",
    );
    let weak = config(
        "[app]\nkind = \"distributed\"\n[objectives]\nrpo = \"2h\"\n[gate]\nrequire.backups = \"configured\"\n[[accept]]\nitem = \"ci.tests\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"2027-01-01\"\n[ledger]\nallowed-signers = \"b\"\nattestable = [\"privacy.policy\"]\n",
    );
    let found = weakenings(&strict, &weak);
    for part in [
        "priority 2",
        "`strict`",
        "backups asks for configured instead of proven",
        "ci no longer asks",
        "ci.tests is accepted",
        "distributed",
        "`deploy`",
        "../infra",
        "require-signature",
        "allowed signers",
        "privacy.policy",
        "recovery point",
        "recovery time",
    ] {
        assert!(found.iter().any(|(what, _)| what.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(found.len(), 13);
    assert!(weakenings(&Config::default(), &config("[gate]\nstrict = true\npriorities = [2]\n")).is_empty());
    assert!(weakenings(&strict, &strict).is_empty());
}

#[test]
fn a_file_is_read_as_it_was_at_a_revision() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    fs::create_dir(folder.path().join("app")).unwrap();
    fs::write(folder.path().join("app/seaworthy.toml"), "one").unwrap();
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "one"]);
    git(folder.path(), &["tag", "v1"]);
    fs::write(folder.path().join("app/seaworthy.toml"), "two").unwrap();
    git(folder.path(), &["commit", "-q", "-am", "two"]);
    let app = folder.path().join("app");
    assert_eq!(file_at(&app, "v1", "seaworthy.toml").unwrap().as_deref(), Some("one"));
    assert_eq!(file_at(&app, "HEAD", "seaworthy.toml").unwrap().as_deref(), Some("two"));
    assert_eq!(file_at(&app, "HEAD~1", "other.toml").unwrap(), None);
    assert_eq!(resolve(&app, "main").unwrap().len(), 40);
    let error = resolve(&app, "nowhere").unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
    let outside = tempfile::tempdir().unwrap();
    assert!(file_at(outside.path(), "HEAD", "x").is_err());
}
