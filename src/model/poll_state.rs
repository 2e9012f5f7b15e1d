//! The state that a poll leaves for the next poll of its source. Its serialised form stands in every line of the
//! journal.

use serde::{Deserialize, Serialize};

use crate::model::entry::ParsedEntry;
use crate::model::exchange::Validators;
use crate::model::identity::Marks;
use crate::model::outcome::Outcome;
use crate::model::skip::Skip;
use crate::model::time::Time;
use crate::model::window::Windows;

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
    /// True if the validators may vouch for what was not read, so that a request in full is due: once a day.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub in_full: bool,
    /// Time of the last unconditional request, if the source sends validators; unknown in older journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Time>,
    /// SHA-256 (first 16 octets, hexadecimal) of the last body that was read in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<String>,
    /// Hash of the end of the last body, if it breaks off: when the next one ends so too, it was not cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_hash: Option<String>,
    /// RSS `ttl` of the last reading: it holds until another feed is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_minutes: Option<u32>,
    /// Seconds for which the last answer that said so stays fresh: a 304 need not repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_for: Option<u32>,
    /// RSS `skipHours` and `skipDays` of the last reading.
    #[serde(default, skip_serializing_if = "Skip::is_none")]
    pub skip: Skip,
    /// The last body, if it was no feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejected>,
    /// Failed polls since the last good one.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub failures: u32,
    /// No poll before this instant: Retry-After, backoff after failures, or the response's freshness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// The address whose Retry-After `not_before` is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// Other Retry-After: of pages that the source's list leads to, of its robots.txt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Time of the last good answer (200 with a feed, or 304).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_at: Option<Time>,
    /// Time of the first failure since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news_at: Option<Time>,
    /// Entries of a list that wait for their pages to be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// The smallest entry number that the last reading found or made: what is below has left the source's
    /// document. 0 while it found none: then it is the first that its own record makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_from: Option<u64>,
    /// `window_from` over the last weeks.
    #[serde(default, skip_serializing_if = "Windows::is_none")]
    pub windows: Windows,
    /// Guids and addresses of the source that are worthless as keys.
    #[serde(default, skip_serializing_if = "Marks::is_none")]
    pub marks: Marks,
    /// True if its documents list the newest entry last; `None` while that was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_at_end: Option<bool>,
    /// True if the last reading held an entry that was there before, stored or waiting; unknown in journals of
    /// before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlaps: Option<bool>,
    /// A permanent redirect that is being watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// A Retry-After that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The address that asked for it.
    pub address: String,
    pub until: Time,
}

/// A body that was no feed. Its validators vouch for no entries, but a server that handed them out need
/// not send that body again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    pub validators: Validators,
    pub at: Time,
    /// The outcome of reading it; none in journals of before: no feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// A permanent redirect: followed each time, and asked directly once it proved steady.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The new address that the source gives.
    pub to: String,
    /// The number of polls in a row that gave it.
    pub seen: u32,
}

/// An entry of a list that waits for its page to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The entry, as the list had it.
    pub entry: ParsedEntry,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tries: u8,
    /// True if it stood in the source's first list: then it is no news when it comes.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub backlog: bool,
    /// The time from which a redirect of its page is to be followed, if one said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_from: Option<Time>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFacts {
    /// Its own id, if it is an absolute IRI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}
