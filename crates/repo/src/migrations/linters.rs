//! Migration linters that are wired in.

use seaworthy_facts::{Observed, Role};

use super::Seen;
use crate::tree::Class;

/// Libraries that stop unsafe migrations where they run: manifest, what names it there, and the linter's name.
const LIBRARIES: &[(&str, &str, &str)] = &[
    ("Gemfile", "strong_migrations", "strong_migrations"),
    ("Gemfile", "online_migrations", "online_migrations"),
    ("Gemfile", "safe-pg-migrations", "safe-pg-migrations"),
    ("Gemfile", "zero_downtime_migrations", "zero_downtime_migrations"),
];

/// Every linter.
pub fn collect(seen: &Seen) -> Vec<Observed<String>> {
    let mut linters = Vec::new();
    for (manifest, needle, name) in LIBRARIES {
        for file in seen.tree.named(manifest).filter(|file| file.class == Class::Shipped) {
            let Some(text) = seen.tree.text(file) else { continue };
            let line = text.lines().position(|line| {
                let line = line.trim_start();
                line.starts_with("gem ") && line.contains(needle)
            });
            let Some(line) = line else { continue };
            let initializer = seen.tree.resolve(file.folder(), &format!("config/initializers/{name}.rb"));
            let at = initializer.map_or_else(|| file.at_line(line as u32 + 1), crate::tree::File::at);
            linters.push(Observed::new((*name).to_owned(), at));
        }
    }
    linters.extend(in_settings(seen));
    // Run by CI, on its own or by the hooks that CI runs.
    for (workflow, job, step) in seen.pipelines.steps() {
        let runs = !job.disabled && !job.failure_allowed && workflow.on_default_branch().is_some();
        if !runs {
            continue;
        }
        if let Some(at) = step.does(Role::MigrationLint) {
            linters.push(Observed::new(format!("the CI job `{}`", job.id), at.clone()));
        }
        let hooks = step.commands.iter().any(|command| {
            command.effective()
                && command.words.first().is_some_and(|word| matches!(word.as_str(), "pre-commit" | "prek"))
        }) || step.uses.as_ref().is_some_and(|uses| uses.name.starts_with("pre-commit/action"));
        if hooks
            && step.effective()
            && let Some(hook) = in_hooks(seen)
        {
            linters.push(hook);
        }
    }
    linters.dedup_by(|a, b| a.at == b.at);
    linters
}

/// A database backend of Django that refuses unsafe operations.
fn in_settings(seen: &Seen) -> Option<Observed<String>> {
    let mut settings = seen.tree.files().iter().filter(|file| {
        file.class == Class::Shipped && file.language == Some("python") && file.path.contains("settings")
    });
    settings.find_map(|file| {
        let text = seen.tree.text(file)?;
        let line = text.lines().position(|line| line.contains("django_zero_downtime_migrations.backends"))?;
        Some(Observed::new("django-pg-zero-downtime-migrations".to_owned(), file.at_line(line as u32 + 1)))
    })
}

fn in_hooks(seen: &Seen) -> Option<Observed<String>> {
    let file =
        seen.tree.file(".pre-commit-config.yaml").or_else(|| seen.tree.file(".pre-commit-config.yml"))?;
    let text = seen.tree.text(file)?;
    let (line, name) = text.lines().enumerate().find_map(|(number, line)| {
        let line = line.trim_start();
        if line.starts_with('#') {
            return None;
        }
        ["squawk", "django-migration-linter", "lintmigrations", "eugene"]
            .into_iter()
            .find(|name| line.contains(name))
            .map(|name| (number as u32 + 1, name))
    })?;
    Some(Observed::new(format!("{name} by the hooks that CI runs"), file.at_line(line)))
}

#[cfg(test)]
mod tests {
    use crate::migrations::test_support::migrations;

    #[test]
    fn a_gem_that_is_not_commented_out() {
        let found = migrations(&[("Gemfile", "gem \"rails\"\ngem \"strong_migrations\", \"~> 2.0\"\n")]);
        assert_eq!(found.linters.len(), 1);
        assert!(migrations(&[("Gemfile", "# gem \"strong_migrations\"\n")]).linters.is_empty());
    }

    #[test]
    fn hooks_that_ci_does_not_run_are_not_wired_in() {
        let found = migrations(&[(
            ".pre-commit-config.yaml",
            "repos:\n  - repo: https://github.com/sbdchd/squawk\n",
        )]);
        assert!(found.linters.is_empty());
    }
}
