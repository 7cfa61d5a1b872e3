use super::*;

fn lines(path: &str, text: &str, sign: &str) -> Vec<u32> {
    places(&[(path, text)], sign).into_iter().map(|(_, line)| line).collect()
}

#[test]
fn clients_made_in_handlers_in_javascript() {
    let sign = "client-per-request";
    let handler = "export async function GET(request) {\n  const prisma = new PrismaClient()\n}\n";
    assert_eq!(lines("app/api/a/route.ts", handler, sign), [2]);
    let express = "app.get('/', async (req, res) => {\n  const db = mysql.createConnection(url)\n})\n";
    assert_eq!(lines("a.js", express, sign), [2]);
    let pg =
        "import { Client } from 'pg'\nrouter.post('/', async (req, res) => {\n  const c = new Client()\n})\n";
    assert_eq!(lines("b.js", pg, sign), [3]);
    let module = "export const prisma = globalThis.prisma ?? new PrismaClient()\n";
    assert!(lines("lib/prisma.ts", module, sign).is_empty());
    assert_eq!(lines("lib/prisma.ts", module, "prisma-client"), [1]);
    let lazy = "let p\nfunction get(req) {\n  if (!p) {\n    p = new PrismaClient()\n  }\n  return p\n}\n";
    assert!(lines("lib/lazy.js", lazy, sign).is_empty());
    let other = "async (req) => new Client()\n";
    assert!(lines("c.js", other, sign).is_empty());
}

#[test]
fn connections_in_python() {
    let route = "@app.get('/')\ndef index():\n    engine = create_engine(URL)\n";
    assert_eq!(lines("a.py", route, "client-per-request"), [3]);
    assert!(lines("db.py", "engine = create_engine(URL)\n", "client-per-request").is_empty());
    let function = "def get():\n    return psycopg2.connect(URL)\n";
    assert_eq!(lines("db.py", function, "connection-per-call"), [2]);
    assert!(lines("db.py", "conn = psycopg2.connect(URL)\n", "connection-per-call").is_empty());
    assert_eq!(lines("db.py", "e = create_engine(u, poolclass=NullPool)\n", "pooling-off"), [1]);
}

#[test]
fn connections_of_django() {
    let settings =
        "DATABASES = {\n  'default': {\n    'CONN_MAX_AGE': 60,\n    'OPTIONS': {'pool': True},\n  }\n}\n";
    assert_eq!(lines("settings.py", settings, "django-databases"), [1]);
    assert_eq!(lines("settings.py", settings, "django-connection-age"), [3]);
    assert_eq!(lines("settings.py", settings, "django-pool"), [4]);
    let url = "DATABASES = {'default': dj_database_url.config(conn_max_age=600)}\n";
    assert_eq!(lines("settings.py", url, "django-connection-age"), [1]);
    let later = "DATABASES['default']['CONN_MAX_AGE'] = 60\n";
    assert_eq!(lines("settings.py", later, "django-connection-age"), [1]);
}

#[test]
fn connections_in_compiled_languages() {
    let handler =
        "package a\nfunc h(w http.ResponseWriter, r *http.Request) {\n\tdb, _ := sql.Open(\"pgx\", u)\n}\n";
    assert_eq!(lines("a.go", handler, "client-per-request"), [3]);
    let main = "package a\nfunc main() {\n\tdb, _ := sql.Open(\"pgx\", u)\n}\n";
    assert!(lines("a.go", main, "client-per-request").is_empty());
    let java = "class A { void a() { var c = DriverManager.getConnection(url); } }\n";
    assert_eq!(lines("A.java", java, "connection-per-call"), [1]);
    let rust = "fn a() { let c = PgConnection::establish(&url); }\n";
    assert_eq!(lines("src/a.rs", rust, "connection-per-call"), [1]);
    let csharp = "class A { string s = \"Host=x;Pooling=false\"; }\n";
    assert_eq!(lines("A.cs", csharp, "pooling-off"), [1]);
}

/// Lines with a query in a loop, with whether it stands in request handling.
fn in_loops(path: &str, text: &str) -> Vec<(u32, bool)> {
    let mut found: Vec<_> = code(&[(path, text)], &[])
        .of("query-in-loop")
        .map(|found| (found.at.line_number().unwrap(), found.captures.contains_key("HANDLER")))
        .collect();
    found.dedup();
    found
}

/// What the comments of a file promise, and how many of them are about requests.
fn expected(text: &str) -> (Vec<(u32, bool)>, usize) {
    let marked = (1u32..).zip(text.lines()).filter(|(_, line)| line.contains(" loop"));
    let lines: Vec<_> = marked.map(|(number, line)| (number, line.ends_with(" loop, request"))).collect();
    let requests = lines.iter().filter(|(_, request)| *request).count();
    (lines, requests)
}

#[test]
fn queries_in_loops_in_typescript() {
    let text = include_str!("queries/a.ts");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("src/a.ts", text), expected);
    assert!(requests > 0 && !places(&[("src/a.ts", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_python() {
    let text = include_str!("queries/a.py");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("a.py", text), expected);
    assert!(requests > 0 && !places(&[("a.py", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_ruby() {
    let text = include_str!("queries/a.rb");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("a.rb", text), expected);
    assert!(requests > 0 && !places(&[("a.rb", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_php() {
    let text = include_str!("queries/a.php");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("a.php", text), expected);
    assert!(requests > 0 && !places(&[("a.php", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_go() {
    let text = include_str!("queries/a.go");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("a.go", text), expected);
    assert!(requests > 0 && !places(&[("a.go", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_java() {
    let text = include_str!("queries/a.java");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("A.java", text), expected);
    assert!(requests > 0 && !places(&[("A.java", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_kotlin() {
    let text = include_str!("queries/a.kt");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("A.kt", text), expected);
    assert!(requests > 0 && !places(&[("A.kt", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_csharp() {
    let text = include_str!("queries/a.cs");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("A.cs", text), expected);
    assert!(requests > 0 && !places(&[("A.cs", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_rust() {
    let text = include_str!("queries/a.rs");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("a.rs", text), expected);
    assert!(requests > 0 && !places(&[("a.rs", text)], "database-query").is_empty());
}

#[test]
fn queries_in_loops_in_elixir() {
    let text = include_str!("queries/a.ex");
    let (expected, requests) = expected(text);
    assert_eq!(in_loops("a.ex", text), expected);
    assert!(requests > 0 && !places(&[("a.ex", text)], "database-query").is_empty());
}
