//! How far what publishers say delays a poll.

use super::*;

/// So many minutes after midnight, UTC.
fn day(minute: i64) -> Time {
    start() - TimeDelta::seconds(7) + minutes(minute)
}

#[test]
fn freshness_and_skipped_hours_share_one_bound_and_nothing_is_added_to_a_failure_s_wait() {
    let every_20 = plan("a", "*/20 * * * *", 0, 600);
    let hour = 60;
    let cases = [
        ("skipped hours", None, 0..4, 4 * hour),
        ("too many of them", None, 0..12, 20 + 6 * hour),
        ("freshness alone", Some(5 * hour), 0..0, 5 * hour),
        ("freshness that ends in skipped hours", Some(5 * hour), 5..6, 6 * hour),
        ("in many of them", Some(6 * hour), 6..12, 20 + 6 * hour),
        ("a short backoff that ends in them", Some(30), 0..4, 4 * hour),
        ("a backoff of a day", Some(24 * hour), 0..4, 24 * hour),
    ];
    for (name, not_before, hours, expected) in cases {
        let hours: Vec<_> = hours.map(|hour: u8| hour.to_string()).collect();
        let skip = Skip::new(hours.iter().map(String::as_str), []);
        let max_delay = Duration::from_secs(6 * 3600);
        let past = Past { not_before: not_before.map(day), skip, max_delay, ..polled(day(0)) };
        let due = following(&every_20, past, day(1)).map(|due| due.at);
        assert_eq!(due, Some(day(expected)), "{name}");
        // A restart meanwhile forgets none of it, and adds nothing.
        let due = first_due(&every_20, past, day(expected.min(4 * hour) - 1)).map(|due| due.at);
        assert_eq!(due, Some(day(expected)), "{name}, after a restart");
    }
}
