//! A journal that lost something, made whole from a store that still has it: everything is written anew as a
//! base at the store's position. Only what neither holds is lost.

use std::fmt;
use std::path::Path;

use uuid::Uuid;

use super::fold::{catch_up, forget_validators};
use super::{AskRoom, Vault, VaultError, compaction, lost};
use crate::core::base::Base;
use crate::core::record::Record;
use crate::core::rules::Rules;
use crate::core::state::State;
use crate::ledger::journal::{self, Journal, Losses};
use crate::ledger::store::Store;

/// What ails a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wound {
    /// What of it cannot be read.
    pub unread: Losses,
    /// The lines behind its end that the store has: the first and the last.
    pub cut: Option<(u64, u64)>,
    /// What the store does not have either.
    pub lost: Losses,
}

impl fmt::Display for Wound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cut {
            None => self.unread.fmt(f),
            Some((first, last)) if self.unread.is_empty() => {
                write!(f, "lines {first} to {last} were cut off")
            }
            Some((first, last)) => write!(f, "{}; lines {first} to {last} were cut off", self.unread),
        }
    }
}

impl Wound {
    fn tell_healed(&self) {
        if self.lost.is_empty() {
            tracing::warn!(damage = %self, "the journal was damaged; it was healed from the store, and nothing is lost");
        } else {
            tracing::error!(
                damage = %self,
                lost = %self.lost,
                "the journal was damaged, and the store did not have all of it either: what is lost is passed over, \
                 and every source is read in full once more"
            );
        }
    }

    /// Before a base takes the place of what it was healed from: where something is lost, older segments that
    /// are still there may hold it.
    pub(super) fn keep_superseded(&self, journal: &Journal) -> Result<(), VaultError> {
        if self.lost.is_empty() {
            return Ok(());
        }
        if let Some(aside) = journal.set_superseded_aside()? {
            tracing::error!(
                path = %aside.display(),
                "older segments stood beside the damaged base of the journal; they may hold what is lost, and are kept there"
            );
        }
        Ok(())
    }

    fn tell_unhealed(&self, why: &VaultError) {
        tracing::error!(
            damage = %self,
            lost = %self.lost,
            %why,
            "the journal is damaged and cannot be healed from the store yet; this is tried again"
        );
    }
}

/// What reading the whole of a journal tells.
#[derive(Default)]
pub(super) struct Examined {
    pub(super) unread: Losses,
    /// Whose it says it is, if it does.
    pub(super) instance: Option<Uuid>,
    /// The position of its last line.
    pub(super) last: u64,
}

/// Reads the whole of the journal in a state directory.
pub(super) fn examine(dir: &Path) -> Result<Examined, VaultError> {
    let (mut instance, mut last) = (None, 0);
    let unread = journal::replay(&dir.join("journal"), 0, &mut |line| -> Result<(), VaultError> {
        last = last.max(line.seq);
        match line.record {
            Record::Config(config) => instance = Some(config.instance),
            Record::Base(Base::Head(head)) => instance = Some(head.instance),
            _ => {}
        }
        Ok(())
    })?;
    Ok(Examined { unread, instance: instance.filter(|id| !id.is_nil()), last })
}

/// Whether all of the journal in a state directory can be read. One that is being written to may seem torn.
///
/// # Errors
/// When it cannot be read at all.
pub fn is_whole(dir: &Path) -> Result<bool, VaultError> {
    Ok(examine(dir)?.unread.is_empty())
}

/// Whether the journal lacks something that the store may have.
pub(super) fn is_wounded(store: &Store, journal: &Journal, examined: &Examined) -> Result<bool, VaultError> {
    let seen = store.meta()?.map_or(0, |meta| meta.seq);
    Ok(seen > journal.seq() || !examined.unread.is_empty())
}

/// Brings a sound store and its journal to one position. Returns how many lines were folded in, and what
/// ails the journal.
pub(super) fn meet(
    dir: &Path,
    store: &Store,
    journal: &mut Journal,
    rules: &Rules,
    unread: Losses,
) -> Result<(u64, Option<Wound>), VaultError> {
    let seen = store.meta()?.map_or(0, |meta| meta.seq);
    let (lines, read, lost) = fold_in(dir, store, journal, rules, &unread)?;
    // Behind what the disk does not read there may have been more than shows as a gap.
    if lost.is_some() || read.refused().is_some() {
        forget_validators(store)?;
    }
    let cut = (seen > journal.seq()).then(|| (journal.seq() + 1, seen));
    journal.go_on_behind(seen);
    let is_wounded = cut.is_some() || !unread.is_empty();
    if lost.is_some() && !is_wounded {
        // It was healed, and killed before it could say so.
        store.flush()?;
        lost::clear(dir);
    }
    let lost = lost.unwrap_or_default();
    Ok((lines, is_wounded.then_some(Wound { unread, cut, lost })))
}

