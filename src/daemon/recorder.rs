//! The recorder, the only writer. Polls send it facts. It hands them in groups to the ledger (group commit),
//! which decides, appends, syncs and applies. Then the recorder tells the observer which feeds changed.

mod maintenance;
mod stall;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::clock::Clock;
use super::meter::Meter;
use super::watchdog::Pulse;
use crate::ledger::backup::BackupFile;
use crate::ledger::store::{Store, StoreError};
use crate::ledger::{Fact, Ledger, LedgerError, StoreHandle};
use crate::model::feed_key::FeedKey;
use crate::model::source::SourceId;
use crate::model::state::FeedState;
use crate::model::stored::EntryNo;
use stall::Stall;

/// The maximum number of records in a group: one frame of the journal, one sync.
const GROUP: usize = 64;
/// The maximum number of facts in the queue. Further senders wait.
const QUEUE: usize = 256;
/// The maximum time before a poll without news is synced. It is not worth a sync of its own: after a power
/// cut dibao at most repeats a conditional request.
const SYNC_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked whether a group that is being recorded makes progress.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// First delay before recording is retried; doubles after each failure.
pub(super) const PROBE_FIRST: Duration = Duration::from_secs(1);
/// The maximum delay between two tries.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(30);

type Reply = oneshot::Sender<Result<(), Arc<LedgerError>>>;

#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<(Fact, Reply)>,
    ledger: Arc<Mutex<Option<Ledger>>>,
    store: StoreHandle,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    stall: Stall,
    meter: Arc<Meter>,
    sizes: Arc<Mutex<FileSizes>>,
    pulse: Pulse,
}

/// Octets of the files; `None` while they are unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSizes {
    pub journal: Option<u64>,
    pub store: Option<u64>,
}

/// Observer called with the changed feeds before a record is acknowledged.
pub trait Observer: Send + Sync + 'static {
    fn touched(&self, feeds: &[(FeedKey, FeedState)]);
    /// The states of these sources have changed with these lines of the journal.
    fn turned(&self, sources: &[(SourceId, u64)]);
    fn everything(&self);
    /// The entries that a line of the journal added or changed. Called before the others.
    fn changed(&self, seq: u64, entries: &[EntryNo]) {
        let _ = (seq, entries);
    }
    /// The number of facts in the queue. It is 0 when the last fact is acknowledged, so that a caller whose
    /// fact was recorded finds it in the views.
    fn busy(&self, facts: usize);
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    #[error("not recorded: {0}")]
    Ledger(Arc<LedgerError>),
    #[error("not recorded: the daemon is stopping")]
    Stopped,
}

impl Recorder {
    /// Starts the recorder. It ends when the last handle is dropped.
    pub fn start(ledger: Ledger, clock: Arc<dyn Clock>, observer: Arc<dyn Observer>) -> Self {
        Self::start_counting(ledger, clock, observer, Arc::default())
    }

    /// Like [`Self::start`], and counts there.
    pub fn start_counting(
        mut ledger: Ledger,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
        meter: Arc<Meter>,
    ) -> Self {
        let timed = Arc::clone(&meter);
        ledger.time_syncs(Box::new(move |sync| {
            let began = Instant::now();
            let synced = sync();
            timed.synced(began.elapsed());
            synced
        }));
        let (queue, waiting) = mpsc::channel(QUEUE);
        let store = ledger.store();
        let pulse = Pulse::over(ledger.progress());
        let ledger = Arc::new(Mutex::new(Some(ledger)));
        let stall = Stall::none();
        let writer = Writer {
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            observer: Arc::clone(&observer),
            stall: stall.clone(),
            meter: Arc::clone(&meter),
            pulse: pulse.clone(),
        };
        tokio::spawn(writer.run(waiting));
        let sizes = Arc::default();
        Self { queue, ledger, store, clock, observer, stall, meter, sizes, pulse }
    }

    /// The disk error because of which recording is stalled; `None` if recording works.
    pub fn stall(&self) -> Option<RecordError> {
        self.stall.why().map(RecordError::Ledger)
    }

    /// The progress of the recorder, for the watchdog. [`Ledger::progress`] counts as well.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// The number of facts in the queue.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// The sizes of journal and store. While the ledger works, those of before: a rebuild may take minutes, and the
    /// status must not wait for it.
    pub fn sizes(&self) -> FileSizes {
        let mut known = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let ledger = match self.ledger.try_lock() {
            Ok(ledger) => ledger,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return *known,
        };
        if let Some(ledger) = &*ledger {
            let journal = ledger.journal_sizes().ok().map(|(base, tail)| base + tail);
            *known = FileSizes { journal, store: Some(ledger.store_size()) };
        }
        *known
    }

