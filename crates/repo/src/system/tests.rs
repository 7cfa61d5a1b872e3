#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Certainty, Engine, Facts};

use crate::{Input, collect};

/// The facts of a small tree.
pub fn facts(files: &[(&str, &str)]) -> Facts {
    let folder = seaworthy_testkit::tree::folder(files);
    collect(&Input {
        folder: folder.path().to_owned(),
        with: Vec::new(),
        declared: Default::default(),
        change: None,
    })
    .unwrap()
}

fn system(files: &[(&str, &str)]) -> seaworthy_facts::System {
    facts(files).system.get().unwrap().clone()
}

const GO_SERVER: &str =
    "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":80\", nil) }\n";

#[test]
fn a_library_and_a_command_line_tool_are_not_deployable() {
    let tool = system(&[
        ("Cargo.toml", "[package]\nname = \"tool\"\n"),
        ("src/main.rs", "fn main() { println!(\"postgres://\"); }\n"),
        ("examples/server.rs", "axum::serve(listener, app).await\n"),
        ("docker-compose.yml", "services:\n  db:\n    image: postgres:16\n"),
    ]);
    assert!(!tool.deployable(), "{tool:?}");
    assert!(tool.databases.is_empty());
    let library = system(&[
        ("package.json", "{\"name\": \"x\", \"devDependencies\": {\"express\": \"5\"}}"),
        ("index.js", "module.exports = (app) => app.use(require('x'))\n"),
        ("test/x.test.js", "const app = express()\n"),
    ]);
    assert!(!library.deployable(), "{library:?}");
}

#[test]
fn a_server_is_seen_where_a_package_of_its_own_listens() {
    let go = system(&[
        ("go.mod", "module x\n\nrequire github.com/acme/serve v1.0.0\n"),
        (
            "router/router.go",
            "package router\nimport \"net/http\"\nfunc Load() { mux := http.NewServeMux() }\n",
        ),
    ]);
    assert!(go.http_server().is_some());
    let ktor = system(&[
        (
            "app/build.gradle.kts",
            "dependencies {\n    implementation(libs.bundles.ktor.server)\n    implementation(\"com.acme:log:1.0\")\n}\n",
        ),
        (
            "app/src/main/kotlin/Api.kt",
            "import io.ktor.server.routing.routing\nfun Application.api() { routing { } }\n",
        ),
    ]);
    assert!(ktor.http_server().is_some());
    let spring = system(&[
        (
            "pom.xml",
            "<project><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
        ),
        (
            "src/main/java/com/example/demo/DemoApplication.java",
            "package com.example.demo;\n@SpringBootApplication\npublic class DemoApplication { }\n",
        ),
    ]);
    assert!(spring.http_server().is_some());
}

#[test]
fn a_server_with_templates_has_pages_and_one_without_has_none() {
    let api = system(&[("go.mod", "module x\n"), ("main.go", GO_SERVER)]);
    assert_eq!(api.http_server().unwrap().at.to_string(), "main.go:3");
    assert!(api.front_end().is_none());
    assert!(api.accounts.is_empty() && api.api.is_empty());
    let site =
        system(&[("go.mod", "module x\n"), ("main.go", GO_SERVER), ("templates/a.html", "<html></html>")]);
    assert!(site.front_end().is_some());
    let mail = system(&[
        ("go.mod", "module x\n"),
        ("main.go", GO_SERVER),
        ("templates/email/a.html", "<html></html>"),
    ]);
    assert!(mail.front_end().is_none());
}

#[test]
fn each_part_of_a_monorepo_is_a_component() {
    let system = system(&[
        ("package.json", "{\"private\": true}"),
        ("apps/api/package.json", "{\"dependencies\": {\"express\": \"5\"}}"),
        ("apps/api/src/index.ts", "const app = express()\napp.listen(1)\n"),
        ("apps/web/package.json", "{\"dependencies\": {\"react-dom\": \"19\"}}"),
        ("apps/web/src/main.tsx", "createRoot(x)\n"),
        ("supabase/functions/hello/index.ts", "Deno.serve(() => new Response())\n"),
    ]);
    let roles: Vec<(&str, bool, bool)> = system
        .components
        .iter()
        .map(|c| (c.folder.as_str(), c.http_server.is_some(), c.front_end.is_some()))
        .collect();
    assert_eq!(
        roles,
        [
            (".", false, false),
            ("apps/api", true, false),
            ("apps/web", false, true),
            ("supabase/functions", true, false)
        ]
    );
}

