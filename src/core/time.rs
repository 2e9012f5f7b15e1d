//! Instants and dates as feeds give them. Owns the vocabulary of time; reads no clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An instant, in UTC. What a feed publishes of it is RFC 3339 (RFC 4287 section 3.3).
pub type Time = DateTime<Utc>;

/// How precisely a publisher dated an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Only the day is known: `at` is the last second of that day in the source's time zone.
    Day,
    /// The publisher gave a time of day.
    Second,
}

/// A publisher's date: an instant, and how much of it was really said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The instant, UTC.
    pub at: Time,
    /// How much of `at` the publisher gave.
    pub precision: Precision,
}

impl Stamp {
    /// A date with a time of day.
    #[must_use]
    pub fn second(at: Time) -> Self {
        Self { at, precision: Precision::Second }
    }

    /// A date whose day alone is known; `end_of_day` is that day's last second where the source is.
    #[must_use]
    pub fn day(end_of_day: Time) -> Self {
        Self { at: end_of_day, precision: Precision::Day }
    }

    /// The instant to publish: never after the entry was seen, so neither a date in the future nor
    /// the end of a day that is still running leaks out.
    #[must_use]
    pub fn not_after(self, seen: Time) -> Time {
        self.at.min(seen)
    }
}
