#![allow(clippy::unwrap_used)]

use super::*;
use crate::test_support::hostile_text;
use proptest::prelude::*;

fn read(text: &str) -> Dockerfile {
    parse(text, &Limits::default())
}

#[test]
fn reads_stages() {
    let file = read(
        "# syntax=docker/dockerfile:1\nARG VERSION=3.12\nARG BASE=python:${VERSION}-slim\nFROM --platform=$BUILDPLATFORM ${BASE} AS build\nFROM node:${NODE:-20} as assets\nFROM Build\nFROM $UNKNOWN/x@sha256:ab\n",
    );
    let images: Vec<_> = file.stages.iter().map(|stage| stage.image.as_str()).collect();
    assert_eq!(images, ["python:3.12-slim", "node:20", "Build", "$UNKNOWN/x@sha256:ab"]);
    assert_eq!(file.stages[0].platform.as_deref(), Some("$BUILDPLATFORM"));
    assert_eq!(file.stages[1].name.as_deref(), Some("assets"));
    assert_eq!(file.stages[2].base_stage, Some(0));
    assert_eq!(file.lineage(2), [2, 0]);
    assert_eq!(file.stages[0].line, 4);
    assert_eq!(file.instructions[0].stage, None);
    assert_eq!(file.final_stage(), Some(3));
}

#[test]
fn continued_lines_keep_their_numbers() {
    let file = read(
        "FROM a\nrun --mount=type=cache,target=/x \\\n    apt-get update && \\\n# why\n\n    npm ci\nUSER app\n",
    );
    let run = &file.instructions[1];
    assert_eq!(run.keyword, "RUN");
    assert_eq!(run.flag("mount"), Some("type=cache,target=/x"));
    assert_eq!((run.line, run.arguments_line, run.end_line), (2, 3, 6));
    let (text, line) = run.command();
    let script = crate::shell::parse(&text, line);
    let found: Vec<_> =
        script.commands.iter().map(|command| (command.line, command.words.join(" "))).collect();
    assert_eq!(found, [(3, "apt-get update".to_owned()), (6, "npm ci".to_owned())]);
    assert_eq!(file.instructions[2].line, 7);
    assert_eq!(file.of_stage(0).count(), 3);
}

#[test]
fn tells_exec_from_shell_form() {
    let file = read(
        "FROM a\nCMD [\"gunicorn\", \\\n  \"app:x y\"]\nHEALTHCHECK --interval=5s CMD curl -f http://x\nENTRYPOINT [ \"$x\" = 1 ]\nHEALTHCHECK NONE\nHEALTHCHECK CMD [\"a\"]\n",
    );
    assert_eq!(file.instructions[1].form, Form::Exec(vec!["gunicorn".into(), "app:x y".into()]));
    assert_eq!(file.instructions[1].command().0, "'gunicorn' 'app:x y'");
    assert_eq!(file.instructions[2].flag("interval"), Some("5s"));
    assert_eq!(file.instructions[2].command().0, "curl -f http://x");
    assert_eq!(file.instructions[3].form, Form::Shell);
    assert_eq!(file.instructions[4].arguments, "NONE");
    assert_eq!(file.instructions[5].form, Form::Exec(vec!["a".into()]));
}

#[test]
fn reads_heredocs() {
    let file = read(
        "FROM a\nRUN <<EOF\nset -e\n# not a comment of the file\nmake\nEOF\nCOPY <<-\"X\" <<Y /etc/\n\tx\n\tX\ny\nY\nRUN psql <<E\nFROM b\nE\nUSER u\n",
    );
    let run = &file.instructions[1];
    assert_eq!(run.command(), ("set -e\n# not a comment of the file\nmake\n".into(), 3));
    assert_eq!(run.end_line, 6);
    let copy = &file.instructions[2];
    assert_eq!(copy.heredocs.len(), 2);
    assert_eq!(copy.heredocs[0].body, "x\n");
    assert_eq!(copy.heredocs[1].line, 10);
    assert_eq!(file.instructions[3].command().0, "psql <<E\nFROM b\nE");
    assert_eq!(file.instructions[4].keyword, "USER");
    assert_eq!(file.stages.len(), 1);
}

#[test]
fn other_escape_characters() {
    let file = read("# escape=`\nFROM a\nRUN x `\n  y\nWORKDIR C:\\\nUSER b\n");
    assert_eq!(file.instructions[1].arguments, "x \\\n  y");
    assert_eq!(file.instructions[3].keyword, "USER");
}

#[test]
fn hostile_texts_are_bounded() {
    let bomb = (1..40).fold("ARG a0=xxxxxxxxxx\n".to_owned(), |text, level| {
        let inner = format!("${{a{}}}", level - 1).repeat(10);
        text + &format!("ARG a{level}={inner}\n")
    });
    let file = read(&(bomb + "FROM $a39\n"));
    assert!(file.stages[0].image.len() <= 1_000);
    assert_eq!(read(&"a".repeat(5_000_000)).instructions.len(), 0);
    assert_eq!(read(&"\\\n".repeat(1_000_000)).instructions.len(), 1);
    assert!(read(&"RUN <<E\n".repeat(10_000)).instructions.len() <= 10_000);
}

proptest! {
    #[test]
    fn survives_anything(text in hostile_text("(FROM |RUN |ARG |COPY |a|\n|\\\\|<<E|E\n|\\$\\{|\\}|\\$|:-|=|\\[|\"|,|\\]|#|é|--x |AS )")) {
        let file = parse(&text, &Limits::default());
        let lines = text.split('\n').count() as u32;
        for instruction in &file.instructions {
            prop_assert!(instruction.line >= 1 && instruction.end_line <= lines);
            prop_assert!(instruction.arguments_line <= lines);
            let _ = instruction.command();
        }
        for stage in 0..file.stages.len() {
            let _ = file.lineage(stage);
        }
    }
}
