//! Compaction: writes a base of the journal from a frozen store, while recording continues.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::NaiveDate;

use super::apply::{base_entry, base_source};
use super::journal::{BaseWriter, FinishedBase, JournalError};
use super::store::{Store, StoreError};
use super::{Ledger, LedgerError};
use crate::model::base::{Base, BaseEntries, BaseFeed, Counts, Head};
use crate::model::state::{Changes, Meta, State};

/// Entries of one line of the base: a source is then written once for many of its entries when the base is
/// applied, and a line stays shorter than a large observation.
const ENTRIES: usize = 64;

/// A compaction under way. It is written without holding up anything; dropping it gives it up.
pub struct Compaction {
    of: Arc<Store>,
    frozen: Store,
    writer: BaseWriter,
    damage: Option<String>,
}

/// A base that is written, and stands for nothing yet. Dropping it gives it up.
pub struct Compacted {
    of: Arc<Store>,
    base: FinishedBase,
    damage: Option<String>,
    /// The number of entries in the new base.
    pub entries: u64,
}

impl Compaction {
    /// The store that it is written from.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.of)
    }

    /// Writes the base. Takes as long as reading all entries. Fails with [`LedgerError::Unsound`] when the store is
    /// not sound, any other when it cannot be read, or the disk refuses: then the journal is as it was.
    pub fn write(self) -> Result<Compacted, LedgerError> {
        self.write_telling(&mut || {})
    }

    /// The same. `each` hears of every part of the base.
    fn write_telling(self, each: &mut dyn FnMut()) -> Result<Compacted, LedgerError> {
        let (base, entries) = write(self.writer, &self.frozen, each).map_err(|error| match error {
            LedgerError::Store(error @ StoreError::Damaged { .. }) => LedgerError::Unsound(error.to_string()),
            error => error,
        })?;
        Ok(Compacted { of: self.of, base, damage: self.damage, entries })
    }
}

fn write(
    mut writer: BaseWriter,
    store: &Store,
    each: &mut dyn FnMut(),
) -> Result<(FinishedBase, u64), LedgerError> {
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
    let at = meta.newest_at;
    let mut counts = Counts::default();
    let mut push = |part: Base| -> Result<(), JournalError> {
        each();
        counts.take(&part);
        writer.push(part)
    };
    push(Base::Head(Head::of(&meta)))?;
    let sources = store.sources()?;
    for (id, state) in &sources {
        push(Base::Source(Box::new(base_source(at, id.clone(), state.clone()))))?;
    }
    for (feed, state) in store.feeds()? {
        push(Base::Feed(BaseFeed { at, feed, state }))?;
    }
    let mut next = 0;
    loop {
        let page = store.entries_from(next, ENTRIES)?;
        let Some((last, _)) = page.last() else { break };
        next = last + 1;
        let entries = page.into_iter().map(|(no, entry)| base_entry(no, entry)).collect();
        push(Base::Entries(BaseEntries { at, entries }))?;
    }
    // What the store has lost would go with the segments.
    if counts.entries != meta.entries + meta.stubs {
        let (said, found) = (meta.entries + meta.stubs, counts.entries);
        return Err(LedgerError::Unsound(format!("it says that it holds {said} entries, and gave {found}")));
    }
    writer.push(Base::End(counts.end(at, meta.next_no)))?;
    Ok((writer.finish()?, counts.entries))
}

impl Ledger {
    /// Begins to compact the journal: freezes the store. Later lines go behind the base. `None` if there is nothing
    /// to compact, or a compaction is under way. Fails if the disk refuses; then nothing has changed.
    pub fn begin_compaction(&mut self, today: NaiveDate) -> Result<Option<Compaction>, LedgerError> {
        self.make_current()?;
        self.freeze(today)
    }

    fn freeze(&mut self, today: NaiveDate) -> Result<Option<Compaction>, LedgerError> {
        if self.journal.seq() == 0 {
            return Ok(None);
        }
        let (base, tail) = self.journal.sizes()?;
        self.require_room(base + tail)?;
        let of = self.store.load_full();
        let Some(frozen) = of.freeze() else { return Ok(None) };
        let writer = self.journal.begin_base(today)?;
        Ok(Some(Compaction { of, frozen, writer, damage: self.damage.clone() }))
    }

    /// Replaces the segments by their base. Returns false if the store was rebuilt meanwhile: then the store that
    /// the base was made from was not sound. Fails if the disk refuses: the next start removes the unfinished base.
    pub fn finish_compaction(&mut self, compacted: Compacted) -> Result<bool, LedgerError> {
        let Compacted { of, base, damage, .. } = compacted;
        if !Arc::ptr_eq(&self.store.load_full(), &of) {
            tracing::warn!(
                "the store was built anew while the journal was compacted from it; the journal stays as it is"
            );
            return Ok(false);
        }
        let base = self.journal.put_in_place(base)?;
        let removed = self.journal.keep_from(&base);
        // What was found since may stand behind the base.
        if let Some(damage) = self.damage.take_if(|found| damage.as_ref() == Some(found)) {
            tracing::warn!(damage, "the journal was damaged; it has a new base, written from the store");
        }
        // Its place may have been in a segment that has gone.
        of.commit(&Changes { position: Some(self.journal.reached()), ..Changes::default() })?;
        removed?;
        Ok(true)
    }

    /// Gives a damaged journal a new base, written from the store in use. Fails if the disk refuses, or the store
    /// is not sound: then the journal is as it was.
    pub(super) fn rebase(&mut self) -> Result<(), LedgerError> {
        let begun = self.freeze(self.journal.date())?;
        let progress = self.progress();
        let mut each = || {
            progress.fetch_add(1, Ordering::Relaxed);
        };
        let compacted = begun.ok_or(LedgerError::Compacting)?.write_telling(&mut each)?;
        self.finish_compaction(compacted).map(drop)
    }

    /// The damage of the journal, until it has a new base.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Notes that the journal could not be read through: the next compaction writes it a new base.
    pub fn note_damage(&mut self, damage: String) {
        self.damage = Some(damage);
    }
}
