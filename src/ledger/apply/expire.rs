//! Entries that expire, and those that are forgotten.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use super::{Fold, entry_digest, filing_keys};
use crate::core::record::Expiry;
use crate::core::source::SourceId;
use crate::core::state::{Change, Entry, EntryNo, SourceState, State};
use crate::core::time::Time;

/// The sources whose entries a line takes away, as it has left them so far.
type Sources = BTreeMap<SourceId, SourceState>;

/// The stories that were told of it, by their founders. Once a line is enough, however many reports leave.
type Told = BTreeSet<EntryNo>;

impl<S: State> Fold<'_, S> {
    /// Nothing here depends on the policy: that was applied when the line was written.
    pub(super) fn expire(&mut self, expiry: &Expiry) -> Result<(), S::Error> {
        let (mut sources, mut told) = (Sources::new(), Told::new());
        for id in &expiry.entries {
            self.retire(id, expiry.at, &mut sources, &mut told)?;
        }
        for id in &expiry.forgotten {
            self.forget_all(id, &mut sources)?;
        }
        self.changes.extend(sources.into_iter().map(|(id, source)| Change::Source(id, Box::new(source))));
        Ok(())
    }

    /// The entry leaves every list and its story; what it is recognised by stays.
    fn retire(&mut self, id: &str, at: Time, sources: &mut Sources, told: &mut Told) -> Result<(), S::Error> {
        let Some((no, mut entry)) = self.owned(id)?.filter(|(_, entry)| entry.is_shown()) else {
            return Ok(());
        };
        let Some(source) = self.source_of(&entry, sources)? else { return Ok(()) };
        source.digest = source.digest.wrapping_sub(entry_digest(no, &entry));
        for feed in entry.feeds() {
            self.unlist(&feed, no, &entry)?;
        }
        // Those that told the story too do not link to this one any more.
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        if told.insert(founder) {
            self.touch_story(founder, no)?;
        }
        if let Some(story) = entry.story.take() {
            self.changes.push(Change::Parted(story.founder, no));
        }
        if let Some(sketch) = self.state.sketch(no)? {
            let keys = filing_keys(&sketch);
            self.meta.filed -= keys.len() as u64;
            self.changes.push(Change::Unfiled(no, keys));
            self.changes.push(Change::Unsketched(no));
        }
        entry.expired = Some(at);
        entry.regions.clear();
        entry.fall_silent();
        source.digest = source.digest.wrapping_add(entry_digest(no, &entry));
        (source.entries, source.stubs) = (source.entries - 1, source.stubs + 1);
        (self.meta.entries, self.meta.stubs) = (self.meta.entries - 1, self.meta.stubs + 1);
        self.entries.insert(no, entry);
        Ok(())
    }

    /// Nothing of the entry is kept. Only what expired by an earlier line can be forgotten, and never what
    /// was withdrawn.
    fn forget_all(&mut self, id: &str, sources: &mut Sources) -> Result<(), S::Error> {
        let stub = |(no, entry): &(EntryNo, Entry)| {
            entry.expired.is_some() && entry.withdrawn.is_none() && !self.entries.contains_key(no)
        };
        if !self.claimed.insert(id.to_owned()) {
            return Ok(());
        }
        let Some((no, entry)) = self.owned(id)?.filter(stub) else { return Ok(()) };
        let Some(source) = self.source_of(&entry, sources)? else { return Ok(()) };
        for key in &entry.keys {
            if self.state.known(&entry.source, key)?.is_some_and(|known| known.no == no) {
                self.meta.known -= 1;
                self.changes.push(Change::Unknown(entry.source.clone(), *key));
            }
        }
        source.digest = source.digest.wrapping_sub(entry_digest(no, &entry));
        source.stubs -= 1;
        self.meta.stubs -= 1;
        self.changes.push(Change::Disowned(entry.id));
        self.changes.push(Change::Removed(no));
        Ok(())
    }

    fn owned(&self, id: &str) -> Result<Option<(EntryNo, Entry)>, S::Error> {
        let Some(no) = self.state.owner(id)? else { return Ok(None) };
        Ok(self.entry(no)?.map(|entry| (no, entry)))
    }

    fn source_of<'s>(
        &self,
        entry: &Entry,
        sources: &'s mut Sources,
    ) -> Result<Option<&'s mut SourceState>, S::Error> {
        match sources.entry(entry.source.clone()) {
            btree_map::Entry::Occupied(known) => Ok(Some(known.into_mut())),
            btree_map::Entry::Vacant(place) => {
                Ok(self.state.source(&entry.source)?.map(|source| place.insert(source)))
            }
        }
    }
}
