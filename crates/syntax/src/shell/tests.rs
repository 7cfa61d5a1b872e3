#![allow(clippy::unwrap_used)]

use super::*;
use crate::test_support::{assert_inside, hostile_text};
use proptest::prelude::*;

fn one(text: &str) -> SimpleCommand {
    parse(text, 1).commands.into_iter().next().unwrap()
}

fn named<'s>(script: &'s Script, name: &str) -> &'s SimpleCommand {
    script.commands.iter().find(|command| command.words.first().is_some_and(|word| word == name)).unwrap()
}

fn lines(script: &Script) -> Vec<(u32, String)> {
    script.commands.iter().map(|command| (command.line, command.words.join(" "))).collect()
}

#[test]
fn removes_quotes_and_keeps_expansions() {
    let command = one("A=1 B=\"x y\" foo a'b'\"c $D\" \"${E:-f}\" \"$(g \"h\")\" i\\ j $'k\\nl' \"m\\\"\"");
    assert_eq!(command.words, ["foo", "abc $D", "${E:-f}", "$(g \"h\")", "i j", "k\nl", "m\""]);
    assert_eq!(command.assignments, [("A".into(), "1".into()), ("B".into(), "x y".into())]);
}

#[test]
fn positions_count_from_the_first_line() {
    let script = parse("a \\\n  b\n\n  c # d\n", 10);
    assert_eq!(lines(&script), [(10, "a b".into()), (13, "c".into())]);
    assert_eq!(script.commands[1].column, 3);
}

#[test]
fn github_expressions_are_words() {
    let script = parse(
        "docker push ghcr.io/${{ github.repository }}:${{ matrix.tag || 'x' }} && ./run.sh \"${{ a }}\"\nif [ \"${{ x }}\" = y ]; then z; fi\n${{ matrix.command }} --all\n",
        1,
    );
    assert!(!script.has_errors);
    assert_eq!(
        script.commands[0].words,
        ["docker", "push", "ghcr.io/${{ github.repository }}:${{ matrix.tag || 'x' }}"]
    );
    assert_eq!(script.commands[1].words, ["./run.sh", "${{ a }}"]);
    assert_eq!(named(&script, "z").guarded, ["[ \"${{ x }}\" = y ]"]);
    assert_eq!(script.commands.last().unwrap().words, ["${{ matrix.command }}", "--all"]);
}

#[test]
fn says_how_failure_is_ignored() {
    assert_eq!(one("a || true").ignored, Some(Ignored::OrTrue));
    assert_eq!(one("a || :").ignored, Some(Ignored::OrColon));
    assert_eq!(one("a || echo failed").ignored, Some(Ignored::OrEcho));
    assert_eq!(one("a || exit 0").ignored, Some(Ignored::OrExitZero));
    assert_eq!(one("a || { echo no; exit 1; }").ignored, None);
    assert_eq!(one("a || { echo no; }").ignored, Some(Ignored::OrEcho));
    assert_eq!(one("a || exit 1").ignored, None);
    assert_eq!(one("a || exit 1").fallback.unwrap(), ["exit", "1"]);
    assert_eq!(one("a || b").fallback.unwrap(), ["b"]);
    assert_eq!(one("! a").ignored, Some(Ignored::Negated));
    assert_eq!(one("a &").ignored, Some(Ignored::Background));
    assert_eq!(one("a && b").ignored, None);
    assert!(one("a && b").before_and);
    let script = parse("(a; b) || true\nif x; then c; fi || true\nd && e || true", 1);
    for name in ["a", "b", "c", "d", "e"] {
        assert!(named(&script, name).failure_ignored(), "{name}");
    }
}

#[test]
fn pipelines_ignore_failure_without_pipefail() {
    let script = parse("a | b x | c\nset -o pipefail\nd | e", 1);
    assert_eq!(script.commands[0].ignored, Some(Ignored::Pipeline));
    assert_eq!(script.commands[0].piped_to, Some(1));
    assert_eq!(script.commands[1].piped_to, Some(2));
    assert_eq!(script.commands[2].piped_to, None);
    assert_eq!(named(&script, "d").ignored, None);
    assert!(script.sets_pipefail);
    let started = parse_with("a | b", 1, Options { errexit: true, pipefail: true });
    assert_eq!(started.commands[0].ignored, None);
    let substituted = parse("a $(b | c) | d", 1);
    assert_eq!(named(&substituted, "a").piped_to, Some(3));
    assert_eq!(named(&substituted, "b").piped_to, Some(2));
}

