//! Whether clients trust a chain, and if not, why not.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};
use seaworthy_facts::{SentCertificate, Trust};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use super::certificate;

/// The largest file of private authorities.
const CA_FILE: u64 = 4 << 20;

/// The authorities that are trusted.
#[derive(Debug)]
pub struct Roots {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// Their names in DER.
    subjects: Vec<Vec<u8>>,
    /// Organisations in those names.
    organisations: Vec<String>,
    /// Certificates that are trusted themselves.
    own: Vec<Vec<u8>>,
    /// The file of private authorities could not be used, and why.
    pub complaint: Option<String>,
}

impl Roots {
    /// What browsers trust, what this system trusts, and what the user names.
    pub fn load(ca_file: Option<&Path>) -> Roots {
        let (own, complaint) = match ca_file.map(read_pem) {
            None => (Vec::new(), None),
            Some(Ok(own)) => (own, None),
            Some(Err(why)) => (Vec::new(), Some(why)),
        };
        let system = rustls_native_certs::load_native_certs().certs;
        let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        store.add_parsable_certificates(system);
        store.add_parsable_certificates(own.iter().cloned());
        // A trust anchor has the inside of a name; a certificate has the whole of it.
        let mut subjects: Vec<Vec<u8>> = store.roots.iter().map(|root| root.subject.to_vec()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        let organisations = own
            .iter()
            .filter_map(|der| {
                let (_, parsed) = X509Certificate::from_der(der).ok()?;
                parsed.subject().iter_organization().next()?.as_str().ok().map(str::to_owned)
            })
            .collect();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build().ok();
        let own = own.into_iter().map(|der| der.to_vec()).collect();
        Roots { verifier, subjects, organisations, own, complaint }
    }

    fn is_root(&self, name: &[u8]) -> bool {
        // Without the head of the sequence.
        let content = match name {
            [_, length, content @ ..] if *length < 0x80 => content,
            [_, 0x81, _, content @ ..] | [_, 0x82, _, _, content @ ..] => content,
            _ => return false,
        };
        self.subjects.binary_search_by(|subject| subject.as_slice().cmp(content)).is_ok()
    }

    /// Judges a chain in DER, leaf first.
    pub fn judge(&self, host: &str, chain: &[Vec<u8>]) -> Trust {
        let Some((leaf, rest)) = chain.split_first() else {
            return Trust::Other("no certificate".to_owned());
        };
        let (Ok((_, parsed)), Ok(read)) = (X509Certificate::from_der(leaf), certificate::read(leaf)) else {
            return Trust::Other("the certificate cannot be read".to_owned());
        };
        let Ok(name) = ServerName::try_from(host.to_owned()) else {
            return Trust::Other(format!("{host}: no name that a certificate can be for"));
        };
        let now = jiff::Timestamp::now();
        if now > read.not_after {
            return Trust::Expired;
        }
        if now < read.not_before {
            return Trust::NotYetValid;
        }
        if certificate::is_self_issued(&parsed) {
            return self.judge_self_signed(leaf, &read, &name);
        }
        let Some(verifier) = &self.verifier else { return Trust::Other("no authority is known".to_owned()) };
        let leaf = CertificateDer::from_slice(leaf);
        let intermediates: Vec<CertificateDer<'_>> =
            rest.iter().map(|der| CertificateDer::from_slice(der)).collect();
        match verifier.verify_server_cert(&leaf, &intermediates, &name, &[], UnixTime::now()) {
            Ok(_) => Trust::Trusted,
            Err(error) => self.named(error, &parsed, rest),
        }
    }

    /// Trusted only where the user named this very certificate.
    fn judge_self_signed(&self, leaf: &[u8], read: &SentCertificate, name: &ServerName<'_>) -> Trust {
        if !self.own.iter().any(|own| own == leaf) {
            Trust::SelfSigned
        } else if read.names.iter().any(|own| is_for(own, &name.to_str())) {
            Trust::Trusted
        } else {
            Trust::WrongName
        }
    }

    fn named(&self, error: Error, leaf: &X509Certificate<'_>, rest: &[Vec<u8>]) -> Trust {
        let Error::InvalidCertificate(why) = error else { return Trust::Other(error.to_string()) };
        match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Trust::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Trust::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Trust::WrongName
            }
            CertificateError::UnknownIssuer => {
                if self.lacks_intermediate(leaf, rest) {
                    Trust::Incomplete
                } else {
                    Trust::UnknownRoot
                }
            }
            CertificateError::BadSignature => Trust::Other("a signature in the chain is wrong".to_owned()),
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Trust::Other("signed with an algorithm that clients do not accept".to_owned())
            }
            other => Trust::Other(format!("{other:?}").chars().take(200).collect()),
        }
    }

    /// The chain breaks off below a known root. A missing certificate tells nothing of its own issuer, so this is told by
    /// what only authorities of browsers put into a certificate, or by an organisation whose root is known.
    fn lacks_intermediate(&self, leaf: &X509Certificate<'_>, rest: &[Vec<u8>]) -> bool {
        let sent: Vec<X509Certificate<'_>> = rest
            .iter()
            .filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed))
            .collect();
        let mut last = leaf;
        for _ in 0..=sent.len() {
            if certificate::is_self_issued(last) || self.is_root(last.issuer().as_raw()) {
                return false;
            }
            match sent.iter().find(|parsed| parsed.subject().as_raw() == last.issuer().as_raw()) {
                Some(issuer) => last = issuer,
                None => break,
            }
        }
        let organisation = last.issuer().iter_organization().next().and_then(|it| it.as_str().ok());
        is_public(leaf) || organisation.is_some_and(|it| self.organisations.iter().any(|root| root == it))
    }
}

/// It has marks of an authority that browsers trust: signed certificate timestamps, or a policy of the CA/Browser Forum.
fn is_public(leaf: &X509Certificate<'_>) -> bool {
    leaf.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::SCT(list) => !list.is_empty(),
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().any(|policy| policy.policy_id.to_id_string().starts_with("2.23.140.1."))
        }
        _ => false,
    })
}

/// Whether a name of a certificate covers a host (RFC 6125).
fn is_for(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    name == host
        || name.strip_prefix("*.").is_some_and(|parent| {
            host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest == parent)
        })
}

fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let length = std::fs::metadata(path).map_err(|error| told(&error))?.len();
    if length > CA_FILE {
        return Err(told(&"too large for a file of certificates"));
    }
    let bytes = std::fs::read(path).map_err(|error| told(&error))?;
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect();
    if found.is_empty() { Err(told(&"no certificate in PEM in it")) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_one_label() {
        assert!(is_for("*.app.example", "a.app.example"));
        assert!(!is_for("*.app.example", "a.b.app.example"));
        assert!(!is_for("*.app.example", "app.example"));
        assert!(is_for("App.example", "app.EXAMPLE"));
    }

    #[test]
    fn a_file_that_holds_no_certificate_is_complained_about() {
        let roots = Roots::load(Some(Path::new("/nowhere/at-all.pem")));
        assert!(roots.complaint.is_some_and(|why| why.starts_with("/nowhere/at-all.pem: ")));
    }
}
