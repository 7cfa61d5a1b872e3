//! ASP.NET Core: HSTS, redirection, NWebsec and NetEscapades.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::Layer;

use super::spring::place;
use super::{Room, State, lines};
use crate::tree::File;

static MAX_AGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"MaxAge\s*=\s*TimeSpan\.From(Days|Hours|Seconds)\(\s*([0-9_* ]+)\s*\)").ok()
});
static STATUS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"RedirectStatusCode\s*=\s*[^;]*(308|301|Permanent)").ok());

/// Reads the start of a program.
pub fn read(room: &mut Room, file: &File, text: &str) {
    if file.language != Some("csharp") {
        return;
    }
    let code: String = lines(text, "//").map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    if code.contains(".UseHsts()") {
        // <https://learn.microsoft.com/aspnet/core/security/enforcing-ssl>: 30 days unless MaxAge is raised.
        let age = MAX_AGE.as_ref().and_then(|regex| regex.captures(&code)).and_then(|found| {
            let number: u64 = found[2].split('*').try_fold(1u64, |product, part| {
                product.checked_mul(part.trim().replace('_', "").parse().ok()?)
            })?;
            let unit = match &found[1] {
                "Days" => 86_400,
                "Hours" => 3_600,
                _ => 1,
            };
            number.checked_mul(unit)
        });
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
    if code.contains(".UseSecurityHeaders(") {
        // <https://github.com/andrewlock/NetEscapades.AspNetCore.SecurityHeaders#usage>
        let at = place(file, text, "UseSecurityHeaders");
        let by = "NetEscapades' default policy";
        let own = code.contains("UseSecurityHeaders()") || code.contains("AddDefaultSecurityHeaders");
        if own {
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
            ("AddContentSecurityPolicy(", "content-security-policy", "…"),
        ] {
            if code.contains(call) {
                room.sets(name, value, "NetEscapades", Layer::Application, &place(file, text, call));
            }
        }
    }
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
