//! Agreement with OpenSSH's own programs, in both directions.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_ledger::dsse::Envelope;
use seaworthy_ledger::{
    Agent, AllowedSigners, Error, KeyFile, SignatureState, Signer, SigningContext, find_signer, read, sshsig,
    write,
};
use ssh_key::{LineEnding, PrivateKey, SshSig};
use support::{ANN, allowed, line, now, statement};

/// A program of OpenSSH, away from whatever the person who runs the tests has configured.
fn openssh(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_remove("SSH_AUTH_SOCK").env_remove("SSH_ASKPASS").stdin(Stdio::null());
    command
}

fn missing(program: &str, error: &std::io::Error) -> String {
    format!("{program} could not be started ({error}); install the Debian package openssh-client")
}

fn succeeds(command: &mut Command) -> bool {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().unwrap_or_else(|error| panic!("{}", missing(&program, &error))).status.success()
}

fn generate(folder: &Path, name: &str, kind: &[&str], passphrase: &str) -> PathBuf {
    let path = folder.join(name);
    for _ in 0..10 {
        let mut command = openssh("ssh-keygen");
        command.args(["-q", "-N", passphrase, "-C", name, "-t"]).args(kind).arg("-f").arg(&path);
        assert!(succeeds(&mut command), "ssh-keygen made no {kind:?} key");
        // One ECDSA key in 256 is of the form that `a_short_ecdsa_secret_is_sent_to_the_agent` is about.
        match KeyFile::open(&path, &|_| Some(passphrase.to_owned())) {
            Err(error) if error.to_string().contains("(length invalid)") => fs::remove_file(&path).unwrap(),
            _ => return path,
        }
    }
    panic!("ssh-keygen made no {kind:?} key that can be read");
}

const KINDS: [&[&str]; 4] =
    [&["ed25519"], &["ecdsa", "-b", "256"], &["ecdsa", "-b", "384"], &["rsa", "-b", "2048"]];

/// Whether `ssh-keygen` verifies the signature of the record at `path` over `message`.
fn ssh_keygen_accepts(folder: &Path, path: &Path, message: &[u8], allowed: &str) -> bool {
    let envelope = Envelope::parse(&fs::read(path).unwrap()).unwrap();
    let bytes = seaworthy_ledger::dsse::decode_base64(&envelope.signatures[0].sig).unwrap();
    let armour = sshsig::from_bytes(&bytes).unwrap().to_pem(LineEnding::LF).unwrap();
    for (name, contents) in
        [("sig", armour.as_bytes()), ("message", message), ("allowed", allowed.as_bytes())]
    {
        fs::write(folder.join(name), contents).unwrap();
    }
    let mut command = openssh("ssh-keygen");
    command.args(["-Y", "verify", "-n", "seaworthy", "-I", ANN]);
    command.arg("-f").arg(folder.join("allowed")).arg("-s").arg(folder.join("sig"));
    command.stdin(File::open(folder.join("message")).unwrap());
    succeeds(&mut command)
}

#[test]
fn ssh_keygen_verifies_what_was_signed_here() {
    for kind in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyFile::open(&generate(folder.path(), "key", kind, ""), &|_| None).unwrap();
        let records = folder.path().join("records");
        let path = write(&records, &statement(), Some(&key)).unwrap();
        let message = Envelope::parse(&fs::read(&path).unwrap()).unwrap().pae();
        let signers = line(ANN, &key);
        assert!(ssh_keygen_accepts(folder.path(), &path, &message, &signers), "{kind:?}");
        assert!(!ssh_keygen_accepts(folder.path(), &path, b"something else", &signers), "{kind:?}");
        let ledger = read(&records, Some(&allowed(ANN, &key)), now());
        assert!(matches!(ledger.records[0].signature, SignatureState::Verified { .. }), "{kind:?}");
    }
}

