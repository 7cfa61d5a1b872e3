//! Statements, by their heads.

use super::lexer::{Kind, Token, tokens};
use crate::migrations::operations::{Fill, Operation, Step, plain};

/// The most bytes of SQL that are read of one migration.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// The most steps that one migration gives.
const MOST_STEPS: usize = 5_000;

/// The operations of a text.
pub fn read(text: &str, line: u32) -> Vec<Step> {
    let mut reader = Reader { steps: Vec::new(), depth: 0 };
    reader.text(text, line);
    reader.steps
}

struct Reader {
    steps: Vec<Step>,
    /// How many bodies and executed strings deep.
    depth: u8,
}

impl Reader {
    fn text(&mut self, text: &str, line: u32) {
        let mut end = text.len().min(MOST_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let tokens = tokens(&text[..end], line);
        for statement in split(&tokens) {
            if self.steps.len() >= MOST_STEPS {
                return;
            }
            self.statement(statement);
        }
    }

    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    fn statement(&mut self, statement: &[Token]) {
        let statement = if self.depth > 0 { after_control(statement) } else { statement };
        let Some(first) = statement.first() else { return };
        let line = first.line;
        let mut at = Cursor { tokens: statement, next: 0 };
        if at.eat(&["CREATE"]) {
            self.create(at, line);
        } else if at.eat(&["ALTER"]) {
            self.alter(at, line);
        } else if at.eat(&["DROP"]) {
            self.drop(at, line);
        } else if at.eat(&["RENAME", "TABLE"]) {
            for part in commas(at.rest()) {
                let mut at = Cursor { tokens: part, next: 0 };
                let table = at.name();
                at.eat(&["TO"]);
                self.push(Operation::RenameTable { table, to: at.name() }, line);
            }
        } else if at.eat(&["TRUNCATE"]) {
            at.eat(&["TABLE"]);
            at.eat(&["ONLY"]);
            self.push(Operation::Truncate { table: at.name() }, line);
        } else if at.eat(&["INSERT"]) || at.eat(&["REPLACE", "INTO"]) || at.eat(&["COPY"]) {
            at.eat(&["IGNORE"]);
            at.eat(&["INTO"]);
            self.push(Operation::InsertRows { table: at.name() }, line);
        } else if at.eat(&["UPDATE"])
            || at.eat(&["DELETE", "FROM"])
            || at.eat(&["DELETE"])
            || at.eat(&["MERGE", "INTO"])
        {
            at.eat(&["ONLY"]);
            self.push(Operation::ChangeRows { table: Some(at.name()) }, line);
        } else if at.eat(&["WITH"]) {
            self.with(statement, line);
        } else if at.eat(&["DO"]) {
            for token in statement {
                if let Kind::Body(body) | Kind::Text(body) = token.kind {
                    self.nested(body, token.line);
                }
            }
        } else if at.eat(&["EXECUTE"]) || at.eat(&["EXEC"]) || at.eat(&["PERFORM"]) {
            self.execute(statement, line);
        } else if at.eat(&["SET"]) || at.eat(&["SELECT"]) {
            let limits = statement.iter().any(|token| match token.kind {
                Kind::Word(word) => {
                    word.eq_ignore_ascii_case("lock_timeout")
                        || word.eq_ignore_ascii_case("lock_wait_timeout")
                }
                Kind::Text(text) => text == "lock_timeout",
                _ => false,
            });
            self.push(if limits { Operation::LockTimeout } else { Operation::Neutral }, line);
        } else if at.eat(&["REINDEX"]) {
            let concurrently = statement.iter().any(|token| token.is("CONCURRENTLY"));
            if !concurrently {
                self.push(Operation::Other { table: None }, line);
            }
        } else if at.eat(&["GRANT"])
            || at.eat(&["COMMENT"])
            || at.eat(&["ANALYZE"])
            || at.eat(&["VACUUM"])
            || at.eat(&["BEGIN"])
            || at.eat(&["START"])
            || at.eat(&["COMMIT"])
            || at.eat(&["END"])
            || at.eat(&["NOTIFY"])
            || at.eat(&["RAISE"])
            || at.eat(&["USE"])
            || at.eat(&["GO"])
            || at.eat(&["PRAGMA"])
            || at.eat(&["DECLARE"])
            || at.eat(&["NULL"])
        {
            self.push(Operation::Neutral, line);
        } else if self.depth == 0 {
            self.push(Operation::Other { table: None }, line);
        }
    }

    /// The body of a `DO` block, or SQL that is executed from a string.
    fn nested(&mut self, text: &str, line: u32) {
        if self.depth < 3 {
            self.depth += 1;
            self.text(text, line);
            self.depth -= 1;
        }
    }

    fn execute(&mut self, statement: &[Token], line: u32) {
        let literal = statement.iter().find_map(|token| match token.kind {
            Kind::Text(text) | Kind::Body(text) if super::looks_like_sql(text) => Some((text, token.line)),
            _ => None,
        });
        match literal {
            Some((text, line)) => self.nested(text, line),
            None => self.push(Operation::Neutral, line),
        }
    }

    /// `WITH … UPDATE/DELETE/INSERT`: what the statement does to rows.
    fn with(&mut self, statement: &[Token], line: u32) {
        for (position, token) in statement.iter().enumerate() {
            let mut at = Cursor { tokens: statement, next: position + 1 };
            if token.is("UPDATE")
                && !statement.get(position.wrapping_sub(1)).is_some_and(|t| t.is("FOR") || t.is("DO"))
            {
                self.push(Operation::ChangeRows { table: Some(at.name()) }, line);
            } else if token.is("DELETE") {
                at.eat(&["FROM"]);
                self.push(Operation::ChangeRows { table: Some(at.name()) }, line);
            } else if token.is("INSERT") {
                at.eat(&["INTO"]);
                self.push(Operation::InsertRows { table: at.name() }, line);
            }
        }
    }

    fn create(&mut self, mut at: Cursor, line: u32) {
        let replaces = at.eat(&["OR", "REPLACE"]);
        let mut temporary = false;
        while at.peek().is_some_and(|token| {
            [
                "TEMP",
                "TEMPORARY",
                "GLOBAL",
                "LOCAL",
                "UNLOGGED",
                "UNIQUE",
                "FULLTEXT",
                "SPATIAL",
                "CLUSTERED",
                "NONCLUSTERED",
                "COLUMNSTORE",
                "MATERIALIZED",
                "RECURSIVE",
                "CONSTRAINT",
                "EDITIONABLE",
                "EVENT",
                "FOREIGN",
                "VIRTUAL",
                "BITMAP",
                "OR",
                "ALTER",
            ]
            .iter()
            .any(|word| token.is(word))
        }) {
            temporary |= at.peek().is_some_and(|token| token.is("TEMP") || token.is("TEMPORARY"));
            at.next += 1;
        }
        if at.eat(&["DEFINER"]) {
            // `DEFINER = user@host`: on to the kind of object.
            while at.peek().is_some_and(|token| {
                !["PROCEDURE", "FUNCTION", "TRIGGER", "VIEW", "SQL"].iter().any(|w| token.is(w))
            }) {
                at.next += 1;
            }
        }
        if at.eat(&["TABLE"]) {
            at.eat(&["IF", "NOT", "EXISTS"]);
            let table = at.name();
            if temporary || table.starts_with('#') {
                self.push(Operation::Neutral, line);
            }
            // A temporary table is also nobody else's.
            self.push(Operation::CreateTable { table }, line);
            return;
        }
        if at.eat(&["INDEX"]) {
            let concurrently = at.eat(&["CONCURRENTLY"]) || at.online();
            let unique = at.tokens.iter().take(at.next).any(|token| token.is("UNIQUE"));
            let table = at.after("ON").map(|mut at| {
                at.eat(&["ONLY"]);
                at.name()
            });
            self.push(Operation::AddIndex { table: table.unwrap_or_default(), unique, concurrently }, line);
            return;
        }
        let kind = at.peek().and_then(Token::word).unwrap_or_default().to_ascii_lowercase();
        at.next += 1;
        at.eat(&["IF", "NOT", "EXISTS"]);
        let _ = replaces;
        self.push(Operation::CreateObject { kind, name: at.name() }, line);
    }

    fn drop(&mut self, mut at: Cursor, line: u32) {
        at.eat(&["TEMPORARY"]);
        if at.eat(&["TABLE"]) {
            at.eat(&["IF", "EXISTS"]);
            for part in commas(at.rest()) {
                let table = Cursor { tokens: part, next: 0 }.name();
                self.push(Operation::DropTable { table }, line);
            }
            return;
        }
        if at.eat(&["INDEX"]) {
            let concurrently = at.eat(&["CONCURRENTLY"]) || at.online();
            let table = at.after("ON").map(|mut at| at.name());
            self.push(Operation::DropIndex { table, concurrently }, line);
            return;
        }
        at.eat(&["MATERIALIZED"]);
        at.eat(&["FOREIGN"]);
        let kind = at.peek().and_then(Token::word).unwrap_or_default().to_ascii_lowercase();
        at.next += 1;
        at.eat(&["IF", "EXISTS"]);
        self.push(Operation::DropObject { kind, name: at.name() }, line);
    }

    fn alter(&mut self, mut at: Cursor, line: u32) {
        at.eat(&["FOREIGN"]);
        if at.eat(&["TYPE"]) {
            let table = at.name();
            let adds = at.eat(&["ADD", "VALUE"]);
            let operation = if adds {
                Operation::CreateObject { kind: "value".into(), name: table }
            } else {
                Operation::Other { table: None }
            };
            self.push(operation, line);
            return;
        }
        if !at.eat(&["TABLE"]) {
            let harmless =
                at.eat(&["DEFAULT", "PRIVILEGES"]) || at.eat(&["SEQUENCE"]) || at.eat(&["PUBLICATION"]);
            self.push(if harmless { Operation::Neutral } else { Operation::Other { table: None } }, line);
            return;
        }
        at.eat(&["IF", "EXISTS"]);
        at.eat(&["ONLY"]);
        let table = at.name();
        let not_checked = at.eat(&["WITH", "NOCHECK"]);
        if !not_checked {
            at.eat(&["WITH", "CHECK"]);
        }
        let mut adding = false;
        for action in commas(at.rest()) {
            let line = action.first().map_or(line, |token| token.line);
            let mut at = Cursor { tokens: action, next: 0 };
            if at.eat(&["ADD"]) {
                adding = true;
                self.add(&table, at, not_checked, line);
            } else if adding && !at.peek().is_some_and(is_verb) {
                // SQL Server's `ADD a int, b int`.
                self.add(&table, at, not_checked, line);
            } else {
                adding = false;
                let steps = action_of(&table, at);
                for operation in steps {
                    self.push(operation, line);
                }
            }
        }
    }

    fn add(&mut self, table: &str, mut at: Cursor, not_checked: bool, line: u32) {
        let table = table.to_owned();
        let explicit_column = at.eat(&["COLUMN"]);
        at.eat(&["IF", "NOT", "EXISTS"]);
        if at.peek().is_some_and(|token| token.is_symbol('(')) {
            for column in commas(inside(at.rest())) {
                self.add(&table, Cursor { tokens: column, next: 0 }, not_checked, line);
            }
            return;
        }
        let named = !explicit_column && at.eat(&["CONSTRAINT"]);
        if named {
            at.eat(&["IF", "NOT", "EXISTS"]);
            if !at.peek().is_some_and(is_constraint) {
                let _ = at.name();
            }
        }
        let not_valid = not_checked
            || at
                .tokens
                .windows(2)
                .any(|pair| pair[0].is("NOT") && (pair[1].is("VALID") || pair[1].is("ENFORCED")))
            || at.tokens.iter().any(|token| token.is("NOVALIDATE"));
        if !explicit_column {
            if at.eat(&["FOREIGN", "KEY"]) {
                let column = at.after_symbol('(').map(|mut at| at.name());
                self.push(Operation::AddForeignKey { table, column, validated: !not_valid }, line);
                return;
            }
            if at.eat(&["CHECK"]) {
                self.push(Operation::AddCheck { table, validated: !not_valid }, line);
                return;
            }
            if at.eat(&["UNIQUE"]) || at.eat(&["PRIMARY", "KEY"]) || at.eat(&["EXCLUDE"]) {
                let using_index = at.tokens.windows(2).any(|pair| pair[0].is("USING") && pair[1].is("INDEX"));
                self.push(Operation::AddUnique { table, using_index }, line);
                return;
            }
            if at.eat(&["INDEX"]) || at.eat(&["KEY"]) || at.eat(&["FULLTEXT"]) || at.eat(&["SPATIAL"]) {
                self.push(Operation::AddIndex { table, unique: false, concurrently: false }, line);
                return;
            }
            if named || at.eat(&["PARTITION"]) || at.eat(&["GENERATED"]) || at.eat(&["DEFAULT"]) {
                self.push(Operation::Neutral, line);
                return;
            }
        }
        let column = at.name();
        self.push(column_of(table, column, at.rest(), !not_valid), line);
    }
}

/// The operations of one action of `ALTER TABLE` that does not begin with `ADD`.
fn action_of(table: &str, mut at: Cursor) -> Vec<Operation> {
    let table = table.to_owned();
    if at.eat(&["DROP"]) {
        if at.eat(&["CONSTRAINT"])
            || at.eat(&["FOREIGN"])
            || at.eat(&["PRIMARY"])
            || at.eat(&["CHECK"])
            || at.eat(&["PARTITION"])
        {
            return vec![Operation::Other { table: Some(table) }];
        }
        if at.eat(&["INDEX"]) || at.eat(&["KEY"]) {
            return vec![Operation::DropIndex { table: Some(table), concurrently: false }];
        }
        at.eat(&["COLUMN"]);
        at.eat(&["IF", "EXISTS"]);
        if at.peek().is_some_and(|token| token.is_symbol('(')) {
            return commas(inside(at.rest()))
                .into_iter()
                .map(|part| Operation::DropColumn {
                    table: table.clone(),
                    column: Cursor { tokens: part, next: 0 }.name(),
                })
                .collect();
        }
        return vec![Operation::DropColumn { table, column: at.name() }];
    }
    if at.eat(&["ALTER"]) {
        if at.eat(&["INDEX"]) || at.eat(&["CONSTRAINT"]) || at.eat(&["CHECK"]) {
            return vec![Operation::Other { table: Some(table) }];
        }
        at.eat(&["COLUMN"]);
        let column = at.name();
        if at.eat(&["SET", "NOT", "NULL"]) {
            return vec![Operation::SetNotNull { table, column }];
        }
        if at.eat(&["DROP", "NOT", "NULL"]) {
            return vec![Operation::DropNotNull { table }];
        }
        if at.eat(&["TYPE"]) || at.eat(&["SET", "DATA", "TYPE"]) {
            return vec![Operation::ChangeType { table, column }];
        }
        if at.eat(&["SET"]) || at.eat(&["DROP"]) || at.eat(&["RESTART"]) {
            return vec![Operation::Neutral];
        }
        if at.eat(&["ADD"]) || at.peek().is_none() {
            return vec![Operation::Other { table: Some(table) }];
        }
        // SQL Server states the whole column again.
        return vec![Operation::ChangeType { table, column }];
    }
    if at.eat(&["MODIFY"]) {
        at.eat(&["COLUMN"]);
        at.eat(&["IF", "EXISTS"]);
        return vec![Operation::ChangeType { table, column: at.name() }];
    }
    if at.eat(&["CHANGE"]) {
        at.eat(&["COLUMN"]);
        let (old, new) = (at.name(), at.name());
        let changed = Operation::ChangeType { table: table.clone(), column: old.clone() };
        return if old == new {
            vec![changed]
        } else {
            vec![Operation::RenameColumn { table, column: old }, changed]
        };
    }
    if at.eat(&["RENAME"]) {
        if at.eat(&["TO"]) || at.eat(&["AS"]) {
            return vec![Operation::RenameTable { table, to: at.name() }];
        }
        if at.eat(&["CONSTRAINT"]) || at.eat(&["INDEX"]) || at.eat(&["KEY"]) {
            return vec![Operation::Neutral];
        }
        at.eat(&["COLUMN"]);
        return vec![Operation::RenameColumn { table, column: at.name() }];
    }
    if at.eat(&["VALIDATE"]) {
        return vec![Operation::Validate { table }];
    }
    if at.eat(&["OWNER"])
        || at.eat(&["REPLICA"])
        || at.eat(&["COMMENT"])
        || at.eat(&["AUTO_INCREMENT"])
        || at.eat(&["ALGORITHM"])
        || at.eat(&["LOCK"])
        || at.eat(&["DISABLE", "ROW"])
        || at.eat(&["SET", "("])
    {
        return vec![Operation::Neutral];
    }
    vec![Operation::Other { table: Some(table) }]
}

/// A new column by what follows its name.
fn column_of(table: String, column: String, rest: &[Token], checked: bool) -> Operation {
    let pair =
        |first: &str, second: &str| rest.windows(2).any(|pair| pair[0].is(first) && pair[1].is(second));
    let not_null = pair("NOT", "NULL") || pair("PRIMARY", "KEY");
    let serial = rest.first().and_then(Token::word).is_some_and(|kind| {
        ["serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"]
            .iter()
            .any(|name| kind.eq_ignore_ascii_case(name))
    });
    let stored = rest.iter().any(|token| token.is("STORED") || token.is("IDENTITY"));
    let default = rest.iter().position(|token| token.is("DEFAULT"));
    let fill = match default {
        _ if serial || stored => Fill::PerRow,
        Some(position) if is_null(&rest[position + 1..]) => Fill::Nothing,
        Some(position) if per_row(&rest[position + 1..]) => Fill::PerRow,
        Some(_) => Fill::Constant,
        None if rest
            .iter()
            .any(|token| token.is("AUTO_INCREMENT") || token.is("VIRTUAL") || token.is("AS")) =>
        {
            Fill::Constant
        }
        None => Fill::Nothing,
    };
    Operation::AddColumn {
        table,
        column,
        not_null,
        default: fill,
        unique: rest.iter().any(|token| token.is("UNIQUE")) || pair("PRIMARY", "KEY"),
        references: checked && rest.iter().any(|token| token.is("REFERENCES")),
    }
}

fn is_null(rest: &[Token]) -> bool {
    rest.first().is_some_and(|token| token.is("NULL"))
}

/// Whether a default is worked out for each row. `now()` and its like are worked out once.
fn per_row(rest: &[Token]) -> bool {
    let mut depth = 0i32;
    for (position, token) in rest.iter().enumerate() {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth -= 1,
            Kind::Word(word) => {
                let called = rest.get(position + 1).is_some_and(|next| next.is_symbol('('));
                if called && gives_each_row_its_own(word) {
                    return true;
                }
                if depth == 0
                    && ["NOT", "NULL", "CHECK", "REFERENCES", "UNIQUE", "CONSTRAINT", "AFTER", "COMMENT"]
                        .iter()
                        .any(|w| token.is(w))
                {
                    return false;
                }
            }
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    false
}

/// Whether a function of this name gives a value of its own at each call.
pub fn gives_each_row_its_own(function: &str) -> bool {
    let function = function.to_ascii_lowercase();
    matches!(
        function.as_str(),
        "random"
            | "rand"
            | "clock_timestamp"
            | "timeofday"
            | "nextval"
            | "newid"
            | "newsequentialid"
            | "setseed"
            | "uuid"
            | "uuidv4"
            | "uuidv7"
            | "nanoid"
            | "cuid"
            | "ulid"
            | "sys_guid"
            | "gen_salt"
    ) || function.starts_with("gen_random")
        || function.starts_with("uuid_generate")
        || function.starts_with("generate_")
}

fn is_verb(token: &Token) -> bool {
    [
        "ADD",
        "DROP",
        "ALTER",
        "MODIFY",
        "CHANGE",
        "RENAME",
        "VALIDATE",
        "ENABLE",
        "DISABLE",
        "SET",
        "OWNER",
        "ATTACH",
        "DETACH",
        "CONVERT",
        "ENGINE",
        "ALGORITHM",
        "LOCK",
        "FORCE",
        "NO",
        "REPLICA",
        "COMMENT",
        "AUTO_INCREMENT",
        "INHERIT",
        "CLUSTER",
        "ORDER",
        "PARTITION",
        "DEFAULT",
        "CHARACTER",
        "ROW_FORMAT",
    ]
    .iter()
    .any(|verb| token.is(verb))
}

fn is_constraint(token: &Token) -> bool {
    ["FOREIGN", "CHECK", "UNIQUE", "PRIMARY", "EXCLUDE"].iter().any(|word| token.is(word))
}

/// Statements between semicolons. Bodies of routines in dialects without dollar quotes (`BEGIN … END`) stay in one piece.
fn split<'s, 't>(tokens: &'s [Token<'t>]) -> Vec<&'s [Token<'t>]> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut body = 0u32;
    let mut routine = false;
    for (position, token) in tokens.iter().enumerate() {
        if position == start {
            routine = is_routine(&tokens[start..]);
            body = 0;
        }
        if routine && let Some(word) = token.word() {
            let opens = ["BEGIN", "CASE"].iter().any(|w| word.eq_ignore_ascii_case(w))
                && !tokens.get(position.wrapping_sub(1)).is_some_and(|before| before.is("END"));
            if opens {
                body += 1;
            } else if word.eq_ignore_ascii_case("END")
                && !tokens
                    .get(position + 1)
                    .is_some_and(|next| ["IF", "LOOP", "WHILE", "REPEAT", "FOR"].iter().any(|w| next.is(w)))
            {
                body = body.saturating_sub(1);
            }
        }
        let ends = token.is_symbol(';') && body == 0 || is_batch_end(tokens, position);
        if ends {
            if position > start {
                statements.push(&tokens[start..position]);
            }
            start = position + 1;
        }
    }
    if start < tokens.len() {
        statements.push(&tokens[start..]);
    }
    statements
}

