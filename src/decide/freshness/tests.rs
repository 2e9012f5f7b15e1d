//! Tables of header values as servers send them. It is 2026-11-23 12:00:00 UTC, a Monday, by our
//! clock; servers may disagree.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::model::skip::Skip;

const NOON: &str = "Mon, 23 Nov 2026 12:00:00 GMT";
/// The same, by a server that does not know what day it is.
const WRONG: &str = "Tue, 23 Nov 2026 12:00:00 GMT";

fn noon() -> Time {
    http_date(NOON).expect("a date")
}

/// Cache-Control, Expires, Date and Age, empty for none.
fn headers<'a>([cache_control, expires, date, age]: [&'a str; 4]) -> Headers<'a> {
    let given = |text: &'a str| (!text.is_empty()).then_some(text);
    Headers {
        cache_control: given(cache_control),
        expires: given(expires),
        date: given(date),
        age: given(age),
    }
}

fn minutes(at: Option<Time>) -> Option<i64> {
    at.map(|at| (at - noon()).num_minutes())
}

#[test]
fn headers_delay_the_next_poll() {
    let cases: &[(&str, [&str; 4], Option<i64>)] = &[
        ("nothing said", ["", "", "", ""], None),
        ("max-age counts from the receipt", ["max-age=1800", "", "", ""], Some(30)),
        ("less the time it lay in caches", ["max-age=1800", "", "", "600"], Some(20)),
        ("older than its lifetime is stale", ["max-age=1800", "", "", "1800"], None),
        ("an age that is no number is none", ["max-age=1800", "", "", "old"], Some(30)),
        (
            "a slow server clock is not age",
            ["max-age=1800", "", "Mon, 23 Nov 2026 09:00:00 GMT", ""],
            Some(30),
        ),
        (
            "directives in any case, among others",
            ["Public, MAX-AGE=1800, must-revalidate", "", "", ""],
            Some(30),
        ),
        ("in quotes, as some write it", ["max-age=\"1800\"", "", "", ""], Some(30)),
        ("the first of two", ["max-age=1800, max-age=3600", "", "", ""], Some(30)),
        (
            "a comma in quotes parts nothing",
            ["private=\"a, max-age=60\", max-age=1800", "", "", ""],
            Some(30),
        ),
        ("s-maxage is for shared caches", ["s-maxage=1800", "", "", ""], None),
        ("a lifetime that is no number is stale", ["max-age=soon", NOON, "", ""], None),
        ("a negative one too", ["max-age=-1", "", "", ""], None),
        ("no-store delays nothing", ["no-store, max-age=1800", "", "", ""], None),
        ("no-cache delays nothing", ["max-age=1800, no-cache", "", "", ""], None),
        ("nor does its form with a field", ["no-cache=\"set-cookie\", max-age=1800", "", "", ""], None),
        ("a year is cut to six hours", ["max-age=31536000", "", "", ""], Some(360)),
        ("so is a number beyond counting", ["max-age=99999999999999999999999", "", "", ""], Some(360)),
        ("Expires against our clock", ["", "Mon, 23 Nov 2026 12:30:00 GMT", "", ""], Some(30)),
        (
            "Expires against the server's clock",
            ["", "Mon, 23 Nov 2026 09:30:00 GMT", "Mon, 23 Nov 2026 09:00:00 GMT", ""],
            Some(30),
        ),
        ("Expires on a wrong weekday", ["", "Sun, 23 Nov 2026 12:30:00 GMT", WRONG, ""], Some(30)),
        ("Expires in the past", ["", "Sun, 06 Nov 1994 08:49:37 GMT", NOON, ""], None),
        ("Expires: 0 has expired", ["", "0", NOON, ""], None),
        ("max-age wins over Expires", ["max-age=600", "Mon, 23 Nov 2026 18:00:00 GMT", NOON, ""], Some(10)),
        ("max-age=0 too", ["max-age=0", "Mon, 23 Nov 2026 18:00:00 GMT", NOON, ""], None),
        ("the old date forms are read", ["", "Monday, 23-Nov-26 12:30:00 GMT", "", ""], Some(30)),
    ];
    for (name, values, expected) in cases {
        let got = minutes(not_before(noon(), &headers(*values), None, LIMIT));
        assert_eq!(got, *expected, "{name}");
    }
}

