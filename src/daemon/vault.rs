//! The state directory: journal and store together. Owns the order of things that nothing is lost by:
//! record first, apply second, trust the store only as far as it can be shown to follow the journal.
//!
//! ```text
//! STATE/journal/00000001-2026-11-23.ndjson.zst …   the record
//! STATE/store/00000001/                            a generation of the store (sled)
//! STATE/store/00000001.json                        that it is complete, and when it may be trusted
//! STATE/store/damaged/                             the last generation that was set aside
//! STATE/store/lost                                 what neither has, until the journal is healed
//! STATE/journal/paired, STATE/store/paired         that the store follows this journal
//! ```

mod aside;
mod build;
mod compaction;
mod fold;
mod generation;
mod heal;
mod lost;
mod mark;
mod pair;
mod refresh;
mod refusal;
mod room;
mod trust;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::NaiveDate;

use super::backup::{self, Part};
use super::dirs;
use crate::core::record::{Line, Record};
use crate::core::rules::Rules;
use crate::core::state::{Change, State};
use crate::ledger::journal::{Damage, Journal, JournalError, Losses, OpenReport};
use crate::ledger::store::{Store, StoreError};
pub use compaction::{Compacted, Compaction};
pub(crate) use fold::fold;
use fold::fold_or_doubt;
use generation::Generation;
pub use heal::{Wound, is_whole};
pub use refresh::{Refresh, Refreshed};
pub(crate) use refusal::refused_in;
pub(crate) use room::Room;

/// The store as everyone who reads it holds it: it is swapped when it had to be rebuilt.
pub type StoreHandle = Arc<ArcSwap<Store>>;

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Another process has it.
    #[error("{0} is in use by another dibao; stop it, or name another state.dir")]
    Locked(PathBuf),
    /// A restore was interrupted: what would be opened is not what was to be restored.
    #[error(
        "{0}: a restore was interrupted; run `dibao restore` again, or, to go on without the backup, remove that directory \
         and move the old journal back"
    )]
    HalfRestored(PathBuf),
    /// There is hardly any room left.
    #[error("{path}: only {left} MiB are left on its file system; make room there")]
    Full {
        /// The state directory.
        path: PathBuf,
        /// MiB.
        left: u64,
    },
    /// A store did not fit.
    #[error(
        "{path}: there is no room for a store that is built from the journal: it takes more than {takes} MiB, and {left} MiB \
         are left; make room there{aside}, or go back to rules under which it fitted: {cause}"
    )]
    NoRoom {
        /// Where it would be.
        path: PathBuf,
        /// MiB that it had taken up.
        takes: u64,
        /// MiB.
        left: u64,
        /// What is in the way, for people.
        aside: String,
        /// What refused.
        cause: Box<VaultError>,
    },
    /// The disk said no.
    #[error("{path}: cannot {what}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was being done.
        what: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// A damaged journal must be healed first, and something else reads the store for it.
    #[error(
        "the journal is damaged, and cannot be healed while it is compacted or the store is copied; try again"
    )]
    Busy,
    /// The disk does not read a part of the journal, and there is no store to make up for it.
    #[error(
        "{0}, and no store that can be trusted has what stands there; nothing was changed: copy the file with a tool \
         that passes over what cannot be read (ddrescue), put the copy in its place, and start again"
    )]
    Unreadable(Damage),
    /// Both the journal and the rules are other than the store has them, and the journal comes first.
    #[error(
        "the journal is damaged, and under other rules it must be healed before anything else: {0}; or start under the old rules"
    )]
    Unhealed(Box<VaultError>),
    /// The store has lost something and did not say so: nothing may be made from it.
    #[error("the store is not sound ({0}); nothing of the journal was removed")]
    Unsound(String),
    /// The journal cannot go on.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store cannot go on, nor be built anew.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What fails where a state directory is none and cannot be one.
pub(super) const CREATE: &str = "create this directory";

impl VaultError {
    /// Whether nothing can be recorded until something is done about the disk, as opposed to one record
    /// that cannot be.
    #[must_use]
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Full { .. }
            | Self::NoRoom { .. }
            | Self::Io { .. }
            | Self::Unreadable(_)
            | Self::Unhealed(_)
            | Self::Store(_) => true,
            Self::Journal(error) => matches!(error, JournalError::Io { .. }),
            Self::Locked(_) | Self::HalfRestored(_) | Self::Busy | Self::Unsound(_) => false,
        }
    }
}

/// What opening found and did, for the operator.
#[derive(Debug, Default)]
pub struct OpenNotes {
    /// What the journal's end looked like.
    pub journal: OpenReport,
    /// Whether the last run ended without closing.
    pub unclean: bool,
    /// Why the store was built anew, if it was.
    pub rebuilt: Option<String>,
    /// How many lines of the journal were applied.
    pub replayed: u64,
    /// What ailed the journal. It was healed, or will be: the log says so.
    pub wound: Option<Wound>,
}

