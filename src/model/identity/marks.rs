//! The guids and addresses of a source that proved worthless as keys. Part of the source's poll state.

use serde::{Deserialize, Serialize};

use super::key::IdentityKey;

/// Guids and addresses remembered as shared; the oldest are forgotten. A source that shares more at a time makes
/// them up, and then its titles and dates tell its entries apart.
const REMEMBERED: usize = 32;
/// So many guids that a document keeps together are a habit, not a placeholder that all entries have.
const PROVED: u8 = 2;
/// Counting ends here: more says no more.
const MOST: u8 = 9;

/// The guids and addresses of a source that proved worthless as keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// The most guids that led one document to the entries they led to before.
    #[serde(default)]
    kept: u8,
    /// True if guids went over to other entries: they are places in a list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    broken: bool,
    /// Guids and addresses that several entries had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shared: Vec<IdentityKey>,
}

impl Marks {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// True if the guids have proved to stay with their entries.
    pub fn guids_are_proved(&self) -> bool {
        !self.broken && self.kept >= PROVED
    }

    /// True if the guids have proved to go from one entry to another.
    pub fn guids_are_broken(&self) -> bool {
        self.broken
    }

    /// The guids and addresses that several entries had.
    pub fn shared(&self) -> &[IdentityKey] {
        &self.shared
    }

    pub(crate) fn are_shared(&self, key: &IdentityKey) -> bool {
        self.shared.contains(key)
    }

    /// Takes in that so many guids led to the entries of before, and so many elsewhere.
    pub(crate) fn note_guids(&mut self, kept: usize, swapped: usize) {
        self.broken |= swapped > kept;
        self.kept = self.kept.max(u8::try_from(kept).unwrap_or(MOST).min(MOST));
    }

    /// Takes in that several entries have this.
    pub(crate) fn note_shared(&mut self, key: IdentityKey) {
        if !self.shared.contains(&key) {
            self.shared.push(key);
            let surplus = self.shared.len().saturating_sub(REMEMBERED);
            self.shared.drain(..surplus);
        }
    }
}
