//! Who is connected: a bounded number of seats. When all are taken, whoever has waited longest without
//! asking for anything gives up theirs, and where nobody waits, whoever has been answered longest: neither
//! clients that only sit there keep others out, nor those that sip what they asked for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long the client that is sent away may take to go before the next one is; and where nobody could be,
/// how soon to look again.
const LEAVING: Duration = Duration::from_millis(20);

/// Whoever has just come keeps a seat this long: what they ask for follows their handshake at once. 512 seats
/// then still let ten thousand a second pass who ask for nothing.
const MOMENT: Duration = Duration::from_millis(50);

/// Whoever is being answered keeps a seat this long, though others want one: at a megabit a second that is a
/// feed of 600 KB. Nobody is sent away for being slow alone.
const ANSWERING: Duration = Duration::from_secs(5);

const WAITING: u8 = 0;
const ASKED: u8 = 1;
const ANSWERED: u8 = 2;

/// All seats.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, Arc<Place>>,
}

/// One seat, as the listener sees it.
struct Place {
    /// When its client came, last asked for something after a rest, or last began to rest. Requests sent
    /// without waiting for their answers are one: else many small ones would hold a seat for ever.
    since: Mutex<Instant>,
    /// Whether all that its client has sent was read and answered.
    rests: AtomicBool,
    state: AtomicU8,
    leave: Notify,
}

/// One seat, as its client holds it; free again when dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    place: Arc<Place>,
    _permit: OwnedSemaphorePermit,
}

impl Seats {
    pub(super) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), taken: Mutex::default() })
    }

    /// A seat, as soon as one is free.
    pub(super) async fn take(self: &Arc<Self>) -> Seat {
        loop {
            let free = Arc::clone(&self.free).acquire_owned();
            if self.free.available_permits() == 0 {
                self.send_one_away();
            }
            // The semaphore is never closed.
            if let Ok(Ok(permit)) = tokio::time::timeout(LEAVING, free).await {
                return self.seat(permit);
            }
        }
    }

    fn seat(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Seat {
        let place = Arc::new(Place {
            since: Mutex::new(Instant::now()),
            rests: AtomicBool::new(false),
            state: AtomicU8::new(WAITING),
            leave: Notify::new(),
        });
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let number = taken.next;
        taken.next += 1;
        taken.seats.insert(number, Arc::clone(&place));
        drop(taken);
        Seat { seats: Arc::clone(self), number, place, _permit: permit }
    }

    /// Sends away whoever others should wait for least, if there is anybody.
    pub(super) fn send_one_away(&self) {
        let now = Instant::now();
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let ripe = taken.seats.values().filter_map(|place| Some((place.claim(now)?, place)));
        if let Some((_, place)) = ripe.min_by_key(|(claim, _)| *claim) {
            place.leave.notify_one();
        }
    }
}

impl Place {
    fn is_waiting(&self) -> bool {
        self.state.load(Ordering::Relaxed) == WAITING
    }

    fn since(&self) -> Instant {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How good its client's claim to the seat is, the least first; `None` where it is not to be touched.
    fn claim(&self, now: Instant) -> Option<(bool, Instant)> {
        let since = self.since();
        let answering = match self.state.load(Ordering::Relaxed) {
            WAITING if self.rests.load(Ordering::Relaxed) => false,
            ANSWERED => true,
            // It waits for us, not we for it; or what it has sent was not looked at yet.
            _ => return None,
        };
        let kept = if answering { ANSWERING } else { MOMENT };
        (now.saturating_duration_since(since) >= kept).then_some((answering, since))
    }

    fn rests(&self, rests: bool) {
        if self.rests.swap(rests, Ordering::Relaxed) != rests {
            *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }

    fn enter(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
    }
}

impl Seat {
    /// Returns when its client is to go.
    pub(super) async fn sent_away(&self) {
        self.place.leave.notified().await;
    }

    /// Whether its client has asked for nothing that is not answered.
    pub(super) fn is_waiting(&self) -> bool {
        self.place.is_waiting()
    }

    pub(super) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.place))
    }
}

/// Tells the seat what its client is at.
#[derive(Clone)]
pub(super) struct Watch(Arc<Place>);

impl Watch {
    /// The client has asked for something.
    pub(super) fn asked(&self) {
        self.0.rests(false);
        self.0.enter(ASKED);
    }

    /// What is answered is known.
    pub(super) fn answered(&self) {
        self.0.enter(ANSWERED);
    }

    /// Everything that was to be written is.
    pub(super) fn written(&self) {
        if self.0.state.load(Ordering::Relaxed) == ANSWERED {
            self.0.enter(WAITING);
        }
    }

    /// There is nothing to be read from the client.
    pub(super) fn silent(&self) {
        if self.0.is_waiting() {
            self.0.rests(true);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner).seats.remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
