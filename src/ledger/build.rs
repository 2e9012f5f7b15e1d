//! Builds a store from the journal, beside the store in use, and swaps it in when it is complete.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::generation::Generation;
use super::journal::Losses;
use super::replay::{catch_up, forget_validators, reach};
use super::store::Store;
use super::{Ledger, LedgerError, mark, room};
use crate::model::state::State;

/// Lines after which it is looked whether there is room for more.
const LOOK: u64 = 64;

/// Hears how many entries a build has applied so far.
type Progress<'a> = &'a mut dyn FnMut(u64);

/// A complete generation that is not in use yet.
struct Built {
    generation: Generation,
    store: Store,
    lines: u64,
    lost: Losses,
}

impl Ledger {
    /// Builds the store if opening found none that can be used as it is. Returns how many lines that took. Fails if
    /// the disk refuses, or there is no room: then it may be tried again.
    pub fn settle(&mut self, progress: Progress<'_>) -> Result<u64, LedgerError> {
        match &self.unsettled {
            None => Ok(0),
            Some(unsettled) if unsettled.usable => self.rebuild(progress),
            Some(_) => self.build_from_journal(progress),
        }
    }

    /// Builds a fresh store from the journal and swaps it in, while the present one, which is sound, stays in use
    /// until then. Returns how many lines it took. Fails if the disk refuses or the journal is damaged and cannot
    /// get a base: then the present one stays.
    pub fn rebuild(&mut self, progress: Progress<'_>) -> Result<u64, LedgerError> {
        let mut built = self.build(progress)?;
        if !built.lost.is_empty() {
            // The store has what the journal lost: a base of it comes first.
            built.generation.remove(&self.paths);
            drop(built.store);
            self.damage = Some(built.lost.to_string());
            self.rebase()?;
            built = self.build(progress)?;
            if !built.lost.is_empty() {
                built.generation.remove(&self.paths);
                return Err(LedgerError::Damaged(built.lost));
            }
        }
        let lines = built.lines;
        if let Some(old) = self.swap_in(built) {
            old.remove(&self.paths);
        }
        Ok(lines)
    }

    /// Moves the store that `failed` to `damaged/`, and builds another from the journal. Does nothing if that was
    /// done already. Fails if the fresh one cannot be written: then nothing can be recorded until it can.
    pub fn replace(&mut self, failed: &Arc<Store>, why: &str) -> Result<(), LedgerError> {
        if !Arc::ptr_eq(&self.store.load_full(), failed) {
            return Ok(());
        }
        self.failed = Some(why.to_owned());
        // Half a store on a full disk would only keep others from their room.
        self.require_room(0)?;
        tracing::error!(why, "the store failed; building it anew from the journal");
        self.build_from_journal(&mut |_| {})?;
        Ok(())
    }

    /// Builds a store where there is none that could make up for what the journal lost.
    fn build_from_journal(&mut self, progress: Progress<'_>) -> Result<u64, LedgerError> {
        let built = self.build(progress)?;
        let (lines, lost) = (built.lines, built.lost.clone());
        if let Some(old) = self.swap_in(built) {
            old.quarantine(&self.paths);
        }
        if !lost.is_empty() {
            tracing::error!(
                %lost,
                "the journal is damaged, and the store that had it all is gone: what stood there is lost; every source \
                 is read in full once more"
            );
            self.damage = Some(lost.to_string());
        }
        Ok(lines)
    }

    fn build(&self, progress: Progress<'_>) -> Result<Built, LedgerError> {
        self.require_room(0)?;
        let generation = Generation::create(&self.paths)?;
        self.fill(generation, progress).inspect_err(|_| {
            // The disk may be full: the next attempt needs the room.
            generation.remove(&self.paths);
        })
    }

    fn fill(&self, generation: Generation, progress: Progress<'_>) -> Result<Built, LedgerError> {
        let store = generation.open(&self.paths)?;
        let (mut lines, mut entries) = (0_u64, 0);
        let mut each = |line: &crate::model::record::Line| {
            lines += 1;
            entries += line.record.entries() as u64;
            self.progress.fetch_add(1, Ordering::Relaxed);
            if lines.is_multiple_of(LOOK) {
                progress(entries);
                room::require(&self.room, self.paths.dir(), 0)?;
            }
            Ok(())
        };
        let (lines, mut lost) = catch_up(&store, &self.journal, None, &self.rules, &mut each)?;
        let reached = store.meta()?.map_or(0, |meta| meta.seq);
        if reached < self.journal.seq() {
            // Cut off, or passed over: positions go on behind them all the same.
            lost.gaps.push((reached + 1, self.journal.seq()));
        }
        if !lost.is_empty() {
            forget_validators(&store)?;
            reach(&store, self.journal.seq(), &self.rules)?;
        }
        // sled writes behind: a kill must not find it empty where the mark says that it is complete.
        store.flush()?;
        self.progress.fetch_add(1, Ordering::Relaxed);
        generation.mark(&self.paths, mark::journal_id(&self.paths)?, false)?;
        Ok(Built { generation, store, lines, lost })
    }

    /// Takes a store into use. Returns the generation that it replaces. Its handle may live on in a reader;
    /// its files may go all the same.
    fn swap_in(&mut self, built: Built) -> Option<Generation> {
        self.stories.forget();
        self.store.store(Arc::new(built.store));
        (self.failed, self.unsettled) = (None, None);
        self.generation.replace(built.generation)
    }
}
