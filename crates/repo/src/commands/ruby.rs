//! Rake tasks of the repository, told by the text of Rakefiles and `*.rake`.

use seaworthy_facts::Location;

use super::follow::{Here, Outcome, Walk};
use super::roles::roles_of_command;

/// A task with what it depends on and runs.
struct Task {
    path: String,
    line: u32,
    before: Vec<String>,
    /// Command lines with their lines.
    lines: Vec<(u32, String)>,
}

/// Follows a call of rake, or of rails for a task.
pub fn follow(walk: &mut Walk, program: &str, words: &[String], here: &Here) -> Outcome {
    let tasks: Vec<&String> =
        words[1..].iter().filter(|word| !word.starts_with('-') && !word.contains('=')).collect();
    if program == "rake" && tasks.is_empty() {
        return match find(walk, "default", here) {
            Some(task) => run(walk, "default", &task, here),
            None => rails_default(walk, here),
        };
    }
    // What the rules know as a whole stays a whole (`rails test test:system`).
    if !roles_of_command(words).is_empty() || tasks.is_empty() {
        return Outcome::NotMine;
    }
    let mut followed = false;
    for name in tasks {
        let name = name.split('[').next().unwrap_or(name);
        if let Some(task) = find(walk, name, here) {
            followed = true;
            run(walk, name, &task, here);
        } else {
            let words = vec![program.to_owned(), name.to_owned()];
            if !roles_of_command(&words).is_empty() {
                followed = true;
                walk.emit(words, here, None);
            }
        }
    }
    if followed { Outcome::Followed } else { Outcome::NotMine }
}

/// Rails' own default task runs the tests; rspec-rails makes it run the specs
/// (<https://guides.rubyonrails.org/testing.html>, <https://rspec.info/features/6-0/rspec-rails/>).
fn rails_default(walk: &mut Walk, here: &Here) -> Outcome {
    let has = |path: &str| walk.commands.tree().resolve(&here.folder.path, path).is_some();
    if !has("config/application.rb") {
        return Outcome::NotMine;
    }
    let task = if has("spec/rails_helper.rb") || has("spec/spec_helper.rb") { "spec" } else { "test" };
    walk.emit(vec!["rake".to_owned(), task.to_owned()], here, None);
    Outcome::Followed
}

fn run(walk: &mut Walk, name: &str, task: &Task, here: &Here) -> Outcome {
    let key = format!("rake {}#{name}", task.path);
    let via = here.script(&task.path, task.line).via;
    walk.within(key, here.depth + 1, |walk| {
        let inner = Here {
            at: Location::line(task.path.clone(), task.line),
            via: via.clone(),
            depth: here.depth + 1,
            name: Some(name.to_owned()),
            ..here.clone()
        };
        for before in &task.before {
            walk.command(&["rake".to_owned(), before.clone()], inner.clone());
        }
        for (line, text) in &task.lines {
            let mut frame = inner.script(&task.path, *line);
            frame.via = via.clone();
            frame.one_line = true;
            walk.script(text, &frame);
        }
    });
    Outcome::Followed
}

fn find(walk: &Walk, name: &str, here: &Here) -> Option<Task> {
    let tree = walk.commands.tree();
    let folder = &here.folder.path;
    let mut files: Vec<_> = ["Rakefile", "rakefile", "Rakefile.rb"]
        .iter()
        .filter_map(|name| tree.resolve(folder, name))
        .collect();
    let tasks = crate::tree::join(folder, "lib/tasks")?;
    files.extend(tree.under(&tasks).filter(|file| file.path.ends_with(".rake")).take(200));
    files.into_iter().find_map(|file| {
        let text = tree.text(file)?;
        task_in(&text, name).map(|mut task| {
            task.path = file.path.clone();
            task
        })
    })
}

