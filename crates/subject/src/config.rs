use jiff::civil::Date;
use seaworthy_model::Rung;
use seaworthy_syntax::{Limits, toml};

pub use own::OwnItem;

use crate::reader::{Table, nearest};
use crate::{ConfigError, parse_hours};

/// The names that a configuration may use; the checklist and the platforms are known elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Item ids.
    pub items: &'a [&'a str],
    /// Section names.
    pub sections: &'a [&'a str],
    /// Platform keys.
    pub platforms: &'a [&'a str],
}

impl Names<'_> {
    fn check_item(
        &self,
        table: Table,
        node: &seaworthy_syntax::tree::Node,
        name: &str,
    ) -> Result<(), ConfigError> {
        if self.items.contains(&name) {
            return Ok(());
        }
        let help = match nearest(name, self.items.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`seaworthy list` shows every item".to_owned(),
        };
        Err(table.error_at(node, format!("there is no item `{name}`"), Some(help)))
    }

    fn check_target(&self, table: Table, key: &seaworthy_syntax::tree::Key) -> Result<(), ConfigError> {
        let name = key.text.as_str();
        if self.items.contains(&name) || self.sections.contains(&name) {
            return Ok(());
        }
        let help = match nearest(name, self.items.iter().chain(self.sections).copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "name a section, or an item in quotes: \"backups.database\" = \"proven\"".to_owned(),
        };
        let node =
            seaworthy_syntax::tree::Node::new(seaworthy_syntax::tree::Value::Null, key.line, key.column);
        Err(table.error_at(&node, format!("there is no item or section `{name}`"), Some(help)))
    }
}

/// Who runs the software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// The team that writes it.
    #[default]
    Service,
    /// Others: a self-hosted product, a boilerplate.
    Distributed,
}

/// `[app]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct App {
    /// `kind`.
    pub kind: Kind,
    /// `deploy`: platform keys.
    pub deploy: Vec<String>,
    /// `with`: folders of the same system, relative to the audited folder.
    pub with: Vec<String>,
    /// `production`: addresses.
    pub production: Vec<String>,
    /// `staging`: addresses.
    pub staging: Vec<String>,
}

/// `[objectives]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objectives {
    /// `rpo` in hours.
    pub rpo_hours: Option<f64>,
    /// `rto` in hours.
    pub rto_hours: Option<f64>,
}

/// `[backups]`: where they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backups {
    /// `location`: a folder, relative to the audited one, or one backup; or `s3://BUCKET/PREFIX`.
    pub location: Option<String>,
    /// `endpoint`: the address of the object storage, where it is not AWS' own.
    pub endpoint: Option<String>,
    /// `region`: that of the bucket.
    pub region: Option<String>,
    /// `match`: which of the files there, as a glob.
    pub pattern: Option<String>,
    /// `stanza`: which one of a repository of pgBackRest.
    pub stanza: Option<String>,
}

/// `[drill.restore]`: what must hold of a restored database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestoreDrill {
    /// `verify`: queries whose rows hold no false and no zero.
    pub queries: Vec<String>,
    /// `verify-command`: commands that succeed.
    pub commands: Vec<String>,
    /// `password-command`: prints the password of the repository that the backups are in.
    pub password_command: Option<String>,
    /// `decrypt-command`: the words of a command that reads an encrypted backup and writes what is in it.
    pub decrypt_command: Option<Vec<String>>,
}

/// `[gate]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    /// `priorities` that gate besides 1.
    pub priorities: Vec<u8>,
    /// `strict`.
    pub strict: bool,
    /// `[gate.require]`.
    pub require: Vec<Required>,
}

/// A rung that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// An item or a section.
    pub target: String,
    /// The lowest rung.
    pub rung: Rung,
    /// Where it is written.
    pub line: u32,
}

/// `[[accept]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// The item.
    pub item: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day.
    pub until: Date,
    /// Where it is written.
    pub line: u32,
}

/// `[[processor]]`: a third party that gets data, and the agreement that covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processor {
    /// `name`: the company or service, as the report names it.
    pub name: String,
    /// `agreement`: an address or a document of the repository.
    pub agreement: String,
    /// `date`: when it was agreed or last looked at.
    pub date: Date,
    /// Where it is written.
    pub line: u32,
}

/// `[ledger]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerConfig {
    /// `path`, relative to the audited folder.
    pub path: Option<String>,
    /// `require-signature`: unsigned records of drills do not count either.
    pub require_signature: bool,
    /// `allowed-signers`: an OpenSSH allowed-signers file, relative to the audited folder.
    pub allowed_signers: Option<String>,
    /// `attestable`: items that a signed word may pass although a machine could look.
    pub attestable: Vec<String>,
}

