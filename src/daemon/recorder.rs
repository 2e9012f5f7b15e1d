//! The one writer. Polls hand in what they learned; the recorder gives entries their published ids,
//! records whole groups with one sync (group commit), applies them, and says so.

mod stall;
mod upkeep;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use super::backup::Part;
use super::clock::Clock;
use super::vault::{StoreHandle, Vault, VaultError};
use crate::core::diff::{Draft, DraftEntry};
use crate::core::record::{ConfigRecord, Expiry, NewEntry, Observation, Record, Withdrawal};
use crate::core::state::{Change, FeedKey, FeedState, State};
use crate::ledger::store::{Store, StoreError};
use stall::Stall;

/// The most records of one group: one frame of the journal, one sync.
const GROUP: usize = 64;
/// Polls that may wait to be recorded; more of them wait where they are.
const QUEUE: usize = 256;
/// A poll that brought nothing is not worth a sync of its own: a power cut costs at most a repeated
/// conditional request. This long it may wait.
const SYNC_EVERY: Duration = Duration::from_secs(60);

/// Something to record.
pub enum Fact {
    /// A poll, with what it found.
    Poll(Box<Draft>),
    /// A change of the configuration.
    Config(ConfigRecord),
    /// An entry taken back.
    Withdraw(Withdrawal),
    /// Entries that are too old.
    Expire(Expiry),
}

/// How soon it is tried whether recording works again; twice as long after each try that fails.
pub(super) const PROBE_FIRST: Duration = Duration::from_secs(1);
/// The longest between two tries.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(30);

type Reply = oneshot::Sender<Result<(), Arc<VaultError>>>;

/// Where polls hand in what they learned.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<(Fact, Reply)>,
    vault: Arc<Mutex<Option<Vault>>>,
    store: StoreHandle,
    clock: Arc<dyn Clock>,
    audience: Arc<dyn Audience>,
    stall: Stall,
}

/// Is told which feeds a record touched, before the record is acknowledged.
pub trait Audience: Send + Sync + 'static {
    /// These feeds have changed.
    fn touched(&self, feeds: &[(FeedKey, FeedState)]);
    /// Anything may have changed.
    fn everything(&self);
}

/// Why nothing was recorded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    /// The state directory refused.
    #[error("not recorded: {0}")]
    Vault(Arc<VaultError>),
    /// The daemon is stopping.
    #[error("not recorded: the daemon is stopping")]
    Stopped,
}

impl Recorder {
    /// Starts the recorder over an open state directory. It ends when every handle is gone or closed.
    pub fn start(vault: Vault, clock: Arc<dyn Clock>, audience: Arc<dyn Audience>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let store = vault.store();
        let vault = Arc::new(Mutex::new(Some(vault)));
        let stall = Stall::none();
        let writer = Writer {
            vault: Arc::clone(&vault),
            clock: Arc::clone(&clock),
            audience: Arc::clone(&audience),
            stall: stall.clone(),
        };
        tokio::spawn(writer.run(waiting));
        Self { queue, vault, store, clock, audience, stall }
    }

    /// Why nothing can be recorded at present, because of the disk; `None` while all is well.
    #[must_use]
    pub fn stall(&self) -> Option<RecordError> {
        self.stall.why().map(RecordError::Vault)
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
        answer.await.map_err(|_| RecordError::Stopped)?.map_err(RecordError::Vault)
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
        self.with_vault(Vault::probe)
    }

    /// Builds the store anew from the journal. Returns how many lines it took. Blocks.
    ///
    /// # Errors
    /// When the fresh store cannot be written.
    pub fn rebuild(&self, why: &str) -> Result<u64, RecordError> {
        self.with_vault(|vault| vault.rebuild(why))
    }

    /// How large the base of the journal and what follows it are, in octets.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn journal_sizes(&self) -> Result<(u64, u64), RecordError> {
        self.with_vault(|vault| vault.journal_sizes())
    }

    /// [`Vault::acknowledged`]. Blocks.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn acknowledged(&self) -> Result<(u64, Vec<Part>), RecordError> {
        self.with_vault(Vault::acknowledged)
    }

    fn with_vault<T>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, VaultError>,
    ) -> Result<T, RecordError> {
        let mut vault = lock(&self.vault);
        let vault = vault.as_mut().ok_or(RecordError::Stopped)?;
        work(vault).map_err(|e| RecordError::Vault(Arc::new(e)))
    }

    /// Tells that a store could not be read: it is rebuilt, unless that was done meanwhile. Blocks.
    ///
    /// # Errors
    /// When the fresh store cannot be written. Then polls stop until it can be: each of them would find the
    /// store as it is.
    pub fn heal(&self, failed: &Arc<Store>, error: &StoreError) -> Result<(), RecordError> {
        self.renew(|vault| vault.heal(failed, &error.to_string()))
    }

    /// Does what may build the store anew.
    fn renew(&self, work: impl FnOnce(&mut Vault) -> Result<(), VaultError>) -> Result<(), RecordError> {
        let healed = self.with_vault(|vault| match self.stall.why() {
            // Another found out while this one waited.
            Some(_) => Ok(()),
            None => telling(&*self.audience, vault, work),
        });
        if let Err(RecordError::Vault(error)) = &healed {
            self.stall.tried(&Err(Arc::clone(error)));
        }
        self.stall().map_or(healed, Err)
    }

    /// Closes the state directory with everything durable. Blocks. What is recorded later is refused.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&self) -> Result<(), VaultError> {
        match lock(&self.vault).take() {
            Some(vault) => vault.close(),
            None => Ok(()),
        }
    }
}

