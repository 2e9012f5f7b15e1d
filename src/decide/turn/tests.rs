//! Cases in order: each poll starts from the state that the one before left.

use super::*;
use crate::model::turn::{PastTurn, note};
use crate::testing::{at, poll_record, sources};

const DAY: i64 = 24 * 3600;

fn fetched(entries: u32, new: u32) -> Outcome {
    Outcome::Fetched { entries, new, changed: 0, repairs: Vec::new() }
}

fn failed() -> Outcome {
    Outcome::Failed { why: "no answer".to_owned() }
}

/// A source, polled as `apply` does it.
struct Polled(SourceState);

impl Polled {
    fn new() -> Self {
        Self(SourceState::new(1, sources().remove(0)))
    }

    /// One poll after so many seconds, which brings entries of these dates.
    fn poll(
        &mut self,
        seconds: i64,
        outcome: Outcome,
        dates: &[i64],
    ) -> Option<(String, String, Option<u32>)> {
        let mut record = poll_record(self.0.def.id.as_str(), seconds, outcome.clone());
        if let Outcome::Fetched { entries, new, .. } = &outcome {
            record.state.overlaps = Some(new < entries);
        }
        record.state.good_at = if outcome.is_good() { Some(record.at) } else { self.0.poll.good_at };
        let dates: Vec<Time> = dates.iter().map(|date| at(*date)).collect();
        let turn = turn(Some(&self.0), &record, dates.iter().copied());
        let source = &mut self.0;
        source.poll = record.state;
        source.habits.note_poll(record.at, &outcome, source.poll.overlaps, !source.seeded);
        dates.iter().for_each(|date| source.habits.note_entry(*date));
        source.seeded |= !dates.is_empty();
        (source.outcome, source.polled_at) = (Some(outcome), Some(record.at));
        if let Some(turn) = &turn {
            note(&mut source.turns, PastTurn { at: record.at, seq: 1, turn: turn.clone() });
        }
        turn.map(|turn| (turn.was, turn.state, turn.missed))
    }
}

fn said(was: &str, state: &str) -> Option<(String, String, Option<u32>)> {
    Some((was.to_owned(), state.to_owned(), None))
}

#[test]
fn a_source_that_goes_on_as_before_says_nothing() {
    let mut source = Polled::new();
    assert_eq!(source.poll(0, fetched(2, 2), &[0, 1]), None, "a first good poll");
    assert_eq!(source.poll(60, Outcome::NotModified, &[]), None);
    assert_eq!(source.poll(120, fetched(2, 1), &[100]), None);
}

#[test]
fn trouble_is_told_when_it_begins_and_when_it_ends() {
    let mut source = Polled::new();
    source.poll(0, fetched(1, 1), &[0]);
    assert_eq!(source.poll(60, failed(), &[]), said("ok", "failed"));
    assert_eq!(source.poll(120, failed(), &[]), None, "it goes on");
    assert_eq!(source.poll(180, Outcome::Blocked { why: "403".to_owned() }, &[]), said("failed", "blocked"));
    assert_eq!(source.poll(240, Outcome::Held { why: "wait".to_owned() }, &[]), None, "it was not asked");
    assert_eq!(source.poll(300, Outcome::NotModified, &[]), said("blocked", "ok"));
    assert_eq!(source.poll(360, Outcome::Gone, &[]), said("ok", "gone"));
}

#[test]
fn a_source_that_never_worked_says_so_at_once() {
    assert_eq!(Polled::new().poll(0, failed(), &[]), said("new", "failed"));
    let record = poll_record("fixed", 0, failed());
    assert_eq!(
        turn(None, &record, []).map(|turn| turn.was),
        Some("new".to_owned()),
        "nothing is stored of it"
    );
}

#[test]
fn a_source_that_was_held_first_has_not_changed_when_it_answers() {
    let mut source = Polled::new();
    assert_eq!(source.poll(0, Outcome::Held { why: "wait".to_owned() }, &[]), None);
    assert_eq!(source.poll(60, fetched(1, 1), &[0]), None);
    assert_eq!(source.poll(120, Outcome::Held { why: "wait".to_owned() }, &[]), None);
    assert_eq!(source.poll(180, Outcome::NotModified, &[]), None);
}

#[test]
fn silence_beyond_its_rhythm_is_told_once_and_so_is_its_end() {
    let mut source = Polled::new();
    source.poll(0, fetched(3, 3), &[-7200, -3600, 0]);
    assert_eq!(source.poll(2 * DAY, Outcome::NotModified, &[]), None);
    assert_eq!(source.poll(4 * DAY, Outcome::NotModified, &[]), said("ok", "stale"));
    assert_eq!(source.poll(5 * DAY, Outcome::NotModified, &[]), None);
    assert_eq!(source.poll(6 * DAY, fetched(4, 1), &[6 * DAY - 60]), said("stale", "ok"));
}

#[test]
fn entries_that_may_have_been_missed_are_told_with_the_recovery() {
    let mut source = Polled::new();
    source.poll(0, fetched(2, 2), &[0, 1]);
    assert_eq!(source.poll(60, failed(), &[]), said("ok", "failed"));
    let missed = source.poll(3600, fetched(2, 2), &[3500, 3550]);
    assert_eq!(missed, Some(("failed".to_owned(), "ok".to_owned(), Some(2))));
    let again = source.poll(7200, fetched(2, 2), &[7100, 7150]);
    assert_eq!(again, Some(("ok".to_owned(), "ok".to_owned(), Some(2))), "also without a change of state");
    assert_eq!(source.poll(9000, Outcome::NotModified, &[]), None);
}

#[test]
fn the_oldest_changes_are_forgotten() {
    let mut source = Polled::new();
    for n in 0..20 {
        let outcome = if n % 2 == 0 { failed() } else { Outcome::NotModified };
        assert!(source.poll(n * 60, outcome, &[]).is_some());
    }
    let turns = &source.0.turns;
    assert_eq!(turns.len(), crate::model::turn::TURNS);
    assert_eq!((turns[0].at, turns[7].at), (at(12 * 60), at(19 * 60)));
}
