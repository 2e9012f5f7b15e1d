//! A source: its id, and the part of its configuration that decides what is stored.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::region::RegionId;

/// The id of a source: `[a-z0-9-]+`, unique in a config and in the journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// Takes an id that is known to be well-formed (`is_slug`); configs are checked before.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of a source, from 1 in the order of the journal.
pub type SourceNo = u32;

/// True if a text may be the id of a source or a region: `[a-z0-9-]+`, at most 64 bytes.
pub fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// How the entries of a source get their regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionRule {
    /// Every entry belongs to these regions, and to no other.
    Fixed(Vec<RegionId>),
    /// Every entry belongs to these regions, and to those the classifier finds (`route = true`).
    Routed(Vec<RegionId>),
    /// Only what the classifier finds.
    Auto,
}

/// The part of a source's configuration that what is stored and shown depends on. It is recorded in
/// the journal, so that a source that left the config can still be replayed and attributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDef {
    pub id: SourceId,
    /// The title shown for it, where the operator gave one; else the feed's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub url: String,
    pub region: RegionRule,
    /// A rights notice that overrides the feed's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// The priority of its entries when several of a story become visible at once; the highest is shown.
    #[serde(default)]
    pub priority: i32,
}

/// The part of an entry that is republished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentPolicy {
    /// Title, link, date and outlet.
    Title,
    /// These and a short summary: what publishers give away in feeds. The default.
    #[default]
    Summary,
    /// The full text, which takes the publisher's leave.
    Full,
}
