#![allow(clippy::unwrap_used)]
use seaworthy_facts::{Declared, Exposures, Infrastructure};
use seaworthy_model::ExposureKind;

use super::{Seen, collect, plan};
use crate::scan::{Needles, scan};
use crate::tree::{Limits, Tree};

/// Parts of a value that are put together here, so that no scanner takes this file for a leak.
const RANDOM: &str = "hS8kQ2vL0pZr7TnXw3BdYf6M";

fn found(files: &[(&str, &str)]) -> Exposures {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = scan(&tree, &needles);
    let declared = Declared { as_of: "2026-11-22".to_owned(), ..Declared::default() };
    let infrastructure = Infrastructure::default();
    collect(&Seen {
        tree: &tree,
        scan: &scan,
        plan: &plan,
        declared: &declared,
        infrastructure: &infrastructure,
    })
}

fn shown(exposures: &Exposures) -> Vec<String> {
    exposures.found.iter().map(|exposed| format!("{} {}", exposed.kind.name(), exposed.at)).collect()
}

#[test]
fn a_live_key_is_found_and_its_value_is_not_told() {
    let key = format!("sk_{}_{RANDOM}", "live");
    let exposures =
        found(&[("src/pay.ts", &format!("const a = 1;\nconst stripe = new Stripe(\"{key}\");\n"))]);
    assert_eq!(shown(&exposures), ["committed-secret src/pay.ts:2"]);
    let text = serde_json::to_string(&exposures).unwrap();
    assert!(!text.contains(RANDOM));
    assert_eq!(exposures.found[0].digest.as_ref().unwrap().len(), 16);
}

#[test]
fn the_same_value_has_the_same_hash_and_another_another() {
    let key = |tail: &str| format!("k = \"sk_{}_{RANDOM}{tail}\"\n", "live");
    let exposures = found(&[("a.py", &key("1")), ("b.py", &key("1")), ("c.py", &key("2"))]);
    let digests: Vec<_> = exposures.found.iter().map(|exposed| exposed.digest.clone().unwrap()).collect();
    assert_eq!(digests.len(), 3);
    assert!(digests[0] == digests[1] && digests[1] != digests[2]);
}

#[test]
fn environment_files_are_told_apart() {
    let values = format!("PORT=3000\nJWT_SECRET={RANDOM}\nVITE_SUPABASE_PUBLISHABLE_KEY={RANDOM}\n");
    let exposures = found(&[
        (".env", &values),
        (".env.example", &values),
        (".env.test", &values),
        ("api/.env.production", &values),
        (
            "web/.env",
            "VITE_API_URL=https://api.acme.io\nVITE_SUPABASE_ANON_KEY=abcdefghijkl\nDB_PASSWORD=postgres\n",
        ),
    ]);
    assert_eq!(shown(&exposures), ["environment-file .env:2", "environment-file api/.env.production:2"]);
    assert!(exposures.found[0].what.contains("`JWT_SECRET`"));
}

#[test]
fn tests_documentation_and_development_are_left_alone() {
    let line = format!("JWT_SECRET = \"{RANDOM}\"\n");
    let exposures = found(&[
        ("tests/conftest.py", &line),
        ("docs/setup.md", &line),
        ("config/dev.py", &line),
        ("examples/app.py", &line),
        ("package-lock.json", &format!("{{\"integrity\": \"{RANDOM}\", \"secret\": \"{RANDOM}\"}}")),
    ]);
    assert_eq!(shown(&exposures), Vec::<String>::new());
    assert_eq!(shown(&found(&[("config/prod.py", &line)])), ["committed-secret config/prod.py:1"]);
}

#[test]
fn keys_that_their_form_proves_are_found_in_prose_as_well() {
    let key = format!("sk_{}_{}", "live", "aB3dE5fG7hJ9kL1mN3pQ5rS7");
    let text = format!("# Setup\n\n```sh\nexport TOKEN={key}\n```\n");
    for path in ["docs/setup.md", "guides/setup.mdx", "docs/setup.rst"] {
        assert_eq!(shown(&found(&[(path, &text)])), [format!("committed-secret {path}:4")]);
    }
}

