//! Tables of Supabase that its public interface opens to everybody, as the migrations leave them at the end.
//!
//! Every table of an exposed schema can be reached with the public key; what stands between is row-level security. The
//! migrations are read in their order and played on a model of tables, switches and policies, so that a later migration
//! corrects an earlier one. What is done by computed SQL cannot be told: what it may have changed is left out.

use std::collections::BTreeMap;

use seaworthy_model::ExposureKind;

use super::Draft;
use crate::migrations::sql::lexer::{Kind, Token, tokens};
use crate::tree::{Class, File, Tree};

/// Most bytes of SQL that are read in all.
const BYTES: usize = 16 * 1024 * 1024;
/// Rows are open.
const PUBLIC: u8 = 1;
/// It depends on what the table is for.
const PROBABLY_MEANT: u8 = 2;
/// How deep `DO` blocks and executed strings are looked into.
const DEPTH: usize = 3;

/// Open tables of each Supabase project. `elsewhere` holds lines of other SQL files that switch row-level security on;
/// `used` says whether the code speaks of Supabase, which counts where a project has no configuration of its own.
pub fn collect<'t>(tree: &'t Tree, elsewhere: &[String], used: bool) -> Vec<Draft<'t>> {
    let mut projects: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in
        tree.files().iter().filter(|file| file.language == Some("sql") && file.class == Class::Shipped)
    {
        let Some((project, rest)) = project_of(&file.path) else { continue };
        let name = file.name();
        if !name.ends_with(".down.sql")
            && !name.contains("rollback")
            && !rest.starts_with("seed")
            && !rest.starts_with("tests/")
        {
            projects.entry(project).or_default().push(file);
        }
    }
    let mut drafts = Vec::new();
    for (project, mut files) in projects {
        if !used && tree.file(&format!("{project}/config.toml")).is_none() {
            continue;
        }
        let migrations = format!("{project}/migrations");
        if files.iter().any(|file| file.folder() == migrations) {
            files.retain(|file| file.folder() == migrations);
        }
        files.sort_by(|left, right| left.name().cmp(right.name()));
        let Some(schemas) = exposed_schemas(tree, project) else { continue };
        let mut state = State { schemas, ..State::default() };
        let mut read = 0;
        let mut whole = true;
        for (index, file) in files.iter().enumerate() {
            let Some(text) = tree.text(file) else {
                whole = false;
                continue;
            };
            read += text.len();
            if read > BYTES {
                whole = false;
                break;
            }
            state.play(&text, 1, index, 0);
        }
        // Where a part could not be read, it may hold the correction.
        if whole {
            drafts.extend(state.open(elsewhere).into_iter().map(|(what, priority, file, line)| Draft {
                priority,
                kind: ExposureKind::OpenTable,
                what,
                file: files[file],
                line,
                value: None,
                remedy: "Switch row-level security on (`ALTER TABLE … ENABLE ROW LEVEL SECURITY`), and write policies that ask whose row it is (`USING ((SELECT auth.uid()) = user_id)`).".to_owned(),
            }));
        }
    }
    drafts
}

/// The folder `supabase` of a path, and what follows it.
fn project_of(path: &str) -> Option<(&str, &str)> {
    let at = if path.starts_with("supabase/") { 0 } else { path.find("/supabase/")? + 1 };
    let end = at + "supabase".len();
    Some((&path[..end], &path[end + 1..]))
}

/// The schemas that the public interface serves; none where it is switched off.
fn exposed_schemas(tree: &Tree, project: &str) -> Option<Vec<String>> {
    let usual = || Some(vec!["public".to_owned()]);
    let Some(text) = tree.text_at(&format!("{project}/config.toml")) else { return usual() };
    let Ok(config) = seaworthy_syntax::toml::parse(&text, &seaworthy_syntax::Limits::default()) else {
        return usual();
    };
    let Some(api) = config.get("api") else { return usual() };
    if api.get("enabled").and_then(seaworthy_syntax::tree::Node::as_bool) == Some(false) {
        return None;
    }
    match api.get("schemas") {
        Some(list) => {
            Some(list.list().iter().filter_map(|schema| schema.as_str().map(str::to_owned)).collect())
        }
        None => usual(),
    }
}

/// A place: index of the file, line.
type Place = (usize, u32);

#[derive(Default)]
struct State {
    schemas: Vec<String>,
    tables: BTreeMap<(String, String), Table>,
    /// New tables get row-level security from an event trigger.
    automatic: bool,
    /// A function was seen that switches row-level security on.
    switching_function: bool,
}

