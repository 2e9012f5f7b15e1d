//! Schedules: standard cron text, and the instants it means in a time zone. The only place that names
//! `cron`. When a source is really polled (floor, jitter) is `plan`'s business.
//!
//! The `cron` crate does not read standard cron: it wants seconds, counts weekdays from 1, ANDs the two
//! day fields, and walks daylight saving changes into the past. So it is used for one thing only, the
//! next match of plain number sets in a naive local time; the text is read by `field`, and local time
//! is mapped to UTC here.

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

/// The longest expression read, in bytes: every minute of the hour listed by number fits twice.
const MAX_TEXT: usize = 400;

/// The years in which instants are looked for: those the `cron` crate knows.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;

/// Why a text is not a schedule. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five or six fields.
    #[error("wants 5 fields (minute hour day-of-month month weekday), or 6 with seconds first, and has {0}")]
    FieldCount(usize),
    /// An `@name` that is not known.
    #[error(
        "{0:?} is not a known name; known are @hourly @daily @midnight @weekly @monthly @yearly @annually"
    )]
    UnknownName(String),
    /// Longer than any sensible schedule.
    #[error("is longer than {MAX_TEXT} bytes")]
    TooLong,
    /// A field that cannot be read.
    #[error("{field}: {reason}")]
    Field {
        /// Which field, as in `day of month`.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Well-formed, but no date matches it (`30 2 30 2 *`).
    #[error("never fires: no month it names has that day")]
    NeverFires,
}

/// A checked cron expression.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    /// One matcher, or two where a day matches if either day field does (the OR rule).
    matchers: Vec<cron::Schedule>,
    /// Whether it means "whenever the clock shows it" rather than "once at that time of day".
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
    /// Reads standard cron text: five fields, or six with seconds first, or an `@name`.
    ///
    /// Fields take `*`, `?` (the same), numbers, names, lists, ranges and steps; weekdays are 0–7 with
    /// both ends Sunday, and a range of weekdays may run across the week's end (`Fri-Mon`). When both
    /// day fields are restricted a day matches either; when one of them starts with `*` it must match
    /// both (crontab(5)).
    ///
    /// # Errors
    /// [`ScheduleError`], also for a well-formed expression that no date matches.
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

    /// The text it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first instant after `now` at which it fires, in whole seconds; `None` only once the year
    /// 2100 is over.
    ///
    /// When the clocks change it does what Debian's cron(8) does, with one difference. A schedule that
    /// runs in every hour (its hour field starts with `*`) follows the clock: it skips what the clock
    /// skips and fires again in a repeated hour. A schedule for fixed hours fires once: at the first
    /// instant after a gap that swallowed it, and only in the first pass of a repeated hour. cron(8)
    /// also counts `*/20 2 * * *` to the first kind, which would lose a day's poll to the spring gap;
    /// here its fixed hour decides.
    #[must_use]
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
            // `next` is later on the clock than now, so its first showing is still ahead, unless now
            // is already past the turning back.
            LocalResult::Ambiguous(first, second) => Some(if first > now { first } else { second }),
            LocalResult::None => self.first_from(end_of_gap(next, zone), zone),
        });
        // In the first pass of a repeated stretch, times the clock has already shown come again.
        let again = match instant(local, zone) {
            LocalResult::Ambiguous(first, second) if now < second => {
                self.first_from(turning_back(first, second, zone), zone)
            }
            _ => None,
        };
        onward.into_iter().chain(again).min()
    }

    /// The first match at or after `start`, which is the first instant of an offset of `zone`.
    fn first_from(&self, start: Time, zone: Tz) -> Option<Time> {
        let offset = zone.offset_from_utc_datetime(&start.naive_utc()).fix();
        let next = self.next_local(local(start, zone) - Duration::seconds(1))?;
        Some(Utc.from_utc_datetime(&(next - offset)))
    }

    /// The first matching time of day whose one firing is after `now`.
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
            // Only in the second pass of a repeated stretch, so at most its length in seconds.
            next = self.next_local(next)?;
        }
    }

    /// The first matching local time after `local`, time zones aside.
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

/// The first instant after the gap of `zone`'s clock that swallows `missing`.
fn end_of_gap(missing: NaiveDateTime, zone: Tz) -> Time {
    // No zone was ever further than 16 hours from UTC, so the gap lies within a day of `missing`.
    let around = missing.and_utc();
    let day = Duration::hours(26);
    first_instant(around - day, around + day, |at| local(at, zone) > missing)
}

/// The instant at which the clock of `zone` turned back, between two showings of one local time.
fn turning_back(first: Time, second: Time, zone: Tz) -> Time {
    let offset = |at: Time| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    let before = offset(first);
    first_instant(first, second, |at| offset(at) != before)
}

/// The first whole second in `(before, reached]` for which `is_past` holds, by bisection: it holds at
/// `reached`, not at `before`, and changes once between them.
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
