//! What is said about one header in all places, turned into findings.

use seaworthy_facts::{Edge, HeaderScope, HeaderValue, ResponseHeader, System};

use super::values::Worth;
use crate::{Findings, shared};

/// What an item asks about a header.
pub struct Question<'a> {
    /// The header, in lower case.
    pub name: &'a str,
    /// What a value is worth.
    pub worth: &'a dyn Fn(&str) -> Worth,
    /// It is asked of pages only, not of every kind of answer.
    pub pages_only: bool,
}

/// What was found about a header.
#[derive(Default)]
pub struct Answer<'a> {
    /// It is set well.
    pub good: Vec<(&'a ResponseHeader, Vec<String>)>,
    /// It is set badly, and why.
    pub bad: Vec<(&'a ResponseHeader, String)>,
    /// It is taken away.
    pub removed: Vec<&'a ResponseHeader>,
    /// Statements that count for nothing, and why.
    pub nothing: Vec<(&'a ResponseHeader, String)>,
}

/// Asks.
pub fn ask<'a>(edge: &'a Edge, question: &Question) -> Answer<'a> {
    let mut answer = Answer::default();
    for header in edge.headers.iter().filter(|header| header.name == question.name) {
        if let Some(unused) = &header.unused {
            answer.nothing.push((header, unused.clone()));
            continue;
        }
        match &header.switch {
            Some(switch) if switch.on == Some(false) => {
                answer.nothing.push((
                    header,
                    format!("it is behind the switch `{}`, which is off by default", switch.name),
                ));
                continue;
            }
            Some(switch) if switch.on.is_none() => {
                answer.nothing.push((
                    header,
                    format!("it depends on `{}`, whose default is not told here", switch.name),
                ));
                continue;
            }
            _ => {}
        }
        match &header.scope {
            HeaderScope::Part(which) => {
                answer.nothing.push((header, format!("only for {which}")));
                continue;
            }
            HeaderScope::Assets => {
                answer.nothing.push((header, "only on static files".to_owned()));
                continue;
            }
            HeaderScope::Api => {
                answer.nothing.push((header, "only on answers with data".to_owned()));
                continue;
            }
            HeaderScope::Everywhere | HeaderScope::Pages => {}
        }
        match &header.value {
            HeaderValue::Removed => answer.removed.push(header),
            HeaderValue::Text(value) | HeaderValue::Computed(value) => match (question.worth)(value) {
                Worth::Good(notes) => answer.good.push((header, notes)),
                Worth::Bad(why) => answer.bad.push((header, why)),
                Worth::Silent(why) => answer.nothing.push((header, why)),
                Worth::Untold => {
                    answer
                        .nothing
                        .push((header, "its value is put together while the program runs".to_owned()));
                }
            },
        }
    }
    answer
}

impl Answer<'_> {
    /// Adds what was found to the findings.
    pub fn tell(&self, findings: &mut Findings, title: &str, pages_only: bool) {
        let whole =
            |header: &ResponseHeader| !header.lost.iter().any(|lost| matters(&lost.scope, pages_only));
        let somewhere_whole = self.good.iter().any(|(header, _)| whole(header));
        for (header, notes) in self.good.iter().take(8) {
            findings.supports(format!("{title}: `{}` ({})", shown(header), header.set_by), &header.at);
            for note in notes {
                findings.note(note.clone(), Some(&header.at));
            }
            for lost in header.lost.iter().filter(|lost| matters(&lost.scope, pages_only)).take(8) {
                if somewhere_whole {
                    findings.note(lost.why.clone(), Some(&lost.at));
                } else {
                    findings.contradicts(format!("{title}: {}", lost.why), &lost.at);
                }
            }
        }
        for (header, why) in self.bad.iter().take(8) {
            findings.contradicts(format!("{title}: {why} ({})", header.set_by), &header.at);
        }
        for header in self.removed.iter().take(8) {
            if self.good.is_empty() {
                findings.contradicts(format!("{title} is taken away ({})", header.set_by), &header.at);
            } else {
                findings.note(format!("{title} is taken away here ({})", header.set_by), Some(&header.at));
            }
        }
        for (header, why) in self.nothing.iter().take(8) {
            findings.note(format!("{title} does not count here: {why}"), Some(&header.at));
        }
    }

    /// Why nothing counts, in words.
    pub fn reason(&self, title: &str) -> String {
        match self.nothing.first() {
            Some((header, why)) => format!("{title} is set at {}, but {why}", header.at),
            None => format!(
                "{title} is set nowhere: not in code, not by a framework's default, not in a proxy's or host's file"
            ),
        }
    }
}

fn matters(scope: &HeaderScope, pages_only: bool) -> bool {
    let data = match scope {
        HeaderScope::Assets | HeaderScope::Api => true,
        HeaderScope::Part(which) => {
            let path = which.trim_start_matches(['^', '(', '~', '*', ' ']);
            path == "/api" || path.starts_with("/api/") || path == "/graphql"
        }
        _ => false,
    };
    !(pages_only && data)
}

