#![allow(clippy::unwrap_used)]

mod deployed;

use seaworthy_facts::{Declared, Edge, HeaderScope, HeaderValue, ResponseHeader};

use crate::{Input, collect};

/// What is known about the edge of a tree with these files.
fn edge(files: &[(&str, &str)]) -> Edge {
    let folder = seaworthy_testkit::tree::folder(files);
    let input = Input {
        folder: folder.path().to_owned(),
        with: Vec::new(),
        declared: Declared::default(),
        change: None,
    };
    collect(&input).unwrap().edge.get().unwrap().clone()
}

fn only<'e>(edge: &'e Edge, name: &'e str) -> &'e ResponseHeader {
    let found: Vec<&ResponseHeader> = edge.header(name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]
}

fn text<'e>(edge: &'e Edge, name: &'e str) -> &'e str {
    only(edge, name).text().unwrap()
}

const SEVEN: &str = r#"server {
    listen 8080;
    add_header Strict-Transport-Security "max-age=63072000" always;
    add_header X-Content-Type-Options "nosniff" always;
    add_header X-Frame-Options "DENY" always;
    add_header X-XSS-Protection "0" always;
    add_header Content-Security-Policy "default-src 'self'; object-src 'none'; base-uri 'self'" always;
    add_header Referrer-Policy "strict-origin-when-cross-origin" always;
    add_header Permissions-Policy "camera=()" always;
    location / { try_files $uri /index.html; INNER }
}
"#;

const SEVEN_NAMES: [&str; 7] = [
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
    "content-security-policy",
    "referrer-policy",
    "permissions-policy",
];

#[test]
fn nginx_headers_count_where_the_file_is_loaded() {
    let configuration = SEVEN.replace("INNER", "");
    let image = ("Dockerfile", "FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n");
    let edge_of = |files: &[(&str, &str)]| edge(files);
    let loaded = edge_of(&[("nginx.conf", &configuration), image]);
    for name in SEVEN_NAMES {
        let header = only(&loaded, name);
        assert!(
            header.counts() && header.lost.is_empty() && header.scope == HeaderScope::Everywhere,
            "{header:?}"
        );
    }
    let alone = edge_of(&[("nginx.conf", &configuration)]);
    for name in SEVEN_NAMES {
        assert!(only(&alone, name).unused.is_some());
    }
}

#[test]
fn an_inner_header_drops_the_outer_ones() {
    let image = ("Dockerfile", "FROM nginx:1.27\nCOPY ./deploy/ /etc/nginx/conf.d/\n");
    let configuration = SEVEN.replace("INNER", "add_header Cache-Control no-store;");
    let found = edge(&[("deploy/site.conf", &configuration), image]);
    for name in SEVEN_NAMES {
        let header = only(&found, name);
        assert_eq!(header.lost.len(), 1, "{name}");
        assert_eq!(header.lost[0].at.line_number(), Some(10));
    }
    let merged = configuration.replace("listen 8080;", "listen 8080; add_header_inherit merge;");
    let found = edge(&[("deploy/site.conf", &merged), image]);
    assert!(SEVEN_NAMES.iter().all(|name| only(&found, name).lost.is_empty()));
}

#[test]
fn nginx_follows_includes_and_misses_always() {
    let found = edge(&[
        (
            "Dockerfile",
            "FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY headers.conf /etc/nginx/snippets/headers.conf\n",
        ),
        (
            "nginx.conf",
            "http { server { listen 80; include snippets/headers.conf; include /etc/nginx/snippets/headers.conf; location / { proxy_pass http://app; } } }",
        ),
        (
            "headers.conf",
            "add_header X-Frame-Options SAMEORIGIN;\nadd_header Referrer-Policy no-referrer always;\n",
        ),
    ]);
    let framing: Vec<_> = found.header("x-frame-options").collect();
    assert!(
        !framing.is_empty() && framing.iter().all(|header| header.lost[0].why.contains("always")),
        "{framing:?}"
    );
    assert!(found.header("referrer-policy").all(|header| header.lost.is_empty() && header.counts()));
}

#[test]
fn nginx_redirects_and_versions() {
    let found = edge(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - ./nginx.conf:/etc/nginx/nginx.conf:ro\n",
        ),
        (
            "nginx.conf",
            "http {\n ssl_protocols TLSv1 TLSv1.2;\n server { listen 80; return 301 https://$host$request_uri; }\n server { listen 443 ssl; ssl_certificate /etc/a.pem; location / { proxy_pass http://app; } }\n}\n",
        ),
    ]);
    assert_eq!(found.redirects.len(), 1);
    assert!(found.redirects[0].permanent);
    assert_eq!(found.protocols[0].oldest, 10);
    assert!(!found.certificates[0].renewed);
    assert!(found.listeners.iter().all(|listener| !listener.plain_content));
}

