//! OpenSSH signatures (the format of `ssh-keygen -Y sign`) over the bytes of an envelope.

use jiff::Timestamp;
use ssh_encoding::{Decode, Encode};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, Fingerprint, HashAlg, PublicKey, SshSig};

use crate::allowed_signers::AllowedSigners;
use crate::record::SignatureState;
use crate::text::quoted;

/// The purpose that is signed along, so that a signature made for something else is worth nothing here.
pub const NAMESPACE: &str = "seaworthy";

/// The digest inside the signature; also what `ssh-keygen` uses unless told otherwise.
pub const HASH: HashAlg = HashAlg::Sha512;

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The `SHA256:…` fingerprint of a key, as `ssh-keygen -l` prints it.
pub fn fingerprint(key: &KeyData) -> String {
    Fingerprint::new(HashAlg::Sha256, key).to_string()
}

/// Whether signatures of this kind of key can be made and checked; the error says why not.
pub fn supported(key: &KeyData) -> Result<(), String> {
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => Ok(()),
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 | EcdsaCurve::NistP384 } => Ok(()),
        Algorithm::Rsa { .. } => {
            let bits = key.rsa().and_then(|rsa| rsa.n.as_positive_bytes()).map_or(0, bit_length);
            if RSA_BITS.contains(&bits) {
                return Ok(());
            }
            let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
            Err(format!("RSA keys of {bits} bits are not supported, only {least} to {most}"))
        }
        other => Err(format!(
            "keys of type {} are not supported; use ed25519, ecdsa (256 or 384) or rsa",
            quoted(other.as_str())
        )),
    }
}

fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().skip_while(|byte| **byte == 0);
    let leading = significant.clone().next().map_or(0, |byte| byte.leading_zeros() as usize);
    (significant.count() * 8).saturating_sub(leading)
}

/// The signature as bytes: what stands, in Base64, between the armour lines of `ssh-keygen -Y sign`.
pub fn to_bytes(signature: &SshSig) -> Result<Vec<u8>, ssh_key::Error> {
    let mut bytes = Vec::new();
    signature.encode(&mut bytes)?;
    Ok(bytes)
}

/// Reads what [`to_bytes`] gives; the error is a sentence.
pub fn from_bytes(whole: &[u8]) -> Result<SshSig, String> {
    let mut bytes = whole;
    let signature =
        SshSig::decode(&mut bytes).map_err(|error| format!("it is not an OpenSSH signature: {error}"))?;
    // The library's reader accepts wrong lengths around the key and the signature proper; one signature
    // should have one form only. (Its writer gets the signatures of this one kind of key wrong.)
    let canonical = signature.algorithm() == Algorithm::SkEcdsaSha2NistP256
        || to_bytes(&signature).is_ok_and(|canonical| canonical == whole);
    if !bytes.is_empty() || !canonical {
        return Err("it has bytes that do not belong to it".to_owned());
    }
    if signature.version() != SshSig::VERSION {
        return Err(format!("its format version {} is unknown", signature.version()));
    }
    Ok(signature)
}

/// Whether `signature` is a genuine one over `message`, whoever made it; the error is a sentence.
pub fn check(signature: &SshSig, message: &[u8]) -> Result<(), String> {
    if signature.namespace() != NAMESPACE {
        let namespace = quoted(signature.namespace());
        return Err(format!("it was made for the namespace {namespace}, not \"{NAMESPACE}\""));
    }
    supported(signature.public_key())?;
    PublicKey::from(signature.public_key().clone())
        .verify(NAMESPACE, message, signature)
        .map_err(|_| "it does not match the record: the record was changed after signing".to_owned())
}

/// The claims of a record that its signature has to bear out.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who says to have made it.
    pub by: Option<&'a str>,
    /// When it says it was made.
    pub at: Timestamp,
}

/// Judges one signature over `message`.
///
/// The key has to be allowed both when the record says it was made and `now`: the date is only the
/// signer's word, so a key that is no longer allowed could otherwise still sign by dating back.
pub fn judge(
    signature: &[u8],
    message: &[u8],
    claim: Claim<'_>,
    allowed: Option<&AllowedSigners>,
    now: Timestamp,
) -> SignatureState {
    let invalid = |why| SignatureState::Invalid { why };
    let signature = match from_bytes(signature) {
        Ok(signature) => signature,
        Err(why) => return invalid(why),
    };
    if let Err(why) = check(&signature, message) {
        return invalid(why);
    }
    let key = signature.public_key();
    let fingerprint = fingerprint(key);
    let Some(allowed) = allowed else {
        let why = "no allowed-signers file is configured, so nothing says whose key this is".to_owned();
        return SignatureState::Untrusted { fingerprint, why };
    };
    match allowed.principal(key, NAMESPACE, claim.by, &[claim.at, now]) {
        Ok(principal) => SignatureState::Verified { principal, key_fingerprint: fingerprint },
        Err(why) => SignatureState::Untrusted { fingerprint, why },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_without_leading_zeros() {
        for (number, bits) in [(&[][..], 0), (&[0], 0), (&[1], 1), (&[0, 0x80, 0], 16), (&[0x7f, 0xff], 15)] {
            assert_eq!(bit_length(number), bits, "{number:?}");
        }
    }

    #[test]
    fn rubbish_is_no_signature() {
        assert!(from_bytes(b"").is_err());
        assert!(from_bytes(b"SSHSIG\0\0\0\x01").is_err());
    }
}
