//! Pages without a front-end framework: templates that a server renders, and static sites.

use seaworthy_facts::Observed;

use super::Seen;
use super::components::is_tool_code;
use crate::tree::{Class, File};

/// Folders with templates that a server renders into pages: one sign for each.
pub fn pages(seen: &Seen) -> Vec<(String, Observed<String>)> {
    let mut found: Vec<(String, Observed<String>)> = Vec::new();
    for file in seen.tree.files().iter().filter(|file| seen.scan.ships(file) && is_page(file)) {
        let folder = file.folder().to_owned();
        if found.iter().any(|(known, _)| *known == folder) {
            continue;
        }
        let html = file.extension() != "html" || looks_like_page(seen, file);
        if html {
            found.push((folder, Observed::new("pages rendered by the server".to_owned(), file.at())));
        }
    }
    found
}

fn is_page(file: &File) -> bool {
    let path = file.path.to_ascii_lowercase();
    let mail = ["mail", "email", "emails", "mailer", "mailers", "notifications", "mjml"];
    if path
        .split('/')
        .any(|part| mail.contains(&part) || part.ends_with("_mailer") || part.contains("email-template"))
        || is_tool_code(&file.path)
    {
        return false;
    }
    let name = file.name().to_ascii_lowercase();
    if [
        ".html.erb",
        ".html.haml",
        ".html.slim",
        ".blade.php",
        ".html.twig",
        ".cshtml",
        ".razor",
        ".html.heex",
        ".html.eex",
        ".html.leex",
    ]
    .iter()
    .any(|ending| name.ends_with(ending))
        || [
            ".jinja", ".jinja2", ".j2", ".ejs", ".pug", ".hbs", ".twig", ".gohtml", ".tmpl", ".templ",
            ".jsp", ".ftlh", ".tera",
        ]
        .iter()
        .any(|ending| name.ends_with(ending))
            && in_views(&path)
    {
        return true;
    }
    name.ends_with(".html") && in_views(&path)
}

fn in_views(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "templates"
                | "template"
                | "views"
                | "view"
                | "html"
                | "pages"
                | "layouts"
                | "web"
                | "public"
                | "static"
                | "wwwroot"
                | "ui"
        )
    })
}

fn looks_like_page(seen: &Seen, file: &File) -> bool {
    let Some(text) = seen.tree.text(file) else { return false };
    let lower: String = text.chars().take(4_000).collect::<String>().to_ascii_lowercase();
    lower.contains("<html")
        || lower.contains("<!doctype")
        || lower.contains("{% extends")
        || lower.contains("{{")
        || lower.contains("<div")
}

/// A site of plain files: a page at the top of a folder from which sites are served.
pub fn static_site(seen: &Seen) -> Option<Observed<String>> {
    [
        "index.html",
        "public/index.html",
        "site/index.html",
        "www/index.html",
        "src/index.html",
        "static/index.html",
        "web/index.html",
    ]
    .iter()
    .filter_map(|path| seen.tree.file(path))
    .find(|file| matches!(file.class, Class::Shipped) && looks_like_page(seen, file))
    .map(|file| Observed::new("a site of static pages".to_owned(), file.at()))
}

/// A web server of its own that is shipped in an image, in front of software that others wrote.
pub fn web_server(seen: &Seen) -> Option<Observed<String>> {
    let image = seen.tree.files().iter().any(|file| {
        matches!(file.class, Class::Shipped) && (file.name() == "Dockerfile" || file.name() == "Chart.yaml")
    });
    let names = ["nginx.conf", "Caddyfile", "httpd.conf"];
    let file = names
        .iter()
        .flat_map(|name| seen.tree.named(name))
        .find(|file| matches!(file.class, Class::Shipped) && !is_tool_code(&file.path))?;
    image.then(|| Observed::new("a web server with its own configuration".to_owned(), file.at()))
}

/// PHP without a framework: a page that the web server runs.
pub fn php_pages(seen: &Seen) -> Option<Observed<String>> {
    [
        "index.php",
        "public/index.php",
        "www/index.php",
        "src/index.php",
        "html/index.php",
        "htdocs/index.php",
        "web/index.php",
    ]
    .iter()
    .filter_map(|path| seen.tree.file(path))
    .find(|file| matches!(file.class, Class::Shipped))
    .map(|file| Observed::new("PHP pages".to_owned(), file.at()))
}
