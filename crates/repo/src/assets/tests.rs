#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use seaworthy_facts::Assets;

use super::*;
use crate::scan::scan;
use crate::tree::Limits;
use crate::{launches, pipelines};

fn write(folder: &Path, path: &str, text: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn assets(files: &[(&str, &str)], large: &[&str]) -> Assets {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text.as_bytes());
    }
    for path in large {
        write(folder.path(), path, &vec![0; 500_001]);
    }
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&tree, &mut needles);
    let scan = scan(&tree, &needles);
    let commands = Commands::new(&tree);
    let launches = launches::collect(&tree, &commands);
    let pipelines = pipelines::collect(&tree, &commands);
    collect(&Seen {
        tree: &tree,
        scan: &scan,
        plan: &plan,
        commands: &commands,
        launches: &launches,
        pipelines: &pipelines,
    })
}

/// The large images that are served.
fn served(files: &[(&str, &str)], large: &[&str]) -> Vec<String> {
    let images = assets(files, large).large_images;
    images.iter().filter(|image| image.served.is_some()).map(|image| image.at.to_string()).collect()
}

#[test]
fn large_images_count_where_they_are_served() {
    let large = ["public/a.png", "docs/shot.png", "tests/x.png", "assets/hero.jpg", "assets/unused.jpg"];
    let page = [("src/page.html", "<img src=\"/assets/hero.jpg\">")];
    assert_eq!(served(&page, &large), ["assets/hero.jpg", "public/a.png"]);
    let document = [("README.md", "![](assets/hero.jpg)")];
    assert_eq!(served(&document, &["assets/hero.jpg"]), [""; 0]);
    assert!(served(&[("public/a.png", "small")], &[]).is_empty());
}

#[test]
fn an_image_that_git_keeps_elsewhere_has_the_size_that_its_pointer_names() {
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 900000\n", "a".repeat(64));
    assert_eq!(served(&[("public/a.png", &pointer)], &[]), ["public/a.png"]);
}

#[test]
fn builds_come_from_scripts_images_and_pipelines() {
    let tools = |files: &[(&str, &str)]| {
        assets(files, &[])
            .builds
            .into_iter()
            .map(|build| (build.tool, build.at.to_string()))
            .collect::<Vec<_>>()
    };
    let package = "{\n\"scripts\": {\n\"dev\": \"vite\",\n\"build\": \"tsc && vite build\"\n}}";
    assert_eq!(
        tools(&[("web/package.json", package)]),
        [("Vite".to_owned(), "web/package.json:4".to_owned())]
    );
    let own = [
        ("package.json", "{\"scripts\": {\"production\": \"node dev/build/esbuild.js production\"}}"),
        ("dev/build/esbuild.js", "const esbuild = require('esbuild');\n"),
    ];
    assert_eq!(tools(&own), [("esbuild".to_owned(), "package.json:1".to_owned())]);
    let image = "FROM ruby:3.4\nRUN SECRET_KEY_BASE_DUMMY=1 ./bin/rails assets:precompile\n";
    let found = tools(&[("Dockerfile", image)]);
    assert_eq!(found, [("Rails assets".to_owned(), "Dockerfile:2".to_owned())]);
    assert!(
        tools(&[("package.json", "{\"scripts\": {\"dev\": \"vite\", \"docs:build\": \"astro build\"}}")])
            .is_empty()
    );
}

#[test]
fn settings_that_keep_a_build_large() {
    let found =
        |text: &str| assets(&[("vite.config.ts", text), ("index.html", "<html>")], &[]).unminified.len();
    assert_eq!(found("export default { build: { lib: { entry }, minify: false } }"), 0);
    let server = "module.exports = { mode: 'development', target: 'node' }";
    assert!(assets(&[("webpack.config.js", server)], &[]).unminified.is_empty());
    assert_eq!(found("export default { build: { minify: false } }"), 1);
    assert_eq!(found("export default { build: dev ? { minify: false } : {} }"), 0);
}

#[test]
fn caching_headers_of_code_and_proxies() {
    let places = |files: &[(&str, &str)]| {
        assets(files, &[]).caching.into_iter().map(|place| place.at.to_string()).collect::<Vec<_>>()
    };
    let code = "res.set('Cache-Control', 'public, max-age=3600')\n";
    assert_eq!(places(&[("src/a.js", code)]), ["src/a.js:1"]);
    assert_eq!(
        places(&[("vercel.json", "{\"key\": \"Cache-Control\",\n\"value\": \"max-age=60\"}")]),
        ["vercel.json:2"]
    );
    assert_eq!(places(&[("deploy/nginx.conf", "location /a {\n  expires 30d;\n}")]), ["deploy/nginx.conf:2"]);
    assert!(places(&[("src/a.js", "'Strict-Transport-Security': 'max-age=31536000'")]).is_empty());
    assert!(places(&[("tests/a.test.js", code)]).is_empty());
    let rails = "config.public_file_server.headers = { 'Cache-Control' => \"public, max-age=3600\" }";
    assert!(places(&[("config/environments/development.rb", rails)]).is_empty());
    assert!(places(&[("src/a.js", "// max-age=3600, public")]).is_empty());
}

#[test]
fn plain_sources_are_what_is_sent_as_written() {
    let files = [("static/a.css", "body{}"), ("static/lib.min.js", "x"), ("src/a.js", "let a")];
    let plain = assets(&files, &[]).plain_sources;
    assert_eq!((plain.files, plain.bytes), (1, 6));
    let php = [("index.php", "<?php echo 1;"), ("js/login.js", "let a;"), ("css/site.css", "p {}")];
    assert_eq!(assets(&php, &[]).plain_sources.files, 2);
    let framework = [("index.php", "<?php"), ("composer.json", "{}"), ("js/login.js", "let a;")];
    assert_eq!(assets(&framework, &[]).plain_sources.files, 0);
}
