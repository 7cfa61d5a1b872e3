//! Ways in which people report what is wrong, and in which the product itself reports attacks: told by the places where
//! such things live and by the addresses and routes that code names.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Location, Product};

use super::{PLACES, is_code};
use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{Class, File, Tree};

/// Addresses by their names.
const ADDRESSES: &[&str] = &["support@", "help@", "feedback@", "bugs@", "contact@", "helpdesk@"];
/// Ends of routes and links, each followed by what ends a text.
const ROUTES: &[&str] = &[
    "feedback",
    "feedbacks",
    "concern",
    "concerns",
    "bug-report",
    "bug-reports",
    "report-bug",
    "report-issue",
    "report-a-bug",
    "report-problem",
    "report-a-problem",
    "contact",
    "contact-us",
    "contacts",
    "support",
    "support-ticket",
    "support-tickets",
    "support-request",
    "help-desk",
];
/// Links to the place where issues are opened.
const ISSUES: &[&str] = &["/issues/new", "/issues\"", "/issues'", "/issues<", "/-/issues"];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    addresses: Vec<NeedleId>,
    routes: Vec<NeedleId>,
    issues: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: String| needles.add(Needle { text, whole_word: false, per_file: 8 });
    Plan {
        addresses: ADDRESSES.iter().map(|text| add((*text).to_owned())).collect(),
        routes: ROUTES
            .iter()
            .flat_map(|text| ["\"", "'"].map(|end| format!("/{text}{end}")))
            .map(&mut add)
            .collect(),
        issues: ISSUES.iter().map(|text| add((*text).to_owned())).collect(),
    }
}

/// The channels and notices that were found.
pub fn products(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Product> {
    let (form, forms_of_forge) = issue_forms(tree, scan, plan);
    let found = [
        ("feedback", form, forms_of_forge),
        ("feedback", "a support address in the product", addresses(tree, scan, plan)),
        ("feedback", "an own form or page for reports", forms(tree, scan, plan)),
        ("security-alerts", "code that tells of failed or unknown logins", notices(tree, scan)),
    ];
    found
        .into_iter()
        .filter(|(.., used)| !used.is_empty())
        .map(|(capability, name, mut used)| {
            used.truncate(PLACES);
            Product { capability: capability.to_owned(), name: name.to_owned(), used, ..Product::default() }
        })
        .collect()
}

#[allow(clippy::unwrap_used)]
fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// What the text of every open licence says of itself.
static OPEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(MIT|ISC|BSD|Apache|Mozilla Public|GNU|Eclipse Public|EUPL|European Union Public|Unlicense|CC0|Boost Software|zlib|WTFPL)\b|permission is hereby granted, free of charge|redistribution and use in source and binary forms",
    )
});

/// A form for reports. Users find it where the product links to it, or where the software is public.
fn issue_forms(tree: &Tree, scan: &Scan, plan: &Plan) -> (&'static str, Vec<Location>) {
    let linked = hits(tree, scan, &plan.issues).next().is_some();
    let licence = |file: &&File| {
        file.root == 0 && file.folder() == "." && {
            let name = file.name().to_ascii_uppercase();
            name.starts_with("LICEN") || name.starts_with("COPYING")
        }
    };
    let public = || {
        tree.files()
            .iter()
            .filter(licence)
            .any(|file| tree.text(file).is_some_and(|text| OPEN.is_match(&text)))
    };
    if !linked && !public() {
        return ("", Vec::new());
    }
    let name = if linked {
        "an issue form for bug reports, linked from the product,"
    } else {
        "an issue form of public software, which the product does not link to,"
    };
    let folders = [
        ".github/ISSUE_TEMPLATE/",
        ".gitlab/issue_templates/",
        ".gitea/ISSUE_TEMPLATE/",
        ".forgejo/ISSUE_TEMPLATE/",
    ];
    let forms = tree
        .files()
        .iter()
        .filter(|file| {
            folders
                .iter()
                .any(|folder| file.path.to_ascii_lowercase().starts_with(&folder.to_ascii_lowercase()))
        })
        .filter(|file| {
            let name = file.name().to_ascii_lowercase();
            ["bug", "problem", "report", "support", "issue", "defect"].iter().any(|word| name.contains(word))
        })
        .map(File::at)
        .collect();
    (name, forms)
}

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(?:support|help|feedback|bugs|contact|helpdesk)@((?:[a-z0-9-]+\.)+[a-z]{2,})")
});

