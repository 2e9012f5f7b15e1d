//! A fresh generation of the store, built from the journal.

use std::path::Path;

use super::fold::{catch_up, forget_validators, reach};
use super::generation::Generation;
use super::{AskRoom, Replayed, VaultError, aside, lost};
use crate::core::rules::Rules;
use crate::core::state::State;
use crate::journal::{Journal, Losses};
use crate::store::{SledBackend, Store};

/// Builds a fresh generation beside the present one.
pub(super) fn rebuild(
    dir: &Path,
    journal: &Journal,
    rules: &Rules,
    room: &AskRoom,
) -> Result<(Generation, Store, Replayed), VaultError> {
    rebuild_above(dir, 0, journal, rules, room)
}

/// Builds a fresh generation. Where it does not fit, what was put aside leaves, and it is tried once more.
pub(super) fn rebuild_above(
    dir: &Path,
    number: u32,
    journal: &Journal,
    rules: &Rules,
    room: &AskRoom,
) -> Result<(Generation, Store, Replayed), VaultError> {
    match build_above(dir, number, journal, rules, room) {
        Err(VaultError::NoRoom { .. }) if aside::leave(dir) => build_above(dir, number, journal, rules, room),
        built => built,
    }
}

fn build_above(
    dir: &Path,
    number: u32,
    journal: &Journal,
    rules: &Rules,
    room: &AskRoom,
) -> Result<(Generation, Store, Replayed), VaultError> {
    let generation = Generation::create(dir, number)?;
    let path = generation.path(dir);
    let built = SledBackend::open(&path).map_err(VaultError::from).and_then(|backend| {
        let store = Store::new(Box::new(backend));
        let (lines, mut lost) = catch_up(&store, journal, rules)?;
        require_read(&lost)?;
        let reached = store.meta()?.map_or(0, |meta| meta.seq);
        if reached < journal.seq() {
            // Cut off, or passed over: positions go on behind them all the same.
            lost.gaps.push((reached + 1, journal.seq()));
        }
        if !lost.is_empty() {
            forget_validators(&store)?;
            reach(&store, journal.seq(), rules)?;
            lost::note(dir, &lost);
        }
        // sled writes behind: a kill must not find it empty where the mark says that it is complete.
        store.flush()?;
        generation.write_mark(dir, false)?;
        if lost.is_empty() {
            lost::clear(dir);
        }
        Ok((store, Replayed { lines, lost }))
    });
    match built {
        Ok((store, replayed)) => Ok((generation, store, replayed)),
        Err(error) => {
            // The disk may be full: the next attempt needs the room.
            let error = aside::explain(dir, generation.size(dir), room, error);
            generation.remove(dir);
            Err(error)
        }
    }
}

/// Refuses to build a store from a journal that the disk does not read all of: once it is healed, the segments
/// go, and what might still be got out of them.
pub(super) fn require_read(unread: &Losses) -> Result<(), VaultError> {
    unread.refused().map_or(Ok(()), |damage| Err(VaultError::Unreadable(damage.clone())))
}
