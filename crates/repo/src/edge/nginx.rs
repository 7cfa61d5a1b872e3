//! nginx: which headers an answer of each server carries, where TLS ends, and what is redirected.

use seaworthy_facts::{
    Certificate, Edge, HeaderScope, HeaderValue, HttpsRedirect, Layer, Listener, Lost, ResponseHeader,
    TlsProtocols,
};
use seaworthy_syntax::Limits;
use seaworthy_syntax::nginx::{self, Directive};

use super::application::known;
use super::loaded::Loaded;
use crate::tree::{File, Tree};

mod clear;

/// How deep includes are followed.
const INCLUDES: usize = 6;
/// How many directives are looked at, includes and all.
const DIRECTIVES: usize = 20_000;
/// How many locations inside locations are followed.
const DEPTH: usize = 6;

/// A directive and the file that it stands in.
struct Placed<'a> {
    directive: Directive,
    file: &'a File,
    inside: Vec<Placed<'a>>,
}

impl Placed<'_> {
    fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Self> {
        self.inside.iter().filter(move |placed| placed.directive.name == name)
    }

    fn at(&self) -> seaworthy_facts::Location {
        self.file.at_line(self.directive.line)
    }
}

/// Reads every nginx file of the tree.
pub fn read(tree: &Tree, loaded: &Loaded, edge: &mut Edge) {
    let files = tree.files().iter().filter(|file| is_configuration(tree, file));
    let files = tree.first(files, 100, "nginx files");
    let (used, unused): (Vec<&File>, Vec<&File>) =
        files.into_iter().partition(|file| loaded.by(file).is_some());
    let mut included: Vec<usize> = Vec::new();
    let mut roots: Vec<(&File, Vec<Placed>)> = Vec::new();
    for file in &used {
        let mut budget = DIRECTIVES;
        let directives = expanded(tree, loaded, file, 0, &mut budget, &mut included);
        roots.push((file, directives));
    }
    let mut http: Vec<&Placed> = Vec::new();
    let mut servers: Vec<&Placed> = Vec::new();
    let mut parts: Vec<Placed> = Vec::new();
    for (file, directives) in &mut roots {
        if directives.iter().any(|placed| placed.directive.name == "location") {
            let directive =
                Directive { name: "server".to_owned(), line: 1, column: 1, ..Directive::default() };
            parts.push(Placed { directive, file, inside: std::mem::take(directives) });
        }
    }
    for (file, directives) in &roots {
        if included.contains(&file.index) {
            continue;
        }
        // A part of a server that something else includes: `heroku-php-nginx -C`.
        if let Some(server) = parts.iter().find(|server| server.file.index == file.index) {
            servers.push(server);
            continue;
        }
        // Each whole configuration is a server of its own; fragments of `conf.d` belong together.
        let whole: Vec<&Placed> =
            directives.iter().filter(|placed| placed.directive.name == "http").collect();
        if !whole.is_empty() {
            let http: Vec<&Placed> = whole.iter().flat_map(|http| &http.inside).collect();
            let servers: Vec<&Placed> =
                http.iter().copied().filter(|placed| placed.directive.name == "server").collect();
            read_servers(&http, &servers, edge);
            continue;
        }
        for placed in directives {
            match placed.directive.name.as_str() {
                "server" => servers.push(placed),
                _ => http.push(placed),
            }
        }
    }
    read_servers(&http, &servers, edge);
    for file in unused.into_iter().filter(|file| !included.contains(&file.index)) {
        not_loaded(tree, file, edge);
    }
}

/// Reads a configuration that stands inside another file, from this line on.
pub fn read_text(tree: &Tree, loaded: &Loaded, file: &File, text: &str, first: u32, edge: &mut Edge) {
    let mut directives = nginx::parse(text, &Limits::default());
    move_down(&mut directives, first.saturating_sub(1));
    let (mut budget, mut included) = (DIRECTIVES, Vec::new());
    let directives = placed(tree, loaded, file, directives, 0, &mut budget, &mut included);
    let inside: Vec<&Placed> = directives
        .iter()
        .filter(|placed| placed.directive.name == "http")
        .flat_map(|http| &http.inside)
        .collect();
    let all = if inside.is_empty() { directives.iter().collect() } else { inside };
    let (servers, http): (Vec<&Placed>, Vec<&Placed>) =
        all.into_iter().partition(|placed| placed.directive.name == "server");
    read_servers(&http, &servers, edge);
}

