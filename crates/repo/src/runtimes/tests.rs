#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Declared, RuntimeVersion};

use crate::{Input, collect};

fn versions(files: &[(&str, &str)]) -> Vec<RuntimeVersion> {
    let folder = seaworthy_testkit::tree::folder(files);
    let input = Input {
        folder: folder.path().to_owned(),
        with: Vec::new(),
        declared: Declared::default(),
        change: None,
    };
    collect(&input).unwrap().runtimes.get().unwrap().versions.clone()
}

fn shipping(files: &[(&str, &str)]) -> Vec<String> {
    versions(files)
        .iter()
        .filter(|v| v.ships)
        .map(|v| format!("{} {} {}", v.product, v.version, v.at))
        .collect()
}

#[test]
fn the_image_that_ships_beats_a_stated_version() {
    let dockerfile = (
        "Dockerfile",
        "FROM golang:1.26-alpine AS build\nRUN go build\nFROM scratch\nCOPY --from=build /x /x\n",
    );
    assert_eq!(shipping(&[dockerfile, ("go.mod", "module x\n\ngo 1.24.0\n")]), ["go 1.26 Dockerfile:1"]);
    assert_eq!(shipping(&[("go.mod", "module x\n\ngo 1.24.0\n")]), ["go 1.24.0 go.mod:3"]);
}

#[test]
fn terraform_names_engines_and_runtimes() {
    let text = "resource \"aws_db_instance\" \"a\" {\n  engine = \"postgres\"\n  engine_version = \"14.9\"\n}\n\
                resource \"aws_lambda_function\" \"b\" {\n  runtime = \"python3.9\"\n}\n";
    assert_eq!(
        shipping(&[("infra/main.tf", text)]),
        ["postgresql 14.9 infra/main.tf:3", "python 3.9 infra/main.tf:6"]
    );
}

#[test]
fn spring_boot_is_the_parent_or_a_plugin() {
    let pom = "<project>\n<parent>\n<artifactId>spring-boot-starter-parent</artifactId>\n<version>3.5.0</version>\n</parent>\n</project>\n";
    assert!(shipping(&[("pom.xml", pom)]).contains(&"spring-boot 3.5.0 pom.xml:4".to_owned()));
    let gradle = "plugins {\n  id 'org.springframework.boot' version '3.4.1'\n}\n";
    assert!(shipping(&[("build.gradle", gradle)]).contains(&"spring-boot 3.4.1 build.gradle:2".to_owned()));
}

#[test]
fn a_lower_bound_is_no_version() {
    assert!(shipping(&[("package.json", "{\"engines\": {\"node\": \">=18\"}}")]).is_empty());
    assert_eq!(
        shipping(&[("package.json", "{\"engines\": {\"node\": \"22.x\"}}")]),
        ["nodejs 22 package.json:1"]
    );
}

#[test]
fn a_version_before_the_table_begins_is_told() {
    assert_eq!(versions(&[(".nvmrc", "v8.17.0\n")])[0].end_of_life.as_deref(), Some("2019-12-31"));
}
