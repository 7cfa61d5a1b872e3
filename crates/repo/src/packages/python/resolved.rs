//! Whether a list of exact pins is the whole tree or only its direct part.
//!
//! A frozen environment names what its packages need as well. Which packages always need which others is known for
//! the common ones; a list that holds none of these is taken for direct pins, since nothing shows otherwise.

use std::collections::HashSet;

use super::{Requirement, normalised};

/// Packages with what every current version of them needs on every platform.
const ALWAYS_NEED: &[(&str, &[&str])] = &[
    ("django", &["asgiref", "sqlparse"]),
    ("flask", &["werkzeug", "jinja2", "itsdangerous", "click"]),
    ("jinja2", &["markupsafe"]),
    ("werkzeug", &["markupsafe"]),
    ("requests", &["urllib3", "idna", "certifi", "charset-normalizer"]),
    ("fastapi", &["starlette", "pydantic"]),
    ("starlette", &["anyio"]),
    ("anyio", &["idna"]),
    ("pydantic", &["typing-extensions"]),
    ("uvicorn", &["click", "h11"]),
    ("httpx", &["httpcore", "anyio", "certifi", "idna"]),
    ("boto3", &["botocore", "s3transfer", "jmespath"]),
    ("botocore", &["python-dateutil", "urllib3", "jmespath"]),
    ("python-dateutil", &["six"]),
    ("pandas", &["numpy", "python-dateutil"]),
    ("celery", &["kombu", "billiard", "vine"]),
    ("kombu", &["amqp", "vine"]),
    ("alembic", &["sqlalchemy", "mako"]),
    ("sqlalchemy", &["typing-extensions"]),
    ("aiohttp", &["multidict", "yarl", "frozenlist"]),
    ("cryptography", &["cffi"]),
    ("cffi", &["pycparser"]),
    ("gunicorn", &["packaging"]),
    ("djangorestframework", &["django"]),
    ("django-allauth", &["django", "asgiref"]),
    ("matplotlib", &["numpy", "pillow", "cycler"]),
    ("scikit-learn", &["numpy", "scipy", "joblib"]),
    ("openai", &["httpx", "pydantic", "anyio"]),
    ("tornado", &[]),
    ("sentry-sdk", &["urllib3", "certifi"]),
    ("stripe", &["requests"]),
    ("beautifulsoup4", &["soupsieve"]),
    ("pytest", &["pluggy", "iniconfig", "packaging"]),
    ("flask-sqlalchemy", &["flask", "sqlalchemy"]),
    ("flask-login", &["flask", "werkzeug"]),
    ("wtforms", &["markupsafe"]),
    ("jsonschema", &["attrs"]),
    ("google-auth", &["pyasn1-modules"]),
    ("langchain", &["pydantic", "langchain-core"]),
    ("streamlit", &["pandas", "numpy", "pillow"]),
    ("wagtail", &["django", "django-taggit"]),
    ("psycopg", &["typing-extensions"]),
    ("sanic", &["httptools", "sanic-routing"]),
];

/// Versions of early majors need less than the table says; these bounds keep their pins from being taken for partial.
fn too_old(name: &str, version: &str) -> bool {
    let mut parts =
        version.trim_start_matches('=').trim().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match name {
        "django" => major < 3,
        "flask" | "werkzeug" => major < 2,
        "gunicorn" => major < 21,
        "sqlalchemy" => major < 2,
        "requests" => (major, minor) < (2, 26),
        "pydantic" => major < 1 || (major, minor) < (1, 8),
        "psycopg" => major < 3,
        "stripe" => major < 3,
        _ => false,
    }
}

/// What every current version of a package needs, as far as it is known.
pub fn always_needs(name: &str) -> &'static [&'static str] {
    let name = normalised(name);
    ALWAYS_NEED.iter().find(|(known, _)| *known == name).map_or(&[], |(_, needs)| *needs)
}

/// Whether the pins hold all that the known packages among them need, and at least one of those is there.
pub fn is_complete<'r>(pins: impl Iterator<Item = &'r Requirement>) -> bool {
    let pins: Vec<(String, &str)> = pins.map(|pin| (normalised(&pin.name), pin.version.as_str())).collect();
    let names: HashSet<&str> = pins.iter().map(|(name, _)| name.as_str()).collect();
    let mut shown = 0;
    for (name, version) in &pins {
        let Some((_, needs)) = ALWAYS_NEED.iter().find(|(known, _)| known == name) else { continue };
        if too_old(name, version) {
            continue;
        }
        if !needs.iter().all(|need| names.contains(need)) {
            return false;
        }
        shown += usize::from(!needs.is_empty());
    }
    shown > 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::packages::python::requirement;

    fn complete(lines: &[&str]) -> bool {
        let pins: Vec<Requirement> = lines.iter().map(|line| requirement(line).unwrap()).collect();
        is_complete(pins.iter())
    }

    #[test]
    fn a_frozen_environment_is_told_from_direct_pins() {
        assert!(complete(&["Django==5.0", "asgiref==3.7", "sqlparse==0.4"]));
        assert!(!complete(&["Django==5.0", "whitenoise==6"]));
        assert!(!complete(&["whitenoise==6"]));
        assert!(!complete(&["Django==5.0", "asgiref==3.7", "sqlparse==0.4", "requests==2.31"]));
    }
}
