//! The host queue: a limited number of requests at a time to one host, a gap between their starts, first come first
//! served. Forty channels of one publisher that fall due together do not arrive together. Knows hosts by name only and
//! nothing of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Up to this many hosts nothing is swept. Above, idle hosts are dropped whenever the table has doubled: the cost of
/// sweeping is spread, and the table stays within twice the hosts in use.
const SWEEP_FROM: usize = 256;

/// Longest hold. `Retry-After` is any number; no publisher means more than a month, and a clock cannot
/// be set past its end.
const MAX_HOLD: Duration = Duration::from_secs(31 * 24 * 3600);

/// The queues of all hosts.
pub struct HostQueue {
    per_host: usize,
    gap: Duration,
    everyone: Arc<Semaphore>,
    table: Mutex<Table>,
}

struct Table {
    hosts: HashMap<String, Arc<Host>>,
    sweep_at: usize,
}

struct Host {
    /// Gives out turns in the order of requests.
    slots: Arc<Semaphore>,
    /// The start of the latest request; locked by the one who waits for the gap to pass.
    last_start: tokio::sync::Mutex<Option<Instant>>,
    /// The gap of its latest turn.
    gap: Mutex<Duration>,
    held_until: Mutex<Option<Instant>>,
}

/// The right to ask a host, until dropped.
pub struct Turn {
    _slot: OwnedSemaphorePermit,
    _among_all: OwnedSemaphorePermit,
}

impl HostQueue {
    /// A queue of `per_host` turns at a time per host, `gap` apart, and `concurrency` turns in all
    /// (each at least 1).
    #[must_use]
    pub fn new(per_host: usize, gap: Duration, concurrency: usize) -> Self {
        Self {
            per_host: per_host.max(1),
            gap,
            everyone: Arc::new(Semaphore::new(concurrency.max(1))),
            table: Mutex::new(Table { hosts: HashMap::new(), sweep_at: SWEEP_FROM }),
        }
    }

    /// Waits for a turn at `host`: the queue's gap or `at_least` after the start of the last one, whichever is longer,
    /// since a publisher may ask for a longer gap. `gapless` is called when the gap would make it wait: only the request
    /// before may have shown that the host is the operator's own.
    ///
    /// # Errors
    /// The time for which the host is still held. It may be hours, so the caller does not wait here.
    pub async fn turn(
        &self,
        host: &str,
        at_least: Duration,
        gapless: impl Fn() -> bool,
    ) -> Result<Turn, Duration> {
        let host = self.host(host);
        let gap = self.gap.max(at_least);
        *lock(&host.gap) = gap;
        host.refuse_if_held()?;
        let slot = Arc::clone(&host.slots).acquire_owned().await.expect("the semaphore is never closed");
        let mut last_start = host.last_start.lock().await;
        host.refuse_if_held()?;
        if let Some(last) = *last_start
            && !gapless()
        {
            sleep_until(last + gap).await;
        }
        let among_all =
            Arc::clone(&self.everyone).acquire_owned().await.expect("the semaphore is never closed");
        host.refuse_if_held()?;
        *last_start = Some(Instant::now());
        Ok(Turn { _slot: slot, _among_all: among_all })
    }

    /// Gives out no turns at `host` for `wait` (a month at most); a shorter hold never replaces a longer one. Requests
    /// that wait already fail when their turn comes.
    pub fn hold(&self, host: &str, wait: Duration) {
        let until = Instant::now() + wait.min(MAX_HOLD);
        let host = self.host(host);
        let mut held = lock(&host.held_until);
        *held = Some(held.map_or(until, |earlier| earlier.max(until)));
    }

    /// The time for which `host` is still held.
    #[must_use]
    pub fn held(&self, host: &str) -> Option<Duration> {
        let host = lock(&self.table).hosts.get(host).cloned()?;
        host.held()
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut table = lock(&self.table);
        if let Some(host) = table.hosts.get(name) {
            return Arc::clone(host);
        }
        if table.hosts.len() >= table.sweep_at {
            table.hosts.retain(|_, host| !host.is_idle());
            table.sweep_at = SWEEP_FROM.max(table.hosts.len() * 2);
        }
        let host = Arc::new(Host {
            slots: Arc::new(Semaphore::new(self.per_host)),
            last_start: tokio::sync::Mutex::new(None),
            gap: Mutex::new(self.gap),
            held_until: Mutex::new(None),
        });
        table.hosts.insert(name.to_owned(), Arc::clone(&host));
        host
    }
}

impl Host {
    fn held(&self) -> Option<Duration> {
        let left = lock(&self.held_until).as_ref()?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    fn refuse_if_held(&self) -> Result<(), Duration> {
        self.held().map_or(Ok(()), Err)
    }

    /// True if forgetting it changes nothing: no request, no gap, no hold.
    fn is_idle(self: &Arc<Self>) -> bool {
        let gap = *lock(&self.gap);
        let gap_is_over = || match self.last_start.try_lock() {
            Ok(last) => last.is_none_or(|last| last.elapsed() >= gap),
            Err(_) => false,
        };
        // A turn holds the semaphore, a waiter the host: the table alone means neither.
        Arc::strong_count(self) == 1
            && Arc::strong_count(&self.slots) == 1
            && gap_is_over()
            && self.held().is_none()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
