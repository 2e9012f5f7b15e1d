//! Notes of what the readers of a page weighed, took and left. The code that decides writes them, and only if somebody
//! asks, so that `dibao probe` shows the decision itself. Decides nothing.

use std::cell::RefCell;

use ego_tree::NodeId;
use serde::Serialize;

/// Losing candidates of a part that are noted: a person compares a few, and a hostile page has thousands.
const MAX_LOSERS: usize = 8;

/// The part of a page that a candidate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// A block of rows of a list.
    Rows,
    Title,
    Date,
    Outlet,
    Editor,
    Body,
    /// An element that is left out of an article by its name.
    Frame,
}

/// A candidate as the code that decides knows it.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) part: Part,
    pub(super) taken: bool,
    /// The rule by which it was taken or left.
    pub(super) why: &'static str,
    /// Its elements: the rows of a block, the blocks of a body. Empty if it stands in the head or the address.
    pub(super) nodes: Vec<NodeId>,
    /// Its texts: the titles of a block's rows, or the one value.
    pub(super) texts: Vec<String>,
    /// Its weight: the rows of a block that show a date, the prose of a body.
    pub(super) weight: usize,
}

/// A value that a rule found: the value, its element and the rule.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) value: String,
    pub(super) node: Option<NodeId>,
    pub(super) why: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct Notes(Option<RefCell<Vec<Note>>>);

impl Notes {
    /// Notes that are kept; the default keeps none.
    pub(super) fn kept() -> Self {
        Self(Some(RefCell::default()))
    }

    pub(super) fn are_kept(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn add(&self, note: impl FnOnce() -> Note) {
        if let Some(kept) = &self.0 {
            let note = note();
            kept.borrow_mut().push(note);
        }
    }

    pub(super) fn add_found(&self, part: Part, taken: bool, found: &Found) {
        self.add(|| Note {
            part,
            taken,
            why: found.why,
            nodes: found.node.into_iter().collect(),
            texts: vec![found.value.clone()],
            weight: 0,
        });
    }

    /// The first candidate, which wins. The others are looked at only for the notes.
    pub(super) fn first(&self, part: Part, mut candidates: impl Iterator<Item = Found>) -> Option<String> {
        let won = candidates.next();
        if self.are_kept() {
            won.iter().for_each(|won| self.add_found(part, true, won));
            // A later rule may find the same value at the same place.
            let is_other = |lost: &Found| {
                won.as_ref().is_none_or(|won| (&won.value, won.node) != (&lost.value, lost.node))
            };
            candidates.filter(is_other).take(MAX_LOSERS).for_each(|lost| self.add_found(part, false, &lost));
        }
        won.map(|won| won.value)
    }

    /// The notes so far, which are forgotten then.
    pub(super) fn take(&self) -> Vec<Note> {
        self.0.as_ref().map(RefCell::take).unwrap_or_default()
    }
}
