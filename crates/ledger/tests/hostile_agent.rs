//! Agents that do not keep to the protocol.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use seaworthy_ledger::Agent;
use seaworthy_ledger::agent::Patience;

/// What asking for the identities gives when the agent behaves as `answer` says.
fn ask(patience: Duration, answer: impl FnOnce(&mut UnixStream) + Send + 'static) -> String {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let agent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 5];
        stream.read_exact(&mut request).unwrap();
        assert_eq!(request, [0, 0, 0, 1, 11]);
        answer(&mut stream);
    });
    let patience = Patience { answer: patience, signature: patience };
    let result = Agent::connect_with(&socket, patience).unwrap().identities();
    agent.join().unwrap();
    match result {
        Ok(identities) => format!("{} identities", identities.len()),
        Err(error) => error.to_string(),
    }
}

/// Until the other side has given up.
fn wait_for_hang_up(stream: &mut UnixStream) {
    let _ = stream.read(&mut [0]);
}

#[test]
fn answers_that_break_the_protocol_are_refused() {
    let long = Duration::from_secs(60);
    for (answer, outcome) in [
        (&b"\0\0\0\x05\x0c\0\0\0\0"[..], "0 identities"),
        (b"\0\0\0\x01\x05", "refuses to list its keys"),
        (b"\0\0\0\0", "refuses to list its keys"),
        (b"\0\0\0\x05\x0c\xff\xff\xff\xff", "garbled"),
        (b"\0\0\0\x05\x0c\0\0\0\x01", "garbled"),
        (b"\0\0\0\x06\x0c\0\0\0\0\0", "garbled"),
        (b"\xff\xff\xff\xff\x0c", "more than 262144 bytes"),
        (b"\0\0\0\x05\x0c", "hung up"),
        (b"", "hung up"),
    ] {
        let found = ask(long, move |stream| stream.write_all(answer).unwrap());
        assert!(found.contains(outcome), "{answer:?}: {found}");
    }
}

#[test]
fn a_silent_agent_is_not_waited_for() {
    assert!(ask(Duration::from_millis(100), wait_for_hang_up).contains("did not answer within 0.1 seconds"));
}

#[test]
fn a_trickle_does_not_prolong_the_wait() {
    let found = ask(Duration::from_millis(100), |stream| {
        stream.write_all(&[0, 3, 0, 0]).unwrap();
        // Ends when the other side hangs up; on its own it would take an hour.
        while stream.write_all(&[0]).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert!(found.contains("did not answer"), "{found}");
}
