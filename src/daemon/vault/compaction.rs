//! Compaction: the base of the journal written from a frozen store, while recording goes on.

use std::sync::Arc;

use super::VaultError;
use crate::core::apply::{base_entry, base_source};
use crate::core::base::{Base, BaseEntries, BaseEntry, BaseFeed, End, Head};
use crate::core::rules::Rules;
use crate::core::state::{Meta, State};
use crate::journal::{BaseWriter, WrittenBase};
use crate::store::Store;

/// Entries of one line of the base: a source is then written once for many of its entries when the base is
/// folded in, and a line stays shorter than a large observation.
const ENTRIES: usize = 64;

/// A compaction under way. It is written without holding up anything; dropping it gives it up.
pub struct Compaction {
    store: Store,
    rules: Arc<Rules>,
    writer: BaseWriter,
    wounds: u64,
}

/// A base that stands. What it stands for can be removed.
#[derive(Debug)]
pub struct Compacted {
    pub(super) base: WrittenBase,
    /// How many wounds of the journal had been found at the freeze.
    pub(super) wounds: u64,
    /// How many entries it holds.
    pub entries: u64,
}

impl Compaction {
    pub(super) fn new(store: Store, rules: Arc<Rules>, writer: BaseWriter, wounds: u64) -> Self {
        Self { store, rules, writer, wounds }
    }

    /// Writes the base. Takes as long as reading the whole store.
    ///
    /// # Errors
    /// When the store cannot be read, or the disk refuses: then the journal is as it was.
    pub fn write(self) -> Result<Compacted, VaultError> {
        let filled = fill(self.writer, &self.store, Some(&self.rules))?;
        Ok(Compacted { wounds: self.wounds, ..filled })
    }
}

/// Writes a base from a store. Without the rules that the store was derived under, nothing derived is in it.
pub(super) fn fill(
    mut writer: BaseWriter,
    store: &Store,
    rules: Option<&Rules>,
) -> Result<Compacted, VaultError> {
    let meta = store.meta()?.unwrap_or_else(|| Meta::empty(""));
    let at = meta.newest_at;
    writer.push(Base::Head(Head::of(&meta)))?;
    let sources = store.sources()?;
    for (id, state) in &sources {
        writer.push(Base::Source(Box::new(base_source(at, id.clone(), state.clone()))))?;
    }
    for (feed, state) in store.feeds()? {
        writer.push(Base::Feed(BaseFeed { at, feed, state }))?;
    }
    let (mut next, mut count) = (0, 0);
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
        count += entries.len() as u64;
        writer.push(Base::Entries(BaseEntries { at, entries }))?;
    }
    writer.push(Base::End(End { at, next_no: meta.next_no, entries: count }))?;
    Ok(Compacted { base: writer.finish()?, wounds: 0, entries: count })
}
