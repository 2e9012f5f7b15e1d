//! When a source that hands out validators is asked in full all the same, and of what its validators are.

use super::*;

const DAY: i64 = 86_400;

fn tagged(status: u16, etag: &str) -> ResponseHead {
    ResponseHead { validators: validators(Some(etag), None), ..head(status) }
}

/// A poll at some second, with whatever the state would have it sent.
fn poll_at(state: &PollState, seconds: i64, exchange: &Exchange, reading: Option<Reading>) -> PollState {
    let sent = super::super::validators(state, at(seconds));
    let poll = Circumstances { at: at(seconds), sent: &sent, ..circumstances(CONFIGURED) };
    conclude(state, poll, exchange, reading).1
}

fn asks_in_full(state: &PollState, seconds: i64) -> bool {
    super::super::validators(state, at(seconds)).is_empty()
}

#[test]
fn a_304_that_names_another_body_proves_nothing_and_by_a_strong_tag_updates_nothing() {
    let (ours, weak) = ("\"a\"", "W/\"a\"");
    let cases = [
        ("another strong tag", ours, "\"b\"", ours, true),
        ("another strong tag, where ours is weak", weak, "\"b\"", weak, true),
        ("the same tag", ours, ours, ours, false),
        ("ours, which was weak where it was compressed", weak, ours, ours, false),
        ("ours, made weak", ours, weak, weak, false),
        ("another weak tag", ours, "W/\"b\"", "W/\"b\"", true),
        ("another weak tag, where ours is weak", weak, "W/\"b\"", "W/\"b\"", true),
    ];
    for (name, stored, said, kept, doubted) in cases {
        let state = PollState { validators: validators(Some(stored), None), ..before() };
        let state = poll_at(&state, 0, &Exchange::NotModified(tagged(304, said)), None);
        assert_eq!(state.validators, validators(Some(kept), None), "{name}");
        assert_eq!(asks_in_full(&state, 60), doubted, "{name}");
    }
    let dated = PollState { validators: validators(None, Some("today")), ..before() };
    let state = poll_at(&dated, 0, &Exchange::NotModified(tagged(304, "\"b\"")), None);
    assert_eq!(
        state.validators,
        validators(Some("\"b\""), Some("today")),
        "told by a date, it has a tag now"
    );
    assert!(asks_in_full(&state, 60), "of what it is the tag was never read");
    let dates = [("today", false), ("now", true)];
    for (said, doubted) in dates {
        let told = ResponseHead { validators: validators(None, Some(said)), ..head(304) };
        let state = poll_at(&dated, 0, &Exchange::NotModified(told.clone()), None);
        assert_eq!((asks_in_full(&state, 60), state.validators), (doubted, validators(None, Some(said))));
        let both = PollState { validators: validators(Some(ours), Some("today")), ..before() };
        let state = poll_at(&both, 0, &Exchange::NotModified(told), None);
        assert_eq!((asks_in_full(&state, 60), state.validators), (false, validators(Some(ours), Some(said))));
    }
}

#[test]
fn what_is_due_in_full_is_asked_for_once_a_day_until_it_was_read() {
    let other = Exchange::NotModified(tagged(304, "\"b\""));
    let first = poll_at(&PollState::default(), 0, &body(tagged(200, "\"a\"")), feed(1));
    assert_eq!(first.full_at, Some(at(0)));
    let doubted = poll_at(&first, 60, &other, None);
    assert!(!asks_in_full(&doubted, DAY - 1), "it was asked in full less than a day ago");
    assert!(asks_in_full(&doubted, DAY));
    assert!(asks_in_full(&doubted, -60), "where that was in the future");
    // Told that nothing changed, it still was not read; nor where what came breaks off, or nobody came through.
    let patient = poll_at(&doubted, 120, &Exchange::NotModified(tagged(304, "\"a\"")), None);
    assert!(!asks_in_full(&patient, 180) && asks_in_full(&patient, DAY));
    let cut = Answer::CutShort { why: "it ends".to_owned(), closing: "end".to_owned() };
    assert!(asks_in_full(&poll_at(&patient, DAY, &body(tagged(200, "\"b\"")), Some(cut)), DAY + 1));
    let silent = FetchFault::Connect { host: "paper.example".to_owned(), why: "refused".to_owned() };
    assert!(asks_in_full(&poll_at(&patient, DAY, &Exchange::Failed(silent), None), DAY + 1));
    // In vain, in full: not again for a day.
    for exchange in
        [Exchange::Status(head(500)), Exchange::Failed(FetchFault::Reset), body(tagged(200, "\"b\""))]
    {
        let failed = poll_at(&patient, DAY, &exchange, not_a_feed());
        assert!(!asks_in_full(&failed, 2 * DAY - 1) && asks_in_full(&failed, 2 * DAY), "{exchange:?}");
    }
    let read = poll_at(&patient, DAY, &body(tagged(200, "\"b\"")), feed(1));
    assert!(!asks_in_full(&read, 9 * DAY), "it was read");
    assert_eq!(read.validators, validators(Some("\"b\""), None));
}

