//! Dockerfiles and Containerfiles.

use crate::Limits;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dockerfile {
    /// All instructions in source order, those before the first `FROM` included.
    pub instructions: Vec<Instruction>,
    /// The stages in source order.
    pub stages: Vec<Stage>,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The instruction in upper case, such as `RUN`.
    pub keyword: String,
    /// The flags before the arguments (`--mount=…`), without the leading dashes.
    pub flags: Vec<(String, String)>,
    /// The arguments behind the flags, as a shell can read them: lines as in the source, continued
    /// by backslashes; comment lines between them are emptied, so that line `n` of the text stands
    /// at `arguments_line + n`.
    pub arguments: String,
    /// How a command is given; for instructions that take no command, [`Form::Shell`].
    pub form: Form,
    /// Bodies of heredocs in order.
    pub heredocs: Vec<Heredoc>,
    /// 1-based line of the keyword.
    pub line: u32,
    /// 1-based column of the keyword.
    pub column: u32,
    /// 1-based line on which `arguments` begins.
    pub arguments_line: u32,
    /// 1-based last line, heredocs included.
    pub end_line: u32,
    /// Index of the stage in [`Dockerfile::stages`]; none before the first `FROM`.
    pub stage: Option<usize>,
}

/// A command as a shell line or as a list of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Run by the image's shell.
    Shell,
    /// A JSON array, run as it is.
    Exec(Vec<String>),
}

/// A heredoc of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it.
    pub delimiter: String,
    /// The lines between.
    pub body: String,
    /// 1-based line on which the body begins.
    pub line: u32,
}

/// A build stage, begun by `FROM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The image with `ARG` defaults substituted; variables without a default stay as written.
    pub image: String,
    /// The image as written.
    pub image_source: String,
    /// The name after `AS`.
    pub name: Option<String>,
    /// The `--platform` flag.
    pub platform: Option<String>,
    /// Index of the earlier stage on which this one is built.
    pub base_stage: Option<usize>,
    /// 1-based line of the `FROM`.
    pub line: u32,
    /// Index of the `FROM` in [`Dockerfile::instructions`].
    pub instruction: usize,
}

impl Instruction {
    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The text and first line of what a shell runs for this instruction: the arguments, or the
    /// body of the heredoc that is all of them. `HEALTHCHECK` gives what stands behind `CMD`, the
    /// exec form its words quoted for a shell.
    pub fn command(&self) -> (String, u32) {
        if let Form::Exec(words) = &self.form {
            let quoted: Vec<String> =
                words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
            return (quoted.join(" "), self.arguments_line);
        }
        match self.heredocs.first() {
            Some(heredoc) if self.keyword == "RUN" && self.arguments.starts_with("<<") => {
                (heredoc.body.clone(), heredoc.line)
            }
            _ if self.keyword == "HEALTHCHECK" => {
                let rest = self.arguments.strip_prefix("CMD").or_else(|| self.arguments.strip_prefix("cmd"));
                (
                    rest.unwrap_or(&self.arguments).trim_start_matches([' ', '\t']).to_owned(),
                    self.arguments_line,
                )
            }
            // Heredocs in the middle of a command go back to where the shell expects them.
            _ => {
                let mut text = self.arguments.clone();
                for heredoc in &self.heredocs {
                    text.push('\n');
                    text.push_str(&heredoc.body);
                    text.push_str(&heredoc.delimiter);
                }
                (text, self.arguments_line)
            }
        }
    }
}

impl Dockerfile {
    /// The instructions of one stage.
    pub fn of_stage(&self, stage: usize) -> impl Iterator<Item = &Instruction> {
        self.instructions.iter().filter(move |instruction| instruction.stage == Some(stage))
    }

    /// The last stage: what is shipped unless a target is named.
    pub fn final_stage(&self) -> Option<usize> {
        self.stages.len().checked_sub(1)
    }

    /// A stage and the earlier stages on which it is built, nearest first.
    pub fn lineage(&self, stage: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut next = Some(stage);
        while let Some(index) = next.filter(|index| *index < self.stages.len() && !found.contains(index)) {
            found.push(index);
            next = self.stages[index].base_stage;
        }
        found
    }
}

/// Instructions whose arguments are a command.
const COMMANDS: [&str; 5] = ["RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"];

/// How many heredocs without an end are searched for one, since each search reads the whole rest.
const UNFINISHED_HEREDOCS: usize = 50;

/// A logical line: the lines of the source that belong together.
struct Logical {
    text: String,
    first: usize,
    next: usize,
}

