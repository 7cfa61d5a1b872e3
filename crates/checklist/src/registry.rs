//! The fourteen sections joined in one place.

use seaworthy_model::Section;

use crate::Item;

/// The items of a section, in the order of the checklist.
pub fn section_items(section: Section) -> &'static [&'static Item] {
    match section {
        Section::Backups => crate::backups::ITEMS,
        Section::Monitoring => crate::monitoring::ITEMS,
        Section::Logging => crate::logging::ITEMS,
        Section::Https => crate::https::ITEMS,
        Section::Errors => crate::errors::ITEMS,
        Section::Migrations => crate::migrations::ITEMS,
        Section::Rollback => crate::rollback::ITEMS,
        Section::Privacy => crate::privacy::ITEMS,
        Section::Dependencies => crate::dependencies::ITEMS,
        Section::Performance => crate::performance::ITEMS,
        Section::Headers => crate::headers::ITEMS,
        Section::Ci => crate::ci::ITEMS,
        Section::Review => crate::review::ITEMS,
        Section::Watch => crate::watch::ITEMS,
        // They are data of the audited repository, judged beside the items of the checklist.
        Section::Own => &[],
    }
}

/// Every item, in the order of the checklist.
pub fn items() -> impl Iterator<Item = &'static Item> {
    Section::ALL.into_iter().flat_map(|section| section_items(section).iter().copied())
}

/// The item with this id.
pub fn find(id: &str) -> Option<&'static Item> {
    items().find(|item| item.id.as_str() == id)
}

/// The id or section name nearest to a mistyped one.
pub fn nearest(name: &str) -> Option<&'static str> {
    let candidates = items().map(|item| item.id.as_str()).chain(Section::ALL.into_iter().map(Section::name));
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.chars().count() / 3)
        .map(|(_, candidate)| candidate)
}
