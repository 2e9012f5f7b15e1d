//! A frozen view of the store while writes continue: copy-on-write. Before a batch is written, the old value of
//! every key in it is saved once; a reader of the view takes the saved value, else the present one.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::backend::{Backend, Batch, Octets, Pair, Pairs};
use super::{Store, StoreError};

/// The maximum of saved values, in octets. An hour of a thousand sources stays below it; what takes longer
/// to read is given up.
const MOST: usize = 64 << 20;

const PAGE: usize = 256;

/// The saved old values; `None` for keys that did not exist.
#[derive(Default)]
pub(super) struct FrozenRows(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    rows: BTreeMap<Octets, Option<Octets>>,
    octets: usize,
    /// True if more than [`MOST`] would have had to be saved.
    over: bool,
}

/// The old rows that a reader of an earlier moment needs, as long as there is one.
#[derive(Default)]
pub(super) struct Freezer(Mutex<Weak<FrozenRows>>);

impl Freezer {
    pub(super) fn freeze(&self) -> Option<Arc<FrozenRows>> {
        let mut held = lock(&self.0);
        if held.strong_count() > 0 {
            return None;
        }
        let aside = Arc::new(FrozenRows::default());
        *held = Arc::downgrade(&aside);
        Some(aside)
    }

    /// Saves the values that a batch is about to replace. A reader reads first and looks here second, so this
    /// comes before the batch is written.
    pub(super) fn before(&self, batch: &Batch, backend: &dyn Backend) -> Result<(), StoreError> {
        let Some(aside) = lock(&self.0).upgrade() else { return Ok(()) };
        for (key, _) in &batch.writes {
            let mut rows = lock(&aside.0);
            if !rows.over && !rows.rows.contains_key(key) {
                let old = backend.get(key)?;
                rows.octets += key.len() + old.as_ref().map_or(0, |old| old.len()) + 64;
                rows.rows.insert(key.clone(), old);
                if rows.octets > MOST {
                    *rows = Rows { over: true, ..Rows::default() };
                }
            }
        }
        Ok(())
    }
}

/// A store at an earlier moment, as a backend that is only read.
pub(super) struct Frozen {
    store: Arc<Store>,
    aside: Arc<FrozenRows>,
}

impl Frozen {
    pub(super) fn new(store: Arc<Store>, aside: Arc<FrozenRows>) -> Self {
        Self { store, aside }
    }

    fn aside(&self) -> Result<MutexGuard<'_, Rows>, StoreError> {
        let rows = lock(&self.aside.0);
        if rows.over {
            return Err(StoreError::backend("too much was written meanwhile"));
        }
        Ok(rows)
    }

    /// The present pairs of a range, with the saved ones in their place.
    fn merge(&self, now: Vec<Pair>, from: &[u8], to: &[u8]) -> Result<BTreeMap<Octets, Octets>, StoreError> {
        let mut rows: BTreeMap<_, _> = now.into_iter().collect();
        let range = (Bound::Included(from), Bound::Excluded(to));
        for (key, old) in self.aside()?.rows.range::<[u8], _>(range) {
            match old {
                Some(old) => rows.insert(key.clone(), old.clone()),
                None => rows.remove(key),
            };
        }
        Ok(rows)
    }

    /// The first page of a range, in order, and where the next begins; `None` after the last.
    fn page(&self, from: &[u8], to: &[u8]) -> Result<(Vec<Pair>, Option<Vec<u8>>), StoreError> {
        let now: Vec<Pair> = self.store.backend.scan(from, to).take(PAGE).collect::<Result<_, _>>()?;
        let next = now.last().filter(|_| now.len() == PAGE).map(|(key, _)| [&**key, &[0]].concat());
        let rows = self.merge(now, from, next.as_deref().unwrap_or(to))?;
        Ok((rows.into_iter().collect(), next))
    }

    /// The last page of a range, last first, and where the one before it ends.
    fn page_back(&self, from: &[u8], to: &[u8]) -> Result<(Vec<Pair>, Option<Vec<u8>>), StoreError> {
        let now: Vec<Pair> = self.store.backend.scan_back(from, to).take(PAGE).collect::<Result<_, _>>()?;
        let next = now.last().filter(|_| now.len() == PAGE).map(|(key, _)| key.to_vec());
        let rows = self.merge(now, next.as_deref().unwrap_or(from), to)?;
        Ok((rows.into_iter().rev().collect(), next))
    }
}

impl Backend for Frozen {
    fn get(&self, key: &[u8]) -> Result<Option<Octets>, StoreError> {
        let now = self.store.backend.get(key)?;
        Ok(self.aside()?.rows.get(key).cloned().unwrap_or(now))
    }

    fn scan(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let (mut from, to) = (Some(from.to_vec()), to.to_vec());
        pages(move || {
            let Some(start) = from.take().filter(|from| *from < to) else { return Ok(None) };
            let (page, next) = self.page(&start, &to)?;
            from = next;
            Ok(Some(page))
        })
    }

    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let (from, mut to) = (from.to_vec(), Some(to.to_vec()));
        pages(move || {
            let Some(end) = to.take().filter(|to| from < *to) else { return Ok(None) };
            let (page, next) = self.page_back(&from, &end)?;
            to = next;
            Ok(Some(page))
        })
    }

    fn commit(&self, _: Batch) -> Result<(), StoreError> {
        Err(StoreError::backend("a frozen store is not written to"))
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Rows page by page, up to the first fault.
fn pages<'a>(mut next: impl FnMut() -> Result<Option<Vec<Pair>>, StoreError> + 'a) -> Pairs<'a> {
    let mut over = false;
    let page = move || match next() {
        _ if over => None,
        Ok(page) => page.map(|rows| rows.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(error) => {
            over = true;
            Some(vec![Err(error)])
        }
    };
    Box::new(std::iter::from_fn(page).flatten())
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
