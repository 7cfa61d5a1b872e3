use serde::{Deserialize, Serialize};

use crate::*;

/// Pages and routes that people reach: legal texts, and the ways to write to the team.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pages {
    /// Texts of privacy policies and terms, the longest of each kind first.
    pub legal: Vec<LegalText>,
    /// Links to legal texts, wherever they are written.
    pub links: Vec<LegalLink>,
    /// Routes under which a legal text is served.
    pub routes: Vec<LegalRoute>,
    /// Ways for people to write to the team, found in what ships.
    pub contacts: Vec<Contact>,
    /// Pages for people were found at all: the first of them.
    pub first_page: Option<Location>,
    /// What may matter here and that nothing reads.
    pub unread: Vec<Unread>,
}

impl Pages {
    /// The texts of a kind.
    pub fn texts(&self, kind: LegalKind) -> impl Iterator<Item = &LegalText> {
        self.legal.iter().filter(move |text| text.kind == kind)
    }
}

/// A kind of legal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegalKind {
    /// What happens with people's data.
    Privacy,
    /// What holds between the people and whoever offers the service.
    Terms,
}

impl LegalKind {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            LegalKind::Privacy => "privacy policy",
            LegalKind::Terms => "terms of use",
        }
    }
}

/// A legal text in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalText {
    /// Its kind.
    pub kind: LegalKind,
    /// The file.
    pub at: Location,
    /// It is a document beside the application (`docs/`, the top folder) and no page of it.
    pub document: bool,
    /// Words of prose.
    pub words: u32,
    /// Most of the text comes from elsewhere: a translation that was not found, a component, a content system.
    pub elsewhere: bool,
    /// What a template left to be filled in.
    pub placeholders: Vec<Observed<String>>,
    /// A date or version that the text gives itself.
    pub dated: Option<Location>,
    /// The parts that the text has.
    pub parts: Vec<PolicyPart>,
}

/// A part of a privacy policy, found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyPart {
    /// Which.
    pub part: Part,
    /// Where.
    pub at: Location,
}

/// What Art. 13 GDPR asks a policy to say, and what California asks besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Who is responsible.
    Controller,
    /// How to reach them.
    Contact,
    /// The data protection officer.
    Officer,
    /// What the data is used for.
    Purposes,
    /// On which legal basis.
    LegalBasis,
    /// Who receives it.
    Recipients,
    /// Whether it leaves the country, and under which safeguards.
    Transfers,
    /// How long it is kept.
    Retention,
    /// Access, correction, erasure, restriction, objection, portability.
    Rights,
    /// Consent can be withdrawn.
    Withdrawal,
    /// The right to complain to an authority.
    Complaint,
    /// Whether decisions are automated.
    AutomatedDecisions,
    /// Whether data is sold or shared, as California asks.
    Sale,
}

impl Part {
    /// What it is called in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Controller => "who is responsible",
            Part::Contact => "a contact",
            Part::Officer => "the data protection officer",
            Part::Purposes => "the purposes",
            Part::LegalBasis => "the legal basis",
            Part::Recipients => "the recipients",
            Part::Transfers => "transfers to other countries",
            Part::Retention => "how long data is kept",
            Part::Rights => "people's rights",
            Part::Withdrawal => "withdrawing consent",
            Part::Complaint => "the right to complain to an authority",
            Part::AutomatedDecisions => "automated decisions",
            Part::Sale => "whether data is sold or shared (California)",
        }
    }
}

/// A link to a legal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalLink {
    /// The kind of text that it promises.
    pub kind: LegalKind,
    /// Where it leads.
    pub target: LinkTarget,
    /// The address as written, capped.
    pub address: String,
    /// Where the link is.
    pub at: Location,
    /// In which part of the pages: `a layout`, `a footer`, `a sign-up or sign-in page`, `a page`, `settings`.
    pub place: String,
}

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkTarget {
    /// A page of the application.
    Internal,
    /// A full address.
    External,
    /// An address that a setting gives, which is empty unless somebody sets it.
    Setting,
    /// `#` or nothing.
    Nowhere,
}

/// A route of a legal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalRoute {
    /// The kind of text.
    pub kind: LegalKind,
    /// Where the route is defined.
    pub at: Location,
    /// Only people who are signed in get there.
    pub behind_login: bool,
}

/// A way for people to write to the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What it is.
    pub kind: ContactKind,
    /// The address, page or product, capped.
    pub what: String,
    /// Where it is linked or built in.
    pub at: Location,
}

/// A kind of contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactKind {
    /// A mail address that pages show.
    Mail,
    /// A page or form for contact, support or feedback.
    Page,
    /// A public issue tracker or forum that pages link to.
    Tracker,
    /// A chat or feedback product that is built in.
    Widget,
}
