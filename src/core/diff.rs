//! The decider between parser and store: of what a poll read, what is new, what changed, and what is
//! known already. Pure: it asks the state and answers with values.

use super::entry::{Body, ParsedEntry, ParsedFeed};
use super::html;
use super::identity::{Fingerprint, IdentityKey};
use super::record::{ChangedEntry, FeedFacts, PollRecord};
use super::source::SourceId;
use super::state::{Entry, SourceState, State};
use crate::core::apply::MAX_REWRITES;

/// A poll, ready to be recorded but for the published ids of its new entries: those are given by the
/// one writer, who alone sees what other sources claim at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The poll.
    pub poll: PollRecord,
    /// What the feed says of itself, if that changed.
    pub feed: Option<FeedFacts>,
    /// New entries, in document order.
    pub new: Vec<DraftEntry>,
    /// Rewritten ones.
    pub changed: Vec<ChangedEntry>,
}

impl Draft {
    /// Whether it is an observation, not just a poll.
    #[must_use]
    pub fn brings_something(&self) -> bool {
        self.feed.is_some() || !self.new.is_empty() || !self.changed.is_empty()
    }
}

/// A new entry before it has its published id.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftEntry {
    /// The publisher's own id, if it could be published.
    pub iri: Option<String>,
    /// The id it gets if that is taken.
    pub minted: String,
    /// The keys it is recognised by.
    pub keys: Vec<IdentityKey>,
    /// Fingerprint of its text.
    pub fingerprint: Fingerprint,
    /// The entry, sanitised.
    pub entry: ParsedEntry,
}

/// What a read feed brings, against what is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// What the feed says of itself, if that changed.
    pub feed: Option<FeedFacts>,
    /// New entries.
    pub new: Vec<DraftEntry>,
    /// Rewritten ones.
    pub changed: Vec<ChangedEntry>,
}

/// What of a read feed is new to the store, or changed.
///
/// # Errors
/// When the state cannot be read.
pub fn findings<S: State>(
    state: &S,
    source: &SourceId,
    stored: Option<&SourceState>,
    parsed: &ParsedFeed,
) -> Result<Findings, S::Error> {
    let _ = (state, source, stored, parsed);
    todo!()
}