#[test]
fn follows_set() {
    let script = parse("a\nset -euo pipefail\nb\nset +e\nc\n(set -e; d)\ne", 1);
    let errexit = |name| named(&script, name).errexit;
    assert!(!errexit("a") && errexit("b") && !errexit("c") && errexit("d") && !errexit("e"));
    assert!(script.sets_errexit && script.clears_errexit && script.sets_pipefail);
    assert!(named(&script, "c").pipefail);
    assert!(parse("#!/bin/bash -e\na", 1).commands[0].errexit);
}

#[test]
fn keeps_conditions() {
    let script = parse(
        "if ! a && [ -f b ]; then c; elif d; then e; else f; fi\n[ -n \"$G\" ] && h\ncase $x in i|j) k;; *) l;; esac\nm || n\nfor o in p; do q; done\nwhile r; do s; done",
        1,
    );
    let a = named(&script, "a");
    assert!(a.in_condition && a.negated && a.ignored.is_none());
    assert_eq!(named(&script, "c").guarded, ["! a && [ -f b ]"]);
    assert_eq!(named(&script, "e").guarded, ["! (! a && [ -f b ])", "d"]);
    assert_eq!(named(&script, "f").guarded, ["! (! a && [ -f b ])", "! (d)"]);
    assert_eq!(named(&script, "h").guarded, ["[ -n \"$G\" ]"]);
    assert_eq!(named(&script, "k").guarded, ["case $x in i | j"]);
    assert_eq!(named(&script, "n").guarded, ["! (m)"]);
    assert!(named(&script, "q").in_loop && named(&script, "s").in_loop);
    assert!(named(&script, "r").in_condition && named(&script, "d").in_condition);
    assert_eq!(named(&script, "[").words, ["[", "-f", "b", "]"]);
}

#[test]
fn functions_stand_apart() {
    let script = parse("f() {\n  set -e\n  a\n  b\n}\nfunction g { c; }\nf || true\n", 5);
    assert_eq!(script.functions.len(), 2);
    assert_eq!(script.functions[1], Function { name: "g".into(), line: 10 });
    let a = named(&script, "a");
    assert_eq!(a.in_function.as_deref(), Some("f"));
    assert!(a.errexit && !a.in_last_statement && named(&script, "b").in_last_statement);
    assert!(!named(&script, "f").errexit && named(&script, "f").failure_ignored());
}

#[test]
fn reads_scripts_inside_commands() {
    let script = parse(
        "bash -ec \"a && b \\\"x\\\"\"\ndocker compose exec -T web sh -c 'c | d\ne'\neval \"f g\"\nssh -p 22 user@host 'h && i'\nsudo -u x bash -c 'bash -c \"j\"'\necho bash -c k",
        1,
    );
    let errexit = named(&script, "a");
    assert!(errexit.errexit && errexit.nesting == 1);
    assert_eq!(named(&script, "b").words, ["b", "x"]);
    assert_eq!(named(&script, "d").ignored, None);
    assert_eq!(named(&script, "e").line, 3);
    assert_eq!(named(&script, "f").words, ["f", "g"]);
    assert_eq!(named(&script, "i").line, 5);
    assert_eq!(named(&script, "j").nesting, 2);
    assert!(!script.commands.iter().any(|command| command.words == ["k"]));
}

#[test]
fn nesting_ends_somewhere() {
    let mut text = String::from("deep");
    for _ in 0..8 {
        text = format!("eval {}", format!("{text:?}").replace('$', "\\$"));
    }
    let script = parse(&text, 1);
    assert!(script.commands.iter().all(|command| command.nesting <= 4));
    assert!(!script.commands.iter().any(|command| command.words == ["deep"]));
}

