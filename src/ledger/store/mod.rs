//! The store: sled as the index of what the journal records. It can be thrown away and built again, so
//! it is written without a sync of its own, checked as it is read, and in a conflict the journal wins.
//!
//! One tree; the lines of a group are one atomic batch that also says where in the journal they end. What
//! the rows are is said in `key.rs`, `value.rs` and `pack.rs`; who writes them in `rows.rs`.

mod backend;
mod check;
mod compress;
mod freeze;
mod key;
mod pack;
mod read;
mod rows;
mod scrub;
mod value;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::model::state::{Changes, Meta};

pub use backend::{Backend, Batch, MemoryBackend, Octets, Pair, Pairs, SledBackend};
pub use scrub::{Scrubbed, Unsound};

/// The errors of the store. After any of these the handle is not used again: move it away and
/// rebuild from the journal.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("store: {why}")]
    Backend {
        why: String,
        /// The kind of the disk's error, if that is the cause.
        fault: Option<io::ErrorKind>,
    },
    #[error("store: the record under {key} is damaged: {why}")]
    Damaged { key: String, why: String },
    #[error("store: written by an older dibao (record version {0})")]
    Older(u8),
    #[error("store: written by a newer dibao (record version {0})")]
    Newer(u8),
}

impl StoreError {
    /// A refusal that the disk has no part in.
    pub fn backend(why: impl Into<String>) -> Self {
        Self::Backend { why: why.into(), fault: None }
    }
}

pub struct Store {
    backend: Box<dyn Backend>,
    /// The number of its directory; 0 for one that has none. Every build has another.
    pub generation: u32,
    /// As last committed or read; it is asked for with every request for a view.
    meta: Mutex<Option<Arc<Meta>>>,
    frozen: freeze::Freezer,
    /// Held while a batch is written.
    writing: RwLock<()>,
}

impl Store {
    pub fn new(backend: Box<dyn Backend>) -> Self {
        Self {
            backend,
            generation: 0,
            meta: Mutex::default(),
            frozen: freeze::Freezer::default(),
            writing: RwLock::default(),
        }
    }

    /// Writes the changes of a group of lines: all or none. One caller at a time.
    pub fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let stored_to = self.last_meta()?.map_or(0, |meta| meta.next_no);
        let batch = rows::batch(changes, stored_to, &*self.backend)?;
        self.frozen.before(&batch, &*self.backend)?;
        {
            let _writing = self.writing.write().unwrap_or_else(PoisonError::into_inner);
            self.backend.commit(batch)?;
        }
        if let Some(meta) = &changes.meta {
            *self.held() = Some(Arc::new(meta.clone()));
        }
        Ok(())
    }

    /// The store as it is now, for reading, whatever is written from now on. Nothing may be written at the
    /// very moment. `None` while another freeze is in use.
    pub fn freeze(self: &Arc<Self>) -> Option<Self> {
        let aside = self.frozen.freeze()?;
        Some(Self::new(Box::new(freeze::Frozen::new(Arc::clone(self), aside))))
    }

    /// Hands everything written to the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.backend.flush()
    }

    /// Every row but the one that says where the journal stands, in order: two stores with the same dump
    /// say the same.
    #[cfg(test)]
    pub(crate) fn dump(&self) -> Vec<Pair> {
        let rows = self.backend.scan(&key::ALL.0, &key::ALL.1);
        let rows: Vec<Pair> = rows.collect::<Result<_, _>>().expect("the store can be read");
        rows.into_iter().filter(|(key, _)| key[0] != key::POSITION).collect()
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Meta>>> {
        self.meta.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
