//! The records of a base: the state up to a position of the journal, written as lines, so that the older segments
//! can be deleted. Shapes only; `apply` makes them from a state and applies them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::feed_key::FeedKey;
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, SourceState};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

/// A part of the base. They stand in the order of the variants, all at the position that the base is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "lowercase")]
pub enum Base {
    Head(Head),
    Source(Box<BaseSource>),
    Feed(BaseFeed),
    /// Some entries, in the order of their numbers.
    Entries(BaseEntries),
    End(End),
}

impl Base {
    /// The time of the last line that it replaces.
    pub fn at(&self) -> Time {
        match self {
            Self::Head(part) => part.at,
            Self::Source(part) => part.at,
            Self::Feed(part) => part.at,
            Self::Entries(part) => part.at,
            Self::End(part) => part.at,
        }
    }
}

/// The record about the whole, without the counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub at: Time,
    pub newest_at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leapt: Option<Time>,
    pub instance: Uuid,
    pub config_at: Time,
    pub config: String,
}

impl Head {
    /// The head of the base of a state.
    pub fn of(meta: &Meta) -> Self {
        let Meta { newest_at, doubted, leapt, instance, config_at, .. } = *meta;
        Self { at: newest_at, newest_at, doubted, leapt, instance, config_at, config: meta.config.clone() }
    }
}

/// A source, without the counts of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseSource {
    pub at: Time,
    pub source: SourceId,
    pub state: SourceState,
}

/// A feed: what cannot be counted from its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseFeed {
    pub at: Time,
    pub feed: FeedKey,
    pub state: FeedState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseEntries {
    pub at: Time,
    pub entries: Vec<BaseEntry>,
}

/// An entry as it is stored, whether it is shown, was withdrawn, or expired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseEntry {
    pub no: EntryNo,
    /// The entry, without the regions of one that is shown: they are derived. Not flattened: that would be
    /// read twice.
    pub entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub at: Time,
    /// The number the next new entry gets.
    pub next_no: EntryNo,
    /// The number of entries in the base.
    pub entries: u64,
    pub sources: u64,
    pub feeds: u64,
}

/// The numbers of things in a base, counted while it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sources: u64,
    pub feeds: u64,
    /// Its entries, of any kind.
    pub entries: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sources, feeds, entries } = self;
        write!(f, "{sources} sources, {feeds} feeds and {entries} entries")
    }
}

impl Counts {
    pub fn take(&mut self, part: &Base) {
        match part {
            Base::Source(_) => self.sources += 1,
            Base::Feed(_) => self.feeds += 1,
            Base::Entries(part) => self.entries += part.entries.len() as u64,
            Base::Head(_) | Base::End(_) => {}
        }
    }

    /// The end of the base that was counted.
    pub fn end(self, at: Time, next_no: EntryNo) -> End {
        let Self { sources, feeds, entries } = self;
        End { at, next_no, entries, sources, feeds }
    }

    /// True if the end of a base says what was counted.
    pub fn agree_with(&self, end: &End) -> bool {
        let End { sources, feeds, entries, .. } = *end;
        *self == Self { sources, feeds, entries }
    }
}
