//! Instants and dates as feeds give them. Owns the vocabulary of time; reads no clock.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// An instant, in UTC. What a feed publishes of it is RFC 3339 (RFC 4287 section 3.3).
pub type Time = DateTime<Utc>;

/// An instant as RFC 3339 writes it, in UTC and to the second.
pub fn rfc3339(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The first instant of a day in a zone. Where the clock skips midnight, the first instant after the gap.
pub fn start_of(day: NaiveDate, zone: Tz) -> Time {
    let midnight = day.and_time(NaiveTime::MIN);
    // Gaps are an hour or less, but for days that islands left out when they crossed the date line.
    let after = (0..=96).map(|quarters| midnight + TimeDelta::minutes(15 * quarters));
    let first = after.filter_map(|local| zone.from_local_datetime(&local).earliest()).next();
    first.map_or(Time::UNIX_EPOCH, |local| local.to_utc())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Only the day is known: `at` is the last second of that day in the source's time zone.
    Day,
    /// The publisher gave a time of day.
    Second,
}

/// A publisher's date: an instant, and how much of it was really said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The instant, UTC.
    pub at: Time,
    /// The precision that the publisher gave.
    pub precision: Precision,
}

impl Stamp {
    /// A date with a time of day.
    pub fn second(at: Time) -> Self {
        Self { at, precision: Precision::Second }
    }

    /// A date whose day alone is known; `end_of_day` is that day's last second where the source is.
    pub fn day(end_of_day: Time) -> Self {
        Self { at: end_of_day, precision: Precision::Day }
    }

    /// The last second of the day it is in, where `zone` is: what it would be had only the day been said.
    pub fn end_of_day(self, zone: Tz) -> Self {
        if self.precision == Precision::Day {
            return self;
        }
        let day = self.at.with_timezone(&zone).date_naive();
        // Without a next day, or where the clock skips its beginning, an end that no list names.
        let next = day
            .checked_add_days(Days::new(1))
            .and_then(|next| next.and_time(NaiveTime::MIN).and_local_timezone(zone).earliest());
        Self::day(next.map_or(self.at, |next| next.to_utc() - TimeDelta::seconds(1)))
    }

    /// True if two dates may be one: equal instants, or a day and an instant within it.
    pub fn agrees_with(self, other: Self) -> bool {
        let within =
            |day: Self, at: Self| (TimeDelta::zero()..TimeDelta::days(1)).contains(&(day.at - at.at));
        match (self.precision, other.precision) {
            (Precision::Day, Precision::Second) => within(self, other),
            (Precision::Second, Precision::Day) => within(other, self),
            _ => self.at == other.at,
        }
    }

    /// The instant to publish: never after the entry was seen, so neither a date in the future nor
    /// the end of a day that is still running leaks out.
    pub fn not_after(self, seen: Time) -> Time {
        self.at.min(seen)
    }
}
