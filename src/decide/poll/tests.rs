//! Tests of the conclusion of a poll, as tables: the outcome, and the state the next poll starts from.

mod full;
mod gone;
mod redirect;
mod window;

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::decide::answer::{self, is_gone};
use crate::model::exchange::{Block, FetchFault, Hop, Response};
use crate::model::poll_state::{Hold, Moved};
use crate::model::window::Windows;

fn at(seconds: i64) -> Time {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
}

fn validators(etag: Option<&str>, modified: Option<&str>) -> Validators {
    let bytes = |text: Option<&str>| text.map(|t| t.as_bytes().to_vec());
    Validators { etag: bytes(etag), last_modified: bytes(modified), of: None }
}

fn head(status: u16) -> ResponseHead {
    ResponseHead { status, final_url: CONFIGURED.to_owned(), ..ResponseHead::default() }
}

type Reading = Answer<Compared>;

const CONFIGURED: &str = "https://paper.example/feed";
const TARGET: &str = "https://new.example/feed";

fn circumstances(asked: &str) -> Circumstances<'_> {
    static NONE: Validators = Validators { etag: None, last_modified: None, of: None };
    let (scheduled, freshness_limit) = (Some(at(-30)), freshness::LIMIT);
    let (configured, sent) = (CONFIGURED, &NONE);
    Circumstances { at: at(0), scheduled, configured, asked, sent, draw: 0.0, freshness_limit, silent: false }
}

fn feed(new: u32) -> Option<Reading> {
    Some(Answer::Document(Compared {
        entries: 10,
        new,
        changed: 0,
        repairs: Vec::new(),
        body_hash: "hash".to_owned(),
        ttl_minutes: None,
        skip: Skip::default(),
        window_from: Some(7),
        overlaps: true,
        whole: true,
        deferred: false,
        broken: None,
        marks: Marks::default(),
        grows_at_end: None,
        nofollow: false,
    }))
}

fn not_a_feed() -> Option<Reading> {
    Some(no_feed())
}

fn no_feed() -> Reading {
    Answer::NotAFeed("a page".to_owned())
}

fn body(head: ResponseHead) -> Exchange {
    Exchange::Body(Response { head, ..Response::default() })
}

/// A source that was fine until yesterday.
fn before() -> PollState {
    PollState {
        window_from: Some(7),
        ttl_minutes: None,
        skip: Skip::default(),
        rejected: None,
        scheduled: Some(at(-90_000)),
        validators: validators(Some("\"old\""), Some("yesterday")),
        body_hash: Some("old hash".to_owned()),
        failures: 2,
        not_before: Some(at(-60)),
        asked_by: None,
        holds: Vec::new(),
        good_at: Some(at(-86_400)),
        failing_since: None,
        news_at: Some(at(-90_000)),
        waiting: Vec::new(),
        overlaps: None,
        windows: Windows::default(),
        cut_hash: None,
        fresh_for: None,
        moved: None,
        read_by: None,
        in_full: false,
        full_at: None,
        marks: Marks::default(),
        grows_at_end: None,
    }
}

fn conclude_on(before: &PollState, exchange: &Exchange, reading: Option<Reading>) -> (Outcome, PollState) {
    let sent = super::validators(before, at(0));
    conclude(before, Circumstances { sent: &sent, ..circumstances(CONFIGURED) }, exchange, reading)
}

/// Concludes with the meaning of a body, where one came.
fn conclude(
    before: &PollState,
    poll: Circumstances<'_>,
    exchange: &Exchange,
    reading: Option<Reading>,
) -> (Outcome, PollState) {
    let of_body = reading.filter(|_| answer::has_body(exchange));
    let answer = of_body.unwrap_or_else(|| Answer::without_body(exchange, poll.asked, poll.configured));
    super::conclude(before, poll, exchange, answer)
}

