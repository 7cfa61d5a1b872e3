//! Ways for people to write to the team: mail addresses, contact pages, trackers and widgets in what ships.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Contact, ContactKind};

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::Tree;

/// A literal, what it shows, and what the report calls it.
const SIGNS: &[(&str, ContactKind, &str)] = &[
    ("mailto:", ContactKind::Mail, ""),
    ("mail_to ", ContactKind::Mail, ""),
    ("/contact", ContactKind::Page, ""),
    ("contact.php", ContactKind::Page, ""),
    ("contact-us.php", ContactKind::Page, ""),
    ("contact_us.php", ContactKind::Page, ""),
    ("contact.html", ContactKind::Page, ""),
    ("feedback.php", ContactKind::Page, ""),
    ("/support", ContactKind::Page, ""),
    ("/feedback", ContactKind::Page, ""),
    ("/issues", ContactKind::Tracker, ""),
    ("/discussions", ContactKind::Tracker, ""),
    ("discord.gg/", ContactKind::Tracker, ""),
    ("discord.com/invite/", ContactKind::Tracker, ""),
    ("widget.intercom.io", ContactKind::Widget, "Intercom"),
    ("@intercom/messenger-js-sdk", ContactKind::Widget, "Intercom"),
    ("react-use-intercom", ContactKind::Widget, "Intercom"),
    ("client.crisp.chat", ContactKind::Widget, "Crisp"),
    ("crisp-sdk-web", ContactKind::Widget, "Crisp"),
    ("static.zdassets.com", ContactKind::Widget, "Zendesk"),
    ("embed.tawk.to", ContactKind::Widget, "tawk.to"),
    ("beacon-v2.helpscout.net", ContactKind::Widget, "Help Scout"),
    ("chatwootSDK", ContactKind::Widget, "Chatwoot"),
    ("canny.io/sdk", ContactKind::Widget, "Canny"),
    ("do.featurebase.app", ContactKind::Widget, "Featurebase"),
    ("widget.usersnap.com", ContactKind::Widget, "Usersnap"),
    ("static.userback.io", ContactKind::Widget, "Userback"),
    ("edge.marker.io", ContactKind::Widget, "Marker.io"),
    ("wchat.freshchat.com", ContactKind::Widget, "Freshchat"),
    ("widget.freshworks.com", ContactKind::Widget, "Freshdesk"),
    ("js.driftt.com", ContactKind::Widget, "Drift"),
    ("feedbackIntegration(", ContactKind::Widget, "Sentry's feedback form"),
    ("showReportDialog(", ContactKind::Widget, "Sentry's crash report form"),
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan(Vec<NeedleId>);

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let add = |(text, ..): &(&str, ContactKind, &str)| {
        needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 4 })
    };
    Plan(SIGNS.iter().map(add).collect())
}

static MAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}").ok()
});

/// A link whose address ends in one of these pages, or leads to a tracker.
static PAGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:href|to|url|link|route|path)\w*["']?\s*(?:=|:|\()\s*\{?\s*["'`]((?:https?://[\w.-]+)?(?:/[\w.-]+){0,2}/(?:contact|contact-us|contact_us|support|feedback|help-center|issues|issues/new(?:/choose)?|discussions)/?(?:\?[^"'`]*)?|(?:[\w.-]*/){0,3}(?:contact|contact-us|contact_us|support|feedback)\.(?:php|html?|aspx))["'`]"#,
    )
    .ok()
});
static INVITE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"https?://discord\.(?:gg|com/invite)/[\w-]+").ok());

/// The contacts, at most a few of each kind.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Contact> {
    let mut found: Vec<Contact> = Vec::new();
    for ((_, kind, product), needle) in SIGNS.iter().zip(&plan.0) {
        for hit in scan.hits(*needle) {
            let file = &tree.files()[hit.file];
            let page = file
                .language
                .is_some_and(|language| !matches!(language, "css" | "sql" | "shell" | "terraform"))
                || matches!(
                    file.extension(),
                    "twig" | "ejs" | "hbs" | "pug" | "jinja" | "tmpl" | "gohtml" | "templ"
                );
            if hit.comment || !scan.ships(file) || !page || crate::system::is_tool_code(&file.path) {
                continue;
            }
            let what = match kind {
                ContactKind::Widget => Some((*product).to_owned()),
                ContactKind::Mail => MAIL
                    .as_ref()
                    .and_then(|mail| mail.find(&hit.text))
                    .map(|address| address.as_str().to_owned())
                    .filter(|address| !super::placeholder::is_example_address(&address.to_ascii_lowercase())),
                ContactKind::Page | ContactKind::Tracker => {
                    let text = super::links::without_php(&hit.text);
                    let page = PAGE.as_ref().and_then(|page| page.captures(&text));
                    let address = page.as_ref().and_then(|found| found.get(1));
                    let invite = INVITE.as_ref().and_then(|invite| invite.find(&hit.text));
                    address.or(invite).map(|address| address.as_str().chars().take(120).collect())
                }
            };
            let Some(what) = what else { continue };
            let same = found.iter().filter(|contact| contact.kind == *kind).count();
            if same < 8 && !found.iter().any(|contact| contact.kind == *kind && contact.what == what) {
                found.push(Contact { kind: *kind, what, at: file.at_line(hit.line) });
            }
        }
    }
    found
}
