#![allow(clippy::unwrap_used)]

use super::*;
use crate::test_support::{assert_positions_inside, hostile_text};
use proptest::prelude::*;

fn read(text: &str) -> Node {
    parse(text, &Limits::default()).unwrap()
}

#[test]
fn keeps_positions_and_plain_words() {
    let node = read("name: CI\non:\n  push:\n    branches: [main, \"1.0\"]\nflag: yes\nversion: 3.10\n");
    assert!(node.get("on").is_some());
    assert_eq!(node.get("flag").unwrap().as_str(), Some("yes"));
    assert_eq!(node.get("version").unwrap().scalar().unwrap(), "3.10");
    let branches = node.path("on.push.branches").unwrap();
    assert_eq!((branches.line, branches.column), (4, 15));
    assert_eq!(branches.list()[1].as_str(), Some("1.0"));
    let key = node.path("on.push").unwrap().key("branches").unwrap();
    assert_eq!((key.line, key.column), (4, 5));
}

#[test]
fn tells_scalars_apart() {
    let node = read("[~, null, '', true, False, no, 0x1F, 1e3, -.5, .inf, 1.2.3, !!str 12, 012, +, e5]");
    let kinds: Vec<_> = node
        .list()
        .iter()
        .map(|item| match &item.value {
            Value::Null => 'z',
            Value::Bool(_) => 'b',
            Value::Number(_) => 'n',
            Value::String(_) => 's',
            _ => '?',
        })
        .collect();
    assert_eq!(kinds.iter().collect::<String>(), "zzsbbsnnnnssnss");
}

#[test]
fn honours_merge_keys() {
    let text = "base: &base {image: a, env: {x: 1}}\nmore: &more {image: b, tag: t}\nweb:\n  <<: [*base, *more]\n  env: {y: 2}\napi:\n  <<: *base\n  image: c\n'<<': quoted\n";
    let node = read(text);
    assert_eq!(node.path("web.image").unwrap().as_str(), Some("a"));
    assert_eq!(node.path("web.tag").unwrap().as_str(), Some("t"));
    assert!(node.path("web.env.x").is_none());
    assert_eq!(node.path("api.image").unwrap().as_str(), Some("c"));
    assert_eq!(node.path("api.env.x").unwrap().scalar().unwrap(), "1");
    assert_eq!(node.get("<<").unwrap().as_str(), Some("quoted"));
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let node = read("a: 1\nb: 2\na: 3\n");
    assert_eq!(node.get("a").unwrap().line, 3);
    assert_eq!(node.map().len(), 2);
}

#[test]
fn keeps_foreign_tags() {
    let node = read(
        "script: !reference [.setup, script]\nurl: !Sub \"${A}\"\nsecret: !vault |\n  $ANSIBLE\nx: !!python/name:a.b\n",
    );
    assert_eq!(node.get("script").unwrap().tag(), Some("!reference"));
    assert_eq!(node.path("script.1").unwrap().as_str(), Some("script"));
    assert_eq!(node.get("url").unwrap().tag(), Some("!Sub"));
    assert_eq!(node.get("url").unwrap().as_str(), Some("${A}"));
    assert_eq!(node.get("secret").unwrap().tag(), Some("!vault"));
    assert_eq!(node.get("x").unwrap().tag(), Some("!!python/name:a.b"));
}

#[test]
fn an_error_keeps_earlier_documents() {
    let parsed = parse_lenient("a: 1\n---\nb: 2\n---\nc: [\n", &Limits::default());
    assert_eq!(parsed.documents.len(), 2);
    assert!(parsed.error.unwrap().line.unwrap() >= 5);
    assert!(parse_all("a: 1\n---\nc: [\n", &Limits::default()).is_err());
    assert!(parse("", &Limits::default()).unwrap().is_null());
}

#[test]
fn block_scalars_keep_their_lines() {
    let node = read("run: |\n  a\n  b\n\nfold: >-\n  c\n  d\n");
    assert_eq!(node.get("run").unwrap().as_str(), Some("a\nb\n"));
    assert_eq!((node.get("run").unwrap().line, node.get("run").unwrap().column), (2, 3));
    let padded = read("run: |\n\n\n  a\n");
    assert_eq!(padded.get("run").unwrap().as_str(), Some("\n\na\n"));
    assert_eq!(padded.get("run").unwrap().line, 2);
    assert_eq!(node.get("fold").unwrap().as_str(), Some("c d"));
}

