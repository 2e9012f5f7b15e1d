//! The state directory: the journal is the record, the store is an index of it. The order of writing loses
//! nothing: decide, append, sync, apply.
//!
//! ```text
//! STATE/journal/00000001-2026-11-23.ndjson.zst …   the journal
//! STATE/journal/id                                 which journal this is
//! STATE/store/00000001/                            a generation of the store (sled)
//! STATE/store/00000001/build                       its random id: no two builds share one
//! STATE/store/00000001.json                        its mark: it is complete, and if it was closed cleanly
//! STATE/store/damaged/                             the last generation that failed a check
//! ```
//!
//! An open scans nothing. A store is used if its mark says that it was closed cleanly, or was opened since the last
//! boot, and if it follows this journal. The ledger then applies the rest of the journal to it. Its values are
//! checked as they are read. A store that fails a check is moved to `damaged/`, and another is built from the
//! journal. The ordinary compaction gives a damaged journal a new base from a sound store.

pub mod apply;
pub mod backup;
mod build;
mod compact;
mod decide;
pub mod dirs;
mod fault;
mod generation;
pub mod journal;
mod mark;
mod open;
mod paths;
mod replay;
mod room;
mod scrub;
pub mod store;
mod story_index;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use chrono::NaiveDate;

use crate::decide::rules::Rules;
use crate::model::counts::EntryCounts;
use crate::model::feed_key::FeedKey;
use crate::model::record::{Line, Record};
use crate::model::source::SourceId;
use crate::model::state::{Changes, FeedState, SourceState, State};
use crate::model::stored::EntryNo;
use backup::BackupFile;
pub use compact::{Compacted, Compaction};
pub use decide::Fact;
pub use fault::{DiskFault, LedgerError};
use generation::Generation;
use journal::Journal;
pub use open::{OpenNotes, peek};
pub use paths::Paths;
pub use replay::Replay;
use room::AskRoom;
#[cfg(test)]
pub(crate) use room::Room;
pub use room::{has_room, octets_below};
pub use scrub::{Scrub, ScrubStep, read_journal};
use store::Store;
use story_index::StoryIndex;

/// The store as everyone who reads it holds it: it is swapped when another was built.
pub type StoreHandle = Arc<ArcSwap<Store>>;

#[derive(Debug, Default)]
pub struct Recorded {
    pub feeds: Vec<(FeedKey, FeedState)>,
    /// The sources whose state changed or that never had entries, with the lines that say so.
    pub turned: Vec<(SourceId, u64)>,
    /// True if any view may have changed: the configuration did, or the store was built anew.
    pub everything: bool,
    pub entries: EntryCounts,
    /// The last line.
    pub seq: u64,
    /// The entries that are new or changed. Unknown, and empty, if the store was built anew.
    pub changed: Vec<EntryNo>,
}

struct Unsettled {
    why: String,
    /// True if the present one is sound, only derived under other rules.
    usable: bool,
}

/// The state directory, open and locked.
pub struct Ledger {
    paths: Paths,
    journal: Journal,
    store: StoreHandle,
    generation: Option<Generation>,
    rules: Arc<Rules>,
    stories: StoryIndex,
    room: AskRoom,
    /// A rebuild that must happen before anything is recorded. Until then the store may be read, if it is not empty.
    unsettled: Option<Unsettled>,
    /// The error that ended the use of the store, until another one is built.
    failed: Option<String>,
    /// Grows while long work holds the ledger: lines read or applied, pages written or read.
    progress: Arc<AtomicU64>,
    /// Damage of the journal, until it has a new base.
    damage: Option<String>,
    /// Held for its lock, which goes with it.
    _lock: File,
}

impl Ledger {
    /// Runs each sync of the journal's file inside `stopwatch`.
    pub fn time_syncs(&mut self, stopwatch: journal::Stopwatch) {
        self.journal.time_syncs(stopwatch);
    }

    pub fn store(&self) -> StoreHandle {
        Arc::clone(&self.store)
    }

