//! Whatever the audited files hold, no format can be broken out of: each is read back by a parser of its own.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};
use seaworthy_model::Report;
use seaworthy_report::{Format, RenderOptions, render, step_summary};

fn text(report: &Report, format: Format) -> String {
    render(report, format, &RenderOptions::default()).unwrap()
}

/// What no format may show: control characters, and those that reorder or hide text.
fn assert_visible(text: &str) {
    for c in text.chars() {
        let hidden = (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{e0000}'..='\u{e0fff}');
        assert!(!hidden, "{c:?} is shown");
    }
}

fn html_is_whole(html: &str) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(html, options).unwrap();
    const ELEMENTS: &[&str] = &[
        "html", "head", "meta", "title", "style", "body", "a", "header", "p", "span", "svg", "path",
        "button", "main", "section", "h1", "h2", "h3", "h4", "ul", "ol", "li", "strong", "code", "div",
        "table", "caption", "thead", "tbody", "tr", "th", "td", "i", "b", "small", "details", "summary",
        "label", "input", "kbd", "select", "option", "dl", "dt", "dd", "footer", "script", "pre", "em",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(ELEMENTS.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{name} {}", attribute.name());
            assert!(!matches!(attribute.name(), "src" | "srcset" | "action" | "data" | "poster"), "{name}");
            if attribute.name() == "href" {
                assert!(attribute.value().starts_with('#'), "{}", attribute.value());
            }
        }
    }
    let scripts = document.descendants().filter(|node| node.has_tag_name("script")).count();
    assert_eq!(scripts, 1);
}

fn xml_is_whole(xml: &str, report: &Report) {
    let document = roxmltree::Document::parse(xml).unwrap();
    let names: BTreeSet<&str> = document
        .descendants()
        .filter(roxmltree::Node::is_element)
        .map(|node| node.tag_name().name())
        .collect();
    let known = BTreeSet::from(["testsuites", "testsuite", "testcase", "failure", "error", "skipped"]);
    assert!(names.is_subset(&known), "{names:?}");
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase")).count();
    assert_eq!(cases, report.items.len() + report.exposures.len() + report.findings.len());
}

fn markdown_is_whole(markdown: &str) {
    const OWN: &[&str] = &["<!-- -->", "</details>", "<sub>", "</sub>"];
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                let folded = html.starts_with("<details><summary>") && html.matches('<').count() == 3;
                assert!(OWN.contains(&html) || folded, "{html:?}");
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough) => panic!("{event:?}"),
            Event::Start(Tag::CodeBlock(_) | Tag::BlockQuote(_)) => panic!("{event:?}"),
            _ => {}
        }
    }
}

fn commands_are_whole(commands: &str) {
    for (index, line) in commands.lines().enumerate() {
        let known = ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start));
        assert!(known || (index == 0 && line.starts_with("Seaworthy: ")), "{line}");
        if let Some((properties, _)) = line.get(2..).and_then(|line| line.split_once("::")).filter(|_| known)
        {
            for property in properties.split_once(' ').unwrap().1.split(',') {
                let name = property.split('=').next().unwrap();
                assert!(matches!(name, "file" | "line" | "col" | "title"), "{property}");
            }
        }
    }
}

static SARIF: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sarif-schema-2.1.0.json");
    let mut schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language")).unwrap();
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    jsonschema::options().build(&schema).unwrap()
});

fn everything_is_whole(report: &Report) {
    for format in Format::ALL {
        assert_visible(&text(report, format));
    }
    html_is_whole(&text(report, Format::Html));
    xml_is_whole(&text(report, Format::Junit), report);
    markdown_is_whole(&text(report, Format::Markdown));
    markdown_is_whole(&step_summary(report));
    commands_are_whole(&text(report, Format::Github));
    for line in text(report, Format::Terminal).lines() {
        assert!(!line.trim_start().starts_with("::"), "{line}");
    }
    let sarif = serde_json::from_str(&text(report, Format::Sarif)).unwrap();
    let errors: Vec<String> = SARIF.iter_errors(&sarif).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(text(report, Format::Jsonl).matches('\n').count(), 1);
    serde_json::from_str::<Report>(&text(report, Format::Json)).unwrap();
}

#[test]
fn the_samples_are_whole() {
    for report in [
        common::shop(),
        common::not_known(),
        common::ready(),
        common::required(),
        common::filled(common::HOSTILE),
    ] {
        everything_is_whole(&report);
    }
}

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,12}",
        prop::sample::select(vec![
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "]]>",
            "<![CDATA[",
            "&lt;",
            "&#0;",
            "\"",
            "'",
            "\u{1b}[2J",
            "\u{1b}]0;",
            "\u{7}",
            "\r\n",
            "\n\n# x\n",
            "\n::error::",
            "::",
            "%0A",
            "%",
            "|",
            "`",
            "``",
            "```\n",
            "\n- ",
            "\n> ",
            "    ",
            "@a",
            "#1",
            "https://",
            "www.",
            "[a](b)",
            "![a](b)",
            "<a href=x>",
            "\\",
            "*",
            "_",
            "~~",
            "\u{202e}",
            "\u{2028}",
            "\u{0}",
            "\u{ffff}",
            "\u{fffe}",
            "\u{9b}31m",
            "../",
            "/",
            "//",
            ":",
            "?",
            "[",
            "]",
            "{{",
            "</details>",
            "onload=",
            "javascript:",
            "1. ",
            "---",
            "===",
            "😀\u{200d}",
            "\u{e0001}",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_format(parts in prop::collection::vec(fragment(), 0..14)) {
        everything_is_whole(&common::filled(&parts.concat()));
    }
}

#[test]
fn very_long_text_is_cut_and_a_comment_stays_within_its_limit() {
    let mut report = common::filled(&"long <text> @a `b` ".repeat(100));
    let item = report.items[0].clone();
    report.items.extend(std::iter::repeat_n(item, 400));
    assert!(text(&report, Format::Markdown).len() <= 65_536);
    assert!(text(&report, Format::Markdown).contains("left out"));
    assert!(step_summary(&report).len() <= 1024 * 1024);
    markdown_is_whole(&text(&report, Format::Markdown));
}

/// `passed` and `ready` are promises: neither stands where something of priority 1 is unknown.
#[test]
fn nothing_is_promised_over_an_urgent_unknown() {
    for report in [common::not_known(), common::accepted_unknown()] {
        for format in [Format::Terminal, Format::Html, Format::Markdown, Format::Github] {
            let text = text(&report, format).to_lowercase();
            let text = text.split("<script>").next().unwrap();
            for word in ["passed", "ready"] {
                let stands = text.split(|c: char| !c.is_alphabetic()).any(|found| found == word);
                assert!(!stands, "{word} in {format:?}");
            }
        }
    }
    assert!(text(&common::ready(), Format::Terminal).contains("READY"));
}
