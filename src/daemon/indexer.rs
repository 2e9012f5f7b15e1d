//! The indexer: keeps the search index up with the store. It works in short steps beside polls and requests, and waits
//! for neither.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::engine::Engine;
use crate::search::Step;

/// The least time between two commits: each costs about 20 ms of a processor. A new entry is found within two seconds.
const EVERY: Duration = Duration::from_millis(1500);

/// The pause between two steps of a build, which leaves others a share of the processors and of the disk.
const PAUSE: Duration = Duration::from_millis(20);

/// The pause after an error.
const RETRY: Duration = Duration::from_secs(60);

/// The pause while the disk has no room for the index.
const NO_ROOM: Duration = Duration::from_mins(10);

/// Runs until dropped; at once over if search is off.
pub async fn run(current: impl Fn() -> Arc<Engine>) {
    loop {
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
