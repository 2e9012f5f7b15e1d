//! How much all stores of this process have got done. Whoever waits for a long rebuild or check can tell from
//! it that it gets on; nothing else hangs on it.

use std::sync::atomic::{AtomicU64, Ordering};

static DONE: AtomicU64 = AtomicU64::new(0);

/// Batches written and rows checked since the process began. Only that it grows means anything.
#[must_use]
pub fn work_done() -> u64 {
    DONE.load(Ordering::Relaxed)
}

/// Counts a batch or a row.
pub(super) fn step() {
    DONE.fetch_add(1, Ordering::Relaxed);
}