/// A task of this name; namespaces are told by the last part of the name, where the part before it is there too.
fn task_in(text: &str, name: &str) -> Option<Task> {
    let (space, own) = name.rsplit_once(':').map_or((None, name), |(space, own)| (Some(space), own));
    if let Some(space) = space {
        let last = space.rsplit(':').next().unwrap_or(space);
        let said =
            [format!("namespace :{last}"), format!("namespace \"{last}\""), format!("namespace '{last}'")];
        if !said.iter().any(|said| text.contains(said.as_str())) && !text.contains(name) {
            return None;
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut found: Option<Task> = None;
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let Some(rest) = trimmed.strip_prefix("task ").or_else(|| trimmed.strip_prefix("task(")) else {
            continue;
        };
        let rest = rest.trim_start_matches(['(', ' ']);
        let declared = declared_name(rest);
        if declared.as_deref() != Some(own) && declared.as_deref() != Some(name) {
            continue;
        }
        let task = found.get_or_insert(Task {
            path: String::new(),
            line: at as u32 + 1,
            before: Vec::new(),
            lines: Vec::new(),
        });
        let arrow = rest.find("=>").map(|at| &rest[at + 2..]).or_else(|| {
            rest.split_once(':').map(|(_, r)| r).filter(|_| {
                rest.split(':').next().is_some_and(|head| {
                    !head.is_empty() && head.chars().all(|c| c.is_alphanumeric() || c == '_')
                })
            })
        });
        if let Some(list) = arrow {
            // The list may go on over several lines.
            let mut list = list.to_owned();
            let mut next = at + 1;
            while list.contains('[') && !list.contains(']') && next < lines.len().min(at + 40) {
                list.push(' ');
                list.push_str(lines[next]);
                next += 1;
            }
            let list = list.split(" do").next().unwrap_or_default();
            task.before.extend(names(list));
        }
        if trimmed.trim_end().ends_with(" do") || trimmed.contains(" do |") {
            let indent = line.len() - trimmed.len();
            for (offset, body) in lines[at + 1..].iter().enumerate().take(400) {
                let inner = body.trim_start();
                if inner.starts_with("end") && body.len() - inner.len() <= indent {
                    break;
                }
                let line = (at + 2 + offset) as u32;
                for starter in ["sh ", "sh(", "system ", "system(", "system! ", "system!(", "exec "] {
                    if let Some(rest) = inner.strip_prefix(starter)
                        && let Some(text) = first_string(rest)
                    {
                        task.lines.push((line, text));
                    }
                }
                if let Some(at) = inner.find("Rake::Task[")
                    && inner.contains(".invoke")
                    && let Some(called) = first_string(&inner[at + 11..])
                {
                    task.before.push(called);
                }
            }
        }
    }
    found
}

fn declared_name(rest: &str) -> Option<String> {
    if let Some(symbol) = rest.strip_prefix(':') {
        if let Some(quoted) = symbol.strip_prefix('"') {
            return Some(quoted.split('"').next()?.to_owned());
        }
        let end =
            symbol.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '?')).unwrap_or(symbol.len());
        return Some(symbol[..end].to_owned());
    }
    if rest.starts_with(['"', '\'']) {
        return first_string(rest);
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    rest[end..].starts_with(':').then(|| rest[..end].to_owned())
}

fn first_string(text: &str) -> Option<String> {
    let text = text.trim_start_matches(['(', ' ']);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let body = &text[1..];
    Some(body[..body.find(quote)?].to_owned())
}

/// Names in a list: symbols, strings and `%w[…]`.
fn names(list: &str) -> Vec<String> {
    let list = list.trim();
    if let Some(words) = list.strip_prefix("%w").or_else(|| list.strip_prefix("%i")) {
        let words = words.trim_start_matches(['[', '(']);
        let end = words.find([']', ')']).unwrap_or(words.len());
        return words[..end].split_whitespace().map(str::to_owned).collect();
    }
    list.trim_start_matches('[')
        .split(']')
        .next()
        .unwrap_or_default()
        .split(',')
        .map(|name| name.trim().trim_matches(['"', '\'', ':']).to_owned())
        .filter(|name| !name.is_empty() && !name.contains([' ', '#']))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_tasks() {
        let text = "task default: [:test, \"lint:all\"]\nnamespace :lint do\n  desc 'x'\n  task :all => %w[one two] do\n    sh \"rubocop\"\n    puts 1\n  end\nend\n";
        let default = task_in(text, "default").unwrap();
        assert_eq!(default.before, ["test", "lint:all"]);
        let all = task_in(text, "lint:all").unwrap();
        assert_eq!(all.before, ["one", "two"]);
        assert_eq!(all.lines, [(5, "rubocop".to_owned())]);
        assert!(task_in(text, "none").is_none());
    }
}
