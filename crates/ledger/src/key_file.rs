//! Signing with an OpenSSH private key file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding, Signer as _};
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::{Algorithm, HashAlg, PrivateKey, PublicKey, Signature, SshSig};

use crate::error::Error;
use crate::signer::Signer;
use crate::sshsig::{HASH, NAMESPACE, supported};

const LONGEST_FILE: u64 = 64 * 1024;

/// Asks for the passphrase of a key file; `None` when there is nobody to ask.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// A private key, ready to sign.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    key: PrivateKey,
}

impl KeyFile {
    /// Opens a private key file; `ask` is called only when the file is encrypted.
    pub fn open(path: &Path, ask: AskPassphrase<'_>) -> Result<Self, Error> {
        let error = |message: String| Error::Key { path: path.to_owned(), message };
        let mut key = read_private(path)?;
        supported(key.public_key().key_data()).map_err(error)?;
        if key.is_encrypted() {
            let passphrase = ask(path).ok_or_else(|| {
                error("the key is encrypted and no passphrase was given; run `ssh-add` and sign through the agent".into())
            })?;
            key = key.decrypt(passphrase.as_bytes()).map_err(|reason| {
                error(match reason {
                    ssh_key::Error::Crypto => "the passphrase is wrong".into(),
                    other => unreadable(&other),
                })
            })?;
        }
        if matches!(key.key_data(), KeypairData::SkEd25519(_) | KeypairData::SkEcdsaSha2NistP256(_)) {
            return Err(error(
                "its secret is in a hardware token; run `ssh-add` and sign through the agent".into(),
            ));
        }
        Ok(Self { path: path.to_owned(), key })
    }
}

/// Reads a private key file without decrypting it.
pub(crate) fn read_private(path: &Path) -> Result<PrivateKey, Error> {
    let text = read_bounded(path)?;
    let error = |message: String| Error::Key { path: path.to_owned(), message };
    if !text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
        return Err(error(if text.contains("PRIVATE KEY-----") {
            "it is not in OpenSSH's own format; convert it with `ssh-keygen -p -f FILE`".into()
        } else {
            "it is not an OpenSSH private key".into()
        }));
    }
    PrivateKey::from_openssh(text.trim()).map_err(|reason| error(unreadable(&reason)))
}

/// The library cannot read an ECDSA key whose secret number happens to be short (one in 256), so a file
/// that it refuses is not necessarily broken.
fn unreadable(reason: &ssh_key::Error) -> String {
    format!(
        "the private key cannot be read ({reason}); if the file is complete, run `ssh-add` and name its .pub \
         file to sign through the agent"
    )
}

/// Reads a public key file, if that is what the file is.
pub(crate) fn read_public(path: &Path) -> Result<Option<PublicKey>, Error> {
    Ok(PublicKey::from_openssh(read_bounded(path)?.trim()).ok())
}

fn read_bounded(path: &Path) -> Result<String, Error> {
    let failed = || Error::io("read the key file", path);
    let file = File::open(path).map_err(failed())?;
    let mut text = String::new();
    let length = file.take(LONGEST_FILE + 1).read_to_string(&mut text).map_err(failed())?;
    if length as u64 > LONGEST_FILE {
        let message = "the file is too large for a key".to_owned();
        return Err(Error::Key { path: path.to_owned(), message });
    }
    Ok(text)
}

impl Signer for KeyFile {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn description(&self) -> String {
        format!("the key file {}", self.path.display())
    }

    fn sign(&self, message: &[u8]) -> Result<SshSig, Error> {
        let signature = match self.key.key_data() {
            KeypairData::Rsa(pair) => sign_rsa(pair, message),
            _ => self.key.sign(NAMESPACE, HASH, message),
        };
        signature.map_err(|reason| Error::Key {
            path: self.path.clone(),
            message: format!("signing failed ({reason}); is the key sound?"),
        })
    }
}

/// `ssh-key` hands one prime twice to the arithmetic behind RSA, which then refuses every key.
fn sign_rsa(pair: &RsaKeypair, message: &[u8]) -> Result<SshSig, ssh_key::Error> {
    let number = |mpint: &ssh_key::Mpint| {
        mpint.as_positive_bytes().map(rsa::BigUint::from_bytes_be).ok_or(ssh_key::Error::Crypto)
    };
    let (public, private) = (&pair.public, &pair.private);
    let primes = vec![number(&private.p)?, number(&private.q)?];
    let key = rsa::RsaPrivateKey::from_components(
        number(&public.n)?,
        number(&public.e)?,
        number(&private.d)?,
        primes,
    )
    .map_err(|_| ssh_key::Error::Crypto)?;
    let signed = SshSig::signed_data(NAMESPACE, HASH, message)?;
    let bytes = SigningKey::<rsa::sha2::Sha512>::new(key)
        .try_sign(&signed)
        .map_err(|_| ssh_key::Error::Crypto)?
        .to_vec();
    let signature = Signature::new(Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, bytes)?;
    SshSig::new(public.clone().into(), NAMESPACE, HASH, signature)
}
