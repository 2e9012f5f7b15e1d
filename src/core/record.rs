//! What the journal records: one [`Line`] per fact, each with a sequence number, as NDJSON.
//!
//! A line says what was learned and decided when it was learned: published ids, first-seen times and
//! poll states are recorded here and never derived again. So is the story an entry was found
//! to tell: later rules change no decision. What follows from a line alone (regions, lists) is not recorded:
//! `apply` derives it, so that better rules reach old entries by a replay.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::base::Base;
use super::entry::ParsedEntry;
use super::exchange::Validators;
use super::follow::Waiting;
use super::freshness::Skip;
use super::identity::{Fingerprint, IdentityKey, Marks, Vote};
use super::outcome::Outcome;
use super::region::RegionId;
use super::source::{SourceDef, SourceId};
use super::state::Entry;
use super::story::Reason;
use super::time::Time;
use super::window::Windows;

/// The version every line carries. A reader refuses lines of any other version. 1 and 2 were never released.
pub const LINE_VERSION: u8 = 3;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Format version of this line.
    pub v: u8,
    /// Position in the journal; grows by one a line and never goes back.
    pub seq: u64,
    /// The publish round: the position of the first line that was recorded, and became visible,
    /// together with this one.
    pub round: u64,
    /// The fact.
    #[serde(flatten)]
    pub record: Record,
}

/// The kinds of facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Record {
    /// The configuration that what follows was polled under.
    Config(ConfigRecord),
    /// A poll that brought no entries: when, how it ended, and what to remember for the next.
    Poll(PollRecord),
    /// A poll that brought new or changed entries.
    Observation(Observation),
    /// The operator took an entry back.
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
    #[must_use]
    pub fn source(&self) -> Option<&SourceId> {
        match self {
            Self::Config(_) | Self::Withdraw(_) | Self::Assign(_) | Self::Expire(_) | Self::Base(_) => None,
            Self::Poll(r) => Some(&r.source),
            Self::Observation(r) => Some(&r.poll.source),
        }
    }

    /// How many entries stand in it.
    #[must_use]
    pub fn entries(&self) -> usize {
        match self {
            Self::Observation(seen) => seen.new.len() + seen.changed.len(),
            Self::Expire(expiry) => expiry.entries.len() + expiry.forgotten.len(),
            Self::Base(Base::Entries(part)) => part.entries.len(),
            Self::Config(_) | Self::Poll(_) | Self::Withdraw(_) | Self::Assign(_) | Self::Base(_) => 0,
        }
    }

    /// True for a change of the configuration.
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(self, Self::Config(_))
    }

    /// When it was learned.
    #[must_use]
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
    /// When the daemon first ran with it.
    pub at: Time,
    /// The instance's own random id, drawn once, from which the ids of its feeds are made.
    pub instance: Uuid,
    /// Fingerprint of everything that feeds' bytes depend on.
    pub fingerprint: String,
    /// The sources, all of them: what left the config later is replayed under what it last was.
    pub sources: Vec<SourceDef>,
    /// The sources that left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<SourceId>,
}

/// One poll.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PollRecord {
    /// When the answer was in.
    pub at: Time,
    /// The source.
    pub source: SourceId,
    /// How it ended.
    pub outcome: Outcome,
    /// What the next poll has to know.
    pub state: PollState,
}

/// The regions of an entry, corrected by hand: they hold whatever its texts say, now and after a rewrite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// When it was corrected.
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
    /// When it was taken back.
    pub at: Time,
    /// The id it was published under.
    pub published_id: String,
}

/// Entries that became too old to be kept. They leave every feed without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// When.
    pub at: Time,
    /// The ids they were published under. They stay recognised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// Ids of entries that expired long ago and that their sources do not list any more: nothing of them
    /// is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<String>,
}