/// SQL Server's `GO`, alone on its line.
fn is_batch_end(tokens: &[Token], position: usize) -> bool {
    let line = tokens[position].line;
    tokens[position].is("GO")
        && (position == 0 || tokens[position - 1].line < line)
        && tokens.get(position + 1).is_none_or(|next| next.line > line)
}

fn is_routine(tokens: &[Token]) -> bool {
    tokens.first().is_some_and(|token| token.is("CREATE") || token.is("ALTER"))
        && tokens.iter().take(12).take_while(|token| !token.is_symbol(';')).any(|token| {
            ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE", "PROC"].iter().any(|word| token.is(word))
        })
        && !tokens
            .first()
            .is_some_and(|token| token.is("ALTER") && tokens.get(1).is_some_and(|t| t.is("TABLE")))
}

/// A statement of a procedural block without the control words before it.
fn after_control<'s, 't>(mut statement: &'s [Token<'t>]) -> &'s [Token<'t>] {
    for _ in 0..16 {
        let Some(first) = statement.first() else { return statement };
        let cut = if first.is("BEGIN") || first.is("ELSE") || first.is("LOOP") {
            Some(1)
        } else if first.is("IF")
            || first.is("ELSIF")
            || first.is("ELSEIF")
            || first.is("EXCEPTION")
            || first.is("WHEN")
        {
            outside(statement, "THEN").map(|position| position + 1)
        } else if first.is("FOR") || first.is("WHILE") || first.is("FOREACH") {
            outside(statement, "LOOP").map(|position| position + 1)
        } else if first.is("DECLARE") {
            outside(statement, "BEGIN").map(|position| position + 1)
        } else {
            None
        };
        match cut {
            Some(cut) => statement = &statement[cut..],
            None => return statement,
        }
    }
    statement
}

