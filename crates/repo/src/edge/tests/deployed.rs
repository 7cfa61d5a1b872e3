//! What a deployment makes of configuration: ports beside the proxy, switches, files that it writes or puts in place.

use super::{edge, only};

const COMPOSE: &str = "services:\n  web:\n    build: .\n    ports: [PORT]\n  proxy:\n    image: nginx:1.27\n    ports: ['80:80', '443:443']\n    volumes:\n      - ./nginx.conf:/etc/nginx/nginx.conf:ro\n";
const TLS: &str = "http {\n server { listen 80; return 301 https://$host$request_uri; }\n server { listen 443 ssl; ssl_certificate /etc/a.pem; location / { proxy_pass http://web:8000; } }\nOTHER}\n";

/// Where the site is given in the clear beside TLS.
fn open(files: &[(&str, &str)]) -> Vec<String> {
    edge(files)
        .listeners
        .into_iter()
        .filter(|listener| listener.beside_tls)
        .map(|listener| listener.what)
        .collect()
}

#[test]
fn the_application_is_published_beside_the_proxy() {
    let nginx = ("nginx.conf", TLS.replace("OTHER", ""));
    let of = |port: &str| open(&[("compose.prod.yaml", &COMPOSE.replace("PORT", port)), (nginx.0, &nginx.1)]);
    assert_eq!(of("'8000:8000'").len(), 1);
    assert_eq!(of("'0.0.0.0:9000:8000'").len(), 1);
    assert!(of("'127.0.0.1:8000:8000'").is_empty(), "the machine itself only");
    assert!(of("'9090:9090'").is_empty(), "nothing says that this port speaks HTTP");
}

#[test]
fn a_server_in_the_clear_beside_one_with_tls() {
    let compose = COMPOSE.replace("    ports: [PORT]\n", "");
    let of = |server: &str| {
        open(&[("compose.prod.yaml", &compose), ("nginx.conf", &TLS.replace("OTHER", server))]).len()
    };
    assert_eq!(
        of("server { listen 80; server_name 203.0.113.7; location / { proxy_pass http://web:8000; } }\n"),
        1
    );
    assert_eq!(
        of("server { listen 80; listen 443 ssl; server_name b.example; location / { root /srv; } }\n"),
        1
    );
    for closed in [
        "server { listen 80; server_name localhost; location / { proxy_pass http://web:8000; } }\n",
        "server { listen 8080; server_name b.example; location / { proxy_pass http://web:8000; } }\n",
        "server { listen 80; server_name b.example; location / { return 444; } }\n",
        "server { listen 80; server_name b.example; location /health { proxy_pass http://web:8000; } }\n",
        "server { listen 80; server_name b.example; allow 10.0.0.0/8; deny all; location / { root /srv; } }\n",
        "server { listen 80; listen 443 ssl; if ($scheme = http) { return 301 https://$host$request_uri; } location / { root /srv; } }\n",
    ] {
        assert_eq!(of(closed), 0, "{closed}");
    }
}

#[test]
fn an_address_from_a_variable_decides_whether_caddy_speaks_tls() {
    let compose = "services:\n  app:\n    build: .\n  proxy:\n    image: caddy:2\n    environment:\n      SITE: ${SITE:-DEFAULT}\n    volumes:\n      - ./Caddyfile:/etc/caddy/Caddyfile:ro\n";
    let of = |default: &str| {
        edge(&[
            ("compose.prod.yaml", &compose.replace("DEFAULT", default)),
            ("Caddyfile", "{$SITE} {\n\treverse_proxy app:8080\n}\n"),
        ])
    };
    let plain = of(":80");
    assert!(plain.certificates.is_empty() && plain.protocols.is_empty());
    let switch = plain.redirects[0].switch.as_ref().unwrap();
    assert_eq!((switch.name.as_str(), switch.on), ("SITE", Some(false)));
    let named = of("shop.example");
    assert!(named.certificates[0].renewed && named.redirects[0].switch.is_none());
    let own = edge(&[
        ("Dockerfile", "FROM caddy:2\nCOPY Caddyfile /etc/caddy/Caddyfile\n"),
        ("Caddyfile", "{$SITE:http://localhost} {\n\treverse_proxy app:8080\n}\n"),
    ]);
    assert!(own.certificates.is_empty(), "the Caddyfile's own default");
}