#[test]
fn who_only_leads_to_a_body_or_guards_it_was_not_asked_for_it() {
    let there = "https://there.example/feed";
    let of = Validators { of: Some(there.to_owned()), ..validators(Some("\"a\""), None) };
    let state = PollState { validators: of, in_full: true, full_at: Some(at(0)), ..before() };
    let led = |status| ResponseHead {
        final_url: there.to_owned(),
        hops: vec![Hop { status: 302, to: there.to_owned() }],
        ..tagged(status, "\"b\"")
    };
    // Hourly polls: the address that redirects fails now and then, the other one says 304.
    let mut failing = state.clone();
    for hour in 1..23 {
        let refused =
            if hour % 5 == 0 { Exchange::Status(head(503)) } else { Exchange::NotModified(led(304)) };
        failing = poll_at(&failing, hour * 3600, &refused, None);
    }
    assert!(asks_in_full(&failing, DAY), "that address never had validators");
    // A robots.txt, or a redirect to be followed later, is told as a throttle.
    let later = Exchange::Throttled(ResponseHead { retry_after: Some("60".to_owned()), ..head(302) });
    assert!(asks_in_full(&poll_at(&state, DAY, &later, None), DAY + 60));
    // Its target is another one now: that was asked without them.
    let elsewhere = ResponseHead { final_url: "https://elsewhere.example/feed".to_owned(), ..led(200) };
    assert_eq!(poll_at(&state, 60, &body(elsewhere), feed(1)).full_at, Some(at(60)));
}

#[test]
fn what_is_read_otherwise_is_asked_for_in_full_once() {
    let mut state = poll_at(&before(), -60, &body(tagged(200, "\"a\"")), feed(1));
    read_by(&mut state, "one".to_owned());
    assert!(!asks_in_full(&state, 0) && state.body_hash.is_some(), "nothing is known of before: an upgrade");
    read_by(&mut state, "one".to_owned());
    assert!(!asks_in_full(&state, 0) && state.body_hash.is_some(), "the same");
    read_by(&mut state, "two".to_owned());
    assert!(asks_in_full(&state, 0), "however short ago it was asked in full");
    assert_eq!(state.body_hash, None, "the same bytes are read again");
    let failed = poll_at(&state, 0, &Exchange::Status(head(500)), None);
    assert!(!asks_in_full(&failed, 3600) && asks_in_full(&failed, DAY));
    assert_eq!(failed.validators, validators(Some("\"a\""), None), "until then with what there is");
    let read = poll_at(&state, 0, &body(tagged(200, "\"a\"")), feed(5));
    assert!(!asks_in_full(&read, 60) && !asks_in_full(&read, 9 * DAY));
    assert_eq!(read.read_by.as_deref(), Some("two"));
}

