//! The key of a published feed.

use serde::{Deserialize, Serialize};

use crate::model::region::RegionId;
use crate::model::source::SourceId;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKey {
    All,
    /// The entries that have no region.
    National,
    Region(RegionId),
    Source(SourceId),
}