#[test]
fn settings_of_any_program_hold_random_values_of_secret_names() {
    let text = format!(
        "# AUTHN_TOKEN=mySecretToken\nAUTHN_TOKEN={RANDOM}\nREDIS_PASSWORD=\nDB_PASSWORD=password123\n"
    );
    for path in ["judge.conf", "etc/worker.ini", "deploy/app.properties"] {
        assert_eq!(shown(&found(&[(path, &text)])), [format!("committed-secret {path}:2")]);
    }
    let texts = "login.token=Token\nmessages.password.reset=Reset_your_password\nserver_tokens=off\n";
    assert_eq!(shown(&found(&[("i18n/messages.properties", texts)])), Vec::<String>::new());
    assert_eq!(shown(&found(&[("judge.conf.example", &text)])), Vec::<String>::new());
}

#[test]
fn private_keys_need_a_body() {
    let body: String =
        (0..4).map(|_| "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n").collect();
    let key = |kind: &str, body: &str| {
        format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}-----END {kind}PRIVATE KEY-----\n")
    };
    let exposures = found(&[
        ("deploy/jwt.pem", &key("RSA ", &body)),
        ("deploy/locked.pem", &key("ENCRYPTED ", &body)),
        ("certs/localhost.key", &key("", &body)),
        ("src/help.ts", &key("", "...\n")),
    ]);
    assert_eq!(shown(&exposures), ["committed-secret deploy/jwt.pem:1"]);
}

#[test]
fn server_keys_behind_public_prefixes() {
    let exposures = found(&[
        (
            "src/lib/db.ts",
            "export const db = createClient(url, import.meta.env.VITE_SUPABASE_SERVICE_ROLE_KEY);\n",
        ),
        ("src/lib/ok.ts", "export const db = createClient(url, import.meta.env.VITE_SUPABASE_ANON_KEY);\n"),
        ("api/pay.ts", "const key = process.env.NEXT_PUBLIC_STRIPE_SECRET_KEY;\n"),
    ]);
    assert_eq!(shown(&exposures), ["server-key-in-client src/lib/db.ts:1"]);
}

#[test]
fn open_tables_stand_where_they_were_made() {
    let exposures = found(&[
        ("package.json", "{\"dependencies\": {\"@supabase/supabase-js\": \"2\"}}\n"),
        ("supabase/migrations/20250101_a.sql", "create table notes (id int);\ncreate table tags (id int);\n"),
        ("supabase/migrations/20250102_b.sql", "alter table tags enable row level security;\n"),
        ("firestore.rules", "rules_version = '2';\nmatch /a/{id} {\n  allow write: if true;\n}\n"),
    ]);
    assert_eq!(
        shown(&exposures),
        ["open-table supabase/migrations/20250101_a.sql:1", "open-rules firestore.rules:3"]
    );
    let closed = found(&[
        ("supabase/config.toml", "[api]\nenabled = false\n"),
        ("supabase/migrations/20250101_a.sql", "create table notes (id int);\n"),
    ]);
    assert_eq!(closed.found.iter().filter(|found| found.kind == ExposureKind::OpenTable).count(), 0);
}

#[test]
fn settings_files_and_manifests() {
    let exposures = found(&[
        (
            "src/main/resources/application.yml",
            "spring:\n  datasource:\n    url: jdbc:postgresql://db/app\n    password: Tr0ub4dor&Three\n",
        ),
        ("src/main/resources/application-dev.yml", "spring:\n  datasource:\n    password: Tr0ub4dor&Three\n"),
        (
            "k8s/secret.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: api\ndata:\n  DB_PASSWORD: VHIwdWI0ZG9yJlRocmVl\n",
        ),
        ("k8s/template.yaml", "kind: Secret\nstringData:\n  DB_PASSWORD: {{ .Values.password }}\n"),
    ]);
    assert_eq!(
        shown(&exposures),
        ["committed-secret k8s/secret.yaml:6", "committed-secret src/main/resources/application.yml:4"]
    );
}

#[test]
fn migrations_that_were_left_behind_open_nothing() {
    let sql = ("supabase/migrations/1_a.sql", "create table notes (id int);\n");
    let compose = ("compose.yml", "services:\n  a:\n    environment: [\"URL=http://supabase\"]\n");
    let client = ("src/a.ts", "import { createClient } from '@supabase/supabase-js';\n");
    assert_eq!(found(&[sql, compose]).found.len(), 0);
    assert_eq!(found(&[sql, client]).found.len(), 1);
    assert_eq!(found(&[sql, ("supabase/config.toml", "project_id = \"a\"\n")]).found.len(), 1);
}