/// `seaworthy.toml`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The file, as shown in messages; empty when there is none.
    pub path: String,
    /// `[app]`.
    pub app: App,
    /// `[objectives]`.
    pub objectives: Objectives,
    /// `[backups]`.
    pub backups: Backups,
    /// `[drill.restore]`.
    pub restore: RestoreDrill,
    /// `[database] large_tables`.
    pub large_tables: Vec<String>,
    /// `[gate]`.
    pub gate: Gate,
    /// `[[accept]]`.
    pub accept: Vec<Accept>,
    /// `[[processor]]`.
    pub processors: Vec<Processor>,
    /// `[ledger]`.
    pub ledger: LedgerConfig,
    /// `[[item]]`.
    pub items: Vec<OwnItem>,
}

impl Config {
    /// Reads a configuration. `path` is only for messages.
    ///
    /// # Errors
    /// The first mistake, with its line and the nearest valid name.
    pub fn parse(path: &str, text: &str, names: Names) -> Result<Config, ConfigError> {
        let limits = Limits::default();
        let node = toml::parse(text, &limits).map_err(|error| ConfigError {
            path: path.to_owned(),
            line: error.line,
            column: error.column,
            message: error.message,
            help: None,
        })?;
        let top = Table::top(path, &node).only(&[
            "app",
            "objectives",
            "backups",
            "drill",
            "database",
            "gate",
            "accept",
            "processor",
            "ledger",
            "item",
        ])?;
        let items = own::items(top, names)?;
        let mut ids = names.items.to_vec();
        ids.extend(items.iter().map(|item| item.id.as_str()));
        let mut sections = names.sections.to_vec();
        sections.extend((!items.is_empty()).then_some("own"));
        let names = Names { items: &ids, sections: &sections, ..names };
        Ok(Config {
            path: path.to_owned(),
            app: app(top.table("app"), names)?,
            objectives: objectives(top.table("objectives"))?,
            backups: backups(top.table("backups"))?,
            restore: restore_drill(top.table("drill"))?,
            large_tables: texts(top.table("database").only(&["large_tables"])?, "large_tables")?,
            gate: gate(top.table("gate"), names)?,
            accept: accept(top, names)?,
            processors: processors(top)?,
            ledger: ledger(top.table("ledger"), names)?,
            items: items.clone(),
        })
    }
}

fn texts(table: Table, key: &str) -> Result<Vec<String>, ConfigError> {
    Ok(table.texts(key)?.into_iter().map(|(text, _)| text.to_owned()).collect())
}

fn app(table: Table, names: Names) -> Result<App, ConfigError> {
    let table = table.only(&["kind", "deploy", "with", "production", "staging"])?;
    let kind = match (table.text("kind")?, table.value("kind")) {
        (Some("distributed"), _) => Kind::Distributed,
        (None | Some("service"), _) => Kind::Service,
        (Some(other), node) => {
            let message = format!("`kind` is \"{other}\"");
            let help = Some("it is \"service\" (you run it) or \"distributed\" (others run it)".to_owned());
            return Err(match node {
                Some(node) => table.error_at(node, message, help),
                None => ConfigError { path: String::new(), line: None, column: None, message, help },
            });
        }
    };
    let mut deploy = Vec::new();
    for (name, node) in table.texts("deploy")? {
        if !names.platforms.contains(&name) {
            let help = match nearest(name, names.platforms.iter().copied()) {
                Some(nearest) => format!("did you mean \"{nearest}\"?"),
                None => format!("known platforms: {}", names.platforms.join(", ")),
            };
            return Err(table.error_at(node, format!("there is no platform \"{name}\""), Some(help)));
        }
        deploy.push(name.to_owned());
    }
    Ok(App {
        kind,
        deploy,
        with: texts(table, "with")?,
        production: texts(table, "production")?,
        staging: texts(table, "staging")?,
    })
}

fn objectives(table: Table) -> Result<Objectives, ConfigError> {
    let table = table.only(&["rpo", "rto"])?;
    let hours = |key: &str| -> Result<Option<f64>, ConfigError> {
        match (table.text(key)?, table.value(key)) {
            (Some(text), Some(node)) => match parse_hours(text) {
                Some(hours) => Ok(Some(hours)),
                None => Err(table.error_at(
                    node,
                    format!("`{key}` is \"{text}\", which is no length of time"),
                    Some("write it as \"15m\", \"24h\" or \"7d\"".to_owned()),
                )),
            },
            _ => Ok(None),
        }
    };
    Ok(Objectives { rpo_hours: hours("rpo")?, rto_hours: hours("rto")? })
}

fn backups(table: Table) -> Result<Backups, ConfigError> {
    let table = table.only(&["location", "match", "stanza", "endpoint", "region"])?;
    Ok(Backups {
        location: table.text("location")?.map(str::to_owned),
        endpoint: table.text("endpoint")?.map(str::to_owned),
        region: table.text("region")?.map(str::to_owned),
        pattern: table.text("match")?.map(str::to_owned),
        stanza: table.text("stanza")?.map(str::to_owned),
    })
}

