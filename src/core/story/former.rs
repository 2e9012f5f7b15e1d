//! Stand-ins that keep the ledger of before compiling until it is replaced: they file nothing and find
//! nothing. Delete with their last user.

use std::sync::Arc;

use super::{Reason, Sketch};

/// Length of a key.
pub const KEY_LEN: usize = 14;
/// Version of stored sketches.
pub const VERSION: u8 = 2;

/// A key of the stored index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoryKey(pub [u8; KEY_LEN]);

impl StoryKey {
    /// None.
    #[must_use]
    pub fn era(&self) -> Option<u16> {
        None
    }

    /// None.
    #[must_use]
    pub fn stem(&self) -> u64 {
        0
    }

    /// None.
    #[must_use]
    pub fn minute(&self) -> u32 {
        0
    }
}

/// A range of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// First.
    pub from: StoryKey,
    /// From where.
    pub at: StoryKey,
    /// Last.
    pub to: StoryKey,
}

/// The stored index.
pub trait Shelf {
    /// A story.
    type Story: Copy + Ord;
    /// An error.
    type Error;

    /// Stories in a range.
    ///
    /// # Errors
    /// The store's.
    fn near(&self, lookup: &Lookup, limit: usize) -> Result<Vec<Self::Story>, Self::Error>;

    /// Members of a story.
    ///
    /// # Errors
    /// The store's.
    fn members(&self, story: Self::Story, limit: usize) -> Result<Vec<Arc<Sketch>>, Self::Error>;
}

/// A story found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<S> {
    /// The story.
    pub story: S,
    /// Why.
    pub reason: Reason,
}

/// Finds nothing.
///
/// # Errors
/// None.
pub fn join<S: Shelf>(_: &Sketch, _: &S) -> Result<Option<Found<S::Story>>, S::Error> {
    Ok(None)
}

/// No keys.
#[must_use]
pub fn index_keys(_: &Sketch) -> Vec<StoryKey> {
    Vec::new()
}

/// No ranges.
#[must_use]
pub fn lookups(_: &Sketch) -> Vec<Lookup> {
    Vec::new()
}
