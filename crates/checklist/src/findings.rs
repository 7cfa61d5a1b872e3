use seaworthy_facts::{Absent, Unread};
use seaworthy_model::{Evidence, Location, Note, Rung, Settle};

/// Whether an item applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applies {
    /// It does.
    Yes,
    /// It does not; the reason names the fact that makes it so ("no database found").
    No(String),
}

/// What was found about one component, or about the system as a whole.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The component; none for the whole.
    pub component: Option<String>,
    /// Whether the item applies to it.
    pub applies: Applies,
    /// What speaks for and against.
    pub evidence: Vec<Evidence>,
    /// Things that may decide but that nothing here reads.
    pub unread: Vec<Unread>,
    /// The facts are missing, so that having found nothing means nothing.
    pub absent: Option<Absent>,
    /// Why there is no evidence, in words of the item ("6 workflows, none of them runs tests").
    pub absence_reason: Option<String>,
    /// A better remedy than the item's general one.
    pub remedy: Option<String>,
}

impl Scope {
    fn new(component: Option<String>) -> Self {
        Scope {
            component,
            applies: Applies::Yes,
            evidence: Vec::new(),
            unread: Vec::new(),
            absent: None,
            absence_reason: None,
            remedy: None,
        }
    }
}

/// What an item found. Items gather; they do not judge.
#[derive(Debug, Clone)]
pub struct Findings {
    /// One scope for the whole system, or one for each component. The methods below work on the newest one.
    pub scopes: Vec<Scope>,
    /// Remarks that do not change the status.
    pub notes: Vec<Note>,
    /// What was looked for, and where.
    pub looked_for: Vec<String>,
    /// The action that settles it.
    pub settled_by: Option<Settle>,
}

impl Default for Findings {
    fn default() -> Self {
        Findings::new()
    }
}

impl Findings {
    /// No findings yet, about the whole system.
    pub fn new() -> Self {
        Findings {
            scopes: vec![Scope::new(None)],
            notes: Vec::new(),
            looked_for: Vec::new(),
            settled_by: None,
        }
    }

    /// Nothing was found because the facts are missing; only records may still decide.
    pub fn without_facts(absent: Absent) -> Self {
        let mut findings = Findings::new();
        findings.scope().absent = Some(absent);
        findings
    }

    /// The item does not apply; `reason` names the fact that makes it so.
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        let mut findings = Findings::new();
        findings.scope().applies = Applies::No(reason.into());
        findings
    }

    /// What follows is about this component. The status of several components is the worst of them.
    pub fn component(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        if let [only] = self.scopes.as_mut_slice()
            && only.component.is_none()
            && only.evidence.is_empty()
            && only.unread.is_empty()
        {
            only.component = Some(name);
        } else {
            self.scopes.push(Scope::new(Some(name)));
        }
        self
    }

    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::new(None));
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    /// Adds evidence.
    pub fn add(&mut self, mut evidence: Evidence) -> &mut Self {
        let scope = self.scope();
        if evidence.component.is_none() {
            evidence.component.clone_from(&scope.component);
        }
        scope.evidence.push(evidence);
        self
    }

    /// The repository sets it up here and something uses it.
    pub fn supports(&mut self, summary: impl Into<String>, at: &Location) -> &mut Self {
        self.add(Evidence::configured(summary, at.clone()))
    }

    /// The repository says the contrary here.
    pub fn contradicts(&mut self, summary: impl Into<String>, at: &Location) -> &mut Self {
        self.add(Evidence::contrary(summary, at.clone()))
    }

    /// It is there, but nothing runs it or shows that it works: alone, the item is unknown with the cause `untried`,
    /// whatever its floor; beside real support or contrary evidence it changes nothing.
    pub fn untried(&mut self, summary: impl Into<String>, at: &Location) -> &mut Self {
        self.add(Evidence { rung: Rung::None, ..Evidence::configured(summary, at.clone()) })
    }

    /// Something that may decide but that nothing here reads: the item is then unknown, not failed.
    pub fn unread(&mut self, unread: &[Unread]) -> &mut Self {
        self.scope().unread.extend_from_slice(unread);
        self
    }

    /// Why there is no evidence, when there is none.
    pub fn because(&mut self, reason: impl Into<String>) -> &mut Self {
        self.scope().absence_reason = Some(reason.into());
        self
    }

    /// A remark that does not change the status.
    pub fn note(&mut self, summary: impl Into<String>, at: Option<&Location>) -> &mut Self {
        self.notes.push(Note { summary: summary.into(), location: at.cloned() });
        self
    }

    /// What was looked for, and where.
    pub fn looked_for(&mut self, what: impl Into<String>) -> &mut Self {
        self.looked_for.push(what.into());
        self
    }

    /// How to fix what was found here.
    pub fn remedy(&mut self, remedy: impl Into<String>) -> &mut Self {
        self.scope().remedy = Some(remedy.into());
        self
    }

    /// The remedy that was given for the newest component.
    pub fn remedy_so_far(&self) -> Option<&str> {
        self.scopes.last()?.remedy.as_deref()
    }

    /// The action that settles an unknown or a failure.
    pub fn settled_by(&mut self, action: impl Into<String>, command: Option<&str>) -> &mut Self {
        self.settled_by = Some(Settle { action: action.into(), command: command.map(str::to_owned) });
        self
    }

    /// The item does not apply to the newest component; `reason` names the fact that makes it so.
    pub fn does_not_apply(&mut self, reason: impl Into<String>) -> &mut Self {
        self.scope().applies = Applies::No(reason.into());
        self
    }

    /// Whether anything speaks for or against the newest component so far.
    pub fn has_evidence_here(&self) -> bool {
        self.scopes.last().is_some_and(|scope| !scope.evidence.is_empty())
    }

    /// Whether anything speaks for or against so far, in any scope.
    pub fn has_evidence(&self) -> bool {
        self.scopes.iter().any(|scope| !scope.evidence.is_empty())
    }
}
