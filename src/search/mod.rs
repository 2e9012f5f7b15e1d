//! Finds entries by their words. The index is a cache of the store in a directory of its own: an index that is missing,
//! damaged or of another store is built in the background, and until then a search says so. The store stays the
//! truth: the index answers with numbers, and whoever shows an entry reads it from the store.
//!
//! ```text
//! STATE/search/1/   the index, in this layout
//! ```

mod changes;
mod follow;
pub mod index;
pub mod query;
pub mod request;
pub mod snippet;
pub mod tokens;

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use tokio::time::{Duration, Instant};

use crate::ledger;
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::state::{Meta, State};
use crate::model::stored::{Entry, EntryNo};
use changes::Changes;
use follow::{Sweep, Writing};
use index::{Ask, Document, Hits, IndexError, Position, Reader, Writer};

/// The directory in the state directory.
const DIRECTORY: &str = "search";

/// The layout of the index and the way in which texts are cut. A change of either counts it up, and the next start
/// builds the index anew.
const LAYOUT: &str = "1";

/// The longest that one step works. Shutdown and reload wait for it.
const STEP: Duration = Duration::from_millis(200);

/// Octets that stay free beside the ledger's reserve and beside a second copy of the index, as merges write one. A
/// step writes far less, so that the index never takes what recording needs.
const MARGIN: u64 = 64 << 20;

/// Additions and removals after which a build makes them durable: what a kill costs of it.
const COMMIT: usize = 50_000;

/// The longest that a search may take. Searches of a million entries take milliseconds.
const LONGEST: Duration = Duration::from_millis(500);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    #[error("the search index is being built; try again in a few minutes")]
    Building,
    #[error("the search takes too long; use more or rarer words")]
    TooLong,
}

/// The error of a step. The index is thrown away if it may be damaged.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the search index: {0}")]
    Index(#[from] IndexError),
    #[error("the search index ended in a panic")]
    Panic,
}

impl SearchError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Index(error) if error.is_passing())
    }
}

/// The end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    More,
    /// The index has all that the store had when the step began.
    Current,
    /// The disk has too little room, so there is no index.
    NoRoom,
}

/// Makes the document of an entry that is shown.
pub type MakeDocument<'a> = &'a dyn Fn(EntryNo, &Entry) -> Document;

/// The index of one state directory, and how far it has come.
pub struct Search {
    root: PathBuf,
    /// True if so many octets more may be written.
    room: Box<dyn Fn(u64) -> bool + Send + Sync>,
    /// The octets that the next build needs, if there was no room for the last one; else 0.
    short: AtomicU64,
    writing: Mutex<Option<Writing>>,
    reader: RwLock<Option<Reader>>,
    changes: Changes,
    is_ready: AtomicBool,
    documents: AtomicU64,
    /// Counts what changes answers: commits, and the index coming and going.
    revision: AtomicU64,
}

impl Search {
    /// Opens nothing yet.
    pub fn new(state_dir: &Path) -> Self {
        let dir = state_dir.to_owned();
        Self {
            root: state_dir.join(DIRECTORY),
            room: Box::new(move |more| ledger::has_room(&dir, more)),
            short: AtomicU64::new(0),
            writing: Mutex::default(),
            reader: RwLock::default(),
            changes: Changes::default(),
            is_ready: AtomicBool::new(false),
            documents: AtomicU64::new(0),
            revision: AtomicU64::new(0),
        }
    }

