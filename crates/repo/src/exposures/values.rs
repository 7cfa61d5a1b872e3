//! Whether a value is a secret: placeholders, examples and well-known defaults are none.

/// What a value holds that somebody made up for others to replace, or that everybody knows.
const MADE_UP: &[&str] = &[
    "example",
    "sample",
    "changeme",
    "change_me",
    "change-me",
    "change.me",
    "changethis",
    "change_this",
    "change-this",
    "placeholder",
    "replace",
    "dummy",
    "fake",
    "insert",
    "todo",
    "test",
    "mock",
    "secret",
    "passw",
    "your",
    "xxx",
    "abcdef",
    "12345",
    "foobar",
    "lorem",
    "redacted",
    "****",
    "...",
    "…",
    "demo",
    "default",
    "localhost",
    "development",
    "undefined",
    "notreal",
    "not-real",
    "not_real",
    "invalid",
    "insecure",
    "qwerty",
    "asdf",
    "deadbeef",
    "ffffff",
    "00000",
    "11111",
    "aaaa",
    "key-here",
    "keyhere",
    "_here",
    "-here",
    "generate",
    "random",
    "some-",
    "some_",
    "my-",
    "my_",
    "${",
    "{{",
    "}}",
    "%(",
    "$(",
    "#{",
    "<%",
    "process.env",
    "environ",
    "getenv",
    "env(",
    "env.",
    "secrets.",
    "vault:",
    "enc[",
    "ej[",
    "enc(",
    "aws-kms",
    "sm://",
    "op://",
    "arn:",
    "ref+",
];

/// Text that stands where a secret belongs, but is none.
pub fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if lower.len() < 6 || MADE_UP.iter().any(|word| lower.contains(word)) {
        return true;
    }
    if value.starts_with(['<', '[', '{', '$', '%', '@'])
        || value.contains(['<', '>', '\u{2022}', '*']) && value.len() < 40
    {
        return true;
    }
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() <= 4 || value.len() >= 16 && distinct.len() <= 6
}

/// Shannon's entropy in bits for each character.
pub fn entropy(value: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    #[allow(clippy::cast_precision_loss)]
    let length = value.len().max(1) as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|p| -p * p.log2())
        .sum()
}

/// A value that a program made at random: keys, not words.
pub fn is_random(value: &str) -> bool {
    if is_placeholder(value) || value.len() < 16 || value.len() > 512 {
        return false;
    }
    let plain = |c: char| c.is_ascii_graphic();
    if !value.chars().all(plain)
        || value.contains("://")
        || value.starts_with(['/', '.', '#'])
        || is_uuid(value)
    {
        return false;
    }
    let hex = value.chars().all(|c| c.is_ascii_hexdigit());
    if hex {
        let letters = value.chars().any(|c| c.is_ascii_alphabetic());
        return value.len() >= 32 && letters && entropy(value) >= 3.2;
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let upper = value.chars().any(|c| c.is_ascii_uppercase());
    let lower = value.chars().any(|c| c.is_ascii_lowercase());
    let marks = value.chars().any(|c| !c.is_ascii_alphanumeric());
    let classes = [digits > 0, upper, lower, marks].iter().filter(|has| **has).count();
    // Words keep their class for long; what is random changes it at nearly every second character.
    digits >= 2 && classes >= 2 && changes(value) * 10 >= value.len() * 3 && entropy(value) >= 3.5
}

/// A password that somebody chose with care: no word of a manual, and not one that stands in every tutorial.
pub fn is_password(value: &str) -> bool {
    if is_placeholder(value) || value.len() < 8 || value.len() > 200 || value.contains(char::is_whitespace) {
        return false;
    }
    let kinds: [fn(&char) -> bool; 4] =
        [char::is_ascii_digit, char::is_ascii_uppercase, char::is_ascii_lowercase, |c| {
            !c.is_ascii_alphanumeric()
        }];
    let classes = kinds.iter().filter(|is| value.chars().any(|c| is(&c))).count();
    classes >= 3 && entropy(value) >= 2.8
}

fn changes(value: &str) -> usize {
    let class = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        'A'..='Z' => 2,
        _ => 3,
    };
    let classes: Vec<u8> = value.chars().map(class).collect();
    classes.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// The checksum at the end of tokens of GitHub and npm: CRC-32 of the part before it, in base 62.
pub fn checksum_fits(token: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((_, body)) = token.split_once('_') else { return false };
    if body.len() != 36 || !body.is_ascii() {
        return false;
    }
    let (random, given) = body.split_at(30);
    let mut rest = crc32(random.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    given.as_bytes() == digits
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_apart() {
        for value in [
            "your-api-key-here",
            "changeme",
            "xxxxxxxxxxxxxxxx",
            "${DB_PASSWORD}",
            "<token>",
            "sk_test_abc",
            "secret123",
            "0000000000000000",
            "postgres",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ] {
            assert!(!is_random(value) && (is_placeholder(value) || !is_password(value)), "{value}");
        }
    }

    #[test]
    fn random_values_are_seen() {
        for value in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "hS8kQ2vL0pZr7TnXw3BdYf6M",
            "kR7$pQ2!zL9@wX4&mB6^",
            "base64:uXk3vQ9RzPq1LwT7mN8bYc2HdJf5GsKa0EoZi4VxUy6=",
        ] {
            assert!(is_random(value), "{value}");
        }
    }

    #[test]
    fn words_paths_and_ids_are_not_random() {
        for value in [
            "users.reset_token.expired",
            "ThisIsALongSentenceWithoutAnything",
            "/run/secrets/db_password",
            "https://a.dev/x?y=1Z2x3C4v5B6n",
            "123e4567-e89b-12d3-a456-426614174000",
            "application/vnd.api+json",
            "AuthTokenRefreshMiddleware2",
            "20240101120000000000",
        ] {
            assert!(!is_random(value), "{value}");
        }
    }

    #[test]
    fn a_wrong_checksum_is_no_token() {
        // The checksum of thirty zeros, and the same with its last digit changed.
        let zeros = "0".repeat(30);
        let mut rest = crc32(zeros.as_bytes());
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let mut digits = Vec::new();
        for _ in 0..6 {
            digits.push(
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".as_bytes()
                    [(rest % 62) as usize],
            );
            rest /= 62;
        }
        let given: String = digits.iter().rev().map(|digit| char::from(*digit)).collect();
        assert!(checksum_fits(&format!("ghp_{zeros}{given}")));
        let wrong = if given.ends_with('1') { "2" } else { "1" };
        assert!(!checksum_fits(&format!("ghp_{zeros}{}{wrong}", &given[..5])));
    }
}
