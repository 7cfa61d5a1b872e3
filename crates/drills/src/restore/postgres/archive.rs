//! Archives of `pg_dump`, custom, directory and tar: restored with `pg_restore`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::messages::{self, faults, summary};
use super::server::{self, Server, last_lines};
use super::{platform, roles, slices};
use crate::restore::artefact::Format;
use crate::restore::bounds::{self, Bounds};
use crate::restore::reading::Damage;
use crate::restore::{Copy, Restored};
use crate::scratch::{Feed, Scratch, disk};
use crate::{Progress, Stop};

/// What pg_restore reads: a file or stream on its standard input, or a folder.
enum Source<'a> {
    Input(&'a Copy<'a>),
    Folder(PathBuf),
    /// A copy of the file in the scratch folder.
    Changed(PathBuf),
}

impl Source<'_> {
    fn feed(&self) -> Result<Feed, Stop> {
        match self {
            Source::Input(copy) => copy.feed(),
            Source::Folder(_) => Ok(Feed::Nothing),
            Source::Changed(path) => Ok(Feed::File(File::open(path).map_err(|error| disk(path, &error))?)),
        }
    }

    fn run(
        &self,
        server: &Server,
        scratch: &mut Scratch,
        arguments: &[&str],
        bounds: Bounds,
        watch: &mut dyn FnMut(u32),
    ) -> Result<crate::scratch::Finished, Stop> {
        let mut command = server.client(scratch, "pg_restore", "template1");
        command.args(arguments);
        if let Source::Folder(path) = self {
            command.arg("--format=directory").arg(path);
        }
        bounds::run(scratch, command, self.feed()?, bounds, watch)
    }
}

/// Restores an archive into a new database. Gives also the list of what was restored.
pub fn restore(
    server: &Server,
    scratch: &mut Scratch,
    copy: &Copy,
    name: &str,
    good: Option<f64>,
    progress: &mut Progress,
) -> Result<(Restored, String), Stop> {
    let began = Instant::now();
    let bounds = Bounds::of(copy.damage, good);
    let source = prepare(scratch, copy, name)?;
    if let Source::Folder(path) = &source {
        complete(path)?;
    }
    let listed = source.run(server, scratch, &["--list"], bounds, &mut |_| {})?;
    listed_well(&listed, copy)?;
    let listing = listed.output.text();
    let schema = source.run(server, scratch, &["--schema-only", "--file=-"], bounds, &mut |_| {})?;
    if !schema.success {
        server.still_well(scratch, &schema.messages)?;
        return Err(Stop::Refused(format!("pg_restore cannot read the archive: {}", said(&schema))));
    }
    if schema.output.cut {
        return Err(Stop::could_not(
            "the schema of the archive is larger than 64 MB; this version does not read it",
        ));
    }
    let sql = schema.output.text();
    let encoding = sql
        .lines()
        .find_map(|line| line.strip_prefix("SET client_encoding = '"))
        .and_then(|rest| rest.split('\'').next())
        .unwrap_or("UTF8");
    server.create(scratch, name, encoding)?;

    let mut session = server.session(scratch, name)?;
    let named: BTreeSet<String> = sql.lines().flat_map(roles::named).collect();
    let stubs = roles::make(&mut session, &named).map_err(|error| server::stop(error, scratch))?;
    let platform: BTreeSet<&str> = {
        let made: BTreeSet<&str> = sql.lines().filter_map(platform::made).collect();
        platform::named(&sql).difference(&made).copied().collect()
    };
    for statement in platform.iter().flat_map(|schema| platform::statements(schema)) {
        session.rows(&statement).map_err(|error| server::stop(error, scratch))?;
    }
    let untied: Vec<String> =
        sql.lines().filter_map(|line| platform::tied(line, &platform)).map(str::to_owned).collect();
    let available: BTreeSet<String> = session
        .rows("SELECT name FROM pg_catalog.pg_available_extensions")
        .map_err(|error| server::stop(error, scratch))?
        .into_iter()
        .filter_map(|row| row.into_iter().next())
        .collect();
    drop(session);
    let (list, left_out) = without_extensions(&listing, &available);
    let mut list = without_ties(&list, &untied);
    if let Some(slice) = copy.slice {
        list = slices::only(&list, &slice.entries);
    }
    let list_path = scratch.file(&format!("{name}.list"), list.as_bytes())?;

    let list_argument = format!("--use-list={}", list_path.display());
    let database = format!("--dbname={name}");
    let mut arguments = vec![list_argument.as_str(), database.as_str(), "--no-password"];
    if copy.damage == Damage::SchemaOnly {
        arguments.push("--schema-only");
    }
    let size = copy.artefact.size;
    let finished = source.run(server, scratch, &arguments, bounds, &mut |pid| {
        if let Some(at) = bounds::position(pid) {
            progress.advance(at, size);
        }
    })?;
    let seconds = began.elapsed().as_secs_f64();
    server.still_well(scratch, &finished.messages)?;
    if let Err(why) = &finished.feed {
        return Err(Stop::Refused(format!("the artefact cannot be read to its end: {why}")));
    }
    let failed: Vec<_> =
        faults(&finished.messages).into_iter().filter(|fault| !fault.is_harmless()).collect();
    if !finished.success && (!failed.is_empty() || !only_warnings(&finished.messages)) {
        let why = if failed.is_empty() { said(&finished) } else { summary(&failed, &left_out) };
        // What an extension brings cannot be missed by chance.
        let lacks = !failed.is_empty() && failed.iter().all(messages::Fault::lacks_something);
        if copy.damage == Damage::None && lacks && (!left_out.is_empty() || !platform.is_empty()) {
            return Err(Stop::CouldNot(format!(
                "the backup needs what is not installed here: {why}. Install it (the Debian packages are named postgresql-VERSION-NAME)"
            )));
        }
        return Err(Stop::Refused(format!("pg_restore: {why}")));
    }
    let restored = Restored {
        databases: vec![name.to_owned()],
        seconds,
        roles: stubs,
        left_out: left_out.into_iter().collect(),
        remarks: platform::remark(&platform, &untied).into_iter().collect(),
    };
    Ok((restored, list))
}

