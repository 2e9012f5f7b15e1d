//! Compaction: the base of the journal written from a frozen store, while recording goes on.

use std::sync::Arc;

use chrono::NaiveDate;

use super::refusal::is_for_room;
use super::{Vault, VaultError};
use crate::core::base::{Base, BaseEntries, BaseEntry, BaseFeed, Counts, Head};
use crate::core::rules::Rules;
use crate::core::state::{Meta, State};
use crate::ledger::apply::{base_entry, base_source};
use crate::ledger::journal::{BaseWriter, FinishedBase, JournalError};
use crate::ledger::store::{Store, StoreError, Unsound};

/// Entries of one line of the base: a source is then written once for many of its entries when the base is
/// folded in, and a line stays shorter than a large observation.
const ENTRIES: usize = 64;

/// A compaction under way. It is written without holding up anything; dropping it gives it up.
pub struct Compaction {
    of: Arc<Store>,
    frozen: Store,
    rules: Arc<Rules>,
    writer: BaseWriter,
    wounds: u64,
}

/// A base that is written, and stands for nothing yet. Dropping it gives it up.
pub struct Compacted {
    of: Arc<Store>,
    base: FinishedBase,
    /// How many wounds of the journal had been found at the freeze.
    wounds: u64,
    /// How many entries it holds.
    pub entries: u64,
}

impl Compaction {
    /// The store that it is written from.
    #[must_use]
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.of)
    }

    /// Writes the base. Takes as long as reading the whole store twice.
    ///
    /// # Errors
    /// [`VaultError::Unsound`] when the store is not sound, any other when it cannot be read, or the disk
    /// refuses: then the journal is as it was.
    pub fn write(self) -> Result<Compacted, VaultError> {
        // What the store has lost goes with the segments: nobody may have read the rows yet that are not there.
        self.frozen.check().map_err(unsound)?;
        let (base, entries) = fill(self.writer, &self.frozen, Some(&self.rules))?;
        Ok(Compacted { of: self.of, base, wounds: self.wounds, entries })
    }
}

/// A store that could not be read just now, as when too much was written while it was frozen, may be sound.
fn unsound(error: Unsound) -> VaultError {
    match error {
        Unsound::Unreadable(error @ StoreError::Backend(_)) => VaultError::Store(error),
        error => VaultError::Unsound(error.to_string()),
    }
}

/// Writes a base from a store. Without the rules that the store was derived under, nothing derived is in it.
/// Returns how many entries it holds, too.
///
/// # Errors
/// [`VaultError::Unsound`] when it would not hold what the store says of itself.
pub(super) fn fill(
    mut writer: BaseWriter,
    store: &Store,
    rules: Option<&Rules>,
) -> Result<(FinishedBase, u64), VaultError> {
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
    let at = meta.newest_at;
    let mut counts = Counts::default();
    let mut push = |part: Base| -> Result<(), JournalError> {
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
        let mut entries = Vec::with_capacity(page.len());
        for (no, entry) in page {
            let Some(source) = sources.get(&entry.source) else { continue };
            let Some(rules) = rules else {
                entries.push(BaseEntry { no, entry, derived: None });
                continue;
            };
            let sketch = store.stored_sketch(no)?;
            entries.push(base_entry(rules, source, no, entry, sketch.as_ref()));
        }
        push(Base::Entries(BaseEntries { at, entries }))?;
    }
    let said = Counts { sources: meta.sources, feeds: meta.feeds, entries: meta.entries + meta.stubs };
    if counts != said {
        return Err(VaultError::Unsound(format!("it says that it holds {said}, and gave {counts}")));
    }
    writer.push(Base::End(counts.end(at, meta.next_no)))?;
    Ok((writer.finish()?, counts.entries))
}

impl Vault {
    /// Begins to compact the journal: the store is frozen, and what is recorded from now on stands behind
    /// the base. `None` when there is nothing to compact, or it is under way.
    ///
    /// # Errors
    /// When the disk refuses; then nothing has changed.
    pub fn begin_compaction(&mut self, today: NaiveDate) -> Result<Option<Compaction>, VaultError> {
        self.make_current()?;
        if self.journal.seq() == 0 {
            return Ok(None);
        }
        let (base, tail) = self.journal.sizes()?;
        self.require_room(base + tail)?;
        let of = self.store.load_full();
        let Some(frozen) = of.freeze() else { return Ok(None) };
        let writer = self.journal.begin_base(today)?;
        let (rules, wounds) = (Arc::clone(&self.rules), self.wounds);
        Ok(Some(Compaction { of, frozen, rules, writer, wounds }))
    }

    /// Puts a base in the place of what it stands for. Returns whether it did: not when the store was built
    /// anew meanwhile, as there was something wrong with the one that the base is of.
    ///
    /// # Errors
    /// When the disk refuses: the next start removes what is in the way.
    pub fn finish_compaction(&mut self, compacted: Compacted) -> Result<bool, VaultError> {
        let Compacted { of, base, wounds, .. } = compacted;
        if !Arc::ptr_eq(&self.store.load_full(), &of) {
            tracing::warn!(
                "the store was built anew while the journal was compacted from it; the journal stays as it is"
            );
            return Ok(false);
        }
        if let Some(wound) = &self.wound {
            wound.keep_superseded(&self.journal)?;
        }
        let base = self.journal.put_in_place(base)?;
        let removed = self.journal.keep_from(&base);
        // One that was found after the freeze may lie behind the base.
        if wounds == self.wounds {
            self.note_healed();
        }
        removed?;
        Ok(true)
    }

    /// Builds a store anew that was found to be unsound, if the journal has all of it and it is still the one
    /// in use. If not, each may have what the other lost, and both stay. Where there is no room for another it
    /// stays in use: it works, and the next compaction finds it again.
    ///
    /// # Errors
    /// When the journal cannot be read, or the fresh one not be written for anything but room.
    pub fn replace_unsound(&mut self, of: &Arc<Store>, why: &str) -> Result<(), VaultError> {
        if self.wound.is_some() || !super::is_whole(&self.dir)? {
            tracing::error!(
                why,
                "the store is not sound, and the journal is damaged: neither is made anew from the other"
            );
            return Ok(());
        }
        let failed = self.failed.clone();
        match self.heal(of, why) {
            Err(error) if failed.is_none() && is_for_room(&error) => {
                self.failed = None;
                tracing::error!(
                    why,
                    %error,
                    "the store is not sound, and there is no room to build it anew: it stays in use; this is tried again"
                );
                Ok(())
            }
            healed => healed,
        }
    }
}
