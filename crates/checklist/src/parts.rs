//! Parts of the system that are judged each on its own, so that a good one hides no bad one.

use seaworthy_facts::{Component, Location, Product, System};

use crate::Findings;

/// Extensions of files that are code of one part. Configuration at the top of a repository is about everything below it.
const CODE: &[&str] = &[
    "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "astro", "py", "rb", "ru", "php",
    "go", "java", "kt", "scala", "groovy", "cs", "fs", "rs", "ex", "exs",
];

/// A part: one component, or the whole where there is only one to judge.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    system: &'a System,
    folder: Option<&'a str>,
    all: Vec<&'a str>,
}

/// The servers. Work in the background has the same part as the servers that it ships with: the repository does not tell a
/// library of jobs from a program that runs them.
pub fn servers(system: &System) -> Vec<Part<'_>> {
    of(system, &|component| component.http_server.is_some())
}

/// The shipped components of a kind; the whole where there are not several.
pub fn of<'a>(system: &'a System, wanted: &dyn Fn(&Component) -> bool) -> Vec<Part<'a>> {
    let folders: Vec<&str> = system
        .components
        .iter()
        .filter(|component| component.ships && wanted(component))
        .map(|component| component.folder.as_str())
        .collect();
    // Functions of a platform are one part, also where some of them have a manifest of their own.
    let is_function = |folder: &str| {
        folders.iter().any(|above| above.ends_with("/functions") && below(folder, above) && *above != folder)
    };
    let all: Vec<&str> = folders.iter().copied().filter(|folder| !is_function(folder)).collect();
    if all.len() < 2 {
        return vec![whole(system)];
    }
    all.iter().map(|folder| Part { system, folder: Some(folder), all: all.clone() }).collect()
}

/// Those parts that an item is about; the whole where it is about none of them.
pub fn about<'a>(
    system: &'a System,
    parts: Vec<Part<'a>>,
    wanted: impl Fn(&Part<'a>) -> bool,
) -> Vec<Part<'a>> {
    let about: Vec<Part<'a>> = parts.into_iter().filter(wanted).collect();
    if about.is_empty() { vec![whole(system)] } else { about }
}

/// The whole as one part.
pub fn whole(system: &System) -> Part<'_> {
    Part { system, folder: None, all: Vec::new() }
}

impl Part<'_> {
    /// From here on the findings are about this part.
    pub fn begin(&self, findings: &mut Findings) {
        if let Some(folder) = self.folder {
            findings.component(folder);
        }
    }

    /// Whether the component of this folder is in this part.
    pub fn has(&self, folder: &str) -> bool {
        self.owns_path(folder)
    }

    /// The first use of a product that is about this part.
    pub fn used<'p>(&self, product: &'p Product) -> Option<&'p Location> {
        product.used.iter().find(|at| self.holds(at))
    }

    /// The components in this part.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.system.components.iter().filter(|component| self.has(&component.folder))
    }

    /// Whether what stands at a place is about this part: it lies in it, or in none (a library that parts share, the
    /// configuration of the whole).
    pub fn holds(&self, at: &Location) -> bool {
        at.path().is_none_or(|path| self.holds_path(path))
    }

    /// The same for a path.
    pub fn holds_path(&self, path: &str) -> bool {
        let Some(own) = self.folder else { return true };
        match self.nearest(path) {
            None => true,
            Some(".") if own != "." => self.is_shared_at_the_top(path),
            Some(nearest) => nearest == own,
        }
    }

    /// Whether a place lies in this part and in no other.
    pub fn owns(&self, at: &Location) -> bool {
        at.path().is_none_or(|path| self.owns_path(path))
    }

    fn owns_path(&self, path: &str) -> bool {
        self.folder.is_none_or(|own| self.nearest(path) == Some(own))
    }

    /// The deepest part that holds a path.
    fn nearest(&self, path: &str) -> Option<&str> {
        self.all
            .iter()
            .copied()
            .filter(|folder| *folder == "." || *folder == path || below(path, folder))
            .max_by_key(|folder| if *folder == "." { 0 } else { folder.len() })
    }

    /// Below a part that is the top folder itself lie also libraries, and the configuration of all.
    fn is_shared_at_the_top(&self, path: &str) -> bool {
        let code = path.rsplit_once('.').is_some_and(|(_, extension)| CODE.contains(&extension));
        !code || self.system.component_of(path).is_some_and(|component| component.folder != ".")
    }
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use seaworthy_facts::Observed;

    use super::*;

    fn component(folder: &str, server: bool) -> Component {
        let sign = Observed::new("server".to_owned(), Location::file("x"));
        Component {
            folder: folder.to_owned(),
            http_server: server.then_some(sign),
            ships: true,
            ..Component::default()
        }
    }

    /// For each part what it holds of some paths.
    fn held(folders: &[(&str, bool)], paths: &[&str]) -> Vec<Vec<bool>> {
        let components = folders.iter().map(|(folder, server)| component(folder, *server)).collect();
        let system = System { components, ..System::default() };
        servers(&system).iter().map(|part| paths.iter().map(|path| part.holds_path(path)).collect()).collect()
    }

    #[test]
    fn one_server_is_the_whole() {
        assert_eq!(held(&[("api", true), ("web", false)], &["api/a.ts", "web/b.ts"]), [[true, true]]);
    }

    #[test]
    fn what_lies_in_no_server_is_about_all() {
        let folders = [("api", true), ("mail", true), ("packages/log", false)];
        let paths = ["api/a.ts", "mail/b.ts", "packages/log/c.ts", "compose.yml"];
        assert_eq!(held(&folders, &paths), [[true, false, true, true], [false, true, true, true]]);
    }

    #[test]
    fn the_top_folder_has_its_own_code_and_everybodys_configuration() {
        let folders = [(".", true), ("apps/mail", true), ("packages/log", false)];
        let paths = ["src/a.ts", "apps/mail/b.ts", "packages/log/c.ts", "compose.yml"];
        assert_eq!(held(&folders, &paths), [[true, false, true, true], [false, true, true, true]]);
    }

    #[test]
    fn functions_of_a_platform_are_one_part() {
        let folders = [("supabase/functions", true), ("supabase/functions/mail", true)];
        assert_eq!(held(&folders, &["supabase/functions/mail/index.ts"]), [[true]]);
    }
}
