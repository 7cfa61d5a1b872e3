//! ASP.NET Core: HSTS, redirection, NWebsec and NetEscapades.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{HeaderValue, Layer};

use super::spring::place;
use super::{Room, State, lines};
use crate::tree::{Class, File};

/// How many sources are looked at for a registration.
const SOURCES: usize = 3_000;

static MAX_AGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"MaxAge\s*=\s*TimeSpan\.From(Days|Hours|Seconds)\(\s*([0-9_* ]+)\s*\)").ok()
});
static STATUS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"RedirectStatusCode\s*=\s*[^;]*(308|301|Permanent)").ok());

static DIRECTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\.Add([A-Z][A-Za-z]{2,30})\(\)((?:\s*\.[A-Z][A-Za-z0-9]{1,30}\([^()]*\)){0,30})").ok()
});
static SOURCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\.([A-Z][A-Za-z0-9]{1,30})\(([^()]*)\)").ok());

/// Reads the start of a program.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("csharp") {
        return;
    }
    let code = code_of(text);
    if code.contains(".UseHsts()") {
        // <https://learn.microsoft.com/aspnet/core/security/enforcing-ssl>: 30 days unless MaxAge is raised, which the
        // registration of the services may do in another file.
        let age = max_age(&code).or_else(|| registered_age(room));
        let set_by = if age.is_some() { "UseHsts" } else { "UseHsts, whose default is 30 days" };
        room.sets(
            "strict-transport-security",
            &format!("max-age={}", age.unwrap_or(2_592_000)),
            set_by,
            Layer::Application,
            &place(file, text, "UseHsts"),
        );
    }
    if code.contains(".UseHttpsRedirection()") {
        let permanent = STATUS.as_ref().is_some_and(|regex| regex.is_match(&code));
        room.redirects(
            "UseHttpsRedirection",
            permanent,
            &State::plain(true),
            &place(file, text, "UseHttpsRedirection"),
        );
    }
    policy_collection(room, file, text, &code);
    // <https://docs.nwebsec.com/en/latest/>
    for (call, name, value) in [
        (".UseXContentTypeOptions()", "x-content-type-options", "nosniff"),
        (".UseXfo(", "x-frame-options", "DENY"),
        (".UseXXssProtection(", "x-xss-protection", "1; mode=block"),
    ] {
        if code.contains(call) {
            room.sets(name, value, "NWebsec", Layer::Application, &place(file, text, call));
        }
    }
    if let Some(at) = code.find(".UseReferrerPolicy(") {
        let option = &code[at..code.floor_char_boundary(at + 120)];
        let value = [
            ("StrictOriginWhenCrossOrigin", "strict-origin-when-cross-origin"),
            ("NoReferrerWhenDowngrade", "no-referrer-when-downgrade"),
            ("NoReferrer", "no-referrer"),
            ("SameOrigin", "same-origin"),
            ("StrictOrigin", "strict-origin"),
        ]
        .iter()
        .find(|(name, _)| option.contains(name))
        .map_or("…", |(_, value)| value);
        room.sets(
            "referrer-policy",
            value,
            "NWebsec",
            Layer::Application,
            &place(file, text, "UseReferrerPolicy"),
        );
    }
    if code.contains("CookieSecurePolicy.Always") {
        room.cookie(
            "CookieSecurePolicy.Always",
            Some(true),
            false,
            &place(file, text, "CookieSecurePolicy.Always"),
        );
    } else if code.contains("CookieSecurePolicy.None") {
        room.cookie(
            "CookieSecurePolicy.None",
            Some(false),
            false,
            &place(file, text, "CookieSecurePolicy.None"),
        );
    }
}

