//! The OpenSSH allowed-signers file: whose signatures count, for what, and when.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::error::Error;
use crate::patterns::matches_list;
use crate::text::quoted;

/// A longer file is refused.
pub const LONGEST_FILE: usize = 1 << 20;

/// An allowed-signers file, read.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
}

/// A line that is well formed but cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The line, counted from one.
    pub line: usize,
    /// Why it is not honoured.
    pub why: String,
}

#[derive(Clone, Debug)]
struct Entry {
    line: usize,
    /// Patterns, as they stand in the file.
    principals: String,
    options: Options,
    key: KeyData,
}

#[derive(Clone, Debug, Default)]
struct Options {
    namespaces: Option<String>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    cert_authority: bool,
}

impl AllowedSigners {
    /// Reads the text of the file. Dates without a `Z` are in the system's time zone, as for `ssh-keygen`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_in(text, &TimeZone::system())
    }

    /// Reads the text of the file, with dates without a `Z` in `zone`.
    pub fn parse_in(text: &str, zone: &TimeZone) -> Result<Self, Error> {
        let mut signers = Self::default();
        if text.len() > LONGEST_FILE {
            let message = format!("the file is longer than {LONGEST_FILE} bytes; split it");
            return Err(Error::AllowedSigners { line: 1, message });
        }
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_matches([' ', '\t', '\r']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = parse_line(number, line, zone)
                .map_err(|message| Error::AllowedSigners { line: number, message })?;
            if entry.options.cert_authority {
                let why = "certificate authorities are not supported; list the signers' own keys".to_owned();
                signers.skipped.push(Skipped { line: number, why });
            } else {
                signers.entries.push(entry);
            }
        }
        Ok(signers)
    }

    /// The lines that were not honoured.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Whether any line names this key, whatever its restrictions.
    pub fn names(&self, key: &KeyData) -> bool {
        self.entries.iter().any(|entry| entry.key == *key)
    }

    /// The principal that `key` may sign as, for this namespace and at all of these times.
    ///
    /// With a claimed name, a line has to cover that name, which is then the answer; without one, the
    /// answer is what the line says. The error tells what the nearest line lacks.
    pub fn principal(
        &self,
        key: &KeyData,
        namespace: &str,
        claimed: Option<&str>,
        times: &[Timestamp],
    ) -> Result<String, String> {
        let mut refusal = None;
        for entry in self.entries.iter().filter(|entry| entry.key == *key) {
            match entry.refuses(namespace, claimed, times) {
                None => return Ok(claimed.unwrap_or(&entry.principals).to_owned()),
                Some(why) => refusal = refusal.or(Some(why)),
            }
        }
        Err(refusal.unwrap_or_else(|| "its key is not in the allowed-signers file".to_owned()))
    }
}

impl Entry {
    fn refuses(&self, namespace: &str, claimed: Option<&str>, times: &[Timestamp]) -> Option<String> {
        let line = self.line;
        if let Some(claimed) = claimed
            && !matches_list(&self.principals, claimed)
        {
            let (allowed, claimed) = (quoted(&self.principals), quoted(claimed));
            return Some(format!("its key is allowed for {allowed} (line {line}), not for {claimed}"));
        }
        if let Some(namespaces) = &self.options.namespaces
            && !matches_list(namespaces, namespace)
        {
            return Some(format!(
                "its key is allowed only for the namespaces {} (line {line})",
                quoted(namespaces)
            ));
        }
        for time in times {
            if let Some(after) = self.options.valid_after.filter(|after| time < after) {
                return Some(format!("its key is allowed only from {after} on (line {line})"));
            }
            if let Some(before) = self.options.valid_before.filter(|before| time > before) {
                return Some(format!("its key is allowed only until {before} (line {line})"));
            }
        }
        None
    }
}

