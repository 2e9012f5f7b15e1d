//! What keeps journal and store well and small, in steps between which recording goes on.

use std::sync::Arc;

use super::{RecordError, Recorder};
use crate::daemon::vault::{self, Vault, VaultError};

impl Recorder {
    /// Compacts the journal; recording waits at its beginning and its end only. Returns how many entries
    /// the base holds; `None` when there is nothing to compact, it is under way, or the store was built anew
    /// meanwhile. Blocks.
    ///
    /// # Errors
    /// When the disk refuses, or the store is not sound: then the journal is as it was, and such a store is
    /// built anew from it.
    pub fn compact(&self) -> Result<Option<u64>, RecordError> {
        let today = self.clock.now().date_naive();
        let Some(compaction) = self.with_vault(|vault| vault.begin_compaction(today))? else {
            return Ok(None);
        };
        let of = compaction.store();
        let compacted = compaction.write().inspect_err(|error| {
            if let VaultError::Unsound(why) = error {
                // Polls stop where that is refused for anything but room, and whoever waits is told of it.
                let _ = self.renew(|vault| vault.replace_unsound(&of, why));
            }
        });
        // Held any longer, a store that was replaced would keep its files open.
        drop(of);
        let compacted = compacted.map_err(|e| RecordError::Vault(Arc::new(e)))?;
        let entries = compacted.entries;
        let is_done = self.with_vault(|vault| vault.finish_compaction(compacted))?;
        Ok(is_done.then_some(entries))
    }

    /// Reads the whole journal, and heals it from the store if it is damaged; recording waits only in that
    /// case. Blocks.
    ///
    /// # Errors
    /// When it cannot be read, or the disk refuses: then it is as it was.
    pub fn heal_journal(&self) -> Result<(), RecordError> {
        let dir = self.with_vault(|vault| Ok(vault.dir().to_owned()))?;
        let is_whole = vault::is_whole(&dir).map_err(|e| RecordError::Vault(Arc::new(e)))?;
        if is_whole && !self.is_wounded()? {
            return Ok(());
        }
        // What seemed torn may have been a write under way.
        if self.with_vault(Vault::find_wound)? {
            self.compact()?;
        }
        Ok(())
    }

    /// Whether the journal is damaged and could not be healed yet.
    ///
    /// # Errors
    /// When the daemon is stopping.
    pub fn is_wounded(&self) -> Result<bool, RecordError> {
        self.with_vault(|vault| Ok(vault.wound().is_some()))
    }

    /// Copies the store into fresh files if its own have grown far beyond its rows; recording waits at the
    /// beginning and the end only. Returns whether it did. Blocks.
    ///
    /// # Errors
    /// When the disk refuses: then the store is as it was.
    pub fn refresh_store(&self) -> Result<bool, RecordError> {
        let Some(refresh) = self.with_vault(Vault::begin_refresh)? else { return Ok(false) };
        let copied = refresh.write().map_err(|e| RecordError::Vault(Arc::new(e)))?;
        copied.map_or(Ok(false), |copied| self.with_vault(|vault| vault.finish_refresh(copied)))
    }

    /// Compacts the journal and copies the store into fresh files, worth it or not. Blocks.
    ///
    /// # Errors
    /// When the disk refuses: then what could not be done is as it was.
    pub fn rewrite(&self) -> Result<(), RecordError> {
        self.compact()?;
        let Some(refresh) = self.with_vault(Vault::freeze_for_refresh)? else { return Ok(()) };
        let copied = refresh.copy().map_err(|e| RecordError::Vault(Arc::new(e)))?;
        self.with_vault(|vault| vault.finish_refresh(copied)).map(drop)
    }
}