/// Reads a file; lines that make no sense become instructions with an unknown keyword. A text
/// beyond the limits gives an empty file.
pub fn parse(text: &str, limits: &Limits) -> Dockerfile {
    let mut file = Dockerfile::default();
    if limits.check_size(text).is_err() {
        return file;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let escape = escape_character(&lines);
    let mut arguments: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    let mut searches = UNFINISHED_HEREDOCS;
    while at < lines.len() && file.instructions.len() < limits.max_nodes {
        let line = lines[at].trim();
        if line.is_empty() || line.starts_with('#') {
            at += 1;
            continue;
        }
        let logical = logical_line(&lines, at, escape);
        at = logical.next;
        let mut instruction = read_instruction(&logical);
        at = read_heredocs(&lines, at, &mut instruction, &mut searches);
        instruction.end_line = at as u32;
        match instruction.keyword.as_str() {
            "FROM" => {
                let stage = read_stage(&instruction, file.instructions.len(), &arguments, &file.stages);
                file.stages.push(stage);
            }
            // Only what stands before the first stage can be used in `FROM`.
            "ARG" if file.stages.is_empty() => {
                for word in instruction.arguments.split_whitespace() {
                    if let Some((name, value)) = word.split_once('=') {
                        let value = value.trim_matches(['"', '\'']);
                        arguments.push((name.to_owned(), substitute(value, &arguments)));
                    }
                }
            }
            _ => {}
        }
        instruction.stage = file.stages.len().checked_sub(1);
        file.instructions.push(instruction);
    }
    file
}

/// The character that continues lines: a backslash, unless a directive at the top says otherwise.
fn escape_character(lines: &[&str]) -> char {
    for line in lines {
        let Some((name, value)) = line.trim().strip_prefix('#').and_then(|line| line.split_once('=')) else {
            return '\\';
        };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

/// Joins continued lines; the escape characters are blanked, comment lines emptied.
fn logical_line(lines: &[&str], first: usize, escape: char) -> Logical {
    let mut text = String::new();
    let mut at = first;
    while let Some(line) = lines.get(at) {
        at += 1;
        if at > first + 1 {
            text.push('\n');
            let trimmed = line.trim_start();
            if trimmed.starts_with('#') || trimmed.is_empty() {
                continue;
            }
        }
        match line.trim_end().strip_suffix(escape) {
            // A shell still has to see that the line goes on.
            Some(continued) => {
                text.push_str(continued);
                text.push('\\');
            }
            None => {
                text.push_str(line);
                break;
            }
        }
    }
    Logical { text, first, next: at }
}

fn read_instruction(logical: &Logical) -> Instruction {
    let text = logical.text.as_str();
    let indent = text.len() - text.trim_start().len();
    let (keyword, rest) = text[indent..].split_at(word_length(&text[indent..]));
    let keyword = keyword.to_ascii_uppercase();
    let mut flags = Vec::new();
    let mut offset = text.len() - rest.len();
    loop {
        offset += skipped(&text[offset..]);
        let rest = &text[offset..];
        let Some(flag) = rest.strip_prefix("--").map(|flag| &flag[..word_length(flag)]) else { break };
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_owned(), value.to_owned()));
        offset += 2 + flag.len();
    }
    let arguments = without_comment_holes(&text[offset..]);
    let line_of = |offset: usize| (logical.first + 1 + text[..offset].matches('\n').count()) as u32;
    let form =
        if COMMANDS.contains(&keyword.as_str()) { command_form(&keyword, &arguments) } else { Form::Shell };
    Instruction {
        keyword,
        flags,
        form,
        heredocs: Vec::new(),
        line: logical.first as u32 + 1,
        column: text[..indent].chars().count() as u32 + 1,
        arguments_line: line_of(offset),
        arguments,
        end_line: logical.next as u32,
        stage: None,
    }
}

/// Length of the first word; quotes hold a word together.
fn word_length(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) if c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// Length of the blanks and line continuations at the beginning.
fn skipped(text: &str) -> usize {
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 2,
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => break,
        }
    }
    at
}

/// Comments and empty lines between continued lines would end a shell's line: they are continued.
fn without_comment_holes(text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let count = lines.len();
    for line in lines.iter_mut().take(count.saturating_sub(1)) {
        if line.is_empty() {
            *line = "\\";
        }
    }
    let mut joined = lines.join("\n");
    joined.truncate(joined.trim_end().len());
    joined
}