/// Where a word stands outside parentheses.
fn outside(tokens: &[Token], word: &str) -> Option<usize> {
    let mut depth = 0i32;
    tokens.iter().position(|token| {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth -= 1,
            _ => {}
        }
        depth <= 0 && token.is(word)
    })
}

/// The parts between commas outside parentheses.
fn commas<'s, 't>(tokens: &'s [Token<'t>]) -> Vec<&'s [Token<'t>]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0i32, 0);
    for (position, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth -= 1,
            Kind::Symbol(',') if depth <= 0 => {
                parts.push(&tokens[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    if start < tokens.len() {
        parts.push(&tokens[start..]);
    }
    parts
}

/// What is between the first parenthesis and the one that closes it.
fn inside<'s, 't>(tokens: &'s [Token<'t>]) -> &'s [Token<'t>] {
    let mut depth = 0i32;
    for (position, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return tokens.get(1..position).unwrap_or_default();
        }
    }
    tokens.get(1..).unwrap_or_default()
}

#[derive(Clone, Copy)]
struct Cursor<'s, 't> {
    tokens: &'s [Token<'t>],
    next: usize,
}

impl<'s, 't> Cursor<'s, 't> {
    fn peek(&self) -> Option<&'s Token<'t>> {
        self.tokens.get(self.next)
    }

