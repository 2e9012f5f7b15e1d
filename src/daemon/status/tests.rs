//! Tests of the counts of the status.

use super::*;
use crate::daemon::renderer::tests::{defs, news, seeds};
use crate::model::region::RegionId;
use crate::testing::*;

#[test]
fn a_full_hour_hides_no_earlier_one() {
    let hour = 3600;
    let polled = |n: u64, seconds: i64| seen("paper", seconds, vec![news(n, seconds - 60)], vec![]);
    let late = (2..12).map(|n| polled(n, 40 * hour + 60 * i64::try_from(n).expect("small")));
    let records = seeds().into_iter().chain([polled(1, 30 * hour)]).chain(late);
    let store = folded(&lines([config(0, &defs(), &[])].into_iter().chain(records)), &rules(&defs()));
    let hours = surfaced(&store, &FeedKey::Region(RegionId::new("henan")), at(41 * hour), 3).expect("sound");
    let mut expected = [0; HOURS];
    (expected[HOURS - 11], expected[HOURS - 1]) = (1, 3);
    assert_eq!(hours, expected);
}

#[test]
fn the_counts_of_a_minute_stand_until_its_end() {
    assert_eq!(minute_end(at(0)), at(60));
    assert_eq!(minute_end(at(59)), at(60));
    assert_eq!(minute_end(at(60)), at(120));
}
