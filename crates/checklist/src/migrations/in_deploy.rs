use seaworthy_facts::{
    Absent, Command, FactKind, FactView, Launch, Launches, Migrations, Pipelines, Role, Stage, System,
};
use seaworthy_model::{ItemId, Section};

use crate::shared;
use crate::{Absence, Attestation, Findings, Floor, Item, VoidOn};

/// `migrations.in-deploy`
pub static ITEM: Item = Item {
    id: ItemId::new("migrations.in-deploy"),
    section: Section::Migrations,
    question: "The deployment applies the migrations",
    priority: 2,
    absence: Absence::Unknown,
    fresh_days: Some(30),
    floor: Floor::Configured,
    void_on: VoidOn::Migrations,
    higher_rung_settles: false,
    attestation: Attestation::ByPolicy,
    operator: false,
    reads: &[FactKind::System, FactKind::Migrations, FactKind::Pipelines, FactKind::Launches],
    remedy: "Run the migrations in the release step.",
    page: include_str!("in_deploy.md"),
    evidence,
};

fn evidence(view: &FactView) -> Result<Findings, Absent> {
    if let Some(not_applicable) = shared::relational_database(view.get::<System>()?) {
        return Ok(not_applicable);
    }
    let migrations = view.get::<Migrations>()?;
    let launches = view.get::<Launches>()?;
    let pipelines = view.get::<Pipelines>()?;
    let mut findings = Findings::new();
    findings.looked_for(
        "release, start and deploy commands that apply migrations, and migrators in the program itself",
    );
    let own = migrations.sets.iter().any(|set| set.framework == "own");
    // What runs while an image is built has no production database.
    let runs = |launch: &&Launch| !launch.development && launch.stage != Stage::Build;
    for launch in launches.launches.iter().filter(runs) {
        let applied = launch.commands.iter().find(|command| {
            command.really(Role::Migrate) || own && command.effective() && upgrades_itself(command)
        });
        if let Some(command) = applied {
            // What starts it, and where the words of the command are when that is another file.
            let through = match command.at.path() == launch.at.path() {
                true => String::new(),
                false => format!(" ({})", command.at),
            };
            findings.supports(
                format!("{} applies the migrations: `{}`{through}", launch.defined_by, command.text),
                &launch.at,
            );
        }
    }
    for (_, job) in pipelines.jobs().filter(|(_, job)| !job.disabled) {
        let to_staging = job.environment.as_ref().is_some_and(|environment| {
            ["staging", "preview", "test", "dev"]
                .iter()
                .any(|name| environment.value.to_ascii_lowercase().contains(name))
        });
        let deploys =
            job.environment.is_some() || job.steps.iter().any(|step| step.does(Role::Deploy).is_some());
        if deploys && !to_staging {
            for at in job.steps.iter().filter_map(|step| step.does(Role::Migrate)) {
                findings.supports(format!("the deploy job `{}` applies the migrations", job.id), at);
            }
        }
    }
    for migrator in &migrations.applied_in_process {
        findings.supports(format!("the program applies them itself: {}", migrator.value), &migrator.at);
    }
    findings.unread(&launches.unread);
    findings.because("nothing in the repository that releases, starts or deploys applies the migrations");
    Ok(findings)
}

/// The program's own word for it (`./app --upgrade`, `./app migrate`), not a package manager's.
fn upgrades_itself(command: &Command) -> bool {
    let Some((program, rest)) = command.words.split_first() else { return false };
    let program = program.rsplit('/').next().unwrap_or(program);
    let manager = matches!(
        program,
        "apt"
            | "apt-get"
            | "apk"
            | "dnf"
            | "yum"
            | "pip"
            | "pip3"
            | "npm"
            | "pnpm"
            | "yarn"
            | "brew"
            | "gem"
            | "composer"
            | "helm"
            | "mix"
            | "rustup"
            | "uv"
            | "corepack"
            | "echo"
            | "bundle"
            | "go"
            | "cargo"
    );
    !manager
        && rest
            .iter()
            .any(|word| matches!(word.trim_start_matches('-'), "upgrade" | "migrate" | "migrations"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::migrations::testing::{self, command, status};
    use seaworthy_facts::{Engine, Facts, Location, Observed};
    use seaworthy_model::Status;

    fn launched(framework: &str, command: Command, development: bool) -> Facts {
        let launch = Launch {
            stage: Stage::Start,
            defined_by: "Dockerfile".into(),
            at: Location::file("Dockerfile"),
            commands: vec![command],
            development,
        };
        Facts {
            launches: Launches { launches: vec![launch], ..Launches::default() }.into(),
            ..testing::facts(Engine::Postgresql, vec![testing::set(framework, Engine::Postgresql, 2)])
        }
    }

    #[test]
    fn a_start_command_that_migrates_passes() {
        let migrate = command(&["flask", "db", "upgrade"], Role::Migrate);
        assert_eq!(status(&ITEM, &launched("alembic", migrate.clone(), false)), Status::Pass);
        assert_eq!(status(&ITEM, &launched("alembic", migrate, true)), Status::Unknown);
    }

    #[test]
    fn a_command_of_the_image_build_reaches_no_production_database() {
        let mut facts = launched("rails", command(&["rails", "db:migrate"], Role::Migrate), false);
        if let seaworthy_facts::Collected::Found(launches) = &mut facts.launches {
            launches.launches[0].stage = Stage::Build;
        }
        assert_eq!(status(&ITEM, &facts), Status::Unknown);
    }

    #[test]
    fn the_programs_own_word_counts_for_its_own_migrations_only() {
        let upgrade = command(&["./app", "--upgrade", "--yes"], Role::Serve);
        assert_eq!(status(&ITEM, &launched("own", upgrade.clone(), false)), Status::Pass);
        assert_eq!(status(&ITEM, &launched("alembic", upgrade, false)), Status::Unknown);
        let manager = command(&["apk", "upgrade"], Role::Build);
        assert_eq!(status(&ITEM, &launched("own", manager, false)), Status::Unknown);
    }

    #[test]
    fn a_migrator_in_the_program_passes() {
        let mut migrations = testing::migrations(vec![testing::set("goose", Engine::Postgresql, 2)]);
        migrations.applied_in_process.push(Observed::new("goose.Up".into(), Location::line("main.go", 9)));
        let facts = Facts { migrations: migrations.into(), ..testing::facts(Engine::Postgresql, vec![]) };
        assert_eq!(status(&ITEM, &facts), Status::Pass);
    }

    #[test]
    fn no_database_does_not_apply() {
        assert_eq!(status(&ITEM, &testing::facts(Engine::Mongodb, vec![])), Status::NotApplicable);
    }
}
