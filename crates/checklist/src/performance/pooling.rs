use seaworthy_facts::{
    Absent, Capabilities, Certainty, Code, CodeMatch, Engine, FactKind, FactView, Infrastructure, Location,
    Resource, System,
};
use seaworthy_model::{ItemId, Section};

use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `performance.pooling`
pub static ITEM: Item = Item {
    id: ItemId::new("performance.pooling"),
    section: Section::Performance,
    question: "Database connections are pooled",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Time,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Capabilities, FactKind::Code, FactKind::Infrastructure],
    remedy: "Use one client with a pool for each process.",
    page: include_str!("pooling.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    let system = view.get::<System>()?;
    let capabilities = view.get::<Capabilities>()?;
    let connected = system.databases.iter().any(|database| {
        database.engine != Engine::Sqlite && database.engine.is_stateful() && !over_http(database.engine)
    });
    if !connected {
        return Ok(Findings::not_applicable("no database to which connections are opened was found"));
    }
    let pools: Vec<(&str, &Location)> = in_use(capabilities, "connection-pool").collect();
    let code = view.get::<Code>()?;
    let django = code.of("django-databases").find(|found| !is_aside(found));
    if pools.is_empty() && django.is_none() && code.of("connection-per-call").next().is_none() {
        let mut clients = in_use(capabilities, "database-client").peekable();
        if clients.peek().is_some() && clients.all(|(name, _)| HTTP_CLIENTS.contains(&name)) {
            return Ok(Findings::not_applicable(
                "the application opens no database connections itself: it speaks to the database over HTTP",
            ));
        }
    }
    let mut findings = Findings::new();
    findings.looked_for(
        "clients with a pool and one of them per process, poolers, clients made in request handlers, functions that connect straight to a database",
    );
    let poolers: Vec<(&str, &Location)> = in_use(capabilities, "pooler").collect();
    for (name, at) in &poolers {
        findings.supports(format!("a pooler holds the connections: {name}"), at);
    }
    let infrastructure = view.get::<Infrastructure>()?;
    for kind in ["aws_db_proxy", "AWS::RDS::DBProxy", "digitalocean_database_connection_pool", "Pooler"] {
        for resource in infrastructure.of(kind) {
            findings
                .supports(format!("a pooler holds the connections: {kind}.{}", resource.name), &resource.at);
        }
    }
    let pooled = findings.has_evidence();
    for (name, at) in &pools {
        findings.supports(format!("connections are pooled: {name}"), at);
    }
    if let Some(databases) = django {
        of_django(code, databases, pooled, &mut findings);
    }
    made_again(code, system, &pools, pooled, &mut findings);
    if !pooled {
        functions(system, infrastructure, &mut findings);
    }
    if !findings.has_evidence() {
        findings.because("no client with a pool and no pooler was found");
    }
    Ok(findings)
}

/// Databases that are only spoken to by requests, each on its own.
fn over_http(engine: Engine) -> bool {
    matches!(engine, Engine::Dynamodb | Engine::Firestore | Engine::Other)
}

/// Clients that speak to a database over HTTP.
const HTTP_CLIENTS: &[&str] = &[
    "Supabase",
    "Firestore",
    "Cloud Firestore for Go",
    "DynamoDB client for JavaScript",
    "boto3 DynamoDB",
    "DynamoDB for Go",
    "Convex",
    "PlanetScale driver",
    "libSQL",
    "ClickHouse client for JavaScript",
    "Elasticsearch client for JavaScript",
    "Elasticsearch client for Python",
];

fn in_use<'a>(
    capabilities: &'a Capabilities,
    capability: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Location)> {
    capabilities.of(capability).filter_map(|product| {
        // What a script or a migration tool uses serves no requests.
        let at = product.used.iter().find(|at| !at.path().is_some_and(is_aside_path))?;
        Some((product.name.as_str(), at))
    })
}

