//! What entries are recognised by.

use super::Fold;
use crate::core::identity::IdentityKey;
use crate::core::record::ChangedEntry;
use crate::core::source::SourceId;
use crate::core::state::{Change, EntryNo, Known, State};

impl<S: State> Fold<'_, S> {
    /// The entry is recognised by more, shown or not; nothing else of it changes.
    pub(super) fn rename(&mut self, id: &SourceId, changed: &ChangedEntry) -> Result<(), S::Error> {
        let Some(no) = self.state.owner(&changed.published_id)? else { return Ok(()) };
        let Some(mut entry) = self.entry(no)?.filter(|entry| entry.source == *id) else { return Ok(()) };
        self.learn(id, &changed.keys, no)?;
        entry.go_by(&changed.keys);
        self.entries.insert(no, entry);
        Ok(())
    }

    /// Makes the entry known under these keys. The newest entry that goes by a key is the one it leads
    /// to: a page that is used again tells of its present entry.
    pub(super) fn learn(
        &mut self,
        source: &SourceId,
        keys: &[IdentityKey],
        no: EntryNo,
    ) -> Result<(), S::Error> {
        for key in keys {
            let before = match self.learned.insert((source.clone(), *key), no) {
                Some(earlier) => Some(earlier),
                None => self.state.known(source, key)?.map(|known| known.no),
            };
            match before {
                None => self.meta.known += 1,
                Some(earlier) if earlier != no => self.forget(earlier, key)?,
                Some(_) => continue,
            }
            self.changes.push(Change::Known(source.clone(), *key, Known { no }));
        }
        Ok(())
    }

    /// The entry is no longer known by that key.
    fn forget(&mut self, no: EntryNo, key: &IdentityKey) -> Result<(), S::Error> {
        if let Some(mut entry) = self.entry(no)? {
            entry.keys.retain(|own| own != key);
            self.entries.insert(no, entry);
        }
        Ok(())
    }
}
