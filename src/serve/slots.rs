//! Connection slots: at most so many clients are connected at once. When all slots are taken, one client is
//! evicted: the one that has been idle longest, or if none is idle, the one whose response has taken longest.
//! So neither idle clients nor slow ones keep others out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long an evicted client may take to leave before the next one is evicted, and how soon to look again if
/// no client could be.
const EVICTION_STEP: Duration = Duration::from_millis(20);

/// A new client keeps its slot this long: its request follows its handshake at once. 512 slots then still let
/// ten thousand clients a second pass that ask for nothing.
const MIN_IDLE: Duration = Duration::from_millis(50);

/// A client keeps its slot this long from its request on, even if others want one: at a megabit a second that is
/// a feed of 600 KB. No client is evicted for being slow alone.
const MIN_RESPONDING: Duration = Duration::from_secs(5);

/// States of a client: no request is open, its request is being handled, its response is being written.
const IDLE: u8 = 0;
const HANDLING: u8 = 1;
const RESPONDING: u8 = 2;

/// All slots.
pub(super) struct Slots {
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    clients: HashMap<u64, Arc<Client>>,
}

/// The client in a slot.
struct Client {
    /// When the client connected, sent a request after a pause, or last became idle. Requests sent without
    /// waiting for their responses count as one: else many small ones would hold a slot for ever.
    since: Mutex<Instant>,
    /// True if everything the client has sent was read and answered.
    paused: AtomicBool,
    state: AtomicU8,
    evict: Notify,
}

/// A slot that a client holds. Dropping it frees the slot.
pub(super) struct Slot {
    slots: Arc<Slots>,
    number: u64,
    client: Arc<Client>,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), taken: Mutex::default() })
    }

    /// Returns a slot as soon as one is free.
    pub(super) async fn acquire(self: &Arc<Self>) -> Slot {
        loop {
            let free = Arc::clone(&self.free).acquire_owned();
            if self.free.available_permits() == 0 {
                self.evict_one();
            }
            // The semaphore is never closed.
            if let Ok(Ok(permit)) = tokio::time::timeout(EVICTION_STEP, free).await {
                return self.slot(permit);
            }
        }
    }

    fn slot(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Slot {
        let client = Arc::new(Client {
            since: Mutex::new(Instant::now()),
            paused: AtomicBool::new(false),
            state: AtomicU8::new(IDLE),
            evict: Notify::new(),
        });
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let number = taken.next;
        taken.next += 1;
        taken.clients.insert(number, Arc::clone(&client));
        drop(taken);
        Slot { slots: Arc::clone(self), number, client, _permit: permit }
    }

    /// Evicts the client with the weakest claim to its slot, if any may be evicted.
    pub(super) fn evict_one(&self) {
        let now = Instant::now();
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let evictable = taken.clients.values().filter_map(|client| Some((client.claim(now)?, client)));
        if let Some((_, client)) = evictable.min_by_key(|(claim, _)| *claim) {
            client.evict.notify_one();
        }
    }
}

impl Client {
    fn is_idle(&self) -> bool {
        self.state.load(Ordering::Relaxed) == IDLE
    }

