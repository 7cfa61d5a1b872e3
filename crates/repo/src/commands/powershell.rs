//! PowerShell scripts of the repository (`./build.ps1`): read line by line for the programs that they start. What a
//! function holds counts where something else in the script names it.

use std::sync::LazyLock;

use regex::Regex;

use super::follow::{Here, Outcome, Walk};
use super::shell::path_of;
use super::words::program_name;

/// Longest script that is read.
const LONGEST: usize = 200_000;
/// Lines of one script.
const LINES: usize = 4_000;

/// A program at the beginning of a line, behind the call operator or inside a block: `& $dotnet test`, `exec { npm ci }`.
/// Variables named after the program hold its path.
static STARTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:^|[{;&]\s*)["']?\$?(dotnet|npm|pnpm|yarn|npx|node|docker|az|azd|gradlew|mvn|python|pytest|pester|invoke-pester)(?:exe|path|command|\.exe|\.cmd)?["']?\s+([^={}|#;\s][^{}|#;]*)"#,
    )
    .ok()
});
static FUNCTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^\s*function\s+(?:global:|script:)?([\w-]+)").ok());

/// Follows a script that is started directly or given to PowerShell.
pub fn follow(walk: &mut Walk, words: &[String], here: &Here) -> Option<Outcome> {
    let first = words.first()?;
    let program = program_name(first).to_ascii_lowercase();
    let by_shell = matches!(program.as_str(), "pwsh" | "powershell" | "pwsh.exe" | "powershell.exe");
    let is_script = |word: &&String| word.to_ascii_lowercase().ends_with(".ps1");
    let at = if by_shell { words.iter().position(|word| is_script(&word))? } else { 0 };
    let word = words.get(at).filter(is_script)?;
    let (path, _) = path_of(&word.replace('\\', "/"), here)?;
    let tree = walk.commands.tree();
    let text = tree.text(tree.file(&path)?).filter(|text| text.len() <= LONGEST)?;
    let skips = words[at + 1..].iter().any(|word| {
        let lower = word.to_ascii_lowercase();
        lower.starts_with("-skiptest") || lower.starts_with("-notest")
    });
    let before = walk.found.len();
    walk.within(format!("script {path}"), here.depth + 1, |walk| {
        for (line, command) in started(&text) {
            if skips && command.contains(" test") {
                continue;
            }
            let mut frame = here.script(&path, line);
            frame.one_line = true;
            walk.script(&command, &frame);
        }
    });
    Some(if walk.found.len() > before { Outcome::Followed } else { Outcome::NotMine })
}

/// The programs that a script starts, with their lines.
fn started(text: &str) -> Vec<(u32, String)> {
    let (Some(program), Some(function)) = (STARTED.as_ref(), FUNCTION.as_ref()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut comment = false;
    // The function around a line, and the braces that are open in it.
    let mut around: Option<(String, i32)> = None;
    for (number, line) in (1u32..).zip(text.lines()).take(LINES) {
        let line = line.trim();
        comment |= line.starts_with("<#");
        if comment {
            comment = !line.contains("#>");
            continue;
        }
        if line.starts_with('#') || line.len() > 1_000 {
            continue;
        }
        if around.is_none()
            && let Some(name) = function.captures(line).and_then(|found| found.get(1))
        {
            around = Some((name.as_str().to_owned(), 0));
        }
        let named = around.as_ref().is_none_or(|(name, _)| is_named_twice(text, name));
        if let Some(start) = program.captures(line).filter(|_| named) {
            let part = |at: usize| start.get(at).map_or("", |part| part.as_str().trim());
            found.push((
                number,
                format!("{} {}", part(1).to_ascii_lowercase(), part(2).trim_end_matches('`')),
            ));
        }
        if let Some((_, open)) = &mut around {
            let count = |brace: char| i32::try_from(line.matches(brace).count()).unwrap_or(0);
            let opens = count('{');
            *open += opens - count('}');
            if *open <= 0 && (opens > 0 || line.contains('}')) {
                around = None;
            }
        }
    }
    found
}

/// The script names a function once more than where it is made.
fn is_named_twice(text: &str, name: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(&name.to_ascii_lowercase()).nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_a_script_starts() {
        let script = "param([switch] $SkipTests)\n<#\ndotnet test\n#>\n$dotnet = Join-Path $x \"dotnet\"\n\
                      function DotNetTest {\n    param()\n    & $dotnet test --configuration \"Release\" $more\n    if ($x) {\n    }\n}\n\
                      function Unused {\n  dotnet format --verify-no-changes\n}\n\
                      # npm test\nif (!$SkipTests) {\n    DotNetTest\n}\nexec { npm ci }\n";
        assert_eq!(
            started(script),
            [(8, "dotnet test --configuration \"Release\" $more".to_owned()), (19, "npm ci".to_owned())]
        );
    }
}
