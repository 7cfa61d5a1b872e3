//! Questions that many items ask of the facts: does this apply here (`None`), or why not (the findings that say so).

use seaworthy_facts::System;

use crate::Findings;

/// Applies where a stateful database or object storage is in use.
pub fn stateful_data(system: &System) -> Option<Findings> {
    let database = system.databases.iter().any(|database| database.engine.is_stateful());
    (!database && system.object_storage.is_empty())
        .then(|| Findings::not_applicable("no database and no object storage was found"))
}

/// Applies where a stateful database is in use.
pub fn stateful_database(system: &System) -> Option<Findings> {
    (!system.databases.iter().any(|database| database.engine.is_stateful()))
        .then(|| Findings::not_applicable("no database was found"))
}

/// Applies where user files go to object storage.
pub fn object_storage(system: &System) -> Option<Findings> {
    system.object_storage.is_empty().then(|| Findings::not_applicable("no object storage was found"))
}

/// Applies where a relational database is in use.
pub fn relational_database(system: &System) -> Option<Findings> {
    system.relational().next().is_none().then(|| Findings::not_applicable("no relational database was found"))
}

/// Applies where a client/server database is used.
pub fn client_server_database(system: &System) -> Option<Findings> {
    use seaworthy_facts::Engine;
    (!system.databases.iter().any(|database| database.engine != Engine::Sqlite))
        .then(|| Findings::not_applicable("no client/server database was found"))
}

/// Applies where something is deployed.
pub fn deployable(system: &System) -> Option<Findings> {
    (!system.deployable()).then(|| {
        Findings::not_applicable(
            "nothing that can be deployed was found (no server, front end, worker or platform file)",
        )
    })
}

/// Applies where a server runs.
pub fn server(system: &System) -> Option<Findings> {
    let runs = system.components.iter().any(|c| c.http_server.is_some() || c.worker.is_some());
    (!runs).then(|| Findings::not_applicable("no server was found"))
}

/// Applies where something answers HTTP.
pub fn answers_http(system: &System) -> Option<Findings> {
    (system.http_server().is_none() && system.front_end().is_none())
        .then(|| Findings::not_applicable("nothing that answers HTTP was found"))
}

/// Applies where a front end runs.
pub fn front_end(system: &System) -> Option<Findings> {
    system.front_end().is_none().then(|| Findings::not_applicable("no front end was found"))
}

/// Applies where there is an API.
pub fn api(system: &System) -> Option<Findings> {
    system.api.is_empty().then(|| Findings::not_applicable("no API was found"))
}

/// Applies where databases or services are called.
pub fn outgoing_calls(system: &System) -> Option<Findings> {
    (system.outgoing_calls.is_empty() && system.databases.is_empty())
        .then(|| Findings::not_applicable("no database and no outgoing calls were found"))
}

/// Applies where people use the application.
pub fn people(system: &System) -> Option<Findings> {
    (system.accounts.is_empty() && system.people.is_empty())
        .then(|| Findings::not_applicable("no accounts, forms, cookies or trackers were found"))
}

/// Applies where accounts exist.
pub fn accounts(system: &System) -> Option<Findings> {
    system.accounts.is_empty().then(|| Findings::not_applicable("no accounts were found"))
}

/// Applies to every change.
pub fn always(_: &System) -> Option<Findings> {
    None
}

/// The actions that settle many items: the same words everywhere, so that a report can group by them.
pub mod settle {
    use seaworthy_model::Settle;

    use crate::Findings;

    /// The folder of the infrastructure may show it: action and command.
    pub const INFRASTRUCTURE: (&str, &str) =
        ("add the folder that holds the infrastructure", "seaworthy check --with ../INFRASTRUCTURE");

    /// The files show it, and no folder was named.
    pub fn folder() -> Settle {
        Settle {
            action: "name the folder of the repository as well".to_owned(),
            command: Some("seaworthy check PATH --url URL".to_owned()),
        }
    }

    /// Only the running site shows it.
    pub fn url(findings: &mut Findings) {
        findings.settled_by("look at the running site", Some("seaworthy check --url https://YOUR.SITE"));
    }

    /// It may live in an infrastructure repository.
    pub fn infrastructure(findings: &mut Findings) {
        findings.settled_by(INFRASTRUCTURE.0, Some(INFRASTRUCTURE.1));
    }

    /// The platform that it is deployed to would tell.
    pub fn deploy(findings: &mut Findings) {
        findings
            .settled_by("name the platform that it is deployed to", Some("seaworthy check --deploy NAME"));
    }

    /// Only a restore shows it.
    pub fn drill_restore(findings: &mut Findings) {
        findings.settled_by(
            "restore the newest backup into a scratch server",
            Some("seaworthy drill restore --from BACKUPS"),
        );
    }

    /// Only a change can be asked about.
    pub fn change(findings: &mut Findings) {
        findings.settled_by("name the change that is reviewed", Some("seaworthy check --since BASE"));
    }
}

/// A count with its noun.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
