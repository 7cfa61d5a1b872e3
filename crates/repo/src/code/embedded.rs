//! Scripts inside component and page files: everything else is blanked, so that lines and columns stay.

use std::borrow::Cow;

/// The text that a grammar of JavaScript can parse.
pub fn script(language: &str, text: &str) -> Option<Cow<'static, str>> {
    let mut result = vec![b' '; text.len()];
    for (place, byte) in text.bytes().enumerate() {
        if byte == b'\n' {
            result[place] = b'\n';
        }
    }
    let mut keep = |from: usize, to: usize| result[from..to].copy_from_slice(&text.as_bytes()[from..to]);
    if language == "astro"
        && let Some(start) = text.strip_prefix("---").map(|rest| text.len() - rest.len())
        && let Some(length) = text[start..].find("\n---")
    {
        keep(start, start + length);
    }
    let lower = text.to_ascii_lowercase();
    let mut at = 0;
    while let Some(open) = lower[at..].find("<script").map(|found| at + found) {
        let Some(start) = lower[open..].find('>').map(|found| open + found + 1) else { break };
        let Some(end) = lower[start..].find("</script").map(|found| start + found) else { break };
        keep(start, end);
        at = end;
    }
    String::from_utf8(result).ok().map(Cow::Owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_are_left_in_their_places() {
        let text = "<template>ü</template>\n<script setup lang=\"ts\">\nlet a = 1\n</script>\n";
        let script = script("vue", text).unwrap();
        assert_eq!(script.len(), text.len());
        assert_eq!(script.lines().nth(2), Some("let a = 1"));
        assert_eq!(script.trim(), "let a = 1");
        let astro = super::script("astro", "---\nconst a = 1\n---\n<p>{a}</p>\n").unwrap();
        assert_eq!(astro.trim(), "const a = 1");
    }
}
