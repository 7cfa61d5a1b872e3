//! Secrets without a form of their own: random values that are given to secret names, and passwords in addresses.

use std::sync::LazyLock;

use regex::Regex;

use super::values;

/// A value and what it is given to.
pub struct Assigned<'t> {
    /// The name, as written.
    pub name: &'t str,
    /// The value.
    pub value: &'t str,
}

/// What a name is made of that holds a secret, in every way of writing it.
const WORDS: &[&str] = &[
    "secret",
    "Secret",
    "SECRET",
    "password",
    "Password",
    "PASSWORD",
    "passwd",
    "PASSWD",
    "token",
    "Token",
    "TOKEN",
    "api_key",
    "apiKey",
    "ApiKey",
    "API_KEY",
    "apikey",
    "APIKEY",
    "private_key",
    "privateKey",
    "PRIVATE_KEY",
    "access_key",
    "accessKey",
    "ACCESS_KEY",
    "secret_key",
    "secretKey",
    "SecretKey",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "secret_key_base",
    "encryption_key",
    "encryptionKey",
    "ENCRYPTION_KEY",
    "signing_key",
    "signingKey",
    "SIGNING_KEY",
    "MASTER_KEY",
    "master_key",
    "APP_KEY",
    "SERVICE_KEY",
];
/// What stands between a name and a quoted value.
const GIVEN: &[&str] = &[
    "=\"", "='", " = \"", " = '", ": \"", ": '", ":\"", ":'", "\": \"", "\":\"", "': '", "' => '",
    "\" => \"", " => \"", " := \"", "\"] = \"", "'] = '",
];

/// The literals that lead to such assignments.
pub fn literals() -> impl Iterator<Item = String> {
    WORDS.iter().flat_map(|word| GIVEN.iter().map(move |given| format!("{word}{given}")))
}

/// The assignment of a random value to a secret name in a line.
pub fn in_line<'t>(line: &'t str, language: Option<&str>) -> Option<Assigned<'t>> {
    static GIVEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"([A-Za-z0-9_.-]*(?i:secret|passw(?:or)?d|token|api_?key|private_?key|access_?key|encryption_?key|signing_?key|master_?key|app_?key|service_?key|secret_?key)[A-Za-z0-9_]*)"#,
            r#"["']?\]?\s*(?:=>|:=|=|:)\s*["'`]([^"'`\s]{16,400})["'`]"#
        ))
        .ok()
    });
    GIVEN.as_ref()?.captures_iter(line).take(4).find_map(|captures| {
        let name = captures.get(1)?.as_str();
        let value = captures.get(2)?.as_str();
        (is_secret_name(name, language) && values::is_random(value) && !is_public(name, value))
            .then_some(Assigned { name, value })
    })
}

/// Whether a name says that its value is secret.
pub fn is_secret_name(name: &str, language: Option<&str>) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let plain: String =
        last.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_ascii_lowercase();
    // What tells about a secret is none.
    const ABOUT: &[&str] = &[
        "hash",
        "digest",
        "checksum",
        "sha",
        "fingerprint",
        "url",
        "uri",
        "endpoint",
        "path",
        "file",
        "name",
        "id",
        "type",
        "header",
        "length",
        "expiry",
        "expires",
        "expiration",
        "ttl",
        "regex",
        "pattern",
        "label",
        "title",
        "message",
        "text",
        "placeholder",
        "prefix",
        "suffix",
        "field",
        "param",
        "arn",
        "ref",
        "version",
        "algorithm",
        "alg",
        "issuer",
        "scope",
        "count",
        "limit",
        "usage",
        "reset",
        "policy",
        "strength",
        "validator",
        "class",
        "style",
        "error",
        "help",
        "hint",
    ];
    if ABOUT.iter().any(|end| plain.ends_with(end)) {
        return false;
    }
    const PUBLIC: &[&str] = &[
        "public",
        "publishable",
        "anon",
        "sitekey",
        "csrf",
        "xsrf",
        "cancel",
        "placeholder",
        "i18n",
        "translation",
    ];
    if PUBLIC.iter().any(|word| plain.contains(word)) {
        return false;
    }
    // Keys of interfaces in browser languages are mostly made to be seen (search, maps, analytics).
    let browser = matches!(
        language,
        Some("javascript" | "typescript" | "vue" | "svelte" | "astro" | "html" | "dart" | "swift")
    );
    let vague = plain.ends_with("apikey") || plain.ends_with("token") || plain.ends_with("accesskey");
    !(browser && vague)
}

