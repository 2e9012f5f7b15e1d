//! Decides which entries expire, and which expired entries are forgotten, so that a later poll no longer
//! recognises them. Pure: the time and the feeds' contents are arguments.

use chrono::TimeDelta;

use crate::model::feed_key::FeedKey;
use crate::model::outcome::Outcome;
use crate::model::state::{Rank, SourceState};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

/// The time for which an entry is still recognised after it expired and after its source's document last
/// contained it. If `max_age` is shorter, that counts instead: an operator who keeps entries for a week does
/// not want their keys for a month. A month covers documents that show old entries again: a site restores a
/// backup, or sorts by the date of the last change.
pub const MARGIN: TimeDelta = TimeDelta::days(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Counts from when an entry was first seen.
    pub max_age: TimeDelta,
    /// The number of newest entries of each source and each region that stay whatever their age.
    pub keep_at_least: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionDecision {
    /// It is younger than `max_age`, and so are the entries after it.
    Young,
    Stays,
    Expires,
    /// It expired long ago: its keys go too.
    Forgotten,
}

/// Decides about an entry of `source` at `now`. `newest` returns the last rank of a feed that
/// `keep_at_least` protects, or `None` if the feed has fewer entries.
pub fn decide<E>(
    policy: Policy,
    now: Time,
    (no, entry): (EntryNo, &Entry),
    source: Option<&SourceState>,
    newest: &mut dyn FnMut(FeedKey) -> Result<Option<Rank>, E>,
) -> Result<RetentionDecision, E> {
    // Not by the publisher's date: it may be years off, and the backlog of a new source would expire on the
    // day it came.
    if entry.first_seen > now - policy.max_age {
        // A clock that was ahead dated this entry in the future. The entries after it may be old.
        return Ok(if entry.first_seen > now { RetentionDecision::Stays } else { RetentionDecision::Young });
    }
    // A source without a record has no entries.
    let Some(source) = source else { return Ok(RetentionDecision::Stays) };
    if let Some(expired) = entry.expired {
        let margin = MARGIN.min(policy.max_age);
        let over = expired <= now - margin && entry.withdrawn.is_none();
        let over = over && has_moved_past(source, no, margin);
        return Ok(if over { RetentionDecision::Forgotten } else { RetentionDecision::Stays });
    }
    let answers = source.gone || source.outcome.as_ref().is_some_and(Outcome::is_good);
    if !entry.is_shown() || !answers {
        return Ok(RetentionDecision::Stays);
    }
    let rank = Rank::of(no, entry);
    for feed in protecting_feeds(entry, source) {
        if policy.keep_at_least > 0 && newest(feed)?.is_none_or(|last| rank >= last) {
            return Ok(RetentionDecision::Stays);
        }
    }
    Ok(RetentionDecision::Expires)
}

/// The entry's feeds that `keep_at_least` protects: its source's, unless the source has left the config and
/// its feed is served no more, and its regions' or the national one.
fn protecting_feeds(entry: &Entry, source: &SourceState) -> impl Iterator<Item = FeedKey> {
    let gone = source.gone;
    entry.feeds().into_iter().filter(move |feed| match feed {
        FeedKey::All => false,
        FeedKey::Source(_) => !gone,
        FeedKey::National | FeedKey::Region(_) => true,
    })
}

/// True if the entry was in none of its source's documents during `margin`, or if the source has left the
/// config and is no longer read.
fn has_moved_past(source: &SourceState, no: EntryNo, margin: TimeDelta) -> bool {
    let poll = &source.poll;
    let is_past = |first: Option<EntryNo>| first.is_some_and(|first| no < first);
    source.gone || is_past(poll.window_from) && is_past(poll.windows.lowest(margin))
}

#[cfg(test)]
mod tests;