/// Files of rows end with an empty line. pg_restore does not miss the end of one that is not compressed.
fn complete(folder: &Path) -> Result<(), Stop> {
    let problem = |error: std::io::Error| Stop::CouldNot(format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(problem)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let number =
            name.strip_suffix(".dat").is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        if !number {
            continue;
        }
        let mut file = File::open(entry.path()).map_err(problem)?;
        let length = file.metadata().map_err(problem)?.len();
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(length.saturating_sub(2)))
            .and_then(|_| file.read_to_end(&mut end))
            .map_err(problem)?;
        if end != b"\n\n" {
            return Err(Stop::Refused(format!("{name} has no end: it was cut off")));
        }
    }
    Ok(())
}

/// Statements that fail harmlessly leave their number behind, and an exit code.
fn only_warnings(messages: &str) -> bool {
    messages.contains("warning: errors ignored on restore")
}

fn listed_well(listed: &crate::scratch::Finished, copy: &Copy) -> Result<(), Stop> {
    if listed.success {
        return Ok(());
    }
    let why = said(listed);
    // The header says so, but a header can lie.
    if why.contains("unsupported version") {
        return Err(Stop::CouldNot(format!(
            "{} was written by a newer pg_dump than the pg_restore here can read: {why}",
            copy.artefact.name
        )));
    }
    Err(Stop::Refused(format!("pg_restore cannot read the archive: {why}")))
}

fn said(finished: &crate::scratch::Finished) -> String {
    if let Err(why) = &finished.feed {
        return format!("the artefact cannot be read to its end: {why}");
    }
    let said = last_lines(&finished.messages);
    if said.is_empty() { finished.status.clone() } else { said }
}

/// The list of what is restored, without extensions that are not installed, and their names.
fn without_extensions(listing: &str, available: &BTreeSet<String>) -> (String, BTreeSet<String>) {
    let mut left_out = BTreeSet::new();
    let mut list = String::with_capacity(listing.len());
    for line in listing.lines() {
        // `2; 3079 16385 EXTENSION - postgis `, `4021; 0 0 COMMENT - EXTENSION postgis `
        let words: Vec<&str> = line.split_whitespace().collect();
        let extension = match words.as_slice() {
            [_, _, _, "EXTENSION", "-", name, ..] => Some(*name),
            [_, _, _, "COMMENT", "-", "EXTENSION", name, ..] => Some(*name),
            _ => None,
        };
        match extension.map(|name| name.trim_matches('"')) {
            Some(name) if !available.contains(name) => {
                left_out.insert(name.to_owned());
            }
            _ => {
                list.push_str(line);
                list.push('\n');
            }
        }
    }
    (list, left_out.into_iter().map(|name| format!("extension {name}")).collect())
}

