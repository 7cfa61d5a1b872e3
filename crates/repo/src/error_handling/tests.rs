#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Component, Location, ModePlace, Observed, System};

use super::*;
use crate::tree::Limits as TreeLimits;

/// What a folder with these files and frameworks gives.
fn read(frameworks: &[&str], files: &[(&str, &str)]) -> ErrorHandling {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], TreeLimits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = crate::scan::scan(&tree, &needles);
    let at = Location::file("app");
    let frameworks = frameworks.iter().map(|key| Observed::new((*key).to_owned(), at.clone())).collect();
    let component = Component {
        folder: ".".to_owned(),
        frameworks,
        http_server: Some(Observed::new("server".to_owned(), at)),
        ships: true,
        ..Component::default()
    };
    let system = System { components: vec![component], ..System::default() };
    collect(&Seen { tree: &tree, scan: &scan, plan: &plan, system: &system })
}

/// Whether there is a page for "not found" and one for "server error".
fn pages(frameworks: &[&str], files: &[(&str, &str)]) -> (bool, bool) {
    let found = read(frameworks, files).pages;
    let own = || found.iter().filter(|page| !page.generated);
    (own().any(|page| page.not_found), own().any(|page| page.server_error))
}

/// Each mode: its family, whether it is debug, and where.
fn modes(frameworks: &[&str], files: &[(&str, &str)]) -> Vec<(String, Option<bool>, ModePlace)> {
    read(frameworks, files).modes.into_iter().map(|mode| (mode.family, mode.debug, mode.place)).collect()
}

#[test]
fn files_are_pages_by_the_conventions_of_the_framework_in_use() {
    let next = [("src/app/not-found.tsx", "export default x"), ("src/app/(site)/error.tsx", "x")];
    assert_eq!(pages(&["next"], &next), (true, true));
    assert_eq!(pages(&["next"], &next[..1]), (true, false));
    assert_eq!(pages(&["express"], &next), (false, false));
    let blade =
        [("resources/views/errors/404.blade.php", "x"), ("resources/views/errors/500.blade.php", "x")];
    assert_eq!(pages(&["laravel"], &blade), (true, true));
    // A template of that name that no framework renders by itself.
    assert_eq!(
        pages(&["net-http"], &[("templates/404.html", "x"), ("templates/500.html", "x")]),
        (false, false)
    );
}