#[test]
fn refuses_bombs() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    let error = parse_all(&bomb, &Limits::default()).unwrap_err();
    assert!(error.message.contains("too many"), "{error}");
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(10_000));
    assert!(parse_all(&long, &Limits::default()).is_err());
    assert!(parse_all("a: &a [*a]\n", &Limits::default()).is_err());
    let nested = (0..3000).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    assert!(parse_all(&nested, &Limits::default()).is_err());
    assert!(parse_all(&"- ".repeat(100_000), &Limits::default()).is_err());
    assert!(parse_all(&"[".repeat(100_000), &Limits::default()).is_err());
    assert!(parse_all(&"{a: ".repeat(100_000), &Limits::default()).is_err());
    assert!(parse_all(&"&a ".repeat(100_000), &Limits::default()).is_err());
    assert!(parse_all(&"a".repeat(5_000_000), &Limits::default()).is_err());
    assert_eq!(parse_all(&"a".repeat(3_000_000), &Limits::default()).unwrap().len(), 1);
}

#[test]
fn reads_around_helm_templates() {
    let text = "{{- if .Values.on }}\nimage: \"{{ .Values.image }}:{{ .Values.tag }}\"\nreplicas: {{ .Values.n }}\nlabels:\n  {{- include \"x\" . | nindent 4 }}\n  {{ $key }}: a{{ .b }}{{ .c }}\nlist:\n{{- range .items }}\n- {{ . | quote }}\n{{- end }}\n{{- end }}\nlast: 1\n";
    let parsed = parse_template(text, &Limits::default());
    assert_eq!(parsed.error, None);
    let node = &parsed.documents[0];
    assert_eq!(node.get("image").unwrap().as_str(), Some("{{ .Values.image }}:{{ .Values.tag }}"));
    assert_eq!(node.get("replicas").unwrap().as_str(), Some("{{ .Values.n }}"));
    assert_eq!(node.path("labels").unwrap().map()[0].0.text, "{{ $key }}");
    assert_eq!(node.path("labels").unwrap().map()[0].1.as_str(), Some("a{{ .b }}{{ .c }}"));
    assert_eq!(node.path("list.0").unwrap().as_str(), Some("{{ . | quote }}"));
    assert_eq!(node.get("last").unwrap().line, 12);
}

#[test]
fn reads_around_erb_and_jinja() {
    let text = "production:\n  url: <%= ENV[\"DATABASE_URL\"] %>\n<% if x %>\n  pool: <%= 5 %>\n<% end %>\n{% for a in b %}\n  name: {{ a }}-x # {# c #}\n{% endfor %}\n";
    let parsed = parse_template(text, &Limits::default());
    assert_eq!(parsed.error, None);
    let node = parsed.documents[0].get("production").unwrap();
    assert_eq!(node.get("url").unwrap().as_str(), Some("<%= ENV[\"DATABASE_URL\"] %>"));
    assert_eq!(node.get("pool").unwrap().line, 4);
    assert_eq!(node.get("name").unwrap().as_str(), Some("{{ a }}-x"));
}

proptest! {
    #[test]
    fn survives_anything(text in hostile_text("[\\[\\]{}:,&*!|>'\"a1%<=#? \n-]")) {
        let parsed = parse_lenient(&text, &Limits::default());
        for document in &parsed.documents {
            assert_positions_inside(document, &text);
        }
        for document in parse_template(&text, &Limits::default()).documents {
            assert_positions_inside(&document, &text);
        }
    }

    #[test]
    fn repeated_anchors_stay_within_budget(text in "(&a |\\*a |\\[|\\]|, |\\{|\\}|a: |<<: |\n){0,60}") {
        let limits = Limits { max_nodes: 500, ..Limits::default() };
        for document in parse_lenient(&text, &limits).documents {
            let mut count = 0;
            document.walk(&mut |_, _| count += 1);
            prop_assert!(count <= 500);
        }
    }
}
