//! Calendar fields to instants: where a zone's clock changes are met, and where a missing zone, time or
//! year is filled in.

use chrono::{Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::{DateContext, today};
use crate::model::time::{Stamp, Time};

/// A time of day; `extra_day` for 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) time: NaiveTime,
    pub(super) extra_day: bool,
}

impl Clock {
    /// From hour, minute, second. 24:00:00 is the end of the day (ISO 8601); second 60 is a leap second
    /// and becomes 59, for which no feed has a use.
    pub(super) fn new(hour: u64, minute: u64, second: u64) -> Option<Self> {
        if hour == 24 && minute == 0 && second == 0 {
            return Some(Self { time: NaiveTime::MIN, extra_day: true });
        }
        let second = if second == 60 { 59 } else { second };
        let [h, m, s] = [hour, minute, second].map(|n| u32::try_from(n).ok());
        Some(Self { time: NaiveTime::from_hms_opt(h?, m?, s?)?, extra_day: false })
    }
}

/// The zone a date names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// None: the source's.
    Source,
    /// Seconds east of UTC.
    Offset(i32),
    /// A zone of the IANA database.
    Named(Tz),
}

/// The stamp of a day and, if given, a time.
pub(super) fn stamp(day: NaiveDate, clock: Option<Clock>, zone: Zone, ctx: &DateContext) -> Option<Stamp> {
    let Some(clock) = clock else {
        let end = day.and_time(NaiveTime::from_hms_opt(23, 59, 59)?);
        // A zone after a bare day (`2026-09-27+08:00`) still says where the day ends.
        return Some(Stamp::day(instant(end, zone, ctx)?));
    };
    let day = if clock.extra_day { day.checked_add_days(Days::new(1))? } else { day };
    Some(Stamp::second(instant(day.and_time(clock.time), zone, ctx)?))
}

fn instant(local: NaiveDateTime, zone: Zone, ctx: &DateContext) -> Option<Time> {
    match zone {
        Zone::Offset(east) => Some(local.checked_sub_signed(TimeDelta::seconds(i64::from(east)))?.and_utc()),
        Zone::Named(zone) => in_zone(local, zone),
        Zone::Source => in_zone(local, ctx.zone),
    }
}

/// Local time to an instant: the earlier in an overlap, the first after it in a gap.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<Time> {
    /// The longest gap of any zone is a whole day (Samoa skipped 30 December 2011).
    const LONGEST_GAP_MINUTES: i64 = 24 * 60;
    for minutes in 0..=LONGEST_GAP_MINUTES {
        let mut at = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        if minutes > 0 {
            at = at.checked_sub_signed(TimeDelta::seconds(i64::from(chrono::Timelike::second(&at))))?;
        }
        match zone.from_local_datetime(&at) {
            MappedLocalTime::Single(found) | MappedLocalTime::Ambiguous(found, _) => {
                return Some(found.to_utc());
            }
            MappedLocalTime::None => {}
        }
    }
    None
}

/// A day from numbers as read.
pub(super) fn day(year: u64, month: u64, day: u64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// Two-digit years: 70 to 99 are 19xx, the rest 20xx. RFC 2822 section 4.3 splits at 50, for mail; no
/// feed is older than 1970.
pub(super) fn full_year(year: u64) -> u64 {
    if year >= 70 { 1900 + year } else { 2000 + year }
}

/// The year of a date that has none.
pub(super) fn yearless(month: u64, day_of_month: u64, ctx: &DateContext) -> Option<NaiveDate> {
    let anchor = ctx.near.unwrap_or_else(|| today(ctx));
    let year = u64::try_from(anchor.year()).ok()?;
    // Eight years back: 29 February, across a century year.
    let candidates = (year.saturating_sub(8)..=year + 1).rev().filter_map(|y| day(y, month, day_of_month));
    if ctx.near.is_some() {
        return candidates.min_by_key(|d| (*d - anchor).num_days().abs());
    }
    let latest = anchor.checked_add_days(Days::new(1))?;
    candidates.into_iter().find(|d| *d <= latest)
}
