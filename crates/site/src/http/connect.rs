//! From a host to a stream: names, sockets, TLS, and one deadline over all of it.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use url::{Host, Url};

use super::Failure;
use crate::target::is_private_address;

/// Addresses that are tried, one after the other.
const ADDRESSES: usize = 4;

/// What host names stand for. Each is asked once, so that an answer cannot change between two requests.
#[derive(Debug, Default)]
pub struct Names {
    known: Mutex<BTreeMap<String, Vec<IpAddr>>>,
}

impl Names {
    /// With addresses that are known beforehand.
    pub fn with(known: impl IntoIterator<Item = (String, Vec<IpAddr>)>) -> Self {
        Names { known: Mutex::new(known.into_iter().collect()) }
    }

    /// The addresses of a host, sorted as the resolver prefers them.
    ///
    /// # Errors
    /// When there is none, or nobody answers in time.
    pub fn addresses(&self, url: &Url, until: Instant) -> Result<Vec<IpAddr>, Failure> {
        let name = match url.host() {
            Some(Host::Ipv4(four)) => return Ok(vec![four.into()]),
            Some(Host::Ipv6(six)) => return Ok(vec![six.into()]),
            Some(Host::Domain(name)) => name.to_owned(),
            None => return Err(Failure::NoSuchHost(String::new())),
        };
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return if known.is_empty() { Err(Failure::NoSuchHost(name)) } else { Ok(known.clone()) };
        }
        let addresses = resolve(&name, until)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), addresses.clone());
        if addresses.is_empty() { Err(Failure::NoSuchHost(name)) } else { Ok(addresses) }
    }

    /// An address of the host is one of a private network.
    ///
    /// # Errors
    /// When the name stands for no address.
    pub fn is_private(&self, url: &Url, until: Instant) -> Result<bool, Failure> {
        Ok(self.addresses(url, until)?.iter().any(|address| is_private_address(*address)))
    }
}

/// The resolver of the system knows no deadline, so that it is asked in a thread of its own.
fn resolve(name: &str, until: Instant) -> Result<Vec<IpAddr>, Failure> {
    let (sender, receiver) = channel();
    let asked = name.to_owned();
    std::thread::spawn(move || {
        let mut addresses: Vec<IpAddr> = Vec::new();
        if let Ok(found) = (asked.as_str(), 0).to_socket_addrs() {
            for address in found.map(|socket| socket.ip()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        let _ = sender.send(addresses);
    });
    let wait = until.saturating_duration_since(Instant::now());
    match receiver.recv_timeout(wait) {
        Ok(addresses) => Ok(addresses),
        Err(RecvTimeoutError::Timeout) => Err(Failure::Timeout(wait.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::NoSuchHost(name.to_owned())),
    }
}

/// A socket that gives up at a moment, however slowly the bytes come.
#[derive(Debug)]
pub(super) struct Timed {
    socket: TcpStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.left()?))?;
        self.socket.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.left()?))?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// What an exchange reads from and writes to.
pub(super) enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(into),
            Stream::Tls(stream) => match stream.read(into) {
                // Many servers close without the closing alert; what HTTP says of the length of the body decides.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                other => other,
            },
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

/// Connects, and shakes hands where the scheme asks for it.
pub(super) fn connect(
    url: &Url,
    addresses: &[IpAddr],
    until: Instant,
    seconds: u64,
    tls: &Arc<ClientConfig>,
) -> Result<Stream, Failure> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let place = format!("{host}:{port}");
    let mut last = Failure::NoSuchHost(host.to_owned());
    for (tried, address) in addresses.iter().take(ADDRESSES).enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) {
            return Err(Failure::Timeout(seconds));
        }
        // An address that swallows everything leaves time for the next one.
        let share = left / u32::try_from(addresses.len().min(ADDRESSES) - tried).unwrap_or(1);
        match TcpStream::connect_timeout(
            &SocketAddr::new(*address, port),
            share.max(Duration::from_millis(1)),
        ) {
            Ok(socket) => {
                let _ = socket.set_nodelay(true);
                return shake(url, Timed { socket, until }, seconds, tls);
            }
            Err(error) => last = Failure::of(&error, &place, seconds),
        }
    }
    Err(last)
}

fn shake(url: &Url, timed: Timed, seconds: u64, tls: &Arc<ClientConfig>) -> Result<Stream, Failure> {
    if url.scheme() != "https" {
        return Ok(Stream::Plain(timed));
    }
    let name = match url.host() {
        Some(Host::Ipv4(four)) => ServerName::from(IpAddr::V4(four)),
        Some(Host::Ipv6(six)) => ServerName::from(IpAddr::V6(six)),
        Some(Host::Domain(name)) => {
            ServerName::try_from(name.to_owned()).map_err(|error| Failure::Tls(error.to_string()))?
        }
        None => return Err(Failure::NoSuchHost(String::new())),
    };
    let connection =
        ClientConnection::new(Arc::clone(tls), name).map_err(|error| Failure::Tls(error.to_string()))?;
    let mut stream = StreamOwned::new(connection, timed);
    while stream.conn.is_handshaking() {
        match stream.conn.complete_io(&mut stream.sock) {
            Ok((0, 0)) => return Err(Failure::Tls("the handshake does not go on".to_owned())),
            Ok(_) => {}
            Err(error) => {
                return Err(match Failure::of(&error, url.host_str().unwrap_or_default(), seconds) {
                    Failure::CutOff => {
                        Failure::Tls("the connection was closed during the handshake".to_owned())
                    }
                    other => other,
                });
            }
        }
    }
    Ok(Stream::Tls(Box::new(stream)))
}

/// Settings of TLS that take any certificate. Whether it can be trusted is judged from the facts of the handshakes; here
/// the page behind it is wanted.
pub(super) fn tolerant() -> Result<Arc<ClientConfig>, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
