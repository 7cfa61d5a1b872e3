//! The formats of coverage reports: lcov, Go's profiles, Cobertura (also of coverage.py and .NET), JaCoCo, Clover, and
//! the JSON of coverage.py, Istanbul and SimpleCov. A line that any entry runs is run.

use serde_json::Value;

use super::Lines;

/// Most lines in all that are kept of a report.
const LINES: usize = 4_000_000;
/// The highest line number that a file can have.
const LAST: u32 = 2_000_000;

/// What a report says, with the name of its format; none when it is none that is known.
pub fn read(text: &str) -> Option<(&'static str, Lines)> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let head: String = start.chars().take(2_000).collect();
    let mut kept = Kept::default();
    let format = if start.starts_with("mode: ") {
        go(start, &mut kept);
        "Go cover profile"
    } else if start.starts_with('<') {
        if head.contains("<report")
            && (head.contains("JACOCO") || head.contains("<package") || head.contains("<sessioninfo"))
        {
            jacoco(start, &mut kept);
            "JaCoCo"
        } else if head.contains("<project") {
            clover(start, &mut kept);
            "Clover"
        } else if head.contains("<coverage") {
            cobertura(start, &mut kept);
            "Cobertura"
        } else {
            return None;
        }
    } else if start.starts_with('{') {
        json(start, &mut kept)?
    } else if head.lines().any(|line| line.starts_with("SF:")) {
        lcov(start, &mut kept);
        "lcov"
    } else {
        return None;
    };
    Some((format, kept.lines))
}

#[derive(Default)]
struct Kept {
    lines: Lines,
    count: usize,
}

impl Kept {
    fn add(&mut self, path: &str, line: u32, run: bool) {
        if self.count >= LINES || line == 0 || line > LAST || path.is_empty() || path.len() > 4_096 {
            return;
        }
        self.count += 1;
        let file = match self.lines.get_mut(path) {
            Some(file) => file,
            None => {
                self.lines.entry(path.replace('\\', "/").trim_start_matches("./").to_owned()).or_default()
            }
        };
        *file.entry(line).or_insert(false) |= run;
    }
}

fn lcov(text: &str, kept: &mut Kept) {
    let mut path = "";
    for line in text.lines() {
        if let Some(named) = line.strip_prefix("SF:") {
            path = named.trim();
        } else if let Some(data) = line.strip_prefix("DA:") {
            let mut parts = data.split(',');
            let (number, hits) = (parts.next().and_then(|n| n.trim().parse().ok()), parts.next());
            if let (Some(number), Some(hits)) = (number, hits) {
                kept.add(path, number, is_run(hits));
            }
        }
    }
}

/// `module/file.go:10.2,12.16 3 1`: from, to, statements, how often.
fn go(text: &str, kept: &mut Kept) {
    for line in text.lines().skip(1) {
        let Some((path, rest)) = line.rsplit_once(':') else { continue };
        let mut parts = rest.split_whitespace();
        let (Some(span), _, Some(hits)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Some((from, to)) = span.split_once(',') else { continue };
        let line_of = |place: &str| place.split('.').next().and_then(|line| line.parse::<u32>().ok());
        let (Some(from), Some(to)) = (line_of(from), line_of(to)) else { continue };
        for number in from..=to.min(from.saturating_add(5_000)) {
            kept.add(path, number, is_run(hits));
        }
    }
}

fn is_run(hits: &str) -> bool {
    let hits = hits.trim();
    !hits.is_empty() && hits != "0" && !hits.starts_with('-') && hits.bytes().any(|byte| byte != b'0')
}

fn cobertura(text: &str, kept: &mut Kept) {
    let mut path = String::new();
    for tag in tags(text) {
        match tag.name {
            "class" => path = tag.get("filename").unwrap_or_default(),
            "line" => {
                if let (Some(number), Some(hits)) = (tag.number("number"), tag.get("hits")) {
                    kept.add(&path, number, is_run(&hits));
                }
            }
            _ => {}
        }
    }
}

fn jacoco(text: &str, kept: &mut Kept) {
    let (mut package, mut path) = (String::new(), String::new());
    for tag in tags(text) {
        match tag.name {
            "package" => package = tag.get("name").unwrap_or_default(),
            "sourcefile" => {
                let name = tag.get("name").unwrap_or_default();
                path = if package.is_empty() { name } else { format!("{package}/{name}") };
            }
            "line" => {
                if let (Some(number), Some(run)) = (tag.number("nr"), tag.get("ci")) {
                    kept.add(&path, number, is_run(&run));
                }
            }
            _ => {}
        }
    }
}

fn clover(text: &str, kept: &mut Kept) {
    let mut path = String::new();
    for tag in tags(text) {
        match tag.name {
            "file" => path = tag.get("path").or_else(|| tag.get("name")).unwrap_or_default(),
            "line" => {
                if let (Some(number), Some(run)) = (tag.number("num"), tag.get("count")) {
                    kept.add(&path, number, is_run(&run));
                }
            }
            _ => {}
        }
    }
}

fn json(text: &str, kept: &mut Kept) -> Option<&'static str> {
    let value: Value = serde_json::from_str(text).ok()?;
    let root = value.as_object()?;
    let number = |value: &Value| value.as_u64().and_then(|line| u32::try_from(line).ok());
    if let Some(files) = root.get("files").and_then(Value::as_object) {
        for (path, file) in files {
            for (name, run) in [("executed_lines", true), ("missing_lines", false)] {
                for line in file.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(number)
                {
                    kept.add(path, line, run);
                }
            }
        }
        return Some("coverage.py");
    }
    if root.values().any(|file| file.get("statementMap").is_some()) {
        for (key, file) in root {
            let path = file.get("path").and_then(Value::as_str).unwrap_or(key);
            let (Some(map), Some(hits)) = (
                file.get("statementMap").and_then(Value::as_object),
                file.get("s").and_then(Value::as_object),
            ) else {
                continue;
            };
            for (id, place) in map {
                let line = place.get("start").and_then(|start| start.get("line")).and_then(number);
                if let (Some(line), Some(count)) = (line, hits.get(id).and_then(Value::as_u64)) {
                    kept.add(path, line, count > 0);
                }
            }
        }
        return Some("Istanbul");
    }
    let mut any = false;
    for run in root.values() {
        for (path, file) in run.get("coverage").and_then(Value::as_object).into_iter().flatten() {
            let lines = file.get("lines").unwrap_or(file).as_array();
            any |= lines.is_some();
            for (line, hits) in (1u32..).zip(lines.into_iter().flatten()) {
                if let Some(hits) = hits.as_u64() {
                    kept.add(path, line, hits > 0);
                }
            }
        }
    }
    any.then_some("SimpleCov")
}

