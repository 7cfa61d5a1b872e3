//! An item's page, from Markdown. Raw HTML in it is shown, not used; links lead to the web only.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Longest page, in bytes.
const LONGEST: usize = 64 * 1024;

pub(super) fn html(markdown: &str) -> String {
    let mut end = markdown.len().min(LONGEST);
    while !markdown.is_char_boundary(end) {
        end -= 1;
    }
    let mut skipping = 0usize;
    let mut links = Vec::new();
    let events = Parser::new_ext(&markdown[..end], Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let safe = events.filter_map(|event| {
        match &event {
            // The item's title stands above already.
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => skipping += 1,
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                skipping = skipping.saturating_sub(1);
                return None;
            }
            _ => {}
        }
        if skipping > 0 {
            return None;
        }
        Some(match event {
            Event::Start(Tag::Heading { .. }) => Event::Start(Tag::Heading {
                level: HeadingLevel::H4,
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Heading(HeadingLevel::H4)),
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(visible(&text)),
            Event::Text(text) => Event::Text(visible(&text)),
            Event::Code(text) => Event::Code(visible(&text)),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let web = dest_url.starts_with("https://") || dest_url.starts_with("http://");
                links.push(web);
                if !web {
                    return None;
                }
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title: CowStr::Borrowed(""),
                    id: CowStr::Borrowed(""),
                })
            }
            Event::End(TagEnd::Link) => {
                if links.pop() == Some(true) {
                    Event::End(TagEnd::Link)
                } else {
                    return None;
                }
            }
            // A picture would have to be loaded: its description stays.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
            Event::Start(Tag::CodeBlock(_)) => {
                Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented))
            }
            other => other,
        })
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, safe);
    out
}

/// Text without characters that XML cannot hold; line ends stay, for blocks of code.
fn visible(text: &str) -> CowStr<'static> {
    text.split('\n')
        .map(|line| {
            line.chars()
                .filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
                .collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn raw_html_is_shown_and_not_used() {
        let out = html("a <b onclick=x>b</b>\n\n<script>alert(1)</script>\n");
        assert!(!out.contains("<b") && !out.contains("<script"), "{out}");
        assert!(out.contains("&lt;script&gt;"), "{out}");
    }

    #[test]
    fn links_lead_to_the_web_only() {
        let out =
            html("[a](javascript:alert(1)) [b](https://example.org/?a=1&b) ![c](https://example.org/c.png)");
        assert!(!out.contains("javascript") && !out.contains("<img"), "{out}");
        assert!(out.contains("<a href=\"https://example.org/?a=1&amp;b\">b</a>"), "{out}");
    }

    #[test]
    fn headings_fit_below_the_items() {
        assert_eq!(html("# Title\n\n## Checks\n"), "<h4>Checks</h4>\n");
    }
}
