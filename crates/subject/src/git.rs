use std::path::Path;

use gix::bstr::ByteSlice;

/// Why something could not be read from git.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no repository.
    #[error("{0} is in no git repository")]
    NoRepository(String),
    /// There is no such revision.
    #[error(
        "there is no revision `{revision}` here: {why}; fetch it first (a shallow clone holds only the newest commit)"
    )]
    NoRevision {
        /// As the user named it.
        revision: String,
        /// Why.
        why: String,
    },
    /// An object could not be read.
    #[error("cannot read {what} of {revision}: {why}")]
    Unreadable {
        /// What was asked for.
        what: String,
        /// The revision.
        revision: String,
        /// Why.
        why: String,
    },
}

fn open(folder: &Path) -> Result<(gix::Repository, String), GitError> {
    let none = || GitError::NoRepository(folder.display().to_string());
    let folder = std::fs::canonicalize(folder).map_err(|_| none())?;
    let (path, _) = gix::discover::upwards(&folder).map_err(|_| none())?;
    let (git_dir, work_dir) = path.into_repository_and_work_tree_directories();
    let work_dir = work_dir.and_then(|dir| std::fs::canonicalize(dir).ok()).ok_or_else(none)?;
    // Isolated: nothing outside the repository is read, none of its programs is run.
    let repository =
        gix::open_opts(&git_dir, gix::open::Options::isolated().strict_config(false)).map_err(|_| none())?;
    let inner = folder
        .strip_prefix(&work_dir)
        .map(|inner| inner.to_string_lossy().replace('\\', "/"))
        .unwrap_or_default();
    Ok((repository, inner))
}

/// The commit that a revision names, in full.
///
/// # Errors
/// When there is no repository or no such revision.
pub fn resolve(folder: &Path, revision: &str) -> Result<String, GitError> {
    let (repository, _) = open(folder)?;
    let missing = |why: String| GitError::NoRevision { revision: revision.to_owned(), why };
    let id = repository
        .rev_parse_single(revision.as_bytes().as_bstr())
        .map_err(|error| missing(error.to_string()))?;
    let commit = id.object().map(|object| object.peel_to_kind(gix::object::Kind::Commit));
    match commit {
        Ok(Ok(commit)) => Ok(commit.id.to_string()),
        Ok(Err(error)) => Err(missing(error.to_string())),
        Err(error) => Err(missing(error.to_string())),
    }
}

/// The text of a file of the audited folder as it was at a revision; none when there was none.
///
/// # Errors
/// When there is no repository or no such revision, or the object cannot be read.
pub fn file_at(folder: &Path, revision: &str, path: &str) -> Result<Option<String>, GitError> {
    let commit = resolve(folder, revision)?;
    let (repository, inner) = open(folder)?;
    let full = if inner.is_empty() { path.to_owned() } else { format!("{inner}/{path}") };
    let unreadable =
        |why: String| GitError::Unreadable { what: full.clone(), revision: revision.to_owned(), why };
    let id = gix::ObjectId::from_hex(commit.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    let tree = repository
        .find_object(id)
        .map_err(|error| unreadable(error.to_string()))?
        .peel_to_tree()
        .map_err(|error| unreadable(error.to_string()))?;
    let entry = tree.lookup_entry_by_path(&full).map_err(|error| unreadable(error.to_string()))?;
    let Some(entry) = entry else { return Ok(None) };
    if !entry.mode().is_blob() {
        return Ok(None);
    }
    let object = entry.object().map_err(|error| unreadable(error.to_string()))?;
    Ok(Some(String::from_utf8_lossy(&object.data).into_owned()))
}