#[test]
fn the_feed_s_own_interval_counts_beside_the_headers() {
    let fresh = headers(["max-age=1800", "", "", ""]);
    let ttl = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    assert_eq!(minutes(not_before(noon(), &fresh, ttl(60), LIMIT)), Some(60), "the later of the two");
    assert_eq!(minutes(not_before(noon(), &fresh, ttl(10), LIMIT)), Some(30), "whichever it is");
    assert_eq!(
        minutes(not_before(noon(), &Headers::default(), ttl(9999), LIMIT)),
        Some(360),
        "six hours at most"
    );
    let uncached = headers(["no-cache", "", "", ""]);
    assert_eq!(minutes(not_before(noon(), &uncached, ttl(60), LIMIT)), Some(60), "caches are not feeds");
    assert_eq!(not_before(noon(), &fresh, ttl(60), Duration::ZERO), None, "a limit of zero turns it off");
}

#[test]
fn skipped_hours_and_days_postpone_a_poll() {
    let cases: &[(&str, &[&str], &[&str], i64)] = &[
        ("an hour not skipped stays", &["11", "13"], &["Tuesday"], 0),
        ("a skipped hour waits for the next", &["12"], &[], 30),
        ("several wait for the last", &["14", "12", "13"], &[], 150),
        ("six hours at most", &["12", "13", "14", "15", "16", "17", "18", "19"], &[], 360),
        ("a skipped day too", &[], &["Monday"], 360),
        ("what cannot be read skips nothing", &["noon", "25", "-1"], &["Monntag"], 0),
        ("short names and blanks are read", &[" 12 "], &[" tue "], 30),
        ("a whole week skipped means nothing", &[], &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], 0),
    ];
    let due = noon() + TimeDelta::minutes(30);
    for (name, hours, days, expected) in cases {
        let skip = Skip::new(hours.iter().copied(), days.iter().copied());
        assert_eq!((skip.postpone(due, LIMIT) - due).num_minutes(), *expected, "{name}");
    }
    let midnight = noon() + TimeDelta::hours(12);
    assert_eq!(Skip::new(["24"], []).postpone(midnight, LIMIT), midnight + TimeDelta::hours(1), "24 is 0");
}

#[test]
fn retry_after_is_obeyed_within_a_cap() {
    let cases = [
        ("seconds", "120", "", Some(2)),
        ("with blanks", " 120 ", "", Some(2)),
        ("none at all", "0", "", Some(0)),
        ("a day at most", "864000", "", Some(1440)),
        ("beyond counting", "99999999999999999999", "", Some(1440)),
        ("a date against our clock", "Mon, 23 Nov 2026 12:05:00 GMT", "", Some(5)),
        (
            "a date against the server's clock",
            "Mon, 23 Nov 2026 09:05:00 GMT",
            "Mon, 23 Nov 2026 09:00:00 GMT",
            Some(5),
        ),
        ("a date that is past", "Mon, 23 Nov 2026 11:00:00 GMT", NOON, Some(0)),
        ("of two lines the longer", "60\n7200", "", Some(120)),
        ("in whichever order", "7200\n60", "", Some(120)),
        ("also joined to one", "60, 7200", "", Some(120)),
        ("a date among them", "60\nMon, 23 Nov 2026 12:05:00 GMT", "", Some(5)),
        ("what cannot be read beside one that can", "soon\n60", "", Some(1)),
        ("a wrong weekday", "Fri, 23 Nov 2026 12:05:00 GMT", NOON, Some(5)),
        ("a wrong weekday in the server's own date", "Mon, 23 Nov 2026 12:05:00 GMT", WRONG, Some(5)),
        ("no weekday", "23 Nov 2026 12:05:00 GMT", NOON, Some(5)),
        ("a wrong one in the form of RFC 850", "Friday, 23-Nov-26 12:05:00 GMT", NOON, Some(5)),
        ("a wrong one in that of C", "Fri Nov 23 12:05:00 2026", NOON, Some(5)),
        ("a day that is none", "Mon, 31 Nov 2026 12:05:00 GMT", NOON, None),
        ("a negative number", "-5", "", None),
        ("a fraction", "1.5", "", None),
        ("neither", "later", "", None),
        ("nothing", "", "", None),
    ];
    for (name, value, date, expected) in cases {
        let date = (!date.is_empty()).then_some(date);
        let got = retry_after(value, date, noon(), Duration::from_secs(24 * 3600));
        assert_eq!(minutes(got), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn no_headers_panic_hasten_or_delay_beyond_the_limit(
        values in proptest::array::uniform4("[ -~]{0,40}|max-age=[0-9]{1,30}|no-store"), ttl in any::<u64>(),
    ) {
        let [a, b, c, d] = &values;
        let headers = headers([a, b, c, d]);
        let got = not_before(noon(), &headers, Some(Duration::from_secs(ttl)), LIMIT);
        prop_assert!(got.is_none_or(|at| at > noon() && at - noon() <= TimeDelta::hours(6)));
        let retry = retry_after(a, Some(b), noon(), LIMIT);
        prop_assert!(retry.is_none_or(|at| at >= noon() && at - noon() <= TimeDelta::hours(6)));
    }
}
