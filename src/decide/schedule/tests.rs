//! Tables of what standard cron means, and a clock that is watched minute by minute to compare with.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use chrono_tz::{America, Asia, Atlantic, Australia, Europe, Pacific, UTC};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::source::SourceId;

fn at(text: &str) -> Time {
    text.parse().expect("an RFC 3339 date")
}

fn parse(text: &str) -> Schedule {
    Schedule::parse(text).unwrap_or_else(|e| panic!("{text:?} {e}"))
}

/// The first `count` firings after an instant, as `MM-DD HH:MM:SS` in UTC.
fn firings(text: &str, zone: Tz, after: &str, count: usize) -> Vec<String> {
    let schedule = parse(text);
    let next = |now: &Time| schedule.next_after(*now, zone);
    let all = std::iter::successors(next(&at(after)), next);
    all.take(count).map(|at| at.format("%m-%d %H:%M:%S").to_string()).collect()
}

#[test]
fn standard_cron_is_read() {
    // 2026-11-23 is a Monday.
    let cases: &[(&str, &str, &[&str])] = &[
        ("five fields", "30 2 * * *", &["11-23 02:30:00", "11-24 02:30:00"]),
        ("six, with seconds first", "15 30 2 * * *", &["11-23 02:30:15", "11-24 02:30:15"]),
        ("blanks of any kind", "  30\t2  * * *\n", &["11-23 02:30:00"]),
        ("lists and steps", "5,50-59/4 */12 * * *", &["11-23 00:05:00", "11-23 00:50:00", "11-23 00:54:00"]),
        (
            "an open step runs to the end",
            "40/10 1 * * *",
            &["11-23 01:40:00", "11-23 01:50:00", "11-24 01:40:00"],
        ),
        ("0 is Sunday", "0 0 * * 0", &["11-29 00:00:00"]),
        ("7 is Sunday too", "0 0 * * 7", &["11-29 00:00:00"]),
        ("1 is Monday", "0 5 * * 1", &["11-23 05:00:00"]),
        ("6 is Saturday", "0 0 * * 6", &["11-28 00:00:00"]),
        ("0-7 is every day", "0 5 * * 0-7", &["11-23 05:00:00", "11-24 05:00:00"]),
        ("days by name", "0 0 * * Wed,sunday", &["11-25 00:00:00", "11-29 00:00:00"]),
        (
            "a range across the week's end",
            "0 5 * * Fri-Mon",
            &["11-23 05:00:00", "11-27 05:00:00", "11-28 05:00:00", "11-29 05:00:00", "11-30 05:00:00"],
        ),
        ("by number as well", "0 5 * * 6-1", &["11-23 05:00:00", "11-28 05:00:00", "11-29 05:00:00"]),
        ("from Sunday as 7", "0 5 * * 7-2", &["11-23 05:00:00", "11-24 05:00:00", "11-29 05:00:00"]),
        ("to Sunday as 7", "0 0 * * 6-7", &["11-28 00:00:00", "11-29 00:00:00", "12-05 00:00:00"]),
        ("with a step", "0 0 * * Thu-Wed/3", &["11-25 00:00:00", "11-26 00:00:00", "11-29 00:00:00"]),
        ("months by name", "0 0 1 jan,December *", &["12-01 00:00:00", "01-01 00:00:00"]),
        ("either day field matches when both are set", "0 0 25 * Fri", &["11-25 00:00:00", "11-27 00:00:00"]),
        ("both must when one starts with a star", "0 0 */2 * Fri", &["11-27 00:00:00", "12-11 00:00:00"]),
        ("? is a star", "0 0 ? * Fri", &["11-27 00:00:00", "12-04 00:00:00"]),
        ("days some months lack", "0 0 31 * *", &["12-31 00:00:00", "01-31 00:00:00", "03-31 00:00:00"]),
        ("a day of leap years", "0 0 29 2 *", &["02-29 00:00:00"]),
        ("30 February or any Monday", "0 5 30 2 Mon", &["02-01 05:00:00"]),
        ("@hourly", "@hourly", &["11-23 01:00:00", "11-23 02:00:00"]),
        ("@daily", "@daily", &["11-24 00:00:00"]),
        ("@midnight", "@midnight", &["11-24 00:00:00"]),
        ("@weekly, on Sundays", "@weekly", &["11-29 00:00:00"]),
        ("@monthly", "@monthly", &["12-01 00:00:00"]),
        ("@yearly", "@yearly", &["01-01 00:00:00"]),
        ("@annually, in capitals", "@ANNUALLY", &["01-01 00:00:00"]),
    ];
    for (name, text, expected) in cases {
        assert_eq!(firings(text, UTC, "2026-11-23T00:00:00Z", expected.len()), *expected, "{name}");
    }
}