    fn since(&self) -> Instant {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client's claim to its slot, the weakest first; `None` if it may not be evicted.
    fn claim(&self, now: Instant) -> Option<(bool, Instant)> {
        let since = self.since();
        let is_responding = match self.state.load(Ordering::Relaxed) {
            IDLE if self.paused.load(Ordering::Relaxed) => false,
            RESPONDING => true,
            // The client waits for us, or its bytes were not read yet.
            _ => return None,
        };
        let kept = if is_responding { MIN_RESPONDING } else { MIN_IDLE };
        (now.saturating_duration_since(since) >= kept).then_some((is_responding, since))
    }

    fn set_paused(&self, paused: bool) {
        if self.paused.swap(paused, Ordering::Relaxed) != paused {
            *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }

    fn enter(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
    }
}

impl Slot {
    /// Returns when the client is evicted.
    pub(super) async fn evicted(&self) {
        self.client.evict.notified().await;
    }

    /// True if every request of the client is answered.
    pub(super) fn is_idle(&self) -> bool {
        self.client.is_idle()
    }

    pub(super) fn tracker(&self) -> Tracker {
        Tracker(Arc::clone(&self.client))
    }
}

/// Records the client's state for its slot.
#[derive(Clone)]
pub(super) struct Tracker(Arc<Client>);

impl Tracker {
    /// The head of a request was read.
    pub(super) fn request_read(&self) {
        self.0.set_paused(false);
        self.0.enter(HANDLING);
    }

    /// The response is ready to be written.
    pub(super) fn response_ready(&self) {
        self.0.enter(RESPONDING);
    }

    /// Everything that was to be written is written.
    pub(super) fn written(&self) {
        if self.0.state.load(Ordering::Relaxed) == RESPONDING {
            self.0.enter(IDLE);
        }
    }

    /// There are no bytes to read from the client.
    pub(super) fn nothing_to_read(&self) {
        if self.0.is_idle() {
            self.0.set_paused(true);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner).clients.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True if the client is evicted within a time.
    async fn is_evicted(slot: &Slot, within: Duration) -> bool {
        tokio::time::timeout(within, slot.evicted()).await.is_ok()
    }

    fn respond(slot: &Slot) {
        slot.tracker().request_read();
        slot.tracker().response_ready();
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_client_is_evicted_first_then_the_longest_responding() {
        let slots = Slots::new(3);
        let (early, late, idle) = (slots.acquire().await, slots.acquire().await, slots.acquire().await);
        for slot in [&early, &late, &idle] {
            slot.tracker().nothing_to_read();
        }
        respond(&early);
        tokio::time::advance(Duration::from_secs(1)).await;
        respond(&late);
        let more = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move {
                let third = slots.acquire().await;
                respond(&third);
                (third, slots.acquire().await)
            }
        });
        assert!(is_evicted(&idle, 2 * EVICTION_STEP).await);
        drop(idle);
        assert!(!is_evicted(&early, MIN_RESPONDING - Duration::from_secs(2)).await, "it is being answered");
        assert!(is_evicted(&early, Duration::from_secs(2)).await, "but not for ever");
        drop(early);
        assert!(!is_evicted(&late, Duration::ZERO).await);
        more.await.expect("both have a slot");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_just_come_or_waits_for_us_is_not_evicted() {
        let slots = Slots::new(1);
        let new = slots.acquire().await;
        tokio::time::advance(2 * MIN_IDLE).await;
        slots.evict_one();
        assert!(!is_evicted(&new, Duration::ZERO).await, "nobody has looked at what it sent");
        new.tracker().nothing_to_read();
        slots.evict_one();
        assert!(!is_evicted(&new, Duration::ZERO).await);
        new.tracker().request_read();
        tokio::time::advance(2 * MIN_RESPONDING).await;
        slots.evict_one();
        assert!(!is_evicted(&new, Duration::ZERO).await);
        new.tracker().response_ready();
        slots.evict_one();
        assert!(is_evicted(&new, Duration::ZERO).await);
    }

    #[tokio::test(start_paused = true)]
    async fn pipelined_requests_count_as_one() {
        let slots = Slots::new(1);
        let slot = slots.acquire().await;
        let tracker = slot.tracker();
        let ask = async |pause: bool| {
            for _ in 0..12 {
                respond(&slot);
                tokio::time::advance(MIN_RESPONDING / 10).await;
                tracker.written();
                if pause {
                    tracker.nothing_to_read();
                }
            }
            respond(&slot);
            slots.evict_one();
            is_evicted(&slot, Duration::ZERO).await
        };
        assert!(!ask(true).await, "each was waited for");
        assert!(ask(false).await, "none was");
    }
}
