//! Many literals in one pass: a filter over windows of four bytes, then a comparison.
//!
//! Nearly every position of a text begins no literal. Of each literal one window of four bytes is chosen, a rare one,
//! and marked in a table that fits into the nearest cache; a position whose window is not marked is done with after one
//! look. Literals that are too short for a window are found by their first two bytes in a table of their own. Names of
//! dependencies are literals too, and hostile ones are made to be compared often: what is very long, or shares its windows
//! with too many others, is left to an automaton, which is slower and never much slower.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

/// A literal that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its place among the literals.
    pub literal: usize,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The literals, ready to be looked for.
pub struct Literals {
    texts: Vec<Box<[u8]>>,
    /// Windows that are in a literal, by their hash.
    marks: Box<[u64; MARKS]>,
    /// First two bytes of short literals.
    short_marks: Box<[u64; PAIRS]>,
    /// Where the entries of a bucket begin; the next one begins where they end.
    buckets: Vec<u32>,
    entries: Vec<Entry>,
    /// First two bytes and literal, sorted.
    short: Vec<(u16, u32)>,
    /// What windows are not fit for, and which literals these are.
    rest: Option<(AhoCorasick, Vec<u32>)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    window: u32,
    literal: u32,
    /// Where in the literal the window is.
    offset: u32,
}

const WINDOW: usize = 4;
const HASH_BITS: u32 = 19;
const MARKS: usize = 1 << (HASH_BITS - 6);
const PAIRS: usize = 1 << (16 - 6);
const BUCKET_BITS: u32 = 14;
/// Most literals in a bucket.
const IN_BUCKET: u8 = 16;
/// Longest literal that is compared byte by byte.
const LONGEST: usize = 64;
/// Positions after which what was found is handed out: so much of it is kept at the most.
const BLOCK: usize = 32 * 1024;

fn hash(window: u32) -> u32 {
    window.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)
}

fn bucket(hash: u32) -> usize {
    (hash >> (HASH_BITS - BUCKET_BITS)) as usize
}

/// Whether a place is marked, as a number.
fn mark<const N: usize>(marks: &[u64; N], place: u32) -> u64 {
    marks[(place >> 6) as usize] >> (place & 63) & 1
}

/// Positions that are looked at before those that are marked are compared.
const STRIDE: usize = 1024;

