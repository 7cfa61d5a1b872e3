//! `seaworthy list` and `seaworthy explain`.

use std::fmt::Write;

use seaworthy_checklist::{Absence, Item, find, nearest, section_items};
use seaworthy_engine::assemble;
use seaworthy_model::Section;

use crate::arguments::{Audited, Explain, Judging, List, OutputFormat, Probing};
use crate::check::{Wanted, collect_path};
use crate::configuration::Instant;
use crate::failure::{Failure, Outcome};
use crate::output::{Outputs, to_stdout};

/// Runs `list`.
pub fn list(arguments: &List) -> Result<Outcome, Failure> {
    let mut sections = Vec::new();
    for name in &arguments.sections {
        match Section::from_name(name) {
            Some(section) if section != Section::Own => sections.push(section),
            _ => {
                let known = Section::ALL.map(Section::name).join(", ");
                return Err(Failure::Usage(format!(
                    "there is no section `{name}`; the sections are {known}"
                )));
            }
        }
    }
    if sections.is_empty() {
        sections.extend(Section::ALL);
    }
    let items =
        || sections.iter().flat_map(|section| section_items(*section).iter().map(|item| (*section, *item)));
    if arguments.json {
        let rows: Vec<serde_json::Value> = items().map(|(_, item)| row(item)).collect();
        let text = serde_json::to_string_pretty(&rows)
            .map_err(|error| Failure::CouldNotAssess(format!("the list cannot be written: {error}")))?;
        return to_stdout(format!("{text}\n").as_bytes());
    }
    let mut text = String::new();
    let mut last = None;
    for (section, item) in items() {
        if last != Some(section) {
            if last.is_some() {
                text.push('\n');
            }
            let _ = writeln!(text, "{}", section.title());
            last = Some(section);
        }
        let _ = writeln!(text, "  {}  {:34}  {}", item.priority, item.id.as_str(), item.question);
    }
    let _ = writeln!(
        text,
        "\n{} items. The number is the priority: 1 data loss, exposure or an outage nobody can undo; 2 found late, or slow \
         to mend; 3 good practice.\n`seaworthy explain ITEM` shows an item's page.",
        items().count()
    );
    to_stdout(text.as_bytes())
}

fn row(item: &Item) -> serde_json::Value {
    serde_json::json!({
        "id": item.id,
        "section": item.section,
        "title": item.question,
        "priority": item.priority,
        "absence": match item.absence { Absence::Fail => "fail", Absence::Unknown => "unknown" },
        "fresh_days": item.fresh_days,
    })
}

/// Runs `explain`.
pub fn explain(arguments: &Explain) -> Result<Outcome, Failure> {
    let name = &arguments.item;
    let Some(item) = find(name) else {
        let help = match (Section::from_name(name), nearest(name)) {
            (Some(section), _) => {
                let ids: Vec<&str> = section_items(section).iter().map(|item| item.id.as_str()).collect();
                format!("it is a section; its items are {}", ids.join(", "))
            }
            (None, Some(nearest)) => format!("did you mean `{nearest}`?"),
            (None, None) => "`seaworthy list` shows every item".to_owned(),
        };
        return Err(Failure::Usage(format!("there is no item `{name}`; {help}")));
    };
    if let Some(path) = &arguments.path {
        let judging = Judging {
            only: vec![item.id.as_str().to_owned()],
            at: None,
            policy: None,
            baseline: None,
            strict: false,
            format: vec![OutputFormat::Terminal],
            output: Vec::new(),
            verbose: true,
            quiet: false,
        };
        let audited = Audited { with: Vec::new(), deploy: Vec::new(), config: None, offline: true };
        let instant = Instant::read(None)?;
        let (settings, collected) = collect_path(&Wanted {
            path: Some(path),
            audited: &audited,
            probing: &Probing::default(),
            policy: None,
            change: None,
            instant,
            judging: &judging,
        })?;
        let report = assemble(&collected, &settings.judging(&judging, instant)?, 0);
        Outputs::read(&judging)?.write(&[report])?;
        to_stdout(b"\n")?;
    }
    to_stdout(item.page.as_bytes())
}