fn command_form(keyword: &str, arguments: &str) -> Form {
    let mut command = arguments.trim();
    if keyword == "HEALTHCHECK" {
        let rest = command.strip_prefix("CMD").or_else(|| command.strip_prefix("cmd"));
        command = rest.map_or(command, str::trim_start);
    }
    if !command.starts_with('[') {
        return Form::Shell;
    }
    let joined = command.replace("\\\n", " ");
    let parsed = crate::json::parse(&joined, &Limits { max_depth: 3, ..Limits::default() });
    match parsed {
        Ok(node) if matches!(node.value, crate::tree::Value::List(_)) => {
            Form::Exec(node.list().iter().filter_map(crate::tree::Node::scalar).collect())
        }
        _ => Form::Shell,
    }
}

/// Reads the heredocs that an instruction opens; gives the line behind them.
fn read_heredocs(lines: &[&str], at: usize, instruction: &mut Instruction, searches: &mut usize) -> usize {
    if !matches!(instruction.keyword.as_str(), "RUN" | "COPY" | "ADD") || *searches == 0 {
        return at;
    }
    let mut next = at;
    for (delimiter, strip_tabs) in heredoc_delimiters(&instruction.arguments) {
        let rest = &lines[next..];
        let indent_of =
            |line: &str| if strip_tabs { line.len() - line.trim_start_matches('\t').len() } else { 0 };
        // Without its end it is no heredoc but a shift or a mistake.
        let Some(length) = rest.iter().position(|line| line[indent_of(line)..] == *delimiter) else {
            *searches -= 1;
            break;
        };
        let body =
            rest[..length].iter().fold(String::new(), |body, line| body + &line[indent_of(line)..] + "\n");
        instruction.heredocs.push(Heredoc { delimiter, body, line: next as u32 + 1 });
        next += length + 1;
    }
    next
}

fn heredoc_delimiters(arguments: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = arguments;
    while let Some(at) = rest.find("<<") {
        rest = &rest[at + 2..];
        if let Some(string) = rest.strip_prefix('<') {
            rest = string;
            continue;
        }
        let (strip_tabs, word) = match rest.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, rest),
        };
        let quoted = word.strip_prefix(['"', '\'']).unwrap_or(word);
        let length =
            quoted.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(quoted.len());
        if length > 0 && quoted.starts_with(|c: char| c.is_alphabetic() || c == '_') && found.len() < 16 {
            found.push((quoted[..length].to_owned(), strip_tabs));
        }
    }
    found
}

fn read_stage(
    instruction: &Instruction,
    at: usize,
    arguments: &[(String, String)],
    stages: &[Stage],
) -> Stage {
    let words: Vec<&str> = instruction.arguments.split_whitespace().filter(|word| *word != "\\").collect();
    let image_source = words.first().copied().unwrap_or_default().to_owned();
    let image = substitute(&image_source, arguments);
    let name = match words.get(1) {
        Some(word) if word.eq_ignore_ascii_case("as") => words.get(2).map(|name| (*name).to_owned()),
        _ => None,
    };
    let named = |stage: &Stage| stage.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&image));
    Stage {
        base_stage: stages.iter().rposition(named),
        image,
        image_source,
        name,
        platform: instruction.flag("platform").map(str::to_owned),
        line: instruction.line,
        instruction: at,
    }
}

/// Puts the defaults of arguments in place of `$NAME`, `${NAME}`, `${NAME:-default}` and
/// `${NAME:+value}`. What has no value stays as it is.
fn substitute(text: &str, arguments: &[(String, String)]) -> String {
    const LONGEST: usize = 1_000;
    let value_of =
        |name: &str| arguments.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$').filter(|_| result.len() < LONGEST) {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let braced = rest.strip_prefix("${").and_then(|inner| inner.split_once('}'));
        let (name, modifier, length) = match braced {
            Some((inner, _)) => {
                let split = inner.find([':', '-', '+']).unwrap_or(inner.len());
                (&inner[..split], &inner[split..], inner.len() + 3)
            }
            None => {
                let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                let end = end.map_or(rest.len(), |end| end + 1);
                (&rest[1..end], "", end)
            }
        };
        let value = value_of(name).filter(|value| !value.is_empty());
        let modifier = modifier.trim_start_matches(':');
        let replaced = match (value, modifier.strip_prefix('-'), modifier.strip_prefix('+')) {
            (Some(_), _, Some(alternative)) => Some(alternative),
            (None, _, Some(_)) => Some(""),
            (Some(value), _, _) => Some(value),
            (None, Some(default), _) => Some(default),
            (None, None, None) => None,
        };
        result.push_str(replaced.unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    result.push_str(rest);
    result.truncate(result.floor_char_boundary(LONGEST));
    result
}

#[cfg(test)]
mod tests;
