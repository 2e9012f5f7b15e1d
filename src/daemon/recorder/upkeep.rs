//! What keeps journal and store well and small, in steps between which recording goes on.

use std::sync::Arc;

use super::{RecordError, Recorder, telling};
use crate::decide::rules::Rules;
use crate::ledger::store::Store;
use crate::ledger::{Ledger, LedgerError, Paths};

impl Recorder {
    /// Goes on under other rules. Returns why the store was built anew for that, if it was. Blocks; polls wait to be
    /// recorded meanwhile.
    ///
    /// # Errors
    /// When the disk refuses: then the rules stay as they were.
    pub fn adopt(&self, rules: Arc<Rules>) -> Result<Option<String>, RecordError> {
        self.with_ledger(|ledger| telling(&*self.audience, ledger, |ledger| ledger.adopt(rules)))
    }

    /// Compacts the journal; recording waits at its beginning and its end only. Returns how many entries
    /// the base holds; `None` when there is nothing to compact, it is under way, or the store was built anew
    /// meanwhile. Blocks.
    ///
    /// # Errors
    /// When the disk refuses, or the store is not sound: then the journal is as it was, and such a store is
    /// built anew from it.
    pub fn compact(&self) -> Result<Option<u64>, RecordError> {
        let today = self.clock.now().date_naive();
        let Some(compaction) = self.with_ledger(|ledger| ledger.begin_compaction(today))? else {
            return Ok(None);
        };
        let of = compaction.store();
        let compacted = compaction.write().inspect_err(|error| {
            if let LedgerError::Unsound(why) = error {
                // Polls stop where that is refused, and whoever waits is told of it.
                let _ = self.replace_unsound(&of, why);
            }
        });
        // Held any longer, a store that was replaced would keep its files open.
        drop(of);
        let compacted = compacted.map_err(|e| RecordError::Ledger(Arc::new(e)))?;
        let entries = compacted.entries;
        let is_done = self.with_ledger(|ledger| ledger.finish_compaction(compacted))?;
        Ok(is_done.then_some(entries))
    }

    /// Builds the store anew that was found to be unsound, if it is still the one in use. Blocks.
    ///
    /// # Errors
    /// When the fresh one cannot be written.
    pub fn replace_unsound(&self, of: &Arc<Store>, why: &str) -> Result<(), RecordError> {
        self.renew(|ledger| ledger.replace(of, why))
    }

    /// Builds the store, if none can be used as it is. Returns how many lines it took. Blocks.
    ///
    /// # Errors
    /// When the disk refuses: then it may be tried again.
    pub fn settle(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, RecordError> {
        let lines = self.with_ledger(|ledger| ledger.settle(progress))?;
        if lines > 0 {
            self.audience.everything();
        }
        Ok(lines)
    }

    /// Begins to index the stories of the last days, which the first new entry needs.
    ///
    /// # Errors
    /// When the daemon is stopping.
    pub fn warm(&self) -> Result<(), RecordError> {
        self.with_ledger(|ledger| {
            ledger.warm();
            Ok(())
        })
    }

    /// Looks again at rows of a store that did not fit the others, while nothing is recorded. Returns true if
    /// that store was damaged, and another was built. Blocks.
    ///
    /// # Errors
    /// When the fresh one cannot be written.
    pub fn recheck(&self, of: &Arc<Store>, doubts: &[Vec<u8>]) -> Result<bool, RecordError> {
        self.renew(|ledger| ledger.recheck(of, doubts))?;
        Ok(!Arc::ptr_eq(of, &self.store.load()))
    }

    /// [`Ledger::confirm_damage`]. Blocks.
    ///
    /// # Errors
    /// When the journal cannot be read at all.
    pub fn confirm_damage(&self) -> Result<bool, RecordError> {
        self.with_ledger(Ledger::confirm_damage)
    }

    /// What the files of the store take up, in octets.
    ///
    /// # Errors
    /// When the daemon is stopping.
    pub fn store_size(&self) -> Result<u64, RecordError> {
        self.with_ledger(|ledger| Ok(ledger.store_size()))
    }

    /// The state directory's paths.
    ///
    /// # Errors
    /// When the daemon is stopping.
    pub fn paths(&self) -> Result<Paths, RecordError> {
        self.with_ledger(|ledger| Ok(ledger.paths().clone()))
    }

    /// True if the journal is damaged and has no new base yet.
    ///
    /// # Errors
    /// When the daemon is stopping.
    pub fn is_damaged(&self) -> Result<bool, RecordError> {
        self.with_ledger(|ledger| Ok(ledger.damage().is_some()))
    }
}
