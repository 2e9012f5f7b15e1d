//! The decider between parser and store: of what a poll read, what is new, what changed, and what is
//! known already. Pure: it asks the state and answers with values.

use super::entry::{Body, ParsedEntry, ParsedFeed};
use super::html;
use super::identity::{self, Fingerprint, IdentityKey};
use super::record::{ChangedEntry, FeedFacts, PollRecord};
use super::source::SourceId;
use super::state::{SourceState, State};
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

/// What of a read feed is new to the store, or changed. Known entries cost a look-up and a fingerprint;
/// only what is recorded is sanitised.
///
/// # Errors
/// When the state cannot be read.
pub fn findings<S: State>(
    state: &S,
    source: &SourceId,
    stored: Option<&SourceState>,
    parsed: &ParsedFeed,
) -> Result<Findings, S::Error> {
    let mut found = Findings { feed: changed_facts(stored, parsed), ..Findings::default() };
    let mut seen = std::collections::BTreeSet::new();
    for entry in &parsed.entries {
        let key = identity::simple_key(entry);
        if !seen.insert(key) {
            continue;
        }
        let fingerprint = identity::simple_print(entry);
        match state.known(source, &key)? {
            None => found.new.push(DraftEntry {
                iri: entry.id.clone().filter(|id| id.contains(':') && !id.contains(' ')),
                minted: identity::simple_mint(source, &key),
                keys: vec![key],
                fingerprint,
                entry: clean(entry.clone()),
            }),
            Some(known) => {
                let Some(old) = state.entry(known.no)? else { continue };
                if old.fingerprint != fingerprint && old.rewrites < MAX_REWRITES {
                    found.changed.push(ChangedEntry {
                        published_id: old.id,
                        keys: Vec::new(),
                        fingerprint,
                        entry: clean(entry.clone()),
                    });
                }
            }
        }
    }
    Ok(found)
}

/// The entry with its HTML made safe to display.
fn clean(mut entry: ParsedEntry) -> ParsedEntry {
    let base = entry.page().map(str::to_owned);
    for body in [&mut entry.summary, &mut entry.content].into_iter().flatten() {
        if let Body::Html(markup) = body {
            *markup = html::sanitise(markup, base.as_deref());
        }
    }
    entry
}

/// What the feed says of itself, if that differs from what is stored. A source's first reading always
/// tells something: that it has been read.
fn changed_facts(stored: Option<&SourceState>, parsed: &ParsedFeed) -> Option<FeedFacts> {
    let home = parsed.links.iter().find(|l| l.rel == "alternate").map(|l| l.href.clone());
    let facts = FeedFacts {
        id: parsed.id.clone().filter(|id| identity::original_iri(Some(id)).is_some()),
        title: parsed.title.clone(),
        home,
        rights: parsed.rights.clone(),
        language: parsed.language.clone(),
    };
    stored.is_none_or(|s| !s.seeded || s.facts != facts).then_some(facts)
}
