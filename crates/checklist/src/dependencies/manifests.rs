//! What the items of this section ask of manifests.

use seaworthy_facts::{Lock, Manifest, Packages, RemoteImport, Scope};

/// The manifests that count: those that ship, or all of them where only tools declare packages.
pub fn that_count(packages: &Packages) -> Vec<&Manifest> {
    let ships: Vec<&Manifest> = packages.manifests.iter().filter(|manifest| manifest.ships).collect();
    if ships.is_empty() { packages.manifests.iter().collect() } else { ships }
}

/// Those that are listed only.
pub fn others(packages: &Packages) -> impl Iterator<Item = &Manifest> {
    let any = packages.manifests.iter().any(|manifest| manifest.ships);
    packages.manifests.iter().filter(move |manifest| any && !manifest.ships)
}

/// The path of a manifest.
pub fn path(manifest: &Manifest) -> &str {
    manifest.at.path().unwrap_or(&manifest.folder)
}

/// Whether every run-time dependency names one version.
pub fn all_exact(manifest: &Manifest) -> bool {
    manifest
        .dependencies
        .iter()
        .filter(|dependency| dependency.scope == Scope::Runtime)
        .all(|dependency| dependency.exact)
}

/// What is wrong with how a manifest is resolved, in a sentence; none when it is locked or needs no lock.
pub fn fault(manifest: &Manifest) -> Option<String> {
    let path = path(manifest);
    match &manifest.lock {
        Lock::NotNeeded { .. } | Lock::InStep { .. } | Lock::Unreadable { .. } => None,
        Lock::OutOfStep { at, differences } => {
            Some(format!("{at} is not in step with {path}: {}", differences.join("; ")))
        }
        Lock::Untracked { at } => Some(format!("{at} is there but git does not track it")),
        Lock::Unused { at, why } => Some(format!("{at} locks {path}, but {why}")),
        Lock::Missing if all_exact(manifest) => {
            Some(format!("{path} pins its direct packages only and has no lockfile; what they need floats"))
        }
        Lock::Missing => match manifest.dependencies.iter().find(|dependency| !dependency.exact) {
            Some(loose) if loose.requirement.is_empty() => {
                Some(format!("{path} has no lockfile and leaves versions open ({})", loose.name))
            }
            Some(loose) => Some(format!(
                "{path} has no lockfile and leaves versions open ({} {})",
                loose.name, loose.requirement
            )),
            None => Some(format!("{path} has no lockfile")),
        },
    }
}

/// Remote imports that neither name one version nor are locked, with how many more are like the first.
pub fn floating_imports(packages: &Packages) -> Vec<&RemoteImport> {
    packages.remote_imports.iter().filter(|import| import.floating && !import.locked).collect()
}
