//! Buckets that infrastructure code defines: what they are for, and whether they keep versions.

use seaworthy_facts::{Infrastructure, Location, Resource};

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its resource, for people.
    pub name: String,
    /// Where it, or its versioning, is set.
    pub at: Location,
    /// Whether it keeps versions; none where that cannot be told.
    pub versions: Option<bool>,
    /// What it seems to be for.
    pub purpose: Purpose,
    /// What is known beside: why versions are kept or not.
    pub remark: &'static str,
}

/// What a bucket is for, as far as its names tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Files of users.
    UserFiles,
    /// Logs, build output, state, backups.
    Other,
    /// Its names do not say.
    Unclear,
}

/// Kinds of bucket: the setting that switches versions on, and what holds without it.
const KINDS: &[(&str, &str, bool, &str)] = &[
    ("aws_s3_bucket", "versioning.enabled", false, "S3 keeps none unless asked to"),
    (
        "module:terraform-aws-modules/s3-bucket/aws",
        "versioning.enabled",
        false,
        "S3 keeps none unless asked to",
    ),
    ("AWS::S3::Bucket", "VersioningConfiguration.Status", false, "S3 keeps none unless asked to"),
    (
        "google_storage_bucket",
        "versioning.enabled",
        false,
        "Cloud Storage keeps none unless asked to, apart from its soft deletion of seven days",
    ),
    (
        "module:terraform-google-modules/cloud-storage/google",
        "versioning.**",
        false,
        "Cloud Storage keeps none unless asked to",
    ),
    (
        "azurerm_storage_account",
        "blob_properties.versioning_enabled",
        false,
        "blob versioning is off unless switched on",
    ),
    ("digitalocean_spaces_bucket", "versioning.enabled", false, "Spaces keep none unless asked to"),
    ("scaleway_object_bucket", "versioning.enabled", false, "it keeps none unless asked to"),
    ("linode_object_storage_bucket", "versioning", false, "it keeps none unless asked to"),
    ("ibm_cos_bucket", "object_versioning.enable", false, "it keeps none unless asked to"),
    // https://www.backblaze.com/docs/cloud-storage-lifecycle-rules
    (
        "b2_bucket",
        "lifecycle_rules.days_from_hiding_to_deleting",
        true,
        "B2 keeps every version unless a rule removes it",
    ),
    // https://developers.cloudflare.com/r2/api/s3/api/
    ("cloudflare_r2_bucket", "", false, "R2 has no object versions"),
    ("minio_s3_bucket", "", false, "MinIO keeps none unless asked to"),
];

/// Resources that switch versions on for a bucket defined elsewhere, and their setting.
const SWITCHES: &[(&str, &str)] = &[
    ("aws_s3_bucket_versioning", "versioning_configuration.status"),
    ("minio_s3_bucket_versioning", "versioning_configuration.status"),
];

/// Every bucket that is created.
pub fn all(infrastructure: &Infrastructure) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    for (kind, setting, default, remark) in KINDS {
        for resource in infrastructure.of(kind) {
            let mut versions = match resource.get(setting).filter(|_| !setting.is_empty()) {
                _ if *kind == "b2_bucket" => Some(resource.number(setting).is_none_or(|days| days >= 7.0)),
                Some(set) => set.value.as_deref().map(switched_on),
                None => Some(*default),
            };
            let mut at = resource.get(setting).map_or(&resource.at, |setting| &setting.at).clone();
            for (switch, status) in SWITCHES {
                for other in infrastructure.of(switch).filter(|other| is_about(other, resource)) {
                    versions = other.get(status).and_then(|status| status.value.as_deref()).map(switched_on);
                    at = other.get(status).map_or(&other.at, |status| &status.at).clone();
                }
            }
            buckets.push(Bucket {
                name: format!("{}.{}", resource.kind, resource.name),
                at,
                versions,
                purpose: purpose(resource, infrastructure),
                remark,
            });
        }
    }
    // The bucket itself may be defined elsewhere.
    for (switch, status) in SWITCHES {
        for resource in infrastructure.of(switch) {
            let defined = KINDS
                .iter()
                .any(|(kind, ..)| infrastructure.of(kind).any(|bucket| is_about(resource, bucket)));
            if !defined {
                let setting = resource.get(status);
                buckets.push(Bucket {
                    name: format!("{}.{}", resource.kind, resource.name),
                    at: setting.map_or(&resource.at, |setting| &setting.at).clone(),
                    versions: setting.and_then(|setting| setting.value.as_deref()).map(switched_on),
                    purpose: purpose(resource, infrastructure),
                    remark: "",
                });
            }
        }
    }
    buckets
}

