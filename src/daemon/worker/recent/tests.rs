//! Tests of the time for which polls are remembered, and of their number.

use super::*;
use crate::testing::at;

fn fetched(new: u32) -> Outcome {
    Outcome::Fetched { entries: 9, new, changed: 0, repairs: Vec::new() }
}

fn failed() -> Outcome {
    Outcome::Failed { why: "no answer".to_owned() }
}

#[test]
fn what_is_older_than_an_hour_is_forgotten() {
    let recent = RecentOutcomes::default();
    let source = SourceId::new("a");
    for (when, outcome) in [(0, fetched(1)), (1800, fetched(0)), (3000, failed())] {
        recent.note(at(when), &source, &outcome);
    }
    assert_eq!(recent.counts(at(3599)), [("failed", 1), ("fetched", 2)].into());
    assert_eq!(recent.counts(at(3600)), [("failed", 1), ("fetched", 1)].into());
    assert_eq!(recent.last(), Some(at(3000)));
    assert_eq!(recent.of(&source), [PollMark::News, PollMark::Quiet, PollMark::Failed]);
    assert_eq!(recent.of(&SourceId::new("b")), []);
}

#[test]
fn the_last_polls_of_a_source_are_remembered_and_no_more() {
    let recent = RecentOutcomes::default();
    let source = SourceId::new("a");
    recent.note(at(0), &source, &failed());
    (0..EACH).for_each(|_| recent.note(at(1), &source, &fetched(0)));
    assert_eq!(recent.of(&source), [PollMark::Quiet; EACH]);
}
