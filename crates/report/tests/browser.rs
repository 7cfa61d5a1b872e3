//! The page in a real browser: no error, no request, no overflow on a telephone, axe finds nothing, filters work.
//!
//! Needs Chromium (Debian: `chromium`) and `npm`, which fetches axe-core into `target/test-tools` once.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use seaworthy_model::ItemId;
use seaworthy_report::{Format, RenderOptions, render};
use serde_json::Value;

/// The checklist's own pages, which the program shows inside the report.
fn page(id: &ItemId) -> Option<String> {
    let (section, name) = id.as_str().split_once('.')?;
    let file = format!("crates/checklist/src/{section}/{}.md", name.replace('-', "_"));
    Some(fs::read_to_string(common::root().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}")))
}

fn html() -> String {
    let options = RenderOptions { pages: Some(&page), ..RenderOptions::default() };
    render(&common::shop(), Format::Html, &options).unwrap()
}

fn chromium() -> PathBuf {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|program| program.is_file())
        .expect("no Chromium: install the package `chromium`, or name the program in CHROMIUM")
}

/// The axe-core script; fetched with npm where it is missing.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let tools = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| common::root().join("target"), PathBuf::from)
        .join("test-tools");
    let script = std::env::var_os("AXE_CORE")
        .map_or_else(|| tools.join("node_modules/axe-core/axe.min.js"), PathBuf::from);
    if !script.is_file() {
        fs::create_dir_all(&tools).unwrap();
        let fetched = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(&tools)
            .arg("axe-core@4")
            .output();
        let why = match fetched {
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => format!("npm: {error}"),
        };
        assert!(
            script.is_file(),
            "{} is missing and could not be fetched ({why}); run `cargo xtask test` where npm reaches its registry, \
             or name the file in AXE_CORE",
            script.display()
        );
    }
    fs::read_to_string(script).unwrap()
});

struct Loaded {
    /// The document after its scripts ran.
    document: String,
    /// What the page wrote to the console.
    console: Vec<String>,
}

/// Loads a page, with no way to any host.
fn load(folder: &Path, html: &str, size: &str) -> Loaded {
    let page = folder.join("page.html");
    fs::write(&page, html).unwrap();
    let output = Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=120000",
            "--dump-dom",
        ])
        .arg(format!("--window-size={size}"))
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Loaded {
        document: String::from_utf8(output.stdout).unwrap(),
        console: errors.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

/// A copy of the page that runs a script at its end and writes what it returns into the document.
fn probe(html: &str, script: &str) -> String {
    let policy = html.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let end = policy + html[policy..].find("/>").unwrap() + 2;
    let open = format!("{}{}", &html[..policy], &html[end..]);
    let script = format!(
        "<script>(async function () {{ let value; try {{ value = await (async function () {{ {script} }})(); }} \
         catch (error) {{ value = {{ error: String(error) }}; }} \
         document.documentElement.setAttribute('data-result', encodeURIComponent(JSON.stringify(value))); }})();</script>"
    );
    assert_eq!(open.matches("</body>").count(), 1);
    open.replace("</body>", &format!("{script}</body>"))
}

fn result(loaded: &Loaded) -> Value {
    let start = loaded.document.find("data-result=\"").expect("the script did not end in time") + 13;
    let end = start + loaded.document[start..].find('"').unwrap();
    let mut bytes = Vec::new();
    let mut text = loaded.document[start..end].bytes();
    while let Some(byte) = text.next() {
        if byte == b'%' {
            let digits = [text.next().unwrap(), text.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn the_page_runs_without_errors_and_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(folder.path(), &html(), "1280,900");
    assert_eq!(loaded.console, Vec::<String>::new());
    // Its script ran: the tools are there.
    assert!(loaded.document.contains("18 of 18 shown"), "the page's script did not run");

    let script = "return performance.getEntriesByType('resource').map(entry => entry.name);";
    let loaded = load(folder.path(), &probe(&html(), script), "1280,900");
    assert_eq!(result(&loaded), Value::Array(Vec::new()));
    assert_eq!(loaded.console, Vec::<String>::new());
}

#[test]
fn the_console_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let broken = html().replace("\"use strict\";", "\"use strict\"; missing();");
    assert!(!load(folder.path(), &broken, "1280,900").console.is_empty());
}

#[test]
fn nothing_overflows_at_360_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let measure = "const frame = document.querySelector('iframe');\
        while (!frame.contentDocument.querySelector('footer')) { await new Promise(done => setTimeout(done, 50)); }\
        const page = frame.contentDocument;\
        page.querySelectorAll('details').forEach(item => { item.open = true; });\
        const wide = Array.from(page.querySelectorAll('body *'))\
          .filter(node => node.getBoundingClientRect().right > 360.5 && !node.closest('.hidden'))\
          .map(node => node.tagName + '.' + node.className + ' ' + node.textContent.slice(0, 60));\
        return { width: frame.contentWindow.innerWidth, scroll: page.documentElement.scrollWidth, wide };";
    let inner = html().replace('&', "&amp;").replace('"', "&quot;");
    let outer = format!(
        "<!DOCTYPE html><html><head><meta http-equiv=\"Content-Security-Policy\" content=\"\"/></head><body>\
         <iframe srcdoc=\"{inner}\" style=\"width:360px;height:800px;border:0\"></iframe></body></html>"
    );
    // The frame's own end of body is inside an attribute, so only the outer one counts.
    let outer = outer.replacen("</body>", "", outer.matches("</body>").count() - 1);
    let found = result(&load(folder.path(), &probe(&outer, measure), "800,900"));
    assert_eq!(found["width"], 360, "{found}");
    assert_eq!(found["wide"], Value::Array(Vec::new()));
    assert_eq!(found["scroll"], 360);
}

#[test]
fn axe_finds_nothing_in_light_and_dark() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{}; const out = {{}};\
         for (const theme of ['light', 'dark']) {{\
           document.documentElement.dataset.theme = theme;\
           for (const open of [false, true]) {{\
             document.querySelectorAll('details').forEach(item => {{ item.open = open; }});\
             const found = await axe.run(document, {{ resultTypes: ['violations'] }});\
             out[theme + (open ? ' open' : '')] = {{\
               ground: getComputedStyle(document.body).backgroundColor,\
               rules: found.passes.length,\
               violations: found.violations.map(rule => rule.id + ': ' + rule.nodes.map(node => node.html.slice(0, 160)).join(' | ')),\
             }};\
           }}\
         }}\
         return out;",
        *AXE
    );
    let found = result(&load(folder.path(), &probe(&html(), &script), "1280,900"));
    for view in ["light", "light open", "dark", "dark open"] {
        assert_eq!(found[view]["violations"], Value::Array(Vec::new()), "{view}: {found}");
        assert!(found[view]["rules"].as_u64().unwrap() > 20, "{found}");
    }
    assert_ne!(found["light"]["ground"], found["dark"]["ground"]);
}

