#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Lock, Manifest, Usage};

use super::*;
use crate::scan::scan;
use crate::tree::Limits;

fn packages(files: &[(&str, &str)]) -> Packages {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&tree, &mut needles);
    let scan = scan(&tree, &needles);
    collect(&tree, &scan, plan)
}

fn manifest(packages: &Packages, path: &str) -> Manifest {
    packages.manifests.iter().find(|manifest| manifest.at.path() == Some(path)).unwrap().clone()
}

fn lock(files: &[(&str, &str)], path: &str) -> Lock {
    manifest(&packages(files), path).lock
}

fn unused(files: &[(&str, &str)]) -> Vec<String> {
    let found = packages(files);
    let all = found.manifests.iter().flat_map(|manifest| &manifest.dependencies);
    all.filter(|dependency| dependency.usage == Usage::NotFound)
        .map(|dependency| dependency.name.clone())
        .collect()
}

const PACKAGE: &str = r#"{"name": "app", "dependencies": {"a": "^1.0.0"}, "scripts": {"start": "b-run x"}}"#;

#[test]
fn bundles_and_catalogues_of_gradle() {
    let build = "dependencies {\n    implementation(libs.bundles.web)\n    implementation(libs.hikari)\n}\n";
    let catalogue = "[libraries]\nktor-core = \"io.ktor:ktor-server-core:3.0.0\"\nktor_netty = { module = \"io.ktor:ktor-server-netty\", version = \"3.0.0\" }\nhikari = \"com.zaxxer:HikariCP:6.0.0\"\n[bundles]\nweb = [\"ktor-core\", \"ktor_netty\"]\n";
    let known = packages(&[("build.gradle.kts", build), ("gradle/libs.versions.toml", catalogue)]);
    let found = manifest(&known, "build.gradle.kts");
    let names: Vec<&str> = found.dependencies.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["io.ktor:ktor-server-core", "io.ktor:ktor-server-netty", "com.zaxxer:HikariCP"]);
    assert!(!found.partial);
    // The catalogue is published elsewhere: what is not declared here may still be there.
    let elsewhere = packages(&[("build.gradle.kts", build)]);
    assert!(manifest(&elsewhere, "build.gradle.kts").partial);
}

#[test]
fn npm_lockfiles_are_compared() {
    let in_step = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "^1.0.0"}}, "node_modules/a": {"version": "1.2.0"}}}"#;
    let older = in_step.replace("^1.0.0", "^0.9.0");
    let without = r#"{"lockfileVersion": 3, "packages": {"": {}}}"#;
    let of = |text: &str| lock(&[("package.json", PACKAGE), ("package-lock.json", text)], "package.json");
    assert!(matches!(of(in_step), Lock::InStep { .. }));
    assert!(matches!(of(&older), Lock::OutOfStep { .. }));
    assert!(matches!(of(without), Lock::OutOfStep { .. }));
    assert!(matches!(of("{"), Lock::Unreadable { .. }));
    assert_eq!(lock(&[("package.json", PACKAGE)], "package.json"), Lock::Missing);
}

