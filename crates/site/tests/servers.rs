//! Servers as people run them, on ports of this machine: what they answer is what the facts say.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaworthy_facts::{Asked, Leak, LeakKind, Origin, PlainEnd, Site};
use seaworthy_site::{Input, Target, collect};
use seaworthy_testkit::servers::{Certificates, Server, free_port as port};

/// Starts a program and waits until its port is open.
fn start(program: &str, arguments: &[&str], at: &Path, port: u16) -> Server {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(at).env("HOME", at);
    Server::program(command, port)
}

fn probe(addresses: &[String]) -> Site {
    let targets = addresses.iter().map(|text| Target::read(text, &[], &[]).unwrap()).collect();
    collect(&Input {
        targets,
        probe_errors: false,
        ca_file: None,
        requests: 150,
        timeout: Duration::from_secs(10),
        browser: false,
        browser_arguments: Vec::new(),
    })
}

/// A small site: a page with a script, a style sheet, a legal page two clicks away.
fn pages(at: &Path) {
    let write = |name: &str, text: &str| std::fs::write(at.join(name), text).unwrap();
    write(
        "index.html",
        "<!doctype html><link rel=stylesheet href=/main.3f9a1c2b.css><script src=/app.js></script>\
         <script src=http://cdn.example/x.js></script><a href=/legal.html>Legal</a><a href=/hidden/x.html>x</a>",
    );
    write("legal.html", "<a href=/privacy.html>Privacy</a>");
    write(
        "privacy.html",
        "<p>Last updated 2025-03-01. We keep little. Lorem ipsum. Write to <a href=mailto:me@a.example>me</a>.",
    );
    write("main.3f9a1c2b.css", &"body  {\n  color : red;\n}\n".repeat(200));
    write("app.js", &"// says hello\nfunction hello ( name ) {\n  return name\n}\n".repeat(200));
    write("robots.txt", "User-agent: *\nDisallow: /hidden/\n");
}

fn leaks(origin: &Origin) -> Vec<&Leak> {
    origin.exchanges.iter().flat_map(|exchange| &exchange.leaks).collect()
}

fn default_page(origin: &Origin) -> Option<&str> {
    origin.of(Asked::UnknownPath).next().unwrap().default_page.as_deref()
}

