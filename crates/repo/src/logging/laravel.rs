//! Laravel's channels: which of them are in use by default, and what they write where.

use regex::Regex;
use seaworthy_facts::{LogFile, LogFormat, LogLevel, LogLimit, LogShape, LogShipper, Logging};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Language, Node};

use super::formats::deployed;
use crate::tree::{Class, File, Tree};

const DOCS: &str = "https://laravel.com/docs/logging";

/// Reads `config/logging.php` of each application.
pub fn collect(tree: &Tree, logging: &mut Logging) {
    for file in tree.named("logging.php") {
        if file.class == Class::Shipped && file.path.to_ascii_lowercase().ends_with("config/logging.php") {
            read(tree, file, logging);
        }
    }
}

/// A channel with what its configuration says.
struct Channel<'t> {
    name: String,
    node: Node<'t>,
    line: u32,
}

fn read(tree: &Tree, file: &File, logging: &mut Logging) {
    let Some(text) = tree.text(file) else { return };
    let Some(parsed) = code::parse(Language::Php, &text, &Limits::default()) else { return };
    let all = code::descendants(parsed.root_node());
    let Some(root) =
        all.iter().find(|node| node.kind() == "return_statement").and_then(|node| node.named_child(0))
    else {
        return;
    };
    let Some(channels) = code::property(root, "channels", &text) else { return };
    let mut cursor = channels.walk();
    let channels: Vec<Channel<'_>> = channels
        .named_children(&mut cursor)
        .filter(|entry| entry.kind() == "array_element_initializer")
        .filter_map(|entry| {
            let name = code::string_value(entry.named_child(0)?, &text)?;
            Some(Channel { name, node: entry.named_child(1)?, line: code::line(entry) })
        })
        .collect();
    let default =
        code::property(root, "default", &text).map(|node| code::text(node, &text)).unwrap_or_default();
    let mut active = vec![chosen(tree, default).unwrap_or_else(|| "stack".to_owned())];
    // A channel that is not described here is the framework's own, whose stack writes to `single`
    // (<https://laravel.com/docs/configuration#publishing-configuration-files> merges both since version 11).
    if active[0] == "stack" && !channels.iter().any(|channel| channel.name == "stack") {
        let members = deployed(tree, "LOG_STACK").unwrap_or_else(|| "single".to_owned());
        active.extend(members.split(',').map(|name| name.trim().to_owned()).take(20));
    }
    let mut index = 0;
    while index < active.len() && index < 20 {
        if let Some(stack) = channels.iter().find(|channel| channel.name == active[index])
            && let Some(members) = code::property(stack.node, "channels", &text)
        {
            for member in members_of(tree, members, &text) {
                if !active.contains(&member) {
                    active.push(member);
                }
            }
        }
        index += 1;
    }
    for channel in &channels {
        let on = active.contains(&channel.name);
        describe(file, channel, &text, on, logging);
    }
}

/// The channel that an expression names: what deployment sets, else its default.
fn chosen(tree: &Tree, expression: &str) -> Option<String> {
    let variable = Regex::new(r#"env\(\s*['"](\w+)['"]"#).ok()?;
    if let Some(name) = variable.captures(expression).and_then(|found| found.get(1))
        && let Some(value) = deployed(tree, name.as_str())
    {
        return Some(value);
    }
    let literal = Regex::new(r#"['"]([\w-]+)['"]"#).ok()?;
    literal
        .captures_iter(expression)
        .last()
        .and_then(|found| found.get(1))
        .map(|found| found.as_str().to_owned())
}

/// The channels of a stack: a list, a variable that holds one, or words of an environment variable.
fn members_of(tree: &Tree, node: Node<'_>, text: &str) -> Vec<String> {
    let expression = code::text(node, text);
    if expression.contains("env(") {
        let variable = Regex::new(r#"env\(\s*['"](\w+)['"](?:\s*,\s*['"]([\w,-]+)['"])?"#);
        let found = variable.ok().and_then(|pattern| {
            let found = pattern.captures(expression)?;
            let value = deployed(tree, found.get(1)?.as_str());
            value.or_else(|| found.get(2).map(|value| value.as_str().to_owned()))
        });
        return found.unwrap_or_default().split(',').map(str::to_owned).collect();
    }
    let list = if expression.starts_with('$') {
        let assigned = format!(r"(?s){}\s*=\s*(\[[^\]]*\])", regex::escape(expression));
        Regex::new(&assigned)
            .ok()
            .and_then(|pattern| Some(pattern.captures(text)?.get(1)?.as_str()))
            .unwrap_or_default()
    } else {
        expression
    };
    let word = Regex::new(r#"['"]([\w-]+)['"]"#);
    word.map(|word| {
        word.captures_iter(list).filter_map(|found| Some(found.get(1)?.as_str().to_owned())).collect()
    })
    .unwrap_or_default()
}

fn describe(file: &File, channel: &Channel<'_>, text: &str, on: bool, logging: &mut Logging) {
    let property = |name: &str| code::property(channel.node, name, text).map(|node| code::text(node, text));
    let name = &channel.name;
    let driver = property("driver").unwrap_or_default().trim_matches(['"', '\'']).to_owned();
    if driver == "stack" {
        return;
    }
    let at = file.at_line(channel.line);
    let off = (!on).then(|| format!("the channel `{name}` is not among those in use by default"));
    let formatter = property("formatter").unwrap_or_default();
    let json = ["JsonFormatter", "LogstashFormatter", "GoogleCloudLoggingFormatter"]
        .iter()
        .any(|word| formatter.contains(word))
        && !formatter.contains("env(");
    if json || on {
        let shape = if json { LogShape::Json } else { LogShape::Text };
        let library = format!("Laravel's channel `{name}`");
        logging.formats.push(LogFormat {
            library,
            shape,
            at: at.clone(),
            off: off.clone(),
            docs: DOCS.to_owned(),
        });
    }
    if on && let Some(level) = property("level") {
        let settable = level.contains("env(");
        let says =
            format!("the level of the channel `{name}` is {}", level.chars().take(60).collect::<String>());
        logging.levels.push(LogLevel { says, settable, at: at.clone() });
    }
    let path = property("path").unwrap_or_default();
    let handler = property("handler").unwrap_or_default();
    let remote = [
        "SyslogUdpHandler",
        "Logtail",
        "LogDNA",
        "Loki",
        "Elasticsearch",
        "Datadog",
        "NewRelic",
        "Gelf",
        "CloudWatch",
    ]
    .iter()
    .find(|word| handler.contains(*word));
    let product = match (driver.as_str(), remote) {
        ("papertrail", _) => Some("Papertrail".to_owned()),
        (_, Some(word)) => Some(format!("the handler {word}")),
        _ => None,
    };
    if let Some(product) = product {
        logging.shippers.push(LogShipper { name: product, at: at.clone(), off: off.clone() });
    }
    if !on {
        return;
    }
    if driver == "daily" {
        let days = property("days").unwrap_or("7 (the default)");
        let number = Regex::new(r"\d+").ok().and_then(|digits| Some(digits.find(days)?.as_str().to_owned()));
        let ends = number.as_deref() != Some("0");
        let says =
            format!("the channel `{name}` keeps {} daily files", number.unwrap_or_else(|| days.to_owned()));
        logging.limits.push(LogLimit { says, at: at.clone(), ends });
    }
    if matches!(driver.as_str(), "single" | "daily") && !path.contains("php://") {
        let served = path.contains("public_path");
        let path: String = path.chars().take(80).collect();
        logging.files.push(LogFile { path, served, at });
    }
}
