//! A change of a source's state, as the journal keeps it and `/status.atom` shows it.

use serde::{Deserialize, Serialize};

use crate::model::time::Time;

/// The changes that are kept of each source: several days of one that comes and goes with every poll. Their number is
/// small because each poll of the source writes them to the store.
pub const TURNS: usize = 8;

/// What changed with a poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The state before, as [`SourceState::condition`](crate::model::state::SourceState::condition) names it.
    pub was: String,
    /// The state from this poll on.
    pub state: String,
    /// The number of entries in the document, if it had none in common with the one before: entries may have been
    /// missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u32>,
}

/// A change of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastTurn {
    /// Time of the poll.
    pub at: Time,
    /// The poll's line in the journal.
    pub seq: u64,
    #[serde(flatten)]
    pub turn: Turn,
}

/// Adds a change to those of a source, the oldest first.
pub fn note(turns: &mut Vec<PastTurn>, turn: PastTurn) {
    turns.push(turn);
    turns.drain(..turns.len().saturating_sub(TURNS));
}
