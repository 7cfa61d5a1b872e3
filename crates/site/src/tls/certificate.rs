//! What a certificate says of itself.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::LazyLock;

use jiff::Timestamp;
use seaworthy_facts::SentCertificate;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// Names that are kept of one certificate.
const NAMES: usize = 100;
/// Characters that are kept of one text.
const TEXT: usize = 300;

/// Reads a certificate in DER.
///
/// # Errors
/// A few words, when it is none.
pub fn read(der: &[u8]) -> Result<SentCertificate, &'static str> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| "not a certificate in DER")?;
    let (key, key_bits) = key(&certificate);
    let issuer = name(certificate.issuer());
    let (not_before, not_after) =
        (instant(certificate.validity().not_before), instant(certificate.validity().not_after));
    let authority = acme_issuer(certificate.issuer(), not_before, not_after);
    Ok(SentCertificate {
        subject: name(certificate.subject()),
        serial: hexadecimal(certificate.raw_serial()),
        sha256: hexadecimal(&Sha256::digest(der)),
        names: names(&certificate),
        not_before,
        not_after,
        key,
        key_bits,
        signature: signature(&certificate),
        ocsp: names_responder(&certificate),
        acme_issuer: authority.map(|known| known.name.clone()),
        acme_caa: authority.map(|known| known.caa.clone()).unwrap_or_default(),
        issuer,
    })
}

/// Signed certificate timestamps inside a certificate.
pub fn timestamps(der: &[u8]) -> u32 {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return 0 };
    certificate
        .extensions()
        .iter()
        .filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SCT(list) => u32::try_from(list.len()).ok(),
            _ => None,
        })
        .sum()
}

/// Whose signature is on it, as far as names and key identifiers tell: it is its own.
pub fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    if certificate.subject().as_raw() != certificate.issuer().as_raw() {
        return false;
    }
    let (mut own, mut issuer) = (None, None);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => own = Some(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                issuer = id.key_identifier.as_ref().map(|id| id.0);
            }
            _ => {}
        }
    }
    own.is_none() || issuer.is_none() || own == issuer
}

/// Letters that neither break a line nor hide, and not too many.
fn tame(text: &str) -> String {
    text.chars().take(TEXT).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().take(64).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn instant(time: ASN1Time) -> Timestamp {
    let clamped = time.timestamp().clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A distinguished name as RFC 4514 writes it: the most particular part first.
fn name(name: &X509Name<'_>) -> String {
    let parts: Vec<String> = name
        .iter_rdn()
        .take(20)
        .map(|relative| {
            let attributes: Vec<String> = relative
                .iter()
                .take(5)
                .map(|attribute| {
                    let kind = match attribute.attr_type().to_id_string().as_str() {
                        "2.5.4.3" => "CN".to_owned(),
                        "2.5.4.5" => "serialNumber".to_owned(),
                        "2.5.4.6" => "C".to_owned(),
                        "2.5.4.7" => "L".to_owned(),
                        "2.5.4.8" => "ST".to_owned(),
                        "2.5.4.9" => "STREET".to_owned(),
                        "2.5.4.10" => "O".to_owned(),
                        "2.5.4.11" => "OU".to_owned(),
                        "0.9.2342.19200300.100.1.25" => "DC".to_owned(),
                        other => other.to_owned(),
                    };
                    format!("{kind}={}", escaped(attribute.as_str().unwrap_or("?")))
                })
                .collect();
            attributes.join("+")
        })
        .collect();
    parts.into_iter().rev().collect::<Vec<_>>().join(",")
}

fn escaped(value: &str) -> String {
    tame(value).chars().fold(String::new(), |mut text, letter| {
        if matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            text.push('\\');
        }
        text.push(letter);
        text
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative =
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => Some(names),
            _ => None,
        });
    let Some(alternative) = alternative else { return Vec::new() };
    alternative
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(tame(name)),
            GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
                .ok()
                .map(|address| address.to_string()),
            _ => None,
        })
        .take(NAMES)
        .collect()
}

