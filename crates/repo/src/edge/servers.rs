//! Caddy and Apache: headers, certificates, redirects and versions of TLS.

use seaworthy_facts::{
    Certificate, Containers, Edge, HeaderScope, HeaderValue, HttpsRedirect, ImageRole, Layer, Listener,
    Location, ResponseHeader, Switch, TlsProtocols,
};
use seaworthy_syntax::caddyfile::{self, Segment};
use seaworthy_syntax::{Limits, apache};

use super::application::known;
use super::loaded::Loaded;
use crate::launches::can_ship;
use crate::tree::{File, Tree};

mod address;

/// Who redirects.
const CADDY: &str = "Caddy";

/// Reads Caddyfiles.
pub fn caddy(tree: &Tree, loaded: &Loaded, edge: &mut Edge) {
    let files = tree.files().iter().filter(|file| file.name().starts_with("Caddyfile") && can_ship(file));
    for file in tree.first(files, 20, "Caddyfiles") {
        let Some(text) = tree.text(file) else { continue };
        let segments = caddyfile::parse(&text, &Limits::default());
        let unused = loaded.by(file).is_none().then(|| format!("nothing here loads {}", file.path));
        let mut automatic = true;
        for segment in &segments {
            if segment.words.is_empty() {
                automatic &= !segment
                    .inside()
                    .iter()
                    .any(|option| option.name() == "auto_https" && option.word(1).contains("off"));
                continue;
            }
            if segment.name().starts_with('(')
                || segment.block.is_none() && segments.len() > 1 && !is_address(segment.name())
            {
                continue;
            }
            let switch = address::switched_to_plain(tree, segment);
            site(file, segment, &segments, automatic, (unused.as_deref(), switch), edge);
        }
    }
}

fn is_address(word: &str) -> bool {
    let word = word.trim_end_matches(',');
    word.contains('.')
        || word.contains("{$")
        || word.starts_with(':')
        || word.starts_with("http")
        || word == "localhost"
}

fn site(
    file: &File,
    site: &Segment,
    all: &[Segment],
    automatic: bool,
    (unused, switch): (Option<&str>, Option<Switch>),
    edge: &mut Edge,
) {
    let addresses: Vec<&str> =
        site.words.iter().map(|word| word.trim_end_matches(',')).filter(|word| !word.is_empty()).collect();
    let at = file.at_line(site.line);
    let plain = |address: &&str| {
        address.starts_with("http://") || address.starts_with(':') && !address.ends_with(":443")
    };
    let local = |address: &&str| address.contains("localhost") || address.contains("127.0.0.1");
    let tls = switch.is_none()
        && addresses.iter().any(|address| !plain(address) && !local(address) && is_address(address));
    if unused.is_none() {
        edge.listeners.push(Listener {
            what: format!("Caddy site {}", addresses.join(" ")),
            tls,
            plain_content: !tls,
            beside_tls: false,
            at: at.clone(),
        });
        if tls {
            caddy_tls(file, site, automatic, &at, edge);
        } else if switch.is_some() {
            edge.redirects.push(HttpsRedirect {
                by: CADDY.to_owned(),
                permanent: true,
                off: false,
                switch,
                at: at.clone(),
            });
        }
    }
    // A site without braces is the rest of the file.
    let lines: Vec<&Segment> = match &site.block {
        Some(block) => block.iter().collect(),
        None => all.iter().filter(|segment| segment.line > site.line).collect(),
    };
    let mut pending: Vec<(&Segment, u8)> = lines.into_iter().map(|line| (line, 0)).collect();
    pending.reverse();
    while let Some((line, depth)) = pending.pop() {
        match line.name() {
            "header" => header(file, line, unused, edge),
            "import" if depth < 4 => {
                // `(security) { … }` of the same file.
                let name = format!("({})", line.word(1));
                let snippet = all.iter().find(|segment| segment.name() == name);
                pending.extend(
                    snippet
                        .map(Segment::inside)
                        .unwrap_or_default()
                        .iter()
                        .rev()
                        .map(|line| (line, depth + 1)),
                );
            }
            "route" | "handle" if line.words.len() == 1 && depth < 4 => {
                pending.extend(line.inside().iter().rev().map(|line| (line, depth + 1)));
            }
            _ => {}
        }
    }
}

