//! Response headers that code sets by their names, in any language: calls, entries of objects, assignments.

pub mod condition;
pub mod context;
mod registered;
pub mod value;

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use rayon::prelude::*;
use regex::Regex;
use seaworthy_facts::{HeaderScope, HeaderValue, Layer, ResponseHeader};
use seaworthy_syntax::Limits;
use seaworthy_syntax::code::{self, Call, Language, Node};

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};
pub use registered::Registered;
use value::{Source, UNKNOWN, entry};

/// The headers that matter, in lower case.
pub const HEADERS: &[&str] = &[
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
    "content-security-policy",
    "content-security-policy-report-only",
    "referrer-policy",
    "permissions-policy",
    "feature-policy",
];

/// Spellings that are looked for in code.
const SPELLINGS: &[&str] = &[
    "Strict-Transport-Security",
    "strict-transport-security",
    "X-Content-Type-Options",
    "x-content-type-options",
    "X-Frame-Options",
    "x-frame-options",
    "X-XSS-Protection",
    "x-xss-protection",
    "X-Xss-Protection",
    "Content-Security-Policy",
    "content-security-policy",
    "Referrer-Policy",
    "referrer-policy",
    "Permissions-Policy",
    "permissions-policy",
    "Feature-Policy",
    "X_FRAME_OPTIONS",
    "X_CONTENT_TYPE_OPTIONS",
    "STRICT_TRANSPORT_SECURITY",
    "X_XSS_PROTECTION",
    "CONTENT_SECURITY_POLICY",
    "REFERRER_POLICY",
    "PERMISSIONS_POLICY",
    "XFrameOptions",
    "XContentTypeOptions",
    "StrictTransportSecurity",
    "XXSSProtection",
    "ContentSecurityPolicy",
    "ReferrerPolicy",
];

/// How many files are parsed for the headers they name.
const FILES: usize = 400;
/// How many statements of one file count.
const PER_FILE: usize = 60;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    names: Vec<NeedleId>,
    registered: registered::Plan,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let names = SPELLINGS
        .iter()
        .map(|name| needles.add(Needle { text: (*name).to_owned(), whole_word: false, per_file: 1 }))
        .collect();
    Plan { names, registered: registered::plan(needles) }
}

impl Plan {
    /// The shipped files that name a header.
    pub fn files<'a>(&self, tree: &'a Tree, scan: &Scan) -> Vec<&'a File> {
        let found: BTreeSet<usize> =
            self.names.iter().flat_map(|name| scan.hits(*name)).map(|hit| hit.file).collect();
        let files = found.into_iter().map(|index| &tree.files()[index]).filter(|file| scan.ships(file));
        tree.first(files, FILES, "files that name headers")
    }
}

/// Reads the code that names headers.
pub fn read(tree: &Tree, scan: &Scan, plan: &Plan, files: &[&File]) -> Vec<ResponseHeader> {
    let registered = Registered::new(tree, scan, &plan.registered);
    let found: Vec<Vec<ResponseHeader>> =
        files.par_iter().map(|file| read_file(tree, file, &registered)).collect();
    found.into_iter().flatten().collect()
}

fn read_file(tree: &Tree, file: &File, registered: &Registered) -> Vec<ResponseHeader> {
    let Some(language) = file.language else { return Vec::new() };
    let Some(text) = tree.text(file) else { return Vec::new() };
    let documents = documents(file, &text);
    let Some(grammar) = Language::from_path(&file.path).filter(|_| documents.is_empty()) else {
        return documents;
    };
    // Scripts for people and examples of requests set no headers of answers.
    let Some(parsed) = code::parse(grammar, &text, &Limits::default()) else { return Vec::new() };
    let nodes = code::descendants(parsed.root_node());
    let source = Source::new(&text, &nodes);
    let calls: HashMap<usize, Call> =
        code::calls(parsed.root_node(), &text).into_iter().map(|call| (call.node.id(), call)).collect();
    let mut found = Vec::new();
    for node in &nodes {
        if found.len() >= PER_FILE {
            break;
        }
        let Some((name, inline)) = named(*node, &source) else { continue };
        let Some(statement) = statement(*node, inline, &source, &calls) else { continue };
        let Some(context) = context::of(*node, &source, file, language) else { continue };
        // What is only on some answers needs no proof that it is used.
        let whole = context.scope.covers_pages();
        let unused = if whole { registered.missing(tree, file, language, &text, &context) } else { None };
        found.push(ResponseHeader {
            name: name.to_owned(),
            value: statement,
            scope: context.scope,
            set_by: "code".to_owned(),
            layer: Layer::Application,
            at: file.at_line(code::line(*node)),
            switch: context.switch,
            lost: Vec::new(),
            unused,
        });
    }
    found
}

static META: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?is)<meta\s[^>]{0,200}http-equiv\s*=\s*["']?content-security-policy["']?\s[^>]{0,60}content\s*=\s*("[^">]*"|'[^'>]*')"#).ok()
});

