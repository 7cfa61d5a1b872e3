//! Links to legal texts, and the routes that serve them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{LegalKind, LegalLink, LegalRoute, LegalText, LinkTarget};

use super::names;
use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree, is_template};

/// Words of which one stands in every link to a legal text.
const WORDS: &[&str] = &[
    "privacy",
    "Privacy",
    "PRIVACY",
    "policy.show",
    "atenschutz",
    "privacidad",
    "onfidentialit",
    "terms",
    "Terms",
    "TERMS",
    "/tos",
    "/agb",
    "AGB",
    "utzungsbedingungen",
    "/eula",
    "/cgu",
    "user-agreement",
];

/// Addresses of pages that list legal texts.
const LISTS: &[&str] =
    &["policies_path", "policies_url", "/policies", "/legal", "legal_path", "'legal'", "\"legal\""];

/// How many files are read for links.
const FILES: usize = 500;

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    words: Vec<NeedleId>,
    lists: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add =
        |text: &&str, per_file| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file });
    Plan {
        words: WORDS.iter().map(|text| add(text, 24)).collect(),
        lists: LISTS.iter().map(|text| add(text, 3)).collect(),
    }
}

/// What the literals show: links and routes.
pub fn collect(
    tree: &Tree,
    scan: &Scan,
    plan: &Plan,
    texts: &[LegalText],
    foreign: &dyn Fn(&str) -> bool,
) -> (Vec<LegalLink>, Vec<LegalRoute>) {
    let mut lines: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for hit in plan.words.iter().flat_map(|id| scan.hits(*id)) {
        let file = &tree.files()[hit.file];
        if !hit.comment && scan.ships(file) && can_link(file) && !is_text(texts, file) {
            lines.entry(hit.file).or_default().push(hit.line);
        }
    }
    let (mut links, mut routes) = (Vec::new(), Vec::new());
    if let Some(cut) = lines.keys().nth(FILES) {
        let what = format!(
            "more than {FILES} files that speak of legal pages; this one and those after it were not looked at"
        );
        tree.cut(tree.files()[*cut].at(), what);
    }
    for (index, mut hits) in lines.into_iter().take(FILES) {
        hits.sort_unstable();
        hits.dedup();
        let file = &tree.files()[index];
        let Some(text) = tree.text(file) else { continue };
        let all: Vec<&str> = text.lines().collect();
        for line in hits {
            look(file, &all, line as usize, foreign, &mut links, &mut routes);
        }
    }
    for hit in plan.lists.iter().flat_map(|id| scan.hits(*id)) {
        let file = &tree.files()[hit.file];
        if !hit.comment && scan.ships(file) && can_link(file) && !is_text(texts, file) {
            list(file, hit, texts, &mut links);
        }
    }
    links.sort_by_key(rank);
    links.dedup_by(|left, right| left.kind == right.kind && left.at == right.at);
    links.truncate(200);
    routes.truncate(100);
    (links, routes)
}

/// The most telling links first: where they lead, then where they are.
fn rank(link: &LegalLink) -> (LegalKind, LinkTarget, u8, String) {
    let place = match link.place.as_str() {
        "a footer" => 0,
        "a layout" => 1,
        "a sign-up or sign-in page" => 2,
        "the navigation" => 3,
        "a page" => 4,
        _ => 5,
    };
    (link.kind, link.target, place, link.at.to_string())
}

fn is_text(texts: &[LegalText], file: &File) -> bool {
    texts.iter().any(|text| text.at.path() == Some(&file.path))
}

/// Pages, scripts and the settings and translations from which pages are made; mail is no page.
fn can_link(file: &File) -> bool {
    let lower = file.path.to_ascii_lowercase();
    let mail = lower.split('/').any(|part| {
        matches!(part, "mail" | "mails" | "email" | "emails" | "mailer" | "mailers" | "mjml")
            || part.ends_with("_mailer")
            || part.contains("email")
    });
    let tool = crate::system::is_tool_code(&file.path);
    if mail || tool {
        return false;
    }
    match file.language {
        Some("css" | "sql" | "shell" | "powershell" | "terraform" | "c" | "cpp") => false,
        Some(_) => true,
        None => {
            let extension = file.extension();
            is_template(extension) || matches!(extension, "json" | "yml" | "yaml" | "toml" | "xhtml")
        }
    }
}