/// `principals [options] key-type base64 [comment]`
fn parse_line(number: usize, line: &str, zone: &TimeZone) -> Result<Entry, String> {
    let (principals, rest) = first_word(line)?;
    let principals = principals.strip_prefix('"').and_then(|p| p.strip_suffix('"')).unwrap_or(principals);
    if principals.is_empty() {
        return Err("the list of principals is empty".to_owned());
    }
    let (word, after_word) = first_word(rest)?;
    let (options, key) = if is_key_type(word) {
        (Options::default(), rest)
    } else if word.is_empty() {
        return Err("there is no key after the principals; add `ssh-ed25519 AAAA…`".to_owned());
    } else {
        (parse_options(word, zone)?, after_word)
    };
    let (kind, after_kind) = first_word(key)?;
    let (blob, _comment) = first_word(after_kind)?;
    if !is_key_type(kind) || blob.is_empty() {
        return Err("expected a public key: its type, then its Base64 text".to_owned());
    }
    if kind.contains("-cert-v") {
        return Err("certificates are not supported; list the signer's own public key".to_owned());
    }
    let key = PublicKey::from_openssh(&format!("{kind} {blob}")).map_err(|error| {
        format!("the public key cannot be read ({error}); copy it again from the .pub file")
    })?;
    Ok(Entry { line: number, principals: principals.to_owned(), options, key: key.into() })
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-", "rsa-"].iter().any(|prefix| word.starts_with(prefix))
}

/// Splits at the first blank outside quotation marks.
fn first_word(text: &str) -> Result<(&str, &str), String> {
    let blank = |c: char| c == ' ' || c == '\t';
    let mut within_quotes = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => within_quotes = !within_quotes,
            c if blank(c) && !within_quotes => {
                return Ok((&text[..index], text[index..].trim_start_matches(blank)));
            }
            _ => {}
        }
    }
    if within_quotes { Err("a quotation mark is not closed".to_owned()) } else { Ok((text, "")) }
}

fn parse_options(mut text: &str, zone: &TimeZone) -> Result<Options, String> {
    let mut options = Options::default();
    while !text.is_empty() {
        let end = option_end(text);
        let option = &text[..end];
        text = text[end..].strip_prefix(',').unwrap_or_default();
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        let unquoted = || {
            value
                .and_then(|value| value.strip_prefix('"')?.strip_suffix('"'))
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("the option {} needs a value in quotation marks", quoted(name)))
        };
        let repeated = match name.to_ascii_lowercase().as_str() {
            "cert-authority" if value.is_none() => std::mem::replace(&mut options.cert_authority, true),
            "namespaces" => options.namespaces.replace(unquoted()?.to_owned()).is_some(),
            "valid-after" => options.valid_after.replace(parse_time(unquoted()?, zone)?).is_some(),
            "valid-before" => options.valid_before.replace(parse_time(unquoted()?, zone)?).is_some(),
            _ => {
                return Err(format!(
                    "the option {} is unknown; known are namespaces, valid-after and valid-before",
                    quoted(option)
                ));
            }
        };
        if repeated {
            return Err(format!("the option {} is given twice", quoted(name)));
        }
    }
    if let (Some(after), Some(before)) = (options.valid_after, options.valid_before)
        && after >= before
    {
        return Err("valid-after is not earlier than valid-before, so the key is never valid".to_owned());
    }
    Ok(options)
}

/// Where the first option ends: at a comma outside quotation marks.
fn option_end(text: &str) -> usize {
    let mut within_quotes = false;
    text.char_indices()
        .find(|(_, character)| {
            within_quotes ^= *character == '"';
            *character == ',' && !within_quotes
        })
        .map_or(text.len(), |(index, _)| index)
}