/// What every document with a policy holds. Few do, and the expression above takes its time to be made.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(?i)content-security-policy").ok());

/// Policies that documents carry themselves.
fn documents(file: &File, text: &str) -> Vec<ResponseHeader> {
    let markup = [
        ".html",
        ".htm",
        ".erb",
        ".blade.php",
        ".twig",
        ".eex",
        ".heex",
        ".cshtml",
        ".jinja",
        ".j2",
        ".ejs",
        ".hbs",
        ".pug",
    ];
    if !markup.iter().any(|ending| file.path.ends_with(ending)) {
        return Vec::new();
    }
    if !NAMED.as_ref().is_some_and(|named| named.is_match(text)) {
        return Vec::new();
    }
    let Some(found) = META.as_ref().and_then(|meta| meta.captures(text)) else { return Vec::new() };
    let Some(content) = found.get(1).filter(|content| content.as_str().chars().count() <= 4_002) else {
        return Vec::new();
    };
    // A document for a single page says nothing about the others.
    let whole = ["index.", "layout", "base.", "_document", "root.", "app.html", "application.", "master."]
        .iter()
        .any(|name| file.name().contains(name));
    let policy = content.as_str().trim_matches(['"', '\'']).split_whitespace().collect::<Vec<_>>().join(" ");
    let computed = ["{{", "<%", "<?", "${"].iter().any(|tag| policy.contains(tag));
    let line = u32::try_from(text[..content.start()].matches('\n').count() + 1).unwrap_or(u32::MAX);
    vec![ResponseHeader {
        name: "content-security-policy".to_owned(),
        value: if computed { HeaderValue::Computed(policy) } else { HeaderValue::Text(policy) },
        scope: if whole { HeaderScope::Pages } else { HeaderScope::Part(file.path.clone()) },
        set_by: "a meta tag".to_owned(),
        layer: Layer::Document,
        at: file.at_line(line),
        switch: None,
        lost: Vec::new(),
        unused: None,
    }]
}

/// The header that a node names, with the value when the same literal holds it (`header("X-Frame-Options: DENY")`).
fn named<'t>(node: Node<'t>, source: &Source<'t>) -> Option<(&'static str, Option<String>)> {
    let kind = node.kind();
    if kind.contains("string") && !kind.contains("content") && !kind.contains("fragment")
        || kind == "quoted_atom"
    {
        let text = code::string_value(node, source.text)?;
        let text = text.trim();
        if text.len() > 2_000 {
            return None;
        }
        let (name, inline) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value.trim().to_owned())),
            None => (text, None),
        };
        let name = known(name.trim())?;
        return Some((name, inline));
    }
    if node.named_child_count() > 0 || !(kind.contains("identifier") || kind == "constant" || kind == "name")
    {
        return None;
    }
    let text = source.of(node);
    if text.len() < 12 || text.len() > 45 {
        return None;
    }
    let is_constant = text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let plain = plain.strip_prefix("header").unwrap_or(&plain);
    let name = HEADERS.iter().find(|name| name.replace('-', "") == plain)?;
    // A name alone is a header only as a member of something: `header::X_FRAME_OPTIONS`, `Headers.XFrameOptions`.
    let member = node.parent().is_some_and(|parent| {
        matches!(
            parent.kind(),
            "scoped_identifier"
                | "member_access_expression"
                | "selector_expression"
                | "field_access"
                | "navigation_expression"
        )
    });
    let begins_upper = text.starts_with(|c: char| c.is_ascii_uppercase());
    ((member && begins_upper)
        || (is_constant && kind == "identifier" && node.parent().is_some_and(|p| p.kind() == "arguments")))
    .then_some((*name, None))
}

/// The known header of this name.
pub fn known(name: &str) -> Option<&'static str> {
    HEADERS.iter().find(|header| header.eq_ignore_ascii_case(name)).copied()
}

