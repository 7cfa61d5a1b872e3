//! Raster images by the size of their files; nothing of them is opened.

use seaworthy_facts::{Assets, LargeImage};

use super::{Reach, Seen, reach};
use crate::scan::{Needle, NeedleId, Needles};
use crate::tree::{File, Tree};

/// From this size on an image is large.
const LARGE: u64 = 500_000;
/// How many large images are kept.
const KEPT: usize = 200;
/// How many images are looked at.
const LOOKED_AT: usize = 50_000;

/// Large images with the literal that names each, where it must be named to be served.
#[derive(Debug, Default)]
pub struct Plan {
    large: Vec<(usize, u64, Option<NeedleId>)>,
}

/// Finds the large ones and asks for their names.
pub fn plan(tree: &Tree, needles: &mut Needles) -> Plan {
    let mut plan = Plan::default();
    let rasters = tree.first(tree.files().iter().filter(|file| is_raster(file)), LOOKED_AT, "images");
    for file in rasters {
        let reach = reach(file);
        if reach == Reach::Never {
            continue;
        }
        let Some(bytes) = size(tree, file).filter(|bytes| *bytes > LARGE) else { continue };
        let needle = (reach == Reach::ByName && file.name().len() >= 5)
            .then(|| needles.add(Needle { text: file.name().to_owned(), whole_word: false, per_file: 1 }));
        if reach == Reach::ByName && needle.is_none() {
            continue;
        }
        plan.large.push((file.index, bytes, needle));
        if plan.large.len() >= KEPT {
            break;
        }
    }
    plan
}

/// Counts what is served, and says which of the large ones are.
pub fn collect(seen: &Seen, assets: &mut Assets) {
    for file in seen.tree.files() {
        let raster = is_raster(file);
        if !raster && file.extension() != "svg" || reach(file) == Reach::Never {
            continue;
        }
        if reach(file) == Reach::Served || assets.first_image.is_none() {
            assets.first_image.get_or_insert_with(|| file.at());
        }
        assets.images += u64::from(raster);
    }
    for (index, bytes, needle) in &seen.plan.images.large {
        let Some(file) = seen.tree.files().get(*index) else { continue };
        let served = match needle {
            None => Some(file.at()),
            Some(needle) => seen.scan.hits(*needle).iter().filter(|hit| !hit.comment).find_map(|hit| {
                let by = &seen.tree.files()[hit.file];
                (seen.scan.ships(by) && shows(by)).then(|| by.at_line(hit.line))
            }),
        };
        assets.large_images.push(LargeImage { at: file.at(), bytes: *bytes, served });
    }
    assets.large_images.sort_by(|left, right| right.bytes.cmp(&left.bytes).then(left.at.cmp(&right.at)));
}

fn is_raster(file: &File) -> bool {
    matches!(
        file.extension(),
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "bmp" | "ico" | "apng" | "jfif"
    )
}

/// The size that is served: where git keeps the file elsewhere, the size that its pointer names.
fn size(tree: &Tree, file: &File) -> Option<u64> {
    let bytes = tree.size(file)?;
    // https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    if (100..200).contains(&bytes)
        && let Some(text) = tree.text(file)
        && text.starts_with("version https://git-lfs")
    {
        return text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse().ok());
    }
    Some(bytes)
}

/// Code, styles and templates that can put an image on a page.
fn shows(file: &File) -> bool {
    file.language.is_some_and(|language| language != "sql" && language != "shell")
        || matches!(
            file.extension(),
            "ejs"
                | "hbs"
                | "pug"
                | "twig"
                | "jinja"
                | "jinja2"
                | "j2"
                | "tmpl"
                | "gohtml"
                | "tera"
                | "liquid"
        )
}
