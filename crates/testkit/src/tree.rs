//! Small folders to audit.

use tempfile::TempDir;

/// A folder with these files: path and text. It goes when the value does.
///
/// # Panics
/// When it cannot be written.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).expect("a folder");
        }
        std::fs::write(path, text).expect("a file");
    }
    folder
}