#[test]
fn the_engine_is_the_one_that_the_settings_name() {
    let django = system(&[
        ("manage.py", "import django\n"),
        (
            "app/settings.py",
            "ROOT_URLCONF = 'app.urls'\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n",
        ),
        ("app/settings_dev.py", "ENGINE = 'django.db.backends.sqlite3'\n"),
    ]);
    let engines: Vec<Engine> = django.databases.iter().map(|d| d.engine).collect();
    assert_eq!(engines, [Engine::Postgresql]);
    let terraform = system(&[
        ("go.mod", "module x\n"),
        ("main.go", GO_SERVER),
        ("infra/main.tf", "resource \"aws_db_instance\" \"main\" {\n  engine = \"mysql\"\n}\n"),
    ]);
    assert_eq!(terraform.databases[0].engine, Engine::Mysql);
    assert_eq!(terraform.databases[0].at.to_string(), "infra/main.tf:2");
}

#[test]
fn an_embedded_default_beside_servers_makes_them_alternatives() {
    let laravel = system(&[
        ("composer.json", "{}"),
        ("bootstrap/app.php", "<?php return Application::configure(basePath: 'x')->create();\n"),
        (".env.example", "DB_CONNECTION=sqlite\n"),
        (
            "config/database.php",
            "<?php return ['default' => env('DB_CONNECTION', 'sqlite'), 'mysql' => []];\n",
        ),
    ]);
    let databases: Vec<(Engine, bool)> =
        laravel.databases.iter().map(|d| (d.engine, d.alternative)).collect();
    assert_eq!(databases, [(Engine::Sqlite, false), (Engine::Mysql, true)]);
}

#[test]
fn laravel_uses_the_server_that_its_tests_use_before_the_default_of_the_skeleton() {
    let config =
        "<?php return ['default' => env('DB_CONNECTION', 'sqlite'),\n 'sqlite' => [],\n 'mysql' => []];\n";
    let laravel = |value: &str| {
        let phpunit = format!("<phpunit>\n<env name=\"DB_CONNECTION\" value=\"{value}\"/>\n</phpunit>\n");
        let found = system(&[
            ("composer.json", "{}"),
            ("bootstrap/app.php", "<?php return Application::configure(basePath: 'x')->create();\n"),
            ("config/database.php", config),
            ("phpunit.xml", &phpunit),
        ]);
        found.databases.into_iter().find(|database| !database.alternative).unwrap().engine
    };
    assert_eq!(laravel("mysql"), Engine::Mysql);
    assert_eq!(laravel("sqlite"), Engine::Sqlite);
}

#[test]
fn object_storage_is_for_files_of_users() {
    let server = ("app.py", "from fastapi import FastAPI\napp = FastAPI()\n");
    let user = system(&[
        server,
        ("up.py", "import boto3\nasync def up(file):\n  s3.put_object(Bucket=b, Key=k, Body=file)\n"),
    ]);
    assert_eq!(user.object_storage.len(), 1);
    let own = system(&[
        server,
        ("conf.py", "import boto3\ns3.put_object(Bucket=b, Key=CONFIG_KEY, Body=json.dumps(config))\n"),
    ]);
    assert!(own.object_storage.is_empty());
}

#[test]
fn platforms_that_exclude_each_other_are_alternatives() {
    let code = ("main.go", GO_SERVER);
    let one = system(&[code, ("go.mod", "module x\n"), ("fly.toml", "app = 'x'\n")]);
    assert_eq!((one.platforms[0].key.as_str(), one.platforms[0].certainty), ("fly", Certainty::Configured));
    assert!(one.platforms[0].guarantee("redirect").is_none());
    let two = system(&[
        code,
        ("go.mod", "module x\n"),
        ("fly.toml", "app = 'x'\n"),
        ("render.yaml", "services: []\n"),
    ]);
    assert!(two.platforms.iter().all(|platform| platform.certainty == Certainty::Alternative));
    assert!(two.platforms.iter().all(|platform| platform.guarantee("certificates").is_none()));
    assert_eq!(two.promises("certificates").len(), 2);
    assert!(two.promises("redirect").is_empty());
    let offers = system(&[
        code,
        ("go.mod", "module x\n"),
        ("app.json", "{}\n"),
        ("fly.toml", "app = 'x'\n"),
        ("render.yaml", "services: []\n"),
    ]);
    assert!(offers.platforms.iter().all(|platform| platform.certainty == Certainty::Optional));
    assert!(offers.promises("certificates").is_empty());
}

#[test]
fn a_framework_without_a_platform_names_the_probable_one() {
    let next = system(&[
        ("package.json", "{\"dependencies\": {\"next\": \"16.0.0\"}}"),
        ("next.config.js", "module.exports = {}\n"),
        ("app/page.tsx", "import Link from 'next/link'\n"),
    ]);
    assert_eq!(
        (next.platforms[0].key.as_str(), next.platforms[0].certainty),
        ("vercel", Certainty::Probable)
    );
}

