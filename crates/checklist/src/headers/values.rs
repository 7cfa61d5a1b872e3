//! What the values of security headers are worth.

/// Stands in a value for a part that only the running program knows.
const UNKNOWN: char = '…';

/// What a value is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worth {
    /// It does what it is for; remarks may go with it.
    Good(Vec<String>),
    /// It is there and does not: why.
    Bad(String),
    /// It says nothing about the question: why.
    Silent(String),
    /// Its telling parts are put together while the program runs.
    Untold,
}

impl Worth {
    fn good() -> Worth {
        Worth::Good(Vec::new())
    }
}

/// `X-Content-Type-Options`.
pub fn content_type_options(value: &str) -> Worth {
    if value.contains(UNKNOWN) {
        return Worth::Untold;
    }
    // Repeated by several layers it arrives as a list.
    if value.split(',').all(|part| part.trim().eq_ignore_ascii_case("nosniff")) {
        Worth::good()
    } else {
        Worth::Bad(format!("`{}` is not `nosniff`", short(value)))
    }
}

/// `X-Frame-Options`.
pub fn frame_options(value: &str) -> Worth {
    let plain = value.trim().trim_matches(['"', '\'', ';']).to_ascii_uppercase();
    match plain.as_str() {
        "DENY" | "SAMEORIGIN" => Worth::good(),
        _ if plain.starts_with("ALLOW-FROM") => Worth::Bad("`ALLOW-FROM` is ignored by browsers".to_owned()),
        _ if value.contains(UNKNOWN) => Worth::Untold,
        _ => Worth::Bad(format!("`{}` is neither `DENY` nor `SAMEORIGIN`", short(value))),
    }
}

/// `frame-ancestors` of a Content-Security-Policy.
pub fn frame_ancestors(value: &str) -> Worth {
    let policy = Policy::parse(value);
    let Some(sources) = policy.get("frame-ancestors") else {
        return Worth::Silent("the policy has no `frame-ancestors`".to_owned());
    };
    if sources
        .iter()
        .any(|source| matches!(source.as_str(), "*" | "https:" | "http:" | "https://*" | "http://*"))
    {
        return Worth::Bad(format!("`frame-ancestors {}` lets any site frame the pages", sources.join(" ")));
    }
    if sources.iter().all(|source| source.contains(UNKNOWN)) && !sources.is_empty() {
        return Worth::Untold;
    }
    Worth::good()
}

/// `Referrer-Policy`: of a list the last value that browsers know counts.
pub fn referrer_policy(value: &str) -> Worth {
    const KNOWN: &[&str] = &[
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    ];
    if value.contains(UNKNOWN) {
        return Worth::Untold;
    }
    let lower = value.to_ascii_lowercase();
    let counts = lower
        .split([',', ' '])
        .map(|word| word.trim_matches(['"', '\'', ';']))
        .rfind(|word| KNOWN.contains(word));
    match counts {
        Some("no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin") => {
            Worth::good()
        }
        Some(weak) => {
            Worth::Bad(format!("`{weak}` tells other sites more than `strict-origin-when-cross-origin` does"))
        }
        None => Worth::Bad(format!("`{}` is no policy that browsers know", short(value))),
    }
}

/// `X-XSS-Protection`.
pub fn xss_protection(value: &str) -> Worth {
    let plain: String = value.to_ascii_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let obsolete = "the header is obsolete: no current browser has the filter".to_owned();
    match plain.trim_matches(['"', '\'']) {
        "0" => Worth::Good(vec![obsolete]),
        text if text.starts_with("1;mode=block") => Worth::Good(vec![obsolete]),
        _ if value.contains(UNKNOWN) => Worth::Untold,
        "1" => Worth::Bad("`1` without `mode=block` lets old filters rewrite pages".to_owned()),
        text if text.starts_with("1;") => Worth::Bad(format!("`{}` lacks `mode=block`", short(value))),
        _ => Worth::Bad(format!("`{}` means nothing", short(value))),
    }
}

