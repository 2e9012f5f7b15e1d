//! Schedules: parses standard cron text and computes its instants in a time zone. The only module that
//! names `cron`. The submodule `plan` adds floor and jitter.
//!
//! The `cron` crate does not read standard cron: it requires seconds, counts weekdays from 1, ANDs the two
//! day fields, and returns instants in the past at daylight saving changes. So dibao uses it only for the
//! next match of number sets in naive local time. `field` parses the text, and this module maps local time
//! to UTC.

mod field;
mod plan;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Datelike, Duration, LocalResult, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::model::time::Time;
use field::Fields;
pub use plan::{Due, Plan, next_of};

/// The maximum length of an expression, in bytes: a list of all minutes of the hour fits twice.
const MAX_TEXT: usize = 400;

/// The years that the `cron` crate supports.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;

/// The error when parsing a schedule. The message says how to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("must have 5 fields (minute hour day-of-month month weekday) or 6 with seconds first, not {0}")]
    FieldCount(usize),
    #[error(
        "{0:?} is not a known name; known are @hourly @daily @midnight @weekly @monthly @yearly @annually"
    )]
    UnknownName(String),
    #[error("is longer than {MAX_TEXT} bytes")]
    TooLong,
    #[error("{field}: {reason}")]
    Field {
        /// The field's name, such as `day of month`.
        field: &'static str,
        reason: String,
    },
    /// Well-formed, but no date matches it (`30 2 30 2 *`).
    #[error("never fires: none of its months has that day")]
    NeverFires,
}

#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    /// Two matchers if a day matches by either day field (the OR rule), else one.
    matchers: Vec<cron::Schedule>,
    /// True if the schedule fires whenever the clock shows a matching time, false if it fires once at that
    /// time of day. The two differ in a repeated hour.
    follows_clock: bool,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Schedule {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Schedule {
    /// Parses standard cron text: five fields, or six with seconds first, or an `@name`.
    ///
    /// Fields take `*`, `?` (the same), numbers, names, lists, ranges and steps. Weekdays are 0–7; 0 and 7 are
    /// Sunday, and a range of weekdays may cross the end of the week (`Fri-Mon`). If both day fields are
    /// restricted, a day must match one of them. If one of them starts with `*`, a day must match both
    /// (crontab(5)). Fails with [`ScheduleError`], also for a well-formed expression that no date matches.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        if text.len() > MAX_TEXT {
            return Err(ScheduleError::TooLong);
        }
        let fields = Fields::parse(text)?;
        let matchers = fields.matchers();
        let schedule = Self { text: text.trim().to_owned(), matchers, follows_clock: fields.follows_clock() };
        let start = DateTime::UNIX_EPOCH.naive_utc();
        schedule.next_local(start).map(|_| schedule).ok_or(ScheduleError::NeverFires)
    }

    /// The first instant after `now` at which the schedule fires, in whole seconds; `None` after the year
    /// 2100.
    ///
    /// Daylight saving changes are handled as in Debian's cron(8), with one difference. A schedule that
    /// runs in every hour (its hour field starts with `*`) follows the clock: it skips the times that the
    /// clock skips and fires again in a repeated hour. A schedule for fixed hours fires once: at the first
    /// instant after a gap that contains its time, and only in the first pass of a repeated hour. cron(8)
    /// also lets `*/20 2 * * *` follow the clock, which would lose the poll of the day with the gap. Here
    /// its fixed hour decides.
    pub fn next_after(&self, now: Time, zone: Tz) -> Option<Time> {
        let now = now.with_nanosecond(0)?;
        if !YEARS.contains(&now.year()) {
            return None;
        }
        if self.follows_clock { self.next_by_clock(now, zone) } else { self.next_by_day(now, zone) }
    }

    /// The earliest instant after `now` at which the clock of `zone` shows a matching time.
    fn next_by_clock(&self, now: Time, zone: Tz) -> Option<Time> {
        let local = local(now, zone);
        let onward = self.next_local(local).and_then(|next| match instant(next, zone) {
            LocalResult::Single(at) => Some(at),
            // The clock shows `next` twice. The first time is still ahead, unless `now` is in the second
            // pass.
            LocalResult::Ambiguous(first, second) => Some(if first > now { first } else { second }),
            LocalResult::None => self.first_from(end_of_gap(next, zone), zone),
        });
        // In the first pass of a repeated hour, times that the clock has already shown come again.
        let again = match instant(local, zone) {
            LocalResult::Ambiguous(first, second) if now < second => {
                self.first_from(turning_back(first, second, zone), zone)
            }
            _ => None,
        };
        onward.into_iter().chain(again).min()
    }

    /// The first match at or after `start`, the instant at which an offset of `zone` begins to apply.
    fn first_from(&self, start: Time, zone: Tz) -> Option<Time> {
        let offset = zone.offset_from_utc_datetime(&start.naive_utc()).fix();
        let next = self.next_local(local(start, zone) - Duration::seconds(1))?;
        Some(Utc.from_utc_datetime(&(next - offset)))
    }

    /// The first instant after `now` of a schedule that fires once at each matching time.
    fn next_by_day(&self, now: Time, zone: Tz) -> Option<Time> {
        let mut next = self.next_local(local(now, zone))?;
        loop {
            let at = match instant(next, zone) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
                LocalResult::None => end_of_gap(next, zone),
            };
            if at > now {
                return Some(at);
            }
            // Reached only in the second pass of a repeated hour: at most as often as that has seconds.
            next = self.next_local(next)?;
        }
    }

    /// The first matching local time after `local`, without regard to time zones.
    fn next_local(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let local = local.and_utc();
        self.matchers.iter().filter_map(|m| m.after(&local).next()).min().map(|at| at.naive_utc())
    }
}

fn local(at: Time, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

fn instant(local: NaiveDateTime, zone: Tz) -> LocalResult<Time> {
    zone.from_local_datetime(&local).map(|at| at.with_timezone(&Utc))
}

/// The first instant after the gap of `zone`'s clock that contains `missing`.
fn end_of_gap(missing: NaiveDateTime, zone: Tz) -> Time {
    // No zone was ever more than 16 hours from UTC, so the gap is within 26 hours of `missing`.
    let around = missing.and_utc();
    let day = Duration::hours(26);
    first_instant(around - day, around + day, |at| local(at, zone) > missing)
}

/// The instant at which the clock of `zone` was turned back, between the two instants of one local time.
fn turning_back(first: Time, second: Time, zone: Tz) -> Time {
    let offset = |at: Time| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let before = offset(first);
    first_instant(first, second, |at| offset(at) != before)
}

/// The first whole second in `(before, reached]` at which `is_past` is true, by bisection. `is_past` must be
/// false at `before`, true at `reached`, and change once between them.
fn first_instant(mut before: Time, mut reached: Time, is_past: impl Fn(Time) -> bool) -> Time {
    while reached - before > Duration::seconds(1) {
        let middle = before + Duration::seconds((reached - before).num_seconds() / 2);
        if is_past(middle) {
            reached = middle;
        } else {
            before = middle;
        }
    }
    reached
}