#[test]
fn what_is_not_standard_cron_is_refused_with_the_reason() {
    let cases = [
        ("", "must have 5 fields (minute hour day-of-month month weekday) or 6 with seconds first, not 0"),
        ("* * * *", "and has 4"),
        ("0 0 0 1 1 * 2026", "and has 7"),
        ("@reboot", "\"@reboot\" is not a known name; known are @hourly @daily"),
        ("60 * * * *", "minute: 60 is not in 0-59"),
        ("* 24 * * *", "hour: 24 is not in 0-23"),
        ("* * 0 * *", "day of month: 0 is not in 1-31"),
        ("* * * 13 *", "month: 13 is not in 1-12"),
        ("* * * * 8", "weekday: 8 is not in 0-7"),
        ("99999999999 * * * *", "minute: 99999999999 is not in 0-59"),
        ("-5 * * * *", "minute: \"\" is not a number"),
        ("1,,2 * * * *", "minute: \"\" is not a number"),
        ("x * * * *", "minute: \"x\" is not a number"),
        ("0 0 * * Mond", "weekday: \"mond\" is neither a number nor a name such as sun"),
        ("0 0 * Mon *", "month: \"mon\" is neither a number nor a name such as jan"),
        ("0 22-2 * * *", "hour: \"22-2\" runs backwards; write 22-23,0-2"),
        ("*/0 * * * *", "minute: the step of \"*/0\" is 0"),
        ("*/x * * * *", "minute: the step of \"*/x\" is not a number"),
        ("*/90 * * * *", "minute: the step of \"*/90\" leaves only 0: 90 is longer than the range"),
        ("5-10/7 * * * *", "minute: the step of \"5-10/7\" leaves only 5"),
        ("3/4/5 * * * *", "minute: the step of \"3/4/5\" is not a number"),
        ("٣ * * * *", "minute: \"٣\" is not a number"),
        ("0 0 30 2 *", "never fires: none of its months has that day"),
        ("30 2 31 4,6,9,11 *", "never fires"),
    ];
    for (text, expected) in cases {
        let error = Schedule::parse(text).expect_err(text).to_string().to_lowercase();
        assert!(error.contains(&expected.to_lowercase()), "{text:?}: {error}");
    }
    assert_eq!(Schedule::parse(&"1,".repeat(300)), Err(ScheduleError::TooLong));
}