/// `Strict-Transport-Security` with at least so many seconds.
pub fn strict_transport_security(value: &str, least: u64) -> Worth {
    let mut age: Option<u64> = None;
    let mut notes = Vec::new();
    for directive in value.split(';') {
        let (name, given) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "max-age" => {
                let given = given.trim().trim_matches('"');
                if given.contains(UNKNOWN) {
                    return Worth::Untold;
                }
                let Ok(seconds) = given.parse() else {
                    return Worth::Bad(format!("`{}` has no valid max-age", short(value)));
                };
                if age.replace(seconds).is_some() {
                    return Worth::Bad("max-age is given twice, which makes the header invalid".to_owned());
                }
            }
            "includesubdomains" => notes.push("it covers the subdomains (includeSubDomains)".to_owned()),
            "preload" => notes.push("it asks for preloading".to_owned()),
            _ => {}
        }
    }
    match age {
        None if value.contains(UNKNOWN) => Worth::Untold,
        None => Worth::Bad(format!("`{}` has no max-age", short(value))),
        Some(0) => Worth::Bad("max-age=0 switches it off".to_owned()),
        Some(age) if age < least => {
            Worth::Bad(format!("max-age={age} is less than {least} seconds ({} days)", least / 86_400))
        }
        Some(age) => {
            if age < 63_072_000 {
                notes.push("63072000 (two years) is the recommended max-age".to_owned());
            }
            Worth::Good(notes)
        }
    }
}

/// What a header lacks for the list that browsers are delivered with: two years are recommended, one is asked for
/// (<https://hstspreload.org>).
pub fn lacks_for_preloading(value: &str) -> Vec<&'static str> {
    let lower = value.to_ascii_lowercase();
    let has = |word: &str| lower.split(';').any(|directive| directive.trim() == word);
    let mut lacks = Vec::new();
    if !matches!(strict_transport_security(value, 31_536_000), Worth::Good(_)) {
        lacks.push("a max-age of a year");
    }
    if !has("includesubdomains") {
        lacks.push("includeSubDomains");
    }
    if !has("preload") {
        lacks.push("preload");
    }
    lacks
}

/// `Permissions-Policy`: a dictionary of structured fields that is not empty.
pub fn permissions_policy(value: &str) -> Worth {
    if value.trim().is_empty() {
        return Worth::Bad("an empty policy allows everything".to_owned());
    }
    if value.contains(UNKNOWN) {
        return Worth::Untold;
    }
    if is_dictionary(value) {
        Worth::good()
    } else {
        Worth::Bad(format!(
            "`{}` cannot be parsed as structured fields, so browsers ignore all of it",
            short(value)
        ))
    }
}

/// Members are separated by commas: a key, and a token, a string, a number, a boolean or a list in parentheses.
fn is_dictionary(value: &str) -> bool {
    let mut members = 0;
    let mut rest = value.trim();
    while !rest.is_empty() {
        let key = rest.len()
            - rest
                .trim_start_matches(|c: char| {
                    c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c)
                })
                .len();
        if key == 0 || !rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
            return false;
        }
        rest = &rest[key..];
        if let Some(after) = rest.strip_prefix('=') {
            let Some(after) = skip_value(after) else { return false };
            rest = after;
        }
        // Parameters, such as `;report-to=endpoint`.
        while let Some(after) = rest.trim_start().strip_prefix(';') {
            let end = after.find([',', ';']).unwrap_or(after.len());
            rest = &after[end..];
        }
        members += 1;
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) if !after.trim().is_empty() => rest = after.trim_start(),
            // A comma at the end is an error.
            Some(_) => return false,
            None if rest.is_empty() => break,
            None => return false,
        }
    }
    members > 0
}

fn skip_value(text: &str) -> Option<&str> {
    if let Some(list) = text.strip_prefix('(') {
        let (inside, after) = list.split_once(')')?;
        let mut rest = inside.trim();
        while !rest.is_empty() {
            rest = skip_item(rest)?.trim_start();
        }
        return Some(after);
    }
    skip_item(text)
}

fn skip_item(text: &str) -> Option<&str> {
    if let Some(string) = text.strip_prefix('"') {
        return string.split_once('"').map(|(_, after)| after);
    }
    let length = text.len()
        - text
            .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "*_-.:/?!#$%&^`|~+".contains(c))
            .len();
    (length > 0).then(|| &text[length..])
}

/// A Content-Security-Policy.
pub struct Policy {
    directives: Vec<(String, Vec<String>)>,
}