#[test]
fn every_exchange_has_its_outcome() {
    let fault = FetchFault::Truncated { came: None };
    let held = FetchFault::Held { host: "paper.example".to_owned(), wait: Duration::from_secs(60) };
    let emptied = Answer::Emptied(String::new());
    let cases = [
        ("a feed", body(head(200)), feed(3), "fetched"),
        ("the same bytes", body(head(200)), Some(Answer::SameBytes), "unchanged"),
        ("a page", body(head(200)), not_a_feed(), "not-a-feed"),
        ("a list without entries", body(head(200)), Some(emptied), "emptied"),
        ("a body nobody read", body(head(200)), None, "not-a-feed"),
        ("304", Exchange::NotModified(head(304)), None, "not-modified"),
        ("410", Exchange::Gone(head(410)), None, "gone"),
        ("429", Exchange::Throttled(head(429)), None, "throttled"),
        ("403", Exchange::Blocked { head: head(403), why: Block::Forbidden }, None, "blocked"),
        ("500", Exchange::Status(head(500)), None, "failed"),
        ("no answer", Exchange::Failed(fault), None, "failed"),
        ("nothing asked", Exchange::Failed(held), None, "held"),
    ];
    for (name, exchange, reading, expected) in cases {
        let (outcome, state) = conclude_on(&before(), &exchange, reading);
        assert_eq!(outcome.name(), expected, "{name}");
        assert_eq!(state.scheduled, Some(at(-30)), "{name}: the floor counts from this poll");
    }
}

#[test]
fn validators_are_those_of_the_last_good_answer() {
    let sent =
        |status, etag, modified| ResponseHead { validators: validators(etag, modified), ..head(status) };
    let old = before().validators;
    let (both, etag) = (validators(Some("\"new\""), Some("today")), validators(Some("\"new\""), None));
    let refreshed = validators(Some("W/\"new\""), Some("yesterday"));
    let new = || sent(200, Some("\"new\""), Some("today"));
    let cases = [
        ("a feed's replace the old", body(new()), feed(1), &both),
        ("a feed's alone count, even if fewer", body(sent(200, Some("\"new\""), None)), feed(1), &etag),
        ("a feed without any drops them", body(head(200)), feed(1), &Validators::default()),
        ("the same bytes may carry new ones", body(new()), Some(Answer::SameBytes), &both),
        ("a 304 without any keeps them", Exchange::NotModified(head(304)), None, &old),
        (
            "a 304 replaces what it repeats",
            Exchange::NotModified(sent(304, Some("W/\"new\""), None)),
            None,
            &refreshed,
        ),
        ("a page's are not a feed's", body(new()), not_a_feed(), &old),
        ("an error page's neither", Exchange::Status(sent(500, Some("\"new\""), None)), None, &old),
        ("nor those of a refusal", Exchange::Throttled(sent(429, Some("\"new\""), None)), None, &old),
        ("no answer keeps them", Exchange::Failed(FetchFault::Reset), None, &old),
    ];
    for (name, exchange, reading, expected) in cases {
        assert_eq!(&conclude_on(&before(), &exchange, reading).1.validators, expected, "{name}");
    }
}

#[test]
fn a_body_that_is_no_feed_is_not_sent_again_for_a_day() {
    let new = validators(Some("\"new\""), None);
    let page = body(ResponseHead { validators: new.clone(), ..head(200) });
    let (_, state) = conclude_on(&before(), &page, not_a_feed());
    assert_eq!(state.validators, before().validators, "what is stored keeps its own");
    let asked_with = |seconds| super::validators(&state, at(seconds));
    assert_eq!(asked_with(60), new);
    assert_eq!(asked_with(86_400), Validators::default(), "a day later it is asked for in full");
    assert_eq!(asked_with(-60), Validators::default(), "and where it came in the future");
    let (outcome, again) = conclude_on(&state, &Exchange::NotModified(head(304)), None);
    assert_eq!((outcome.name(), again.failures), ("not-a-feed", state.failures + 1), "304 makes it no feed");
    let (outcome, mended) = conclude_on(&again, &body(head(200)), Some(Answer::SameBytes));
    assert_eq!((outcome.name(), &mended.rejected), ("unchanged", &None));
    let bare = conclude_on(&before(), &body(head(200)), not_a_feed()).1;
    assert_eq!(bare.rejected, None, "a server that hands none out is asked as before");
    // In vain, in full: not again for a day.
    let day_old = Rejected { at: at(-86_400), ..state.rejected.clone().expect("it was") };
    let failed = PollState { rejected: Some(day_old), ..state };
    for refusal in [Exchange::Status(head(500)), Exchange::Throttled(head(429))] {
        let failed = conclude_on(&failed, &refusal, None).1;
        assert_eq!(super::validators(&failed, at(3600)), new, "{refusal:?}");
    }
}

