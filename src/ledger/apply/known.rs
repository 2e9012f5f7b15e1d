//! Maintains the keys by which entries are recognised.

use super::{Work, overlaid};
use crate::model::identity::IdentityKey;
use crate::model::record::ChangedEntry;
use crate::model::source::SourceId;
use crate::model::state::State;
use crate::model::stored::EntryNo;

impl<S: State> Work<'_, S> {
    /// The entry is recognised by more, shown or not; nothing else of it changes.
    pub(super) fn rename(&mut self, id: &SourceId, changed: &ChangedEntry) -> Result<(), S::Error> {
        let Some(no) = self.owner(&changed.published_id)? else { return Ok(()) };
        let Some(entry) = self.entry(no)?.filter(|entry| entry.source == *id) else { return Ok(()) };
        self.learn(id, &changed.keys, no)?;
        let mut entry = self.entry(no)?.unwrap_or(entry);
        entry.go_by(&changed.keys);
        self.changes.entries.insert(no, Some(entry));
        Ok(())
    }

    /// Makes the entry known under these keys. The newest entry that goes by a key is the one it leads
    /// to: a page that is used again tells of its present entry.
    pub(super) fn learn(&mut self, id: &SourceId, keys: &[IdentityKey], no: EntryNo) -> Result<(), S::Error> {
        for key in keys {
            let before = self.known(id, key)?;
            match before {
                Some(earlier) if earlier != no => self.unlearn(earlier, key)?,
                Some(_) => continue,
                None => {}
            }
            self.changes.known.insert((id.clone(), *key), Some(no));
        }
        Ok(())
    }

    /// The entry is no longer known by that key.
    fn unlearn(&mut self, no: EntryNo, key: &IdentityKey) -> Result<(), S::Error> {
        if let Some(mut entry) = self.entry(no)? {
            entry.keys.retain(|own| own != key);
            self.changes.entries.insert(no, Some(entry));
        }
        Ok(())
    }

    pub(super) fn known(&mut self, id: &SourceId, key: &IdentityKey) -> Result<Option<EntryNo>, S::Error> {
        if !self.known.contains_key(id) {
            self.known.insert(id.clone(), self.state.known(id)?);
        }
        let stored = &self.known[id];
        overlaid(&self.changes.known, &(id.clone(), *key), || Ok(stored.get(key)))
    }
}
