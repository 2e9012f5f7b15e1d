//! The stored part of stories: the story that an entry joined, and the member record that a story keeps of each
//! entry.

use serde::{Deserialize, Serialize};

use crate::model::entry::EntryNo;
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::source::SourceId;

/// The reason why two entries are of one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Both link to the same page.
    SameLink,
    /// Their titles are equal once normalised.
    SameTitle,
    /// Their texts are nearly equal; the share of common runs of letters in hundredths.
    NearText {
        /// Jaccard similarity × 100.
        percent: u8,
    },
    /// One's text stands in the other's; the share of the shorter text in hundredths.
    PartOfText {
        /// Containment × 100.
        percent: u8,
    },
    /// Their titles are nearly equal, with equal numbers and places.
    NearTitle {
        /// Jaccard similarity × 100.
        percent: u8,
    },
}

/// The membership of an entry in the story of an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub founder: EntryNo,
    pub reason: Reason,
    /// True for a report of its own, which is shown beside the others. Stores of before say so of none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub related: bool,
    /// The entry whose report it repeats, if that is not the founder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<EntryNo>,
}

impl Membership {
    /// The entry by whose number those are known that repeat one report: a feed shows one of them. `None` for a
    /// report of its own.
    pub fn repeats(&self) -> Option<EntryNo> {
        (!self.related).then(|| self.report.unwrap_or(self.founder))
    }
}

/// A shown entry of a story that has several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub source: SourceId,
    pub regions: Vec<RegionId>,
    /// `round` of the entry.
    pub round: u64,
    /// `backlog` of the entry.
    pub backlog: Option<u32>,
    /// [`Membership::repeats`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<EntryNo>,
}

impl Member {
    /// The feeds it is listed in, each once.
    pub fn feeds(&self) -> impl Iterator<Item = FeedKey> + '_ {
        let national = self.regions.is_empty().then_some(FeedKey::National);
        let regions = self.regions.iter().map(|region| FeedKey::Region(region.clone()));
        [FeedKey::All, FeedKey::Source(self.source.clone())].into_iter().chain(national).chain(regions)
    }
}
