/// Hours from a text such as `15m`, `24h`, `7d` or `1h30m`; none when it is no such text or not positive.
pub fn parse_hours(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut hours = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        hours += number
            * match unit {
                's' => 1.0 / 3600.0,
                'm' => 1.0 / 60.0,
                'h' => 1.0,
                'd' => 24.0,
                'w' => 168.0,
                _ => return None,
            };
        rest = rest[digits + unit.len_utf8()..].trim_start();
    }
    (hours > 0.0 && hours.is_finite()).then_some(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(parse_hours("24h"), Some(24.0));
        assert_eq!(parse_hours("1h30m"), Some(1.5));
        assert_eq!(parse_hours("2d"), Some(48.0));
        assert_eq!(parse_hours("15m"), Some(0.25));
    }

    #[test]
    fn what_is_no_duration() {
        for text in ["", "h", "12", "1y", "0h", "-1h", "1h x", "é"] {
            assert_eq!(parse_hours(text), None, "{text:?}");
        }
    }
}
