//! Spring Security: headers that are on by default, and the calls that change them.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{HeaderValue, Layer, Location};

use super::{Room, lines};
use crate::scan::Scan;
use crate::tree::File;

macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());
    };
}

regex!(
    NO_HEADERS,
    r"(?s)headers\s*\(\s*\)\s*\.\s*disable|headers\s*\(\s*(AbstractHttpConfigurer|HeadersConfigurer(<[^>]*>)?)::disable|headers\s*\(\s*\w+\s*->\s*\w+\s*\.\s*disable\s*\(\s*\)\s*\)"
);
regex!(
    FRAME_OFF,
    r"(?s)frameOptions\s*\(\s*\)\s*\.\s*disable|frameOptions\s*\([^)]*(::disable|->\s*\w+\s*\.\s*disable)|frameOptions\s*\{\s*disable"
);
regex!(
    FRAME_SAME,
    r"(?s)frameOptions\s*\(\s*\)\s*\.\s*sameOrigin|frameOptions\s*\([^)]*(::sameOrigin|->\s*\w+\s*\.\s*sameOrigin)|XFrameOptionsMode\.SAMEORIGIN"
);
regex!(
    TYPE_OFF,
    r"(?s)contentTypeOptions\s*\(\s*\)\s*\.\s*disable|contentTypeOptions\s*\([^)]*(::disable|->\s*\w+\s*\.\s*disable)"
);
regex!(
    HSTS_OFF,
    r"(?s)httpStrictTransportSecurity\s*\(\s*\)\s*\.\s*disable|httpStrictTransportSecurity\s*\([^)]*(::disable|->\s*\w+\s*\.\s*disable)|hsts\s*\(\s*\)\s*\.\s*disable"
);
regex!(HSTS_AGE, r"maxAgeInSeconds\s*\(\s*([0-9_]+)L?\s*\)");
regex!(POLICY, r#"(?s)(?:policyDirectives|contentSecurityPolicy)\s*\(\s*"([^"]*)""#);
regex!(PERMISSIONS, r#"(?s)permissionsPolicy(?:Header)?\s*\([^"]{0,80}"([^"]*)""#);
regex!(REFERRER, r"ReferrerPolicy\.([A-Z_]+)");
regex!(XSS, r"XXssProtection\w*\.HeaderValue\.([A-Z0-9_]+)");

/// Reads a file that configures the security of requests.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if !matches!(file.language, Some("java" | "kotlin" | "groovy"))
        || !text.contains("SecurityFilterChain")
            && !text.contains("WebSecurityConfigurerAdapter")
            && !text.contains("SecurityWebFilterChain")
    {
        return;
    }
    // Lines that are commented out say nothing.
    let code: String = lines(text, "//").map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    let is = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(&code));
    let capture = |regex: &Option<Regex>| {
        let found = regex.as_ref()?.captures(&code)?.get(1)?;
        Some(found.as_str().to_owned())
    };
    let at = file.at_line(line_of(text, "HttpSecurity"));
    let place = |word: &str| if text.contains(word) { file.at_line(line_of(text, word)) } else { at.clone() };
    if is(&NO_HEADERS) {
        for name in
            ["x-content-type-options", "x-frame-options", "strict-transport-security", "x-xss-protection"]
        {
            room.header(
                name,
                HeaderValue::Removed,
                "headers().disable()",
                Layer::Application,
                &place("headers"),
            );
        }
        return;
    }
    if is(&TYPE_OFF) {
        room.header(
            "x-content-type-options",
            HeaderValue::Removed,
            "contentTypeOptions disabled",
            Layer::Application,
            &place("contentTypeOptions"),
        );
    } else {
        room.sets("x-content-type-options", "nosniff", "Spring Security's default", Layer::Default, &at);
    }
    if is(&FRAME_OFF) {
        room.header(
            "x-frame-options",
            HeaderValue::Removed,
            "frameOptions disabled",
            Layer::Application,
            &place("frameOptions"),
        );
    } else if is(&FRAME_SAME) {
        room.sets(
            "x-frame-options",
            "SAMEORIGIN",
            "frameOptions",
            Layer::Application,
            &place("frameOptions"),
        );
    } else {
        room.sets("x-frame-options", "DENY", "Spring Security's default", Layer::Default, &at);
    }
    // <https://docs.spring.io/spring-security/reference/6.0/migration/servlet/exploits.html>: `0` since version 6, which
    // Spring Boot 3 brings; version 6 alone has the lambda style without `and()`.
    let old = code.contains("WebSecurityConfigurerAdapter") || code.contains("antMatchers(");
    match capture(&XSS).as_deref() {
        Some("DISABLED") => {
            room.sets("x-xss-protection", "0", "xssProtection", Layer::Application, &place("XXssProtection"))
        }
        Some("ENABLED_MODE_BLOCK") => room.sets(
            "x-xss-protection",
            "1; mode=block",
            "xssProtection",
            Layer::Application,
            &place("XXssProtection"),
        ),
        Some("ENABLED") => {
            room.sets("x-xss-protection", "1", "xssProtection", Layer::Application, &place("XXssProtection"))
        }
        _ => room.sets(
            "x-xss-protection",
            if old { "1; mode=block" } else { "0" },
            "Spring Security's default",
            Layer::Default,
            &at,
        ),
    }
    if is(&HSTS_OFF) {
        room.header(
            "strict-transport-security",
            HeaderValue::Removed,
            "httpStrictTransportSecurity disabled",
            Layer::Application,
            &place("ttpStrictTransportSecurity"),
        );
    } else {
        let age = capture(&HSTS_AGE).map_or_else(|| "31536000".to_owned(), |age| age.replace('_', ""));
        room.sets(
            "strict-transport-security",
            &format!("max-age={age} ; includeSubDomains"),
            "Spring Security over HTTPS",
            Layer::Default,
            &at,
        );
    }
    if let Some(policy) = capture(&POLICY) {
        let only = code.contains("reportOnly()");
        let name = if only { "content-security-policy-report-only" } else { "content-security-policy" };
        room.sets(name, &policy, "contentSecurityPolicy", Layer::Application, &place("ontentSecurityPolicy"));
    } else if code.contains("contentSecurityPolicy(") {
        room.header(
            "content-security-policy",
            HeaderValue::Computed("…".to_owned()),
            "contentSecurityPolicy",
            Layer::Application,
            &place("ontentSecurityPolicy"),
        );
    }
    if let Some(policy) = capture(&PERMISSIONS) {
        room.sets(
            "permissions-policy",
            &policy,
            "permissionsPolicy",
            Layer::Application,
            &place("ermissionsPolicy"),
        );
    }
    if let Some(policy) = capture(&REFERRER) {
        room.sets(
            "referrer-policy",
            &policy.to_lowercase().replace('_', "-"),
            "referrerPolicy",
            Layer::Application,
            &place("ReferrerPolicy."),
        );
    } else if code.contains("referrerPolicy(") {
        room.sets(
            "referrer-policy",
            "no-referrer",
            "the default of referrerPolicy()",
            Layer::Default,
            &place("referrerPolicy"),
        );
    }
}

