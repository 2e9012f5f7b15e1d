//! The one writer. Polls hand in what they learned; the recorder hands whole groups of it to the ledger (group
//! commit), which decides, appends, syncs and applies, and tells which feeds changed.

mod stall;
mod upkeep;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::clock::Clock;
use crate::ledger::backup::Part;
use crate::ledger::store::{Store, StoreError};
use crate::ledger::{Fact, Ledger, LedgerError, StoreHandle};
use crate::model::feed_key::FeedKey;
use crate::model::state::FeedState;
use stall::Stall;

/// The most records of one group: one frame of the journal, one sync.
const GROUP: usize = 64;
/// Polls that may wait to be recorded; more of them wait where they are.
const QUEUE: usize = 256;
/// A poll that brought nothing is not worth a sync of its own: a power cut costs at most a repeated
/// conditional request. This long it may wait.
const SYNC_EVERY: Duration = Duration::from_secs(60);

/// First delay before recording is retried; doubles after each failure.
pub(super) const PROBE_FIRST: Duration = Duration::from_secs(1);
/// The longest delay between two tries.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(30);

type Reply = oneshot::Sender<Result<(), Arc<LedgerError>>>;

/// Where polls hand in what they learned.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<(Fact, Reply)>,
    ledger: Arc<Mutex<Option<Ledger>>>,
    store: StoreHandle,
    clock: Arc<dyn Clock>,
    audience: Arc<dyn Audience>,
    stall: Stall,
}

/// Observer called with the changed feeds before a record is acknowledged.
pub trait Audience: Send + Sync + 'static {
    /// These feeds have changed.
    fn touched(&self, feeds: &[(FeedKey, FeedState)]);
    /// Anything may have changed.
    fn everything(&self);
    /// So many facts wait to be recorded behind those that are being recorded: none when the last of them is
    /// acknowledged, so that whoever is told that something was recorded finds it in the views.
    fn busy(&self, facts: usize);
}

/// Why nothing was recorded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    /// The state directory refused.
    #[error("not recorded: {0}")]
    Ledger(Arc<LedgerError>),
    /// The daemon is stopping.
    #[error("not recorded: the daemon is stopping")]
    Stopped,
}

impl Recorder {
    /// Starts the recorder over an open state directory. It ends when every handle is gone or closed.
    pub fn start(ledger: Ledger, clock: Arc<dyn Clock>, audience: Arc<dyn Audience>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let store = ledger.store();
        let ledger = Arc::new(Mutex::new(Some(ledger)));
        let stall = Stall::none();
        let writer = Writer {
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            audience: Arc::clone(&audience),
            stall: stall.clone(),
        };
        tokio::spawn(writer.run(waiting));
        Self { queue, ledger, store, clock, audience, stall }
    }

    /// Why nothing can be recorded at present, because of the disk; `None` while all is well.
    #[must_use]
    pub fn stall(&self) -> Option<RecordError> {
        self.stall.why().map(RecordError::Ledger)
    }

    /// How many facts wait to be recorded.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Returns once things can be recorded. Whether that had to be waited for.
    pub async fn ready(&self) -> bool {
        let waited = self.stall.why().is_some();
        tokio::select! {
            () = self.stall.over() => {}
            // The writer has ended: recording will say so.
            () = self.queue.closed() => {}
        }
        waited
    }

    /// Records one thing; returns when it is durable and applied.
    ///
    /// # Errors
    /// When the state directory refuses: then nothing of it is stored.
    pub async fn record(&self, fact: Fact) -> Result<(), RecordError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send((fact, reply)).await.map_err(|_| RecordError::Stopped)?;
        answer.await.map_err(|_| RecordError::Stopped)?.map_err(RecordError::Ledger)
    }

    /// The store, for readers.
    #[must_use]
    pub fn store(&self) -> StoreHandle {
        Arc::clone(&self.store)
    }

    /// Tries whether anything can be recorded, and says nothing of it. Blocks.
    ///
    /// # Errors
    /// When it cannot.
    pub fn probe(&self) -> Result<(), RecordError> {
        self.with_ledger(Ledger::probe)
    }

    /// Builds the store anew from the journal. Returns how many lines it took. Blocks.
    ///
    /// # Errors
    /// When the fresh store cannot be written.
    pub fn rebuild(&self, why: &str) -> Result<u64, RecordError> {
        self.with_ledger(|ledger| {
            tracing::info!(why, "building the store anew from the journal");
            ledger.rebuild(&mut |_| {})
        })
    }

    /// How large the base of the journal and what follows it are, in octets.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn journal_sizes(&self) -> Result<(u64, u64), RecordError> {
        self.with_ledger(|ledger| ledger.journal_sizes())
    }

    /// [`Ledger::acknowledged`]. Blocks.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn acknowledged(&self) -> Result<(u64, Vec<Part>), RecordError> {
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

    /// Tells that a store could not be read: another is built, unless that was done meanwhile. Blocks.
    ///
    /// # Errors
    /// When the fresh store cannot be written. Then polls stop until it can be: each of them would find the
    /// store as it is.
    pub fn replace(&self, failed: &Arc<Store>, error: &StoreError) -> Result<(), RecordError> {
        self.renew(|ledger| ledger.replace(failed, &error.to_string()))
    }

    /// Does what may build the store anew.
    fn renew(&self, work: impl FnOnce(&mut Ledger) -> Result<(), LedgerError>) -> Result<(), RecordError> {
        let renewed = self.with_ledger(|ledger| match self.stall.why() {
            // Another found out while this one waited.
            Some(_) => Ok(()),
            None => telling(&*self.audience, ledger, work),
        });
        if let Err(RecordError::Ledger(error)) = &renewed {
            self.stall.tried(&Err(Arc::clone(error)));
        }
        self.stall().map_or(renewed, Err)
    }

    /// Closes the state directory with everything durable. Blocks. What is recorded later is refused.
    ///
    /// # Errors
    /// When the disk refuses.
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
    audience: Arc<dyn Audience>,
    stall: Stall,
}