#[test]
fn tests_are_told_by_name_and_content() {
    let facts = facts(&[
        ("package.json", "{}"),
        ("src/sum.test.ts", "it('adds', () => {})\n"),
        ("src/test-utils.ts", "export const x = 1\n"),
        ("src/empty.test.ts", "// nothing yet\n"),
        ("e2e/home.spec.ts", "import { test } from '@playwright/test'\ntest('home', () => {})\n"),
        ("api/go.mod", "module x\n"),
        ("api/x_test.go", "func TestX(t *testing.T) {}\n"),
        ("api/tests/test_latest.py", "def test_it():\n  pass\n"),
        ("api/tests/fixtures/test_data.py", "def test_it():\n  pass\n"),
    ]);
    let suites: Vec<(String, String, u32, bool)> = facts
        .repository
        .get()
        .unwrap()
        .tests
        .iter()
        .map(|suite| (suite.component.clone(), suite.language.clone(), suite.files, suite.end_to_end))
        .collect();
    let expected = [
        (".", "typescript", 1, false),
        (".", "typescript", 1, true),
        ("api", "go", 1, false),
        ("api", "python", 1, false),
    ];
    assert_eq!(suites, expected.map(|(c, l, n, e)| (c.to_owned(), l.to_owned(), n, e)));
}

#[test]
fn forms_cookies_and_trackers_show_that_people_leave_data() {
    let page = |body: &str| {
        system(&[("go.mod", "module x\n"), ("main.go", GO_SERVER), ("templates/a.html", body)]).people.len()
    };
    assert_eq!(page("<html><p>hello</p></html>"), 0);
    assert_eq!(page("<html><form method=\"post\"></form></html>"), 1);
    assert_eq!(page("<html><form role=\"search\"></form></html>"), 0);
    assert_eq!(page("<html><script>document.cookie = 'a=b'</script></html>"), 1);
}

#[test]
fn plain_php_and_a_web_server_of_its_own_are_servers() {
    let php = system(&[("index.php", "<?php echo 'hello';\n"), ("about.php", "<?php echo 'about';\n")]);
    assert!(php.http_server().is_some() && php.front_end().is_some());
    let proxy = system(&[("nginx/Dockerfile", "FROM nginx:1.29\n"), ("nginx/nginx.conf", "http { }\n")]);
    assert_eq!(proxy.http_server().unwrap().at.to_string(), "nginx/nginx.conf");
    assert!(system(&[("nginx.conf", "http { }\n")]).http_server().is_none());
}

#[test]
fn a_server_that_only_its_image_shows() {
    let image = |command: &str| {
        system(&[
            ("requirements.txt", "Django==5.2\ngunicorn==23.0.0\n"),
            ("site/views.py", "from django.http import HttpResponse\n"),
            ("Dockerfile", &format!("FROM python:3.13-slim\nCOPY . .\nCMD {command}\n")),
        ])
    };
    let served = image("[\"gunicorn\", \"site.wsgi\", \"-b\", \":8000\"]");
    assert_eq!(served.http_server().unwrap().at.to_string(), "Dockerfile:3");
    assert!(served.deployable());
    assert!(image("[\"python\", \"-m\", \"report\"]").http_server().is_none());
}

#[test]
fn databases_of_the_jvm_without_a_package_that_can_be_read() {
    let engine = |path: &str, text: &str| {
        // Something has to run that uses it.
        let found = system(&[("main.go", GO_SERVER), ("go.mod", "module x\n"), (path, text)]).databases;
        found.first().map(|database| database.engine)
    };
    let postgresql = Some(Engine::Postgresql);
    let driver = "val source = HikariDataSource().apply { dataSourceClassName = \"org.postgresql.ds.PGSimpleDataSource\" }\n";
    assert_eq!(engine("src/main/kotlin/Db.kt", driver), postgresql);
    let spring = "spring:\n  datasource:\n    driver-class-name: org.postgresql.Driver\n";
    assert_eq!(engine("src/main/resources/application.yml", spring), postgresql);
    let address = "spring.datasource.url=jdbc:mysql://db/shop\n";
    assert_eq!(engine("src/main/resources/application.properties", address), Some(Engine::Mysql));
    assert_eq!(
        engine("src/main/resources/application.yaml", "quarkus:\n  datasource:\n    db-kind: mssql\n"),
        Some(Engine::Sqlserver)
    );
    let nais = "apiVersion: nais.io/v1alpha1\nkind: Application\nspec:\n  gcp:\n    sqlInstances:\n      - type: POSTGRES_15\n";
    assert_eq!(engine(".nais/nais.yaml", nais), postgresql);
}