/// `YYYYMMDD[HHMM[SS]][Z]`
fn parse_time(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let wrong = || format!("{} is not a date of the form YYYYMMDD[HHMM[SS]][Z]", quoted(text));
    let (digits, zone) = match text.strip_suffix('Z') {
        Some(digits) => (digits, &TimeZone::UTC),
        None => (text, zone),
    };
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number = |from: usize, to: usize| match digits.get(from..to) {
        Some(part) => part.parse::<i16>().map_err(|_| wrong()),
        None => Ok(0),
    };
    let small = |from, to| number(from, to).and_then(|number| i8::try_from(number).map_err(|_| wrong()));
    DateTime::new(number(0, 4)?, small(4, 6)?, small(6, 8)?, small(8, 10)?, small(10, 12)?, small(12, 14)?, 0)
        .and_then(|time| zone.to_timestamp(time))
        .map_err(|_| wrong())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn parse(text: &str) -> Result<AllowedSigners, Error> {
        AllowedSigners::parse_in(text, &TimeZone::UTC)
    }

    fn principal(text: &str, claimed: Option<&str>, time: &str) -> Result<String, String> {
        let key = PublicKey::from_openssh(KEY).unwrap();
        parse(text).unwrap().principal(key.key_data(), "seaworthy", claimed, &[time.parse().unwrap()])
    }

    #[test]
    fn lines_are_honoured_with_their_options() {
        let noon = "2026-05-01T12:00:00Z";
        for (options, claimed, expected) in [
            ("ann@example.org", None, Ok("ann@example.org")),
            ("ann@example.org", Some("ann@example.org"), Ok("ann@example.org")),
            ("ann@example.org", Some("bob@example.org"), Err("not for \"bob@example.org\"")),
            ("*@example.org,!bob@example.org", Some("ann@example.org"), Ok("ann@example.org")),
            ("*@example.org,!bob@example.org", Some("bob@example.org"), Err("not for")),
            ("\"ann@example.org\"", None, Ok("ann@example.org")),
            ("ann namespaces=\"git,seaworthy\"", None, Ok("ann")),
            ("ann NAMESPACES=\"sea*\"", None, Ok("ann")),
            ("ann namespaces=\"git\"", None, Err("only for the namespaces \"git\"")),
            ("ann valid-after=\"20260501\"", None, Ok("ann")),
            ("ann valid-after=\"202605011201\"", None, Err("only from 2026-05-01T12:01:00Z on")),
            ("ann valid-before=\"20260501115959Z\"", None, Err("only until 2026-05-01T11:59:59Z")),
            (
                "ann valid-after=\"20260101\",valid-before=\"20270101Z\",namespaces=\"seaworthy\"",
                None,
                Ok("ann"),
            ),
        ] {
            let found = principal(&format!("# who\r\n\n{options} {KEY} a comment\r\n"), claimed, noon);
            match expected {
                Ok(name) => assert_eq!(found.as_deref(), Ok(name), "{options}"),
                Err(why) => assert!(found.clone().unwrap_err().contains(why), "{options}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_second_line_may_allow_what_the_first_refuses() {
        let text = format!("ann valid-before=\"20200101\" {KEY}\nann {KEY}\n");
        assert_eq!(principal(&text, None, "2026-05-01T12:00:00Z").as_deref(), Ok("ann"));
    }

    #[test]
    fn dates_without_a_zone_are_in_the_zone_given() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(parse_time("202605011200", &zone).unwrap().to_string(), "2026-05-01T10:00:00Z");
        assert_eq!(parse_time("202605011200Z", &zone).unwrap().to_string(), "2026-05-01T12:00:00Z");
    }

    #[test]
    fn certificate_authorities_are_skipped_with_a_reason() {
        let signers = parse(&format!("* cert-authority {KEY}\n")).unwrap();
        assert_eq!(signers.skipped()[0].line, 1);
        assert!(signers.skipped()[0].why.contains("not supported"));
        assert!(!signers.names(PublicKey::from_openssh(KEY).unwrap().key_data()));
    }

    #[test]
    fn errors_name_the_line_and_the_way_out() {
        for (line, reason) in [
            ("ann", "no key after"),
            ("ann ssh-ed25519", "expected a public key"),
            ("ann ssh-ed25519 AAAA", "copy it again"),
            ("ann ssh-ed25519-cert-v01@openssh.com AAAA", "certificates are not supported"),
            ("ann no-touch-required ssh-ed25519 AAAA", "is unknown"),
            ("ann namespaces=git ssh-ed25519 AAAA", "quotation marks"),
            ("ann namespaces=\"git ssh-ed25519 AAAA", "not closed"),
            ("ann valid-after=\"tomorrow\" ssh-ed25519 AAAA", "not a date"),
            ("ann valid-after=\"20261301\" ssh-ed25519 AAAA", "not a date"),
            ("ann valid-after=\"20260101\",valid-after=\"20260101\" ssh-ed25519 AAAA", "twice"),
            ("ann valid-after=\"20260101\",valid-before=\"20250101\" ssh-ed25519 AAAA", "never valid"),
        ] {
            let error = parse(&format!("# first\n{line}\n")).unwrap_err().to_string();
            assert!(
                error.starts_with("allowed signers, line 2: ") && error.contains(reason),
                "{line}: {error}"
            );
        }
    }
}
