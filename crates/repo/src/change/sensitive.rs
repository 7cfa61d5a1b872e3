//! Paths that deserve a look before others.

/// Words of paths, and what they are about.
const WORDS: &[(&str, &[&str])] = &[
    (
        "who may do what",
        &[
            "auth",
            "authentication",
            "authorization",
            "authorize",
            "login",
            "logout",
            "signin",
            "signup",
            "session",
            "sessions",
            "password",
            "passwords",
            "permission",
            "permissions",
            "policy",
            "policies",
            "role",
            "roles",
            "rbac",
            "acl",
            "oauth",
            "oidc",
            "saml",
            "sso",
            "jwt",
            "token",
            "tokens",
            "admin",
            "guard",
            "guards",
            "ability",
            "middleware",
            "csrf",
            "cors",
            "security",
        ],
    ),
    (
        "secrets and cryptography",
        &["secret", "secrets", "crypto", "encryption", "encrypt", "signing", "keys", "vault", "tls", "ssl"],
    ),
    (
        "money",
        &[
            "payment", "payments", "billing", "checkout", "invoice", "invoices", "stripe", "paypal",
            "refund", "refunds", "payout", "pricing",
        ],
    ),
    (
        "what comes from outside",
        &["upload", "uploads", "webhook", "webhooks", "import", "imports", "parser", "deserialize"],
    ),
    ("data", &["migrations", "migration", "migrate", "schema", "seeds", "rules"]),
    (
        "delivery",
        &[
            "workflows",
            "terraform",
            "k8s",
            "kubernetes",
            "helm",
            "charts",
            "deploy",
            "deployment",
            "nginx",
            "caddy",
            "infra",
            "infrastructure",
        ],
    ),
];

/// Why a path deserves a look.
pub fn why(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if name.starts_with("dockerfile")
        || name.ends_with(".tf")
        || name == ".gitlab-ci.yml"
        || name == "jenkinsfile"
        || name.starts_with("docker-compose")
    {
        return Some("delivery");
    }
    if name.starts_with(".env") {
        return Some("secrets and cryptography");
    }
    let words: Vec<String> = words(path);
    WORDS
        .iter()
        .find(|(_, known)| words.iter().any(|word| known.contains(&word.as_str())))
        .map(|(why, _)| *why)
}

/// The words of a path, also those that only a capital letter parts.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in path.chars().take(1_000) {
        if !c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && lower {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        lower = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn paths_that_touch_security_money_data_and_delivery() {
        assert_eq!(why("src/auth/login.ts"), Some("who may do what"));
        assert_eq!(why("app/Http/Controllers/PaymentController.php"), Some("money"));
        assert_eq!(why("db/migrations/0042_x.sql"), Some("data"));
        assert_eq!(why(".github/workflows/ci.yml"), Some("delivery"));
        assert_eq!(why("api/Dockerfile"), Some("delivery"));
        assert_eq!(why("src/components/Button.tsx"), None);
        assert_eq!(why("src/author.ts"), None);
    }
}
