#![allow(clippy::unwrap_used)]

use std::path::Path;

use seaworthy_facts::Role;

use super::*;
use crate::tree::Limits as TreeLimits;

/// Follows a line in a folder that holds these files.
fn follow(files: &[(&str, &str)], line: &str) -> Vec<Command> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = Tree::open(folder.path(), &[], TreeLimits::default()).unwrap();
    let commands = Commands::new(&tree);
    commands.follow(line, &Place { path: "ci.yml", line: 7, folder: ".", via: &[] })
}

fn lines(found: &[Command]) -> Vec<String> {
    found.iter().map(|command| command.words.join(" ")).collect()
}

fn lines_of(files: &[(&str, &str)], line: &str) -> Vec<String> {
    lines(&follow(files, line))
}

const PACKAGE: &str = r#"{
  "name": "app",
  "workspaces": ["packages/*"],
  "scripts": {
    "test": "npm run unit -- --ci",
    "unit": "jest",
    "prebuild": "eslint .",
    "build": "vite build",
    "lint:tabs": "node scripts/tabs.js",
    "all": "run-s unit lint:*",
    "loop": "npm run loop",
    "both": "concurrently \"npm:unit\" \"tsc --noEmit\"",
    "empty": "echo \"Error: no test specified\" && exit 1"
  },
  "devDependencies": { "jest": "1", "left-pad": "1" }
}"#;

#[test]
fn package_scripts() {
    let files = [("package.json", PACKAGE), ("scripts/tabs.js", "process.exit(0)")];
    let found = follow(&files, "npm ci\nnpm test");
    assert_eq!(lines(&found), ["npm ci", "jest --ci"]);
    assert!(found[1].really(Role::Test));
    assert_eq!(found[1].at, Location::line("package.json", 6));
    assert_eq!(found[1].via, [Location::line("ci.yml", 8), Location::line("package.json", 5)]);
    assert_eq!(lines_of(&files, "yarn build"), ["eslint .", "vite build"]);
    assert_eq!(lines_of(&files, "pnpm run all"), ["jest", "node scripts/tabs.js"]);
    assert_eq!(lines_of(&files, "bun run both"), ["jest", "tsc --noEmit"]);
    assert_eq!(lines_of(&files, "yarn jest --ci"), ["jest --ci"]);
    assert_eq!(
        follow(&files, "npm run nothing")[0].missing.as_deref(),
        Some("package.json has no script `nothing`")
    );
    assert!(follow(&files, "npm run nothing --if-present").is_empty());
    assert!(follow(&files, "npm run loop").is_empty());
    let own = follow(&files, "npm run lint:tabs");
    assert_eq!(own[0].roles, [Role::Lint]);
    assert!(follow(&files, "npm run empty").iter().all(|command| command.roles.is_empty()));
    assert!(follow(&files, "npm test || true")[0].ignored.is_some());
    assert!(follow(&[], "npm test")[0].missing.is_some());
}

