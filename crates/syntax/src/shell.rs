//! Shell scripts and the command lines inside other formats.

mod nested;
mod reader;
mod words;

pub use words::unwrap;

/// A whole script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The simple commands in source order, those inside substitutions, subshells, functions and
    /// `sh -c` strings included.
    pub commands: Vec<SimpleCommand>,
    /// The functions that the script defines.
    pub functions: Vec<Function>,
    /// Whether the script itself says `set -e` (or its shebang does) anywhere.
    pub sets_errexit: bool,
    /// Whether the script itself says `set -o pipefail` anywhere.
    pub sets_pipefail: bool,
    /// Whether the script says `set +e` anywhere.
    pub clears_errexit: bool,
    /// Whether parts could not be understood.
    pub has_errors: bool,
}

/// A function definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The function's name.
    pub name: String,
    /// 1-based line.
    pub line: u32,
}

/// One command with its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimpleCommand {
    /// The words with quotes removed; expansions stay as text (`$VAR`, `${{ matrix.x }}`, `$(…)`).
    /// Empty when there are only assignments.
    pub words: Vec<String>,
    /// Assignments before the command (or alone), values with quotes removed.
    pub assignments: Vec<(String, String)>,
    /// Redirections.
    pub redirects: Vec<Redirect>,
    /// Text fed by a heredoc or here-string, capped.
    pub heredoc: Option<String>,
    /// 1-based line of the command, counted from the script's first line.
    pub line: u32,
    /// 1-based column.
    pub column: u32,
    /// How its failure is ignored, if it is.
    pub ignored: Option<Ignored>,
    /// Words of the command that runs when this one fails (`cmd || other`).
    pub fallback: Option<Vec<String>>,
    /// Whether it is the condition of `if`, `elif`, `while` or `until`.
    pub in_condition: bool,
    /// Whether it stands after `!`.
    pub negated: bool,
    /// Index of the command that reads its output.
    pub piped_to: Option<usize>,
    /// The function in whose body it stands.
    pub in_function: Option<String>,
    /// Whether it runs in the background (`&`).
    pub background: bool,
    /// Source text of the conditions under which it runs, outermost first, each capped: those of
    /// enclosing `if` and `elif`, `case VALUE in PATTERN`, tests left of `&&` (`[ … ]`, `test`,
    /// `command -v`, `grep`, …). An `else` branch, and what stands right of `||`, has
    /// `! (condition)`.
    pub guarded: Vec<String>,
    /// Whether it stands inside `$(…)`, backquotes or `<(…)`.
    pub in_substitution: bool,
    /// Whether it stands in the body of a loop.
    pub in_loop: bool,
    /// Whether `&&` follows: under `set -e` its failure skips the rest but does not stop the script.
    pub before_and: bool,
    /// Whether it stands in the last statement of the script (or of its function's body).
    pub in_last_statement: bool,
    /// `set -e` in effect here, going by the order of the source.
    pub errexit: bool,
    /// `set -o pipefail` in effect here, going by the order of the source.
    pub pipefail: bool,
    /// How many `sh -c` strings or heredocs were unwrapped to get here.
    pub nesting: u32,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The operator with its descriptor, such as `2>` or `<`.
    pub operator: String,
    /// The target, quotes removed.
    pub target: String,
}

/// How the failure of a command is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// `|| true`
    OrTrue,
    /// `|| :`
    OrColon,
    /// `|| echo …` or `|| printf …`
    OrEcho,
    /// `|| exit 0` or `|| return 0`
    OrExitZero,
    /// Not the last command of a pipeline, without `pipefail`.
    Pipeline,
    /// Run in the background and not waited for here.
    Background,
    /// Stands after `!`, which turns failure into success.
    Negated,
}

impl SimpleCommand {
    /// Whether its failure is ignored.
    pub fn failure_ignored(&self) -> bool {
        self.ignored.is_some()
    }

    /// The words without prefixes such as `sudo`; see [`unwrap`].
    pub fn unwrapped(&self) -> &[String] {
        unwrap(&self.words)
    }
}

/// How the shell was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Started with `-e`.
    pub errexit: bool,
    /// Started with `-o pipefail`.
    pub pipefail: bool,
}

/// Reads a script whose first line is at `first_line` of its file.
pub fn parse(text: &str, first_line: u32) -> Script {
    parse_with(text, first_line, Options::default())
}

/// Reads a script that runs under given options, such as those of a CI system.
pub fn parse_with(text: &str, first_line: u32, options: Options) -> Script {
    reader::read_script(text, first_line, options)
}

#[cfg(test)]
mod tests;
