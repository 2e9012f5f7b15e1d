//! How long polls are remembered.

use super::*;
use crate::testing::at;

#[test]
fn what_is_older_than_an_hour_is_forgotten() {
    let tally = RecentOutcomes::default();
    for (when, outcome) in [(0, "fetched"), (1800, "fetched"), (3000, "failed")] {
        tally.note(at(when), outcome);
    }
    assert_eq!(tally.counts(at(3599)), [("failed", 1), ("fetched", 2)].into());
    assert_eq!(tally.counts(at(3600)), [("failed", 1), ("fetched", 1)].into());
    assert_eq!(tally.last(), Some(at(3000)));
}