#[test]
fn workspaces() {
    let files = [
        ("package.json", PACKAGE),
        ("packages/a/package.json", r#"{"name": "@x/a", "scripts": {"check": "mocha"}}"#),
        ("packages/b/package.json", r#"{"name": "@x/b", "scripts": {"check": "vitest run"}}"#),
        ("turbo.json", r#"{"tasks": {"check": {}}}"#),
    ];
    let both = ["mocha", "vitest run"];
    assert_eq!(lines_of(&files, "npm run check --workspaces"), both);
    assert_eq!(lines_of(&files, "pnpm -r check"), both);
    assert_eq!(lines_of(&files, "npx turbo run check"), both);
    assert_eq!(lines_of(&files, "lerna run check"), both);
    assert_eq!(lines_of(&files, "yarn workspaces foreach -A run check"), both);
    assert_eq!(lines_of(&files, "pnpm --filter @x/a check"), ["mocha"]);
    assert_eq!(lines_of(&files, "npm run check -w packages/b"), ["vitest run"]);
    assert_eq!(lines_of(&files, "yarn workspace @x/a run check"), ["mocha"]);
    assert_eq!(lines_of(&files, "npm --prefix packages/a run check"), ["mocha"]);
    assert_eq!(lines_of(&files, "(cd packages/a && npm run check)\nnpm run unit"), ["mocha", "jest"]);
    assert_eq!(lines_of(&files, "cd packages/b\nnpm run check"), ["vitest run"]);
    assert!(follow(&files, "pnpm --filter @x/none check")[0].missing.is_some());
}

#[test]
fn makefiles() {
    let makefile = "PY = python -m\n\nall: lint test\n\nlint:\n\t-ruff check .\n\ntest: build\n\t@$(PY) pytest -q\n\nbuild:\n\tdocker build .\n\nsub:\n\t$(MAKE) -C web check\n";
    let files = [("Makefile", makefile), ("web/Makefile", "check:\n\tnpx eslint .\n")];
    let found = follow(&files, "make");
    assert_eq!(lines(&found), ["ruff check .", "docker build .", "pytest -q"]);
    assert!(found[0].ignored.is_some());
    assert!(found[2].really(Role::Test));
    assert_eq!(found[2].at, Location::line("Makefile", 9));
    assert_eq!(lines_of(&files, "make sub"), ["eslint ."]);
    assert!(follow(&files, "make nothing")[0].missing.is_some());
    assert!(follow(&[], "make test")[0].missing.is_some());
}

#[test]
fn shell_scripts() {
    let script = "#!/bin/bash\nset -e\ncd \"$(dirname \"$0\")/..\"\ncase \"$1\" in\n  test) ./bin/inner.sh ;;\n  lint) ruff check . ;;\nesac\nf() { pytest; }\ng() { flake8; }\nf\n";
    let files = [
        ("script/run.sh", script),
        ("bin/inner.sh", "#!/bin/sh\nmypy .\necho done\n"),
        ("script/entry", "#!/bin/sh\nset -e\nexec \"$@\"\n"),
    ];
    assert_eq!(lines_of(&files, "./script/run.sh test"), ["mypy .", "pytest"]);
    let found = follow(&files, "bash script/run.sh test");
    // The inner script goes on after mypy.
    assert!(found[0].ignored.is_some() && found[1].ignored.is_none());
    assert!(lines_of(&files, "./script/run.sh lint").contains(&"ruff check .".to_owned()));
    assert_eq!(lines_of(&files, "script/entry pytest -q"), ["pytest -q"]);
    assert_eq!(
        follow(&files, "./script/none.sh")[0].missing.as_deref(),
        Some("there is no file script/none.sh")
    );
}

#[test]
fn programs_that_start_programs() {
    let files = [
        (
            "scripts/check-db.js",
            "import { execSync } from 'child_process';\nexecSync('prisma migrate deploy');\n",
        ),
        ("run.py", "import subprocess\nsubprocess.run([\"pytest\", \"-q\"], check=True)\n"),
        ("bin/ci", "#!/usr/bin/env ruby\nsystem! \"bin/rails test\"\n"),
    ];
    assert_eq!(
        lines_of(&files, "node scripts/check-db.js"),
        ["prisma migrate deploy", "node scripts/check-db.js"]
    );
    assert_eq!(lines_of(&files, "python run.py"), ["pytest -q", "python run.py"]);
    assert_eq!(lines_of(&files, "bin/ci"), ["bin/rails test", "bin/ci"]);
}

#[test]
fn python_runners() {
    let tox = "[tox]\nenvlist = py{310,311}, lint\n\n[testenv]\ncommands =\n    pytest {posargs:tests}\n\n[testenv:lint]\ncommands =\n    - flake8\n    mypy .\n";
    let nox = "import nox\n\n@nox.session\ndef tests(session):\n    session.install('x')\n    session.run('pytest', '-q')\n\n@nox.session\ndef lint(session):\n    session.run('ruff', 'check')\n";
    let project = "[tool.poe.tasks]\ntest = \"pytest\"\nci = [\"test\", \"lint\"]\nlint = { cmd = \"ruff check\" }\n\n[tool.pdm.scripts]\ncheck = { composite = [\"mypy .\", \"pytest\"] }\n\n[tool.hatch.envs.default.scripts]\ncov = \"pytest --cov\"\n\n[tool.hatch.envs.style.scripts]\ncheck = [\"ruff check\", \"black --check .\"]\n";
    let files = [("tox.ini", tox), ("noxfile.py", nox), ("pyproject.toml", project)];
    assert_eq!(lines_of(&files, "tox -e py311"), ["pytest tests"]);
    let lint = follow(&files, "tox -e lint");
    assert_eq!(lines(&lint), ["flake8", "mypy ."]);
    assert!(lint[0].ignored.is_some() && lint[1].ignored.is_none());
    assert_eq!(lines_of(&files, "tox").len(), 4);
    assert_eq!(lines_of(&files, "nox -s lint"), ["ruff check"]);
    assert_eq!(lines_of(&files, "nox").len(), 2);
    assert_eq!(lines_of(&files, "poetry run poe ci"), ["pytest", "ruff check"]);
    assert_eq!(lines_of(&files, "pdm run check"), ["mypy .", "pytest"]);
    assert_eq!(lines_of(&files, "pdm run pytest -q"), ["pytest -q"]);
    assert_eq!(lines_of(&files, "hatch run cov"), ["pytest --cov"]);
    assert_eq!(lines_of(&files, "hatch run style:check"), ["ruff check", "black --check ."]);
}

#[test]
fn other_runners() {
    let composer =
        r#"{"scripts": {"test": ["@php artisan config:clear", "@lint", "pest"], "lint": "pint --test"}}"#;
    let files = [
        ("composer.json", composer),
        ("justfile", "flags := \"-q\"\n\ntest: lint\n    pytest {{flags}}\n\nlint:\n    ruff check .\n"),
        (
            "Taskfile.yml",
            "version: '3'\ntasks:\n  test:\n    deps: [lint]\n    cmds:\n      - go test ./...\n      - task: extra\n  lint: golangci-lint run\n  extra:\n    cmds: [gosec ./...]\n",
        ),
        ("deno.json", r#"{"tasks": {"check": "deno lint && deno test"}}"#),
        (".cargo/config.toml", "[alias]\nci = \"test --workspace\"\n"),
        (
            "mix.exs",
            "defmodule A do\n  defp aliases do\n    [\n      test: [\"ecto.migrate --quiet\", \"test\"]\n    ]\n  end\nend\n",
        ),
        ("Rakefile", "task default: %w[spec rubocop]\n"),
    ];
    assert_eq!(lines_of(&files, "composer test"), ["php artisan config:clear", "pint --test", "pest"]);
    assert_eq!(lines_of(&files, "just test"), ["ruff check .", "pytest -q"]);
    assert_eq!(lines_of(&files, "task test"), ["golangci-lint run", "go test ./...", "gosec ./..."]);
    assert_eq!(lines_of(&files, "deno task check"), ["deno lint", "deno test"]);
    assert_eq!(lines_of(&files, "cargo ci"), ["cargo test --workspace"]);
    assert_eq!(lines_of(&files, "mix test"), ["mix ecto.migrate --quiet", "mix test"]);
    assert_eq!(lines_of(&files, "bundle exec rake"), ["rake spec", "rake rubocop"]);
    assert!(follow(&files, "composer nothing")[0].missing.is_some());
}

#[test]
fn a_mix_alias_may_call_functions_that_start_commands() {
    let text = "defmodule A do\n  defp aliases do\n    [\n      ship: [fn _ -> ship(\"prod\") end],\n      up: [&up/1]\n    ]\n  end\n\n  def ship(env) do\n    Mix.Shell.IO.cmd(\"flyctl deploy -a shop-#{env}\")\n  end\n\n  def up(_), do: System.cmd(\"docker\", [\"push\", \"shop:1\"])\nend\n";
    let found = follow(&[("mix.exs", text)], "mix ship");
    assert!(found[0].really(Role::Deploy) && found.len() == 1, "{found:?}");
    assert_eq!(found[0].at.to_string(), "mix.exs:10");
}

#[test]
fn programs_of_an_elixir_release_lie_in_its_overlays() {
    let files = [
        ("mix.exs", ""),
        (
            "rel/overlays/bin/migrate",
            "#!/bin/sh\ncd -P -- \"$(dirname -- \"$0\")\"\nexec ./shop eval Shop.Release.migrate\n",
        ),
    ];
    for line in ["/app/bin/migrate", "bin/migrate", "docker compose run --rm web /app/bin/migrate"] {
        assert!(follow(&files, line).iter().any(|command| command.really(Role::Migrate)), "{line}");
    }
    assert!(!follow(&files[..1], "/app/bin/migrate").iter().any(|command| command.really(Role::Migrate)));
}

#[test]
fn rails_brings_a_default_task_of_its_own() {
    let rails = ("config/application.rb", "class Application < Rails::Application\nend\n");
    assert_eq!(lines_of(&[rails], "bundle exec rake"), ["rake test"]);
    let specs = [rails, ("spec/rails_helper.rb", "")];
    assert_eq!(lines_of(&specs, "bundle exec rake"), ["rake spec"]);
    assert!(follow(&[("Rakefile", "")], "rake").iter().all(|command| command.roles.is_empty()));
}

#[test]
fn containers() {
    let compose = "services:\n  sut:\n    build: .\n    command: pytest -q\n";
    let files = [("docker-compose.test.yml", compose)];
    assert_eq!(
        lines_of(&files, "docker compose -f docker-compose.test.yml up --exit-code-from sut"),
        ["pytest -q"]
    );
    assert_eq!(lines_of(&files, "docker compose -f docker-compose.test.yml run sut"), ["pytest -q"]);
    assert_eq!(lines_of(&files, "docker run --rm -v .:/x aquasec/trivy fs ."), ["trivy fs ."]);
    assert_eq!(lines_of(&files, "docker compose exec -T web sh -c 'rspec && rubocop'").len(), 3);
}

#[test]
fn selections() {
    let files = [
        ("package.json", r#"{"scripts": {"test": "vitest"}}"#),
        (
            "src/a.test.ts",
            "describe('menu', () => {\n  it('shows long labels', () => {});\n  it.each([1])('counts %s', () => {});\n});\n",
        ),
        ("tests/test_app.py", "def test_login():\n    pass\n"),
        ("web/main.go", "package main"),
        ("api/api_test.go", "package api\nfunc TestGet(t *testing.T) {}\n"),
        ("cypress/e2e/login.cy.ts", "it('logs in', () => {})"),
    ];
    let nothing = |line: &str| follow(&files, line)[0].selects_nothing.is_some();
    for line in [
        "npx vitest run -t \"long-labels\"",
        "npm test -- --testNamePattern=none",
        "npx jest src/b.test.ts",
        "pytest tests/test_none.py",
        "pytest -k logout",
        "go test ./web/...",
        "go test -run TestNone ./...",
        "npx cypress run --spec cypress/e2e/none.cy.ts",
        "rspec spec/none_spec.rb",
    ] {
        assert!(nothing(line), "{line}");
    }
    for line in [
        "npx vitest run -t \"long labels\"",
        "npx vitest run -t \"menu shows long labels\"",
        "npx vitest run -t \"counts 1\"",
        "npx vitest run -t \"a|b\"",
        "npx vitest run src/a",
        "pytest",
        "pytest tests/test_app.py::test_login",
        "pytest -k login -x",
        "pytest -m slow tests",
        "go test ./...",
        "go test -run TestGet ./api",
        "npx cypress run --spec 'cypress/e2e/**/*.cy.ts'",
    ] {
        assert!(!nothing(line), "{line}");
    }
}

#[test]
fn hostile_scripts_end() {
    let mut package = String::from("{\"scripts\": {");
    for number in 0..40 {
        let next = number + 1;
        package.push_str(&format!("\"s{number}\": \"npm run s{next} && npm run s{next}\","));
    }
    package.push_str("\"s40\": \"jest\"}}");
    assert!(follow(&[("package.json", &package)], "npm run s0").len() <= 2_000);
    let makefile: String = (0..200).map(|n| format!("t{n}: t{} t{}\n\techo {n}\n", n + 1, n + 2)).collect();
    assert!(follow(&[("Makefile", &makefile)], "make t0").len() <= 2_000);
}

#[test]
fn powershell_scripts() {
    let script = "$dotnet = 'dotnet'\nfunction Test-All {\n  & $dotnet test -c Release\n}\nTest-All\n";
    let files = [("build.ps1", script)];
    for line in ["./build.ps1", "pwsh -NoProfile -File build.ps1", "pwsh ./build.ps1 -Configuration Release"]
    {
        let found = follow(&files, line);
        assert_eq!(lines(&found), ["dotnet test -c Release"], "{line}");
        assert!(found[0].really(Role::Test));
        assert_eq!(found[0].at, Location::line("build.ps1", 3));
    }
    assert_eq!(lines_of(&files, "./build.ps1 -SkipTests"), ["./build.ps1 -SkipTests"]);
}

#[test]
fn what_plugins_hang_into_the_check_of_gradle() {
    let roles = |plugins: &str, line: &str| {
        let build = format!("plugins {{\n{plugins}\n}}\n");
        follow(&[("build.gradle.kts", &build), ("gradlew", "#!/bin/sh\n")], line)[0].roles.clone()
    };
    let ktlint = "    id(\"org.jlleitschuh.gradle.ktlint\") version \"12.1.1\"";
    assert!(roles(ktlint, "./gradlew check --no-daemon").contains(&Role::Lint));
    assert!(roles("    checkstyle", "gradle build").contains(&Role::Lint));
    assert!(!roles(ktlint, "./gradlew test").contains(&Role::Lint));
    assert!(!roles(ktlint, "./gradlew check -x ktlintCheck").contains(&Role::Lint));
    assert!(!roles(&format!("{ktlint} apply false"), "./gradlew check").contains(&Role::Lint));
    let own = [
        ("gradlew", "#!/bin/sh\n"),
        (
            "buildSrc/src/main/kotlin/common.gradle.kts",
            "plugins {\n    id(\"io.gitlab.arturbosch.detekt\")\n}\n",
        ),
    ];
    assert!(follow(&own, "./gradlew build")[0].roles.contains(&Role::Lint));
}