#[test]
fn clock_changes_are_those_of_cron_8() {
    let (spring, autumn) = ("2026-03-08T05:00:00Z", "2026-11-01T04:00:00Z"); // midnight in New York
    let new_york = America::New_York;
    let cases: &[(&str, &str, Tz, &str, &[&str])] = &[
        (
            "a fixed hour in the gap fires right after it, once",
            "30 2 * * *",
            new_york,
            spring,
            &["03-08 07:00:00", "03-09 06:30:00"],
        ),
        (
            "several times in the gap fire as one",
            "*/20 2 * * *",
            new_york,
            spring,
            &["03-08 07:00:00", "03-09 06:00:00", "03-09 06:20:00"],
        ),
        (
            "the clock shows no 02:10, so neither does an hourly schedule",
            "10 * * * *",
            new_york,
            spring,
            &["03-08 05:10:00", "03-08 06:10:00", "03-08 07:10:00"],
        ),
        (
            "a fixed hour that comes twice fires once",
            "30 1 * * *",
            new_york,
            autumn,
            &["11-01 05:30:00", "11-02 06:30:00"],
        ),
        (
            "every twenty minutes goes on through the repeated hour",
            "*/20 * * * *",
            new_york,
            "2026-11-01T05:10:00Z",
            &["11-01 05:20:00", "11-01 05:40:00", "11-01 06:00:00", "11-01 06:20:00", "11-01 06:40:00"],
        ),
        (
            "hourly too",
            "30 * * * *",
            new_york,
            autumn,
            &["11-01 04:30:00", "11-01 05:30:00", "11-01 06:30:00", "11-01 07:30:00"],
        ),
        (
            "all 24 hours in a range are every hour",
            "30 0-23 * * *",
            new_york,
            "2026-11-01T05:00:00Z",
            &["11-01 05:30:00", "11-01 06:30:00"],
        ),
        (
            "from within the second pass a fixed hour waits for the next day",
            "50 1 * * *",
            new_york,
            "2026-11-01T06:10:00Z",
            &["11-02 06:50:00"],
        ),
        (
            "half an hour is repeated on Lord Howe",
            "45 1 * * *",
            Australia::Lord_Howe,
            "2026-04-04T14:00:00Z",
            &["04-04 14:45:00", "04-05 15:15:00"],
        ),
        (
            "midnight is missing in Havana",
            "0 0 * * *",
            America::Havana,
            "2026-03-08T04:00:00Z",
            &["03-08 05:00:00", "03-09 04:00:00"],
        ),
        (
            "Samoa skipped 30 December 2011",
            "0 12 30 12 *",
            Pacific::Apia,
            "2011-12-29T00:00:00Z",
            &["12-30 10:00:00"],
        ),
        ("Shanghai has none", "0 8 * * *", Asia::Shanghai, "2026-03-08T00:00:00Z", &["03-09 00:00:00"]),
    ];
    for (name, text, zone, after, expected) in cases {
        assert_eq!(firings(text, *zone, after, expected.len()), *expected, "{name}");
    }
}

#[test]
fn fractions_of_a_second_do_not_fire_twice() {
    let schedule = parse("* * * * * *");
    let now = at("2026-11-23T00:00:00Z");
    let just_before = now - TimeDelta::nanoseconds(1);
    assert_eq!(schedule.next_after(just_before, UTC), Some(now));
    assert_eq!(schedule.next_after(now + TimeDelta::nanoseconds(1), UTC), Some(now + TimeDelta::seconds(1)));
}

#[test]
fn a_clock_beyond_reason_gets_an_answer() {
    let schedule = parse("@hourly");
    for now in [Time::MIN_UTC, Time::MAX_UTC, at("2101-01-01T00:00:00Z")] {
        assert_eq!(schedule.next_after(now, Asia::Shanghai), None);
    }
    let after = at("2150-01-01T00:00:00Z");
    assert_eq!(next_of(&[schedule], UTC, after), after + TimeDelta::days(1));
}

#[test]
fn of_several_schedules_the_first_to_fire_counts() {
    let schedules = [parse("*/10 6-23 * * *"), parse("0 0-5 * * *")];
    let next = |now| next_of(&schedules, Asia::Shanghai, at(now));
    assert_eq!(next("2026-11-22T20:05:00Z"), at("2026-11-22T21:00:00Z"), "hourly by night");
    assert_eq!(next("2026-11-22T22:05:00Z"), at("2026-11-22T22:10:00Z"), "every ten minutes by day");
}

/// A field of an expression: how it is written, and what it matches.
type Written = (String, BTreeSet<u32>);

/// A number, a range or a stepped range within `first..=last`.
fn part(first: u32, last: u32) -> impl Strategy<Value = Written> {
    (first..=last, first..=last, 1..=10_u32, 0..4).prop_map(move |(a, b, step, form)| {
        let (a, b) = (a.min(b), a.max(b));
        let step = step.min(b - a);
        match form {
            0 | 1 => (a.to_string(), BTreeSet::from([a])),
            2 if step > 0 => (format!("{a}-{b}/{step}"), (a..=b).step_by(step as usize).collect()),
            _ => (format!("{a}-{b}"), (a..=b).collect()),
        }
    })
}

