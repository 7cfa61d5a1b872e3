#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn tree(paths: &[&str]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for path in paths {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    (folder, tree)
}

fn paths<'a>(files: impl Iterator<Item = &'a File>) -> Vec<&'a str> {
    files.map(|file| file.path.as_str()).collect()
}

#[test]
fn a_folder_holds_what_is_below_it_and_not_its_namesakes() {
    let all = ["api-docs/a", "api.txt", "api/a", "api/b/c", "api/b/d", "api0/a", "b", "ap/i"];
    let (_folder, tree) = tree(&all);
    for folder in ["api", "api/", "api/b", "ap", "b", "none", "api/a", "", "."] {
        let wanted = folder.trim_end_matches('/');
        let mut expected: Vec<&str> = all
            .iter()
            .copied()
            .filter(|path| {
                wanted == "." || path.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
            })
            .collect();
        let mut found = paths(tree.under(folder));
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{folder:?}");
        assert_eq!(tree.has_folder(folder), !expected.is_empty(), "{folder:?}");
    }
}

#[test]
fn files_are_found_by_path_and_by_name() {
    let (_folder, tree) = tree(&["b/package.json", "a/package.json", "package.json", "a/package.jsonc"]);
    assert_eq!(tree.file("a/package.json").unwrap().path, "a/package.json");
    assert_eq!(tree.file("./package.json").unwrap().path, "package.json");
    assert!(tree.file("a").is_none() && tree.file("c/package.json").is_none());
    let listed = paths(tree.files().iter().filter(|file| file.name() == "package.json"));
    assert_eq!(paths(tree.named("package.json")), listed, "in the order of the listing");
    assert_eq!(tree.named("nothing").count(), 0);
    assert!(tree.files().iter().enumerate().all(|(index, file)| file.index == index));
}

#[test]
fn added_folders_are_found_behind_their_names() {
    let (own, _tree) = tree(&["z.txt"]);
    let (added, _) = tree(&["a.txt", "k/b.txt"]);
    let tree = Tree::open(own.path(), &[added.path().to_owned()], Limits::default()).unwrap();
    let name = added.path().to_string_lossy().into_owned();
    assert_eq!(tree.text_at(&format!("{name}/k/b.txt")).as_deref(), Some("x"));
    assert_eq!(paths(tree.under(&name)).len(), 2);
    assert_eq!(tree.text_at("z.txt").as_deref(), Some("x"));
}