/// Keys that their issuers made to be seen.
fn is_public(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    const PREFIXES: &[&str] = &[
        "NEXT_PUBLIC_",
        "VITE_",
        "REACT_APP_",
        "NUXT_PUBLIC_",
        "EXPO_PUBLIC_",
        "GATSBY_",
        "PUBLIC_",
        "STORYBOOK_",
    ];
    const VALUES: &[&str] = &[
        "pk.",
        "pk_",
        "AIza",
        "phc_",
        "sb_publishable_",
        "eyJ",
        "sk_test_",
        "rk_test_",
        "whsec_test",
        "$2a$",
        "$2b$",
        "$2y$",
        "$argon2",
        "pbkdf2",
        "ssh-",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || VALUES.iter().any(|start| value.starts_with(start))
}

/// A variable of an environment file whose value is a secret.
pub fn in_environment(name: &str, value: &str) -> bool {
    if is_public(name, value) {
        return false;
    }
    if is_url_with_password(value) {
        return true;
    }
    let upper = name.to_ascii_uppercase();
    let named = [
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "_KEY",
        "_PASS",
        "_PWD",
        "SALT",
    ]
    .iter()
    .any(|word| upper.contains(word));
    if !named || !is_secret_name(name, None) {
        return false;
    }
    let password = upper.contains("PASS") || upper.ends_with("_PWD");
    values::is_random(value) || password && values::is_password(value) && value.len() >= 10
}

/// Whether a value is an address with a password that is not a placeholder, of a host that is not the local one.
pub fn is_url_with_password(value: &str) -> bool {
    urls(value).next().is_some()
}

/// The passwords in addresses of databases and brokers, each with the address' scheme.
pub fn urls(text: &str) -> impl Iterator<Item = Url<'_>> {
    static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"\b(postgres(?:ql)?|mysql2?|mariadb|mongodb|rediss?|amqps?|sqlserver|mssql|clickhouse)(?:\+[a-z0-9]+)?://"#,
            r#"([^\s:/@"'`<>{}$]*):([^\s@"'`<>{}$]{4,200})@([A-Za-z0-9._-]+)"#
        ))
        .ok()
    });
    URL.as_ref().into_iter().flat_map(move |pattern| pattern.captures_iter(text).take(200)).filter_map(
        |captures| {
            let (scheme, user, password, host) =
                (captures.get(1)?, captures.get(2)?.as_str(), captures.get(3)?, captures.get(4)?.as_str());
            is_real_access(user, password.as_str(), host)
                .then(|| Url { scheme: scheme.as_str(), password: password.as_str() })
        },
    )
}

/// An address with a password.
pub struct Url<'t> {
    /// Its scheme.
    pub scheme: &'t str,
    /// The password.
    pub password: &'t str,
}

/// Whether somebody elsewhere could use this.
pub fn is_real_access(user: &str, password: &str, host: &str) -> bool {
    if values::is_placeholder(password) || password.eq_ignore_ascii_case(user) || is_local(host) {
        return false;
    }
    const KNOWN: &[&str] = &[
        "postgres", "root", "admin", "guest", "mysql", "mongo", "redis", "rabbitmq", "pass", "user",
        "database",
    ];
    let lower = password.to_ascii_lowercase();
    !KNOWN.iter().any(|known| lower == *known)
        && (values::is_password(password) || values::entropy(password) >= 2.75 && password.len() >= 10)
}

/// The host is this machine, a neighbour in the same network, or one of those that manuals use.
pub fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    const PARTS: &[&str] = &[
        "example",
        "your",
        "localhost",
        "placeholder",
        "xxx",
        "sample",
        "dummy",
        "changeme",
        "my-",
        "host.",
    ];
    const ENDS: &[&str] = &[
        ".local",
        ".localhost",
        ".internal",
        ".test",
        ".invalid",
        ".lan",
        ".svc",
        ".cluster.local",
        ".docker",
    ];
    const NAMES: &[&str] = &[
        "host.com",
        "server.com",
        "domain.com",
        "db.com",
        "database.com",
        "hostname.com",
        "foo.com",
        "bar.com",
    ];
    let private = host.starts_with("127.")
        || host.starts_with("10.")
        || host.starts_with("192.168.")
        || host.starts_with("172.")
        || host.starts_with("0.0.");
    !host.contains('.')
        || private
        || PARTS.iter().any(|part| host.contains(part))
        || ENDS.iter().any(|end| host.ends_with(end))
        || NAMES.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

