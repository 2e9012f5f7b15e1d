//! The records of the journal: one [`Line`] per fact, each with a sequence number, as NDJSON.
//!
//! A line records facts and the decisions made about them at the time: published ids, first-seen times, poll
//! states, the story of an entry. They are never derived again, and later rules change no decision. Values that
//! follow from a line alone (regions, lists) are not recorded: `apply` derives them, so that a replay brings
//! better rules to old entries.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::base::Base;
use crate::model::counts::EntryCounts;
use crate::model::entry::ParsedEntry;
use crate::model::identity::{Fingerprint, IdentityKey};
use crate::model::outcome::Outcome;
use crate::model::page_habits::PageTraits;
use crate::model::poll_state::{FeedFacts, PollState};
use crate::model::region::RegionId;
use crate::model::source::{SourceDef, SourceId};
use crate::model::stored::Decision;
use crate::model::story::Reason;
use crate::model::time::Time;
use crate::model::turn::Turn;

/// The version every line carries. A reader refuses lines of any other version. 1 and 2 were never released.
pub const LINE_VERSION: u8 = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub v: u8,
    /// Position in the journal; grows by one a line and never goes back.
    pub seq: u64,
    /// The publish round: the position of the first line that was recorded, and became visible,
    /// together with this one.
    pub round: u64,
    #[serde(flatten)]
    pub record: Record,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Record {
    /// The configuration that what follows was polled under.
    Config(ConfigRecord),
    /// A poll that brought no entries: when, how it ended, and what to remember for the next.
    Poll(PollRecord),
    /// A poll that brought new or changed entries.
    Observation(Observation),
    Withdraw(Withdrawal),
    /// The operator corrected the regions of an entry.
    Assign(Assignment),
    /// Old entries left, and what was still known of some.
    Expire(Expiry),
    /// A part of the base: what all lines up to a position amounted to.
    Base(Base),
}

impl Record {
    /// The source it is about, if it is about one.
    pub fn source(&self) -> Option<&SourceId> {
        match self {
            Self::Config(_) | Self::Withdraw(_) | Self::Assign(_) | Self::Expire(_) | Self::Base(_) => None,
            Self::Poll(r) => Some(&r.source),
            Self::Observation(r) => Some(&r.poll.source),
        }
    }

    pub fn entries(&self) -> usize {
        match self {
            Self::Observation(seen) => seen.new.len() + seen.changed.len(),
            Self::Expire(expiry) => expiry.entries.len() + expiry.forgotten.len() + expiry.erased.len(),
            Self::Base(Base::Entries(part)) => part.entries.len(),
            Self::Config(_) | Self::Poll(_) | Self::Withdraw(_) | Self::Assign(_) | Self::Base(_) => 0,
        }
    }

    /// The entries that it brings. One that only goes by other keys is not updated.
    pub fn counts(&self) -> EntryCounts {
        let Self::Observation(seen) = self else { return EntryCounts::default() };
        let is_merged = |new: &&NewEntry| new.story.as_ref().is_some_and(|story| !story.related);
        EntryCounts {
            new: seen.new.len() as u64,
            updated: seen.changed.iter().filter(|changed| !changed.renamed).count() as u64,
            merged: seen.new.iter().filter(is_merged).count() as u64,
        }
    }

    /// True for a change of the configuration.
    pub fn is_config(&self) -> bool {
        matches!(self, Self::Config(_))
    }

    pub fn at(&self) -> Time {
        match self {
            Self::Config(r) => r.at,
            Self::Poll(r) => r.at,
            Self::Observation(r) => r.poll.at,
            Self::Withdraw(r) => r.at,
            Self::Assign(r) => r.at,
            Self::Expire(r) => r.at,
            Self::Base(r) => r.at(),
        }
    }
}

/// A change of the configuration, as far as stored or served bytes depend on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigRecord {
    /// Time at which the daemon first ran with it.
    pub at: Time,
    /// The instance's own random id, drawn once, from which the ids of its feeds are made.
    pub instance: Uuid,
    /// Fingerprint of everything that feeds' bytes depend on.
    pub fingerprint: String,
    /// The sources, all of them: what left the config later is replayed under what it last was.
    pub sources: Vec<SourceDef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<SourceId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PollRecord {
    /// Time at which the answer was complete.
    pub at: Time,
    pub source: SourceId,
    pub outcome: Outcome,
    /// The state from which the next poll starts.
    pub state: PollState,
    /// The change of the source's state, if there is one. Journals of before name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// The traits of the last article pages that taught something, in the order of reading. At most
    /// [`PAGES`](crate::model::page_habits::PAGES): older ones would be forgotten at once. Journals of before name none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PageTraits>,
}

/// The regions of an entry, corrected by hand: they hold whatever its texts say, now and after a rewrite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub at: Time,
    /// The id it was published under.
    pub published_id: String,
    /// Its regions, none for an entry about the whole country; `None` takes the correction back.
    pub regions: Option<Vec<RegionId>>,
}

/// An entry taken back: it leaves every feed, is announced there as deleted (RFC 6721), and never
/// comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    pub at: Time,
    /// The id it was published under.
    pub published_id: String,
}

/// Entries that became too old to be kept, or whose source the operator forgot. They leave every feed without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    pub at: Time,
    /// The ids they were published under. They stay recognised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// Ids of entries that expired long ago and that their sources do not list any more: nothing of them
    /// is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<String>,
    /// Ids of entries of a source that the operator forgot, shown or expired: nothing of them is kept. What was withdrawn
    /// stays, so that it never comes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<String>,
    /// Sources that the operator forgot: they are as if they had never been polled. Older versions of dibao skip this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    #[serde(flatten)]
    pub poll: PollRecord,
    /// The feed's facts about itself, if they changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedFacts>,
    /// Entries seen for the first time, in document order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<NewEntry>,
    /// Known entries whose text or page changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedEntry>,
    /// Those of `changed` that leave their stories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Departure>,
}

/// An entry seen for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEntry {
    /// The id it is published under, for ever.
    pub published_id: String,
    /// The keys it is recognised by in later polls.
    pub keys: Vec<IdentityKey>,
    pub fingerprint: Fingerprint,
    pub entry: ParsedEntry,
    /// True if it stood in its source's first list, and waited for its page since: it is no news.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub backlog: bool,
    /// The story that it joined when it was recorded, if it joined one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<JoinedStory>,
    /// The facts that distinguish it from a known entry with which it shares some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// An entry joins the story of one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedStory {
    /// The id under which an entry of that story is published; the entry that it is the same report as, if it is.
    pub with: String,
    pub reason: Reason,
    /// True if both are shown: one story, two reports. Journals of before say so of none.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub related: bool,
}

/// A known entry that was rewritten, or goes by other keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangedEntry {
    /// The id it is published under.
    pub published_id: String,
    /// Keys to recognise it by, further to those it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<IdentityKey>,
    pub fingerprint: Fingerprint,
    /// The entry as it is now, sanitised.
    pub entry: ParsedEntry,
    /// True if its keys are all that is new: what it says stays as it is stored.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub renamed: bool,
    /// Why it is taken for this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// That a rewritten entry leaves its story: what it says now is other news, or no more the same report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// The id the entry is published under.
    pub published_id: String,
    /// The story that it joins instead, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<JoinedStory>,
}