    /// A counter that grows while work that takes long holds the ledger: a build of the store, a base that a build
    /// needs first, a read of the whole journal, the wait for the index of stories.
    pub fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.progress)
    }

    pub fn seq(&self) -> u64 {
        self.journal.seq()
    }

    /// Records a group of facts: makes the decisions that need a search, appends the lines with one write, and
    /// applies them as one batch. After that they survive the end of the process, and a power cut too if one of
    /// them is worth a sync. Fails with [`LedgerError::Journal`] if the journal cannot be written: then nothing is
    /// recorded. Any other error if the store cannot be written and cannot be rebuilt: then the facts are recorded,
    /// and the next build applies them.
    pub fn record(&mut self, facts: Vec<Fact>, today: NaiveDate) -> Result<Recorded, LedgerError> {
        self.require_room(0)?;
        // A line that was recorded and then not applied must not be passed over.
        self.make_current()?;
        let durable = facts.iter().any(Fact::is_worth_a_sync);
        let mut decided = self.decide(facts)?;
        let records = std::mem::take(&mut decided.records);
        let lines = self.append(records, today, durable).inspect_err(|_| self.stories.take_back(&decided))?;
        let recorded = self.apply(&lines)?;
        self.stories.follow(recorded.as_ref(), decided);
        if lines
            .iter()
            .any(|line| matches!(&line.record, Record::Expire(expiry) if !expiry.sources.is_empty()))
        {
            // Stories that lost their founders go by other numbers. Lines that erase entries come before this one, and
            // until it a report of such a story may join none.
            self.stories.forget();
        }
        let mut entries = EntryCounts::default();
        lines.iter().for_each(|line| entries.add(line.record.counts()));
        let Some(changes) = recorded else {
            return Ok(Recorded { everything: true, entries, ..Recorded::default() });
        };
        let everything = lines.iter().any(|line| line.record.is_config());
        let first = lines.first().map_or(0, |line| line.seq);
        let last = self.journal.seq();
        let last_turn = |source: &SourceState| match source.seeded {
            true => source.turns.last().map(|turn| turn.seq).filter(|seq| *seq >= first),
            // Its first good poll may bring nothing. Then no feed changes, and there is no turn.
            false => Some(last),
        };
        let turned = changes.sources.iter().filter_map(|(id, source)| Some((id.clone(), last_turn(source)?)));
        let turned = turned.collect();
        let (seq, changed) = (self.journal.seq(), changes.entries.into_keys().collect());
        Ok(Recorded { feeds: changes.feeds.into_iter().collect(), turned, everything, entries, seq, changed })
    }

    fn append(
        &mut self,
        records: Vec<Record>,
        today: NaiveDate,
        durable: bool,
    ) -> Result<Vec<Line>, LedgerError> {
        Ok(match durable {
            true => self.journal.commit(records, today)?,
            false => self.journal.append(records, today)?,
        })
    }

    /// Applies lines that were appended. `None` where the store failed and another was built, which has them.
    fn apply(&mut self, lines: &[Line]) -> Result<Option<Changes>, LedgerError> {
        let store = self.store.load_full();
        match replay::apply_group(&store, lines, &self.rules, Some(self.journal.reached())) {
            Ok(changes) => Ok(Some(changes)),
            Err(error) => {
                self.replace(&store, &error.to_string())?;
                Ok(None)
            }
        }
    }

    /// Records lines as they stand, without deciding anything.
    #[cfg(test)]
    pub(crate) fn record_lines(
        &mut self,
        records: Vec<Record>,
        today: NaiveDate,
    ) -> Result<Vec<Line>, LedgerError> {
        self.require_room(0)?;
        self.make_current()?;
        let lines = self.append(records, today, true)?;
        self.apply(&lines)?;
        Ok(lines)
    }

    /// Simulates a file system with this much free space.
    #[cfg(test)]
    pub(crate) fn pretend(
        &mut self,
        room: impl Fn(&std::path::Path) -> Option<room::Room> + Send + Sync + 'static,
    ) {
        self.room = Arc::new(room);
    }

    /// Makes everything recorded so far survive a power cut.
    pub fn sync(&mut self) -> Result<(), LedgerError> {
        Ok(self.journal.sync()?)
    }

    /// Tests if recording works again after a failure.
    pub fn probe(&mut self) -> Result<(), LedgerError> {
        self.require_room(0)?;
        self.journal.probe()?;
        self.make_current()
    }

    fn require_room(&self, more: u64) -> Result<(), LedgerError> {
        room::require(&self.room, self.paths.dir(), more)
    }

    /// Makes sure that the store in use can be used, and reflects the whole journal.
    fn make_current(&mut self) -> Result<(), LedgerError> {
        if self.unsettled.is_some() {
            self.settle(&mut |_| {})?;
        }
        let store = self.store.load_full();
        if let Some(why) = self.failed.clone() {
            return self.replace(&store, &why);
        }
        let applied = store.meta().ok().flatten().map_or(0, |meta| meta.seq);
        if applied != self.journal.seq() {
            self.replace(&store, "the store is behind the journal")?;
        }
        Ok(())
    }

    /// Makes everything recorded so far durable, and says which files hold it: the last position, and how
    /// much of each file of the journal counts.
    pub fn acknowledged(&mut self) -> Result<(u64, Vec<BackupFile>), LedgerError> {
        self.journal.sync()?;
        let files = self.journal.files()?.into_iter();
        Ok((self.journal.seq(), files.map(|(name, octets)| BackupFile { name, octets }).collect()))
    }

    /// The sizes of the journal's base and of the segments after it, in octets.
    pub fn journal_sizes(&self) -> Result<(u64, u64), LedgerError> {
        Ok(self.journal.sizes()?)
    }

    /// The size of the store's files, in octets.
    pub fn store_size(&self) -> u64 {
        self.generation.map_or(0, |generation| generation.size(&self.paths))
    }

    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Begins to index the stories of the last days, which the first new entry needs.
    pub fn warm(&mut self) {
        self.stories.warm(&self.store.load_full(), &self.rules, &self.progress);
    }

    /// Closes: everything recorded is durable, and the store may be trusted at the next start. Fails if the disk
    /// refuses; the journal keeps all synced lines.
    pub fn close(mut self) -> Result<(), LedgerError> {
        self.stories.stop();
        self.journal.sync()?;
        if let (Some(generation), None) = (self.generation, &self.failed) {
            self.store.load().flush()?;
            generation.mark(&self.paths, mark::journal_id(&self.paths)?, true)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
