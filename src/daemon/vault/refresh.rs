//! A store whose files have grown far beyond its rows, copied into a fresh generation while it is in use:
//! the copy is made from a frozen store, brought up to the journal, and swapped in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fold::catch_up;
use super::generation::Generation;
use super::{AskRoom, Vault, VaultError};
use crate::core::state::State;
use crate::ledger::store::{Store, Unsound};

/// What the files of a fresh copy take up, in times what its rows add up to: between two and three as a rule.
const TAKES: u64 = 3;

/// A copy about to be made. Dropping it gives it up.
pub struct Refresh {
    of: Arc<Store>,
    frozen: Store,
    generation: Generation,
    dir: PathBuf,
    room: AskRoom,
}

/// A copy that was made, as of the moment of the freeze.
pub struct Refreshed {
    of: Arc<Store>,
    generation: Generation,
    store: Store,
    dir: PathBuf,
    taken: bool,
}

impl Refresh {
    /// Makes the copy, if the store is worth it. Takes as long as reading the whole store twice.
    ///
    /// # Errors
    /// When the store is damaged, or the disk refuses: then everything is as it was.
    pub fn write(self) -> Result<Option<Refreshed>, VaultError> {
        let dir = &self.dir;
        // A damaged one is found by whoever reads the damaged row, and healed then.
        let unsound = |e: Unsound| VaultError::Io {
            path: dir.join("store"),
            what: "read all of it",
            source: std::io::Error::other(e),
        };
        let rows = self.frozen.check().map_err(unsound)?;
        if !self.generation.is_bloated(dir, rows) {
            return Ok(None);
        }
        room_for_copy(dir, rows, &self.room)?;
        self.copy().map(Some)
    }

    /// Makes the copy, worth it or not.
    ///
    /// # Errors
    /// When the store is damaged, or the disk refuses: then everything is as it was.
    pub fn copy(self) -> Result<Refreshed, VaultError> {
        let (generation, store) = Generation::copy(&self.dir, &self.frozen)?;
        Ok(Refreshed { of: self.of, generation, store, dir: self.dir, taken: false })
    }
}

/// A copy that fills the disk would cost the store it is of: sled does not survive being refused.
///
/// # Errors
/// When there is no room for it.
pub(super) fn room_for_copy(dir: &Path, rows: u64, room: &AskRoom) -> Result<(), VaultError> {
    room(dir).map_or(Ok(()), |room| room.require(dir, rows.saturating_mul(TAKES)))
}

impl Drop for Refreshed {
    fn drop(&mut self) {
        if !self.taken {
            self.generation.remove(&self.dir);
        }
    }
}

impl Vault {
    /// Begins to copy the store: it is frozen. `None` while it is frozen for something else, or when its
    /// files are small.
    ///
    /// # Errors
    /// When the store is behind the journal and cannot be built anew.
    pub fn begin_refresh(&mut self) -> Result<Option<Refresh>, VaultError> {
        if !self.generation.is_bloated(&self.dir, 0) {
            return Ok(None);
        }
        self.freeze_for_refresh()
    }

    /// Begins to copy the store, however large its files are.
    ///
    /// # Errors
    /// When the store is behind the journal and cannot be built anew.
    pub fn freeze_for_refresh(&mut self) -> Result<Option<Refresh>, VaultError> {
        self.make_current()?;
        let of = self.store.load_full();
        let (generation, dir, room) = (self.generation, self.dir.clone(), Arc::clone(&self.room));
        Ok(of.freeze().map(|frozen| Refresh { of, frozen, generation, dir, room }))
    }

    /// Brings a copy up to the journal and puts it in the store's place. Returns whether it did: not when
    /// the store was built anew meanwhile, nor when the journal lost some of what the store has got since.
    ///
    /// # Errors
    /// When the copy cannot be written: then the store stays.
    pub fn finish_refresh(&mut self, mut copy: Refreshed) -> Result<bool, VaultError> {
        if !Arc::ptr_eq(&self.store.load_full(), &copy.of) {
            return Ok(false);
        }
        let (_, lost) = catch_up(&copy.store, &self.journal, &self.rules)?;
        let reached = copy.store.meta()?.map_or(0, |meta| meta.seq);
        if !lost.is_empty() || reached != self.journal.seq() {
            tracing::warn!(%lost, reached, "the journal is damaged; the store that has all of it stays");
            return Ok(false);
        }
        copy.store.flush()?;
        copy.generation.write_mark(&self.dir, false)?;
        copy.taken = true;
        let old = std::mem::replace(&mut self.generation, copy.generation);
        let store = std::mem::replace(
            &mut copy.store,
            Store::new(Box::<crate::ledger::store::MemoryBackend>::default()),
        );
        self.store.store(Arc::new(store));
        // All of the copy was read after it was made: what failed was the store that it replaces.
        self.failed = None;
        // The old handle may live on in a reader; its files may go all the same.
        old.remove(&self.dir);
        Ok(true)
    }
}