impl Policy {
    /// Reads a policy; of a directive that is given twice the first counts, as in browsers.
    pub fn parse(value: &str) -> Policy {
        let mut directives: Vec<(String, Vec<String>)> = Vec::new();
        for directive in value.split([';', ',']).take(200) {
            let mut words = directive.split_whitespace();
            let Some(name) = words.next().map(str::to_ascii_lowercase) else { continue };
            if !directives.iter().any(|(known, _)| *known == name) {
                directives.push((name, words.map(str::to_owned).collect()));
            }
        }
        Policy { directives }
    }

    /// The sources of a directive.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.directives.iter().find(|(known, _)| known == name).map(|(_, sources)| sources.as_slice())
    }
}

/// Hosts that serve any package or script of anybody.
const BYPASSES: &[&str] = &[
    "cdn.jsdelivr.net",
    "unpkg.com",
    "cdnjs.cloudflare.com",
    "ajax.googleapis.com",
    "esm.sh",
    "raw.githubusercontent.com",
    "www.google.com",
    "accounts.google.com",
];

/// Whether a policy keeps scripts closed, and what lowers its grade.
pub fn content_security_policy(value: &str) -> Worth {
    let policy = Policy::parse(value);
    let Some((name, sources)) = ["script-src", "default-src"]
        .iter()
        .find_map(|name| policy.get(name).map(|sources| (*name, sources)))
    else {
        return if value.contains(UNKNOWN) {
            Worth::Untold
        } else {
            Worth::Silent(
                "the policy says nothing about scripts (no `script-src`, no `default-src`)".to_owned(),
            )
        };
    };
    // Where these are given they count instead, for elements and for attributes (CSP Level 3, section 6.8.4).
    for name in ["script-src-elem", "script-src-attr"] {
        if let Some(why) = policy.get(name).and_then(|sources| open_scripts(name, sources)) {
            return Worth::Bad(why);
        }
    }
    if let Some(why) = open_scripts(name, sources) {
        return Worth::Bad(why);
    }
    let is = |wanted: &str| sources.iter().any(|source| source.eq_ignore_ascii_case(wanted));
    let strict = is("'strict-dynamic'") && is_bound(sources);
    if sources.iter().any(|source| source.contains(UNKNOWN) && !source.starts_with("'nonce-")) {
        return Worth::Untold;
    }
    let mut notes = Vec::new();
    if is("'unsafe-eval'") {
        notes.push(format!("`{name}` allows `'unsafe-eval'`"));
    }
    if policy
        .get("style-src")
        .or(policy.get("default-src"))
        .is_some_and(|styles| styles.iter().any(|source| source == "'unsafe-inline'"))
    {
        notes.push("inline styles are allowed".to_owned());
    }
    if let Some(source) = sources.iter().find(|source| source.to_ascii_lowercase().starts_with("http://")) {
        notes.push(format!("`{source}` names a source without TLS"));
    }
    if policy.get("base-uri").is_none() {
        notes.push("there is no `base-uri`".to_owned());
    }
    if policy.get("object-src").or(policy.get("default-src")).is_none() {
        notes.push("there is no `object-src`".to_owned());
    }
    if !strict {
        for host in BYPASSES.iter().filter(|host| sources.iter().any(|source| source.contains(*host))) {
            notes.push(format!("scripts of {host} are allowed, which serves scripts of anybody"));
        }
    }
    Worth::Good(notes)
}

/// A nonce or hash ties scripts to the page: browsers then ignore `'unsafe-inline'`.
fn is_bound(sources: &[String]) -> bool {
    sources.iter().any(|source| {
        let source = source.to_ascii_lowercase();
        ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].iter().any(|start| source.starts_with(start))
    })
}

/// Why these sources leave scripts open; none where they do not.
fn open_scripts(name: &str, sources: &[String]) -> Option<String> {
    let is = |wanted: &str| sources.iter().any(|source| source.eq_ignore_ascii_case(wanted));
    let bound = is_bound(sources);
    if is("'unsafe-inline'") && !bound {
        return Some(format!("`{name}` allows `'unsafe-inline'` without a nonce or hash"));
    }
    // With `'strict-dynamic'` browsers ignore hosts and schemes.
    if is("'strict-dynamic'") && bound {
        return None;
    }
    let open = sources.iter().find(|source| {
        matches!(
            source.to_ascii_lowercase().as_str(),
            "*" | "data:" | "http:" | "https:" | "https://*" | "http://*" | "*:*"
        )
    })?;
    Some(format!("`{name}` allows `{open}`, that is scripts from anywhere"))
}

