//! Computes a source's due times from its schedules, the floor between two polls and its share of the
//! jitter. Values only; the daemon owns the clock and the queue.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::Schedule;
use crate::model::source::SourceId;
use crate::model::time::Time;

/// The wait if no schedule has another instant. That needs a clock after the year 2100. Somebody will correct
/// such a clock, so try again after a day instead of never.
const NO_INSTANT: TimeDelta = TimeDelta::days(1);

/// The maximum number of polls that `shortest_gap` looks at: a day of polls every ten minutes.
const MAX_GAPS: usize = 144;

/// The first instant after `now` at which any of `schedules` fires in `zone`.
pub fn next_of(schedules: &[Schedule], zone: Tz, now: Time) -> Time {
    let next = schedules.iter().filter_map(|s| s.next_after(now, zone)).min();
    next.or_else(|| now.checked_add_signed(NO_INSTANT)).unwrap_or(now)
}

/// The schedule of a source, with its jitter and its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    schedules: Vec<Schedule>,
    zone: Tz,
    floor: TimeDelta,
    offset: TimeDelta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The instant of the schedule. The next call takes it as `last_scheduled`.
    pub scheduled: Time,
    /// The time of the poll: `scheduled` plus the source's offset.
    pub at: Time,
}

impl Plan {
    /// Each poll comes at most `jitter` after its scheduled instant. The source's id sets the share of the
    /// jitter: with a random draw each time, intervals between polls would vary.
    pub fn new(
        schedules: Vec<Schedule>,
        zone: Tz,
        jitter: Duration,
        floor: Duration,
        source: &SourceId,
    ) -> Self {
        Self { schedules, zone, floor: delta(floor), offset: delta(offset(source, jitter)) }
    }

    pub fn floor(&self) -> TimeDelta {
        self.floor
    }

    pub fn offset(&self) -> TimeDelta {
        self.offset
    }

    /// The shortest time between two scheduled polls in a week or `MAX_GAPS` polls. Counts from a fixed
    /// Monday, so that the result depends on the plan alone and not on the present time.
    pub fn shortest_gap(&self) -> TimeDelta {
        let monday = chrono::DateTime::from_timestamp(1_704_067_200, 0).unwrap_or_default();
        let mut last = self.next_due(None, monday).scheduled;
        let mut shortest = TimeDelta::days(7);
        for _ in 0..MAX_GAPS {
            let next = self.next_due(Some(last), last + self.offset).scheduled;
            shortest = shortest.min(next - last);
            if next - monday > TimeDelta::days(7) {
                break;
            }
            last = next;
        }
        shortest
    }

    /// The next poll. It is later than `now`, and its scheduled instant is at least the floor after
    /// `last_scheduled`, the scheduled instant of the last poll. The comparison of scheduled instants keeps
    /// `*/10` with a floor of ten minutes in phase, however long a poll took.
    ///
    /// Instants that were missed while dibao was stopped are skipped, so that a restart causes no burst. A
    /// `last_scheduled` in the future means that somebody set the clock back: it counts as `now`.
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

/// In `[0, jitter)`.
fn offset(source: &SourceId, jitter: Duration) -> Duration {
    let digest = Sha256::digest(source.as_str());
    let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    let nanoseconds = (u128::from(hash) * jitter.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(36_500))
}