/// An attribute or key with an address, then the address.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:\bhref|\bto|\burl|\blink|\bpath|routerlink|asp-page|asp-action|asp-controller|\bnavigate|\bpatch|\bpage|\broute|th:href|[\w.-]*(?:privacy|terms|tos|datenschutz)[\w.-]*)["'\]]?\s*(?:=>|[:=])\s*\{?\s*(?:~p)?[`"']([^`"'<>]*)[`"']"#,
    )
    .ok()
});

/// A helper that makes an address, with the name of a text in it: `privacy_path`, `route('privacy')`, `{% url 'terms' %}`.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const NAME: &str =
        r"[\w/.:-]*(?:privacy|terms|/tos|datenschutz|confidentialit|privacidad|_cgu\b)[\w/.:-]*";
    Regex::new(&format!(
        r#"(?i)\b(\w*(?:privacy|terms|tos|datenschutz|legal)\w*)_(?:path|url)\b|(?:_path|_url|\broute|url_for|\baction|\breverse|path_for|actionlink|navigate|\bpush|redirect|linkto)\s*\(?\s*[^"'()]{{0,20}}\(?\s*["':]+({NAME})|\{{%-?\s*(?:url|path)\s+["']({NAME})|\{{\{{-?\s*(?:path|url)\(\s*["']({NAME})|@\{{({NAME})"#
    ))
    .ok()
});

/// An address that stands in a variable.
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:href|to|url)\s*=\s*[{]{1,2}\s*([\w.?!$\[\]]*(?:privacy|terms|tos)[\w.?!\[\]]*)").ok()
});