/// The grade of a policy that passes, by how many remarks there are.
pub fn grade(notes: &[String]) -> char {
    match notes.len() {
        0 => 'A',
        1 => 'B',
        2 => 'C',
        _ => 'D',
    }
}

fn short(value: &str) -> String {
    let mut short: String = value.chars().take(60).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn good(worth: &Worth) -> bool {
        matches!(worth, Worth::Good(_))
    }

    fn bad(worth: &Worth) -> bool {
        matches!(worth, Worth::Bad(_))
    }

    #[test]
    fn policies_are_graded_by_their_scripts() {
        assert_eq!(content_security_policy("default-src 'self'; base-uri 'self'"), Worth::good());
        for open in [
            "script-src 'self' 'unsafe-inline'",
            "default-src *",
            "script-src 'self' data:",
            "default-src 'self' https:",
            "script-src http:",
            "script-src 'self'; script-src-elem *",
            "default-src 'self'; script-src-attr 'unsafe-inline'",
        ] {
            assert!(bad(&content_security_policy(open)), "{open}");
        }
        for closed in [
            "script-src 'self' 'unsafe-inline' 'nonce-abc'; object-src 'none'",
            "script-src 'nonce-…' 'strict-dynamic' https: 'unsafe-inline'; base-uri 'none'",
            "default-src 'none'; script-src 'unsafe-eval' 'nonce-%1s'; connect-src …",
            "script-src https://a.example 'sha256-x'",
        ] {
            assert!(good(&content_security_policy(closed)), "{closed}");
        }
        assert!(matches!(content_security_policy("frame-ancestors 'self'"), Worth::Silent(_)));
        assert_eq!(content_security_policy("script-src 'self' …"), Worth::Untold);
        assert!(bad(&content_security_policy("script-src 'unsafe-inline' …")), "what is known suffices");
        let Worth::Good(notes) = content_security_policy("script-src 'self' 'unsafe-eval' https://unpkg.com")
        else {
            panic!()
        };
        assert_eq!((notes.len(), grade(&notes)), (4, 'D'));
    }

    #[test]
    fn transport_security_needs_its_time() {
        assert!(good(&strict_transport_security("max-age=31536000; includeSubDomains", 31_536_000)));
        assert!(bad(&strict_transport_security("max-age=15552000", 31_536_000)));
        assert!(good(&strict_transport_security("max-age=15552000", 15_552_000)));
        assert!(bad(&strict_transport_security("max-age=0", 1)));
        assert!(bad(&strict_transport_security("includeSubDomains", 1)));
        assert!(bad(&strict_transport_security("max-age=99999999; max-age=1", 1)));
        assert_eq!(strict_transport_security("max-age=…; preload", 1), Worth::Untold);
    }

    #[test]
    fn preloading_has_rules() {
        assert!(lacks_for_preloading("max-age=63072000; includeSubDomains; preload").is_empty());
        assert_eq!(
            lacks_for_preloading("max-age=300; preload"),
            ["a max-age of a year", "includeSubDomains"]
        );
    }

    #[test]
    fn permissions_are_structured_fields() {
        for sound in [
            "camera=(), microphone=(), geolocation=()",
            "geolocation=(self \"https://a.example\"), fullscreen=*",
            "interest-cohort=()",
            "camera=();report-to=main, usb=self",
        ] {
            assert!(good(&permissions_policy(sound)), "{sound}");
        }
        for broken in ["camera 'none'; microphone 'none'", "", "camera=(", "Camera=()", "camera=(), "] {
            assert!(bad(&permissions_policy(broken)), "{broken}");
        }
    }

    #[test]
    fn the_small_ones() {
        assert!(good(&content_type_options("NoSniff")) && bad(&content_type_options("sniff")));
        assert!(
            good(&frame_options("deny"))
                && bad(&frame_options("ALLOW-FROM https://a.example"))
                && bad(&frame_options("ALLOWALL"))
        );
        assert!(good(&frame_ancestors("default-src 'self'; frame-ancestors 'self' …")));
        assert!(bad(&frame_ancestors("frame-ancestors *")));
        assert!(good(&referrer_policy("no-referrer, strict-origin-when-cross-origin")));
        assert!(bad(&referrer_policy("unsafe-url")) && bad(&referrer_policy("strict-orgin")));
        assert!(
            good(&xss_protection("1; mode=block")) && good(&xss_protection("0")) && bad(&xss_protection("1"))
        );
    }
}
