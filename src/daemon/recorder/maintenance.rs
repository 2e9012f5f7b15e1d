//! Maintenance of journal and store: rules, compaction, rebuild, scrub. Each method holds the ledger for one
//! step, and recording goes on between the steps.

use std::sync::Arc;

use super::{RecordError, Recorder, watching_store};
use crate::decide::rules::Rules;
use crate::ledger::store::Store;
use crate::ledger::{Ledger, LedgerError, Paths};

impl Recorder {
    /// Replaces the rules. Returns the reason if the store was rebuilt for that. Blocks; facts stay in the queue
    /// meanwhile. Fails on a disk error: then the old rules stay.
    pub fn adopt(&self, rules: Arc<Rules>) -> Result<Option<String>, RecordError> {
        self.with_ledger(|ledger| watching_store(&*self.observer, ledger, |ledger| ledger.adopt(rules)))
    }

    /// Compacts the journal. Recording waits only at the beginning and at the end. Returns the number of entries in
    /// the base; `None` if there is nothing to compact, if a compaction is running, or if the store was rebuilt
    /// meanwhile. Blocks. Fails on a disk error, or an unsound store, which is then rebuilt. The journal stays as
    /// it was.
    pub fn compact(&self) -> Result<Option<u64>, RecordError> {
        let today = self.clock.now().date_naive();
        let Some(compaction) = self.with_ledger(|ledger| ledger.begin_compaction(today))? else {
            return Ok(None);
        };
        let of = compaction.store();
        let compacted = compaction.write().inspect_err(|error| {
            if let LedgerError::Unsound(why) = error {
                // A failure stalls recording, and the stall reports it.
                let _ = self.replace_unsound(&of, why);
            }
        });
        // Otherwise a replaced store would keep its files open.
        drop(of);
        let compacted = compacted.map_err(|e| RecordError::Ledger(Arc::new(e)))?;
        let entries = compacted.entries;
        let is_done = self.with_ledger(|ledger| ledger.finish_compaction(compacted))?;
        Ok(is_done.then_some(entries))
    }

    /// Rebuilds an unsound store if it is still in use. Blocks.
    pub fn replace_unsound(&self, of: &Arc<Store>, why: &str) -> Result<(), RecordError> {
        self.renew(|ledger| ledger.replace(of, why))
    }

    /// Builds the store if the opening found no usable one. Returns the number of lines applied. Blocks. The error:
    /// a disk error. The caller may retry.
    pub fn settle(&self, progress: &mut dyn FnMut(u64)) -> Result<u64, RecordError> {
        let lines = self.with_ledger(|ledger| ledger.settle(progress))?;
        if lines > 0 {
            self.observer.everything();
        }
        Ok(lines)
    }

    /// Begins to index the stories of the last days. The first new entry needs that index.
    pub fn warm(&self) -> Result<(), RecordError> {
        self.with_ledger(|ledger| {
            ledger.warm();
            Ok(())
        })
    }

    /// Checks inconsistent rows again while recording waits. Returns true if the store was damaged and has been
    /// rebuilt. Blocks.
    pub fn recheck(&self, of: &Arc<Store>, doubts: &[Vec<u8>]) -> Result<bool, RecordError> {
        self.renew(|ledger| ledger.recheck(of, doubts))?;
        Ok(!Arc::ptr_eq(of, &self.store.load()))
    }

    /// [`Ledger::confirm_damage`]. Blocks.
    pub fn confirm_damage(&self) -> Result<bool, RecordError> {
        self.with_ledger(Ledger::confirm_damage)
    }

    /// The size of the store's files, in octets.
    pub fn store_size(&self) -> Result<u64, RecordError> {
        self.with_ledger(|ledger| Ok(ledger.store_size()))
    }

    pub fn paths(&self) -> Result<Paths, RecordError> {
        self.with_ledger(|ledger| Ok(ledger.paths().clone()))
    }

    /// True if the journal is damaged and has no new base yet.
    pub fn is_damaged(&self) -> Result<bool, RecordError> {
        self.with_ledger(|ledger| Ok(ledger.damage().is_some()))
    }
}