/// A definition of a route.
static ROUTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)<Route\b|\bre_path\(|(?:^|[\s\[(])path\(\s*r?['"]|Route::|\brouter\.|\b(?:app|server|fastify|r|e|g|mux|http|api|web)\.(?:get|use|all|route|handle|handlefunc)\(|@\w+\.(?:route|get)\(|^\s*get\s+['":]|\bMap(?:Get|ControllerRoute)|@(?:Get|Request)Mapping|HandleFunc\(|\blive\s+"|^\s*match\s+['"]|addRoute|add_url_rule|#\[Route|@Get\("#,
    )
    .ok()
});

fn look(
    file: &File,
    lines: &[&str],
    number: usize,
    foreign: &dyn Fn(&str) -> bool,
    links: &mut Vec<LegalLink>,
    routes: &mut Vec<LegalRoute>,
) {
    let Some(line) = number.checked_sub(1).and_then(|index| lines.get(index)) else { return };
    if line.len() > 4_000 {
        return;
    }
    let printed = without_php(line);
    let line: &str = &printed;
    let at = file.at_line(u32::try_from(number).unwrap_or(u32::MAX));
    let first = number.saturating_sub(6);
    let before = || lines[first..number - 1].iter().rev().copied();
    if let Some(kind) = route(line, before().next()) {
        let around = surroundings(lines, number);
        routes.push(LegalRoute { kind, at, behind_login: is_guarded(&around) });
        return;
    }
    let mut push = |kind: LegalKind, target: LinkTarget, address: &str| {
        links.push(LegalLink {
            kind,
            target,
            address: address.chars().take(120).collect(),
            at: at.clone(),
            place: place(&file.path).to_owned(),
        });
    };
    let mut found = false;
    // Data is full of addresses; only a key that names the text, or a link in a translation, is about it.
    let data = matches!(file.extension(), "json" | "yml" | "yaml" | "toml");
    if data && !is_key(line) {
        return;
    }
    for address in ADDRESS.iter().flat_map(|regex| regex.captures_iter(line)).filter_map(|found| found.get(1))
    {
        let address = address.as_str();
        let whole = line.to_lowercase();
        if address.starts_with("http") {
            if let Some(kind) = names::kind_of_address(address).or_else(|| label_kind(&whole))
                && !foreign(address)
            {
                found = true;
                push(kind, LinkTarget::External, address);
            }
        } else if let Some(kind) = names::kind_of_address(address).filter(|_| is_address(address, line)) {
            found = true;
            push(kind, LinkTarget::Internal, address);
        } else if matches!(address, "#" | "" | "#!" | "javascript:void(0)" | "javascript:;")
            && let Some(kind) = label_kind(&whole)
        {
            found = true;
            push(kind, LinkTarget::Nowhere, "#");
        }
    }
    if found || file.extension() == "json" {
        return;
    }
    if let Some(call) = CALL.as_ref().and_then(|regex| regex.captures(line)) {
        let name = call.iter().skip(1).flatten().next().map_or("", |name| name.as_str());
        // Helpers without a call are Ruby's and Elixir's; elsewhere such a name is a field.
        let helper = call.get(1).is_none() || matches!(file.language, Some("ruby" | "elixir"));
        if let Some(kind) = names::kind_of_address(name).filter(|_| helper && !name.starts_with("http")) {
            return push(kind, LinkTarget::Internal, name);
        }
    }
    if let Some(variable) =
        VARIABLE.as_ref().and_then(|regex| regex.captures(line)).and_then(|found| found.get(1))
    {
        let name = variable.as_str();
        let lower = name.to_lowercase();
        let kind = if lower.contains("privacy") { LegalKind::Privacy } else { LegalKind::Terms };
        let constant = lower.contains("route") || lower.contains("path") || lower.contains("links.");
        let target = if constant { LinkTarget::Internal } else { LinkTarget::Setting };
        return push(kind, target, name);
    }
    // A call over several lines: the name of the route stands alone.
    let trimmed = line.trim().trim_end_matches(',');
    let alone = trimmed.len() > 2
        && trimmed.starts_with(['"', '\''])
        && trimmed.ends_with(['"', '\''])
        && before().next().is_some_and(|above| {
            above.trim_end().ends_with("route(") || above.trim_end().ends_with("url_for(")
        });
    if let Some(kind) = names::kind_of_address(trimmed.trim_matches(['"', '\''])).filter(|_| alone) {
        return push(kind, LinkTarget::Internal, trimmed.trim_matches(['"', '\'']));
    }
    // The label alone is on this line: the link begins a few lines above.
    if let Some(kind) = names::kind_of_label(&visible(line)) {
        for above in before().take(5) {
            if above.contains("</a") || above.contains("</Link") || above.contains("</button") {
                break;
            }
            let Some(address) =
                ADDRESS.as_ref().and_then(|regex| regex.captures(above)).and_then(|found| found.get(1))
            else {
                continue;
            };
            let address = address.as_str();
            match address {
                "#" | "" | "#!" => push(kind, LinkTarget::Nowhere, "#"),
                _ if address.starts_with("http") && !foreign(address) => {
                    push(kind, LinkTarget::External, address)
                }
                _ if address.starts_with('/') => push(kind, LinkTarget::Internal, address),
                _ => {}
            }
            break;
        }
    }
}

/// A line without the PHP that prints parts of it: `href="<?= $root ?>terms.php"` leads to `terms.php`.
pub(super) fn without_php(line: &str) -> Cow<'_, str> {
    if !line.contains("<?") {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, inside)) = rest.split_once("<?") {
        let Some((code, after)) = inside.split_once("?>") else { break };
        out.push_str(before);
        // What is printed by a function may be the address itself: `<?= route('privacy') ?>`.
        if code.contains('(') {
            out.push_str(code);
        }
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The kind of text that a whole line promises, when it holds one label only.
fn label_kind(lower: &str) -> Option<LegalKind> {
    names::kind_of_label(&visible(lower)).or_else(|| names::kind_of_label(lower))
}

/// A line without its tags.
fn visible(line: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for character in line.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out.trim().to_owned()
}

/// A word in a key's value may be a name; an address has a slash, or stands where only addresses stand.
fn is_address(address: &str, line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    !address.contains(' ')
        && !address.contains("${")
        && (address.starts_with(['/', '.', '~', '@'])
            || [
                "href",
                "to=",
                "routerlink",
                "asp-page",
                "asp-action",
                "th:href",
                "navigate=",
                "name:",
                "route(",
            ]
            .iter()
            .any(|mark| lower.contains(mark)))
}

/// The kind of text that a route on this line serves.
fn route(line: &str, above: Option<&str>) -> Option<LegalKind> {
    let regex = ROUTE.as_ref()?;
    let table = line.contains("component")
        || line.contains("element:")
        || line.contains("element=")
        || line.contains("loadComponent")
        || line.contains("() => import(");
    let defined = regex.is_match(line)
        || table
        || above.is_some_and(|above| {
            above.trim_end().ends_with("<Route") || above.trim_end().ends_with("Route(")
        });
    if !defined || line.contains("href") {
        return None;
    }
    line.split(['"', '\'', '`']).skip(1).step_by(2).find_map(|literal| {
        (!literal.contains(' ') && !literal.is_empty())
            .then(|| names::kind_of_address(literal.trim_end_matches(['/', '$'])))?
    })
}

/// The key of a line of data names a legal text, or the line holds a link.
fn is_key(line: &str) -> bool {
    let key = line.split_once([':', '=']).map_or("", |(key, _)| key);
    line.contains("href") || names::kind(key).is_some() || {
        let words = names::words(key);
        let is = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
        is(&["privacy", "terms", "tos", "datenschutz", "agb"])
            && is(&["url", "uri", "link", "href", "address"])
    }
}

/// A route with what belongs to it: the lines that go on with it, and a decorator above.
fn surroundings(lines: &[&str], number: usize) -> String {
    let closed = lines[number - 1].contains("/>")
        || lines[number - 1].contains("),")
        || lines[number - 1].contains(");");
    let end = if closed { number } else { (number + 2).min(lines.len()) };
    let above = number >= 2
        && lines[number - 2].trim_start().starts_with(['@', '<'])
        && !lines[number - 2].contains("/>");
    lines[number - 1 - usize::from(above)..end].join("\n")
}

/// Only people who are signed in get past it.
fn is_guarded(around: &str) -> bool {
    [
        "ProtectedRoute",
        "RequireAuth",
        "PrivateRoute",
        "AuthGuard",
        "login_required",
        "canActivate",
        "requiresAuth: true",
    ]
    .iter()
    .any(|guard| around.contains(guard))
}

/// In which part of the pages a file is.
fn place(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if any(&["footer"]) {
        "a footer"
    } else if any(&[
        "signup",
        "sign-up",
        "sign_up",
        "signin",
        "sign-in",
        "sign_in",
        "register",
        "registration",
        "login",
        "/auth",
        "checkout",
        "users/new",
    ]) {
        "a sign-up or sign-in page"
    } else if any(&[
        "layout",
        "base.",
        "application.html",
        "root.",
        "_app.",
        "app.vue",
        "app.tsx",
        "app.jsx",
        "shell",
        "master",
    ]) {
        "a layout"
    } else if any(&["header", "nav", "menu", "sidebar"]) {
        "the navigation"
    } else if any(&["config", "settings", "constants", ".json", ".yml", ".yaml", ".toml"]) {
        "settings"
    } else {
        "a page"
    }
}

/// A link to a page that lists the texts beside it (`policies/`, `legal/`).
fn list(file: &File, hit: &Hit, texts: &[LegalText], links: &mut Vec<LegalLink>) {
    let line = &hit.text;
    if !["href", "link_to", "to=", "route(", "url_for", "url '", "Link"]
        .iter()
        .any(|mark| line.contains(mark))
    {
        return;
    }
    let folder = if line.contains("polic") { "policies" } else { "legal" };
    for kind in [LegalKind::Privacy, LegalKind::Terms] {
        let listed = texts.iter().any(|text| {
            text.kind == kind && text.at.path().is_some_and(|path| path.split('/').any(|part| part == folder))
        });
        if listed {
            links.push(LegalLink {
                kind,
                target: LinkTarget::Internal,
                address: format!("the list of {folder}"),
                at: file.at_line(hit.line),
                place: place(&file.path).to_owned(),
            });
        }
    }
}
