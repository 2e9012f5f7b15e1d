//! Applies expiry: entries that lose their text, entries that are forgotten, and sources that the operator forgot.

use super::Work;
use crate::model::record::Expiry;
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

impl<S: State> Work<'_, S> {
    /// Nothing here depends on the policy: that was applied when the line was written.
    pub(super) fn expire(&mut self, expiry: &Expiry) -> Result<(), S::Error> {
        for id in &expiry.entries {
            self.retire(id, expiry.at)?;
        }
        for id in &expiry.forgotten {
            self.forget(id)?;
        }
        for id in &expiry.erased {
            self.erase(id)?;
        }
        for id in &expiry.sources {
            self.reset(id)?;
        }
        Ok(())
    }

    /// The entry leaves every list and its story; what it is recognised by stays.
    fn retire(&mut self, id: &str, at: Time) -> Result<(), S::Error> {
        let Some((no, mut entry)) = self.owned(id)?.filter(|(_, entry)| entry.is_shown()) else {
            return Ok(());
        };
        for feed in entry.feeds() {
            self.unlist(&feed, no, &entry)?;
        }
        self.leave(no, &entry)?;
        entry.story = None;
        entry.expired = Some(at);
        entry.regions.clear();
        entry.fall_silent();
        self.count(&entry.source, |source| {
            (source.entries, source.stubs) = (source.entries.saturating_sub(1), source.stubs + 1);
        })?;
        (self.meta.entries, self.meta.stubs) = (self.meta.entries.saturating_sub(1), self.meta.stubs + 1);
        // Only a later line may forget it.
        entry.changed_seq = self.seq;
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    /// Nothing of the entry is kept. Only what expired by an earlier line can be forgotten, and never what
    /// was withdrawn.
    fn forget(&mut self, id: &str) -> Result<(), S::Error> {
        let seq = self.seq;
        let stub = |(_, entry): &(EntryNo, Entry)| {
            entry.expired.is_some() && entry.withdrawn.is_none() && entry.changed_seq != seq
        };
        let Some((no, entry)) = self.owned(id)?.filter(stub) else { return Ok(()) };
        self.drop_stub(no, entry)
    }

    /// Nothing of the entry is kept, shown or not, unless it was withdrawn. Its story goes on under its next member, as
    /// nothing is left by which this one could be named.
    fn erase(&mut self, id: &str) -> Result<(), S::Error> {
        let Some((no, entry)) = self.owned(id)?.filter(|(_, entry)| entry.withdrawn.is_none()) else {
            return Ok(());
        };
        if entry.is_shown() {
            let mut parting = entry.clone();
            for feed in entry.feeds() {
                self.unlist(&feed, no, &entry)?;
            }
            self.part(no, &mut parting)?;
            self.count(&entry.source, |source| {
                (source.entries, source.stubs) = (source.entries.saturating_sub(1), source.stubs + 1);
            })?;
            (self.meta.entries, self.meta.stubs) = (self.meta.entries.saturating_sub(1), self.meta.stubs + 1);
        }
        self.drop_stub(no, entry)
    }

    fn drop_stub(&mut self, no: EntryNo, entry: Entry) -> Result<(), S::Error> {
        for key in &entry.keys {
            if self.known(&entry.source, key)? == Some(no) {
                self.changes.known.insert((entry.source.clone(), *key), None);
            }
        }
        self.count(&entry.source, |source| source.stubs = source.stubs.saturating_sub(1))?;
        self.meta.stubs = self.meta.stubs.saturating_sub(1);
        self.changes.owners.insert(entry.id, None);
        self.changes.entries.insert(no, None);
        Ok(())
    }

    /// The source is as if it had never been polled. It keeps its number, so that every replay numbers sources the same,
    /// and its feed stays gone. One that was renamed later is reset under its new id: its validators must not outlive
    /// the entries that they vouch for.
    fn reset(&mut self, id: &SourceId) -> Result<(), S::Error> {
        let id = self.rules.current_id(id);
        if let Some(SourceState { no, def, gone, entries, stubs, .. }) = self.source(id)? {
            let source = SourceState { gone, entries, stubs, ..SourceState::new(no, def) };
            self.changes.sources.insert(id.clone(), source);
        }
        Ok(())
    }

    fn owned(&self, id: &str) -> Result<Option<(EntryNo, Entry)>, S::Error> {
        let Some(no) = self.owner(id)? else { return Ok(None) };
        Ok(self.entry(no)?.map(|entry| (no, entry)))
    }

    fn count(&mut self, id: &SourceId, note: impl FnOnce(&mut SourceState)) -> Result<(), S::Error> {
        if let Some(mut source) = self.source(id)? {
            note(&mut source);
            self.changes.sources.insert(id.clone(), source);
        }
        Ok(())
    }
}
