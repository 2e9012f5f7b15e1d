//! `skipHours` and `skipDays` of RSS: the hours and days in which a feed does not change.

use std::time::Duration;

use chrono::Datelike;
use chrono::{DurationRound, TimeDelta, Timelike};
use serde::{Deserialize, Serialize};

use crate::model::time::Time;

/// Hours and days, in UTC, in which a feed need not be polled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Bit n: hour n.
    hours: u32,
    /// Bit n: n days after Monday.
    days: u8,
}

impl Skip {
    /// Reads the texts of `hour` and `day` elements. What cannot be read is left out; hour 24 is hour 0,
    /// as RSS 0.91 wrote it.
    pub fn new<'a>(
        hours: impl IntoIterator<Item = &'a str>,
        days: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let hour = |text: &str| text.trim().parse::<u32>().ok().filter(|hour| *hour <= 24);
        let day = |text: &str| text.trim().parse::<chrono::Weekday>().ok();
        Self {
            hours: hours.into_iter().filter_map(hour).fold(0, |set, hour| set | 1 << (hour % 24)),
            days: days.into_iter().filter_map(day).fold(0, |set, day| set | 1 << day.num_days_from_monday()),
        }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The time to poll instead of `due`: the end of the skipped hours that `due` falls into, `limit` later at most. A
    /// feed that skips all hours of the week is not believed.
    pub fn postpone(self, due: Time, limit: Duration) -> Time {
        const WEEK: i64 = 7 * 24;
        if !self.covers(due) {
            return due;
        }
        let Ok(start) = due.duration_trunc(TimeDelta::hours(1)) else { return due };
        let open = (1..=WEEK).map(|hours| start + TimeDelta::hours(hours)).find(|at| !self.covers(*at));
        let latest = TimeDelta::from_std(limit).ok().and_then(|limit| due.checked_add_signed(limit));
        open.map_or(due, |open| latest.map_or(open, |latest| open.min(latest)))
    }

    fn covers(self, at: Time) -> bool {
        self.hours >> at.hour() & 1 == 1 || self.days >> at.weekday().num_days_from_monday() & 1 == 1
    }
}