/// What the writer does next.
enum Turn {
    /// So many facts wait.
    Group(usize),
    /// What was recorded must not wait longer for its sync.
    Sync,
    /// It is time to see whether the disk is well again.
    Probe,
    /// Something was tried elsewhere.
    Look,
}

impl Writer {
    async fn run(self, mut waiting: mpsc::Receiver<(Fact, Reply)>) {
        let writer = Arc::new(self);
        let (mut sync_due, mut probe_due, mut probe_in) = (None, None, PROBE_FIRST);
        let mut stall = writer.stall.watch();
        loop {
            let mut group = Vec::with_capacity(GROUP);
            let turn = tokio::select! {
                n = waiting.recv_many(&mut group, GROUP) => Turn::Group(n),
                () = reached(sync_due) => Turn::Sync,
                () = reached(probe_due) => Turn::Probe,
                Ok(()) = stall.changed() => Turn::Look,
            };
            writer.audience.busy(waiting.len());
            let task = Arc::clone(&writer);
            match turn {
                Turn::Group(0) => return,
                Turn::Group(_) => match tokio::task::spawn_blocking(move || task.group(group)).await {
                    Ok(true) => sync_due = None,
                    Ok(false) => sync_due = sync_due.or_else(|| Some(Instant::now() + SYNC_EVERY)),
                    Err(panic) => tracing::error!(%panic, "a group of records was lost to a panic"),
                },
                Turn::Sync => {
                    sync_due = None;
                    let _ = tokio::task::spawn_blocking(move || task.sync()).await;
                }
                Turn::Probe => {
                    probe_due = None;
                    let _ = tokio::task::spawn_blocking(move || task.stall.tried(&task.probe())).await;
                }
                Turn::Look => {}
            }
            writer.audience.busy(waiting.len());
            if writer.stall.why().is_none() {
                (probe_due, probe_in) = (None, PROBE_FIRST);
            } else if probe_due.is_none() {
                probe_due = Some(Instant::now() + probe_in);
                probe_in = PROBE_EVERY.min(probe_in * 2);
            }
        }
    }

    fn sync(&self) {
        let synced = lock(&self.ledger).as_mut().map_or(Ok(()), Ledger::sync).map_err(Arc::new);
        // That a sync works does not say that there is room.
        if synced.is_err() {
            self.stall.tried(&synced);
        }
    }

    fn probe(&self) -> Result<(), Arc<LedgerError>> {
        let mut ledger = lock(&self.ledger);
        let probed = ledger.as_mut().map_or(Ok(()), |ledger| telling(&*self.audience, ledger, Ledger::probe));
        probed.map_err(Arc::new)
    }

    /// Records a group. Returns whether it was synced.
    fn group(&self, group: Vec<(Fact, Reply)>) -> bool {
        let mut guard = lock(&self.ledger);
        // Dropping the replies tells whoever waits that the daemon is stopping.
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
                    // A poll that was given up waits for no answer.
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
        let recorded = telling(&*self.audience, ledger, |ledger| ledger.record(facts, today))?;
        if recorded.everything {
            self.audience.everything();
        } else {
            self.audience.touched(&recorded.feeds);
        }
        Ok(())
    }
}

/// Does something to the ledger, and tells if the store is another afterwards: it may hold lines that were
/// recorded while the one before could not be written, and that nobody was told of.
fn telling<T>(audience: &dyn Audience, ledger: &mut Ledger, work: impl FnOnce(&mut Ledger) -> T) -> T {
    let handle = ledger.store();
    let before = handle.load_full();
    let done = work(ledger);
    if !Arc::ptr_eq(&before, &handle.load()) {
        audience.everything();
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
