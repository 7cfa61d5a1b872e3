//! Slices of archives and scripts of `pg_dump`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Cursor, ErrorKind, Read, Write};
use std::path::Path;

use crate::Stop;
use crate::restore::artefact::Format;
use crate::restore::pieces::Pieces;
use crate::restore::reading::{Copy, Damage};
use crate::restore::slice::{Slice, choose};
use crate::restore::{Artefact, repositories};
use crate::scratch::{Scratch, disk};

/// A table of contents is not larger.
const LARGEST_HEAD: usize = 64 << 20;
/// Nor is a piece of a block.
const LARGEST_PIECE: u32 = 64 << 20;

/// Blocks of an archive: rows of a table, large objects.
const ROWS: u8 = 1;
const OBJECTS: u8 = 3;

/// Cuts a slice of an archive; `listing` is what `pg_restore --list` says of it.
pub fn of_archive(
    scratch: &Scratch,
    artefact: &Artefact,
    listing: &str,
    tables: &[(String, u64)],
) -> Result<Option<Slice>, Stop> {
    let data: Vec<(&str, String)> = listing.lines().filter_map(data).collect();
    let chosen = choose(tables, |name| data.iter().filter(|(_, table)| table == name).count() == 1);
    let entries: BTreeSet<String> = data
        .iter()
        .filter(|(_, table)| chosen.contains(table))
        .map(|(number, _)| (*number).to_owned())
        .collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let path = scratch.folder().join("part");
    let copy = Copy { artefact, damage: Damage::None, slice: None };
    let mut rows_at = None;
    match artefact.format {
        Format::PostgresDirectory => {
            scratch.subfolder("part")?;
            for entry in fs::read_dir(&artefact.path).map_err(|error| disk(&artefact.path, &error))?.flatten()
            {
                let name = entry.file_name().to_string_lossy().into_owned();
                let rows = name.split_once(".dat").is_some_and(|(number, _)| entries.contains(number));
                if rows || name == "toc.dat" {
                    let target = path.join(&name);
                    fs::copy(entry.path(), &target).map_err(|error| disk(&target, &error))?;
                }
            }
        }
        Format::PostgresTar => {
            let cut = File::create_new(&path).and_then(|file| tar(copy.stream_of()?, file, &entries));
            cut.map_err(|error| unreadable(&path, &error))?;
        }
        _ => {
            let all: BTreeSet<u32> = listing.lines().filter_map(number).collect();
            let wanted: BTreeSet<u32> = entries.iter().filter_map(|number| number.parse().ok()).collect();
            let cut = File::create_new(&path).and_then(|file| custom(copy.stream_of()?, file, &all, &wanted));
            rows_at = cut.map_err(|error| unreadable(&path, &error))?;
            if rows_at.is_none() {
                return Ok(None);
            }
        }
    }
    Ok(Some(Slice { artefact: part(artefact, &path)?, tables: chosen, entries, rows_at }))
}

/// What is written otherwise than expected is no fault of this machine: there is no slice of it.
fn unreadable(path: &Path, error: &io::Error) -> Stop {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::Other => {
            Stop::Refused(format!("no slice can be cut: {error}"))
        }
        _ => disk(path, error),
    }
}

/// The slice as an artefact.
fn part(artefact: &Artefact, path: &Path) -> Result<Artefact, Stop> {
    let size = if path.is_dir() {
        repositories::size(path)
    } else {
        fs::metadata(path).map_err(|error| disk(path, &error))?.len()
    };
    Ok(Artefact { path: path.to_owned(), size, layers: Vec::new(), ..artefact.clone() })
}

/// The number and the table of an entry with rows: `3350; 0 16390 TABLE DATA public orders shop`.
fn data(line: &str) -> Option<(&str, String)> {
    let (number, rest) = line.split_once("; ")?;
    let words: Vec<&str> = rest.split(' ').collect();
    match words.as_slice() {
        [_, _, "TABLE", "DATA", schema, table, _] => Some((number, format!("{schema}.{table}"))),
        _ => None,
    }
}

fn number(line: &str) -> Option<u32> {
    line.split_once("; ")?.0.parse().ok()
}

/// The list of what is restored of a slice.
pub fn only(list: &str, entries: &BTreeSet<String>) -> String {
    let kept = |line: &&str| {
        let Some((number, rest)) = line.split_once("; ") else { return true };
        let kind = rest.splitn(3, ' ').nth(2).unwrap_or_default();
        if kind.starts_with("TABLE DATA ") {
            return entries.contains(number);
        }
        // What is made of rows, or needs those of other tables.
        !["FK CONSTRAINT ", "BLOB", "MATERIALIZED VIEW DATA ", "STATISTICS DATA "]
            .iter()
            .any(|begin| kind.starts_with(begin))
    };
    list.lines().filter(kept).map(|line| format!("{line}\n")).collect()
}