/// <https://caddyserver.com/docs/automatic-https>
fn caddy_tls(file: &File, site: &Segment, automatic: bool, at: &Location, edge: &mut Edge) {
    let tls = site.inside().iter().find(|line| line.name() == "tls");
    let own = tls.is_some_and(|tls| tls.words.len() >= 3 || tls.word(1) == "internal");
    if automatic || tls.is_some() {
        let by = if own { "a certificate file given to Caddy" } else { "Caddy" };
        edge.certificates.push(Certificate { by: by.to_owned(), renewed: !own, at: at.clone() });
    }
    if automatic {
        edge.redirects.push(HttpsRedirect {
            by: CADDY.to_owned(),
            permanent: true,
            off: false,
            switch: None,
            at: at.clone(),
        });
    }
    let said = tls.and_then(|tls| tls.inside().iter().find(|line| line.name() == "protocols"));
    let (by, oldest, at) = match said {
        Some(said) => (
            format!("Caddy tls protocols {}", said.word(1)),
            super::tls_version(said.word(1)).unwrap_or(12),
            file.at_line(said.line),
        ),
        None => ("Caddy's default (TLS 1.2 and 1.3)".to_owned(), 12, at.clone()),
    };
    edge.protocols.push(TlsProtocols { by, oldest, at });
}

