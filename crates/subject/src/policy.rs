use std::path::{Path, PathBuf};

use seaworthy_syntax::{Limits, toml};

use crate::config::{self, Gate, LedgerConfig, Names, Required};
use crate::reader::Table;
use crate::{Config, ConfigError};

/// Rules from outside the repository: floors that the repository cannot lower.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// The files it was read from, outermost first.
    pub files: Vec<String>,
    /// Priorities that gate, `strict` and required rungs: added to the repository's own.
    pub gate: Gate,
    /// Items whose risk nobody may accept.
    pub never_accept: Vec<String>,
    /// Who may accept a risk; empty: anyone.
    pub accept_owners: Vec<String>,
    /// For how many days from today a risk may be accepted at the most.
    pub accept_days: Option<u32>,
    /// `kind = "distributed"` is not believed.
    pub service_only: bool,
    /// Signatures.
    pub ledger: LedgerConfig,
}

/// How many policy files may extend each other.
const MAX_CHAIN: usize = 8;

/// Reads a policy file and those that it extends (paths relative to the file that names them).
///
/// # Errors
/// The first mistake, or a chain that is too long or runs in a circle.
pub fn load_policy(path: &Path, names: Names) -> Result<Policy, ConfigError> {
    let mut chain: Vec<PathBuf> = Vec::new();
    let mut next = Some(path.to_owned());
    let mut policy = Policy::default();
    while let Some(path) = next.take() {
        let shown = path.display().to_string();
        let problem = |message: String| ConfigError {
            path: shown.clone(),
            line: None,
            column: None,
            message,
            help: None,
        };
        if chain.contains(&path) {
            return Err(problem("this policy extends itself".to_owned()));
        }
        if chain.len() >= MAX_CHAIN {
            return Err(problem(format!("more than {MAX_CHAIN} policies extend each other")));
        }
        let text =
            std::fs::read_to_string(&path).map_err(|error| problem(format!("cannot be read: {error}")))?;
        let (one, extends) = parse(&shown, &text, names)?;
        policy = merge(policy, one, path.parent().unwrap_or(Path::new(".")));
        next = extends.map(|extends| path.parent().unwrap_or(Path::new(".")).join(extends));
        chain.push(path);
    }
    Ok(policy)
}

fn parse(path: &str, text: &str, names: Names) -> Result<(Policy, Option<String>), ConfigError> {
    let node = toml::parse(text, &Limits::default()).map_err(|error| ConfigError {
        path: path.to_owned(),
        line: error.line,
        column: error.column,
        message: error.message,
        help: None,
    })?;
    let top = Table::top(path, &node).only(&["extends", "gate", "accept", "app", "ledger"])?;
    let accept = top.table("accept").only(&["never", "owners", "max-days"])?;
    let mut never_accept = Vec::new();
    for (item, node) in accept.texts("never")? {
        if !names.items.contains(&item) && !names.sections.contains(&item) {
            return Err(accept.error_at(node, format!("there is no item or section `{item}`"), None));
        }
        never_accept.push(item.to_owned());
    }
    let accept_days = match accept.value("max-days") {
        None => None,
        Some(node) => match node.scalar().and_then(|text| text.parse::<u32>().ok()) {
            Some(days) => Some(days),
            None => return Err(accept.error_at(node, "`max-days` should be a number of days", None)),
        },
    };
    let app = top.table("app").only(&["service-only"])?;
    let policy = Policy {
        files: vec![path.to_owned()],
        gate: config::gate(top.table("gate"), names)?,
        never_accept,
        accept_owners: accept.texts("owners")?.into_iter().map(|(text, _)| text.to_owned()).collect(),
        accept_days,
        service_only: app.flag("service-only")?.unwrap_or(false),
        ledger: config::ledger(top.table("ledger"), names)?,
    };
    Ok((policy, top.text("extends")?.map(str::to_owned)))
}

/// A policy together with the one that it extends: of each rule the stricter.
fn merge(outer: Policy, mut base: Policy, folder: &Path) -> Policy {
    if let Some(signers) = &base.ledger.allowed_signers {
        base.ledger.allowed_signers = Some(folder.join(signers).display().to_string());
    }
    let mut merged = outer;
    merged.files.append(&mut base.files);
    add_gate(&mut merged.gate, &base.gate);
    merged.never_accept.append(&mut base.never_accept);
    if merged.accept_owners.is_empty() {
        merged.accept_owners = base.accept_owners;
    } else if !base.accept_owners.is_empty() {
        merged.accept_owners.retain(|owner| base.accept_owners.contains(owner));
    }
    merged.accept_days = match (merged.accept_days, base.accept_days) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    merged.service_only |= base.service_only;
    merged.ledger.require_signature |= base.ledger.require_signature;
    merged.ledger.allowed_signers = merged.ledger.allowed_signers.or(base.ledger.allowed_signers);
    merged.ledger.attestable.append(&mut base.ledger.attestable);
    merged
}

/// Adds what another gate asks for: nothing is lowered.
fn add_gate(gate: &mut Gate, other: &Gate) {
    for priority in &other.priorities {
        if !gate.priorities.contains(priority) {
            gate.priorities.push(*priority);
        }
    }
    gate.strict |= other.strict;
    for required in &other.require {
        match gate.require.iter_mut().find(|own| own.target == required.target) {
            Some(own) => own.rung = own.rung.max(required.rung),
            None => gate.require.push(Required { ..required.clone() }),
        }
    }
}

impl Policy {
    /// The configuration with this policy's floors put in. What the policy forbids is taken out, and each such
    /// change is said in the returned remarks with the line of the configuration.
    pub fn apply(
        &self,
        mut config: Config,
        today: jiff::civil::Date,
    ) -> (Config, Vec<(String, Option<u32>)>) {
        let mut remarks = Vec::new();
        add_gate(&mut config.gate, &self.gate);
        if self.service_only && config.app.kind == crate::Kind::Distributed {
            config.app.kind = crate::Kind::Service;
            remarks.push((
                "the policy does not allow kind = \"distributed\"; judged as a service".to_owned(),
                None,
            ));
        }
        let latest =
            self.accept_days.and_then(|days| today.checked_add(jiff::Span::new().days(i64::from(days))).ok());
        config.accept.retain(|accept| {
            let section = accept.item.split('.').next().unwrap_or_default();
            let refused = if self.never_accept.iter().any(|item| *item == accept.item || item == section) {
                Some("the policy lets nobody accept this risk".to_owned())
            } else if !self.accept_owners.is_empty() && !self.accept_owners.contains(&accept.owner) {
                Some(format!("the policy does not let {} accept risks", accept.owner))
            } else if latest.is_some_and(|latest| accept.until > latest) {
                Some(format!(
                    "the policy lets a risk be accepted for {} days at the most",
                    self.accept_days.unwrap_or(0)
                ))
            } else {
                None
            };
            if let Some(why) = &refused {
                remarks.push((
                    format!("the accepted risk for {} does not count: {why}", accept.item),
                    Some(accept.line),
                ));
            }
            refused.is_none()
        });
        config.ledger.require_signature |= self.ledger.require_signature;
        if self.ledger.allowed_signers.is_some() {
            // Who may sign is the policy's to say, once it says so.
            config.ledger.allowed_signers.clone_from(&self.ledger.allowed_signers);
        }
        // Which items a person's word may pass can only come from outside, once a policy is given.
        config.ledger.attestable.clone_from(&self.ledger.attestable);
        (config, remarks)
    }
}