/// What a fresh store was made from.
struct Replayed {
    lines: u64,
    /// What of the journal could not be read.
    lost: Losses,
}

/// Tells how much room is left where a directory is.
type AskRoom = Arc<dyn Fn(&Path) -> Option<Room> + Send + Sync>;

/// The state directory, open and locked.
pub struct Vault {
    store: StoreHandle,
    journal: Journal,
    rules: Arc<Rules>,
    generation: Generation,
    dir: PathBuf,
    room: AskRoom,
    /// Why the store has to be built anew, while that cannot be done.
    failed: Option<String>,
    /// What ails the journal, until it is healed.
    wound: Option<Wound>,
    /// How many were found since it was opened.
    wounds: u64,
    /// Held for its lock, which goes with it.
    _lock: File,
}

impl Vault {
    /// Opens the state directory under today's rules: mends the journal's end, checks the store and
    /// brings it up to the journal, or builds it anew. A journal that lost what the store has is healed.
    ///
    /// # Errors
    /// When the directory is in use, or the disk refuses.
    pub fn open(dir: &Path, rules: Arc<Rules>, today: NaiveDate) -> Result<(Self, OpenNotes), VaultError> {
        Self::open_with(dir, rules, today, Arc::new(Room::at))
    }

    fn open_with(
        dir: &Path,
        rules: Arc<Rules>,
        today: NaiveDate,
        room: AskRoom,
    ) -> Result<(Self, OpenNotes), VaultError> {
        dirs::create(dir).map_err(io_error(dir, CREATE))?;
        let lock = lock(dir)?;
        backup::require_restored(dir)?;
        let (mut journal, report) = Journal::open(&dir.join("journal"), today)?;
        let (generation, store, mut notes) = generation::open(dir, &mut journal, &rules, &room)?;
        notes.journal = report;
        let store = Arc::new(ArcSwap::from_pointee(store));
        let (dir, wound) = (dir.to_owned(), notes.wound.clone());
        let mut vault = Self {
            store,
            journal,
            rules,
            generation,
            dir,
            room,
            failed: None,
            wound,
            wounds: 0,
            _lock: lock,
        };
        // What cannot be healed or renewed now is told, or does no harm: feeds can be served.
        let _ = vault.heal_journal();
        vault.renew_pairing();
        Ok((vault, notes))
    }

    fn renew_pairing(&self) {
        if let Err(error) = pair::renew(&self.dir) {
            tracing::warn!(%error, "cannot mark journal and store as belonging together anew; the old mark holds");
        }
    }

    /// The store, for readers.
    #[must_use]
    pub fn store(&self) -> StoreHandle {
        Arc::clone(&self.store)
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Records facts and applies them. When this returns they survive the end of the process; with
    /// `durable`, a power cut too. Returns the lines and the changes they made; none where the store
    /// failed and was rebuilt.
    ///
    /// # Errors
    /// [`VaultError::Journal`] when the journal cannot be written: then nothing was recorded. Any other
    /// when a fresh store cannot be built either: then it is recorded, and the next rebuild applies it.
    pub fn record(
        &mut self,
        records: Vec<Record>,
        today: NaiveDate,
        durable: bool,
    ) -> Result<Vec<(Line, Vec<Change>)>, VaultError> {
        self.require_room(0)?;
        // A line that was recorded and then not applied must not be passed over.
        self.make_current()?;
        let lines = match durable {
            true => self.journal.commit(records, today)?,
            false => self.journal.append(records, today)?,
        };
        let mut done = Vec::with_capacity(lines.len());
        for line in lines {
            let changes = self.apply(&line)?;
            done.push((line, changes));
        }
        Ok(done)
    }

    /// Makes everything recorded so far survive a power cut.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> Result<(), VaultError> {
        Ok(self.journal.sync()?)
    }

    fn apply(&mut self, line: &Line) -> Result<Vec<Change>, VaultError> {
        let store = self.store.load_full();
        match fold_or_doubt(&store, line, &self.rules) {
            Ok(changes) => Ok(changes),
            Err(why) => {
                self.heal(&store, &why)?;
                Ok(Vec::new())
            }
        }
    }

    /// Rebuilds the store if `failed`, which could not be read, is still the one in use.
    ///
    /// # Errors
    /// When the fresh one cannot be written.
    pub fn heal(&mut self, failed: &Arc<Store>, why: &str) -> Result<(), VaultError> {
        if Arc::ptr_eq(&self.store.load_full(), failed) {
            self.failed = Some(why.to_owned());
            // Half a store on a full disk would only keep others from their room.
            self.require_room(0)?;
            tracing::error!(why, "the store failed; building it anew from the journal");
            self.replace(why)?;
        }
        Ok(())
    }