#[test]
fn a_list_that_was_never_read_is_asked_for_in_full_once_a_day() {
    let new = validators(Some("\"new\""), None);
    let page = body(ResponseHead { validators: new.clone(), ..head(200) });
    for answer in [Answer::Emptied("nothing".to_owned()), Answer::SelectorsStopped("li".to_owned())] {
        let reading = || Some(answer.clone());
        let state = conclude_on(&PollState::default(), &page, reading()).1;
        assert!(is_unread_list(&state));
        assert_eq!(super::validators(&state, at(60)), new);
        assert_eq!(super::validators(&state, at(86_400)), Validators::default());
        let read = conclude_on(&before(), &page, reading()).1;
        assert!(!is_unread_list(&read));
        assert_eq!(super::validators(&read, at(60)), before().validators, "those of what is stored");
    }
}

#[test]
fn no_304_makes_a_feed_of_what_was_none() {
    let emptied = || Answer::Emptied("nothing".to_owned());
    let stopped = || Answer::SelectorsStopped("li".to_owned());
    let wall = || Answer::Blocked("a wall".to_owned());
    let (tag, date) = (|tag| validators(Some(tag), None), |date| validators(None, Some(date)));
    let cases = [
        ("other tags", tag("\"a\""), tag("\"b\""), no_feed(), "not-a-feed"),
        ("one tag for both", tag("\"a\""), tag("\"a\""), no_feed(), "not-a-feed"),
        ("one date for both", date("today"), date("today"), no_feed(), "not-a-feed"),
        ("an older date", date("today"), date("yesterday"), no_feed(), "not-a-feed"),
        ("an empty list", date("today"), date("yesterday"), emptied(), "emptied"),
        ("a wall", date("today"), date("yesterday"), wall(), "blocked"),
        ("selectors, one date", date("today"), date("today"), stopped(), "selectors-stopped"),
        ("selectors, one tag", tag("\"a\""), tag("\"a\""), stopped(), "selectors-stopped"),
        ("selectors, the page of before again", tag("\"a\""), tag("\"b\""), stopped(), "not-modified"),
    ];
    for (name, good, bad, answer, expected) in cases {
        let state = PollState { validators: good, ..before() };
        let page = body(ResponseHead { validators: bad, ..head(200) });
        let (_, state) = conclude_on(&state, &page, Some(answer));
        let (first, again) = conclude_on(&state, &Exchange::NotModified(head(304)), None);
        assert_eq!(first.name(), expected, "{name}");
        let (second, _) = conclude_on(&again, &Exchange::NotModified(head(304)), None);
        assert_eq!(second.name(), expected, "{name}, for good");
    }
    // Asked at the end of the day, answered after it.
    let new = tag("\"new\"");
    let outcome = Some(Outcome::NotAFeed { why: "a page".to_owned() });
    let rejected = Some(Rejected { validators: new.clone(), at: at(-86_401), outcome });
    let late = Circumstances { sent: &new, ..circumstances(CONFIGURED) };
    let state = PollState { rejected, ..before() };
    assert_eq!(conclude(&state, late, &Exchange::NotModified(head(304)), None).0.name(), "not-a-feed");
}

