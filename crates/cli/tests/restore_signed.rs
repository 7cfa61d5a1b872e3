//! Requests to object storage are signed as AWS' own library signs them, for a storage that checks it.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::{Run, Sample, command, finish};
use seaworthy_testkit::storage::Storage;

const KEY: &str = "AKIDEXAMPLE";
/// With characters that addresses and headers write otherwise.
const SECRET: &str = "wJalr+XUtnFEMI/K7MDENG=sesame";

fn run(sample: &Sample, storage: &Storage, arguments: &[&str], keys: (&str, &str)) -> Run {
    let mut drill = command(sample.path());
    drill.arg("drill").args(arguments).args(["--endpoint", &storage.endpoint(), "--no-record", "--yes"]);
    drill.env("AWS_ACCESS_KEY_ID", keys.0).env("AWS_SECRET_ACCESS_KEY", keys.1);
    let run = finish(drill.output().unwrap());
    assert!(!run.stdout.contains("sesame") && !run.stderr.contains("sesame"), "{run:?}");
    run
}

#[test]
fn a_storage_that_checks_signatures_takes_the_right_key_only() {
    let storage = Storage::verifying(KEY, SECRET);
    let sample = Sample::plain(&[("package.json", "{}")]);
    let database = sample.file("app.db");
    let mut made = Command::new("sqlite3");
    made.arg(&database).arg(
        "CREATE TABLE t(id integer PRIMARY KEY, v text); \
         WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 500) INSERT INTO t SELECT x, 'value ' || x FROM c",
    );
    assert!(made.output().expect("sqlite3 is installed (Debian package sqlite3)").status.success());
    storage.bucket("acme-staging");
    // Characters that have to be encoded, and some that must not be.
    for key in ["shop/a%20b%2Bc%3D%C3%BC%26~_.db", "plain/app.db"] {
        storage.put("acme-staging", key, &database);
    }
    for from in
        ["s3://acme-staging/shop", "s3://acme-staging/plain/app.db", "s3://acme-staging/shop/a b+c=ü&~_.db"]
    {
        let run = run(&sample, &storage, &["restore", "--from", from], (KEY, SECRET));
        assert_eq!(run.code, 0, "{from}: {run:?}");
    }
    // Writing and deleting.
    storage.versioning("acme-staging", "Enabled");
    let done = run(&sample, &storage, &["versioning", "s3://acme-staging"], (KEY, SECRET));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("✓ its first version came back"), "{done:?}");

    for command in
        [&["restore", "--from", "s3://acme-staging/shop"] as &[&str], &["versioning", "s3://acme-staging"]]
    {
        let refused = run(&sample, &storage, command, (KEY, "another-sesame"));
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.stderr.contains("the secret key does not belong to the access key"), "{refused:?}");
        let refused = run(&sample, &storage, command, ("AKIDOTHER", SECRET));
        assert!(
            refused.code == 3 && refused.stderr.contains("the access key is not known there"),
            "{refused:?}"
        );
    }
}
