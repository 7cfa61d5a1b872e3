//! Signs that the software is made for others to operate.

use seaworthy_facts::Observed;

use crate::scan::{Needle, NeedleId, Needles, Scan};
use crate::tree::Tree;

const SIGNS: &[(&str, &str)] = &[
    ("self-host", "the README speaks of self-hosting"),
    ("Self-host", "the README speaks of self-hosting"),
    ("Self-Host", "the README speaks of self-hosting"),
    ("self host", "the README speaks of self-hosting"),
    ("heroku.com/deploy", "the README has a button that deploys an own copy"),
    ("vercel.com/new/clone", "the README has a button that deploys an own copy"),
    ("app.netlify.com/start/deploy", "the README has a button that deploys an own copy"),
    ("render.com/deploy", "the README has a button that deploys an own copy"),
    ("hub.docker.com/r/", "the README links to a published image"),
    ("docker pull ", "the README tells how to pull a published image"),
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    signs: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let signs = SIGNS
        .iter()
        .map(|(text, _)| needles.add(Needle { text: (*text).to_owned(), whole_word: false, per_file: 1 }))
        .collect();
    Plan { signs }
}

/// The signs, in READMEs at the root.
pub fn hints(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<Observed<String>> {
    let mut hints: Vec<Observed<String>> = Vec::new();
    for (needle, (_, what)) in plan.signs.iter().zip(SIGNS) {
        let hit = scan.hits(*needle).iter().find(|hit| {
            let file = &tree.files()[hit.file];
            file.folder() == "." && file.name().to_ascii_lowercase().starts_with("readme")
        });
        if let Some(hit) = hit
            && !hints.iter().any(|known| known.value == *what)
        {
            hints.push(Observed::new((*what).to_owned(), tree.files()[hit.file].at_line(hit.line)));
        }
    }
    hints
}
