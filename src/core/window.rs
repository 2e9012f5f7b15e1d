//! Where a source's document began among the stored entries, over the last weeks. A reading that shows only
//! the newest few for once has not moved past the rest.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::state::EntryNo;
use super::time::Time;

/// What is remembered together: as fine as the shortest age that entries are kept for as a rule.
const SPAN: TimeDelta = TimeDelta::days(7);
/// The span that runs and five before it: they cover the longest margin that is asked for, thirty days.
const SPANS: usize = 6;

/// The lowest places of the last spans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// When the span that runs began.
    since: Option<Time>,
    /// The lowest place of each span, the newest first; a span that saw no reading is not there.
    lowest: Vec<EntryNo>,
}

impl Windows {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.lowest.is_empty()
    }

    /// Remembers that the document began here at an instant.
    pub fn note(&mut self, at: Time, first: EntryNo) {
        let since = self.since.unwrap_or(at);
        match self.lowest.first_mut() {
            Some(lowest) if at - since < SPAN => {
                *lowest = first.min(*lowest);
                // A clock that was set back does not make a span longer.
                self.since = Some(since.min(at));
            }
            _ => {
                self.lowest.insert(0, first);
                self.lowest.truncate(SPANS);
                self.since = Some(at);
            }
        }
    }

    /// The lowest place for at least so long; `None` where they were not watched for that.
    #[must_use]
    pub fn lowest(&self, margin: TimeDelta) -> Option<EntryNo> {
        let spans = (margin.num_seconds().max(1) - 1) / SPAN.num_seconds() + 1;
        let spans = usize::try_from(spans).ok()?.min(SPANS - 1);
        self.lowest.get(..=spans)?.iter().copied().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    const DAY: i64 = 86_400;

    /// What a document that begins at these places on these days leaves.
    fn watched(readings: impl IntoIterator<Item = (i64, EntryNo)>) -> Windows {
        let mut windows = Windows::default();
        readings.into_iter().for_each(|(day, first)| windows.note(at(day * DAY), first));
        windows
    }

    #[test]
    fn a_place_is_left_when_nothing_lower_was_seen_for_the_margin() {
        let (week, month) = (TimeDelta::days(7), TimeDelta::days(30));
        let moving = |days: i64| watched((0..days).map(|day| (day, 100 + day.unsigned_abs())));
        let cases = [
            ("nothing was read", watched([]), None, None),
            ("watched for six days", moving(7), None, None),
            ("watched for a week", moving(8), Some(100), None),
            ("watched for two weeks", moving(15), Some(107), None),
            ("watched for five weeks", moving(36), Some(128), Some(100)),
            ("watched for six", moving(43), Some(135), Some(107)),
            (
                "it is short for once",
                watched((0..43).map(|day| (day, if day == 42 { 900 } else { 5 }))),
                Some(5),
                Some(5),
            ),
            (
                "it moves back for once",
                watched((0..43).map(|day| (day, if day == 20 { 5 } else { 900 }))),
                Some(900),
                Some(5),
            ),
            ("the clock was ahead, and is set back", watched([(400, 9), (1, 9), (8, 9)]), Some(9), None),
            ("silence counts once", watched([(0, 5), (1, 900), (300, 900)]), Some(5), None),
        ];
        for (name, windows, for_a_week, for_a_month) in cases {
            assert_eq!((windows.lowest(week), windows.lowest(month)), (for_a_week, for_a_month), "{name}");
        }
    }
}
