#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Component, Location, LogShape, Logging, Observed, System};

use super::*;
use crate::tree::Limits;

fn read(files: &[(&str, &str)]) -> Logging {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = crate::scan::scan(&tree, &needles);
    let server = Observed::new("server".to_owned(), Location::file("x"));
    let component =
        Component { folder: ".".to_owned(), http_server: Some(server), ships: true, ..Component::default() };
    collect(&tree, &scan, &plan, &System { components: vec![component], ..System::default() })
}

/// What production writes, by the first format that is on.
fn shape(path: &str, text: &str) -> Option<LogShape> {
    read(&[(path, text)]).formats.into_iter().find(|format| format.off.is_none()).map(|format| format.shape)
}

#[test]
fn loggers_of_each_stack() {
    let json = Some(LogShape::Json);
    assert_eq!(
        shape("src/log.ts", "import pino from 'pino'\nexport const log = pino({ level: 'info' })\n"),
        json
    );
    let development = "import pino from 'pino'\nexport const log = pino({\n  transport: process.env.NODE_ENV !== 'production' ? { target: 'pino-pretty' } : undefined,\n})\n";
    assert_eq!(shape("src/log.ts", development), json);
    let always =
        "import pino from 'pino'\nexport const log = pino({ transport: { target: 'pino-pretty' } })\n";
    assert_eq!(shape("src/log.ts", always), Some(LogShape::Text));
    let winston = "const winston = require('winston');\nmodule.exports = winston.createLogger({ format: winston.format.json() });\n";
    assert_eq!(shape("log.js", winston), json);
    let elsewhere = "import { WinstonModule } from 'nest-winston';\nimport { options } from './options';\nexport const log = WinstonModule.createLogger(options);\n";
    assert_eq!(shape("src/log.ts", elsewhere), None);
    let people = "import * as winston from 'winston';\nexport const options = { format: winston.format.combine(utilities.format.nestLike('Shop')) };\n";
    assert_eq!(shape("src/options.ts", people), Some(LogShape::Text));
    let structlog =
        "import structlog\nstructlog.configure(processors=[structlog.processors.JSONRenderer()])\n";
    assert_eq!(shape("app/log.py", structlog), json);
    let django = "LOGGING = {\n  'formatters': {'json': {'()': 'pythonjsonlogger.json.JsonFormatter'}},\n  'handlers': {'console': {'class': 'logging.StreamHandler', 'formatter': 'json'}},\n}\n";
    assert_eq!(shape("app/settings.py", django), json);
    assert_eq!(
        shape("app/settings.py", &django.replace("'formatter': 'json'", "'formatter': 'plain'")),
        None
    );
    assert_eq!(
        shape("config/initializers/a.rb", "config.lograge.formatter = Lograge::Formatters::Json.new\n"),
        json
    );
    assert_eq!(shape("config/environments/development.rb", "config.lograge.enabled = true\n"), None);
    let go = "package main\nfunc main() { slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil))) }\n";
    assert_eq!(shape("main.go", go), json);
    let rust = "fn main() { tracing_subscriber::fmt().json().init(); }\n";
    assert_eq!(shape("src/main.rs", rust), json);
    let switched = "fn main() { if config.json { tracing_subscriber::fmt().json().init(); } }\n";
    assert_eq!(shape("src/main.rs", switched), None);
    assert_eq!(
        shape("src/main/resources/application.properties", "logging.structured.format.console=ecs\n"),
        json
    );
    assert_eq!(
        shape("src/main/resources/application-dev.properties", "logging.structured.format.console=ecs\n"),
        None
    );
    assert_eq!(shape("Program.cs", "builder.Logging.AddJsonConsole();\n"), json);
    let elixir =
        "import Config\nconfig :logger, :default_handler, formatter: LoggerJSON.Formatters.Basic.new([])\n";
    assert_eq!(shape("config/prod.exs", elixir), json);
    let logback = "<configuration><appender name=\"A\"><encoder class=\"net.logstash.logback.encoder.LogstashEncoder\"/></appender><root><appender-ref ref=\"A\"/></root></configuration>";
    assert_eq!(shape("src/main/resources/logback-spring.xml", logback), json);
    assert_eq!(
        shape("src/main/resources/logback-spring.xml", &logback.replace("ref ref=\"A\"", "ref ref=\"B\"")),
        None
    );
}