/// Folds in what stands behind the store's position. Returns how many lines that were, what of them could not
/// be read, and what is lost, if anything is: that was noted before.
pub(super) fn fold_in(
    dir: &Path,
    store: &Store,
    journal: &Journal,
    rules: &Rules,
    unread: &Losses,
) -> Result<(u64, Losses, Option<Losses>), VaultError> {
    let seen = store.meta()?.map_or(0, |meta| meta.seq);
    // What stands before its position the store has; damage behind it shows as a gap.
    let behind = unread.gaps.iter().filter(|(_, last)| *last > seen);
    let gaps: Vec<_> = behind.map(|(first, last)| ((*first).max(seen + 1), *last)).collect();
    let noted = lost::noted(dir);
    let is_lost = noted.is_some() || !gaps.is_empty();
    let mut lost = noted.unwrap_or_default();
    lost.gaps.extend(gaps);
    lost.gaps.sort_unstable();
    lost.gaps.dedup();
    if is_lost {
        lost::note(dir, &lost);
    }
    let (lines, read) = catch_up(store, journal, rules)?;
    Ok((lines, read, is_lost.then_some(lost)))
}

/// Heals a journal that is about to be read under other rules than the store was derived under: the base
/// holds what is recorded alone, and everything else is derived anew from it.
pub(super) fn heal_facts(journal: &mut Journal, store: &Store, wound: &Wound) -> Result<(), VaultError> {
    let writer = journal.begin_base(journal.date())?;
    let (base, _) = compaction::fill(writer, store, None)?;
    wound.keep_superseded(journal)?;
    let base = journal.put_in_place(base)?;
    journal.keep_from(&base)?;
    wound.tell_healed();
    Ok(())
}

/// Whether there is room for a base, without which a journal that is damaged cannot be read under other rules.
pub(super) fn require_room_to_heal(dir: &Path, journal: &Journal, room: &AskRoom) -> Result<(), VaultError> {
    let (base, tail) = journal.sizes()?;
    let enough = room(dir).map_or(Ok(()), |room| room.require(dir, base + tail));
    enough.map_err(|full| VaultError::Unhealed(Box::new(full)))
}

impl Vault {
    /// What ails the journal, as long as it could not be healed.
    #[must_use]
    pub fn wound(&self) -> Option<&Wound> {
        self.wound.as_ref()
    }

    /// The state directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Heals the journal, if it is damaged and the store is not.
    ///
    /// # Errors
    /// When the disk refuses: then everything is as it was.
    pub(super) fn heal_journal(&mut self) -> Result<(), VaultError> {
        let Some(wound) = self.wound.clone() else { return Ok(()) };
        self.try_to_heal().inspect_err(|why| wound.tell_unhealed(why))
    }

    fn try_to_heal(&mut self) -> Result<(), VaultError> {
        // Until the base stands, the store is all that holds what the journal lost: a power cut must find
        // one that can be trusted. It is only read meanwhile.
        self.store.load().flush()?;
        self.generation.mark_clean(&self.dir)?;
        let healed = self.begin_compaction(self.journal.date()).and_then(|begun| match begun {
            Some(compaction) => self.finish_compaction(compaction.write()?).map(drop),
            // The store is frozen for a base or a copy that is under way.
            None => Err(VaultError::Busy),
        });
        self.generation.mark_open(&self.dir)?;
        healed
    }

    pub(super) fn note_wound(&mut self, wound: Wound) {
        if self.wound.as_ref() != Some(&wound) {
            self.wounds += 1;
            self.wound = Some(wound);
        }
    }

    /// What stands for the journal now was written from the store: it is whole.
    pub(super) fn note_healed(&mut self) {
        if let Some(wound) = self.wound.take() {
            wound.tell_healed();
            lost::clear(&self.dir);
        }
    }

    /// Makes sure, before the store is given up for a fresh one, that the journal has all that it has.
    ///
    /// # Errors
    /// When the journal is damaged and cannot be healed: then the store must stay.
    pub(super) fn heal_before_rebuild(&mut self) -> Result<(), VaultError> {
        if self.find_wound()? { self.heal_journal() } else { Ok(()) }
    }

    /// Reads the whole journal. Whether it is damaged, and the store is sound and can heal it.
    ///
    /// # Errors
    /// When the journal cannot be read at all.
    pub fn find_wound(&mut self) -> Result<bool, VaultError> {
        let unread = examine(&self.dir)?.unread;
        if unread.is_empty() && self.wound.is_none() {
            return Ok(false);
        }
        let store = self.store.load_full();
        let is_current = store.meta()?.is_some_and(|meta| meta.seq == self.journal.seq());
        if let Some(why) =
            store.check().err().map(|e| e.to_string()).or((!is_current).then(|| "it is behind".to_owned()))
        {
            tracing::error!(damage = %unread, why, "the journal is damaged, and the store cannot heal it");
            return Ok(false);
        }
        let mut wound = self.wound.clone().unwrap_or_default();
        if !unread.is_empty() {
            wound.unread = unread;
        }
        self.note_wound(wound);
        Ok(true)
    }
}
