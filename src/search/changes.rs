//! The entries that were recorded and are not indexed yet.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::stored::EntryNo;

/// The most entries that are kept. An expiry may change a hundred thousand at once; with more, all entries are compared
/// with the index.
const MOST: usize = 100_000;

#[derive(Default)]
pub(super) struct Changes {
    changed: Mutex<Changed>,
    news: Notify,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// The last line of the journal that changed an entry; 0 if entries that it changed are still to come.
    pub(super) seq: u64,
    pub(super) entries: BTreeSet<EntryNo>,
    /// True if there were more than are kept: `entries` is then empty.
    pub(super) too_many: bool,
}

impl Changes {
    pub(super) fn note(&self, seq: u64, entries: &[EntryNo]) {
        if entries.is_empty() {
            return;
        }
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.seq = changed.seq.max(seq);
        if !changed.too_many {
            changed.entries.extend(entries);
        }
        if changed.entries.len() > MOST {
            changed.entries.clear();
            changed.too_many = true;
        }
        drop(changed);
        self.wake();
    }

    pub(super) fn wake(&self) {
        self.news.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.news.notified().await;
    }

    /// Forgets which entries changed: all are compared with the index.
    pub(super) fn forget(&self) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).too_many = true;
    }

    /// Takes so many entries, or all, and is then true.
    pub(super) fn take(&self, most: usize) -> (Changed, bool) {
        let mut held = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = held.entries.iter().nth(most).copied() else {
            return (std::mem::take(&mut *held), true);
        };
        let rest = held.entries.split_off(&next);
        let entries = std::mem::replace(&mut held.entries, rest);
        (Changed { seq: 0, entries, too_many: std::mem::take(&mut held.too_many) }, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_gathered_until_they_are_too_many() {
        let changes = Changes::default();
        changes.note(7, &[]);
        assert_eq!(changes.take(2), (Changed::default(), true));
        changes.note(8, &[3, 1]);
        changes.note(9, &[3]);
        let expected = Changed { seq: 9, entries: [1, 3].into(), too_many: false };
        assert_eq!(changes.take(2), (expected, true));
        changes.note(9, &[3, 1, 2]);
        let first = Changed { seq: 0, entries: [1, 2].into(), too_many: false };
        assert_eq!(changes.take(2), (first, false));
        assert_eq!(changes.take(2), (Changed { seq: 9, entries: [3].into(), too_many: false }, true));
        changes.note(10, &(0..=MOST as u64).collect::<Vec<_>>());
        changes.note(11, &[5]);
        assert_eq!(changes.take(2), (Changed { seq: 11, entries: BTreeSet::new(), too_many: true }, true));
    }
}