/// Copies the table of contents and the rows of the entries that are wanted.
fn tar(archive: Box<dyn Read + Send>, out: File, entries: &BTreeSet<String>) -> io::Result<()> {
    let mut archive = BufReader::with_capacity(1 << 20, archive);
    let mut out = BufWriter::new(out);
    let mut header = [0_u8; 512];
    loop {
        archive.read_exact(&mut header)?;
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let length = super::archive::member_length(&header)
            .and_then(|length| length.checked_next_multiple_of(512))
            .ok_or(ErrorKind::InvalidData)?;
        let name = String::from_utf8_lossy(header.split(|byte| *byte == 0).next().unwrap_or_default());
        let wanted =
            name == "toc.dat" || name.split_once(".dat").is_some_and(|(number, _)| entries.contains(number));
        let mut member = archive.by_ref().take(length);
        if wanted {
            out.write_all(&header)?;
            io::copy(&mut member, &mut out)?;
        } else {
            io::copy(&mut member, &mut io::sink())?;
        }
    }
    out.write_all(&[0; 1024])?;
    out.flush()
}

/// Copies the head of a custom archive and the blocks that are wanted; says where the largest of them lies. `pg_restore` skips
/// what it does not want in such a file when it reads it as a stream.
fn custom(
    mut archive: Box<dyn Read + Send>,
    out: File,
    all: &BTreeSet<u32>,
    wanted: &BTreeSet<u32>,
) -> io::Result<Option<(u64, u64)>> {
    let mut head = Vec::new();
    let begin = loop {
        let read = archive.by_ref().take(1 << 20).read_to_end(&mut head)?;
        if head.get(8) != Some(&4) {
            // Its numbers are not of four bytes.
            return Ok(None);
        }
        if let Some(begin) = first_block(&head, all, read == 0) {
            break begin;
        }
        if read == 0 || head.len() > LARGEST_HEAD {
            return Ok(None);
        }
    };
    let rest = head.split_off(begin);
    let mut blocks = BufReader::with_capacity(1 << 20, Cursor::new(rest).chain(archive));
    let mut out = BufWriter::new(out);
    out.write_all(&head)?;
    let mut at = head.len() as u64;
    let mut largest: Option<(u64, u64)> = None;
    while !blocks.fill_buf()?.is_empty() {
        let mut kind = [0];
        blocks.read_exact(&mut kind)?;
        let entry = integer(&mut blocks)?;
        if !all.contains(&entry) {
            return Ok(None);
        }
        let keep = wanted.contains(&entry) && kind[0] == ROWS;
        match kind[0] {
            ROWS => {
                let mut block = kind.to_vec();
                block.extend(written(entry));
                loop {
                    let length = integer(&mut blocks)?;
                    if length > LARGEST_PIECE {
                        return Ok(None);
                    }
                    let mut piece = blocks.by_ref().take(u64::from(length));
                    if !keep {
                        io::copy(&mut piece, &mut io::sink())?;
                    } else {
                        block.extend(written(length));
                        piece.read_to_end(&mut block)?;
                        let from = at + block.len() as u64 - u64::from(length);
                        if largest.is_none_or(|(_, known)| u64::from(length) > known) && length > 0 {
                            largest = Some((from, u64::from(length)));
                        }
                        if block.len() > LARGEST_HEAD {
                            return Ok(None);
                        }
                    }
                    if length == 0 {
                        break;
                    }
                }
                if keep {
                    out.write_all(&block)?;
                    at += block.len() as u64;
                }
            }
            OBJECTS => {
                while integer(&mut blocks)? != 0 {
                    loop {
                        let length = integer(&mut blocks)?;
                        io::copy(&mut blocks.by_ref().take(u64::from(length)), &mut io::sink())?;
                        if length == 0 {
                            break;
                        }
                    }
                }
            }
            _ => return Ok(None),
        }
    }
    out.flush()?;
    Ok(largest)
}

/// Where the first block begins: after the table of contents there is the number of an entry, and pieces that lead from one
/// to the next.
fn first_block(head: &[u8], all: &BTreeSet<u32>, whole: bool) -> Option<usize> {
    (0..head.len()).find(|&begin| {
        let mut rest = &head[begin..];
        let Some((kind @ (&ROWS | &OBJECTS), after)) = rest.split_first() else { return false };
        rest = after;
        if !integer(&mut rest).is_ok_and(|entry| all.contains(&entry)) {
            return false;
        }
        if *kind == OBJECTS && !integer(&mut rest).is_ok_and(|object| object != 0) {
            return false;
        }
        for pieces in 0.. {
            let Ok(length) = integer(&mut rest) else { return pieces > 1 && !whole };
            if length > LARGEST_PIECE {
                return false;
            }
            if length == 0 {
                // Something follows, or nothing.
                return match (kind, rest.first()) {
                    (&OBJECTS, _) => pieces > 0,
                    (_, None) => whole,
                    (_, Some(next)) => {
                        let mut number = &rest[1..];
                        [ROWS, OBJECTS].contains(next)
                            && integer(&mut number).is_ok_and(|entry| all.contains(&entry))
                    }
                };
            }
            match rest.get(length as usize..) {
                Some(after) => rest = after,
                None => return pieces > 0 && !whole,
            }
        }
        false
    })
}