/// HSTS is sent on secure requests only: behind a proxy the forwarded scheme must be believed.
pub fn defaults(room: &mut Room, scan: &Scan) {
    let spring = room.edge.headers.iter().any(|header| header.set_by == "Spring Security over HTTPS");
    if !spring {
        return;
    }
    let believed = room.tree.files().iter().filter(|file| scan.ships(file)).any(|file| {
        let settings = file.name().starts_with("application")
            && matches!(file.extension(), "yml" | "yaml" | "properties");
        let code = matches!(file.language, Some("java" | "kotlin"))
            && (file.path.contains("onfig")
                || file.name().contains("Filter")
                || file.name().contains("Application"));
        (settings || code)
            && room.tree.text(file).is_some_and(|text| {
                text.contains("forward-headers-strategy")
                    || text.contains("ForwardedHeaderFilter")
                    || text.contains("server.ssl.")
                    || text.contains("key-store")
            })
    });
    if !believed {
        for header in
            room.edge.headers.iter_mut().filter(|header| header.set_by == "Spring Security over HTTPS")
        {
            header.switch = Some(seaworthy_facts::Switch {
                name: "server.forward-headers-strategy".to_owned(),
                on: None,
            });
        }
    }
}

fn line_of(text: &str, word: &str) -> u32 {
    text.find(word).map_or(1, |at| text[..at].matches('\n').count() as u32 + 1)
}

/// The place of a word.
pub fn place(file: &File, text: &str, word: &str) -> Location {
    file.at_line(line_of(text, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for regex in [
            &NO_HEADERS,
            &FRAME_OFF,
            &FRAME_SAME,
            &TYPE_OFF,
            &HSTS_OFF,
            &HSTS_AGE,
            &POLICY,
            &PERMISSIONS,
            &REFERRER,
            &XSS,
        ] {
            assert!(regex.is_some());
        }
    }
}