    /// Removes the index of a state directory.
    pub fn remove(state_dir: &Path) -> io::Result<()> {
        match fs::remove_dir_all(state_dir.join(DIRECTORY)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn dir(&self) -> PathBuf {
        self.root.join(LAYOUT)
    }

    /// Notes that a line of the journal changed these entries.
    pub fn changed(&self, seq: u64, entries: &[EntryNo]) {
        self.changes.note(seq, entries);
    }

    /// Lets the indexer look at the store, for it may be another.
    pub fn wake(&self) {
        self.changes.wake();
    }

    /// Returns when there is something to index.
    pub async fn woken(&self) {
        self.changes.woken().await;
    }

    /// True if searches are answered.
    pub fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// The indexed entries.
    pub fn documents(&self) -> u64 {
        self.documents.load(Ordering::Relaxed)
    }

    /// A number that changes whenever answers may change on the side of the index.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// The time by which a search that begins now has to end.
    pub fn deadline() -> Instant {
        Instant::now() + LONGEST
    }

    /// Searches the index. Blocks, at most about as long as the deadline says.
    pub fn find(&self, ask: &Ask<'_>) -> Result<Hits, Unready> {
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner).clone();
        let reader = reader.filter(|_| self.is_ready()).ok_or(Unready::Building)?;
        match guarded(|| reader.find(ask)) {
            Ok(hits) => hits.ok_or(Unready::TooLong),
            Err(error) => {
                let mut held = self.hold();
                // Another search may have seen the same already.
                if self.is_ready() {
                    self.discard(&mut held, &error);
                }
                drop(held);
                self.wake();
                Err(Unready::Building)
            }
        }
    }

    /// Brings the index nearer to the store: opens or creates it, adds new entries, changes others. `of` says
    /// which store it is and what else the documents depend on. Blocks for about 0.2 s. After an error of the index
    /// the next step opens it again, or begins a new one if it may be damaged.
    pub fn step(&self, store: &Store, of: &str, document: MakeDocument<'_>) -> Result<Step, SearchError> {
        let stepped = guarded(|| self.take_step(store, of, document));
        match &stepped {
            Ok(_) => {}
            Err(SearchError::Store(_)) => self.changes.forget(),
            Err(error @ (SearchError::Index(_) | SearchError::Panic)) => {
                self.discard(&mut self.hold(), error);
            }
        }
        stepped
    }

    fn take_step(&self, store: &Store, of: &str, document: MakeDocument<'_>) -> Result<Step, SearchError> {
        let mut held = self.hold();
        let Some(meta) = store.last_meta()? else { return Ok(Step::Current) };
        if !self.has_room(&mut held) {
            return Ok(Step::NoRoom);
        }
        if held.as_ref().is_some_and(|writing| writing.position.of != of) {
            tracing::info!("the store or the published texts changed: building the search index anew");
            self.let_go(&mut held);
        }
        if held.is_none() {
            *held = Some(self.open(store, of, &meta)?);
        }
        let Some(writing) = held.as_mut() else { return Ok(Step::More) };
        let until = Instant::now() + STEP;
        let step = writing.work(store, document, &self.changes, until)?;
        if step == Step::Current || writing.uncommitted >= COMMIT {
            self.commit(writing)?;
        }
        // A sweep goes on beside searches: the store has the last word about every hit.
        let has_all = step == Step::Current || writing.position.next_no >= meta.next_no;
        if has_all && !self.is_ready() {
            self.commit(writing)?;
            self.is_ready.store(true, Ordering::Release);
            self.revision.fetch_add(1, Ordering::AcqRel);
            self.short.store(0, Ordering::Relaxed);
            tracing::info!(entries = self.documents(), "searches are answered");
        }
        Ok(step)
    }

    /// True if the disk has room for a step. If not, the index gives its own room back.
    fn has_room(&self, held: &mut Option<Writing>) -> bool {
        let own = ledger::octets_below(&self.root);
        let short = self.short.load(Ordering::Relaxed);
        // A merge may write all of it once more.
        let needed = if own == 0 { short.max(MARGIN) } else { own.saturating_add(MARGIN) };
        if (self.room)(needed) {
            return true;
        }
        if short == 0 {
            let needed_mib = needed >> 20;
            tracing::warn!(needed_mib, "the disk has too little room for the search index");
        }
        // What comes free now does not suffice either: the next build waits for more.
        self.short.fetch_max(own.saturating_mul(2).saturating_add(MARGIN), Ordering::Relaxed);
        if own > 0 || held.is_some() {
            self.let_go(held);
            self.remove_files();
        }
        false
    }

    fn open(&self, store: &Store, of: &str, meta: &Meta) -> Result<Writing, SearchError> {
        self.is_ready.store(false, Ordering::Release);
        let (dir, seq) = (self.dir(), meta.seq);
        let is_of_store = |position: &Position| {
            position.of == of && position.seq <= seq && position.next_no <= meta.next_no
        };
        let known = match guarded(|| Writer::open(&dir)) {
            Ok((writer, position)) if is_of_store(&position) => Some((writer, position)),
            Ok(_) => None,
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => {
                if dir.exists() {
                    tracing::warn!(%error, "the search index cannot be used; building another");
                }
                None
            }
        };
        let writing = match known {
            Some((writer, position)) => {
                let all = store.feed(&FeedKey::All)?;
                let revised = all.is_some_and(|all| all.revised_seq > position.seq);
                let sweep = revised.then_some(Sweep {
                    next: 0,
                    since: position.seq,
                    to: seq,
                    before: position.next_no,
                });
                Writing { writer, position, sweep, uncommitted: 0 }
            }
            None => {
                fs::remove_dir_all(&self.root).or_else(ignore_missing).map_err(IndexError::from)?;
                let mut writer = Writer::create(&dir)?;
                let position = Position { of: of.to_owned(), seq, next_no: 0 };
                writer.commit(&position)?;
                Writing { writer, position, sweep: None, uncommitted: 0 }
            }
        };
        let reader = writing.writer.reader();
        self.documents.store(reader.documents(), Ordering::Relaxed);
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        Ok(writing)
    }

    fn commit(&self, writing: &mut Writing) -> Result<(), IndexError> {
        if writing.uncommitted == 0 {
            return Ok(());
        }
        writing.writer.commit(&writing.position)?;
        writing.uncommitted = 0;
        self.documents.store(writing.writer.reader().documents(), Ordering::Relaxed);
        self.revision.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Closes the index, and throws it away unless the error says nothing against it.
    fn discard(&self, held: &mut Option<Writing>, why: &SearchError) {
        self.let_go(held);
        if !why.is_passing() {
            tracing::error!(%why, "the search index is thrown away and built anew");
            self.remove_files();
        }
    }

    /// Closes the index as it was last committed. Its threads end before its files go.
    fn let_go(&self, held: &mut Option<Writing>) {
        self.close_reader();
        let writing = held.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(writing)));
    }