#[test]
fn a_switch_counts_by_its_default() {
    let on = "import os, structlog\nif os.getenv('LOG_FORMAT', 'json') == 'json':\n    r = structlog.processors.JSONRenderer()\n";
    assert_eq!(shape("app/log.py", on), Some(LogShape::Json));
    assert_eq!(shape("app/log.py", &on.replace("'LOG_FORMAT', 'json'", "'LOG_FORMAT', 'text'")), None);
    let unset =
        "import os, structlog\nif os.environ.get('LOG_JSON'):\n    r = structlog.processors.JSONRenderer()\n";
    assert_eq!(shape("app/log.py", unset), None);
    let deployed = read(&[("app/log.py", unset), ("Dockerfile", "FROM python:3.13\nENV LOG_JSON=true\n")]);
    assert!(deployed.formats.iter().any(|format| format.off.is_none()));
}

#[test]
fn the_channels_of_laravel_that_are_in_use() {
    let config = "<?php\nreturn [\n  'default' => env('LOG_CHANNEL', 'stack'),\n  'channels' => [\n    'stack' => ['driver' => 'stack', 'channels' => explode(',', env('LOG_STACK', 'daily'))],\n    'daily' => ['driver' => 'daily', 'path' => storage_path('logs/laravel.log'), 'level' => env('LOG_LEVEL', 'debug'), 'days' => 14],\n    'json' => ['driver' => 'single', 'path' => 'php://stdout', 'formatter' => JsonFormatter::class],\n  ],\n];\n";
    let daily = read(&[("config/logging.php", config)]);
    assert!(daily.limits.iter().any(|limit| limit.ends && limit.says.contains("14")));
    assert!(daily.levels.iter().any(|level| level.settable));
    assert!(daily.files.iter().all(|file| !file.served) && daily.files.len() == 1);
    assert!(daily.formats.iter().all(|format| format.shape == LogShape::Text || format.off.is_some()));
    // What is not described is the framework's own: the stack that writes to `single`.
    let slim = "<?php\nreturn ['channels' => ['single' => ['driver' => 'single', 'path' => storage_path('logs/laravel.log')], 'daily' => ['driver' => 'daily', 'path' => storage_path('d.log')]]];\n";
    let slim = read(&[("config/logging.php", slim)]);
    assert_eq!(
        slim.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["storage_path('logs/laravel.log')"]
    );
    let json = read(&[("config/logging.php", config), (".env.example", "LOG_STACK=json\n")]);
    assert!(json.formats.iter().any(|format| format.shape == LogShape::Json && format.off.is_none()));
}

#[test]
fn calls_are_counted_in_server_code() {
    let logging = read(&[
        (
            "app/a.py",
            "import logging\nlogging.info('a')\nlogger.error('b')\nprint('c')\n# print('d')\nx = \"print('e')\"\n",
        ),
        ("scripts/b.py", "print('f')\n"),
        ("tests/test_c.py", "print('g')\n"),
        ("errors.js", "app.use((err, req, res, next) => { console.error({ err }) })\n"),
    ]);
    assert_eq!((logging.calls[0].levelled, logging.calls[0].bare), (3, 1));
    assert!(logging.formats.is_empty());
}

