//! Nothing that stands in a file or comes from a socket makes the ledger panic.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use proptest::prelude::*;
use seaworthy_ledger::dsse::{Envelope, decode_base64};
use seaworthy_ledger::{AllowedSigners, SignatureState, Statement, agent, read, sshsig, write};
use support::{ANN, allowed, now, signer, statement};

/// Arbitrary bytes seldom get far into a parser; spoilt good ones do.
fn spoilt(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8);
    (changes, any::<prop::sample::Index>(), any::<bool>()).prop_map(move |(changes, end, cut)| {
        let mut bytes = good.clone();
        for (index, value) in changes {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        bytes
    })
}

fn signed() -> Envelope {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder.path().join("records"), &statement(), Some(&signer(folder.path(), 1))).unwrap();
    Envelope::parse(&fs::read(path).unwrap()).unwrap()
}

fn signature() -> Vec<u8> {
    decode_base64(&signed().signatures[0].sig).unwrap()
}

/// The answer of an agent with one key, or with one signature: the parts of a signature file hold both.
fn answers() -> (Vec<u8>, Vec<u8>) {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let signature = sshsig::from_bytes(&signature()).unwrap();
    let key = ssh_key::PublicKey::from(signature.public_key().clone()).to_bytes().unwrap();
    let identities = [&[12, 0, 0, 0, 1][..], &string(&key), &string(b"a comment")].concat();
    let bytes = Vec::<u8>::try_from(signature.signature().clone()).unwrap();
    (identities, [&[14][..], &string(&bytes)].concat())
}

#[test]
fn the_unspoilt_inputs_are_good() {
    let (identities, signature) = answers();
    assert_eq!(agent::parse_identities(&identities).unwrap().len(), 1);
    agent::parse_signature(&signature).unwrap();
}

proptest! {
    #[test]
    fn any_file_is_a_record_or_a_problem(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..400),
            spoilt(signed().to_json().into_bytes()),
        ]
    ) {
        let folder = tempfile::tempdir().unwrap();
        let allowed = allowed(ANN, &signer(folder.path(), 1));
        let records = folder.path().join("records");
        fs::create_dir(&records).unwrap();
        fs::write(records.join("any.json"), bytes).unwrap();
        let ledger = read(&records, Some(&allowed), now());
        prop_assert_eq!(ledger.records.len() + ledger.problems.len(), 1);
    }

    #[test]
    fn any_payload_is_a_statement_or_an_error(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..400), spoilt(signed().payload)]
    ) {
        if let Ok(statement) = Statement::parse(&bytes) {
            prop_assert_eq!(statement.validate(), Ok(()));
        }
    }

    #[test]
    fn no_spoilt_signature_is_believed(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..400), spoilt(signature())]
    ) {
        let good = signed();
        let genuine = bytes == signature();
        let folder = tempfile::tempdir().unwrap();
        let allowed = allowed(ANN, &signer(folder.path(), 1));
        let claim = sshsig::Claim { by: Some(ANN), at: statement().predicate.at };
        let state = sshsig::judge(&bytes, &good.pae(), claim, Some(&allowed), now());
        prop_assert_eq!(matches!(state, SignatureState::Verified { .. }), genuine);
    }

    #[test]
    fn any_text_is_allowed_signers_or_an_error(
        text in prop_oneof![
            any::<String>(),
            "[a-z*?!,\" =\t\n#]{0,60}",
            "(ann|\"a b\"|\\*) (namespaces|valid-after|valid-before)=\"[0-9a-zZ,*]{0,16}\"[ ,](ssh-ed25519|sk-x) [A-Za-z0-9+/=]{0,70}",
            spoilt(b"ann@example.org namespaces=\"git,seaworthy\",valid-after=\"20260101Z\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti x\n".to_vec())
                .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        ]
    ) {
        let _ = AllowedSigners::parse(&text);
    }

    #[test]
    fn any_answer_of_an_agent_is_read_or_refused(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..400),
            spoilt(answers().0),
            spoilt(answers().1),
        ]
    ) {
        let _ = agent::parse_identities(&bytes);
        let _ = agent::parse_signature(&bytes);
    }
}
