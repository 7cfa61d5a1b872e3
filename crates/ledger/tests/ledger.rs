//! The ledger as a whole: what is written, what is read back, and who is believed.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_ledger::{AllowedSigners, Error, Ledger, SignatureState, Signer, read, sshsig, write};
use serde_json::{Value, json};
use ssh_key::{HashAlg, PrivateKey, SshSig};
use support::{ANN, allowed, key_file, line, now, signer, statement, time};

fn only_state(ledger: &Ledger) -> &SignatureState {
    assert_eq!(ledger.problems, []);
    assert_eq!(ledger.records.len(), 1);
    &ledger.records[0].signature
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut envelope: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut envelope);
    fs::write(path, envelope.to_string()).unwrap();
}

fn edit_payload(path: &Path, change: impl FnOnce(&mut Value)) {
    edit(path, |envelope| {
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let mut payload: Value = serde_json::from_slice(&payload).unwrap();
        change(&mut payload);
        envelope["payload"] = STANDARD.encode(payload.to_string()).into();
    });
}

#[test]
fn a_folder_that_does_not_exist_is_an_empty_ledger() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(&folder.path().join("records"), None, now()), Ledger::default());
}

#[test]
fn what_is_written_is_read_back_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join(".seaworthy/records");
    let path = write(&records, &statement(), None).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("20260501T100000Z-backups.restore-tested-") && name.ends_with(".json"),
        "{name}"
    );
    let ledger = read(&records, None, now());
    assert_eq!(only_state(&ledger), &SignatureState::Unsigned);
    assert_eq!((&ledger.records[0].path, &ledger.records[0].statement), (&path, &statement()));

    assert!(matches!(write(&records, &statement(), None), Err(Error::Exists(_))));
    assert_eq!(fs::read_dir(&records).unwrap().count(), 1, "nothing unfinished is left behind");
}

#[test]
fn records_come_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut later = statement();
    later.predicate.at = time("2026-05-02T10:00:00Z");
    let mut other = later.clone();
    other.predicate.summary = "the same, by somebody else".to_owned();
    for statement in [&later, &other, &statement()] {
        write(folder.path(), statement, None).unwrap();
    }
    let ledger = read(folder.path(), None, now());
    let days: Vec<_> =
        ledger.records.iter().map(|record| record.statement.predicate.at.to_string()).collect();
    assert_eq!(days, ["2026-05-01T10:00:00Z", "2026-05-02T10:00:00Z", "2026-05-02T10:00:00Z"]);
}