/// Django opens a connection for each request unless it is told to keep it or a pooler stands before the database.
fn of_django(code: &Code, databases: &CodeMatch, pooled: bool, findings: &mut Findings) {
    if let Some(pool) = code.of("django-pool").find(|found| !is_aside(found)) {
        findings.supports("Django keeps a pool of connections", &pool.at);
        return;
    }
    let ages: Vec<(&CodeMatch, Option<u64>)> = code
        .of("django-connection-age")
        .filter(|found| !is_aside(found))
        .map(|found| (found, age(found.captures.get("AGE").map_or("", String::as_str))))
        .collect();
    if let Some((kept, _)) = ages.iter().find(|(_, age)| *age != Some(0)) {
        findings.supports("Django keeps its connections (`CONN_MAX_AGE`)", &kept.at);
    } else if !pooled {
        let (what, at) = match ages.first() {
            Some((off, _)) => ("`CONN_MAX_AGE` is 0 unless it is set", &off.at),
            None => ("without `CONN_MAX_AGE`, a pool or a pooler", &databases.at),
        };
        findings.contradicts(format!("Django opens a database connection for each request: {what}"), at);
        findings.remedy(
            "Set `CONN_MAX_AGE` with `CONN_HEALTH_CHECKS`, or `OPTIONS[\"pool\"]` (Django 5.1, psycopg 3), or put PgBouncer before the database.",
        );
    }
}

/// For how long connections are kept: the number, or the default where the environment may give another; none when it is
/// not told (`None` keeps them for ever).
fn age(value: &str) -> Option<u64> {
    value
        .split(|c: char| !c.is_ascii_digit())
        .rfind(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(u64::MAX))
}

/// Clients that are made for each request, connections that are opened for each call.
fn made_again(
    code: &Code,
    system: &System,
    pools: &[(&str, &Location)],
    pooled: bool,
    findings: &mut Findings,
) {
    for found in code.of("client-per-request").filter(|found| !is_aside(found)) {
        // Behind a pooler this is how functions are told to do it.
        if pooled {
            findings.note(found.says.clone(), Some(&found.at));
        } else {
            findings.contradicts(found.says.clone(), &found.at);
        }
    }
    for found in code.of("pooling-off").filter(|found| !is_aside(found) && !pooled) {
        findings.contradicts(found.says.clone(), &found.at);
    }
    for found in code.of("connection-per-call").filter(|found| !is_aside(found)) {
        // Beside a pool it may be a listener or a start-up check.
        if pools.is_empty() && !pooled {
            findings.contradicts(found.says.clone(), &found.at);
        }
    }
    let clients: Vec<&CodeMatch> = code.of("prisma-client").filter(|found| !is_aside(found)).collect();
    for component in &system.components {
        let own: Vec<&&CodeMatch> = clients
            .iter()
            .filter(|found| found.at.path().is_some_and(|path| folder_of(system, path) == component.folder))
            .collect();
        let mut files: Vec<&str> = own.iter().filter_map(|found| found.at.path()).collect();
        files.dedup();
        if files.len() > MOST_CLIENTS && !pooled {
            findings.contradicts(
                format!("{} files make a Prisma client of their own, each with its own pool", files.len()),
                &own[0].at,
            );
        }
    }
}

/// One for the server and one for a worker can be right; more of one component are one for each module.
const MOST_CLIENTS: usize = 2;

