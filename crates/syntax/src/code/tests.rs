#![allow(clippy::unwrap_used)]

use super::*;
use crate::test_support::hostile_text;
use proptest::prelude::*;

fn tree(language: Language, source: &str) -> Tree {
    parse(language, source, &Limits::default()).unwrap()
}

/// Callees with the string values of their arguments.
fn found(language: Language, source: &str) -> Vec<String> {
    let tree = tree(language, source);
    calls(tree.root_node(), source)
        .into_iter()
        .map(|call| {
            let strings: Vec<_> =
                call.arguments.iter().filter_map(|argument| string_value(*argument, source)).collect();
            format!("{}({})", call.callee, strings.join(","))
        })
        .collect()
}

fn keyword(language: Language, source: &str, name: &str) -> Option<String> {
    let tree = tree(language, source);
    let first = calls(tree.root_node(), source).into_iter().next()?;
    first.keyword(name, source).map(|value| text(value, source).to_owned())
}

#[test]
fn knows_languages_by_name() {
    assert_eq!(Language::from_path("a/b.PY"), Some(Language::Python));
    assert_eq!(Language::from_path("Gemfile"), Some(Language::Ruby));
    assert_eq!(Language::from_path("a.d.ts"), Some(Language::TypeScript));
    assert_eq!(Language::from_path("a/.py/b"), None);
    for language in Language::ALL {
        assert!(parse(language, "x", &Limits::default()).is_some(), "{language:?}");
    }
}

#[test]
fn python() {
    let source = "app.add(\"a\" 'b', f\"x{y}\")\nmake(r\"\\d\").run(u'\\u00e9')\nFoo[int](\"\"\"t\"\"\")\n";
    assert_eq!(found(Language::Python, source), ["app.add(ab)", "make().run(é)", "make(\\d)", "Foo[int](t)"]);
    assert_eq!(keyword(Language::Python, "f(1, debug=True)", "debug").unwrap(), "True");
    assert_eq!(keyword(Language::Python, "f({'dsn': x})", "dsn").unwrap(), "x");
    assert_eq!(keyword(Language::Python, "f({'a': {'dsn': x}})", "dsn"), None);
}

#[test]
fn ruby() {
    let source = "Sentry.init do |c| c.dsn = 'x' end\nfoo \"a#{b}\", \"c\"\nA::B.new(:x).call 'd'\n";
    assert_eq!(
        found(Language::Ruby, source),
        ["Sentry.init()", "c.dsn()", "foo(c)", "A.B.new().call(d)", "A.B.new()"]
    );
    assert_eq!(keyword(Language::Ruby, "foo \"a\", b: 1", "b").unwrap(), "1");
    assert_eq!(keyword(Language::Ruby, "foo(:a => 1)", "a").unwrap(), "1");
}

#[test]
fn php() {
    let source =
        "<?php $app->use(\"x\"); \\Foo\\Bar::init('it\\'s'); new \\A\\B(\"c\"); f($d)->g?->h(); \"a$b\";";
    assert_eq!(
        found(Language::Php, source),
        ["app.use(x)", "Foo.Bar.init(it's)", "A.B(c)", "f().g.h()", "f()"]
    );
    assert_eq!(keyword(Language::Php, "<?php f(['dsn' => $x]);", "dsn").unwrap(), "$x");
    assert_eq!(keyword(Language::Php, "<?php f(name: 1);", "name").unwrap(), "1");
}

#[test]
fn javascript_and_typescript() {
    let source = "app.use(helmet({a: 1}), `b`);\nnew Sentry.Init(\"x\"); require(\"z\")(); a?.b('c'); (await d)(`e${f}`)";
    let expected = ["app.use(b)", "helmet()", "Sentry.Init(x)", "require()()", "require(z)", "a.b(c)", "d()"];
    for language in [Language::JavaScript, Language::TypeScript, Language::Tsx] {
        assert_eq!(found(language, source), expected, "{language:?}");
    }
    assert_eq!(found(Language::TypeScript, "f<T>(\"a\"); x!.y(1)"), ["f(a)", "x.y()"]);
    assert_eq!(keyword(Language::JavaScript, "f({'max-age': 5, b})", "max-age").unwrap(), "5");
}

