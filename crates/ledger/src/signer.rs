//! Choosing a key to sign with.

use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;
use ssh_key::{PublicKey, SshSig};

use crate::agent::{Agent, Identity};
use crate::allowed_signers::AllowedSigners;
use crate::error::Error;
use crate::key_file::{AskPassphrase, KeyFile, read_private, read_public};
use crate::sshsig;

/// Something that can sign with an SSH key.
pub trait Signer {
    /// The key that signatures are checked with.
    fn public_key(&self) -> &PublicKey;

    /// What it is, for messages: "the key file …".
    fn description(&self) -> String;

    /// Signs `message` for this program's namespace.
    fn sign(&self, message: &[u8]) -> Result<SshSig, Error>;

    /// The `SHA256:…` fingerprint of the key.
    fn fingerprint(&self) -> String {
        sshsig::fingerprint(self.public_key().key_data())
    }
}

/// What is at hand for signing.
pub struct SigningContext<'a> {
    /// The socket of a running SSH agent.
    pub agent_socket: Option<PathBuf>,
    /// The home folder, whose `.ssh` may hold keys.
    pub home: Option<PathBuf>,
    /// Asks for a passphrase.
    pub ask_passphrase: AskPassphrase<'a>,
    /// Keys that these name are chosen before others.
    pub preferred: Option<&'a AllowedSigners>,
}

impl<'a> SigningContext<'a> {
    /// Takes the agent and the home folder from the environment of the process.
    pub fn from_environment(
        ask_passphrase: AskPassphrase<'a>,
        preferred: Option<&'a AllowedSigners>,
    ) -> Self {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = folder("HOME").or_else(|| folder("USERPROFILE"));
        Self { agent_socket: folder("SSH_AUTH_SOCK"), home, ask_passphrase, preferred }
    }
}

/// The file names that `ssh` itself looks for.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Finds a signer.
///
/// `explicit` is a private key file, or a public one whose secret half the agent holds (or that lies beside
/// it). Otherwise the agent's keys come first, then the usual files; among them those that the preferred
/// allowed signers name.
pub fn find_signer(explicit: Option<&Path>, context: &SigningContext<'_>) -> Result<Box<dyn Signer>, Error> {
    match explicit {
        Some(path) => named_signer(path, context),
        None => any_signer(context),
    }
}

fn named_signer(path: &Path, context: &SigningContext<'_>) -> Result<Box<dyn Signer>, Error> {
    if let Some(public) = read_public(path)? {
        let mut reasons = Vec::new();
        if let Some(signer) = from_agent(public.key_data(), context, &mut reasons) {
            return Ok(signer);
        }
        let private = path.with_extension("");
        if private != path && private.is_file() {
            return Ok(Box::new(KeyFile::open(&private, context.ask_passphrase)?));
        }
        let mut message =
            "it is a public key, and its private key is neither in the agent nor beside it; run `ssh-add`"
                .to_owned();
        if !reasons.is_empty() {
            message = format!("{message} ({})", reasons.join("; "));
        }
        return Err(Error::Key { path: path.to_owned(), message });
    }
    let key = read_private(path)?;
    // An agent that holds the key spares the question for its passphrase.
    if key.is_encrypted()
        && let Some(signer) = from_agent(key.public_key().key_data(), context, &mut Vec::new())
    {
        return Ok(signer);
    }
    Ok(Box::new(KeyFile::open(path, context.ask_passphrase)?))
}

fn from_agent(
    key: &KeyData,
    context: &SigningContext<'_>,
    reasons: &mut Vec<String>,
) -> Option<Box<dyn Signer>> {
    let socket = context.agent_socket.as_deref()?;
    let found = Agent::connect(socket).and_then(|agent| {
        let identities = agent.identities()?;
        Ok((agent, identities))
    });
    match found {
        Ok((agent, identities)) => {
            let identity = identities.into_iter().find(|identity| identity.key.key_data() == key)?;
            Some(Box::new(agent.signer(identity)))
        }
        Err(error) => {
            reasons.push(error.to_string());
            None
        }
    }
}

enum Source {
    Agent(Identity),
    File(PathBuf),
}

fn any_signer(context: &SigningContext<'_>) -> Result<Box<dyn Signer>, Error> {
    let mut tried = Vec::new();
    let mut candidates: Vec<(KeyData, Source)> = Vec::new();
    let agent = match &context.agent_socket {
        None => {
            tried.push("SSH_AUTH_SOCK names no agent".to_owned());
            None
        }
        Some(socket) => match Agent::connect(socket).and_then(|agent| Ok((agent.identities()?, agent))) {
            Ok((identities, agent)) => {
                tried.push(format!("the agent holds no usable key, of {}", identities.len()));
                let usable = identities
                    .into_iter()
                    .filter(|identity| sshsig::supported(identity.key.key_data()).is_ok());
                candidates.extend(
                    usable.map(|identity| (identity.key.key_data().clone(), Source::Agent(identity))),
                );
                Some(agent)
            }
            Err(error) => {
                tried.push(error.to_string());
                None
            }
        },
    };
    if let Some(home) = &context.home {
        for path in DEFAULT_KEYS.map(|name| home.join(".ssh").join(name)) {
            match read_private(&path) {
                Ok(key) => candidates.push((key.public_key().key_data().clone(), Source::File(path))),
                Err(_) if !path.exists() => tried.push(format!("{} does not exist", path.display())),
                Err(error) => tried.push(error.to_string()),
            }
        }
    }
    // A stable sort: the order of the sources decides among equals.
    candidates.sort_by_key(|(key, _)| !context.preferred.is_some_and(|allowed| allowed.names(key)));
    let mut agent = agent;
    for (_, source) in candidates {
        match source {
            Source::Agent(identity) => {
                if let Some(agent) = agent.take() {
                    return Ok(Box::new(agent.signer(identity)));
                }
            }
            Source::File(path) => match KeyFile::open(&path, context.ask_passphrase) {
                Ok(key) => return Ok(Box::new(key)),
                Err(error) => tried.push(error.to_string()),
            },
        }
    }
    Err(Error::NoSigner { tried })
}