#[test]
fn nginx_over_tls_with_a_redirect() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    pages(at);
    let certificates = Certificates::make(90);
    let (plain, tls) = (port(), port());
    let root = at.display();
    let (certificate, key) = (certificates.certificate(), certificates.key());
    let (certificate, key) = (certificate.display(), key.display());
    let configuration = format!(
        "daemon off; master_process off; pid {root}/pid; error_log {root}/error.log; events {{}}
        http {{
            access_log off; default_type application/octet-stream;
            types {{ text/html html; text/css css; text/javascript js; text/plain txt; }}
            client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
            uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
            server {{ listen 127.0.0.1:{plain}; return 301 https://127.0.0.1:{tls}$request_uri; }}
            server {{
                listen 127.0.0.1:{tls} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
                root {root}; gzip on; gzip_types text/css text/javascript;
                add_header Strict-Transport-Security max-age=31536000;
                add_header Set-Cookie 'sid=s3cr3t; Secure; HttpOnly';
                location ~ css$ {{ add_header Cache-Control 'public, max-age=31536000, immutable'; }}
            }}
        }}"
    );
    std::fs::write(at.join("nginx.conf"), configuration).unwrap();
    let file = at.join("nginx.conf").display().to_string();
    let _server = start("nginx", &["-p", &root.to_string(), "-c", &file], at, tls);
    let site = probe(&[format!("https://127.0.0.1:{tls}"), format!("http://127.0.0.1:{plain}")]);
    let origin = &site.origins[0];
    assert_eq!(origin.unreached, None);
    assert_eq!(origin.plain.len(), 1);
    assert_eq!((&origin.plain[0].end, origin.plain[0].hops.len()), (&PlainEnd::Https, 1));
    let location = origin.plain[0].hops[0].location.clone().unwrap();
    assert!(location.ends_with("?kept=1") && location.starts_with("https://"), "{location}");
    let home = origin.of(Asked::Home).next().unwrap();
    assert_eq!(home.header("strict-transport-security").collect::<Vec<_>>(), ["max-age=31536000"]);
    assert_eq!(home.cookies.len(), 1);
    assert!(home.cookies[0].secure && home.cookies[0].http_only);
    assert_eq!(origin.mixed.len(), 1);
    assert!(origin.mixed[0].active && origin.mixed[0].loads == "http://cdn.example/x.js");
    // The error page has no header, because `add_header` without `always` is for success alone.
    let unknown = origin.of(Asked::UnknownPath).next().unwrap();
    assert_eq!((unknown.status, unknown.header("strict-transport-security").count()), (404, 0));
    assert_eq!(default_page(origin), Some("nginx"));
    assert!(leaks(origin).iter().any(|leak| leak.kind == LeakKind::VersionBanner && leak.of == "nginx"));
    let style = origin.assets.iter().find(|asset| asset.kind == "style").unwrap();
    assert_eq!(
        (style.encoding.as_deref(), style.fingerprinted, style.revalidates),
        (Some("gzip"), true, Some(true))
    );
    assert_eq!(style.cache_control.as_deref(), Some("public, max-age=31536000, immutable"));
    assert!(style.bytes < style.plain_bytes && style.minified_bytes.unwrap() < style.plain_bytes);
    let script = origin.assets.iter().find(|asset| asset.kind == "script").unwrap();
    assert!(!script.fingerprinted && script.compressed_bytes.unwrap() < script.plain_bytes);
    let privacy = &origin.legal[0];
    assert_eq!((privacy.kind.as_str(), privacy.clicks, privacy.status), ("privacy", 2, Some(200)));
    assert_eq!(privacy.placeholders, ["Lorem ipsum"]);
    assert_eq!(
        (privacy.dated.as_deref(), privacy.contact.as_deref()),
        (Some("2025-03-01"), Some("me@a.example"))
    );
    assert_eq!(origin.durations_ms.len(), 5);
    assert!(origin.exchanges.iter().all(|exchange| !exchange.url.contains("/hidden/")));
    assert!(origin.errors_probed);
    let oversized = origin.of(Asked::OversizedQuery).map(|exchange| exchange.status).collect::<Vec<_>>();
    assert_eq!(oversized.last(), Some(&414));
    assert!(!serde_json::to_string(&site).unwrap().contains("s3cr3t"));
    // Plain HTTP at a port of its own is not guessed.
    assert!(probe(&[format!("https://127.0.0.1:{tls}")]).origins[0].plain.is_empty());
}

#[test]
fn caddy_with_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    pages(at);
    let open = port();
    let file = format!(
        "{{\n admin off\n auto_https off\n}}\nhttp://127.0.0.1:{open} {{\n root * {}\n encode zstd gzip\n file_server\n}}\n",
        at.display()
    );
    std::fs::write(at.join("Caddyfile"), file).unwrap();
    let _server = start("caddy", &["run", "--config", "Caddyfile", "--adapter", "caddyfile"], at, open);
    let origin = &probe(&[format!("http://127.0.0.1:{open}")]).origins[0];
    assert_eq!(origin.plain[0].end, PlainEnd::Content);
    assert_eq!(default_page(origin), Some("Caddy"));
    let style = origin.assets.iter().find(|asset| asset.kind == "style").unwrap();
    assert_eq!((style.encoding.as_deref(), style.plain_bytes), (Some("zstd"), 5000));
}

