//! sled 0.34 on disk. The only file that names `sled`. It guards against three faults of sled: it can panic on
//! damaged files; if it is killed while it opens, it refuses to open the file it leaves; and its own syncs do not
//! survive a power cut.

use std::borrow::Borrow;
use std::fs::{self, File};
use std::io;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Backend, Batch, Pairs};
use crate::ledger::store::StoreError;

/// Size of sled's cache, as sled counts. In memory it takes some four times as much, and twice that while a store is
/// copied. The rest of the working set is the page cache of the kernel. Twice this is no faster; with half of it a cycle of
/// 30,000 entries needs a fifth more CPU (docs/performance.md).
const CACHE_BYTES: u64 = 16 << 20;
/// sled's own flusher only bounds how much is redone after a kill; durability is the journal's.
const FLUSH_EVERY_MS: u64 = 500;

/// A key or a value as sled holds it: short ones in place, longer ones shared, so that nothing is copied
/// on the way in or out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets(sled::IVec);

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for Octets {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        Self(sled::IVec::from(octets))
    }
}

pub struct SledBackend {
    db: sled::Db,
    dir: PathBuf,
    /// Set by the first error or panic: sled's state is not to be trusted after one.
    failed: AtomicBool,
}

impl SledBackend {
    /// Opens the database in `dir`, creating it when there is none. Fails if sled fails or panics: the caller moves
    /// the directory away and rebuilds the store.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(|e| at_disk(dir, &e))?;
        remove_half_snapshots(dir).map_err(|e| at_disk(dir, &e))?;
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_EVERY_MS))
            .use_compression(false);
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = opened
            .map_err(|panic| StoreError::backend(format!("panic at open: {}", message(&*panic))))?
            .map_err(|e| refused(&e))?;
        Ok(Self { db, dir: dir.to_owned(), failed: AtomicBool::new(false) })
    }

    /// True if the database in `dir` is open somewhere: a handle outlives the lock of the state directory
    /// while a reader holds it.
    pub fn is_open(dir: &Path) -> bool {
        // sled locks this file.
        let Ok(file) = File::open(dir.join("db")) else { return false };
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            == Err(rustix::io::Errno::WOULDBLOCK)
    }

    /// Syncs the files of a database that is not open.
    pub fn sync(dir: &Path) -> io::Result<()> {
        sync_tree(dir)
    }

    fn guard<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        if self.failed.load(Ordering::Acquire) {
            return Err(StoreError::backend("it failed before and is out of use"));
        }
        let error = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => refused(&error),
            Err(panic) => StoreError::backend(format!("panic: {}", message(&*panic))),
        };
        self.failed.store(true, Ordering::Release);
        Err(error)
    }

    fn pairs<'a>(
        &'a self,
        mut next: impl FnMut() -> Option<sled::Result<(sled::IVec, sled::IVec)>> + 'a,
    ) -> Pairs<'a> {
        Box::new(std::iter::from_fn(move || match self.guard(|| next().transpose()) {
            Ok(Some((key, value))) => Some(Ok((Octets(key), Octets(value)))),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }))
    }
}

impl Backend for SledBackend {
    fn get(&self, key: &[u8]) -> Result<Option<Octets>, StoreError> {
        Ok(self.guard(|| self.db.get(key))?.map(Octets))
    }

    fn scan(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let mut range = self.db.range(from..to.max(from));
        self.pairs(move || range.next())
    }

    fn scan_back(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let mut range = self.db.range(from..to.max(from));
        self.pairs(move || range.next_back())
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let rows_written = batch.writes.len();
        let mut writes = sled::Batch::default();
        for (key, value) in batch.writes {
            match value {
                Some(value) => writes.insert(key.0, value.0),
                None => writes.remove(key.0),
            }
        }
        self.guard(|| self.db.apply_batch(writes))?;
        collect_garbage(rows_written);
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.guard(|| self.db.flush())?;
        sync_tree(&self.dir).map_err(|e| at_disk(&self.dir, &e))
    }
}

/// The error of sled, with its disk's if that is the cause.
fn refused(error: &sled::Error) -> StoreError {
    let fault = match error {
        sled::Error::Io(error) => Some(error.kind()),
        _ => None,
    };
    StoreError::Backend { why: format!("sled: {error}"), fault }
}

fn at_disk(dir: &Path, error: &io::Error) -> StoreError {
    StoreError::Backend { why: format!("{}: {error}", dir.display()), fault: Some(error.kind()) }
}

/// Rows of a batch for each turn of the collector: a row replaces a few pages, and a turn frees five hundred.
const ROWS_A_TURN: usize = 32;

/// Frees the pages that a batch replaced. sled leaves them to an epoch collector that takes a turn when sled is
/// asked for something, and a batch is one thing however many rows it has: after a cycle of 30,000 entries it had
/// 600 MB that nobody could reach.
fn collect_garbage(rows: usize) {
    for _ in 0..=rows / ROWS_A_TURN {
        crossbeam_epoch::pin().flush();
    }
}

/// A snapshot that was being written when the process was killed makes sled refuse to open, for ever;
/// without it, it opens with its data whole (measured). The caller holds the state directory's lock.
fn remove_half_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// sled syncs ranges of its files, not the files: with real syncs no simulated power cut lost anything.
fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        match File::open(entry.path()) {
            Ok(file) if entry.file_type()?.is_dir() => {
                sync_tree(&entry.path())?;
                file.sync_all()?;
            }
            Ok(file) => file.sync_all()?,
            // sled removes old snapshots on its own threads.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    File::open(dir)?.sync_all()
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned())
}
