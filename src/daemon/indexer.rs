//! The indexer: keeps the search index up with the store, in short steps. It gives way to bursts of polls for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::engine::Engine;
use crate::search::Step;

/// The least time between two commits: each costs about 20 ms of a processor. A new entry is found within two seconds.
const EVERY: Duration = Duration::from_millis(1500);

/// The pause between two steps of a build, which leaves others a share of the processors and of the disk.
const PAUSE: Duration = Duration::from_millis(20);

/// A burst of polls is over when the recorder has nothing to do at the beginning and at the end of this time.
const QUIET: Duration = Duration::from_millis(100);

/// The longest time that a step waits for the end of a burst. Indexing 30,000 new entries takes two seconds of a
/// processor, and as many polls take five.
const GIVE_WAY: Duration = Duration::from_secs(10);

/// The pause after an error.
const RETRY: Duration = Duration::from_secs(60);

/// The pause while the disk has no room for the index.
const NO_ROOM: Duration = Duration::from_mins(10);

/// Runs until dropped; at once over if search is off.
pub async fn run(current: impl Fn() -> Arc<Engine>) {
    loop {
        quiet(|| current().renderer.is_busy()).await;
        let began = Instant::now();
        let renderer = Arc::clone(&current().renderer);
        let Some(index) = renderer.index() else { return };
        match tokio::task::spawn_blocking(move || renderer.index_step()).await {
            Ok(Ok(Step::More)) => sleep(PAUSE).await,
            Ok(Ok(Step::Current)) => {
                index.woken().await;
                sleep_until(began + EVERY).await;
            }
            Ok(Ok(Step::NoRoom)) => sleep(NO_ROOM).await,
            Ok(Err(error)) => {
                tracing::error!(%error, "the search index is behind; trying again in a minute");
                sleep(RETRY).await;
            }
            Err(error) => {
                tracing::error!(%error, "indexing ended in a panic; trying again in a minute");
                sleep(RETRY).await;
            }
        }
    }
}

/// Waits until a burst of polls is over, or for [`GIVE_WAY`].
async fn quiet(is_busy: impl Fn() -> bool) {
    let latest = Instant::now() + GIVE_WAY;
    while Instant::now() < latest {
        let was_busy = is_busy();
        sleep(QUIET).await;
        if !was_busy && !is_busy() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_step_waits_for_the_end_of_a_burst_but_not_for_ever() {
        let waited = async |is_busy: &dyn Fn() -> bool| {
            let began = Instant::now();
            quiet(is_busy).await;
            began.elapsed()
        };
        assert_eq!(waited(&|| false).await, QUIET);
        assert_eq!(waited(&|| true).await, GIVE_WAY);
        let looks = Cell::new(0);
        let busy_at_first = || looks.replace(looks.get() + 1) < 3;
        assert_eq!(waited(&busy_at_first).await, 4 * QUIET);
    }
}