fn field(first: u32, last: u32) -> impl Strategy<Value = Written> {
    let list = proptest::collection::vec(part(first, last), 1..4).prop_map(|parts| {
        let text: Vec<String> = parts.iter().map(|(text, _)| text.clone()).collect();
        (text.join(","), parts.into_iter().flat_map(|(_, set)| set).collect())
    });
    let stepped = (2..=last - first)
        .prop_map(move |n| (format!("*/{n}"), (first..=last).step_by(n as usize).collect::<BTreeSet<_>>()));
    prop_oneof![
        2 => Just(("*".to_owned(), (first..=last).collect::<BTreeSet<_>>())),
        1 => stepped,
        3 => list,
    ]
}

/// Weekdays, 0 to 6 as matched; also by name, as 7, and across the week's end.
fn weekday() -> impl Strategy<Value = Written> {
    const NAMES: [&str; 7] = ["sun", "Mon", "TUE", "wednesday", "thu", "Friday", "sat"];
    let wrapped = (0..7_u32, 0..7_u32).prop_map(|(a, days)| {
        let text = format!("{}-{}", NAMES[a as usize], NAMES[((a + days) % 7) as usize]);
        (text, (a..=a + days).map(|day| day % 7).collect::<BTreeSet<_>>())
    });
    let numbers = field(0, 6);
    prop_oneof![2 => numbers, 1 => wrapped, 1 => Just(("7".to_owned(), BTreeSet::from([0])))]
}

/// An expression of five fields, of which most fire within days.
fn expression() -> impl Strategy<Value = [Written; 5]> {
    let month = prop_oneof![3 => Just(("*".to_owned(), (1..=12).collect())), 1 => field(1, 12)];
    (field(0, 59), field(0, 23), field(1, 31), month, weekday())
        .prop_map(|(minute, hour, day, month, weekday)| [minute, hour, day, month, weekday])
}

fn matches([minute, hour, day, month, weekday]: &[Written; 5], at: NaiveDateTime) -> bool {
    let on_day = day.1.contains(&at.day());
    let on_weekday = weekday.1.contains(&at.weekday().num_days_from_sunday());
    let starred = day.0.starts_with('*') || weekday.0.starts_with('*');
    minute.1.contains(&at.minute())
        && hour.1.contains(&at.hour())
        && month.1.contains(&at.month())
        && if starred { on_day && on_weekday } else { on_day || on_weekday }
}

/// Watches the clock of `zone` minute by minute, as cron does, and tells the firings in
/// `(start, end]`. Both are whole minutes.
fn watched(expression: &[Written; 5], zone: Tz, start: Time, end: Time) -> Vec<Time> {
    let follows_clock = expression[1].0.starts_with('*') || expression[1].1.len() == 24;
    let minute = TimeDelta::minutes(1);
    // No clock here is set back by more than an hour, so what it showed before does not matter.
    let mut at = start - TimeDelta::hours(2);
    let mut latest_shown = local(at, zone);
    let mut firings = Vec::new();
    while at < end {
        at += minute;
        let shown = local(at, zone);
        let fires = if follows_clock {
            matches(expression, shown)
        } else {
            // What the clock jumped over counts now; what it shows again has counted before.
            let mut passed = std::iter::successors(Some(latest_shown + minute), |n| Some(*n + minute))
                .take_while(|n| *n <= shown);
            passed.any(|n| matches(expression, n))
        };
        latest_shown = latest_shown.max(shown);
        if fires && at > start {
            firings.push(at);
        }
    }
    firings
}