#[test]
fn caddy_does_it_all_by_itself() {
    let found = edge(&[
        (
            "compose.yml",
            "services:\n  caddy:\n    image: caddy:2\n    volumes: ['./Caddyfile:/etc/caddy/Caddyfile']\n",
        ),
        (
            "Caddyfile",
            "(headers) {\n\theader X-Frame-Options DENY\n}\nshop.example {\n\timport headers\n\theader {\n\t\tReferrer-Policy no-referrer\n\t\t-Server\n\t}\n\treverse_proxy app:3000\n}\n",
        ),
    ]);
    assert_eq!(text(&found, "x-frame-options"), "DENY");
    assert_eq!(text(&found, "referrer-policy"), "no-referrer");
    assert!(found.certificates[0].renewed && found.redirects[0].permanent && found.protocols[0].oldest == 12);
    let local = edge(&[
        (
            "compose.yml",
            "services:\n  caddy:\n    image: caddy:2\n    volumes: ['./Caddyfile:/etc/caddy/Caddyfile']\n",
        ),
        ("Caddyfile", ":80 {\n\treverse_proxy app:3000\n}\n"),
    ]);
    assert!(local.certificates.is_empty() && local.redirects.is_empty());
}

#[test]
fn apache_headers_in_the_document_root() {
    let files = [(
        "public/.htaccess",
        "<IfModule mod_headers.c>\n  Header always set X-Frame-Options \"DENY\"\n  Header set Referrer-Policy no-referrer\n</IfModule>\nRewriteEngine On\nRewriteCond %{HTTPS} off\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]\n",
    )];
    let found = edge(&files);
    assert!(only(&found, "x-frame-options").counts());
    assert_eq!(only(&found, "referrer-policy").lost.len(), 1);
    assert!(found.redirects[0].permanent);
    let other = edge(&[files[0], ("Dockerfile", "FROM php:8.3-fpm\nCOPY . /app\n")]);
    assert!(only(&other, "x-frame-options").unused.is_some());
}

