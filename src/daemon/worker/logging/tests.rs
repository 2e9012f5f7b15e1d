//! The weight of each poll's line in the log.

use std::time::Duration;

use super::*;
use crate::model::source::SourceId;
use crate::testing::at;

#[test]
fn a_source_that_keeps_failing_is_told_first_once_a_day_and_when_it_works_again() {
    const HOUR: i64 = 3600;
    let failed = || Outcome::Failed { why: "status 500".to_owned() };
    let blocked = Outcome::Blocked { why: "status 403".to_owned() };
    let failing = |hours: i64| {
        let state = PollState { failing_since: Some(at(0)), failures: 4, ..PollState::default() };
        Failing::of(&state, Some(at(hours * HOUR)))
    };
    let good = Some(Outcome::NotModified);
    let held = Outcome::Held { why: "another source was told".to_owned() };
    let cases = [
        ("a good poll", good.clone(), None, Outcome::Unchanged, 1, Weight::Info, ""),
        ("the first failure", good.clone(), None, failed(), 1, Weight::Warn, ""),
        ("of a new source", None, None, failed(), 1, Weight::Warn, ""),
        ("the second", Some(failed()), failing(1), failed(), 2, Weight::Debug, "still "),
        ("in another way", Some(failed()), failing(1), blocked, 2, Weight::Debug, "still "),
        ("the first after a day", Some(failed()), failing(23), failed(), 25, Weight::Warn, "still "),
        ("the second after a day", Some(failed()), failing(25), failed(), 30, Weight::Debug, "still "),
        ("the first after two days", Some(failed()), failing(30), failed(), 49, Weight::Warn, "still "),
        (
            "it works again",
            Some(failed()),
            failing(30),
            Outcome::NotModified,
            31,
            Weight::Info,
            "works again: ",
        ),
        ("it ends", Some(failed()), failing(30), Outcome::Gone, 31, Weight::Warn, ""),
        ("it stays gone", Some(Outcome::Gone), failing(31), Outcome::Gone, 32, Weight::Debug, "still "),
        ("its host is left alone", good, None, held, 1, Weight::Debug, ""),
    ];
    for (name, before, failing, outcome, hours, expected, lead) in cases {
        let report = PollReport {
            source: SourceId::new("a"),
            outcome,
            before,
            failing,
            elapsed: Duration::ZERO,
            state: PollState::default(),
        };
        assert_eq!(weight(&report, at(hours * HOUR)), (expected, lead), "{name}");
    }
}
