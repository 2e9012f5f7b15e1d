//! Clocks that were years off for a while.

use chrono::TimeDelta;

use super::*;
use crate::model::feed_key::FeedKey;
use crate::model::state::State;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// An entry a line, each at one of these times.
fn at_times(times: &[i64]) -> Store {
    let lines = (1..).zip(times).map(|(n, seconds)| {
        let title = format!("第{n}条");
        seen("paper", *seconds, vec![new(n, body(&title, None))], vec![])
    });
    paper(lines)
}

fn newest(store: &Store) -> Time {
    store.meta().expect("a sound store").expect("a store with lines").newest_at
}

#[test]
fn a_clock_that_was_off_for_a_while_leaves_no_trace() {
    let cases: [(&str, i64, i64); 4] = [
        ("ten years ahead, for twenty hours", 10 * YEAR, 20 * HOUR),
        ("back to 1970, for fifty minutes", -1_795_392_000, 50 * 60),
        ("five years back, for fifty minutes", -5 * YEAR, 50 * 60),
        ("ten years back, for two days", -10 * YEAR, 2 * DAY),
    ];
    for (name, off, lasts) in cases {
        let wrong = (0..10).map(|n| DAY + off + n * lasts / 10);
        let right = (0..60).map(|n| DAY + lasts + n * HOUR);
        let times: Vec<i64> = [0, HOUR, 2 * HOUR].into_iter().chain(wrong).chain(right).collect();
        let store = at_times(&times);
        let last = at(DAY + lasts + 59 * HOUR);
        assert_eq!(newest(&store), last, "{name}");
        let state = feed_state(&store, &FeedKey::All);
        assert!(state.updated <= last && state.changed_at <= last, "{name}: {state:?}");
        for no in 1..=times.len() as u64 {
            let entry = entry(&store, no);
            let all = [entry.first_seen, entry.surfaced, entry.published, entry.updated];
            assert!(all.iter().all(|time| *time <= last), "{name}: {entry:?}");
        }
    }
}

#[test]
fn a_clock_that_was_not_set_yet_at_the_first_poll_is_given_up_at_once() {
    // 1970, and a build date.
    for unset in [-1_795_392_000 + 30, -3 * YEAR] {
        let store = at_times(&[unset, unset + 60, 0, HOUR, 20 * HOUR]);
        let seen: Vec<Time> = (3..=5).map(|no| entry(&store, no).first_seen).collect();
        assert_eq!(seen, [at(0), at(HOUR), at(20 * HOUR)], "{unset}");
        assert_eq!(newest(&store), at(20 * HOUR));
    }
}

#[test]
fn nothing_ages_and_no_month_ends_while_a_clock_is_doubted() {
    let before = at_times(&[0, HOUR]);
    for wrong in [10 * YEAR, -10 * YEAR] {
        let store = at_times(&[0, HOUR, wrong, wrong + 60]);
        assert_eq!(newest(&store), newest(&before));
        assert_eq!(entry(&store, 4).first_seen, newest(&before), "it came after all others");
    }
}

#[test]
fn a_clock_that_stays_is_believed() {
    let cases: [(&str, &[i64], i64); 6] = [
        ("down for a year and a half", &[0, 540 * DAY], 540 * DAY),
        ("down for three, an hour ago", &[0, 3 * YEAR, 3 * YEAR + HOUR], 0),
        ("down for three, two days ago", &[0, 3 * YEAR, 3 * YEAR + 2 * DAY], 3 * YEAR + 2 * DAY),
        ("set right after a month ahead", &[30 * DAY, 0, 30 * 60, HOUR], HOUR),
        ("polled once a month", &[0, 30 * DAY, 60 * DAY], 60 * DAY),
        ("a slip of an hour", &[2 * HOUR, HOUR], 2 * HOUR),
    ];
    for (name, times, expected) in cases {
        assert_eq!(newest(&at_times(times)), at(expected), "{name}");
    }
}

#[test]
fn a_change_is_dated_after_the_one_before_though_that_was_dated_too_late() {
    // Ahead so long that it was believed; a reader was told of that date.
    let ahead = [0, 100 * DAY, 100 * DAY + HOUR];
    let dates = |times: &[i64]| feed_state(&at_times(times), &FeedKey::All).changed_at;
    let told = dates(&ahead);
    let mut times = ahead.to_vec();
    let mut last = told;
    for n in 0..5 {
        times.push(DAY + n * HOUR);
        let next = dates(&times);
        assert!(next > last && next - told < TimeDelta::minutes(1), "{n}: {next} after {last}");
        last = next;
    }
}

#[test]
fn a_leap_is_remembered_until_a_day_has_passed_since() {
    let far = 400 * DAY;
    let cases: [(&str, &[i64], Option<i64>); 13] = [
        ("a fresh store", &[0], None),
        ("time that passes", &[0, HOUR, 30 * DAY], None),
        ("a leap", &[0, 30 * DAY + 1], Some(30 * DAY + 1)),
        ("what comes within a day of it", &[0, far, far + DAY - 1], Some(far)),
        ("a day since", &[0, far, far + DAY], None),
        ("a leap after a leap", &[0, far, 2 * far], Some(2 * far)),
        ("set back, and doubted for it", &[0, far, HOUR], Some(far)),
        ("set back", &[0, far, HOUR, 2 * HOUR], Some(2 * HOUR)),
        ("set back, a day ago", &[0, far, HOUR, 2 * HOUR, 26 * HOUR], None),
        ("set back by less than it leapt", &[0, far, far - 9 * DAY, far - 8 * DAY], Some(far - 8 * DAY)),
        ("set back, but it had not leapt", &[9 * DAY, 0, HOUR], None),
        ("doubted", &[0, 3 * YEAR, 3 * YEAR + HOUR], None),
        ("believed after doubt", &[0, 3 * YEAR, 3 * YEAR + DAY], Some(3 * YEAR + DAY)),
    ];
    for (name, times, leapt) in cases {
        let meta = at_times(times).meta().expect("a sound store").expect("a store with lines");
        assert_eq!(meta.leapt, leapt.map(at), "{name}");
    }
}