    fn remove_files(&self) {
        if let Err(error) = fs::remove_dir_all(&self.root).or_else(ignore_missing) {
            tracing::warn!(path = %self.root.display(), %error, "cannot remove the search index");
        }
    }

    fn close_reader(&self) {
        self.is_ready.store(false, Ordering::Release);
        self.reader.write().unwrap_or_else(PoisonError::into_inner).take();
        self.documents.store(0, Ordering::Relaxed);
        self.revision.fetch_add(1, Ordering::AcqRel);
    }

    /// Closes the index with everything that it was given. Waits for merges. The next step opens it again.
    pub fn close(&self) -> Result<(), SearchError> {
        let mut held = self.hold();
        let Some(mut writing) = held.take() else { return Ok(()) };
        self.close_reader();
        guarded(|| {
            if writing.uncommitted > 0 && (self.room)(MARGIN) {
                writing.writer.commit(&writing.position)?;
            }
            writing.writer.close()
        })
    }

    /// Opens the index for searching alone, while no daemon has it. `Building` if it is not there or is not what the
    /// store has.
    pub fn peek(&self, store: &Store, of: &str) -> Result<(), Unready> {
        let opened = guarded(|| Reader::open(&self.dir()));
        let (reader, position) = opened.map_err(|_| Unready::Building)?;
        let unread = |_: StoreError| Unready::Building;
        let next_no = store.last_meta().map_err(unread)?.map_or(0, |meta| meta.next_no);
        let revised = store.feed(&FeedKey::All).map_err(unread)?.map_or(0, |all| all.revised_seq);
        if position.of != of || position.next_no != next_no || position.seq < revised {
            return Err(Unready::Building);
        }
        self.documents.store(reader.documents(), Ordering::Relaxed);
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        self.is_ready.store(true, Ordering::Release);
        Ok(())
    }

    fn hold(&self) -> MutexGuard<'_, Option<Writing>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs work on the index. tantivy panics over damaged files.
fn guarded<T, E: Into<SearchError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, SearchError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(SearchError::Panic),
    }
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests;