/// The list without foreign keys to tables that are stand-ins.
fn without_ties(list: &str, untied: &[String]) -> String {
    let tie = |line: &str| {
        // `3391; 2606 16410 FK CONSTRAINT public profiles profiles_id_fkey postgres`
        line.split_once(" FK CONSTRAINT ")
            .is_some_and(|(_, rest)| rest.split(' ').any(|word| untied.iter().any(|name| name == word)))
    };
    list.lines().filter(|line| !tie(line)).map(|line| format!("{line}\n")).collect()
}

/// Makes the copy that pg_restore reads, where it is not the artefact itself.
fn prepare<'a>(scratch: &Scratch, copy: &'a Copy<'a>, name: &str) -> Result<Source<'a>, Stop> {
    let artefact = copy.artefact;
    if artefact.format == Format::PostgresDirectory {
        let changes = matches!(copy.damage, Damage::Truncated | Damage::Flipped);
        if scratch.account().is_none() && !changes {
            return Ok(Source::Folder(artefact.path.clone()));
        }
        return Ok(Source::Folder(folder(scratch, copy, name)?));
    }
    if copy.is_stream() {
        return Ok(Source::Input(copy));
    }
    let tar = artefact.format == Format::PostgresTar;
    let itself = artefact.layers.is_empty() && matches!(copy.damage, Damage::None | Damage::SchemaOnly);
    if tar && itself {
        complete_tar(&mut copy.open()?)?;
    }
    if itself || (!tar && copy.damage != Damage::Flipped) {
        return Ok(Source::Input(copy));
    }
    let path = scratch.folder().join(format!("{name}.copy"));
    let mut out = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|error| disk(&path, &error))?;
    let mut stream = copy.stream()?;
    let mut buffer = vec![0_u8; 256 << 10];
    loop {
        let length = stream
            .read(&mut buffer)
            .map_err(|error| Stop::Refused(format!("the artefact cannot be read to its end: {error}")))?;
        if length == 0 {
            break;
        }
        out.write_all(&buffer[..length]).map_err(|error| disk(&path, &error))?;
    }
    if tar {
        complete_tar(&mut out)?;
    }
    if copy.damage == Damage::Flipped {
        flip_file(&mut out, artefact.format).map_err(|error| disk(&path, &error))?;
    }
    scratch.give(&path)?;
    Ok(Source::Changed(path))
}

/// A tar file ends with an empty block. pg_restore reads on for ever where it does not find the end of a member.
fn complete_tar(file: &mut File) -> Result<(), Stop> {
    let problem = |error: std::io::Error| Stop::CouldNot(format!("the archive cannot be read: {error}"));
    let size = file.metadata().map_err(problem)?.len();
    let mut at = 0;
    let mut header = [0_u8; 512];
    loop {
        if at + 512 > size {
            return Err(Stop::refused("the tar archive has no end: it was cut off"));
        }
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut header)).map_err(problem)?;
        if header.iter().all(|byte| *byte == 0) {
            return file.seek(SeekFrom::Start(0)).map(|_| ()).map_err(problem);
        }
        let Some(length) = member_length(&header) else {
            return Err(Stop::refused("the tar archive is destroyed: a member has no length"));
        };
        at = length
            .div_ceil(512)
            .checked_mul(512)
            .and_then(|length| length.checked_add(at + 512))
            .ok_or_else(|| {
                Stop::refused("the tar archive is destroyed: a member has an impossible length")
            })?;
    }
}

/// The length in the header of a member of a tar file: octal digits, or a number in base 256 for large ones.
pub fn member_length(header: &[u8; 512]) -> Option<u64> {
    let field = &header[124..136];
    if field[0] & 0x80 != 0 {
        return Some(field[4..].iter().fold(0, |length, byte| length << 8 | u64::from(*byte)));
    }
    let digits: String = field.iter().map(|byte| char::from(*byte)).filter(char::is_ascii_digit).collect();
    u64::from_str_radix(&digits, 8).ok()
}