/// What happens to a header that is named here; none where it is only read or compared.
fn statement<'t>(
    name: Node<'t>,
    inline: Option<String>,
    source: &Source<'t>,
    calls: &HashMap<usize, Call<'t>>,
) -> Option<HeaderValue> {
    let mut node = name;
    for _ in 0..10 {
        let parent = node.parent()?;
        let kind = parent.kind();
        if let Some((key, value)) = entry(parent) {
            if key.id() != node.id() {
                // `{ key: "X-Frame-Options", value: "DENY" }`, `name: …`, `header: …`.
                let key = source.of(key).trim_matches(['"', '\'', ':', ' ']);
                if value.id() != node.id() || !matches!(key, "key" | "name" | "header" | "headerName") {
                    return None;
                }
                return beside(parent, source);
            }
            // An object of options that is named like a header is none (`xFrameOptions: false`): those are no literals.
            return set(value, source);
        }
        match kind {
            // `headers["X-Frame-Options"] = "DENY"`
            "subscript"
            | "subscript_expression"
            | "element_reference"
            | "index_expression"
            | "element_access_expression"
            | "indexing_expression" => {
                let target = parent.parent()?;
                let (left, right) =
                    (target.child_by_field_name("left")?, target.child_by_field_name("right")?);
                return (left.id() == parent.id()).then(|| set(right, source)).flatten();
            }
            // `Headers.XFrameOptions = "DENY"`
            "assignment_expression" | "assignment" => {
                let (left, right) =
                    (parent.child_by_field_name("left")?, parent.child_by_field_name("right")?);
                return (left.id() == node.id() && name.id() != node.id())
                    .then(|| set(right, source))
                    .flatten();
            }
            "arguments" | "argument_list" | "value_arguments" => {
                let call = calls
                    .get(&parent.parent()?.id())
                    .or_else(|| calls.get(&parent.parent()?.parent()?.id()))?;
                if is_name_maker(call) {
                    node = call.node;
                    continue;
                }
                return called(node, inline, call, source);
            }
            "array"
            | "list"
            | "tuple"
            | "tuple_expression"
            | "array_expression"
            | "collection_expression"
            | "array_creation_expression"
            | "initializer_expression"
            | "literal_value" => {
                let parts = value::children(parent);
                let first = parts.first()?;
                if first.id() != node.id()
                    && !(first.start_byte() <= node.start_byte() && node.end_byte() <= first.end_byte())
                {
                    return None;
                }
                return match parts.as_slice() {
                    [_, value] => set(*value, source),
                    _ => None,
                };
            }
            "argument"
            | "value_argument"
            | "parenthesized_expression"
            | "literal_element"
            | "reference_expression"
            | "element_value"
            | "scoped_identifier"
            | "member_access_expression"
            | "member_expression"
            | "selector_expression"
            | "field_access"
            | "navigation_expression"
            | "array_element_initializer"
            | "bracketed_argument_list"
            | "call_suffix"
            | "unary_expression"
            | "navigation_suffix" => {
                node = parent;
            }
            _ => return None,
        }
    }
    None
}

/// `HeaderName::from_static("x-frame-options")` and the like name a header, too.
fn is_name_maker(call: &Call) -> bool {
    let callee = call.callee.to_ascii_lowercase();
    callee.contains("headername") || callee.ends_with("headerfield.new") || callee.ends_with("text.asis")
}

/// The value of a property beside the name.
fn beside<'t>(pair: Node<'t>, source: &Source<'t>) -> Option<HeaderValue> {
    let object = pair.parent()?;
    let value = value::children(object).into_iter().filter_map(entry).find(|(key, _)| {
        matches!(source.of(*key).trim_matches(['"', '\'', ':', ' ']), "value" | "headerValue" | "content")
    });
    set(value?.1, source)
}

fn called<'t>(
    node: Node<'t>,
    inline: Option<String>,
    call: &Call<'t>,
    source: &Source<'t>,
) -> Option<HeaderValue> {
    let name = call.name().trim_end_matches("()").trim_end_matches(['!', '?']).to_ascii_lowercase();
    let position = call.arguments.iter().position(|argument| {
        argument.start_byte() <= node.start_byte() && node.end_byte() <= argument.end_byte()
    })?;
    let removes = [
        "remove",
        "delete",
        "del",
        "unset",
        "pop",
        "removeheader",
        "delete_resp_header",
        "header_remove",
        "deleteheader",
    ];
    if removes.contains(&name.as_str()) {
        return Some(HeaderValue::Removed);
    }
    let reads = [
        "get",
        "has",
        "contains",
        "getheader",
        "hasheader",
        "fetch",
        "get_resp_header",
        "get_req_header",
        "values",
        "expect",
        "equal",
        "equals",
        "includes",
        "indexof",
        "containskey",
        "dig",
        "trygetvalue",
        "contains_key",
        "key",
        "log",
        "warn",
        "info",
        "debug",
        "error",
        "print",
        "println",
        "printf",
        "errorf",
        "t",
        "gettext",
        "assert",
        "assertequal",
        "assert_equal",
        "startswith",
        "containsheader",
        "hasmatch",
        "header_line",
        "getheaderline",
        "getheaders",
        "remove_header_if",
        "switch",
        "match",
        "test",
        "exec",
        "raise",
        "fail",
        "tobe",
        "tocontain",
    ];
    if reads.contains(&name.as_str()) {
        return None;
    }
    if let Some(value) = inline {
        return (name == "header" && !value.is_empty()).then_some(HeaderValue::Text(value));
    }
    let value = call.arguments.get(position + 1)?;
    set(*value, source)
}

fn set<'t>(value: Node<'t>, source: &Source<'t>) -> Option<HeaderValue> {
    let written = source.of(value);
    if matches!(written, "null" | "None" | "nil" | "undefined" | "false" | "False" | "NULL") {
        return Some(HeaderValue::Removed);
    }
    let text = source.value(value);
    Some(if text.contains(UNKNOWN) { HeaderValue::Computed(text) } else { HeaderValue::Text(text) })
}
