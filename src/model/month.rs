//! Calendar months in the operator's zone. Each archive document covers one.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use crate::model::time::{Time, start_of};

/// A month of the common era, written `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month an instant falls into, in a zone.
    pub fn of(time: Time, zone: Tz) -> Self {
        let local = time.with_timezone(&zone);
        Self { year: local.year(), month: local.month() }
    }

    /// Reads `2026-11`: four digits, a hyphen, two digits, and nothing that could be written otherwise,
    /// so that a month has one address.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, n| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let month = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        (1..=12).contains(&month.month).then_some(month)
    }

    pub fn year(self) -> i32 {
        self.year
    }

    /// 1 for January.
    pub fn number(self) -> u32 {
        self.month
    }

    pub fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    /// Its first instant in a zone. Where the clock skips midnight, the first instant after the gap.
    pub fn start(self, zone: Tz) -> Time {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).map_or(Time::UNIX_EPOCH, |day| start_of(day, zone))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use chrono_tz::Tz;

    use super::Month;

    fn month(text: &str) -> Month {
        Month::parse(text).expect("a month")
    }

    #[test]
    fn a_month_has_one_spelling() {
        for text in ["2026-11", "0999-01", "9999-12"] {
            assert_eq!(month(text).to_string(), text);
        }
        for text in ["2026-13", "2026-00", "2026-1", "26-11", "2026-011", "+026-11", "2026-1１", "2026", ""]
        {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_begins_at_local_midnight() {
        let cases = [
            ("east of Greenwich, the day before", "2026-12", Tz::Asia__Shanghai, "2026-11-30T16:00:00Z"),
            ("west of it, the same day", "2026-12", Tz::America__New_York, "2026-12-01T05:00:00Z"),
            ("where the clock skips that midnight", "1951-04", Tz::America__Havana, "1951-04-01T05:00:00Z"),
        ];
        for (name, text, zone, start) in cases {
            let start = start.parse::<chrono::DateTime<Utc>>().expect("an instant");
            assert_eq!(month(text).start(zone), start, "{name}");
            assert_eq!(Month::of(start, zone), month(text), "{name}");
            let before = start - chrono::TimeDelta::seconds(1);
            assert_eq!(Month::of(before, zone).next(), month(text), "{name}");
        }
    }

    #[test]
    fn december_is_followed_by_january() {
        assert_eq!(month("2026-12").next(), month("2027-01"));
        assert!(month("2026-12") < month("2027-01"));
    }
}
