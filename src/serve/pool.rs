//! The blocking pool: the threads that look up and render views. Views that few ask for have a small share of it,
//! so a client that asks for everything delays nobody who asks for the common views, and costs few threads,
//! little memory and few connection slots.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Share, Views};

/// Common views looked up or rendered at once. Each takes a thread for a moment, and a service may have a hundred.
const COMMON: usize = 32;

/// Rare feeds rendered at once, and as many rare pages. An archive takes a processor for a second and tens of
/// megabytes.
const RARE: usize = 2;

/// Requests that may wait for a rare view. Each keeps a slot of the 512, and at a second each no more than twenty
/// get their turn within the ten seconds that a request waits.
const RARE_QUEUE: usize = 32;

/// Searches at once. Each takes a processor for at most half a second, and most take milliseconds.
const SEARCHES: usize = 2;

/// The views, and the pool that asks for them.
pub(super) struct Pool {
    pub(super) views: Arc<dyn Views>,
    timeout: Duration,
    common: Arc<Semaphore>,
    feeds: Few,
    pages: Few,
    searches: Few,
}

/// Turns for work of which little is done at once, and a short queue.
struct Few {
    turns: Arc<Semaphore>,
    /// Requests for it, those that wait included.
    queue: Arc<Semaphore>,
}

impl Few {
    fn new(turns: usize, waiting: usize) -> Self {
        let permits = |count| Arc::new(Semaphore::new(count));
        Self { turns: permits(turns), queue: permits(turns + waiting) }
    }
}

/// Why a request gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolError {
    /// The work took too long, its turn did not come, or too many requests wait.
    Overloaded,
    Panicked,
}

impl Pool {
    /// Requests of each small share may hold half of the connection `slots` at most.
    pub(super) fn new(views: Arc<dyn Views>, timeout: Duration, slots: usize) -> Arc<Self> {
        let waiting = RARE_QUEUE.min(slots / 2);
        let common = Arc::new(Semaphore::new(COMMON));
        let few = |turns| Few::new(turns, waiting);
        let (feeds, pages, searches) = (few(RARE), few(RARE), few(SEARCHES));
        Arc::new(Self { views, timeout, common, feeds, pages, searches })
    }

    /// Runs work on the views for a path. The work may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&dyn Views) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let few = match self.views.share(path) {
            Share::Search => Some(&self.searches),
            Share::RareFeed => Some(&self.feeds),
            Share::RarePage => Some(&self.pages),
            Share::Common => None,
        };
        let (turns, place) = match few {
            Some(Few { turns, queue }) => {
                let place = Arc::clone(queue).try_acquire_owned().map_err(|_| PoolError::Overloaded)?;
                (turns, Some(place))
            }
            None => (&self.common, None),
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

#[cfg(test)]
mod tests {
    use tokio::sync::Mutex;

    use super::super::View;
    use super::*;

    struct Shelf;

    impl Views for Shelf {
        fn view(&self, _: &str) -> View {
            View::Missing
        }

        fn has(&self, _: &str) -> bool {
            false
        }

        fn share(&self, path: &str) -> Share {
            match path {
                "search" => Share::Search,
                "entry" => Share::RarePage,
                "source.atom" => Share::RareFeed,
                _ => Share::Common,
            }
        }
    }

    /// Asks for one view until its share is full, and then for views of other shares.
    async fn flood(path: &'static str, others: &[&str]) {
        let pool = Pool::new(Arc::new(Shelf), Duration::from_secs(60), 512);
        let gate = Arc::new(Mutex::new(()));
        let held = gate.lock().await;
        let asked: Vec<_> = (0..RARE + RARE_QUEUE)
            .map(|_| {
                let (pool, gate) = (Arc::clone(&pool), Arc::clone(&gate));
                tokio::spawn(async move { pool.run(path, move |_| drop(gate.blocking_lock())).await })
            })
            .collect();
        let few = if path == "search" { &pool.searches } else { &pool.pages };
        while few.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(path, |_| ()).await, Err(PoolError::Overloaded));
        for other in others {
            assert_eq!(pool.run(other, |_| 7).await, Ok(7), "{other}");
        }
        drop(held);
        for one in asked {
            assert_eq!(one.await.expect("it ends"), Ok(()));
        }
        assert_eq!(pool.run(path, |_| 7).await, Ok(7));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_searches_are_refused_and_delay_nobody_else() {
        flood("search", &["henan.atom", "source.atom", "entry"]).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_crawler_of_pages_delays_no_feed() {
        flood("entry", &["henan.atom", "source.atom", "search"]).await;
    }
}
