//! One poll of a source at a time, whoever asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// The turns of one source.
#[derive(Default)]
pub(super) struct Turns {
    pub(super) one: Arc<Mutex<()>>,
    /// Polls that were recorded, by which one that waited knows of another. The clock cannot tell: it may have
    /// been ahead when the last poll was recorded.
    recorded: AtomicU64,
}

/// The right to poll a source, until dropped.
pub(super) struct Turn {
    _one: OwnedMutexGuard<()>,
    of: Arc<Turns>,
    /// Whether another poll was recorded while this one waited.
    pub(super) overtaken: bool,
}

impl Turns {
    pub(super) async fn next(self: &Arc<Self>) -> Turn {
        let before = self.recorded.load(Ordering::SeqCst);
        let one = Arc::clone(&self.one).lock_owned().await;
        let overtaken = self.recorded.load(Ordering::SeqCst) != before;
        Turn { _one: one, of: Arc::clone(self), overtaken }
    }
}

impl Turn {
    /// Its poll is recorded.
    pub(super) fn recorded(&self) {
        self.of.recorded.fetch_add(1, Ordering::SeqCst);
    }
}
