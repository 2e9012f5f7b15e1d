//! Permanent redirects: when the target is asked directly, and when that ends.

use super::*;

fn redirected(status: u16, to: &str) -> Exchange {
    let hops = vec![Hop { status, to: to.to_owned() }];
    body(ResponseHead { hops, final_url: to.to_owned(), ..head(200) })
}

#[test]
fn a_permanent_redirect_is_taken_over_once_it_proved_steady() {
    let mut state = before();
    for seen in 1..=MOVED_AFTER {
        assert_eq!(address(CONFIGURED, &state), CONFIGURED, "after {} polls", seen - 1);
        state = conclude_on(&state, &redirected(301, TARGET), feed(0)).1;
        assert_eq!(state.moved, Some(Moved { to: TARGET.to_owned(), seen }));
    }
    assert_eq!(address(CONFIGURED, &state), TARGET);
    // Asked directly, it answers for itself.
    let direct = |exchange: &Exchange| conclude(&state, circumstances(TARGET), exchange, feed(0)).1.moved;
    assert_eq!(direct(&body(head(200))), state.moved);
    assert_eq!(direct(&Exchange::NotModified(head(304))), state.moved);
    let onward = direct(&redirected(308, "https://third.example/"));
    assert_eq!(
        onward,
        Some(Moved { to: "https://third.example/".to_owned(), seen: 1 }),
        "the watch begins anew"
    );
    assert_eq!(direct(&Exchange::Status(head(404))), None, "it fails: back to the configured address");
    let throttled = conclude(&state, circumstances(TARGET), &Exchange::Throttled(head(429)), None).1;
    assert_eq!(throttled.moved, state.moved, "it is there, and asks to wait");
}

#[test]
fn a_redirect_that_is_not_steady_is_forgotten() {
    let moved = |to: &str, seen| Some(Moved { to: to.to_owned(), seen });
    let watched = PollState { moved: moved(TARGET, 2), ..before() };
    let cases = [
        (
            "one elsewhere starts over",
            redirected(301, "https://other.example/"),
            moved("https://other.example/", 1),
        ),
        ("a temporary one ends it", redirected(302, TARGET), None),
        ("an answer of its own ends it", body(head(200)), None),
        ("a failure ends it", Exchange::Failed(FetchFault::Reset), None),
    ];
    for (name, exchange, expected) in cases {
        assert_eq!(conclude_on(&watched, &exchange, feed(0)).1.moved, expected, "{name}");
    }
}