#[test]
fn other_languages() {
    assert_eq!(
        found(Language::Go, "package x\nfunc f() { http.Listen(\":80\\n\"); a.New(`r\\`).B(\"c\") }"),
        ["http.Listen(:80\n)", "a.New().B(c)", "a.New(r\\)"]
    );
    assert_eq!(keyword(Language::Go, "package x\nvar a = f(&T{A: 1})", "A").unwrap(), "1");
    assert_eq!(
        found(
            Language::CSharp,
            "class A { void M() { app.UseX(\"a\", b: 1); new Foo.Bar(\"c\"); x.Y<Z>(@\"v\"\"\"); } }"
        ),
        ["app.UseX(a)", "Foo.Bar(c)", "x.Y(v\")"]
    );
    assert_eq!(
        found(Language::Elixir, "plug Plug.SSL, rewrite_on: [:x]\nLogger.info(\"a\")\nx |> foo(\"b#{c}\")"),
        ["plug()", "Logger.info(a)", "foo()"]
    );
    assert_eq!(keyword(Language::Elixir, "plug Plug.SSL, rewrite_on: [:x]", "rewrite_on").unwrap(), "[:x]");
    assert_eq!(
        found(Language::Rust, "fn f() { a::b(\"x\", r#\"y\"#); c.d(1)?; println!(\"z\"); T::<U>::new(); }"),
        ["a.b(x,y)", "c.d()", "println(z)", "T.new()"]
    );
    assert_eq!(
        found(Language::Java, "class A { void m() { app.use(\"a\").b(); new Foo<X>(\"b\"); x(); } }"),
        ["app.use().b()", "app.use(a)", "Foo(b)", "x()"]
    );
}

#[test]
fn positions_count_characters() {
    let source = "a\n\"é\"; f()";
    let tree = tree(Language::JavaScript, source);
    let call = &calls(tree.root_node(), source)[0];
    assert_eq!((call.line, column(call.node, source)), (2, 6));
}

#[test]
fn hostile_texts_are_bounded() {
    for piece in [
        "(", "[", "{", "f(", "a.b().", "\"", "a => ", "`${", "<", "!", "if (a) ", "else ", "\n ", "a?b:",
        "'''", "#{\"",
    ] {
        for language in Language::ALL {
            let source = piece.repeat(400);
            if let Some(tree) = parse(language, &source, &Limits::default()) {
                let _ = calls(tree.root_node(), &source).len();
            }
        }
    }
    assert!(parse(Language::Python, &"a".repeat(5_000_000), &Limits::default()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn survives_anything(text in hostile_text("(a|\\.|\\(|\\)|\\{|\\}|\\[|\\]|\"|'|`|\\$|#|:|=>|->|,| |\n|\\\\|é|<\\?php |def |class |do |end |fn )")) {
        for language in Language::ALL {
            let Some(tree) = parse(language, &text, &Limits::default()) else { continue };
            for node in descendants(tree.root_node()) {
                let _ = string_value(node, &text);
                prop_assert!(node.end_byte() <= text.len());
            }
            for call in calls(tree.root_node(), &text) {
                let _ = call.keyword("a", &text);
            }
        }
    }
}

#[test]
fn kotlin_that_ends_within_an_annotation_comes_to_its_end() {
    for text in [
        "class A\n@b",
        "class A {\n  val a = 1\n  @b",
        "class A {\n  val a = 1\n  @b(",
        "class A<T>\n@",
        "val a = 1\n@b(c",
        "val a = 1\n@b(c\n@d",
        "@",
        "class A\n@b\n",
    ] {
        let tree = parse(Language::Kotlin, text, &Limits::default()).unwrap();
        assert!(tree.root_node().end_byte() <= text.len(), "{text}");
    }
    let whole = "class A {\n  fun b() = call(\"c\")\n}";
    let tree = parse(Language::Kotlin, whole, &Limits::default()).unwrap();
    assert!(!tree.root_node().has_error());
}
