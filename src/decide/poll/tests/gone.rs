//! 410: of the source, or of where it led.

use super::*;

#[test]
fn only_the_configured_address_ends_its_source() {
    let moved = Some(Moved { to: TARGET.to_owned(), seen: MOVED_AFTER });
    let state = PollState { moved, ..before() };
    let led = |status| {
        let hops = vec![Hop { status, to: TARGET.to_owned() }];
        Exchange::Gone(ResponseHead { hops, final_url: TARGET.to_owned(), ..head(410) })
    };
    let cases = [
        ("the configured address itself", CONFIGURED, Exchange::Gone(head(410)), "gone"),
        ("where it moved to", TARGET, Exchange::Gone(head(410)), "failed"),
        ("where a temporary redirect leads", CONFIGURED, led(302), "failed"),
        ("where a permanent redirect leads", CONFIGURED, led(301), "failed"),
    ];
    for (name, asked, exchange, expected) in cases {
        let (outcome, after) = conclude(&state, circumstances(asked), &exchange, None);
        assert_eq!(outcome.name(), expected, "{name}");
        assert_eq!(is_gone(&exchange, asked, CONFIGURED), expected == "gone", "{name}");
        assert_eq!(address(CONFIGURED, &after), CONFIGURED, "{name}: asked the next time");
        assert_eq!((after.failures, after.not_before), (3, Some(at(40 * 60))), "{name}");
    }
}
