//! Roles that a dump names: the scratch server has none of them.

use std::collections::BTreeSet;

use seaworthy_database::postgres::Session;

use super::{literal, quoted, server::SUPERUSER};

/// Roles that a line of a dump names. The line may belong to the text of a function; a role too many does no harm.
pub fn named(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    let line = line.trim().trim_end_matches(';');
    let mut after = |text: &str| {
        for name in text.split(',') {
            if let Some(name) = identifier(name.trim_start()) {
                names.push(name);
            }
        }
    };
    if let Some((_, owner)) = line.rsplit_once(" OWNER TO ") {
        after(owner);
    }
    let defaults = line.starts_with("ALTER DEFAULT PRIVILEGES ");
    if (defaults || line.starts_with("GRANT "))
        && let Some((_, to)) = line.rsplit_once(" TO ")
    {
        after(to);
    }
    if (defaults || line.starts_with("REVOKE "))
        && let Some((_, from)) = line.rsplit_once(" FROM ")
    {
        after(from);
    }
    if let Some((_, role)) = line.split_once(" FOR ROLE ") {
        after(role.split(" IN SCHEMA ").next().unwrap_or(role).split(" GRANT ").next().unwrap_or(role));
    }
    if line.starts_with("CREATE POLICY ")
        && let Some((_, to)) = line.split_once(" TO ")
    {
        after(to.split(" USING ").next().unwrap_or(to).split(" WITH CHECK ").next().unwrap_or(to));
    }
    if let Some(role) = line.strip_prefix("SET SESSION AUTHORIZATION ") {
        after(role.trim_matches('\''));
    }
    names.retain(|name| {
        !matches!(
            name.as_str(),
            "PUBLIC" | "public" | "DEFAULT" | "CURRENT_USER" | "CURRENT_ROLE" | "SESSION_USER"
        ) && name != SUPERUSER
            && !name.starts_with("pg_")
    });
    names
}

/// The identifier that a text begins with.
fn identifier(text: &str) -> Option<String> {
    let text = text.strip_prefix("GROUP ").unwrap_or(text);
    if let Some(rest) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut chars = rest.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    name.push('"');
                    chars.next();
                }
                '"' => return (!name.is_empty() && name.len() < 64).then_some(name),
                c => name.push(c),
            }
        }
        return None;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
    let name = &text[..end];
    (!name.is_empty() && name.len() < 64).then(|| name.to_owned())
}

/// Makes the roles that are not there, without login. Gives those that were made.
pub fn make(
    session: &mut Session,
    names: &BTreeSet<String>,
) -> Result<Vec<String>, seaworthy_database::Error> {
    let mut made = Vec::new();
    for name in names {
        let there =
            session.rows(&format!("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = {}", literal(name)))?;
        if there.is_empty() {
            session.rows(&format!("CREATE ROLE {} NOLOGIN", quoted(name)))?;
            made.push(name.clone());
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_dumps() {
        for (line, roles) in [
            ("ALTER TABLE public.orders OWNER TO shop;", vec!["shop"]),
            ("ALTER SCHEMA \"a b\" OWNER TO \"odd \"\"name\";", vec!["odd \"name"]),
            ("GRANT SELECT ON TABLE public.a TO reader, writer;", vec!["reader", "writer"]),
            ("GRANT ALL ON SCHEMA public TO PUBLIC;", vec![]),
            ("REVOKE ALL ON SCHEMA public FROM shop;", vec!["shop"]),
            (
                "ALTER DEFAULT PRIVILEGES FOR ROLE shop IN SCHEMA public GRANT SELECT ON TABLES TO reader;",
                vec!["reader", "shop"],
            ),
            (
                "CREATE POLICY p ON public.a FOR SELECT TO authenticated USING ((x = y));",
                vec!["authenticated"],
            ),
            ("ALTER TABLE public.a OWNER TO postgres;", vec![]),
            ("SELECT 1;", vec![]),
        ] {
            assert_eq!(named(line), roles, "{line}");
        }
    }
}