#[test]
fn only_a_key_that_is_allowed_for_the_author_at_that_time_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (ann, bob) = (signer(folder.path(), 1), signer(folder.path(), 2));
    let records = folder.path().join("records");
    write(&records, &statement(), Some(&ann)).unwrap();

    let state = only_state(&read(&records, Some(&allowed(ANN, &ann)), now())).clone();
    assert_eq!(state, SignatureState::Verified { principal: ANN.into(), key_fingerprint: ann.fingerprint() });

    for (allowed, reason) in [
        (None, "no allowed-signers file"),
        (Some(AllowedSigners::default()), "not in the allowed-signers file"),
        (Some(allowed(ANN, &bob)), "not in the allowed-signers file"),
        (Some(allowed("bob@example.org", &ann)), "not for \"ann@example.org\""),
        (Some(allowed("*@example.org namespaces=\"git\"", &ann)), "only for the namespaces"),
        (Some(allowed("* cert-authority", &ann)), "not in the allowed-signers file"),
        // Not valid yet when the record says it was made.
        (Some(allowed("* valid-after=\"20260515Z\"", &ann)), "only from 2026-05-15"),
        // Valid when the record says it was made, which anyone who still has the key could claim.
        (Some(allowed("* valid-before=\"20260515Z\"", &ann)), "only until 2026-05-15"),
    ] {
        match only_state(&read(&records, allowed.as_ref(), now())) {
            SignatureState::Untrusted { fingerprint, why } => {
                assert_eq!(*fingerprint, ann.fingerprint());
                assert!(why.contains(reason), "{reason}: {why}");
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
}

#[test]
fn without_a_claimed_author_the_file_names_the_principal() {
    let folder = tempfile::tempdir().unwrap();
    let ann = signer(folder.path(), 1);
    let mut statement = statement();
    statement.predicate.by = None;
    let records = folder.path().join("records");
    write(&records, &statement, Some(&ann)).unwrap();
    let state = only_state(&read(&records, Some(&allowed("*@example.org", &ann)), now())).clone();
    assert!(matches!(state, SignatureState::Verified { principal, .. } if principal == "*@example.org"));
}

#[test]
fn a_signature_that_does_not_cover_the_record_is_invalid() {
    type Change = fn(&Path);
    let cases: [(&str, Change); 6] = [
        ("was changed after signing", |path| {
            edit_payload(path, |payload| payload["predicate"]["summary"] = json!("restored twice"));
        }),
        ("not valid Base64", |path| edit(path, |envelope| envelope["signatures"][0]["sig"] = json!("???"))),
        ("not an OpenSSH signature", |path| {
            edit(path, |envelope| envelope["signatures"][0]["sig"] = json!("AAAA"));
        }),
        ("do not belong to it", |path| {
            edit(path, |envelope| {
                let mut bytes = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
                bytes.push(0);
                envelope["signatures"][0]["sig"] = STANDARD.encode(bytes).into();
            });
        }),
        // The length of the key, one too many.
        ("do not belong to it", |path| {
            edit(path, |envelope| {
                let mut bytes = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
                bytes[13] += 1;
                envelope["signatures"][0]["sig"] = STANDARD.encode(bytes).into();
            });
        }),
        ("for the namespace \"git\"", |path| {
            let key = PrivateKey::read_openssh_file(&path.parent().unwrap().with_file_name("key-1")).unwrap();
            edit(path, |envelope| {
                let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
                let message = seaworthy_ledger::dsse::pae(seaworthy_ledger::dsse::PAYLOAD_TYPE, &payload);
                let signature = SshSig::sign(&key, "git", HashAlg::Sha512, &message).unwrap();
                envelope["signatures"][0]["sig"] =
                    STANDARD.encode(sshsig::to_bytes(&signature).unwrap()).into();
            });
        }),
    ];
    for (reason, change) in cases {
        let folder = tempfile::tempdir().unwrap();
        let ann = signer(folder.path(), 1);
        let path = write(&folder.path().join("records"), &statement(), Some(&ann)).unwrap();
        change(&path);
        match only_state(&read(path.parent().unwrap(), Some(&allowed(ANN, &ann)), now())) {
            SignatureState::Invalid { why } => assert!(why.contains(reason), "{reason}: {why}"),
            other => panic!("{reason}: {other:?}"),
        }
    }
}

#[test]
fn of_several_signatures_one_that_is_believed_suffices() {
    let folder = tempfile::tempdir().unwrap();
    let (ann, bob) = (signer(folder.path(), 1), signer(folder.path(), 2));
    let records = folder.path().join("records");
    let path = write(&records, &statement(), Some(&bob)).unwrap();
    let signed_by_ann = write(&folder.path().join("other"), &statement(), Some(&ann)).unwrap();
    let by_ann: Value = serde_json::from_slice(&fs::read(signed_by_ann).unwrap()).unwrap();
    let allowed = allowed(ANN, &ann);

    edit(&path, |envelope| envelope["signatures"].as_array_mut().unwrap().push(json!({"sig": "AAAA"})));
    assert!(matches!(only_state(&read(&records, Some(&allowed), now())), SignatureState::Invalid { .. }));
    edit(&path, |envelope| {
        envelope["signatures"].as_array_mut().unwrap().push(by_ann["signatures"][0].clone());
    });
    assert!(matches!(only_state(&read(&records, Some(&allowed), now())), SignatureState::Verified { .. }));
}

#[test]
fn unknown_fields_are_kept_and_stay_signed() {
    let folder = tempfile::tempdir().unwrap();
    let ann = signer(folder.path(), 1);
    let mut statement = statement();
    statement.predicate.other.insert("weather".to_owned(), json!({"wind": 7}));
    let records = folder.path().join("records");
    let path = write(&records, &statement, Some(&ann)).unwrap();
    edit(&path, |envelope| envelope["comment"] = json!("a field of the envelope that is not covered"));
    let ledger = read(&records, Some(&allowed(ANN, &ann)), now());
    assert!(matches!(only_state(&ledger), SignatureState::Verified { .. }));
    assert_eq!(ledger.records[0].statement, statement);
}

#[test]
fn a_file_that_cannot_be_used_costs_nothing_but_itself() {
    type Change = fn(&Path);
    let cases: [(&str, Option<usize>, Change); 9] = [
        ("ends in the middle", Some(3), |path| {
            let text = fs::read_to_string(path).unwrap();
            fs::write(path, &text[..60]).unwrap();
        }),
        ("ends in the middle", Some(1), |path| fs::write(path, "").unwrap()),
        ("not valid JSON", Some(1), |path| fs::write(path, "<<<<<<< HEAD\n").unwrap()),
        ("predicateType is \"https://slsa.dev/provenance/v1\"", None, |path| {
            edit_payload(path, |payload| payload["predicateType"] = json!("https://slsa.dev/provenance/v1"));
        }),
        ("after the day that is judged", None, |path| {
            edit_payload(path, |payload| payload["predicate"]["at"] = json!("2026-07-01T00:00:00Z"));
        }),
        ("larger than 1048576 bytes", None, |path| fs::write(path, vec![b' '; (1 << 20) + 1]).unwrap()),
        ("not a file", None, |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("does not end in .json", None, |path| fs::rename(path, path.with_extension("txt")).unwrap()),
        ("more than 4 signatures", None, |path| {
            edit(path, |envelope| envelope["signatures"] = vec![json!({"sig": ""}); 5].into());
        }),
    ];
    for (reason, line, change) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &statement(), None).unwrap();
        let mut spoilt = statement();
        spoilt.predicate.item = "migrations.tested".to_owned();
        let path = write(folder.path(), &spoilt, None).unwrap();
        change(&path);
        let ledger = read(folder.path(), None, now());
        assert_eq!(ledger.records.len(), 1, "{reason}");
        assert_eq!(ledger.records[0].statement, statement(), "{reason}");
        let [problem] = &ledger.problems[..] else { panic!("{reason}: {:?}", ledger.problems) };
        assert_eq!(problem.path.file_stem(), path.file_stem(), "{reason}");
        assert!(problem.message.contains(reason), "{reason}: {}", problem.message);
        assert_eq!(problem.line, line, "{reason}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let elsewhere = write(&folder.path().join("elsewhere"), &statement(), None).unwrap();
    let records = folder.path().join("records");
    fs::create_dir(&records).unwrap();
    symlink(&elsewhere, records.join("linked.json")).unwrap();
    let ledger = read(&records, None, now());
    assert_eq!(ledger.records, []);
    assert!(ledger.problems[0].message.contains("symbolic link"));

    let linked = folder.path().join("linked");
    symlink(elsewhere.parent().unwrap(), &linked).unwrap();
    assert_eq!(read(&linked, None, now()).records, []);
    let mut another = statement();
    another.predicate.note = Some("another".to_owned());
    assert!(matches!(write(&linked, &another, None), Err(Error::FolderIsLink(_))));
}

#[test]
fn too_many_files_cost_the_oldest_and_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let most = seaworthy_ledger::store::MOST_FILES;
    for number in 0..most + 2 {
        fs::write(folder.path().join(format!("{number:06}.json")), "").unwrap();
    }
    fs::write(folder.path().join(".ignored"), "").unwrap();
    let ledger = read(folder.path(), None, now());
    let (folder_problems, file_problems): (Vec<_>, Vec<_>) =
        ledger.problems.iter().partition(|problem| problem.path == folder.path());
    assert_eq!(file_problems.len(), most);
    assert!(file_problems[0].path.ends_with("000002.json"));
    assert_eq!(folder_problems.len(), 1);
    assert!(folder_problems[0].message.contains("first 2 by name"), "{}", folder_problems[0].message);
}

#[test]
fn a_ledger_that_is_too_large_as_a_whole_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &statement(), None).unwrap();
    let mut text = fs::read(&path).unwrap();
    text.resize(1 << 20, b' ');
    for number in 0..65 {
        fs::write(folder.path().join(format!("{number:02}.json")), &text).unwrap();
    }
    let ledger = read(folder.path(), None, now());
    assert!(ledger.problems.iter().any(|problem| problem.message.contains("left out")));
    assert!(ledger.records.len() >= 64);
}

