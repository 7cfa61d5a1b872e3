//! The addresses that a name stands for.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use url::{Host, Url};

/// The first IPv4 and the first IPv6 address of a host.
///
/// # Errors
/// A line that says why there is none.
pub fn addresses(url: &Url, limit: Duration) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or(443);
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![SocketAddr::new(IpAddr::V4(address), port)]),
        Some(Host::Ipv6(address)) => Ok(vec![SocketAddr::new(IpAddr::V6(address), port)]),
        Some(Host::Domain(name)) => look_up(name.to_owned(), port, limit),
        None => Err("no host".to_owned()),
    }
}

/// The system's resolver takes no deadline: it is asked by a thread that is not waited for longer than that.
fn look_up(name: String, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let asked = name.clone();
    std::thread::spawn(move || {
        let found = (asked.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        let _ = sender.send(found);
    });
    let mut found = match receiver.recv_timeout(limit) {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Err(format!("{name}: no address: {error}")),
        Err(_) => return Err(format!("{name}: the name was not resolved in time")),
    };
    found.sort_unstable();
    let four = found.iter().find(|address| address.is_ipv4());
    let six = found.iter().find(|address| address.is_ipv6());
    let both: Vec<SocketAddr> = four.into_iter().chain(six).copied().collect();
    if both.is_empty() { Err(format!("{name}: no address")) } else { Ok(both) }
}
