use std::collections::BTreeSet;

use seaworthy_facts::{Absent, Code, CodeMatch, FactKind, FactView, Schema, SchemaSource, System, Unread};
use seaworthy_model::{ItemId, Section};

use super::requests::{Runs, runs};
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
    reads: &[FactKind::System, FactKind::Schema, FactKind::Code],
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
    let code = view.get::<Code>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "foreign keys without an index in dumps and SQL migrations; what the engine or the framework indexes by itself; \
         queries of known libraries, and those that run once for each element of a collection where requests are handled",
    );
    let indexed = keys(schema, &mut findings);
    if findings.has_evidence() {
        findings.remedy("Add an index whose first column is the foreign key's, without blocking writes.");
    }
    let doubtful = loops(system, code, &mut findings);
    if findings.has_evidence() {
        return Ok(findings);
    }
    let queries: Vec<&CodeMatch> =
        code.of("database-query").filter(|found| runs(system, found) != Runs::Elsewhere).collect();
    let unread = UNREAD.iter().find(|language| code.lines.get(**language).is_some_and(|lines| *lines > 0));
    let relational = system.relational().next().is_some();
    if let Some(first) = doubtful.first() {
        findings.because(format!(
            "{} queries run once for each element of a loop in code of which is not known whether requests run it, the \
             first at {}",
            doubtful.len(),
            first.at
        ));
    } else if indexed.is_empty() && relational {
        findings.unread(&schema.unread);
        findings.because("no schema that can be read as a whole was found");
    } else if let (Some(language), Some(at)) = (unread, system.databases.first().map(|found| &found.at)) {
        let what = format!("loops over queries in {language} are not read");
        findings.unread(&[Unread { what, at: at.clone() }]);
    } else if let Some(first) = queries.first() {
        findings.unread(&schema.unread);
        let languages: BTreeSet<&str> = queries.iter().map(|found| found.language.as_str()).collect();
        let languages = languages.into_iter().collect::<Vec<_>>().join(", ");
        let says = format!(
            "{} queries in {languages} were read and none runs once for each element of a loop; relations that load \
             when they are touched, and queries behind other functions, are not seen",
            queries.len()
        );
        match indexed.iter().find(|source| source.always_indexed.is_some() || source.foreign_keys > 0) {
            _ if !schema.unread.is_empty() => findings.note(says, Some(&first.at)),
            Some(source) => findings.supports(format!("foreign keys are indexed; {says}"), &source.at),
            None if relational => findings.note(says, Some(&first.at)).because(
                "the schema that was read declares no foreign keys, and whether it is the whole is not told",
            ),
            None => findings.supports(says, &first.at),
        };
    } else {
        findings.because(
            "no query of a library that the rules know was seen in code, so that loops over queries cannot be told",
        );
    }
    findings.settled_by("count the queries of each request against a database with many rows", None);
    Ok(findings)
}

/// Foreign keys without an index speak against it; the sources where none is missing are given back.
fn keys<'a>(schema: &'a Schema, findings: &mut Findings) -> Vec<&'a SchemaSource> {
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
    indexed
}

/// Queries in loops of request handling speak against it; those that something else may run are given back.
fn loops<'a>(system: &System, code: &'a Code, findings: &mut Findings) -> Vec<&'a CodeMatch> {
    let mut doubtful: Vec<&CodeMatch> = Vec::new();
    let mut against: Vec<&CodeMatch> = Vec::new();
    for found in code.of("query-in-loop") {
        let list = match runs(system, found) {
            Runs::Request => &mut against,
            Runs::Anywhere => &mut doubtful,
            Runs::Elsewhere => continue,
        };
        // One chain of calls may match more than once.
        if !list.iter().any(|other| other.at == found.at) {
            list.push(found);
        }
    }
    for found in against.iter().take(SHOWN) {
        findings.contradicts(
            format!(
                "a query runs once for each element of a loop: `{}`",
                found.text.trim_end_matches(['(', '{', ' '])
            ),
            &found.at,
        );
    }
    if against.len() > SHOWN {
        findings.note(format!("{} more queries run in loops", against.len() - SHOWN), None);
    }
    if let (Some(first), None) = (against.first(), findings.remedy_so_far()) {
        findings.remedy(format!("Load what the loop at {} needs in one query before it.", first.at));
    }
    for found in doubtful.iter().take(DOUBTFUL) {
        findings.note("a query in a loop, in code that not only requests may run", Some(&found.at));
    }
    doubtful
}

/// Languages whose queries no rule reads.
const UNREAD: &[&str] = &["scala", "fsharp", "clojure", "erlang", "perl"];
/// How many doubtful places are named.
const DOUBTFUL: usize = 5;
/// How many keys of one schema are listed.
const SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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

    fn with_code(seen: &[SeenInTest<'_>]) -> Facts {
        Facts { code: code(seen).into(), ..with(vec![source(0)], Vec::new()) }
    }

    #[test]
    fn queries_that_run_in_no_loop_pass_beside_indexes() {
        let queries: &[_] = &[("database-query", "src/api/orders.js", 7, &[] as &[_])];
        let report = report(&ITEM, &with_code(queries));
        assert_eq!(report.status, Status::Pass, "{}", report.reason);
        let unread = Unread { what: "TypeORM".to_owned(), at: Location::file("m/1.ts") };
        let code = with_code(queries).code;
        let partly = Facts { code, ..with(vec![source(0)], vec![unread]) };
        assert_eq!(status(&ITEM, &partly), Status::Unknown);
        let mut other = with_code(queries);
        let mut code = other.code.get().unwrap().clone();
        code.lines.insert("scala".to_owned(), 900);
        other.code = code.into();
        assert_eq!(status(&ITEM, &other), Status::Unknown);
    }

    #[test]
    fn a_query_in_a_loop_counts_where_requests_run_it() {
        let handler: &[_] = &[("HANDLER", "(req, res) => {")];
        let judged = |path, captures| {
            let seen =
                [("database-query", "src/api/a.js", 7, &[] as &[_]), ("query-in-loop", path, 7, captures)];
            status(&ITEM, &with_code(&seen))
        };
        assert_eq!(judged("src/orders.js", handler), Status::Fail);
        assert_eq!(judged("app/controllers/orders_controller.rb", &[]), Status::Fail);
        assert_eq!(judged("src/services/orders.js", &[]), Status::Unknown);
        assert_eq!(judged("supabase/functions/orders/index.ts", handler), Status::Unknown);
        assert_eq!(judged("src/jobs/orders.js", handler), Status::Pass);
        assert_eq!(judged("app/OrderSyncJob.php", &[]), Status::Pass);
        assert_eq!(judged("scripts/seed.js", &[]), Status::Pass);
        assert_eq!(judged("src/components/Orders.jsx", &[]), Status::Pass);
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
        let entry = RecordEntry {
            item: ITEM.id.clone(),
            evidence,
            signed_by: None,
            attestation: false,
            probe: false,
        };
        let records = Records { entries: vec![entry], ..Records::default() };
        let proven = Facts { records: records.into(), ..with(vec![source(0)], Vec::new()) };
        assert_eq!(status(&ITEM, &proven), Status::Pass);
        assert_eq!(status(&ITEM, &facts(None)), Status::NotApplicable);
    }
}
