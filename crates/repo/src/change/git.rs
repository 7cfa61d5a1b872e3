//! What git tells of a change. Objects are read by a library; nothing of the repository's configuration is run.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::Path;

use gix::bstr::{BString, ByteSlice};
use gix::diff::blob::sources::byte_lines;
use gix::diff::blob::{Algorithm, Diff, InternedInput};
use gix::diff::tree::recorder::Change as Record;
use gix::{ObjectId, Repository};
use seaworthy_facts::Hunk;

/// Most files of a change that are looked into.
const FILES: usize = 5_000;
/// Largest file whose lines are compared.
const FILE_BYTES: u64 = 2 * 1024 * 1024;
/// Most bytes that are compared in all.
const BYTES: u64 = 128 * 1024 * 1024;
/// Commits before the change whose files are counted.
const CHURN: usize = 100;
/// Commits that may stand between what somebody signed and what is checked out.
const SAME: usize = 64;

/// A change as git has it.
pub struct Compared {
    /// The common commit.
    pub base: String,
    /// What is checked out.
    pub head: String,
    /// Commits in between.
    pub commits: u32,
    /// When the head was committed, in seconds.
    pub head_time: i64,
    /// Each file that differs.
    pub files: Vec<Differing>,
    /// How often the newest commits before the change touched each file.
    pub churn: BTreeMap<String, u32>,
    /// More files differ than are looked into.
    pub cut: bool,
}

/// A file that differs.
pub struct Differing {
    /// Its path, relative to the audited folder.
    pub path: String,
    /// The base has no such file.
    pub new: bool,
    /// The head has no such file.
    pub gone: bool,
    /// Where its lines differ; none when it is binary or too large.
    pub hunks: Option<Vec<Hunk>>,
    /// Its text before.
    pub before: Option<String>,
    /// Its text now.
    pub after: Option<String>,
}

fn open(folder: &Path) -> Result<(Repository, String), String> {
    let none = |what: &str| format!("{} is in no git repository that can be read: {what}", folder.display());
    let real = std::fs::canonicalize(folder).map_err(|error| none(&error.to_string()))?;
    let (path, _) = gix::discover::upwards(&real).map_err(|error| none(&error.to_string()))?;
    let (git_dir, work_dir) = path.into_repository_and_work_tree_directories();
    let work_dir = work_dir
        .and_then(|dir| std::fs::canonicalize(dir).ok())
        .ok_or_else(|| none("it has no work tree"))?;
    let repository = gix::open_opts(&git_dir, gix::open::Options::isolated().strict_config(false))
        .map_err(|error| none(&error.to_string()))?;
    let inner = real
        .strip_prefix(&work_dir)
        .map(|inner| inner.to_string_lossy().replace('\\', "/"))
        .unwrap_or_default();
    Ok((repository, inner))
}

/// Compares what is checked out with the commit that it has in common with `since`.
pub fn compare(folder: &Path, since: &str) -> Result<Compared, String> {
    let (mut repository, inner) = open(folder)?;
    repository.object_cache_size_if_unset(16 * 1024 * 1024);
    let missing = |what: &dyn std::fmt::Display| format!("there is no revision `{since}` here: {what}");
    let named = repository
        .rev_parse_single(since.as_bytes().as_bstr())
        .map_err(|error| missing(&error))?
        .object()
        .map_err(|error| missing(&error))?
        .peel_to_commit()
        .map_err(|error| missing(&error))?
        .id;
    let head = repository.head_id().map_err(|error| error.to_string())?.detach();
    let base = repository
        .merge_base(named, head)
        .map_err(|error| format!("the common commit with `{since}` cannot be found: {error}"))?
        .ok_or_else(|| format!("`{since}` and what is checked out have no commit in common (a shallow clone? fetch more of the history)"))?
        .detach();
    let commits = repository
        .rev_walk([head])
        .with_hidden([base])
        .all()
        .map(|walk| walk.take(10_000).filter(Result::is_ok).count())
        .unwrap_or_default();
    let head_commit = repository.find_commit(head).map_err(|error| error.to_string())?;
    let head_time = head_commit.time().map(|time| time.seconds).unwrap_or_default();
    let records = records(&repository, Some(base), head)?;
    let mut compared = Compared {
        base: base.to_string(),
        head: head.to_string(),
        commits: u32::try_from(commits).unwrap_or(u32::MAX),
        head_time,
        files: Vec::new(),
        churn: BTreeMap::new(),
        cut: false,
    };
    let mut left = BYTES;
    for (path, before, after) in blobs(records) {
        let Some(path) = relative(&path, &inner) else { continue };
        if compared.files.len() >= FILES {
            compared.cut = true;
            break;
        }
        let text = |id: Option<ObjectId>, left: &mut u64| match id {
            None => Some(String::new()),
            Some(id) => text(&repository, id, left),
        };
        let (old, now) = (text(before, &mut left), text(after, &mut left));
        let hunks = match (&old, &now) {
            (Some(old), Some(now)) => Some(hunks(old, now)),
            _ => None,
        };
        compared.files.push(Differing {
            path,
            new: before.is_none(),
            gone: after.is_none(),
            hunks,
            before: old,
            after: now,
        });
    }
    compared.files.sort_by(|left, right| left.path.cmp(&right.path));
    compared.churn = churn(&repository, base, &inner, &compared.files);
    Ok(compared)
}