/// An opening tag: its name and the text of its attributes. Nothing is expanded or nested, so that no report can make the
/// reader work harder than its length.
struct Tag<'t> {
    name: &'t str,
    attributes: &'t str,
}

fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    text.split('<').skip(1).filter_map(|piece| {
        let inside = &piece[..piece.find('>')?];
        let name_end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
        (name_end > 0).then(|| Tag { name: &inside[..name_end], attributes: &inside[name_end..] })
    })
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            let at = rest.find(name)?;
            let before = rest[..at].chars().next_back();
            let after = rest[at + name.len()..].trim_start();
            if before.is_none_or(char::is_whitespace)
                && let Some(value) = after.strip_prefix('=').map(str::trim_start)
                && let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\''))
            {
                let value = &value[1..];
                let end = value.find(quote)?;
                return Some(value[..end].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"));
            }
            rest = &rest[at + name.len()..];
        }
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (&'static str, Vec<(String, u32, bool)>) {
        let (format, lines) = read(text).unwrap();
        (
            format,
            lines
                .into_iter()
                .flat_map(|(path, lines)| lines.into_iter().map(move |(line, run)| (path.clone(), line, run)))
                .collect(),
        )
    }

    fn same(text: &str, format: &str, path: &str) {
        let wanted = vec![(path.to_owned(), 1, true), (path.to_owned(), 2, false)];
        assert_eq!(lines(text), (format, wanted), "{text}");
    }

    #[test]
    fn every_format_tells_the_same() {
        same("TN:\nSF:src/a.ts\nDA:1,3\nDA:2,0\nend_of_record\n", "lcov", "src/a.ts");
        same(
            "mode: set\nacme.io/app/a.go:1.2,1.9 1 1\nacme.io/app/a.go:2.2,2.9 1 0\n",
            "Go cover profile",
            "acme.io/app/a.go",
        );
        same(
            "<?xml version=\"1.0\"?><coverage><packages><package><classes><class name='a' filename='a.py'><lines><line number=\"1\" hits=\"1\"/><line number=\"2\" hits=\"0\"/></lines></class></classes></package></packages></coverage>",
            "Cobertura",
            "a.py",
        );
        same(
            "<?xml version=\"1.0\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD\" \"report.dtd\"><report name=\"x\"><package name=\"io/acme\"><sourcefile name=\"A.java\"><line nr=\"1\" mi=\"0\" ci=\"2\"/><line nr=\"2\" mi=\"3\" ci=\"0\"/></sourcefile></package></report>",
            "JaCoCo",
            "io/acme/A.java",
        );
        same(
            "<?xml version=\"1.0\"?><coverage generated=\"1\"><project timestamp=\"1\"><file name=\"a.php\"><line num=\"1\" type=\"stmt\" count=\"2\"/><line num=\"2\" type=\"stmt\" count=\"0\"/></file></project></coverage>",
            "Clover",
            "a.php",
        );
        same(
            "{\"files\": {\"a.py\": {\"executed_lines\": [1], \"missing_lines\": [2]}}}",
            "coverage.py",
            "a.py",
        );
        same(
            "{\"/a.js\": {\"path\": \"/a.js\", \"statementMap\": {\"0\": {\"start\": {\"line\": 1}}, \"1\": {\"start\": {\"line\": 2}}}, \"s\": {\"0\": 1, \"1\": 0}}}",
            "Istanbul",
            "/a.js",
        );
        same("{\"RSpec\": {\"coverage\": {\"/a.rb\": {\"lines\": [1, 0, null]}}}}", "SimpleCov", "/a.rb");
    }

    #[test]
    fn broken_and_hostile_reports_give_what_can_be_read() {
        assert!(read("hello").is_none());
        assert!(read("{\"a\": 1}").is_none());
        assert!(lines("SF:a\nDA:x,1\nDA:4294967295,1\nDA:0,1\nDA:7\nDA:3,2\n").1.len() == 1);
        assert!(lines("mode: set\na.go:1.1,4294967295.1 1 1\n").1.len() <= 5_001);
        assert!(
            lines("<coverage><class filename=\"a\"><line number=\"1\" hits=\"1\"><line number=\"2\" hits=\"")
                .1
                .len()
                == 1
        );
    }
}