/// A copy of a folder, since another account may not read the original, or with one file changed: the largest, which
/// holds rows.
fn folder(scratch: &Scratch, copy: &Copy, name: &str) -> Result<PathBuf, Stop> {
    let target = scratch.subfolder(&format!("{name}.copy"))?;
    let mut largest: Option<(u64, PathBuf)> = None;
    let entries = fs::read_dir(&copy.artefact.path)
        .map_err(|error| Stop::CouldNot(format!("{}: {error}", copy.artefact.path.display())))?;
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if !metadata.is_file() {
            continue;
        }
        let path = target.join(entry.file_name());
        fs::copy(entry.path(), &path).map_err(|error| disk(&path, &error))?;
        scratch.give(&path)?;
        let rows = entry.file_name().to_string_lossy().chars().next().is_some_and(|c| c.is_ascii_digit());
        if rows && largest.as_ref().is_none_or(|(size, _)| metadata.len() > *size) {
            largest = Some((metadata.len(), path));
        }
    }
    let Some((size, path)) = largest else { return Ok(target) };
    let changed = |path: &Path| File::options().read(true).write(true).open(path);
    match copy.damage {
        Damage::Truncated => {
            changed(&path).and_then(|file| file.set_len(size / 2)).map_err(|error| disk(&path, &error))?;
        }
        Damage::Flipped => {
            let mut file = changed(&path).map_err(|error| disk(&path, &error))?;
            flip_range(&mut file, 0, size).map_err(|error| disk(&path, &error))?;
        }
        _ => {}
    }
    Ok(target)
}

/// Flips bytes among the rows of an archive in one file.
fn flip_file(file: &mut File, format: Format) -> std::io::Result<()> {
    let size = file.metadata()?.len();
    match format {
        Format::PostgresTar => {
            let (start, length) = largest_member(file, size)?;
            flip_range(file, start, length)
        }
        // The table of contents comes first, and is much smaller than the rows; where it is not, the end has rows.
        _ => {
            let from = size - (size / 3).max(1);
            flip_range(file, from, size - from)
        }
    }
}

/// The largest member of a tar file that holds rows: where it begins, and its length.
fn largest_member(file: &mut File, size: u64) -> std::io::Result<(u64, u64)> {
    let mut at = 0;
    let mut largest = (0, size);
    let mut best = 0;
    let mut header = [0_u8; 512];
    while at + 512 <= size {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header)?;
        let name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
        let Some(length) = member_length(&header).filter(|length| *length <= size) else { break };
        if name.ends_with(b".dat") && name != b"toc.dat" && length > best {
            best = length;
            largest = (at + 512, length);
        }
        at += 512 + length.div_ceil(512) * 512;
    }
    Ok(largest)
}

/// Changes a few bytes of a range: a letter or digit becomes another one where there is one, so that what is not
/// compressed can still be read, and only a comparison of contents finds it.
fn flip_range(file: &mut File, start: u64, length: u64) -> std::io::Result<()> {
    for part in [2, 3, 4] {
        let at = start + length / part;
        let mut window = vec![0_u8; usize::try_from((start + length - at).min(4096)).unwrap_or(1)];
        file.seek(SeekFrom::Start(at))?;
        let read = file.read(&mut window)?;
        let offset = window[..read].iter().position(u8::is_ascii_digit).unwrap_or(0);
        let Some(byte) = window.get(offset) else { continue };
        file.seek(SeekFrom::Start(at + offset as u64))?;
        file.write_all(&[byte ^ 1])?;
    }
    file.seek(SeekFrom::Start(0)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_that_are_missing_are_left_out_by_name() {
        let listing = "; Archive created at x\n2; 3079 16385 EXTENSION - postgis \n4021; 0 0 COMMENT - EXTENSION postgis \n\
                       3; 3079 1 EXTENSION - pg_trgm \n215; 1259 2 TABLE public EXTENSION shop\n";
        let (list, left_out) = without_extensions(listing, &BTreeSet::from(["pg_trgm".to_owned()]));
        assert_eq!(left_out.into_iter().collect::<Vec<_>>(), ["extension postgis"]);
        assert!(!list.contains("postgis") && list.contains("pg_trgm") && list.contains("215;"), "{list}");
    }
}