#[test]
fn apache_with_its_own_pages() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    pages(at);
    let open = port();
    let root = at.display();
    let modules = ["mpm_event", "authz_core", "dir", "mime"]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
    let file = format!(
        "ServerRoot {root}\n{modules}ServerName localhost\nListen 127.0.0.1:{open}\nPidFile {root}/pid\nErrorLog {root}/error.log\n\
         DocumentRoot {root}\nTypesConfig /etc/mime.types\nDirectoryIndex index.html\nServerSignature On\n<Directory {root}>\nRequire all granted\n</Directory>\n"
    );
    let mime = Path::new("/etc/mime.types").exists();
    let file = if mime {
        file
    } else {
        file.replace("TypesConfig /etc/mime.types\n", "TypesConfig /dev/null\nAddType text/html .html\n")
    };
    std::fs::write(at.join("httpd.conf"), file).unwrap();
    let file = at.join("httpd.conf").display().to_string();
    let _server = start("apache2", &["-D", "FOREGROUND", "-X", "-f", &file], at, open);
    let origin = &probe(&[format!("http://127.0.0.1:{open}")]).origins[0];
    assert_eq!(default_page(origin), Some("Apache"));
    let unknown = origin.of(Asked::UnknownPath).next().unwrap();
    assert!(unknown.leaks.iter().any(|leak| leak.kind == LeakKind::VersionBanner), "{:?}", unknown.leaks);
    assert_eq!(origin.legal[0].clicks, 2);
}