fn key(certificate: &X509Certificate<'_>) -> (String, u32) {
    let info = certificate.public_key();
    let curve = info
        .algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok())
        .map(|curve| curve.to_id_string());
    let bits = |bits: usize| u32::try_from(bits).unwrap_or(u32::MAX);
    match info.algorithm.algorithm.to_id_string().as_str() {
        "1.3.101.112" => return ("Ed25519".to_owned(), 256),
        "1.3.101.113" => return ("Ed448".to_owned(), 456),
        _ => {}
    }
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => ("RSA".to_owned(), bits(modulus_bits(key.modulus))),
        Ok(PublicKey::DSA(_)) => ("DSA".to_owned(), 0),
        Ok(PublicKey::EC(point)) => match curve.as_deref() {
            Some("1.2.840.10045.3.1.1") => ("EC P-192".to_owned(), 192),
            Some("1.3.132.0.33") => ("EC P-224".to_owned(), 224),
            Some("1.2.840.10045.3.1.7") => ("EC P-256".to_owned(), 256),
            Some("1.3.132.0.10") => ("EC secp256k1".to_owned(), 256),
            Some("1.3.132.0.34") => ("EC P-384".to_owned(), 384),
            Some("1.3.132.0.35") => ("EC P-521".to_owned(), 521),
            other => (format!("EC {}", other.unwrap_or("of its own curve")), bits(point.key_size())),
        },
        _ => (tame(&info.algorithm.algorithm.to_id_string()), 0),
    }
}

/// The length of a number without its leading zeros.
fn modulus_bits(modulus: &[u8]) -> usize {
    let significant =
        modulus.iter().position(|byte| *byte != 0).map_or(&modulus[..0], |start| &modulus[start..]);
    significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

fn signature(certificate: &X509Certificate<'_>) -> String {
    let known = match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => "RSA with MD2",
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "RSA with SHA-1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "RSA with SHA-256",
        "1.2.840.113549.1.1.12" => "RSA with SHA-384",
        "1.2.840.113549.1.1.13" => "RSA with SHA-512",
        "1.2.840.113549.1.1.14" => "RSA with SHA-224",
        "1.2.840.10040.4.3" => "DSA with SHA-1",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.1" => "ECDSA with SHA-224",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => return tame(other),
    };
    known.to_owned()
}

fn names_responder(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().any(|entry| entry.access_method.to_id_string() == "1.3.6.1.5.5.7.48.1")
        }
        _ => false,
    })
}

#[derive(Deserialize)]
struct Authorities {
    authority: Vec<Authority>,
}

/// A certification authority that issues by ACME.
#[derive(Deserialize)]
struct Authority {
    name: String,
    /// Organisations that stand in the name of the issuing certificate.
    #[serde(default)]
    organisations: Vec<String>,
    /// How the common name of the issuing certificate begins.
    #[serde(default)]
    common_names: Vec<String>,
    /// Longer certificates of the same issuer are sold by hand.
    longest_days: Option<i64>,
    /// Names by which CAA records allow it.
    #[serde(default)]
    caa: Vec<String>,
}

static AUTHORITIES: LazyLock<Vec<Authority>> = LazyLock::new(|| {
    toml::from_str::<Authorities>(include_str!("authorities.toml"))
        .map(|file| file.authority)
        .unwrap_or_default()
});

fn acme_issuer(
    issuer: &X509Name<'_>,
    not_before: Timestamp,
    not_after: Timestamp,
) -> Option<&'static Authority> {
    let days = not_after.duration_since(not_before).as_hours() / 24;
    let organisation = issuer.iter_organization().next().and_then(|it| it.as_str().ok()).unwrap_or_default();
    let common = issuer.iter_common_name().next().and_then(|it| it.as_str().ok()).unwrap_or_default();
    AUTHORITIES.iter().find(|authority| {
        (authority.organisations.iter().any(|it| it == organisation)
            || authority.common_names.iter().any(|start| common.starts_with(start.as_str())))
            && authority.longest_days.is_none_or(|longest| days <= longest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_of_authorities_is_read() {
        assert!(AUTHORITIES.len() > 5);
        assert!(AUTHORITIES.iter().all(|it| !(it.organisations.is_empty() && it.common_names.is_empty())));
    }

    #[test]
    fn leading_zeros_are_no_length() {
        assert_eq!(modulus_bits(&[0, 0x80, 0, 0]), 24);
        assert_eq!(modulus_bits(&[1, 0]), 9);
        assert_eq!(modulus_bits(&[0, 0]), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }
    }
}
