//! Counts the work of the running daemon. The parts that work report here, and `/metrics` reads it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::counts::{Counts, EntryCounts};
use crate::model::time::Time;

/// Counts since the start of the process. A reload goes on with them.
#[derive(Debug, Default)]
pub struct Meter {
    counts: Mutex<Counts>,
    /// The last progress of the group that is being recorded.
    recording_since: Mutex<Option<Time>>,
}

impl Meter {
    fn count(&self, work: impl FnOnce(&mut Counts)) {
        work(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A poll was recorded. `octets` is the size of the document that it read.
    pub fn polled(&self, outcome: &'static str, elapsed: Duration, octets: usize) {
        self.count(|counts| {
            *counts.polls.entry(outcome).or_default() += 1;
            counts.poll_seconds.observe(elapsed.as_secs_f64());
            counts.octets += octets as u64;
        });
    }

    /// A poll starts so long after it was due.
    pub fn started(&self, lag: Duration) {
        self.count(|counts| counts.lag_seconds.observe(lag.as_secs_f64()));
    }

    pub fn recorded(&self, entries: EntryCounts) {
        self.count(|counts| counts.entries.add(entries));
    }

    /// Article pages of a poll lack what those before them had.
    pub fn read_odd_pages(&self, pages: u64) {
        self.count(|counts| counts.odd_pages += pages);
    }

    pub fn synced(&self, elapsed: Duration) {
        self.count(|counts| counts.sync_seconds.observe(elapsed.as_secs_f64()));
    }

    pub fn rendered(&self) {
        self.count(|counts| counts.rendered += 1);
    }

    /// Recording of a group begins or makes progress, or is over.
    pub fn recording(&self, since: Option<Time>) {
        *self.recording_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Time since which the group that is being recorded makes no progress.
    pub fn recording_since(&self) -> Option<Time> {
        *self.recording_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The lowest status of HTTP, and how many there can be.
const STATUSES: (u16, usize) = (100, 500);

/// Counts responses. Without a lock: every request comes here.
#[derive(Debug)]
pub struct Requests(Vec<AtomicU64>);

impl Default for Requests {
    fn default() -> Self {
        Self((0..STATUSES.1).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Requests {
    pub fn answered(&self, status: u16) {
        let count = status.checked_sub(STATUSES.0).and_then(|n| self.0.get(usize::from(n)));
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The statuses that were answered, and how often.
    pub fn counts(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let counts = (STATUSES.0..).zip(&self.0).map(|(status, n)| (status, n.load(Ordering::Relaxed)));
        counts.filter(|(_, n)| *n > 0)
    }
}

#[cfg(test)]
mod tests;
