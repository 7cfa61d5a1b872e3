//! Text for XML and HTML.

/// Text with the characters that mean something in XML and HTML written as entities; fit for content and for quoted
/// attributes. The report is clean of what XML cannot hold at all.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text for content in which what stands between backticks is shown as code.
pub(crate) fn prose(text: &str) -> String {
    match crate::text::spans(text) {
        None => escape(text),
        Some(spans) => spans
            .into_iter()
            .map(|(is_code, part)| match is_code {
                true => format!("<code>{}</code>", escape(part)),
                false => escape(part),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_opens_or_closes() {
        assert_eq!(super::escape("<a b='\"'>]]>&"), "&lt;a b=&#39;&quot;&#39;&gt;]]&gt;&amp;");
    }
}
