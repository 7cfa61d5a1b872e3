use seaworthy_facts::{Absent, FactKind, FactView, Schema, System};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.queries`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.queries"),
    section: Section::Performance,
    question: "Queries are indexed and do not run in loops",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Schema],
    remedy: "Index foreign keys and load related rows in one query.",
    page: include_str!("queries.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    if let Some(not_applicable) = shared::stateful_database(system) {
        return Ok(not_applicable);
    }
    let schema = view.get::<Schema>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "foreign keys without an index in dumps and SQL migrations; what the engine or the framework indexes by itself",
    );
    let mut indexed = Vec::new();
    for source in &schema.sources {
        if let Some(why) = &source.always_indexed {
            findings.note(format!("{}: {why}", source.name), Some(&source.at));
            indexed.push(source);
            continue;
        }
        for key in source.unindexed.iter().take(SHOWN) {
            findings
                .contradicts(format!("the foreign key {}.{} has no index", key.table, key.column), &key.at);
        }
        if source.unindexed.len() > SHOWN {
            findings.note(
                format!("{} foreign keys of {} have no index", source.unindexed.len(), source.name),
                Some(&source.at),
            );
        }
        if source.unindexed.is_empty() {
            findings.note(
                format!("{}: all of its {} foreign keys have an index", source.name, source.foreign_keys),
                Some(&source.at),
            );
            indexed.push(source);
        }
    }
    if findings.has_evidence() {
        findings.remedy("Add an index whose first column is the foreign key's, without blocking writes.");
        return Ok(findings);
    }
    // An index is half of the answer: whether queries run once for each row is not read from code.
    match indexed.first() {
        Some(source) => findings.because(format!(
            "the foreign keys of {} have indexes; whether queries run in loops over rows is not read from code",
            source.name
        )),
        None => {
            findings.unread(&schema.unread);
            findings.because("no schema that can be read as a whole was found")
        }
    };
    findings.settled_by("count the queries of each request against a database with many rows", None);
    Ok(findings)
}

/// How many keys of one schema are listed.
const SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{Engine, Facts, Location, SchemaSource, UnindexedKey, Unread};
    use seaworthy_model::{Cause, Status};

    fn source(unindexed: usize) -> SchemaSource {
        let key = |line: usize| UnindexedKey {
            table: "orders".to_owned(),
            column: "customer_id".to_owned(),
            at: Location::line("db/schema.rb", u32::try_from(line).unwrap_or(1) + 1),
        };
        SchemaSource {
            name: "db/schema.rb".to_owned(),
            at: Location::file("db/schema.rb"),
            engine: Some(Engine::Postgresql),
            always_indexed: None,
            tables: 4,
            foreign_keys: 3,
            unindexed: (0..unindexed).map(key).collect(),
        }
    }

    fn with(sources: Vec<SchemaSource>, unread: Vec<Unread>) -> Facts {
        Facts { schema: Schema { sources, unread }.into(), ..facts(Some(Engine::Postgresql)) }
    }

    #[test]
    fn a_foreign_key_without_an_index_fails() {
        let report = report(&ITEM, &with(vec![source(2)], Vec::new()));
        assert_eq!(report.status, Status::Fail);
        assert!(report.reason.contains("orders.customer_id"), "{}", report.reason);
        assert_eq!(report.evidence.len(), 2);
    }

    #[test]
    fn indexes_alone_do_not_pass_it() {
        let report = report(&ITEM, &with(vec![source(0)], Vec::new()));
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::NoEvidence)));
        assert!(report.reason.contains("loops"), "{}", report.reason);
    }

    #[test]
    fn a_schema_in_code_is_not_read() {
        let unread = Unread { what: "TypeORM".to_owned(), at: Location::file("m/1.ts") };
        let report = report(&ITEM, &with(Vec::new(), vec![unread]));
        assert_eq!((report.status, report.cause), (Status::Unknown, Some(Cause::NoReader)));
    }

    #[test]
    fn a_trial_passes_it_and_without_a_database_it_does_not_apply() {
        use seaworthy_facts::{RecordEntry, Records};
        use seaworthy_model::{Environment, Evidence, Rung};
        let evidence = Evidence {
            rung: Rung::Proven,
            environment: Environment::Scratch,
            ..Evidence::configured(
                "the count of queries stays",
                Location::Record { record: "r.json".to_owned() },
            )
        };
        let entry = RecordEntry { item: ITEM.id.clone(), evidence, signed_by: None, attestation: false };
        let records = Records { entries: vec![entry], problems: Vec::new() };
        let proven = Facts { records: records.into(), ..with(vec![source(0)], Vec::new()) };
        assert_eq!(status(&ITEM, &proven), Status::Pass);
        assert_eq!(status(&ITEM, &facts(None)), Status::NotApplicable);
    }
}
