//! Which story a new entry joins.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keys::{Lookup, lookups};
use super::same::{Reason, Verdict, judge};
use super::sketch::Sketch;

/// Filed entries taken from each side of a lookup's point. Reports of one story come within hours, so
/// the nearest in time are the likeliest; a hot template cannot make an entry cost more than this.
pub const NEAREST: usize = 24;
/// Stories compared with, those that share most keys first.
pub const MAX_STORIES: usize = 32;
/// Members of a story compared with, the founder first.
pub const MAX_MEMBERS: usize = 8;

/// Where stories are filed; the store's side of the decision. Answers must depend only on what was
/// filed, so that a replay gives the same stories.
pub trait Shelf {
    /// Names a story; founded later is larger.
    type Story: Copy + Ord;
    /// Why the shelf cannot answer.
    type Error;

    /// The stories of entries filed in a lookup's range: up to `limit` at or before its point, from
    /// the nearest back, and up to `limit` after it, from the nearest on. Ties go by entry.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn near(&self, lookup: &Lookup, limit: usize) -> Result<Vec<Self::Story>, Self::Error>;

    /// The sketches of a story's members in the order they joined, at most `limit`.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    fn members(&self, story: Self::Story, limit: usize) -> Result<Vec<Arc<Sketch>>, Self::Error>;
}

/// The story an entry joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined<S> {
    /// The story.
    pub story: S,
    /// Why.
    pub reason: Reason,
}

/// Finds the story a new entry joins, if any: the oldest of those it is the same as. Existing stories
/// are never merged. Where outlets retell a daily bulletin, yesterday's story is older and near as
/// well, so one whose days and figures agree goes before one where they do not.
///
/// # Errors
/// What the shelf reports.
pub fn join<S: Shelf>(new: &Sketch, shelf: &S) -> Result<Option<Joined<S::Story>>, S::Error> {
    let mut second = None;
    for story in candidates(new, shelf)? {
        let Some(verdict) = belongs(new, &shelf.members(story, MAX_MEMBERS)?) else { continue };
        let joined = Joined { story, reason: verdict.reason };
        if verdict.agrees {
            return Ok(Some(joined));
        }
        second = second.or(Some(joined));
    }
    Ok(second)
}

/// The stories to compare with, oldest first.
fn candidates<S: Shelf>(new: &Sketch, shelf: &S) -> Result<Vec<S::Story>, S::Error> {
    let mut hits: BTreeMap<S::Story, usize> = BTreeMap::new();
    for lookup in lookups(new) {
        for story in shelf.near(&lookup, NEAREST)? {
            *hits.entry(story).or_default() += 1;
        }
    }
    let mut ranked: Vec<_> = hits.into_iter().collect();
    ranked.sort_by_key(|&(story, count)| (std::cmp::Reverse(count), story));
    ranked.truncate(MAX_STORIES);
    let mut stories: Vec<_> = ranked.into_iter().map(|(story, _)| story).collect();
    stories.sort_unstable();
    Ok(stories)
}

/// Whether an entry belongs to a story: it is the same as the founder, or as at least half of the
/// members. One member alone does not vouch for it, or a story would drift from report to report
/// until its ends have nothing in common.
fn belongs(new: &Sketch, members: &[Arc<Sketch>]) -> Option<Verdict> {
    let (founder, others) = members.split_first()?;
    if let Some(verdict) = judge(new, founder) {
        return Some(verdict);
    }
    let (mut first, mut alike, mut apart) = (None, 0, 1);
    for member in others {
        match judge(new, member) {
            Some(verdict) => {
                first = first.or(Some(verdict));
                alike += 1;
            }
            None => apart += 1,
        }
        if apart * 2 > members.len() {
            return None;
        }
    }
    first.filter(|_| alike * 2 >= members.len())
}
