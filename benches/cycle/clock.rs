//! The machine's clock and sleep. A benchmark needs both; the crate's lints forbid them elsewhere.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};
use chrono::{DateTime, FixedOffset, Utc};

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark waits for another process")]
pub(crate) fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// The date, in the zone that the corpora are written in.
#[expect(clippy::disallowed_methods, reason = "entries are dated back from today, else none would be shown")]
pub(crate) fn today() -> DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(8 * 3600).expect("eight hours");
    DateTime::<Utc>::from(SystemTime::now()).with_timezone(&zone)
}

/// Tries again until `done` says so, each `every`; fails after `longest`.
pub(crate) fn until(
    what: &str,
    longest: Duration,
    every: Duration,
    mut done: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let start = now();
    while !done()? {
        if start.elapsed() > longest {
            bail!("{what}: not within {} s", longest.as_secs());
        }
        sleep(every);
    }
    Ok(())
}