#[test]
fn heredocs_are_text_unless_a_shell_reads_them() {
    let script = parse(
        "cat > file <<EOF\nrm x\nEOF\nssh host <<'EOF' || true\n  a\n  b\nEOF\nbash -e <<EOF && c\nd\nEOF\npsql <<EOF | e\nselect 1\nEOF\nf <<< \"g\"\n",
        1,
    );
    let cat = named(&script, "cat");
    assert_eq!(cat.heredoc.as_deref(), Some("rm x\n"));
    assert_eq!(cat.redirects, [Redirect { operator: ">".into(), target: "file".into() }]);
    assert!(!script.commands.iter().any(|command| command.words.first().is_some_and(|word| word == "rm")));
    assert_eq!(named(&script, "ssh").ignored, Some(Ignored::OrTrue));
    assert_eq!(named(&script, "b").line, 6);
    assert!(named(&script, "d").errexit && named(&script, "bash").before_and);
    assert_eq!(named(&script, "c").line, 8);
    let psql = named(&script, "psql");
    assert_eq!(psql.ignored, Some(Ignored::Pipeline));
    assert_eq!(script.commands[psql.piped_to.unwrap()].words, ["e"]);
    assert_eq!(named(&script, "f").heredoc.as_deref(), Some("g"));
}

#[test]
fn redirections_go_to_their_command() {
    let script = parse("pg_dump db > out.sql 2>&1 || exit 1\na && b >> log\n", 1);
    assert_eq!(script.commands[0].redirects.len(), 2);
    assert_eq!(script.commands[0].redirects[1], Redirect { operator: "2>&".into(), target: "1".into() });
    assert!(named(&script, "a").redirects.is_empty());
    assert_eq!(named(&script, "b").redirects[0].target, "log");
}

#[test]
fn declarations_and_substitutions() {
    let script = parse("export FOO=bar\nx=$(a `b`)\ny=1\ndiff <(c) d\n", 1);
    assert_eq!(script.commands[0].words, ["export", "FOO=bar"]);
    assert_eq!(script.commands[0].assignments, [("FOO".into(), "bar".into())]);
    assert_eq!(script.commands[1].assignments, [("x".into(), "$(a `b`)".into())]);
    for name in ["a", "b", "c"] {
        assert!(named(&script, name).in_substitution, "{name}");
    }
    assert!(!named(&script, "diff").in_substitution);
}

#[test]
fn the_last_statement_is_known() {
    let script = parse("a\nb && c\n# d\n", 1);
    assert!(!script.commands[0].in_last_statement);
    assert!(script.commands[1].in_last_statement && script.commands[2].in_last_statement);
}

#[test]
fn broken_scripts_still_give_commands() {
    let script = parse("a b\nif c; then\n  d e\n", 1);
    assert!(script.has_errors);
    assert_eq!(named(&script, "a").words, ["a", "b"]);
    assert_eq!(named(&script, "d").words, ["d", "e"]);
    let windows = parse("a b\r\nc d\r\n", 1);
    assert_eq!(lines(&windows), [(1, "a b".into()), (2, "c d".into())]);
}

#[test]
fn strips_prefixes() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let stripped = |text: &str| unwrap(&words(text)).join(" ");
    assert_eq!(stripped("sudo -E -u app env A=B nohup /usr/bin/timeout -s KILL 5m make test"), "make test");
    assert_eq!(stripped("exec gosu app ./serve"), "./serve");
    assert_eq!(stripped("command -v docker"), "command -v docker");
    assert_eq!(stripped("time -p -- make"), "make");
    assert_eq!(stripped("env"), "env");
    assert_eq!(unwrap(&[]), &[] as &[String]);
}

#[test]
fn hostile_texts_are_bounded() {
    for piece in [
        "(",
        "((",
        "$(",
        "{ ",
        "if a; then ",
        "\"",
        "`",
        "<<E\n",
        "${",
        "[[ ",
        "a | ",
        "a && ",
        "case a in ",
        "! ",
        "f() ",
    ] {
        let _ = parse(&piece.repeat(20_000), 1);
    }
    assert!(parse(&"a".repeat(5_000_000), 1).has_errors);
    let many = parse(&"a;".repeat(100_000), 1);
    assert_eq!(many.commands.len(), 20_000);
    let long = parse("a && ".repeat(1_000).trim_end_matches("&& "), 1);
    assert!(long.has_errors);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn survives_anything(text in hostile_text("(a|b |\\||&|;|\n|\\(|\\)|\\{ |\\}|\\$|\"|'|`|<<E\n|E\n|if |then |fi\n|\\[ |\\]|!|\\\\|=|é|\\$\\{\\{|\\}\\}|sh -c )")) {
        for command in parse(&text, 1).commands {
            if command.nesting == 0 {
                assert_inside(command.line, command.column, &text);
            }
        }
    }
}
