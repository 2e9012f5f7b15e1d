//! One poll of a source at a time, whoever asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

#[derive(Default)]
pub(super) struct SourceLock {
    pub(super) mutex: Arc<Mutex<()>>,
    /// Number of polls recorded. By it a poll that waited knows of another. The clock cannot tell: it may have been
    /// ahead when the last poll was recorded.
    recorded: AtomicU64,
}

/// The right to poll a source, until dropped.
pub(super) struct SourceGuard {
    _guard: OwnedMutexGuard<()>,
    lock: Arc<SourceLock>,
    /// True if another poll was recorded while this one waited.
    pub(super) overtaken: bool,
}

impl SourceLock {
    pub(super) async fn lock(self: &Arc<Self>) -> SourceGuard {
        let before = self.recorded.load(Ordering::SeqCst);
        let guard = Arc::clone(&self.mutex).lock_owned().await;
        let overtaken = self.recorded.load(Ordering::SeqCst) != before;
        SourceGuard { _guard: guard, lock: Arc::clone(self), overtaken }
    }
}

impl SourceGuard {
    pub(super) fn recorded(&self) {
        self.lock.recorded.fetch_add(1, Ordering::SeqCst);
    }
}