#[test]
fn what_the_generator_wrote_is_not_the_teams() {
    let text = "<h1>The page you were looking for doesn't exist.</h1>\n<p>If you are the application owner check the logs for more information.</p>";
    let found = read(&["rails"], &[("public/404.html", text), ("public/500.html", "<h1>Sorry</h1>")]).pages;
    assert_eq!(found.iter().map(|page| page.generated).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn handlers_count_and_redirects_to_the_start_page_do_not() {
    let flask = "@app.errorhandler(404)\ndef a(e): ...\n@app.errorhandler(Exception)\ndef b(e): ...\n";
    assert_eq!(pages(&["flask"], &[("app.py", flask)]), (true, true));
    let phoenix = |kind: &str| {
        let code = format!(
            "defmodule ShopWeb.Errors do\n  def render(\"500.{kind}\", _), do: page()\n  def render(\"404.{kind}\", _), do: page()\nend\n"
        );
        pages(&["phoenix"], &[("lib/shop_web/errors.ex", &code)])
    };
    assert_eq!((phoenix("html"), phoenix("json")), ((true, true), (false, false)));
    let redirect = "const r = <Route\n  path=\"*\"\n  element={<Navigate to=\"/\" />} />\n";
    assert_eq!(pages(&["react"], &[("src/App.jsx", redirect)]), (false, false));
    let own =
        "const r = <Route path=\"*\" element={<NotFound />} />\nconst b = <ErrorBoundary>x</ErrorBoundary>\n";
    assert_eq!(pages(&["react"], &[("src/App.jsx", own)]), (true, true));
    let echo =
        "e.HTTPErrorHandler = func(err error, c echo.Context) {\n e.DefaultHTTPErrorHandler(err, c)\n}\n";
    assert_eq!(pages(&["echo"], &[("main.go", echo)]), (false, false));
}

#[test]
fn a_web_server_in_front_has_pages_for_all() {
    let nginx = "server {\n  error_page 404 /404.html;\n  error_page 500 502 /50x.html;\n}\n";
    assert_eq!(pages(&["express"], &[("deploy/nginx.conf", nginx)]), (true, true));
}

#[test]
fn a_mode_is_read_where_it_ships() {
    let shipped = |family: &str, debug| vec![(family.to_owned(), Some(debug), ModePlace::Shipped)];
    assert_eq!(
        modes(&["express"], &[("Dockerfile", "FROM node\nENV NODE_ENV=production\n")]),
        shipped("node", false)
    );
    assert_eq!(modes(&["express"], &[("Dockerfile.dev", "FROM node\nENV NODE_ENV=development\n")]), []);
    let kubernetes =
        "kind: Deployment\nspec:\n  env:\n    - name: ASPNETCORE_ENVIRONMENT\n      value: Development\n";
    assert_eq!(modes(&["aspnetcore"], &[("k8s/api.yaml", kubernetes)]), shipped("aspnet", true));
    let rails = "Rails.application.configure do\n  config.consider_all_requests_local = false\nend\n";
    assert_eq!(modes(&["rails"], &[("config/environments/production.rb", rails)]), shipped("rails", false));
    let compose = "services:\n  web:\n    environment:\n      RAILS_ENV: development\n";
    assert_eq!(modes(&["rails"], &[("docker-compose.yml", compose)]), []);
}

#[test]
fn a_template_counts_as_copied_only_where_something_copies_it() {
    let template = (".env.example", "APP_DEBUG=true\n");
    let composer = (
        "composer.json",
        "{\"scripts\": {\"setup\": [\"@php -r \\\"copy('.env.example', '.env');\\\"\"]}}\n",
    );
    assert_eq!(modes(&["laravel"], &[template])[0].2, ModePlace::Template);
    assert_eq!(modes(&["laravel"], &[template, composer])[0].2, ModePlace::CopiedTemplate);
}

#[test]
fn djangos_variable_is_followed_to_what_ships() {
    let settings =
        ("app/settings.py", "import os\nDEBUG = os.environ.get(\"APP_DEBUGGING\", \"True\") == \"True\"\n");
    let dockerfile = ("Dockerfile", "FROM python:3\nENV APP_DEBUGGING=False\n");
    assert_eq!(modes(&["django"], &[settings]), [("django".to_owned(), Some(true), ModePlace::Default)]);
    let found = modes(&["django"], &[settings, dockerfile]);
    assert_eq!(found[0], ("django".to_owned(), Some(false), ModePlace::Shipped));
    let local = ("app/settings/local.py", "DEBUG = True\n");
    assert!(modes(&["django"], &[local]).is_empty());
    let production = ("app/settings/production.py", "DEBUG = False\n");
    assert_eq!(modes(&["django"], &[local, production])[0].2, ModePlace::Shipped);
}

#[test]
fn templates_that_print_a_path_are_seen_unless_in_debug_mode() {
    let path = "resources/views/errors/500.blade.php";
    let open = "<p>{{ $exception->getFile() }}</p>\n";
    assert_eq!(read(&["laravel"], &[(path, open)]).views.len(), 1);
    let guarded = "@if(config('app.debug'))\n<p>{{ $exception->getFile() }}</p>\n@endif\n";
    assert!(read(&["laravel"], &[(path, guarded)]).views.is_empty());
    assert!(read(&["laravel"], &[(path, "{{-- $exception->getFile()\n --}}\n")]).views.is_empty());
}

#[test]
fn the_builder_of_a_platform_chooses_a_mode() {
    let modes = |files: &[(&str, &str)]| {
        let folder = seaworthy_testkit::tree::folder(files);
        let tree = Tree::open(folder.path(), &[], TreeLimits::default()).unwrap();
        let mut needles = Needles::default();
        let plan = plan(&mut needles);
        let scan = crate::scan::scan(&tree, &needles);
        let platform = seaworthy_facts::Platform {
            key: "heroku".to_owned(),
            at: Location::file("Procfile"),
            certainty: seaworthy_facts::Certainty::Configured,
            environments: Vec::new(),
            guarantees: Vec::new(),
        };
        let system = System { platforms: vec![platform], ..System::default() };
        collect(&Seen { tree: &tree, scan: &scan, plan: &plan, system: &system }).modes
    };
    let node = ("package.json", "{}");
    let chosen = modes(&[("Procfile", "web: node app.js\n"), node]);
    assert_eq!((chosen.len(), chosen[0].family.as_str(), chosen[0].debug), (1, "node", Some(false)));
    assert!(modes(&[("Procfile", "web: bin/web\n")]).is_empty());
    assert!(modes(&[("heroku.yml", "build: {}\n"), node]).is_empty());
}
