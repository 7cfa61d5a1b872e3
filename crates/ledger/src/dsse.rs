//! The DSSE envelope: a payload, its type, and the signatures over both.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use crate::text::quoted;

/// The type of the payloads that this ledger keeps.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A record with more signatures than this is refused: checking them is the one slow step of reading.
pub const MOST_SIGNATURES: usize = 4;

/// An envelope as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The signed bytes, decoded.
    pub payload: Vec<u8>,
    /// What the payload is.
    pub payload_type: String,
    /// Any number of signatures; none means that the record is unsigned.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// A hint which key was used; nothing is decided by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyid: Option<String>,
    /// The signature in Base64.
    pub sig: String,
}

/// Why a file is not an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line of the file, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

#[derive(Serialize, Deserialize)]
struct Encoded {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

/// The bytes that a signature covers: DSSE's "pre-authentication encoding", which fixes the type together
/// with the payload so that neither can be swapped under a signature.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// An unsigned envelope around a statement.
    pub fn new(payload: Vec<u8>) -> Self {
        Self { payload, payload_type: PAYLOAD_TYPE.to_owned(), signatures: Vec::new() }
    }

    /// Reads an envelope of the ledger; payloads of another type are refused.
    pub fn parse(file: &[u8]) -> Result<Self, Malformed> {
        let anywhere = |message: String| Malformed { line: None, message };
        let encoded: Encoded = serde_json::from_slice(file).map_err(|error| Malformed {
            line: Some(error.line()).filter(|line| *line > 0),
            message: match error.classify() {
                serde_json::error::Category::Eof => "the file ends in the middle of the envelope".to_owned(),
                serde_json::error::Category::Syntax => "the file is not valid JSON".to_owned(),
                _ => "the file is not a DSSE envelope (payloadType, payload, signatures)".to_owned(),
            },
        })?;
        if encoded.payload_type != PAYLOAD_TYPE {
            let found = quoted(&encoded.payload_type);
            return Err(anywhere(format!("the payload type is {found}, not {PAYLOAD_TYPE}")));
        }
        if encoded.signatures.len() > MOST_SIGNATURES {
            return Err(anywhere(format!("it carries more than {MOST_SIGNATURES} signatures")));
        }
        let payload = decode_base64(&encoded.payload)
            .ok_or_else(|| anywhere("the payload is not valid Base64".to_owned()))?;
        Ok(Self { payload, payload_type: encoded.payload_type, signatures: encoded.signatures })
    }

    /// The bytes that signatures of this envelope cover.
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    /// Adds a signature over [`Envelope::pae`].
    pub fn attach(&mut self, keyid: String, signature: &[u8]) {
        self.signatures.push(Signature { keyid: Some(keyid), sig: STANDARD.encode(signature) });
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        let encoded = Encoded {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures: self.signatures.clone(),
        };
        // Strings, and a list of structs of strings: there is nothing that could fail to serialise.
        let mut text = serde_json::to_string_pretty(&encoded).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The envelope's specification lets writers choose between the two usual alphabets.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, lenient).decode(text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_bytes_are_those_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        // Lengths count bytes, not characters.
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut envelope = Envelope::new(b"{\"a\": 1}".to_vec());
        assert_eq!(Envelope::parse(envelope.to_json().as_bytes()), Ok(envelope.clone()));
        envelope.attach("SHA256:x".to_owned(), &[0xfb, 0xff, 0xfe]);
        assert_eq!(Envelope::parse(envelope.to_json().as_bytes()), Ok(envelope));
    }

    #[test]
    fn both_alphabets_are_read() {
        for text in ["-__-", "+//+"] {
            assert_eq!(decode_base64(text), Some(vec![0xfb, 0xff, 0xfe]));
        }
        assert_eq!(decode_base64("YQ"), Some(b"a".to_vec()));
        assert_eq!(decode_base64("YQ=="), Some(b"a".to_vec()));
        assert_eq!(decode_base64("not base64"), None);
    }

    #[test]
    fn a_malformed_file_is_named_with_its_line() {
        let truncated = Envelope::parse(b"{\n  \"payloadType\": \"x\",\n  \"pay").unwrap_err();
        assert_eq!(truncated.line, Some(3));
        assert!(truncated.message.contains("ends in the middle"));
        let syntax = Envelope::parse(b"{\n  payload\n}").unwrap_err();
        assert_eq!((syntax.line, syntax.message.contains("not valid JSON")), (Some(2), true));
        for (file, reason) in [
            (r#"{"payloadType": "text/plain", "payload": "", "signatures": []}"#, "payload type"),
            (
                r#"{"payloadType": "application/vnd.in-toto+json", "payload": "?", "signatures": []}"#,
                "Base64",
            ),
            (r#"{"payload": "", "signatures": []}"#, "not a DSSE envelope"),
            ("[]", "not a DSSE envelope"),
        ] {
            let error = Envelope::parse(file.as_bytes()).unwrap_err();
            assert!(error.message.contains(reason), "{file}: {}", error.message);
        }
    }
}