#[test]
fn limits_and_secret_addresses() {
    let loki = "compactor:\n  retention_enabled: true\nlimits_config:\n  retention_period: 720h\n";
    let on = read(&[("ops/loki.yaml", loki), ("src/r.js", "app.get('/reset/:token', f)\n")]);
    assert!(on.limits.iter().all(|limit| limit.ends) && on.limits.len() == 1);
    assert_eq!(on.secret_addresses.len(), 1);
    let compose = "services:\n  loki:\n    image: grafana/loki:3\n    volumes:\n      MOUNT- ./ops/loki.yaml:/etc/loki/local-config.yaml\n";
    let limits = |mount: &str| {
        read(&[("ops/loki.yaml", loki), ("compose.yaml", &compose.replace("MOUNT", mount))]).limits.len()
    };
    assert_eq!((limits(""), limits("# ")), (1, 0), "a file that Loki is not given sets nothing");
    let off = read(&[("ops/loki.yaml", &loki.replace("true", "false"))]);
    assert!(off.limits.iter().all(|limit| !limit.ends) && off.limits.len() == 1);
    let rotate = read(&[("ops/logrotate.d/app", "/var/log/app/*.log {\n  rotate 30\n}\n")]);
    assert_eq!(rotate.limits.len(), 1);
}

#[test]
fn a_filter_says_what_it_covers() {
    let filters = |files: &[(&str, &str)]| -> Vec<(Vec<String>, bool)> {
        read(files).filters.into_iter().map(|filter| (filter.keys, filter.off.is_some())).collect()
    };
    let use_it = ("src/app.ts", "import { log } from './log'\nlog.info('x')\n");
    let pino =
        |redact: &str| format!("import pino from 'pino'\nexport const log = pino({{ redact: {redact} }})\n");
    let key = |key: &str| vec![(vec![key.to_owned()], false)];
    assert_eq!(filters(&[("src/log.ts", &pino("['*.password']")), use_it]), key("password"));
    assert_eq!(filters(&[("src/log.ts", &pino("['foo']")), use_it]), [(Vec::new(), false)]);
    assert_eq!(filters(&[("src/log.ts", &pino("['token']"))]), [(vec!["token".to_owned()], true)]);
    let named = format!("const hidden = ['token']\n{}", pino("hidden"));
    assert_eq!(filters(&[("src/log.ts", &named), use_it]), key("token"));
    let django = "LOGGING = {'filters': {'r': {'()': 'app.logs.RedactFilter'}}}\n";
    let class = "class RedactFilter(logging.Filter):\n    KEYS = {'password'}\n";
    assert!(filters(&[("app/settings.py", django), ("app/logs.py", class)]).contains(&key("password")[0]));
    let rails = "Rails.application.config.filter_parameters += [:passw, :foo]\n";
    assert_eq!(filters(&[("config/initializers/filter.rb", rails)]), key("passw"));
}

#[test]
fn a_logger_of_ones_own_that_writes_json() {
    let own = "export function logEvent(level: Level, event: Event): void {\n  const payload = { level, ts: new Date().toISOString(), ...event };\n  console.log(JSON.stringify(payload));\n}\n";
    assert_eq!(shape("src/log.ts", own), Some(LogShape::Json));
    // A line without a level is a print of an object, and a function of another name keeps something else.
    assert_eq!(
        shape("src/log.ts", &own.replace("level, ts", "kind, ts").replace("level: Level", "kind: Kind")),
        None
    );
    assert_eq!(shape("src/log.ts", &own.replace("logEvent", "saveEvent")), None);
}

#[test]
fn elixir_sets_a_level_on_a_line_of_its_own() {
    let with = |text: &str| read(&[("config/prod.exs", text)]).levels.iter().any(|level| level.settable);
    assert!(with("import Config\n\nconfig :logger,\n  level: :info,\n  backends: [:console]\n"));
    assert!(!with("import Config\n\nconfig :logger,\n  backends: [:console]\n\nconfig :app, level: :info\n"));
}

#[test]
fn the_platform_carries_the_lines_away_where_it_is_told_to() {
    let nais = "apiVersion: nais.io/v1alpha1\nkind: Application\nspec:\n  observability:\n    logging:\n      destinations:\n        - id: loki\n";
    assert_eq!(read(&[("deploy/nais.yaml", nais)]).shippers.len(), 1);
    assert!(read(&[("deploy/nais.yaml", &nais.replace("nais.io/v1alpha1", "x/v1"))]).shippers.is_empty());
}
