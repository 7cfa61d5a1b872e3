use seaworthy_facts::{Absent, FactKind, FactView, Infrastructure, System};
use seaworthy_model::{ItemId, Section};

use super::buckets::{self, Bucket, Purpose};
use super::found::unread;
use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `backups.file-versioning`
pub static ITEM: Item = Item {
    id: ItemId::new("backups.file-versioning"),
    section: Section::Backups,
    question: "Files in object storage can be brought back after an overwrite or a deletion",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: true,
    reads: &[FactKind::System, FactKind::Infrastructure],
    remedy: "Switch on versioning for the bucket that holds user files.",
    page: include_str!("file_versioning.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::object_storage(system) {
        return Ok(not_applicable);
    }
    let infrastructure = view.get::<Infrastructure>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "versioning of buckets in infrastructure code (Terraform and CloudFormation: S3, Cloud Storage, Azure Blob, Spaces, Scaleway, Linode, IBM, B2, R2, MinIO)",
    );
    let all = buckets::all(infrastructure);
    let of =
        |purpose: Purpose| all.iter().filter(move |bucket| bucket.purpose == purpose).collect::<Vec<_>>();
    let (uploads, unclear) = (of(Purpose::UserFiles), of(Purpose::Unclear));
    // Without a telling name the only bucket is the one; an account of Azure may hold anything.
    let alone = all.len() == 1 && !all[0].name.starts_with("azurerm_");
    let (holding, sure): (Vec<&Bucket>, bool) = match (uploads.as_slice(), unclear.as_slice()) {
        ([], [only]) if alone => (vec![*only], true),
        ([], _) => (unclear, false),
        _ => (uploads, true),
    };
    let without = holding.iter().filter(|bucket| bucket.versions == Some(false)).count();
    for bucket in &holding {
        match bucket.versions {
            Some(true) if sure || without == 0 => {
                findings.supports(format!("{} keeps versions", bucket.name), &bucket.at);
            }
            Some(false) if sure => {
                let remark =
                    if bucket.remark.is_empty() { String::new() } else { format!(": {}", bucket.remark) };
                findings.contradicts(format!("{} keeps no versions{remark}", bucket.name), &bucket.at);
            }
            versions => {
                let what = match versions {
                    Some(true) => "keeps versions",
                    Some(false) => "keeps no versions",
                    None => "may or may not keep versions: the setting comes from outside",
                };
                findings.note(format!("{} {what}", bucket.name), Some(&bucket.at));
            }
        }
    }
    if !findings.has_evidence() {
        findings
            .unread(&unread(infrastructure, &["s3", "bucket", "buckets", "storage", "blob", "gcs", "minio"]));
        findings.because(match holding.len() {
            0 => "the bucket that holds user files is not defined here",
            _ => "which of the buckets that are defined here holds user files is not told",
        });
        shared::settle::infrastructure(&mut findings);
    }
    Ok(findings)
}

#[cfg(test)]
mod checks {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::backups::test_support::{facts, report, resource};
    use seaworthy_facts::{Facts, Location, Observed, Resource, Schedules, Unread};
    use seaworthy_model::{Cause, Status};

    fn with(resources: Vec<Resource>) -> Facts {
        let mut facts = facts(Schedules::default());
        let used = Observed::new("S3".to_owned(), Location::line("src/upload.ts", 3));
        facts.system = System { object_storage: vec![used], ..System::default() }.into();
        facts.infrastructure = Infrastructure { resources, unread: Vec::new() }.into();
        facts
    }

    fn of(resources: Vec<Resource>) -> Status {
        report(&ITEM, &with(resources)).status
    }

    fn switch(bucket: &str, status: &str) -> Resource {
        let settings = [("bucket", bucket), ("versioning_configuration.0.status", status)];
        resource("aws_s3_bucket_versioning", "v", &settings)
    }

    #[test]
    fn versions_of_the_bucket_for_uploads_decide() {
        let uploads = || resource("aws_s3_bucket", "uploads", &[]);
        let logs = || resource("aws_s3_bucket", "access_logs", &[]);
        assert_eq!(of(vec![uploads(), logs(), switch("aws_s3_bucket.uploads.id", "Enabled")]), Status::Pass);
        assert_eq!(
            of(vec![uploads(), logs(), switch("aws_s3_bucket.access_logs.id", "Enabled")]),
            Status::Fail
        );
        assert_eq!(of(vec![uploads(), switch("aws_s3_bucket.uploads.id", "Suspended")]), Status::Fail);
        assert_eq!(
            of(vec![resource("google_storage_bucket", "media", &[("versioning.0.enabled", "true")])]),
            Status::Pass
        );
        assert_eq!(
            of(vec![resource(
                "AWS::S3::Bucket",
                "Uploads",
                &[("VersioningConfiguration.Status", "Enabled")]
            )]),
            Status::Pass
        );
        assert_eq!(of(vec![resource("b2_bucket", "files", &[])]), Status::Pass);
    }

    #[test]
    fn what_cannot_be_told_is_unknown() {
        assert_eq!(of(Vec::new()), Status::Unknown);
        assert_eq!(of(vec![resource("aws_s3_bucket", "access_logs", &[])]), Status::Unknown);
        let (one, two) = (resource("aws_s3_bucket", "alpha", &[]), resource("aws_s3_bucket", "beta", &[]));
        assert_eq!(of(vec![one, two]), Status::Unknown);
        assert_eq!(of(vec![resource("azurerm_storage_account", "main", &[])]), Status::Unknown);
        assert_eq!(of(vec![resource("azurerm_storage_account", "tempdata", &[])]), Status::Unknown);
        assert_eq!(of(vec![resource("aws_s3_bucket", "main", &[])]), Status::Fail);
        let mut open = resource("aws_s3_bucket", "uploads", &[("versioning.0.enabled", "x")]);
        open.settings[0].value = None;
        assert_eq!(of(vec![open]), Status::Unknown);
    }

    #[test]
    fn only_what_may_define_a_bucket_makes_it_unreadable() {
        let with_module = |address: &str| {
            let mut facts = with(Vec::new());
            let at = Location::line("main.tf", 1);
            let unread = vec![Unread { what: format!("the Terraform module {address}"), at }];
            facts.infrastructure = Infrastructure { resources: Vec::new(), unread }.into();
            report(&ITEM, &facts).cause
        };
        assert_eq!(with_module("git::https://example.com/s3-bucket"), Some(Cause::NoReader));
        assert_eq!(with_module("git::https://example.com/redis"), Some(Cause::NoEvidence));
    }

    #[test]
    fn no_object_storage_is_not_applicable() {
        assert_eq!(report(&ITEM, &facts(Schedules::default())).status, Status::NotApplicable);
    }
}
