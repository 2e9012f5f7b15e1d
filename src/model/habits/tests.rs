use super::*;

const HOUR: i64 = 3600;

fn at(seconds: i64) -> Time {
    Time::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
}

fn fetched(entries: u32, new: u32) -> Outcome {
    Outcome::Fetched { entries, new, changed: 0, repairs: Vec::new() }
}

/// A source that published every so many hours until a time.
fn every(hours: i64, until: Time) -> Habits {
    let mut habits = Habits::default();
    (0..30).for_each(|n| habits.note_entry(until - TimeDelta::hours(hours * n)));
    habits
}

#[test]
fn silence_is_measured_by_a_source_s_own_rhythm() {
    let cases = [
        ("hourly, silent for two days", every(1, at(-48 * HOUR)), false),
        ("hourly, silent for four", every(1, at(-96 * HOUR)), true),
        ("weekly, silent for ten days", every(168, at(-240 * HOUR)), false),
        ("weekly, silent for three weeks", every(168, at(-504 * HOUR)), true),
        ("never read", Habits::default(), false),
    ];
    for (name, habits, silent) in cases {
        assert_eq!(habits.is_silent(at(0)), silent, "{name}");
    }
    let mut one = Habits::default();
    one.note_entry(at(-29 * 24 * HOUR));
    assert!(!one.is_silent(at(0)));
    assert!(one.is_silent(at(2 * 24 * HOUR)), "one entry, and none for a month");
}

#[test]
fn dates_are_kept_newest_first_whatever_order_they_come_in() {
    let mut habits = Habits::default();
    for hour in [3, 1, 2, 9, 4] {
        habits.note_entry(at(hour * HOUR));
    }
    assert_eq!(habits.newest(), Some(at(9 * HOUR)));
    assert_eq!(habits.rhythm(), Some(Duration::from_secs(3600)));
    (0..100).for_each(|n| habits.note_entry(at(n)));
    assert_eq!(habits.dates.len(), REMEMBERED);
}

#[test]
fn a_poll_without_overlap_is_told_for_a_week() {
    let mut habits = Habits::default();
    habits.note_poll(at(0), &fetched(10, 10), None, true);
    assert_eq!(habits.advice(Duration::from_secs(1200), at(1)), Vec::<String>::new(), "the first");
    habits.note_poll(at(HOUR), &fetched(10, 9), None, false);
    assert_eq!(habits.advice(Duration::from_secs(1200), at(HOUR)), Vec::<String>::new());
    habits.note_poll(at(2 * HOUR), &fetched(10, 10), None, false);
    let advice = habits.advice(Duration::from_secs(1200), at(3 * HOUR));
    assert_eq!(
        advice,
        ["entries may have been missed: at 2027-01-15 10:00 UTC all 10 were new; poll it more often"]
    );
    assert!(habits.advice(Duration::from_secs(1200), at(200 * HOUR)).is_empty());
}

#[test]
fn what_waits_for_its_page_is_no_gap_and_hides_none() {
    let cases = [
        ("all of the list waited, and is published", 10, Some(true), false),
        ("nothing of it was there, and half of it waits", 5, Some(false), true),
        ("nothing was there, and all waits", 0, Some(false), true),
        ("as journals of before have it", 10, None, true),
        ("as those have it otherwise", 9, None, false),
    ];
    for (name, new, overlaps, gap) in cases {
        let mut habits = Habits::default();
        habits.note_poll(at(0), &fetched(10, new), overlaps, false);
        assert_eq!(habits.gap_at.is_some(), gap, "{name}");
    }
}

#[test]
fn polls_in_vain_lead_to_a_schedule_that_loses_nothing() {
    let asked = |hours, window, vain: u32| {
        let mut habits = every(hours, at(0));
        habits.note_poll(at(0), &fetched(window, 0), None, false);
        (0..vain).for_each(|_| habits.note_poll(at(0), &Outcome::NotModified, None, false));
        habits.advice(Duration::from_secs(1200), at(1))
    };
    assert_eq!(asked(6, 30, 40), ["100 % of its polls find nothing: schedule = \"0 */6 * * *\" would do"]);
    assert_eq!(asked(6, 3, 40), ["100 % of its polls find nothing: schedule = \"0 */6 * * *\" would do"]);
    assert_eq!(asked(6, 1, 40), ["100 % of its polls find nothing: schedule = \"0 */2 * * *\" would do"]);
    assert!(asked(6, 30, 5).is_empty(), "too few polls to know");
    assert!(asked(1, 1, 40).is_empty(), "a document of one entry must be asked for as often as this");
}

#[test]
fn old_polls_count_less() {
    let mut habits = Habits::default();
    (0..200).for_each(|_| habits.note_poll(at(0), &Outcome::NotModified, None, false));
    assert_eq!(habits.in_vain(), Some(100));
    (0..200).for_each(|_| habits.note_poll(at(0), &fetched(10, 1), None, false));
    assert!(habits.in_vain().is_some_and(|share| share < 30), "{:?}", habits.in_vain());
    habits.note_poll(at(0), &Outcome::Gone, None, false);
    assert!(habits.polls <= POLLS, "a poll that failed says nothing");
}
