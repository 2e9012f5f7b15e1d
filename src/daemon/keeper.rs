//! The keeper. At the start and once a day it expires old entries, and compacts the journal if that saves
//! enough or if the journal is damaged. Once a week it scrubs store and journal. It works in small steps: a
//! poll waits for the keeper no longer than for another poll.

pub mod scrub;
pub(super) mod sweep;

use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::engine::Engine;
use super::recorder::RecordError;
use crate::config::Retention;
use crate::decide::retention::Policy;
use crate::ledger::Fact;
use crate::ledger::store::StoreError;
use crate::model::state::State;
pub use sweep::Sweep;

/// The time between two looks at the date. A sleep until midnight would be wrong after the clock was set or
/// the machine suspended.
const CHECK_EVERY: Duration = Duration::from_secs(600);

/// In octets. dibao replays a shorter tail in seconds, so that compaction gains nothing.
const WORTH_COMPACTING: u64 = 64 << 20;

/// The error after which the keeper stops until the next day.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("it ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// Runs until dropped. Each day uses the `current` configuration.
pub async fn run(current: impl Fn() -> Arc<Engine>) {
    let (mut done, mut scrub_due) = (None, false);
    loop {
        let engine = current();
        let today = engine.clock.now().date_naive();
        if done != Some(today) {
            done = Some(today);
            scrub_due = is_scrub_day(today, engine.config.scrub);
            if let Err(error) = expire(&engine).await {
                tracing::error!(%error, "cannot expire old entries; trying again tomorrow");
            }
            if let Err(error) = compact(&engine).await {
                tracing::error!(%error, "cannot compact the journal; trying again tomorrow");
            }
        }
        drop(engine);
        tokio::time::sleep(CHECK_EVERY).await;
        // Waits at least once: after a start, the polls need the recorder.
        if std::mem::take(&mut scrub_due)
            && let Err(error) = scrub::slowly(&current()).await
        {
            tracing::error!(%error, "the scrub failed");
        }
    }
}

/// Counts by the calendar, so that a daemon that restarts every day scrubs too.
fn is_scrub_day(today: NaiveDate, every: Option<Duration>) -> bool {
    let days = every.map(|every| every.as_secs().div_ceil(24 * 3600).max(1));
    days.is_some_and(|days| u64::try_from(today.num_days_from_ce()).unwrap_or(0) % days == 0)
}

/// `None` if entries never expire.
pub fn policy(retention: &Retention) -> Option<Policy> {
    let max_age = TimeDelta::from_std(retention.max_age?).ok()?;
    Some(Policy { max_age, keep_at_least: retention.keep_at_least })
}

async fn expire(engine: &Arc<Engine>) -> Result<(), KeepError> {
    let Some(policy) = policy(&engine.config.retention) else { return Ok(()) };
    let store = engine.store();
    let Some(meta) = store.load().meta()? else { return Ok(()) };
    if let Some(to) = meta.leapt {
        // If the clock is wrong, expired entries would not come back.
        tracing::warn!(%to, "the clock jumped forward: expiry pauses for a day");
        return Ok(());
    }
    // A clock that is years ahead must not empty the store before a recorded poll has confirmed it.
    let now = engine.clock.now().min(meta.newest_at);
    let mut sweep = Sweep::new(policy, now);
    let (mut expired, mut forgotten) = (0, 0);
    while !sweep.is_over() {
        let store = store.load_full();
        let step = move || {
            let expiry = sweep.step(&store);
            (sweep, expiry)
        };
        let (back, expiry) = tokio::task::spawn_blocking(step).await?;
        sweep = back;
        let expiry = expiry?;
        expired += expiry.entries.len();
        forgotten += expiry.forgotten.len();
        if !expiry.entries.is_empty() || !expiry.forgotten.is_empty() {
            engine.recorder.record(Fact::Expire(expiry)).await?;
        }
    }
    if expired + forgotten > 0 {
        tracing::info!(expired, forgotten, "expired old entries");
    }
    Ok(())
}

async fn compact(engine: &Arc<Engine>) -> Result<(), KeepError> {
    let recorder = engine.recorder.clone();
    let done = tokio::task::spawn_blocking(move || {
        let (base, tail) = recorder.journal_sizes()?;
        // Compaction gives a damaged journal a new base.
        if !is_worth_it(base, tail) && !recorder.is_damaged()? {
            return Ok(None);
        }
        let Some(entries) = recorder.compact()? else { return Ok(None) };
        let (new_base, new_tail) = recorder.journal_sizes()?;
        Ok::<_, RecordError>(Some((entries, base + tail, new_base + new_tail)))
    });
    if let Some((entries, octets_before, octets)) = done.await?? {
        tracing::info!(entries, octets_before, octets, "compacted the journal");
    }
    Ok(())
}

/// True if compaction of a journal is worth it; `base` and `tail` are in octets.
///
/// The tail may grow to the size of the base. So each octet is rewritten about once, and the journal takes at
/// most about twice the size of the live data.
pub fn is_worth_it(base: u64, tail: u64) -> bool {
    tail >= WORTH_COMPACTING.max(base)
}

#[cfg(test)]
mod tests;
