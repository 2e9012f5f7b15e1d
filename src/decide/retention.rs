//! Which entries are too old to be kept, and which of those that expired are too long gone to be
//! recognised. Pure: the time is an argument, and so is what stands in the feeds.

use chrono::TimeDelta;

use crate::model::feed_key::FeedKey;
use crate::model::outcome::Outcome;
use crate::model::state::{Rank, SourceState};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

/// How long after it expired, and after its source's document held it for the last time, an entry is still
/// recognised, unless entries are kept shorter than that themselves: then so long. Documents move back: a site
/// restores a backup, or sorts by the date of the last change. A month covers both, and whoever keeps
/// entries for a week does not want to keep what is left of them for a month.
pub const MARGIN: TimeDelta = TimeDelta::days(30);

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long after it was first seen an entry is kept.
    pub max_age: TimeDelta,
    /// So many of the newest of each source and each region stay, whatever their age.
    pub keep_at_least: usize,
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is younger than the policy's age: so is what came after it.
    Young,
    /// It stays.
    Stays,
    /// It expires.
    Expires,
    /// It expired long ago, and nothing of it is kept.
    Forgotten,
}

/// What becomes of an entry of `source` at an instant. `newest` says which place in a feed is the last that
/// the floor protects; `None` where the feed has fewer.
///
/// # Errors
/// When `newest` cannot say.
pub fn fate<E>(
    policy: Policy,
    now: Time,
    (no, entry): (EntryNo, &Entry),
    source: Option<&SourceState>,
    newest: &mut dyn FnMut(FeedKey) -> Result<Option<Rank>, E>,
) -> Result<Fate, E> {
    // Not by when it was published: a publisher's date may be years off, and the backlog of a new source
    // would expire on the day it came.
    if entry.first_seen > now - policy.max_age {
        // One that a clock years ahead has dated says nothing of those after it.
        return Ok(if entry.first_seen > now { Fate::Stays } else { Fate::Young });
    }
    // A source without a record does not exist; its entries, of which there are none, are not judged.
    let Some(source) = source else { return Ok(Fate::Stays) };
    if let Some(expired) = entry.expired {
        let margin = MARGIN.min(policy.max_age);
        let over = expired <= now - margin && entry.withdrawn.is_none();
        let over = over && has_moved_past(source, no, margin);
        return Ok(if over { Fate::Forgotten } else { Fate::Stays });
    }
    let answers = source.gone || source.outcome.as_ref().is_some_and(Outcome::is_good);
    if !entry.is_shown() || !answers {
        return Ok(Fate::Stays);
    }
    let rank = Rank::of(no, entry);
    for feed in floored(entry, source) {
        if policy.keep_at_least > 0 && newest(feed)?.is_none_or(|last| rank >= last) {
            return Ok(Fate::Stays);
        }
    }
    Ok(Fate::Expires)
}

/// The feeds whose newest entries are kept: its source's, unless that has left the config and is served no
/// more, and its regions' or the national one.
fn floored(entry: &Entry, source: &SourceState) -> impl Iterator<Item = FeedKey> {
    let gone = source.gone;
    entry.feeds().into_iter().filter(move |feed| match feed {
        FeedKey::All => false,
        FeedKey::Source(_) => !gone,
        FeedKey::National | FeedKey::Region(_) => true,
    })
}

/// Whether an entry has left its source's document for good, as far as readings tell: it was in none for the
/// margin. One that left the config is not read.
fn has_moved_past(source: &SourceState, no: EntryNo, margin: TimeDelta) -> bool {
    let poll = &source.poll;
    let is_past = |first: Option<EntryNo>| first.is_some_and(|first| no < first);
    source.gone || is_past(poll.window_from) && is_past(poll.windows.lowest(margin))
}

#[cfg(test)]
mod tests;