#[test]
fn validators_are_of_the_address_that_gave_them() {
    let led = |status, head: ResponseHead| {
        let hops = vec![Hop { status: 302, to: TARGET.to_owned() }];
        ResponseHead { status, hops, final_url: TARGET.to_owned(), ..head }
    };
    let of = |state: &PollState| state.validators.of.clone();
    let own = poll_at(&before(), 0, &body(tagged(200, "\"a\"")), feed(1));
    assert_eq!(of(&own), None, "the configured one's");
    let elsewhere = poll_at(&own, 60, &body(led(200, tagged(200, "\"a\""))), feed(1));
    assert_eq!(of(&elsewhere).as_deref(), Some(TARGET));
    let again = poll_at(&elsewhere, 120, &Exchange::NotModified(led(304, tagged(304, "W/\"b\""))), None);
    assert_eq!((of(&again).as_deref(), &again.validators.etag), (Some(TARGET), &Some(b"W/\"b\"".to_vec())));
    let page = poll_at(&own, 60, &body(led(200, tagged(200, "\"p\""))), not_a_feed());
    assert_eq!(page.rejected.expect("it is none").validators.of.as_deref(), Some(TARGET));
    // Asked directly, since it moved there.
    let direct = Circumstances { sent: &elsewhere.validators, ..circumstances(TARGET) };
    let answer = body(ResponseHead { final_url: TARGET.to_owned(), ..tagged(200, "\"c\"") });
    assert_eq!(of(&conclude(&elsewhere, direct, &answer, feed(1)).1).as_deref(), Some(TARGET));
    // A body that came for the validators of another address was sent in full.
    assert_eq!((elsewhere.full_at, again.full_at), (Some(at(60)), Some(at(60))));
}

#[test]
fn a_source_that_is_silent_for_too_long_is_asked_in_full_and_then_ever_more_seldom() {
    let silent = |state: &PollState, seconds| {
        let sent = super::super::validators(state, at(seconds));
        let poll = Circumstances { at: at(seconds), sent: &sent, silent: true, ..circumstances(CONFIGURED) };
        let (exchange, reading) = if sent.is_empty() {
            (body(tagged(200, "\"a\"")), Some(Answer::SameBytes))
        } else {
            (Exchange::NotModified(tagged(304, "\"a\"")), None)
        };
        (sent.is_empty(), conclude(state, poll, &exchange, reading).1)
    };
    let mut state = PollState {
        validators: validators(Some("\"a\""), None),
        news_at: Some(at(-20 * DAY)),
        full_at: Some(at(-20 * DAY)),
        ..before()
    };
    let mut in_full = Vec::new();
    for hour in 0..24 * 60 {
        let (full, after) = silent(&state, hour * 3600);
        in_full.extend(full.then_some(hour / 24));
        state = after;
    }
    assert_eq!(in_full, [0, 5, 11, 19, 29, 41, 57], "days; a quarter of the silence between them");
    let resting = PollState {
        news_at: Some(at(-7 * DAY)),
        full_at: Some(at(-7 * DAY)),
        in_full: false,
        ..state.clone()
    };
    assert!(!silent(&resting, 0).1.in_full, "a week's rest is no reason");
    let awake = poll_at(&state, 61 * DAY, &Exchange::NotModified(tagged(304, "\"a\"")), None);
    assert!(!awake.in_full, "not silent");
}

#[test]
fn validators_with_a_date_in_the_future_are_made_up() {
    let date = |text: &str| Some(text.to_owned());
    let cases = [
        ("of years ahead", "Sat, 16 Nov 2041 19:11:00 GMT", date("Fri, 15 Jan 2027 08:00:00 GMT"), true),
        ("by our own clock", "Sat, 16 Nov 2041 19:11:00 GMT", None, true),
        ("of an hour ahead", "Fri, 15 Jan 2027 09:00:00 GMT", date("Fri, 15 Jan 2027 08:00:00 GMT"), false),
        (
            "by a server whose clock is ahead",
            "Sat, 16 Nov 2041 19:11:00 GMT",
            date("Sat, 16 Nov 2041 20:00:00 GMT"),
            false,
        ),
        ("no date", "yesterday", None, false),
    ];
    for (name, modified, date, made_up) in cases {
        let given = validators(Some("\"v1\""), Some(modified));
        let answer = body(ResponseHead { validators: given, date, ..head(200) });
        let state = poll_at(&before(), 0, &answer, feed(1));
        assert_eq!(state.validators.is_empty(), made_up, "{name}");
    }
}