#[derive(Default)]
struct Table {
    created: Option<Place>,
    secured: bool,
    /// Computed SQL may have changed it.
    unsure: bool,
    revoked: bool,
    policies: BTreeMap<String, Policy>,
}

struct Policy {
    at: Place,
    command: String,
    roles: Vec<String>,
    restrictive: bool,
    using: Option<bool>,
    check: Option<bool>,
}

impl State {
    fn play(&mut self, text: &str, line: u32, file: usize, depth: usize) {
        let tokens = tokens(text, line);
        for statement in tokens.split(|token| token.is_symbol(';')) {
            let statement = beginning(statement);
            if !statement.is_empty() {
                self.statement(statement, file, depth);
            }
        }
    }

    fn statement(&mut self, tokens: &[Token], file: usize, depth: usize) {
        let word = |at: usize, keyword: &str| tokens.get(at).is_some_and(|token| token.is(keyword));
        let mut reader = Reader { tokens, at: 1 };
        if word(0, "CREATE") {
            if word(1, "TABLE") || word(1, "UNLOGGED") {
                reader.skip(&["UNLOGGED", "TABLE", "IF", "NOT", "EXISTS"]);
                let at = (file, tokens[0].line);
                if let Some(name) = reader.name() {
                    let automatic = self.automatic;
                    let table = self.tables.entry(name).or_default();
                    if table.created.is_none() {
                        table.created = Some(at);
                        table.secured |= automatic;
                    }
                }
            } else if word(1, "POLICY") {
                self.policy(tokens, file);
            } else if word(1, "EVENT") {
                self.automatic |= self.switching_function;
            } else {
                self.switching_function |= tokens.iter().any(|token| match token.kind {
                    Kind::Body(body) | Kind::Text(body) => secures(body),
                    _ => false,
                });
            }
        } else if word(0, "ALTER") && word(1, "TABLE") {
            reader.at = 2;
            reader.skip(&["IF", "EXISTS", "ONLY"]);
            if let Some(name) = reader.name() {
                self.alter(name, &tokens[reader.at..]);
            }
        } else if word(0, "ALTER") && word(1, "POLICY") {
            self.alter_policy(tokens);
        } else if word(0, "DROP") && word(1, "TABLE") {
            reader.at = 2;
            reader.skip(&["IF", "EXISTS"]);
            while let Some(name) = reader.name() {
                self.tables.remove(&name);
                if !reader.symbol(',') {
                    break;
                }
            }
        } else if word(0, "DROP") && word(1, "POLICY") {
            reader.at = 2;
            reader.skip(&["IF", "EXISTS"]);
            let policy = reader.one();
            reader.skip(&["ON"]);
            if let (Some(policy), Some(name)) = (policy, reader.name())
                && let Some(table) = self.tables.get_mut(&name)
            {
                table.policies.remove(&policy);
            }
        } else if word(0, "DROP") && word(1, "SCHEMA") {
            self.tables.retain(|(schema, _), _| {
                !tokens[2..].iter().any(|token| named(token).as_deref() == Some(schema))
            });
        } else if word(0, "REVOKE") || word(0, "GRANT") {
            self.rights(tokens);
        } else if word(0, "DO") && depth < DEPTH {
            for token in tokens {
                if let Kind::Body(body) | Kind::Text(body) = token.kind {
                    self.play(body, token.line, file, depth + 1);
                }
            }
        } else if word(0, "EXECUTE") || word(0, "PERFORM") {
            self.executed(tokens, file, depth);
        }
    }

    /// SQL in a string: played where it is whole, and where it is computed, nothing is certain any more.
    fn executed(&mut self, tokens: &[Token], file: usize, depth: usize) {
        let texts: Vec<&Token> =
            tokens.iter().filter(|token| matches!(token.kind, Kind::Text(_) | Kind::Body(_))).collect();
        let whole = tokens.len() == 2;
        for token in texts {
            let (Kind::Text(text) | Kind::Body(text)) = token.kind else { continue };
            if whole && depth < DEPTH && !text.contains('%') {
                self.play(&text.replace("''", "'"), token.line, file, depth + 1);
            } else if secures(text) || changes_access(text) {
                self.tables.values_mut().for_each(|table| table.unsure = true);
            }
        }
    }