/// What one poll learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The poll itself.
    #[serde(flatten)]
    pub poll: PollRecord,
    /// What the feed says of itself, where that changed.
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
    /// Fingerprint of its text.
    pub fingerprint: Fingerprint,
    /// The entry, sanitised.
    pub entry: ParsedEntry,
    /// Whether it stood in its source's first list, and waited for its page since: it is no news.
    #[serde(default, skip_serializing_if = "is_false")]
    pub backlog: bool,
    /// The story it was found to tell when it was recorded; `None` where it tells its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Told>,
    /// What tells it from a known entry that it has something in common with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// Why an entry of a document was taken for a known entry, or not for the one that it resembles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The evidence.
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
    #[must_use]
    pub fn apart(other: String, votes: Vec<Vote>) -> Self {
        Self { votes, apart: Some(other), was: None }
    }

    /// That it is `old`, whose title is kept where it changes.
    #[must_use]
    pub fn known(votes: Vec<Vote>, old: &Entry) -> Self {
        let renamed = !votes.contains(&Vote::SameTitle);
        Self { votes, apart: None, was: old.body.title.clone().filter(|_| renamed) }
    }
}

/// That an entry tells the same story as one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The id under which an entry of that story is published; the entry that it is the same report as, if it is.
    pub with: String,
    /// Why they are the same.
    pub reason: Reason,
    /// True if both are shown: they tell one story, and are not the same report. Journals of before say so of none.
    #[serde(default, skip_serializing_if = "is_false")]
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
    /// Fingerprint of its text now.
    pub fingerprint: Fingerprint,
    /// The entry as it is now, sanitised.
    pub entry: ParsedEntry,
    /// Whether its keys are all that is new: what it says stays as it is stored.
    #[serde(default, skip_serializing_if = "is_false")]
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
    /// The story it tells from now on, if not one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Told>,
}

/// What a feed says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFacts {
    /// Its own id, if it is an absolute IRI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Its rights notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// What the next poll of a source has to know of the ones before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollState {
    /// The instant of the schedule this poll was for; the floor counts from here.
    pub scheduled: Option<Time>,
    /// The newest validators, exactly as the server sent them.
    #[serde(default)]
    pub validators: Validators,
    /// Fingerprint of how the source's documents are read; unknown in journals of before. Under another one, what
    /// the validators vouch for was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_by: Option<String>,
    /// Whether the validators may vouch for what was not read, so that a request in full is due: once a day.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_full: bool,
    /// When the source, if it hands out validators, was last asked in full; unknown in journals of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Time>,
    /// SHA-256 (first 16 octets, hexadecimal) of the last body that was read in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<String>,
    /// That of what the last body ended with, if that is before its end: when the next one ends so too, it was
    /// not cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_hash: Option<String>,
    /// RSS `ttl` of the last reading: it holds until another feed is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_minutes: Option<u32>,
    /// How many seconds the last answer that said so stays fresh: a 304 need not repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_for: Option<u32>,
    /// RSS `skipHours` and `skipDays` of the last reading.
    #[serde(default, skip_serializing_if = "Skip::is_none")]
    pub skip: Skip,
    /// The last body, if it was no feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejected>,
    /// Failed polls since the last good one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// No poll before this instant: Retry-After, backoff after failures, or the response's freshness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// The address whose Retry-After `not_before` is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// What was asked for by Retry-After beside that: by pages the source's list leads to, by its robots.txt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// When the source last answered as it should (200 with a feed, or 304).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_at: Option<Time>,
    /// When it first answered otherwise since then, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Time>,
    /// When it last brought a new entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news_at: Option<Time>,
    /// Entries of a list that wait for their pages to be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// The smallest entry number that the last reading found or made: what is below has left the source's
    /// document. 0 while it found none: then it is the first that its own record makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_from: Option<u64>,
    /// Where it began over the last weeks.
    #[serde(default, skip_serializing_if = "Windows::is_none")]
    pub windows: Windows,
    /// What is known of the source's guids and addresses.
    #[serde(default, skip_serializing_if = "Marks::is_none")]
    pub marks: Marks,
    /// Whether its documents list the newest entry last, as far as that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_at_end: Option<bool>,
    /// Whether the last reading held an entry that was there before, stored or waiting; unknown in journals
    /// of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlaps: Option<bool>,
    /// A permanent redirect that is being watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// That a host is to be left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The address that asked for it.
    pub address: String,
    /// Until when.
    pub until: Time,
}

/// A body that was no feed. Its validators vouch for no entries, but a server that handed them out need
/// not send that body again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The validators that came with it.
    pub validators: Validators,
    /// When it was last asked for in full.
    pub at: Time,
    /// The outcome of reading it; none in journals of before: no feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// A permanent redirect: followed each time, and asked directly once it proved steady.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where the source says it is now.
    pub to: String,
    /// How many polls in a row said so.
    pub seen: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