#[test]
fn header_files_of_platforms() {
    let found = edge(&[
        (
            "vercel.json",
            r#"{"headers":[{"source":"/(.*)","headers":[{"key":"X-Frame-Options","value":"DENY"}]},{"source":"/api/(.*)","headers":[{"key":"Referrer-Policy","value":"no-referrer"}]}]}"#,
        ),
        ("package.json", r#"{"dependencies":{"vite":"5"}}"#),
    ]);
    assert_eq!(only(&found, "x-frame-options").scope, HeaderScope::Everywhere);
    assert!(matches!(only(&found, "referrer-policy").scope, HeaderScope::Part(_)));
    let netlify = edge(&[
        (
            "netlify.toml",
            "[[headers]]\nfor = \"/*\"\n[headers.values]\nX-Content-Type-Options = \"nosniff\"\n",
        ),
        ("public/_headers", "/*\n  X-Frame-Options: DENY\n"),
        ("package.json", r#"{"dependencies":{"vite":"5"}}"#),
        ("index.html", "<html></html>"),
    ]);
    assert!(only(&netlify, "x-content-type-options").counts() && only(&netlify, "x-frame-options").counts());
    let nobody = edge(&[("public/_headers", "/*\n  X-Frame-Options: DENY\n")]);
    assert!(only(&nobody, "x-frame-options").unused.is_some());
}

/// Code that sets `X-Frame-Options: DENY` on all answers, in many languages.
const EVERYWHERE: &[(&str, &str)] = &[
    (
        "app.js",
        "app.use((req, res, next) => {\n  res.setHeader('X-Frame-Options', 'DENY');\n  next();\n});\n",
    ),
    (
        "next.config.js",
        "module.exports = { async headers() { return [{ source: '/(.*)', headers: [{ key: 'X-Frame-Options', value: 'DENY' }] }]; } };\n",
    ),
    (
        "src/middleware.ts",
        "export function middleware(request) { const res = NextResponse.next(); res.headers.set('X-Frame-Options', 'DENY'); return res; }\n",
    ),
    (
        "nuxt.config.ts",
        "export default defineNuxtConfig({ routeRules: { '/**': { headers: { 'X-Frame-Options': 'DENY' } } } })\n",
    ),
    (
        "src/hooks.server.ts",
        "export const handle = async ({ event, resolve }) => { const r = await resolve(event); r.headers.set('x-frame-options', 'DENY'); return r; };\n",
    ),
    (
        "main.go",
        "package main\n\nfunc secure(next http.Handler) http.Handler {\n\treturn http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {\n\t\tw.Header().Set(\"X-Frame-Options\", \"DENY\")\n\t\tnext.ServeHTTP(w, r)\n\t})\n}\n\nfunc main() { http.ListenAndServe(\":80\", secure(mux)) }\n",
    ),
    (
        "app.py",
        "@app.after_request\ndef headers(response):\n    response.headers['X-Frame-Options'] = 'DENY'\n    return response\n",
    ),
    (
        "api.py",
        "@app.middleware('http')\nasync def headers(request, call_next):\n    response = await call_next(request)\n    response.headers['X-Frame-Options'] = 'DENY'\n    return response\n",
    ),
    (
        "config/application.rb",
        "class Application < Rails::Application\n  config.action_dispatch.default_headers = { 'X-Frame-Options' => 'DENY' }\nend\n",
    ),
    (
        "Program.cs",
        "app.Use(async (context, next) =>\n{\n    context.Response.Headers.Append(\"X-Frame-Options\", \"DENY\");\n    await next();\n});\n",
    ),
    (
        "Startup.cs",
        "app.Use(async (context, next) =>\n{\n    context.Response.Headers[\"X-Frame-Options\"] = \"DENY\";\n    await next();\n});\n",
    ),
    (
        "src/main.rs",
        "fn app() -> Router {\n    Router::new().layer(SetResponseHeaderLayer::overriding(header::X_FRAME_OPTIONS, HeaderValue::from_static(\"DENY\")))\n}\nfn main() { app(); }\n",
    ),
    (
        "src/server.rs",
        "fn main() {\n    App::new().wrap(middleware::DefaultHeaders::new().add((\"X-Frame-Options\", \"DENY\")));\n}\n",
    ),
    (
        "lib/router.ex",
        "defmodule Router do\n  pipeline :browser do\n    plug :put_secure_browser_headers, %{\"x-frame-options\" => \"DENY\", \"referrer-policy\" => \"no-referrer\"}\n  end\nend\n",
    ),
    ("public/index.php", "<?php\nheader('X-Frame-Options: DENY');\nrequire 'app.php';\n"),
    (
        "src/main/java/HeaderFilter.java",
        "@Component\nclass HeaderFilter extends OncePerRequestFilter {\n  protected void doFilterInternal(HttpServletRequest q, HttpServletResponse r, FilterChain chain) {\n    r.setHeader(\"X-Frame-Options\", \"DENY\");\n    chain.doFilter(q, r);\n  }\n}\n",
    ),
];

#[test]
fn a_short_name_for_a_function_that_makes_values_is_followed() {
    for made in ["HeaderValue::from_static", "|text| HeaderValue::from_static(text)"] {
        let code = format!(
            "async fn common(request: Request, next: Next) -> impl IntoResponse {{\n    let v = {made};\n    let response = next.run(request).await;\n    let mut headers = HeaderMap::new();\n    headers.insert(header::X_FRAME_OPTIONS, v(\"SAMEORIGIN\"));\n    (headers, response)\n}}\nfn app() -> Router {{ Router::new().layer(from_fn(common)) }}\nfn main() {{ app(); }}\n"
        );
        let found = edge(&[("src/main.rs", code.as_str())]);
        assert_eq!(
            only(&found, "x-frame-options").value,
            HeaderValue::Text("SAMEORIGIN".to_owned()),
            "{made}"
        );
    }
}

#[test]
fn middleware_in_many_languages_is_everywhere() {
    for (path, code) in EVERYWHERE {
        let found = edge(&[(path, code)]);
        let header = only(&found, "x-frame-options");
        assert_eq!(header.text(), Some("DENY"), "{path}");
        assert_eq!(header.scope, HeaderScope::Everywhere, "{path}");
        assert!(header.counts(), "{path}: {header:?}");
    }
}

#[test]
fn one_handler_is_a_part_and_reading_is_nothing() {
    let part = edge(&[(
        "app.js",
        "app.get('/pdf', (req, res) => { res.setHeader('X-Frame-Options', 'DENY'); res.send(pdf); });\n",
    )]);
    assert!(matches!(only(&part, "x-frame-options").scope, HeaderScope::Part(_)));
    let controller = edge(&[(
        "app/Http/Controllers/Pdf.php",
        "<?php\nclass Pdf {\n  public function show() {\n    return response($pdf)->header('X-Frame-Options', 'DENY');\n  }\n}\n",
    )]);
    assert!(matches!(only(&controller, "x-frame-options").scope, HeaderScope::Part(_)));
    let read = edge(&[(
        "app.js",
        "if (res.headers.get('X-Frame-Options') === 'DENY') { console.log('X-Frame-Options', 'ok'); }\n",
    )]);
    assert_eq!(read.headers, []);
    let test = edge(&[("test/app.test.js", EVERYWHERE[0].1)]);
    assert_eq!(test.headers, []);
}

#[test]
fn middleware_that_nothing_uses_counts_for_nothing() {
    let middleware = (
        "app/Http/Middleware/Secure.php",
        "<?php\nclass Secure {\n  public function handle($request, Closure $next) {\n    $response = $next($request);\n    $response->headers->set('X-Frame-Options', 'DENY');\n    return $response;\n  }\n}\n",
    );
    assert!(only(&edge(&[middleware]), "x-frame-options").unused.is_some());
    let used = edge(&[
        middleware,
        (
            "bootstrap/app.php",
            "<?php\n$app->withMiddleware(function ($middleware) { $middleware->append(Secure::class); });\n",
        ),
    ]);
    assert!(only(&used, "x-frame-options").counts());
}

#[test]
fn switches_and_development_are_told_apart() {
    let code = "const force = process.env.FORCE_SSL || '';\napp.use((req, res, next) => {\n  if (force) { res.setHeader('Strict-Transport-Security', 'max-age=1'); }\n  if (isDev) { res.setHeader('X-Frame-Options', 'ALLOWALL'); }\n  next();\n});\n";
    let found = edge(&[("app.js", code)]);
    let switch = only(&found, "strict-transport-security").switch.clone().unwrap();
    assert_eq!((switch.name.as_str(), switch.on), ("FORCE_SSL", Some(false)));
    assert_eq!(found.header("x-frame-options").count(), 0);
}

#[test]
fn values_are_put_together_from_what_the_file_holds() {
    let code = "const policy = [\"default-src 'self'\", `script-src 'self' ${extra}`].join('; ');\napp.use((req, res, next) => { res.set('Content-Security-Policy', policy); next(); });\n";
    let found = edge(&[("app.js", code)]);
    assert_eq!(
        only(&found, "content-security-policy").value,
        HeaderValue::Computed("default-src 'self'; script-src 'self' …".to_owned())
    );
    let python = "POLICY = 'camera=()'\n\n@app.after_request\ndef headers(response):\n    response.headers['Permissions-Policy'] = POLICY\n    return response\n";
    assert_eq!(text(&edge(&[("app.py", python)]), "permissions-policy"), "camera=()");
    let list = python.replace("'camera=()'", "', '.join(['camera=()', 'usb=()'])");
    assert_eq!(text(&edge(&[("app.py", &list)]), "permissions-policy"), "camera=(), usb=()");
}

#[test]
fn documents_carry_policies() {
    let found = edge(&[(
        "index.html",
        "<head>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\">\n</head>",
    )]);
    assert_eq!(only(&found, "content-security-policy").scope, HeaderScope::Pages);
}

#[test]
fn helmet_by_version_and_option() {
    let package =
        |version: &str| format!("{{\"dependencies\":{{\"helmet\":\"{version}\",\"express\":\"4\"}}}}");
    let found = edge(&[
        ("package.json", &package("8.0.0")),
        ("app.js", "const helmet = require('helmet');\napp.use(helmet());\n"),
    ]);
    assert_eq!(text(&found, "strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert!(text(&found, "content-security-policy").contains("script-src 'self'"));
    let code = "app.use(helmet({ contentSecurityPolicy: false, hsts: { maxAge: 60 * 60 }, referrerPolicy: { policy: 'same-origin' } }));\n";
    let found = edge(&[("package.json", &package("^7.1.0")), ("app.js", code)]);
    assert_eq!(only(&found, "content-security-policy").value, HeaderValue::Removed);
    assert_eq!(text(&found, "strict-transport-security"), "max-age=3600");
    assert_eq!(text(&found, "referrer-policy"), "same-origin");
    let code = "app.use(helmet({ contentSecurityPolicy: { directives: { scriptSrc: [\"'self'\", \"'unsafe-inline'\"] } } }));\n";
    let found = edge(&[("package.json", &package("7.0.0")), ("app.js", code)]);
    let policy = text(&found, "content-security-policy");
    assert!(
        policy.contains("script-src 'self' 'unsafe-inline'") && policy.contains("base-uri 'self'"),
        "{policy}"
    );
}

const DJANGO: &str = "MIDDLEWARE = [\n    'django.middleware.security.SecurityMiddleware',\n    'django.contrib.sessions.middleware.SessionMiddleware',\n    'django.middleware.clickjacking.XFrameOptionsMiddleware',\n]\n";

#[test]
fn django_by_middleware_and_settings() {
    let requirements = ("requirements.txt", "Django==5.1\n");
    let found = edge(&[requirements, ("shop/settings.py", DJANGO)]);
    assert_eq!(text(&found, "x-content-type-options"), "nosniff");
    assert_eq!(text(&found, "referrer-policy"), "same-origin");
    assert_eq!(text(&found, "x-frame-options"), "DENY");
    assert!(found.cookies[0].default && found.redirects.is_empty());
    let settings = format!(
        "{DJANGO}import os\nSECURE_SSL_REDIRECT = os.getenv('SSL_REDIRECT', 'True') == 'True'\nSESSION_COOKIE_SECURE = True\nif not DEBUG:\n    SECURE_HSTS_SECONDS = 31536000\nSECURE_CONTENT_TYPE_NOSNIFF = False\n"
    );
    let found = edge(&[requirements, ("shop/settings.py", &settings)]);
    assert_eq!(only(&found, "x-content-type-options").value, HeaderValue::Removed);
    assert_eq!(text(&found, "strict-transport-security"), "max-age=31536000");
    assert_eq!(found.redirects[0].switch.as_ref().unwrap().on, Some(true));
    assert_eq!(found.cookies[0].secure, Some(true));
    // A number read from the environment has the default that the code gives it.
    for (value, seconds) in [
        ("config('SECURE_HSTS_SECONDS', default=31536000, cast=int)", 31_536_000),
        ("env.int('HSTS_SECONDS', default=60 * 60 * 24 * 365)", 31_536_000),
        ("int(os.environ.get('HSTS_SECONDS', '3600'))", 3_600),
    ] {
        let found =
            edge(&[requirements, ("shop/settings.py", &format!("{DJANGO}SECURE_HSTS_SECONDS = {value}\n"))]);
        assert_eq!(text(&found, "strict-transport-security"), format!("max-age={seconds}"), "{value}");
        assert!(only(&found, "strict-transport-security").switch.is_none());
    }
    let off = format!("{DJANGO}SECURE_SSL_REDIRECT = env.bool('SSL_REDIRECT', default=False)\n");
    let found = edge(&[requirements, ("shop/settings.py", &off)]);
    assert_eq!(found.redirects[0].switch.as_ref().unwrap().on, Some(false));
}

#[test]
fn django_settings_under_a_test_of_the_command_are_not_told() {
    let requirements = ("requirements.txt", "Django==5.1\n");
    for settings in [
        "SERVING = 'runserver' in sys.argv\nSECURE_SSL_REDIRECT = True\nSESSION_COOKIE_SECURE = True\nif SERVING:\n    SECURE_SSL_REDIRECT = False\n    SESSION_COOKIE_SECURE = False\n",
        "if 'runserver' not in sys.argv:\n    SECURE_SSL_REDIRECT = True\n    SESSION_COOKIE_SECURE = True\n",
        "if DEBUG or 'runserver' in sys.argv:\n    SECURE_SSL_REDIRECT = False\n    SESSION_COOKIE_SECURE = False\nelse:\n    SECURE_SSL_REDIRECT = True\n    SESSION_COOKIE_SECURE = True\n",
    ] {
        let found = edge(&[requirements, ("shop/settings.py", &format!("{DJANGO}import sys\n{settings}"))]);
        if let Some(redirect) = found.redirects.first() {
            assert_eq!(redirect.switch.as_ref().map(|switch| switch.on), Some(None), "{settings}");
        }
        assert!(
            found.cookies.iter().all(|cookie| cookie.default && cookie.secure != Some(true)),
            "{settings}"
        );
    }
    let tests = "SECURE_SSL_REDIRECT = True\nSESSION_COOKIE_SECURE = True\nif 'test' in sys.argv:\n    SECURE_SSL_REDIRECT = False\n";
    let found = edge(&[requirements, ("shop/settings.py", &format!("{DJANGO}import sys\n{tests}"))]);
    assert!(found.redirects[0].switch.is_none() && found.cookies[0].secure == Some(true));
}

#[test]
fn rails_by_version_and_force_ssl() {
    let found = edge(&[
        ("Gemfile", "gem 'rails', '~> 7.1'\n"),
        (
            "config/application.rb",
            "module Shop\n  class Application < Rails::Application\n    config.load_defaults 7.1\n  end\nend\n",
        ),
        (
            "config/environments/production.rb",
            "Rails.application.configure do\n  config.force_ssl = true\n  config.ssl_options = { hsts: { expires: 365.days } }\nend\n",
        ),
        (
            "config/initializers/content_security_policy.rb",
            "Rails.application.configure do\n  config.content_security_policy do |policy|\n    policy.default_src :self, :https\n    policy.script_src :self\n  end\nend\n",
        ),
    ]);
    assert_eq!(text(&found, "x-frame-options"), "SAMEORIGIN");
    assert_eq!(text(&found, "x-xss-protection"), "0");
    assert_eq!(text(&found, "strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert_eq!(text(&found, "content-security-policy"), "default-src 'self' https:; script-src 'self'");
    assert!(found.redirects[0].permanent && found.cookies[0].secure == Some(true));
    let off = edge(&[("config/environments/production.rb", "  config.force_ssl = false\n")]);
    assert!(off.redirects[0].off);
    // Where every request is taken for HTTPS, none is redirected.
    let assumed = edge(&[(
        "config/environments/production.rb",
        "  config.assume_ssl = true\n  config.force_ssl = true\n",
    )]);
    assert!(assumed.redirects.is_empty() && assumed.cookies[0].secure == Some(true));
    let commented = edge(&[(
        "config/environments/production.rb",
        "  # config.assume_ssl = true\n  config.force_ssl = true\n",
    )]);
    assert_eq!(commented.redirects.len(), 1);
}

#[test]
fn policies_of_asp_net_core_are_made_beside_their_use() {
    let found = edge(&[
        ("Shop/Program.cs", "app.UseSecurityHeaders(Headers.All());\napp.UseHsts();\n"),
        (
            "Shop/Services.cs",
            "services.AddHsts(options =>\n{\n    options.MaxAge = TimeSpan.FromDays(365);\n});\n",
        ),
        (
            "Shop/Headers.cs",
            "private static readonly string[] Scripts = [\"https://a.example\"];\nreturn new HeaderPolicyCollection()\n    .AddFrameOptionsDeny()\n    .AddXssProtectionDisabled()\n    .AddContentSecurityPolicy(csp =>\n    {\n        csp.AddDefaultSrc().Self();\n        csp.AddScriptSrc()\n            .Self()\n            .WithNonce()\n            .From(Scripts);\n        csp.AddBlockAllMixedContent();\n    });\n",
        ),
    ]);
    assert_eq!(text(&found, "strict-transport-security"), "max-age=31536000");
    assert_eq!(text(&found, "x-frame-options"), "DENY");
    assert_eq!(text(&found, "x-xss-protection"), "0");
    assert_eq!(
        text(&found, "content-security-policy"),
        "default-src 'self'; script-src 'self' 'nonce-made' https://a.example"
    );
    let unknown =
        "new HeaderPolicyCollection().AddContentSecurityPolicy(c => c.AddScriptSrc().From(Made()));\n";
    let unknown = edge(&[("Shop/Headers.cs", unknown)]);
    assert!(matches!(only(&unknown, "content-security-policy").value, HeaderValue::Computed(_)));
}

#[test]
fn services_of_fly_end_tls_at_its_proxy() {
    let services = "app = \"shop\"\n[[services]]\ninternal_port = 8080\n[[services.ports]]\nport = 443\nhandlers = [\"tls\", \"http\"]\n";
    assert_eq!(edge(&[("fly.toml", services)]).protocols[0].oldest, 12);
    assert!(edge(&[("fly.toml", &services.replace("\"tls\", ", ""))]).protocols.is_empty());
}

#[test]
fn a_session_of_plug_is_secure_over_https_only() {
    let endpoint = |options: &str| {
        let text = format!(
            "  @session_options [\n    store: :cookie,\n    key: \"_shop\"{options}\n  ]\n  plug Plug.Session, @session_options\n"
        );
        edge(&[("lib/shop_web/endpoint.ex", &text)]).cookies
    };
    let plain = endpoint("");
    assert!(plain[0].secure == Some(false) && plain[0].default);
    assert_eq!(endpoint(",\n    secure: true")[0].secure, Some(true));
    let forwarded = edge(&[("config/prod.exs", "  force_ssl: [rewrite_on: [:x_forwarded_proto]]\n")]);
    assert_eq!(forwarded.cookies[0].secure, Some(true));
}

#[test]
fn a_catch_all_server_that_closes_the_connection_sends_no_headers() {
    let configuration = "server { listen 80 default_server; server_name _; return 444; }\nserver { listen 443 ssl default_server; ssl_reject_handshake on; }\nserver { listen 443 ssl; server_name shop.example; add_header X-Content-Type-Options nosniff always; location / { proxy_pass http://app; } }\n";
    let image = ("Dockerfile", "FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n");
    let found = edge(&[("nginx.conf", configuration), image]);
    assert!(only(&found, "x-content-type-options").lost.is_empty());
    assert!(found.listeners.iter().all(|listener| !listener.plain_content));
}

#[test]
fn spring_security_defaults_and_what_is_switched_off() {
    let code = "@Configuration\nclass Security {\n  @Bean SecurityFilterChain chain(HttpSecurity http) {\n    http.headers(h -> h.frameOptions(f -> f.disable()).contentSecurityPolicy(c -> c.policyDirectives(\"script-src 'self'\")));\n    return http.build();\n  }\n}\n";
    let found = edge(&[
        ("src/main/java/Security.java", code),
        ("src/main/resources/application.yml", "server:\n  forward-headers-strategy: framework\n"),
    ]);
    assert_eq!(only(&found, "x-frame-options").value, HeaderValue::Removed);
    assert_eq!(text(&found, "x-content-type-options"), "nosniff");
    assert_eq!(text(&found, "content-security-policy"), "script-src 'self'");
    assert!(only(&found, "strict-transport-security").counts());
    let behind = edge(&[("src/main/java/Security.java", code)]);
    assert!(!only(&behind, "strict-transport-security").counts());
}

#[test]
fn other_frameworks() {
    let dotnet = edge(&[("Program.cs", "app.UseHsts();\napp.UseHttpsRedirection();\n")]);
    assert_eq!(text(&dotnet, "strict-transport-security"), "max-age=2592000");
    assert!(!dotnet.redirects[0].permanent);
    let talisman = edge(&[(
        "app.py",
        "from flask_talisman import Talisman\nTalisman(app, content_security_policy=None)\n",
    )]);
    assert_eq!(only(&talisman, "content-security-policy").value, HeaderValue::Removed);
    assert_eq!(text(&talisman, "x-frame-options"), "SAMEORIGIN");
    let go = edge(&[(
        "main.go",
        "package main\n\nimport \"github.com/unrolled/secure\"\n\nfunc main() {\n\tm := secure.New(secure.Options{FrameDeny: true, STSSeconds: 31536000, SSLRedirect: true})\n\thttp.SetCookie(w, &http.Cookie{Name: \"session\", Value: id, HttpOnly: true})\n}\n",
    )]);
    assert_eq!(text(&go, "x-frame-options"), "DENY");
    assert!(go.redirects[0].permanent && go.cookies[0].secure == Some(false));
    let plug = edge(&[
        ("mix.exs", "{:phoenix, \"~> 1.8\"}"),
        (
            "lib/shop_web/router.ex",
            "  pipeline :browser do\n    plug :put_secure_browser_headers\n    plug ShopWeb.ContentSecurityPolicy,\n      nonces_for: [:script_src],\n      directives: %{\n        # default_src: ~w(*)\n        default_src: ~w('self'),\n        script_src: ~w('strict-dynamic'),\n        frame_ancestors: ~w('none')\n      }\n  end\n",
        ),
    ]);
    assert!(plug.headers.iter().any(|header| {
        header.name == "content-security-policy"
            && header.value
                == HeaderValue::Text(
                    "default-src 'self'; script-src 'strict-dynamic' 'nonce-value'; frame-ancestors 'none'"
                        .to_owned(),
                )
    }));
    let phoenix = edge(&[
        ("mix.lock", ""),
        ("lib/shop_web/router.ex", "  plug :put_secure_browser_headers\n"),
        (
            "config/prod.exs",
            "config :shop, ShopWeb.Endpoint,\n  force_ssl: [rewrite_on: [:x_forwarded_proto]]\n",
        ),
    ]);
    assert_eq!(text(&phoenix, "x-content-type-options"), "nosniff");
    assert_eq!(text(&phoenix, "strict-transport-security"), "max-age=31536000");
    let laravel = edge(&[
        ("config/session.php", "<?php\nreturn [\n    'secure'   => env('SESSION_SECURE_COOKIE'),\n];\n"),
        (".env.example", "SESSION_SECURE_COOKIE=false\n"),
    ]);
    assert_eq!(laravel.cookies[0].secure, Some(false));
}

#[test]
fn infrastructure_says_its_part() {
    let found = edge(&[(
        "main.tf",
        "resource \"aws_lb_listener\" \"http\" {\n  protocol = \"HTTP\"\n  default_action {\n    type = \"redirect\"\n    redirect {\n      protocol    = \"HTTPS\"\n      status_code = \"HTTP_301\"\n    }\n  }\n}\nresource \"aws_lb_listener\" \"https\" {\n  protocol   = \"HTTPS\"\n  ssl_policy = \"ELBSecurityPolicy-TLS13-1-2-2021-06\"\n  certificate_arn = aws_acm_certificate.main.arn\n}\n",
    )]);
    assert!(found.redirects[0].permanent);
    assert_eq!(found.protocols[0].oldest, 12);
    assert!(found.certificates[0].renewed);
    let traefik = edge(&[(
        "docker-compose.yml",
        "services:\n  app:\n    build: .\n    labels:\n      - traefik.http.routers.app.tls.certresolver=le\n      - traefik.http.middlewares.sec.headers.framedeny=true\n      - traefik.http.middlewares.sec.headers.stsseconds=31536000\n",
    )]);
    assert_eq!(text(&traefik, "x-frame-options"), "DENY");
    assert_eq!(text(&traefik, "strict-transport-security"), "max-age=31536000");
    assert!(traefik.certificates[0].renewed);
}

#[test]
fn nginx_by_its_version() {
    let configuration =
        "server { listen 443 ssl; ssl_certificate /a.pem; location / { proxy_pass http://app; } }\n";
    let with = |tag: &str| {
        let image = format!("FROM nginx:{tag}\nCOPY site.conf /etc/nginx/conf.d/\n");
        edge(&[("Dockerfile", &image), ("site.conf", configuration)]).protocols.len()
    };
    assert_eq!((with("1.28-alpine"), with("1.27.3"), with("1.25"), with("alpine")), (1, 1, 0, 0));
}

#[test]
fn one_of_several_servers_sets_its_own() {
    let package = r#"{"name":"a","dependencies":{"express":"4.18.0"}}"#;
    let server = "const express = require('express');\nconst app = express();\n";
    let secured = format!("{server}{}app.listen(3000);\n", EVERYWHERE[0].1);
    let plain = format!("{server}app.listen(3000);\n");
    let services = |one: &str, other: &str| {
        edge(&[
            ("orders/package.json", package),
            ("orders/Dockerfile", "FROM node:22\nCMD [\"node\", \"app.js\"]\n"),
            ("orders/app.js", one),
            ("billing/package.json", package),
            ("billing/Dockerfile", "FROM node:22\nCMD [\"node\", \"app.js\"]\n"),
            ("billing/app.js", other),
        ])
    };
    let one = services(&secured, &plain);
    assert!(matches!(only(&one, "x-frame-options").scope, HeaderScope::Part(_)), "{:?}", one.headers);
    let both = services(&secured, &secured);
    assert!(both.header("x-frame-options").all(|header| header.scope == HeaderScope::Everywhere));
}

#[test]
fn haproxy_and_iis() {
    let proxy = edge(&[
        (
            "compose.yaml",
            "services:\n  proxy:\n    image: haproxy:3.0\n    volumes:\n      - ./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg\n",
        ),
        (
            "haproxy.cfg",
            "frontend web\n  bind :443 ssl crt /a.pem ssl-min-ver TLSv1.2\n  http-request redirect scheme https code 301 unless { ssl_fc }\n  http-response set-header X-Frame-Options DENY\n",
        ),
    ]);
    assert_eq!(text(&proxy, "x-frame-options"), "DENY");
    assert!(proxy.redirects[0].permanent && proxy.protocols[0].oldest == 12);
    let windows = edge(&[(
        "web.config",
        "<configuration><system.webServer><httpProtocol><customHeaders>\n<add name=\"X-Frame-Options\" value=\"DENY\" />\n</customHeaders></httpProtocol></system.webServer></configuration>",
    )]);
    assert_eq!(text(&windows, "x-frame-options"), "DENY");
}

#[test]
fn what_the_application_sets_takes_the_place_of_a_default() {
    let found = edge(&[
        ("package.json", r#"{"dependencies":{"koa-helmet":"^6.1.0","koa":"2"}}"#),
        ("main.ts", "import helmet from \"koa-helmet\";\napp.use(helmet());\n"),
        (
            "middlewares/csp.ts",
            "import { contentSecurityPolicy } from \"koa-helmet\";\nexport default () => contentSecurityPolicy({ directives: { scriptSrc: [\"'self'\", \"'unsafe-inline'\"] } });\n",
        ),
    ]);
    assert!(text(&found, "content-security-policy").contains("'unsafe-inline'"));
    assert_eq!(text(&found, "referrer-policy"), "no-referrer");
}

#[test]
fn cookies_of_requests_and_switches_that_are_off_are_no_contradiction() {
    let request =
        "package main\n\nfunc call() {\n\treq.AddCookie(&http.Cookie{Name: \"token\", Value: token})\n}\n";
    assert_eq!(edge(&[("client.go", request)]).cookies, []);
    let settings =
        format!("{DJANGO}SESSION_COOKIE_SECURE = getattr(configuration, 'SESSION_COOKIE_SECURE', False)\n");
    let found = edge(&[("shop/settings.py", &settings)]);
    assert!(found.cookies.iter().all(|cookie| cookie.default), "{:?}", found.cookies);
}

#[test]
fn sveltekit_adds_nonces_to_its_policy() {
    let code = "export default { kit: { csp: { directives: { 'script-src': ['self'], 'object-src': ['none'] } } } };\n";
    let found = edge(&[("svelte.config.js", code)]);
    assert!(text(&found, "content-security-policy").starts_with("script-src 'nonce-kit'"), "{found:?}");
}

#[test]
fn helmet_4_adds_its_directives_only_where_asked() {
    let policy = |version: &str, options: &str| {
        let package = format!("{{\"dependencies\":{{\"helmet\":\"{version}\",\"express\":\"4\"}}}}");
        let code = format!(
            "const helmet = require('helmet');\napp.use(helmet({{ contentSecurityPolicy: {options} }}));\n"
        );
        let found = edge(&[("package.json", &package), ("app.js", &code)]);
        text(&found, "content-security-policy").to_owned()
    };
    let given = "{ directives: { defaultSrc: [\"'self'\"] } }";
    assert!(!policy("4.6.0", given).contains("object-src"));
    assert!(policy("5.1.0", given).contains("object-src"));
    assert!(policy("4.6.0", &given.replacen('{', "{ useDefaults: true,", 1)).contains("object-src"));
    assert!(
        !policy("4.6.0", "true").contains("form-action") && policy("5.1.0", "true").contains("form-action")
    );
}

#[test]
fn directives_from_elsewhere_are_not_helmets_own() {
    let code = "import { contentSecurityPolicy } from \"koa-helmet\";\nconst directives = build();\nexport default () => contentSecurityPolicy({ directives });\n";
    let found = edge(&[("middlewares/csp.ts", code)]);
    assert_eq!(only(&found, "content-security-policy").value, HeaderValue::Computed("…".to_owned()));
}

const WORKLOAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      volumes:\n      - name: conf\n        configMap: {name: web-nginx}\n";

#[test]
fn nginx_in_a_config_map_counts_where_it_is_mounted() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-nginx\ndata:\n  default.conf: |\n    server {\n      listen 8080;\n      add_header X-Frame-Options DENY always;\n    }\n";
    let found = edge(&[("k8s/map.yaml", map), ("k8s/web.yaml", WORKLOAD)]);
    assert_eq!(text(&found, "x-frame-options"), "DENY");
    assert_eq!(only(&found, "x-frame-options").at.line_number(), Some(9));
    // Neither without a workload, nor by the name of the file.
    assert_eq!(edge(&[("k8s/nginx-map.yaml", map)]).headers, []);
}

#[test]
fn ingress_nginx_is_told_by_a_config_map_or_by_its_chart() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ingress-nginx-controller}\ndata:\n  ssl-protocols: TLSv1.1 TLSv1.2\n  hsts-max-age: \"31536000\"\n  add-headers: ingress-nginx/extra\n";
    let extra = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata:\n  X-Content-Type-Options: nosniff\n";
    let found = edge(&[("k8s/map.yaml", map), ("k8s/extra.yaml", extra)]);
    assert_eq!(found.protocols[0].oldest, 11);
    assert_eq!(text(&found, "strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert_eq!(text(&found, "x-content-type-options"), "nosniff");
    let release = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: ingress}\nspec:\n  chart: ingress-nginx\n  valuesContent: |\n    controller:\n      config: {ssl-protocols: TLSv1.3}\n      addHeaders: {X-Frame-Options: DENY}\n";
    let found = edge(&[("k8s/ingress.yaml", release)]);
    assert_eq!(found.protocols[0].oldest, 13);
    assert_eq!(text(&found, "x-frame-options"), "DENY");
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {ssl-protocols: TLSv1}\n";
    assert_eq!(edge(&[("k8s/map.yaml", other)]).protocols, []);
}

#[test]
fn traefik_files_count_where_they_are_mounted() {
    let compose =
        "services:\n  proxy:\n    image: traefik:v3\n    volumes: [\"./traefik:/etc/traefik:ro\"]\n";
    let dynamic = "http:\n  middlewares:\n    safe:\n      headers:\n        stsSeconds: 31536000\n        stsIncludeSubdomains: true\n        frameDeny: true\n        customResponseHeaders: {Permissions-Policy: camera=()}\ntls:\n  options:\n    default: {minVersion: VersionTLS12}\n";
    let fixed = "[entryPoints.web.http.redirections.entryPoint]\nto = \"websecure\"\n[certificatesResolvers.le.acme]\nemail = \"a@example.org\"\n";
    let files = [("traefik/dynamic.yml", dynamic), ("traefik/traefik.toml", fixed)];
    let found = edge(&[files[0], files[1], ("compose.yml", compose)]);
    assert_eq!(text(&found, "strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert!(only(&found, "x-frame-options").counts() && only(&found, "permissions-policy").counts());
    assert!(found.redirects.iter().any(|redirect| redirect.permanent));
    assert!(found.certificates.iter().any(|certificate| certificate.renewed));
    assert!(
        found.protocols.iter().any(|protocol| protocol.by.contains("minVersion") && protocol.oldest == 12)
    );
    let alone = edge(&files);
    assert!(only(&alone, "x-frame-options").unused.is_some());
    assert!(alone.redirects.is_empty() && alone.protocols.is_empty());
}

#[test]
fn programs_that_nothing_reads_may_hold_the_edge() {
    let found = edge(&[
        ("infra/main.bicep", "param a string\n"),
        ("infra/cdk.json", "{\"app\": \"x\"}\n"),
        ("jobs/web.job", "job \"web\" {\n  group \"web\" {\n    task \"web\" {}\n  }\n}\n"),
    ]);
    assert_eq!(found.unread.len(), 3, "{:?}", found.unread);
}
