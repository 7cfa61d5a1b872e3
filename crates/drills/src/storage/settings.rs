//! How object storage is reached: what is declared, the standard variables of AWS' tools, and their profiles.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::Stop;

/// A larger file holds no profiles, in bytes.
const LARGEST: u64 = 1 << 20;

/// The region where none is named.
const USUAL_REGION: &str = "us-east-1";

/// What is declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The address of the storage; else AWS' own.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
}

/// Where the keys came from. The keys themselves are shown nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Environment,
    Profile { name: String, file: PathBuf },
}

/// Everything that a request needs.
pub struct Settings {
    /// The endpoint, where it is not AWS' own.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Certificates of authorities of one's own.
    pub authorities: Option<PathBuf>,
    id: String,
    secret: String,
    token: Option<String>,
    source: Source,
}

impl Settings {
    /// Finds them.
    ///
    /// # Errors
    /// When there are no keys.
    pub fn find(reach: &Reach) -> Result<Settings, Stop> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Settings::of(reach, &variable)
    }

    fn of(reach: &Reach, variable: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Stop> {
        let home = variable("HOME").map(PathBuf::from);
        let file = |name: &str, usual: &str| {
            variable(name).map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(usual)))
        };
        let name = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let wanted = name.as_deref().unwrap_or("default");
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
        let config = file("AWS_CONFIG_FILE", ".aws/config");
        let stored = credentials.as_deref().map(|path| section(path, &[wanted])).transpose()?.flatten();
        let long = format!("profile {wanted}");
        let further = config.as_deref().map(|path| section(path, &[&long, wanted])).transpose()?.flatten();
        let setting = |key: &str| {
            [&stored, &further].into_iter().flatten().find_map(|section| section.get(key).cloned())
        };
        let (id, secret, token, source) =
            match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
                // A profile that is asked for by name is meant.
                (Some(id), Some(secret)) if variable("AWS_PROFILE").is_none() => {
                    (id, secret, variable("AWS_SESSION_TOKEN"), Source::Environment)
                }
                (Some(_), None) => {
                    return Err(Stop::Usage(
                        "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not".to_owned(),
                    ));
                }
                _ => {
                    let file = credentials.clone().or_else(|| config.clone()).unwrap_or_default();
                    match (setting("aws_access_key_id"), setting("aws_secret_access_key")) {
                        (Some(id), Some(secret)) => (
                            id,
                            secret,
                            setting("aws_session_token"),
                            Source::Profile { name: wanted.to_owned(), file },
                        ),
                        _ => {
                            return Err(missing(
                                wanted,
                                &file,
                                &setting,
                                stored.is_some() || further.is_some(),
                            ));
                        }
                    }
                }
            };
        let endpoint = reach
            .endpoint
            .clone()
            .or_else(|| variable("AWS_ENDPOINT_URL_S3"))
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .or_else(|| setting("endpoint_url"));
        let region = reach
            .region
            .clone()
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .or_else(|| setting("region"))
            .unwrap_or_else(|| USUAL_REGION.to_owned());
        if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Stop::Usage(format!("{region:?} is no region")));
        }
        let authorities = variable("AWS_CA_BUNDLE").or_else(|| setting("ca_bundle")).map(PathBuf::from);
        Ok(Settings { endpoint, region, authorities, id, secret, token, source })
    }

    /// The access key, the secret key and the token of a session.
    pub fn keys(&self) -> (&str, &str, Option<&str>) {
        (&self.id, &self.secret, self.token.as_deref())
    }

    /// Where the keys came from, for people.
    pub fn source(&self) -> String {
        match &self.source {
            Source::Environment => {
                "the keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned()
            }
            Source::Profile { name, file } => {
                format!("the keys come from the profile {name} of {}", file.display())
            }
        }
    }
}