struct Writer {
    vault: Arc<Mutex<Option<Vault>>>,
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
            if writer.stall.why().is_none() {
                (probe_due, probe_in) = (None, PROBE_FIRST);
            } else if probe_due.is_none() {
                probe_due = Some(Instant::now() + probe_in);
                probe_in = PROBE_EVERY.min(probe_in * 2);
            }
        }
    }

    fn sync(&self) {
        let synced = lock(&self.vault).as_mut().map_or(Ok(()), Vault::sync).map_err(Arc::new);
        // That a sync works does not say that there is room.
        if synced.is_err() {
            self.stall.tried(&synced);
        }
    }

    fn probe(&self) -> Result<(), Arc<VaultError>> {
        let mut vault = lock(&self.vault);
        let probed = vault.as_mut().map_or(Ok(()), |vault| telling(&*self.audience, vault, Vault::probe));
        probed.map_err(Arc::new)
    }

    /// Records a group. Returns whether it was synced.
    fn group(&self, group: Vec<(Fact, Reply)>) -> bool {
        let mut guard = lock(&self.vault);
        // Dropping the replies tells whoever waits that the daemon is stopping.
        let Some(vault) = guard.as_mut() else { return true };
        let (facts, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let durable = facts.iter().any(|fact| match fact {
            Fact::Config(_) | Fact::Withdraw(_) => true,
            Fact::Poll(draft) => draft.brings_something(),
            // What a power cut brings back expires once more.
            Fact::Expire(_) => false,
        });
        let outcome = telling(&*self.audience, vault, |vault| {
            resolve_on(vault, facts).and_then(|records| self.write(vault, records, durable))
        });
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

    fn write(&self, vault: &mut Vault, records: Vec<Record>, durable: bool) -> Result<(), VaultError> {
        let done = vault.record(records, self.clock.now().date_naive(), durable)?;
        for (line, changes) in done {
            if matches!(line.record, Record::Config(_)) || changes.is_empty() {
                self.audience.everything();
            } else {
                self.audience.touched(&feeds(changes));
            }
        }
        Ok(())
    }
}

/// Does something to the vault, and tells if the store is another afterwards: it may hold lines that were
/// recorded while the one before could not be written, and that nobody was told of.
fn telling<T>(audience: &dyn Audience, vault: &mut Vault, work: impl FnOnce(&mut Vault) -> T) -> T {
    let handle = vault.store();
    let before = handle.load_full();
    let done = work(vault);
    if !Arc::ptr_eq(&before, &handle.load()) {
        audience.everything();
    }
    done
}

fn feeds(changes: Vec<Change>) -> Vec<(FeedKey, FeedState)> {
    let feed = |change| match change {
        Change::Feed(key, state) => Some((key, state)),
        _ => None,
    };
    changes.into_iter().filter_map(feed).collect()
}

/// Resolves the facts against the vault's store; where that cannot be read, against a fresh one.
fn resolve_on(vault: &mut Vault, facts: Vec<Fact>) -> Result<Vec<Record>, VaultError> {
    let store = vault.store().load_full();
    let ids = match published_ids(&store, &facts) {
        Ok(ids) => ids,
        Err(error) => {
            vault.heal(&store, &error.to_string())?;
            published_ids(&vault.store().load(), &facts)?
        }
    };
    let mut ids = ids.into_iter();
    Ok(facts.into_iter().map(|fact| record(fact, &mut ids)).collect())
}

/// A published id for every new entry of the group, in order: the publisher's own, when no other entry
/// has it, stored or in this group; else one of ours.
fn published_ids(store: &Store, facts: &[Fact]) -> Result<Vec<String>, StoreError> {
    let (mut claimed, mut ids) = (HashSet::new(), Vec::new());
    for fact in facts {
        if let Fact::Poll(draft) = fact {
            for new in &draft.new {
                let id = claim(store, &claimed, new)?;
                claimed.insert(id.clone());
                ids.push(id);
            }
        }
    }
    Ok(ids)
}

fn claim(store: &Store, claimed: &HashSet<String>, draft: &DraftEntry) -> Result<String, StoreError> {
    let is_taken = |id: &String| Ok::<_, StoreError>(claimed.contains(id) || store.owner(id)?.is_some());
    if let Some(iri) = &draft.iri
        && !is_taken(iri)?
    {
        return Ok(iri.clone());
    }
    let mut id = draft.minted.clone();
    // Two entries of a source may be made from one key only when it led to another entry meanwhile.
    while is_taken(&id)? {
        id = Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes()).urn().to_string();
    }
    Ok(id)
}

fn record(fact: Fact, ids: &mut impl Iterator<Item = String>) -> Record {
    match fact {
        Fact::Config(config) => Record::Config(config),
        Fact::Withdraw(withdrawal) => Record::Withdraw(withdrawal),
        Fact::Expire(expiry) => Record::Expire(expiry),
        Fact::Poll(draft) if !draft.brings_something() => Record::Poll(draft.poll),
        Fact::Poll(draft) => {
            let Draft { poll, feed, new, changed } = *draft;
            let named = |(published_id, draft)| {
                let DraftEntry { keys, fingerprint, entry, backlog, .. } = draft;
                NewEntry { published_id, keys, fingerprint, entry, backlog }
            };
            let new = ids.take(new.len()).zip(new).map(named).collect();
            Record::Observation(Observation { poll, feed, new, changed })
        }
    }
}

async fn reached(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn lock(vault: &Mutex<Option<Vault>>) -> MutexGuard<'_, Option<Vault>> {
    vault.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
