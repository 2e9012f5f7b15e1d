//! The key of a published feed.

use serde::{Deserialize, Serialize};

use crate::model::region::RegionId;
use crate::model::source::SourceId;

/// One published feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKey {
    /// Every entry.
    All,
    /// The entries that have no region.
    National,
    /// The entries of one region.
    Region(RegionId),
    /// The entries of one source.
    Source(SourceId),
}
