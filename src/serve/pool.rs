//! Where views come from: at most so many requests at once have one made for them, so that whoever asks for
//! everything there is holds up nobody who asks for what all ask for, and costs no more threads, memory or
//! seats.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Views;

/// Views at hand, or made for all: each request takes a thread for a moment, and a service may have a hundred.
const COMMON: usize = 32;

/// Views made for whoever asks. An archive takes a processor for a second and tens of megabytes.
const SELDOM: usize = 2;

/// Who may wait for their turn to have one made: whoever waits keeps a seat of the 512, and at a second each
/// no more than twenty have their turn within the ten seconds that anybody waits.
const LINE: usize = 32;

/// The views, and who may look for one.
pub(super) struct Press {
    pub(super) views: Arc<dyn Views>,
    patience: Duration,
    common: Arc<Semaphore>,
    seldom: Arc<Semaphore>,
    /// Those for whom a seldom view is being made, and those who wait for that.
    line: Arc<Semaphore>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It takes too long, or its turn does not come, or too many wait for theirs.
    Late,
    /// It ended in a panic.
    Broken,
}

impl Press {
    /// Of `seats` half at most are left to who waits for a seldom view.
    pub(super) fn new(views: Arc<dyn Views>, patience: Duration, seats: usize) -> Arc<Self> {
        let turns = |count| Arc::new(Semaphore::new(count));
        let line = turns(SELDOM + LINE.min(seats / 2));
        Arc::new(Self { views, patience, common: turns(COMMON), seldom: turns(SELDOM), line })
    }

    /// Asks the views something about a path, which may block.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&dyn Views) -> T + Send + 'static,
    ) -> Result<T, Unanswered> {
        let (turns, place) = if self.views.is_seldom(path) {
            let place = Arc::clone(&self.line).try_acquire_owned().map_err(|_| Unanswered::Late)?;
            (&self.seldom, Some(place))
        } else {
            (&self.common, None)
        };
        let (turns, views) = (Arc::clone(turns), Arc::clone(&self.views));
        let answer = async move {
            let turn = turns.acquire_owned().await;
            let work = move || {
                // It is over when the work is, not when nobody waits for it any more.
                let _held = (turn, place);
                work(&*views)
            };
            tokio::task::spawn_blocking(work).await.map_err(|_| Unanswered::Broken)
        };
        tokio::time::timeout(self.patience, answer).await.unwrap_or(Err(Unanswered::Late))
    }
}