    fn alter(&mut self, name: (String, String), actions: &[Token]) {
        let is = |at: usize, keyword: &str| actions.get(at).is_some_and(|token| token.is(keyword));
        for at in 0..actions.len() {
            if is(at, "ROW") && is(at + 1, "LEVEL") && is(at + 2, "SECURITY") && at > 0 {
                let table = self.tables.entry(name.clone()).or_default();
                if is(at - 1, "ENABLE") {
                    table.secured = true;
                } else if is(at - 1, "DISABLE") {
                    table.secured = false;
                    table.unsure = false;
                }
            }
        }
        if is(0, "RENAME")
            && is(1, "TO")
            && let Some(new) = actions.get(2).and_then(named)
            && let Some(table) = self.tables.remove(&name)
        {
            self.tables.insert((name.0, new), table);
        } else if is(0, "SET")
            && is(1, "SCHEMA")
            && let Some(schema) = actions.get(2).and_then(named)
            && let Some(table) = self.tables.remove(&name)
        {
            self.tables.insert((schema, name.1), table);
        }
    }

    fn policy(&mut self, tokens: &[Token], file: usize) {
        let mut reader = Reader { tokens, at: 2 };
        let Some(policy) = reader.one() else { return };
        reader.skip(&["ON"]);
        let Some(name) = reader.name() else { return };
        let rest = &tokens[reader.at..];
        let mut read = Policy {
            at: (file, tokens[0].line),
            command: "ALL".to_owned(),
            roles: Vec::new(),
            restrictive: rest.iter().take(4).any(|token| token.is("RESTRICTIVE")),
            using: None,
            check: None,
        };
        read.clauses(rest);
        self.tables.entry(name).or_default().policies.insert(policy, read);
    }

    fn alter_policy(&mut self, tokens: &[Token]) {
        let mut reader = Reader { tokens, at: 2 };
        let Some(policy) = reader.one() else { return };
        reader.skip(&["ON"]);
        let Some(name) = reader.name() else { return };
        let rest = &tokens[reader.at..];
        let Some(table) = self.tables.get_mut(&name) else { return };
        let Some(mut read) = table.policies.remove(&policy) else { return };
        let renamed = rest.first().is_some_and(|token| token.is("RENAME"));
        let new = if renamed { rest.get(2).and_then(named).unwrap_or(policy) } else { policy };
        read.clauses(rest);
        table.policies.insert(new, read);
    }

    /// `REVOKE … ON t FROM anon` takes a table out of the public interface; a later `GRANT` puts it back.
    fn rights(&mut self, tokens: &[Token]) {
        let revoke = tokens[0].is("REVOKE");
        let whom =
            |role: &str| tokens.iter().rev().take(12).any(|token| named(token).as_deref() == Some(role));
        if !(whom("anon") || revoke && whom("authenticated")) || !tokens.iter().any(|token| token.is("ON")) {
            return;
        }
        let all = tokens[..tokens.len().min(4)].iter().any(|token| token.is("ALL")) || !revoke;
        let Some(on) = tokens.iter().position(|token| token.is("ON")) else { return };
        let mut reader = Reader { tokens, at: on + 1 };
        if tokens.get(on + 1).is_some_and(|token| token.is("ALL")) {
            let schema = tokens
                .iter()
                .position(|token| token.is("SCHEMA"))
                .and_then(|at| tokens.get(at + 1))
                .and_then(named);
            for ((of, _), table) in &mut self.tables {
                if all && Some(of) == schema.as_ref() {
                    table.revoked = revoke;
                }
            }
            return;
        }
        reader.skip(&["TABLE"]);
        while let Some(name) = reader.name() {
            if let (true, Some(table)) = (all, self.tables.get_mut(&name)) {
                table.revoked = revoke;
            }
            if !reader.symbol(',') {
                break;
            }
        }
    }

    /// What is open at the end.
    fn open(&self, elsewhere: &[String]) -> Vec<(String, u8, usize, u32)> {
        let mut open = Vec::new();
        for ((schema, name), table) in &self.tables {
            let objects = schema == "storage" && name == "objects";
            if table.unsure || table.revoked || !(self.schemas.contains(schema) || objects) {
                continue;
            }
            let shown: String = name.chars().filter(|c| !c.is_control() && *c != '`').take(80).collect();
            if let (Some((file, line)), false) = (table.created, table.secured || objects) {
                let settled = elsewhere
                    .iter()
                    .any(|line| line.to_ascii_lowercase().contains(&name.to_ascii_lowercase()));
                if !settled {
                    open.push((
                        format!("table `{shown}` has no row-level security: everybody with the public key can read and change it"),
                        PUBLIC,
                        file,
                        line,
                    ));
                }
                continue;
            }
            if table.created.is_none() && !objects || table.policies.values().any(|policy| policy.restrictive)
            {
                continue;
            }
            for policy in table.policies.values() {
                if let Some(does) = policy.opens() {
                    open.push((
                        format!(
                            "a policy lets {} {does} any row of `{shown}` (`true` as its condition)",
                            policy.whom()
                        ),
                        // Forms that anybody may send are meant to be open for new rows.
                        if does == "insert" { PROBABLY_MEANT } else { PUBLIC },
                        policy.at.0,
                        policy.at.1,
                    ));
                }
            }
        }
        open
    }
}

