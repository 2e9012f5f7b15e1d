//! What was made once and is wanted often, each under the version of what it was made from. What is wanted
//! seldom stays until it is too much: a source has a feed in four forms and a dozen archives, and there are
//! thousands of sources.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// A place in the cache: whoever makes its value holds the lock, so that others wait and share.
type Slot<W, V> = Arc<Mutex<Option<(W, Arc<V>)>>>;

/// How much is kept of what does not stay.
pub(super) struct Limit<K, V> {
    /// Whether a value stays whatever else there is.
    pub(super) stays: fn(&K) -> bool,
    /// Of the others so many.
    pub(super) count: usize,
    /// And so many octets.
    pub(super) octets: usize,
    /// The octets of a value.
    pub(super) weigh: fn(&V) -> usize,
}

/// Values of type `V` by key, of versions `W`.
pub(super) struct Cache<K, W, V> {
    slots: Mutex<Slots<K, W, V>>,
    limit: Limit<K, V>,
}

struct Slots<K, W, V> {
    all: HashMap<K, Slot<W, V>>,
    /// How many there are that do not stay, and their octets.
    passing: usize,
    octets: usize,
}

impl<K: Hash + Eq + Clone, W: PartialEq, V> Cache<K, W, V> {
    pub(super) fn new(limit: Limit<K, V>) -> Self {
        Self { slots: Mutex::new(Slots { all: HashMap::new(), passing: 0, octets: 0 }), limit }
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
        let before = kept.replace((version, Arc::clone(&value)));
        drop(kept);
        self.weigh(key, &slot, before.as_ref().map(|(_, value)| &**value), &value);
        Ok(value)
    }

    /// The value that was last made under a key, whatever has changed since.
    pub(super) fn last(&self, key: &K) -> Option<Arc<V>> {
        let slot = self.slot(key);
        let kept = slot.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|(_, value)| Arc::clone(value))
    }

    fn slot(&self, key: &K) -> Slot<W, V> {
        let stays = (self.limit.stays)(key);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if !stays && !slots.all.contains_key(key) {
            if slots.passing >= self.limit.count {
                slots.keep(self.limit.stays);
            }
            slots.passing += 1;
        }
        Arc::clone(slots.all.entry(key.clone()).or_default())
    }

    fn weigh(&self, key: &K, slot: &Slot<W, V>, before: Option<&V>, value: &V) {
        if (self.limit.stays)(key) {
            return;
        }
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // What was dropped while it was made is not kept.
        if slots.all.get(key).is_some_and(|kept| Arc::ptr_eq(kept, slot)) {
            let before = before.map_or(0, self.limit.weigh);
            slots.octets = slots.octets.saturating_sub(before) + (self.limit.weigh)(value);
            if slots.octets > self.limit.octets {
                slots.keep(self.limit.stays);
            }
        }
    }
}

impl<K, W, V> Slots<K, W, V> {
    fn keep(&mut self, stays: fn(&K) -> bool) {
        self.all.retain(|key, _| stays(key));
        (self.passing, self.octets) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers under ten stay; a value weighs what it is.
    fn cache() -> Cache<usize, u8, usize> {
        let limit = Limit { stays: |key| *key < 10, count: 4, octets: 100, weigh: |value| *value };
        Cache::new(limit)
    }

    /// Whether a value had to be made.
    fn made(cache: &Cache<usize, u8, usize>, key: usize, version: u8, value: usize) -> bool {
        let mut made = false;
        let got = cache.get(
            &key,
            || Ok::<_, ()>(version),
            || {
                made = true;
                Ok(value)
            },
        );
        got.is_ok() && made
    }

    #[test]
    fn a_value_is_made_once_a_version() {
        let cache = cache();
        assert!(made(&cache, 1, 1, 5));
        assert!(!made(&cache, 1, 1, 5));
        assert!(made(&cache, 1, 2, 6));
        assert_eq!(cache.last(&1).as_deref(), Some(&6));
    }

    #[test]
    fn what_does_not_stay_goes_when_there_are_too_many() {
        let cache = cache();
        (0..10).for_each(|key| assert!(made(&cache, key, 1, 1000)));
        (10..14).for_each(|key| assert!(made(&cache, key, 1, 1)));
        assert!(!made(&cache, 10, 1, 1), "there is room for four");
        assert!(made(&cache, 14, 1, 1));
        assert!(made(&cache, 10, 1, 1), "not for five");
        assert!((0..10).all(|key| !made(&cache, key, 1, 1000)), "these stay");
    }

    #[test]
    fn what_does_not_stay_goes_when_it_is_too_much() {
        let cache = cache();
        assert!(made(&cache, 10, 1, 60) && made(&cache, 11, 1, 40));
        assert!(!made(&cache, 10, 1, 60));
        assert!(
            made(&cache, 11, 2, 30) && !made(&cache, 10, 1, 60),
            "a value that grew lighter counts as it is"
        );
        assert!(made(&cache, 12, 1, 11));
        assert!(made(&cache, 10, 1, 60) && made(&cache, 11, 2, 30), "they went");
    }
}
