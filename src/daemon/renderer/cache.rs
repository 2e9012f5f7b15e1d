//! A cache of values, each with the version of its input. While one task makes a value, others can read the value
//! before. Values that do not stay are dropped when there are too many: a source has a feed in four formats and
//! a dozen archives, and there are thousands of sources.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

/// The limit of values that do not stay.
pub(super) struct Limit<V> {
    pub(super) count: usize,
    /// The most octets of all values, counted when a value is added.
    pub(super) octets: usize,
    pub(super) weigh: fn(&V) -> usize,
}

/// Values of type `V` by key, of versions `W`.
pub(super) struct Cache<K, W, V> {
    slots: RwLock<HashMap<K, Arc<Slot<W, V>>>>,
    limit: Limit<V>,
}

pub(super) struct Slot<W, V> {
    /// True if the value is never dropped.
    stays: bool,
    /// Held while the value is made: others who want this version wait and share it.
    making: Mutex<()>,
    made: ArcSwapOption<Made<W, V>>,
    /// True if somebody asked for the value since it was made.
    asked: AtomicBool,
}

/// A value with the version of its input.
pub(super) struct Made<W, V> {
    pub(super) version: W,
    /// Time of the request; the rendering contains all changes before that.
    pub(super) at: Instant,
    pub(super) value: V,
}

impl<W, V> Slot<W, V> {
    /// Marks the value as one that somebody asked for.
    pub(super) fn ask(&self) {
        // Most requests find it marked, and need not write to a line that other processors read.
        if !self.asked.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
        }
    }

    /// The value that was made last, stale or not.
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

    /// The value of a key, made if there is none of this version. `stays` is for a new key.
    pub(super) fn get<E>(
        &self,
        key: &K,
        stays: bool,
        version: impl FnOnce() -> W,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<Made<W, V>>, E> {
        let slot = self.slot(key).unwrap_or_else(|| self.add(key, stays));
        let making = slot.making.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the value is made: a change meanwhile makes the value stale.
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
            drop_oldest(&mut slots);
        }
        let new = || Slot {
            stays,
            making: Mutex::default(),
            made: ArcSwapOption::empty(),
            asked: AtomicBool::new(false),
        };
        Arc::clone(slots.entry(key.clone()).or_insert_with(|| Arc::new(new())))
    }

    /// Drops the oldest values that do not stay while they are too large together. Weighs every value again: it may
    /// have grown since it was made.
    fn weigh(&self) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let weight = |slot: &Slot<W, V>| slot.last().map_or(0, |made| (self.limit.weigh)(&made.value));
        let passing = slots.values().filter(|slot| !slot.stays);
        let mut octets = passing.map(|slot| weight(slot)).sum::<usize>();
        while octets > self.limit.octets {
            let Some(oldest) = drop_oldest(&mut slots) else { return };
            octets -= weight(&oldest).min(octets);
        }
    }
}

/// Drops the value that was made first of those that do not stay. One that is being made for the first time counts
/// as the newest.
fn drop_oldest<K: Hash + Eq + Clone, W, V>(
    slots: &mut HashMap<K, Arc<Slot<W, V>>>,
) -> Option<Arc<Slot<W, V>>> {
    let passing = slots.iter().filter(|(_, slot)| !slot.stays);
    let made_at = |slot: &Slot<W, V>| slot.last().map(|made| made.at);
    let oldest = passing.min_by_key(|(_, slot)| (made_at(slot).is_none(), made_at(slot)));
    let key = oldest.map(|(key, _)| key.clone())?;
    slots.remove(&key)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A value weighs what it is.
    fn cache() -> Cache<usize, u8, usize> {
        Cache::new(Limit { count: 4, octets: 100, weigh: |value| *value })
    }

    /// True if a value had to be made. Keys under ten stay.
    fn made(cache: &Cache<usize, u8, usize>, key: usize, version: u8, value: usize) -> bool {
        let mut made = false;
        let make = || {
            made = true;
            Ok::<_, String>(value)
        };
        cache.get(&key, key < 10, || version, make).is_ok() && made
    }

    #[test]
    fn a_value_is_made_once_a_version() {
        let cache = cache();
        assert!(made(&cache, 1, 1, 5));
        assert!(!made(&cache, 1, 1, 5));
        assert!(made(&cache, 1, 2, 6));
        assert_eq!(cache.slot(&1).and_then(|slot| slot.last()).map(|made| made.value), Some(6));
    }

    #[test]
    fn values_that_do_not_stay_go_when_there_are_too_many() {
        let cache = cache();
        (0..10).for_each(|key| assert!(made(&cache, key, 1, 1000)));
        (10..14).for_each(|key| assert!(made(&cache, key, 1, 1)));
        assert!(!made(&cache, 10, 1, 1), "there is room for four");
        assert!(made(&cache, 14, 1, 1));
        assert!(!made(&cache, 13, 1, 1), "the newest stay");
        assert!(made(&cache, 10, 1, 1), "not for five");
        assert!((0..10).all(|key| !made(&cache, key, 1, 1000)), "these stay");
    }

    #[test]
    fn values_that_do_not_stay_go_when_they_are_too_large() {
        let cache = cache();
        assert!(made(&cache, 10, 1, 60) && made(&cache, 11, 1, 40));
        assert!(!made(&cache, 10, 1, 60));
        assert!(
            made(&cache, 11, 2, 30) && !made(&cache, 10, 1, 60),
            "a value that grew lighter counts as it is"
        );
        assert!(made(&cache, 12, 1, 11));
        assert!(!made(&cache, 11, 2, 30), "the newer one stays");
        assert!(made(&cache, 10, 1, 60), "the oldest went");
    }

    #[test]
    fn a_value_was_asked_for_until_it_is_made_anew() {
        let cache = cache();
        assert!(made(&cache, 1, 1, 5) && made(&cache, 2, 1, 5));
        assert!(cache.asked().is_empty());
        cache.slot(&2).expect("it has a place").ask();
        assert_eq!(cache.asked(), [2]);
        assert!(made(&cache, 2, 2, 5));
        assert!(cache.asked().is_empty());
    }

    #[test]
    fn a_reader_does_not_wait_for_the_maker() {
        let cache = &cache();
        assert!(made(cache, 1, 1, 5));
        let (go, wait) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let making = scope.spawn(move || {
                let make = || wait.recv().map(|()| 6).map_err(|error| error.to_string());
                cache.get(&1, true, || 2, make).map(|made| made.value)
            });
            while cache.slot(&1).expect("it has a place").making.try_lock().is_ok() {
                std::thread::yield_now();
            }
            let last = cache.slot(&1).and_then(|slot| slot.last()).map(|made| made.value);
            assert_eq!(last, Some(5));
            go.send(()).expect("it waits");
            assert_eq!(making.join().expect("it ends"), Ok(6));
        });
    }
}