/// Blocks are as deep as the reader allows.
fn move_down(directives: &mut [Directive], lines: u32) {
    for directive in directives {
        directive.line += lines;
        move_down(directive.block.as_deref_mut().unwrap_or_default(), lines);
    }
}

/// A file of nginx, by its name and its content.
fn is_configuration(tree: &Tree, file: &File) -> bool {
    let path = file.path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    // A manifest that holds a configuration is read as what it is.
    if matches!(file.extension(), "yml" | "yaml" | "json" | "toml" | "tf" | "md") {
        return false;
    }
    let likely = name.contains("nginx") && !name.starts_with("dockerfile") && file.language.is_none()
        || (name.ends_with(".conf")
            || name.ends_with(".conf.template")
            || name.ends_with(".conf.j2")
            || name.ends_with(".conf.erb")
            || name.ends_with(".vhost"))
            && file.language.is_none()
        || path.contains("nginx") && !name.contains('.') && !name.starts_with("dockerfile");
    if !likely || !crate::launches::can_ship(file) {
        return false;
    }
    let Some(text) = tree.text(file) else { return false };
    ["add_header", "proxy_pass", "listen ", "server_name", "ssl_protocols", "return 301", "fastcgi_pass"]
        .iter()
        .any(|word| text.contains(word))
        && text.contains(';')
}

fn expanded<'a>(
    tree: &'a Tree,
    loaded: &Loaded,
    file: &'a File,
    depth: usize,
    budget: &mut usize,
    included: &mut Vec<usize>,
) -> Vec<Placed<'a>> {
    let Some(text) = tree.text(file) else { return Vec::new() };
    placed(tree, loaded, file, nginx::parse(&text, &Limits::default()), depth, budget, included)
}

fn placed<'a>(
    tree: &'a Tree,
    loaded: &Loaded,
    file: &'a File,
    directives: Vec<Directive>,
    depth: usize,
    budget: &mut usize,
    included: &mut Vec<usize>,
) -> Vec<Placed<'a>> {
    let mut result = Vec::new();
    for mut directive in directives {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        if directive.name == "include" && depth < INCLUDES {
            for other in loaded.at(tree, directive.argument(0), file.folder()) {
                if other.index != file.index {
                    included.push(other.index);
                    result.extend(expanded(tree, loaded, other, depth + 1, budget, included));
                }
            }
            continue;
        }
        let inside = directive.block.take().unwrap_or_default();
        // Blocks are as deep as the reader allows.
        let inside = placed(tree, loaded, file, inside, depth, budget, included);
        result.push(Placed { directive, file, inside });
    }
    result
}

/// A header as one block sets it.
#[derive(Clone)]
struct Set<'p, 'a> {
    name: &'static str,
    value: HeaderValue,
    always: bool,
    placed: &'p Placed<'a>,
}

/// The headers that a block itself adds, and whether it adds any at all.
fn own<'p, 'a>(block: &[&'p Placed<'a>], variables: &[&'p Placed<'a>]) -> (Vec<Set<'p, 'a>>, bool) {
    let mut own = Vec::new();
    let mut any = false;
    for &placed in block {
        match placed.directive.name.as_str() {
            "add_header" => {
                any = true;
                if let Some(name) = known(placed.directive.argument(0)) {
                    let always = placed.directive.argument(2) == "always";
                    own.push(Set {
                        name,
                        value: value(placed.directive.argument(1), variables),
                        always,
                        placed,
                    });
                }
            }
            "more_set_headers" => {
                for argument in &placed.directive.arguments {
                    if let Some((name, text)) = argument.split_once(':')
                        && let Some(name) = known(name.trim())
                    {
                        own.push(Set { name, value: value(text.trim(), variables), always: true, placed });
                    }
                }
            }
            _ => {}
        }
    }
    (own, any)
}