impl Literals {
    /// Prepares literals. An empty one is never found.
    pub fn new<'t>(literals: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: Vec<Box<[u8]>> = literals.into_iter().map(|text| text.as_bytes().into()).collect();
        let mut marks = Box::new([0u64; MARKS]);
        let mut short_marks = Box::new([0u64; PAIRS]);
        let mut long = Vec::new();
        let mut short = Vec::new();
        let mut rest = Vec::new();
        for (literal, text) in (0u32..).zip(&texts) {
            match **text {
                [] => {}
                [only] => short.extend((0..=u8::MAX).map(|next| (u16::from_le_bytes([only, next]), literal))),
                [first, second] | [first, second, _] => {
                    short.push((u16::from_le_bytes([first, second]), literal));
                }
                _ if text.len() > LONGEST => rest.push(literal),
                _ => long.push(literal),
            }
        }
        // What many literals have in common is likely to be common in texts as well.
        let mut shared = vec![0u16; 1 << HASH_BITS];
        for literal in &long {
            for window in texts[*literal as usize].windows(WINDOW) {
                let count = &mut shared[hash(number(window)) as usize];
                *count = count.saturating_add(1);
            }
        }
        let mut taken = vec![0u8; 1 << BUCKET_BITS];
        let mut entries = Vec::with_capacity(long.len());
        for literal in long {
            match rarest(literal, &texts[literal as usize], &shared, &taken) {
                Some(entry) => {
                    taken[bucket(hash(entry.window))] += 1;
                    entries.push(entry);
                }
                None => rest.push(literal),
            }
        }
        let rest = (!rest.is_empty()).then(|| automaton(&texts, rest)).flatten();
        short.sort_unstable();
        for (pair, _) in &short {
            short_marks[usize::from(pair >> 6)] |= 1 << (pair & 63);
        }
        entries.sort_by_key(|entry| (hash(entry.window), entry.window, entry.literal));
        let mut buckets = vec![0u32; (1 << BUCKET_BITS) + 1];
        for entry in &entries {
            let hash = hash(entry.window);
            marks[(hash >> 6) as usize] |= 1 << (hash & 63);
            buckets[bucket(hash) + 1] += 1;
        }
        for place in 1..buckets.len() {
            buckets[place] += buckets[place - 1];
        }
        Literals { texts, marks, short_marks, buckets, entries, short, rest }
    }

    /// Hands out every place of every literal, also where they overlap: by their ends, longer ones first.
    pub fn find(&self, text: &[u8], mut take: impl FnMut(Found)) {
        let Some((automaton, literals)) = &self.rest else { return self.find_by_windows(text, take) };
        let mut rest = automaton
            .find_overlapping_iter(text)
            .map(|found| Found {
                literal: literals[found.pattern().as_usize()] as usize,
                start: found.start(),
                end: found.end(),
            })
            .peekable();
        self.find_by_windows(text, |found| {
            while let Some(earlier) = rest.next_if(|rest| (rest.end, rest.start) < (found.end, found.start)) {
                take(earlier);
            }
            take(found);
        });
        rest.for_each(take);
    }

    fn find_by_windows(&self, text: &[u8], mut take: impl FnMut(Found)) {
        let mut found = Vec::new();
        let mut from = 0;
        while from < text.len() {
            let to = text.len().min(from + BLOCK);
            self.block(text, from, to, &mut found);
            found.sort_unstable_by_key(|found: &Found| (found.end, found.start));
            // What ends later may still come after something that begins later.
            let whole = found.partition_point(|found| found.end <= to);
            found.drain(..whole).for_each(&mut take);
            from = to;
        }
        found.into_iter().for_each(take);
    }

    /// Everything whose window, or whose first byte where it is short, is at these positions.
    fn block(&self, text: &[u8], from: usize, to: usize, found: &mut Vec<Found>) {
        let whole = to.min(text.len().saturating_sub(WINDOW - 1)).max(from);
        let mut marked = [0u16; STRIDE];
        let mut start = from;
        while start < whole {
            let end = whole.min(start + STRIDE);
            let mut count = 0;
            // Without a branch: which positions are marked cannot be predicted.
            for (at, window) in (0u16..).zip(text[start..end + WINDOW - 1].windows(WINDOW)) {
                let window = number(window);
                let mark = mark(&self.marks, hash(window)) | mark(&self.short_marks, window & 0xFFFF);
                marked[count % STRIDE] = at;
                count += mark as usize;
            }
            for at in &marked[..count] {
                self.compare(text, start + usize::from(*at), found);
            }
            start = end;
        }
        for at in whole..to {
            let pair = u16::from_le_bytes([text[at], text.get(at + 1).copied().unwrap_or(0)]);
            self.compare_short(text, at, pair, found);
        }
    }

    fn compare(&self, text: &[u8], at: usize, found: &mut Vec<Found>) {
        let window = number(&text[at..at + WINDOW]);
        let hash = hash(window);
        if mark(&self.marks, hash) == 1 {
            let bucket = bucket(hash);
            let entries = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
            for entry in &self.entries[entries] {
                if entry.window == window
                    && let Some(start) = at.checked_sub(entry.offset as usize)
                {
                    self.compare_whole(text, start, entry.literal, found);
                }
            }
        }
        if mark(&self.short_marks, window & 0xFFFF) == 1 {
            self.compare_short(text, at, u16::from_le_bytes([text[at], text[at + 1]]), found);
        }
    }

    fn compare_short(&self, text: &[u8], at: usize, pair: u16, found: &mut Vec<Found>) {
        let first = self.short.partition_point(|(known, _)| *known < pair);
        for (_, literal) in self.short[first..].iter().take_while(|(known, _)| *known == pair) {
            self.compare_whole(text, at, *literal, found);
        }
    }

    fn compare_whole(&self, text: &[u8], start: usize, literal: u32, found: &mut Vec<Found>) {
        let literal = literal as usize;
        let wanted = &*self.texts[literal];
        if text[start..].starts_with(wanted) {
            found.push(Found { literal, start, end: start + wanted.len() });
        }
    }
}

/// The few literals that are looked for in prose, by an automaton that skips what begins none.
pub struct Prose(Option<(AhoCorasick, Vec<usize>)>);

impl Prose {
    /// Prepares those of the literals that are at these places among all.
    pub fn new(literals: &[&str], mut places: Vec<usize>) -> Self {
        places.sort_unstable();
        places.dedup();
        let wanted = places.iter().map(|place| literals[*place]);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(wanted);
        Prose(automaton.ok().filter(|_| !places.is_empty()).map(|automaton| (automaton, places)))
    }

    /// Hands out what stands in a text from a place on; of what overlaps the first.
    pub fn find(&self, text: &[u8], from: usize, mut take: impl FnMut(Found)) {
        let Some((automaton, places)) = &self.0 else { return };
        for found in automaton.find_iter(Input::new(text).range(from..)) {
            let literal = places[found.pattern().as_usize()];
            take(Found { literal, start: found.start(), end: found.end() });
        }
    }
}