impl Policy {
    fn clauses(&mut self, tokens: &[Token]) {
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            if token.is("FOR") {
                if let Some(command) = tokens.get(at + 1).and_then(Token::word) {
                    self.command = command.to_ascii_uppercase();
                }
            } else if token.is("TO")
                && !tokens.get(at.wrapping_sub(1)).is_some_and(|before| before.is("RENAME"))
            {
                self.roles = tokens[at + 1..]
                    .iter()
                    .take_while(|token| !token.is("USING") && !token.is("WITH") && !token.is("FOR"))
                    .filter_map(named)
                    .collect();
            } else if token.is("USING") || token.is("CHECK") {
                let (inner, end) = parenthesised(tokens, at + 1);
                let open = is_true(inner);
                if token.is("USING") {
                    self.using = Some(open);
                } else {
                    self.check = Some(open);
                }
                at = end;
                continue;
            }
            at += 1;
        }
    }

    /// What it lets be done to any row, when its condition is `true`.
    fn opens(&self) -> Option<&'static str> {
        let reaches = self.roles.is_empty()
            || self.roles.iter().any(|role| matches!(role.as_str(), "public" | "anon" | "authenticated"));
        if !reaches {
            return None;
        }
        let (using, check) = (self.using == Some(true), self.check);
        match self.command.as_str() {
            "ALL" if using => Some("read, change and delete"),
            "UPDATE" if using && check != Some(false) => Some("change"),
            "DELETE" if using => Some("delete"),
            "INSERT" if check == Some(true) => Some("insert"),
            _ => None,
        }
    }

    fn whom(&self) -> &'static str {
        let everybody =
            self.roles.is_empty() || self.roles.iter().any(|role| matches!(role.as_str(), "public" | "anon"));
        if everybody { "everybody" } else { "everybody who is signed in" }
    }
}

/// The statement without what stands before it inside a block (`BEGIN`, `IF … THEN`, `LOOP`).
fn beginning<'a, 't>(tokens: &'a [Token<'t>]) -> &'a [Token<'t>] {
    const OPENERS: [&str; 4] = ["BEGIN", "THEN", "LOOP", "ELSE"];
    let begins = tokens.first().is_some_and(|token| {
        ["CREATE", "ALTER", "DROP", "DO", "GRANT", "REVOKE"].iter().any(|word| token.is(word))
    });
    if begins {
        return tokens;
    }
    let last = tokens.iter().rposition(|token| OPENERS.iter().any(|word| token.is(word)));
    last.map_or(tokens, |at| &tokens[at + 1..])
}

/// The tokens between the parenthesis at `at` and its partner, and the place behind it.
fn parenthesised<'a, 't>(tokens: &'a [Token<'t>], at: usize) -> (&'a [Token<'t>], usize) {
    if !tokens.get(at).is_some_and(|token| token.is_symbol('(')) {
        return (&[], at);
    }
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        if token.is_symbol('(') {
            depth += 1;
        } else if token.is_symbol(')') {
            depth -= 1;
            if depth == 0 {
                return (&tokens[at + 1..index], index + 1);
            }
        }
    }
    (&tokens[at + 1..], tokens.len())
}

fn is_true(tokens: &[Token]) -> bool {
    let inner: Vec<&Token> =
        tokens.iter().filter(|token| !token.is_symbol('(') && !token.is_symbol(')')).collect();
    match inner.as_slice() {
        [only] => only.is("true"),
        [one, equals, other] => equals.is_symbol('=') && one.word() == Some("1") && other.word() == Some("1"),
        _ => false,
    }
}

/// Names fold to lower case unless they are quoted; a quoted name in lower case is the same one.
fn named(token: &Token) -> Option<String> {
    match token.kind {
        Kind::Word(word) => Some(word.to_ascii_lowercase()),
        Kind::Name(name) => Some(name.to_owned()),
        _ => None,
    }
}

/// Computed SQL about policies or rights of tables; rights of functions say nothing about rows.
fn changes_access(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("policy") || lower.contains("revoke") && !lower.contains("on function")
}

fn secures(text: &str) -> bool {
    text.to_ascii_lowercase().contains("row level security")
}

