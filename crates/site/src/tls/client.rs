//! A handshake as today's clients make it, to its end: the chain of a server that sends it encrypted, ALPN, stapling,
//! resumption. Whom to trust is judged afterwards, so this handshake accepts every certificate; it sends nothing.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, HandshakeKind, NamedGroup, ProtocolVersion,
    SignatureScheme,
};

use super::connection::Connection;
use super::endpoint::Endpoint;
use super::records::CERTIFICATES;

/// What a whole handshake showed.
#[derive(Debug, Default)]
pub struct Visit {
    /// The chain, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The stapled answer; empty where there is none.
    pub staple: Vec<u8>,
    /// The protocol that was chosen.
    pub alpn: Option<String>,
    /// A second handshake took up the session of the first; none where it could not be tried.
    pub resumes: Option<bool>,
}

/// Shakes hands twice.
///
/// # Errors
/// What happened, when no handshake came to its end.
pub fn visit(endpoint: &Endpoint<'_>) -> Result<Visit, String> {
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|_| format!("{}: no name that a certificate can be for", endpoint.host))?;
    let provider = Arc::new(ring::default_provider());
    let recorder = Arc::new(Recorder { provider: provider.clone(), seen: Mutex::default() });
    let store = Arc::new(Store { inner: ClientSessionMemoryCache::new(4), kept: AtomicU32::new(0) });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::store(store.clone());
    let config = Arc::new(config);

    let first = shake(endpoint, &config, &name, &store);
    let (chain, staple) = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let first = match first {
        Ok(first) => first,
        // The chain came before what went wrong: it is worth having, and the rest is not told.
        Err(_) if !chain.is_empty() => return Ok(Visit { chain, staple, ..Visit::default() }),
        Err(why) => return Err(why),
    };
    let resumes = if store.kept.load(Ordering::Relaxed) == 0 {
        Some(false)
    } else {
        shake(endpoint, &config, &name, &store).ok().map(|second| second.resumed)
    };
    Ok(Visit { chain, staple, alpn: first.alpn, resumes })
}

struct Done {
    alpn: Option<String>,
    resumed: bool,
}

fn shake(
    endpoint: &Endpoint<'_>,
    config: &Arc<ClientConfig>,
    name: &ServerName<'static>,
    store: &Store,
) -> Result<Done, String> {
    let mut client =
        ClientConnection::new(config.clone(), name.clone()).map_err(|error| error.to_string())?;
    let mut connection = endpoint.connect().map_err(|end| end.words())?;
    while client.is_handshaking() {
        client.complete_io(&mut connection).map_err(|error| match error.kind() {
            ErrorKind::TimedOut => "no answer in time".to_owned(),
            _ => error.to_string(),
        })?;
    }
    let done = Done {
        alpn: client.alpn_protocol().and_then(|name| String::from_utf8(name.to_vec()).ok()),
        resumed: client.handshake_kind() == Some(HandshakeKind::Resumed),
    };
    if client.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
        await_ticket(&mut client, &mut connection, store);
    }
    client.send_close_notify();
    let _ = client.write_tls(&mut connection).and_then(|_| connection.flush());
    Ok(done)
}

/// With TLS 1.3 the session comes after the handshake: most servers send it at once.
fn await_ticket(client: &mut ClientConnection, connection: &mut Connection, store: &Store) {
    connection.hurry(Duration::from_millis(800));
    let mut buffer = [0; 4096];
    while store.kept.load(Ordering::Relaxed) == 0 {
        let Ok(count) = connection.read(&mut buffer) else { return };
        if count == 0 {
            return;
        }
        let mut bytes = &buffer[..count];
        while !bytes.is_empty() {
            if client.read_tls(&mut bytes).is_err() || client.process_new_packets().is_err() {
                return;
            }
            let _ = client.reader().read(&mut [0; 4096]);
        }
    }
}

/// Keeps what it is to check, and finds no fault with it.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    seen: Mutex<(Vec<Vec<u8>>, Vec<u8>)>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        staple: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .take(CERTIFICATES)
            .map(|der| der.to_vec())
            .collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (chain, staple.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        schemes.extend([SignatureScheme::ECDSA_NISTP521_SHA512, SignatureScheme::RSA_PKCS1_SHA1]);
        schemes
    }
}

/// A store of sessions that tells whether there is one.
#[derive(Debug)]
struct Store {
    inner: ClientSessionMemoryCache,
    kept: AtomicU32,
}

impl ClientSessionStore for Store {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.inner.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.inner.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.kept.fetch_add(1, Ordering::Relaxed);
        self.inner.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.inner.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.inner.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.kept.fetch_add(1, Ordering::Relaxed);
        self.inner.insert_tls13_ticket(name, value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.inner.take_tls13_ticket(name)
    }
}
