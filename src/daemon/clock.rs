//! The only clock. Every part that needs the time gets a clock as an argument, so that tests can use tokio's
//! paused time and simulate a jump of the machine's clock.

use std::time::SystemTime;

use chrono::DateTime;

use crate::model::time::Time;

pub trait Clock: Send + Sync {
    /// The wall-clock time in whole milliseconds, the precision of the journal.
    fn now(&self) -> Time;
}

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all other parts use")]
    fn now(&self) -> Time {
        millis(DateTime::from(SystemTime::now()))
    }
}

/// A clock that starts at a given time and follows tokio's. In a test with paused time it stands still
/// until every task waits, then jumps to the next deadline.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Time,
    zero: tokio::time::Instant,
}

impl TokioClock {
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