#[test]
fn nothing_is_written_that_would_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut nowhere = statement();
    nowhere.predicate.item = "../../outside".to_owned();
    let mut large = statement();
    large.predicate.summary = "x".repeat(1 << 20);
    for statement in [nowhere, large] {
        assert!(matches!(write(folder.path(), &statement, None), Err(Error::Statement(_))));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_signer_whose_signature_does_not_verify_is_caught() {
    struct Forgetful(seaworthy_ledger::KeyFile);
    impl Signer for Forgetful {
        fn public_key(&self) -> &ssh_key::PublicKey {
            self.0.public_key()
        }
        fn description(&self) -> String {
            "a forgetful signer".to_owned()
        }
        fn sign(&self, _message: &[u8]) -> Result<SshSig, Error> {
            self.0.sign(b"something else")
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let forgetful = Forgetful(signer(folder.path(), 1));
    let records = folder.path().join("records");
    let error = write(&records, &statement(), Some(&forgetful)).unwrap_err();
    assert!(error.to_string().contains("a forgetful signer"), "{error}");
    assert!(!records.exists());
}

#[test]
fn a_file_of_several_lines_is_searched_for_the_author() {
    let folder = tempfile::tempdir().unwrap();
    let (ann, bob) = (signer(folder.path(), 1), signer(folder.path(), 2));
    assert_ne!(key_file(folder.path(), 1), key_file(folder.path(), 2));
    let records = folder.path().join("records");
    write(&records, &statement(), Some(&ann)).unwrap();
    let text = format!("# team\n{}{}{}", line("bob@example.org", &bob), line("old", &ann), line(ANN, &ann));
    let allowed = AllowedSigners::parse(&text).unwrap();
    assert!(matches!(only_state(&read(&records, Some(&allowed), now())), SignatureState::Verified { .. }));
}
