//! A stored entry: the publisher's text, and the decisions about it.

use serde::{Deserialize, Serialize};

pub use crate::model::entry::EntryNo;
use crate::model::entry::ParsedEntry;
use crate::model::evidence::Evidence;
use crate::model::feed_key::FeedKey;
use crate::model::identity::{Fingerprint, IdentityKey, Vote};
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::story::{Member, Membership};
use crate::model::time::Time;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The id it is published under.
    pub id: String,
    pub source: SourceId,
    /// Time at which dibao first saw it.
    pub first_seen: Time,
    /// Time at which subscribers could first see it: lists are ordered by this. The backlog of a new source
    /// surfaces at its own dates. Later entries surface when they are first seen, so that an entry that
    /// arrives late is not buried.
    pub surfaced: Time,
    /// Its place among the entries of its source's first poll, from 0 for the newest; `None` for one
    /// that came later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u32>,
    /// Time of publication: the publisher's date, never after it was first seen; else that.
    pub published: Time,
    /// Time of the last change worth telling (RFC 4287 section 4.2.15).
    pub updated: Time,
    /// Fingerprint of its text as last recorded.
    pub fingerprint: Fingerprint,
    #[serde(default)]
    pub rewrites: u32,
    /// The keys it is recognised by.
    pub keys: Vec<IdentityKey>,
    #[serde(default)]
    pub regions: Vec<Evidence>,
    /// The regions that the operator assigned it to: `regions` are these then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Vec<RegionId>>,
    /// The story it joined; `None` when it founded its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Membership>,
    /// Time at which the operator withdrew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Time>,
    /// Time at which it expired. After that only the facts by which it is recognised are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<Time>,
    pub seq: u64,
    /// The journal line that last rewrote or withdrew it; 0 before any did. See [`Entry::told_at`].
    #[serde(default)]
    pub changed_seq: u64,
    /// The publish round it came with: entries of one round become visible together.
    pub round: u64,
    /// Why it was taken for this entry when it last changed; or, before it did, not for one that it resembles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    pub body: ParsedEntry,
}

impl Entry {
    /// True if it is there to be read: it was neither withdrawn nor did it expire.
    pub fn is_shown(&self) -> bool {
        self.withdrawn.is_none() && self.expired.is_none()
    }

    /// Drops what it said; what it is recognised by stays, or a publisher that moves would bring it back
    /// as new.
    pub fn fall_silent(&mut self) {
        let ParsedEntry { id, title, links, published, updated, .. } = std::mem::take(&mut self.body);
        self.body = ParsedEntry { id, title, links, published, updated, ..ParsedEntry::default() };
    }

    /// Adds to the keys it is recognised by.
    pub fn go_by(&mut self, keys: &[IdentityKey]) {
        self.keys.extend(keys);
        self.keys.sort_unstable();
        self.keys.dedup();
    }

    /// The feeds it is listed in, each once; none for one that is not shown.
    pub fn feeds(&self) -> Vec<FeedKey> {
        if !self.is_shown() {
            return Vec::new();
        }
        let mut feeds = vec![FeedKey::All, FeedKey::Source(self.source.clone())];
        if self.regions.is_empty() {
            feeds.push(FeedKey::National);
        }
        feeds.extend(self.regions.iter().map(|e| FeedKey::Region(e.region.clone())));
        feeds
    }

    /// The entry as its story has it at hand.
    pub fn member(&self) -> Member {
        Member {
            source: self.source.clone(),
            regions: self.regions.iter().map(|evidence| evidence.region.clone()).collect(),
            round: self.round,
            backlog: self.backlog,
            report: self.story.as_ref().and_then(Membership::repeats),
        }
    }

    /// The journal line that last changed what it says: whoever has read up to it has the entry as it is.
    pub fn told_at(&self) -> u64 {
        self.seq.max(self.changed_seq)
    }

    /// Its title, or what stands for one: feeds must have it (RFC 4287 section 4.1.2).
    pub fn title(&self) -> &str {
        self.body.title.as_deref().unwrap_or("")
    }
}

/// Why an entry of a document was taken for a known entry, or not for the one that it resembles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub votes: Vec<Vote>,
    /// The published id of the entry that it was told from; `None` where it was taken for a known one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<String>,
    /// The title it had before, if that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

impl Decision {
    /// That it is new, though it has something in common with the entry of this published id.
    pub fn apart(other: String, votes: Vec<Vote>) -> Self {
        Self { votes, apart: Some(other), was: None }
    }

    /// That it is `old`, whose title is kept where it changes.
    pub fn known(votes: Vec<Vote>, old: &Entry) -> Self {
        let renamed = !votes.contains(&Vote::SameTitle);
        Self { votes, apart: None, was: old.body.title.clone().filter(|_| renamed) }
    }
}