#[test]
fn options_may_stand_before_the_verb() {
    let workflow = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: kubectl --kubeconfig $HOME/.kube/config -n web apply -k deploy\n";
    let found = system(&[
        ("main.go", GO_SERVER),
        ("go.mod", "module x\n"),
        (".github/workflows/deploy.yml", workflow),
    ]);
    assert!(found.platforms.iter().any(|p| p.key == "kubernetes" && p.certainty == Certainty::Deployed));
}

#[test]
fn a_server_that_stands_in_for_another_is_none() {
    let components = |path: &str| {
        let found = system(&[
            ("package.json", "{\"dependencies\": {\"express\": \"5\"}}"),
            (path, "const express = require('express')\nconst app = express()\napp.listen(1)\n"),
        ]);
        found.http_server().is_some()
    };
    assert!(components("src/server.js"));
    assert!(!components("server-mock.js"));
    assert!(!components("payment-stub/app.js"));
}

#[test]
fn a_procfile_belongs_to_the_platform_that_names_itself() {
    let files = [("go.mod", "module x\n"), ("main.go", GO_SERVER), ("Procfile", "web: ./app\n")];
    let keys = |more: &[(&str, &str)]| -> Vec<String> {
        let all: Vec<(&str, &str)> = files.iter().chain(more).copied().collect();
        system(&all).platforms.into_iter().map(|platform| platform.key).collect()
    };
    assert_eq!(keys(&[]), ["heroku"]);
    assert_eq!(keys(&[("scalingo.json", "{}\n")]), ["scalingo"]);
    assert_eq!(keys(&[("apphosting.yaml", "runConfig:\n  maxInstances: 1\n")]).len(), 2);
}

#[test]
fn programs_that_measure_are_no_servers() {
    let code = "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n";
    let found = system(&[
        ("src/Shop/Shop.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n"),
        ("src/Shop/Program.cs", code),
        (
            "perf/Shop.Benchmarks/Shop.Benchmarks.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n",
        ),
        ("perf/Shop.Benchmarks/Program.cs", code),
    ]);
    let servers: Vec<&str> = found.servers().map(|server| server.folder.as_str()).collect();
    assert_eq!(servers, ["src/Shop"]);
}

#[test]
fn a_file_for_browsers_is_no_api() {
    let next = |route: &str| {
        system(&[
            ("package.json", "{\"dependencies\": {\"next\": \"16.0.0\"}}"),
            ("next.config.js", "module.exports = {}\n"),
            ("app/page.tsx", "import Link from 'next/link'\n"),
            (
                route,
                "import { NextResponse } from 'next/server'\nexport const GET = () => new Response('')\n",
            ),
        ])
        .api
        .len()
    };
    assert_eq!(next("app/manifest.json/route.ts"), 0);
    assert_eq!(next("app/feed.xml/route.ts"), 0);
    assert_eq!(next("app/orders/route.ts"), 1);
}

#[test]
fn accounts_of_interfaces() {
    let kotlin = system(&[
        (
            "build.gradle.kts",
            "dependencies {\n    implementation(\"org.springframework.boot:spring-boot-starter-web:3.5.0\")\n    implementation(\"org.springframework.boot:spring-boot-starter-security:3.5.0\")\n}\n",
        ),
        (
            "src/main/kotlin/SecurityConfig.kt",
            "import org.springframework.boot.autoconfigure.SpringBootApplication\n@SpringBootApplication\nclass App {\n    fun chain(http: HttpSecurity) = http.authorizeHttpRequests { it.anyRequest().authenticated() }\n}\n",
        ),
    ]);
    assert!(!kotlin.accounts.is_empty(), "{kotlin:?}");
    let go = system(&[
        ("go.mod", "module x\n\nrequire firebase.google.com/go/v4 v4.15.2\n"),
        ("main.go", GO_SERVER),
        ("auth.go", "package main\nfunc who() { token, err := client.VerifyIDToken(ctx, text) }\n"),
    ]);
    assert!(!go.accounts.is_empty(), "{go:?}");
}

#[test]
fn cosmos_is_a_database() {
    let found = system(&[
        (
            "Shop.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><PackageReference Include=\"Microsoft.Azure.Cosmos\" Version=\"3.5.0\" /></ItemGroup></Project>\n",
        ),
        (
            "Program.cs",
            "var builder = WebApplication.CreateBuilder(args);\nbuilder.AddAzureCosmosClient(\"db\");\n",
        ),
    ]);
    assert_eq!(found.databases[0].engine, Engine::Cosmosdb);
}
