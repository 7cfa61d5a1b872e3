//! Slices of scripts of `mariadb-dump` and `mysqldump`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};

use crate::Stop;
use crate::restore::Artefact;
use crate::restore::pieces::Pieces;
use crate::restore::reading::{Copy, Damage};
use crate::restore::slice::{Slice, choose};
use crate::scratch::{Scratch, disk};

/// Copies a script without the rows of other tables.
pub fn of_script(scratch: &Scratch, artefact: &Artefact, tables: &[(String, u64)]) -> Result<Slice, Stop> {
    let chosen = choose(tables, |_| true);
    let path = scratch.folder().join("part");
    let copy = Copy { artefact, damage: Damage::None, slice: None };
    let cut = File::create_new(&path).and_then(|file| {
        script(copy.stream_of()?, &file, &chosen)?;
        fs::metadata(&path)
    });
    let size = cut.map_err(|error| disk(&path, &error))?.len();
    let artefact = Artefact { path, size, layers: Vec::new(), ..artefact.clone() };
    Ok(Slice { artefact, tables: chosen, entries: BTreeSet::new(), rows_at: None })
}

fn script(script: Box<dyn Read + Send>, out: impl Write, tables: &[String]) -> io::Result<()> {
    let mut pieces = Pieces::of(script);
    let mut out = BufWriter::with_capacity(1 << 20, out);
    // In the body of a routine, and in an INSERT whose rows are kept, or not.
    let (mut body, mut rows) = (false, None);
    while let Some((piece, begins)) = pieces.next()? {
        let ends = piece.ends_with(b";\n") || piece.ends_with(b";\r\n");
        if rows.is_none() && begins {
            if let Some(delimiter) = piece.strip_prefix(b"DELIMITER ") {
                body = delimiter.trim_ascii() != b";";
            } else if !body && (piece.starts_with(b"INSERT ") || piece.starts_with(b"REPLACE INTO ")) {
                let line = String::from_utf8_lossy(&piece[..piece.len().min(4096)]);
                rows = Some(super::script::identifier(&line).is_some_and(|name| {
                    tables.iter().any(|table| {
                        *table == name || table.rsplit_once('.').is_some_and(|(_, last)| last == name)
                    })
                }));
            }
        }
        if rows != Some(false) {
            out.write_all(&piece)?;
        }
        if ends {
            rows = None;
        }
    }
    out.flush()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_other_tables_are_left_out() {
        let text = "CREATE TABLE `a` (x int);\nINSERT INTO `a` VALUES\n(1),\n(2);\nINSERT INTO `b` VALUES (3);\n\
                    DELIMITER ;;\nBEGIN\nINSERT INTO `a` VALUES (9);\nEND ;;\nDELIMITER ;\n-- Dump completed\n";
        let mut out = Vec::new();
        script(Box::new(io::Cursor::new(text)), &mut out, &["shop.b".to_owned()]).unwrap();
        let kept = String::from_utf8(out).unwrap();
        assert_eq!(kept, text.replace("INSERT INTO `a` VALUES\n(1),\n(2);\n", ""));
    }
}
