//! The times of entries that have left a feed. They distinguish a month whose entries are all gone from a month
//! that never had any. It knows no calendar months: these depend on the configured zone, which may change.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::model::time::Time;

/// When entries that have left were first seen, in seconds: of each month of UTC the earliest and the latest.
/// Whatever the zone, a month of it begins or ends in each month of UTC that it touches, so these two tell
/// whether anything was seen in the part that they share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Left(BTreeSet<i64>);

/// Instants kept, the latest: of twenty years, as many months as are ever listed.
const KEPT: usize = 480;

impl Left {
    /// True if nothing ever left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An entry that was first seen then has left.
    pub fn note(&mut self, first_seen: Time) {
        let (from, to) = month(first_seen);
        self.0.insert(first_seen.timestamp());
        let inner: Vec<i64> = self.0.range(from..to).copied().collect();
        // Of three the one in the middle tells nothing that the others do not.
        if let [_, middle @ .., _] = &inner[..] {
            for second in middle {
                self.0.remove(second);
            }
        }
        if self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// True if an entry that was first seen in a month has left; `from` and `before` are where the month
    /// begins and ends.
    #[must_use]
    pub fn any_in(&self, from: Time, before: Time) -> bool {
        from < before && self.0.range(from.timestamp()..before.timestamp()).next().is_some()
    }
}

/// The month of UTC that an instant lies in, as seconds.
fn month(time: Time) -> (i64, i64) {
    let start = |year: i32, month: u32| {
        let midnight = NaiveDate::from_ymd_opt(year, month, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
        midnight.map_or(DateTime::<chrono::Utc>::MAX_UTC, |midnight| midnight.and_utc()).timestamp()
    };
    let (year, of_year) = (time.year(), time.month());
    let next = if of_year == 12 { (year + 1, 1) } else { (year, of_year + 1) };
    (start(year, of_year), start(next.0, next.1))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::*;
    use crate::model::month::Month;

    proptest! {
        #[test]
        fn a_month_of_any_zone_is_told_from_one_that_never_was(
            hours in prop::collection::vec(0i64..24 * 700, 0..40),
            zone in prop::sample::select(vec![Tz::Asia__Shanghai, Tz::America__New_York, Tz::Pacific__Kiritimati, Tz::UTC]),
        ) {
            let start = Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).single().expect("an instant");
            let seen: Vec<Time> = hours.iter().map(|n| start + TimeDelta::hours(*n)).collect();
            let mut left = Left::default();
            seen.iter().for_each(|time| left.note(*time));
            let mut month = Month::of(start - TimeDelta::days(40), zone);
            for _ in 0..28 {
                let expected = seen.iter().any(|time| Month::of(*time, zone) == month);
                prop_assert_eq!(left.any_in(month.start(zone), month.next().start(zone)), expected, "{}", month);
                month = month.next();
            }
        }
    }

    #[test]
    fn it_stays_small() {
        let start = Utc.with_ymd_and_hms(1990, 1, 1, 0, 0, 0).single().expect("an instant");
        let mut left = Left::default();
        for day in 0..40 * 366 {
            left.note(start + TimeDelta::days(day));
        }
        assert_eq!(left.0.len(), KEPT);
        assert!(
            left.any_in(start + TimeDelta::days(14_000), start + TimeDelta::days(14_031)),
            "the latest stay"
        );
        assert_eq!(serde_json::from_str::<Left>("[]").ok(), Some(Left::default()));
    }
}
