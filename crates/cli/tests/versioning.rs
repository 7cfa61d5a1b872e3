//! Buckets that are asked, and tried, whether they give back what was deleted.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::process::Stdio;

use common::{Run, Sample, command, finish};
use seaworthy_testkit::storage::Storage;

fn drill(sample: &Sample, storage: &Storage, arguments: &[&str]) -> Run {
    let mut drill = command(sample.path());
    drill.args(["drill", "versioning", "--endpoint", &storage.endpoint()]).args(arguments);
    drill.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "sesame-1234");
    let run = finish(drill.output().unwrap());
    assert!(!run.stdout.contains("sesame") && !run.stderr.contains("sesame"), "{run:?}");
    run
}

fn record(sample: &Sample) -> String {
    let folder = sample.file(".seaworthy/records");
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    names.sort();
    assert_eq!(names.len(), 1, "{names:?}");
    let path = names.pop().unwrap();
    let name = path.display().to_string();
    fs::remove_file(&path).unwrap();
    name
}

#[test]
fn a_bucket_for_staging_gives_the_first_version_back_and_nothing_of_the_drill_stays() {
    let storage = Storage::start();
    let sample = Sample::plain(&[("package.json", "{}"), ("kept", "of somebody else")]);
    storage.bucket("acme-staging");
    storage.versioning("acme-staging", "Enabled");
    storage.put("acme-staging", "uploads/kept", &sample.file("kept"));
    let before = storage.ask("GET", "acme-staging?versions", b"");
    let run = drill(&sample, &storage, &["s3://acme-staging", "--plan"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("get its first version back"), "{run:?}");
    let run = drill(&sample, &storage, &["s3://acme-staging"]);
    assert_eq!(run.code, 2, "nobody agreed: {run:?}");
    assert!(!sample.file(".seaworthy").exists());
    let run = drill(&sample, &storage, &["s3://acme-staging", "--yes"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("✓ its first version came back as it was"), "{run:?}");
    record(&sample);
    let after = storage.ask("GET", "acme-staging?versions", b"");
    assert!(!after.contains("seaworthy-drill-") && after.contains("uploads/kept"), "{after}");
    assert_eq!(before.matches("<VersionId>").count(), after.matches("<VersionId>").count());
}

#[test]
fn a_bucket_without_versions_fails_and_production_is_only_asked() {
    let storage = Storage::start();
    let sample = Sample::plain(&[("package.json", "{}")]);
    for bucket in ["acme-prod-uploads", "acme-uploads", "acme-test"] {
        storage.bucket(bucket);
    }
    storage.versioning("acme-test", "Suspended");
    let run = drill(&sample, &storage, &["s3://acme-test", "--yes"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("versioning is Suspended"), "{run:?}");
    record(&sample);
    let run = drill(&sample, &storage, &["s3://acme-prod-uploads", "--yes", "--staging"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("looks like production"), "{run:?}");
    let run = drill(&sample, &storage, &["s3://acme-uploads", "--yes"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("--staging"), "{run:?}");
    let run = drill(&sample, &storage, &["s3://acme-prod-uploads", "--only-ask"]);
    assert_eq!(run.code, 1, "{run:?}");
    record(&sample);
    storage.versioning("acme-prod-uploads", "Enabled");
    let run = drill(&sample, &storage, &["s3://acme-prod-uploads", "--only-ask"]);
    assert_eq!(run.code, 0, "{run:?}");
    let listing = storage.ask("GET", "acme-prod-uploads?versions", b"");
    assert!(!listing.contains("<Version>"), "{listing}");
    // `check` knows it.
    sample.write("package.json", "{\"name\": \"shop\", \"scripts\": {\"start\": \"node a.js\"}, \"dependencies\": {\"@aws-sdk/client-s3\": \"^3.0.0\", \"express\": \"^4.0.0\"}}");
    sample.write("a.js", "const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3'); const express = require('express');\n\
        const s3 = new S3Client({}); const app = express(); app.post('/upload', (q, r) => s3.send(new PutObjectCommand({ Bucket: 'acme-prod-uploads', Key: 'a', Body: q })));\napp.listen(3000);\n");
    let report = sample.report(&[]);
    let item = common::item(&report, "backups.file-versioning");
    assert_eq!(
        (item["status"].as_str(), item["rung"].as_str()),
        (Some("pass"), Some("observed")),
        "{item:#}"
    );
}

/// What is in a bucket, as names of versions.
fn versions(storage: &Storage, of: &str) -> usize {
    storage.ask("GET", "acme-staging?versions", b"").matches(&format!("<Key>{of}")).count()
}

#[test]
fn what_a_killed_drill_left_goes_with_the_next_one_a_day_later() {
    for (storage, old) in [(Storage::of_the_past(48), true), (Storage::start(), false)] {
        let sample = Sample::plain(&[("package.json", "{}"), ("kept", "of somebody else")]);
        storage.bucket("acme-staging");
        storage.versioning("acme-staging", "Enabled");
        // The names of others, however much they look like a drill's.
        for key in ["seaworthy-drill-notes/object", "seaworthy-drill-0123456789ab/other"] {
            storage.put("acme-staging", key, &sample.file("kept"));
        }
        // Killed at the first sight of its object; where it was faster, once more.
        let before = versions(&storage, "seaworthy-drill-");
        let left = (0..20).find_map(|_| {
            let mut drill = command(sample.path());
            drill.args([
                "drill",
                "versioning",
                "--endpoint",
                &storage.endpoint(),
                "s3://acme-staging",
                "--yes",
                "--no-record",
            ]);
            drill.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
            drill.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = drill.spawn().unwrap();
            while child.try_wait().unwrap().is_none() && versions(&storage, "seaworthy-drill-") == before {}
            child.kill().unwrap();
            child.wait().unwrap();
            Some(versions(&storage, "seaworthy-drill-") - before).filter(|left| *left > 0)
        });
        let left = left.expect("a drill is killed before it has cleaned up");
        let plan = drill(&sample, &storage, &["s3://acme-staging", "--plan"]);
        assert_eq!(plan.stdout.contains("drills that were killed"), old, "{plan:?}");
        let run = drill(&sample, &storage, &["s3://acme-staging", "--yes", "--no-record"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.stdout.contains(&format!("{left} versions that drills")), old, "{run:?}");
        assert_eq!(versions(&storage, "seaworthy-drill-") - before, if old { 0 } else { left }, "{run:?}");
    }
}