fn switched_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "enabled" | "true" | "on")
}

/// Whether a resource names a bucket: by reference, or by the bucket's own name.
fn is_about(resource: &Resource, bucket: &Resource) -> bool {
    let Some(named) = resource.get("bucket").and_then(|named| named.value.as_deref()) else { return false };
    let reference = format!("{}.{}", bucket.kind, bucket.name);
    let by_reference =
        named.strip_prefix(&reference).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let same_folder = |resource: &Resource| {
        resource.at.path().map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned())
    };
    by_reference && same_folder(resource) == same_folder(bucket)
        || bucket
            .get("bucket")
            .and_then(|name| name.value.as_deref())
            .is_some_and(|name| !name.is_empty() && name == named)
}

/// Words of names of buckets that hold files of users.
const USER_FILES: &[&str] = &[
    "upload",
    "uploads",
    "media",
    "attachment",
    "attachments",
    "avatar",
    "avatars",
    "document",
    "documents",
    "files",
    "file",
    "user",
    "users",
    "usercontent",
    "images",
    "photos",
    "videos",
    "content",
    "storage",
    "storages",
    "active",
    "objects",
];

/// Words of names of buckets that hold something else.
const OTHER: &[&str] = &[
    "log",
    "logs",
    "logging",
    "cloudtrail",
    "trail",
    "access",
    "audit",
    "state",
    "tfstate",
    "terraform",
    "backup",
    "backups",
    "artifact",
    "artifacts",
    "deploy",
    "deployment",
    "deployments",
    "build",
    "builds",
    "static",
    "website",
    "site",
    "frontend",
    "front",
    "web",
    "www",
    "spa",
    "ui",
    "client",
    "cdn",
    "lambda",
    "pipeline",
    "codepipeline",
    "codebuild",
    "cache",
    "tmp",
    "temp",
    "loki",
    "tempo",
    "mimir",
    "thanos",
    "metrics",
    "config",
    "source",
    "dist",
    "release",
    "releases",
    "registry",
    "landing",
    "alb",
    "elb",
    "waf",
    "flow",
    "flowlogs",
    "replica",
    "replication",
    "dr",
    "archive",
    "code",
    "function",
    "functions",
    "assets",
];

fn purpose(bucket: &Resource, infrastructure: &Infrastructure) -> Purpose {
    let mut names = vec![bucket.name.to_lowercase()];
    for path in ["bucket", "name", "BucketName", "tags.Name", "label"] {
        names.extend(bucket.get(path).and_then(|name| name.value.as_deref()).map(str::to_lowercase));
    }
    // A bucket that serves a web site holds what was built.
    let website =
        infrastructure.of("aws_s3_bucket_website_configuration").any(|website| is_about(website, bucket))
            || bucket.all("website.**").next().is_some()
            || bucket.get("WebsiteConfiguration.IndexDocument").is_some();
    if website {
        return Purpose::Other;
    }
    let words: Vec<&str> = names
        .iter()
        .flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let holds = |parts: &[&str]| names.iter().any(|name| parts.iter().any(|part| name.contains(part)));
    if words.iter().any(|word| OTHER.contains(word))
        || holds(&["temp", "backup", "tfstate", "artifact", "website", "static"])
    {
        Purpose::Other
    } else if words.iter().any(|word| USER_FILES.contains(word))
        || holds(&["upload", "media", "attachment", "avatar"])
    {
        Purpose::UserFiles
    } else {
        Purpose::Unclear
    }
}