    fn rest(&self) -> &'s [Token<'t>] {
        self.tokens.get(self.next..).unwrap_or_default()
    }

    /// Takes these words when they come next.
    fn eat(&mut self, words: &[&str]) -> bool {
        let rest = self.rest();
        let found = rest.len() >= words.len()
            && words.iter().zip(rest).all(|(word, token)| {
                token.is(word) || word.len() == 1 && word.chars().next().is_some_and(|c| token.is_symbol(c))
            });
        if found {
            self.next += words.len();
        }
        found
    }

    /// A name with its schema; the last part is what counts.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Word(word) | Kind::Name(word) => {
                    name = plain_part(word);
                    self.next += 1;
                }
                // SQL Server's `[name]`, temporary `#name`, and placeholders of templates.
                Kind::Symbol('[' | ']' | '#' | '{' | '}' | '$' | '%' | ':' | '@') => {
                    self.next += 1;
                    continue;
                }
                _ => break,
            }
            while self.peek().is_some_and(|token| token.is_symbol(']') || token.is_symbol('}')) {
                self.next += 1;
            }
            if self.peek().is_some_and(|token| token.is_symbol('.')) {
                self.next += 1;
            } else {
                break;
            }
        }
        name
    }

    /// The place after the first such word outside parentheses.
    fn after(&self, word: &str) -> Option<Self> {
        let position = outside(self.rest(), word)?;
        Some(Cursor { tokens: self.tokens, next: self.next + position + 1 })
    }

    fn after_symbol(&self, symbol: char) -> Option<Self> {
        let position = self.rest().iter().position(|token| token.is_symbol(symbol))?;
        Some(Cursor { tokens: self.tokens, next: self.next + position + 1 })
    }

    /// SQL Server's `WITH (ONLINE = ON)`, MySQL's `LOCK=NONE`.
    fn online(&self) -> bool {
        self.tokens.windows(3).any(|three| {
            three[0].is("ONLINE") && three[1].is_symbol('=') && three[2].is("ON")
                || three[0].is("LOCK") && three[1].is_symbol('=') && three[2].is("NONE")
        }) || self.tokens.last().is_some_and(|token| token.is("ONLINE"))
    }
}

/// A part of a name that may hold dots inside its quotes.
fn plain_part(word: &str) -> String {
    if word.contains('.') { word.to_lowercase() } else { plain(word) }
}
