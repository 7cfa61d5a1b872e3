//! Places that show no flow of data: allow-lists, tools and tests.

use crate::scan::Hit;
use crate::tree::{File, Tree};

/// Code and pages that people's data passes through; what developers run does not count.
pub fn is_data_flow(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let folder = lower.split('/').rev().skip(1).any(|part| {
        matches!(
            part,
            "seeds"
                | "seeders"
                | "factories"
                | "mocks"
                | "__mocks__"
                | "stubs"
                | "examples"
                | "storybook"
                | ".storybook"
        )
    });
    !crate::system::is_tool_code(path) && !folder && !lower.ends_with(".md") && !lower.ends_with(".mdx")
}

/// A content security policy, a list of allowed hosts or of hints to the browser only permits; it sends nothing.
pub fn is_allow_list(tree: &Tree, file: &File, hit: &Hit) -> bool {
    let path = file.path.to_ascii_lowercase();
    if ["content_security_policy", "content-security-policy", "contentsecuritypolicy", "csp.", "/csp"]
        .iter()
        .any(|mark| path.contains(mark))
    {
        return true;
    }
    const MARKS: &[&str] = &[
        "-src",
        "_src",
        "Src:",
        "Src=",
        "content-security-policy",
        "Content-Security-Policy",
        "remotePatterns",
        "hostname:",
        "connectSrc",
        "scriptSrc",
        "csp",
        "CSP",
        "allowedDevOrigins",
        "dns-prefetch",
        "permissions-policy",
    ];
    if MARKS.iter().any(|mark| hit.text.contains(mark)) && !hit.text.contains("<script") {
        return true;
    }
    // A policy that goes over lines: its directive stands a few lines above.
    let trimmed = hit.text.trim_start();
    let item = trimmed.starts_with(['"', '\'', 'h']) && !hit.text.contains('(') && !hit.text.contains(": ");
    if !item {
        return false;
    }
    let Some(text) = tree.text(file) else { return false };
    let line = hit.line as usize;
    text.lines().skip(line.saturating_sub(15)).take(15).any(|above| {
        ["-src", "_src", "Src:", "Content-Security-Policy", "CSP"].iter().any(|mark| above.contains(mark))
    })
}