/// A value, with variables that the configuration itself sets.
fn value(text: &str, variables: &[&Placed]) -> HeaderValue {
    if text.is_empty() {
        return HeaderValue::Removed;
    }
    if !text.contains('$') {
        return HeaderValue::Text(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let name = text.trim();
    let assigned = variables.iter().find_map(|placed| match placed.directive.name.as_str() {
        "set" if placed.directive.argument(0) == name => Some(placed.directive.argument(1).to_owned()),
        "map" if placed.directive.argument(1) == name => placed
            .inside
            .iter()
            .find(|entry| entry.directive.name == "default")
            .map(|entry| entry.directive.argument(0).to_owned()),
        _ => None,
    });
    match assigned {
        Some(text) if !text.contains('$') => HeaderValue::Text(text),
        Some(text) => HeaderValue::Computed(text),
        None => HeaderValue::Computed(text.to_owned()),
    }
}

fn read_servers(http: &[&Placed], servers: &[&Placed], edge: &mut Edge) {
    let (outer, _) = own(http, http);
    let mut content: Vec<&Placed> = Vec::new();
    let serves_tls = servers.iter().any(|server| is_tls(server) && !is_inside(server) && !is_silent(server));
    for &server in servers.iter().filter(|server| !is_inside(server)) {
        let tls = is_tls(server);
        let only_redirects = redirects(server, edge);
        let silent = is_silent(server);
        if !only_redirects && !silent {
            content.push(server);
        }
        edge.listeners.push(Listener {
            what: format!("nginx server {}", name_of(server)),
            tls,
            plain_content: !tls && !only_redirects && !silent,
            beside_tls: serves_tls && !only_redirects && !silent && clear::is_open(server),
            at: server.at(),
        });
        certificates(server, edge);
    }
    protocols(http, servers, edge);
    // Where some servers speak TLS, those that do not are for what is inside.
    if content.iter().any(|server| is_tls(server)) {
        content.retain(|server| is_tls(server));
    }
    let mut headers: Vec<ResponseHeader> = Vec::new();
    for server in &content {
        let block: Vec<&Placed> = server.inside.iter().collect();
        let variables: Vec<&Placed> = block.iter().chain(http).copied().collect();
        let (mut sets, any) = own(&block, &variables);
        if !any && sets.is_empty() {
            sets.clone_from(&outer);
        }
        let merges = merges(http) || merges(&block);
        for set in &sets {
            let mut header = header(set, HeaderScope::Everywhere);
            if !merges {
                lost(set.name, server, 0, &mut header.lost);
            }
            headers.push(header);
        }
        // Headers that only a location sets.
        let mut seen = Vec::new();
        inner(server, &variables, 0, &mut seen);
        for (set, scope) in seen {
            let repeated = sets.iter().any(|outer| outer.name == set.name);
            if !repeated || scope.covers_pages() {
                headers.push(header(&set, scope));
            }
        }
    }
    // A server that does not set what another one sets.
    for header in &mut headers {
        for server in &content {
            let block: Vec<&Placed> = server.inside.iter().collect();
            let (sets, any) = own(&block, &block);
            let mut in_locations = Vec::new();
            inner(server, &block, 0, &mut in_locations);
            let has = sets.iter().any(|set| set.name == header.name)
                || in_locations.iter().any(|(set, scope)| set.name == header.name && scope.covers_pages())
                || !any && outer.iter().any(|set| set.name == header.name);
            if !has && header.scope.covers_pages() {
                header.lost.push(Lost {
                    scope: HeaderScope::Everywhere,
                    why: format!("the server {} does not set it", name_of(server)),
                    at: server.at(),
                });
            }
        }
    }
    edge.headers.extend(headers);
}

fn header(set: &Set, scope: HeaderScope) -> ResponseHeader {
    let mut lost = Vec::new();
    if !set.always && scope.covers_pages() {
        lost.push(Lost {
            scope: HeaderScope::Part("error answers".to_owned()),
            why: "without `always` it is left out of error answers".to_owned(),
            at: set.placed.at(),
        });
    }
    ResponseHeader {
        name: set.name.to_owned(),
        value: set.value.clone(),
        scope,
        set_by: format!("nginx {}", set.placed.directive.name),
        layer: Layer::Proxy,
        at: set.placed.at(),
        switch: None,
        lost,
        unused: None,
    }
}

/// `add_header_inherit merge` keeps what outer blocks add.
fn merges(block: &[&Placed]) -> bool {
    block.iter().any(|placed| {
        placed.directive.name == "add_header_inherit" && placed.directive.argument(0) == "merge"
    })
}

/// Inner blocks with headers of their own drop all outer ones.
fn lost(name: &str, block: &Placed, depth: usize, found: &mut Vec<Lost>) {
    if depth > DEPTH || found.len() >= 20 {
        return;
    }
    for inner in block
        .inside
        .iter()
        .filter(|inner| matches!(inner.directive.name.as_str(), "location" | "if" | "limit_except"))
    {
        let inside: Vec<&Placed> = inner.inside.iter().collect();
        let (sets, any) = own(&inside, &inside);
        let unreachable = inner.inside.iter().any(|placed| {
            matches!(placed.directive.name.as_str(), "internal" | "deny")
                || placed.directive.name == "return" && placed.directive.argument(0).starts_with(['3', '4'])
        });
        if any && !merges(&inside) && !unreachable {
            if !sets.iter().any(|set| set.name == name) {
                let first = inner.all("add_header").next().map_or_else(|| inner.at(), Placed::at);
                let which = inner.directive.arguments.join(" ");
                found.push(Lost {
                    scope: scope_of(inner),
                    why: format!(
                        "`{} {which}` adds headers of its own, which drops it",
                        inner.directive.name
                    ),
                    at: first,
                });
            } else if let Some(set) = sets.iter().find(|set| set.name == name && !set.always) {
                found.push(Lost {
                    scope: HeaderScope::Part("error answers".to_owned()),
                    why: "without `always` it is left out of error answers".to_owned(),
                    at: set.placed.at(),
                });
            }
        }
        if !any {
            lost(name, inner, depth + 1, found);
        }
    }
}

/// The headers that locations set.
fn inner<'p, 'a>(
    block: &'p Placed<'a>,
    variables: &[&'p Placed<'a>],
    depth: usize,
    found: &mut Vec<(Set<'p, 'a>, HeaderScope)>,
) {
    if depth > DEPTH {
        return;
    }
    for location in block.all("location") {
        let inside: Vec<&Placed> = location.inside.iter().collect();
        found.extend(own(&inside, variables).0.into_iter().map(|set| (set, scope_of(location))));
        inner(location, variables, depth + 1, found);
    }
}

/// Which answers a location gives.
fn scope_of(location: &Placed) -> HeaderScope {
    let arguments = &location.directive.arguments;
    let pattern = arguments.last().map_or("", String::as_str);
    if pattern == "/" && arguments.first().is_none_or(|first| first != "=") {
        return HeaderScope::Everywhere;
    }
    let by_extension = arguments.first().is_some_and(|first| first.starts_with('~'))
        && pattern.contains("\\.")
        && !pattern.contains("html")
        && !pattern.contains("php");
    if by_extension { HeaderScope::Assets } else { HeaderScope::Part(pattern.to_owned()) }
}

fn name_of(server: &Placed) -> String {
    server
        .all("server_name")
        .next()
        .map_or_else(|| "without a name".to_owned(), |name| name.directive.argument(0).to_owned())
}

/// Closes every connection without an answer: what a catch-all server is for.
fn is_silent(server: &Placed) -> bool {
    server.inside.iter().any(|placed| match placed.directive.name.as_str() {
        "return" => placed.directive.argument(0) == "444",
        "ssl_reject_handshake" => placed.directive.argument(0) == "on",
        _ => false,
    })
}

/// Reached from the machine itself only: status pages, tests.
fn is_inside(server: &Placed) -> bool {
    let local = |text: &str| text.starts_with("127.0.0.1") || text.starts_with("unix:");
    local(&name_of(server))
        || server.all("listen").next().is_some()
            && server.all("listen").all(|listen| local(listen.directive.argument(0)))
}

fn is_tls(server: &Placed) -> bool {
    server.all("listen").any(|listen| {
        listen.directive.arguments.iter().any(|word| matches!(word.as_str(), "ssl" | "quic"))
            || listen.directive.argument(0).ends_with("443")
    }) || server.all("ssl_certificate").next().is_some()
}

/// Whether a condition is about the scheme of the request.
fn asks_for_scheme(condition: &Placed) -> bool {
    let test = condition.directive.arguments.join(" ");
    ["scheme", "forwarded_proto", "https"].iter().any(|word| test.contains(word))
}

/// Notes what a server redirects to HTTPS; says whether it does nothing else.
fn redirects(server: &Placed, edge: &mut Edge) -> bool {
    let mut redirect = |placed: &Placed, whole: bool| {
        let directive = &placed.directive;
        let (permanent, to) = match directive.name.as_str() {
            "return" => (matches!(directive.argument(0), "301" | "308"), directive.argument(1)),
            "rewrite" => {
                (directive.arguments.last().is_some_and(|flag| flag == "permanent"), directive.argument(1))
            }
            _ => return false,
        };
        let temporary = directive.name == "rewrite"
            || matches!(directive.argument(0), "302" | "307" | "301" | "308" | "303");
        if !(to.starts_with("https://")
            || to.starts_with("$redirect_scheme://")
            || directive.argument(0).starts_with("https://"))
            || !temporary
        {
            return false;
        }
        // From `www` to the apex over TLS is none of this.
        if is_tls(server)
            && whole
            && !server.all("listen").any(|listen| listen.directive.argument(0).ends_with("80"))
        {
            return true;
        }
        edge.redirects.push(HttpsRedirect {
            by: format!("nginx {} {}", directive.name, directive.argument(0)),
            permanent,
            off: false,
            switch: None,
            at: placed.at(),
        });
        true
    };
    let mut whole = false;
    for placed in &server.inside {
        whole |= redirect(placed, true);
        if placed.directive.name == "if" && asks_for_scheme(placed) {
            for inner in &placed.inside {
                redirect(inner, false);
            }
        }
    }
    if whole {
        return true;
    }
    // `location / { return 301 https://…; }` beside the ACME challenge.
    let mut all = false;
    for location in server.all("location") {
        let pattern = location.directive.arguments.last().map_or("", String::as_str);
        if pattern == "/" && location.inside.iter().any(|inner| redirect(inner, true)) {
            all = true;
        }
        for condition in location.all("if").filter(|condition| asks_for_scheme(condition)) {
            for inner in &condition.inside {
                redirect(inner, false);
            }
        }
    }
    all
}

fn certificates(server: &Placed, edge: &mut Edge) {
    if let Some(certificate) = server.all("ssl_certificate").next() {
        edge.certificates.push(Certificate {
            by: format!("a certificate file ({})", certificate.directive.argument(0)),
            renewed: false,
            at: certificate.at(),
        });
    }
    if let Some(acme) = server.all("acme_certificate").next() {
        edge.certificates.push(Certificate {
            by: "nginx's ACME module".to_owned(),
            renewed: true,
            at: acme.at(),
        });
    }
}

fn protocols(http: &[&Placed], servers: &[&Placed], edge: &mut Edge) {
    let said = http.iter().copied().chain(servers.iter().flat_map(|server| &server.inside));
    for placed in said.filter(|placed| placed.directive.name == "ssl_protocols") {
        let oldest = placed.directive.arguments.iter().filter_map(|word| super::tls_version(word)).min();
        if let Some(oldest) = oldest {
            edge.protocols.push(TlsProtocols {
                by: format!("nginx ssl_protocols {}", placed.directive.arguments.join(" ")),
                oldest,
                at: placed.at(),
            });
        }
    }
}

/// What a file would set if anything loaded it.
fn not_loaded(tree: &Tree, file: &File, edge: &mut Edge) {
    let Some(text) = tree.text(file) else { return };
    let mut pending = nginx::parse(&text, &Limits::default());
    let mut budget = DIRECTIVES;
    while let Some(directive) = pending.pop() {
        budget = budget.saturating_sub(1);
        if budget == 0 {
            return;
        }
        if directive.name == "add_header"
            && let Some(name) = known(directive.argument(0))
        {
            edge.headers.push(ResponseHeader {
                name: name.to_owned(),
                value: HeaderValue::Text(directive.argument(1).to_owned()),
                scope: HeaderScope::Everywhere,
                set_by: "nginx add_header".to_owned(),
                layer: Layer::Proxy,
                at: file.at_line(directive.line),
                switch: None,
                lost: Vec::new(),
                unused: Some(format!("nothing here loads {}", file.path)),
            });
        }
        pending.extend(directive.block.unwrap_or_default());
    }
}
