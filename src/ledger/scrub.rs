//! The scrub: reads store and journal through, slowly and while they are in use, to find damage while the other of
//! the two still has the data.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::journal::{self, JournalError, Losses};
use super::store::{KeysAtHand, Scrubbed, Store};
use super::{Ledger, LedgerError, Paths};

/// Rows of one step: some milliseconds.
const ROWS: usize = 256;

/// A walk over all rows of a store.
pub struct Scrub {
    store: Arc<Store>,
    from: Option<Vec<u8>>,
    keys: KeysAtHand,
    pub rows: u64,
    pub octets: u64,
}

pub enum ScrubStep {
    GoesOn,
    Over,
    /// Rows that do not fit the others, or were written between two reads: [`Ledger::recheck`] tells.
    Doubts(Vec<Vec<u8>>),
    Unsound(String),
}

impl Scrub {
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, from: None, keys: KeysAtHand::default(), rows: 0, octets: 0 }
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub fn step(&mut self) -> ScrubStep {
        let Scrubbed { next, rows, octets, doubts, .. } =
            match self.store.scrub_step(self.from.take(), ROWS, &mut self.keys) {
                Ok(read) => read,
                Err(error) => return ScrubStep::Unsound(error.to_string()),
            };
        self.rows += rows;
        self.octets += octets;
        let over = next.is_none();
        self.from = next;
        match (doubts.is_empty(), over) {
            (false, _) => ScrubStep::Doubts(doubts),
            (true, true) => ScrubStep::Over,
            (true, false) => ScrubStep::GoesOn,
        }
    }

    pub fn is_over(&self) -> bool {
        self.rows > 0 && self.from.is_none()
    }
}

impl Ledger {
    /// Looks again at rows of a store, while nothing is written. Another store is built if one of them does
    /// not hold, or is damaged.
    pub fn recheck(&mut self, of: &Arc<Store>, doubts: &[Vec<u8>]) -> Result<(), LedgerError> {
        match doubts.iter().try_for_each(|key| of.recheck(key)) {
            Ok(()) => Ok(()),
            Err(why) => self.replace(of, &why.to_string()),
        }
    }

    /// Reads the journal through once more while nothing is written to it: what seemed torn may have been a
    /// write under way. Returns true if it is damaged; the next compaction writes it a new base.
    pub fn confirm_damage(&mut self) -> Result<bool, LedgerError> {
        let lost = read_journal(&self.paths, &mut || {
            self.progress.fetch_add(1, Ordering::Relaxed);
        })?;
        if !lost.is_empty() {
            self.damage = Some(lost.to_string());
        }
        Ok(self.damage.is_some())
    }
}

/// Reads the whole journal of a state directory, and hears of every line. Returns what cannot be read of it.
pub fn read_journal(paths: &Paths, each: &mut dyn FnMut()) -> Result<Losses, JournalError> {
    journal::replay(&paths.journal(), None, &mut |_, _| -> Result<(), JournalError> {
        each();
        Ok(())
    })
}