/// A zone and an instant near which its clock changes, or nothing happens.
fn change() -> impl Strategy<Value = (Tz, Time)> {
    let near = [
        (UTC, "2026-02-28T12:00:00Z"),
        (Asia::Shanghai, "2026-12-31T16:00:00Z"),
        (Asia::Shanghai, "1986-05-03T18:00:00Z"),
        (Asia::Shanghai, "1991-09-14T17:00:00Z"),
        (America::New_York, "2026-03-08T07:00:00Z"),
        (America::New_York, "2026-11-01T06:00:00Z"),
        (America::Havana, "2026-03-08T05:00:00Z"),
        (America::Havana, "2026-11-01T05:00:00Z"),
        (America::Sao_Paulo, "2018-11-04T03:00:00Z"),
        (Europe::London, "2026-03-29T01:00:00Z"),
        (Europe::London, "2026-10-25T01:00:00Z"),
        (Australia::Lord_Howe, "2026-04-04T15:00:00Z"),
        (Australia::Lord_Howe, "2026-10-03T15:30:00Z"),
        (Atlantic::Azores, "2026-10-25T01:00:00Z"),
        (Pacific::Apia, "2011-12-30T10:00:00Z"),
    ];
    (select(near.to_vec()), -1440_i64..1440)
        .prop_map(|((zone, when), minutes)| (zone, at(when) + TimeDelta::minutes(minutes)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn firings_are_those_of_a_clock_watched_minute_by_minute(
        expression in expression(), (zone, start) in change(),
    ) {
        let text: Vec<&str> = expression.iter().map(|(text, _)| text.as_str()).collect();
        let end = start + TimeDelta::days(2);
        let expected = watched(&expression, zone, start, end);
        match Schedule::parse(&text.join(" ")) {
            Ok(schedule) => {
                let next = |now: &Time| schedule.next_after(*now, zone);
                let got: Vec<Time> =
                    std::iter::successors(next(&start), next).take_while(|at| *at <= end).collect();
                prop_assert_eq!(got, expected, "{} in {}", schedule, zone);
            }
            Err(error) => {
                prop_assert_eq!(error, ScheduleError::NeverFires);
                prop_assert!(expected.is_empty());
            }
        }
    }

    #[test]
    fn the_next_firing_is_later_than_now_and_never_earlier_for_a_later_now(
        expression in expression(), (zone, start) in change(), seconds in 0_i64..200_000, nanos in 0_i64..1_000_000_000,
    ) {
        let text: Vec<&str> = expression.iter().map(|(text, _)| text.as_str()).collect();
        let Ok(schedule) = Schedule::parse(&text.join(" ")) else { return Ok(()) };
        let early = start + TimeDelta::nanoseconds(nanos);
        let late = early + TimeDelta::seconds(seconds);
        let (first, second) = (schedule.next_after(early, zone), schedule.next_after(late, zone));
        prop_assert!(first.is_some_and(|at| at > early));
        prop_assert!(second.is_some_and(|at| at > late));
        prop_assert!(first <= second);
    }

    #[test]
    fn no_text_panics(text in "[0-9*/,?@ a-zA-Z-]{0,30}|\\PC{0,30}") {
        let _ = Schedule::parse(&text).map(|s| s.next_after(at("2026-11-23T00:00:00Z"), Asia::Shanghai));
    }
}

mod plans {
    use std::time::Duration;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn plan(text: &str, jitter: Duration, floor: Duration) -> Plan {
        Plan::new(vec![parse(text)], Asia::Shanghai, jitter, floor, &SourceId::new("chinanews-china"))
    }

    #[test]
    fn the_shortest_gap_is_the_schedules_unless_the_floor_is_longer() {
        let minute = Duration::from_secs(60);
        let cases = [
            ("every twenty minutes", "*/20 * * * *", 10, 20),
            ("with the floor's distance", "*/5 * * * *", 10, 10),
            ("unevenly", "0,10,40 * * * *", 1, 10),
            ("once a day", "30 6 * * *", 10, 24 * 60),
            ("on two days of the week", "0 6 * * 1,3", 10, 2 * 24 * 60),
            ("once a month: never twice in the week that is looked at", "0 6 1 * *", 10, 7 * 24 * 60),
        ];
        for (name, text, floor, minutes) in cases {
            let plan = plan(text, 2 * minute, floor * minute);
            assert_eq!(plan.shortest_gap().num_minutes(), minutes, "{name}");
        }
    }

    #[test]
    fn the_floor_compares_scheduled_instants() {
        let cases = [
            ("as often as the floor keeps its phase", "*/10 * * * *", "12:00:00", "12:00:59", "12:10"),
            ("however long the poll took", "*/10 * * * *", "12:00:00", "12:09:59", "12:10"),
            (
                "a schedule twice as fast loses every second instant",
                "*/5 * * * *",
                "12:00:00",
                "12:00:30",
                "12:10",
            ),
            ("a slower one is left alone", "0 * * * *", "12:00:00", "12:00:30", "13:00"),
            (
                "instants that were missed are not made up for",
                "*/10 * * * *",
                "09:00:00",
                "12:05:00",
                "12:10",
            ),
            ("a clock set back by a second repeats no poll", "*/10 * * * *", "12:00:00", "11:59:59", "12:10"),
            ("one set back by hours stalls none", "*/10 * * * *", "18:00:00", "12:05:00", "12:20"),
        ];
        for (name, text, last, now, expected) in cases {
            let on = |time: &str| at(&format!("2026-11-23T{time}Z"));
            let due = plan(text, Duration::ZERO, 10 * MINUTE).next_due(Some(on(last)), on(now));
            assert_eq!(due.scheduled.format("%H:%M").to_string(), expected, "{name}");
            assert_eq!(due.at, due.scheduled, "{name}");
        }
    }

    #[test]
    fn a_source_keeps_its_place_in_the_jitter() {
        let plan = plan("*/20 * * * *", 2 * MINUTE, 10 * MINUTE);
        let mut now = at("2026-11-23T00:00:00Z");
        let mut last = None;
        let mut offsets = BTreeSet::new();
        for _ in 0..50 {
            let due = plan.next_due(last, now);
            offsets.insert(due.at - due.scheduled);
            (last, now) = (Some(due.scheduled), due.at);
        }
        assert_eq!(offsets.len(), 1);
        assert_eq!(now, at("2026-11-23T16:20:00Z") + offsets.pop_first().expect("one"));
    }

    #[test]
    fn a_restart_between_the_instant_and_its_jitter_still_polls() {
        let plan = plan("0 * * * *", 30 * MINUTE, Duration::ZERO);
        let due = plan.next_due(None, at("2026-11-23T11:59:00Z"));
        let again = plan.next_due(Some(at("2026-11-23T11:00:00Z")), due.at - TimeDelta::seconds(1));
        assert_eq!(again, due);
        assert!(plan.next_due(Some(due.scheduled), due.at - TimeDelta::seconds(1)) > due, "but not twice");
    }

    #[test]
    fn sources_spread_over_the_whole_jitter() {
        let now = at("2026-11-23T11:59:00Z");
        let offset = |n: u32| {
            let id = SourceId::new(&format!("source-{n}"));
            let plan = Plan::new(vec![parse("0 12 * * *")], UTC, 10 * MINUTE, MINUTE, &id);
            let due = plan.next_due(None, now);
            (due.at - due.scheduled).num_minutes()
        };
        let mut minutes = [0_u32; 10];
        for n in 0..1000 {
            minutes[usize::try_from(offset(n)).expect("not negative")] += 1;
        }
        assert!(minutes.iter().all(|sources| (60..=140).contains(sources)), "{minutes:?}");
    }

    proptest! {
        #[test]
        fn a_poll_is_due_later_than_now_and_the_floor_after_the_last(
            expression in expression(), (zone, now) in change(),
            jitter in 0_u64..3600, floor in 0_u64..100_000, ago in -100_000_i64..1_000_000,
        ) {
            let text: Vec<&str> = expression.iter().map(|(text, _)| text.as_str()).collect();
            let Ok(schedule) = Schedule::parse(&text.join(" ")) else { return Ok(()) };
            let seconds = Duration::from_secs;
            let plan = Plan::new(vec![schedule], zone, seconds(jitter), seconds(floor), &SourceId::new("a"));
            let last = now - TimeDelta::seconds(ago);
            let due = plan.next_due(Some(last), now);
            prop_assert!(due.at > now);
            prop_assert!(due.scheduled > last.min(now));
            prop_assert!(due.scheduled >= last.min(now) + seconds(floor));
            prop_assert!(due.at - due.scheduled <= TimeDelta::seconds(i64::try_from(jitter)?));
            prop_assert_eq!(plan.next_due(Some(last), now), due);
        }
    }
}