    /// Builds a fresh store from the journal and swaps it in; what the journal lost and the present one has
    /// is written to the journal first. Returns how many lines it took.
    ///
    /// # Errors
    /// When the journal cannot be healed, or the fresh one not be written: then the present one stays.
    pub fn rebuild(&mut self, why: &str) -> Result<u64, VaultError> {
        self.heal_before_rebuild()?;
        self.replace(why)
    }

    fn replace(&mut self, why: &str) -> Result<u64, VaultError> {
        // The present one is read from meanwhile, so that it cannot make room.
        aside::has_room(&self.dir, self.generation.size(&self.dir), &self.room);
        let (generation, store, Replayed { lines, lost }) =
            build::rebuild(&self.dir, &self.journal, &self.rules, &self.room)?;
        let old = std::mem::replace(&mut self.generation, generation);
        self.store.store(Arc::new(store));
        self.failed = None;
        // The old handle may live on in a reader; its files may go all the same.
        old.discard(&self.dir, why, lost.is_empty().then(|| self.journal.seq()));
        if !lost.is_empty() {
            self.note_wound(Wound { unread: lost.clone(), cut: None, lost });
            let _ = self.heal_journal();
        }
        Ok(lines)
    }

    /// Tries whether recording would work again, after it failed.
    ///
    /// # Errors
    /// When it would not.
    pub fn probe(&mut self) -> Result<(), VaultError> {
        self.require_room(0)?;
        self.journal.probe()?;
        if let Some(why) = self.failed.clone() {
            // That there is room again does not say that whoever reads the store finds it well.
            let failed = self.store.load_full();
            self.heal(&failed, &why)?;
        }
        self.make_current()
    }

    fn require_room(&self, more: u64) -> Result<(), VaultError> {
        (self.room)(&self.dir).map_or(Ok(()), |room| room.require(&self.dir, more))
    }

    /// Plays a file system with so much room.
    #[cfg(test)]
    pub(super) fn pretend(&mut self, room: impl Fn(&Path) -> Option<Room> + Send + Sync + 'static) {
        self.room = Arc::new(room);
    }

    /// Makes sure that the store reflects the whole journal, as after two faults at once it may not.
    fn make_current(&mut self) -> Result<(), VaultError> {
        let applied = self.store.load().meta().ok().flatten().map_or(0, |meta| meta.seq);
        if applied != self.journal.seq() {
            let store = self.store.load_full();
            self.heal(&store, "the store is behind the journal")?;
        }
        Ok(())
    }

    /// Makes everything recorded so far durable, and says which files hold it: the last position, and how
    /// much of each file of the journal counts.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn acknowledged(&mut self) -> Result<(u64, Vec<Part>), VaultError> {
        self.journal.sync()?;
        let files = self.journal.files()?.into_iter();
        Ok((self.journal.seq(), files.map(|(name, octets)| Part { name, octets }).collect()))
    }

    /// How large the base of the journal and what follows it are, in octets.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn journal_sizes(&self) -> Result<(u64, u64), VaultError> {
        Ok(self.journal.sizes()?)
    }

    /// What the files of the store take up, in octets.
    #[must_use]
    pub fn store_size(&self) -> u64 {
        self.generation.size(&self.dir)
    }

    /// Closes: everything recorded is durable, and the store may be trusted at the next start.
    ///
    /// # Errors
    /// When the disk refuses; the journal still has what was synced.
    pub fn close(mut self) -> Result<(), VaultError> {
        self.journal.sync()?;
        self.store.load().flush()?;
        self.generation.mark_clean(&self.dir)?;
        self.renew_pairing();
        Ok(())
    }

    /// The journal's last position.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.journal.seq()
    }
}

/// Reads the store of a state directory as it was last derived, without opening it for good.
///
/// # Errors
/// When it is in use, there is none, or it cannot be read.
pub fn peek<T>(dir: &Path, read: impl FnOnce(&Store) -> Result<T, VaultError>) -> Result<T, VaultError> {
    let _lock = lock(dir)?;
    backup::require_restored(dir)?;
    read(&generation::peek(dir)?)
}

pub(super) fn lock(dir: &Path) -> Result<File, VaultError> {
    let file = File::open(dir).map_err(io_error(dir, "open it"))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(VaultError::Locked(dir.to_owned())),
        Err(e) => Err(io_error(dir, "lock it")(e.into())),
    }
}

fn io_error<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(std::io::Error) -> VaultError + 'a {
    move |source| VaultError::Io { path: path.to_owned(), what, source }
}

#[cfg(test)]
mod tests;