fn automaton(texts: &[Box<[u8]>], literals: Vec<u32>) -> Option<(AhoCorasick, Vec<u32>)> {
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(literals.iter().map(|literal| &texts[*literal as usize]));
    Some((automaton.ok()?, literals))
}

/// The window that is seen least, among those whose bucket has room.
fn rarest(literal: u32, text: &[u8], shared: &[u16], taken: &[u8]) -> Option<Entry> {
    let rareness = |window: &[u8], hash: u32| {
        let bytes: u32 = window.iter().map(|byte| u32::from(RARENESS[usize::from(*byte)])).sum();
        bytes.saturating_sub(PENALTY * u32::from(shared[hash as usize]).max(1).ilog2())
    };
    let mut best: Option<(u32, Entry)> = None;
    for (offset, window) in (0u32..).zip(text.windows(WINDOW)) {
        let number = number(window);
        let hash = hash(number);
        let rareness = rareness(window, hash);
        if taken[bucket(hash)] < IN_BUCKET && best.is_none_or(|(best, _)| rareness > best) {
            best = Some((rareness, Entry { window: number, literal, offset }));
        }
    }
    best.map(|(_, entry)| entry)
}

/// What it takes from a window's rareness to be in twice as many literals.
const PENALTY: u32 = 12;

fn number(window: &[u8]) -> u32 {
    u32::from_le_bytes([window[0], window[1], window[2], window[3]])
}

/// How seldom a byte is in code and configuration: how many others are seen more often.
const RARENESS: [u8; 256] = {
    const COMMON: &[u8] = b" etaoinrsl\"cdpu,m.=():-_fgh'\n;b/{}y0v1w><x2kT[S]A34C56I8E79DRPN#qOLzMjFB*U@GVHWJYKQXZ|\\?!+$&%`~^\t";
    let mut table = [96u8; 256];
    let mut place = 0;
    while place < COMMON.len() {
        table[COMMON[place] as usize] = place as u8;
        place += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasick, MatchKind};
    use proptest::prelude::*;

    use super::*;

    fn found(literals: &[String], text: &[u8]) -> Vec<Found> {
        let mut all = Vec::new();
        Literals::new(literals.iter().map(String::as_str)).find(text, |found| all.push(found));
        all
    }

    fn expected(literals: &[String], text: &[u8]) -> Vec<Found> {
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(literals);
        let automaton = automaton.unwrap_or_else(|error| panic!("{error}"));
        automaton
            .find_overlapping_iter(text)
            .map(|found| Found {
                literal: found.pattern().as_usize(),
                start: found.start(),
                end: found.end(),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn it_finds_what_an_automaton_finds(
            literals in prop::collection::btree_set("[ab\u{e4}.]{1,9}", 1..40),
            text in "[abc\u{e4}.]{0,400}",
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            prop_assert_eq!(found(&literals, text.as_bytes()), expected(&literals, text.as_bytes()));
        }

        #[test]
        fn bytes_that_are_no_text_are_no_trouble(
            literals in prop::collection::btree_set("\\PC{1,6}", 1..20),
            text in prop::collection::vec(any::<u8>(), 0..3000),
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            prop_assert_eq!(found(&literals, &text), expected(&literals, &text));
        }
    }

    #[test]
    fn literals_that_share_all_their_windows_are_found() {
        let letters = |number: u32, length: u32| -> String {
            (0..length).map(|bit| if number >> bit & 1 == 0 { 'a' } else { 'b' }).collect()
        };
        let mut literals: Vec<String> = (0..1 << 10).map(|number| letters(number, 10)).collect();
        literals.extend((0..1 << 6).map(|number| letters(number, 6)));
        literals.push("ab".repeat(LONGEST));
        assert!(Literals::new(literals.iter().map(String::as_str)).rest.is_some());
        let text: String =
            (0..1 << 11).map(|number| letters(number, 11)).collect::<String>() + &"ab".repeat(200);
        assert_eq!(found(&literals, text.as_bytes()), expected(&literals, text.as_bytes()));
    }

    #[test]
    fn what_crosses_a_block_keeps_its_order() {
        let literals: Vec<String> =
            ["a", "ab", "abc", "bcab", "cabcabcab", &"abc".repeat(BLOCK / 2)].map(str::to_owned).into();
        let text = "abc".repeat(BLOCK);
        assert_eq!(found(&literals, text.as_bytes()), expected(&literals, text.as_bytes()));
    }
}