#[test]
fn what_ssh_keygen_signed_is_verified_here() {
    for kind in KINDS {
        for hash in ["sha256", "sha512"] {
            let folder = tempfile::tempdir().unwrap();
            let key = generate(folder.path(), "key", kind, "");
            let mut envelope = Envelope::new(serde_json::to_vec(&statement()).unwrap());
            let message = folder.path().join("message");
            fs::write(&message, envelope.pae()).unwrap();
            let mut command = openssh("ssh-keygen");
            command.args(["-Y", "sign", "-n", "seaworthy", "-O", &format!("hashalg={hash}"), "-f"]);
            assert!(succeeds(command.arg(&key).arg(&message)));

            let armour = fs::read(folder.path().join("message.sig")).unwrap();
            let signature = SshSig::from_pem(armour).unwrap();
            envelope.attach("a hint".to_owned(), &sshsig::to_bytes(&signature).unwrap());
            let records = folder.path().join("records");
            fs::create_dir(&records).unwrap();
            fs::write(records.join("made-by-hand.json"), envelope.to_json()).unwrap();
            let public = fs::read_to_string(key.with_extension("pub")).unwrap();
            let allowed = AllowedSigners::parse(&format!("{ANN} {public}")).unwrap();
            let ledger = read(&records, Some(&allowed), now());
            let state = &ledger.records[0].signature;
            assert!(matches!(state, SignatureState::Verified { .. }), "{kind:?} {hash}: {state:?}");
        }
    }
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let path = generate(folder.path(), "key", &["ed25519"], "open sesame");
    let key = KeyFile::open(&path, &|asked| (asked == path).then(|| "open sesame".to_owned())).unwrap();
    assert!(write(&folder.path().join("records"), &statement(), Some(&key)).is_ok());
    for (answer, reason) in [(None, "no passphrase was given"), (Some("sesame"), "passphrase is wrong")] {
        let error = KeyFile::open(&path, &|_| answer.map(str::to_owned)).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn key_files_that_cannot_be_used_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let pem = generate(folder.path(), "pem", &["rsa", "-b", "2048", "-m", "PEM"], "");
    // Encrypted, so that the type is all there is to see.
    let large_curve = generate(folder.path(), "p521", &["ecdsa", "-b", "521"], "open sesame");
    let small = generate(folder.path(), "small", &["rsa", "-b", "1024"], "");
    let nonsense = folder.path().join("nonsense");
    fs::write(&nonsense, "not a key").unwrap();
    for (path, reason) in [
        (&pem, "convert it with `ssh-keygen -p"),
        (&large_curve, "are not supported"),
        (&small, "RSA keys of 1024 bits"),
        (&nonsense, "not an OpenSSH private key"),
        (&folder.path().join("absent"), "cannot read the key file"),
    ] {
        let error = KeyFile::open(path, &|_| None).unwrap_err().to_string();
        assert!(error.contains(reason), "{}: {error}", path.display());
    }
}

#[test]
fn a_short_ecdsa_secret_is_sent_to_the_agent() {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = generate(folder.path(), "key", &["ecdsa", "-b", "256"], "");
    let public = PrivateKey::read_openssh_file(&path).unwrap().public_key().to_bytes().unwrap();
    // 31 bytes where 32 are usual: OpenSSH writes numbers without leading zeros.
    let mut secret = [&[7; 8], &public[..], &string(&[0x55; 31]), &string(b"")].concat();
    secret.extend((1..=15).take((8 - secret.len() % 8) % 8));
    let parts =
        [string(b"none"), string(b"none"), string(b""), vec![0, 0, 0, 1], string(&public), string(&secret)];
    let bytes = [&b"openssh-key-v1\0"[..], &parts.concat()].concat();
    let lines: Vec<_> = STANDARD.encode(bytes).into_bytes().chunks(70).map(<[u8]>::to_vec).collect();
    let text = String::from_utf8(lines.join(&b'\n')).unwrap();
    let armour = ["-----BEGIN OPENSSH PRIVATE KEY-----", &text, "-----END OPENSSH PRIVATE KEY-----\n"];
    fs::write(&path, armour.join("\n")).unwrap();
    let error = KeyFile::open(&path, &|_| None).unwrap_err().to_string();
    assert!(error.contains("length invalid") && error.contains("name its .pub file"), "{error}");
}

/// An agent that lives as long as the test.
struct RunningAgent {
    process: Child,
    socket: PathBuf,
}

impl RunningAgent {
    fn start(folder: &Path) -> Self {
        let socket = folder.join("agent.sock");
        let process = openssh("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}", missing("ssh-agent", &error)));
        let agent = Self { process, socket };
        for _ in 0..500 {
            if UnixStream::connect(&agent.socket).is_ok() {
                return agent;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("ssh-agent did not open {}", agent.socket.display());
    }

    fn add(&self, key: &Path) {
        let mut command = openssh("ssh-add");
        assert!(succeeds(command.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket)));
    }

    fn context<'a>(&self, preferred: Option<&'a AllowedSigners>) -> SigningContext<'a> {
        SigningContext {
            agent_socket: Some(self.socket.clone()),
            home: None,
            ask_passphrase: &|path| panic!("asked for the passphrase of {}", path.display()),
            preferred,
        }
    }
}

