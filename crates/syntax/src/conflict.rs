//! Marks that a merge leaves behind where it was not finished.

use crate::ParseError;

/// The first conflict in a text. A lone mark is none: documents underline titles with such signs.
pub fn find(text: &str) -> Option<ParseError> {
    let line_that_begins_with = |mark: &str, from: usize| {
        let rest = text.get(from..)?;
        if rest.starts_with(mark) {
            return Some(from);
        }
        memchr::memmem::find_iter(rest.as_bytes(), mark)
            .map(|at| from + at)
            .find(|at| text.as_bytes()[at - 1] == b'\n')
    };
    let ours = line_that_begins_with("<<<<<<< ", 0)?;
    line_that_begins_with(">>>>>>> ", ours)?;
    let above = text.as_bytes()[..ours].iter().filter(|byte| **byte == b'\n').count();
    let line = u32::try_from(above + 1).unwrap_or(u32::MAX);
    Some(ParseError::at(line, 1, "a merge conflict that was not resolved"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_conflict_is_found_and_a_lone_mark_is_none() {
        let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n";
        assert_eq!(find(text).unwrap().line, Some(2));
        assert_eq!(find(&text[2..]).unwrap().line, Some(1));
        for sound in
            ["", "<<<<<<< HEAD\n", "x <<<<<<< a\n>>>>>>> b\n", ">>>>>>> a\n<<<<<<< b\n", "é\n=======\n"]
        {
            assert_eq!(find(sound), None, "{sound}");
        }
    }
}