/// A number as archives have it: its sign, and four bytes.
fn integer(bytes: &mut impl Read) -> io::Result<u32> {
    let mut number = [0_u8; 5];
    bytes.read_exact(&mut number)?;
    let [0, rest @ ..] = number else { return Err(ErrorKind::InvalidData.into()) };
    Ok(u32::from_le_bytes(rest))
}

fn written(number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_le_bytes();
    [0, a, b, c, d]
}

/// Copies a script without the rows of other tables, and without foreign keys.
pub fn of_script(
    scratch: &Scratch,
    artefact: &Artefact,
    tables: &[(String, u64)],
) -> Result<Option<Slice>, Stop> {
    let chosen = choose(tables, |_| true);
    let path = scratch.folder().join("part");
    let copy = Copy { artefact, damage: Damage::None, slice: None };
    let cut = File::create_new(&path).and_then(|file| script(copy.stream_of()?, file, &chosen));
    cut.map_err(|error| unreadable(&path, &error))?;
    Ok(Some(Slice {
        artefact: part(artefact, &path)?,
        tables: chosen,
        entries: BTreeSet::new(),
        rows_at: None,
    }))
}

fn script(script: Box<dyn Read + Send>, out: File, tables: &[String]) -> io::Result<()> {
    enum State {
        Statements,
        Rows(bool),
        Insert(bool),
    }
    let mut pieces = Pieces::of(script);
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let mut state = State::Statements;
    // `ALTER TABLE ONLY public.orders`, until it is known what follows.
    let mut held: Vec<u8> = Vec::new();
    while let Some((piece, begins)) = pieces.next()? {
        match state {
            State::Rows(keep) => {
                let end = begins && piece.trim_ascii_end() == b"\\.";
                if keep || end {
                    out.write_all(&piece)?;
                }
                if end {
                    state = State::Statements;
                }
            }
            State::Insert(keep) => {
                if keep {
                    out.write_all(&piece)?;
                }
                if piece.ends_with(b");\n") {
                    state = State::Statements;
                }
            }
            State::Statements => {
                let line = String::from_utf8_lossy(&piece[..piece.len().min(4096)]);
                let line = line.trim_end();
                if !held.is_empty()
                    && line.starts_with("    ADD CONSTRAINT ")
                    && line.contains(" FOREIGN KEY (")
                {
                    held.clear();
                    continue;
                }
                out.write_all(&std::mem::take(&mut held))?;
                if !begins {
                    out.write_all(&piece)?;
                } else if line.starts_with("ALTER TABLE ") && !line.ends_with(';') {
                    held = piece;
                } else if let Some(table) =
                    line.strip_prefix("COPY ").filter(|_| line.ends_with("FROM stdin;"))
                {
                    state = State::Rows(tables.contains(&qualified(table)));
                    out.write_all(&piece)?;
                } else if let Some(table) = line.strip_prefix("INSERT INTO ") {
                    let keep = tables.contains(&qualified(table));
                    if keep {
                        out.write_all(&piece)?;
                    }
                    if !piece.ends_with(b");\n") {
                        state = State::Insert(keep);
                    }
                } else if !line.starts_with("REFRESH MATERIALIZED VIEW ") {
                    out.write_all(&piece)?;
                }
            }
        }
    }
    out.write_all(&held)?;
    out.flush()
}

/// `public.orders` of `public."orders" (id, total) FROM stdin;`.
fn qualified(text: &str) -> String {
    let mut name = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => break,
            c => name.push(c),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_slice() {
        let list = "; Archive\n215; 1259 2 TABLE public orders shop\n3350; 0 16390 TABLE DATA public orders shop\n\
                    3351; 0 16391 TABLE DATA public users shop\n3400; 2606 1 FK CONSTRAINT public orders f shop\n";
        assert_eq!(
            list.lines().filter_map(data).map(|(number, _)| number).collect::<Vec<_>>(),
            ["3350", "3351"]
        );
        let kept = only(list, &BTreeSet::from(["3351".to_owned()]));
        assert!(kept.contains("215;") && kept.contains("3351;") && kept.contains("; Archive"), "{kept}");
        assert!(!kept.contains("3350;") && !kept.contains("3400;"), "{kept}");
        assert_eq!(qualified("public.\"Odd name\" (a, b) FROM stdin;"), "public.Odd name");
    }

    #[test]
    fn heads_that_lie_do_no_harm() {
        let all = BTreeSet::from([7]);
        let mut head = b"PGDMP\x01\x0e\x00\x04\x08\x01".to_vec();
        head.extend([1, 0, 7, 0, 0, 0, 0, 255, 255, 255, 255, 1, 0, 7, 0]);
        for length in 0..head.len() {
            assert_eq!(first_block(&head[..length], &all, true), None);
        }
        head.extend([0, 0, 0, 2, 0, 0, 0, 5, 5, 0, 0, 0, 0, 0]);
        assert_eq!(first_block(&head, &all, true), Some(22));
    }
}
