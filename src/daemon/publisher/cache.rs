//! What was made once and is wanted often, each under the version of what it was made from. Who makes a value
//! keeps nobody from reading the one before it. What is wanted seldom stays until it is too much: a source has
//! a feed in four forms and a dozen archives, and there are thousands of sources.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

/// How much is kept of what does not stay.
pub(super) struct Limit<V> {
    /// The most values.
    pub(super) count: usize,
    /// The most octets of all values. They are counted when a value is added.
    pub(super) octets: usize,
    /// The octets of a value.
    pub(super) weigh: fn(&V) -> usize,
}

/// Values of type `V` by key, of versions `W`.
pub(super) struct Cache<K, W, V> {
    slots: RwLock<HashMap<K, Arc<Slot<W, V>>>>,
    limit: Limit<V>,
}

/// The place of a value.
pub(super) struct Slot<W, V> {
    /// True if the value stays whatever else there is.
    stays: bool,
    /// Held while the value is made: others who want this version wait and share it.
    making: Mutex<()>,
    made: ArcSwapOption<Made<W, V>>,
    /// True if somebody asked for the value since it was made.
    asked: AtomicBool,
}

/// A value, and what it was made from.
pub(super) struct Made<W, V> {
    pub(super) version: W,
    /// When it was asked for; changes before that are in it.
    pub(super) at: Instant,
    pub(super) value: V,
}

impl<W, V> Slot<W, V> {
    /// Marks the value as one that somebody asked for.
    pub(super) fn ask(&self) {
        // Most requests find it marked, and need not write what other processors read.
        if !self.asked.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
        }
    }

    /// The value that was made last, whatever has changed since.
    pub(super) fn last(&self) -> Option<Arc<Made<W, V>>> {
        self.made.load_full()
    }
}

impl<K: Hash + Eq + Clone, W: PartialEq, V> Cache<K, W, V> {
    pub(super) fn new(limit: Limit<V>) -> Self {
        Self { slots: RwLock::default(), limit }
    }

    /// The place of a key, if it has one.
    pub(super) fn slot<Q>(&self, key: &Q) -> Option<Arc<Slot<W, V>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(key).map(Arc::clone)
    }

    /// The value under a key, made anew if there is none of this version. A new key's value `stays` or not.
    pub(super) fn get<E>(
        &self,
        key: &K,
        stays: bool,
        version: impl FnOnce() -> W,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<Made<W, V>>, E> {
        let slot = self.slot(key).unwrap_or_else(|| self.add(key, stays));
        let making = slot.making.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the value is made: what changes meanwhile makes it stale.
        let (version, at) = (version(), Instant::now());
        if let Some(made) = slot.last().filter(|made| made.version == version) {
            return Ok(made);
        }
        let value = make()?;
        let made = Arc::new(Made { version, at, value });
        slot.asked.store(false, Ordering::Relaxed);
        slot.made.store(Some(Arc::clone(&made)));
        drop(making);
        if !slot.stays {
            self.weigh();
        }
        Ok(made)
    }

    /// The keys of the values that somebody asked for since they were made.
    pub(super) fn asked(&self) -> Vec<K> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots
            .iter()
            .filter(|(_, slot)| slot.asked.load(Ordering::Relaxed))
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn add(&self, key: &K, stays: bool) -> Arc<Slot<W, V>> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = !stays && !slots.contains_key(key);
        if is_new && slots.values().filter(|slot| !slot.stays).count() >= self.limit.count {
            slots.retain(|_, slot| slot.stays);
        }
        let new = || Slot {
            stays,
            making: Mutex::default(),
            made: ArcSwapOption::empty(),
            asked: AtomicBool::new(false),
        };
        Arc::clone(slots.entry(key.clone()).or_insert_with(|| Arc::new(new())))
    }

    /// Drops everything that does not stay if it is too much. Every value is weighed anew, for it may have
    /// grown since it was made.
    fn weigh(&self) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let passing = slots.values().filter(|slot| !slot.stays).filter_map(|slot| slot.last());
        if passing.map(|made| (self.limit.weigh)(&made.value)).sum::<usize>() > self.limit.octets {
            slots.retain(|_, slot| slot.stays);
        }
    }
}

#[cfg(test)]
mod tests;
