//! The base: made from a state, and folded into one. What is recorded comes back as it was, what is
//! derived is derived anew, and where that would give something else, the base says so.

use super::telling::Texts;
use super::{Fold, entry_digest, regions_of};
use crate::core::base::{Base, BaseEntries, BaseEntry, BaseFeed, BaseSource, Derived, End, Head};
use crate::core::rules::Rules;
use crate::core::source::SourceId;
use crate::core::state::{Change, Entry, EntryNo, FeedKey, FeedState, Rank, SourceState, State};
use crate::core::story::Sketch;
use crate::core::time::Time;

/// A stored source as the base has it.
#[must_use]
pub fn base_source(at: Time, source: SourceId, state: SourceState) -> BaseSource {
    // Its entries come behind it, and are counted again.
    BaseSource { at, source, state: SourceState { entries: 0, stubs: 0, digest: 0, ..state } }
}

/// A stored entry of `source`, compared by `sketch`, as the base has it.
#[must_use]
pub fn base_entry(
    rules: &Rules,
    source: &SourceState,
    no: EntryNo,
    mut entry: Entry,
    sketch: Option<&Sketch>,
) -> BaseEntry {
    let Some(sketch) = sketch else { return BaseEntry { no, entry, derived: None } };
    let texts = Texts::of(&entry.body);
    let other_regions = entry.is_shown() && entry.regions != regions_of(rules, source, &texts, &entry.body);
    let anew = texts.sketch(source, &entry.regions, &rules.classifier, entry.published);
    let sketch = (anew != *sketch).then(|| sketch.clone());
    // What was withdrawn cannot be derived from what is left of it, and was announced in its feeds.
    let regions = if entry.is_shown() { std::mem::take(&mut entry.regions) } else { Vec::new() };
    let regions = other_regions.then_some(regions);
    let under = || rules.under(&source.def);
    let derived =
        (regions.is_some() || sketch.is_some()).then(|| Derived { under: under(), regions, sketch });
    BaseEntry { no, entry, derived }
}

impl<S: State> Fold<'_, S> {
    /// Folds in a part of the base. The state's position moves with the last of them, so that a store that
    /// has not seen it does not pass for one that has.
    pub(super) fn base(mut self, base: &Base) -> Result<Vec<Change>, S::Error> {
        let seq = self.meta.seq;
        match base {
            Base::Head(head) => self.base_head(head),
            Base::Source(source) => self.base_source(source)?,
            Base::Feed(feed) => self.base_feed(feed)?,
            Base::Entries(entries) => self.base_entries(entries)?,
            Base::End(end) => self.meta.next_no = self.meta.next_no.max(end.next_no),
        }
        let reached = if let Base::End(End { .. }) = base { self.line.seq } else { seq };
        Ok(self.finish_at(reached))
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
        if self.state.source(&id)?.is_some() {
            // Folded in before; or two sources have become one, and the first of them stands for both.
            return Ok(());
        }
        let mut source = base.state.clone();
        source.def = self.definition(&id, &source.def);
        source.gone &= self.rules.definition(&id).is_none();
        self.meta.sources += 1;
        self.changes.push(Change::Source(id, Box::new(source)));
        Ok(())
    }

    fn base_feed(&mut self, base: &BaseFeed) -> Result<(), S::Error> {
        if self.state.feed(&base.feed)?.is_none() {
            self.meta.feeds += 1;
            self.feeds.insert(base.feed.clone(), FeedState { entries: 0, ..base.state.clone() });
        }
        Ok(())
    }

    fn base_entries(&mut self, base: &BaseEntries) -> Result<(), S::Error> {
        let mut sources = std::collections::BTreeMap::new();
        for entry in &base.entries {
            let id = self.rules.current_id(&entry.entry.source).clone();
            let source = match sources.remove(&id) {
                Some(source) => Some(source),
                None => self.state.source(&id)?,
            };
            // Without its source, which only a damaged base misses, it could not be attributed.
            let Some(mut source) = source else { continue };
            self.base_entry(&id, &mut source, entry)?;
            sources.insert(id, source);
        }
        let changed = sources.into_iter().map(|(id, source)| Change::Source(id, Box::new(source)));
        self.changes.extend(changed);
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
        if entry.expired.is_none() {
            let sketch = self.derive(source, &mut entry, base.derived.as_ref());
            self.meta.filed += self.stories().put_back(no, entry.story.as_ref(), sketch);
            self.meta.entries += 1;
            source.entries += 1;
        } else {
            self.meta.stubs += 1;
            source.stubs += 1;
        }
        for feed in entry.feeds() {
            self.put_back(feed, no, &entry)?;
        }
        self.announce(no, &entry);
        self.changes.push(Change::Owner(entry.id.clone(), no));
        source.digest = source.digest.wrapping_add(entry_digest(no, &entry));
        let keys = entry.keys.clone();
        self.entries.insert(no, entry);
        self.learn(id, &keys, no)
    }

    /// The regions of an entry, and what it is compared by.
    fn derive(&self, source: &SourceState, entry: &mut Entry, derived: Option<&Derived>) -> Sketch {
        let derived = derived.filter(|derived| derived.under == self.rules.under(&source.def));
        let texts = Texts::of(&entry.body);
        let regions = match derived.and_then(|derived| derived.regions.as_ref()) {
            _ if !entry.is_shown() => entry.regions.clone(),
            Some(regions) => regions.clone(),
            None => regions_of(self.rules, source, &texts, &entry.body),
        };
        let sketch = match derived.and_then(|derived| derived.sketch.as_ref()) {
            Some(sketch) => sketch.clone(),
            None => texts.sketch(source, &regions, &self.rules.classifier, entry.published),
        };
        entry.regions = regions;
        sketch
    }

    /// Puts an entry on a list without marking the feed as changed: its state came with the base.
    fn put_back(&mut self, feed: FeedKey, no: EntryNo, entry: &Entry) -> Result<(), S::Error> {
        let stored = match self.feeds.get(&feed) {
            Some(state) => Some(state.clone()),
            None => self.state.feed(&feed)?,
        };
        let Some(state) = stored else { return self.list(feed, no, entry) };
        let state =
            FeedState { entries: state.entries + 1, updated: state.updated.max(entry.updated), ..state };
        self.feeds.insert(feed.clone(), state);
        self.changes.push(Change::Listed(feed, Rank::of(no, entry), entry.first_seen));
        Ok(())
    }

    /// The feeds in which an entry was announced as withdrawn: those it would be in.
    fn announce(&mut self, no: EntryNo, entry: &Entry) {
        let Some(when) = entry.withdrawn else { return };
        for feed in (Entry { withdrawn: None, ..entry.clone() }).feeds() {
            self.changes.push(Change::Withdrawn(feed, when, no, entry.id.clone()));
        }
    }
}
