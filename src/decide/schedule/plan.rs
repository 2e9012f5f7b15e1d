//! When a source is polled: its schedules, the floor between two polls, and its own place in the
//! minute. Values only; the daemon keeps the clock and the queue.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::Schedule;
use crate::model::source::SourceId;
use crate::model::time::Time;

/// How long to wait when no schedule has an instant left, which takes a clock that shows a year after
/// 2100: such a clock will be set right, so look again a day later instead of never.
const NO_INSTANT: TimeDelta = TimeDelta::days(1);

/// How many polls tell a plan's shortest gap: those of a day, where it polls every ten minutes.
const LOOKED_AT: usize = 144;

/// The first instant after `now` at which any of `schedules` fires in `zone`.
#[must_use]
pub fn next_of(schedules: &[Schedule], zone: Tz, now: Time) -> Time {
    let next = schedules.iter().filter_map(|s| s.next_after(now, zone)).min();
    next.or_else(|| now.checked_add_signed(NO_INSTANT)).unwrap_or(now)
}

/// When a source is to be polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    schedules: Vec<Schedule>,
    zone: Tz,
    floor: TimeDelta,
    offset: TimeDelta,
}

/// The next poll of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The instant the schedule names. Keep it: it is the next call's `last_scheduled`.
    pub scheduled: Time,
    /// When to poll: `scheduled` plus the source's own offset.
    pub at: Time,
}

impl Plan {
    /// A source's plan. Its polls come `jitter` at most after the scheduled instants, always by the
    /// same part of it, which its id decides: a new draw each time would bend the interval between
    /// two polls.
    #[must_use]
    pub fn new(
        schedules: Vec<Schedule>,
        zone: Tz,
        jitter: Duration,
        floor: Duration,
        source: &SourceId,
    ) -> Self {
        Self { schedules, zone, floor: delta(floor), offset: delta(offset(source, jitter)) }
    }

    /// The least time between two polls.
    #[must_use]
    pub fn floor(&self) -> TimeDelta {
        self.floor
    }

    /// The source's own part of the jitter.
    #[must_use]
    pub fn offset(&self) -> TimeDelta {
        self.offset
    }

    /// The shortest time between two scheduled polls, over a week or `LOOKED_AT` polls from a fixed
    /// Monday on: it depends on the plan alone, not on when it is asked for.
    #[must_use]
    pub fn shortest_gap(&self) -> TimeDelta {
        let monday = chrono::DateTime::from_timestamp(1_704_067_200, 0).unwrap_or_default();
        let mut last = self.next_due(None, monday).scheduled;
        let mut shortest = TimeDelta::days(7);
        for _ in 0..LOOKED_AT {
            let next = self.next_due(Some(last), last + self.offset).scheduled;
            shortest = shortest.min(next - last);
            if next - monday > TimeDelta::days(7) {
                break;
            }
            last = next;
        }
        shortest
    }

    /// The next poll: later than `now`, and scheduled at least the floor after `last_scheduled`, the
    /// scheduled instant of the last poll. Comparing scheduled instants keeps `*/10` with a floor of
    /// ten minutes in phase, however long a poll took.
    ///
    /// Instants missed while nothing ran are not made up for, so a restart causes no burst. A
    /// `last_scheduled` in the future means that the clock was set back: it counts as `now`.
    #[must_use]
    pub fn next_due(&self, last_scheduled: Option<Time>, now: Time) -> Due {
        let mut after = now.checked_sub_signed(self.offset).unwrap_or(now);
        if let Some(last) = last_scheduled {
            let last = last.min(now);
            let instant = TimeDelta::nanoseconds(1);
            let floor = last.checked_add_signed(self.floor - instant).unwrap_or(last);
            after = after.max(last).max(floor);
        }
        let scheduled = next_of(&self.schedules, self.zone, after);
        Due { scheduled, at: scheduled.checked_add_signed(self.offset).unwrap_or(scheduled) }
    }
}

/// The source's share of the jitter, in `[0, jitter)`.
fn offset(source: &SourceId, jitter: Duration) -> Duration {
    let digest = Sha256::digest(source.as_str());
    let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    let nanoseconds = (u128::from(hash) * jitter.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(36_500))
}
