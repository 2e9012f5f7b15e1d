//! Makes the records of a base from a state, and applies them to an empty state. Recorded values return unchanged;
//! derived values are derived again.

use std::collections::BTreeMap;

use super::Work;
use crate::decide::derive::regions_of_stored;
use crate::model::base::{Base, BaseEntries, BaseEntry, BaseFeed, BaseSource, Head};
use crate::model::source::SourceId;
use crate::model::state::{FeedState, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

/// A stored source as the base has it: its entries come behind it, and are counted again.
pub fn base_source(at: Time, source: SourceId, state: SourceState) -> BaseSource {
    BaseSource { at, source, state: SourceState { entries: 0, stubs: 0, ..state } }
}

pub fn base_entry(no: EntryNo, mut entry: Entry) -> BaseEntry {
    // What was withdrawn has lost its texts, and was announced in the feeds of its regions.
    if entry.is_shown() {
        entry.regions.clear();
    }
    BaseEntry { no, entry }
}

impl<S: State> Work<'_, S> {
    /// Applies a part of the base. The state's position moves with the last of them, so that a store that
    /// has not seen it does not pass for one that has.
    pub(super) fn base(&mut self, base: &Base) -> Result<(), S::Error> {
        match base {
            Base::Head(head) => self.base_head(head),
            Base::Source(source) => self.base_source(source)?,
            Base::Feed(feed) => self.base_feed(feed)?,
            Base::Entries(entries) => self.base_entries(entries)?,
            Base::End(end) => {
                self.meta.next_no = self.meta.next_no.max(end.next_no);
                self.meta.seq = self.seq;
            }
        }
        Ok(())
    }

    fn base_head(&mut self, head: &Head) {
        self.meta.newest_at = head.newest_at;
        self.meta.doubted = head.doubted;
        self.meta.leapt = head.leapt;
        self.meta.instance = head.instance;
        self.meta.config_at = head.config_at;
        self.meta.config.clone_from(&head.config);
    }

    fn base_source(&mut self, base: &BaseSource) -> Result<(), S::Error> {
        let id = self.rules.current_id(&base.source).clone();
        self.meta.sources = self.meta.sources.max(base.state.no);
        if self.source(&id)?.is_some() {
            // Two sources have become one, and the first of them stands for both.
            return Ok(());
        }
        let mut source = base.state.clone();
        source.def = self.definition(&id, &source.def);
        source.gone &= self.rules.definition(&id).is_none();
        self.changes.sources.insert(id, source);
        Ok(())
    }

    fn base_feed(&mut self, base: &BaseFeed) -> Result<(), S::Error> {
        if self.feed(&base.feed)?.is_none() {
            self.changes.feeds.insert(base.feed.clone(), FeedState { entries: 0, ..base.state.clone() });
        }
        Ok(())
    }

    fn base_entries(&mut self, base: &BaseEntries) -> Result<(), S::Error> {
        let mut sources: BTreeMap<SourceId, Option<SourceState>> = BTreeMap::new();
        for entry in &base.entries {
            let id = self.rules.current_id(&entry.entry.source).clone();
            if !sources.contains_key(&id) {
                sources.insert(id.clone(), self.source(&id)?);
            }
            // Without its source, which only a damaged base misses, it could not be attributed.
            if let Some(source) = sources.get_mut(&id).and_then(Option::as_mut) {
                self.base_entry(&id, source, entry)?;
            }
        }
        let found = sources.into_iter().filter_map(|(id, source)| Some((id, source?)));
        self.changes.sources.extend(found);
        Ok(())
    }

    fn base_entry(
        &mut self,
        id: &SourceId,
        source: &mut SourceState,
        base: &BaseEntry,
    ) -> Result<(), S::Error> {
        let no = base.no;
        if no < self.meta.next_no {
            return Ok(());
        }
        let mut entry = Entry { source: id.clone(), ..base.entry.clone() };
        self.meta.next_no = no + 1;
        if entry.is_shown() {
            entry.regions = regions_of_stored(self.rules, &source.def.region, &entry);
        }
        let story = self.put_back(no, &entry)?;
        let place = self.place(source.no, &entry, story);
        for feed in entry.feeds() {
            // Its state came with the base: it has not changed by this.
            if let Some(state) = self.feed(&feed)? {
                (state.entries, state.updated) = (state.entries + 1, state.updated.max(entry.updated));
                self.put_on_list(feed, no, &entry, place)?;
            } else {
                self.list(feed, no, &entry, place)?;
            }
        }
        self.announce(no, &entry);
        self.changes.owners.insert(entry.id.clone(), Some(no));
        // Each key stands with the one entry that it leads to.
        self.changes.known.extend(entry.keys.iter().map(|key| ((id.clone(), *key), Some(no))));
        let (kept, stubs) = if entry.expired.is_none() { (1, 0) } else { (0, 1) };
        (self.meta.entries, self.meta.stubs) = (self.meta.entries + kept, self.meta.stubs + stubs);
        (source.entries, source.stubs) = (source.entries + kept, source.stubs + stubs);
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    /// The feeds in which an entry was announced as withdrawn: those it would be in.
    fn announce(&mut self, no: EntryNo, entry: &Entry) {
        let Some(when) = entry.withdrawn else { return };
        for feed in (Entry { withdrawn: None, ..entry.clone() }).feeds() {
            self.changes.withdrawn.insert((feed, when, no), entry.id.clone());
        }
    }
}