#[test]
fn axe_is_awake() {
    let folder = tempfile::tempdir().unwrap();
    let broken = html()
        .replace("</h1>", "</h1><p style=\"color:#999;background:#aaa\">faint</p><input type=\"text\"/>");
    let script = format!(
        "{}; const found = await axe.run(document, {{ resultTypes: ['violations'] }});\
         return found.violations.map(rule => rule.id).sort();",
        *AXE
    );
    let found = result(&load(folder.path(), &probe(&broken, &script), "1280,900"));
    assert_eq!(found, serde_json::json!(["color-contrast", "label"]));
}

#[test]
fn filters_keys_and_links_work() {
    let folder = tempfile::tempdir().unwrap();
    let script = "const shown = () => document.querySelectorAll('details.item:not([hidden])').length;\
        const press = (selector) => document.querySelector(selector).click();\
        const key = (name, target) => (target || document.body).dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));\
        const out = { all: shown() };\
        press('[data-status=fail].chip'); out.fails = shown();\
        press('[data-priority=\"1\"].chip'); out.urgent = shown();\
        press('#reset'); out.reset = shown();\
        const find = document.getElementById('find');\
        key('/'); out.focused = document.activeElement === find;\
        find.value = 'tls 1.0'; find.dispatchEvent(new Event('input')); out.found = shown();\
        out.said = document.getElementById('shown').textContent;\
        key('Escape', find); out.escaped = shown();\
        const section = document.getElementById('section');\
        section.value = 'https'; section.dispatchEvent(new Event('change')); out.section = shown();\
        out.groups = document.querySelectorAll('section.group:not([hidden])').length;\
        location.hash = '#item-backups.database';\
        await new Promise(done => setTimeout(done, 200));\
        const target = document.getElementById('item-backups.database');\
        out.linked = target.open && !target.hidden;\
        press('#unfold'); out.open = document.querySelectorAll('details.item[open]').length;\
        press('#theme'); out.theme = document.documentElement.dataset.theme;\
        return out;";
    let found = result(&load(folder.path(), &probe(&html(), script), "1280,900"));
    let wanted = serde_json::json!({
        "all": 18, "fails": 5, "urgent": 3, "reset": 18, "focused": true, "found": 1, "said": "1 of 18 shown",
        "escaped": 18, "section": 3, "groups": 1, "linked": true, "open": 18, "theme": "light",
    });
    assert_eq!(found, wanted);
}