fn records(
    repository: &Repository,
    before: Option<ObjectId>,
    after: ObjectId,
) -> Result<Vec<Record>, String> {
    let tree = |id: ObjectId| {
        repository
            .find_commit(id)
            .and_then(|commit| commit.tree())
            .map_err(|error| format!("{id} cannot be read: {error}"))
    };
    let old = match before {
        Some(id) => tree(id)?,
        None => repository.empty_tree(),
    };
    let new = tree(after)?;
    let mut recorder = gix::diff::tree::Recorder::default();
    gix::diff::tree(
        gix::objs::TreeRefIter::from_bytes(&old.data, repository.object_hash()),
        gix::objs::TreeRefIter::from_bytes(&new.data, repository.object_hash()),
        gix::diff::tree::State::default(),
        &repository.objects,
        &mut recorder,
    )
    .map_err(|error| format!("the trees cannot be compared: {error}"))?;
    Ok(recorder.records)
}

/// The files among the records, before and after; a file that only moved is left out.
fn blobs(records: Vec<Record>) -> Vec<(BString, Option<ObjectId>, Option<ObjectId>)> {
    let mut found = Vec::new();
    for record in records {
        match record {
            Record::Addition { entry_mode, oid, path, .. } if entry_mode.is_blob() => {
                found.push((path, None, Some(oid)))
            }
            Record::Deletion { entry_mode, oid, path, .. } if entry_mode.is_blob() => {
                found.push((path, Some(oid), None))
            }
            Record::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path }
                if entry_mode.is_blob() =>
            {
                found.push((path, previous_entry_mode.is_blob().then_some(previous_oid), Some(oid)));
            }
            _ => {}
        }
    }
    let gone: HashSet<ObjectId> =
        found.iter().filter(|(_, _, after)| after.is_none()).filter_map(|(_, before, _)| *before).collect();
    let moved: HashSet<ObjectId> = found
        .iter()
        .filter(|(_, before, _)| before.is_none())
        .filter_map(|(_, _, after)| after.filter(|id| gone.contains(id)))
        .collect();
    found.retain(|(_, before, after)| match (before, after) {
        (None, Some(id)) | (Some(id), None) => !moved.contains(id),
        _ => true,
    });
    found
}

fn relative(path: &BString, inner: &str) -> Option<String> {
    let path = path.to_str_lossy();
    if inner.is_empty() {
        return Some(path.into_owned());
    }
    path.strip_prefix(inner).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned)
}

fn text(repository: &Repository, id: ObjectId, left: &mut u64) -> Option<String> {
    let size = repository.find_header(id).ok()?.size();
    if size > FILE_BYTES || size > *left {
        return None;
    }
    *left -= size;
    let object = repository.find_object(id).ok()?;
    if object.data.iter().take(8_192).any(|byte| *byte == 0) {
        return None;
    }
    Some(String::from_utf8_lossy(&object.data).into_owned())
}

fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let input = InternedInput::new(byte_lines(before.as_bytes()), byte_lines(after.as_bytes()));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    diff.hunks()
        .map(|hunk| Hunk {
            line: hunk.after.start + 1,
            added: hunk.after.end - hunk.after.start,
            removed: hunk.before.end - hunk.before.start,
        })
        .collect()
}

/// How many of the newest commits before the change touched each of its files.
fn churn(repository: &Repository, base: ObjectId, inner: &str, files: &[Differing]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let Ok(walk) = repository.rev_walk([base]).first_parent_only().all() else { return counts };
    for info in walk.take(CHURN).filter_map(Result::ok) {
        let parent = info.parent_ids.first().copied();
        let Ok(records) = records(repository, parent, info.id) else { break };
        for (path, _, _) in blobs(records) {
            if let Some(path) = relative(&path, inner)
                && files.binary_search_by(|file| file.path.cmp(&path)).is_ok()
            {
                *counts.entry(path).or_insert(0) += 1;
            }
        }
        if parent.is_none() {
            break;
        }
    }
    counts
}

/// Commits whose files are those that are checked out, apart from the folder of records: what was signed for one of
/// them holds for this one, although the record itself had to be committed after it.
pub fn same_code(folder: &Path, records_folder: &str) -> Vec<String> {
    let Ok((repository, inner)) = open(folder) else { return Vec::new() };
    let Ok(head) = repository.head_id().map(gix::Id::detach) else { return Vec::new() };
    let ledger =
        if inner.is_empty() { records_folder.to_owned() } else { format!("{inner}/{records_folder}") };
    let ledger = format!("{}/", ledger.trim_end_matches('/'));
    let mut same = vec![head.to_string()];
    let mut seen = HashSet::from([head]);
    let mut pending = VecDeque::from([head]);
    while let Some(commit) = pending.pop_front() {
        let Ok(parents) = repository
            .find_commit(commit)
            .map(|commit| commit.parent_ids().map(gix::Id::detach).collect::<Vec<_>>())
        else {
            continue;
        };
        for parent in parents {
            if seen.len() >= SAME || !seen.insert(parent) {
                continue;
            }
            let Ok(records) = records(&repository, Some(parent), head) else { continue };
            let only_records = records.iter().all(|record| {
                let (path, is_tree) = match record {
                    Record::Addition { path, entry_mode, .. }
                    | Record::Deletion { path, entry_mode, .. }
                    | Record::Modification { path, entry_mode, .. } => (path, entry_mode.is_tree()),
                };
                is_tree || path.to_str_lossy().starts_with(&ledger)
            });
            if only_records {
                same.push(parent.to_string());
                pending.push_back(parent);
            }
        }
    }
    same
}