/// An address in what people see, that is no placeholder and stands in no legal text.
fn addresses(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Location> {
    hits(tree, scan, &plan.addresses)
        .filter(|(file, hit)| {
            let path = file.path.to_ascii_lowercase();
            let legal = [
                "imprint",
                "impressum",
                "privacy",
                "terms",
                "legal",
                "deletion",
                "seed",
                "migration",
                "mock",
            ];
            let placeholder = hit.text.contains("placeholder") || hit.text.contains("e.g.");
            is_view(file)
                && !placeholder
                && !legal.iter().any(|word| path.contains(word))
                && ADDRESS.captures(&hit.text).is_some_and(|found| {
                    let domain = found[1].to_ascii_lowercase();
                    ![
                        "example",
                        "yourcompany",
                        "your-",
                        "yourdomain",
                        "domain.",
                        "company.com",
                        "acme",
                        "test.",
                        "localhost",
                    ]
                    .iter()
                    .any(|word| domain.contains(word))
                })
        })
        .map(|(file, hit)| file.at_line(hit.line))
        .collect()
}

static TAKES: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\bpost\b|\.post\(|post:|router\(|prefix|mappost|postmapping|handlefunc|route\(|resources?\s|path\(|fetch\(|axios|method",
    )
});
static LINK: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)\b(?:href|to|path|url)\b\s*[=:(]"#));
static PAGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:^|/)\(?(?:feedback|contact|contact-?us|contact_us|support|report-?bug|report-?issue)(?:/(?:page|index|\+page|new|create|show))?(?:\.html|\.blade)?\.(?:tsx|jsx|vue|svelte|astro|erb|html|php|twig|heex|cshtml|razor|haml|slim|mdx)$",
    )
});

/// A route that takes reports, or a link to a page for them that is there.
fn forms(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Location> {
    let page = tree.files().iter().find(|file| scan.ships(file) && PAGE.is_match(&file.path));
    hits(tree, scan, &plan.routes)
        .filter(|(file, hit)| {
            let contact = ["/contact\"", "/contact'", "/contacts", "/support\"", "/support'"];
            let vague = contact.iter().any(|route| hit.text.contains(route));
            let external = hit.text.contains("https://") || hit.text.contains("http://");
            let taken = !vague && TAKES.is_match(&hit.text) && !external;
            let linked = page.is_some() && !external && LINK.is_match(&hit.text) && is_view(file);
            taken || linked
        })
        .map(|(file, hit)| file.at_line(hit.line))
        .collect()
}

static NOTICE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:failed|unknown|suspicious|unrecogni[sz]ed|too_?many)[_-]?(?:log_?in|sign_?in|user|attempt|auth)[a-z_]*\.[a-z.]+$",
    )
});
static TELLS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)notif|alert|mailer|/mail/|/mails/"));

/// Code whose name says that it tells people of failed or unknown logins.
fn notices(tree: &Tree, scan: &Scan) -> Vec<Location> {
    tree.files()
        .iter()
        .filter(|file| {
            scan.ships(file)
                && file.language.is_some()
                && NOTICE.is_match(&file.path)
                && TELLS.is_match(&file.path)
        })
        .map(File::at)
        .collect()
}

