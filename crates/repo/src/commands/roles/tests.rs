#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::*;

fn words(line: &str) -> Vec<String> {
    let script = seaworthy_syntax::shell::parse(line, 1);
    let command = script.commands.into_iter().next().unwrap();
    super::super::wrappers::peel(&command.words).words
}

#[test]
fn the_data_is_sound() {
    assert_eq!(RULES.faults, Vec::<String>::new());
    let mut seen = HashSet::new();
    for group in &RULES.groups {
        assert!(!group.roles.is_empty());
        for rule in &group.commands {
            assert!(rule.see.starts_with("https://"), "{:?} has no documentation", rule.run);
            for run in rule.run.each() {
                let key = format!(
                    "{run} {:?} {:?} {:?} {:?} {:?}",
                    rule.with, rule.any, rule.without, rule.last, group.roles
                );
                assert!(seen.insert(key), "{run} is there twice");
            }
        }
        for (kind, rules) in
            [("action", &group.actions), ("image", &group.images), ("template", &group.templates)]
        {
            for rule in rules {
                assert!(rule.see.starts_with("https://"), "{:?} has no documentation", rule.name);
                for name in rule.name.each() {
                    assert_eq!(kind == "template", name.ends_with("yml"), "{name}");
                    let key = format!(
                        "{kind} {name} {:?} {:?} {:?} {:?}",
                        rule.with, rule.any, rule.without, group.roles
                    );
                    assert!(seen.insert(key), "{kind} {name} is there twice");
                }
            }
        }
    }
}

#[test]
fn every_rule_finds_its_example() {
    let mut wrong = Vec::new();
    for group in &RULES.groups {
        for rule in &group.commands {
            let roles = roles_of_command(&words(&rule.example));
            let command = words(&rule.example);
            let own = spellings(&command).into_iter().any(|(program, arguments)| {
                rule.run.each().iter().any(|run| {
                    let mut parts = run.split_whitespace();
                    parts.next().unwrap().split('|').any(|name| name == program || name == "*")
                        && rule.matches(parts, &arguments)
                })
            });
            if !own || !group.roles.iter().all(|role| roles.contains(role)) {
                wrong.push(format!("{} -> {roles:?}", rule.example));
            }
        }
        for rule in &group.actions {
            // `owner/name key=value key=value`
            let mut parts = rule.example.split_whitespace();
            let name = parts.next().unwrap();
            let mut inputs: Vec<(String, String)> = Vec::new();
            for part in parts {
                match (part.split_once('='), inputs.last_mut()) {
                    (Some((key, value)), _) if !key.starts_with('-') => {
                        inputs.push((key.into(), value.into()))
                    }
                    (_, Some((_, value))) => value.push_str(&format!(" {part}")),
                    _ => {}
                }
            }
            if !rule.matches(name, &inputs) || roles_of_action(name, &inputs).is_empty() {
                wrong.push(rule.example.clone());
            }
        }
        for rule in &group.images {
            if !group.roles.iter().all(|role| roles_of_image(&rule.example).contains(role)) {
                wrong.push(rule.example.clone());
            }
        }
        for rule in &group.templates {
            if !group.roles.iter().all(|role| roles_of_gitlab_template(&rule.example).contains(role)) {
                wrong.push(rule.example.clone());
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

fn roles(line: &str) -> Vec<Role> {
    roles_of_command(&words(line))
}

#[test]
fn tells_apart_what_looks_alike() {
    use Role::*;
    assert_eq!(roles("git commit -m push"), []);
    assert_eq!(roles("kubectl -n prod apply -f x.yaml"), [Deploy]);
    assert_eq!(roles("kubectl -n prod get pods"), []);
    assert_eq!(roles("prettier --write ."), []);
    assert_eq!(roles("prettier --check ."), [Format]);
    assert_eq!(roles("mvn -B package -DskipTests"), [Build]);
    assert!(roles("./mvnw -B verify").contains(&Test));
    assert!(roles("./gradlew build").contains(&Test));
    for skipped in [
        "./gradlew build -x test",
        "./gradlew clean build --exclude-task test",
        "./gradlew bootJar -x :app:test",
        "mvn package -DskipTests=true",
        "mvn package -Dmaven.test.skip",
        "dotnet build",
        "cargo build --release",
    ] {
        assert_eq!(roles(skipped), [Build], "{skipped}");
    }
    assert!(roles("./gradlew test -x integrationTest").contains(&Test));
    assert_eq!(roles("pip install -r requirements.txt"), []);
    assert_eq!(roles("pip install pytest"), [InstallFloating]);
    assert_eq!(roles("pip install pytest==8.0.0"), []);
    assert_eq!(roles("docker build ."), [Build]);
    assert_eq!(roles("docker buildx build --push ."), [Build, Publish]);
    assert!(roles("python3 manage.py migrate --noinput").contains(&Migrate));
    assert!(!roles("python manage.py migrate --check").contains(&Migrate));
    assert!(roles("python -m pytest -q").contains(&Test));
    assert!(roles("sudo -u app poetry run python -m pytest -q").contains(&Test));
    assert!(roles("php artisan migrate --force").contains(&Migrate));
    assert!(!roles("php artisan migrate:rollback").contains(&Migrate));
    assert!(roles("bin/rails db:migrate").contains(&Migrate));
    assert!(roles("./vendor/bin/phpunit").contains(&Test));
    assert!(roles("npm install").is_empty());
    assert_eq!(roles("npm install left-pad"), [InstallFloating]);
    assert_eq!(roles("npm ci"), [InstallLocked]);
}

#[test]
fn names_may_carry_registries_tags_and_inputs() {
    assert_eq!(roles_of_image("docker.io/aquasec/trivy:0.50"), [Role::ImageScan]);
    assert_eq!(roles_of_image("localhost:5000/unknown/thing"), []);
    let push = |value: &str| roles_of_action("docker/build-push-action", &[("push".into(), value.into())]);
    assert!(push("true").contains(&Role::Publish));
    assert!(push("${{ github.event_name != 'pull_request' }}").contains(&Role::Publish));
    assert!(!push("false").contains(&Role::Publish));
}