struct Reader<'a, 't> {
    tokens: &'a [Token<'t>],
    at: usize,
}

impl Reader<'_, '_> {
    fn skip(&mut self, words: &[&str]) {
        while self.tokens.get(self.at).is_some_and(|token| words.iter().any(|word| token.is(word))) {
            self.at += 1;
        }
    }

    fn one(&mut self) -> Option<String> {
        let name = match self.tokens.get(self.at)?.kind {
            // Some write the names of policies as strings; PostgreSQL refuses it, readers need not.
            Kind::Text(text) => Some(text.to_owned()),
            _ => named(&self.tokens[self.at]),
        }?;
        self.at += 1;
        Some(name)
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let is = self.tokens.get(self.at).is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(is);
        is
    }

    /// A name with its schema, `public` where it has none.
    fn name(&mut self) -> Option<(String, String)> {
        let first = self.one()?;
        if !self.symbol('.') {
            return Some(("public".to_owned(), first));
        }
        Some((first, self.one()?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn open(migrations: &[&str]) -> Vec<String> {
        let mut state = State { schemas: vec!["public".to_owned()], ..State::default() };
        for (index, text) in migrations.iter().enumerate() {
            state.play(text, 1, index, 0);
        }
        state.open(&[]).into_iter().map(|(what, _, file, line)| format!("{file}:{line} {what}")).collect()
    }

    #[test]
    fn a_table_without_row_level_security_is_open() {
        let found =
            open(&["create table public.notes (id int);\nCREATE TABLE IF NOT EXISTS \"tags\" (id int);"]);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("0:1 table `notes` has no row-level security"));
    }

    #[test]
    fn later_migrations_correct_earlier_ones() {
        assert!(
            open(&["create table notes (id int);", "alter table notes enable row level security;"])
                .is_empty()
        );
        assert!(
            open(&["create table notes (id int);", "drop table if exists public.notes cascade;"]).is_empty()
        );
        assert!(
            open(&[
                "create table notes (id int);",
                "alter table notes rename to n; alter table public.n enable row level security;"
            ])
            .is_empty()
        );
        assert!(
            open(&["create table notes (id int);", "revoke all on table notes from anon, authenticated;"])
                .is_empty()
        );
        let back = [
            "create table notes (id int); alter table notes enable row level security;",
            "alter table notes disable row level security;",
        ];
        assert_eq!(open(&back).len(), 1);
    }

    #[test]
    fn policies_with_true_for_writes_are_open() {
        let base = "create table notes (id int); alter table notes enable row level security;\n";
        let with = |policy: &str| open(&[&format!("{base}{policy}")]);
        assert!(
            with("create policy p on notes for all using (true);")[0]
                .contains("everybody read, change and delete")
        );
        assert!(
            with("create policy p on notes for insert to authenticated with check ((true));")[0]
                .contains("who is signed in insert")
        );
        assert_eq!(
            with("create policy \"Any one\" on public.notes for update using (true) with check (true);")
                .len(),
            1
        );
        for closed in [
            "create policy p on notes for select using (true);",
            "create policy p on notes for all to service_role using (true) with check (true);",
            "create policy p on notes for update using (auth.uid() = user_id) with check (true);",
            "create policy p on notes for all using (true); drop policy p on notes;",
            "create policy p on notes for all using (true); alter policy p on notes using (auth.uid() = owner);",
            "create policy p on notes for all using (true); create policy q on notes as restrictive for all using (a);",
        ] {
            assert_eq!(with(closed), Vec::<String>::new(), "{closed}");
        }
    }

    #[test]
    fn blocks_are_looked_into_and_computed_sql_is_not_guessed() {
        let block = "create table notes (id int);\nDO $$ BEGIN IF NOT EXISTS (SELECT 1) THEN ALTER TABLE notes ENABLE ROW LEVEL SECURITY; END IF; END $$;";
        assert!(open(&[block]).is_empty());
        let computed = "create table notes (id int);\nDO $$ BEGIN FOR t IN SELECT 1 LOOP EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t); END LOOP; END $$;";
        assert!(open(&[computed]).is_empty());
    }

    #[test]
    fn an_event_trigger_secures_new_tables() {
        let text = "create function f() returns event_trigger as $$ begin execute 'alter table x enable row level security'; end $$ language plpgsql;\ncreate event trigger e on ddl_command_end execute function f();\ncreate table notes (id int);";
        assert!(open(&[text]).is_empty());
    }

    #[test]
    fn other_schemas_are_not_served() {
        assert!(open(&["create table private.notes (id int); create temp table t (id int);"]).is_empty());
    }
}