fn restore_drill(table: Table) -> Result<RestoreDrill, ConfigError> {
    let table = table.only(&["restore"])?.table("restore").only(&[
        "verify",
        "verify-command",
        "password-command",
        "decrypt-command",
    ])?;
    Ok(RestoreDrill {
        queries: texts(table, "verify")?,
        commands: texts(table, "verify-command")?,
        password_command: table.text("password-command")?.map(str::to_owned),
        decrypt_command: Some(texts(table, "decrypt-command")?).filter(|words| !words.is_empty()),
    })
}

/// `[gate]`, of a configuration or a policy.
pub fn gate(table: Table, names: Names) -> Result<Gate, ConfigError> {
    let table = table.only(&["priorities", "strict", "require"])?;
    let mut priorities = Vec::new();
    if let Some(node) = table.value("priorities") {
        for entry in node.list_or_single() {
            match entry.scalar().as_deref() {
                Some("1") => priorities.push(1),
                Some("2") => priorities.push(2),
                Some("3") => priorities.push(3),
                _ => return Err(table.error_at(entry, "a priority is 1, 2 or 3", None)),
            }
        }
    }
    let mut require = Vec::new();
    for (key, value) in table.table("require").entries() {
        names.check_target(table, key)?;
        let rung = value.as_str().and_then(Rung::from_name).filter(|rung| *rung != Rung::None);
        let Some(rung) = rung else {
            return Err(table.error_at(
                value,
                format!("`{}` asks for no known rung", key.text),
                Some("the rungs are \"attested\", \"configured\", \"observed\" and \"proven\"".to_owned()),
            ));
        };
        require.push(Required { target: key.text.clone(), rung, line: key.line });
    }
    Ok(Gate { priorities, strict: table.flag("strict")?.unwrap_or(false), require })
}

fn accept(top: Table, names: Names) -> Result<Vec<Accept>, ConfigError> {
    let mut accepted = Vec::new();
    for table in top.tables("accept")? {
        let table = table.only(&["item", "reason", "owner", "until"])?;
        let item = table.required("item", "name the item whose risk is accepted")?;
        if let Some(node) = table.value("item") {
            names.check_item(table, node, item)?;
        }
        let reason = table.required("reason", "say why the risk is accepted")?;
        let owner = table.required("owner", "say who answers for it")?;
        let until = day(table, "until", "an accepted risk has an end: until = \"YYYY-MM-DD\"")?;
        accepted.push(Accept {
            item: item.to_owned(),
            reason: reason.to_owned(),
            owner: owner.to_owned(),
            until,
            line: table.line().unwrap_or(1),
        });
    }
    Ok(accepted)
}

/// A day that must be there, in quotes or as TOML's own date.
fn day(table: Table, key: &str, why: &str) -> Result<Date, ConfigError> {
    let written = table.value(key).and_then(|node| {
        node.scalar().or_else(|| node.expression().map(str::to_owned)).map(|text| (text, node))
    });
    let Some((text, node)) = written else {
        // The message of `required` fits a missing key.
        let text = table.required(key, why)?;
        return text.parse().map_err(|_| ConfigError {
            path: String::new(),
            line: None,
            column: None,
            message: format!("`{key}` is \"{text}\", which is no day"),
            help: None,
        });
    };
    text.parse().map_err(|_| {
        table.error_at(
            node,
            format!("`{key}` is \"{text}\", which is no day"),
            Some("write it as \"YYYY-MM-DD\"".to_owned()),
        )
    })
}

fn processors(top: Table) -> Result<Vec<Processor>, ConfigError> {
    let mut processors = Vec::new();
    for table in top.tables("processor")? {
        let table = table.only(&["name", "agreement", "date"])?;
        let name = table.required("name", "name the company or service, as the report names it")?;
        let agreement = table.required("agreement", "give the address of its data processing agreement")?;
        let date = day(table, "date", "say when it was agreed or last looked at: date = \"YYYY-MM-DD\"")?;
        processors.push(Processor {
            name: name.to_owned(),
            agreement: agreement.to_owned(),
            date,
            line: table.line().unwrap_or(1),
        });
    }
    Ok(processors)
}

/// `[ledger]`, of a configuration or a policy.
pub fn ledger(table: Table, names: Names) -> Result<LedgerConfig, ConfigError> {
    let table = table.only(&["path", "require-signature", "allowed-signers", "attestable"])?;
    let mut attestable = Vec::new();
    for (item, node) in table.texts("attestable")? {
        names.check_item(table, node, item)?;
        attestable.push(item.to_owned());
    }
    Ok(LedgerConfig {
        path: table.text("path")?.map(str::to_owned),
        require_signature: table.flag("require-signature")?.unwrap_or(false),
        allowed_signers: table.text("allowed-signers")?.map(str::to_owned),
        attestable,
    })
}

mod own;
#[cfg(test)]
mod tests;