#[test]
fn a_host_that_was_held_costs_its_sources_nothing_but_time() {
    let held = FetchFault::Held { host: "paper.example".to_owned(), wait: Duration::from_secs(600) };
    let (outcome, state) = conclude_on(&before(), &Exchange::Failed(held), None);
    assert_eq!(outcome.name(), "held");
    let waiting = PollState { scheduled: Some(at(-30)), not_before: Some(at(600)), ..before() };
    assert_eq!(state, waiting);
}

#[test]
fn a_good_poll_resets_what_failures_left() {
    for (name, exchange, reading, news, hash) in [
        ("news", body(head(200)), feed(2), Some(at(0)), "hash"),
        ("a feed without news", body(head(200)), feed(0), before().news_at, "hash"),
        ("the same bytes", body(head(200)), Some(Answer::SameBytes), before().news_at, "old hash"),
        ("304", Exchange::NotModified(head(304)), None, before().news_at, "old hash"),
    ] {
        let (_, state) = conclude_on(&before(), &exchange, reading);
        assert_eq!((state.failures, state.not_before, state.good_at), (0, None, Some(at(0))), "{name}");
        assert_eq!((state.news_at, state.body_hash.as_deref()), (news, Some(hash)), "{name}");
    }
}

#[test]
fn failures_back_off_twice_as_long_each_to_a_day() {
    let mut state = PollState { good_at: Some(at(-5)), ..PollState::default() };
    for (failures, minutes) in (1..).zip([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]) {
        state = conclude_on(&state, &Exchange::Failed(FetchFault::Reset), None).1;
        assert_eq!((state.failures, state.not_before), (failures, Some(at(minutes * 60))));
        assert_eq!(state.good_at, Some(at(-5)));
    }
    let (_, state) = conclude_on(&state, &body(head(200)), feed(0));
    assert_eq!((state.failures, state.not_before), (0, None), "one success resets it");
    let spread = Circumstances { draw: 0.99, ..circumstances(CONFIGURED) };
    let (_, drawn) = conclude(&state, spread, &Exchange::Gone(head(410)), None);
    assert!(drawn.not_before.is_some_and(|t| t < at(600) && t > at(440)), "{:?}", drawn.not_before);
}

#[test]
fn a_publisher_that_asks_to_wait_is_left_alone_that_long() {
    let day = 24 * 3600;
    let cases = [
        ("seconds", Some("120"), None, at(120), 2),
        ("a date", Some("Fri, 15 Jan 2027 08:02:00 GMT"), None, at(120), 2),
        (
            "a date beside the server's own",
            Some("Fri, 15 Jan 2027 09:01:00 GMT"),
            Some("Fri, 15 Jan 2027 09:00:00 GMT"),
            at(60),
            2,
        ),
        ("a year is a day", Some("31536000"), None, at(day), 2),
        ("no time at all", Some("0"), None, at(0), 2),
        ("nothing said: it backs off", None, None, at(40 * 60), 3),
        ("nothing that can be read", Some("soon"), None, at(40 * 60), 3),
    ];
    for (name, retry_after, date, until, failures) in cases {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let head = ResponseHead { retry_after: own(retry_after), date: own(date), ..head(429) };
        let (_, state) = conclude_on(&before(), &Exchange::Throttled(head), None);
        assert_eq!((state.not_before, state.failures), (Some(until), failures), "{name}");
    }
}

#[test]
fn freshness_and_ttl_delay_the_next_poll() {
    let fresh = |control: &str| ResponseHead { cache_control: Some(control.to_owned()), ..head(200) };
    let ttl = |minutes| {
        let mut reading = feed(1)?;
        if let Answer::Document(Compared { ttl_minutes, .. }) = &mut reading {
            *ttl_minutes = Some(minutes);
        }
        Some(reading)
    };
    let cases = [
        ("max-age", body(fresh("max-age=900")), feed(1), Some(at(900))),
        ("max-age of a 304", Exchange::NotModified(fresh("max-age=900")), None, Some(at(900))),
        ("a week is six hours", body(fresh("max-age=604800")), feed(1), Some(at(6 * 3600))),
        ("no-cache delays nothing", body(fresh("no-cache, max-age=900")), feed(1), None),
        ("ttl", body(head(200)), ttl(60), Some(at(3600))),
        ("the longer of both", body(fresh("max-age=900")), ttl(60), Some(at(3600))),
        ("nothing said", body(head(200)), feed(1), None),
    ];
    for (name, exchange, reading, until) in cases {
        assert_eq!(conclude_on(&before(), &exchange, reading).1.not_before, until, "{name}");
    }
}

