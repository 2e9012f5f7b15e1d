//! Sources that the operator removed from the configuration. Their entries stay stored, and no view shows them
//! until the source is back.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::ledger::store::{Store, StoreError};
use crate::model::source::SourceId;
use crate::model::source::SourceNo;

/// The removed sources of one store. Lists name a source by its number, entries by its id.
#[derive(Debug, Default)]
pub(super) struct Removed {
    numbers: HashSet<SourceNo>,
    ids: BTreeSet<SourceId>,
}

impl Removed {
    fn of(store: &Store, stays: impl Fn(&SourceId) -> bool) -> Result<Self, StoreError> {
        let gone = store.sources()?.into_iter().filter(|(id, _)| !stays(id));
        let mut removed = Self::default();
        for (id, state) in gone {
            removed.numbers.insert(state.no);
            removed.ids.insert(id);
        }
        Ok(removed)
    }

    pub(super) fn has_number(&self, source: SourceNo) -> bool {
        self.numbers.contains(&source)
    }

    pub(super) fn ids(&self) -> &BTreeSet<SourceId> {
        &self.ids
    }

    pub(super) fn has(&self, source: &SourceId) -> bool {
        self.ids.contains(source)
    }
}

/// The removed sources of the current store. A rebuilt store may number its sources differently.
#[derive(Default)]
pub(super) struct RemovedCache(Mutex<Option<(Weak<Store>, Arc<Removed>)>>);

impl RemovedCache {
    pub(super) fn of(
        &self,
        store: &Arc<Store>,
        stays: impl Fn(&SourceId) -> bool,
    ) -> Result<Arc<Removed>, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, removed)) = &*known
            && std::ptr::eq(of.as_ptr(), Arc::as_ptr(store))
        {
            return Ok(Arc::clone(removed));
        }
        let removed = Arc::new(Removed::of(store, stays)?);
        *known = Some((Arc::downgrade(store), Arc::clone(&removed)));
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
