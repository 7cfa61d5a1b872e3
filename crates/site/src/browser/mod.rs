//! What a real browser sees: consent, trackers, console, images. It is Chromium, where one is installed.
//!
//! Like every browser it loads what the page asks for, also from other hosts. Each state of consent has a context of its
//! own, so that no cookie of one is seen in another.

mod devtools;
mod known;
mod visit;

use seaworthy_facts::{Absent, Browser, Collected};
use seaworthy_model::{Cause, Environment};
use serde_json::json;

use crate::Input;

pub use devtools::{Chromium, installed};

/// Visits every address with a browser; an absence with its cause where there is none or it fails. `ready` is called when
/// the browser is up, and may wait for the moment from which sites may be asked.
pub fn collect(input: &Input, ready: impl FnOnce()) -> Collected<Browser> {
    let absent = |cause: Cause, why: String| Collected::Absent(Absent::new(cause, why));
    if !input.browser {
        return absent(Cause::NotPermitted, "the run was asked to look without a browser".to_owned());
    }
    let Some(program) = installed() else {
        return absent(
            Cause::CouldNotRun,
            "no Chromium is installed here (Debian: chromium), so what a browser shows was not looked at"
                .to_owned(),
        );
    };
    let mut arguments = input.browser_arguments.clone();
    // Trials often carry certificates that no browser trusts; whether one can be trusted is judged by handshakes.
    if input.targets.iter().all(|target| target.environment != Environment::Production) {
        arguments.push("--ignore-certificate-errors".to_owned());
    }
    let mut browser = match Chromium::start(&program, &arguments) {
        Ok(browser) => browser,
        Err(why) => return absent(Cause::CouldNotRun, why),
    };
    let product = browser
        .ask(None, "Browser.getVersion", json!({}))
        .ok()
        .and_then(|version| version["product"].as_str().map(str::to_owned))
        .unwrap_or_default();
    ready();
    let mut seen = Browser { product, ..Browser::default() };
    let mut failed = Vec::new();
    for target in &input.targets {
        match visit::visit(&mut browser, target) {
            Ok(visit) => seen.visits.push(visit),
            Err(why) => failed.push(why),
        }
    }
    if seen.visits.is_empty() && !failed.is_empty() {
        return absent(Cause::CouldNotRun, failed.join("; "));
    }
    seen.problems = failed;
    seen.into()
}