#[test]
fn node_that_shows_its_stack() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let open = port();
    let code = format!(
        r"const http = require('node:http');
        http.createServer((request, response) => {{
            let body = '';
            request.on('data', (some) => body += some);
            request.on('end', () => {{
                try {{
                    response.setHeader('X-Powered-By', 'Express');
                    if (request.url === '/api') {{
                        response.setHeader('Content-Type', 'application/json');
                        return response.end(JSON.stringify({{ items: [{{ id: 1 }}], token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0' }}));
                    }}
                    if (body) JSON.parse(body);
                    response.statusCode = request.url === '/' ? 200 : 404;
                    response.setHeader('Content-Type', 'text/html');
                    response.end(request.url === '/' ? '<h1>Hi</h1>' : '<pre>Cannot GET ' + encodeURI(request.url) + '</pre>');
                }} catch (error) {{
                    response.statusCode = 500;
                    response.end(error.stack);
                }}
            }});
        }}).listen({open}, '127.0.0.1');"
    );
    std::fs::write(at.join("server.js"), code).unwrap();
    let _server = start("node", &["server.js"], at, open);
    let site = probe(&[format!("http://127.0.0.1:{open}")]);
    let origin = &site.origins[0];
    assert_eq!(default_page(origin), Some("Express"));
    let json: Vec<_> = origin.of(Asked::MalformedJson).collect();
    assert!(json.iter().all(|exchange| exchange.status == 500));
    assert!(
        json[0].leaks.iter().any(|leak| leak.kind == LeakKind::StackTrace && leak.of == "Node.js"),
        "{:?}",
        json[0].leaks
    );
    let data = origin.of(Asked::Api).next().unwrap();
    assert_eq!(data.fields.as_deref().unwrap(), ["items[].id: number", "token: text"]);
    assert!(!serde_json::to_string(&site).unwrap().contains("c2lnbmF0"));
    // A name of a product without a version is no banner.
    assert!(origin.of(Asked::Home).all(|exchange| exchange.leaks.is_empty()));
}

#[test]
fn python_with_its_own_pages() {
    let folder = tempfile::tempdir().unwrap();
    pages(folder.path());
    let open = port();
    let number = open.to_string();
    let _server =
        start("python3", &["-m", "http.server", "--bind", "127.0.0.1", &number], folder.path(), open);
    let origin = &probe(&[format!("http://127.0.0.1:{open}")]).origins[0];
    assert_eq!(default_page(origin), Some("Python http.server"));
    assert!(leaks(origin).iter().any(|leak| leak.excerpt.contains("Python/3")));
}

#[test]
fn haproxy_in_front_of_a_site() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    pages(at);
    let certificates = Certificates::make(90);
    let both = [certificates.certificate(), certificates.key()]
        .map(|file| std::fs::read_to_string(file).unwrap())
        .concat();
    std::fs::write(at.join("both.pem"), both).unwrap();
    let (plain, tls, behind) = (port(), port(), port());
    let number = behind.to_string();
    let _behind = start("python3", &["-m", "http.server", "--bind", "127.0.0.1", &number], at, behind);
    let configuration = format!(
        "defaults
             mode http
             timeout connect 5s
             timeout client 5s
             timeout server 5s
         frontend plain
             bind 127.0.0.1:{plain}
             http-request redirect location https://127.0.0.1:{tls}%[capture.req.uri] code 301
         frontend tls
             bind 127.0.0.1:{tls} ssl crt {}/both.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2
             http-request deny deny_status 403 if {{ path_beg /index }}
             http-response set-header Strict-Transport-Security max-age=31536000
             http-response del-header Server
             default_backend site
         backend site
             server one 127.0.0.1:{behind}
             http-response deny deny_status 404 if {{ status 404 }}\n",
        at.display()
    );
    std::fs::write(at.join("haproxy.cfg"), configuration).unwrap();
    let _server = start("haproxy", &["-db", "-f", "haproxy.cfg"], at, tls);
    let site = probe(&[format!("https://127.0.0.1:{tls}"), format!("http://127.0.0.1:{plain}")]);
    let origin = &site.origins[0];
    assert_eq!(origin.unreached, None);
    assert_eq!((&origin.plain[0].end, origin.plain[0].hops.len()), (&PlainEnd::Https, 1));
    assert!(origin.plain[0].hops[0].location.as_ref().unwrap().ends_with("?kept=1"));
    let home = origin.of(Asked::Home).next().unwrap();
    assert_eq!(home.header("strict-transport-security").collect::<Vec<_>>(), ["max-age=31536000"]);
    // What the proxy says by itself goes past the rules for answers.
    let unknown = origin.of(Asked::UnknownPath).next().unwrap();
    assert_eq!(
        (unknown.status, unknown.default_page.as_deref()),
        (404, Some("HAProxy")),
        "{}",
        unknown.excerpt
    );
    assert!(leaks(origin).iter().all(|leak| leak.kind != LeakKind::VersionBanner), "{:?}", leaks(origin));
}

/// What a request asked for: method, path with query, headers that matter, body.
type Heard = (String, Vec<u8>, Vec<String>, Vec<u8>);

/// Listens, keeps what it hears, and says that there is nothing.
fn listener() -> (u16, Arc<Mutex<Vec<Heard>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
            let mut words = lines.next().unwrap_or_default().split(|byte| *byte == b' ');
            let method = String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
            let target = words.next().unwrap_or_default().to_vec();
            let mut headers: Vec<String> =
                lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
            let length = headers.iter().find_map(|line| line.strip_prefix("Content-Length: "));
            let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
            let _ = stream.read_exact(&mut body);
            headers.retain(|line| line.starts_with("X-") || line.starts_with("Content-Type"));
            keep.lock().unwrap().push((method, target, headers, body));
            let page = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
            let _ = stream.write_all(page.as_bytes());
        }
    });
    (open, heard)
}

#[test]
fn the_command_of_an_exchange_asks_the_same_again() {
    let (open, heard) = listener();
    let site = probe(&[format!("http://127.0.0.1:{open}")]);
    let asked = std::mem::take(&mut *heard.lock().unwrap());
    let exchanges = &site.origins[0].exchanges;
    assert!(exchanges.len() > 15);
    for exchange in exchanges {
        let command = exchange.curl();
        let output = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let again = heard.lock().unwrap().pop().unwrap();
        assert!(asked.contains(&again), "{command}: {:?}", String::from_utf8_lossy(&again.1));
    }
}