/// The password in a connection string of key and value pairs (`Server=…;Password=…`), where it is real.
pub fn connection_string(line: &str) -> Option<&str> {
    static HOST: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?i)(?:server|data source|host|address|addr)\s*=\s*(?:tcp:)?([^;,"'\s]+)"#).ok()
    });
    static USER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?i)(?:user id|uid|username|user)\s*=\s*([^;"']+)"#).ok());
    static PASSWORD: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?i)(?:password|pwd)\s*=\s*([^;"'\s]+)"#).ok());
    let host = HOST.as_ref()?.captures(line)?.get(1)?.as_str();
    let user = USER.as_ref()?.captures(line).and_then(|c| c.get(1)).map_or("", |user| user.as_str());
    let password = PASSWORD.as_ref()?.captures(line)?.get(1)?.as_str();
    (line.contains(';') && is_real_access(user.trim(), password, host)).then_some(password)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const RANDOM: &str = "hS8kQ2vL0pZr7TnXw3BdYf6M";

    #[test]
    fn random_values_of_secret_names_are_seen() {
        for line in [
            format!("JWT_SECRET = \"{RANDOM}\""),
            format!("  clientSecret: '{RANDOM}',"),
            format!("$config['secret_key'] = '{RANDOM}';"),
            format!("'password' => '{RANDOM}',"),
        ] {
            assert!(in_line(&line, Some("python")).is_some(), "{line}");
        }
    }

    #[test]
    fn what_tells_about_secrets_and_what_is_public_is_left_alone() {
        for (line, language) in [
            (format!("passwordHash: '{RANDOM}'"), "python"),
            (format!("token_url = \"{RANDOM}\""), "python"),
            (format!("publicApiKey: '{RANDOM}'"), "python"),
            (format!("apiKey: '{RANDOM}'"), "typescript"),
            // What is used where nothing is set is no secret of a deployment that sets it.
            (format!("os.environ.get('SECRET_KEY', '{RANDOM}')"), "python"),
            (format!("process.env.SESSION_SECRET || \"{RANDOM}\""), "python"),
            (format!("sendgrid_password\": \"EJ[1:{RANDOM}=]\""), "python"),
            ("SECRET_KEY = os.environ['SECRET_KEY']".to_owned(), "python"),
            ("password: 'users.password.reset.title'".to_owned(), "python"),
            (format!("VITE_APP_SECRET = '{RANDOM}'"), "python"),
        ] {
            assert!(in_line(&line, Some(language)).is_none(), "{line}");
        }
    }

    #[test]
    fn addresses_count_with_a_real_password_and_a_far_host() {
        let found = |text: &str| urls(text).count();
        assert_eq!(found("postgresql://app:Xk29dkQz81@db.acme.io:5432/app"), 1);
        assert_eq!(found("mongodb+srv://app:u8Fz2Lq0Wp@cluster0.ab1cd.mongodb.net/"), 1);
        for text in [
            "postgres://postgres:postgres@db.acme.io/app",
            "postgres://app:Xk29dkQz81@localhost/app",
            "postgres://app:Xk29dkQz81@db/app",
            "postgres://user:password@host.com/app",
            "postgres://app:${DB_PASSWORD}@db.acme.io/app",
            "postgres://app:Xk29dkQz81@db.example.com/app",
            "postgresql://[user]:[YOUR-PASSWORD]@db.acme.supabase.co/postgres",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }

    #[test]
    fn connection_strings_are_read() {
        let line =
            "\"Default\": \"Server=tcp:acme.database.windows.net,1433;User ID=app;Password=Xk29!dkQz81;\"";
        assert_eq!(connection_string(line), Some("Xk29!dkQz81"));
        assert_eq!(connection_string("\"Server=localhost;User Id=sa;Password=Xk29!dkQz81;\""), None);
        assert_eq!(connection_string("\"Server=db.acme.io;Password={0};User=a\""), None);
    }

    #[test]
    fn variables_of_environment_files() {
        assert!(in_environment("JWT_SECRET", RANDOM));
        assert!(in_environment("DB_PASSWORD", "Tr0ub4dor&Three"));
        assert!(!in_environment("DB_PASSWORD", "postgres"));
        assert!(!in_environment("VITE_SUPABASE_PUBLISHABLE_KEY", RANDOM));
        assert!(!in_environment("NEXT_PUBLIC_API_KEY", RANDOM));
        assert!(!in_environment("PORT", "8080"));
    }
}