#[test]
fn pnpm_workspaces_with_a_catalogue() {
    let lockfile = "lockfileVersion: '9.0'\ncatalogs:\n  default:\n    c:\n      specifier: ^2\n      version: 2.0.0\nimporters:\n  packages/m:\n    dependencies:\n      c:\n        specifier: 'catalog:'\n        version: 2.0.0\npackages: {}\n";
    let with = |catalog: &str| {
        let workspace = format!("packages:\n  - packages/*\ncatalog:\n  c: {catalog}\n");
        packages(&[
            ("package.json", r#"{"name": "root", "private": true}"#),
            ("pnpm-workspace.yaml", workspace.as_str()),
            ("pnpm-lock.yaml", lockfile),
            ("packages/m/package.json", r#"{"name": "m", "dependencies": {"c": "catalog:"}}"#),
        ])
    };
    let member = manifest(&with("^2"), "packages/m/package.json");
    assert!(matches!(member.lock, Lock::InStep { .. }), "{:?}", member.lock);
    assert_eq!(member.member_of.as_deref(), Some("package.json"));
    assert_eq!(member.dependencies[0].resolved.as_deref(), Some("2.0.0"));
}

#[test]
fn the_lockfile_that_is_installed_from_is_the_one_that_counts() {
    let npm = r#"{"lockfileVersion": 3, "packages": {"": {}}}"#;
    let yarn = "# yarn lockfile v1\n\na@^1.0.0:\n  version \"1.2.0\"\n";
    let mut files = vec![("package.json", PACKAGE), ("package-lock.json", npm), ("yarn.lock", yarn)];
    assert!(matches!(lock(&files, "package.json"), Lock::InStep { .. }));
    files.push(("Dockerfile", "FROM node:22\nCOPY . .\nRUN npm ci\n"));
    assert!(matches!(lock(&files, "package.json"), Lock::OutOfStep { .. }));
}

#[test]
fn requirements_direct_resolved_and_passed_over() {
    let of = |files: &[(&str, &str)]| lock(files, "requirements.txt");
    assert_eq!(of(&[("requirements.txt", "Django==5.0\nwhitenoise==6.0\n")]), Lock::Missing);
    let frozen = "Django==5.0\nasgiref==3.7\nsqlparse==0.5\n";
    assert!(matches!(of(&[("requirements.txt", frozen)]), Lock::InStep { .. }));
    let locked = [("requirements.txt", "Django\n"), ("requirements.lock", frozen)];
    assert!(matches!(of(&locked), Lock::InStep { .. }));
    let passed_over =
        [locked[0], locked[1], ("Dockerfile", "FROM python:3.13\nRUN pip install -r requirements.txt\n")];
    assert!(matches!(of(&passed_over), Lock::Unused { .. }));
    let compiled = [("requirements.in", "Django\n"), ("requirements.txt", frozen)];
    assert!(matches!(lock(&compiled, "requirements.in"), Lock::InStep { .. }));
    let project =
        ("pyproject.toml", "[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"Django\"]\n");
    let header = "#    pip-compile --output-file=requirements/prod.txt pyproject.toml\n";
    let made = format!("{header}{frozen}");
    assert!(matches!(
        lock(&[project, ("requirements/prod.txt", &made)], "pyproject.toml"),
        Lock::InStep { .. }
    ));
    assert_eq!(lock(&[project, ("requirements/prod.txt", frozen)], "pyproject.toml"), Lock::Missing);
}

#[test]
fn poetry_records_a_digest() {
    let project =
        "[tool.poetry]\nname = \"x\"\n\n[tool.poetry.dependencies]\npython = \"^3.11\"\nflask = \"^3.0\"\n";
    // sha256 of {"dependencies": {"flask": "^3.0", "python": "^3.11"}, "dev-dependencies": null, "extras": null, "source": null}
    let digest = "e38a39fd0d431c346e74b330bb348780312326f396a6a827e1199f5214cfd1cd";
    let with = |digest: &str| {
        let text = format!(
            "[[package]]\nname = \"flask\"\nversion = \"3.0.1\"\n\n[metadata]\ncontent-hash = \"{digest}\"\n"
        );
        lock(&[("pyproject.toml", project), ("poetry.lock", text.as_str())], "pyproject.toml")
    };
    assert!(matches!(with(digest), Lock::InStep { .. }));
    assert!(matches!(with("00"), Lock::OutOfStep { .. }));
}

#[test]
fn other_lockfiles_in_and_out_of_step() {
    let go = "module a\n\nrequire github.com/b/c v1.0.0\n";
    assert!(matches!(
        lock(&[("go.mod", go), ("go.sum", "github.com/b/c v1.0.0 h1:x\n")], "go.mod"),
        Lock::InStep { .. }
    ));
    assert!(matches!(
        lock(&[("go.mod", go), ("go.sum", "github.com/b/c v0.9.0 h1:x\n")], "go.mod"),
        Lock::OutOfStep { .. }
    ));
    let gems = "gem \"rails\", \"~> 8.0\"\ngroup :test do\n  gem \"webmock\"\nend\n";
    let gem_lock =
        "GEM\n  specs:\n    rails (8.0.1)\n    webmock (3.0)\n\nDEPENDENCIES\n  rails (~> 8.0)\n  webmock\n";
    assert!(matches!(lock(&[("Gemfile", gems), ("Gemfile.lock", gem_lock)], "Gemfile"), Lock::InStep { .. }));
    let older = gem_lock.replace("rails (~> 8.0)", "rails (~> 7.0)");
    assert!(matches!(
        lock(&[("Gemfile", gems), ("Gemfile.lock", &older)], "Gemfile"),
        Lock::OutOfStep { .. }
    ));
    let crates = "[package]\nname = \"x\"\n\n[dependencies]\nserde = \"1\"\n";
    let crate_lock = "[[package]]\nname = \"x\"\nversion = \"0.1.0\"\ndependencies = [\n \"serde\",\n]\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry\"\n";
    assert!(matches!(
        lock(&[("Cargo.toml", crates), ("Cargo.lock", crate_lock)], "Cargo.toml"),
        Lock::InStep { .. }
    ));
    let extra = format!("{crates}tokio = \"1\"\n");
    assert!(matches!(
        lock(&[("Cargo.toml", &extra), ("Cargo.lock", crate_lock)], "Cargo.toml"),
        Lock::OutOfStep { .. }
    ));
    let php = r#"{"require": {"php": ">=8", "a/b": "^2.0"}}"#;
    let php_lock = |version: &str| {
        format!(r#"{{"packages": [{{"name": "a/b", "version": "{version}"}}], "packages-dev": []}}"#)
    };
    assert!(matches!(
        lock(&[("composer.json", php), ("composer.lock", &php_lock("v2.3.0"))], "composer.json"),
        Lock::InStep { .. }
    ));
    assert!(matches!(
        lock(&[("composer.json", php), ("composer.lock", &php_lock("v1.3.0"))], "composer.json"),
        Lock::OutOfStep { .. }
    ));
    let hex = "defp deps do\n  [{:phoenix, \"~> 1.7\"}]\nend\n";
    assert!(matches!(
        lock(
            &[("mix.exs", hex), ("mix.lock", "%{\n  \"phoenix\": {:hex, :phoenix, \"1.7.1\"},\n}\n")],
            "mix.exs"
        ),
        Lock::InStep { .. }
    ));
    assert!(matches!(lock(&[("mix.exs", hex), ("mix.lock", "%{\n}\n")], "mix.exs"), Lock::OutOfStep { .. }));
    let maven = |version: &str| {
        format!(
            "<project><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>{version}</version></dependency></dependencies></project>"
        )
    };
    assert!(matches!(lock(&[("pom.xml", &maven("1.0"))], "pom.xml"), Lock::NotNeeded { .. }));
    assert_eq!(lock(&[("pom.xml", &maven("[1,2)"))], "pom.xml"), Lock::Missing);
    let nuget = |version: &str| {
        format!(
            "<Project><ItemGroup><PackageReference Include=\"A\" Version=\"{version}\" /></ItemGroup></Project>"
        )
    };
    assert!(matches!(lock(&[("x.csproj", &nuget("1.0.0"))], "x.csproj"), Lock::NotNeeded { .. }));
    assert_eq!(lock(&[("x.csproj", &nuget("1.*"))], "x.csproj"), Lock::Missing);
}

#[test]
fn javascript_uses() {
    let manifest = r#"{"dependencies": {"used": "1", "@s/deep": "1", "del": "1", "styled": "1", "plugin-x": "1", "commented": "1", "runner": "1", "@types/used": "1", "gone": "1"}, "scripts": {"dev": "runner --fast"}}"#;
    let found = unused(&[
        ("package.json", manifest),
        (
            "src/a.ts",
            "import { x } from 'used';\nconst y = await import(\"@s/deep/sub\");\nconst op = 'del';\n// import 'commented'\n",
        ),
        ("src/a.scss", "@import '~styled/main';\n"),
        ("vite.config.ts", "export default { plugins: ['plugin-x'] }\n"),
        ("README.md", "npm install gone\nimport 'gone'\n"),
    ]);
    assert_eq!(found, ["del", "commented", "gone"]);
}

#[test]
fn python_uses() {
    let found = unused(&[
        (
            "requirements.txt",
            "Django==5\nPillow\npsycopg2-binary\ngunicorn\nPyYAML\nrequests\nphone-thing3\n",
        ),
        (
            "app/settings.py",
            "INSTALLED_APPS = ['django.contrib.auth']\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n",
        ),
        ("app/models.py", "import django\nfrom PIL import Image\nimport phonething\n"),
        ("Procfile", "web: gunicorn app.wsgi\n"),
    ]);
    assert_eq!(found, ["PyYAML", "requests"]);
}

#[test]
fn ruby_php_and_go_uses() {
    let ruby = unused(&[
        (
            "Gemfile",
            "gem \"rails\"\ngem \"observer\"\ngem \"htmlentities\"\ngem \"rails-thing\"\ngem \"forgotten\"\n",
        ),
        (
            "Gemfile.lock",
            "GEM\n  specs:\n    rails (8.0)\n\nDEPENDENCIES\n  rails\n  observer\n  htmlentities\n  rails-thing\n  forgotten\n",
        ),
        ("app/a.rb", "HTMLEntities.new\nobserver = 1\n"),
    ]);
    assert_eq!(ruby, ["observer", "forgotten"]);
    let package = |name: &str, rest: &str| format!(r#"{{"name": "{name}", "version": "1.0.0"{rest}}}"#);
    let locked = [
        package("a/used", r#", "autoload": {"psr-4": {"Used\\Thing\\": "src"}}"#),
        package(
            "a/found",
            r#", "autoload": {"psr-4": {"Found\\": "src"}}, "extra": {"laravel": {"providers": ["Found\\P"]}}"#,
        ),
        package(
            "a/called",
            r#", "autoload": {"psr-4": {"Called\\": "src"}}, "extra": {"laravel": {"providers": ["Called\\P"], "aliases": {"Called": "x"}}}"#,
        ),
        package("psr/log", r#", "autoload": {"psr-4": {"Psr\\Log\\": "src"}}"#),
    ];
    let php = unused(&[
        ("composer.json", r#"{"require": {"a/used": "*", "a/found": "*", "a/called": "*", "psr/log": "*"}}"#),
        ("composer.lock", &format!(r#"{{"packages": [{}]}}"#, locked.join(","))),
        ("src/A.php", "<?php\nuse Used\\Thing\\X;\n"),
    ]);
    assert_eq!(php, ["a/called", "psr/log"]);
    let go = unused(&[
        ("go.mod", "module m\nrequire (\n\tx.io/a v1.0.0\n\tx.io/b v1.0.0\n\tx.io/c v1.0.0\n)\n"),
        ("main.go", "package main\nimport \"x.io/a/sub\"\n"),
        ("gen.go", "// Code generated by tool. DO NOT EDIT.\nimport \"x.io/c\"\n"),
    ]);
    assert_eq!(go, ["x.io/b"]);
}

#[test]
fn bots_with_faults_and_switches() {
    let dependabot = "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n    schedule:\n      interval: weekly\n  - package-ecosystem: pypi\n    directory: /\n    schedule:\n      interval: weekly\n  - package-ecosystem: docker\n    directories: ['/a', '/b/**']\n";
    let found =
        packages(&[(".github/dependabot.yml", dependabot), ("renovate.json", r#"{"enabled": false}"#)]);
    let faults: Vec<_> = found.bots[0].faults.iter().map(|fault| fault.at.line_number()).collect();
    assert_eq!(faults, [Some(7), Some(11)]);
    assert_eq!(found.bots[0].covers.as_ref().unwrap()[0].folders, ["."]);
    assert!(found.bots[1].disabled);
}

#[test]
fn a_bot_that_may_update_only_some_packages_covers_nothing() {
    let covers = |allow: &str| {
        let text = format!(
            "version: 2\nupdates:\n  - package-ecosystem: bundler\n    directory: /\n    schedule:\n      interval: daily\n    allow:\n{allow}"
        );
        packages(&[(".github/dependabot.yml", &text)]).bots[0].covers.as_ref().unwrap().len()
    };
    assert_eq!(covers("      - dependency-name: brakeman\n"), 0);
    assert_eq!(covers("      - dependency-type: development\n"), 0);
    assert_eq!(covers("      - dependency-type: direct\n"), 1);
    assert_eq!(covers("      - dependency-name: \"*\"\n"), 1);
}

#[test]
fn what_ships_is_told_by_its_place() {
    let found = packages(&[
        ("package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("docs/package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("apps/web-e2e/package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("tools/package.json", r#"{"devDependencies": {"a": "1"}}"#),
        ("examples/x/package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("requirements-dev.txt", "pytest\n"),
    ]);
    let ships: Vec<_> = found.manifests.iter().map(|m| (m.at.path().unwrap(), m.ships)).collect();
    let expected = [
        ("apps/web-e2e/package.json", false),
        ("docs/package.json", false),
        ("package.json", true),
        ("requirements-dev.txt", false),
        ("tools/package.json", false),
    ];
    assert_eq!(ships, expected);
}

#[test]
fn remote_imports_and_deno_locks() {
    let types = ("supabase/functions/a/types.ts", "import 'jsr:@s/x/runtime.d.ts';\n");
    assert!(packages(&[types]).remote_imports.is_empty(), "declarations of types do not ship");
    let import = ("supabase/functions/a/index.ts", "import { x } from 'https://esm.sh/@s/x@2';\n");
    let open = packages(&[import]);
    assert!(open.remote_imports[0].floating && !open.remote_imports[0].locked);
    let locked = packages(&[
        import,
        ("supabase/functions/deno.lock", r#"{"redirects": {"https://esm.sh/@s/x@2": "y"}}"#),
    ]);
    assert!(locked.remote_imports[0].locked);
}

/// Each run-time dependency with what was found about it: `used`, `implied`, `unused` or `open`.
fn usages(files: &[(&str, &str)]) -> Vec<(String, &'static str)> {
    let found = packages(files);
    let all = found.manifests.into_iter().flat_map(|manifest| manifest.dependencies);
    all.filter(|dependency| dependency.scope == seaworthy_facts::Scope::Runtime)
        .map(|dependency| {
            let word = match dependency.usage {
                Usage::Used { .. } => "used",
                Usage::Implied { .. } => "implied",
                Usage::NotFound => "unused",
                Usage::NotLooked => "open",
            };
            (dependency.name, word)
        })
        .collect()
}

fn assert_usages(files: &[(&str, &str)], expected: &[(&str, &str)]) {
    let found = usages(files);
    let found: Vec<(&str, &str)> = found.iter().map(|(name, usage)| (name.as_str(), *usage)).collect();
    assert_eq!(found, expected);
}

#[test]
fn java_code_uses_libraries_by_their_packages() {
    let dependency = |name: &str| {
        let (group, artifact) = name.split_once(':').unwrap();
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>1.0</version></dependency>\n"
        )
    };
    let names = [
        "org.springframework.boot:spring-boot-starter-data-jpa",
        "org.postgresql:postgresql",
        "com.google.guava:guava",
        "org.jsoup:jsoup",
        "com.acme:acme-pdf-core",
        "com.example.tool:tool",
        "org.unheard:thing",
    ];
    let list: String = names.iter().map(|name| dependency(name)).collect();
    let pom = format!(
        "<project><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.3.0</version></parent><dependencies>{list}</dependencies></project>"
    );
    let code = "package shop;\nimport com.google.common.collect.ImmutableList;\nimport com.acme.pdf.core.Page;\n// import org.jsoup.Jsoup;\nimport com.example.tool.Tool;\nclass A {}\n";
    let files = [("pom.xml", pom.as_str()), ("src/main/java/shop/A.java", code)];
    let expected = [
        ("org.springframework.boot:spring-boot-starter-data-jpa", "implied"),
        ("org.postgresql:postgresql", "implied"),
        ("com.google.guava:guava", "used"),
        ("org.jsoup:jsoup", "unused"),
        ("com.acme:acme-pdf-core", "used"),
        ("com.example.tool:tool", "used"),
        ("org.unheard:thing", "open"),
        ("org.springframework.boot:spring-boot-starter-parent", "implied"),
    ];
    assert_usages(&files, &expected);
    // Code that the build makes may use what nothing here does, and so may another project.
    let generating = pom.replace("</project>", "<build><!-- openapi-generator --></build></project>");
    let open = usages(&[("pom.xml", &generating), files[1]]);
    assert!(open.contains(&("org.jsoup:jsoup".to_owned(), "open")), "{open:?}");
    let two = usages(&[("a/pom.xml", &pom), ("b/pom.xml", "<project/>"), ("a/src/main/java/A.java", code)]);
    assert!(two.contains(&("org.jsoup:jsoup".to_owned(), "open")), "{two:?}");
}

#[test]
fn gradle_platforms_set_versions_and_drivers_need_an_address() {
    let build = "dependencies {\n    implementation platform('software.amazon.awssdk:bom:2.1.0')\n    implementation 'software.amazon.awssdk:s3'\n    implementation 'software.amazon.awssdk:sqs'\n    runtimeOnly 'com.mysql:mysql-connector-j'\n    runtimeOnly 'org.postgresql:postgresql'\n}\n";
    let code = "import software.amazon.awssdk.services.s3.S3Client\n";
    let settings = "spring.datasource.url=jdbc:postgresql://localhost/a\n";
    assert_usages(
        &[
            ("build.gradle", build),
            ("src/main/kotlin/A.kt", code),
            ("src/main/resources/application.properties", settings),
        ],
        &[
            ("software.amazon.awssdk:bom", "implied"),
            ("software.amazon.awssdk:s3", "used"),
            ("software.amazon.awssdk:sqs", "open"),
            ("com.mysql:mysql-connector-j", "open"),
            ("org.postgresql:postgresql", "used"),
        ],
    );
}

#[test]
fn dotnet_code_uses_packages_by_namespaces_and_members() {
    let names = [
        "BCrypt.Net-Next",
        "AWSSDK.S3",
        "Npgsql.EntityFrameworkCore.PostgreSQL",
        "CsvHelper",
        "Acme.Pdf",
        "Acme.Pdf.Fonts",
        "Nobody.Knows",
    ];
    let list: String = names
        .iter()
        .map(|name| format!("<PackageReference Include=\"{name}\" Version=\"1.0.0\" />\n"))
        .collect();
    let project = format!("<Project><ItemGroup>{list}</ItemGroup></Project>");
    let code = "using BCrypt.Net;\nusing Amazon.S3.Model;\nusing Acme.Pdf.Fonts.Latin;\nvar a = options.UseNpgsql(x);\n";
    assert_usages(
        &[("shop.csproj", &project), ("Program.cs", code)],
        &[
            ("BCrypt.Net-Next", "used"),
            ("AWSSDK.S3", "used"),
            ("Npgsql.EntityFrameworkCore.PostgreSQL", "used"),
            ("CsvHelper", "unused"),
            ("Acme.Pdf", "open"),
            ("Acme.Pdf.Fonts", "used"),
            ("Nobody.Knows", "open"),
        ],
    );
}

#[test]
fn elixir_code_uses_applications_by_their_modules() {
    let mix = "defmodule A.MixProject do\n  defp deps do\n    [{:phoenix, \"~> 1.7\"}, {:jason, \"~> 1.4\"}, {:httpoison, \"~> 2.0\"}, {:timex, \"~> 3.7\"}, {:cors_plug, \"~> 3.0\"}, {:odd_name, \"~> 1.0\"}]\n  end\nend\n";
    let code = "defmodule A do\n  use Phoenix.Controller\n  def get, do: HTTPoison.get!(\"a\")\n  plug CORSPlug\nend\n";
    assert_usages(
        &[("mix.exs", mix), ("lib/a.ex", code)],
        &[
            ("phoenix", "used"),
            ("jason", "implied"),
            ("httpoison", "used"),
            ("timex", "unused"),
            ("cors_plug", "used"),
            ("odd_name", "open"),
        ],
    );
}

#[test]
fn deno_code_uses_the_keys_of_its_import_map() {
    let map = r#"{"imports": {"oak": "jsr:@oak/oak@17.0.0", "std/": "https://deno.land/std@0.200.0/mod.ts", "preact": "npm:preact@10.1.0", "left": "jsr:@a/left@1.0.0", "peer": "npm:peer@1.0.0"}, "compilerOptions": {"jsxImportSource": "preact"}}"#;
    let code = "import { Application } from \"oak\";\nimport { join } from 'std/path/mod.ts';\n";
    let lock = r#"{"version": "4", "npm": {"x@1.0.0_peer@1.0.0": {}}}"#;
    let expected =
        [("oak", "used"), ("std/", "used"), ("preact", "used"), ("left", "unused"), ("peer", "implied")];
    let files = [("deno.json", map), ("main.ts", code), ("deno.lock", lock)];
    assert_usages(&files, &expected);
    // Without the lockfile nobody knows what expects it.
    let without = usages(&files[..2]);
    assert_eq!(without[4].1, "open");
}

#[test]
fn dart_code_uses_packages_by_their_names() {
    let manifest = "name: a\ndependencies:\n  http: ^1.0.0\n  dio: ^5.0.0\n  cupertino_icons: ^1.0.0\n";
    assert_usages(
        &[("pubspec.yaml", manifest), ("lib/main.dart", "import 'package:http/http.dart' as http;\n")],
        &[("http", "used"), ("dio", "unused"), ("cupertino_icons", "open")],
    );
}

#[test]
fn programs_that_a_lockfile_does_not_name_hold_back() {
    let manifest = r#"{"name": "a", "dependencies": {"lib": "^1.0.0", "tool": "^1.0.0"}, "scripts": {"start": "NODE_ENV=x node a.js", "job": "odd-runner x"}}"#;
    // Yarn 1 names no programs: any package may bring the one that nothing explains.
    let yarn =
        "# yarn lockfile v1\n\nlib@^1.0.0:\n  version \"1.0.0\"\n\ntool@^1.0.0:\n  version \"1.0.0\"\n";
    assert_usages(&[("package.json", manifest), ("yarn.lock", yarn)], &[("lib", "open"), ("tool", "open")]);
    let plain = manifest.replace("odd-runner x", "node b.js");
    assert_usages(&[("package.json", &plain), ("yarn.lock", yarn)], &[("lib", "unused"), ("tool", "unused")]);
    // pnpm tells which package brings programs.
    let pnpm = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      lib:\n        specifier: ^1.0.0\n        version: 1.0.0\n      tool:\n        specifier: ^1.0.0\n        version: 1.0.0\npackages:\n\n  lib@1.0.0:\n    resolution: {integrity: sha512-a}\n\n  tool@1.0.0:\n    resolution: {integrity: sha512-b}\n    hasBin: true\n";
    assert_usages(
        &[("package.json", manifest), ("pnpm-lock.yaml", pnpm)],
        &[("lib", "unused"), ("tool", "open")],
    );
}

#[test]
fn more_manifests_than_are_read_are_named() {
    let paths: Vec<String> = (0..=draft::MANIFESTS).map(|number| format!("a{number:05}/go.mod")).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "module a\n")).collect();
    let found = packages(&files);
    assert_eq!(found.manifests.len(), draft::MANIFESTS);
    let [unread] = found.unread.as_slice() else { panic!("{:?}", found.unread) };
    assert!(unread.what.contains("Go modules"), "{}", unread.what);
    assert_eq!(unread.at.path(), Some("a02000/go.mod"));
}
