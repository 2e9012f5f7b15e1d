//! The index as it follows the store: new entries by their numbers, then changed ones, then, if it missed changes, a
//! comparison of all.

use std::ops::Range;

use tokio::time::Instant;

use super::changes::{Changed, Changes};
use super::index::{Document, IndexError, Position, Writer};
use super::{MakeDocument, SearchError, Step};
use crate::ledger::store::Store;
use crate::model::state::State;
use crate::model::stored::{Entry, EntryNo};

/// Entries that are read from the store at a time.
const PAGE: usize = 256;

/// The index while it is open for writing.
pub(super) struct Writing {
    pub(super) writer: Writer,
    pub(super) position: Position,
    pub(super) sweep: Option<Sweep>,
    pub(super) uncommitted: usize,
}

/// A comparison of all stored entries with the index, which missed changes of some.
pub(super) struct Sweep {
    /// The next entry.
    pub(super) next: EntryNo,
    /// Changes up to this line are indexed.
    pub(super) since: u64,
    /// Changes up to this line are indexed when the sweep is over.
    pub(super) to: u64,
    /// Entries from this number on were not indexed when the sweep began. They are added as they are.
    pub(super) before: EntryNo,
}

impl Writing {
    /// Indexes new entries, then changed ones, then goes on with the sweep, as long as there is time.
    pub(super) fn work(
        &mut self,
        store: &Store,
        document: MakeDocument<'_>,
        changes: &Changes,
        until: Instant,
    ) -> Result<Step, SearchError> {
        // The changes first: an entry among them that is not indexed yet is read later, as it is then.
        loop {
            let (changed, is_all) = changes.take(PAGE);
            self.take_changed(store, document, changed)?;
            if is_all {
                break;
            }
            if Instant::now() >= until {
                return Ok(Step::More);
            }
        }
        loop {
            let page = store.entries_from(self.position.next_no, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            let next_no = last + 1;
            for (no, entry) in page.iter().filter(|(_, entry)| entry.is_shown()) {
                self.add(&document(*no, entry))?;
            }
            self.position.next_no = next_no;
            if Instant::now() >= until {
                return Ok(Step::More);
            }
        }
        let next_no = store.last_meta()?.map_or(0, |meta| meta.next_no);
        if self.position.next_no < next_no {
            // The last entries are erased.
            self.position.next_no = next_no;
            self.uncommitted += 1;
        }
        self.go_on_with_sweep(store, document, until)
    }

    fn take_changed(
        &mut self,
        store: &Store,
        document: MakeDocument<'_>,
        changed: Changed,
    ) -> Result<(), SearchError> {
        if changed.too_many {
            let to = store.last_meta()?.map_or(0, |meta| meta.seq);
            let before = self.position.next_no;
            self.sweep = Some(Sweep { next: 0, since: self.position.seq, to, before });
        }
        for no in changed.entries.range(..self.position.next_no) {
            self.change(*no, store.entry(*no)?.as_ref(), document)?;
        }
        match &mut self.sweep {
            Some(sweep) => sweep.to = sweep.to.max(changed.seq),
            None if changed.seq > self.position.seq => {
                self.position.seq = changed.seq;
                self.uncommitted += 1;
            }
            None => {}
        }
        Ok(())
    }

    /// Compares stored entries with the index, if it missed changes of them.
    fn go_on_with_sweep(
        &mut self,
        store: &Store,
        document: MakeDocument<'_>,
        until: Instant,
    ) -> Result<Step, SearchError> {
        while let Some(sweep) = &mut self.sweep {
            let (since, from, before) = (sweep.since, sweep.next, sweep.before);
            let mut page = store.entries_from(from, PAGE)?;
            page.retain(|(no, _)| *no < before);
            let Some((last, _)) = page.last() else {
                self.position.seq = sweep.to;
                self.sweep = None;
                self.erase(from..before);
                self.uncommitted += 1;
                break;
            };
            sweep.next = last + 1;
            let mut expected = from;
            for (no, entry) in &page {
                self.erase(expected..*no);
                expected = no + 1;
                if entry.told_at() > since {
                    self.change(*no, Some(entry), document)?;
                }
            }
            if Instant::now() >= until {
                return Ok(Step::More);
            }
        }
        Ok(Step::Current)
    }

    /// Removes numbers under which the store has nothing.
    fn erase(&mut self, numbers: Range<EntryNo>) {
        for no in numbers {
            self.writer.remove(no);
            self.uncommitted += 1;
        }
    }

    fn change(
        &mut self,
        no: EntryNo,
        entry: Option<&Entry>,
        document: MakeDocument<'_>,
    ) -> Result<(), IndexError> {
        self.writer.remove(no);
        self.uncommitted += 1;
        match entry.filter(|entry| entry.is_shown()) {
            Some(entry) => self.add(&document(no, entry)),
            None => Ok(()),
        }
    }

    fn add(&mut self, document: &Document) -> Result<(), IndexError> {
        self.uncommitted += 1;
        self.writer.add(document)
    }
}
