//! Who is connected: a bounded number of seats. When all are taken, whoever has waited longest without
//! asking for anything gives up theirs, so that clients that only sit there keep nobody out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long the client that is sent away may take to go before the next one is.
const LEAVING: Duration = Duration::from_millis(100);

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
    since: Mutex<Instant>,
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

    /// A seat, as soon as one is free. Only a client that is being answered may keep it.
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

    fn send_one_away(&self) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = taken.seats.values().filter(|place| place.is_waiting());
        if let Some(place) = waiting.min_by_key(|place| place.since()) {
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

    fn enter(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
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
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner).seats.remove(&self.number);
    }
}
