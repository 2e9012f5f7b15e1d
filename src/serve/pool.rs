//! The blocking pool: the threads that look up and render views. Views that few ask for have a small share of it,
//! so a client that asks for everything delays nobody who asks for the common views, and costs few threads,
//! little memory and few connection slots.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Views;

/// Common views looked up or rendered at once. Each takes a thread for a moment, and a service may have a hundred.
const COMMON: usize = 32;

/// Rare views rendered at once. An archive takes a processor for a second and tens of megabytes.
const RARE: usize = 2;

/// Requests that may wait for a rare view. Each keeps a slot of the 512, and at a second each no more than twenty
/// get their turn within the ten seconds that a request waits.
const RARE_QUEUE: usize = 32;

/// The views, and the pool that asks for them.
pub(super) struct Pool {
    pub(super) views: Arc<dyn Views>,
    timeout: Duration,
    common: Arc<Semaphore>,
    rare: Arc<Semaphore>,
    /// Requests for rare views, those that wait included.
    rare_queue: Arc<Semaphore>,
}

/// Why a request gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolError {
    /// The work took too long, its turn did not come, or too many requests wait.
    Overloaded,
    Panicked,
}

impl Pool {
    /// Requests for rare views may hold half of the connection `slots` at most.
    pub(super) fn new(views: Arc<dyn Views>, timeout: Duration, slots: usize) -> Arc<Self> {
        let permits = |count| Arc::new(Semaphore::new(count));
        let rare_queue = permits(RARE + RARE_QUEUE.min(slots / 2));
        Arc::new(Self { views, timeout, common: permits(COMMON), rare: permits(RARE), rare_queue })
    }

    /// Runs work on the views for a path. The work may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&dyn Views) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let (turns, place) = if self.views.is_rare(path) {
            let place =
                Arc::clone(&self.rare_queue).try_acquire_owned().map_err(|_| PoolError::Overloaded)?;
            (&self.rare, Some(place))
        } else {
            (&self.common, None)
        };
        let (turns, views) = (Arc::clone(turns), Arc::clone(&self.views));
        let answer = async move {
            let turn = turns.acquire_owned().await;
            let work = move || {
                // The permits return when the work ends, not when the request times out.
                let _held = (turn, place);
                work(&*views)
            };
            tokio::task::spawn_blocking(work).await.map_err(|_| PoolError::Panicked)
        };
        tokio::time::timeout(self.timeout, answer).await.unwrap_or(Err(PoolError::Overloaded))
    }
}
