//! Secrets written into a command are taken out before it becomes a fact: no later stage can then show one.

/// What stands in a secret's place.
const REDACTED: &str = "[redacted]";

/// Parts of a name that say that its value is secret.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "private_key",
    "access_key",
    "credential",
];

/// How keys of well-known issuers begin (GitHub, GitLab, Stripe, AWS, Slack, npm, Google, OpenAI and Anthropic).
const SHAPES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "AKIA",
    "ASIA",
    "xoxb-",
    "xoxp-",
    "npm_",
    "AIza",
    "sk-",
];

/// The text without secrets: words that look like one, values of secret names, passwords in addresses, and what
/// follows `Bearer` or `Basic`. A value that the shell puts in (`$TOKEN`, `${{ secrets.X }}`) is no secret itself.
pub fn redacted(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut hide_next = false;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        let space = &piece[word.len()..];
        if word.is_empty() {
            result.push_str(space);
            continue;
        }
        if hide_next && !is_put_in(word) {
            result.push_str(REDACTED);
        } else {
            result.push_str(&word_without_secret(word));
        }
        hide_next = announces_secret(word);
        result.push_str(space);
    }
    result
}

/// A word after which a secret stands: `--password`, `Bearer`.
fn announces_secret(word: &str) -> bool {
    let plain = word.trim_matches(['"', '\'', ':']);
    if matches!(plain, "Bearer" | "Basic" | "bearer" | "basic") {
        return true;
    }
    plain.starts_with("--")
        && !plain.contains('=')
        && is_secret_name(plain)
        && !plain.ends_with("-stdin")
        && !plain.ends_with("-file")
}

fn word_without_secret(word: &str) -> String {
    if let Some((scheme, rest)) = word.split_once("://")
        && let Some((user, host)) = rest.split_once('@')
        && let Some((name, password)) = user.split_once(':')
        && !password.is_empty()
        && !is_put_in(password)
    {
        return format!("{scheme}://{name}:{REDACTED}@{host}");
    }
    if let Some((name, value)) = word.split_once('=')
        && is_secret_name(name)
        && !value.is_empty()
        && !is_put_in(value)
    {
        return format!("{name}={REDACTED}");
    }
    let plain = word.trim_matches(['"', '\'']);
    let long =
        plain.len() >= 20 && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if long && SHAPES.iter().any(|shape| plain.starts_with(shape)) {
        return REDACTED.to_owned();
    }
    word.to_owned()
}

fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| lower.contains(secret))
}

/// The value comes from a variable or from the CI system.
fn is_put_in(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    value.starts_with('$') || value.starts_with("<%") || value.starts_with("{{") || value.starts_with("%(")
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn secrets_are_taken_out() {
        for (text, shown) in [
            ("PGPASSWORD=hunter2 psql", "PGPASSWORD=[redacted] psql"),
            ("mysql --password hunter2 db", "mysql --password [redacted] db"),
            (
                "curl -H 'Authorization: Bearer abc.def' https://a",
                "curl -H 'Authorization: Bearer [redacted] https://a",
            ),
            ("psql postgres://app:hunter2@db/app", "psql postgres://app:[redacted]@db/app"),
            ("gh auth ghp_0123456789abcdefghij0123", "gh auth [redacted]"),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "PGPASSWORD=$DB_PASSWORD psql",
            "docker login --password-stdin",
            "curl -H \"Authorization: Bearer ${{ secrets.TOKEN }}\" https://a",
            "psql postgres://app:$PW@db/app",
            "npm test  # two  spaces\n",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
