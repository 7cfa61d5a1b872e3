//! Conditions around a statement: which of them keep it from production, and which are switches.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::Switch;

use super::value::Source;

/// What a condition means for a statement that depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing: it holds wherever the system is operated, or it cannot be told and is no switch.
    None,
    /// It holds only while developing or testing.
    Development,
    /// It picks some requests.
    Part(String),
    /// It is a switch.
    Switch(Switch),
}

macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        // A pattern that does not compile is found by the tests of this module.
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());
    };
}

regex!(
    DEVELOPMENT,
    r#"(?i)\b(is_?)?(local_?)?(dev|development|debug|test|testing)\b|is_?dev|is_?local|local_dev"#
);
regex!(PRODUCTION, r#"(?i)prod"#);
regex!(
    NEGATED,
    r#"(?i)^\s*(!|not\b|unless\b)|\bnot in\b|!==?\s*['"]?(dev|test)|!=\s*['"](dev|test)|(=== ?|== ?|is )false|false ===?"#
);
regex!(
    READS_SWITCH,
    r#"(?i)process\.env|import\.meta\.env|environ|getenv|\benv\b|env\(|env\[|config|settings|options?\b|System\.get_env|Environment"#
);
regex!(VARIABLE, r#"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b"#);
regex!(NEGATIVE_NAME, r#"(?i)disable|skip|without|no_|opt_?out|off\b"#);
regex!(ON, r#"(?i)(\|\||\?\?|,|default\s*[:=]|=)\s*['"]?(true|1|on|yes)\b|!==?\s*['"]?(false|0|off)"#);
regex!(
    OFF,
    r#"(?i)(\|\||\?\?|,|default\s*[:=]|=)\s*(['"]{2}|['"]?(false|0|off|no|null|none)\b)|=== ?['"](true|1)|== ?['"](true|1)"#
);
regex!(
    PATH,
    r#"(?i)\b(path|pathname|endpoint|route|url|uri|starts_?with|controller|action_name|content_?type)\b"#
);

regex!(QUOTED, r#"['"]([^'"]*)['"]"#);
regex!(HOLDS, r"(?i)ends_?with|starts_?with|\.includes\(|index_?of|contains\(|\.match");

fn matches(regex: &Option<Regex>, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Whether a condition holds while developing and not in production.
pub fn means_development(condition: &str) -> bool {
    let negated = matches(&NEGATED, condition);
    if matches(&PRODUCTION, condition) {
        return negated || condition.contains("!=");
    }
    matches(&DEVELOPMENT, condition) && !negated
}

/// A condition that asks which command runs. One that asks for the command of the tests alone says nothing of operation.
pub fn asks_the_command(condition: &str, source: &Source) -> Option<Switch> {
    let told = told(condition, source);
    let tests_alone = || {
        let mut commands = QUOTED.iter().flat_map(|quoted| quoted.captures_iter(&told)).peekable();
        commands.peek().is_some() && commands.all(|found| found[1].to_ascii_lowercase().contains("test"))
    };
    if !told.contains("sys.argv") || tests_alone() {
        return None;
    }
    let name = condition.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    Some(Switch { name, on: None })
}

/// A condition with what the names in it are assigned, which says where they come from.
fn told(condition: &str, source: &Source) -> String {
    let mut told: String = condition.chars().take(300).collect();
    for name in
        condition.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|name| !name.is_empty()).take(12)
    {
        if let Some(value) = source.assigned(name) {
            told.push_str(" = ");
            told.extend(source.of(value).chars().take(300));
        }
    }
    told
}

/// What a condition means. Names in it are looked up in the file.
pub fn meaning(condition: &str, source: &Source) -> Meaning {
    let condition: String = condition.chars().take(300).collect();
    if matches(&PRODUCTION, &condition) || matches(&DEVELOPMENT, &condition) {
        return if means_development(&condition) { Meaning::Development } else { Meaning::None };
    }
    // A test of what a setting holds (a host's ending, say) is no switch.
    if matches(&HOLDS, &condition) && !matches(&PATH, &condition) {
        return Meaning::None;
    }
    let told = told(&condition, source);
    if matches(&READS_SWITCH, &told) {
        if matches(&PRODUCTION, &told) || matches(&DEVELOPMENT, &told) && !matches(&VARIABLE, &told) {
            return Meaning::None;
        }
        let name = VARIABLE.as_ref().and_then(|variable| variable.find(&told)).map_or_else(
            || condition.trim_matches(['(', ')', ' ']).chars().take(60).collect(),
            |found| found.as_str().to_owned(),
        );
        let opts_out =
            matches(&NEGATIVE_NAME, &condition) && matches(&NEGATED, condition.trim_start_matches('('));
        let on = if opts_out || matches(&ON, &told) {
            Some(true)
        } else if matches(&OFF, &told) || matches(&VARIABLE, &told) {
            Some(false)
        } else {
            None
        };
        return Meaning::Switch(Switch { name, on });
    }
    if matches(&PATH, &condition) {
        return Meaning::Part(condition.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    Meaning::None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(condition: &str) -> Meaning {
        meaning(condition, &Source::new("", &[]))
    }

    #[test]
    fn production_is_no_condition_and_development_is_one() {
        for condition in [
            "process.env.NODE_ENV === 'production'",
            "Rails.env.production?",
            "!app.debug",
            "not DEBUG",
            "IS_PROD",
        ] {
            assert_eq!(of(condition), Meaning::None, "{condition}");
        }
        for condition in
            ["process.env.NODE_ENV !== 'production'", "isDev", "env == \"development\"", "settings.DEBUG"]
        {
            assert_eq!(of(condition), Meaning::Development, "{condition}");
        }
    }

    #[test]
    fn switches_are_named() {
        let switch = |name: &str, on| Meaning::Switch(Switch { name: name.to_owned(), on });
        assert_eq!(of("process.env.FORCE_SSL"), switch("FORCE_SSL", Some(false)));
        assert_eq!(of("os.getenv('HSTS_ON', 'true')"), switch("HSTS_ON", Some(true)));
        assert_eq!(of("(!config.disableFrameHeader)"), switch("!config.disableFrameHeader", Some(true)));
        assert_eq!(of("config.security.hsts"), switch("config.security.hsts", None));
    }

    #[test]
    fn a_test_of_the_command_is_a_switch_that_is_not_told() {
        let asks = |condition: &str| asks_the_command(condition, &Source::new("", &[]));
        for condition in
            ["'runserver' in sys.argv", "'runserver' not in sys.argv", "DEBUG or 'serve' in sys.argv"]
        {
            assert_eq!(asks(condition), Some(Switch { name: condition.to_owned(), on: None }));
        }
        assert_eq!(asks("'test' in sys.argv"), None);
        assert_eq!(asks("not DEBUG"), None);
        assert_eq!(of("'test' not in sys.argv"), Meaning::None);
    }

    #[test]
    fn parts_and_the_rest() {
        assert!(matches!(of("request.path.startswith('/api')"), Meaning::Part(_)));
        assert_eq!(of("c.Request.TLS != nil"), Meaning::None);
        assert_eq!(of("not app.config.get('SERVER_NAME').endswith('.onion')"), Meaning::None);
    }

    #[test]
    fn every_pattern_compiles() {
        for regex in [
            &DEVELOPMENT,
            &PRODUCTION,
            &NEGATED,
            &READS_SWITCH,
            &VARIABLE,
            &NEGATIVE_NAME,
            &ON,
            &OFF,
            &PATH,
            &HOLDS,
            &QUOTED,
        ] {
            assert!(regex.is_some());
        }
    }
}
