//! Two changes within one second, and clients that know nothing but a date. What else preconditions come to is
//! held against the RFC in tests/it/http.rs.

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::model::time::Time;

fn changed() -> Time {
    DateTime::from_timestamp(1_790_000_000, 0).expect("an instant")
}

fn date_of(time: Time) -> String {
    httpdate::fmt_http_date(time.into())
}

fn page(text: &str, modified: Time) -> Page {
    Page::new(text.as_bytes().to_vec(), "text/plain", modified)
}

/// The response to a request for a page: its status, and its date.
fn ask(page: &Page, settled: bool, since: Option<&str>) -> (u16, String) {
    let mut headers = HeaderMap::new();
    if let Some(since) = since {
        headers.insert(header::IF_MODIFIED_SINCE, HeaderValue::from_str(since).expect("a header"));
    }
    let resource = Resource::new(page, settled, None, None);
    let evaluation = evaluate(resource, page.etag(None), &Method::GET, &headers);
    let response = if evaluation.is_full() {
        respond(resource, None, &page.plain, &Method::GET)
    } else {
        respond_without(resource, page.etag(None), evaluation)
    };
    let date = response.headers()[header::LAST_MODIFIED].to_str().expect("ASCII");
    (response.status().as_u16(), date.to_owned())
}

#[test]
fn of_two_changes_within_a_second_none_passes_for_the_other() {
    let earlier = page("one", changed() + TimeDelta::milliseconds(200));
    let later = page("two", changed() + TimeDelta::milliseconds(700));
    for settled in [false, true] {
        let (status, date) = ask(&earlier, false, None);
        assert_eq!(status, 200);
        assert_eq!(ask(&later, settled, Some(&date)).0, 200, "settled: {settled}");
    }
    let (_, date) = ask(&later, true, None);
    assert_eq!(date, date_of(changed()), "once nothing more can come");
    assert_eq!(ask(&later, true, Some(&date)).0, 304);
}

#[test]
fn a_page_that_has_just_changed_is_sent_once_more_and_then_known() {
    let now = page("one", changed());
    let (_, date) = ask(&now, false, None);
    assert_eq!(date, date_of(changed() - TimeDelta::seconds(1)));
    assert_eq!(ask(&now, false, Some(&date)).0, 200);
    let (status, date) = ask(&now, true, Some(&date));
    assert_eq!((status, date.as_str()), (200, date_of(changed()).as_str()));
    assert_eq!(ask(&now, true, Some(&date)).0, 304);
}

#[test]
fn a_change_recorded_while_the_clock_was_ahead_is_dated_before_the_response() {
    let ahead = page("one", changed() + TimeDelta::hours(2));
    let ask = |since: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(since) = since {
            headers.insert(header::IF_MODIFIED_SINCE, HeaderValue::from_str(since).expect("a header"));
        }
        let resource = Resource::new(&ahead, false, None, Some(changed()));
        let response = respond(resource, None, &ahead.plain, &Method::GET);
        let date = response.headers()[header::LAST_MODIFIED].to_str().expect("ASCII").to_owned();
        (evaluate(resource, ahead.etag(None), &Method::GET, &headers).is_full(), date)
    };
    let (_, date) = ask(None);
    assert_eq!(date, date_of(changed() - TimeDelta::seconds(1)));
    assert!(ask(Some(&date)).0, "another change may be dated by the same second");
    let told_by_the_wrong_clock = date_of(changed() + TimeDelta::hours(3));
    assert!(ask(Some(&told_by_the_wrong_clock)).0, "a date to come vouches for nothing");
}

#[test]
fn a_date_of_the_clients_own_vouches_only_for_what_is_long_past() {
    let now = page("one", changed());
    for (after, expected) in [(-1, 200), (1, 200), (59, 200), (60, 304), (100_000, 304)] {
        let since = date_of(changed() + TimeDelta::seconds(after));
        assert_eq!(ask(&now, true, Some(&since)).0, expected, "{after} s after");
    }
}

#[test]
fn a_page_without_a_date_is_known_by_its_tag_alone() {
    let page = page("one", changed()).undated();
    let evaluated = |name: HeaderName, value: &str| {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(value).expect("a header"))]);
        let resource = Resource::new(&page, true, None, None);
        match evaluate(resource, page.etag(None), &Method::GET, &headers) {
            Evaluation::NotModified(_) => 304,
            Evaluation::PreconditionFailed => 412,
            _ => 200,
        }
    };
    let (later, earlier) = (changed() + TimeDelta::days(1), changed() - TimeDelta::days(1));
    assert_eq!(evaluated(header::IF_MODIFIED_SINCE, &date_of(later)), 200);
    assert_eq!(evaluated(header::IF_UNMODIFIED_SINCE, &date_of(earlier)), 200);
    assert_eq!(evaluated(header::IF_NONE_MATCH, page.etag(None)), 304);
    let response = respond(Resource::new(&page, true, None, None), None, &page.plain, &Method::GET);
    assert!(!response.headers().contains_key(header::LAST_MODIFIED));
}
