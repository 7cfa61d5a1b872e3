//! Words of a command: patterns, names of programs, and the ways in which one command may be spelled.

/// Whether a text fits a pattern in which `*` stands for anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(tail)
}

/// The last part of a path, without what Windows adds.
pub fn base_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    [".exe", ".cmd", ".bat"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// The name under which the rules know a program: without folder, version and wrapper script's ending.
pub fn program_name(word: &str) -> String {
    // The executors of Nx are named by their packages.
    if word.starts_with('@') {
        return word.to_owned();
    }
    let name = base_name(word);
    match name {
        "gradlew" => return "gradle".to_owned(),
        "mvnw" | "mvnd" => return "mvn".to_owned(),
        "pip3" | "pipx3" => return "pip".to_owned(),
        "nodejs" => return "node".to_owned(),
        _ => {}
    }
    for program in ["python", "pip", "php", "ruby", "node"] {
        if let Some(version) = name.strip_prefix(program)
            && !version.is_empty()
            && version.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == '.')
        {
            return program.to_owned();
        }
    }
    name.to_owned()
}

/// Programs that run a file given to them as a program.
pub fn is_interpreter(program: &str) -> bool {
    matches!(
        program,
        "python"
            | "php"
            | "ruby"
            | "node"
            | "tsx"
            | "ts-node"
            | "ts-node-esm"
            | "babel-node"
            | "vite-node"
            | "jiti"
            | "esno"
            | "perl"
            | "bash"
            | "sh"
            | "dash"
            | "zsh"
            | "ash"
            | "ksh"
    )
}

/// Options of an interpreter that take the next word as their value.
fn takes_value(program: &str, option: &str) -> bool {
    match program {
        "python" => matches!(option, "-W" | "-X"),
        "php" => matches!(option, "-d" | "-c" | "-S" | "-t"),
        "ruby" => matches!(option, "-I" | "-r" | "-C"),
        "node" | "tsx" | "ts-node" => {
            matches!(
                option,
                "-r" | "--require" | "--import" | "--loader" | "--tsconfig" | "-P" | "--project" | "-O"
            )
        }
        "bash" | "sh" | "dash" | "zsh" | "ash" | "ksh" => matches!(option, "-o" | "+o"),
        _ => false,
    }
}

/// Where the file stands that an interpreter is told to run.
pub fn script_word(words: &[String]) -> Option<usize> {
    let program = program_name(words.first()?);
    if !is_interpreter(&program) {
        return None;
    }
    let mut at = 1;
    while let Some(word) = words.get(at) {
        match word.as_str() {
            // Text or a module instead of a file.
            "-c" | "-m" | "-e" | "-r" if !takes_value(&program, word) => return None,
            "--eval" | "-p" | "--print" | "--test" | "-s" => return None,
            "watch" if program == "tsx" => at += 1,
            "--" => return words.get(at + 1).map(|_| at + 1),
            option if option.len() > 1 && (option.starts_with('-') || option.starts_with('+')) => {
                at += 1 + usize::from(takes_value(&program, option));
            }
            _ => return Some(at),
        }
    }
    None
}

/// The spellings of a command that rules are written for: as it is; the script in place of its interpreter
/// (`python manage.py x` as `manage.py x`, `php artisan x` as `artisan x`).
pub fn spellings(words: &[String]) -> Vec<(String, Vec<String>)> {
    let Some(first) = words.first() else { return Vec::new() };
    let program = program_name(first);
    let arguments = if program == "gradle" { left_out(&words[1..]) } else { words[1..].to_vec() };
    let mut spellings = vec![(program, arguments)];
    if let Some(at) = script_word(words) {
        let name = base_name(&words[at]);
        spellings.push((name.strip_suffix(".phar").unwrap_or(name).to_owned(), words[at + 1..].to_vec()));
    } else if let Some(name) = base_name(first).strip_suffix(".phar") {
        spellings.push((name.to_owned(), words[1..].to_vec()));
    }
    spellings
}

/// Gradle's `-x test` and `--exclude-task test` as one word, so that a task that is left out is none that is asked for:
/// <https://docs.gradle.org/current/userguide/command_line_interface.html>.
fn left_out(arguments: &[String]) -> Vec<String> {
    let mut result = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let task = match argument.as_str() {
            "-x" | "--exclude-task" => rest.next().map(String::as_str),
            other => other.strip_prefix("--exclude-task="),
        };
        result.push(task.map_or_else(|| argument.clone(), |task| format!("-x{task}")));
    }
    result
}

/// A word as it would be quoted in a shell.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+$".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A text with at most so many characters.
pub fn capped(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(glob("a*c", "abc") && glob("*", "") && glob("*:test", ":app:test") && glob("a", "a"));
        assert!(!glob("a*b", "a") && !glob("a", "ab") && !glob("*x*y", "yx"));
    }

    #[test]
    fn programs() {
        assert_eq!(program_name("./gradlew"), "gradle");
        assert_eq!(program_name("/usr/bin/python3.12"), "python");
        assert_eq!(program_name("php8.3"), "php");
        assert_eq!(program_name("phpunit"), "phpunit");
        assert_eq!(program_name("node_modules/.bin/jest"), "jest");
    }
}