impl Drop for RunningAgent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn every_kind_of_key_signs_through_an_agent() {
    let folder = tempfile::tempdir().unwrap();
    let agent = RunningAgent::start(folder.path());
    for (number, kind) in KINDS.into_iter().enumerate() {
        agent.add(&generate(folder.path(), &format!("key-{number}"), kind, ""));
    }
    let identities = Agent::connect(&agent.socket).unwrap().identities().unwrap();
    assert_eq!(identities.len(), KINDS.len());
    for (number, identity) in identities.into_iter().enumerate() {
        assert_eq!(identity.comment, format!("key-{number}"));
        let signer = Agent::connect(&agent.socket).unwrap().signer(identity);
        let records = folder.path().join(format!("records-{number}"));
        let path = write(&records, &statement(), Some(&signer)).unwrap();
        let message = Envelope::parse(&fs::read(&path).unwrap()).unwrap().pae();
        assert!(ssh_keygen_accepts(folder.path(), &path, &message, &line(ANN, &signer)));
        let ledger = read(&records, Some(&allowed(ANN, &signer)), now());
        assert!(matches!(ledger.records[0].signature, SignatureState::Verified { .. }));
    }
}

#[test]
fn the_signer_is_the_one_named_else_one_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let agent = RunningAgent::start(folder.path());
    let first = generate(folder.path(), "first", &["ed25519"], "");
    let second = generate(folder.path(), "second", &["ed25519"], "");
    let locked = generate(folder.path(), "locked", &["ed25519"], "open sesame");
    agent.add(&first);
    agent.add(&second);
    let print = |path: &Path| KeyFile::open(path, &|_| None).unwrap().fingerprint();

    let found = find_signer(None, &agent.context(None)).unwrap();
    assert_eq!(found.fingerprint(), print(&first));
    let signers = allowed(ANN, &KeyFile::open(&second, &|_| None).unwrap());
    assert_eq!(find_signer(None, &agent.context(Some(&signers))).unwrap().fingerprint(), print(&second));

    let named = find_signer(Some(&second), &agent.context(None)).unwrap();
    assert!(named.description().contains("key file") && named.fingerprint() == print(&second));
    let public = second.with_extension("pub");
    let named = find_signer(Some(&public), &agent.context(None)).unwrap();
    assert!(named.description().contains("agent") && named.fingerprint() == print(&second));

    // The agent has it, so nobody is asked for the passphrase.
    let plain = folder.path().join("plain");
    fs::copy(&locked, &plain).unwrap();
    let mut change = openssh("ssh-keygen");
    assert!(succeeds(change.args(["-q", "-p", "-P", "open sesame", "-N", "", "-f"]).arg(&plain)));
    agent.add(&plain);
    let named = find_signer(Some(&locked), &agent.context(None)).unwrap();
    assert!(named.description().contains("agent"));
}

#[test]
fn without_an_agent_the_usual_files_are_tried_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let context = |ask| SigningContext {
        agent_socket: Some(folder.path().join("no-agent.sock")),
        home: Some(folder.path().to_owned()),
        ask_passphrase: ask,
        preferred: None,
    };
    let error = find_signer(None, &context(&|_| None)).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::NoSigner { .. }));
    let message = error.to_string();
    for part in ["no-agent.sock", "id_ed25519 does not exist", "ssh-add"] {
        assert!(message.contains(part), "{message}");
    }

    fs::create_dir(folder.path().join(".ssh")).unwrap();
    generate(&folder.path().join(".ssh"), "id_ed25519", &["ed25519"], "open sesame");
    generate(&folder.path().join(".ssh"), "id_rsa", &["rsa", "-b", "2048"], "");
    let found = find_signer(None, &context(&|_| Some("open sesame".to_owned()))).unwrap();
    assert!(found.description().ends_with("id_ed25519"));
    let found = find_signer(None, &context(&|_| None)).unwrap();
    assert!(found.description().ends_with("id_rsa"));

    let public = folder.path().join("lonely.pub");
    fs::copy(folder.path().join(".ssh/id_rsa.pub"), &public).unwrap();
    let error = find_signer(Some(&public), &context(&|_| None)).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("neither in the agent nor beside it") && error.contains("no-agent.sock"),
        "{error}"
    );
}
