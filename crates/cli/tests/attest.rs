//! A person's word, signed with a real SSH key and read back by `check`.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::{Sample, item};

fn keygen(sample: &Sample, name: &str) -> String {
    let output = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(sample.file(name))
        .output()
        .expect("ssh-keygen is installed (Debian package openssh-client)");
    assert!(output.status.success());
    std::fs::read_to_string(sample.file(&format!("{name}.pub"))).unwrap()
}

#[test]
fn only_an_allowed_signature_passes_and_only_for_its_commit_and_time() {
    let sample = Sample::repository(&[("package.json", "{\"name\": \"a\"}"), ("a.js", "1;\n")]);
    let keys = Sample::plain(&[]);
    let public = keygen(&keys, "ada");
    keygen(&keys, "eve");
    let config = "[ledger]\nallowed-signers = \"allowed_signers\"\n";
    sample.write("seaworthy.toml", config);
    let key = public.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    sample.write("allowed_signers", &format!("ada@example.org namespaces=\"seaworthy\" {key}\n"));
    sample.commit("signers");

    let until = (jiff::Zoned::now().date() + jiff::Span::new().days(10)).to_string();
    let attest = |by: &str| {
        let key = keys.file(by);
        sample.run(&[
            "attest",
            "review.understood",
            "--until",
            &until,
            "--note",
            "read every line",
            "--key",
            key.to_str().unwrap(),
        ])
    };
    let status = |arguments: &[&str]| {
        let report =
            sample.report(&[&["--only", "review.understood", "--since", "HEAD"], arguments].concat());
        let item = item(&report, "review.understood").clone();
        (item["status"].as_str().unwrap().to_owned(), item["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(status(&[]).0, "unknown");

    let run = attest("eve");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(status(&[]).0, "unknown", "her key is in no list");

    let run = attest("ada");
    assert_eq!(run.code, 0, "{run:?}");
    let (passed, reason) = status(&[]);
    assert_eq!(passed, "pass", "{reason}");
    assert!(reason.contains("ada@example.org") && reason.contains("read every line"), "{reason}");

    let late = (jiff::Zoned::now().date() + jiff::Span::new().days(30)).to_string();
    assert_eq!(status(&["--at", &late]).0, "unknown", "it has expired");

    sample.write("a.js", "2;\n");
    sample.commit("another version");
    assert_eq!(status(&[]).0, "unknown", "it was about another commit");
}

#[test]
fn wrong_words_are_refused() {
    let sample = Sample::repository(&[("a.js", "1;\n")]);
    for (arguments, message) in [
        (vec!["attest", "review.understod", "--until", "2030-01-01", "--note", "x"], "did you mean"),
        (vec!["attest", "review.understood", "--until", "soon", "--note", "x"], "no such day"),
        (vec!["attest", "review.understood", "--until", "2001-01-01", "--note", "x"], "past"),
        (vec!["attest", "review.understood", "--until", "2031-01-01", "--note", "x"], "at the most"),
        (vec!["attest", "review.understood", "--until", "2027-01-01", "--note", " "], "vouch"),
        (
            vec!["attest", "review.understood", "--until", "2027-01-01", "--note", "x", "--key", "nokey"],
            "nokey",
        ),
    ] {
        let run = sample.run(&arguments);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stderr.contains(message), "{message}: {run:?}");
    }
}
