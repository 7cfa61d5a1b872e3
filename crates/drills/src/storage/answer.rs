//! What S3 answers, in XML.

use jiff::Timestamp;
use roxmltree::{Document, Node, ParsingOptions};

use super::settings::Settings;
use super::{Object, Versioning};

/// A page of a listing.
#[derive(Debug, Default)]
pub struct Page {
    /// Its objects.
    pub objects: Vec<Object>,
    /// What asks for the next page.
    pub next: Option<String>,
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The key of the object.
    pub key: String,
    /// The name of the version.
    pub id: String,
    /// When it was written.
    pub modified: Option<Timestamp>,
}

fn parse(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 200_000, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| format!("it is no XML: {error}"))
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<&'a str> {
    node.children().find(|child| child.tag_name().name() == name)?.text()
}

/// `ListObjectsV2`.
pub fn listing(text: &str) -> Result<Page, String> {
    let document = parse(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return Err(format!("it is a {}", root.tag_name().name()));
    }
    let mut page = Page::default();
    for entry in root.children().filter(|child| child.tag_name().name() == "Contents") {
        let object = || {
            Some(Object {
                key: child(entry, "Key")?.to_owned(),
                size: child(entry, "Size")?.trim().parse().ok()?,
                etag: child(entry, "ETag").unwrap_or_default().trim_matches('"').to_owned(),
                modified: child(entry, "LastModified")?.trim().parse::<Timestamp>().ok()?,
            })
        };
        page.objects.push(object().ok_or("an object of it has no key, size or date")?);
    }
    if child(root, "IsTruncated").is_some_and(|text| text.trim() == "true") {
        page.next = Some(child(root, "NextContinuationToken").ok_or("it is cut off")?.to_owned());
    }
    Ok(page)
}

/// `GetBucketVersioning`.
pub fn versioning(text: &str) -> Result<Versioning, String> {
    let document = parse(text)?;
    let root = document.root_element();
    // Some storages name the answer after the question.
    if !["VersioningConfiguration", "GetBucketVersioningResponse"].contains(&root.tag_name().name()) {
        return Err(format!("it is a {}", root.tag_name().name()));
    }
    match child(root, "Status").map(str::trim) {
        Some("Enabled") => Ok(Versioning::Enabled),
        Some("Suspended") => Ok(Versioning::Suspended),
        None => Ok(Versioning::Off),
        Some(other) => Err(format!("the status is {other:?}")),
    }
}

/// `ListObjectVersions`.
pub fn versions(text: &str) -> Result<Vec<Version>, String> {
    let document = parse(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "ListVersionsResult" {
        return Err(format!("it is a {}", root.tag_name().name()));
    }
    Ok(root
        .children()
        .filter(|child| matches!(child.tag_name().name(), "Version" | "DeleteMarker"))
        .filter_map(|entry| {
            Some(Version {
                key: child(entry, "Key")?.to_owned(),
                id: child(entry, "VersionId")?.to_owned(),
                modified: child(entry, "LastModified").and_then(|text| text.trim().parse().ok()),
            })
        })
        .collect())
}

/// Why a request was refused, for people.
pub fn why(status: u16, text: &str, region: Option<&str>, settings: &Settings, bucket: &str) -> String {
    let document = parse(text).ok();
    let field = |name: &str| {
        let root = document.as_ref()?.root_element();
        child(root, name)
            .map(|text| text.trim().chars().filter(|c| !c.is_control()).take(200).collect::<String>())
    };
    let code = field("Code").unwrap_or_default();
    let elsewhere = region.map(str::to_owned).or_else(|| field("Region"));
    let keys = settings.source();
    match (code.as_str(), status) {
        ("NoSuchBucket", _) => format!("there is no bucket {bucket}"),
        ("InvalidAccessKeyId", _) => format!("the access key is not known there ({keys})"),
        ("SignatureDoesNotMatch", _) => format!("the secret key does not belong to the access key ({keys})"),
        ("ExpiredToken" | "TokenRefreshRequired", _) => format!("the session has expired ({keys})"),
        ("InvalidToken", _) => format!("the session token is not valid ({keys})"),
        ("RequestTimeTooSkewed", _) => "the clock of this machine is wrong".to_owned(),
        ("AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError" | "PermanentRedirect", _)
            if elsewhere.is_some() =>
        {
            format!(
                "the bucket is in the region {}, and {} was asked; name it with --region or as `region` under [backups]",
                elsewhere.unwrap_or_default(),
                settings.region
            )
        }
        (_, 301 | 302 | 307 | 308) => match elsewhere {
            Some(region) => {
                format!(
                    "the bucket is in the region {region}; name it with --region or as `region` under [backups]"
                )
            }
            None => "it leads to another host, and that is not followed; name the right endpoint".to_owned(),
        },
        ("AccessDenied" | "AllAccessDisabled", _) | ("", 403) => format!("it is not allowed ({keys})"),
        ("", 404) => "it is not there".to_owned(),
        ("", status) => format!("it answers {status}"),
        (code, status) => match field("Message") {
            Some(message) => format!("{code} ({status}): {message}"),
            None => format!("{code} ({status})"),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_page_of_a_listing() {
        let text = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated>\
            <NextContinuationToken>a+b</NextContinuationToken><Contents><Key>shop/a &amp; b.dump</Key><LastModified>2026-11-28T03:00:00.000Z\
            </LastModified><ETag>\"abc\"</ETag><Size>12</Size></Contents></ListBucketResult>";
        let page = listing(text).unwrap();
        assert_eq!(page.next.as_deref(), Some("a+b"));
        assert_eq!((page.objects[0].key.as_str(), page.objects[0].size), ("shop/a & b.dump", 12));
        assert_eq!(page.objects[0].etag, "abc");
        assert!(listing(&text.replace("<NextContinuationToken>a+b</NextContinuationToken>", "")).is_err());
        assert!(listing("<html/>").is_err());
        assert!(listing("").is_err());
    }

    #[test]
    fn answers_about_versions() {
        let of =
            |inner: &str| versioning(&format!("<VersioningConfiguration>{inner}</VersioningConfiguration>"));
        assert_eq!(of("<Status>Enabled</Status>"), Ok(Versioning::Enabled));
        assert_eq!(of("<Status>Suspended</Status>"), Ok(Versioning::Suspended));
        assert_eq!(of(""), Ok(Versioning::Off));
        assert!(versioning("<Error/>").is_err());
        let listed = versions(
            "<ListVersionsResult><DeleteMarker><Key>k</Key><VersionId>3</VersionId></DeleteMarker>\
             <Version><Key>k</Key><VersionId>1</VersionId></Version></ListVersionsResult>",
        );
        assert_eq!(listed.unwrap().len(), 2);
    }
}