const WORKFLOW: &str = "on:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: appleboy/ssh-action@v1\n        with:\n          host: x\n          script: |\n";

#[test]
fn a_deployment_writes_its_own_configuration() {
    let script = "            sudo tee /etc/nginx/sites-available/app > /dev/null <<EOF\n            server {\n                listen 80;\n                add_header X-Frame-Options DENY always;\n                location / { proxy_set_header Host \\$host; proxy_pass http://localhost:8000; }\n            }\n            EOF\n            sudo systemctl restart app\n";
    let compose = COMPOSE.replace("    ports: [PORT]\n", "");
    let mounted = "http { server { listen 80; add_header X-Content-Type-Options nosniff always; location / { proxy_pass http://web:8000; } } }\n";
    let workflow = format!("{WORKFLOW}{script}");
    let files = [
        ("compose.yaml", compose.as_str()),
        ("nginx.conf", mounted),
        (".github/workflows/deploy.yml", workflow.as_str()),
    ];
    let found = edge(&files);
    assert!(only(&found, "x-frame-options").counts());
    assert!(only(&found, "x-content-type-options").unused.is_some(), "Compose is not what is deployed");
    let composes = format!("{workflow}            docker compose up -d\n");
    let found = edge(&[files[0], files[1], (files[2].0, &composes)]);
    assert!(only(&found, "x-content-type-options").counts());
}

#[test]
fn a_deployment_puts_another_file_in_place() {
    let compose = COMPOSE.replace("    ports: [PORT]\n", "");
    let workflow =
        format!("{WORKFLOW}            cp tls.conf nginx.conf\n            docker compose up -d\n");
    let found = edge(&[
        ("compose.yaml", &compose),
        (
            "nginx.conf",
            "http { server { listen 80; add_header X-Frame-Options DENY always; location / { root /srv; } } }\n",
        ),
        (
            "tls.conf",
            "http { server { listen 443 ssl; add_header Referrer-Policy no-referrer always; location / { root /srv; } } }\n",
        ),
        (".github/workflows/deploy.yml", &workflow),
    ]);
    assert!(only(&found, "referrer-policy").counts());
    assert!(only(&found, "x-frame-options").unused.is_some());
}

#[test]
fn container_apps_of_azure_redirect_unless_told_otherwise() {
    let app = |ingress: &str| {
        edge(&[(
            "main.tf",
            &format!("resource \"azurerm_container_app\" \"web\" {{\n  ingress {{\n{ingress}\n  }}\n}}\n"),
        )])
        .redirects
    };
    let outside = "    external_enabled = true";
    assert!(!app(outside)[0].off);
    assert!(!app(&format!("{outside}\n    allow_insecure_connections = false"))[0].off);
    assert!(app(&format!("{outside}\n    allow_insecure_connections = true"))[0].off);
    assert!(app(&format!("{outside}\n    allow_insecure_connections = var.open")).is_empty());
    assert!(app("    target_port = 8000").is_empty());
}

#[test]
fn constants_of_a_policy_in_django() {
    let settings = "from csp.constants import NONCE, NONE, SELF\n\nMIDDLEWARE = [\n    \"django.middleware.security.SecurityMiddleware\",\n    \"csp.middleware.CSPMiddleware\",\n]\nCONTENT_SECURITY_POLICY = {\n    \"DIRECTIVES\": {\n        \"default-src\": [SELF],\n        \"object-src\": [NONE],\n        \"script-src\": [SELF, NONCE],\n    }\n}\n";
    let found = edge(&[("manage.py", "import django\n"), ("shop/settings.py", settings)]);
    let told = |text: &str| {
        found
            .header("content-security-policy")
            .any(|header| matches!(&header.value, seaworthy_facts::HeaderValue::Text(value) if value.contains(text)))
    };
    assert!(told("script-src 'self' 'nonce-value'") && told("object-src 'none'"), "{:?}", found.headers);
}
