//! The state that `apply` makes of the journal, as values, and the queries that `apply` makes. The store lays the
//! values out as keys and bytes. It is long because the values that one batch writes are read together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::departed::Departed;
use crate::model::feed_key::FeedKey;
use crate::model::habits::Habits;
use crate::model::identity::{IdentityKey, KnownKeys};
use crate::model::outcome::Outcome;
use crate::model::page_habits::PageHabits;
use crate::model::poll_state::{FeedFacts, PollState};
use crate::model::source::{SourceDef, SourceId, SourceNo};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Member;
use crate::model::time::Time;
use crate::model::turn::PastTurn;

/// The one record about the store as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The last line of the journal that is applied.
    pub seq: u64,
    /// The number the next new entry gets.
    pub next_no: EntryNo,
    /// The number of entries that are stored, without those that expired.
    pub entries: u64,
    /// The number of tombstones: expired entries that are still recognised.
    #[serde(default)]
    pub stubs: u64,
    /// The number of sources ever configured; the next one gets the number after it.
    pub sources: u32,
    /// The latest trusted `fetched_at` of a line: the "now" of everything that ages.
    pub newest_at: Time,
    /// The start of a suspicious jump of the clock, while the new time is not trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<Time>,
    /// The time of the last suspicious forward jump of the clock. Expiry pauses for a day after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leapt: Option<Time>,
    /// The instance's own random id; nil before the first config record.
    pub instance: Uuid,
    /// Time of the last change of the configuration.
    pub config_at: Time,
    pub config: String,
    /// Fingerprint of the rules that entries were derived under.
    pub rules: String,
}

impl Meta {
    /// The state before the first line.
    pub fn empty(rules: &str) -> Self {
        Self {
            seq: 0,
            next_no: 1,
            entries: 0,
            stubs: 0,
            sources: 0,
            newest_at: Time::UNIX_EPOCH,
            doubted: None,
            leapt: None,
            instance: Uuid::nil(),
            config_at: Time::UNIX_EPOCH,
            config: String::new(),
            rules: rules.to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Its number: what stands for it where its id would be too long.
    pub no: SourceNo,
    /// Its definition when it was last in the config.
    pub def: SourceDef,
    /// True if it left the config.
    #[serde(default)]
    pub gone: bool,
    /// The feed's own metadata.
    #[serde(default)]
    pub facts: FeedFacts,
    /// The state that the next poll starts from.
    #[serde(default)]
    pub poll: PollState,
    #[serde(default)]
    pub outcome: Option<Outcome>,
    #[serde(default)]
    pub polled_at: Option<Time>,
    /// True if it ever brought entries: the first time is a backlog, not news.
    #[serde(default)]
    pub seeded: bool,
    #[serde(default)]
    pub habits: Habits,
    /// What its article pages have in common; for a source that is followed.
    #[serde(default, skip_serializing_if = "PageHabits::is_none")]
    pub pages: PageHabits,
    /// The last changes of its state, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<PastTurn>,
    /// The journal line that last changed what the feed says of itself, which every entry repeats.
    #[serde(default)]
    pub facts_seq: u64,
    /// The number of its stored entries, without expired ones.
    #[serde(default)]
    pub entries: u64,
    /// The number of its tombstones: expired entries that are still recognised.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub stubs: u64,
}

impl SourceState {
    pub fn new(no: SourceNo, def: SourceDef) -> Self {
        Self {
            no,
            def,
            gone: false,
            facts: FeedFacts::default(),
            poll: PollState::default(),
            outcome: None,
            polled_at: None,
            seeded: false,
            habits: Habits::default(),
            pages: PageHabits::default(),
            turns: Vec::new(),
            facts_seq: 0,
            entries: 0,
            stubs: 0,
        }
    }

    /// True if the operator forgot it after it left the config, or if it left before its first poll.
    pub fn is_forgotten(&self) -> bool {
        self.gone && self.polled_at.is_none()
    }

    /// As in [`Outcome::state`].
    pub fn condition(&self, now: Time) -> &'static str {
        Outcome::state(self.outcome.as_ref(), || self.habits.is_silent(now))
    }

    /// The state of a configured source: `off` if it is not polled, `new` if nothing is known of it.
    pub fn state(stored: Option<&Self>, enabled: bool, now: Time) -> &'static str {
        if enabled { stored.map_or("new", |stored| stored.condition(now)) } else { "off" }
    }

    /// The title it is shown by: the operator's, else the feed's own, else its id.
    pub fn title(&self) -> &str {
        let given = self.def.title.as_deref().or(self.facts.title.as_deref());
        given.unwrap_or_else(|| self.def.id.as_str())
    }
}

