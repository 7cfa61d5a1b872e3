#![allow(clippy::unwrap_used)]

use seaworthy_facts::{ContactKind, LegalKind, LinkTarget, Pages};

use crate::privacy::tests::facts;

const TEXT: &str =
    "We collect personal data to run your account and keep it for thirty days after you close it. ";

fn pages(files: &[(&str, &str)]) -> Pages {
    facts(files).pages.get().unwrap().clone()
}

fn links(line: &str) -> Vec<(LegalKind, LinkTarget)> {
    links_in("src/Footer.tsx", line)
}

fn links_in(path: &str, text: &str) -> Vec<(LegalKind, LinkTarget)> {
    pages(&[(path, text)]).links.into_iter().map(|link| (link.kind, link.target)).collect()
}

#[test]
fn pages_of_many_stacks_are_found_by_their_names() {
    for path in [
        "app/privacy/page.tsx",
        "src/routes/privacy/+page.svelte",
        "app/routes/_marketing.privacy.tsx",
        "pages/datenschutz.vue",
        "src/pages/privacy-policy.astro",
        "templates/privacy.html",
        "app/views/pages/privacy.html.erb",
        "resources/views/privacy.blade.php",
        "templates/legal/privacy_policy.html.twig",
        "Pages/Privacy.cshtml",
        "lib/app_web/controllers/page_html/privacy.html.heex",
        "content/legal/privacy.mdx",
        "src/main/resources/templates/privacy.html",
    ] {
        let found = pages(&[(path, &format!("<p>\n{}\n</p>\n", TEXT.repeat(8)))]);
        assert_eq!(found.legal.len(), 1, "{path}");
        assert!(found.legal[0].words > 100 && !found.legal[0].document, "{path}: {:?}", found.legal[0]);
    }
    let settings = pages(&[("src/PrivacySettings.tsx", TEXT), ("app/models/privacy.rb", TEXT)]);
    assert!(settings.legal.is_empty());
    assert!(pages(&[("docs/PRIVACY.md", &TEXT.repeat(8))]).legal[0].document);
}

#[test]
fn a_page_of_translations_is_read_in_the_language_files() {
    let page = "export default () => <main><h1>{t('privacy.title')}</h1><p>{t('privacy.a')}</p><p>{t('privacy.b')}</p></main>\n";
    let locale = format!(
        "{{\"privacy\": {{\"title\": \"Privacy\", \"a\": \"{TEXT}\", \"b\": \"{}\"}}}}",
        TEXT.repeat(6)
    );
    let found = pages(&[("src/pages/privacy.tsx", page), ("locales/en/common.json", &locale)]);
    assert!(found.legal[0].words > 100, "{:?}", found.legal);
    let without = pages(&[("src/pages/privacy.tsx", page)]);
    assert!(without.legal[0].elsewhere && without.legal[0].words < 10);
}

#[test]
fn links_are_told_by_address_and_label() {
    use LegalKind::{Privacy, Terms};
    use LinkTarget::{External, Internal, Nowhere, Setting};
    assert_eq!(links("<Link href=\"/privacy\">Privacy</Link>"), [(Privacy, Internal)]);
    assert_eq!(links("<a href='https://acme.io/legal/terms-of-service'>Terms</a>"), [(Terms, External)]);
    assert_eq!(links("<a href=\"#\">Privacy Policy</a>"), [(Privacy, Nowhere)]);
    assert_eq!(links("<a\n  href=\"#\"\n  className=\"x\"\n>\n  Terms of Service\n</a>"), [(Terms, Nowhere)]);
    assert_eq!(links("const items = [{ label: 'Privacy', href: '/legal/privacy' }]"), [(Privacy, Internal)]);
    assert_eq!(links("<a href={env.PRIVACY_URL}>x</a>"), [(Privacy, Setting)]);
    assert_eq!(
        links("<a href=\"https://acme.notion.site/abc123\">Privacy policy</a>"),
        [(Privacy, External)]
    );
    assert_eq!(links("<a href=\"https://policies.google.com/privacy\">Privacy Policy</a>"), []);
    assert_eq!(links("const searchTerms = input.split(' ')"), []);
    assert_eq!(links("<Route path=\"/privacy\" element={<Privacy />} />"), []);
}

#[test]
fn links_of_server_rendered_pages() {
    use LegalKind::{Privacy, Terms};
    use LinkTarget::Internal;
    for (path, line) in [
        ("app/views/layouts/application.html.erb", "<%= link_to \"Privacy\", privacy_path %>"),
        ("app/views/layouts/_footer.html.erb", "<%= link_to t('x'), page_path(\"privacy\") %>"),
        ("templates/base.html", "<a href=\"{% url 'privacy' %}\">x</a>"),
        ("templates/base.html", "<a href=\"{{ url_for('privacy_policy') }}\">x</a>"),
        ("resources/views/footer.blade.php", "<a href=\"{{ route('privacy') }}\">x</a>"),
        ("Pages/Shared/_Layout.cshtml", "<a asp-area=\"\" asp-page=\"/Privacy\">Privacy</a>"),
        ("lib/web/components/footer.ex", "<.link href={~p\"/privacy\"} />"),
        ("src/main/resources/templates/layout.html", "<a th:href=\"@{/privacy}\">x</a>"),
    ] {
        assert_eq!(links_in(path, line), [(Privacy, Internal)], "{line}");
    }
    let erb = "<%= link_to t('sign_up_terms'), policy_path('terms-of-service') %>";
    assert_eq!(links_in("app/views/users/new.html.erb", erb), [(Terms, Internal)]);
}

