//! From byte offsets to lines and columns.

/// Finds the line and column of byte offsets in one text.
#[derive(Debug, Clone)]
pub struct PositionIndex<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
    /// Characters before every `STRIDE`th byte; empty where each byte is a character.
    characters: Vec<usize>,
}

/// A line may be megabytes long: characters are never counted over more than this many bytes.
const STRIDE: usize = 1_024;

/// Characters that begin in these bytes.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

impl<'t> PositionIndex<'t> {
    /// Indexes the lines of a text.
    pub fn new(text: &'t str) -> Self {
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect();
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut total = 0;
            for block in text.as_bytes().chunks(STRIDE) {
                characters.push(total);
                total += count(block);
            }
        }
        Self { text, line_starts, characters }
    }

    /// Characters before a byte offset.
    fn characters(&self, offset: usize) -> usize {
        match self.characters.get(offset / STRIDE) {
            Some(before) => before + count(&self.text.as_bytes()[offset - offset % STRIDE..offset]),
            None if self.characters.is_empty() => offset,
            None => count(self.text.as_bytes()),
        }
    }

    /// 1-based line and column (in characters) of a byte offset. Offsets beyond the text give its
    /// end; offsets inside a character give that character.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        let start = self.line_starts[line];
        let column = self.characters(offset) - self.characters(start);
        (line as u32 + 1, column as u32 + 1)
    }

    /// 1-based line of a byte offset.
    pub fn line(&self, offset: usize) -> u32 {
        self.line_starts.partition_point(|&start| start <= offset.min(self.text.len())) as u32
    }

    /// Byte offset at which a 1-based line begins.
    pub fn line_start(&self, line: u32) -> Option<usize> {
        self.line_starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// How many lines the text has (a final newline opens one more).
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::test_support::{assert_inside, hostile_text};
    use proptest::prelude::*;

    #[test]
    fn counts_characters_from_one() {
        let index = PositionIndex::new("aé\nb\n");
        assert_eq!(index.position(0), (1, 1));
        assert_eq!(index.position(2), (1, 2));
        assert_eq!(index.position(3), (1, 3));
        assert_eq!(index.position(4), (2, 1));
        assert_eq!(index.position(99), (3, 1));
        assert_eq!(index.line(5), 2);
        assert_eq!(index.line_start(2), Some(4));
        assert_eq!((index.line_start(0), index.line_start(4)), (None, None));
        assert_eq!(index.line_count(), 3);
    }

    #[test]
    fn long_lines_are_counted_like_short_ones() {
        for unit in ["a", "é", "aé\u{1f600}b"] {
            let text = format!("x\n{}\n{}", unit.repeat(3_000), unit.repeat(1_024));
            let index = PositionIndex::new(&text);
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]).step_by(7) {
                let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
                let column = text[start..offset].chars().count() as u32 + 1;
                assert_eq!(index.position(offset).1, column, "{unit} at {offset}");
            }
            let end = text.lines().last().unwrap().chars().count() as u32 + 1;
            assert_eq!(index.position(text.len()), (3, end));
        }
    }

    proptest! {
        #[test]
        fn positions_lie_inside(text in hostile_text("[aé\n]"), offset in 0..200usize) {
            let (line, column) = PositionIndex::new(&text).position(offset);
            assert_inside(line, column, &text);
        }
    }
}
