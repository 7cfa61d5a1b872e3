//! Keys of servers that a bundler writes into what browsers get: variables with a public prefix.

use std::sync::LazyLock;

use regex::Regex;

/// What bundlers take for public.
pub const PREFIXES: &[&str] = &[
    "NEXT_PUBLIC_",
    "VITE_",
    "REACT_APP_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "GATSBY_",
    "VUE_APP_",
    "NG_APP_",
];

/// The variable in a line that is public by its prefix and a server's key by its name.
pub fn server_key(line: &str) -> Option<&str> {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"\b((?:NEXT_PUBLIC|VITE|REACT_APP|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY|VUE_APP|NG_APP)_(?:[A-Z0-9_]*_)?",
            r"(?:SERVICE_ROLE(?:_KEY)?|SECRET_KEY|SECRET_ACCESS_KEY|CLIENT_SECRET|JWT_SECRET|API_SECRET|PRIVATE_KEY|",
            r"(?:OPENAI|ANTHROPIC|CLAUDE|GEMINI|GROQ|MISTRAL|DEEPSEEK|OPENROUTER|REPLICATE|HUGGINGFACE|ELEVENLABS|PERPLEXITY)_(?:API_)?(?:KEY|TOKEN)|",
            r"(?:SENDGRID|RESEND|MAILGUN|POSTMARK|BREVO)_(?:API_)?KEY|",
            r"TWILIO_AUTH_TOKEN|DATABASE_URL|DB_PASSWORD|MONGO(?:DB)?_URI))\b"
        ))
        .ok()
    });
    NAME.as_ref()?.captures(line)?.get(1).map(|name| name.as_str())
}

/// A line that reads a variable, and not one that only names it.
pub fn is_read(line: &str) -> bool {
    line.contains("process.env") || line.contains("import.meta.env") || line.contains("runtimeConfig")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_prefixes_with_names_of_server_keys() {
        for name in [
            "NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY",
            "VITE_OPENAI_API_KEY",
            "REACT_APP_STRIPE_SECRET_KEY",
            "EXPO_PUBLIC_DATABASE_URL",
        ] {
            assert_eq!(server_key(&format!("const key = process.env.{name};")), Some(name));
        }
    }

    #[test]
    fn keys_that_may_be_public() {
        for name in [
            "NEXT_PUBLIC_SUPABASE_ANON_KEY",
            "VITE_STRIPE_PUBLISHABLE_KEY",
            "REACT_APP_GOOGLE_MAPS_API_KEY",
            "VITE_API_URL",
            "OPENAI_API_KEY",
            "NEXT_PUBLIC_FIREBASE_API_KEY",
            "NEXT_PUBLIC_SECRET_KEY_ENABLED",
        ] {
            assert_eq!(server_key(&format!("process.env.{name}")), None, "{name}");
        }
    }
}