/// The folder of the component that a path belongs to: the longest that holds it.
fn folder_of<'a>(system: &'a System, path: &str) -> &'a str {
    system
        .components
        .iter()
        .map(|component| component.folder.as_str())
        .filter(|folder| {
            *folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
        .max_by_key(|folder| if *folder == "." { 0 } else { folder.len() })
        .unwrap_or(".")
}

/// Functions multiply: each instance has a pool of its own.
fn functions(system: &System, infrastructure: &Infrastructure, findings: &mut Findings) {
    const FUNCTIONS: &[&str] = &["aws_lambda_function", "AWS::Lambda::Function", "AWS::Serverless::Function"];
    const SERVERS: &[&str] =
        &["aws_db_instance", "aws_rds_cluster", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];
    let database = SERVERS.iter().find_map(|kind| infrastructure.of(kind).next());
    let connecting = FUNCTIONS
        .iter()
        .flat_map(|kind| infrastructure.of(kind))
        .filter_map(|function| connects(function).map(|at| (function, at)));
    for (function, at) in connecting {
        match database {
            Some(database) => {
                findings.contradicts(
                    format!(
                        "the function {} connects straight to {}.{}: each instance of it opens connections of its own",
                        function.name, database.kind, database.name
                    ),
                    at,
                );
                findings.remedy("Put RDS Proxy or PgBouncer between the functions and the database.");
            }
            None => {
                findings.note(format!("the function {} connects to a database", function.name), Some(at));
            }
        }
    }
    let counting = |certainty: &Certainty| *certainty <= Certainty::Configured;
    let mut platforms = system.platforms.iter().filter(|platform| counting(&platform.certainty)).peekable();
    let only_functions = platforms.peek().is_some()
        && platforms
            .all(|platform| matches!(platform.key.as_str(), "vercel" | "netlify" | "lambda" | "supabase"));
    if only_functions && findings.scopes.iter().all(|scope| !scope.evidence.is_empty()) {
        let against = findings.scopes.iter().flat_map(|scope| &scope.evidence);
        let contrary = against.clone().any(|piece| piece.polarity == seaworthy_model::Polarity::Against);
        if !contrary {
            // The clients' own pools are no answer here: there are as many of them as instances.
            for scope in &mut findings.scopes {
                scope.evidence.clear();
            }
            findings.because(
                "it runs as functions, each instance with a pool of its own, and nothing shows that the database's address is a pooler's",
            );
            findings.settled_by(
                "name the pooler in the configuration, or say in it that the address is a pooler's",
                None,
            );
        }
    }
}

/// Where a function is given the address of a database.
fn connects(function: &Resource) -> Option<&Location> {
    let named = |path: &str| {
        let path = path.to_ascii_uppercase();
        path.contains("ENVIRONMENT")
            && [
                "DATABASE_URL",
                "DB_HOST",
                "DB_URL",
                "POSTGRES",
                "MYSQL_HOST",
                "PGHOST",
                "DATABASE_HOST",
                "RDS_",
            ]
            .iter()
            .any(|name| path.contains(name))
    };
    let told = function.settings.iter().find(|setting| named(&setting.path));
    // Put together from elsewhere, so that its names are not known: a function inside the database's network is there
    // for a reason.
    let untold = || {
        let inside = function
            .settings
            .iter()
            .any(|setting| setting.path.starts_with("vpc_config") || setting.path.contains("VpcConfig"));
        function.settings.iter().find(|setting| {
            inside && setting.value.is_none() && setting.path.to_ascii_lowercase().ends_with("variables")
        })
    };
    told.or_else(untold).map(|setting| &setting.at)
}

/// Code beside request handling: scripts, seeds, migrations, commands, settings of development and tests.
fn is_aside(found: &CodeMatch) -> bool {
    found.at.path().is_none_or(is_aside_path)
}

fn is_aside_path(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.split(['/', '.', '_', '-']).any(|part| {
        matches!(
            part,
            "script"
                | "scripts"
                | "seed"
                | "seeds"
                | "seeder"
                | "seeders"
                | "alembic"
                | "migrate"
                | "migration"
                | "migrations"
                | "cli"
                | "bin"
                | "tools"
                | "commands"
                | "cron"
                | "job"
                | "jobs"
                | "worker"
                | "workers"
                | "dev"
                | "development"
                | "local"
                | "test"
                | "tests"
                | "testing"
                | "ci"
                | "backup"
                | "backups"
                | "benchmark"
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::test_support::*;
    use super::*;
    use seaworthy_facts::{Facts, InfrastructureTool, Platform, Setting};
    use seaworthy_model::Status;

    fn with(used: &[(&str, &str, &str)], seen: Code) -> Facts {
        Facts { capabilities: products(used).into(), code: seen.into(), ..facts(Some(Engine::Postgresql)) }
    }

    const POOL: (&str, &str, &str) = ("connection-pool", "pg.Pool", "src/db.js");

    #[test]
    fn a_pool_or_a_pooler_passes() {
        assert_eq!(status(&ITEM, &with(&[POOL], Code::default())), Status::Pass);
        let bouncer = ("pooler", "PgBouncer", "compose.yaml");
        assert_eq!(status(&ITEM, &with(&[bouncer], Code::default())), Status::Pass);
    }

    #[test]
    fn clients_of_handlers_and_of_every_module_fail() {
        let handler = code(&[("client-per-request", "src/api.js", 4, &[])]);
        assert_eq!(status(&ITEM, &with(&[POOL], handler.clone())), Status::Fail);
        let bouncer = ("pooler", "PgBouncer", "compose.yaml");
        assert_eq!(status(&ITEM, &with(&[POOL, bouncer], handler)), Status::Pass);
        let seen = |paths: &[&str]| {
            let matches: Vec<_> = paths.iter().map(|path| ("prisma-client", *path, 1, &[][..])).collect();
            with(&[("connection-pool", "Prisma", "src/a.ts")], code(&matches))
        };
        assert_eq!(status(&ITEM, &seen(&["src/a.ts", "src/b.ts", "src/c.ts"])), Status::Fail);
        assert_eq!(
            status(&ITEM, &seen(&["src/a.ts", "prisma/seed.ts", "scripts/x.ts", "src/b.ts"])),
            Status::Pass
        );
    }

    #[test]
    fn a_client_beside_its_schema_is_the_applications_and_a_seed_is_not() {
        let judged = |path| status(&ITEM, &with(&[("connection-pool", "pg.Pool", path)], code(&[])));
        assert_eq!(judged("prisma/db.ts"), Status::Pass);
        assert_eq!(judged("prisma/seed.ts"), Status::Unknown);
    }

    #[test]
    fn a_connection_for_each_call_fails_where_there_is_no_pool() {
        let call = code(&[("connection-per-call", "app/db.py", 4, &[])]);
        assert_eq!(status(&ITEM, &with(&[], call.clone())), Status::Fail);
        assert_eq!(status(&ITEM, &with(&[POOL], call)), Status::Pass);
        let script = code(&[("connection-per-call", "scripts/import.py", 4, &[])]);
        assert_eq!(status(&ITEM, &with(&[], script)), Status::Unknown);
        let off = code(&[("pooling-off", "app/db.py", 4, &[])]);
        assert_eq!(status(&ITEM, &with(&[POOL], off)), Status::Fail);
    }

    #[test]
    fn django_must_be_told_to_keep_connections() {
        let databases = ("django-databases", "shop/settings.py", 9, &[][..]);
        assert_eq!(status(&ITEM, &with(&[], code(&[databases]))), Status::Fail);
        let age = |text: &str| {
            let captures = [("AGE", text)];
            let seen = code(&[databases, ("django-connection-age", "shop/settings.py", 12, &captures)]);
            status(&ITEM, &with(&[], seen))
        };
        assert_eq!(age("60"), Status::Pass);
        assert_eq!(age("None"), Status::Pass);
        assert_eq!(age("0"), Status::Fail);
        assert_eq!(age("int(os.getenv('CONN_MAX_AGE', '0'))"), Status::Fail);
        assert_eq!(age("env.int('CONN_MAX_AGE', default=600)"), Status::Pass);
        let pool = code(&[databases, ("django-pool", "shop/settings.py", 12, &[])]);
        assert_eq!(status(&ITEM, &with(&[], pool)), Status::Pass);
    }

    fn function(environment: &[&str], database: bool) -> Facts {
        let at = Location::line("main.tf", 4);
        let setting = |path: &&str| Setting { path: (*path).to_owned(), value: None, at: at.clone() };
        let resource = |kind: &str, paths: &[&str]| Resource {
            tool: InfrastructureTool::Terraform,
            kind: kind.to_owned(),
            name: "main".to_owned(),
            settings: paths.iter().map(setting).collect(),
            at: at.clone(),
            development: false,
            off: None,
        };
        let mut resources = vec![resource("aws_lambda_function", environment)];
        if database {
            resources.push(resource("aws_db_instance", &["engine"]));
        }
        let infrastructure = Infrastructure { resources, ..Infrastructure::default() };
        Facts { infrastructure: infrastructure.into(), ..with(&[POOL], Code::default()) }
    }

    #[test]
    fn functions_need_a_pooler() {
        let told = ["environment.0.variables.DATABASE_URL"];
        assert_eq!(status(&ITEM, &function(&told, true)), Status::Fail);
        assert_eq!(status(&ITEM, &function(&told, false)), Status::Pass);
        let merged = ["environment.0.variables", "vpc_config.0.subnet_ids"];
        assert_eq!(status(&ITEM, &function(&merged, true)), Status::Fail);
        assert_eq!(status(&ITEM, &function(&merged[..1], true)), Status::Pass);
        let mut on_vercel = with(&[POOL], Code::default());
        let mut system = on_vercel.system.get().unwrap().clone();
        system.platforms = vec![Platform {
            key: "vercel".to_owned(),
            at: Location::file("vercel.json"),
            certainty: Certainty::Configured,
            environments: Vec::new(),
            guarantees: Vec::new(),
        }];
        on_vercel.system = system.into();
        assert_eq!(status(&ITEM, &on_vercel), Status::Unknown);
    }

    #[test]
    fn not_applicable_without_connections_of_its_own() {
        assert_eq!(status(&ITEM, &facts(None)), Status::NotApplicable);
        assert_eq!(status(&ITEM, &facts(Some(Engine::Sqlite))), Status::NotApplicable);
        let http = with(&[("database-client", "Supabase", "src/client.ts")], Code::default());
        assert_eq!(status(&ITEM, &http), Status::NotApplicable);
    }

    #[test]
    fn unknown_when_nothing_shows_how_it_connects() {
        assert_eq!(status(&ITEM, &facts(Some(Engine::Mysql))), Status::Unknown);
    }
}