    /// Waits until recording works. Returns true if it was stalled.
    pub async fn ready(&self) -> bool {
        let waited = self.stall.why().is_some();
        tokio::select! {
            () = self.stall.over() => {}
            // The writer has ended: `record` returns the error.
            () = self.queue.closed() => {}
        }
        waited
    }

    /// Records one fact; returns when it is durable and applied. Fails if the ledger cannot record it: then nothing
    /// of it is stored.
    pub async fn record(&self, fact: Fact) -> Result<(), RecordError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send((fact, reply)).await.map_err(|_| RecordError::Stopped)?;
        answer.await.map_err(|_| RecordError::Stopped)?.map_err(RecordError::Ledger)
    }

    pub fn store(&self) -> StoreHandle {
        Arc::clone(&self.store)
    }

    /// Tests if recording works, without logging. Blocks.
    pub fn probe(&self) -> Result<(), RecordError> {
        self.with_ledger(Ledger::probe)
    }

    /// Rebuilds the store from the journal. Returns the number of lines applied. Blocks.
    pub fn rebuild(&self, why: &str) -> Result<u64, RecordError> {
        self.with_ledger(|ledger| {
            tracing::info!(why, "rebuilding the store from the journal");
            ledger.rebuild(&mut |_| {})
        })
    }

    /// The sizes of the journal's base and of its tail, in octets.
    pub fn journal_sizes(&self) -> Result<(u64, u64), RecordError> {
        self.with_ledger(|ledger| ledger.journal_sizes())
    }

    /// [`Ledger::acknowledged`]. Blocks.
    pub fn acknowledged(&self) -> Result<(u64, Vec<BackupFile>), RecordError> {
        self.with_ledger(Ledger::acknowledged)
    }

    fn with_ledger<T>(
        &self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError>,
    ) -> Result<T, RecordError> {
        let mut ledger = lock(&self.ledger);
        let ledger = ledger.as_mut().ok_or(RecordError::Stopped)?;
        work(ledger).map_err(|e| RecordError::Ledger(Arc::new(e)))
    }

    /// Rebuilds a store that could not be read, unless another caller has replaced it already. Blocks. Fails if the
    /// new store cannot be written. Then recording stalls until that works: every poll would fail on the old store.
    pub fn replace(&self, failed: &Arc<Store>, error: &StoreError) -> Result<(), RecordError> {
        self.renew(|ledger| ledger.replace(failed, &error.to_string()))
    }

    /// Runs `work`, which may rebuild the store.
    fn renew(&self, work: impl FnOnce(&mut Ledger) -> Result<(), LedgerError>) -> Result<(), RecordError> {
        let renewed = self.with_ledger(|ledger| match self.stall.why() {
            // Another caller found the fault while this one waited for the ledger.
            Some(_) => Ok(()),
            None => watching_store(&*self.observer, ledger, work),
        });
        if let Err(RecordError::Ledger(error)) = &renewed {
            self.stall.tried(&Err(Arc::clone(error)));
        }
        self.stall().map_or(renewed, Err)
    }

    /// Closes the state directory with everything durable. Blocks. Refuses later facts.
    pub fn close(&self) -> Result<(), LedgerError> {
        match lock(&self.ledger).take() {
            Some(ledger) => ledger.close(),
            None => Ok(()),
        }
    }
}

struct Writer {
    ledger: Arc<Mutex<Option<Ledger>>>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    stall: Stall,
    meter: Arc<Meter>,
    pulse: Pulse,
}

enum Step {
    /// The number of facts in the group; 0 if all senders are gone.
    Group(usize),
    /// Recorded facts wait for their sync longer than [`SYNC_EVERY`].
    Sync,
    /// Recording is stalled: test it again.
    Probe,
    /// The stall began or ended in another task, or the watchdog asks.
    None,
}

