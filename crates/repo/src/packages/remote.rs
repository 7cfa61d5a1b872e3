//! Imports of remote code: Deno's and the browser's `https:` modules, `npm:` and `jsr:` specifiers.

use seaworthy_facts::{Ecosystem, RemoteImport};

use super::deno;
use super::draft::Draft;
use crate::scan::{NeedleId, Needles, Scan};
use crate::tree::Tree;

/// Hosts that serve modules, and the schemes that name registries.
const ORIGINS: &[&str] = &[
    "https://esm.sh/",
    "https://deno.land/",
    "https://cdn.skypack.dev/",
    "https://esm.run/",
    "https://cdn.jsdelivr.net/npm/",
    "https://unpkg.com/",
    "https://jspm.dev/",
    "https://ga.jspm.io/",
    "\"npm:",
    "'npm:",
    "\"jsr:",
    "'jsr:",
];
const IMPORTS: usize = 2_000;

/// The literals that show a remote import.
#[derive(Debug, Default)]
pub struct Plan {
    needles: Vec<NeedleId>,
}

/// Adds a literal for each origin.
pub fn plan(needles: &mut Needles) -> Plan {
    Plan { needles: ORIGINS.iter().map(|origin| needles.text(*origin)).collect() }
}

/// Every remote import of shipped code.
pub fn imports(tree: &Tree, scan: &Scan, plan: &Plan, drafts: &[Draft]) -> Vec<RemoteImport> {
    let mut imports: Vec<RemoteImport> = Vec::new();
    for hit in plan.needles.iter().flat_map(|needle| scan.hits(*needle)) {
        let file = &tree.files()[hit.file];
        let script = matches!(file.language, Some("javascript" | "typescript" | "svelte" | "vue" | "astro"));
        if hit.comment || !script || !scan.ships(file) || imports.len() >= IMPORTS {
            continue;
        }
        let Some(specifier) = imported(&hit.text) else { continue };
        let at = file.at_line(hit.line);
        if imports.iter().any(|known| known.at == at && known.specifier == specifier) {
            continue;
        }
        let lock = deno::lockfile(tree, file.folder()).and_then(|lockfile| tree.text(lockfile));
        let mapped = drafts.iter().any(|draft| {
            draft.manifest.ecosystem == Ecosystem::Deno
                && draft.manifest.dependencies.iter().any(|known| known.exact && known.name == specifier)
        });
        imports.push(RemoteImport {
            floating: floats(&specifier),
            locked: mapped || lock.is_some_and(|lock| deno::mentions(&lock, &specifier)),
            specifier,
            at,
        });
    }
    imports.sort_by(|left, right| left.at.cmp(&right.at));
    imports
}

/// The remote specifier of an import or export on this line.
fn imported(line: &str) -> Option<String> {
    let imports = line.contains("import") || line.contains("export") || line.contains("from ");
    if !imports {
        return None;
    }
    line.split(['"', '\'', '`'])
        .skip(1)
        .step_by(2)
        // Declarations of types do not ship.
        .find(|text| is_remote(text) && !text.ends_with(".d.ts"))
        .map(|text| text.chars().take(300).collect())
}

/// Whether a specifier names something of elsewhere.
pub fn is_remote(specifier: &str) -> bool {
    specifier.starts_with("npm:")
        || specifier.starts_with("jsr:")
        || ORIGINS.iter().any(|origin| origin.starts_with("https") && specifier.starts_with(origin))
        || specifier.starts_with("https://")
            && (specifier.ends_with(".ts") || specifier.ends_with(".js") || specifier.ends_with(".mjs"))
}

/// The name of the package that a registry's specifier names; of an address, all of it.
pub fn package(specifier: &str) -> &str {
    if specifier.starts_with("http") {
        return specifier.trim_end_matches('/');
    }
    let plain = specifier
        .trim_start_matches("npm:")
        .trim_start_matches("jsr:")
        .trim_start_matches('/')
        .trim_end_matches('/');
    let offset = usize::from(plain.starts_with('@'));
    plain[offset..].find('@').map_or(plain, |at| &plain[..offset + at])
}

/// Whether it leaves the version open: there is none, or not all three numbers.
pub fn floats(specifier: &str) -> bool {
    let Some(at) = specifier.rfind('@').filter(|at| *at > 0) else { return true };
    // `npm:@scope/name` has only the `@` of its scope.
    if matches!(specifier.as_bytes().get(at - 1), Some(b':' | b'/')) {
        return true;
    }
    let version =
        specifier[at + 1..].split(['/', '?', '&']).next().unwrap_or_default().trim_start_matches('v');
    let numbers = version.split(['-', '+']).next().unwrap_or(version);
    let parts: Vec<&str> = numbers.split('.').collect();
    parts.len() < 3 || !parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions_left_open() {
        for open in [
            "https://esm.sh/@supabase/supabase-js@2",
            "https://esm.sh/react",
            "npm:stripe@^14",
            "npm:@a/b",
            "jsr:@std/http@1",
            "https://deno.land/std/http/server.ts",
        ] {
            assert!(floats(open), "{open}");
        }
        for exact in [
            "https://deno.land/std@0.168.0/http/server.ts",
            "npm:@a/b@1.2.3",
            "https://esm.sh/@supabase/supabase-js@2.39.3?target=deno",
            "https://deno.land/x/oak@v12.6.1/mod.ts",
        ] {
            assert!(!floats(exact), "{exact}");
        }
    }

    #[test]
    fn only_imports_count() {
        assert_eq!(imported("import { a } from \"https://esm.sh/a@2\";").unwrap(), "https://esm.sh/a@2");
        assert!(imported("<link href=\"https://unpkg.com/a@2\">").is_none());
    }
}
