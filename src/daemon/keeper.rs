//! The keeper: at the start and once a day, what is too old expires, and the journal is compacted when that
//! is worth it or it is damaged; once a week store and journal are scrubbed. In small steps: a poll never waits
//! for it longer than for another poll.

pub mod scrub;
mod sweep;

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

/// How often it looks whether a new day has begun. A sleep until midnight would miss that the clock was
/// set, or the machine suspended.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// A journal whose tail is shorter than this is replayed in seconds: compacting it gains nothing.
const WORTH_COMPACTING: u64 = 64 << 20;

/// Why the keeper gives up for the day.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A step panicked.
    #[error("it ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// Runs until dropped, under the configuration of the day.
pub async fn run(current: impl Fn() -> Arc<Engine>) {
    let (mut done, mut scrub_due) = (None, false);
    loop {
        let engine = current();
        let today = engine.clock.now().date_naive();
        if done != Some(today) {
            done = Some(today);
            scrub_due = is_scrub_day(today, engine.config.scrub);
            if let Err(error) = expire(&engine).await {
                tracing::error!(%error, "old entries stay until tomorrow");
            }
            if let Err(error) = compact(&engine).await {
                tracing::error!(%error, "the journal is not compacted until tomorrow");
            }
        }
        drop(engine);
        tokio::time::sleep(LOOK_EVERY).await;
        // Not before the first look: a start has its polls to record.
        if std::mem::take(&mut scrub_due)
            && let Err(error) = scrub::slowly(&current()).await
        {
            tracing::error!(%error, "the scrub broke off");
        }
    }
}

/// True on one day of so many. By the calendar, so that a daemon that is restarted every day scrubs too.
fn is_scrub_day(today: NaiveDate, every: Option<Duration>) -> bool {
    let days = every.map(|every| every.as_secs().div_ceil(24 * 3600).max(1));
    days.is_some_and(|days| u64::try_from(today.num_days_from_ce()).unwrap_or(0) % days == 0)
}

/// The policy of a configuration; `None` when everything is kept.
#[must_use]
pub fn policy(retention: &Retention) -> Option<Policy> {
    let max_age = TimeDelta::from_std(retention.max_age?).ok()?;
    Some(Policy { max_age, keep_at_least: retention.keep_at_least })
}

async fn expire(engine: &Arc<Engine>) -> Result<(), KeepError> {
    let Some(policy) = policy(&engine.config.retention) else { return Ok(()) };
    let store = engine.store();
    let Some(meta) = store.load().meta()? else { return Ok(()) };
    if let Some(to) = meta.leapt {
        // What expired by a clock that is wrong would not come back.
        tracing::warn!(%to, "time has leapt: old entries stay for another day");
        return Ok(());
    }
    // A clock that is years ahead must not empty the store before a poll has believed it too.
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
        tracing::info!(expired, forgotten, "old entries left");
    }
    Ok(())
}

async fn compact(engine: &Arc<Engine>) -> Result<(), KeepError> {
    let recorder = engine.recorder.clone();
    let done = tokio::task::spawn_blocking(move || {
        let (base, tail) = recorder.journal_sizes()?;
        // A damaged journal gets a new base.
        if !is_worth_it(base, tail) && !recorder.is_damaged()? {
            return Ok(None);
        }
        let Some(entries) = recorder.compact()? else { return Ok(None) };
        let (new_base, new_tail) = recorder.journal_sizes()?;
        Ok::<_, RecordError>(Some((entries, base + tail, new_base + new_tail)))
    });
    if let Some((entries, octets_before, octets)) = done.await?? {
        tracing::info!(entries, octets_before, octets, "the journal was compacted");
    }
    Ok(())
}

/// Whether to compact a journal of a base and a tail of so many octets.
///
/// Each octet is rewritten about once as the tail grows to the size of the base, and the journal takes up
/// to twice what is live.
#[must_use]
pub fn is_worth_it(base: u64, tail: u64) -> bool {
    tail >= WORTH_COMPACTING.max(base)
}

#[cfg(test)]
mod tests;