impl Writer {
    async fn run(self, mut waiting: mpsc::Receiver<(Fact, Reply)>) {
        let writer = Arc::new(self);
        let (mut sync_due, mut probe_due, mut probe_in) = (None, None, PROBE_FIRST);
        let mut stall = writer.stall.watch();
        loop {
            writer.pulse.beat();
            let mut group = Vec::with_capacity(GROUP);
            let turn = tokio::select! {
                n = waiting.recv_many(&mut group, GROUP) => Step::Group(n),
                () = reached(sync_due) => Step::Sync,
                () = reached(probe_due) => Step::Probe,
                Ok(()) = stall.changed() => Step::None,
                () = writer.pulse.asked() => Step::None,
            };
            writer.observer.busy(waiting.len());
            let task = Arc::clone(&writer);
            match turn {
                Step::Group(0) => return,
                Step::Group(_) => {
                    match writer.watch(tokio::task::spawn_blocking(move || task.group(group))).await {
                        Ok(true) => sync_due = None,
                        Ok(false) => sync_due = sync_due.or_else(|| Some(Instant::now() + SYNC_EVERY)),
                        Err(panic) => tracing::error!(%panic, "a group of records was lost to a panic"),
                    }
                }
                Step::Sync => {
                    sync_due = None;
                    let _ = tokio::task::spawn_blocking(move || task.sync()).await;
                }
                Step::Probe => {
                    probe_due = None;
                    let _ = tokio::task::spawn_blocking(move || task.stall.tried(&task.probe())).await;
                }
                Step::None => {}
            }
            writer.observer.busy(waiting.len());
            if writer.stall.why().is_none() {
                (probe_due, probe_in) = (None, PROBE_FIRST);
            } else if probe_due.is_none() {
                probe_due = Some(Instant::now() + probe_in);
                probe_in = PROBE_EVERY.min(probe_in * 2);
            }
        }
    }

    /// Waits for a group. Meanwhile the meter has the time since which there is no progress: a group may wait for a
    /// build of the store, which takes minutes.
    async fn watch<T>(&self, mut group: JoinHandle<T>) -> Result<T, JoinError> {
        let mut seen = None;
        let recorded = loop {
            let beats = Some(self.pulse.beats());
            if std::mem::replace(&mut seen, beats) != beats {
                self.meter.recording(Some(self.clock.now()));
            }
            tokio::select! {
                recorded = &mut group => break recorded,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        };
        self.meter.recording(None);
        recorded
    }

    fn sync(&self) {
        let synced = lock(&self.ledger).as_mut().map_or(Ok(()), Ledger::sync).map_err(Arc::new);
        // A successful sync does not end a stall: the disk may still be full.
        if synced.is_err() {
            self.stall.tried(&synced);
        }
    }

    fn probe(&self) -> Result<(), Arc<LedgerError>> {
        let mut ledger = lock(&self.ledger);
        let probed =
            ledger.as_mut().map_or(Ok(()), |ledger| watching_store(&*self.observer, ledger, Ledger::probe));
        probed.map_err(Arc::new)
    }

    /// Records a group. Returns true if it was synced.
    fn group(&self, group: Vec<(Fact, Reply)>) -> bool {
        let mut guard = lock(&self.ledger);
        // Senders get `Stopped` when their replies are dropped.
        let Some(ledger) = guard.as_mut() else { return true };
        let (facts, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let durable = facts.iter().any(Fact::is_worth_a_sync);
        let outcome = self.write(ledger, facts);
        drop(guard);
        let outcome = outcome.map_err(Arc::new);
        self.stall.tried(&outcome);
        let synced = durable && outcome.is_ok();
        match outcome {
            Ok(()) => {
                for reply in replies {
                    // An aborted poll does not wait for the answer.
                    let _ = reply.send(Ok(()));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(Arc::clone(&error)));
                }
            }
        }
        synced
    }

    fn write(&self, ledger: &mut Ledger, facts: Vec<Fact>) -> Result<(), LedgerError> {
        let today = self.clock.now().date_naive();
        let recorded = watching_store(&*self.observer, ledger, |ledger| ledger.record(facts, today))?;
        self.meter.recorded(recorded.entries);
        self.observer.changed(recorded.seq, &recorded.changed);
        if recorded.everything {
            self.observer.everything();
        } else {
            self.observer.turned(&recorded.turned);
            self.observer.touched(&recorded.feeds);
        }
        Ok(())
    }
}

/// Runs `work` and tells the observer if it replaced the store. The new store may hold lines that were
/// recorded while the old one could not be written, and that the observer does not know.
fn watching_store<T>(observer: &dyn Observer, ledger: &mut Ledger, work: impl FnOnce(&mut Ledger) -> T) -> T {
    let handle = ledger.store();
    let before = handle.load_full();
    let done = work(ledger);
    if !Arc::ptr_eq(&before, &handle.load()) {
        observer.everything();
    }
    done
}

async fn reached(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn lock(ledger: &Mutex<Option<Ledger>>) -> MutexGuard<'_, Option<Ledger>> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