/// The stored state of a feed, without the list of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// The latest `updated` any entry of it ever had; never goes back (RFC 4287 section 4.2.15).
    pub updated: Time,
    /// The journal time of the last record that touched it.
    pub changed_at: Time,
    /// That record's position.
    pub changed_seq: u64,
    /// The journal time of the last record that changed an entry it already had, or took one from it:
    /// what its archives change by.
    #[serde(default)]
    pub revised_at: Time,
    /// That record's position.
    #[serde(default)]
    pub revised_seq: u64,
    /// The number of entries on its list.
    pub entries: u64,
    /// The times of entries that have left it.
    #[serde(default, skip_serializing_if = "Departed::is_empty")]
    pub left: Departed,
}

/// The place of an entry in a feed's list; the greatest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Time at which subscribers could first see it.
    pub surfaced: Time,
    pub published: Time,
    /// Its number, so that no two are equal.
    pub no: EntryNo,
}

impl Rank {
    pub fn of(no: EntryNo, entry: &Entry) -> Self {
        Self { surfaced: entry.surfaced, published: entry.published, no }
    }
}

/// The key of a row that lists an entry in a feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListingKey {
    pub feed: FeedKey,
    /// True if the entry came with its source's first poll: such entries are listed apart, as they surface
    /// at their own dates.
    pub backlog: bool,
    pub rank: Rank,
}

/// The value of a row of a list: enough to choose entries without reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    pub source: SourceNo,
    /// [`Entry::backlog`].
    pub backlog: Option<u32>,
    /// The founder of its story; `None` while it is the only entry of it.
    pub story: Option<EntryNo>,
}

/// Entries of one first poll, by which the archives find when they were first seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BacklogKey {
    pub feed: FeedKey,
    /// Time at which they were first seen.
    pub first_seen: Time,
    pub seq: u64,
}

/// The end of a line of the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    pub segment: u32,
    /// Octets from the start of that file.
    pub offset: u64,
}

/// The place in the journal up to which the state reflects it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The end of the last line, or of one before it.
    #[serde(flatten)]
    pub position: Position,
    /// The checksum of the frame that ends there. It distinguishes the journal from another one that went on
    /// differently. `None` at the start of a segment.
    #[serde(rename = "seal")]
    pub checksum: Option<u32>,
}

/// The queries that deciding and `apply` make.
pub trait State {
    type Error;

    /// The record about the whole; `None` for an empty store.
    fn meta(&self) -> Result<Option<Meta>, Self::Error>;
    fn source(&self, id: &SourceId) -> Result<Option<SourceState>, Self::Error>;
    fn entry(&self, no: EntryNo) -> Result<Option<Entry>, Self::Error>;
    /// The entries of a source by their identity keys.
    fn known(&self, source: &SourceId) -> Result<KnownKeys, Self::Error>;
    /// The entry that is published under an id.
    fn owner(&self, published_id: &str) -> Result<Option<EntryNo>, Self::Error>;
    /// The shown entries of a story, by number, at most `limit`. Empty for a story of one entry.
    fn members(&self, founder: EntryNo, limit: usize) -> Result<Vec<(EntryNo, Member)>, Self::Error>;
    fn feed(&self, feed: &FeedKey) -> Result<Option<FeedState>, Self::Error>;
    /// The entries of a first poll that a feed lists, by number.
    fn backlog(&self, key: &BacklogKey) -> Result<Vec<EntryNo>, Self::Error>;
}

/// The changes that lines of the journal make, each row once. Written as one batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub meta: Option<Meta>,
    /// The position in the journal that the state reflects.
    pub position: Option<Reached>,
    pub sources: BTreeMap<SourceId, SourceState>,
    pub feeds: BTreeMap<FeedKey, FeedState>,
    /// Entries; `None` where nothing of one is kept.
    pub entries: BTreeMap<EntryNo, Option<Entry>>,
    /// The entry of a source with an identity key; `None` for no entry.
    pub known: BTreeMap<(SourceId, IdentityKey), Option<EntryNo>>,
    /// The entry with a published id; `None` for no entry.
    pub owners: BTreeMap<String, Option<EntryNo>>,
    /// Members of stories: founder and member; `None` where one is not shown any more.
    pub members: BTreeMap<(EntryNo, EntryNo), Option<Member>>,
    /// Places on lists; `None` where an entry left.
    pub places: BTreeMap<ListingKey, Option<Listing>>,
    /// Entries of first polls, by number; empty where none is left.
    pub backlogs: BTreeMap<BacklogKey, Vec<EntryNo>>,
    /// Withdrawals that feeds announce: the feed, when, the entry, and its published id.
    pub withdrawn: BTreeMap<(FeedKey, Time, EntryNo), String>,
}

impl Changes {
    pub fn take_in(&mut self, later: Self) {
        self.meta = later.meta.or(self.meta.take());
        self.position = later.position.or(self.position);
        self.sources.extend(later.sources);
        self.feeds.extend(later.feeds);
        self.entries.extend(later.entries);
        self.known.extend(later.known);
        self.owners.extend(later.owners);
        self.members.extend(later.members);
        self.places.extend(later.places);
        self.backlogs.extend(later.backlogs);
        self.withdrawn.extend(later.withdrawn);
    }
}
