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

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::model::source::SourceId;
use crate::model::state::{Changes, Meta, SourceState};

pub use backend::{Backend, Batch, MemoryBackend, Octets, Pair, Pairs, SledBackend};
pub use scrub::{KeysAtHand, Scrubbed, Unsound};

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
    /// The random id of its build. Empty if it has no directory, or was built before there were ids.
    pub build: String,
    /// As last committed or read; it is asked for with every request for a view.
    meta: Mutex<Option<Arc<Meta>>>,
    /// The same of sources, each of which every poll of it asks for: some kilobytes for each one in the configuration.
    sources: Mutex<BTreeMap<SourceId, Arc<SourceState>>>,
    frozen: freeze::Freezer,
    /// Held while a batch is written.
    writing: RwLock<()>,
}

impl Store {
    pub fn new(backend: Box<dyn Backend>) -> Self {
        Self {
            backend,
            build: String::new(),
            meta: Mutex::default(),
            sources: Mutex::default(),
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
        let changed = changes.sources.iter().map(|(id, source)| (id.clone(), Arc::new(source.clone())));
        self.held_sources().extend(changed);
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

    /// Every row but the one that says where the journal stands, in order.
    #[cfg(test)]
    pub(crate) fn dump(&self) -> Vec<Pair> {
        let rows = self.backend.scan(&key::ALL.0, &key::ALL.1);
        let rows: Vec<Pair> = rows.collect::<Result<_, _>>().expect("the store can be read");
        rows.into_iter().filter(|(key, _)| key[0] != key::POSITION).collect()
    }

    /// The rows as [`Store::dump`] has them, with the identity keys of a source in one run: two stores with the same
    /// contents say the same, however their lines were grouped.
    #[cfg(test)]
    pub(crate) fn contents(&self) -> Vec<Pair> {
        let is_run = |key: &[u8]| key[0] == key::KNOWN || key.starts_with(&[key::PART, key::KNOWN]);
        let (runs, mut rows): (Vec<Pair>, Vec<Pair>) =
            self.dump().into_iter().partition(|(key, _)| is_run(key));
        for (key, _) in runs.iter().filter(|(key, _)| key[0] == key::KNOWN && key.ends_with(&[0, 0])) {
            let (source, _) = key::known_key(key).expect("a sound store");
            let known = crate::model::state::State::known(self, &source).expect("a sound store");
            rows.push((key.clone(), Octets::from(known.merged().octets())));
        }
        rows
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Meta>>> {
        self.meta.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_sources(&self) -> MutexGuard<'_, BTreeMap<SourceId, Arc<SourceState>>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