#[test]
fn what_hosts_asked_for_is_kept_until_it_is_over() {
    let told = |host: &str, seconds| Hold { address: format!("https://{host}/x"), until: at(seconds) };
    let mut state = PollState { not_before: Some(at(900)), ..PollState::default() };
    let far = told("pages.example", 90_000);
    hold(&mut state, vec![told("paper.example", 600), told("pages.example", 60), far], CONFIGURED, at(0));
    assert_eq!(
        state.holds,
        [told("paper.example", 600), told("pages.example", 60)],
        "a day at most is believed"
    );
    assert_eq!(state.not_before, Some(at(900)), "freshness asks for more");
    hold(&mut state, vec![told("paper.example", 1200), told("pages.example", 30)], CONFIGURED, at(10));
    assert_eq!(state.holds, [told("paper.example", 1200), told("pages.example", 60)], "the longer one holds");
    assert_eq!(state.not_before, Some(at(1200)), "the source's own host puts it off");
    assert_eq!(held_until(&state, "http://pages.example/y", at(59)), Some(at(60)));
    assert_eq!(held_until(&state, "http://pages.example/y", at(60)), None);
    hold(&mut state, (0..20).map(|n| told(&format!("p{n}.example"), 100)).collect(), CONFIGURED, at(60));
    assert_eq!((state.holds.len(), &state.holds[0]), (wait::MAX_HOLDS, &told("paper.example", 1200)));
    let refused = ResponseHead { retry_after: Some("3600".to_owned()), ..head(500) };
    let (_, state) = conclude_on(&before(), &Exchange::Status(refused), None);
    assert_eq!((state.failures, state.not_before), (3, Some(at(3600))), "said with any status");
}

#[test]
fn a_document_with_a_rewrite_that_waits_is_read_again_but_no_sooner_than_its_publisher_allows() {
    let mut reading = feed(0);
    if let Some(Answer::Document(Compared { deferred, window_from, .. })) = &mut reading {
        (*deferred, *window_from) = (true, Some(9));
    }
    let sent = ResponseHead {
        validators: validators(Some("\"new\""), Some("today")),
        cache_control: Some("max-age=900".to_owned()),
        ..head(200)
    };
    let due_in_full = PollState { in_full: true, ..before() };
    let (_, state) = conclude_on(&due_in_full, &body(sent.clone()), reading.clone());
    assert_eq!((&state.validators, &state.body_hash), (&before().validators, &before().body_hash));
    assert_eq!((state.not_before, state.window_from), (Some(at(900)), Some(9)), "it was all there");
    assert_eq!((state.in_full, state.full_at), (false, Some(at(0))), "the next request is conditional");
    let same = PollState { validators: sent.validators.clone(), ..due_in_full };
    let (_, state) = conclude_on(&same, &body(sent), reading);
    assert!(state.validators.is_empty(), "a 304 would hide what waits");
}