/// What is no comment.
fn code_of(text: &str) -> String {
    lines(text, "//").map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

fn max_age(code: &str) -> Option<u64> {
    let found = MAX_AGE.as_ref()?.captures(code)?;
    let number: u64 = found[2]
        .split('*')
        .try_fold(1u64, |product, part| product.checked_mul(part.trim().replace('_', "").parse().ok()?))?;
    let unit = match &found[1] {
        "Days" => 86_400,
        "Hours" => 3_600,
        _ => 1,
    };
    number.checked_mul(unit)
}

/// The age that `AddHsts` of another file gives.
fn registered_age(room: &Room) -> Option<u64> {
    let sources = room.tree.files().iter().filter(|file| {
        file.language == Some("csharp") && file.class == Class::Shipped && file.extension() == "cs"
    });
    sources.take(SOURCES).find_map(|file| {
        let text = room.tree.text(file)?;
        let code = text.contains("AddHsts(").then(|| code_of(&text))?;
        max_age(code.get(code.find("AddHsts(")?..)?)
    })
}

/// <https://github.com/andrewlock/NetEscapades.AspNetCore.SecurityHeaders#usage>: the policy may be made beside the place
/// that uses it.
fn policy_collection(room: &mut Room, file: &File, text: &str, code: &str) {
    let uses = code.contains(".UseSecurityHeaders(");
    if !uses && !code.contains("HeaderPolicyCollection") {
        return;
    }
    let by = "NetEscapades' default policy";
    if uses && code.contains("UseSecurityHeaders()") || code.contains("AddDefaultSecurityHeaders") {
        let at = place(file, text, if uses { "UseSecurityHeaders" } else { "AddDefaultSecurityHeaders" });
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("content-security-policy", "object-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        ] {
            room.sets(name, value, by, Layer::Default, &at);
        }
    }
    for (call, name, value) in [
        ("AddFrameOptionsDeny", "x-frame-options", "DENY"),
        ("AddFrameOptionsSameOrigin", "x-frame-options", "SAMEORIGIN"),
        ("AddContentTypeOptionsNoSniff", "x-content-type-options", "nosniff"),
        ("AddXssProtectionBlock", "x-xss-protection", "1; mode=block"),
        ("AddXssProtectionDisabled", "x-xss-protection", "0"),
        ("AddReferrerPolicyNoReferrer(", "referrer-policy", "no-referrer"),
        (
            "AddReferrerPolicyStrictOriginWhenCrossOrigin",
            "referrer-policy",
            "strict-origin-when-cross-origin",
        ),
        ("AddReferrerPolicySameOrigin", "referrer-policy", "same-origin"),
        ("AddPermissionsPolicy", "permissions-policy", "camera=()"),
    ] {
        if code.contains(call) {
            room.sets(name, value, "NetEscapades", Layer::Application, &place(file, text, call));
        }
    }
    if let Some(start) = code.find("AddContentSecurityPolicy(") {
        let value = content_policy(&code[start..], code);
        let at = place(file, text, "AddContentSecurityPolicy(");
        room.header("content-security-policy", value, "NetEscapades", Layer::Application, &at);
    }
}

/// The policy that a chain of `AddScriptSrc().Self()…` makes.
fn content_policy(block: &str, code: &str) -> HeaderValue {
    let mut policy = String::new();
    let mut told = true;
    for found in DIRECTIVE.iter().flat_map(|regex| regex.captures_iter(block)).take(40) {
        let name = match &found[1] {
            "BlockAllMixedContent" | "UpgradeInsecureRequests" => continue,
            camel => kebab(camel),
        };
        // A call that the chain goes on with and that is not read may add anything.
        let rest = found.get(0).and_then(|whole| block.get(whole.end()..)).unwrap_or_default();
        told &= !rest.trim_start().starts_with('.');
        policy.push_str(if policy.is_empty() { "" } else { "; " });
        policy.push_str(&name);
        for call in SOURCE.iter().flat_map(|regex| regex.captures_iter(&found[2])) {
            let source = match &call[1] {
                "Self" => "'self'".to_owned(),
                "None" => "'none'".to_owned(),
                "UnsafeInline" => "'unsafe-inline'".to_owned(),
                "UnsafeEval" => "'unsafe-eval'".to_owned(),
                "StrictDynamic" => "'strict-dynamic'".to_owned(),
                "WithNonce" => "'nonce-made'".to_owned(),
                "WithHash256" | "WithHash" | "WithHashTagHelper" => "'sha256-made'".to_owned(),
                "Data" => "data:".to_owned(),
                "Blob" => "blob:".to_owned(),
                "OverHttps" => "https:".to_owned(),
                "Any" => "*".to_owned(),
                "From" => match hosts(&call[2], code) {
                    Some(hosts) => hosts,
                    None => {
                        told = false;
                        continue;
                    }
                },
                _ => continue,
            };
            policy.push(' ');
            policy.push_str(&source);
        }
    }
    if policy.is_empty() || !told { HeaderValue::Computed(policy) } else { HeaderValue::Text(policy) }
}

/// The hosts that `From` is given: a literal, or a list of literals of the same file.
fn hosts(argument: &str, code: &str) -> Option<String> {
    let argument = argument.trim();
    let quoted = |text: &str| -> Vec<String> {
        text.split('"').skip(1).step_by(2).map(str::to_owned).take(40).collect::<Vec<_>>()
    };
    let found = if argument.contains('"') {
        quoted(argument)
    } else {
        let start = code.find(&format!("{argument} ="))?;
        quoted(code[start..].split(';').next()?)
    };
    (!found.is_empty()).then(|| found.join(" "))
}

/// `ScriptSrc` as `script-src`.
fn kebab(camel: &str) -> String {
    let mut name = String::new();
    for (index, c) in camel.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}
