//! What was made once and is wanted often, each under the version of what it was made from.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// A place in the cache: whoever makes its value holds the lock, so that others wait and share.
type Slot<W, V> = Arc<Mutex<Option<(W, Arc<V>)>>>;

/// Values of type `V` by key, of versions `W`.
pub(super) struct Cache<K, W, V> {
    slots: Mutex<HashMap<K, Slot<W, V>>>,
    limit: usize,
    /// Whether a value stays when there are more than `limit`.
    stays: fn(&K) -> bool,
}

impl<K: Hash + Eq + Clone, W: PartialEq, V> Cache<K, W, V> {
    pub(super) fn new(limit: usize, stays: fn(&K) -> bool) -> Self {
        Self { slots: Mutex::default(), limit, stays }
    }

    /// The value under a key, made anew if there is none of this version.
    pub(super) fn get<E>(
        &self,
        key: &K,
        version: impl FnOnce() -> Result<W, E>,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        let slot = self.slot(key);
        let mut kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the value is made: what changes meanwhile makes it stale, never stay so.
        let version = version()?;
        if let Some((_, value)) = kept.as_ref().filter(|(of, _)| *of == version) {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        *kept = Some((version, Arc::clone(&value)));
        Ok(value)
    }

    /// The value that was last made under a key, whatever has changed since.
    pub(super) fn last(&self, key: &K) -> Option<Arc<V>> {
        let slot = self.slot(key);
        let kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|(_, value)| Arc::clone(value))
    }

    fn slot(&self, key: &K) -> Slot<W, V> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() > self.limit && !slots.contains_key(key) {
            slots.retain(|key, _| (self.stays)(key));
        }
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}