/// `header [matcher] [-+?>]Field value` or a block of them.
fn header(file: &File, line: &Segment, unused: Option<&str>, edge: &mut Edge) {
    let mut words: Vec<&str> = line.words.iter().skip(1).map(String::as_str).collect();
    let mut scope = HeaderScope::Everywhere;
    if let Some(matcher) = words.first().filter(|word| word.starts_with(['/', '@', '*'])) {
        if !matches!(*matcher, "*" | "/*") {
            scope = HeaderScope::Part((*matcher).to_owned());
        }
        words.remove(0);
    }
    let mut fields: Vec<(Vec<&str>, u32)> = vec![(words, line.line)];
    fields.extend(
        line.inside().iter().map(|inner| (inner.words.iter().map(String::as_str).collect(), inner.line)),
    );
    for (words, number) in fields {
        let Some(field) = words.first() else { continue };
        let removes = field.starts_with('-');
        let Some(name) = known(field.trim_start_matches(['-', '+', '?', '>'])) else { continue };
        let value = match words.get(1) {
            _ if removes => HeaderValue::Removed,
            Some(value) => HeaderValue::Text(value.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => continue,
        };
        edge.headers.push(ResponseHeader {
            name: name.to_owned(),
            value,
            scope: scope.clone(),
            set_by: "Caddy header".to_owned(),
            layer: Layer::Proxy,
            at: file.at_line(number),
            switch: None,
            lost: Vec::new(),
            unused: unused.map(str::to_owned),
        });
    }
}

/// Reads Apache configuration and `.htaccess`.
pub fn apache(tree: &Tree, loaded: &Loaded, containers: &Containers, edge: &mut Edge) {
    let served_by_apache = containers.images.iter().any(|image| {
        let text = format!("{} {}", image.name, image.tag.as_deref().unwrap_or_default());
        image.role == ImageRole::Base && (text.contains("apache") || text.contains("httpd"))
    });
    let other_server =
        containers.images.iter().any(|image| image.role == ImageRole::Base && !image.development)
            && !served_by_apache;
    for file in tree.files().iter().filter(|file| can_ship(file)).take(200_000) {
        let name = file.name();
        let htaccess = name == ".htaccess";
        if !htaccess
            && !(name.ends_with(".conf")
                && (file.path.contains("apache")
                    || file.path.contains("httpd")
                    || file.path.contains("vhost")
                    || file.path.contains("sites-")))
        {
            continue;
        }
        let Some(text) = tree.text(file) else { continue };
        // What lies deeper than the document root is about a folder of files.
        let depth = file.path.matches('/').count();
        if htaccess && depth > 1 {
            continue;
        }
        let unused = if htaccess {
            other_server.then(|| format!("no image here serves with Apache, which reads {}", file.path))
        } else {
            loaded.by(file).is_none().then(|| format!("nothing here loads {}", file.path))
        };
        directives(file, &apache::parse(&text, &Limits::default()), unused.as_deref(), edge);
    }
}

fn directives(file: &File, directives: &[apache::Directive], unused: Option<&str>, edge: &mut Edge) {
    let mut pending: Vec<(&apache::Directive, HeaderScope, bool)> =
        directives.iter().rev().map(|directive| (directive, HeaderScope::Everywhere, false)).collect();
    let mut asks_for_tls = false;
    while let Some((directive, scope, tls)) = pending.pop() {
        let at = file.at_line(directive.line);
        if directive.section.is_some() {
            let scope = match directive.name.to_ascii_lowercase().as_str() {
                "files" | "filesmatch"
                    if directive.arguments.iter().any(|argument| argument.contains("html")) =>
                {
                    HeaderScope::Pages
                }
                "files" | "filesmatch" => HeaderScope::Assets,
                "location" | "locationmatch" if directive.argument(0) != "/" => {
                    HeaderScope::Part(directive.argument(0).to_owned())
                }
                _ => scope,
            };
            let tls = tls
                || directive.is("VirtualHost")
                    && directive.arguments.iter().any(|address| address.ends_with(":443"));
            pending.extend(directive.inside().iter().rev().map(|inner| (inner, scope.clone(), tls)));
            continue;
        }
        match directive.name.to_ascii_lowercase().as_str() {
            "header" => header_directive(directive, scope, &at, unused, edge),
            _ if unused.is_some() => {}
            "sslprotocol" => {
                if let Some(oldest) = apache_oldest(&directive.arguments) {
                    let by = format!("SSLProtocol {}", directive.arguments.join(" "));
                    edge.protocols.push(TlsProtocols { by, oldest, at });
                }
            }
            "sslcertificatefile" => {
                let by = format!("a certificate file ({})", directive.argument(0));
                edge.certificates.push(Certificate { by, renewed: false, at });
            }
            "mdomain" => {
                edge.certificates.push(Certificate { by: "Apache's mod_md".to_owned(), renewed: true, at })
            }
            "rewritecond" => {
                asks_for_tls = directive.arguments.iter().any(|argument| {
                    argument.to_ascii_lowercase().contains("https")
                        || argument.contains("X-Forwarded-Proto")
                        || argument.contains("SERVER_PORT")
                })
            }
            "rewriterule" => {
                let to_tls = directive.argument(1).starts_with("https://");
                let flags = directive.argument(2).to_ascii_uppercase();
                if to_tls && (asks_for_tls || !tls) {
                    let permanent = ["R=301", "R=308", "R=PERMANENT"].iter().any(|flag| flags.contains(flag));
                    edge.redirects.push(HttpsRedirect {
                        by: "Apache RewriteRule".to_owned(),
                        permanent,
                        off: false,
                        switch: None,
                        at,
                    });
                }
                asks_for_tls = false;
            }
            "redirect" | "redirectpermanent" | "redirectmatch"
                if !tls && directive.arguments.iter().any(|argument| argument.starts_with("https://")) =>
            {
                let permanent = directive.is("RedirectPermanent")
                    || matches!(directive.argument(0), "permanent" | "301" | "308");
                edge.redirects.push(HttpsRedirect {
                    by: format!("Apache {}", directive.name),
                    permanent,
                    off: false,
                    switch: None,
                    at,
                });
            }
            _ => {}
        }
    }
}

/// `Header [always] set|append|merge|add|setifempty|unset NAME value`
fn header_directive(
    directive: &apache::Directive,
    scope: HeaderScope,
    at: &Location,
    unused: Option<&str>,
    edge: &mut Edge,
) {
    let mut words = directive.arguments.iter().map(String::as_str);
    let mut word = words.next().unwrap_or_default();
    let always = word.eq_ignore_ascii_case("always");
    if always || word.eq_ignore_ascii_case("onsuccess") {
        word = words.next().unwrap_or_default();
    }
    let removes = word.eq_ignore_ascii_case("unset");
    let Some(name) = words.next().and_then(|name| known(name.trim_end_matches(':'))) else { return };
    let value = words.next().unwrap_or_default();
    let mut lost = Vec::new();
    if !always && !removes && scope.covers_pages() {
        lost.push(seaworthy_facts::Lost {
            scope: HeaderScope::Part("error answers".to_owned()),
            why: "without `always` it is left out of error answers".to_owned(),
            at: at.clone(),
        });
    }
    edge.headers.push(ResponseHeader {
        name: name.to_owned(),
        value: if removes {
            HeaderValue::Removed
        } else {
            HeaderValue::Text(value.split_whitespace().collect::<Vec<_>>().join(" "))
        },
        scope,
        set_by: "Apache Header".to_owned(),
        layer: Layer::Proxy,
        at: at.clone(),
        switch: None,
        lost,
        unused: unused.map(str::to_owned),
    });
}

/// The oldest version that `SSLProtocol` leaves.
fn apache_oldest(arguments: &[String]) -> Option<u8> {
    let mut allowed: Vec<u8> = Vec::new();
    for argument in arguments {
        let (sign, word) = match argument.strip_prefix('-') {
            Some(word) => (false, word),
            None => (true, argument.trim_start_matches('+')),
        };
        let versions: Vec<u8> = if word.eq_ignore_ascii_case("all") {
            vec![10, 11, 12, 13]
        } else {
            super::tls_version(word).into_iter().collect()
        };
        for version in versions {
            allowed.retain(|known| *known != version);
            if sign {
                allowed.push(version);
            }
        }
    }
    allowed.into_iter().min()
}
