//! A backend that writes one batch behind: a batch is seen as soon as it is committed, and a thread writes it to
//! the backend below while the next one is made. The journal has it already, so a kill between the two costs
//! nothing but its replay.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::StoreError;
use super::backend::{Backend, Batch, Octets, Pair, Pairs};

type Rows = BTreeMap<Octets, Option<Octets>>;

/// The backend, with the thread that writes it.
pub struct Behind {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    below: Box<dyn Backend>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The batch that is being written: what it says comes before what is below.
    pending: Option<Arc<Rows>>,
    /// Why a batch could not be written. Nothing is answered after that.
    failed: Option<StoreError>,
    closed: bool,
}

impl Behind {
    /// Starts the thread that writes to `below`.
    #[must_use]
    pub fn new(below: Box<dyn Backend>) -> Self {
        let shared = Arc::new(Shared { below, state: Mutex::default(), changed: Condvar::new() });
        let writing = Arc::clone(&shared);
        let writer = thread::spawn(move || writing.write());
        Self { shared, writer: Some(writer) }
    }

    /// The batch that is being written, if any.
    fn pending(&self) -> Result<Option<Arc<Rows>>, StoreError> {
        let state = self.shared.state();
        state.failed.clone().map_or_else(|| Ok(state.pending.clone()), Err)
    }

    /// The rows of a range that are being written; `None` if there are none.
    fn above(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<(Octets, Option<Octets>)>>, StoreError> {
        let Some(pending) = self.pending()?.filter(|_| from < to) else { return Ok(None) };
        let range = (Bound::Included(from), Bound::Excluded(to));
        let rows: Vec<_> =
            pending.range::<[u8], _>(range).map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }
}

impl Backend for Behind {
    fn get(&self, key: &[u8]) -> Result<Option<Octets>, StoreError> {
        // A batch stays pending until it is below: looked for in this order, it is in one of the two.
        match self.pending()?.as_ref().and_then(|pending| pending.get(key)) {
            Some(value) => Ok(value.clone()),
            None => self.shared.below.get(key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        match self.above(from, to) {
            Ok(None) => self.shared.below.scan(from, to),
            Ok(Some(above)) => merged(above.into_iter(), self.shared.below.scan(from, to), |a, b| a < b),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        match self.above(from, to) {
            Ok(None) => self.shared.below.scan_back(from, to),
            Ok(Some(above)) => {
                merged(above.into_iter().rev(), self.shared.below.scan_back(from, to), |a, b| a > b)
            }
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    /// Returns as soon as the batch before it is written: no more than one waits.
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let rows: Rows = batch.writes.into_iter().collect();
        let mut state = self.shared.idle()?;
        state.pending = Some(Arc::new(rows));
        self.shared.changed.notify_all();
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        drop(self.shared.idle()?);
        self.shared.below.flush()
    }
}

impl Drop for Behind {
    /// Writes what waits.
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The state once nothing waits to be written.
    fn idle(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state();
        loop {
            match &state.failed {
                Some(error) => return Err(error.clone()),
                None if state.pending.is_none() => return Ok(state),
                None => state = self.wait(state),
            }
        }
    }

    /// Writes every batch as it comes, until closed or failed.
    fn write(&self) {
        let mut state = self.state();
        loop {
            let Some(rows) = state.pending.clone() else {
                if state.closed {
                    return;
                }
                state = self.wait(state);
                continue;
            };
            drop(state);
            let writes = rows.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let writing = AssertUnwindSafe(|| self.below.commit(Batch { writes }));
            // Whoever waits for this thread must not wait for ever.
            let written =
                catch_unwind(writing).unwrap_or_else(|_| Err(StoreError::backend("a write panicked")));
            state = self.state();
            state.pending = None;
            state.failed = written.err();
            self.changed.notify_all();
            if state.failed.is_some() {
                return;
            }
        }
    }
}

/// Two runs of rows in one order as one: of a key that both have, the row above. `before` says which of two keys
/// comes first.
fn merged<'a>(
    above: impl Iterator<Item = (Octets, Option<Octets>)> + 'a,
    below: Pairs<'a>,
    before: fn(&Octets, &Octets) -> bool,
) -> Pairs<'a> {
    let (mut above, mut below) = (above.peekable(), below.peekable());
    Box::new(std::iter::from_fn(move || next(&mut above, &mut below, before)))
}

fn next(
    above: &mut Peekable<impl Iterator<Item = (Octets, Option<Octets>)>>,
    below: &mut Peekable<Pairs<'_>>,
    before: fn(&Octets, &Octets) -> bool,
) -> Option<Result<Pair, StoreError>> {
    loop {
        let below_first = match (above.peek(), below.peek()) {
            (None, _) | (_, Some(Err(_))) => true,
            (Some((key, _)), Some(Ok((other, _)))) => {
                if key == other {
                    below.next();
                    continue;
                }
                before(other, key)
            }
            (Some(_), None) => false,
        };
        if below_first {
            return below.next();
        }
        // A row that is deleted is passed over.
        if let Some((key, Some(value))) = above.next() {
            return Some(Ok((key, value)));
        }
    }
}

#[cfg(test)]
mod tests;