#[test]
fn a_call_over_lines_and_a_page_that_refers_to_the_full_text() {
    use LegalKind::{Privacy, Terms};
    use LinkTarget::{External, Internal};
    let calls = "<a :href=\"route(\n'terms.show',\n)\">x</a>\n<a :href=\"route(\n'policy.show',\n)\">x</a>\n";
    assert_eq!(links_in("resources/js/Register.vue", calls), [(Privacy, Internal), (Terms, Internal)]);
    let label =
        "<Link\n to=\"https://harbour.io/privacy\"\n target=\"_blank\"\n>\n Privacy Policy\n</Link>\n";
    assert_eq!(links_in("src/signup.tsx", label)[0], (Privacy, External));
    let short = "Our privacy policy with all information on personal data is at [harbour](https://harbour.io/privacy).\n";
    assert!(pages(&[("content/privacy.mdx", short)]).legal[0].elsewhere);
    let jetstream = pages(&[("resources/markdown/policy.md", &TEXT.repeat(8))]);
    assert_eq!(jetstream.legal[0].kind, Privacy);
}

#[test]
fn a_list_of_policies_links_what_lies_beside_it() {
    let found = pages(&[
        ("app/views/policies/privacy.md", &TEXT.repeat(8)),
        ("app/views/layouts/application.html.erb", "<%= link_to t('x'), policies_path %>\n"),
    ]);
    assert_eq!(found.links.len(), 1);
}

#[test]
fn a_route_behind_a_login_is_told() {
    let found = pages(&[(
        "src/App.tsx",
        "<Route path=\"/privacy\" element={<ProtectedRoute><Privacy /></ProtectedRoute>} />\n<Route path=\"/terms\" element={<Terms />} />\n",
    )]);
    let routes: Vec<_> = found.routes.iter().map(|route| (route.kind, route.behind_login)).collect();
    assert_eq!(routes, [(LegalKind::Privacy, true), (LegalKind::Terms, false)]);
}

#[test]
fn contacts_are_real_addresses() {
    let found = pages(&[
        (
            "templates/base.html",
            "<a href=\"mailto:help@harbour.io\">x</a>\n<a href=\"mailto:you@example.com\">x</a>\n",
        ),
        (
            "templates/footer.html",
            "<a href=\"/contact\">x</a> \n<a href=\"https://github.com/a/b/issues\">bug</a>\n",
        ),
        ("src/api.ts", "app.use('/support/tickets/:id')\n"),
    ]);
    let contacts: Vec<_> =
        found.contacts.iter().map(|contact| (contact.kind, contact.what.as_str())).collect();
    assert_eq!(
        contacts,
        [
            (ContactKind::Mail, "help@harbour.io"),
            (ContactKind::Page, "/contact"),
            (ContactKind::Tracker, "https://github.com/a/b/issues")
        ]
    );
}

#[test]
fn links_of_plain_php_are_printed_in_parts() {
    let footer = "<li><a href=\"<?php echo $root; ?>privacy_policy.php\">Privacy Policy</a></li>\n<li><a href='<?= $root ?>terms.php'>Terms</a></li>\n<a href=\"<?= $root ?>contact.php\">Contact</a>\n";
    let found = pages(&[("includes/footer.php", footer)]);
    let kinds: Vec<_> = found.links.iter().map(|link| (link.kind, link.target)).collect();
    assert_eq!(kinds, [(LegalKind::Privacy, LinkTarget::Internal), (LegalKind::Terms, LinkTarget::Internal)]);
    assert_eq!((found.contacts[0].kind, found.contacts[0].what.as_str()), (ContactKind::Page, "contact.php"));
}

#[test]
fn the_terms_of_a_programme_are_not_those_of_the_application() {
    let found = pages(&[
        ("templates/affiliates/terms.html", &format!("<p>\n{}\n</p>\n", TEXT.repeat(8))),
        ("templates/base.html", "<a href=\"/affiliates/terms/\">Affiliate terms</a>"),
    ]);
    assert!(found.legal.is_empty() && found.links.is_empty());
}

#[test]
fn links_and_names_of_french_templates() {
    let path = "templates/common/footer.html.twig";
    let found =
        links_in(path, "<a href=\"{{ path('app_front_politique_confidentialite') }}\">Confidentialité</a>\n");
    assert_eq!(found, [(LegalKind::Privacy, LinkTarget::Internal)]);
}

#[test]
fn a_page_of_live_view_is_a_text() {
    let page = |name: &str| {
        let code = format!(
            "defmodule ShopWeb.PrivacyPolicyLive do\n  use ShopWeb, :live_view\n  def render(assigns) do\n    ~H\"\"\"\n    <p>\n{}\n    </p>\n    \"\"\"\n  end\nend\n",
            TEXT.repeat(8)
        );
        pages(&[(name, &code)]).legal.len()
    };
    assert_eq!(page("lib/shop_web/live/privacy_policy_live.ex"), 1);
    let context = "defmodule Shop.Privacy do\n  def erase(user), do: Repo.delete(user)\nend\n";
    assert!(pages(&[("lib/shop/privacy.ex", context)]).legal.is_empty());
}
