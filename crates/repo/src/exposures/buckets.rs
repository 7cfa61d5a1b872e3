//! Buckets that infrastructure code opens to everybody. A bucket that serves a site or its assets is meant to be read.

use seaworthy_facts::{ExposedData, Infrastructure, Resource};
use seaworthy_model::ExposureKind;

/// Open buckets.
pub fn collect(infrastructure: &Infrastructure) -> Vec<ExposedData> {
    let websites: Vec<&str> = infrastructure
        .resources
        .iter()
        .filter(|resource| resource.kind == "aws_s3_bucket_website_configuration")
        .map(|resource| resource.name.as_str())
        .collect();
    let mut found = Vec::new();
    for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
        let Some((what, writes)) = open(resource) else { continue };
        let website = resource.get("website.**").is_some()
            || resource.get("WebsiteConfiguration.**").is_some()
            || websites.contains(&resource.name.as_str());
        if !writes && (website || is_for_everybody(resource)) {
            continue;
        }
        let does = if writes { "read and write" } else { "read" };
        found.push(ExposedData {
            kind: ExposureKind::PublicBucket,
            priority: 1,
            what: format!("{} `{}` lets everybody {does} its objects ({what})", resource.kind, resource.name),
            at: resource.at.clone(),
            digest: None,
            remedy: "Block public access to the bucket, and hand out objects by signed addresses or through the application.".to_owned(),
        });
    }
    found
}

/// What opens it, and whether for writing.
fn open(resource: &Resource) -> Option<(String, bool)> {
    let value =
        |path: &str| resource.get(path).and_then(|setting| setting.value.as_deref()).unwrap_or_default();
    match resource.kind.as_str() {
        "aws_s3_bucket" | "aws_s3_bucket_acl" => match value("acl") {
            "public-read" => Some(("acl public-read".to_owned(), false)),
            "public-read-write" => Some(("acl public-read-write".to_owned(), true)),
            _ => None,
        },
        "AWS::S3::Bucket" => match value("AccessControl") {
            "PublicRead" => Some(("AccessControl PublicRead".to_owned(), false)),
            "PublicReadWrite" => Some(("AccessControl PublicReadWrite".to_owned(), true)),
            _ => None,
        },
        "google_storage_bucket_iam_member"
        | "google_storage_bucket_iam_binding"
        | "google_storage_bucket_access_control" => {
            let everybody = ["member", "entity"]
                .iter()
                .any(|path| matches!(value(path), "allUsers" | "allAuthenticatedUsers"))
                || resource.all("members.*").any(|member| {
                    matches!(member.value.as_deref(), Some("allUsers" | "allAuthenticatedUsers"))
                });
            let role = value("role");
            let writes = role.contains("objectAdmin")
                || role.contains("objectCreator")
                || role.contains("objectUser")
                || role.ends_with("storage.admin")
                || matches!(role, "WRITER" | "OWNER");
            everybody.then(|| ("allUsers".to_owned(), writes))
        }
        "azurerm_storage_container" => match value("container_access_type") {
            access @ ("blob" | "container") => Some((format!("container_access_type {access}"), false)),
            _ => None,
        },
        "digitalocean_spaces_bucket" => match value("acl") {
            "public-read" => Some(("acl public-read".to_owned(), false)),
            _ => None,
        },
        _ => None,
    }
}

/// Its name says that everybody is meant to read it.
fn is_for_everybody(resource: &Resource) -> bool {
    let mut names = vec![resource.name.to_ascii_lowercase()];
    for path in ["bucket", "name", "BucketName"] {
        names.extend(
            resource
                .get(path)
                .and_then(|setting| setting.value.as_ref())
                .map(|name| name.to_ascii_lowercase()),
        );
    }
    const WORDS: &[&str] = &[
        "public", "asset", "static", "cdn", "www", "website", "site", "frontend", "front", "web", "client",
        "media", "download",
    ];
    names.iter().any(|name| WORDS.iter().any(|word| name.contains(word)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use seaworthy_facts::{InfrastructureTool, Location};

    fn bucket(kind: &str, name: &str, settings: &[(&str, &str)]) -> Resource {
        let at = Location::line("main.tf", 3);
        seaworthy_testkit::infrastructure::resource(InfrastructureTool::Terraform, kind, name, &at, settings)
    }

    fn count(resource: Resource) -> usize {
        collect(&Infrastructure { resources: vec![resource], unread: Vec::new() }).len()
    }

    #[test]
    fn open_buckets_are_found_and_sites_are_not() {
        assert_eq!(count(bucket("aws_s3_bucket", "invoices", &[("acl", "public-read")])), 1);
        assert_eq!(count(bucket("aws_s3_bucket", "invoices", &[("acl", "private")])), 0);
        assert_eq!(count(bucket("aws_s3_bucket", "assets", &[("acl", "public-read")])), 0);
        assert_eq!(count(bucket("aws_s3_bucket", "assets", &[("acl", "public-read-write")])), 1);
        assert_eq!(
            count(bucket(
                "google_storage_bucket_iam_member",
                "uploads",
                &[("member", "allUsers"), ("role", "roles/storage.objectViewer")]
            )),
            1
        );
        assert_eq!(
            count(bucket("azurerm_storage_container", "uploads", &[("container_access_type", "private")])),
            0
        );
    }
}
