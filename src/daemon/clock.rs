//! The only clock. Everything that needs the time is handed one, so that tests can run on tokio's
//! paused time and a jump of the machine's clock can be played.

use std::time::SystemTime;

use chrono::DateTime;

use crate::model::time::Time;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The wall-clock time, in whole milliseconds, which is what the journal keeps.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is handed")]
    fn now(&self) -> Time {
        millis(DateTime::from(SystemTime::now()))
    }
}

/// A clock that starts at a given time and runs with tokio's: in a test with paused time, it stands
/// still until every task waits, then jumps to the next deadline.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Time,
    zero: tokio::time::Instant,
}

impl TokioClock {
    /// A clock that shows `start` now.
    #[must_use]
    pub fn starting(start: Time) -> Self {
        Self { start: millis(start), zero: tokio::time::Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Time {
        millis(self.start + self.zero.elapsed())
    }
}

fn millis(time: Time) -> Time {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}