/// What people see: a page, a component, a template.
fn is_view(file: &File) -> bool {
    matches!(
        file.extension(),
        "tsx"
            | "jsx"
            | "vue"
            | "svelte"
            | "astro"
            | "html"
            | "erb"
            | "haml"
            | "slim"
            | "twig"
            | "heex"
            | "eex"
            | "cshtml"
            | "razor"
            | "ejs"
            | "hbs"
            | "pug"
            | "php"
            | "rs"
            | "go"
    ) || matches!(file.extension(), "ts" | "js") && file.path.contains("component")
}

fn hits<'a>(
    tree: &'a Tree,
    scan: &'a Scan,
    needles: &'a [NeedleId],
) -> impl Iterator<Item = (&'a File, &'a Hit)> {
    needles
        .iter()
        .flat_map(|id| scan.hits(*id))
        .filter(|hit| !hit.comment)
        .map(|hit| (&tree.files()[hit.file], hit))
        .filter(|(file, _)| scan.ships(file) && is_code(file) && file.class == Class::Shipped)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tree::Limits;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = seaworthy_testkit::tree::folder(files);
        let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
        let mut needles = Needles::default();
        let plan = plan(&mut needles);
        let scan = crate::scan::scan(&tree, &needles);
        products(&tree, &scan, &plan).into_iter().map(|product| product.name).collect()
    }

    #[test]
    fn an_issue_form_counts_where_users_find_it() {
        let form = (".github/ISSUE_TEMPLATE/bug_report.yml", "name: Bug\n");
        assert!(found(&[form]).is_empty());
        let public = found(&[form, ("LICENSE", "MIT License")]);
        assert!(public[0].contains("does not link"), "{public:?}");
        assert!(found(&[form, ("LICENSE", "Shop Ltd. All rights reserved.")]).is_empty());
        let link = ("src/Footer.tsx", "<a href=\"https://github.com/acme/shop/issues\">Report a bug</a>\n");
        assert_eq!(found(&[form, link]), ["an issue form for bug reports, linked from the product,"]);
        let feature = (".github/ISSUE_TEMPLATE/feature_request.yml", "name: Feature\n");
        assert!(found(&[feature, ("LICENSE", "MIT")]).is_empty());
    }

    #[test]
    fn an_address_counts_in_the_product_and_no_placeholder_does() {
        assert_eq!(
            found(&[("src/Help.tsx", "<a href=\"mailto:support@shop.io\">Help</a>\n")]),
            ["a support address in the product"]
        );
        assert!(found(&[("src/Help.tsx", "<a href=\"mailto:support@example.com\">Help</a>\n")]).is_empty());
        assert!(found(&[("src/Form.tsx", "<input placeholder=\"support@shop.io\" />\n")]).is_empty());
        assert!(found(&[("src/Imprint.tsx", "<p>contact@shop.io</p>\n")]).is_empty());
        assert!(found(&[("src/DataDeletion.tsx", "<p>Write to support@shop.io</p>\n")]).is_empty());
        assert!(found(&[("README.md", "Write to support@shop.io\n")]).is_empty());
    }

    #[test]
    fn own_forms_are_routes_that_take_reports_or_pages_that_are_linked() {
        let form = ["an own form or page for reports"];
        assert_eq!(
            found(&[(
                "routes/api.php",
                "<?php\nRoute::post('/concerns', [ConcernController::class, 'store']);\n"
            )]),
            form
        );
        assert_eq!(found(&[("app/router.py", "router = APIRouter(prefix=\"/api/feedback\")\n")]), form);
        let link = ("src/Nav.tsx", "<Link href=\"/contact\">Contact</Link>\n");
        assert!(found(&[link]).is_empty());
        assert_eq!(found(&[link, ("app/contact/page.tsx", "export default function Page() {}\n")]), form);
    }

    #[test]
    fn notices_of_failed_logins_are_told_by_their_names() {
        let path = "app/Listeners/Security/NotifiesOwnerAboutUnknownUser.php";
        assert_eq!(found(&[(path, "<?php\nclass X {}\n")]), ["code that tells of failed or unknown logins"]);
        assert!(found(&[("app/FailedLogin.php", "<?php\nclass X {}\n")]).is_empty());
    }
}
