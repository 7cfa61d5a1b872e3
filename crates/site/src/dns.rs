//! Which authorities may issue for a name (CAA, RFC 8659), asked of the resolvers of this machine.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

use crate::redact;

/// Resolvers that are asked, and how long one is waited for.
const RESOLVERS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(1);
/// Names above a name that are asked.
const PARENTS: usize = 6;
/// Records that are kept.
const RECORDS: usize = 20;
/// The largest answer that is read.
const ANSWER: usize = 16 * 1024;

/// The resolvers that this machine is set up with.
pub fn resolvers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            line.trim().strip_prefix("nameserver")?.split_whitespace().next()?.parse::<IpAddr>().ok()
        })
        .map(|address| SocketAddr::from((address, 53)))
        .take(RESOLVERS)
        .collect()
}

/// The records that hold for a name: its own, or those of the nearest name above that has some. Empty where there are
/// none, so that every authority may issue.
///
/// # Errors
/// Why it could not be told.
pub fn authorities(name: &str, resolvers: &[SocketAddr], until: Instant) -> Result<Vec<String>, String> {
    if resolvers.is_empty() {
        return Err("this machine names no resolver".to_owned());
    }
    let mut name = name.trim_end_matches('.');
    for _ in 0..PARENTS {
        let records = ask(name, resolvers, until)?;
        if !records.is_empty() {
            return Ok(records);
        }
        match name.split_once('.') {
            Some((_, above)) => name = above,
            None => break,
        }
    }
    Ok(Vec::new())
}

fn ask(name: &str, resolvers: &[SocketAddr], until: Instant) -> Result<Vec<String>, String> {
    let mut last = String::new();
    for resolver in resolvers {
        let left = until.saturating_duration_since(Instant::now()).min(PATIENCE);
        if left.is_zero() {
            return Err("no resolver answered in time".to_owned());
        }
        match ask_one(name, *resolver, left) {
            Ok(records) => return Ok(records),
            Err(why) => last = format!("the resolver {}: {why}", resolver.ip()),
        }
    }
    Err(last)
}

fn ask_one(name: &str, resolver: SocketAddr, patience: Duration) -> Result<Vec<String>, String> {
    let id = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), name) as u16;
    let question = Name::new(name).map_err(|error| error.to_string())?;
    let mut query = Packet::new_query(id);
    query.set_flags(PacketFlag::RECURSION_DESIRED);
    query.questions.push(Question::new(question, QTYPE::TYPE(TYPE::CAA), QCLASS::CLASS(CLASS::IN), false));
    let query = query.build_bytes_vec().map_err(|error| error.to_string())?;
    let answer = over_udp(&query, resolver, patience)?;
    match read(&answer, id)? {
        Some(records) => Ok(records),
        None => read(&over_tcp(&query, resolver, patience)?, id)?
            .ok_or_else(|| "the answer is cut off over TCP, too".to_owned()),
    }
}

fn over_udp(query: &[u8], resolver: SocketAddr, patience: Duration) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => error.to_string(),
    };
    let here: IpAddr = if resolver.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind((here, 0)).map_err(told)?;
    // Connected: only what comes from the resolver is received.
    socket.connect(resolver).map_err(told)?;
    socket.set_read_timeout(Some(patience)).map_err(told)?;
    socket.send(query).map_err(told)?;
    let mut buffer = vec![0; ANSWER];
    let count = socket.recv(&mut buffer).map_err(told)?;
    buffer.truncate(count);
    Ok(buffer)
}

fn over_tcp(query: &[u8], resolver: SocketAddr, patience: Duration) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect_timeout(&resolver, patience).map_err(told)?;
    stream.set_read_timeout(Some(patience)).map_err(told)?;
    stream.set_write_timeout(Some(patience)).map_err(told)?;
    let length = u16::try_from(query.len()).map_err(|_| "the name is too long".to_owned())?;
    stream.write_all(&[&length.to_be_bytes()[..], query].concat()).map_err(told)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length).map_err(told)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length)).min(ANSWER)];
    stream.read_exact(&mut answer).map_err(told)?;
    Ok(answer)
}

/// The records in an answer; none where it is cut off.
fn read(answer: &[u8], id: u16) -> Result<Option<Vec<String>>, String> {
    let packet = Packet::parse(answer).map_err(|_| "the answer cannot be read".to_owned())?;
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
        return Err("the answer is for another question".to_owned());
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Ok(None);
    }
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        code => return Err(format!("it answered with {code:?}")),
    }
    let records = packet.answers.iter().filter_map(|record| match &record.rdata {
        RData::CAA(caa) => {
            let tag = caa.tag.to_string().to_ascii_lowercase();
            let value = String::from_utf8_lossy(&caa.value).into_owned();
            Some(redact::line(&format!("{tag} {}", value.trim()), 200))
        }
        _ => None,
    });
    Ok(Some(records.take(RECORDS).collect()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use simple_dns::rdata::CAA;
    use simple_dns::{CharacterString, ResourceRecord};

    use super::*;

    /// A resolver that knows these records.
    fn resolver(known: &'static [(&'static str, &'static str, &'static str)]) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok((count, from)) = socket.recv_from(&mut buffer) {
                let query = Packet::parse(&buffer[..count]).unwrap();
                let asked = query.questions[0].qname.to_string();
                let mut reply = Packet::new_reply(query.id());
                for (_, tag, value) in known.iter().filter(|(name, ..)| *name == asked) {
                    reply.answers.push(ResourceRecord::new(
                        Name::new(known[0].0).unwrap(),
                        CLASS::IN,
                        60,
                        RData::CAA(CAA {
                            flag: 0,
                            tag: CharacterString::new(tag.as_bytes()).unwrap(),
                            value: value.as_bytes().into(),
                        }),
                    ));
                }
                let _ = socket.send_to(&reply.build_bytes_vec().unwrap(), from);
            }
        });
        address
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn the_nearest_name_with_records_decides() {
        let here = [resolver(&[
            ("app.example", "issue", "letsencrypt.org"),
            ("app.example", "iodef", "mailto:a@app.example"),
        ])];
        let found = authorities("www.shop.app.example.", &here, soon()).unwrap();
        assert_eq!(found, ["issue letsencrypt.org", "iodef mailto:a@app.example"]);
        assert_eq!(authorities("other.example", &here, soon()), Ok(Vec::new()));
    }

    #[test]
    fn a_resolver_that_does_not_answer_is_told() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let why = authorities("a.example", &[silent.local_addr().unwrap()], soon()).unwrap_err();
        assert_eq!(why, "the resolver 127.0.0.1: no answer in time");
        assert!(authorities("a.example", &[], soon()).is_err());
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, 0);
        }
    }
}