fn missing(profile: &str, file: &Path, setting: &dyn Fn(&str) -> Option<String>, known: bool) -> Stop {
    let other = ["sso_session", "sso_start_url", "role_arn", "credential_process", "web_identity_token_file"]
        .into_iter()
        .find(|key| setting(key).is_some());
    Stop::Usage(match other {
        Some(key) => format!(
            "the profile {profile} gets its keys by `{key}`, which is not done here: \
             eval \"$(aws configure export-credentials --profile {profile} --format env)\" puts them into the environment"
        ),
        None if known => format!("the profile {profile} has no access key and secret key"),
        None => format!(
            "there are no keys for the object storage: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (keys that may only read \
             are enough), or name a profile of {} with AWS_PROFILE",
            if file.as_os_str().is_empty() {
                "~/.aws/credentials".to_owned()
            } else {
                file.display().to_string()
            }
        ),
    })
}

/// A section of a file of AWS' tools; nothing where the file or the section is not there.
fn section(path: &Path, names: &[&str]) -> Result<Option<BTreeMap<String, String>>, Stop> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| Stop::Usage(format!("{}: cannot be read: {error}", path.display())))?;
    Ok(parse(&text, names))
}

fn parse(text: &str, names: &[&str]) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    let mut within = false;
    for line in text.lines() {
        // What is indented belongs to a setting of one service.
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some(name) = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            within = names.contains(&name.as_str());
            if within {
                found.get_or_insert_default();
            }
        } else if within && let Some((key, value)) = line.split_once('=') {
            let value = value.trim();
            if !value.is_empty() {
                found.get_or_insert_default().insert(key.trim().to_ascii_lowercase(), value.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(variables: &[(&str, &str)], reach: &Reach) -> Result<Settings, Stop> {
        let of =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::of(reach, &of)
    }

    #[test]
    fn profiles_and_variables() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let at = |name: &str| home.path().join(".aws").join(name);
        std::fs::write(
            at("credentials"),
            "[default]\naws_access_key_id = ID\naws_secret_access_key = SECRET\n[other]\naws_access_key_id=ID2\n\
             aws_secret_access_key=SECRET2\naws_session_token = T\n",
        )
        .unwrap();
        std::fs::write(
            at("config"),
            "[default]\nregion = eu-central-1\n[profile other]\nendpoint_url = https://s3.example.com\ns3 =\n  region = no\n\
             [profile corp]\nsso_session = corp\n",
        )
        .unwrap();
        let home = ("HOME", home.path().to_str().unwrap());
        let usual = found(&[home], &Reach::default()).unwrap();
        assert_eq!((usual.keys().0, usual.region.as_str(), &usual.endpoint), ("ID", "eu-central-1", &None));
        let other =
            found(&[home, ("AWS_PROFILE", "other"), ("AWS_REGION", "x-1")], &Reach::default()).unwrap();
        assert_eq!(other.keys(), ("ID2", "SECRET2", Some("T")));
        assert_eq!(
            (other.region.as_str(), other.endpoint.as_deref()),
            ("x-1", Some("https://s3.example.com"))
        );
        let keys = [
            home,
            ("AWS_ACCESS_KEY_ID", "E"),
            ("AWS_SECRET_ACCESS_KEY", "S"),
            ("AWS_ENDPOINT_URL", "http://a"),
        ];
        let declared = Reach { endpoint: Some("http://b".to_owned()), region: None };
        let environment = found(&keys, &declared).unwrap();
        assert_eq!((environment.keys().0, environment.endpoint.as_deref()), ("E", Some("http://b")));
        let sso = found(&[home, ("AWS_PROFILE", "corp")], &Reach::default()).err().unwrap().to_string();
        assert!(sso.contains("sso_session") && sso.contains("export-credentials"), "{sso}");
        let none = found(&[home, ("AWS_PROFILE", "nobody")], &Reach::default()).err().unwrap().to_string();
        assert!(none.contains("AWS_ACCESS_KEY_ID"), "{none}");
    }
}