#[test]
fn a_document_that_was_cut_leaves_nothing_by_which_its_rest_could_be_missed() {
    let cut = |cut: bool| {
        let mut reading = feed(1)?;
        if let Answer::Document(Compared { whole, broken, window_from, .. }) = &mut reading {
            (*whole, *broken, *window_from) = (!cut, cut.then(|| "end".to_owned()), Some(9));
        }
        Some(reading)
    };
    let sent = ResponseHead {
        validators: validators(Some("\"new\""), Some("today")),
        cache_control: Some("max-age=900".to_owned()),
        ..head(200)
    };
    let (outcome, state) = conclude_on(&before(), &body(sent.clone()), cut(true));
    assert_eq!(outcome.name(), "fetched");
    assert_eq!((&state.validators, &state.body_hash), (&before().validators, &before().body_hash));
    assert_eq!((state.window_from, state.not_before), (Some(7), None));
    assert_eq!(state.windows.lowest(TimeDelta::days(7)), None, "it is watched from now on");
    assert_eq!(state.cut_hash.as_deref(), Some("end"));
    let (_, state) = conclude_on(&state, &body(sent.clone()), cut(false));
    assert_eq!((&state.validators, state.body_hash.as_deref()), (&sent.validators, Some("hash")));
    assert_eq!((state.cut_hash, state.window_from, state.not_before), (None, Some(9), Some(at(900))));
    // One that ended so twice is whole, and so is the next.
    let Some(Answer::Document(Compared { broken, .. })) = cut(true) else { unreachable!("it is one") };
    let mut again = cut(false);
    if let Some(Answer::Document(Compared { broken: ends, .. })) = &mut again {
        *ends = broken;
    }
    let (_, state) = conclude_on(&before(), &body(sent.clone()), again);
    assert_eq!((state.cut_hash.as_deref(), state.not_before), (Some("end"), Some(at(900))));
    // One of which nothing could be taken is recognised, too, should it come again.
    let nothing = Answer::CutShort { why: "it ends".to_owned(), closing: "end".to_owned() };
    let (outcome, state) = conclude_on(&before(), &body(sent), Some(nothing));
    assert_eq!((outcome.name(), state.cut_hash.as_deref(), state.rejected), ("failed", Some("end"), None));
    assert_eq!((&state.validators, &state.body_hash), (&before().validators, &before().body_hash));
}

#[test]
fn a_wait_from_a_future_that_was_none_lasts_as_long_as_it_was_to() {
    let waits = |seconds| PollState { not_before: Some(at(seconds)), ..PollState::default() };
    let hour = 3600;
    let cases = [
        ("as usual", 2 * hour, Some(-60), Some(2 * hour)),
        ("never polled", 2 * hour, None, Some(2 * hour)),
        ("polled twelve hours ahead", 14 * hour, Some(12 * hour), Some(2 * hour)),
        ("polled ten years ahead", 87_602 * hour, Some(87_600 * hour), Some(2 * hour)),
        ("polled by a clock that was slewed", 2 * hour, Some(30), Some(2 * hour)),
        ("two years off, and nothing says why", 17_520 * hour, Some(-60), None),
    ];
    for (name, until, polled, expected) in cases {
        let found = not_before(&waits(until), polled.map(at), at(0), freshness::LIMIT);
        assert_eq!(found, expected.map(at), "{name}");
    }
}

#[test]
fn a_304_that_does_not_repeat_how_long_it_is_fresh_leaves_that_as_it_was() {
    let said = |status, control: Option<&str>| ResponseHead {
        cache_control: control.map(str::to_owned),
        ..head(status)
    };
    let polls = [
        ("a feed", body(said(200, Some("max-age=900"))), feed(1), Some(900)),
        ("304 without a word", Exchange::NotModified(said(304, None)), None, Some(900)),
        ("304 with another", Exchange::NotModified(said(304, Some("max-age=60"))), None, Some(60)),
        ("304 without a word", Exchange::NotModified(said(304, None)), None, Some(60)),
        ("304 that ends it", Exchange::NotModified(said(304, Some("no-cache"))), None, None),
        ("304 without a word", Exchange::NotModified(said(304, None)), None, None),
        ("a feed", body(said(200, Some("max-age=900"))), feed(1), Some(900)),
        ("a feed without a word", body(said(200, None)), Some(Answer::SameBytes), None),
    ];
    let mut state = before();
    for (name, exchange, reading, expected) in polls {
        state = conclude_on(&state, &exchange, reading).1;
        assert_eq!(state.not_before, expected.map(at), "{name}");
    }
}
