//! What is around a place in a source text, told by indentation: many times cheaper than parsing it.

use regex::bytes::Regex;

/// Places that are looked at; in a text with more of them anything may be around one.
const PLACES: usize = 500;
/// Lines that are looked at above a place.
const ABOVE: usize = 3_000;
/// Lines before a place, whatever their indentation, and lines after it, where languages write what is repeated first.
const JUST_BEFORE: usize = 2;
const JUST_AFTER: usize = 6;

/// Whether at least one of the places stands below a line that fits, and is indented more; or very near to one.
///
/// Code that is not indented at all is seen by what is very near only.
pub fn has(text: &str, place: &Regex, line: &Regex) -> bool {
    let bytes = text.as_bytes();
    if !line.is_match(bytes) {
        return false;
    }
    let mut starts = vec![0];
    starts.extend(memchr::memchr_iter(b'\n', bytes).map(|end| end + 1));
    let number = |at: usize| starts.partition_point(|start| *start <= at) - 1;
    let mut fits = vec![false; starts.len()];
    for found in line.find_iter(bytes) {
        fits[number(found.start())] = true;
    }
    let of = |number: usize| {
        let end = starts.get(number + 1).copied().unwrap_or(bytes.len());
        bytes[starts[number]..end].trim_ascii_end()
    };
    place.find_iter(bytes).enumerate().any(|(count, found)| {
        count >= PLACES || is_below(number(found.start()), number(found.end()), &fits, of)
    })
}

fn is_below<'t>(first: usize, last: usize, fits: &[bool], of: impl Fn(usize) -> &'t [u8]) -> bool {
    let near = first.saturating_sub(JUST_BEFORE)..(last + JUST_AFTER + 1).min(fits.len());
    if fits[near].iter().any(|fits| *fits) {
        return true;
    }
    let mut indented = indentation(of(first)).unwrap_or(usize::MAX);
    // A line that only closes or opens a bracket belongs to one above it that is indented as much.
    let mut goes_on = false;
    for number in (first.saturating_sub(ABOVE)..first).rev() {
        let line = of(number);
        let Some(own) = indentation(line) else { continue };
        if own < indented || goes_on && own == indented {
            if fits[number] {
                return true;
            }
            indented = own;
            goes_on = matches!(line.trim_ascii_start().first(), Some(b')' | b']' | b'}' | b'{'));
            if indented == 0 && !goes_on {
                return false;
            }
        }
    }
    false
}

/// How far a line is indented; none when it is blank.
fn indentation(line: &[u8]) -> Option<usize> {
    line.iter().position(|byte| !byte.is_ascii_whitespace())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn is_inside(text: &str) -> bool {
        has(text, &Regex::new(r"\bquery\(").unwrap(), &Regex::new(r"\bfor\b").unwrap())
    }

    /// Lines that keep what is after them away from what is before them.
    fn apart(indented: &str) -> String {
        format!("{indented}a\n").repeat(8)
    }

    #[test]
    fn a_place_in_a_block_is_below_its_first_line() {
        assert!(is_inside(&format!("for x in y:\n{}    query()\n", apart("    "))));
        let deep = format!("  for (a of b) {{\n{0}    if (c) {{\n{0}      query()\n", apart("      "));
        assert!(is_inside(&deep));
        assert!(is_inside(&format!("for (a of b)\n{{\n{}    query();\n}}\n", apart("    "))));
        assert!(is_inside(&format!("for (\n  a of b\n) {{\n{}    query();\n}}\n", apart("    "))));
    }

    #[test]
    fn a_place_beside_a_block_is_not() {
        assert!(!is_inside(&format!("for x in y:\n    a()\n{}query()\n", apart(""))));
        let other = format!("def b():\n  for x in y:\n{0}def c():\n{0}  query()\n", apart("    "));
        assert!(!is_inside(&other));
        assert!(!is_inside(&format!("query()\n{}for x in y:\n    a()\n", apart(""))));
        assert!(!is_inside("query()\n"));
    }

    #[test]
    fn on_one_line_and_after_it_counts_as_well() {
        assert!(is_inside("[query(x) for x in y]\n"));
        assert!(is_inside("[\n  query(x)\n  .first()\n  for x in y\n]\n"));
    }
}