fn shown(header: &ResponseHeader) -> String {
    match &header.value {
        HeaderValue::Text(text) | HeaderValue::Computed(text) => {
            let mut shown: String = text.chars().take(80).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            shown
        }
        HeaderValue::Removed => "taken away".to_owned(),
    }
}

/// The findings of an item that asks about one header.
pub fn findings(system: &System, edge: &Edge, title: &str, question: &Question) -> Findings {
    if let Some(not_applicable) = shared::answers_http(system) {
        return not_applicable;
    }
    let mut findings = looked_for(title);
    let answer = ask(edge, question);
    answer.tell(&mut findings, title, question.pages_only);
    findings.because(answer.reason(title)).unread(&edge.unread);
    shared::settle::url(&mut findings);
    findings
}

/// Findings that say where was looked.
pub fn looked_for(title: &str) -> Findings {
    let mut findings = Findings::new();
    findings.looked_for(format!(
        "{title} in middleware, framework settings and their defaults, nginx, Apache, Caddy and Traefik configuration that something loads, \
         the header files of hosting platforms, and infrastructure code"
    ));
    findings
}

#[cfg(test)]
pub mod tests {
    use seaworthy_facts::*;

    /// A header that code sets on all answers.
    pub fn header(name: &str, value: &str) -> ResponseHeader {
        ResponseHeader {
            name: name.to_owned(),
            value: HeaderValue::Text(value.to_owned()),
            scope: HeaderScope::Everywhere,
            set_by: "code".to_owned(),
            layer: Layer::Application,
            at: Location::line("app.js", 3),
            switch: None,
            lost: Vec::new(),
            unused: None,
        }
    }

    /// Facts of a web application with these headers.
    pub fn facts(headers: Vec<ResponseHeader>) -> Facts {
        Facts {
            system: system().into(),
            edge: Edge { headers, ..Edge::default() }.into(),
            ..Facts::default()
        }
    }

    /// A system that answers HTTP.
    pub fn system() -> System {
        System {
            components: vec![Component {
                folder: ".".to_owned(),
                http_server: Some(Observed::new("express".to_owned(), Location::line("app.js", 1))),
                ships: true,
                ..Component::default()
            }],
            ..System::default()
        }
    }

    /// Supporting and contrary evidence, and whether the item applies.
    pub fn told(item: &crate::Item, facts: &Facts) -> (usize, usize, bool) {
        let findings = (item.evidence)(&FactView::new(facts, item.reads)).expect("facts that the item reads");
        let scope = &findings.scopes[0];
        let against = scope
            .evidence
            .iter()
            .filter(|evidence| evidence.polarity == seaworthy_model::Polarity::Against)
            .count();
        (scope.evidence.len() - against, against, scope.applies == crate::findings::Applies::Yes)
    }

    #[test]
    fn what_only_data_loses_is_no_matter_of_pages() {
        use super::matters;
        for data in ["/api/", "^/api/auth/(login|register)", "/graphql"] {
            let scope = HeaderScope::Part(data.to_owned());
            assert!(!matters(&scope, true) && matters(&scope, false), "{data}");
        }
        assert!(matters(&HeaderScope::Part("/apiary".to_owned()), true));
    }

    /// The cases that every item about one header shares.
    pub fn shared_cases(item: &crate::Item, name: &str, good: &str, bad: Option<&str>) {
        assert_eq!(told(item, &facts(vec![header(name, good)])), (1, 0, true), "{name} is set well");
        if let Some(bad) = bad {
            assert_eq!(told(item, &facts(vec![header(name, bad)])), (0, 1, true), "{name} is set badly");
        }
        assert_eq!(told(item, &facts(Vec::new())), (0, 0, true), "{name} is not set");
        let nothing =
            Facts { system: System::default().into(), edge: Edge::default().into(), ..Facts::default() };
        assert!(!told(item, &nothing).2, "nothing answers HTTP");
        let unused = ResponseHeader { unused: Some("nothing loads it".to_owned()), ..header(name, good) };
        assert_eq!(told(item, &facts(vec![unused])), (0, 0, true), "a file that nothing loads");
        let off = Switch { name: "HEADERS".to_owned(), on: Some(false) };
        let switched = ResponseHeader { switch: Some(off), ..header(name, good) };
        assert_eq!(told(item, &facts(vec![switched])), (0, 0, true), "a switch that is off");
        let removed = ResponseHeader { value: HeaderValue::Removed, ..header(name, "") };
        assert_eq!(told(item, &facts(vec![removed])), (0, 1, true), "taken away");
        let part = ResponseHeader { scope: HeaderScope::Part("/pdf".to_owned()), ..header(name, good) };
        assert_eq!(told(item, &facts(vec![part])), (0, 0, true), "only on some answers");
        let lost = Lost {
            scope: HeaderScope::Part("/".to_owned()),
            why: "dropped".to_owned(),
            at: Location::line("n", 9),
        };
        let dropped = ResponseHeader { lost: vec![lost], ..header(name, good) };
        assert_eq!(told(item, &facts(vec![dropped.clone()])).1, 1, "an inner block drops it");
        assert_eq!(
            told(item, &facts(vec![dropped, header(name, good)])),
            (2, 0, true),
            "another layer sets it anyway"
        );
    }
}
