//! Schemas that a platform brings along, and that a dump of the application's own schemas names without making them.
//! Stand-ins are made for them: functions that give NULL, and empty tables that are wide enough to be named.

use std::collections::BTreeSet;

/// A schema of Supabase, and its stand-in.
struct Schema {
    name: &'static str,
    stand_in: &'static str,
}

const SCHEMAS: &[Schema] = &[
    Schema {
        name: "auth",
        stand_in: "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid'; \
             CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text'; \
             CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text'; \
             CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS 'SELECT NULL::jsonb'; \
             CREATE TABLE auth.users(instance_id uuid, id uuid PRIMARY KEY, aud text, role text, email text, phone text, \
               raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_anonymous boolean, email_confirmed_at timestamptz, \
               last_sign_in_at timestamptz, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz); \
             CREATE TABLE auth.sessions(id uuid PRIMARY KEY, user_id uuid, created_at timestamptz, updated_at timestamptz)",
    },
    Schema {
        name: "storage",
        stand_in: "CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]'; \
             CREATE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; \
             CREATE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; \
             CREATE TABLE storage.buckets(id text PRIMARY KEY, name text, owner uuid, public boolean, created_at timestamptz, \
               updated_at timestamptz); \
             CREATE TABLE storage.objects(id uuid PRIMARY KEY, bucket_id text, name text, owner uuid, owner_id text, \
               metadata jsonb, created_at timestamptz, updated_at timestamptz)",
    },
    Schema { name: "extensions", stand_in: "" },
];

/// Those that a text names.
pub fn named(text: &str) -> BTreeSet<&'static str> {
    SCHEMAS.iter().filter(|schema| names(text, schema.name)).map(|schema| schema.name).collect()
}

/// Whether a text names something of a schema.
fn names(text: &str, schema: &str) -> bool {
    text.match_indices(schema).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = &text[at + schema.len()..];
        let begins = before.is_none_or(|c| !(c.is_alphanumeric() || "_.\"$".contains(c)));
        begins && after.starts_with('.') && after[1..].starts_with(|c: char| c.is_ascii_lowercase())
    })
}

/// The schema that a line makes, where it is one of these.
pub fn made(line: &str) -> Option<&'static str> {
    let name = line.strip_prefix("CREATE SCHEMA ")?.trim_start_matches("IF NOT EXISTS ");
    let name = name.trim_end().trim_end_matches(';').trim_matches('"');
    SCHEMAS.iter().find(|schema| schema.name == name).map(|schema| schema.name)
}

/// What makes the stand-in, one statement at a time.
pub fn statements(schema: &str) -> Vec<String> {
    let Some(known) = SCHEMAS.iter().find(|known| known.name == schema) else { return Vec::new() };
    let mut statements = vec![format!("CREATE SCHEMA {schema}")];
    statements.extend(known.stand_in.split("; ").filter(|one| !one.is_empty()).map(str::to_owned));
    statements
}

/// The constraint of a line that ties rows to a stand-in, which has none: `ADD CONSTRAINT name … REFERENCES auth.users(id)`.
pub fn tied<'a>(line: &'a str, made: &BTreeSet<&str>) -> Option<&'a str> {
    let (_, rest) = line.split_once("ADD CONSTRAINT ")?;
    let (_, target) = rest.split_once(" REFERENCES ")?;
    made.iter().any(|schema| target.starts_with(&format!("{schema}."))).then(|| rest.split(' ').next())?
}

/// For people.
pub fn remark(made: &BTreeSet<&str>, untied: &[String]) -> Option<String> {
    if made.is_empty() {
        return None;
    }
    let schemas: Vec<&str> = made.iter().copied().collect();
    let mut text = format!(
        "the backup names schemas of Supabase that it does not hold; stand-ins with empty tables were made: {}",
        schemas.join(", ")
    );
    if !untied.is_empty() {
        text.push_str(&format!("; foreign keys to them were not checked: {}", untied.join(", ")));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_named_by_what_is_in_them() {
        let of = |text: &str| named(text).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(of("USING ((auth.uid() = id))"), "auth");
        assert_eq!(of("EXECUTE FUNCTION extensions.moddatetime('updated_at')"), "extensions");
        assert_eq!(of("INSERT INTO public.auth VALUES ('oauth.google', my_auth.uid(), \"auth\".x)"), "");
        assert_eq!(made("CREATE SCHEMA auth;"), Some("auth"));
        assert_eq!(made("CREATE SCHEMA shop;"), None);
    }

    #[test]
    fn a_foreign_key_to_a_stand_in_is_told() {
        let line = "    ADD CONSTRAINT profiles_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;";
        assert_eq!(tied(line, &BTreeSet::from(["auth"])), Some("profiles_id_fkey"));
        assert_eq!(tied(line, &BTreeSet::from(["storage"])), None);
    }
}
