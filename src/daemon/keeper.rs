//! The keeper: at the start and once a day, what is too old expires, and the journal is compacted when that
//! is worth it; once a day it is read, and healed if it was damaged. In small steps: a poll never waits for
//! it longer than for another poll.

mod sweep;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::engine::Engine;
use super::memory;
use super::recorder::{Fact, RecordError};
use crate::config::Retention;
use crate::core::retention::Policy;
use crate::core::state::State;
use crate::core::time::Time;
use crate::store::StoreError;
pub use sweep::Sweep;

/// How often it looks whether a new day has begun. A sleep until midnight would miss that the clock was
/// set, or the machine suspended.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Time that passed so much since old entries were last looked for may be a clock that is wrong: it is taken
/// for what it is a day later. What expired by it would not come back.
const LEAP: TimeDelta = TimeDelta::days(30);

/// A journal whose tail is shorter than this is replayed in seconds: compacting it gains nothing.
const WORTH_COMPACTING: u64 = 64 << 20;

/// Why the keeper gives up for the day.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("it ended in a panic: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// Runs until dropped.
pub async fn run(engine: Arc<Engine>) {
    let (mut done, mut swept) = (None, None);
    loop {
        let today = engine.clock.now().date_naive();
        // The journal was just read when this begins, and is read once a day then: it may rot on the disk.
        if let Err(error) = heal(&engine, done.is_some_and(|day| day != today)).await {
            tracing::error!(%error, "the journal could not be read through, or not be healed");
        }
        if done != Some(today) {
            done = Some(today);
            if let Err(error) = expire(&engine, &mut swept).await {
                tracing::error!(%error, "old entries stay until tomorrow");
            }
            if let Err(error) = compact(&engine).await {
                tracing::error!(%error, "the journal is not compacted until tomorrow");
            }
            if let Err(error) = refresh(&engine).await {
                tracing::error!(%error, "the store's files stay as large as they are until tomorrow");
            }
            // Whoever reads a view while a store is replaced holds the old one for a moment more: what is in
            // it goes back tomorrow.
            if let Err(error) = tokio::task::spawn_blocking(memory::give_back).await {
                tracing::error!(%error, "memory was not given back");
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The policy of a configuration; `None` when everything is kept.
#[must_use]
pub fn policy(retention: &Retention) -> Option<Policy> {
    let max_age = TimeDelta::from_std(retention.max_age?).ok()?;
    Some(Policy { max_age, keep_at_least: retention.keep_at_least })
}

/// `swept` is up to when old entries were looked for the last time.
async fn expire(engine: &Arc<Engine>, swept: &mut Option<Time>) -> Result<(), KeepError> {
    let Some(policy) = policy(&engine.config.retention) else { return Ok(()) };
    let store = engine.store();
    let newest_at = store.load().meta()?.map(|meta| meta.newest_at);
    // A clock that is years ahead must not empty the store before a poll has believed it too.
    let now = engine.clock.now().min(newest_at.unwrap_or_default());
    if leaps(swept.replace(now), now) {
        tracing::warn!(%now, "the clock has leapt: old entries stay for another day");
        return Ok(());
    }
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

fn leaps(swept: Option<Time>, now: Time) -> bool {
    swept.is_some_and(|before| now - before > LEAP)
}

/// Heals the journal if it is known to be damaged; on a new day it is read for that.
async fn heal(engine: &Arc<Engine>, new_day: bool) -> Result<(), KeepError> {
    let recorder = engine.recorder.clone();
    let healing = move || match new_day || recorder.is_wounded()? {
        true => recorder.heal_journal(),
        false => Ok(()),
    };
    Ok(tokio::task::spawn_blocking(healing).await??)
}

async fn compact(engine: &Arc<Engine>) -> Result<(), KeepError> {
    let recorder = engine.recorder.clone();
    let done = tokio::task::spawn_blocking(move || {
        let (base, tail) = recorder.journal_sizes()?;
        if !is_worth_it(base, tail) {
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

async fn refresh(engine: &Arc<Engine>) -> Result<(), KeepError> {
    let recorder = engine.recorder.clone();
    if tokio::task::spawn_blocking(move || recorder.refresh_store()).await?? {
        tracing::info!("the store's files had grown far beyond its rows; it was copied into fresh ones");
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
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{is_worth_it, leaps};

    #[test]
    fn time_that_leaps_is_taken_for_what_it_is_a_day_later() {
        let at = |days| DateTime::UNIX_EPOCH + TimeDelta::days(days);
        let mut swept = None;
        // A clock that jumps a year and a half ahead and stays, is set back, and goes on.
        let days = [0, 1, 2, 550, 551, 3, 4, 20, 60, 61];
        let waited = days.map(|day| leaps(swept.replace(at(day)), at(day)));
        assert_eq!(waited, [false, false, false, true, false, false, false, false, true, false]);
    }

    #[test]
    fn a_journal_is_compacted_when_its_tail_is_long_and_longer_than_its_base() {
        let mib = 1 << 20;
        let cases = [
            ("a short tail", 0, 63 * mib, false),
            ("a first base", 0, 64 * mib, true),
            ("a large base", 100 * mib, 99 * mib, false),
            ("a tail as large", 100 * mib, 100 * mib, true),
        ];
        for (name, base, tail, expected) in cases {
            assert_eq!(is_worth_it(base, tail), expected, "{name}");
        }
    }
}
