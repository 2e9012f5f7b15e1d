//! A fresh generation of the store, built from the journal, as long as there is room. One that did not fit is
//! not tried again before there is more room than it had: each attempt would fill the disk for everybody.
//!
//! ```text
//! STATE/store/outgrown     how much room the last attempt had taken when there was no more, as JSON
//! ```

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fold::{catch_up_while, forget_validators, reach};
use super::generation::Generation;
use super::mark::replace;
use super::{AskRoom, Replayed, Room, VaultError, aside, lost};
use crate::core::rules::Rules;
use crate::core::state::State;
use crate::ledger::journal::{Journal, Losses};
use crate::ledger::store::{SledBackend, Store};

/// After how many lines it is looked whether there is room for more. So many take a small part of what is left
/// alone, as a rule.
const LOOK: u64 = 64;

/// An attempt for which there was not enough room. Another one over the same lines takes at least as much.
#[derive(Serialize, Deserialize)]
struct Outgrown {
    octets: u64,
    /// The position of the journal.
    seq: u64,
    /// What the rules and the sources come to: under others it may be smaller.
    rules: u64,
}

impl Outgrown {
    fn path(dir: &Path) -> PathBuf {
        dir.join("store").join("outgrown")
    }

    /// Another dibao may come to another number, and tries once more then.
    fn digest(rules: &Rules) -> u64 {
        let mut hasher = DefaultHasher::new();
        rules.fingerprint.hash(&mut hasher);
        for def in rules.definitions() {
            serde_json::to_string(def).unwrap_or_default().hash(&mut hasher);
        }
        hasher.finish()
    }

    /// How much room another attempt needs, if the last one says so.
    fn octets(dir: &Path, journal: &Journal, rules: &Rules) -> Option<u64> {
        let noted: Self = serde_json::from_slice(&fs::read(Self::path(dir)).ok()?).ok()?;
        (noted.seq == journal.seq() && noted.rules == Self::digest(rules)).then_some(noted.octets)
    }

    /// How much room it takes to get further than one that had taken so much: with no more than it had it would
    /// fail at the same line.
    fn further(taken: u64) -> u64 {
        taken.saturating_add(taken / 64).saturating_add(1 << 20)
    }

    /// Where that cannot be written it is told, and the next attempt goes as far as this one. One that began with
    /// room enough was in the way of others on the disk, who come and go.
    fn note(dir: &Path, journal: &Journal, rules: &Rules, taken: u64, began: Option<Room>) {
        let octets = Self::further(taken);
        if began.is_some_and(|told| told.require(dir, octets).is_ok()) {
            return;
        }
        let noted = Self { octets, seq: journal.seq(), rules: Self::digest(rules) };
        let path = Self::path(dir);
        let written = serde_json::to_vec(&noted)
            .map_err(std::io::Error::other)
            .and_then(|text| replace(&dir.join("store"), &path, &text));
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "cannot note how much room a store takes");
        }
    }

    fn forget(dir: &Path) {
        let _ = fs::remove_file(Self::path(dir));
    }
}

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
    let began = room(dir);
    if let Some(octets) = Outgrown::octets(dir, journal, rules)
        && let Some(told) = &began
        && let Err(full) = told.require(dir, octets)
    {
        return Err(aside::no_room(dir, octets, told.left, full));
    }
    let generation = Generation::create(dir, number)?;
    let path = generation.path(dir);
    let built = SledBackend::open(&path).map_err(VaultError::from).and_then(|backend| {
        let store = Store::new(Box::new(backend));
        let may_go_on = |lines: u64| match room(dir) {
            Some(room) if lines.is_multiple_of(LOOK) => room.require(dir, 0),
            _ => Ok(()),
        };
        let (lines, mut lost) = catch_up_while(&store, journal, rules, &may_go_on)?;
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
        Ok((store, replayed)) => {
            Outgrown::forget(dir);
            Ok((generation, store, replayed))
        }
        Err(error) => {
            // The disk may be full: the next attempt needs the room.
            let taken = generation.size(dir);
            let error = aside::explain(dir, taken, room, error);
            generation.remove(dir);
            if matches!(error, VaultError::NoRoom { .. }) {
                Outgrown::note(dir, journal, rules, taken, began);
            }
            Err(error)
        }
    }
}

/// Refuses to build a store from a journal that the disk does not read all of: once it is healed, the segments
/// go, and what might still be got out of them.
pub(super) fn require_read(unread: &Losses) -> Result<(), VaultError> {
    unread.refused().map_or(Ok(()), |damage| Err(VaultError::Unreadable(damage.clone())))
}
