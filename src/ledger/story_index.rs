//! The in-memory index of stories over the newest entries. Built from the store when the first entry has to be
//! decided; later entries are filed as they are recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use chrono::TimeDelta;

use super::decide::Decided;
use super::store::{Store, StoreError};
use crate::decide::derive::sketch_of;
use crate::decide::rules::Rules;
use crate::decide::story::{Index, LinkMark, Sketch};
use crate::model::region::RegionId;
use crate::model::source::SourceId;
use crate::model::state::{Changes, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;

/// The most entries that are compared by their texts: three days of a thousand busy sources.
const MOST: usize = 120_000;

/// Entries that are older are compared with nothing new: the reports of a story come within three days, and a late
/// entry may be a day behind.
const REACH: TimeDelta = TimeDelta::days(4);

const PAGE: usize = 512;

/// The index, or how it comes to be.
#[derive(Default)]
pub(super) enum StoryIndex {
    /// Nobody has asked for it.
    #[default]
    Cold,
    /// It is read from the store on threads of its own.
    Building(Building),
    /// It has everything that is recorded.
    Ready(Box<Index>),
}

pub(super) struct Building {
    thread: JoinHandle<Result<Index, StoreError>>,
    stop: Arc<AtomicBool>,
}

impl Building {
    fn index(self) -> Index {
        let index = self.thread.join().unwrap_or_else(|_| Ok(Index::new(MOST)));
        index.unwrap_or_else(|error| {
            tracing::error!(%error, "the index of stories cannot be read from the store; it begins empty");
            Index::new(MOST)
        })
    }
}

impl StoryIndex {
    /// Begins to build the index, unless it is built or being built. `progress` grows with each page that is read.
    pub(super) fn warm(&mut self, store: &Arc<Store>, rules: &Arc<Rules>, progress: &Arc<AtomicU64>) {
        if matches!(self, Self::Cold) {
            let stop = Arc::new(AtomicBool::new(false));
            let (store, rules, stopping) = (Arc::clone(store), Arc::clone(rules), Arc::clone(&stop));
            let progress = Arc::clone(progress);
            let thread = thread::spawn(move || build(&store, &rules, &stopping, &progress));
            *self = Self::Building(Building { thread, stop });
        }
    }

    /// Waits for the index. If it cannot be built, it is empty: each new entry then has a story of its own, and the
    /// next read of the store gives the error.
    pub(super) fn index(
        &mut self,
        store: &Arc<Store>,
        rules: &Arc<Rules>,
        progress: &Arc<AtomicU64>,
    ) -> &mut Index {
        self.warm(store, rules, progress);
        *self = match std::mem::take(self) {
            Self::Building(building) => Self::Ready(Box::new(building.index())),
            ready => ready,
        };
        let Self::Ready(index) = self else { unreachable!("it was made ready above") };
        index
    }

    /// Drops the index: the store it was read from is replaced.
    pub(super) fn forget(&mut self) {
        self.stop();
        *self = Self::Cold;
    }

    /// Ends the threads that read the store.
    pub(super) fn stop(&mut self) {
        if let Self::Building(building) = std::mem::take(self) {
            building.stop.store(true, Ordering::Relaxed);
            let _ = building.thread.join();
        }
    }

    /// Removes the entries of lines that were not recorded.
    pub(super) fn take_back(&mut self, decided: &Decided) {
        if let Self::Ready(index) = self {
            decided.filed.iter().for_each(|no| index.remove(*no));
        }
    }

    /// Applies recorded changes: files rewritten entries anew and removes expired ones.
    pub(super) fn follow(&mut self, changes: Option<&Changes>, decided: Decided) {
        let (Self::Ready(index), Some(changes)) = (&mut *self, changes) else { return };
        let next = changes.meta.as_ref().map_or(0, |meta| meta.next_no);
        if next != decided.next_no {
            tracing::error!(next, expected = decided.next_no, "entries got other numbers than expected");
            self.forget();
            return;
        }
        let mut rewritten = decided.rewritten;
        for (no, entry) in &changes.entries {
            match entry {
                Some(entry) if entry.expired.is_none() => {
                    if let Some(sketch) = rewritten.remove(&entry.id) {
                        if decided.left.contains(&entry.id) {
                            index.part(*no);
                        }
                        index.remove(*no);
                        index.file(*no, entry.story.as_ref().map_or(*no, |story| story.founder), &sketch);
                    }
                }
                _ => index.remove(*no),
            }
        }
    }
}

/// Reads the newest entries on two threads, and files them in the order of their numbers.
fn build(store: &Store, rules: &Rules, stop: &AtomicBool, progress: &AtomicU64) -> Result<Index, StoreError> {
    let Some(meta) = store.meta()? else { return Ok(Index::new(MOST)) };
    let first = meta.next_no.saturating_sub(MOST as u64);
    let middle = first + (meta.next_no - first) / 2;
    let sources = store.sources()?;
    let read = |from, to| {
        let since = meta.newest_at - REACH;
        Reader { store, rules, sources: &sources, since, stop, progress }.read(from, to)
    };
    let (older, newer) = thread::scope(|scope| {
        let older = scope.spawn(|| read(first, middle));
        let newer = read(middle, meta.next_no);
        (older.join().unwrap_or_else(|_| Ok(Read::default())), newer)
    });
    let mut index = Index::new(MOST);
    let (mut sketches, mut links) = (Vec::new(), Vec::new());
    for read in [older?, newer?] {
        sketches.extend(read.sketches);
        links.extend(read.links);
    }
    index.file_all(sketches);
    links.iter().for_each(|(founder, mark)| index.file_link(*founder, mark));
    Ok(index)
}

/// Some entries, as the index holds them.
#[derive(Default)]
struct Read {
    sketches: Vec<(EntryNo, EntryNo, Sketch)>,
    /// Founders and links of those that are too old to be compared by their texts.
    links: Vec<(EntryNo, LinkMark)>,
}

struct Reader<'a> {
    store: &'a Store,
    rules: &'a Rules,
    sources: &'a std::collections::BTreeMap<SourceId, SourceState>,
    since: Time,
    stop: &'a AtomicBool,
    progress: &'a AtomicU64,
}

impl Reader<'_> {
    fn read(&self, mut from: EntryNo, to: EntryNo) -> Result<Read, StoreError> {
        let mut read = Read::default();
        while from < to && !self.stop.load(Ordering::Relaxed) {
            let page = self.store.entries_from(from, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            from = last + 1;
            self.progress.fetch_add(1, Ordering::Relaxed);
            for (no, entry) in page.into_iter().filter(|(no, entry)| *no < to && entry.is_shown()) {
                self.take(no, &entry, &mut read);
            }
        }
        Ok(read)
    }

    fn take(&self, no: EntryNo, entry: &Entry, read: &mut Read) {
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        let outlet = self.sources.get(&entry.source).map_or(entry.source.as_str(), SourceState::title);
        if entry.published < self.since && entry.first_seen < self.since {
            read.links
                .extend(LinkMark::of(entry.body.page(), outlet, entry.published).map(|mark| (founder, mark)));
            return;
        }
        let regions: Vec<RegionId> = entry.regions.iter().map(|found| found.region.clone()).collect();
        let sketch = sketch_of(self.rules, outlet, &regions, &entry.body, entry.published);
        read.sketches.push((no, founder, sketch));
    }
}
