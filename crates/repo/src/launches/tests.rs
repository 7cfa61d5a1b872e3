#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Launches, Role, Stage};

use crate::commands::Commands;
use crate::tree::{Limits, Tree};

fn launches(files: &[(&str, &str)]) -> Launches {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    super::collect(&tree, &Commands::new(&tree))
}

/// Where migrations are applied: stage, path and line.
fn migrates(launches: &Launches) -> Vec<(Stage, String)> {
    launches
        .launches
        .iter()
        .flat_map(|launch| {
            launch
                .commands
                .iter()
                .filter(|command| command.really(Role::Migrate))
                .map(|command| (launch.stage, command.at.to_string()))
        })
        .collect()
}

#[test]
fn an_entrypoint_script_is_found_through_what_was_copied() {
    let found = launches(&[
        (
            "Dockerfile",
            "FROM python:3.13\nWORKDIR /app\nCOPY . .\nCOPY docker/start.sh /start.sh\nENTRYPOINT [\"/start.sh\"]\n",
        ),
        ("docker/start.sh", "#!/bin/sh\npython manage.py migrate\nexec gunicorn app\n"),
        ("requirements.txt", "django\n"),
        ("manage.py", ""),
    ]);
    assert_eq!(migrates(&found), [(Stage::Start, "docker/start.sh:2".to_owned())]);
}

#[test]
fn a_compose_service_may_be_another_stage_of_the_image() {
    let image = "FROM python:3.13 AS migrate\nENTRYPOINT [\"sh\", \"-c\", \"alembic upgrade head\"]\nFROM python:3.13 AS web\nCMD [\"gunicorn\", \"app\"]\n";
    let built =
        "services:\n  migrate:\n    build:\n      context: .\n      target: migrate\n  web:\n    build: .\n";
    let pulled = "services:\n  migrate:\n    image: registry.example/shop-migrate:1\n  web:\n    image: registry.example/shop:1\n";
    let found = launches(&[("Dockerfile", image), ("compose.yaml", built), ("compose.prod.yaml", pulled)]);
    let shown: Vec<_> = found
        .launches
        .iter()
        .filter(|launch| launch.commands.iter().any(|command| command.really(Role::Migrate)))
        .map(|launch| launch.at.to_string())
        .collect();
    assert_eq!(shown, ["compose.prod.yaml:2", "compose.yaml:2"]);
}

#[test]
fn release_phases_of_platforms() {
    let found = launches(&[
        ("Procfile", "web: rails s\nrelease: rails db:migrate\n"),
        ("fly.toml", "app = \"a\"\n[deploy]\nrelease_command = \"npx prisma migrate deploy\"\n"),
        ("render.yaml", "services:\n  - type: web\n    preDeployCommand: alembic upgrade head\n"),
    ]);
    assert_eq!(
        migrates(&found)
            .iter()
            .map(|(stage, at)| (*stage, at.split(':').next().unwrap()))
            .collect::<Vec<_>>(),
        [(Stage::Release, "Procfile"), (Stage::Release, "fly.toml"), (Stage::Release, "render.yaml")]
    );
}

#[test]
fn a_compose_service_and_a_kubernetes_job() {
    let found = launches(&[
        (
            "docker-compose.yml",
            "services:\n  app:\n    image: a\n    command: [sh, -c, \"flask db upgrade && gunicorn app\"]\n",
        ),
        (
            "k8s/migrate.yaml",
            "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      containers:\n        - name: m\n          args: [\"rails\", \"db:migrate\"]\n",
        ),
    ]);
    assert_eq!(
        migrates(&found),
        [
            (Stage::Start, "docker-compose.yml:4".to_owned()),
            (Stage::Release, "k8s/migrate.yaml:8".to_owned())
        ]
    );
}

#[test]
fn uwsgi_and_systemd() {
    let found = launches(&[
        ("docker/uwsgi.ini", "[uwsgi]\nmaster\nhook-pre-app = exec:./manage.py migrate\n"),
        ("app.service", "[Service]\nExecStartPre=/opt/app/goose up\nExecStart=/opt/app/app\n"),
        ("manage.py", ""),
    ]);
    let at: Vec<String> = migrates(&found).into_iter().map(|(_, at)| at).collect();
    assert!(at.iter().any(|at| at.starts_with("docker/uwsgi.ini:3")), "{at:?}");
    assert!(at.iter().any(|at| at.starts_with("app.service:2")), "{at:?}");
}

