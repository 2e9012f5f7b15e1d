//! Tables of weeks.

use super::*;
use crate::testing::at;

const DAY: i64 = 86_400;

/// The window after documents that begin at these places on these days.
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
