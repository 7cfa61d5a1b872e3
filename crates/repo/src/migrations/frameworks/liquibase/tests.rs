#![allow(clippy::unwrap_used)]
use crate::migrations::test_support::{only_set, outline};

const FOLDER: &str = "src/main/resources/db/changelog";

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

#[test]
fn formatted_sql_by_include_all() {
    let set = only_set(&[
        (
            &path("master.yml"),
            "databaseChangeLog:\n  - includeAll:\n      path: changes\n      relativeToChangelogFile: true\n",
        ),
        (
            &path("changes/001_a.sql"),
            "--liquibase formatted sql\n\n--changeset me:1\nCREATE TABLE t (a int);\n--rollback DROP TABLE t;\n\n-- changeset me:2 context:dev\nINSERT INTO t VALUES (1);\n",
        ),
        (
            &path("changes/002_b.sql"),
            "--liquibase formatted sql\n--changeset me:3\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\n/* liquibase rollback\nALTER TABLE t ALTER COLUMN a DROP NOT NULL;\n*/\n",
        ),
        (
            &path("changes/003_c.sql"),
            "--changeset me:4\nALTER TABLE t DROP COLUMN a;\n--rollback SELECT 1;\n",
        ),
    ]);
    assert_eq!(set.framework, "liquibase");
    assert_eq!(
        outline(&set),
        [
            ("003_c.sql", false, vec!["drop-column"]),
            ("me:3", true, vec!["set-not-null"]),
            ("me:2", false, vec![]),
            ("me:1", true, vec![]),
        ]
    );
    assert_eq!(set.newest[1].hazards[0].at.line_number(), Some(3));
}

#[test]
fn xml_in_the_order_of_its_includes() {
    let head = "<databaseChangeLog xmlns=\"http://www.liquibase.org/xml/ns/dbchangelog\">";
    let set = only_set(&[
        (
            &path("master.xml"),
            &format!(
                "{head}<include file=\"db/changelog/b.xml\"/><include file=\"classpath:db/changelog/a.xml\"/></databaseChangeLog>"
            ),
        ),
        (
            &path("a.xml"),
            &format!(
                "{head}<changeSet id=\"2\" author=\"me\">\n<addColumn tableName=\"t\"><column name=\"c\" type=\"int\"><constraints nullable=\"false\"/></column></addColumn>\n<sql>UPDATE t SET c = 1</sql></changeSet></databaseChangeLog>"
            ),
        ),
        (
            &path("b.xml"),
            &format!(
                "{head}<changeSet id=\"1\" author=\"me\"><createTable tableName=\"t\"/><createIndex tableName=\"t\" indexName=\"i\"/></changeSet></databaseChangeLog>"
            ),
        ),
    ]);
    assert_eq!(outline(&set), [("me:2", false, vec!["required-column"]), ("me:1", true, vec![])]);
}

#[test]
fn yaml_and_json_changes() {
    let set = only_set(&[
        (
            &path("master.yaml"),
            "databaseChangeLog:\n  - changeSet:\n      id: 1\n      author: me\n      changes:\n        - addColumn:\n            tableName: t\n            columns:\n              - column:\n                  name: a\n                  type: int\n  - include:\n      file: more.json\n      relativeToChangelogFile: true\n",
        ),
        (
            &path("more.json"),
            r#"{"databaseChangeLog": [{"changeSet": {"id": "2", "author": "me", "changes": [{"dropColumn": {"tableName": "t", "columnName": "b"}}], "rollback": [{"sql": {"sql": "SELECT 1"}}]}}]}"#,
        ),
    ]);
    assert_eq!(outline(&set), [("me:2", true, vec!["drop-column"]), ("me:1", true, vec![])]);
}

#[test]
fn logs_that_include_each_other_end() {
    let set = only_set(&[
        (
            &path("master.yaml"),
            "databaseChangeLog:\n  - include:\n      file: a.yaml\n      relativeToChangelogFile: true\n",
        ),
        (
            &path("a.yaml"),
            "databaseChangeLog:\n  - changeSet: {id: 1, author: me, changes: []}\n  - include:\n      file: a.yaml\n      relativeToChangelogFile: true\n",
        ),
    ]);
    assert_eq!(set.count, 1);
}