#[test]
fn ways_back() {
    let found = launches(&[
        (
            "k8s/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  revisionHistoryLimit: 0\n---\napiVersion: apps/v1\nkind: Deployment\n",
        ),
        ("config/deploy.yml", "service: a\nimage: a/b\nservers:\n  - 1.2.3.4\n"),
        (
            "main.tf",
            "resource \"aws_ecs_service\" \"a\" {\n  deployment_circuit_breaker {\n    enable   = true\n    rollback = true\n  }\n}\n",
        ),
    ]);
    let found: Vec<(&str, bool)> =
        found.rollouts.iter().map(|rollout| (rollout.mechanism.as_str(), rollout.way_back)).collect();
    assert_eq!(
        found,
        [
            ("kubernetes-deployment", false),
            ("kubernetes-deployment", true),
            ("kamal", true),
            ("ecs-circuit-breaker", true)
        ]
    );
}

#[test]
fn a_manifest_that_the_pipeline_leaves_out_beside_those_it_names_counts_for_nothing() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\nspec:\n  template:\n    spec:\n      containers:\n        - name: migrate\n          image: shop:1\n          command: [python, manage.py, migrate]\n";
    let workflow =
        |steps: &str| format!("on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n{steps}");
    let named = workflow(
        "      - run: kubectl apply -f k8s/api.yaml\n      - run: kubectl create secret x --dry-run -o yaml | kubectl apply -f -\n      - run: |\n          kubectl create secret generic y \\\n            --from-literal=a=b\n",
    );
    let with = |workflow: &str| {
        migrates(&launches(&[
            (".github/workflows/deploy.yml", workflow),
            ("k8s/migrate.yaml", job),
            ("manage.py", ""),
            ("requirements.txt", "django\n"),
        ]))
        .len()
    };
    assert_eq!(with(&named), 0);
    for steps in [
        "      - run: kubectl apply -f k8s/\n",
        "      - run: kubectl apply -f k8s/api.yaml -f k8s/migrate.yaml\n",
        "      - run: |\n          kubectl apply -f k8s/api.yaml\n          ./scripts/rest.sh\n",
        "      - run: kubectl apply -f other/api.yaml\n",
    ] {
        assert_eq!(with(&workflow(steps)), 1, "{steps}");
    }
}

#[test]
fn broken_descriptions_are_named_as_unread() {
    for (path, text) in [
        ("Procfile", "web: a\nworker b\n"),
        ("app.json", "{\"scripts\" {}}"),
        ("heroku.yml", "run:\n  web: [a\n"),
        ("fly.toml", "app = \n"),
        ("fly.staging.toml", "app = \n"),
        ("railway.json", "{"),
        ("railway.toml", "[a\n"),
        ("nixpacks.toml", "[a\n"),
        ("vercel.json", "{"),
        ("netlify.toml", "[a\n"),
        ("render.yaml", "services: [a\n"),
        ("config/deploy.yml", "service: [a\n"),
        ("Dockerfile", "FROM a\nRUNN b\n"),
    ] {
        let found = launches(&[(path, text)]);
        let unread: Vec<_> = found.unread.iter().map(|unread| unread.at.path()).collect();
        assert_eq!(unread, [Some(path)], "{path}");
    }
    assert!(launches(&[("Procfile", "web: a\n"), ("app.json", "{}")]).unread.is_empty());
}

#[test]
fn an_application_of_nais_keeps_revisions() {
    let app = |api: &str| {
        let text = format!(
            "apiVersion: {api}\nkind: Application\nmetadata:\n  name: shop\nspec:\n  image: \"{{{{image}}}}\"\n"
        );
        launches(&[("nais.yaml", &text)]).rollouts.len()
    };
    assert_eq!(app("nais.io/v1alpha1"), 1);
    assert_eq!(app("argoproj.io/v1alpha1"), 0);
}
